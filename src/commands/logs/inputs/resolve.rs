//! What the logs command is told, with every mistake at once.

use std::time::Duration;

use crate::commands::deploy::inputs::resolve::{Give, project, region};
use crate::commands::logs::inputs::{Entries, LogsInput, Which, Whose, Writer};
use crate::inputs::credentials;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::logs::name;
use slipway_names::ids::{BuildId, JobName, Region, RevisionName, ServiceName};
use slipway_names::kind::ResourceKind;
use slipway_names::log::Severity;
use slipway_runner::env::Runner;

const SINCE: Duration = Duration::from_secs(3600);
const FOLLOW_FOR: Duration = Duration::from_secs(3600);
const TAIL: u32 = 100;
const LONGEST_TAIL: u32 = 10_000;

/// Resolves the inputs of the logs command.
///
/// # Errors
/// Every mistake in every input.
pub fn run(raw: &RawInputs, runner: &Runner, mut findings: Findings) -> Result<LogsInput, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    let project = project(&mut give, credentials.as_ref());
    let whose = if raw.has(name::BUILD) { build(&mut give) } else { entries(&mut give) };
    match (credentials, project, whose) {
        (Some(credentials), Some(project), Some(whose)) if findings.mistakes.is_empty() => {
            Ok(LogsInput { credentials, project, whose })
        }
        _ => Err(InputErrors::of(findings)),
    }
}

fn build(give: &mut Give<'_>) -> Option<Whose> {
    let location = give.parsed(name::BUILD_REGION, Region::parse).or_else(|| Region::parse("global").ok());
    let service = give.parsed(name::SERVICE, ServiceName::parse);
    let which = if give.raw.get(name::BUILD) == Some("latest") {
        if !give.raw.has(name::SERVICE) {
            give.findings.wrong(
                name::BUILD,
                "`latest` does not say of which service",
                "give `service` too, or a build's id",
            );
        }
        service.map(Which::Latest)
    } else {
        give.parsed(name::BUILD, BuildId::parse).map(Which::Named)
    };
    Some(Whose::Build(which?, location?))
}

fn entries(give: &mut Give<'_>) -> Option<Whose> {
    let writer = writer(give);
    let region = region(give);
    let since = give.with(name::SINCE, |text| positive(scalar::days(text), "15m, 2h or 7d")).unwrap_or(SINCE);
    let severity = give.choice(name::SEVERITY, &Severity::ALL).filter(|severity| *severity != Severity::Default);
    let revision = give.parsed(name::REVISION, RevisionName::parse).map(|name| name.to_string());
    // An execution is named as a job is, with more behind it.
    let execution = give.parsed(name::EXECUTION, JobName::parse).map(|name| name.to_string());
    for (name, of) in [(name::REVISION, name::SERVICE), (name::EXECUTION, name::JOB)] {
        if give.raw.has(name) && !give.raw.has(of) {
            give.findings.wrong(name, format!("only a {of} has one"), format!("give `{of}` too"));
        }
    }
    let tail = give.with(name::TAIL, |text| scalar::number(text, 1, LONGEST_TAIL)).unwrap_or(TAIL);
    let follow = give.switch(name::FOLLOW).unwrap_or(false);
    let length = give.with(name::FOLLOW_FOR, |text| positive(scalar::days(text), "10m or 2h")).unwrap_or(FOLLOW_FOR);
    if give.raw.has(name::FOLLOW_FOR) && !follow {
        give.findings.wrong(name::FOLLOW_FOR, "nothing is followed", "give `follow` too");
    }
    Some(Whose::Written(Box::new(Entries {
        writer: writer?,
        region: region?,
        since,
        severity,
        part: revision.or(execution),
        tail: tail as usize,
        follow: follow.then_some(length),
    })))
}

/// Whose entries are meant: a service, a worker pool or a job.
fn writer(give: &mut Give<'_>) -> Option<Writer> {
    let kind = give.choice(name::KIND, &ResourceKind::WORDS).unwrap_or(ResourceKind::Service);
    let service = give.parsed(name::SERVICE, ServiceName::parse);
    let job = give.parsed(name::JOB, JobName::parse);
    match (give.raw.has(name::SERVICE), give.raw.has(name::JOB)) {
        (true, true) => give.findings.wrong(name::JOB, "`service` is given too", "keep one of them"),
        (false, false) => {
            give.findings.wrong(
                name::SERVICE,
                "it is not said whose log is meant",
                "give `service`, a `job` or a `build`",
            );
        }
        _ => {}
    }
    job.map(Writer::Job).or_else(|| service.map(|service| Writer::Service(kind, service)))
}

/// A length of time that is not nothing.
fn positive(length: Result<Duration, &'static str>, examples: &str) -> Result<Duration, String> {
    match length {
        Ok(length) if !length.is_zero() => Ok(length),
        _ => Err(format!("write a length of time such as {examples}")),
    }
}
