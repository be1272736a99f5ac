//! What would stop a rotation halfway, found before anything is changed.

use super::{KeysSeen, RotateContext};
use slipway_failure::{Class, Failure};
use slipway_google::account_keys;
use slipway_google::projects::{self as projects, PermissionTarget};
use slipway_google::roles::{self as roles, KEY_NEEDS, Need};

/// Keys that Google gives an account at most, besides its own (docs: iam/docs/keys-create-delete).
const MOST_KEYS: usize = 10;

/// Asks for the permissions, reads the keys, and looks whether the secret can be written.
pub(super) async fn run(context: &RotateContext<'_>) -> Result<KeysSeen, Failure> {
    let rotate = context.rotate;
    permissions(context).await?;
    let keys = account_keys::list(context.http, &rotate.account)
        .await
        .map_err(|error| Failure::of(format!("Could not read the keys of `{}`", rotate.account), error))?;
    let door = context
        .github
        .secret_door(&rotate.place)
        .await
        .map_err(|error| Failure::of(format!("{} cannot be written", capital(&rotate.place.to_string())), error))?;
    let seen = KeysSeen { keys, door };
    let fate = context.fate(&seen);
    if seen.keys.len() - fate.deleted.len() >= MOST_KEYS {
        let told = seen.keys.iter().map(|key| {
            let state = if key.disabled { "disabled" } else { "enabled" };
            format!("{} ({state}), made {}", key.id, key.created.map_or_else(String::new, |at| at.date().to_string()))
        });
        let sentence = format!("`{}` has {} keys, and can have no more", rotate.account, seen.keys.len());
        return Err(Failure::plain(Class::Quota, sentence)
            .evidence(told.collect())
            .hint(format!("Delete one that nothing uses: {}", context.gcloud("delete", "ID"))));
    }
    Ok(seen)
}

/// What may not be asked is passed over: the calls themselves will tell.
async fn permissions(context: &RotateContext<'_>) -> Result<(), Failure> {
    let rotate = context.rotate;
    let asked: Vec<&str> = KEY_NEEDS.iter().map(|need| need.permission).collect();
    let held = match projects::held(context.http, PermissionTarget::Account(rotate.account.as_str()), &asked).await {
        Ok(held) => held,
        Err(error) => {
            context.console.line(&format!("Permissions were not looked at beforehand: {error}"));
            return Ok(());
        }
    };
    let missing: Vec<&Need> =
        KEY_NEEDS.iter().filter(|need| !held.iter().any(|held| held == need.permission)).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let caller = context.http.principal();
    let lacks = missing.iter().map(|need| format!("`{}`", need.permission)).collect::<Vec<_>>().join(", ");
    let project = rotate.account.project().unwrap_or(rotate.project.as_str());
    let grant = roles::grant_on_account(project, rotate.account.as_str(), caller.member(), first.role);
    Err(Failure::plain(
        Class::Permission,
        format!("`{caller}` may not rotate the keys of `{}`: it lacks {lacks}", rotate.account),
    )
    .hint(format!("Grant {} on that account alone: {grant}", first.role))
    .more_hints(caller.mapped().iter().cloned()))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
