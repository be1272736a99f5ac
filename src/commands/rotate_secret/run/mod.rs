//! The rotate-secret command: a new version, the service moved to it by a verified rollout, and only then the old one
//! is disabled. Whatever fails, the service reads what it read before, and no version is left behind without being
//! named.

mod look;
mod make;
mod readers;
mod retire;
mod roll;
mod turn;
mod undo;
mod value;

pub use undo::tidy_up;

use time::OffsetDateTime;

use self::look::SecretSeen;
use self::turn::Turn;
use crate::cloud_run::difference::{Difference, between};
use crate::cloud_run::own_names::is_note;
use crate::cloud_run::read_only::settings_of;
use crate::cloud_run::service::change;
use crate::commands::rotate_secret::inputs::{RotateSecret, To};
use crate::commands::rotate_secret::plan::{Replaced, changes, fate};
use crate::facts::{Facts, ServiceFact};
use crate::probe::Probe;
use crate::service::{region, timed};
use crate::step::StepName;
use slipway_failure::Failure;
use slipway_google::http::Http;
use slipway_names::secret::Secret;
use slipway_names::secret_version::VersionFact;
use slipway_runner::Console;
use slipway_runner::env::Origin;
use slipway_runner::files::Files;

/// What the rotate-secret command may use.
pub struct SecretContext<'a> {
    /// What to do.
    pub rotate: &'a RotateSecret,
    /// Random hexadecimal that marks what this run makes.
    pub nonce: &'a str,
    /// Where the run comes from.
    pub origin: &'a Origin,
    /// The service's full name.
    pub service_name: String,
    /// Google.
    pub http: &'a Http,
    /// The user's service.
    pub probe: &'a Probe,
    /// Text.
    pub console: &'a Console,
    /// The runner's files.
    pub files: &'a Files,
}

/// How far a rotation is: what outlives the work, so that a signal loses nothing.
#[derive(Debug, Default)]
pub struct RotationProgress {
    /// What is known.
    pub facts: Facts,
    /// The new value, which stands in no report.
    pub value: Option<Secret>,
    /// The rollout that goes on.
    turn: Option<Turn>,
    /// The version that this run made.
    made: Option<VersionFact>,
}

impl SecretContext<'_> {
    /// Says something odd now, and keeps it for the report.
    fn warn(&self, facts: &mut Facts, text: String) {
        self.console.warning(&text);
        facts.warnings.push(text);
    }

    /// A gcloud command about a version.
    fn gcloud(&self, verb: &str, number: u64) -> String {
        let secret = &self.rotate.secret;
        format!("gcloud secrets versions {verb} {number} --secret={} --project={}", secret.name, secret.project)
    }
}

/// Carries out a rotation. Whatever is learned stands in `progress`, also when it ends early.
///
/// # Errors
/// The first failure, explained.
pub async fn run(context: &SecretContext<'_>, progress: &mut RotationProgress) -> Result<(), Failure> {
    let mut seen = begin(context, &mut progress.facts).await?;
    let done = match due(context, &seen) {
        Due::Now => rotate(context, progress, &mut seen).await,
        Due::Not(why) => {
            context.console.line(&format!("Not rotated: {why}"));
            progress.facts.secret.not_due = Some(why);
            Ok(())
        }
    };
    if let Err(failure) = done {
        undo::after(context, progress, undo::WaitForEnd::ForTheEnd).await;
        return Err(failure);
    }
    timed(context.console, "", &mut progress.facts, StepName::Retire, async |facts| {
        let new = facts.secret.new;
        Ok(((), retire::run(context, facts, &seen, new).await?))
    })
    .await
}

/// Whether there is something to do.
enum Due {
    Now,
    Not(String),
}

fn due(context: &SecretContext<'_>, seen: &SecretSeen) -> Due {
    let rotate = context.rotate;
    let newest = seen.versions.iter().filter(|version| seen.in_use.contains(&version.number)).max_by_key(|v| v.number);
    let age = newest.and_then(|version| Some((version.number, version.age()?)));
    match age {
        Some((number, age)) if rotate.only_when_due && age < rotate.max_age => Due::Not(format!(
            "version {number} of `{}` is {} days old, and due after {}",
            rotate.secret,
            age.as_secs() / 86_400,
            rotate.max_age.as_secs() / 86_400
        )),
        // An age that nobody knows is no reason to keep a version.
        _ => Due::Now,
    }
}

