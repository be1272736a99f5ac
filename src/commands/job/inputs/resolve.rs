//! What the job command is told, with every mistake at once.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::cloud_build::image::Build;
use crate::cloud_run::wanted::job::{JobRun, JobSettings};
use crate::commands::deploy::inputs::resolve::pre_deploy::{LONGEST_TASK, MOST_RETRIES, task_timeout};
use crate::commands::deploy::inputs::resolve::variables::variable_rule;
use crate::commands::deploy::inputs::resolve::{
    Give, build, check, from_service, manifest, nothing_built, only_with_from_service, project, region, rollout,
    service,
};
use crate::commands::deploy::inputs::{Deploy, DeployWhat};
use crate::commands::job::inputs::{Job, JobImage};
use crate::inputs::credentials;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::job::name;
use slipway_names::containers::serving_container;
use slipway_names::ids::{JobName, ProjectId, Region, ServiceName};
use slipway_names::image::ImageRef;
use slipway_names::kind::ResourceKind;
use slipway_runner::env::Runner;

/// Most jobs take minutes; the runner itself ends a job of a workflow after six hours.
const DEFAULT_WAIT: Duration = Duration::from_secs(3600);

/// Cloud Run's most tasks of an execution (its quotas page).
const MOST_TASKS: u32 = 10_000;

/// Resolves the inputs of the job command.
///
/// # Errors
/// Every mistake in every input.
pub fn run(raw: &RawInputs, runner: &Runner, mut findings: Findings) -> Result<Resolved<Job>, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    let (project, region) = (project(&mut give, credentials.as_ref()), region(&mut give));
    let name = give.parsed(name::JOB, JobName::parse);
    if !raw.has(name::JOB) {
        give.findings.wrong(name::JOB, "it was not given", "name the Cloud Run job");
    }
    let manifest = manifest::of_job(&mut give, runner, name.as_ref());
    let image = match image(&mut give, runner, name.as_ref(), project.as_ref(), region.as_ref()) {
        Some(JobImageInput::There(JobImage::Kept)) if give.raw.has(name::MANIFEST) => {
            described(&mut give, manifest.as_ref()).map(JobImageInput::There)
        }
        image => image,
    };
    let settings = JobSettings {
        shared: service::settings(&mut give, runner, project.as_ref(), None),
        timeout: give.with(name::TASK_TIMEOUT, task_timeout),
        retries: give.with(name::MAX_RETRIES, |text| scalar::number(text, 0, MOST_RETRIES)),
        tasks: give.with(name::TASKS, |text| scalar::number(text, 1, MOST_TASKS)),
        parallelism: give.with(name::PARALLELISM, |text| scalar::number(text, 0, MOST_TASKS)),
    };
    let run = once(&mut give);
    let dry_run = give.switch(name::DRY_RUN).unwrap_or(false);
    let (Some(credentials), Some(project), Some(region), Some(name), Some(image)) =
        (credentials, project, region, name, image)
    else {
        return Err(InputErrors::of(findings));
    };
    if !findings.mistakes.is_empty() {
        return Err(InputErrors::of(findings));
    }
    let image = match image {
        JobImageInput::There(image) => image,
        JobImageInput::Built(build, name) => {
            let mut give = Give { raw, findings: &mut findings };
            JobImage::Built(Box::new(Deploy {
                credential_files: credentials::files(runner, Some(&credentials)),
                credentials: credentials.clone(),
                project: project.clone(),
                region: region.clone(),
                regions: Vec::new(),
                kind: ResourceKind::Service,
                service: name,
                github_token: None,
                key_max_age: Duration::ZERO,
                secret_max_age: Duration::ZERO,
                what: DeployWhat::Build(build),
                changed_paths: Vec::new(),
                environment: None,
                manifest: None,
                settings: settings.shared.clone(),
                domain: None,
                pre_deploy: None,
                checks: check::checks(&mut give, check::CheckTarget::Service(None)),
                rollout: rollout::rollout(&mut give),
                guest: None,
                dry_run,
            }))
        }
    };
    let job = Job { credentials, project, region, name, image, manifest, settings, run, dry_run };
    Ok(Resolved { meaning: job, warnings: findings.warnings })
}

/// Which image the job gets: one that is there, or one that is built under a name.
enum JobImageInput {
    There(JobImage),
    Built(Box<Build>, ServiceName),
}

