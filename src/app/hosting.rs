//! The hosting commands: read, do, tell. Beside the deploy, with a meaning and a report of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::deployment::{self, Wish};
use super::notify;
use super::{connect, files, github, in_time, read_texts, tell, until_stopped, whose};
use crate::cli::Invocation;
use crate::clock::random_hex;
use crate::console::Console;
use crate::explain::Failure;
use crate::inputs::hosting::{Hosting, SiteWork};
use crate::inputs::pull_request::head_of_merge;
use crate::inputs::raw::RawInputs;
use crate::inputs::resolve::hosting::{Resolved, run as resolve};
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::inputs::spec::hosting::name;
use crate::model::credentials::Credentials;
use crate::model::facts::{Facts, Written};
use crate::model::hosting::{LIVE, SiteEnd, SiteKind};
use crate::model::step::StepState;
use crate::plan::site_steps::steps;
use crate::report::hosting::{SiteStory, headline, markdown};
use crate::report::summary::mark;
use crate::report::{Outcome, exit_code};
use crate::steps::hosting::{self, SiteContext, undo};

/// Whether a rollback or a promotion is about a site, by what was given.
pub(super) fn is_meant(raw: &RawInputs, command: Command) -> bool {
    match command {
        Command::Hosting | Command::HostingRollback | Command::HostingPromote => true,
        Command::Rollback | Command::Promote => {
            [name::SITE, name::TO_VERSION, name::FROM_CHANNEL].into_iter().any(|name| raw.has(name))
        }
        Command::Deploy
        | Command::Job
        | Command::Release
        | Command::Preview
        | Command::Status
        | Command::Logs
        | Command::Export
        | Command::Monitoring
        | Command::Doctor
        | Command::RotateKey
        | Command::RotateSecret => false,
    }
}

