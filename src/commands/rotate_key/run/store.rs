//! Storing the new key as the secret, proven by the secret's own time. Until that is certain no key is touched.

use std::time::Duration;

use super::{RotateContext, make};
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_github::secrets::{Door, SecretError};
use slipway_google::account_keys::NewKey;
use slipway_names::rotation::SecretHolds;

/// GitHub shows a write at once; what takes longer than this is worth a look by a person.
const SHOWN: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(3);

/// Times the secret is written whose answers are lost.
const WRITES: u32 = 3;

/// Writes the secret and reads its time back; the time comes back.
pub(super) async fn run(
    context: &RotateContext<'_>,
    facts: &mut Facts,
    door: &Door,
    key: &NewKey,
) -> Result<String, Failure> {
    let place = &context.rotate.place;
    // From the first byte on the secret may hold the new key, whatever is heard of it.
    facts.rotation.held = SecretHolds::Either;
    let mut open: Option<SecretError> = None;
    for _ in 0..WRITES {
        match context.github.write_secret(place, door, &key.file).await {
            Ok(()) => {
                return match read_back(context, door).await {
                    Ok(Some(at)) => Ok(holds_it(facts, at)),
                    Ok(None) => Err(unsure(context, facts, key, None)),
                    Err(error) => Err(unsure(context, facts, key, Some(error))),
                };
            }
            Err(error) if error.is_open() => {
                context.console.line(&format!("Looking whether the secret was written: {error}"));
                if let Ok(Some(at)) = read_back(context, door).await {
                    return Ok(holds_it(facts, at));
                }
                open = Some(error);
            }
            // A refusal after a write that was never answered says nothing about that one.
            Err(error) if open.is_some() => return Err(unsure(context, facts, key, Some(error))),
            Err(error) => {
                facts.rotation.held = SecretHolds::Old;
                make::discard(context, facts, &key.id).await;
                return Err(Failure::of(format!("Could not store the new key as {place}"), error));
            }
        }
    }
    Err(unsure(context, facts, key, open))
}

fn holds_it(facts: &mut Facts, at: String) -> String {
    facts.rotation.held = SecretHolds::New;
    facts.rotation.updated_at = Some(at.clone());
    at
}

/// The secret's time, once it is another than before; `None` where it stays.
async fn read_back(context: &RotateContext<'_>, door: &Door) -> Result<Option<String>, SecretError> {
    let clock = context.http.clock();
    let limit = clock.limit(SHOWN);
    loop {
        let looked = context.github.secret_updated_at(&context.rotate.place).await;
        match looked {
            Ok(Some(at)) if door.updated_at.as_ref() != Some(&at) => return Ok(Some(at)),
            Ok(_) if limit.reached(clock) => return Ok(None),
            Err(error) if limit.reached(clock) || !error.is_open() => return Err(error),
            _ => clock.sleep(PAUSE).await,
        }
    }
}

/// Nothing says which key the secret holds: both stay, and both are named.
fn unsure(context: &RotateContext<'_>, facts: &mut Facts, key: &NewKey, error: Option<SecretError>) -> Failure {
    let place = &context.rotate.place;
    facts.rotation.left.push((key.id.clone(), format!("{place} may hold it")));
    let sentence = format!("Nothing says whether {place} holds the new key");
    let failure = match error {
        Some(error) => Failure::of(sentence, error),
        None => Failure::plain(Class::Infrastructure, format!("{sentence}: its time did not change")),
    };
    failure.hint(format!(
        "Run again: another key is made and stored. When that went well, delete this one: {}",
        context.gcloud("delete", &key.id)
    ))
}
