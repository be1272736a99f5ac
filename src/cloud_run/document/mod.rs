//! A service, a job or a worker pool in a file, in Cloud Run's v2 form or in Knative's: read whole, with every mistake at
//! its place, into v2's form; and written in either.

#[cfg(test)]
mod described;
#[cfg(test)]
pub(crate) mod generated;
pub mod knative;
mod known;
mod path;
mod resource;
mod shape;
mod v2;
mod v2_others;
mod whole;

use serde_json::{Map, Value};

use crate::inputs::engine::error::Findings;
use crate::inputs::engine::tree::{self as tree, Node};
use path::Path;
use slipway_names::namespace::{is_googles, sounds_like_googles};

pub use known::{known, written};
pub use resource::{KEPT_OF_JOBS, KEPT_OF_TASKS, Resource};

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

/// Whether a manifest can say anything of this field of a service or a worker pool: a field of later days is not in the
/// tables.
pub fn may_say(field: &str) -> bool {
    is_in(v2::SERVICE, field) || is_in(v2_others::WORKER_POOL, field)
}

/// The same of its template.
pub fn may_say_of_template(field: &str) -> bool {
    is_in(v2::REVISION_TEMPLATE, field) || is_in(v2_others::WORKER_POOL_TEMPLATE, field)
}

/// The same of a job.
pub fn may_say_of_job(field: &str) -> bool {
    is_in(v2_others::JOB, field)
}

/// The same of what its executions are made from.
pub fn may_say_of_execution(field: &str) -> bool {
    is_in(v2_others::EXECUTION_TEMPLATE, field)
}

/// The same of what its tasks are made from.
pub fn may_say_of_task(field: &str) -> bool {
    is_in(v2_others::TASK_TEMPLATE, field)
}

fn is_in(fields: shape::Fields, field: &str) -> bool {
    fields.iter().any(|(name, _)| *name == field)
}

/// What a file describes.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// It in v2's form, without its name. A setting of those above that is there and says nothing goes.
    pub document: Map<String, Value>,
    /// The name that the file gives it.
    pub name: Option<String>,
}

/// Reads a file. `app` is the container that the inputs name. What is wrong is told about the input `manifest`.
pub fn read(resource: Resource, text: &str, app: Option<&str>, findings: &mut Findings) -> Option<Manifest> {
    let before = findings.mistakes.len();
    let root = tree::read_with_references("manifest", text, findings)?;
    if findings.mistakes.len() > before {
        return None;
    }
    let cure = resource.cure();
    let tree::TreeValue::Map(fields) = &root.value else {
        findings.wrong_at("manifest", Some(root.line), format!("it is {}, and must be a map", root.kind()), cure);
        return None;
    };
    let says = |name: &str| fields.iter().find(|field| field.key == name).map(|field| &field.value);
    let has_metadata = says("metadata").is_some() || says("spec").is_some();
    let form = ManifestForm::of(resource, says("apiVersion"), says("kind"), has_metadata);
    let template = match form {
        Ok(ManifestForm::V2) => Path::of(resource.template()),
        _ => Path::of(resource.knative_template()),
    };
    let mut document = match form {
        Ok(ManifestForm::V2) => {
            let document = shape::read(resource.v2(), &root, &Path::default(), findings);
            owned_by_google(resource, document, &root, findings)
        }
        Ok(ManifestForm::Knative) => {
            let document = shape::read(resource.knative(), &root, &Path::default(), findings);
            knative::convert(resource, &document, &root, app, findings)
        }
        Err((line, problem, cure)) => {
            findings.wrong_at("manifest", line, problem, cure);
            return None;
        }
    };
    if !document.get("template").is_some_and(Value::is_object) {
        findings.wrong_at("manifest", Some(root.line), "it has no `template`", cure);
    }
    if findings.mistakes.len() == before {
        whole::look(resource, &document, &template, &root, findings);
    }
    shares(resource, &mut document, findings);
    let name = document.remove("name").and_then(|name| Some(name.as_str()?.rsplit('/').next()?.to_owned()));
    without_nothing(resource, &mut document);
    findings.mistakes[before..].sort_by_key(|mistake| mistake.line);
    (findings.mistakes.len() == before).then_some(Manifest { document, name })
}

/// The form that something is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestForm {
    /// That of Cloud Run's v2 API.
    V2,
    /// Knative's, as gcloud writes and takes it.
    Knative,
}

