//! The job command: a job is written, and run once.

use std::time::Duration;

use serde_json::Value;

use crate::build::submit::repository;
use crate::build::{image, resolve};
use crate::cloud_build::image::Build;
use crate::cloud_run::besides::{besides, given_to_job};
use crate::cloud_run::difference::{Difference, between};
use crate::cloud_run::enrolment::base_that_stays;
use crate::cloud_run::job::{as_service, change, overrides, settings_of};
use crate::cloud_run::manifest::job::{from_manifest, kept};
use crate::commands::deploy::inputs::DeployWhat;
use crate::commands::job::inputs::{Job, JobImage, JobRun};
use crate::facts::Facts;
use crate::jobs::{self as job, JobWork};
use crate::service::dry_run::STAND_IN;
use crate::service::foresee::nothing_to_take;
use crate::service::{Context, preflight, region, timed};
use crate::step::StepName;
use slipway_failure::{Class, Failure};
use slipway_google::executions::Execution;
use slipway_google::http::Http;
use slipway_google::jobs::{self as jobs, JobResource as GoogleJob};
use slipway_names::execution::JobEnd;
use slipway_runner::Console;
use slipway_runner::files::Files;

/// What the job command may use.
pub struct JobContext<'a> {
    /// What to do.
    pub job: &'a Job,
    /// What marks the executions of this run.
    pub mark: &'a str,
    /// Google.
    pub http: &'a Http,
    /// Text.
    pub console: &'a Console,
    /// The runner's files.
    pub files: &'a Files,
    /// What builds its image, where that is built.
    pub builds: Option<Context<'a>>,
}

impl JobContext<'_> {
    fn full_name(&self) -> String {
        jobs::job_name(self.job.project.as_str(), &self.job.region, &self.job.name)
    }

    /// The job as its manifest describes it, where there is one.
    fn described(&self, current: Option<&Value>) -> Option<Value> {
        self.job.manifest.as_ref().map(|manifest| from_manifest(manifest, current))
    }

    /// The document to write, from the job as it is.
    fn document(&self, current: Option<&Value>, image: Option<&str>, mark: &str) -> Result<Value, Failure> {
        let sentence = || format!("Could not write job `{}` in `{}`", self.job.name, self.job.region);
        if current.is_none() && image.is_none() {
            return Err(Failure::plain(
                Class::Config,
                format!(
                    "There is no job `{}` in `{}` yet, so there is no image to keep",
                    self.job.name, self.job.region
                ),
            )
            .hint("Give `image`, or `from_service` for the image that serves there"));
        }
        let described = self.described(current);
        // What a manifest says is named.
        let start = described.as_ref().or(current);
        if start.is_none() {
            nothing_to_take(&self.job.settings.shared, &format!("job `{}`", self.job.name))?;
        }
        let after = change(start, &self.job.settings, image, mark).map_err(|error| Failure::of(sentence(), error))?;
        if let Some(start) = start {
            let before = as_service(&settings_of(start));
            let now = as_service(&after);
            let mut all = besides(&before, &now, &given_to_job(&self.job.settings));
            all.extend(base_that_stays(&now, None).filter(|_| image.is_some()));
            for said in all {
                self.console.line(&format!("Besides what the inputs name: {said}"));
            }
        }
        Ok(after)
    }
}

/// Carries out the job command. Whatever is learned stands in `facts`, also when it ends early.
///
/// # Errors
/// The first failure, explained; a task that failed is one.
pub async fn run(context: &JobContext<'_>, facts: &mut Facts) -> Result<JobEnd, Failure> {
    let image = begin(context, facts).await?;
    let document = |current: Option<&Value>, mark: &str| context.document(current, image.as_deref(), mark);
    let work = JobWork {
        http: context.http,
        console: context.console,
        files: context.files,
        region: &context.job.region,
        job: &context.job.name,
        full_name: context.full_name(),
        mark: context.mark,
        timeout_input: "`task_timeout`",
        document: &document,
    };
    let written = timed(context.console, "", facts, StepName::Job, async |facts| {
        let written = work.write(facts).await?;
        let existed = facts.job.as_ref().is_some_and(|job| job.existed);
        let done = if existed { "is updated" } else { "is created" };
        Ok((written, format!("`{}` {done}", context.job.name)))
    })
    .await?;
    let Some(once) = &context.job.run else { return Ok(JobEnd::Updated) };
    timed(context.console, "", facts, StepName::Execution, async |facts| {
        execute(&work, facts, written, once, context.job.settings.shared.container.as_deref()).await
    })
    .await
}

