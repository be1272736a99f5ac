//! Adding one version, whatever becomes of replies.

use std::time::Duration;

use super::{SecretContext, look};
use crate::commands::rotate_secret::plan::appeared;
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::secret_versions;
use slipway_names::secret::Secret;
use slipway_names::secret_version::VersionFact;

/// Times a version is asked for whose answers are lost.
const TRIES: u32 = 3;

/// Lists may lag behind writes by a moment; after a signal there is less time to wait for them.
const LIST_LAG: Duration = Duration::from_secs(5);
const SHORT_LAG: Duration = Duration::from_secs(1);

/// Adds one version. When an answer is lost, the version is looked for before it is asked for again.
pub(super) async fn once(
    context: &SecretContext<'_>,
    facts: &mut Facts,
    value: &Secret,
) -> Result<VersionFact, Failure> {
    let (http, secret) = (context.http, &context.rotate.secret);
    let sentence = || format!("Could not add a version to secret `{secret}`");
    let (before, _) = secret_versions::list(http, secret).await.map_err(|error| Failure::of(sentence(), error))?;
    facts.secret.before = Some(before.into_iter().map(|version| version.number).collect());
    for attempt in 1.. {
        let error = match secret_versions::add(http, secret, value).await {
            Ok(version) => return Ok(made(facts, version)),
            Err(error) => error,
        };
        if !error.is_ambiguous() {
            // A request before it that was never answered may have made one that no list shows yet.
            if attempt == 1 {
                facts.secret.before = None;
            }
            let forbidden = error.is_forbidden();
            let failure = Failure::of(sentence(), error);
            let told = failure.hints().iter().any(|hint| hint.contains("gcloud secrets add-iam-policy-binding"));
            return Err(if forbidden && !told { failure.hint(look::grant(context)) } else { failure });
        }
        context.console.line(&format!("Looking for a version whose reply was lost: {error}"));
        if let Some(version) = unanswered(context, facts, LIST_LAG).await? {
            context.console.line(&format!("Version {} is there: going on with it", version.number));
            return Ok(made(facts, version));
        }
        if attempt == TRIES {
            return Err(Failure::of(sentence(), error));
        }
    }
    unreachable!("the loop ends by returning")
}

fn made(facts: &mut Facts, version: VersionFact) -> VersionFact {
    facts.secret.new = Some(version.number);
    facts.secret.before = None;
    version
}

/// The version of a request that was never answered; `None` when it never arrived.
pub(super) async fn unanswered(
    context: &SecretContext<'_>,
    facts: &mut Facts,
    lag: Duration,
) -> Result<Option<VersionFact>, Failure> {
    let (http, secret) = (context.http, &context.rotate.secret);
    http.clock().sleep(lag).await;
    let before = facts.secret.before.clone().unwrap_or_default();
    let list = format!("gcloud secrets versions list {} --project={}", secret.name, secret.project);
    let after = match secret_versions::list(http, secret).await {
        Ok((after, _)) => after,
        Err(error) => {
            let why = "a version was asked for, and nothing says whether it was made";
            facts.secret.left.push(("one that is not known".to_owned(), why.to_owned()));
            facts.secret.before = None;
            return Err(Failure::of(format!("A version of `{secret}` may be left over"), error)
                .hint(format!("Look for a version made just now: {list}")));
        }
    };
    match appeared(&before, &after).as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        // One of them is ours, the others are somebody's who is at work on the same secret.
        several => {
            for version in several {
                let why = "it was made while this run waited for an answer".to_owned();
                facts.secret.left.push((version.number.to_string(), why));
            }
            facts.secret.before = None;
            Err(Failure::plain(
                Class::Superseded,
                format!("Somebody else adds versions to `{secret}` at the same time"),
            )
            .hint(format!("See which of them nobody reads, and disable it: {list}")))
        }
    }
}

/// After an interruption: the version of a request that was out, if it arrived.
pub(super) async fn interrupted(context: &SecretContext<'_>, facts: &mut Facts) -> Option<VersionFact> {
    facts.secret.before.as_ref()?;
    match unanswered(context, facts, SHORT_LAG).await {
        Ok(found) => {
            // That no list shows it yet proves nothing, which is told.
            if found.is_some() {
                facts.secret.before = None;
            }
            facts.secret.new = found.as_ref().map(|version| version.number);
            found
        }
        Err(failure) => {
            context.console.warning(&failure.to_string());
            None
        }
    }
}

/// Disables a version that nothing reads, or names it where that fails.
pub(super) async fn discard(context: &SecretContext<'_>, facts: &mut Facts, version: &VersionFact) {
    match secret_versions::disable(context.http, &context.rotate.secret, version).await {
        Ok(()) => {
            context.console.line(&format!("Version {} is disabled again: nothing reads it", version.number));
            facts.secret.disabled.push(version.number);
            facts.secret.new = None;
        }
        Err(error) => leave(facts, version, format!("nothing reads it, and it could not be disabled ({error})")),
    }
}

/// Names a version that stays.
pub(super) fn leave(facts: &mut Facts, version: &VersionFact, why: String) {
    facts.secret.left.push((version.number.to_string(), why));
}
