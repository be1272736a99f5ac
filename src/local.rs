//! The embedded cloud: `--local` and `slipway demo` run the real thing against a stand-in for
//! Google Cloud on loopback.

mod operations;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use fakecloud::{FakeCloud, Page, RevisionScript, Site, World};

use crate::cli::{Demo, Invocation, Task};
use crate::inputs::credentials;
use crate::inputs::spec::CommandName;
use slipway_runner::env::Runner;

/// A fifth of every pause: long enough to watch, short enough to try.
const PACE: f64 = 0.2;

/// Where the sample lies in a checkout of this repository.
const SAMPLE: &str = "examples/backend";

/// The sample's two halves as one release.
const BOTH: &str = "examples/sample/slipway.yml";

/// The project's default site in the embedded cloud.
const SITE: &str = World::PROJECT;

/// What is run, one after the other, and the cloud it runs against, which must outlive it.
#[derive(Debug)]
pub struct Stage {
    /// The runs.
    pub runs: Vec<LocalRun>,
    /// The embedded cloud, when one is used.
    pub cloud: Option<FakeCloud>,
}

/// One run of a stage.
#[derive(Debug)]
pub struct LocalRun {
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
    /// What is asked of the embedded cloud after it, as a visitor would: a line for each answer.
    pub visits: Option<fn(&FakeCloud) -> Vec<String>>,
}

impl Stage {
    /// Changes the embedded cloud as the run wants it.
    pub fn prepare(&self, run: &LocalRun) {
        if let (Some(cloud), Some(before)) = (&self.cloud, run.before) {
            cloud.world(before);
        }
    }

    /// Visits what a run has released.
    pub fn visit(&self, run: &LocalRun) -> Vec<String> {
        self.cloud.as_ref().zip(run.visits).map(|(cloud, visits)| visits(cloud)).unwrap_or_default()
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
    // Sites need one role more than the five, and so do alerts.
    let watches = matches!(invocation.task, Task::Run(CommandName::Monitoring));
    let more = if watches { "roles/monitoring.editor" } else { "roles/firebasehosting.admin" };
    cloud.world(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, more);
        world.makes_nothing_up = true;
    });
    runner.embedded = true;
    runner.pace = runner.pace.or(Some(PACE));
    let prefix = "CLOUDSDK_API_ENDPOINT_OVERRIDES_";
    runner.endpoints = cloud
        .endpoints()
        .into_iter()
        .filter_map(|(name, url)| Some((name.strip_prefix(prefix)?.to_owned(), url)))
        .collect();
    // Nothing of the real Google may be used or needed, and the real GitHub is neither asked nor told: what happens here
    // is no deployment, and a key of the embedded cloud would lock out whoever keeps the real one there.
    runner.origin.api_url = Some(cloud.github_url());
    let of_google = |name: &str| name == "project_id" || credentials::INPUTS.contains(&name);
    runner.inputs.retain(|name, _| !of_google(name));
    let key = cloud.key_json(World::DEPLOYER);
    let with_key = |mut flags: Vec<(&'static str, String)>| {
        flags.retain(|(name, _)| !of_google(name));
        flags.push(("credentials_json", key.clone()));
        flags
    };
    let run = |task, flags| plain(Invocation { task, flags: with_key(flags), local: true }, runner.clone());
    let runs = match demo {
        Some(Demo::Deploy) => {
            let both = |environment: &str, dry_run: bool| {
                let settings =
                    [("manifest", BOTH), ("environment", environment)].map(|(name, text)| (name, text.to_owned()));
                settings.into_iter().chain([("dry_run", dry_run.to_string())]).collect::<Vec<_>>()
            };
            let release = Task::Run(CommandName::Release);
            vec![
                LocalRun {
                    title: Some("1. Backend and frontend as one release"),
                    visits: Some(visits),
                    ..run(release, both("staging", false))
                },
                LocalRun {
                    title: Some("3. What a release of production would change"),
                    ..run(release, both("production", true))
                },
            ]
        }
        Some(Demo::Rollout) => rollout(run),
        Some(Demo::Operations) => operations::runs(run),
        None => vec![run(invocation.task, invocation.flags.clone())],
    };
    Ok(Stage { runs, cloud: Some(cloud) })
}

fn plain(invocation: Invocation, runner: Runner) -> LocalRun {
    LocalRun { invocation, runner, title: None, before: None, code: 0, visits: None }
}

/// Both halves, as a visitor meets them.
fn visits(cloud: &FakeCloud) -> Vec<String> {
    let (backend, site) = cloud.world(|world| {
        let backend = world.service("us-central1", "sample-backend").map(|service| service.uri().to_owned());
        let site = world.hosting_site(SITE).and_then(|site| site.channel("live")).map(|channel| channel.url.clone());
        (backend.unwrap_or_default(), site.unwrap_or_default())
    });
    let asked = [
        (&backend, "/health"),
        (&site, "/"),
        (&site, "/berths"),
        (&site, "/api/berths/1"),
        (&site, "/quay"),
        (&site, "/nowhere"),
    ];
    let mut told =
        vec!["2. Both halves, fetched as a visitor would: the site is there, the backend does not run".to_owned()];
    told.extend(asked.into_iter().map(|(base, path)| match fetch(base, path) {
        Ok(answer) => format!("GET {base}{path}  ->  {answer}"),
        Err(why) => format!("GET {base}{path}  ->  no answer: {why}"),
    }));
    told
}

/// One plain request over loopback: the status, and what tells the page from others.
fn fetch(base: &str, path: &str) -> std::io::Result<String> {
    let host = base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or("?");
    let to = head.lines().find_map(|line| line.to_ascii_lowercase().starts_with("location:").then(|| line.to_owned()));
    let title = body.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    let shown = to.or_else(|| title.map(|title| format!("<title>{title}</title>")));
    Ok(format!("{status} {}", shown.unwrap_or_else(|| body.trim().chars().take(100).collect())))
}

/// A bad candidate that nobody meets, a good one, and the way back.
fn rollout(run: impl Fn(Task, Vec<(&'static str, String)>) -> LocalRun) -> Vec<LocalRun> {
    let deploy = Task::Run(CommandName::Deploy);
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
    let titled = |title, run| LocalRun { title: Some(title), ..run };
    vec![
        titled("1. A first deploy goes straight to everybody", run(deploy, sample("staging"))),
        LocalRun {
            before: Some(|world| {
                let ill = Site::healthy().with("/health", Page::text(500, "the database does not answer"));
                world.next_revisions.push_back(RevisionScript::answering(ill));
            }),
            code: 9,
            ..titled(
                "2. A candidate for which the embedded cloud answers 500: met by nobody",
                run(deploy, again("bad")),
            )
        },
        titled(
            "3. Another candidate: no program is there to be asked, and the traffic moves",
            run(deploy, again("good")),
        ),
        titled("4. The plan of a rollback", run(Task::Run(CommandName::Rollback), back(true))),
        titled("5. The rollback", run(Task::Run(CommandName::Rollback), back(false))),
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
