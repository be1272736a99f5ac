//! A service in a file, in Cloud Run's v2 form or in Knative's: read whole, with every mistake at its place, into v2's
//! form.

#[cfg(test)]
mod described;
#[cfg(test)]
pub(crate) mod generated;
pub mod knative;
mod path;
mod shape;
mod v2;
mod whole;

use serde_json::{Map, Value};

use super::error::Findings;
use super::tree::{self, Node};
use crate::model::namespace::{is_googles, sounds_like_googles};
use path::Path;

const CURE: &str =
    "write a service as `gcloud run services describe SERVICE --format=export` does, or in the v2 API's form";

/// Settings that are kept where a manifest does not mention them, of a service and of its template: what it says of them
/// stays in the document even where it says that they go. Knative's form has no word for the functional type; the launch
/// stage allows what is kept.
pub const KEPT_OF_SERVICES: [&str; 8] = [
    "binaryAuthorization",
    "customAudiences",
    "defaultUriDisabled",
    "functionalType",
    "iapEnabled",
    "ingress",
    "invokerIamDisabled",
    "launchStage",
];

/// Those of its template.
pub const KEPT_OF_TEMPLATES: [&str; 3] =
    ["encryptionKey", "encryptionKeyRevocationAction", "encryptionKeyShutdownDuration"];

/// Whether a manifest can say anything of this field of a service: a field of later days is not in the table.
pub fn may_say(field: &str) -> bool {
    is_in(v2::SERVICE, field)
}

/// The same of its template.
pub fn may_say_of_template(field: &str) -> bool {
    is_in(v2::REVISION_TEMPLATE, field)
}

fn is_in(fields: shape::Fields, field: &str) -> bool {
    fields.iter().any(|(name, _)| *name == field)
}

/// A service as a file describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The service in v2's form, without its name. A setting of those above that is there and says nothing goes.
    pub service: Map<String, Value>,
    /// The name that the file gives it.
    pub name: Option<String>,
}

/// Reads a file. `app` is the container that the inputs name. What is wrong is told about the input `manifest`.
pub fn read(text: &str, app: Option<&str>, findings: &mut Findings) -> Option<Manifest> {
    let before = findings.mistakes.len();
    let root = tree::read_with_references("manifest", text, findings)?;
    if findings.mistakes.len() > before {
        return None;
    }
    let tree::Value::Map(fields) = &root.value else {
        findings.wrong_at("manifest", Some(root.line), format!("it is {}, and must be a map", root.kind()), CURE);
        return None;
    };
    let says = |name: &str| fields.iter().find(|field| field.key == name).map(|field| &field.value);
    let form = Form::of(says("apiVersion"), says("kind"), says("metadata").is_some() || says("spec").is_some());
    let template = match form {
        Ok(Form::V2) => Path::of(&["template"]),
        _ => Path::of(&["spec", "template", "spec"]),
    };
    let mut service = match form {
        Ok(Form::V2) => {
            let service = shape::read(v2::SERVICE, &root, &Path::default(), findings);
            owned_by_google(service, &root, findings)
        }
        Ok(Form::Knative) => {
            let document = shape::read(knative::SERVICE, &root, &Path::default(), findings);
            knative::convert(&document, &root, app, findings)
        }
        Err((line, problem, cure)) => {
            findings.wrong_at("manifest", line, problem, cure);
            return None;
        }
    };
    if !service.get("template").is_some_and(Value::is_object) {
        findings.wrong_at("manifest", Some(root.line), "it has no `template`", CURE);
    }
    if findings.mistakes.len() == before {
        whole::look(&service, &template, &root, findings);
    }
    traffic(&mut service, findings);
    let name = service.remove("name").and_then(|name| Some(name.as_str()?.rsplit('/').next()?.to_owned()));
    without_nothing(&mut service);
    findings.mistakes[before..].sort_by_key(|mistake| mistake.line);
    (findings.mistakes.len() == before).then_some(Manifest { service, name })
}

/// The form that a service is written in.
enum Form {
    V2,
    Knative,
}