fn image(
    give: &mut Give<'_>,
    runner: &Runner,
    name: Option<&JobName>,
    project: Option<&ProjectId>,
    region: Option<&Region>,
) -> Option<JobImageInput> {
    let image = give.with(name::IMAGE, ImageRef::parse);
    if give.raw.has(name::SOURCE) || give.raw.has(name::BUILD_CONFIG) {
        return built(give, runner, name, image, project, region);
    }
    nothing_built(give, "nothing is built");
    there(give, image, project, region).map(JobImageInput::There)
}

fn built(
    give: &mut Give<'_>,
    runner: &Runner,
    name: Option<&JobName>,
    image: Option<ImageRef>,
    project: Option<&ProjectId>,
    region: Option<&Region>,
) -> Option<JobImageInput> {
    for other in [name::FROM_SERVICE, name::FROM_PROJECT, name::FROM_REGION] {
        if give.raw.has(other) {
            give.findings.wrong(other, "the image is built from `source`", format!("remove `{other}`, or `source`"));
        }
    }
    // Its builds bear the name as those of a service do.
    let build_name = name.and_then(|name| match ServiceName::parse(name.as_str()) {
        Ok(name) => Some(name),
        Err(_) => {
            let problem = format!("`{name}` is too long for a job whose image is built here");
            give.findings.wrong(
                name::JOB,
                problem,
                "write 49 characters at most, or build it by a deploy and give `image`",
            );
            None
        }
    });
    let build = build::build(give, runner, image, project, region, build_name.as_ref());
    Some(JobImageInput::Built(Box::new(build?), build_name?))
}

fn there(
    give: &mut Give<'_>,
    image: Option<ImageRef>,
    project: Option<&ProjectId>,
    region: Option<&Region>,
) -> Option<JobImage> {
    if give.raw.has(name::FROM_SERVICE) {
        if give.raw.has(name::IMAGE) {
            give.findings.wrong(name::FROM_SERVICE, "`image` says which image it is already", "keep one of them");
        }
        return from_service(give, project, region).map(|place| JobImage::Serving(Box::new(place)));
    }
    only_with_from_service(give);
    match image {
        Some(image) => Some(JobImage::Named(image)),
        None if give.raw.has(name::IMAGE) => None,
        None => Some(JobImage::Kept),
    }
}

/// The image that a manifest gives its container.
fn described(give: &mut Give<'_>, manifest: Option<&Map<String, Value>>) -> Option<JobImage> {
    let app = give.text(name::CONTAINER);
    let task = manifest?.get("template")?.get("template").and_then(Value::as_object);
    let container = task.and_then(|task| serving_container(task, app.as_deref()));
    let problem = match container.and_then(|container| container.get("image")?.as_str()).map(ImageRef::parse) {
        Some(Ok(image)) => return Some(JobImage::Named(image)),
        Some(Err(why)) => format!("the image of its container: {why}"),
        None => "its container has no image".to_owned(),
    };
    give.findings.wrong(name::MANIFEST, problem, "write it there, or give `image`");
    None
}

fn once(give: &mut Give<'_>) -> Option<JobRun> {
    let runs = give.switch(name::RUN).unwrap_or(true);
    let waits = give.switch(name::WAIT).unwrap_or(true);
    let args = give.with(name::RUN_ARGS, scalar::words);
    let env = give.map(name::RUN_ENV, variable_rule).unwrap_or_default();
    let container = give.text(name::RUN_CONTAINER);
    if container.is_some() && args.is_none() && env.is_empty() {
        give.findings.wrong(
            name::RUN_CONTAINER,
            "nothing is said for that container",
            "give `run_args` or `run_env`, or remove it",
        );
    }
    let tasks = give.with(name::RUN_TASKS, |text| scalar::number(text, 1, MOST_TASKS));
    let task_timeout = give.with(name::RUN_TASK_TIMEOUT, task_timeout);
    let limit = give.with(name::JOB_TIMEOUT, scalar::duration).unwrap_or(DEFAULT_WAIT);
    if limit.is_zero() || limit > LONGEST_TASK {
        give.findings.wrong(
            name::JOB_TIMEOUT,
            format!("{} s is not a time to wait", limit.as_secs()),
            "write 1s to 168h",
        );
    }
    if !runs {
        return None;
    }
    Some(JobRun { args, env, container, tasks, task_timeout, wait: waits.then_some(limit) })
}