/// Runs a hosting command to its exit code.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner, invocation: &Invocation, command: Command) -> u8 {
    let begun = Instant::now();
    let (raw, findings) = read_texts(console, runner, invocation, command);
    let Resolved { mut hosting, warnings } = match resolve(command, &raw, runner, findings) {
        Ok(resolved) => resolved,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    let commits = match whose::settle(console, runner, &mut hosting).await {
        Ok(commits) => commits,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    // Everything that is made and said is of the commit at the head; the run's own may be another branch's.
    let mut runner = runner.clone();
    runner.origin.sha = commits.head.clone().or(runner.origin.sha);
    let runner = &runner;
    // What GitHub was asked for is not the event's.
    let head = head_of_merge(&runner.origin).filter(|_| commits.head.is_none());
    let plan = steps(&hosting);
    let verb = match &hosting.what {
        _ if hosting.dry_run => "plan for",
        SiteWork::Deploy(_) => "releasing to",
        SiteWork::Rollback { .. } => "rolling back",
        SiteWork::Promote { .. } => "promoting to",
        SiteWork::Remove { .. } => "removing",
    };
    let what = format!("{verb} channel {} of project {}", hosting.channel(), hosting.project);
    tell::announce(console, runner, &what, &plan);
    let previews = matches!(&hosting.what, SiteWork::Deploy(_)) && hosting.channel() != LIVE;
    if previews && raw.is_spelled("firebaseServiceAccount") && !raw.has(name::AUTH_DOMAINS) {
        console.line("action-hosting-deploy put previews among the authorised domains of Firebase Authentication by itself; here `auth_domains: true` does, where people sign in on them");
    }
    let mut facts = Facts::default();
    for warning in warnings {
        console.warning(&warning);
        facts.warnings.push(warning);
    }
    let files = files(runner);
    let request = format!("req_{}", random_hex(8));
    let tracked = match &hosting.environment {
        Some(environment) if !hosting.dry_run && !matches!(hosting.what, SiteWork::Remove { .. }) => {
            let (what, token) = (format!("hosting {}", hosting.channel()), hosting.github_token.as_ref());
            let transient = hosting.channel() != LIVE;
            let places = deployment::places_of_sites(&hosting);
            let commit = commits.head.as_deref();
            let wish = Wish { environment, commit, what, places, transient, token, asked_for: true };
            deployment::begin(console, runner, &wish).await
        }
        _ => None,
    };
    let outcome = match connect(console, runner, hosting.credentials.clone(), hosting.project.as_str()).await {
        Err(failure) => Outcome::Failed(failure),
        Ok(clients) => {
            deployment::start(console, tracked.as_ref()).await;
            let github = github(runner, &clients.net, hosting.github_token.as_ref());
            let context = SiteContext {
                hosting: &hosting,
                mark: &request,
                origin: &runner.origin,
                http: &clients.http,
                github: github.as_ref(),
                probe: &clients.probe,
                console,
                files: &files,
                coming: &[],
                fixed: &BTreeMap::new(),
                name: "",
            };
            carry_out(&context, &mut facts).await
        }
    };
    let story = SiteStory {
        kind: kind(&hosting),
        project: hosting.project.as_str(),
        channel: hosting.channel(),
        account: hosting.credentials.principal.shown(),
        commit: runner.origin.sha.as_deref(),
        head: head.as_deref(),
        built: commits.built.as_deref(),
        run_url: runner.origin.run_url(),
        plan: &plan,
        facts: &facts,
        outcome: &outcome,
        took: begun.elapsed(),
    };
    let now = tell::tell_sites(console, &files, &story);
    if let Some(tracked) = tracked {
        let url = facts.sites.first().and_then(|fact| fact.url.as_deref());
        tracked.end(console, &outcome, url, &headline(&story)).await;
    }
    if !hosting.dry_run {
        let headline = format!("{} {}", mark(&outcome), headline(&story));
        notify::end(console, (runner, invocation, command), headline, &now).await;
    }
    tell::show(console, &outcome, || markdown(&story));
    exit_code(&outcome)
}

fn kind(hosting: &Hosting) -> SiteKind {
    match hosting.what {
        SiteWork::Deploy(_) => SiteKind::Deploy,
        SiteWork::Rollback { .. } => SiteKind::Rollback,
        SiteWork::Promote { .. } => SiteKind::Promote,
        SiteWork::Remove { .. } => SiteKind::Remove,
    }
}

/// Runs the command until it ends or a signal comes; then what it released and made is taken back.
async fn carry_out(context: &SiteContext<'_>, facts: &mut Facts) -> Outcome<SiteKind> {
    let work = async {
        let done = if context.hosting.dry_run {
            hosting::rehearse(context, facts).await.map(Outcome::Planned)
        } else {
            hosting::run(context, facts).await.map(|()| Outcome::Deployed(kind(context.hosting)))
        };
        done.unwrap_or_else(Outcome::Failed)
    };
    let signal = match until_stopped(context.console, Box::pin(work)).await {
        Ok(outcome) => return outcome,
        Err(signal) => signal,
    };
    facts.end(StepState::Cancelled, "interrupted");
    in_time(Box::pin(clean_up(context, facts))).await;
    Outcome::Cancelled(signal)
}

/// Takes back what was released on a live channel, and removes versions that nobody saw.
pub(super) async fn clean_up(context: &SiteContext<'_>, facts: &mut Facts) {
    for index in 0..facts.sites.len() {
        let fact = &facts.sites[index];
        if fact.end != SiteEnd::Open || fact.released == Written::No || !fact.is_live() {
            continue;
        }
        match undo::restore(context, facts, index).await {
            Ok(told) => context.console.line(&format!("Put back: {told}")),
            Err(failure) => context.console.warning(&format!("The site was not put back: {failure}")),
        }
    }
    undo::discard(context, facts).await;
}

/// What a run that was killed told about its sites.
pub(super) struct LeftSites {
    project: String,
    releases: Vec<String>,
    versions: Vec<String>,
}

/// Releases of a run that may have to be taken back, and versions that nobody may have seen.
pub(super) fn left(runner: &Runner) -> Option<LeftSites> {
    if runner.state.contains_key("site_over") {
        return None;
    }
    let all = |start: &str| {
        let named = runner.state.iter().filter(|(name, _)| name.starts_with(start));
        named.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let project = runner.state.get("site_project")?.clone();
    Some(LeftSites { project, releases: all("site_release_"), versions: all("site_version_") })
}

/// Puts back what such a run released, and removes the versions that it left unseen.
pub(super) async fn end_left(
    console: &Arc<Console>,
    runner: &Runner,
    credentials: Option<Credentials>,
    left: LeftSites,
) {
    let LeftSites { project, releases, versions } = left;
    let cannot = |why: &str| console.warning(&format!("The site may show what the run released: {why}"));
    let Some(credentials) = credentials else { return cannot("there are no credentials to put it back with") };
    let clients = match connect(console, runner, credentials, &project).await {
        Ok(clients) => clients,
        Err(failure) => return cannot(&failure.to_string()),
    };
    for told in &releases {
        let ended: Result<String, Failure> = undo::left_behind(&clients.http, console, told).await;
        match ended {
            Ok(told) => console.line(&told),
            Err(failure) => cannot(&failure.to_string()),
        }
    }
    // What was about to be released is dealt with above.
    for version in versions.iter().filter(|version| !releases.iter().any(|told| told.contains(version.as_str()))) {
        undo::remove_unseen(&clients.http, console, version).await;
    }
}