impl Form {
    /// By what the document says of itself.
    fn of(
        version: Option<&Node>,
        kind: Option<&Node>,
        has_metadata: bool,
    ) -> Result<Self, (Option<usize>, String, &'static str)> {
        let text = |node: Option<&Node>| match node.map(|node| &node.value) {
            Some(tree::Value::Text { text, .. }) => text.clone(),
            _ => String::new(),
        };
        let line = kind.or(version).map(|node| node.line);
        match (text(version).as_str(), text(kind).as_str()) {
            ("", "") if !has_metadata => Ok(Self::V2),
            ("serving.knative.dev/v1", "Service" | "") => Ok(Self::Knative),
            (_, "Job") => Err((line, "it describes a job".into(), "`slipway job` deploys jobs, from inputs")),
            (_, "WorkerPool") => {
                Err((line, "it describes a worker pool".into(), "`kind: worker-pool` takes inputs, and no manifest"))
            }
            ("", _) => Err((line, "it does not say its `apiVersion`".into(), "write `serving.knative.dev/v1`")),
            (version, "") => Err((line, format!("`{version}` is no form that is read here"), CURE)),
            (version, kind) => Err((line, format!("a `{kind}` of `{version}` is not read here"), CURE)),
        }
    }
}

/// Leaves out the labels and annotations that Google writes, and that v2 refuses. An annotation that asks for something
/// would be lost there, so it is a mistake.
fn owned_by_google(mut service: Map<String, Value>, root: &Node, findings: &mut Findings) -> Map<String, Value> {
    for place in [&["labels"][..], &["annotations"], &["template", "labels"], &["template", "annotations"]] {
        let (at, map) = match place {
            [map] => (Some(&mut service), map),
            [inner, map] => (service.get_mut(*inner).and_then(Value::as_object_mut), map),
            _ => continue,
        };
        let Some(entries) = at.and_then(|at| at.get_mut(*map)).and_then(Value::as_object_mut) else { continue };
        entries.retain(|name, _| {
            let annotation = *map == "annotations";
            let (what, cure) = match knative::in_v2(name) {
                _ if !annotation && is_googles(name) => return false,
                _ if !annotation || !sounds_like_googles(name) => return true,
                knative::InV2::LeftOut => return false,
                knative::InV2::Field(field) => ("it means nothing in this form", format!("write `{field}`")),
                knative::InV2::Unknown => {
                    ("this annotation of Google's is not understood", "look at its spelling, or remove it".into())
                }
            };
            let path = Path::of(place).entry(name);
            findings.wrong_at("manifest", Some(path.line_in(root)), format!("{path}: {what}"), cure);
            true
        });
    }
    service
}

/// Who serves is no affair of a manifest. One that would change it is told so.
fn traffic(service: &mut Map<String, Value>, findings: &mut Findings) {
    let Some(Value::Array(targets)) = service.remove("traffic") else { return };
    let latest = |target: &Value| target["type"] == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
    if !targets.iter().all(|target| latest(target) && target["tag"].as_str().is_none_or(str::is_empty)) {
        findings
            .warnings
            .push("manifest: its `traffic` is left out; `strategy`, `tag` and `traffic` say who serves".into());
    }
}

/// Takes away what is there and says nothing (`null`), except where that is a statement.
fn without_nothing(service: &mut Map<String, Value>) {
    let statement = |name: &str| name == "template" || KEPT_OF_SERVICES.contains(&name);
    service.retain(|name, value| statement(name) || stays(value));
    let Some(template) = service.get_mut("template").and_then(Value::as_object_mut) else { return };
    template.retain(|name, value| KEPT_OF_TEMPLATES.contains(&name.as_str()) || stays(value));
}

