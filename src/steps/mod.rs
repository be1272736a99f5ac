//! Doing it, in order. Each file owns one step; this one owns their order and what they share.

mod access;
mod build;
mod build_failure;
pub mod cancel;
mod deploy;
mod deploy_failure;
mod dry_run;
mod follow;
mod log_view;
mod preflight;
mod resolve;
mod serving;
mod upload;
mod verify;

use crate::clock::Clock;
use crate::console::Console;
use crate::console::files::Files;
use crate::explain::Failure;
use crate::google::http::Http;
use crate::inputs::deploy::{Deploy, What};
use crate::inputs::runner::Origin;
use crate::model::facts::{Facts, StepName, StepState};
use crate::plan::decide::Marks;
use crate::plan::difference::Difference;
use crate::probe::Probe;

/// What every step may use.
pub struct Context<'a> {
    /// What to do.
    pub deploy: &'a Deploy,
    /// What marks the things this run makes.
    pub marks: &'a Marks,
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

impl Context<'_> {
    /// The clock everything waits by.
    fn clock(&self) -> &Clock {
        self.http.clock()
    }

    /// Says something odd now, and keeps it for the report.
    fn warn(&self, facts: &mut Facts, text: String) {
        self.console.warning(&text);
        facts.warnings.push(text);
    }
}

/// Carries out a deploy. Whatever is learned stands in `facts`, also when it ends early.
///
/// # Errors
/// The first failure, explained.
pub async fn run(context: &Context<'_>, facts: &mut Facts) -> Result<(), Failure> {
    step(context, facts, StepName::SignIn, async |_| {
        context
            .http
            .tokens()
            .access()
            .await
            .map_err(|error| Failure::of(format!("Could not sign in as `{}`", context.deploy.key.email), error))?;
        Ok(((), format!("as `{}`", context.deploy.key.email)))
    })
    .await?;
    let seen = step(context, facts, StepName::Preflight, async |facts| {
        Ok((preflight::run(context, facts).await?, "permissions, APIs, accounts".to_owned()))
    })
    .await?;
    let image = match &context.deploy.what {
        What::Image(image) => {
            step(context, facts, StepName::Resolve, async |facts| resolve::run(context, facts, image).await).await?
        }
        What::Build(build) => {
            let staged = upload::stage(context, facts, build, &seen).await?;
            step(context, facts, StepName::Build, async |facts| build::run(context, facts, build, &staged, &seen).await)
                .await?
        }
    };
    step(context, facts, StepName::Deploy, async |facts| deploy::run(context, facts, seen.service, &image).await)
        .await?;
    if let Some(public) = context.deploy.settings.public {
        step(context, facts, StepName::Access, async |facts| access::run(context, facts, public).await).await?;
    }
    step(context, facts, StepName::Traffic, async |facts| serving::run(context, facts)).await?;
    if !context.deploy.checks.checks.is_empty() {
        step(context, facts, StepName::Verify, async |facts| verify::run(context, facts).await).await?;
    }
    Ok(())
}

/// Finds out what a deploy would change, and changes nothing.
///
/// # Errors
/// What would stop the deploy.
pub async fn rehearse(context: &Context<'_>, facts: &mut Facts) -> Result<Vec<Difference>, Failure> {
    step(context, facts, StepName::SignIn, async |_| {
        context
            .http
            .tokens()
            .access()
            .await
            .map_err(|error| Failure::of(format!("Could not sign in as `{}`", context.deploy.key.email), error))?;
        Ok(((), format!("as `{}`", context.deploy.key.email)))
    })
    .await?;
    let seen = step(context, facts, StepName::Preflight, async |facts| {
        Ok((preflight::run(context, facts).await?, "permissions, APIs, accounts".to_owned()))
    })
    .await?;
    dry_run::run(context, facts, &seen).await
}

/// Runs one step: times it, says how it ended, keeps it in the facts.
async fn step<T>(
    context: &Context<'_>,
    facts: &mut Facts,
    name: StepName,
    work: impl AsyncFnOnce(&mut Facts) -> Result<(T, String), Failure>,
) -> Result<T, Failure> {
    facts.current = Some((name, std::time::Instant::now()));
    let result = work(facts).await;
    context.console.end_group();
    match result {
        Ok((value, note)) => {
            facts.end(StepState::Done, note.as_str());
            let took = facts.took(name).unwrap_or_default();
            context.console.done(&format!("{}: {note}", name.title()), took);
            Ok(value)
        }
        Err(failure) => {
            facts.end(StepState::Failed, failure.to_string());
            Err(failure)
        }
    }
}
