//! The manifest: a service, a worker pool or a job in a file as the base of what is written.

use serde_json::{Map, Value};

use super::Give;
use crate::cloud_run::document::{Manifest, Resource, read};
use crate::inputs::engine::error::Findings;
use crate::inputs::spec::deploy::name;
use slipway_names::ids::{JobName, RevisionName, ServiceName};
use slipway_names::kind::ResourceKind;
use slipway_runner::env::Runner;

pub(super) fn manifest(
    give: &mut Give<'_>,
    runner: &Runner,
    kind: ResourceKind,
    service: Option<&ServiceName>,
) -> Option<Map<String, Value>> {
    let resource = match kind {
        ResourceKind::Service => Resource::Service,
        ResourceKind::WorkerPool => Resource::WorkerPool,
    };
    let (mut document, another) = read_for(give, runner, resource, service.map(ServiceName::as_str))?;
    revision(give, &mut document, service, another);
    Some(document)
}

/// The same of a job.
pub(crate) fn of_job(give: &mut Give<'_>, runner: &Runner, job: Option<&JobName>) -> Option<Map<String, Value>> {
    Some(read_for(give, runner, Resource::Job, job.map(JobName::as_str))?.0)
}

/// The document in v2's form, and whether it names something else than what the inputs do.
fn read_for(
    give: &mut Give<'_>,
    runner: &Runner,
    resource: Resource,
    wanted: Option<&str>,
) -> Option<(Map<String, Value>, bool)> {
    let shown = give.text(name::MANIFEST)?;
    let text = give.file(runner, name::MANIFEST, &shown)?;
    let app = give.text(name::CONTAINER);
    let Manifest { document, name } = read(resource, &text, app.as_deref(), give.findings)?;
    let another = match (&name, wanted) {
        (Some(name), Some(wanted)) if name != wanted => {
            give.findings.warnings.push(format!("manifest: it names `{name}`, and `{wanted}` is deployed"));
            true
        }
        _ => false,
    };
    Some((document, another))
}

/// The name that the manifest gives to the service, for a step that gives none. What is wrong with the file is told when it
/// is read for good.
pub(super) fn name(give: &Give<'_>, runner: &Runner) -> Option<String> {
    let text = runner.places().text(&runner.workspace.join(give.raw.get(name::MANIFEST)?)).ok()?;
    read(Resource::Service, &text, give.raw.get(name::CONTAINER), &mut Findings::default())?.name
}

/// The name that the manifest wishes for the new revision. One that belongs to another service came along with it.
fn revision(give: &mut Give<'_>, document: &mut Map<String, Value>, service: Option<&ServiceName>, another: bool) {
    let Some(template) = document.get_mut("template").and_then(Value::as_object_mut) else { return };
    let Some(service) = service else { return };
    let Some(wish) = template.get("revision").and_then(Value::as_str) else { return };
    let belongs = wish.strip_prefix(service.as_str()).is_some_and(|rest| rest.len() > 1 && rest.starts_with('-'));
    let why = RevisionName::parse(wish).err().map(|why| why.to_string());
    if belongs && why.is_none() {
        return;
    }
    if !another {
        let why = why.unwrap_or_else(|| format!("`{wish}` is no name of a revision of `{service}`"));
        give.findings.wrong(
            name::MANIFEST,
            why,
            format!("write {service}-SOMETHING, or leave the revision's name out"),
        );
    }
    template.remove("revision");
}
