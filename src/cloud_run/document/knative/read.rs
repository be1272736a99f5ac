//! From Knative's form to v2's: a service, a job or a worker pool, and its template.

use serde_json::{Map, Value, json};

use super::super::Resource;
use super::super::path::Path;
use super::super::shape::{self, listed};
use super::annotation::{Annotation, FieldPlace, Form, On, Part};
use super::containers;
use super::reader::{AnnotationParts, KnativeReader, at, commas, set};
use super::table::{anywhere, find};
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::tree::Node;
use slipway_names::namespace::{is_googles, sounds_like_googles};

/// The label that v2 has a field for.
pub(super) const MULTI_REGION: (&str, &str) =
    ("run.googleapis.com/multi-region-id", "multiRegionSettings.multiRegionId");

/// The selector that v2 has a field for.
pub(super) const ACCELERATOR: (&str, &str) = ("run.googleapis.com/accelerator", "nodeSelector.accelerator");

/// The runtime that goes with base images; v2 knows it from them.
pub(super) const BASE_IMAGE_RUNTIME: &str = "run.googleapis.com/linux-base-image-update";

/// The service, job or worker pool of a document that was read by its table, in v2's form. `root` knows the lines; `app` is
/// the container that the inputs name.
pub(crate) fn convert(
    resource: Resource,
    document: &Map<String, Value>,
    root: &Node,
    app: Option<&str>,
    findings: &mut Findings,
) -> Map<String, Value> {
    let mut reader = KnativeReader { resource, root, app, findings };
    let mut to = json!({});
    let none = Value::Null;
    let at = |name: &str| document.get(name).unwrap_or(&none);
    let (metadata, path) = (at("metadata"), Path::of(&["metadata"]));
    if metadata["name"].is_string() {
        to["name"] = metadata["name"].clone();
    }
    reader.labels(&metadata["labels"], &path.key("labels"), &mut to);
    reader.notes(&metadata["annotations"], &path.key("annotations"), On::Service, &mut to);
    let (spec, path) = (at("spec"), Path::of(&["spec"]));
    if let Some((field, targets)) = resource.shares().and_then(|field| Some((field, spec[field].as_array()?))) {
        to[field] = targets.iter().map(|one| target(resource, one)).collect();
    }
    if spec["template"].is_object() {
        let path = path.key("template");
        to["template"] = match resource {
            Resource::Service | Resource::WorkerPool => reader.template(&spec["template"], &path),
            Resource::Job => reader.execution(&spec["template"], &path),
        };
    }
    match to {
        Value::Object(to) => to,
        _ => Map::new(),
    }
}

