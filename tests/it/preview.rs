//! `slipway preview`: both halves of a pull request, seen by its reviewers alone, gone with it.

use fakecloud::World;
use serde_json::{Value, json};

use crate::hosting::{ROLE, SITE};
use crate::support::Scene;

const MANIFEST: &str = r#"
services:
  backend:
    source: app
    health_path: /health
    allow_unauthenticated: true
    min_instances: 1
  frontend:
    source: app
    build_args: { API: "${services.backend.url}" }
    env_vars: { API: "${services.backend.url}" }
hosting:
  web: { entry_point: site, site: harbour-dev, health_path: /, checks: ["GET /api/x 200"] }
"#;

/// The commit at the head of the pull request.
pub const HEAD: &str = "1234567890123456789012345678901234567890";

/// The same with candidates on the live services.
fn on_tags() -> Scene {
    let mut scene = scene();
    scene.input("preview_service", "false");
    scene
}

/// Both halves are live; a pull request changes them.
pub fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, ROLE));
    scene.input("service", "").input("source", "");
    scene.file("slipway.yml", MANIFEST);
    let rewrites = json!([{"source": "/api/**", "run": {"serviceId": "backend", "region": "us-central1"}}]);
    scene.file("site/firebase.json", json!({"hosting": {"public": "dist", "rewrites": rewrites}}).to_string());
    scene.file("site/dist/index.html", "live");
    scene.command(&["release"]).expect(0);
    scene.file("site/dist/index.html", "preview").file("app/main.py", "print('preview')\n");
    // What `actions/checkout` checks out is the merge that the run is about.
    scene.file(".git/HEAD", crate::support::SHA);
    event(&mut scene, "synchronize", "o/r");
    scene
}

/// The event of the pull request.
pub fn event(scene: &mut Scene, action: &str, from: &str) {
    let head = json!({"ref": "feature", "sha": HEAD, "repo": {"full_name": from}});
    let event = json!({"action": action, "pull_request": {"number": 7, "head": head}});
    scene.file("event.json", event.to_string());
    let path = scene.workspace().join("event.json");
    scene.variable("GITHUB_EVENT_PATH", path.to_str().unwrap()).variable("GITHUB_REF", "refs/pull/7/merge");
    scene.variable("GITHUB_EVENT_NAME", "pull_request");
}

pub fn page(scene: &Scene, channel: &str) -> Option<String> {
    scene.cloud.world(|world| {
        let files = world.hosting_site(SITE)?.files_on(channel);
        files.get("/index.html").map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    })
}

/// Revision, percent, tag.
pub fn traffic(scene: &Scene, service: &str) -> Vec<(String, u64, Option<String>)> {
    scene.cloud.world(|world| {
        let service = world.service("us-central1", service).expect("the service");
        service.serving.iter().map(|share| (share.revision.clone(), share.percent, share.tag.clone())).collect()
    })
}

fn tagged(scene: &Scene, service: &str) -> Option<String> {
    traffic(scene, service)
        .into_iter()
        .find(|(_, _, tag)| tag.as_deref() == Some("pr-7"))
        .map(|(revision, ..)| revision)
}

pub fn serving(scene: &Scene, service: &str) -> Vec<(String, u64)> {
    traffic(scene, service)
        .into_iter()
        .filter(|share| share.1 > 0)
        .map(|(revision, percent, _)| (revision, percent))
        .collect()
}

fn env(scene: &Scene, service: &str) -> Value {
    scene.cloud.world(|world| {
        let service = world.service("us-central1", service).unwrap();
        service.config["template"]["containers"][0]["env"][0]["value"].clone()
    })
}

