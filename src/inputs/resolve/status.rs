//! What the status command is told, with every mistake at once.

use super::super::credentials;
use super::super::error::{Findings, InputErrors};
use super::super::raw::RawInputs;
use super::super::runner::Runner;
use super::super::status::StatusInput;
use super::{Give, project, region};
use crate::inputs::spec::status::name;
use crate::model::ids::ServiceName;

/// Resolves the inputs of the status command.
///
/// # Errors
/// Every mistake in every input.
pub fn run(raw: &RawInputs, runner: &Runner, mut findings: Findings) -> Result<StatusInput, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    let (project, region) = (project(&mut give, credentials.as_ref()), region(&mut give));
    let service = give.parsed(name::SERVICE, ServiceName::parse);
    if !raw.has(name::SERVICE) {
        give.findings.wrong(name::SERVICE, "it was not given", "name the Cloud Run service");
    }
    match (credentials, project, region, service) {
        (Some(credentials), Some(project), Some(region), Some(service)) if findings.mistakes.is_empty() => {
            Ok(StatusInput { credentials, project, region, service })
        }
        _ => Err(InputErrors::of(findings)),
    }
}
