//! A service, a job or a worker pool as a file that can be committed and deployed again. Pure.
//!
//! What was written is read again before it is given away, so that a form that has no word for something says so.

use serde_json::{Map, Value};
use slipway_names::shown::listed;

use super::job::MARK;
use super::own_names::{OWN_LABELS, is_note};
use crate::cloud_run::document::{ManifestForm, Resource, known, read, written};
use crate::inputs::engine::error::Findings;
use slipway_failure::{Class, Explain};

/// A file.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportedFile {
    /// Its text, YAML.
    pub text: String,
    /// Places of what Google answered and no manifest can say: fields that are newer than this program.
    pub unknown: Vec<String>,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The form has no word for something that is there.
    #[error("{} has no word for {}", form_word(*form), listed(fields))]
    NoWord {
        /// The form.
        form: ManifestForm,
        /// Fields of v2.
        fields: Vec<String>,
    },
    /// The document cannot be written.
    #[error("It cannot be written as YAML")]
    Yaml(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Explain for ExportError {
    fn class(&self) -> Class {
        match self {
            ExportError::NoWord { .. } => Class::Config,
            ExportError::Yaml(_) => Class::Internal,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            ExportError::NoWord { form: ManifestForm::Knative, .. } => {
                vec!["Take the form that has: `format: v2`".to_owned()]
            }
            ExportError::NoWord { .. } | ExportError::Yaml(_) => Vec::new(),
        }
    }
}

fn form_word(form: ManifestForm) -> &'static str {
    match form {
        ManifestForm::V2 => "The v2 API's form",
        ManifestForm::Knative => "Knative's form",
    }
}

/// The file of what Google answered about something of this name.
///
/// # Errors
/// When the form cannot say all of it.
pub fn export(resource: Resource, form: ManifestForm, name: &str, answer: &Value) -> Result<ExportedFile, ExportError> {
    let (mut document, unknown) = known(resource, answer);
    without_moment(resource, &mut document);
    document.remove("name");
    let mut named = Map::from_iter([("name".to_owned(), name.into())]);
    named.append(&mut document);
    let wanted = Value::Object(named);
    let text = yaml(&written(resource, form, &wanted)).map_err(|error| ExportError::Yaml(error.into()))?;
    let fields = lost(resource, &wanted, &text);
    if fields.is_empty() { Ok(ExportedFile { text, unknown }) } else { Err(ExportError::NoWord { form, fields }) }
}

/// Takes out what is of the moment: who serves, the name of a revision that is there already, what runs of this program
/// note, and the labels that each of its deploys writes anew.
fn without_moment(resource: Resource, document: &mut Map<String, Value>) {
    if let Some(shares) = resource.shares() {
        document.remove(shares);
    }
    without_notes(document);
    if let Some(template) = document.get_mut("template").and_then(Value::as_object_mut) {
        template.remove("revision");
        without_notes(template);
    }
    document.retain(|_, value| !is_unspecified(value));
}

fn is_unspecified(value: &Value) -> bool {
    value.as_str().is_some_and(|word| word.ends_with("_UNSPECIFIED"))
}

fn without_notes(part: &mut Map<String, Value>) {
    if let Some(notes) = part.get_mut("annotations").and_then(Value::as_object_mut) {
        notes.retain(|name, _| !is_note(name) && name != MARK);
    }
    if let Some(labels) = part.get_mut("labels").and_then(Value::as_object_mut)
        && labels.get("managed-by").is_some_and(|who| who == "slipway")
    {
        labels.retain(|name, _| !OWN_LABELS.contains(&name.as_str()));
    }
    for map in ["labels", "annotations"] {
        if part.get(map).and_then(Value::as_object).is_some_and(Map::is_empty) {
            part.remove(map);
        }
    }
}

/// YAML that readers of YAML 1.1 (gcloud's) and of 1.2 (this program's) take for the same: what looks like a number or a
/// truth to either stands in quotes.
fn yaml(document: &Value) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string_with_options(document, serde_saphyr::ser_options! { prefer_block_scalars: false })
}

/// The fields that reading the file does not give back.
fn lost(resource: Resource, wanted: &Value, text: &str) -> Vec<String> {
    let mut findings = Findings::default();
    let Some(back) = read(resource, text, None, &mut findings) else {
        return findings.mistakes.iter().map(|mistake| mistake.problem.clone()).collect();
    };
    let mut back = back.document;
    back.insert("name".into(), wanted["name"].clone());
    let (mut wanted, mut back) = (wanted.clone(), Value::Object(back));
    says(&mut wanted);
    says(&mut back);
    let mut fields = Vec::new();
    compare(&wanted, &back, "", &mut fields);
    fields
}