async fn execute(
    work: &JobWork<'_>,
    facts: &mut Facts,
    written: GoogleJob,
    once: &JobRun,
    container: Option<&str>,
) -> Result<(JobEnd, String), Failure> {
    work.console.group(&format!("Job {} in {}", work.job, work.region));
    let overridden = overrides(once, written.json(), container);
    let execution = work.start(facts, written, overridden.as_ref()).await?;
    work.say_begun(&execution);
    let Some(limit) = once.wait else {
        work.let_go(facts);
        return Ok((JobEnd::Started, format!("`{}` is started, and not waited for", execution.short())));
    };
    let last = watch(work, facts, execution, limit).await?;
    let tasks = if last.tasks() == 1 { String::new() } else { format!(", {} tasks", last.tasks()) };
    Ok((JobEnd::Succeeded, format!("`{}` {}{tasks}", last.short(), work.went_well())))
}

async fn watch(
    work: &JobWork<'_>,
    facts: &mut Facts,
    execution: Execution,
    limit: Duration,
) -> Result<Execution, Failure> {
    work.watch(facts, execution, limit).await.map_err(|failure| match failure.class() {
        Class::Timeout => failure.more_hints(["Or wait longer with `job_timeout`".to_owned()]),
        _ => failure,
    })
}

/// What builds the image, and how.
fn building<'a>(context: &'a JobContext<'_>) -> Option<(&'a Context<'a>, &'a Build)> {
    let builds = context.builds.as_ref()?;
    match &builds.deploy.what {
        DeployWhat::Build(build) => Some((builds, build)),
        _ => None,
    }
}

/// Refuses regions that do not exist, of the job and of the service whose image it takes.
async fn places(context: &JobContext<'_>) -> Result<(), Failure> {
    region::check(context.http, &context.job.region).await?;
    match &context.job.image {
        JobImage::Serving(place) => region::check(context.http, &place.region).await,
        JobImage::Kept | JobImage::Named(_) | JobImage::Built(_) => Ok(()),
    }
}

/// Signs in, looks for what would fail later, and finds out the image; `None` keeps the job's own.
async fn begin(context: &JobContext<'_>, facts: &mut Facts) -> Result<Option<String>, Failure> {
    let (console, http) = (context.console, context.http);
    crate::service::sign_in_as(http, console, "", facts, context.job.credentials.principal.shown()).await?;
    timed(console, "", facts, StepName::Preflight, async |_| {
        places(context).await?;
        job::look_ahead(http, console, context.job, &context.full_name()).await?;
        Ok(((), "permissions".to_owned()))
    })
    .await?;
    let image = match &context.job.image {
        JobImage::Kept => return Ok(None),
        JobImage::Built(_) if context.job.dry_run => match building(context) {
            Some((builds, build)) => {
                preflight::of_build(builds, facts, build).await?;
                format!("{}@(the digest of the build)", repository(builds, build, None))
            }
            None => return Ok(None),
        },
        JobImage::Built(_) => match building(context) {
            Some((builds, build)) => {
                let seen = preflight::of_build(builds, facts, build).await?;
                image::built(builds, facts, build, &seen).await?
            }
            None => return Ok(None),
        },
        JobImage::Named(image) => {
            timed(console, "", facts, StepName::Resolve, async |facts| resolve::run(http, facts, image).await).await?
        }
        JobImage::Serving(place) => {
            timed(console, "", facts, StepName::Resolve, async |facts| resolve::promoted(http, facts, place).await)
                .await?
        }
    };
    Ok(Some(image))
}

/// Finds out what the command would change on the job, and changes nothing.
///
/// # Errors
/// What would stop it.
pub async fn rehearse(context: &JobContext<'_>, facts: &mut Facts) -> Result<Vec<Difference>, Failure> {
    let image = begin(context, facts).await?;
    let sentence = || format!("Cloud Run would not take job `{}` like this", context.job.name);
    let name = context.full_name();
    let current = jobs::job(context.http, &name).await.map_err(|error| Failure::of(sentence(), error))?;
    let current = current.as_ref().map(GoogleJob::json);
    let body = context.document(current, image.as_deref(), context.mark)?;
    // An image that is not built yet has no digest that Google would take.
    let taken = match &context.job.image {
        JobImage::Built(_) => {
            change(context.described(current).as_ref().or(current), &context.job.settings, Some(STAND_IN), context.mark)
                .map_err(|error| Failure::of(sentence(), error))?
        }
        _ => body.clone(),
    };
    jobs::validate(context.http, &name, &taken).await.map_err(|error| Failure::of(sentence(), error))?;
    if let (Some(manifest), Some(job)) = (&context.job.manifest, current) {
        let kept: Vec<String> = kept(manifest, job).iter().map(|name| format!("`{name}`")).collect();
        if !kept.is_empty() {
            context.console.line(&format!("Kept, because the manifest does not mention it: {}", kept.join(", ")));
        }
    }
    let before = current.map(|job| as_service(&settings_of(job)));
    Ok(between(before.as_ref(), &as_service(&body)))
}
