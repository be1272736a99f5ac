//! What the status command is told, with every mistake at once.

use crate::commands::deploy::inputs::resolve::{Give, project, region};
use crate::commands::status::inputs::StatusInput;
use crate::inputs::credentials;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::spec::status::name;
use slipway_names::ids::ServiceName;
use slipway_runner::env::Runner;

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
