//! Making one key, whatever becomes of replies, proving it, and taking it away again where it may not stay.

use std::time::Duration;

use super::RotateContext;
use crate::commands::rotate_key::plan::appeared;
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::account_keys::{self as account_keys, KeyEnded, NewKey};
use slipway_google::error::ApiError;
use slipway_google::token;
use slipway_names::key::ServiceAccountKey;
use slipway_names::rotation::{SOME_KEY, SecretHolds};

/// Times a key is asked for whose answers are lost.
const CREATIONS: u32 = 3;

/// Google's lists lag behind its writes ("you might need to wait for 60 seconds or more", IAM on keys that were just
/// made), so one that does not show a key is no proof until then. After a signal there is no time to wait for it.
const LIST_LAG: Duration = Duration::from_secs(60);
const SHORT_LAG: Duration = Duration::ZERO;

/// Pause before each look.
const LOOK: Duration = Duration::from_secs(5);

/// A key that was just made may be unknown where it is to be deleted, for as long.
const UNKNOWN: Duration = Duration::from_secs(30);

/// Makes one key. When an answer is lost its key is found, deleted, and another one made: nobody has the private
/// part of it. One that is not found may come up late: see [`late`].
pub(super) async fn once(context: &RotateContext<'_>, facts: &mut Facts) -> Result<NewKey, Failure> {
    let (http, account) = (context.http, &context.rotate.account);
    let sentence = || format!("Could not make a new key of `{account}`");
    let before = account_keys::list(http, account).await.map_err(|error| Failure::of(sentence(), error))?;
    facts.rotation.before = Some(before.into_iter().map(|key| key.id).collect());
    let (mut attempt, mut open) = (1, false);
    loop {
        match account_keys::create(http, account).await {
            Ok(key) => {
                facts.rotation.new_key = Some(key.id.clone());
                if !open {
                    facts.rotation.before = None;
                }
                return Ok(key);
            }
            Err(error) if error.is_ambiguous() && attempt < CREATIONS => {
                context.console.line(&format!("Looking for a key whose reply was lost: {error}"));
                let found = without_answer(context, facts, LIST_LAG).await;
                open |= !found.map_err(|why| why.in_place(&format!("{}: ", sentence())))?;
            }
            Err(error) => {
                open |= error.is_ambiguous();
                if !open || without_answer(context, facts, LIST_LAG).await? {
                    facts.rotation.before = None;
                }
                return Err(refused(sentence(), error));
            }
        }
        attempt += 1;
    }
}

/// Looks for the key of a request that was never answered, and deletes it. Says whether it was there.
async fn without_answer(context: &RotateContext<'_>, facts: &mut Facts, lag: Duration) -> Result<bool, Failure> {
    let (http, account) = (context.http, &context.rotate.account);
    let before = facts.rotation.before.clone().unwrap_or_default();
    let limit = http.clock().limit(lag);
    let came = loop {
        http.clock().sleep(LOOK.min(lag)).await;
        let after = match account_keys::list(http, account).await {
            Ok(after) => after,
            Err(error) => {
                let why = "a key was asked for, and nothing says whether it was made";
                facts.rotation.left.push((SOME_KEY.to_owned(), why.to_owned()));
                return Err(Failure::of(format!("A key of `{account}` may be left over"), error)
                    .hint(format!("Look for a key made just now: {}", list_command(context))));
            }
        };
        let came = appeared(&before, &facts.rotation, &after);
        if !came.is_empty() || limit.reached(http.clock()) {
            break came;
        }
    };
    match came.as_slice() {
        [] => Ok(false),
        // By its public part nobody can tell whose it is, and the private part never came. That it is this run's is likely
        // and not certain, so it is said.
        [one] => {
            let account = &context.rotate.account;
            let warning = format!(
                "Key `{one}` came up while the answer that would have held this run's was lost, so it is taken for that one and deleted. Whoever made a key of `{account}` in that minute must make another one"
            );
            context.console.warning(&warning);
            facts.warnings.push(warning);
            discard(context, facts, one).await;
            Ok(true)
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

/// Looks once more for keys of requests that were never answered: they may have come up late. What came is named, and
/// stays: somebody else may have made it meanwhile.
pub(super) async fn late(context: &RotateContext<'_>, facts: &mut Facts) {
    let Some(before) = facts.rotation.before.clone() else { return };
    let (came, why) = match account_keys::list(context.http, &context.rotate.account).await {
        Ok(after) => {
            facts.rotation.before = None;
            (
                appeared(&before, &facts.rotation, &after),
                "it was made while this run waited for an answer that never came, so probably nobody has it".to_owned(),
            )
        }
        Err(error) => (
            vec![SOME_KEY.to_owned()],
            format!("an answer never came, and whether its key was made cannot be seen ({error})"),
        ),
    };
    for id in came {
        let command = match id == SOME_KEY {
            true => list_command(context),
            false => context.gcloud("delete", &id),
        };
        let warning = format!("Key `{id}`: {why}. If nobody uses it: {command}");
        context.console.warning(&warning);
        facts.warnings.push(warning);
        facts.rotation.left.push((id, why.clone()));
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
    let clock = context.http.clock();
    let limit = clock.limit(UNKNOWN);
    let ended = loop {
        match account_keys::delete(context.http, &context.rotate.account, id).await {
            Ok(KeyEnded::NotFound) if !limit.reached(clock) => clock.sleep(LOOK).await,
            ended => break ended,
        }
    };
    match ended {
        Ok(KeyEnded::Here) => {
            context.console.line(&format!("Key `{id}` is deleted again: nothing holds it"));
            rotation.deleted.push(id.to_owned());
            if rotation.new_key.as_deref() == Some(id) {
                rotation.new_key = None;
            }
        }
        Ok(KeyEnded::NotFound) => {
            let why = "nothing holds it, and it was not found when it was to be deleted".to_owned();
            rotation.left.push((id.to_owned(), why));
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
        (SecretHolds::Old, Some(id), _) => {
            let id = id.clone();
            discard(context, facts, &id).await;
        }
        (SecretHolds::Old, None, Some(_)) => match without_answer(context, facts, SHORT_LAG).await {
            Ok(true) => facts.rotation.before = None,
            // It may come up late, which is told.
            Ok(false) => {}
            Err(failure) => context.console.warning(&failure.to_string()),
        },
        _ => {}
    }
}