/// Leaves of a document what says something; lists whose order says nothing get one.
fn says(value: &mut Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => {
            items.retain_mut(says);
            !items.is_empty()
        }
        Value::Object(fields) => {
            fields.retain(|_, value| says(value));
            for (name, key) in [("volumes", "name"), ("volumeMounts", "mountPath")] {
                if let Some(Value::Array(items)) = fields.get_mut(name) {
                    items.sort_by_key(|item| item[key].to_string());
                }
            }
            !fields.is_empty()
        }
    }
}

fn compare(a: &Value, b: &Value, path: &str, found: &mut Vec<String>) {
    let (none, nothing) = (Value::Null, Map::new());
    let objects = match (a, b) {
        (Value::Object(left), Value::Object(right)) => Some((left, right)),
        (Value::Object(left), Value::Null) => Some((left, &nothing)),
        (Value::Null, Value::Object(right)) => Some((&nothing, right)),
        _ => None,
    };
    if let Some((left, right)) = objects {
        let more = right.keys().filter(|name| !left.contains_key(*name));
        for name in left.keys().chain(more) {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let (left, right) = (left.get(name).unwrap_or(&none), right.get(name).unwrap_or(&none));
            compare(left, right, &inner, found);
        }
        return;
    }
    match (a, b) {
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                compare(left, right, &format!("{path}[{index}]"), found);
            }
        }
        (a, b) if a != b => found.push(path.to_owned()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud_run::document::generated::Maker;
    use crate::cloud_run::document::knative::tests::sayable;
    use crate::cloud_run::{job, manifest, read_only};
    use proptest::prelude::*;
    use serde_json::json;

    #[track_caller]
    fn exported(resource: Resource, form: ManifestForm, answer: &Value) -> ExportedFile {
        export(resource, form, "web", answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// What a file describes, once it is deployed where nothing is yet.
    fn deployed(resource: Resource, text: &str) -> Value {
        let mut findings = Findings::default();
        let read = read(resource, text, None, &mut findings);
        // Permissions are numbers in either form, and some look like octal ones.
        findings.warnings.retain(|warning| !warning.contains(" is decimal, which is "));
        assert_eq!((&findings.mistakes, &findings.warnings), (&vec![], &vec![]), "{text}");
        let read = read.expect("a manifest");
        assert_eq!(read.name.as_deref(), Some("web"));
        without_empty(match resource {
            Resource::Job => manifest::job::from_manifest(&read.document, None),
            _ => manifest::from_manifest(&read.document, None),
        })
    }

    /// The answer without what Google writes, who serves, and what says nothing.
    fn settings(resource: Resource, answer: &Value) -> Value {
        let mut answer = match resource {
            Resource::Job => job::settings_of(answer),
            _ => read_only::settings_of(answer),
        };
        let client = ["client", "clientVersion", "revision", "etag", "traffic", "instanceSplits"];
        for place in ["", "/template"] {
            let part = answer.pointer_mut(place).and_then(Value::as_object_mut).expect("an object");
            part.retain(|name, _| !client.contains(&name.as_str()));
        }
        without_empty(answer)
    }

    /// An object without anything in it says nothing, wherever it stands.
    fn without_empty(value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, without_empty(value)));
                fields.filter(|(_, value)| *value != json!({})).collect()
            }
            Value::Array(items) => items.into_iter().map(without_empty).collect(),
            value => value,
        }
    }

    fn both_forms_are_what_they_were(resource: Resource, answer: &Value) {
        let v2 = exported(resource, ManifestForm::V2, answer);
        assert_eq!(v2.unknown, Vec::<String>::new());
        assert_eq!(deployed(resource, &v2.text), settings(resource, answer), "{}", v2.text);
        let answer = sayable(resource, answer.clone());
        let knative = exported(resource, ManifestForm::Knative, &answer);
        assert_eq!(deployed(resource, &knative.text), settings(resource, &answer), "{}", knative.text);
    }

    #[test]
    fn with_every_field_it_is_what_it_was_in_both_forms() {
        for resource in Resource::ALL {
            both_forms_are_what_they_were(resource, &Maker::whole().make(resource));
        }
    }

    proptest! {
        #[test]
        fn with_any_fields_it_is_what_it_was_in_both_forms(seed: u64) {
            for resource in Resource::ALL {
                both_forms_are_what_they_were(resource, &Maker::of(seed).make(resource));
            }
        }

        /// Whatever a value is, both readers of YAML take it for that text.
        #[test]
        fn every_text_stays_a_text(text in "[ -~\\t\\n\u{e9}\u{2028}]{0,30}") {
            let answer = service_with(&text);
            let file = exported(Resource::Service, ManifestForm::V2, &answer).text;
            let env = &deployed(Resource::Service, &file)["template"]["containers"][0]["env"][0]["value"];
            prop_assert_eq!(env, &json!(text), "{}", file);
        }
    }

    fn service_with(value: &str) -> Value {
        json!({"template": {"containers": [{"image": "i", "env": [{"name": "A", "value": value}]}]}})
    }

    #[test]
    fn what_some_reader_takes_for_something_else_stands_in_quotes() {
        for text in [
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "n",
            "true",
            "~",
            "null",
            "",
            "5",
            "1.10",
            "1_000",
            "0o17",
            "017",
            "0x1F",
            "0b11",
            "12:30",
            "1e3",
            ".inf",
            "2026-01-01",
            "=",
            "<<",
            "- a",
            "a: b",
            "a #b",
            "*a",
            "&a",
            "!a",
            "@a",
            "`a",
            "{a}",
            "::set-output",
        ] {
            let file = exported(Resource::Service, ManifestForm::V2, &service_with(text)).text;
            let line = file.lines().find(|line| line.contains("value:")).expect("a value").trim();
            let quoted = |quote: &str| line == format!("value: {quote}{text}{quote}");
            assert!(quoted("'") || quoted("\""), "{line}");
        }
        let file = exported(Resource::Service, ManifestForm::V2, &service_with("one\ntwo\u{1b}[31m\n")).text;
        assert!(file.contains(r#"value: "one\ntwo\e[31m\n""#), "{file}");
    }

    #[test]
    fn a_file_reads_well() {
        let answer = json!({"name": "projects/p/locations/r/services/web", "uid": "u", "etag": "e", "labels": {"managed-by": "slipway",
            "commit-sha": "0f0f", "team": "a", "cloud.googleapis.com/location": "r"},
            "annotations": {"slipway.dev/serving": "web-1"}, "ingress": "INGRESS_TRAFFIC_ALL", "launchStage": "GA",
            "scaling": {"minInstanceCount": 1}, "traffic": [{"percent": 100}],
            "template": {"revision": "web-1", "labels": {"managed-by": "slipway", "commit-sha": "0f0f"}, "timeout": "300s",
                "containers": [{"image": "i@sha256:1", "ports": [{"name": "http1", "containerPort": 8080}],
                    "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "cpuIdle": true}}]}});
        insta::assert_snapshot!("a_service_in_v2", exported(Resource::Service, ManifestForm::V2, &answer).text);
        insta::assert_snapshot!(
            "a_service_in_knative",
            exported(Resource::Service, ManifestForm::Knative, &answer).text
        );
    }

    #[test]
    fn labels_that_somebody_else_gave_stay() {
        let answer = json!({"labels": {"managed-by": "terraform", "commit-sha": "x"}, "template": {}});
        assert_eq!(
            deployed(Resource::Service, &exported(Resource::Service, ManifestForm::V2, &answer).text)["labels"],
            answer["labels"]
        );
    }

    #[test]
    fn a_form_without_a_word_says_so_and_which_has_one() {
        for (resource, template, fields) in [
            (
                Resource::Service,
                json!({"containers": [{"name": "a", "ports": [{"containerPort": 1}], "resources": {"cpuIdle": true}},
                    {"name": "b", "resources": {"limits": {"cpu": "1"}, "startupCpuBoost": true}}]}),
                "`template.containers[0].resources.cpuIdle`, `template.containers[1].resources.startupCpuBoost`",
            ),
            (Resource::Job, json!({"delayExecution": true, "template": {}}), "`template.delayExecution`"),
            (
                Resource::WorkerPool,
                json!({"containers": [{"image": "i", "sourceCode": {"inlinedSource": {"sources": [{"filename": "f"}]}}}]}),
                "`template.containers[0].sourceCode.inlinedSource.sources`",
            ),
        ] {
            let answer = json!({ "template": template });
            let error = export(resource, ManifestForm::Knative, "web", &answer).expect_err("no word");
            assert_eq!(error.to_string(), format!("Knative's form has no word for {fields}"));
            assert_eq!(error.hints(), ["Take the form that has: `format: v2`"]);
            exported(resource, ManifestForm::V2, &answer);
        }
    }

    #[test]
    fn what_is_newer_than_this_program_is_named() {
        let answer = json!({"guardOfTomorrow": true, "ingress": "INGRESS_TRAFFIC_TOMORROW", "annotations": {"run.googleapis.com/tomorrow": "x"},
            "template": {"guardOfTomorrow": "y", "containers": [{"image": "i", "tomorrow": 1}]}});
        let file = exported(Resource::Service, ManifestForm::V2, &answer);
        assert_eq!(
            file.unknown,
            [
                "guardOfTomorrow",
                "ingress",
                "template.guardOfTomorrow",
                "template.containers[0].tomorrow",
                "annotations[run.googleapis.com/tomorrow]"
            ]
        );
        assert_eq!(file.text, "name: web\ntemplate:\n  containers:\n  - image: i\n");
    }
}
