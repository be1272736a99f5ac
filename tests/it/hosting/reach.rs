//! Green means that visitors get through, behind a rewrite too; and functions are found where they are.

use fakecloud::{Action, Fault, World};
use serde_json::{Value, json};

use super::{ROLE, SITE, config, count, scene, shown};
use crate::support::Scene;

const GATED: &str = "service `api` in `europe-west1`, which is private (`allUsers` lacks `roles/run.invoker`";

/// A site whose `/api` is a service in europe-west1 that is deployed with this.
fn before(settings: &[(&str, &str)]) -> Scene {
    let mut scene = scene();
    scene.file("firebase.json", include_str!("cases/private-backend.json"));
    scene.file("public/index.html", "<h1>Harbour</h1>\n");
    deploy(&mut scene, "api", "europe-west1", settings);
    scene
}

/// Deploys a service beside the site.
fn deploy(scene: &mut Scene, service: &str, region: &str, settings: &[(&str, &str)]) {
    let all = [("channel", ""), ("site", ""), ("health_path", ""), ("service", service), ("source", "app")];
    for (name, text) in all.iter().chain(settings).chain(&[("region", region)]) {
        scene.input(name, text);
    }
    scene.run().expect(0);
    settings.iter().chain(&[("service", ""), ("source", ""), ("region", "")]).for_each(|(name, _)| {
        scene.input(name, "");
    });
    scene.input("channel", "live").input("site", SITE).input("health_path", "/");
}

#[test]
fn a_private_service_behind_a_rewrite_is_told_with_what_visitors_get() {
    let scene = before(&[]);
    let run = scene.command(&["hosting"]).expect(0);
    insta::assert_snapshot!("private_backend", warnings(&run.log()));
    assert_eq!(shown(&scene, "live").len(), 1);
    assert!(run.report()["warnings"].to_string().contains(GATED));
}

#[test]
fn an_internal_service_behind_a_rewrite_is_told_with_its_setting() {
    let scene = before(&[("ingress", "internal")]);
    let run = scene.command(&["hosting"]).expect(0);
    run.says(
        "is reached from inside the project alone (`ingress: internal`): `GET /api/` is answered with 404 to visitors",
    );
}

#[test]
fn a_public_service_needs_no_word() {
    let scene = before(&[("allow_unauthenticated", "true")]);
    scene.command(&["hosting"]).expect(0).does_not_say("to visitors");
}

#[test]
fn where_the_settings_cannot_be_read_the_address_tells() {
    let scene = before(&[]);
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.services.getIamPolicy"));
    let run = scene.command(&["hosting"]).expect(0);
    run.says("whose settings could not be read: `GET /api/` is answered with 403 to visitors");
}

#[test]
fn a_plan_tells_what_visitors_will_get() {
    let mut scene = before(&[]);
    scene.input("dry_run", "true");
    scene
        .command(&["hosting"])
        .expect(0)
        .says(&format!("{GATED}, which `allow_unauthenticated: true` grants): visitors will get 403"));
}

#[test]
fn a_preview_for_everybody_is_asked_as_well() {
    let mut scene = before(&[]);
    scene.input("channel", "next");
    scene.command(&["hosting"]).expect(0).says(GATED);
    scene.input("channel", "").input("from_channel", "next");
    let run = scene.command(&["hosting", "promote"]).expect(0);
    run.says("`rewrites[0]` leads to service `api` in `europe-west1`, which is private");
    run.says("`GET /api/slipway-look` is answered with 403 to visitors");
}

fn warnings(log: &str) -> String {
    log.lines().filter(|line| line.contains("[warning]")).collect::<Vec<_>>().join("\n")
}

/// A manifest that deploys a service and the live site that leads to it.
fn both_halves(service: &str) -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, ROLE));
    scene.input("service", "").input("source", "");
    let web = "{ entry_point: site, site: harbour-dev }";
    scene.file("slipway.yml", format!("services:\n  backend: {service}\nhosting:\n  web: {web}\n"));
    let rewrites = json!([{"source": "/api/**", "run": {"serviceId": "backend", "region": "us-central1"}}]);
    scene.file("site/firebase.json", json!({"hosting": {"public": "dist", "rewrites": rewrites}}).to_string());
    scene.file("site/dist/index.html", "first");
    scene
}

