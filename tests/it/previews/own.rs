//! A service of its own: made of what serves, found by its labels, open to no more people than the live one.

use serde_json::{Value, json};

use super::{asked, exists, service};
use crate::github::comments;
use crate::hosting::SITE;
use crate::preview::{event, page, scene, serving};
use crate::support::Scene;

/// Changes a service behind the product's back.
fn change(scene: &Scene, name: &str, change: impl FnOnce(&mut fakecloud::Service)) {
    scene.cloud.world(|world| {
        let found = world.services.values_mut().find(|service| service.name.ends_with(&format!("/{name}")));
        change(found.expect("the service"));
    });
}

fn holds_everybody(scene: &Scene, name: &str) -> bool {
    scene.cloud.world(|world| {
        let found = world.service("us-central1", name).expect("the service");
        found.policy.holds("roles/run.invoker", "allUsers")
    })
}

#[test]
fn both_halves_are_services_of_their_own_and_the_live_ones_stay_as_they_are() {
    let scene = asked();
    let before = (service(&scene, "backend"), service(&scene, "frontend"));
    let run = scene.command(&["preview"]).expect(0);
    let log: Vec<String> = run.log().lines().filter(|line| !line.contains("sha256:")).map(str::to_owned).collect();
    insta::assert_snapshot!("own_log", log.join("\n"));
    assert_eq!((service(&scene, "backend"), service(&scene, "frontend")), before);
    assert_eq!((page(&scene, "live").as_deref(), page(&scene, "pr-7").as_deref()), (Some("live"), Some("preview")));
    let own = service(&scene, "backend-pr-7")["config"].clone();
    assert_eq!(own["template"]["scaling"]["minInstanceCount"].as_u64().unwrap_or(0), 0);
    assert_eq!(before.0["config"]["template"]["scaling"]["minInstanceCount"], 1);
    assert_eq!(own["labels"]["slipway-preview"], "pr-7");
    assert_eq!(own["labels"]["slipway-preview-of"], "backend");
    // The channel leads there, and the frontend is built with the backend of the preview.
    let config = scene.cloud.world(|world| world.hosting_site(SITE).unwrap().shown_on("pr-7").unwrap().config.clone());
    assert_eq!(config["rewrites"][0]["run"], json!({"serviceId": "backend-pr-7", "region": "us-central1"}));
    let uri = scene.cloud.world(|world| world.service("us-central1", "backend-pr-7").unwrap().uri().to_owned());
    assert_eq!(service(&scene, "frontend-pr-7")["config"]["template"]["containers"][0]["env"][0]["value"], uri);
    // Who may open what: the backend is open as the live one is, the frontend is not.
    assert!(holds_everybody(&scene, "backend-pr-7") && !holds_everybody(&scene, "frontend-pr-7"));
    let comment = &comments(&scene)[0];
    assert!(comment.contains("🔒 `frontend`") && !comment.contains("🔒 `backend`"), "{comment}");
    // Images lie beside those of the release, under the preview's tag.
    let images = scene.cloud.world(|world| world.builds.last().unwrap().document["images"].to_string());
    assert!(images.contains("gcr.io/harbour-dev/frontend:pr-7"), "{images}");
}

#[test]
fn it_starts_from_what_serves_whatever_was_tried_since() {
    let mut scene = asked();
    // A deploy that failed left its template on the live service.
    scene.input("service", "backend").input("source", "app").input("env_vars", "FAILED: 1").input("timeout", "99s");
    scene.input("health_path", "/health").input("health_timeout", "1s");
    crate::rollout::next_answers(&scene, crate::rollout::ill());
    scene.command(&["deploy"]).expect(9);
    for name in ["service", "source", "env_vars", "timeout", "health_path", "health_timeout"] {
        scene.input(name, "");
    }
    let live = service(&scene, "backend");
    assert_eq!(live["config"]["template"]["timeout"], "99s");
    scene.command(&["preview"]).expect(0);
    let own = service(&scene, "backend-pr-7")["config"]["template"].clone();
    assert_ne!(own["timeout"], "99s");
    assert!(!own.to_string().contains("FAILED"), "{own}");
    // What the pull request asked for before and does not any more is gone with the next push.
    let manifest = std::fs::read_to_string(scene.workspace().join("slipway.yml")).unwrap();
    scene.file("slipway.yml", manifest.replace("min_instances: 1", "min_instances: 1\n    timeout: 77s"));
    scene.command(&["preview"]).expect(0);
    assert_eq!(service(&scene, "backend-pr-7")["config"]["template"]["timeout"], "77s");
    scene.file("slipway.yml", manifest);
    scene.command(&["preview"]).expect(0);
    assert_ne!(service(&scene, "backend-pr-7")["config"]["template"]["timeout"], "77s");
    assert_eq!(service(&scene, "backend"), live);
}