impl ManifestForm {
    /// By what the document says of itself.
    fn of(
        resource: Resource,
        version: Option<&Node>,
        kind: Option<&Node>,
        has_metadata: bool,
    ) -> Result<Self, (Option<usize>, String, String)> {
        let text = |node: Option<&Node>| match node.map(|node| &node.value) {
            Some(tree::TreeValue::Text { text, .. }) => text.clone(),
            _ => String::new(),
        };
        let line = kind.or(version).map(|node| node.line);
        let (version, kind) = (text(version), text(kind));
        let own = resource.named();
        if (version.as_str(), kind.as_str()) == ("", "") && !has_metadata {
            return Ok(Self::V2);
        }
        if version == own.0 && (kind.is_empty() || kind == own.1) {
            return Ok(Self::Knative);
        }
        let other = Resource::ALL.into_iter().find(|other| other.named().1 == kind && *other != resource);
        Err(match (version.as_str(), kind.as_str(), other) {
            (_, _, Some(other)) => (line, format!("it describes a {}", other.word()), other.taker().to_owned()),
            ("", ..) => (line, "it does not say its `apiVersion`".into(), format!("write `{}`", own.0)),
            (version, "", _) => (line, format!("`{version}` is no form that is read here"), resource.cure().to_owned()),
            (version, kind, _) if kind == own.1 => {
                (line, format!("a `{kind}` of `{version}` is not read here"), format!("write `apiVersion: {}`", own.0))
            }
            (version, kind, _) => {
                (line, format!("a `{kind}` of `{version}` is not read here"), resource.cure().to_owned())
            }
        })
    }
}

/// Leaves out the labels and annotations that Google writes, and that v2 refuses. An annotation that asks for something
/// would be lost there, so it is a mistake.
fn owned_by_google(
    resource: Resource,
    mut document: Map<String, Value>,
    root: &Node,
    findings: &mut Findings,
) -> Map<String, Value> {
    for place in [&["labels"][..], &["annotations"], &["template", "labels"], &["template", "annotations"]] {
        let (at, map) = match place {
            [map] => (Some(&mut document), map),
            [inner, map] => (document.get_mut(*inner).and_then(Value::as_object_mut), map),
            _ => continue,
        };
        let Some(entries) = at.and_then(|at| at.get_mut(*map)).and_then(Value::as_object_mut) else { continue };
        entries.retain(|name, _| {
            let annotation = *map == "annotations";
            let (what, cure) = match knative::in_v2(resource, name) {
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
    document
}

/// Who serves is no affair of a manifest. One that would change it is told so.
fn shares(resource: Resource, document: &mut Map<String, Value>, findings: &mut Findings) {
    let Some(field) = resource.shares() else { return };
    let Some(Value::Array(targets)) = document.remove(field) else { return };
    let latest = |target: &Value| target["type"].as_str().is_some_and(|kind| kind.ends_with("_LATEST"));
    if !targets.iter().all(|target| latest(target) && target["tag"].as_str().is_none_or(str::is_empty)) {
        findings.warnings.push(match resource {
            Resource::WorkerPool => "manifest: its `instanceSplits` are left out; the pool keeps those it has".into(),
            _ => "manifest: its `traffic` is left out; `strategy`, `tag` and `traffic` say who serves".into(),
        });
    }
}

/// Takes away what is there and says nothing (`null`), except where that is a statement.
fn without_nothing(resource: Resource, document: &mut Map<String, Value>) {
    let (kept, kept_of_template) = resource.kept();
    document.retain(|name, value| name == "template" || kept.contains(&name.as_str()) || stays(value));
    let mut template = document.get_mut("template").and_then(Value::as_object_mut);
    if resource == Resource::Job
        && let Some(execution) = template
    {
        execution.retain(|name, value| name == "template" || stays(value));
        template = execution.get_mut("template").and_then(Value::as_object_mut);
    }
    let Some(template) = template else { return };
    template.retain(|name, value| kept_of_template.contains(&name.as_str()) || stays(value));
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
        let manifest = read(Resource::Service, text, None, &mut findings);
        (manifest, findings.mistakes.iter().map(ToString::to_string).collect(), findings.warnings)
    }

    #[track_caller]
    fn good(text: &str) -> Value {
        let (manifest, mistakes, _) = read_all(text);
        assert_eq!(mistakes, Vec::<String>::new());
        Value::Object(manifest.expect("a manifest").document)
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
            Value::Object(manifest.document),
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
                "manifest, line 2: it describes a job; `slipway job` takes it",
            ),
            (
                "apiVersion: run.googleapis.com/v1\nkind: WorkerPool",
                "manifest, line 2: it describes a worker pool; write `kind: worker-pool`",
            ),
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
