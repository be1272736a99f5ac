//! The hallway: read, decide, do, tell. The only room with doors to all the others.

mod deployment;
mod doctor;
mod executions;
mod export;
mod hosting;
mod job;
mod logs;
mod monitoring;
mod notify;
mod post;
mod preview;
mod pull_request;
mod release;
mod removal;
mod rotate_key;
mod rotate_secret;
mod status;
mod tell;
mod whose;

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deployment::Wish;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Invocation, Task};
use crate::clock::{Clock, random_hex};
use crate::console::Console;
use crate::console::files::{Files, check_writable};
use crate::explain::{Class, Failure};
use crate::github::GitHub;
use crate::google::cloud_run::resource_name;
use crate::google::endpoints::Endpoints;
use crate::google::http::Http;
use crate::google::token::Tokens;
use crate::inputs::credentials;
use crate::inputs::deploy::{Deploy, Pick, What};
use crate::inputs::error::{Findings, InputErrors};
use crate::inputs::flags;
use crate::inputs::idle::leave_out;
use crate::inputs::pull_request::head_of_merge;
use crate::inputs::raw::RawInputs;
use crate::inputs::resolve::{self, Resolved, foreign};
use crate::inputs::runner::Runner;
use crate::inputs::spec::deploy::name;
use crate::inputs::spec::{Command, ELSEWHERE};
use crate::inputs::webhook::{Webhook, webhook};
use crate::model::credentials::Credentials;
use crate::model::facts::{Facts, RolloutEnd};
use crate::model::place;
use crate::model::secret::Secret;
use crate::model::step::StepState;
use crate::net::Net;
use crate::plan::decide::{Marks, image_tags, marks, steps as plan_steps};
use crate::probe::Probe;
use crate::report::{Kind, Outcome, Story, exit_code, headline, summary};
use crate::steps::{self, Context, Together, cancel, undo, wished};

/// From the signal to the end the runner gives ten seconds; cleaning up gets less than four.
const CLEAN_UP: Duration = Duration::from_millis(3500);

/// Runs an invocation to its exit code.
pub async fn run(mut invocation: Invocation, mut runner: Runner) -> u8 {
    if let Some((_, path)) = invocation.flags.iter().find(|(name, _)| *name == name::CA_CERTIFICATES.text()) {
        runner.extra_roots = Some(path.into());
    }
    runner.extra_roots = runner.extra_roots.map(|path| runner.workspace.join(path));
    if invocation.task == Task::Run(Command::Deploy) && flags::becomes_job(&mut runner.inputs) {
        invocation.task = Task::Run(Command::Job);
    }
    let console = Arc::new(Console::new(runner.actions, runner.color, runner.embedded));
    match start(&console, &runner, invocation).await {
        // Whoever builds on the outputs of a green step must find them.
        0 if console.are_outputs_lost() => Class::Infrastructure.exit_code(),
        code => code,
    }
}

async fn start(console: &Arc<Console>, runner: &Runner, invocation: Invocation) -> u8 {
    match invocation.task {
        Task::Run(Command::Job) => job::run(console, runner, &invocation).await,
        Task::Run(Command::Release) => release::run(console, runner, &invocation).await,
        Task::Run(Command::Doctor) => doctor::run(console, runner, &invocation).await,
        Task::Run(Command::RotateKey) => rotate_key::run(console, runner, &invocation).await,
        Task::Run(Command::RotateSecret) => rotate_secret::run(console, runner, &invocation).await,
        Task::Run(Command::Preview) => preview::run(console, runner, &invocation).await,
        Task::Run(Command::Monitoring) => monitoring::run(console, runner, &invocation).await,
        Task::Run(Command::Status) => status::run(console, runner, &invocation).await,
        Task::Run(Command::Export) => export::run(console, runner, &invocation).await,
        Task::Run(Command::Logs) => logs::run(console, runner, &invocation).await,
        Task::Run(command) => {
            // What was given says whether a rollback or a promotion is about a service or a site.
            let (raw, _) = texts(runner, &invocation, command);
            if hosting::is_meant(&raw, command) {
                return hosting::run(console, runner, &invocation, command).await;
            }
            deploy(console, runner, &invocation, false).await
        }
        Task::Plan => deploy(console, runner, &invocation, true).await,
        Task::Post => post::run(console, runner).await,
        // `main` turns a demonstration into a deploy before it comes here.
        Task::Demo(_) => Class::Internal.exit_code(),
    }
}

fn files(runner: &Runner) -> Files {
    Files {
        output: runner.output_file.is_some(),
        state: runner.state_file.is_some(),
        summary: runner.summary_file.is_some(),
        part: None,
    }
}

/// The clients of a run.
struct Clients {
    http: Http,
    probe: Probe,
    net: Net,
}

