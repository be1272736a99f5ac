//! The manifest: a service in a file, in Cloud Run's v2 form or Knative's, as the base of a deploy.

use serde_json::{Map, Value};

use super::super::knative;
use super::super::runner::Runner;
use super::Give;
use crate::model::ids::ServiceName;

const CURE: &str =
    "write a service as `gcloud run services describe SERVICE --format=export` does, or in the v2 API's form";

/// Fields of a v2 service that a manifest may hold; the others are Google's to write, or this run's.
const FIELDS: [&str; 13] = [
    "name",
    "labels",
    "annotations",
    "description",
    "ingress",
    "launchStage",
    "template",
    "scaling",
    "invokerIamDisabled",
    "customAudiences",
    "iapEnabled",
    "defaultUriDisabled",
    "binaryAuthorization",
];

pub(super) fn manifest(
    give: &mut Give<'_>,
    runner: &Runner,
    service: Option<&ServiceName>,
) -> Option<Map<String, Value>> {
    let shown = give.text("manifest")?;
    let text = match std::fs::read_to_string(runner.workspace.join(&shown)) {
        Ok(text) => text,
        Err(error) => {
            give.findings.wrong(
                "manifest",
                format!("`{shown}` cannot be read: {error}"),
                "it is relative to the workspace",
            );
            return None;
        }
    };
    let document = match serde_saphyr::from_str::<Value>(&text) {
        Ok(Value::Object(document)) => document,
        Ok(_) => {
            give.findings.wrong("manifest", format!("`{shown}` is no map"), CURE);
            return None;
        }
        Err(error) => {
            let line = error.location().map(|at| usize::try_from(at.line()).unwrap_or(0));
            let reason = error.to_string().lines().next().unwrap_or_default().to_owned();
            give.findings.wrong_at("manifest", line, format!("`{shown}` is not YAML: {reason}"), "");
            return None;
        }
    };
    let knative = document.get("apiVersion").and_then(Value::as_str) == Some("serving.knative.dev/v1");
    let name = document.get(if knative { "metadata" } else { "name" });
    let name = if knative { name.and_then(|metadata| metadata.get("name")) } else { name };
    let named = name.and_then(Value::as_str).map(|name| name.rsplit('/').next().unwrap_or(name));
    if let (Some(named), Some(service)) = (named, service)
        && named != service.as_str()
    {
        give.findings.warnings.push(format!("manifest: it names `{named}`, and `{service}` is deployed"));
    }
    let mut document = if knative { converted(give, &document)? } else { plain(give, document)? };
    document.remove("name");
    texts(give, &document).then_some(document)
}

/// Whether the values of all variables are texts; YAML makes `yes` and `8080` something else, and which text
/// was meant is not known any more.
fn texts(give: &mut Give<'_>, document: &Map<String, Value>) -> bool {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let containers = list(document.get("template").and_then(|template| template.get("containers")));
    let mut all = true;
    for variable in containers.iter().flat_map(|container| list(container.get("env"))) {
        if variable.get("value").is_some_and(|value| !value.is_string()) {
            let name = variable["name"].as_str().unwrap_or_default();
            give.findings.wrong("manifest", format!("the value of variable `{name}` is no text"), "quote it");
            all = false;
        }
    }
    all
}

fn converted(give: &mut Give<'_>, document: &Map<String, Value>) -> Option<Map<String, Value>> {
    let converted = knative::convert(document);
    for (path, why) in &converted.mistakes {
        give.findings.wrong(
            "manifest",
            format!("{path}: {why}"),
            "remove it, or write the service in the v2 API's form",
        );
    }
    give.findings.warnings.extend(converted.left_out.iter().map(|what| format!("manifest: {what} is left out")));
    converted.mistakes.is_empty().then_some(converted.service)
}

fn plain(give: &mut Give<'_>, document: Map<String, Value>) -> Option<Map<String, Value>> {
    if !document.get("template").is_some_and(Value::is_object) {
        give.findings.wrong("manifest", "it has no `template`", CURE);
        return None;
    }
    let mut wrong = false;
    for key in document.keys().filter(|key| !FIELDS.contains(&key.as_str())) {
        wrong = true;
        let cure = if key == "traffic" { "`strategy` and `traffic` say who serves" } else { "remove it" };
        give.findings.wrong("manifest", format!("`{key}` has no place in it"), cure);
    }
    (!wrong).then_some(document)
}