/// Makes the version and moves the service to it.
async fn rotate(
    context: &SecretContext<'_>,
    progress: &mut RotationProgress,
    seen: &mut SecretSeen,
) -> Result<(), Failure> {
    progress.facts.secret.previous.clone_from(&seen.in_use);
    if let Some(newest) = seen.follows_latest() {
        pin(context, progress, seen, newest).await?;
    }
    for alias in seen.aliases() {
        let text = format!(
            "The service read `{}` by the alias `{alias}`: from now on by the number of its version. The alias stays where it is",
            context.rotate.secret
        );
        context.warn(&mut progress.facts, text);
    }
    let value = value::of(&context.rotate.value)?;
    context.console.conceal(value.expose());
    progress.value = Some(value.clone());
    let made = timed(context.console, "", &mut progress.facts, StepName::NewVersion, async |facts| {
        let made = make::once(context, facts, &value).await?;
        let told = format!("version {} of `{}`", made.number, context.rotate.secret);
        Ok((made, told))
    })
    .await?;
    progress.made = Some(made.clone());
    let note = seen.replaced_by(made.number);
    let to = To { number: made.number, only_latest: false };
    roll::run(context, progress, seen, "secret", to, Some(note)).await?;
    progress.facts.secret.moved = true;
    Ok(())
}

/// Pins references to `latest` to the version that they read now. From the moment a version is added, every instance
/// that starts would read it otherwise, tried or not; and disabling it again would leave `latest` without a value.
async fn pin(
    context: &SecretContext<'_>,
    progress: &mut RotationProgress,
    seen: &mut SecretSeen,
    newest: u64,
) -> Result<(), Failure> {
    let secret = &context.rotate.secret;
    context.console.line(&format!("The service follows `latest` of `{secret}`: pinning it to version {newest} first"));
    let to = To { number: newest, only_latest: true };
    roll::run(context, progress, seen, "pin", to, None).await?;
    let facts = &mut progress.facts;
    facts.secret.pinned = Some(newest);
    // What follows is a rollout of its own, which begins from here.
    (facts.service, facts.rollout) = (ServiceFact::default(), None);
    facts.checks.clear();
    progress.turn = None;
    seen.again(context).await
}

async fn begin(context: &SecretContext<'_>, facts: &mut Facts) -> Result<SecretSeen, Failure> {
    let (console, http) = (context.console, context.http);
    crate::service::sign_in_as(http, console, "", facts, context.rotate.deploy.credentials.principal.shown()).await?;
    timed(console, "", facts, StepName::Preflight, async |facts| {
        region::check(http, &context.rotate.deploy.region).await?;
        let seen = look::run(context, facts).await?;
        let told = format!("permissions; service `{}` reads {}", context.rotate.deploy.service, seen.words(context));
        Ok((seen, told))
    })
    .await
}

/// Finds out what a rotation would change, and changes nothing.
///
/// # Errors
/// What would stop it.
pub async fn rehearse(context: &SecretContext<'_>, facts: &mut Facts) -> Result<Vec<Difference>, Failure> {
    let seen = begin(context, facts).await?;
    let rotate = context.rotate;
    let now = OffsetDateTime::now_utc();
    let replaced = Replaced::on(seen.service.json()).of(&rotate.secret);
    let fate = fate(&seen.versions, &seen.in_use, &replaced, &seen.readers, rotate, now);
    if let Due::Not(why) = due(context, &seen) {
        context.console.line(&format!("Nothing would be rotated: {why}"));
        facts.secret.not_due = Some(why);
        return Ok(changes(rotate, Vec::new(), None, &fate));
    }
    // Versions are numbered one after the other.
    let next = seen.versions.iter().map(|version| version.number).max().unwrap_or_default() + 1;
    let turn = Turn::new(context, &seen, "secret", Some(To { number: next, only_latest: false }), None);
    let image = &seen.image;
    let then = change(Some(seen.service.json()), &turn.deploy.settings, image, &turn.marks)
        .map_err(|error| Failure::of("The service cannot be changed", error))?;
    let mut service = between(Some(&settings_of(seen.service.json())), &then);
    service.retain(|change| !is_note(&change.what));
    Ok(changes(rotate, service, Some(next), &fate))
}
