//! The hallway: read, decide, do, tell. The only room with doors to all the others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Invocation, Task};
use crate::clock::{Clock, random_hex};
use crate::console::Console;
use crate::console::files::{Files, check_writable};
use crate::explain::{Class, Failure};
use crate::github::GitHub;
use crate::google::endpoints::Endpoints;
use crate::google::http::Http;
use crate::google::token::Tokens;
use crate::inputs::deploy::{Deploy, What};
use crate::inputs::error::{Findings, InputErrors};
use crate::inputs::raw::RawInputs;
use crate::inputs::resolve::{self, Resolved};
use crate::inputs::runner::Runner;
use crate::inputs::{credentials, spec};
use crate::model::facts::{BuildFact, Facts, StepState};
use crate::model::key::ServiceAccountKey;
use crate::net::Net;
use crate::plan::decide::{Step, image_tags, marks, steps as plan_steps};
use crate::probe::Probe;
use crate::report::failure::Line;
use crate::report::{Outcome, Story, exit_code, failure, headline, outputs, summary, truth};
use crate::steps::{self, Context, cancel};

/// From the signal to the end the runner gives ten seconds; cleaning up gets less than four.
const CLEAN_UP: Duration = Duration::from_millis(3500);

/// The question to GitHub only makes the report richer; it gets little time.
const GITHUB: Duration = Duration::from_secs(5);

/// Runs an invocation to its exit code.
pub async fn run(invocation: Invocation, runner: Runner) -> u8 {
    let console = Arc::new(Console::new(runner.actions, runner.color));
    match invocation.task {
        Task::Deploy => deploy(&console, &runner, &invocation, false).await,
        Task::Plan => deploy(&console, &runner, &invocation, true).await,
        Task::Post => post(&console, &runner).await,
        // `main` turns a demonstration into a deploy before it comes here.
        Task::Demo => Class::Internal.exit_code(),
    }
}

fn files(runner: &Runner) -> Files {
    Files {
        output: runner.output_file.is_some(),
        state: runner.state_file.is_some(),
        summary: runner.summary_file.is_some(),
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
    key: ServiceAccountKey,
    project: &str,
) -> Result<Clients, Failure> {
    let endpoints = Endpoints::new(&runner.endpoints).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        Failure::plain(Class::Config, format!("An endpoint cannot be used: {}", lines.join("; ")))
    })?;
    let cannot =
        |error: &dyn std::fmt::Display| Failure::plain(Class::Config, format!("Connections cannot be set up: {error}"));
    let net = Net::new(runner.extra_roots.clone()).map_err(|error| cannot(&error))?;
    let client = net.http_client().map_err(|error| cannot(&error))?;
    let probe = Probe::new(&net).map_err(|error| cannot(&error))?;
    let clock = Clock::with_pace(runner.pace.unwrap_or(1.0));
    let masker = Arc::clone(console);
    let tokens = Tokens::new(key, &net, clock.clone(), Box::new(move |token| masker.mask(token)))
        .await
        .map_err(|error| Failure::of("The service-account key cannot be used", error))?;
    Ok(Clients { http: Http::new(client, tokens, endpoints, clock, project.to_owned()), probe, net })
}

/// Hides every secret that came in, before anything else is printed.
fn hide(console: &Console, raw: &RawInputs, runner: &Runner) {
    let key = credentials::find(raw, runner, &mut Findings::default());
    if let Some(key) = key {
        console.mask(key.private_key.expose());
    }
    if let Some(token) = raw.get("github_token") {
        console.mask(token);
    }
}

fn read_inputs(console: &Console, runner: &Runner, invocation: &Invocation) -> Result<Resolved, InputErrors> {
    let mut findings = Findings::default();
    let raw = RawInputs::collect(spec::DEPLOY, &runner.inputs, &invocation.flags, &mut findings);
    hide(console, &raw, runner);
    for (name, file) in [("GITHUB_OUTPUT", &runner.output_file), ("GITHUB_STATE", &runner.state_file)] {
        if let Some(Err(error)) = file.as_deref().map(check_writable) {
            findings.wrong(
                name,
                format!("the runner's file cannot be written ({error})"),
                "nothing was begun, because nothing could be reported",
            );
        }
    }
    if let Err(mistakes) = Endpoints::new(&runner.endpoints) {
        for (name, why) in mistakes {
            findings.wrong(&name, why, "");
        }
    }
    resolve::deploy(&raw, runner, findings)
}

