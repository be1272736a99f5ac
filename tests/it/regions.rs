//! The same deploy to several regions: side by side, all or none.

use fakecloud::{Action, Fault, Page, RevisionScript, Site};
use serde_json::Value;

use crate::support::Scene;

const REGIONS: [&str; 3] = ["us-central1", "europe-west1", "asia-east1"];

fn everywhere() -> Scene {
    let mut scene = Scene::new();
    scene.input("regions", &REGIONS.join(", ")).input("allow_unauthenticated", "true").input("health_path", "/health");
    scene.run().expect(0);
    scene.input("env_vars", "CHANGED: 1").input("health_timeout", "5s");
    scene
}

/// Per region: who is to serve, and whether a rollout is written down there.
fn serving(scene: &Scene) -> Vec<(Vec<String>, bool)> {
    scene.cloud.world(|world| {
        REGIONS
            .iter()
            .map(|region| {
                let service = world.service(region, "web").unwrap();
                let targets = service.config.get("traffic").and_then(Value::as_array).cloned().unwrap_or_default();
                let words = targets.iter().map(|target| {
                    let name = target["revision"].as_str().unwrap_or("latest");
                    format!("{name} {}", target["percent"].as_u64().unwrap_or(0))
                });
                let open =
                    service.config.get("annotations").is_some_and(|notes| notes.get("slipway.dev/rollout").is_some());
                (words.collect(), open)
            })
            .collect()
    })
}

#[test]
fn one_build_serves_in_every_region() {
    let scene = everywhere();
    let run = scene.run().expect(0);
    assert_eq!(serving(&scene), vec![(vec!["latest 100".to_owned()], false); 3]);
    scene.cloud.world(|world| {
        assert_eq!(world.count("build created"), 2, "one for each run");
        assert_eq!(world.count("revision created"), 6);
    });
    let urls: Value = serde_json::from_str(&run.outputs["urls"]).unwrap();
    assert_eq!(urls.as_object().unwrap().keys().collect::<Vec<_>>(), REGIONS);
    insta::assert_snapshot!("regions_summary_part", {
        let summary = run.summary();
        summary[summary.find("### Regions").unwrap()..summary.find("### Build").unwrap()].to_owned()
    });
    assert_eq!(run.report()["regions"].as_array().unwrap().len(), 3);
}

#[test]
fn one_bad_region_turns_all_of_them_back() {
    let scene = everywhere();
    let before = scene
        .cloud
        .world(|world| REGIONS.map(|region| world.service(region, "web").unwrap().serving[0].revision.clone()));
    // The candidate of one region is ill; which one gets this script depends on who comes first.
    scene.cloud.world(|world| {
        let ill = Site::healthy().with("/health", Page::text(500, "database is gone"));
        world.next_revisions.push_back(RevisionScript::answering(ill));
    });
    let run = scene.run().expect(9);
    for (serves, before) in serving(&scene).into_iter().zip(&before) {
        assert_eq!(serves, (vec![format!("{before} 100")], false), "{}", run.log());
    }
    run.says("database is gone").says("serves as before");
    scene.cloud.world(|world| {
        let new: Vec<String> = world.revisions.iter().map(|revision| revision.name.clone()).collect();
        for revision in new.iter().filter(|name| !before.contains(name)) {
            assert_eq!(world.requests_of(revision), 0, "nobody met {revision}");
        }
    });
}

#[test]
fn a_failure_after_the_traffic_moved_turns_all_of_them_back() {
    let scene = everywhere();
    let before = scene
        .cloud
        .world(|world| REGIONS.map(|region| world.service(region, "web").unwrap().serving[0].revision.clone()));
    // Three candidates pass; then one public address answers no more.
    scene.cloud.world(|world| {
        world.faults.push(Fault::next("site.request", Action::status(500)).skip(3).times(Fault::FOREVER));
    });
    let run = scene.run().expect(9);
    for (serves, before) in serving(&scene).into_iter().zip(&before) {
        assert_eq!(serves, (vec![format!("{before} 100")], false), "{}", run.log());
    }
}

#[test]
fn a_cancelled_run_leaves_every_region_as_it_was() {
    let scene = everywhere();
    scene.cloud.world(|world| {
        world.faults.push(Fault::next("run.projects.locations.services.patch", Action::Hang).skip(4));
    });
    let running = crate::interrupted::reach(&scene, "run.projects.locations.services.patch", 4);
    running.signal("TERM");
    let run = running.finish().expect(143);
    for (serves, open) in serving(&scene) {
        assert!(!open && serves.len() == 1, "{serves:?}\n{}", run.log());
    }
}

#[test]
fn mistakes_about_regions_are_told() {
    let mut scene = Scene::new();
    scene.input("regions", "us-central1, us-central1, Nowhere!").input("region", "us-central1");
    scene.run().expect(2).says("stands there twice").says("`region` is given too");
}
