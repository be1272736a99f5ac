//! The one way through every command: read, decide, do, tell.

use std::sync::Arc;
use std::time::Instant;

use super::clients::{Tools, files};
use super::command::{Command, Run};
use super::signals::{in_time, stopped, until_stopped};
use super::texts::InputTexts;
use super::{deployment, notify, tell};
use crate::cli::Invocation;
use crate::inputs::engine::Resolved;
use crate::inputs::spec::CommandName as Word;
use crate::report::summary::mark;
use crate::report::{Outcome, exit_code};
use slipway_runner::Console;
use slipway_runner::env::Runner;

/// Carries out a command to its exit code.
pub(crate) async fn drive<C: Command>(
    console: &Arc<Console>,
    runner: &Runner,
    invocation: &Invocation,
    word: Word,
) -> u8 {
    let begun = Instant::now();
    let mut texts = InputTexts::read(console, runner, invocation, word);
    let Resolved { meaning: command, warnings } = match C::read(&mut texts).await {
        Ok(resolved) => resolved,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    // Who was asked for the commit may have named another than the run's own.
    let runner = &texts.runner;
    let tools = Tools { console, runner, files: files(runner) };
    if let Some(title) = command.title() {
        tell::announce(console, runner, &title, command.plan());
    }
    command.tip().into_iter().for_each(|tip| console.line(tip));
    if let Some(word) = command.word() {
        tools.keep("command", word);
    }
    warnings.iter().for_each(|warning| console.warning(warning));
    let mut facts = command.facts(warnings);
    let tracked = match command.deployment().filter(|_| !command.is_dry_run()) {
        Some(wish) => deployment::begin(console, runner, &wish).await,
        None => None,
    };
    let outcome = carry_out(&command, &tools, &mut facts, tracked.as_ref()).await;
    let outcome = command.afterwards(&tools, &mut facts, outcome, begun).await;
    let run = Run { tools: &tools, facts: &facts, outcome: &outcome, took: begun.elapsed() };
    let report = command.report(&run);
    tell::tell(&tools, &outcome, &report);
    if let Some(tracked) = tracked.filter(|_| !report.deployment_is_over) {
        tracked.end(console, &outcome, report.url.as_deref(), &report.headline).await;
    }
    if C::TELLS_WEBHOOK && !command.is_dry_run() {
        let sign = report.sign.unwrap_or_else(|| mark(&outcome));
        let headline = format!("{sign} {}", report.headline);
        notify::end(console, runner, &texts.raw, headline, &report.now).await;
    }
    if report.shows_summary {
        tell::show(console, &outcome, || report.summary.clone());
    }
    report.exit_code.unwrap_or_else(|| exit_code(&outcome))
}

/// Connects and does the work, until it ends or a signal comes; then what it began elsewhere is ended in the time there is.
async fn carry_out<C: Command>(
    command: &C,
    tools: &Tools<'_>,
    facts: &mut C::Facts,
    tracked: Option<&deployment::Tracked>,
) -> Outcome<C::End> {
    let clients = tokio::select! {
        clients = command.connect(tools) => clients,
        signal = stopped() => return Outcome::Cancelled(signal),
    };
    let clients = match clients {
        Ok(clients) => clients,
        Err(failure) => return Outcome::Failed(failure),
    };
    deployment::start(tools.console, tracked).await;
    let work = Box::pin(async { command.run(tools, &clients, facts).await.unwrap_or_else(Outcome::Failed) });
    if !C::CLEANS_UP {
        return tokio::select! {
            outcome = work => outcome,
            signal = stopped() => Outcome::Cancelled(signal),
        };
    }
    let signal = match until_stopped(tools.console, work).await {
        Ok(outcome) => return outcome,
        Err(signal) => signal,
    };
    in_time(Box::pin(command.tidy_up(tools, &clients, facts))).await;
    Outcome::Cancelled(signal)
}
