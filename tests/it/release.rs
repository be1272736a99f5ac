//! `slipway release`: services and sites as one. All of it is out, or none of it is.

use fakecloud::{Action, Fault, Page, RevisionScript, Site, World};
use serde_json::{Value, json};

use crate::hosting::{ROLE, SITE};
use crate::support::Scene;

const MANIFEST: &str = r#"
services:
  backend:
    source: app
    health_path: /health
    allow_unauthenticated: true
    env_vars:
      ENVIRONMENT: ${environment}
      TOKEN: ${values.TOKEN}
hosting:
  web:
    entry_point: site
    site: harbour-dev
    health_path: /
environments:
  staging:
    services:
      backend: { memory: 512Mi }
"#;

/// A backend and a frontend whose `/api` is the backend.
pub fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, ROLE));
    scene.input("service", "").input("source", "");
    scene.input("environment", "staging").input("values", "TOKEN: s3cret-value-0123");
    scene.file("slipway.yml", MANIFEST);
    let rewrites = json!([{"source": "/api/**", "run": {"serviceId": "backend", "region": "us-central1"}}]);
    scene.file("site/firebase.json", json!({"hosting": {"public": "dist", "rewrites": rewrites}}).to_string());
    scene.file("site/dist/index.html", "first");
    scene
}

/// The same, released once.
fn released() -> Scene {
    let scene = scene();
    scene.command(&["release"]).expect(0);
    scene
}

fn shown(scene: &Scene) -> String {
    scene.cloud.world(|world| {
        let files = world.hosting_site(SITE).unwrap().files_on("live");
        String::from_utf8_lossy(files.get("/index.html").map_or(&b"nothing"[..], Vec::as_slice)).into_owned()
    })
}

/// Who serves: revision and percent.
fn serving(scene: &Scene, service: &str) -> Vec<(String, u64)> {
    scene.cloud.world(|world| {
        let service = world.service("us-central1", service).expect("the service");
        let serving = service.serving.iter().filter(|share| share.percent > 0);
        serving.map(|share| (share.revision.clone(), share.percent)).collect()
    })
}

fn count(scene: &Scene, effect: &str) -> usize {
    scene.cloud.world(|world| world.count(effect))
}

#[test]
fn both_halves_are_released_and_one_summary_tells_of_them() {
    let mut scene = scene();
    let run = scene.command(&["release"]).expect(0);
    insta::assert_snapshot!("first_log", run.log());
    assert_eq!(shown(&scene), "first");
    assert_eq!(run.outputs["result"], "released");
    let urls: Value = serde_json::from_str(&run.outputs["urls"]).unwrap();
    assert!(urls["backend"].as_str().unwrap().starts_with("http") && urls["web"].as_str().unwrap().starts_with("http"));

    scene.file("site/dist/index.html", "second").file("app/main.py", "print('second')\n");
    let run = scene.command(&["release"]).expect(0);
    insta::assert_snapshot!("second_log", run.log());
    insta::assert_snapshot!("second_summary", run.summary());
    assert_eq!(shown(&scene), "second");
    assert_eq!(serving(&scene, "backend").len(), 1);
    assert_eq!((count(&scene, "build created"), count(&scene, "release created")), (2, 2));
    let env = scene.cloud.world(|world| world.service("us-central1", "backend").unwrap().config["template"].clone());
    assert_eq!(env["containers"][0]["env"][0], json!({"name": "ENVIRONMENT", "value": "staging"}));
    run.does_not_say("s3cret-value-0123");
}

#[test]
fn a_site_that_fails_takes_the_backend_back() {
    let mut scene = released();
    let before = serving(&scene, "backend");
    scene.file("site/dist/index.html", "ill").file("app/main.py", "print('second')\n");
    scene
        .file("slipway.yml", MANIFEST.replace("    health_path: /\n", "    health_path: /\n    health_timeout: 10s\n"));
    scene.cloud.world(|world| world.break_site(SITE, 2, 500));
    let run = scene.command(&["release"]).expect(9);
    insta::assert_snapshot!("site_fails_log", run.log());
    insta::assert_snapshot!("site_fails_summary", run.summary());
    assert_eq!((shown(&scene), serving(&scene, "backend")), ("first".to_owned(), before));
    let moved = run.log().find("receives every request").expect("the backend had moved");
    assert!(moved < run.log().find("going back").unwrap(), "it shifted, and came back");
}