impl KnativeReader<'_> {
    /// Labels without Google's own, which v2 refuses and every export has.
    fn labels(&mut self, labels: &Value, path: &Path, to: &mut Value) {
        for (name, value) in labels.as_object().into_iter().flatten() {
            if name == MULTI_REGION.0 && self.resource == Resource::Service {
                set(to, MULTI_REGION.1, value.clone());
            } else if is_googles(name) {
                continue;
            } else if sounds_like_googles(name) && !name.starts_with("client.knative.dev/") {
                let problem = "this label of Google's is not understood";
                self.wrong(&path.entry(name), problem, "remove it: Cloud Run's v2 API has no place for it");
            } else {
                to["labels"][name] = value.clone();
            }
        }
    }

    /// Annotations: Google's as the fields they stand for, the user's own as they are. What they say of containers
    /// comes back.
    fn notes(&mut self, notes: &Value, path: &Path, on: On, to: &mut Value) -> AnnotationParts {
        let mut parts = Vec::new();
        let mut older = Vec::new();
        for (name, value) in notes.as_object().into_iter().flatten() {
            let path = path.entry(name);
            let text = value.as_str();
            match find(self.resource, name, on).map(|annotation| annotation.place) {
                Some(FieldPlace::Past) => {}
                Some(FieldPlace::Only(word)) => self.only(word, text.unwrap_or_default(), &path),
                Some(FieldPlace::Nowhere(why)) => self.wrong(&path, why, "remove it if that is what you want"),
                Some(FieldPlace::Field(field, form)) => self.field(field, form, text.unwrap_or_default(), &path, to),
                Some(FieldPlace::Older(field, form)) => older.push((field, form, text.unwrap_or_default(), path)),
                Some(FieldPlace::Containers(part)) => parts.push((part, text.unwrap_or_default().to_owned(), path)),
                None if sounds_like_googles(name) => self.not_understood(name, &path),
                None => match text {
                    Some(text) => to["annotations"][name] = text.into(),
                    None => self.wrong(&path, "nothing stands here", "write '' for an empty text, or remove the line"),
                },
            }
        }
        for (field, form, text, path) in older {
            if at(to, field).is_none() {
                self.field(field, form, text, &path, to);
            }
        }
        parts
    }

    /// A word that can be no other.
    fn only(&mut self, word: &str, text: &str, path: &Path) {
        if !text.is_empty() && !text.eq_ignore_ascii_case(word) {
            let problem =
                format!("`{text}` is no word for this: a {} has no other than `{word}`", self.resource.word());
            self.wrong(path, problem, format!("write `{word}`, or remove it"));
        }
    }

    fn not_understood(&mut self, name: &str, path: &Path) {
        let place = |annotation: &Annotation| match annotation.on {
            On::Template => "spec.template.metadata.annotations",
            On::Service | On::Both => "metadata.annotations",
        };
        let word = self.resource.word();
        match anywhere(self.resource, name).map(place) {
            Some(place) => self.wrong(path, "it means nothing here", format!("move it to `{place}`")),
            None if anywhere(Resource::Service, name).is_some() => {
                self.wrong(path, format!("a {word} has no such setting in this form"), "remove it");
            }
            None => self.wrong(
                path,
                "this annotation of Google's is not understood, so what it asks for would be lost",
                format!("look at its spelling; or write the {word} in the v2 API's form; or remove it"),
            ),
        }
    }

    /// Sets the field that an annotation stands for. An empty one says that it goes.
    fn field(&mut self, field: &str, form: Form, text: &str, path: &Path, to: &mut Value) {
        let no = |what: &str| format!("`{text}` is no {what}");
        let value = match form {
            Form::Policy if text.is_empty() => return set(to, &format!("{field}.useDefault"), Value::Null),
            Form::Policy if text == "default" => return set(to, &format!("{field}.useDefault"), true.into()),
            Form::Policy => return set(to, &format!("{field}.policy"), text.into()),
            _ if text.is_empty() => Ok(Value::Null),
            Form::Text => Ok(text.into()),
            Form::Flag => shape::flag(text).map(Value::from).ok_or((no("truth"), "write 'true' or 'false'".to_owned())),
            Form::Number => match shape::whole(text).filter(|number| *number >= 0) {
                Some(number) => Ok(number.into()),
                None => Err((no("number"), "write a whole number".to_owned())),
            },
            Form::Part if text == "disabled" => Ok(json!(0.0)),
            Form::Part => match text.parse::<f64>().ok().filter(|part| (0.0..=1.0).contains(part)) {
                Some(part) => Ok(json!(part)),
                None => Err((no("part of one"), "write a number such as '0.6', or 'disabled'".to_owned())),
            },
            Form::Hours => match text.parse::<u32>() {
                Ok(hours) => Ok(format!("{}s", u64::from(hours) * 3600).into()),
                Err(_) => Err((no("number of hours"), "write a whole number".to_owned())),
            },
            Form::Commas => Ok(commas(text)),
            Form::Words(words) => match words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
                Some((_, word)) => Ok((*word).into()),
                None => {
                    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                    Err((no("word for this"), format!("write {}", listed(&known))))
                }
            },
            Form::Json(kind) => match self.json(kind, text, path) {
                Some(value) => Ok(value),
                None => return,
            },
        };
        match value {
            Ok(value) => set(to, field, value),
            Err((problem, cure)) => self.wrong(path, problem, cure),
        }
    }

    fn template(&mut self, from: &Value, path: &Path) -> Value {
        let mut to = json!({});
        let metadata = path.key("metadata");
        if from["metadata"]["name"].is_string() {
            to["revision"] = from["metadata"]["name"].clone();
        }
        self.labels(&from["metadata"]["labels"], &metadata.key("labels"), &mut to);
        let parts = self.notes(&from["metadata"]["annotations"], &metadata.key("annotations"), On::Template, &mut to);
        self.spec(&from["spec"], &path.key("spec"), &parts, &mut to);
        to
    }

    /// What executions of a job are made from. What annotations say of it stands here for the tasks as well.
    fn execution(&mut self, from: &Value, path: &Path) -> Value {
        let mut to = json!({});
        let metadata = path.key("metadata");
        self.labels(&from["metadata"]["labels"], &metadata.key("labels"), &mut to);
        let parts = self.notes(&from["metadata"]["annotations"], &metadata.key("annotations"), On::Template, &mut to);
        let (spec, path) = (&from["spec"], path.key("spec"));
        for name in ["parallelism", "taskCount"] {
            if !spec[name].is_null() {
                to[name] = spec[name].clone();
            }
        }
        if !to["template"].is_object() {
            to["template"] = json!({});
        }
        let path = path.key("template").key("spec");
        self.spec(&spec["template"]["spec"], &path, &parts, &mut to["template"]);
        to
    }

    /// Containers and their surroundings.
    fn spec(&mut self, spec: &Value, path: &Path, parts: &AnnotationParts, to: &mut Value) {
        for (name, field) in [
            ("containerConcurrency", "maxInstanceRequestConcurrency"),
            ("serviceAccountName", "serviceAccount"),
            ("maxRetries", "maxRetries"),
        ] {
            if !spec[name].is_null() {
                to[field] = spec[name].clone();
            }
        }
        if let Some(seconds) = spec["timeoutSeconds"].as_i64() {
            to["timeout"] = format!("{seconds}s").into();
        }
        for (name, value) in spec["nodeSelector"].as_object().into_iter().flatten() {
            if name == ACCELERATOR.0 {
                set(to, ACCELERATOR.1, value.clone());
            } else {
                let problem = "Cloud Run selects nothing but an accelerator";
                self.wrong(&path.key("nodeSelector").entry(name), problem, format!("write `{}`", ACCELERATOR.0));
            }
        }
        let updates = parts.iter().any(|(part, text, _)| *part == Part::BaseImages && !text.is_empty());
        match spec["runtimeClassName"].as_str() {
            None | Some("") => {}
            Some(BASE_IMAGE_RUNTIME) if updates => {}
            Some(_) => self.wrong(
                &path.key("runtimeClassName"),
                "Cloud Run's v2 API has no place for it",
                "remove it; it comes by itself with base images",
            ),
        }
        containers::read(self, spec, path, parts, to);
    }
}

fn target(resource: Resource, target: &Value) -> Value {
    // It is the latest where nothing else is said (`run.v1`, TrafficTarget).
    let latest =
        target["latestRevision"] == true || target["revisionName"].is_null() && target["latestRevision"].is_null();
    let word = if latest { "LATEST" } else { "REVISION" };
    let of = if resource == Resource::WorkerPool { "INSTANCE_SPLIT" } else { "TRAFFIC_TARGET" };
    let mut to = json!({"type": format!("{of}_ALLOCATION_TYPE_{word}")});
    for (name, field) in [("percent", "percent"), ("tag", "tag"), ("revisionName", "revision")] {
        if !target[name].is_null() {
            to[field] = target[name].clone();
        }
    }
    to
}
