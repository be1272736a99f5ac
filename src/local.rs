//! The embedded cloud: `--local` and `slipway demo` run the real thing against a stand-in for
//! Google Cloud on loopback.

use std::path::Path;

use fakecloud::{FakeCloud, World};

use crate::cli::{Invocation, Task};
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;

/// A fifth of every pause: long enough to watch, short enough to try.
const PACE: f64 = 0.2;

/// Where the sample lies in a checkout of this repository.
const SAMPLE: &str = "examples/backend";

/// What is run, one after the other, and the cloud it runs against, which must outlive it.
#[derive(Debug)]
pub struct Stage {
    /// The runs.
    pub runs: Vec<(Invocation, Runner)>,
    /// The embedded cloud, when one is used.
    pub cloud: Option<FakeCloud>,
}

/// Puts the embedded cloud in Google's place where that was asked for.
///
/// # Errors
/// A sentence when the sample is not there to be shown.
pub fn prepare(invocation: Invocation, mut runner: Runner) -> Result<Stage, String> {
    let demo = invocation.task == Task::Demo;
    if !demo && !invocation.local {
        return Ok(Stage { runs: vec![(invocation, runner)], cloud: None });
    }
    if demo && !Path::new(SAMPLE).is_dir() {
        return Err(format!(
            "The demonstration needs the sample in `{SAMPLE}`: run it in a checkout of this repository"
        ));
    }
    let cloud = FakeCloud::start(World::new());
    runner.embedded = true;
    runner.pace = runner.pace.or(Some(PACE));
    let prefix = "CLOUDSDK_API_ENDPOINT_OVERRIDES_";
    runner.endpoints = cloud
        .endpoints()
        .into_iter()
        .filter_map(|(name, url)| Some((name.strip_prefix(prefix)?.to_owned(), url)))
        .collect();
    // Nothing of the real Google may be used or needed.
    runner.inputs.remove("credentials_json");
    runner.inputs.remove("project_id");
    let key = cloud.key_json(World::DEPLOYER);
    let with_key = |mut flags: Vec<(&'static str, String)>| {
        flags.retain(|(name, _)| !["credentials_json", "project_id"].contains(name));
        flags.push(("credentials_json", key.clone()));
        flags
    };
    let runs = if demo {
        let deploy = Invocation { task: Task::Run(Command::Deploy), flags: with_key(sample("staging")), local: true };
        let plan = Invocation { task: Task::Plan, flags: with_key(sample("production")), local: true };
        vec![(deploy, runner.clone()), (plan, runner)]
    } else {
        vec![(Invocation { flags: with_key(invocation.flags), ..invocation }, runner)]
    };
    Ok(Stage { runs, cloud: Some(cloud) })
}

/// The settings of the sample, as a workflow would give them.
fn sample(environment: &str) -> Vec<(&'static str, String)> {
    [
        ("service", "sample-backend".to_owned()),
        ("source", SAMPLE.to_owned()),
        ("memory", "512Mi".to_owned()),
        ("cpu", "1".to_owned()),
        ("max_instances", "10".to_owned()),
        ("env_vars", format!("ENVIRONMENT: {environment}")),
        ("allow_unauthenticated", "true".to_owned()),
        ("health_path", "/health".to_owned()),
        ("checks", "GET /docs 200".to_owned()),
    ]
    .into()
}