#[test]
fn both_halves_are_seen_by_reviewers_alone() {
    let scene = on_tags();
    let before = (serving(&scene, "backend"), serving(&scene, "frontend"));
    let run = scene.command(&["preview"]).expect(0);
    // Digests hold the preview's address, which is another one in each test.
    let log: Vec<String> = run.log().lines().filter(|line| !line.contains("sha256:")).map(str::to_owned).collect();
    insta::assert_snapshot!("preview_log", log.join("\n"));
    assert_eq!((serving(&scene, "backend"), serving(&scene, "frontend")), before, "nobody else is sent there");
    assert_eq!((page(&scene, "live").as_deref(), page(&scene, "pr-7").as_deref()), (Some("live"), Some("preview")));
    let candidate = tagged(&scene, "backend").expect("a candidate");
    assert!(before.0.iter().all(|(revision, _)| *revision != candidate));
    // The frontend of the preview is built with the backend of the preview, and its site leads there.
    let address = scene.cloud.world(|world| world.service("us-central1", "backend").unwrap().tag_urls["pr-7"].clone());
    assert_eq!(env(&scene, "frontend"), address);
    let config = scene.cloud.world(|world| {
        world.hosting_site(SITE).unwrap().shown_on("pr-7").unwrap().config["rewrites"][0]["run"].clone()
    });
    assert_eq!(config["tag"], "pr-7");
    let urls: Value = serde_json::from_str(&run.outputs["urls"]).unwrap();
    assert_eq!(urls["backend"], address);
    assert_eq!((run.outputs["name"].as_str(), run.outputs["result"].as_str()), ("pr-7", "deployed"));
    let images = scene.cloud.world(|world| {
        let document = &world.builds.last().unwrap().document;
        document["images"].to_string()
    });
    assert!(images.contains(":pr-7") && !images.contains(":latest"), "{images}");

    // The next push: the same tag and the same channel.
    let run = scene.command(&["preview"]).expect(0);
    assert_ne!(tagged(&scene, "backend"), Some(candidate), "the tag has moved on");
    run.says("look at `web`");
    assert_eq!(scene.cloud.world(|world| world.count("channel created")), 1);
}

#[test]
fn a_closed_pull_request_takes_its_preview_along_and_twice_is_fine() {
    let mut scene = on_tags();
    scene.command(&["preview"]).expect(0);
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/artifactregistry.repoAdmin"));
    event(&mut scene, "closed", "o/r");
    let run = scene.command(&["preview"]).expect(0);
    insta::assert_snapshot!("cleanup_log", run.log());
    assert_eq!(run.outputs["result"], "removed");
    assert_eq!(
        (tagged(&scene, "backend"), tagged(&scene, "frontend"), page(&scene, "live").as_deref()),
        (None, None, Some("live"))
    );
    assert!(scene.cloud.world(|world| world.hosting_site(SITE).unwrap().channel("pr-7").is_none()));
    assert_eq!(scene.cloud.world(|world| world.count("image deleted")), 2);
    let effects = scene.cloud.world(|world| world.effects.len());
    scene.command(&["preview"]).expect(0).says("was not there");
    assert_eq!(scene.cloud.world(|world| world.effects.len()), effects, "there is nothing left to remove");
}

#[test]
fn a_preview_is_pushed_where_its_services_images_are_and_removed_from_there() {
    let mut scene = on_tags();
    scene.cloud.world(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/artifactregistry.repoAdmin");
        let image = "us-central1-docker.pkg.dev/harbour-dev/apps/backend";
        world.push_image(&format!("{image}:v1")).unwrap();
        let digest = world.digest_of(&format!("{image}:v1")).unwrap();
        let service = world.services.values_mut().find(|service| service.name.ends_with("/backend")).unwrap();
        service.config["template"]["containers"][0]["image"] = json!(format!("{image}@{digest}"));
    });
    scene.command(&["preview"]).expect(0);
    let there = |scene: &Scene, image: &str| scene.cloud.world(|world| world.digest_of(image).is_some());
    let (kept, other) =
        ("us-central1-docker.pkg.dev/harbour-dev/apps/backend:pr-7", "gcr.io/harbour-dev/frontend:pr-7");
    assert!(there(&scene, kept) && there(&scene, other));
    event(&mut scene, "closed", "o/r");
    let run = scene.command(&["preview"]).expect(0);
    run.says(&format!("Image `{kept}`")).says(&format!("Image `{other}`"));
    assert!(!there(&scene, kept) && !there(&scene, other));
}