#[test]
fn a_live_site_is_not_released_with_a_service_that_its_visitors_cannot_reach() {
    for (service, sent) in [
        ("{ source: app, allow_unauthenticated: false }", false),
        ("{ source: app, ingress: internal }", false),
        // That it is new, and so private, shows when it is looked for.
        ("{ source: app }", true),
    ] {
        let mut scene = both_halves(service);
        let run = scene.command(&["release"]).expect(2);
        run.says("web: `hosting.rewrites[0]` leads to service `backend` in `us-central1`");
        assert_eq!(!scene.calls().is_empty(), sent, "{service}");
        assert_eq!((count(&scene, "service created"), count(&scene, "version created")), (0, 0), "{service}");
        let manifest = std::fs::read_to_string(scene.workspace().join("slipway.yml")).unwrap();
        scene.file(
            "slipway.yml",
            manifest.replace("site: harbour-dev", "site: harbour-dev, allow_private_rewrites: true"),
        );
        scene.command(&["release"]).expect(0).says("to visitors");
    }
}

/// A site with these rewrites.
fn rewrites(scene: &mut Scene, rewrites: &Value) {
    scene.file("firebase.json", json!({"hosting": {"public": "dist", "rewrites": rewrites}}).to_string());
}

#[test]
fn a_function_is_found_in_whatever_region_it_is() {
    let mut scene = before(&[("allow_unauthenticated", "true")]);
    scene.file("firebase.json", include_str!("cases/function-elsewhere.json"));
    scene.command(&["hosting"]).expect(0).does_not_say("to visitors");
    let lead = config(&scene, "live")["rewrites"].clone();
    assert_eq!(lead, json!([{"glob": "/api/**", "run": {"serviceId": "api", "region": "europe-west1"}}]));

    // Beside it in the usual region, which is what firebase-tools takes.
    deploy(&mut scene, "api", "us-central1", &[("allow_unauthenticated", "true")]);
    let run = scene.command(&["hosting"]).expect(0);
    run.says("`hosting.rewrites[0]` leads to function `api`, which is in `europe-west1`, `us-central1`");
    assert_eq!(config(&scene, "live")["rewrites"][0]["run"]["region"], "us-central1");
    // A region that is said is meant.
    rewrites(&mut scene, &json!([{"source": "/api/**", "function": {"functionId": "api", "region": "europe-west1"}}]));
    scene.command(&["hosting"]).expect(0).does_not_say("which is in");
    assert_eq!(config(&scene, "live")["rewrites"][0]["run"]["region"], "europe-west1");
}

#[test]
fn a_function_in_several_regions_must_be_told_apart() {
    let mut scene = before(&[("allow_unauthenticated", "true")]);
    deploy(&mut scene, "api", "asia-east1", &[("allow_unauthenticated", "true")]);
    rewrites(&mut scene, &json!([{"source": "**", "destination": "/index.html"}, {"source": "/a", "function": "api"}]));
    let before = count(&scene, "version created");
    let run = scene.command(&["hosting"]).expect(2);
    run.says(
        "`hosting.rewrites[1]` leads to function `api`, which is in `asia-east1`, `europe-west1`: it must say which",
    );
    assert_eq!(count(&scene, "version created"), before);
}

#[test]
fn a_function_that_is_nowhere_is_told_with_its_place() {
    let mut scene = before(&[("allow_unauthenticated", "true")]);
    rewrites(
        &mut scene,
        &json!([
            {"source": "/gone", "function": "gone"},
            {"source": "/api", "function": {"functionId": "api", "region": "us-central1"}},
        ]),
    );
    let run = scene.command(&["hosting"]).expect(0);
    run.says("`hosting.rewrites[0]` leads to function `gone`, and there is no service of that name in any region");
    run.says("`hosting.rewrites[1]` leads to function `api` in `us-central1`, where no service of that name is; there is one in `europe-west1`");
    assert_eq!(config(&scene, "live")["rewrites"][0]["function"], "gone");
    // Where the list may not be read, the one region is looked at.
    rewrites(&mut scene, &json!([{"source": "/api", "function": {"functionId": "api", "region": "europe-west1"}}]));
    let list = "run.projects.locations.services.list";
    scene.cloud.world(|world| world.faults.push(Fault::next(list, Action::status(403)).times(2)));
    scene.command(&["hosting"]).expect(0);
    assert_eq!(config(&scene, "live")["rewrites"][0]["run"]["serviceId"], "api");
}
