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

#[test]
fn an_expression_that_hosting_cannot_have_is_found_at_the_beginning() {
    let mut scene = scene();
    scene.file("firebase.json", include_str!("cases/lookahead.json")).file("public/index.html", "x");
    let run = scene.command(&["hosting"]).expect(2);
    run.says("firebase.json, `hosting.rewrites[0].regex`: `(?!` is a negative lookahead");
    run.says("write what it excludes as a rule of its own before this one");
    assert!(scene.calls().is_empty(), "nothing was sent");
    // What is only not known here is Hosting's to judge.
    scene
        .file("firebase.json", r#"{"hosting": {"public": "dist", "headers": [{"regex": "\\Q/a\\E", "headers": []}]}}"#);
    let run = scene.command(&["hosting"]);
    run.says("`hosting.headers[0].regex`: Hosting may not take this expression (RE2): unrecognized escape sequence");
    assert_eq!(run.code, 8, "the embedded cloud does not take it either");
}

#[test]
fn the_file_may_have_another_name_and_place_and_values_of_its_environment() {
    let mut scene = scene();
    std::fs::remove_file(scene.workspace().join("firebase.json")).unwrap();
    scene.file(
        "deploy/firebase.staging.json",
        r#"{"hosting": {"public": "../dist", "headers": [{"source": "**", "headers": [{"key": "X-Stage", "value": "${values.stage}-${values.number}"}]}]}}"#,
    );
    scene.input("firebase_json", "deploy/firebase.staging.json");
    let run = scene.command(&["hosting"]).expect(2);
    run.says("deploy/firebase.staging.json, `hosting.headers[0].headers[0].value`: there is no value `stage`");
    scene.input("values", "stage: staging\nnumber: 7");
    let run = scene.command(&["hosting"]).expect(2);
    run.says("deploy/firebase.staging.json, `hosting.public`: `../dist` lies outside of the project");
    let text = std::fs::read_to_string(scene.workspace().join("deploy/firebase.staging.json")).unwrap();
    scene.file("deploy/firebase.staging.json", text.replace("../dist", "dist"));
    std::fs::rename(scene.workspace().join("dist"), scene.workspace().join("deploy/dist")).unwrap();
    scene.command(&["hosting"]).expect(0);
    assert_eq!(super::config(&scene, "live")["headers"][0]["headers"]["X-Stage"], "staging-7");
    assert_eq!(shown(&scene, "live").len(), 3);
    scene.input("firebase_json", "deploy/gone.json");
    scene.command(&["hosting"]).expect(2).says("there is no file `deploy/gone.json` in `.`");
    scene.input("firebase_json", "../../outside.json");
    scene.command(&["hosting"]).expect(2);
}