async fn deploy(console: &Arc<Console>, runner: &Runner, invocation: &Invocation, plan_only: bool) -> u8 {
    let begun = Instant::now();
    let Resolved { deploy, warnings } = match read_inputs(console, runner, invocation) {
        Ok(resolved) => resolved,
        Err(errors) => return refuse(console, runner, &errors),
    };
    let marks = marks(&deploy, &runner.origin, &random_hex(8));
    let tags = match &deploy.what {
        What::Build(build) => image_tags(build, &runner.origin, None),
        What::Image(_) => Vec::new(),
    };
    let plan = plan_steps(&deploy, &marks, &tags);
    let rehearse = plan_only || deploy.dry_run;
    begin(console, runner, &deploy, &plan, rehearse);

    let mut facts = Facts::default();
    for warning in warnings {
        console.warning(&warning);
        facts.warnings.push(warning);
    }
    let files = files(runner);
    let outcome = match connect(console, runner, deploy.key.clone(), deploy.project.as_str()).await {
        Err(failure) => Outcome::Failed(failure),
        Ok(clients) => {
            let context = Context {
                deploy: &deploy,
                marks: &marks,
                origin: &runner.origin,
                service_name: crate::google::cloud_run::service_name(
                    deploy.project.as_str(),
                    &deploy.region,
                    &deploy.service,
                ),
                http: &clients.http,
                probe: &clients.probe,
                console,
                files: &files,
            };
            let outcome = carry_out(&context, &mut facts, rehearse).await;
            if matches!(outcome, Outcome::Deployed) {
                facts.commits = commits(runner, &clients.net, &deploy, &facts).await;
            }
            outcome
        }
    };
    let story = Story {
        service: deploy.service.as_str(),
        region: deploy.region.as_str(),
        project: deploy.project.as_str(),
        account: deploy.key.email.as_str(),
        commit: runner.origin.sha.as_deref(),
        run_url: runner.origin.run_url(),
        plan: &plan,
        facts: &facts,
        outcome: &outcome,
        took: begun.elapsed(),
    };
    tell(console, &files, &story);
    if runner.embedded {
        console.title("The job summary, as GitHub would show it");
        summary::markdown(&story).lines().for_each(|line| console.foreign(line));
    }
    exit_code(&outcome)
}

