//! `slipway monitoring`: alerts and an uptime check, made once, put right, removed.

use fakecloud::{Action, Fault, World};
use serde_json::{Value, json};

use crate::support::Scene;

const POLICY: &str = "monitoring.projects.alertPolicies.create";
const CHECK: &str = "monitoring.projects.uptimeCheckConfigs.create";
const CHANNEL: &str = "monitoring.projects.notificationChannels.create";

/// A deployed service, and an account that may set up its monitoring.
pub fn scene() -> Scene {
    let mut scene = Scene::deployed();
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/monitoring.editor"));
    scene.input("source", "").input("uptime_path", "/health").input("notification_channels", "ops@example.com");
    scene
}

/// What is there, by the label `kind`; channels by their type.
fn there(scene: &Scene) -> Vec<(String, Value)> {
    let kind =
        |one: &Value| one["userLabels"]["kind"].as_str().or(one["type"].as_str()).unwrap_or("somebody's").to_owned();
    let mut all: Vec<(String, Value)> =
        scene.cloud.world(|world| world.monitoring.values().map(|one| (kind(one), one.clone())).collect());
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn kinds(scene: &Scene) -> Vec<String> {
    there(scene).into_iter().map(|(kind, _)| kind).collect()
}

fn of(scene: &Scene, kind: &str) -> Value {
    there(scene).into_iter().find(|(known, _)| known == kind).map(|(_, one)| one).expect("it is there")
}

/// How often something of Monitoring was changed.
fn writes(scene: &Scene) -> usize {
    let words = ["alert policy", "uptime check", "notification channel"];
    let is_one = |what: &str| words.iter().any(|word| what.starts_with(word));
    scene.cloud.world(|world| world.effects.iter().filter(|effect| is_one(effect.what)).count())
}

const ALL: [&str; 5] = ["email", "error_rate", "latency_p95", "uptime", "uptime_alert"];

#[test]
fn everything_is_made_once_and_a_second_run_changes_nothing() {
    let scene = scene();
    let run = scene.command(&["monitoring"]).expect(0);
    insta::assert_snapshot!("monitoring_log", run.log());
    insta::assert_snapshot!("monitoring_summary", run.summary());
    assert_eq!((run.outputs["result"].as_str(), kinds(&scene)), ("applied", ALL.map(str::to_owned).to_vec()));
    let channel = of(&scene, "email")["name"].clone();
    let query = |kind: &str| {
        let policy = of(&scene, kind);
        assert_eq!(policy["notificationChannels"], json!([channel]));
        let condition = &policy["conditions"][0]["conditionPrometheusQueryLanguage"];
        condition["query"].as_str().unwrap().to_owned()
    };
    assert!(query("error_rate").contains("> 0.05 and"), "{}", query("error_rate"));
    assert!(query("latency_p95").ends_with("> 2000"), "{}", query("latency_p95"));
    let check = of(&scene, "uptime");
    assert_eq!(check["httpCheck"]["path"], "/health");
    // Nobody was let in, so Monitoring has to say who it is.
    assert_eq!(check["httpCheck"]["serviceAgentAuthentication"]["type"], "OIDC_TOKEN");
    let id = check["name"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let alert = of(&scene, "uptime_alert")["conditions"][0]["conditionThreshold"]["filter"].clone();
    assert!(alert.as_str().unwrap().contains(&format!("check_id=\"{id}\"")), "{alert}");

    let before = (there(&scene), writes(&scene));
    let again = scene.command(&["monitoring"]).expect(0);
    assert_eq!(again.outputs["result"], "unchanged");
    assert_eq!((there(&scene), writes(&scene)), before);
}

#[test]
fn many_instances_are_told_of_where_that_is_asked_for_and_no_more_once_it_is_not() {
    let mut scene = scene();
    scene.input("instances", "8");
    scene.command(&["monitoring"]).expect(0);
    let policy = of(&scene, "instances");
    assert!(policy["displayName"].as_str().unwrap().ends_with("more than 8 instances run"), "{policy}");
    let query = policy["conditions"][0]["conditionPrometheusQueryLanguage"]["query"].as_str().unwrap();
    assert!(query.contains("container_instance_count") && query.ends_with("> 8"), "{query}");
    scene.input("instances", "off");
    scene.command(&["monitoring"]).expect(0);
    assert_eq!(kinds(&scene), ALL);
    scene.input("instances", "many");
    scene.command(&["monitoring"]).expect(2).says("instances");
}

#[test]
fn a_lost_reply_to_a_creation_makes_one() {
    for call in [POLICY, CHECK, CHANNEL] {
        for action in [Action::Reset, Action::status(503), Action::Garbage] {
            let scene = scene();
            scene.cloud.world(|world| world.faults.push(Fault::lost_reply(call, action)));
            scene.command(&["monitoring"]).expect(0).says("Looking whether it was made");
            assert_eq!(kinds(&scene), ALL, "{call}");
        }
        // One that never arrived is asked for again.
        let scene = scene();
        scene.cloud.world(|world| world.faults.push(Fault::next(call, Action::Reset)));
        scene.command(&["monitoring"]).expect(0);
        assert_eq!(kinds(&scene), ALL, "{call}");
    }
}

#[test]
fn what_differs_is_put_right_and_nothing_else() {
    let mut scene = scene();
    scene.command(&["monitoring"]).expect(0);
    scene.input("error_rate", "1%");
    // Somebody turned an alert off by hand.
    scene.cloud.world(|world| {
        let one = world.monitoring.values_mut().find(|one| one["userLabels"]["kind"] == "latency_p95").unwrap();
        one["enabled"] = json!(false);
    });
    let before = writes(&scene);
    let run = scene.command(&["monitoring"]).expect(0);
    assert_eq!((writes(&scene) - before, kinds(&scene)), (2, ALL.map(str::to_owned).to_vec()));
    assert_eq!(of(&scene, "latency_p95")["enabled"], true);
    let fields: Vec<Value> =
        run.report()["monitoring"].as_array().unwrap().iter().map(|one| one["fields"].clone()).collect();
    assert!(fields.contains(&json!(["enabled"])), "{fields:?}");
    assert!(of(&scene, "error_rate")["displayName"].as_str().unwrap().contains("more than 1 %"));
}

#[test]
fn what_is_not_asked_for_any_more_goes_and_what_others_made_stays() {
    let mut scene = scene();
    scene.cloud.world(|world| {
        let name = "projects/harbour-dev/alertPolicies/7".to_owned();
        world.monitoring.insert(name.clone(), json!({"name": name, "displayName": "mine"}));
    });
    scene.command(&["monitoring"]).expect(0);
    scene.input("uptime_path", "off");
    scene.command(&["monitoring"]).expect(0);
    assert_eq!(kinds(&scene), ["email", "error_rate", "latency_p95", "somebody's"]);
    scene.input("uptime_path", "").input("notification_channels", "").input("state", "absent");
    let run = scene.command(&["monitoring"]).expect(0);
    assert_eq!((run.outputs["result"].as_str(), kinds(&scene)), ("removed", vec!["email".into(), "somebody's".into()]));
    let again = scene.command(&["monitoring"]).expect(0);
    assert_eq!(again.outputs["result"], "unchanged");
}

#[test]
fn another_address_gets_another_check() {
    let scene = scene();
    scene.command(&["monitoring"]).expect(0);
    let old = scene.cloud.world(|world| {
        let one = world.monitoring.values_mut().find(|one| one["userLabels"]["kind"] == "uptime").unwrap();
        one["monitoredResource"]["labels"]["host"] = json!("old.run.app");
        one["name"].clone()
    });
    scene.command(&["monitoring"]).expect(0);
    assert_eq!(kinds(&scene), ALL);
    let new = of(&scene, "uptime")["name"].clone();
    assert_ne!(new, old);
    let id = new.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert!(of(&scene, "uptime_alert")["conditions"].to_string().contains(&id));
}

#[test]
fn a_plan_says_what_would_be_done_and_does_nothing() {
    let mut scene = scene();
    scene.input("dry_run", "true");
    let run = scene.command(&["monitoring"]).expect(0);
    run.says("+ alert policy = `web (us-central1): more than 5 % of the requests fail`").says("+ uptime check");
    assert_eq!((run.outputs["result"].as_str(), writes(&scene)), ("planned", 0));
    scene.input("dry_run", "");
    scene.command(&["monitoring"]).expect(0);
    scene.input("dry_run", "true").input("latency_p95", "500ms");
    let before = writes(&scene);
    scene.command(&["monitoring"]).expect(0).says("~ alert policy = ");
    assert_eq!(writes(&scene), before);
}

#[test]
fn the_five_roles_are_too_few_and_the_missing_ones_are_named() {
    let scene = scene();
    scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/monitoring.editor"));
    let run = scene.command(&["monitoring"]).expect(4);
    run.says("nothing was changed").says("lacks `monitoring.alertPolicies.create`, to make an alert policy");
    for role in
        ["alertPolicyEditor", "uptimeCheckConfigEditor", "notificationChannelViewer", "notificationChannelEditor"]
    {
        run.says(&format!("--role=roles/monitoring.{role} --condition=None"));
        scene.cloud.world(|world| {
            world.grant(World::PROJECT, World::DEPLOYER, &format!("roles/monitoring.{role}"));
        });
    }
    assert_eq!(writes(&scene), 0);
    // What was named is enough.
    scene.command(&["monitoring"]).expect(0);
}

#[test]
fn mistakes_are_told_before_anything_is_made() {
    let mut scene = scene();
    scene.input("notification_channels", "On call");
    scene.command(&["monitoring"]).expect(2).says("has no notification channel `On call`");
    scene.input("error_rate", "five").input("latency_p95", "0s").input("uptime_path", "healthz").input("state", "gone");
    let run = scene.command(&["monitoring"]).expect(2);
    for name in ["error_rate", "latency_p95", "uptime_path", "state"] {
        run.says(&format!("* {name}: "));
    }
    assert_eq!(writes(&scene), 0);
}

#[test]
fn a_public_service_is_asked_without_a_token() {
    let mut scene = scene();
    scene.input("uptime_path", "").input("notification_channels", "").input("source", "app");
    scene.input("allow_unauthenticated", "true");
    scene.run().expect(0);
    scene.input("allow_unauthenticated", "").input("source", "");
    scene.command(&["monitoring"]).expect(0);
    assert!(of(&scene, "uptime")["httpCheck"].get("serviceAgentAuthentication").is_none());
}
