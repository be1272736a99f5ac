//! Making one key, whatever becomes of replies, proving it, and taking it away again where it may not stay.

use std::time::Duration;

use super::RotateContext;
use crate::explain::{Class, Failure};
use crate::google::account_keys::{self, NewKey};
use crate::google::error::ApiError;
use crate::google::token;
use crate::model::facts::Facts;
use crate::model::key::ServiceAccountKey;
use crate::model::rotation::Held;
use crate::plan::rotate_key::appeared;

/// Times a key is asked for whose answers are lost.
const CREATIONS: u32 = 3;

/// Google's lists lag behind its writes by a moment; after a signal there is less time to wait for them.
const LIST_LAG: Duration = Duration::from_secs(5);
const SHORT_LAG: Duration = Duration::from_secs(1);

/// Makes one key. When an answer is lost its key is found, deleted, and another one made: nobody has the private
/// part of it.
pub(super) async fn once(context: &RotateContext<'_>, facts: &mut Facts) -> Result<NewKey, Failure> {
    let (http, account) = (context.http, &context.rotate.account);
    let sentence = || format!("Could not make a new key of `{account}`");
    let before = account_keys::list(http, account).await.map_err(|error| Failure::of(sentence(), error))?;
    facts.rotation.before = Some(before.into_iter().map(|key| key.id).collect());
    let mut attempt = 1;
    loop {
        match account_keys::create(http, account).await {
            Ok(key) => {
                facts.rotation.new_key = Some(key.id.clone());
                facts.rotation.before = None;
                return Ok(key);
            }
            Err(error) if error.is_ambiguous() && attempt < CREATIONS => {
                context.console.line(&format!("Looking for a key whose reply was lost: {error}"));
                without_answer(context, facts, LIST_LAG)
                    .await
                    .map_err(|why| why.in_place(&format!("{}: ", sentence())))?;
            }
            Err(error) => {
                if error.is_ambiguous() {
                    without_answer(context, facts, LIST_LAG).await?;
                }
                facts.rotation.before = None;
                return Err(refused(sentence(), error));
            }
        }
        attempt += 1;
    }
}

/// Deletes the key of a request that was never answered.
async fn without_answer(context: &RotateContext<'_>, facts: &mut Facts, lag: Duration) -> Result<(), Failure> {
    let (http, account) = (context.http, &context.rotate.account);
    http.clock().sleep(lag).await;
    let before = facts.rotation.before.clone().unwrap_or_default();
    let after = match account_keys::list(http, account).await {
        Ok(after) => after,
        Err(error) => {
            let why = "a key was asked for, and nothing says whether it was made";
            facts.rotation.left.push(("one that is not known".to_owned(), why.to_owned()));
            return Err(Failure::of(format!("A key of `{account}` may be left over"), error)
                .hint(format!("Look for a key made just now: {}", list_command(context))));
        }
    };
    match appeared(&before, &after).as_slice() {
        [] => Ok(()),
        [one] => {
            discard(context, facts, one).await;
            Ok(())
        }
        // One of them is ours, the others are somebody's who is at work on the same account.
        several => {
            for id in several {
                facts.rotation.left.push((id.clone(), "it was made while this run waited for an answer".to_owned()));
            }
            Err(Failure::plain(Class::Superseded, format!("Somebody else makes keys of `{account}` at the same time"))
                .hint(format!("See which of them nobody has, and delete it: {}", list_command(context))))
        }
    }
}

fn list_command(context: &RotateContext<'_>) -> String {
    format!("gcloud iam service-accounts keys list --iam-account={} --managed-by=user", context.rotate.account)
}

/// An organisation may forbid keys altogether, which is no mishap but its advice.
fn refused(sentence: String, error: ApiError) -> Failure {
    let forbidden = error.refusal().is_some_and(|refusal| {
        let named = |text: &str| text.contains("isableServiceAccountKeyCreation");
        refusal.constraints.iter().any(|name| named(name)) || named(&refusal.message)
    });
    let failure = Failure::of(sentence, error);
    if !forbidden {
        return failure;
    }
    failure.with_class(Class::Config).hint(
        "The organisation allows no new keys. Sign in without one: give `workload_identity_provider` in place of `credentials_json` (docs/CREDENTIALS.md), and there is nothing left to rotate",
    )
}

/// Gets a token by the new key. One that gives none is taken away again.
pub(super) async fn prove(context: &RotateContext<'_>, facts: &mut Facts, key: &NewKey) -> Result<(), Failure> {
    let sentence = format!("The new key `{}` does not work", key.id);
    let proven = match ServiceAccountKey::parse(key.file.expose()) {
        Ok(file) if file.key_id.as_deref() == Some(key.id.as_str()) => {
            token::prove(context.http, &file).await.map_err(|error| Failure::of(sentence, error))
        }
        Ok(_) => Err(Failure::plain(Class::Infrastructure, format!("{sentence}: its file is of another key"))),
        Err(error) => Err(Failure::plain(Class::Infrastructure, format!("{sentence}: {error}"))),
    };
    match proven {
        Ok(()) => {
            facts.rotation.proven = true;
            Ok(())
        }
        Err(failure) => {
            discard(context, facts, &key.id).await;
            Err(failure)
        }
    }
}

/// Deletes a key that nothing holds, or names it where that fails.
pub(super) async fn discard(context: &RotateContext<'_>, facts: &mut Facts, id: &str) {
    let rotation = &mut facts.rotation;
    match account_keys::delete(context.http, &context.rotate.account, id).await {
        Ok(()) => {
            context.console.line(&format!("Key `{id}` is deleted again: nothing holds it"));
            rotation.deleted.push(id.to_owned());
            rotation.new_key = None;
        }
        Err(error) => {
            let why = format!("nothing holds it, and it could not be deleted ({error})");
            rotation.left.push((id.to_owned(), why));
        }
    }
}

/// After an interruption: takes away a key that the secret certainly does not hold.
pub async fn tidy_up(context: &RotateContext<'_>, facts: &mut Facts) {
    let rotation = &facts.rotation;
    match (rotation.held, &rotation.new_key, &rotation.before) {
        (Held::Old, Some(id), _) => {
            let id = id.clone();
            discard(context, facts, &id).await;
        }
        (Held::Old, None, Some(_)) => match without_answer(context, facts, SHORT_LAG).await {
            Ok(()) => facts.rotation.before = None,
            Err(failure) => context.console.warning(&failure.to_string()),
        },
        _ => {}
    }
}