/// Whether a value is one, once nothing is left in it that is none.
fn stays(value: &mut Value) -> bool {
    match value {
        Value::Null => return false,
        Value::Object(map) => map.retain(|_, value| stays(value)),
        Value::Array(items) => items.retain_mut(stays),
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_all(text: &str) -> (Option<Manifest>, Vec<String>, Vec<String>) {
        let mut findings = Findings::default();
        let manifest = read(text, None, &mut findings);
        (manifest, findings.mistakes.iter().map(ToString::to_string).collect(), findings.warnings)
    }

    #[track_caller]
    fn good(text: &str) -> Value {
        let (manifest, mistakes, _) = read_all(text);
        assert_eq!(mistakes, Vec::<String>::new());
        Value::Object(manifest.expect("a manifest").service)
    }

    #[track_caller]
    fn told(text: &str) -> Vec<String> {
        read_all(text).1
    }

    #[test]
    fn what_the_api_answers_can_be_deployed_as_it_is() {
        let answer = json!({
            "name": "projects/p/locations/r/services/web", "uid": "u", "generation": "7", "etag": "\"e\"",
            "createTime": "2026-01-01T00:00:00Z", "creator": "me", "client": "gcloud", "clientVersion": "1",
            "labels": {"team": "a", "cloud.googleapis.com/location": "r"},
            "annotations": {"run.googleapis.com/operation-id": "x", "client.knative.dev/user-image": "y", "mine": "z"},
            "ingress": "INGRESS_TRAFFIC_ALL", "launchStage": "GA", "iapEnabled": true, "urls": ["https://x"],
            "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
            "trafficStatuses": [{"uri": "x", "percent": 100}], "conditions": [{"type": "RoutesReady", "state": "CONDITION_SUCCEEDED"}],
            "terminalCondition": {"type": "Ready"}, "latestReadyRevision": "projects/p/locations/r/services/web/revisions/web-1",
            "template": {"revision": "web-1", "client": "gcloud", "labels": {"run.googleapis.com/startupProbeType": "Default"},
                "containers": [{"image": "i", "buildInfo": {"functionTarget": "f"}, "resources": {"cpuIdle": true}}]},
        });
        let (manifest, mistakes, warnings) = read_all(&answer.to_string());
        assert_eq!((mistakes, warnings), (Vec::new(), Vec::new()));
        let manifest = manifest.expect("a manifest");
        assert_eq!(manifest.name.as_deref(), Some("web"));
        assert_eq!(
            Value::Object(manifest.service),
            json!({"labels": {"team": "a"}, "annotations": {"mine": "z"}, "ingress": "INGRESS_TRAFFIC_ALL", "launchStage": "GA",
                "iapEnabled": true, "template": {"revision": "web-1", "labels": {},
                    "containers": [{"image": "i", "resources": {"cpuIdle": true}}]}})
        );
    }

    #[test]
    fn what_says_nothing_is_a_statement_for_protections_alone() {
        assert_eq!(
            good(
                "iapEnabled: ~\ndescription: ~\ncustomAudiences: []\nscaling: {minInstanceCount: ~}\ntemplate:\n  encryptionKey:\n  timeout:\n"
            ),
            json!({"iapEnabled": null, "customAudiences": [], "scaling": {}, "template": {"encryptionKey": null}})
        );
    }

    #[test]
    fn what_is_none_of_the_two_forms_is_told() {
        for (text, says) in [
            ("- a", "manifest, line 1: it is a list, and must be a map"),
            ("labels: {}", "manifest, line 1: it has no `template`"),
            (
                "apiVersion: run.googleapis.com/v1\nkind: Job",
                "manifest, line 2: it describes a job; `slipway job` deploys jobs, from inputs",
            ),
            ("apiVersion: run.googleapis.com/v1\nkind: WorkerPool", "manifest, line 2: it describes a worker pool"),
            ("apiVersion: apps/v1\nkind: Deployment", "manifest, line 2: a `Deployment` of `apps/v1` is not read here"),
            ("kind: Service\nmetadata: {}", "manifest, line 1: it does not say its `apiVersion`"),
            ("metadata: {}\nspec: {}", "manifest: it does not say its `apiVersion`"),
            ("apiVersion: serving.knative.dev/v1\nmetadata: {}", "manifest, line 1: it has no `template`"),
        ] {
            let told = told(text);
            assert!(told.len() == 1 && told[0].starts_with(says), "{told:?}");
        }
    }

    #[test]
    fn annotations_of_googles_are_fields_in_this_form() {
        assert_eq!(
            told(
                "annotations:\n  run.googleapis.com/iap-enabled: 'true'\n  run.googleapis.com/new-thing: x\ntemplate:\n  annotations:\n    autoscaling.knative.dev/maxScale: 5\n"
            ),
            [
                "manifest, line 2: annotations[run.googleapis.com/iap-enabled]: it means nothing in this form; write `iapEnabled`",
                "manifest, line 3: annotations[run.googleapis.com/new-thing]: this annotation of Google's is not understood; look at its spelling, or remove it",
                "manifest, line 6: template.annotations[autoscaling.knative.dev/maxScale]: it means nothing in this form; write `template.scaling.maxInstanceCount`",
            ]
        );
    }

    #[test]
    fn traffic_is_told_where_it_would_change_something() {
        let latest = "traffic: [{type: TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST, percent: 100}]\ntemplate: {}\n";
        assert_eq!(read_all(latest).2, Vec::<String>::new());
        for other in [latest.replace("percent: 100", "percent: 100, tag: x"), latest.replace("LATEST", "REVISION")] {
            assert_eq!(read_all(&other).2.len(), 1, "{other}");
        }
    }
}