#[test]
fn what_cannot_be_removed_is_named_and_the_rest_goes() {
    let mut scene = on_tags();
    scene.command(&["preview"]).expect(0);
    event(&mut scene, "closed", "o/r");
    // The five roles may not remove images.
    let run = scene.command(&["preview"]).expect(0);
    run.says("Image `gcr.io/harbour-dev/backend:pr-7` could not be removed");
    assert_eq!(tagged(&scene, "backend"), None);
    // A tag that stays is still there to be seen.
    event(&mut scene, "synchronize", "o/r");
    scene.command(&["preview"]).expect(0);
    event(&mut scene, "closed", "o/r");
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.services.update"));
    let run = scene.command(&["preview"]).expect(4);
    run.says("Tag `pr-7` of service `backend` in `us-central1` could not be removed");
    assert!(
        scene.cloud.world(|world| world.hosting_site(SITE).unwrap().channel("pr-7").is_none()),
        "the channel is gone"
    );
}

#[test]
fn a_promoted_candidate_keeps_serving_when_its_pull_request_is_closed() {
    let mut scene = on_tags();
    scene.command(&["preview"]).expect(0);
    let candidate = tagged(&scene, "backend").unwrap();
    scene.input("service", "backend").input("tag", "pr-7").input("preview_service", "");
    scene.command(&["promote"]).expect(0);
    scene.input("service", "").input("tag", "");
    event(&mut scene, "closed", "o/r");
    scene.command(&["preview"]).expect(0).says("serves");
    assert_eq!(serving(&scene, "backend"), [(candidate, 100)]);
}

#[test]
fn forks_are_refused_unless_a_person_approves() {
    let mut scene = scene();
    event(&mut scene, "synchronize", "stranger/r");
    let before = scene.cloud.world(|world| world.effects.len());
    let run = scene.command(&["preview"]).expect(2);
    insta::assert_snapshot!("fork", run.failure());
    assert_eq!(scene.cloud.world(|world| world.effects.len()), before);
    scene.input("allow_forks", "approved");
    scene.command(&["preview"]).expect(0);
}

#[test]
fn a_service_that_is_not_there_has_no_candidate() {
    let mut scene = on_tags();
    scene.file(
        "slipway.yml",
        MANIFEST.replace("backend:\n", "backend:\n    service: backend-new\n").replace("    min_instances: 1\n", ""),
    );
    let run = scene.command(&["preview"]).expect(2);
    run.says("`preview_service: false`");
    scene.input("preview_service", "");
    scene.command(&["preview"]).expect(0);
}

#[test]
fn a_run_about_no_pull_request_is_a_mistake() {
    let mut scene = scene();
    scene
        .variable("GITHUB_EVENT_PATH", "")
        .variable("GITHUB_REF", "refs/heads/main")
        .variable("GITHUB_EVENT_NAME", "push");
    scene.command(&["preview"]).expect(2).says("this run is about no pull request");
}

#[test]
fn a_region_full_of_tags_is_told_before_anything_is_built() {
    let scene = on_tags();
    let fill = |count: usize| {
        scene.cloud.world(|world| {
            let service = world.services.values_mut().find(|service| service.name.ends_with("/frontend")).unwrap();
            let revision = service.latest_ready.clone().unwrap();
            let tag = |number: usize| json!({"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": revision, "tag": format!("pr-{}", number + 100)});
            let latest = json!({"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100});
            let all: Vec<Value> = std::iter::once(latest).chain((0..count).map(tag)).collect();
            service.config.insert("traffic".to_owned(), Value::Array(all));
        });
    };
    fill(2000);
    let builds = scene.cloud.world(|world| world.count("build created"));
    scene.command(&["preview"]).expect(5).says("2000 of 2000 traffic tags, 2000 of them of previews");
    assert_eq!(scene.cloud.world(|world| world.count("build created")), builds);
}

#[test]
fn a_preview_and_its_removal_need_no_key() {
    let mut scene = scene();
    scene.cloud.world(World::trust_github);
    scene.input("credentials_json", "");
    scene.input("workload_identity_provider", World::PROVIDER).input("service_account", World::DEPLOYER);
    crate::keyless::in_job(&mut scene);
    scene.command(&["preview"]).expect(0);
    assert_eq!(page(&scene, "pr-7").as_deref(), Some("preview"));
    event(&mut scene, "closed", "o/r");
    scene.command(&["preview"]).expect(0);
    assert_eq!(page(&scene, "pr-7"), None);
}