async fn connect(
    console: &Arc<Console>,
    runner: &Runner,
    credentials: Credentials,
    project: &str,
) -> Result<Clients, Failure> {
    let endpoints = Endpoints::new(&runner.endpoints, runner.actions).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        Failure::plain(Class::Config, format!("An endpoint cannot be used: {}", lines.join("; ")))
    })?;
    let cannot =
        |error: &dyn std::fmt::Display| Failure::plain(Class::Config, format!("Connections cannot be set up: {error}"));
    let net = Net::new(runner.extra_roots.clone()).map_err(|error| cannot(&error))?;
    let clients = net.clients().map_err(|error| cannot(&error))?;
    let probe = Probe::new(&net, runner.embedded).map_err(|error| cannot(&error))?;
    let clock = Clock::with_pace(runner.pace.unwrap_or(1.0));
    let (masker, teller) = (Arc::clone(console), Arc::clone(console));
    let mask = Box::new(move |token: &str| masker.mask(token));
    let tokens = Tokens::new(credentials, clock.clone(), mask, Box::new(move |why| teller.line(why)))
        .await
        .map_err(|error| Failure::of("The service-account key cannot be used", error))?;
    Ok(Clients { http: Http::new(clients, tokens, endpoints, clock, project.to_owned()), probe, net })
}

/// Hides every secret that came in, before anything else is printed.
fn hide(console: &Console, raw: &RawInputs, runner: &Runner) {
    credentials::secrets(raw, runner).iter().for_each(|secret| console.mask(secret));
    if let Some(key) = raw.get(name::CREDENTIALS_JSON) {
        console.note_secret(key, "`credentials_json`");
    }
    for name in ["github_token", "notify_webhook", "value"] {
        if let Some(secret) = raw.by_text(name) {
            console.mask(secret);
        }
    }
}

fn read_inputs(console: &Console, runner: &Runner, invocation: &Invocation) -> Result<Resolved, InputErrors> {
    let job = invocation.task.job().unwrap_or(Command::Deploy);
    let (raw, findings) = read_texts(console, runner, invocation, job);
    resolve::run(job, &raw, runner, findings)
}

/// The texts of a command's inputs, and what is wrong with the places a run writes to and asks.
fn read_texts(console: &Console, runner: &Runner, invocation: &Invocation, job: Command) -> (RawInputs, Findings) {
    let (mut raw, mut findings) = texts(runner, invocation, job);
    hide(console, &raw, runner);
    if !runner.actions {
        console.name_flags(job.inputs().iter().map(|input| input.name));
    }
    leave_out(job, &mut raw).iter().for_each(|told| console.line(told));
    let _told_at_the_end = webhook(&raw, &mut findings);
    // A job without a source runs an image that somebody else built.
    let ships = matches!(job, Command::Deploy | Command::Release | Command::Hosting);
    if ships || job == Command::Job && raw.has(name::SOURCE) {
        foreign::refuse(&raw, runner, &mut findings);
    }
    for (name, file) in [("GITHUB_OUTPUT", &runner.output_file), ("GITHUB_STATE", &runner.state_file)] {
        if let Some(Err(error)) = file.as_deref().map(check_writable) {
            findings.wrong(
                name,
                format!("the runner's file cannot be written ({error})"),
                "nothing was begun, because nothing could be reported",
            );
        }
    }
    let roots = runner.extra_roots.as_deref().filter(|_| runner.actions);
    if let Some(Err(error)) = roots.map(|path| runner.places().bytes(path, place::LARGEST)) {
        findings.wrong(
            name::CA_CERTIFICATES,
            format!("its file {error}"),
            "write a file of the workspace, or of RUNNER_TEMP",
        );
    }
    if let Err(mistakes) = Endpoints::new(&runner.endpoints, runner.actions) {
        for (name, why) in mistakes {
            findings.wrong(&name, why, "");
        }
    }
    (raw, findings)
}

/// The texts of a command's inputs.
fn texts(runner: &Runner, invocation: &Invocation, job: Command) -> (RawInputs, Findings) {
    let mut findings = Findings::default();
    let mut raw = RawInputs::collect(&job.inputs(), ELSEWHERE, &runner.inputs, &invocation.flags, &mut findings);
    flags::spell_out(job, &mut raw, runner, &mut findings);
    (raw, findings)
}

/// The address that is told how the run ends.
fn webhook_of(runner: &Runner, invocation: &Invocation, command: Command) -> Option<Webhook> {
    webhook(&texts(runner, invocation, command).0, &mut Findings::default())
}

