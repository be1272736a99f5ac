//! What the export command is told, with every mistake at once.

use std::path::{Component, Path, PathBuf};

use crate::cloud_run::document::ManifestForm;
use crate::commands::deploy::inputs::resolve::{Give, project, region};
use crate::commands::export::inputs::{ExportInput, ExportTarget};
use crate::inputs::credentials;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::spec::export::name;
use slipway_names::ids::{JobName, ServiceName};
use slipway_names::kind::ResourceKind;
use slipway_runner::env::Runner;

/// Resolves the inputs of the export command.
///
/// # Errors
/// Every mistake in every input.
pub fn run(raw: &RawInputs, runner: &Runner, mut findings: Findings) -> Result<ExportInput, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    let (project, region) = (project(&mut give, credentials.as_ref()), region(&mut give));
    let what = what(&mut give);
    let form = give
        .choice(name::FORMAT, &[("v2", ManifestForm::V2), ("knative", ManifestForm::Knative)])
        .unwrap_or(ManifestForm::V2);
    let to = give.with(name::TO, |text| if runner.actions { in_the_workspace(text) } else { Ok(PathBuf::from(text)) });
    if runner.actions && !raw.has(name::TO) {
        give.findings.wrong(
            name::TO,
            "it was not given, and plain values of variables would stand in the log",
            "name a file in the workspace, such as web.yaml",
        );
    }
    match (credentials, project, region, what) {
        (Some(credentials), Some(project), Some(region), Some(what)) if findings.mistakes.is_empty() => {
            Ok(ExportInput { credentials, project, region, what, form, to })
        }
        _ => Err(InputErrors::of(findings)),
    }
}

fn what(give: &mut Give<'_>) -> Option<ExportTarget> {
    let kind =
        give.choice(name::KIND, &[("service", ResourceKind::Service), ("worker-pool", ResourceKind::WorkerPool)]);
    let (service, job) = (give.parsed(name::SERVICE, ServiceName::parse), give.parsed(name::JOB, JobName::parse));
    match (give.raw.has(name::SERVICE), give.raw.has(name::JOB)) {
        (true, false) => return Some(ExportTarget::Service(kind.unwrap_or_default(), service?)),
        (false, true) if kind != Some(ResourceKind::WorkerPool) => return Some(ExportTarget::Job(job?)),
        (false, true) => {
            give.findings.wrong(name::KIND, "`job` names a job", "remove it, or write `service` for `job`")
        }
        (true, true) => give.findings.wrong(name::JOB, "`service` says already what is written", "keep one of them"),
        (false, false) => {
            give.findings.wrong(name::SERVICE, "it is not said what is written", "give `service`, or `job`")
        }
    }
    None
}

/// A path that stays in the workspace by its letters; where its links lead is seen when it is written.
fn in_the_workspace(text: &str) -> Result<PathBuf, &'static str> {
    let path = Path::new(text);
    let stays = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if stays && path.file_name().is_some() {
        Ok(path.to_owned())
    } else {
        Err("write a path in the workspace such as `web.yaml`")
    }
}