#[test]
fn it_is_public_only_while_the_live_service_is() {
    let mut scene = asked();
    let manifest = "services:\n  backend: { source: app, allow_unauthenticated: true }\n";
    scene.file("slipway.yml", manifest);
    scene.command(&["preview"]).expect(0);
    assert!(holds_everybody(&scene, "backend-pr-7"));
    // The live service was closed, and the manifest of the pull request still says otherwise.
    change(&scene, "backend", |service| service.policy.revoke("roles/run.invoker", "allUsers"));
    scene.command(&["preview"]).expect(0).says("`backend` is not open to everybody either");
    assert!(!holds_everybody(&scene, "backend-pr-7"));
    // Open because nobody is asked: so is the preview.
    change(&scene, "backend", |service| drop(service.config.insert("invokerIamDisabled".into(), true.into())));
    scene.command(&["preview"]).expect(0);
    assert_eq!(service(&scene, "backend-pr-7")["config"]["invokerIamDisabled"], true);
    assert!(!holds_everybody(&scene, "backend-pr-7"));
    // Open to the network inside alone: not to everybody.
    change(&scene, "backend", |service| {
        service.config.remove("invokerIamDisabled");
        service.config.insert("ingress".into(), "INGRESS_TRAFFIC_INTERNAL_ONLY".into());
        service.policy.grant("roles/run.invoker", "allUsers");
    });
    scene.file("slipway.yml", manifest.replace("source: app", "source: app, ingress: all"));
    scene.command(&["preview"]).expect(0);
    let own = service(&scene, "backend-pr-7");
    assert!(own["config"].get("invokerIamDisabled").is_none());
    assert!(!holds_everybody(&scene, "backend-pr-7"), "the pull request opens nothing to the internet");
}

#[test]
fn a_service_that_is_not_there_yet_is_previewed_closed() {
    let mut scene = scene();
    let manifest = std::fs::read_to_string(scene.workspace().join("slipway.yml")).unwrap();
    scene.file("slipway.yml", manifest.replace("backend:\n", "backend:\n    service: backend-new\n"));
    scene.command(&["preview"]).expect(0).says("there is no `backend-new` yet that is open");
    assert!(!holds_everybody(&scene, "backend-new-pr-7") && !exists(&scene, "backend-new"));
}

#[test]
fn a_service_of_that_name_that_is_no_preview_is_left_alone() {
    let mut scene = asked();
    scene.input("service", "backend-pr-7").input("source", "app");
    scene.command(&["deploy"]).expect(0);
    scene.input("service", "").input("source", "");
    let before = service(&scene, "backend-pr-7");
    let run = scene.command(&["preview"]).expect(2);
    run.says("Service `backend-pr-7` is there and is no preview of pull request #7 of this repository");
    event(&mut scene, "closed", "o/r");
    scene.command(&["preview"]).expect(0).says("it bears no label of a preview");
    assert_eq!(service(&scene, "backend-pr-7"), before);
}

#[test]
fn another_repositorys_preview_is_not_taken_for_ours() {
    let mut scene = asked();
    scene.variable("GITHUB_REPOSITORY_ID", "41");
    scene.command(&["preview"]).expect(0);
    // The other repository closes a pull request of the same number.
    scene.variable("GITHUB_REPOSITORY_ID", "42");
    event(&mut scene, "closed", "o/r");
    scene.command(&["preview"]).expect(0);
    assert!(exists(&scene, "backend-pr-7"));
    scene.variable("GITHUB_REPOSITORY_ID", "41");
    scene.command(&["preview"]).expect(0);
    assert!(!exists(&scene, "backend-pr-7"));
}

#[test]
fn a_long_name_is_cut_and_stays_one_of_its_own() {
    let mut scene = asked();
    let long = "a".repeat(41);
    let manifest = format!(
        "services:\n  one: {{ service: {long}-backend, source: app }}\n  two: {{ service: {long}-backing, source: app }}\n"
    );
    scene.file("slipway.yml", manifest);
    scene.command(&["preview"]).expect(0);
    let names = |scene: &Scene| {
        scene.cloud.world(|world| {
            let names = world.services.values().map(|service| service.name.rsplit('/').next().unwrap().to_owned());
            names.filter(|name| name.starts_with("aaaa")).collect::<Vec<_>>()
        })
    };
    let made = names(&scene);
    assert!(made.len() == 2 && made.iter().all(|name| name.len() <= 49 && name.ends_with("-pr-7")), "{made:?}");
    event(&mut scene, "closed", "o/r");
    scene.command(&["preview"]).expect(0);
    assert_eq!(names(&scene), Vec::<String>::new());
}

#[test]
fn the_five_roles_are_enough() {
    // A scene's account holds them and no more.
    let mut scene = Scene::new();
    scene.input("service", "").input("source", "");
    scene.file("slipway.yml", "services:\n  backend: { source: app, allow_unauthenticated: true }\n");
    scene.command(&["release"]).expect(0);
    event(&mut scene, "synchronize", "o/r");
    scene.command(&["preview"]).expect(0);
    assert_eq!(serving(&scene, "backend-pr-7").len(), 1);
    event(&mut scene, "closed", "o/r");
    scene.command(&["preview"]).expect(0).says("Service `backend-pr-7` in `us-central1` is removed");
    assert!(!exists(&scene, "backend-pr-7"));
}

#[test]
fn a_plan_says_what_differs_from_what_serves() {
    let mut scene = asked();
    scene.input("dry_run", "true");
    let run = scene.command(&["preview"]).expect(0);
    let changes: Value = run.report()["changes"].clone();
    assert!(!changes.to_string().contains("timeout"), "what is as on the live service is no change: {changes}");
    assert!(!exists(&scene, "backend-pr-7"));
}
