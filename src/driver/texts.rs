//! The texts of a command's inputs, and what is wrong with the places a run writes to and asks.

use std::sync::Arc;

use crate::cli::Invocation;
use crate::inputs::credentials;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::flags;
use crate::inputs::foreign;
use crate::inputs::idle::leave_out;
use crate::inputs::spec::deploy::name;
use crate::inputs::spec::{CommandName, ELSEWHERE};
use crate::inputs::webhook::webhook;
use slipway_google::endpoints::Endpoints;
use slipway_names::place;
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_runner::files::check_writable;

/// What a command's inputs are read from.
pub(crate) struct InputTexts<'a> {
    /// Where something is said before the plan.
    pub console: &'a Arc<Console>,
    /// The runner; a command may learn that its commit is another one.
    pub runner: Runner,
    /// What was typed.
    pub invocation: &'a Invocation,
    /// Which command it is.
    pub command: CommandName,
    /// The texts by input.
    pub raw: RawInputs,
    /// Mistakes and warnings so far.
    pub findings: Findings,
}

impl<'a> InputTexts<'a> {
    /// Reads them, and hides the secrets among them before anything else is printed.
    pub(super) fn read(
        console: &'a Arc<Console>,
        runner: &Runner,
        invocation: &'a Invocation,
        command: CommandName,
    ) -> Self {
        let (raw, findings) = read_texts(console, runner, invocation, command);
        Self { console, runner: runner.clone(), invocation, command, raw, findings }
    }
}

/// Hides every secret that came in, before anything else is printed.
pub(crate) fn hide(console: &Console, raw: &RawInputs, runner: &Runner) {
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

/// The texts of a command's inputs, and what is wrong with the places a run writes to and asks.
pub(crate) fn read_texts(
    console: &Console,
    runner: &Runner,
    invocation: &Invocation,
    job: CommandName,
) -> (RawInputs, Findings) {
    let (mut raw, mut findings) = texts(runner, invocation, job);
    hide(console, &raw, runner);
    if !runner.actions {
        console.name_flags(job.inputs().iter().map(|input| input.name));
    }
    leave_out(job, &mut raw).iter().for_each(|told| console.line(told));
    let _told_at_the_end = webhook(&raw, &mut findings);
    // A job without a source runs an image that somebody else built.
    let ships = matches!(job, CommandName::Deploy | CommandName::Release | CommandName::Hosting);
    if ships || job == CommandName::Job && raw.has(name::SOURCE) {
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
pub(crate) fn texts(runner: &Runner, invocation: &Invocation, job: CommandName) -> (RawInputs, Findings) {
    let mut findings = Findings::default();
    let mut raw = RawInputs::collect(&job.inputs(), ELSEWHERE, &runner.inputs, &invocation.flags, &mut findings);
    flags::spell_out(job, &mut raw, runner, &mut findings);
    (raw, findings)
}
