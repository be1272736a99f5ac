//! A manifest laid over the service or the worker pool that is there: it replaces everything, but what guards the write, says who serves and
//! notes rollouts, and but what protects the service, which stays until the manifest says that it goes, or what no manifest
//! can speak of yet. Pure.

use serde_json::{Map, Value};

use super::own_names::is_note;
use crate::cloud_run::document::{KEPT_OF_SERVICES, KEPT_OF_TEMPLATES, may_say, may_say_of_template};
use slipway_names::json::object;

/// Taken from the service, whatever the manifest says.
const OF_THE_MOMENT: [&str; 3] = ["etag", "traffic", "instanceSplits"];

/// What says which policy Binary Authorization enforces; a justification for once is another matter.
const POLICIES: [&str; 2] = ["useDefault", "policy"];

/// The service as its manifest describes it.
pub fn from_manifest(manifest: &Map<String, Value>, current: Option<&Value>) -> Value {
    let mut base = manifest.clone();
    for place in ["annotations", "template"] {
        let notes = match place {
            "template" => base.get_mut(place).and_then(|template| template.get_mut("annotations")),
            _ => base.get_mut(place),
        };
        // Exports hold notes of rollouts that are long over.
        if let Some(notes) = notes.and_then(Value::as_object_mut) {
            notes.retain(|name, _| !is_note(name));
        }
    }
    keep(&mut base, current, &KEPT_OF_SERVICES);
    keep_unknown(&mut base, current, may_say);
    if let Some(template) = base.get_mut("template").and_then(Value::as_object_mut) {
        let without_key = template.get("encryptionKey").is_some_and(says_nothing);
        let theirs = current.and_then(|current| current.get("template"));
        keep(template, theirs, &KEPT_OF_TEMPLATES);
        keep_unknown(template, theirs, may_say_of_template);
        if without_key {
            // The others say what happens when that key goes.
            KEPT_OF_TEMPLATES.iter().for_each(|name| drop(template.remove(*name)));
        }
    }
    let Some(current) = current else { return base.into() };
    for key in OF_THE_MOMENT {
        if let Some(value) = current.get(key) {
            base.insert(key.to_owned(), value.clone());
        }
    }
    let notes = current.get("annotations").and_then(Value::as_object).into_iter().flatten();
    for (name, note) in notes.filter(|(name, _)| is_note(name)) {
        object(base.entry("annotations").or_insert_with(|| Map::new().into())).insert(name.clone(), note.clone());
    }
    base.into()
}

/// What a manifest does not mention of a service's protections, and the service has: it is kept.
pub fn kept(manifest: &Map<String, Value>, current: &Value) -> Vec<String> {
    let after = from_manifest(manifest, Some(current));
    let template = manifest.get("template").and_then(Value::as_object);
    let of_service = KEPT_OF_SERVICES.iter().map(|name| (Some(manifest), *name, format!("/{name}")));
    let of_template = KEPT_OF_TEMPLATES.iter().map(|name| (template, *name, format!("/template/{name}")));
    let of_later_days = unknown(Some(current), may_say).map(|(name, _)| name.clone());
    let of_templates_later =
        unknown(current.get("template"), may_say_of_template).map(|(name, _)| format!("template.{name}"));
    of_service
        .chain(of_template)
        // The launch stage says nothing to people.
        .filter(|(said, name, place)| *name != "launchStage" && is_kept(*said, name, &after, current, place))
        .map(|(.., place)| place.trim_start_matches('/').replace('/', "."))
        .chain(of_later_days)
        .chain(of_templates_later)
        .collect()
}

/// Whether what a document has in this place is kept because the manifest does not mention it.
fn is_kept(said: Option<&Map<String, Value>>, name: &str, after: &Value, current: &Value, place: &str) -> bool {
    !said.is_some_and(|map| mentions(map, name))
        && after.pointer(place).is_some()
        && after.pointer(place) == current.pointer(place)
}

/// Keeps what no manifest can speak of: a field that came to Cloud Run after the tables here were made.
fn keep_unknown(on: &mut Map<String, Value>, current: Option<&Value>, is_known: fn(&str) -> bool) {
    on.extend(unknown(current, is_known).map(|(name, value)| (name.clone(), value.clone())));
}

fn unknown(current: Option<&Value>, is_known: fn(&str) -> bool) -> impl Iterator<Item = (&String, &Value)> {
    let fields = current.and_then(Value::as_object).into_iter().flatten();
    fields.filter(move |(name, _)| !is_known(name))
}

/// Keeps of `current` what is not mentioned, and takes away what is mentioned as nothing.
fn keep(on: &mut Map<String, Value>, current: Option<&Value>, names: &[&str]) {
    for name in names {
        if mentions(on, name) {
            if on.get(*name).is_some_and(says_nothing) {
                on.remove(*name);
            }
            continue;
        }
        let theirs = current.and_then(|current| current.get(*name)).filter(|value| !says_nothing(value)).cloned();
        let ours = on.remove(*name).filter(|value| !says_nothing(value));
        let kept = match (theirs, ours) {
            (Some(Value::Object(mut theirs)), Some(Value::Object(ours))) => {
                theirs.retain(|part, _| POLICIES.contains(&part.as_str()));
                theirs.extend(ours);
                Some(theirs.into())
            }
            (theirs, ours) => theirs.or(ours),
        };
        if let Some(kept) = kept {
            on.insert((*name).to_owned(), kept);
        }
    }
}

/// Whether a manifest says anything of a setting, be it that it goes. Binary Authorization's justification says nothing
/// of its policy.
fn mentions(manifest: &Map<String, Value>, name: &str) -> bool {
    match manifest.get(name) {
        Some(Value::String(word)) if word.ends_with("_UNSPECIFIED") => false,
        Some(Value::Object(parts)) if !parts.is_empty() => POLICIES.iter().any(|part| parts.contains_key(*part)),
        said => said.is_some(),
    }
}

