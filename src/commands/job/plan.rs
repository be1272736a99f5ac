//! From the inputs of the job command to its steps.

use crate::commands::deploy::inputs::DeployWhat;
use crate::commands::deploy::plan::{building, image_tags};
use crate::commands::job::inputs::{Job, JobImage};
use crate::step::PlannedStep;
use crate::step::StepName;
use slipway_runner::env::Origin;

/// The steps of a run of the job command, in order. `origin` says what a built image is tagged with.
pub fn steps(job: &Job, origin: &Origin) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    let mut add = |name, text: String| steps.push(PlannedStep { name, text });
    add(StepName::SignIn, format!("as `{}`", job.credentials.principal));
    add(StepName::Preflight, format!("permissions in project `{}`", job.project));
    match &job.image {
        JobImage::Kept => {}
        JobImage::Named(image) => add(StepName::Resolve, format!("the digest of `{image}`")),
        JobImage::Serving(place) => add(
            StepName::Resolve,
            format!("the digest that serves in `{}` of `{}` in `{}`", place.service, place.project, place.region),
        ),
        JobImage::Built(deploy) => {
            if let DeployWhat::Build(build) = &deploy.what {
                building(build, &image_tags(build, origin, None), &mut add);
            }
        }
    }
    let image = if matches!(job.image, JobImage::Kept) { "with the image it has" } else { "with that image" };
    add(StepName::Job, format!("`{}` in `{}`, {image}", job.name, job.region));
    if let Some(run) = &job.run {
        let own = [
            (run.args.is_some(), "arguments"),
            (!run.env.is_empty(), "variables"),
            (run.tasks.is_some(), "a number of tasks"),
            (run.task_timeout.is_some(), "a limit for a task"),
        ];
        let own: Vec<&str> = own.into_iter().filter_map(|(given, what)| given.then_some(what)).collect();
        let with = if own.is_empty() { String::new() } else { format!(", with {} of its own", own.join(" and ")) };
        let wait = match run.wait {
            Some(limit) => format!("watched for up to {} s", limit.as_secs()),
            None => "started and not waited for".to_owned(),
        };
        add(StepName::Execution, format!("once{with}, {wait}"));
    }
    steps
}
