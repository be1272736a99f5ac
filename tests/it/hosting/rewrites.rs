//! Rewrites to Cloud Run: the service is there, a pin is a tag that stays, and goes when nobody will see it.

use serde_json::{Value, json};

use super::{config, count, scene, shown};
use crate::support::Scene;

/// A site whose `/api` is the service `web`, which is deployed.
fn with_service(pin: bool) -> Scene {
    let mut scene = scene();
    scene.input("channel", "").input("site", "").input("health_path", "");
    scene.input("service", "web").input("source", "app").input("allow_unauthenticated", "true");
    scene.run().expect(0);
    scene.input("service", "").input("source", "").input("allow_unauthenticated", "");
    scene.input("channel", "live").input("site", super::SITE).input("health_path", "/");
    rewrite(&mut scene, pin);
    scene
}

fn rewrite(scene: &mut Scene, pin: bool) {
    let run = json!({"serviceId": "web", "region": "us-central1", "pinTag": pin});
    let hosting = json!({"public": "dist", "rewrites": [{"source": "/api/**", "run": run}]});
    scene.file("firebase.json", json!({ "hosting": hosting }).to_string());
}

fn tags(scene: &Scene) -> Vec<String> {
    scene.cloud.world(|world| {
        let service = world.service("us-central1", "web").unwrap();
        let traffic = service.config["traffic"].as_array().cloned().unwrap_or_default();
        traffic.iter().filter_map(|share| share["tag"].as_str().map(str::to_owned)).collect()
    })
}

#[test]
fn a_service_is_served_below_the_sites_address() {
    let mut scene = with_service(false);
    scene.input("checks", "GET /api/ready 200");
    let run = scene.command(&["hosting"]).expect(0);
    assert_eq!(
        config(&scene, "live")["rewrites"],
        json!([{"glob": "/api/**", "run": {"serviceId": "web", "region": "us-central1"}}])
    );
    assert!(run.log().contains("2 of 2 checks passed"), "{}", run.log());
    assert!(tags(&scene).is_empty());
}

#[test]
fn a_service_that_is_not_there_is_told_before_anything_is_uploaded() {
    let mut scene = scene();
    rewrite(&mut scene, false);
    let run = scene.command(&["hosting"]).expect(2);
    run.says("leads to service `web`, and there is none in `us-central1`");
    assert_eq!(count(&scene, "version created"), 0);
}

#[test]
fn a_pin_is_a_tag_that_keeps_to_the_revision() {
    let mut scene = with_service(true);
    let run = scene.command(&["hosting"]).expect(0);
    let tag = format!("fh-{}", run.outputs["version"]);
    assert_eq!(tags(&scene), std::slice::from_ref(&tag));
    assert_eq!(config(&scene, "live")["rewrites"][0]["run"]["tag"], tag);
    // The tag that is there is used again, and a deploy of the service keeps it.
    scene.command(&["hosting"]).expect(0);
    assert_eq!(tags(&scene), std::slice::from_ref(&tag));
    scene.input("channel", "").input("site", "").input("service", "web").input("source", "app");
    scene.file("app/main.py", "print('new')\n");
    scene.run().expect(0);
    assert_eq!(tags(&scene), [tag], "a rollout keeps the tag of a site");
}

/// A preview, or a candidate that waits, is the service's latest revision, and nobody has promoted it: a site is pinned to
/// what serves.
#[test]
fn a_pin_does_not_lead_to_what_waits_for_another_run() {
    for (tag, kept) in [("pr-7", true), ("", false)] {
        let mut scene = with_service(true);
        let serving = scene.cloud.world(|world| world.revisions[0].name.clone());
        scene.input("channel", "").input("site", "").input("health_path", "").input("service", "web");
        scene.input("source", "app").input("no_traffic", "true").input("tag", tag).input("env_vars", "PREVIEW: 1");
        let waiting = scene.run().expect(0).outputs["revision"].clone();
        assert_ne!(waiting, serving);
        for name in ["service", "source", "no_traffic", "tag", "env_vars"] {
            scene.input(name, "");
        }
        scene.input("channel", "live").input("site", super::SITE).input("health_path", "/");
        scene.command(&["hosting"]).expect(0);
        let pin = config(&scene, "live")["rewrites"][0]["run"]["tag"].as_str().unwrap().to_owned();
        let traffic = scene.cloud.world(|world| world.service("us-central1", "web").unwrap().config["traffic"].clone());
        let revision_at = |name: &str| {
            let found = traffic.as_array().unwrap().iter().find(|share| share["tag"] == name);
            found.map(|share| share["revision"].as_str().unwrap().to_owned())
        };
        assert_eq!(revision_at(&pin), Some(serving), "{traffic}");
        assert_eq!(revision_at("pr-7"), kept.then_some(waiting), "the preview stays where it is: {traffic}");
    }
}

#[test]
fn a_pin_for_a_version_that_fails_goes_with_it() {
    let scene = with_service(true);
    let patch = "firebasehosting.projects.sites.versions.patch";
    scene.cloud.world(|world| world.faults.push(fakecloud::Fault::next(patch, fakecloud::Action::status(400))));
    scene.command(&["hosting"]).expect(8).says("Removed version");
    assert_eq!(tags(&scene), Vec::<String>::new());
    assert!(shown(&scene, "live").is_empty());
}

#[test]
fn a_preview_never_changes_what_live_serves() {
    let mut scene = with_service(false);
    scene.command(&["hosting"]).expect(0);
    rewrite(&mut scene, true);
    scene.input("channel", "preview");
    let run = scene.command(&["hosting"]).expect(2);
    run.says("this preview would change what everybody sees");
    assert!(tags(&scene).is_empty());
    // Once live is pinned itself, a preview may be.
    scene.input("channel", "live");
    scene.command(&["hosting"]).expect(0);
    scene.input("channel", "preview");
    scene.command(&["hosting"]).expect(0);
}

#[test]
fn a_function_of_the_second_generation_is_the_service_behind_it() {
    let mut scene = with_service(false);
    let hosting = json!({"public": "dist", "rewrites": [
        {"source": "/a", "function": {"functionId": "web"}}, {"source": "/b", "function": "older"},
    ]});
    scene.file("firebase.json", json!({ "hosting": hosting }).to_string());
    scene.command(&["hosting"]).expect(0);
    let rewrites: Value = config(&scene, "live")["rewrites"].clone();
    assert_eq!(rewrites[0]["run"]["serviceId"], "web");
    assert_eq!(rewrites[1]["function"], "older");
}
