//! A service that is written as a manifest, in either form, and deployed, is what it was.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::manifest::{from_manifest, says_nothing};
use super::read_only::settings_of;
use super::service::change;
use super::wanted::marks::Marks;
use super::wanted::settings::Settings;
use crate::cloud_run::document::generated::Maker;
use crate::cloud_run::document::knative::tests::sayable;
use crate::cloud_run::document::knative::write;
use crate::cloud_run::document::{KEPT_OF_SERVICES, KEPT_OF_TEMPLATES, Resource, read};
use crate::inputs::engine::error::Findings;

/// A service after its manifest was deployed over it.
fn deployed(current: &Value, manifest: &str) -> Value {
    let mut findings = Findings::default();
    let manifest = read(Resource::Service, manifest, None, &mut findings);
    assert_eq!(findings.mistakes, [], "{current}");
    let base = from_manifest(&manifest.expect("a manifest").document, Some(current));
    let containers = current["template"]["containers"].as_array().expect("containers");
    let app = containers.iter().find(|container| container.get("ports").is_some()).unwrap_or(&containers[0]);
    let image = app["image"].as_str().expect("an image");
    let revision = slipway_names::ids::RevisionName::parse("web-2").expect("a name");
    let marks = Marks { revision, request_tag: "req_1".into(), build_tags: Vec::new() };
    change(Some(&base), &Settings::default(), image, &marks).expect("a change")
}

/// A service without what every deploy writes, and what says nothing.
fn settings(service: &Value) -> Value {
    let mut service = settings_of(service);
    for place in ["", "/template"] {
        let part = service.pointer_mut(place).and_then(Value::as_object_mut).expect("an object");
        for name in ["client", "clientVersion", "revision"] {
            part.remove(name);
        }
        if let Some(notes) = part.get_mut("annotations").and_then(Value::as_object_mut) {
            notes.remove("slipway.dev/run");
        }
        part.retain(|_, value| *value != json!({}));
    }
    service
}

fn is_what_it_was(current: &Value, manifest: &str) {
    let (before, after) = (settings(current), settings(&deployed(current, manifest)));
    assert_eq!(after, before, "{manifest}");
}

#[test]
fn a_service_with_every_field_stays_what_it_is() {
    let service = Maker::whole().service();
    is_what_it_was(&service, &service.to_string());
    let service = sayable(Resource::Service, service);
    is_what_it_was(&service, &write(Resource::Service, &service).to_string());
}

proptest! {
    #[test]
    fn a_service_with_any_fields_stays_what_it_is(seed: u64) {
        let service = Maker::of(seed).service();
        is_what_it_was(&service, &service.to_string());
        let service = sayable(Resource::Service, service);
        is_what_it_was(&service, &write(Resource::Service, &service).to_string());
    }

    /// Whatever else a manifest says, what it does not mention of the protections is what it was.
    #[test]
    fn protections_stay_with_any_manifest(there: u64, other: u64) {
        let (current, mut manifest) = (Maker::of(there).service(), Maker::of(other).service());
        for name in KEPT_OF_SERVICES {
            manifest.as_object_mut().expect("an object").remove(name);
        }
        for name in KEPT_OF_TEMPLATES {
            manifest["template"].as_object_mut().expect("an object").remove(name);
        }
        for text in [manifest.to_string(), write(Resource::Service, &sayable(Resource::Service, manifest.clone())).to_string()] {
            let after = deployed(&current, &text);
            for place in KEPT_OF_SERVICES.map(|name| format!("/{name}")).into_iter()
                .chain(KEPT_OF_TEMPLATES.map(|name| format!("/template/{name}"))) {
                let nothing = |value: Option<&Value>| value.is_none_or(says_nothing);
                let (was, is) = (current.pointer(&place), after.pointer(&place));
                prop_assert!(was == is || nothing(was) && nothing(is), "{}: {:?} {:?}", place, was, is);
            }
        }
    }
}
