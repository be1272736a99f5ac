//! What Google answers about a service, a job or a worker pool, as a manifest would say it.

use serde_json::{Map, Value};

use super::path::Path;
use super::{ManifestForm, Resource, knative, owned_by_google, shape};
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::tree;
use slipway_names::namespace::sounds_like_googles;

/// What a manifest can say of an answer of the v2 API, in v2's form: without what Google owns. With it the places of what
/// it cannot say: fields and words that came to Cloud Run after the tables here were made.
pub fn known(resource: Resource, answer: &Value) -> (Map<String, Value>, Vec<String>) {
    let mut findings = Findings::default();
    let Some(root) = tree::read("manifest", &answer.to_string(), &mut findings) else { return Default::default() };
    let document = shape::read(resource.v2(), &root, &Path::default(), &mut findings);
    let mut document = owned_by_google(resource, document, &root, &mut findings);
    for place in ["", "/template"] {
        let Some(part) = (match place {
            "" => Some(&mut document),
            _ => document.get_mut("template").and_then(Value::as_object_mut),
        }) else {
            continue;
        };
        for map in ["labels", "annotations"] {
            // Tools of Google's note what they did in others of their names.
            if let Some(entries) = part.get_mut(map).and_then(Value::as_object_mut) {
                entries.retain(|name, _| !sounds_like_googles(name));
            }
            if part.get(map).and_then(Value::as_object).is_some_and(Map::is_empty) {
                part.remove(map);
            }
        }
    }
    let unknown = findings.mistakes.iter().map(|mistake| {
        let place = mistake.problem.split(": ").next().unwrap_or_default();
        place.to_owned()
    });
    (document, unknown.collect())
}

/// A document in v2's form, in this one.
pub fn written(resource: Resource, form: ManifestForm, document: &Value) -> Value {
    match form {
        ManifestForm::V2 => document.clone(),
        ManifestForm::Knative => knative::write(resource, document),
    }
}
