//! The job before the deploy: with the new image, in the service's surroundings, before anything of
//! the service is touched. Its failure therefore changes nothing there.

use std::time::Duration;

use super::{Context, Failure, wanted};
use crate::cloud_run::besides::{besides, given_to_job};
use crate::cloud_run::job::{as_service, is_ours, settings_of};
use crate::commands::deploy::inputs::PreDeploy;
use crate::commands::deploy::pre_deploy;
use crate::facts::Facts;
use crate::jobs::JobWork;
use slipway_google::cloud_run::Service;
use slipway_google::jobs;

/// Cloud Run ends each attempt itself; a machine for one may take some minutes more.
const SLACK: Duration = Duration::from_secs(300);

pub(super) async fn run(
    context: &Context<'_>,
    facts: &mut Facts,
    seen: Option<&Service>,
    image: &str,
    wish: &PreDeploy,
) -> Result<((), String), Failure> {
    if !image.contains('@') {
        let text = format!("{image} is a name that may move: job and revision may get different images of it");
        context.warn(facts, text);
    }
    let surroundings = surroundings(context, seen, image, wish).await?;
    let document = |current: Option<&serde_json::Value>, mark: &str| {
        let container = context.deploy.settings.container.as_deref();
        let after = pre_deploy::job(current, &surroundings, container, wish, image, mark).map_err(|error| {
            Failure::of(format!("Could not write job `{}` in `{}`", wish.name, context.deploy.region), error)
        })?;
        say(context, wish, current, &after);
        Ok(after)
    };
    let region = &context.deploy.region;
    let work = JobWork {
        http: context.http,
        console: context.console,
        files: context.files,
        region,
        job: &wish.name,
        full_name: jobs::job_name(context.deploy.project.as_str(), region, &wish.name),
        mark: &context.marks.request_tag,
        timeout_input: "`timeout` in `pre_deploy_job`",
        document: &document,
    };
    context.console.group(&format!("Job {} in {region}, with the new image", wish.name));
    let written = work.write(facts).await?;
    let execution = work.start(facts, written, None).await?;
    work.say_begun(&execution);
    let longest = wish.timeout * (wish.retries + 1) + SLACK;
    let last = work.watch(facts, execution, longest).await?;
    Ok(((), format!("execution `{}` of job `{}` {}", last.short(), wish.name, work.went_well())))
}

/// Asks Google whether it would take the job, around `service` as it shall be.
pub(super) async fn rehearse(
    context: &Context<'_>,
    service: &serde_json::Value,
    image: &str,
    wish: &PreDeploy,
) -> Result<(), Failure> {
    let sentence = || format!("Cloud Run would not take job `{}` like this", wish.name);
    let name = jobs::job_name(context.deploy.project.as_str(), &context.deploy.region, &wish.name);
    let current = jobs::job(context.http, &name).await.map_err(|error| Failure::of(sentence(), error))?;
    let container = context.deploy.settings.container.as_deref();
    let current = current.as_ref().map(jobs::JobResource::json);
    let document = pre_deploy::job(current, service, container, wish, image, &context.marks.request_tag)
        .map_err(|error| Failure::of(sentence(), error))?;
    say(context, wish, current, &document);
    jobs::validate(context.http, &name, &document).await.map_err(|error| Failure::of(sentence(), error))
}

/// Says what a job gives up that somebody else made: from now on it stands in the service's surroundings.
fn say(context: &Context<'_>, wish: &PreDeploy, before: Option<&serde_json::Value>, after: &serde_json::Value) {
    let Some(before) = before.filter(|job| !is_ours(job)) else { return };
    let before = as_service(&settings_of(before));
    for said in besides(&before, &as_service(after), &given_to_job(&wish.settings)) {
        context.console.line(&format!("{}Job `{}` was made by somebody else: {said}", context.prefix, wish.name));
    }
}

/// The service as it shall be: what the job is to stand in.
async fn surroundings(
    context: &Context<'_>,
    seen: Option<&Service>,
    image: &str,
    wish: &PreDeploy,
) -> Result<serde_json::Value, Failure> {
    let base = match seen {
        Some(service) => Some(wanted::base(context, service).await?),
        None => None,
    };
    wanted::changed(context, base.as_ref(), image).map_err(|error| {
        let sentence = format!("Job `{}` cannot be set up like service `{}`", wish.name, context.deploy.service);
        Failure::of(sentence, error)
    })
}