/// Runs the steps until they end or a signal comes.
async fn carry_out(context: &Context<'_>, facts: &mut Facts, rehearse: bool) -> Outcome {
    let work = async {
        if rehearse {
            return match steps::rehearse(context, facts).await {
                Ok(changes) => Outcome::Planned(changes),
                Err(failure) => Outcome::Failed(failure),
            };
        }
        match steps::run(context, facts).await {
            Ok(()) => Outcome::Deployed,
            Err(failure) => Outcome::Failed(failure),
        }
    };
    // Dropping the work ends its requests; what it knows stands in the facts.
    let signal = tokio::select! {
        outcome = work => return outcome,
        signal = stopped() => signal,
    };
    context.console.end_group();
    context.console.line(&format!("Cancelled by {signal}: cleaning up"));
    facts.end(StepState::Cancelled, "interrupted");
    clean_up(context, facts).await;
    Outcome::Cancelled(signal)
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

/// Ends what this run began elsewhere. A second signal ends the cleaning up.
async fn clean_up(context: &Context<'_>, facts: &mut Facts) {
    let work = async {
        if let Some(session) = facts.upload_session.take() {
            cancel::upload_session(context.http, &session).await;
        }
        let Some(build) = facts.build.as_mut().filter(|build| !build.over) else { return };
        match cancel::build(context.http, build).await {
            Ok(ids) => {
                let told: Vec<String> = ids.iter().map(|id| format!("build {id} is cancelled")).collect();
                context.console.line(if told.is_empty() {
                    "No build had been submitted"
                } else {
                    "Cloud Build was told"
                });
                told.iter().for_each(|line| context.console.line(line));
                "CANCELLED".clone_into(&mut build.status);
                build.over = true;
                if let Err(why) = context.files.save_state("build_over", "true") {
                    context.console.warning(&why);
                }
            }
            Err(error) => context
                .console
                .warning(&format!("The build may still run, and is cancelled once more afterwards: {error}")),
        }
    };
    tokio::select! {
        _ = tokio::time::timeout(CLEAN_UP, work) => {}
        _ = stopped() => {}
    }
}

/// How the commit that serves now lies to the one that served before, for the report.
async fn commits(runner: &Runner, net: &Net, deploy: &Deploy, facts: &Facts) -> Option<String> {
    let (token, api) = (deploy.github_token.as_ref()?, runner.origin.api_url.as_deref()?);
    let (repository, now, before) =
        (runner.origin.repository.as_deref()?, runner.origin.sha.as_deref()?, facts.service.commit_before.as_deref()?);
    if now == before {
        return Some("the same commit".to_owned());
    }
    let github = GitHub::new(net, api, repository, token).ok()?;
    let comparison = tokio::time::timeout(GITHUB, github.compare(before, now)).await.ok()?.ok()?;
    let address = runner
        .origin
        .server_url
        .as_deref()
        .map(|server| format!("{}/{repository}/compare/{before}...{now}", server.trim_end_matches('/')));
    let commits = |count: u64| format!("{count} commit{}", if count == 1 { "" } else { "s" });
    let text = match comparison.status.as_str() {
        "ahead" => format!("{} newer than `{before}`", commits(comparison.ahead_by)),
        "behind" => format!("{} older than `{before}`", commits(comparison.behind_by)),
        "diverged" => format!(
            "{} that `{before}` has not, and without {} of its own",
            commits(comparison.ahead_by),
            commits(comparison.behind_by)
        ),
        _ => return None,
    };
    Some(address.map_or(text.clone(), |address| format!("{text} (`{address}`)")))
}

fn begin(console: &Console, runner: &Runner, deploy: &Deploy, plan: &[Step], rehearse: bool) {
    let verb = if rehearse { "plan for" } else { "deploying" };
    console.title(&format!(
        "Slipway {}: {verb} {} in {} of project {}",
        env!("CARGO_PKG_VERSION"),
        deploy.service,
        deploy.region,
        deploy.project
    ));
    if runner.embedded {
        console.line("This is the embedded cloud, on this machine: it keeps Google's laws and permissions, reads the");
        console
            .line("source and its Dockerfile, and answers for the deployed revision. It runs no container of yours.");
    } else if let Ok(endpoints) = Endpoints::new(&runner.endpoints) {
        let hosts = endpoints.replaced_hosts();
        if !hosts.is_empty() {
            console.line(&format!("In place of Google's APIs: {}", hosts.join(", ")));
        }
    }
    console.group("Plan");
    for (index, step) in plan.iter().enumerate() {
        console.line(&format!("{}. {}: {}", index + 1, step.name.title(), step.text));
    }
    console.end_group();
}

/// Tells the outcome: the log, the outputs, the summary. Failing to tell is a warning.
fn tell(console: &Console, files: &Files, story: &Story<'_>) {
    let now = truth::sentences(story);
    match story.outcome {
        Outcome::Deployed => {
            let url = story.facts.service.url.as_deref().unwrap_or("(no address)");
            console.title(&format!("Deployed {} in {}: {url}", story.service, crate::console::duration(story.took)));
            now.iter().for_each(|sentence| console.line(&format!("  {sentence}")));
        }
        Outcome::Planned(changes) => {
            console.title(if changes.is_empty() {
                "Nothing would change on the service"
            } else {
                "What would change on the service"
            });
            for change in changes {
                let line = match (&change.before, &change.after) {
                    (None, Some(after)) => format!("  + {} = {after}", change.what),
                    (Some(before), None) => format!("  - {} = {before}", change.what),
                    (Some(before), Some(after)) if before == after => {
                        format!("  ~ {} = {after} (changed)", change.what)
                    }
                    (Some(before), Some(after)) => format!("  ~ {} = {before} -> {after}", change.what),
                    (None, None) => format!("  ~ {}", change.what),
                };
                console.line(&line);
            }
            now.iter().for_each(|sentence| console.line(sentence));
        }
        Outcome::Failed(failed) => tell_failure(console, story, failed, &now),
        Outcome::Cancelled(signal) => {
            console.title(&format!("Cancelled by {signal}"));
            now.iter().for_each(|sentence| console.line(&format!("  now: {sentence}")));
        }
    }
    for (name, value) in outputs::values(story) {
        if let Err(why) = files.set_output(name, &value) {
            console.warning(&why);
        }
    }
    if let Err(why) = files.append_summary(&summary::markdown(story)) {
        console.warning(&why);
    }
}

/// Tells a failure once: on the runner as an annotation, which its log shows too, behind the lines
/// that show the cause; elsewhere as lines in the order of a story.
fn tell_failure(console: &Console, story: &Story<'_>, failed: &Failure, now: &[String]) {
    let whole = failure::annotation(failed, now);
    let annotated = console.is_actions() && console.fits_annotation(&whole);
    if annotated {
        failed.evidence_lines().iter().for_each(|line| console.foreign(line));
        console.error(&headline(story), &whole);
        return;
    }
    console.error(&failed.to_string(), &failed.to_string());
    for line in failure::lines(failed, now) {
        match line {
            Line::Ours(text) => console.line(&text),
            Line::Foreign(text) => console.foreign(&text),
        }
    }
}

/// Tells the mistakes of the inputs, all of them, and that nothing was sent.
fn refuse(console: &Console, runner: &Runner, errors: &InputErrors) -> u8 {
    let count = errors.0.len();
    let what = if count == 1 { "One setting is wrong".to_owned() } else { format!("{count} settings are wrong") };
    let text: Vec<String> = errors.0.iter().map(|mistake| format!("* {mistake}")).collect();
    let title = format!("{what}; nothing was sent");
    console.error(&title, &format!("{title}\n{}", text.join("\n")));
    if !console.is_actions() {
        text.iter().for_each(|line| console.line(&format!("  {line}")));
    }
    let files = files(runner);
    let markdown: String = errors
        .0
        .iter()
        .map(|mistake| format!("* {}\n", crate::report::markdown::sentence(&mistake.to_string())))
        .collect();
    let told = [
        files.set_output("result", "failed"),
        files.append_summary(&format!("## ❌ {what}\n\nNothing was sent to Google.\n\n{markdown}")),
    ];
    told.into_iter().filter_map(Result::err).for_each(|why| console.warning(&why));
    Class::Config.exit_code()
}

/// The action's `post-entrypoint`: finishes what a cancelled run left behind.
async fn post(console: &Arc<Console>, runner: &Runner) -> u8 {
    let state = |name: &str| runner.state.get(name).cloned();
    let (Some(tag), Some(location), Some(project)) =
        (state("build_tag"), state("build_location"), state("build_project"))
    else {
        console.line("Nothing was begun that would have to be ended");
        return 0;
    };
    if state("build_over").is_some() {
        console.line("The build is over; there is nothing left to end");
        return 0;
    }
    let mut findings = Findings::default();
    let raw = RawInputs::collect(spec::DEPLOY, &runner.inputs, &[], &mut Findings::default());
    hide(console, &raw, runner);
    let Some(key) = credentials::find(&raw, runner, &mut findings) else {
        console.warning("The build may still run: there are no credentials to cancel it with");
        return 0;
    };
    let clients = match connect(console, runner, key, &project).await {
        Ok(clients) => clients,
        Err(failure) => {
            console.warning(&format!("The build may still run: {failure}"));
            return 0;
        }
    };
    let build = BuildFact { tag, location, id: state("build_id"), ..BuildFact::default() };
    match cancel::build(&clients.http, &build).await {
        Ok(ids) if ids.is_empty() => console.line("There is no build left to cancel"),
        Ok(ids) => console.line(&format!("Cancelled what the run left behind: build {}", ids.join(", "))),
        Err(error) => console.warning(&format!("The build may still run, and could not be cancelled: {error}")),
    }
    0
}
