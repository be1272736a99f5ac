//! What the logs command is told, with every mistake at once.

use std::time::Duration;

use super::super::credentials;
use super::super::error::{Findings, InputErrors};
use super::super::logs::{Entries, LogsInput, Which, Whose};
use super::super::raw::RawInputs;
use super::super::runner::Runner;
use super::super::scalar;
use super::{Give, project, region};
use crate::model::ids::{BuildId, Region, RevisionName, ServiceName};
use crate::model::log::Severity;

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
    let whose = if raw.has("build") { build(&mut give) } else { entries(&mut give) };
    match (credentials, project, whose) {
        (Some(credentials), Some(project), Some(whose)) if findings.mistakes.is_empty() => {
            Ok(LogsInput { credentials, project, whose })
        }
        _ => Err(InputErrors::of(findings)),
    }
}

fn build(give: &mut Give<'_>) -> Option<Whose> {
    let location = give.parsed("build_region", Region::parse).or_else(|| Region::parse("global").ok());
    let service = give.parsed("service", ServiceName::parse);
    let which = if give.raw.get("build") == Some("latest") {
        if !give.raw.has("service") {
            give.findings.wrong(
                "build",
                "`latest` does not say of which service",
                "give `service` too, or a build's id",
            );
        }
        service.map(Which::Latest)
    } else {
        give.parsed("build", BuildId::parse).map(Which::Named)
    };
    Some(Whose::Build(which?, location?))
}

fn entries(give: &mut Give<'_>) -> Option<Whose> {
    let service = give.parsed("service", ServiceName::parse);
    if !give.raw.has("service") {
        give.findings.wrong("service", "it is not said whose log is meant", "give `service`, or a `build`");
    }
    let region = region(give);
    let since = give.with("since", |text| positive(scalar::days(text), "15m, 2h or 7d")).unwrap_or(SINCE);
    let severity = give.choice("severity", &Severity::ALL).filter(|severity| *severity != Severity::Default);
    let revision = give.parsed("revision", RevisionName::parse);
    let tail = give.with("tail", |text| scalar::number(text, 1, LONGEST_TAIL)).unwrap_or(TAIL);
    let follow = give.switch("follow").unwrap_or(false);
    let length = give.with("follow_for", |text| positive(scalar::days(text), "10m or 2h")).unwrap_or(FOLLOW_FOR);
    if give.raw.has("follow_for") && !follow {
        give.findings.wrong("follow_for", "nothing is followed", "give `follow` too");
    }
    Some(Whose::Service(Box::new(Entries {
        service: service?,
        region: region?,
        since,
        severity,
        revision,
        tail: tail as usize,
        follow: follow.then_some(length),
    })))
}

/// A length of time that is not nothing.
fn positive(length: Result<Duration, &'static str>, examples: &str) -> Result<Duration, String> {
    match length {
        Ok(length) if !length.is_zero() => Ok(length),
        _ => Err(format!("write a length of time such as {examples}")),
    }
}
