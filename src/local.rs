//! The embedded cloud: `--local` and `slipway demo` run the real thing against a stand-in for
//! Google Cloud on loopback.

use std::path::Path;

use fakecloud::{FakeCloud, Page, RevisionScript, Site, World};

use crate::cli::{Demo, Invocation, Task};
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
    pub runs: Vec<Run>,
    /// The embedded cloud, when one is used.
    pub cloud: Option<FakeCloud>,
}

/// One run of a stage.
#[derive(Debug)]
pub struct Run {
    /// What is run.
    pub invocation: Invocation,
    /// With what around it.
    pub runner: Runner,
    /// What the reader is told first, in a demonstration.
    pub title: Option<&'static str>,
    /// What becomes of the embedded cloud before it.
    pub before: Option<fn(&mut World)>,
    /// The exit code it is to end with.
    pub code: u8,
}

impl Stage {
    /// Changes the embedded cloud as the run wants it.
    pub fn prepare(&self, run: &Run) {
        if let (Some(cloud), Some(before)) = (&self.cloud, run.before) {
            cloud.world(before);
        }
    }
}

/// Puts the embedded cloud in Google's place where that was asked for.
///
/// # Errors
/// A sentence when the sample is not there to be shown.
pub fn prepare(invocation: Invocation, mut runner: Runner) -> Result<Stage, String> {
    let demo = match invocation.task {
        Task::Demo(demo) => Some(demo),
        _ => None,
    };
    if demo.is_none() && !invocation.local {
        return Ok(Stage { runs: vec![plain(invocation, runner)], cloud: None });
    }
    if demo.is_some() && !Path::new(SAMPLE).is_dir() {
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
    let run = |task, flags| plain(Invocation { task, flags: with_key(flags), local: true }, runner.clone());
    let runs = match demo {
        Some(Demo::Deploy) => {
            vec![run(Task::Run(Command::Deploy), sample("staging")), run(Task::Plan, sample("production"))]
        }
        Some(Demo::Rollout) => rollout(run),
        None => vec![run(invocation.task, invocation.flags.clone())],
    };
    Ok(Stage { runs, cloud: Some(cloud) })
}

fn plain(invocation: Invocation, runner: Runner) -> Run {
    Run { invocation, runner, title: None, before: None, code: 0 }
}

/// A bad candidate that nobody meets, a good one, and the way back.
fn rollout(run: impl Fn(Task, Vec<(&'static str, String)>) -> Run) -> Vec<Run> {
    let deploy = Task::Run(Command::Deploy);
    // Built once; what follows deploys that image with other settings.
    let again = |release: &str| {
        let mut flags = sample("staging");
        flags.retain(|(name, _)| *name != "source");
        flags.push(("image", "gcr.io/harbour-dev/sample-backend:latest".into()));
        flags.push(("env_vars", format!("RELEASE: {release}")));
        flags.push(("health_timeout", "10s".into()));
        flags
    };
    let back = |dry_run: bool| {
        let mut flags = sample("staging");
        flags.retain(|(name, _)| ["service", "health_path"].contains(name));
        flags.push(("dry_run", dry_run.to_string()));
        flags
    };
    let titled = |title, run| Run { title: Some(title), ..run };
    vec![
        titled("1. A first deploy goes straight to everybody", run(deploy, sample("staging"))),
        Run {
            before: Some(|world| {
                let ill = Site::healthy().with("/health", Page::text(500, "the database does not answer"));
                world.next_revisions.push_back(RevisionScript::answering(ill));
            }),
            code: 9,
            ..titled("2. A bad candidate: asked on an address of its own, met by nobody", run(deploy, again("bad")))
        },
        titled("3. A good candidate: asked, moved to, asked again", run(deploy, again("good"))),
        titled("4. The plan of a rollback", run(Task::Run(Command::Rollback), back(true))),
        titled("5. The rollback", run(Task::Run(Command::Rollback), back(false))),
    ]
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