async fn deploy(console: &Arc<Console>, runner: &Runner, invocation: &Invocation, plan_only: bool) -> u8 {
    let begun = Instant::now();
    let Resolved { deploy, warnings } = match read_inputs(console, runner, invocation) {
        Ok(resolved) => resolved,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    let marks = marks(&deploy, &runner.origin, &random_hex(8));
    let tags = match &deploy.what {
        What::Build(build) => image_tags(build, &runner.origin, None),
        _ => Vec::new(),
    };
    let plan = plan_steps(&deploy, &marks, &tags);
    let rehearse = plan_only || deploy.dry_run;
    tell::begin(console, runner, invocation.task, &deploy, &plan, rehearse);
    let word = invocation.task.job().map(Command::word).unwrap_or_default();
    if let Err(why) = files(runner).save_state("command", word) {
        console.warning(&why);
    }

    let deploys = each_region(deploy);
    let mut all: Vec<Facts> = deploys.iter().map(|_| Facts::default()).collect();
    for warning in warnings {
        console.warning(&warning);
        all[0].warnings.push(warning);
    }
    let files = files(runner);
    let tracked = match &deploys[0].environment {
        Some(environment) if !rehearse => {
            let what = deploys[0].service.to_string();
            let token = deploys[0].github_token.as_ref();
            let places = deployment::places_of_service(&deploys[0]);
            let wish = Wish { environment, commit: None, what, places, transient: false, token, asked_for: true };
            deployment::begin(console, runner, &wish).await
        }
        _ => None,
    };
    let outcome = match connect(console, runner, deploys[0].credentials.clone(), deploys[0].project.as_str()).await {
        Err(failure) => Outcome::Failed(failure),
        Ok(clients) => {
            deployment::start(console, tracked.as_ref()).await;
            let github = github(runner, &clients.net, deploys[0].github_token.as_ref());
            let marks = wished::settle(console, &clients.http, &deploys, &runner.origin, marks).await;
            let shared = Shared { runner, marks: &marks, clients: &clients, github: github.as_ref(), files: &files };
            let contexts = shared.contexts(console, &deploys);
            let outcome = carry_out(&contexts, &mut all, rehearse).await;
            close(&contexts[0], &all);
            outcome
        }
    };
    let deploy = &deploys[0];
    let others: Vec<(&str, &Facts)> = deploys.iter().map(|deploy| deploy.region.as_str()).zip(&all).skip(1).collect();
    let head = head_of_merge(&runner.origin);
    let story = Story {
        kind: deploy.kind,
        service: deploy.service.as_str(),
        region: deploy.region.as_str(),
        project: deploy.project.as_str(),
        account: deploy.credentials.principal.shown(),
        commit: runner.origin.sha.as_deref(),
        head: head.as_deref(),
        run_url: runner.origin.run_url(),
        plan: &plan,
        facts: &all[0],
        others: &others,
        outcome: &outcome,
        took: begun.elapsed(),
    };
    let now = tell::tell(console, &files, &story);
    if let Some(tracked) = tracked {
        tracked.end(console, &outcome, all[0].service.url.as_deref(), &headline(&story)).await;
    }
    if !rehearse {
        let command = invocation.task.job().unwrap_or(Command::Deploy);
        let headline = format!("{} {}", summary::mark(&outcome), headline(&story));
        notify::end(console, (runner, invocation, command), headline, &now).await;
    }
    tell::show(console, &outcome, || summary::markdown(&story));
    exit_code(&outcome)
}

/// What the contexts of all regions share.
struct Shared<'a> {
    runner: &'a Runner,
    marks: &'a Marks,
    clients: &'a Clients,
    github: Option<&'a GitHub>,
    files: &'a Files,
}

impl<'a> Shared<'a> {
    /// What the steps may use, for each region.
    fn contexts(&self, console: &'a Console, deploys: &'a [Deploy]) -> Vec<Context<'a>> {
        let places = deploys.iter().zip(Together::of(deploys.len()));
        let contexts = places.map(|(deploy, together)| Context {
            github: self.github,
            deploy,
            marks: self.marks,
            origin: &self.runner.origin,
            service_name: resource_name(deploy.kind, deploy.project.as_str(), &deploy.region, &deploy.service),
            http: &self.clients.http,
            probe: &self.clients.probe,
            console,
            files: self.files,
            together,
            name: format!("Region `{}`", deploy.region),
            prefix: if deploys.len() > 1 { format!("{}: ", deploy.region) } else { String::new() },
        });
        contexts.collect()
    }
}

/// The same deploy for each of its regions; the job before it runs once, in the first.
fn each_region(deploy: Deploy) -> Vec<Deploy> {
    let others = deploy.regions.clone();
    let other = |region| Deploy { region, pre_deploy: None, ..deploy.clone() };
    let others: Vec<Deploy> = others.into_iter().map(other).collect();
    std::iter::once(deploy).chain(others).collect()
}

