//! `slipway status`: who serves, and what a service had to do, against measurements with known answers.

use fakecloud::{Snapshot, World};
use serde_json::json;

use crate::support::Scene;

/// A deployed service, and nothing given that says how to deploy one.
fn deployed() -> Scene {
    let mut scene = Scene::deployed();
    scene.input("source", "");
    scene
}

/// A service whose last day is known: 7, 22 and 150 minutes ago something was measured. Each lies in the middle of
/// its period, so the second at which a test runs does not matter.
fn measured() -> Scene {
    let scene = deployed();
    scene.cloud.world(|world| {
        let name = world.revisions[0].name.rsplit('/').next().unwrap().to_owned();
        let at = [7, 22, 150].map(|minutes| world.minutes_ago(minutes));
        let latencies: Vec<f64> = (1..=100).map(f64::from).collect();
        let metrics = world.metrics("web", &name);
        metrics.at(at[0], Snapshot::new(&[("2xx", 540), ("5xx", 60)], &latencies), 3);
        metrics.at(at[1], Snapshot::new(&[("2xx", 1200)], &[10.0]), 2);
        metrics.at(at[2], Snapshot::new(&[("2xx", 3600)], &[5000.0]), 5);
        // Another service's numbers are not this one's.
        metrics_of_another(world, at[0]);
    });
    scene
}

fn metrics_of_another(world: &mut World, at: i64) {
    world.metrics("api", "api-1").at(at, Snapshot::new(&[("5xx", 100_000)], &[60_000.0]), 100);
}

#[test]
fn the_last_hour_and_day_are_told_in_numbers_that_add_up() {
    let scene = measured();
    let before = scene.cloud.world(|world| world.services.values().next().unwrap().version);
    let run = scene.command(&["status"]).expect(0);
    for line in [
        "  requests      0.5/s       ·······█··▄·",
        "  errors (5xx)  3.33 %      ·······▁··█·",
        "  latency p50   50 ms                         50 ms",
        "  latency p95   95 ms       ·······▁··█·      96 ms       ·····················█",
        "  latency p99   99 ms                         100 ms",
        "  instances     up to 3     ·······▆··█·      up to 5",
    ] {
        run.says(line);
    }
    run.says("commit 0f0f0f0f0f0f").says("@sha256:");
    for (name, value) in [
        ("requests_per_second", "0.5"),
        ("error_rate", "0.03333"),
        ("latency_p95_ms", "95"),
        ("instances", "3"),
        ("result", "read"),
    ] {
        assert_eq!(run.outputs[name], value, "{name}");
    }
    let report = run.report();
    assert_eq!(report["day"]["requests_per_second"], json!(0.0625));
    assert_eq!(report["hour"]["periods"]["requests"][10], 600);
    assert_eq!(report["hour"]["periods"]["requests"][11], json!(null));
    assert_eq!(report["revisions"][0]["commit"], crate::support::SHA);
    insta::assert_snapshot!("status_summary", run.summary());
    // Nothing was written.
    let after = scene.cloud.world(|world| world.services.values().next().unwrap().version);
    assert_eq!(before, after);
    assert!(run.state.is_empty());
}

#[test]
fn what_has_no_data_says_so() {
    let scene = deployed();
    let run = scene.command(&["status"]).expect(0);
    run.says("  requests      no data").says("  instances     no data");
    run.says("Cloud Monitoring has measured nothing in the last day");
    assert!(!run.summary.contains("mermaid"), "{}", run.summary);
    assert!(!run.outputs.contains_key("error_rate"));
    assert_eq!(run.report()["hour"]["error_rate"], json!(null));
}

#[test]
fn a_candidate_without_traffic_is_listed_with_its_tag() {
    let mut scene = Scene::deployed();
    scene.input("no_traffic", "true").input("tag", "next");
    scene.run().expect(0);
    scene.input("no_traffic", "").input("tag", "").input("source", "");
    let report = scene.command(&["status"]).expect(0).report();
    let shares: Vec<_> = report["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["percent"].clone(), one["tags"].clone()))
        .collect();
    assert_eq!(shares, [(json!(100), json!([])), (json!(0), json!(["next"]))]);
}

#[test]
fn without_the_permission_the_rest_is_told_and_the_role_named() {
    let scene = measured();
    scene.cloud.world(|world| {
        world.denied.insert((World::DEPLOYER.to_owned(), "monitoring.timeSeries.list".to_owned()));
    });
    let run = scene.command(&["status"]).expect(0);
    run.says("The measurements are missing: could not read the metrics of service `web`: 403");
    run.says("roles/monitoring.viewer");
    run.says("100 %").says("no data");
}

#[test]
fn a_service_that_is_not_there_is_a_mistake_in_the_settings() {
    let mut scene = deployed();
    scene.input("service", "wep");
    scene.command(&["status"]).expect(2).says("There is no service `wep` in `us-central1`");
    scene.input("service", "");
    scene.command(&["status"]).expect(2).says("name the Cloud Run service");
}