#[test]
fn a_backend_that_fails_keeps_the_site_unseen() {
    let mut scene = released();
    let before = serving(&scene, "backend");
    scene.file("site/dist/index.html", "second").file("app/main.py", "print('second')\n");
    scene.file("slipway.yml", MANIFEST.replace("/health\n", "/health\n    health_timeout: 10s\n"));
    scene.cloud.world(|world| {
        let ill = Site::healthy().with("/health", Page::text(500, "no database"));
        world.next_revisions.push_back(RevisionScript::answering(ill));
    });
    let run = scene.command(&["release"]).expect(9);
    insta::assert_snapshot!("backend_fails", run.failure());
    assert_eq!((shown(&scene), serving(&scene, "backend")), ("first".to_owned(), before));
    assert_eq!(count(&scene, "release created"), 1, "the site was never released");
    assert_eq!(count(&scene, "version deleted"), 1, "and what was uploaded is gone");
}

#[test]
fn a_build_that_fails_changes_nothing_anywhere() {
    let mut scene = released();
    let before = serving(&scene, "backend");
    scene.file("app/Dockerfile", "FROM python:3.13-slim\nCOPY missing.py .\n").file("site/dist/index.html", "second");
    scene.command(&["release"]).expect(6).says("backend: ");
    assert_eq!((shown(&scene), serving(&scene, "backend")), ("first".to_owned(), before));
    assert_eq!(count(&scene, "version created"), 1, "nothing is uploaded for it");
}

/// Two services, the second of which is built with the address of the first.
const CHAIN: &str = r#"
services:
  backend:
    source: app
    health_path: /health
    allow_unauthenticated: true
  frontend:
    source: app
    build_args: { API: "${services.backend.url}" }
    env_vars: { API: "${services.backend.url}/v1" }
hosting:
  web: { entry_point: site, site: harbour-dev }
"#;

#[test]
fn a_later_part_knows_the_address_of_an_earlier_one() {
    let mut scene = scene();
    scene.input("environment", "").input("values", "").file("slipway.yml", CHAIN);
    let address =
        |scene: &Scene| scene.cloud.world(|world| world.service("us-central1", "backend").unwrap().uri().to_owned());
    let api = |scene: &Scene| {
        let config =
            scene.cloud.world(|world| world.service("us-central1", "frontend").unwrap().config["template"].clone());
        config["containers"][0]["env"][0]["value"].as_str().unwrap().to_owned()
    };
    // New: it is deployed first, because nobody knows its address before.
    scene.command(&["release"]).expect(0);
    assert_eq!(api(&scene), format!("{}/v1", address(&scene)));
    // There: its address is known, and everything moves together.
    scene.file("app/main.py", "print('second')\n");
    scene.command(&["release"]).expect(0);
    assert_eq!(api(&scene), format!("{}/v1", address(&scene)));
    let args = scene.cloud.world(|world| world.builds.last().unwrap().document["steps"].to_string());
    assert!(args.contains(&format!("API={}", address(&scene))), "{args}");
}

#[test]
fn a_site_keeps_to_the_revision_it_is_released_with() {
    let mut scene = released();
    let rewrites = json!([{"source": "/api/**", "run": {"serviceId": "backend", "pinTag": true}}]);
    scene.file("site/firebase.json", json!({"hosting": {"public": "dist", "rewrites": rewrites}}).to_string());
    scene.file("app/main.py", "print('second')\n");
    let run = scene.command(&["release"]).expect(0);
    let serving = serving(&scene, "backend");
    scene.cloud.world(|world| {
        let service = world.service("us-central1", "backend").unwrap();
        let traffic = service.config["traffic"].as_array().unwrap();
        let pin = traffic.iter().find(|share| share["tag"].as_str().is_some_and(|tag| tag.starts_with("fh-")));
        let pin = pin.unwrap_or_else(|| panic!("no pin in {traffic:?}\n{}", run.log()));
        assert_eq!(pin["revision"].as_str(), Some(serving[0].0.as_str()), "the new revision");
        assert_eq!(
            world.hosting_site(SITE).unwrap().shown_on("live").unwrap().config["rewrites"][0]["run"]["tag"],
            pin["tag"]
        );
        assert_eq!(traffic.iter().filter(|share| share["tag"].is_string()).count(), 1, "the run's own tag is gone");
    });
}

