//! The end of replaced versions: disabled once their grace period is over and nothing reads them.

use time::OffsetDateTime;

use super::look::SecretSeen;
use super::{SecretContext, make, readers};
use crate::commands::rotate_secret::plan::{Replaced, VersionPlan, fate};
use crate::facts::Facts;
use crate::service::again;
use slipway_failure::{Class, Failure};
use slipway_google::{cloud_run, secret_versions};

/// Disables what is over, and names everything else that is enabled and not in use. The first that stays enabled ends
/// the run as failed: it is what a rotation is for.
pub(super) async fn run(
    context: &SecretContext<'_>,
    facts: &mut Facts,
    seen: &SecretSeen,
    new: Option<u64>,
) -> Result<String, Failure> {
    let fate = now(context, seen, new).await?;
    let secret = &seen.secret;
    facts.secret.waiting = fate.waiting.iter().map(|(number, until)| (*number, until.date().to_string())).collect();
    for (number, who) in &fate.read {
        let who = who.join(", ");
        let text = format!("Version {number} of `{secret}` was replaced, and stays enabled: {who} reads it");
        context.warn(facts, text);
        facts.secret.left.push((number.to_string(), format!("{who} reads it")));
    }
    if !fate.left.is_empty() {
        let numbers = fate.left.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        let text = format!(
            "`{secret}` has further enabled versions that nothing in sight reads: {numbers}. If nothing else does: {}",
            context.gcloud("disable", fate.left[0])
        );
        context.warn(facts, text);
        let why = "it is enabled, and nobody said what it is for".to_owned();
        facts.secret.left.extend(fate.left.iter().map(|number| (number.to_string(), why.clone())));
    }
    let mut failed = None;
    for version in &fate.disabled {
        match secret_versions::disable(context.http, secret, version).await {
            Ok(()) => facts.secret.disabled.push(version.number),
            Err(error) => {
                make::leave(facts, version, "it was replaced, and could not be disabled".to_owned());
                let sentence = format!("Version {} of `{secret}` could not be disabled", version.number);
                let hint = format!("Disable it: {}", context.gcloud("disable", version.number));
                failed = failed.or(Some(Failure::of(sentence, error).hint(hint)));
            }
        }
    }
    match (failed, facts.secret.disabled.as_slice()) {
        (Some(failure), _) => Err(failure),
        (None, []) => Ok("none to disable".to_owned()),
        (None, [one]) => Ok(format!("disabled version {one}")),
        (None, several) => {
            Ok(format!("disabled versions {}", several.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")))
        }
    }
}

/// What becomes of each version, by how everything is at this moment.
async fn now(context: &SecretContext<'_>, seen: &SecretSeen, new: Option<u64>) -> Result<VersionPlan, Failure> {
    let secret = &seen.secret;
    let sentence = || format!("Could not find out which versions of `{secret}` are over");
    let look = async || cloud_run::service(context.http, &context.service_name).await;
    let (service, listed) = tokio::join!(
        again::until(context.http.clock(), look, Option::is_some),
        secret_versions::list(context.http, secret)
    );
    let service = service.map_err(|error| Failure::of(sentence(), error))?;
    let (versions, _) = listed.map_err(|error| Failure::of(sentence(), error))?;
    let Some(service) = service else {
        return Err(Failure::plain(Class::Superseded, format!("{}: the service is gone", sentence())));
    };
    let replaced = Replaced::on(service.json()).of(secret);
    let in_use = new.map_or_else(|| seen.in_use.clone(), |new| vec![new]);
    let (readers, _) = readers::everywhere(context, &service, secret).await;
    Ok(fate(&versions, &in_use, &replaced, &readers, context.rotate, OffsetDateTime::now_utc()))
}
