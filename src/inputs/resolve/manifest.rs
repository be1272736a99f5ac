//! The manifest: a service in a file as the base of a deploy.

use serde_json::{Map, Value};

use super::super::manifest::{Manifest, read};
use super::super::runner::Runner;
use super::Give;
use crate::model::ids::{RevisionName, ServiceName};

pub(super) fn manifest(
    give: &mut Give<'_>,
    runner: &Runner,
    service: Option<&ServiceName>,
) -> Option<Map<String, Value>> {
    let shown = give.text("manifest")?;
    let text = give.file(runner, "manifest", &shown)?;
    let app = give.text("container");
    let Manifest { service: mut document, name } = read(&text, app.as_deref(), give.findings)?;
    let another = match (&name, service) {
        (Some(name), Some(service)) if name != service.as_str() => {
            give.findings.warnings.push(format!("manifest: it names `{name}`, and `{service}` is deployed"));
            true
        }
        _ => false,
    };
    revision(give, &mut document, service, another);
    Some(document)
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
        give.findings.wrong("manifest", why, format!("write {service}-SOMETHING, or leave the revision's name out"));
    }
    template.remove("revision");
}
