//! The rotate-key command: a new key, proven, stored, and only then the old one is switched off. Whatever fails, the
//! secret holds a key that works, and no key is left behind without being named.

mod make;
mod preflight;
mod retire;
mod store;

pub use make::tidy_up;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cloud_run::difference::Difference;
use crate::commands::rotate_key::inputs::RotateKey;
use crate::commands::rotate_key::plan::{KeyPlan, changes, fate};
use crate::facts::Facts;
use crate::service::timed;
use crate::step::StepName;
use slipway_failure::Failure;
use slipway_github::GitHub;
use slipway_github::secrets::Door;
use slipway_google::http::Http;
use slipway_names::rotation::AccountKey;
use slipway_runner::Console;

/// What the rotate-key command may use.
pub struct RotateContext<'a> {
    /// What to do.
    pub rotate: &'a RotateKey,
    /// Google.
    pub http: &'a Http,
    /// GitHub, by the token that may write the secret.
    pub github: &'a GitHub,
    /// Text.
    pub console: &'a Console,
}

/// What was seen before anything is changed.
struct KeysSeen {
    keys: Vec<AccountKey>,
    door: Door,
}

impl RotateContext<'_> {
    fn fate(&self, seen: &KeysSeen) -> KeyPlan {
        let written = seen.door.updated_at.as_deref().and_then(|at| OffsetDateTime::parse(at, &Rfc3339).ok());
        fate(self.rotate, &seen.keys, written, OffsetDateTime::now_utc())
    }

    /// A gcloud command about a key of the account.
    fn gcloud(&self, verb: &str, id: &str) -> String {
        format!("gcloud iam service-accounts keys {verb} {id} --iam-account={}", self.rotate.account)
    }
}

/// Carries out a rotation. Whatever is learned stands in `facts`, also when it ends early.
///
/// # Errors
/// The first failure, explained.
pub async fn run(context: &RotateContext<'_>, facts: &mut Facts) -> Result<(), Failure> {
    let seen = begin(context, facts).await?;
    let fate = context.fate(&seen);
    let console = context.console;
    timed(console, "", facts, StepName::OldKeys, async |facts| {
        Ok(((), retire::delete(context, facts, &fate.deleted).await))
    })
    .await?;
    let key = timed(console, "", facts, StepName::NewKey, async |facts| {
        let key = make::once(context, facts).await?;
        let told = format!("`{}`", key.id);
        Ok((key, told))
    })
    .await?;
    timed(console, "", facts, StepName::Proof, async |facts| {
        make::prove(context, facts, &key).await?;
        Ok(((), format!("Google gives tokens for `{}`", key.id)))
    })
    .await?;
    timed(console, "", facts, StepName::Secret, async |facts| {
        let at = store::run(context, facts, &seen.door, &key).await?;
        Ok(((), format!("the new key is {} since {at}", context.rotate.place)))
    })
    .await?;
    timed(console, "", facts, StepName::Retire, async |facts| {
        make::late(context, facts).await;
        Ok(((), retire::disable(context, facts, &fate).await?))
    })
    .await
}

async fn begin(context: &RotateContext<'_>, facts: &mut Facts) -> Result<KeysSeen, Failure> {
    let (console, http) = (context.console, context.http);
    crate::service::sign_in_as(http, console, "", facts, context.rotate.credentials.principal.shown()).await?;
    timed(console, "", facts, StepName::Preflight, async |facts| {
        let seen = preflight::run(context).await?;
        facts.rotation.updated_at.clone_from(&seen.door.updated_at);
        let keys = match seen.keys.len() {
            1 => "one key".to_owned(),
            many => format!("{many} keys"),
        };
        let told = format!("permissions, {keys}, {}", context.rotate.place);
        Ok((seen, told))
    })
    .await
}

/// Finds out what a rotation would change, and changes nothing.
///
/// # Errors
/// What would stop it.
pub async fn rehearse(context: &RotateContext<'_>, facts: &mut Facts) -> Result<Vec<Difference>, Failure> {
    let seen = begin(context, facts).await?;
    Ok(changes(context.rotate, &context.fate(&seen), seen.door.updated_at.as_deref()))
}