#[test]
fn a_plan_of_both_halves_changes_nothing() {
    let mut scene = released();
    scene.input("dry_run", "true").file("site/dist/index.html", "second");
    scene.file("slipway.yml", MANIFEST.replace("512Mi", "1Gi"));
    let before = scene.cloud.world(|world| world.effects.len());
    let run = scene.command(&["release"]).expect(0);
    insta::assert_snapshot!("plan", run.log());
    assert_eq!(scene.cloud.world(|world| world.effects.len()), before);
}

#[test]
fn mistakes_of_all_parts_are_told_at_once() {
    let mut scene = scene();
    scene.input("environment", "");
    scene.file("slipway.yml", MANIFEST.replace("memory: 512Mi", "memroy: 1").replace("site: harbour-dev", "site: -x"));
    let run = scene.command(&["release"]).expect(2);
    insta::assert_snapshot!("mistakes", run.log());
    assert!(scene.calls().is_empty());
}

/// Where a release of both can be cut off.
const POINTS: [(&str, u32); 6] = [
    ("cloudbuild.projects.locations.builds.get", 0),
    ("firebasehosting.upload.file", 0),
    ("run.projects.locations.services.patch", 0),
    ("run.projects.locations.services.patch", 1),
    ("firebasehosting.projects.sites.channels.releases.create", 0),
    ("hosting.request", 0),
];

fn cut_off(call: &'static str, skip: u32) -> Scene {
    let mut scene = released();
    scene.file("site/dist/index.html", "second").file("app/main.py", "print('second')\n");
    scene.cloud.world(|world| world.faults.push(Fault::lost_reply(call, Action::Hang).skip(skip)));
    scene
}

fn reach<'a>(scene: &'a Scene, call: &str, skip: u32) -> crate::support::Running<'a> {
    let wanted = scene.cloud.calls(call).len() + skip as usize + 1;
    let running = scene.start(&["release"]);
    let begun = std::time::Instant::now();
    while scene.cloud.calls(call).len() < wanted {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{call} never came");
        std::thread::yield_now();
    }
    running
}

#[test]
fn a_cancelled_release_takes_both_halves_back() {
    for (call, skip) in POINTS {
        let scene = cut_off(call, skip);
        let before = serving(&scene, "backend");
        let running = reach(&scene, call, skip);
        running.signal("TERM");
        let run = running.finish().expect(143);
        assert_eq!(
            (shown(&scene).as_str(), serving(&scene, "backend")),
            ("first", before),
            "{call} {skip}\n{}",
            run.log()
        );
    }
}

#[test]
fn a_killed_release_is_ended_by_the_post_stage() {
    for (call, skip) in POINTS {
        let scene = cut_off(call, skip);
        let before = serving(&scene, "backend");
        let running = reach(&scene, call, skip);
        running.signal("KILL");
        let killed = running.finish().expect(137);
        let post = scene.post(&killed).expect(0);
        assert_eq!(
            (shown(&scene).as_str(), serving(&scene, "backend")),
            ("first", before),
            "{call} {skip}\n{}",
            post.log()
        );
    }
}

#[test]
fn a_build_over_budget_stops_both_halves() {
    let mut scene = released();
    let (served, page) = (serving(&scene, "backend"), shown(&scene));
    let strict = "    source: app\n    enforce_budgets: true\n    max_build_time: 2m\n";
    scene.file("slipway.yml", MANIFEST.replace("    source: app\n", strict));
    scene.file("app/main.py", "print('slow')\n").file("site/dist/index.html", "second");
    let script = fakecloud::BuildScript { took: Some(std::time::Duration::from_secs(200)), ..Default::default() };
    scene.cloud.world(|world| world.next_builds.push_back(script));
    let run = scene.command(&["release"]).expect(6);
    run.says("`backend` is not deployed, because its build is over budget: the build took 3m 20s");
    assert_eq!((serving(&scene, "backend"), shown(&scene)), (served, page));
}