/// Whether a value is what a field holds that is not there.
pub(super) fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty() || text.ends_with("_UNSPECIFIED"),
        Value::Array(items) => items.is_empty(),
        Value::Object(parts) => parts.values().all(says_nothing),
    }
}

pub mod job;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn laid(manifest: Value, current: Value) -> Value {
        let Value::Object(manifest) = manifest else { panic!("a map") };
        from_manifest(&manifest, Some(&current))
    }

    fn protected() -> Value {
        json!({
            "etag": "e", "description": "goes", "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "iapEnabled": true,
            "binaryAuthorization": {"policy": "p", "breakglassJustification": "once"}, "customAudiences": ["a"],
            "defaultUriDisabled": true, "invokerIamDisabled": true, "traffic": [{"percent": 100}], "launchStage": "BETA",
            "functionalType": "FUNCTIONAL_TYPE_AGENT", "annotations": {"slipway.dev/serving": "now", "theirs": "x"},
            "template": {"timeout": "5s", "encryptionKey": "k", "encryptionKeyRevocationAction": "SHUTDOWN",
                "encryptionKeyShutdownDuration": "7200s"},
        })
    }

    #[test]
    fn what_is_not_mentioned_is_kept_where_it_protects() {
        let mut wanted = protected();
        wanted.as_object_mut().expect("a map").remove("description");
        wanted["annotations"] = json!({"slipway.dev/serving": "now"});
        wanted["template"].as_object_mut().expect("a map").remove("timeout");
        let manifest = json!({"ingress": "INGRESS_TRAFFIC_UNSPECIFIED", "template": {},
            "annotations": {"slipway.dev/rollout": "of long ago"}});
        assert_eq!(laid(manifest.clone(), protected()), wanted);
        let Value::Object(manifest) = manifest else { panic!("a map") };
        assert_eq!(
            kept(&manifest, &protected()),
            [
                "binaryAuthorization",
                "customAudiences",
                "defaultUriDisabled",
                "functionalType",
                "iapEnabled",
                "ingress",
                "invokerIamDisabled",
                "template.encryptionKey",
                "template.encryptionKeyRevocationAction",
                "template.encryptionKeyShutdownDuration"
            ]
        );
    }

    #[test]
    fn what_is_mentioned_as_nothing_goes() {
        for nothing in [
            json!({"iapEnabled": false, "binaryAuthorization": {"useDefault": false}, "customAudiences": [], "ingress": null,
                "defaultUriDisabled": false, "invokerIamDisabled": false, "functionalType": "", "launchStage": "",
                "template": {"encryptionKey": ""}}),
            json!({"iapEnabled": null, "binaryAuthorization": null, "customAudiences": null, "ingress": "",
                "defaultUriDisabled": null, "invokerIamDisabled": null, "functionalType": null, "launchStage": null,
                "template": {"encryptionKey": null}}),
            json!({"iapEnabled": false, "binaryAuthorization": {}, "customAudiences": [], "ingress": "",
                "defaultUriDisabled": false, "invokerIamDisabled": false, "functionalType": null, "launchStage": null,
                "template": {"encryptionKey": ""}}),
        ] {
            let after = laid(nothing.clone(), protected());
            assert_eq!(
                after,
                json!({"etag": "e", "traffic": [{"percent": 100}], "annotations": {"slipway.dev/serving": "now"}, "template": {}})
            );
            let Value::Object(manifest) = nothing else { panic!("a map") };
            assert_eq!(kept(&manifest, &protected()), Vec::<String>::new());
            assert_eq!(
                from_manifest(&manifest, None),
                json!({"template": {}}),
                "nothing is written where nothing is there"
            );
        }
    }

    #[test]
    fn what_is_mentioned_is_what_it_says() {
        let manifest = json!({"iapEnabled": true, "binaryAuthorization": {"useDefault": true}, "customAudiences": ["b"],
            "template": {"encryptionKey": "other", "encryptionKeyRevocationAction": null}});
        let after = laid(manifest, protected());
        assert_eq!(after["binaryAuthorization"], json!({"useDefault": true}));
        assert_eq!(after["customAudiences"], json!(["b"]));
        assert_eq!(after["template"], json!({"encryptionKey": "other", "encryptionKeyShutdownDuration": "7200s"}));
    }

    #[test]
    fn what_no_manifest_can_speak_of_yet_is_kept() {
        let current = json!({"guardOfTomorrow": true, "uid": "u", "uri": "x", "sshEnabled": true,
            "template": {"guardOfTomorrow": "y", "timeout": "5s"}});
        let Value::Object(manifest) = json!({"template": {}}) else { panic!("a map") };
        assert_eq!(
            from_manifest(&manifest, Some(&current)),
            json!({"guardOfTomorrow": true, "template": {"guardOfTomorrow": "y"}})
        );
        assert_eq!(kept(&manifest, &current), ["guardOfTomorrow", "template.guardOfTomorrow"]);
    }

    #[test]
    fn a_justification_for_once_does_not_take_the_policy_away() {
        let after = laid(json!({"binaryAuthorization": {"breakglassJustification": "b"}, "template": {}}), protected());
        assert_eq!(after["binaryAuthorization"], json!({"policy": "p", "breakglassJustification": "b"}));
        let none = laid(json!({"binaryAuthorization": {"breakglassJustification": "b"}, "template": {}}), json!({}));
        assert_eq!(none["binaryAuthorization"], json!({"breakglassJustification": "b"}));
    }
}