/// Runs the steps until they end or a signal comes.
async fn carry_out(contexts: &[Context<'_>], all: &mut [Facts], rehearse: bool) -> Outcome {
    let work = async {
        if rehearse {
            return match steps::rehearse(&contexts[0], &mut all[0]).await {
                Ok(changes) => Outcome::Planned(changes),
                Err(failure) => Outcome::Failed(failure),
            };
        }
        match steps::run(contexts, all).await {
            Ok(()) if all[0].unchanged.is_some() => Outcome::Deployed(Kind::Unchanged),
            Ok(()) => Outcome::Deployed(kind(contexts[0].deploy)),
            Err(failure) => Outcome::Failed(failure),
        }
    };
    let signal = match until_stopped(contexts[0].console, Box::pin(work)).await {
        Ok(outcome) => return outcome,
        Err(signal) => signal,
    };
    all.iter_mut().for_each(|facts| facts.end(StepState::Cancelled, "interrupted"));
    in_time(Box::pin(async {
        let all = contexts.iter().zip(all).map(|(context, facts)| clean_up(context, facts));
        futures_util::future::join_all(all).await;
    }))
    .await;
    Outcome::Cancelled(signal)
}

/// Gives cleaning up the time there is. A second signal ends it.
async fn in_time(work: Work<'_, ()>) {
    tokio::select! {
        _ = tokio::time::timeout(CLEAN_UP, work) => {}
        _ = stopped() => {}
    }
}

/// The steps of a run, behind a pointer: what a future holds is part of it, and these are the deepest.
type Work<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Runs `work` until it ends or a signal comes, whose name is then given back. A signal drops the work, which ends its
/// requests; what it knows stands in the facts.
async fn until_stopped<T>(console: &Console, work: Work<'_, T>) -> Result<T, &'static str> {
    let signal = tokio::select! {
        ended = work => return Ok(ended),
        signal = stopped() => signal,
    };
    console.end_group();
    console.line(&format!("Cancelled by {signal}: cleaning up"));
    Err(signal)
}

/// Waits for a signal. PID 1 has no default for any of them, so each is asked for.
async fn stopped() -> &'static str {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
        _ = hangup.recv() => "SIGHUP",
    }
}

/// What a run that ended well was for.
fn kind(deploy: &Deploy) -> Kind {
    match &deploy.what {
        What::Revision(Pick::Tagged(_)) => Kind::Promote,
        What::Revision(_) => Kind::Rollback,
        What::Traffic(_) => Kind::Traffic,
        _ if deploy.rollout.no_traffic => Kind::Candidate,
        _ => Kind::Deploy,
    }
}

/// Tells the post step that no rollout is left open. What could not be put back is tried again there, with a process and
/// a token of its own.
fn close(context: &Context<'_>, all: &[Facts]) {
    let rollouts = || all.iter().filter_map(|facts| facts.rollout.as_ref());
    if rollouts().count() > 0
        && rollouts().all(|rollout| !rollout.end.is_open())
        && let Err(why) = context.files.save_state("rollout_over", "true")
    {
        context.console.warning(&why);
    }
}

/// Ends what this run began elsewhere.
async fn clean_up(context: &Context<'_>, facts: &mut Facts) {
    if context.deploy.rollout.restore && facts.rollout.as_ref().is_some_and(|rollout| rollout.end == RolloutEnd::Open) {
        match undo::restore(context, facts).await {
            Ok(told) => context.console.line(&format!("Put back: {told}")),
            Err(failure) => context.console.warning(&format!("The traffic was not put back: {failure}")),
        }
    }
    executions::end(context.http, context.console, context.files, facts).await;
    end_build(context.http, context.console, context.files, facts).await;
}

/// Ends the upload and the build of a run that is cancelled itself.
async fn end_build(http: &Http, console: &Console, files: &Files, facts: &mut Facts) {
    if let Some(session) = facts.upload_session.take() {
        cancel::upload_session(http, &session).await;
    }
    let Some(build) = facts.build.as_mut().filter(|build| !build.over) else { return };
    match cancel::build(http, build).await {
        Ok(ids) => {
            let told: Vec<String> = ids.iter().map(|id| format!("build {id} is cancelled")).collect();
            console.line(if told.is_empty() { "No build had been submitted" } else { "Cloud Build was told" });
            told.iter().for_each(|line| console.line(line));
            "CANCELLED".clone_into(&mut build.status);
            build.over = true;
            if let Err(why) = files.save_state("build_over", "true") {
                console.warning(&why);
            }
        }
        Err(error) => {
            console.warning(&format!("The build may still run, and is cancelled once more afterwards: {error}"))
        }
    }
}

/// GitHub's client, when there is a token and an address for it.
fn github(runner: &Runner, net: &Net, token: Option<&Secret>) -> Option<GitHub> {
    let (api, repository) = (runner.origin.api_url.as_deref()?, runner.origin.repository.as_deref()?);
    let clock = Clock::with_pace(runner.pace.unwrap_or(1.0));
    GitHub::new(net, clock, api, repository, token?).ok()
}
