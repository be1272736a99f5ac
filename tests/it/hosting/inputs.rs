//! What is typed: spellings of action-hosting-deploy, mistakes in `firebase.json`, targets, several sites.

use fakecloud::World;

use super::{SITE, scene, shown};

#[test]
fn action_hosting_deploys_spellings_are_taken() {
    let mut scene = scene();
    let key = scene.key().to_string();
    scene.input("credentials_json", "").input("channel", "").input("site", "");
    scene.input("firebaseServiceAccount", &key).input("channelId", "live").input("projectId", "harbour-dev");
    scene.input("entryPoint", "./").input("repoToken", "ghs_0123456789abcdef0123");
    // The action's own default stands beside it.
    scene.input("github_token", "ghs_3210fedcba9876543210");
    scene.command(&["hosting"]).expect(0);
    assert_eq!(shown(&scene, "live").len(), 3);
    scene.input("channel", "staging");
    scene.command(&["hosting"]).expect(2).says("says something else");
    scene.input("channel", "").input("firebaseToolsVersion", "13").input("disableComment", "true");
    let run = scene.command(&["hosting"]).expect(2);
    run.says("no firebase-tools is used; remove it").says("this action writes no comment; remove it");
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let mut scene = scene();
    scene.file(
        "firebase.json",
        r#"{
  "hostng": {},
  "hosting": {
    "public": "dist",
    "cleanUrl": true,
    "rewrites": [
      { "source": "**", "destination": "/index.html" },
      { "source": "/api/**", "run": { "region": "europe-west1" } },
      { "source": "/x", "regex": "/x", "function": "hello" }
    ],
    "redirects": [ { "source": "/old", "destination": "/new", "type": 200 } ],
    "trailingSlash": "yes"
  }
}"#,
    );
    scene.input("health_timeout", "forever");
    let run = scene.command(&["hosting"]).expect(2);
    insta::assert_snapshot!("mistakes", run.log());
    assert!(scene.calls().is_empty(), "nothing was sent");
}

#[test]
fn a_framework_build_is_refused_with_the_way_round() {
    let mut scene = scene();
    scene.file("firebase.json", r#"{"hosting": {"source": ".", "frameworksBackend": {"region": "europe-west1"}}}"#);
    let run = scene.command(&["hosting"]).expect(2);
    run.says("hosting.source").says("build it in a step before");
}

#[test]
fn targets_lead_to_their_sites_and_all_are_released_together() {
    let mut scene = scene();
    scene.cloud.world(|world| world.add_site(World::PROJECT, "harbour-docs", false));
    scene.file(
        "firebase.json",
        r#"{"hosting": [{"target": "app", "public": "dist"}, {"target": "docs", "public": "docs"}]}"#,
    );
    scene.file(
        ".firebaserc",
        r#"{"projects": {"staging": "harbour-dev"}, "targets": {"harbour-dev": {"hosting": {"app": ["harbour-dev"], "docs": ["harbour-docs"]}}}}"#,
    );
    scene.file("docs/index.html", "docs").input("site", "").input("project_id", "staging");
    let run = scene.command(&["hosting"]).expect(0);
    insta::assert_snapshot!("two_sites_log", run.log());
    let urls: serde_json::Value = serde_json::from_str(&run.outputs["urls"]).unwrap();
    assert_eq!(urls.as_object().unwrap().len(), 2);
    let shows = |scene: &crate::support::Scene, site: &str| {
        scene.cloud.world(|world| world.hosting_site(site).unwrap().files_on("live").len())
    };
    assert_eq!((shows(&scene, SITE), shows(&scene, "harbour-docs")), (3, 1));

    // One of them fails its check: both are back.
    scene.file("dist/index.html", "new").file("docs/index.html", "new docs").input("health_timeout", "5s");
    scene.cloud.world(|world| world.break_site("harbour-docs", 2, 503));
    let run = scene.command(&["hosting"]).expect(9);
    insta::assert_snapshot!("two_sites_failed", run.failure());
    assert_eq!(shown(&scene, "live")["/index.html"], "<h1>Harbour</h1>\n");

    // One alone, by its target.
    scene.input("target", "app");
    scene.command(&["hosting"]).expect(0);
    assert_eq!(shown(&scene, "live")["/index.html"], "new");
    scene.input("target", "web");
    scene.command(&["hosting"]).expect(2).says("web");
}
