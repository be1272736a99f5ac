//! Alert policies, uptime checks and notification channels.

use crate::client::Reply;
use crate::scene::Scene;
use fakecloud::World;
use serde_json::{Value, json};

const BASE: &str = "/v3/projects/harbour-dev";

fn scene() -> Scene {
    Scene::with(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/monitoring.editor"))
}

fn make(scene: &Scene, kind: &str, body: &Value) -> Reply {
    scene.call("monitoring", "POST", &format!("{BASE}/{kind}"), Some(body))
}

fn policy() -> Value {
    json!({"displayName": "web: errors", "combiner": "OR", "userLabels": {"managed_by": "slipway", "service": "web"},
        "conditions": [{"displayName": "share", "conditionPrometheusQueryLanguage":
            {"query": "vector(1) > 2", "duration": "300s", "evaluationInterval": "60s"}}]})
}

fn uptime() -> Value {
    json!({"displayName": "web /", "period": "60s", "timeout": "10s", "httpCheck": {"path": "/", "useSsl": true},
        "monitoredResource": {"type": "uptime_url", "labels": {"project_id": "harbour-dev", "host": "web.run.app"}}})
}

#[test]
fn a_policy_is_made_found_changed_and_deleted() {
    let scene = scene();
    let made = make(&scene, "alertPolicies", &policy()).json();
    let name = made["name"].as_str().expect("a name").to_owned();
    assert_eq!((&made["enabled"], &made["displayName"]), (&json!(true), &json!("web: errors")));
    let found = |filter: &str| {
        let path = format!("{BASE}/alertPolicies?filter={}", filter.replace('"', "%22").replace(' ', "%20"));
        scene.get("monitoring", &path).json()["alertPolicies"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(found("user_labels.managed_by=\"slipway\" AND user_labels.service=\"web\""), 1);
    assert_eq!(found("user_labels.service=\"api\""), 0);
    let path = format!("/v3/{name}");
    let body = json!({"displayName": "other", "combiner": "AND"});
    let changed = scene.call("monitoring", "PATCH", &format!("{path}?updateMask=display_name"), Some(&body)).json();
    assert_eq!((&changed["displayName"], &changed["combiner"]), (&json!("other"), &json!("OR")));
    assert_eq!(scene.call("monitoring", "DELETE", &path, None).status, 200);
    assert_eq!(scene.get("monitoring", &path).status, 404);
    assert!(scene.cloud.unexpected().is_empty());
}

#[test]
fn the_laws_are_kept() {
    let scene = scene();
    let changed = |mut body: Value, pointer: &str, value: Value| {
        *body.pointer_mut(pointer).expect("a field") = value;
        body
    };
    for (kind, body) in [
        ("alertPolicies", changed(policy(), "/combiner", json!(null))),
        ("alertPolicies", changed(policy(), "/conditions", json!([]))),
        ("alertPolicies", changed(policy(), "/userLabels", json!({"Managed": "x"}))),
        ("uptimeCheckConfigs", changed(uptime(), "/period", json!("30s"))),
        ("uptimeCheckConfigs", changed(uptime(), "/timeout", json!("61s"))),
        ("uptimeCheckConfigs", changed(uptime(), "/monitoredResource/labels", json!({}))),
        ("notificationChannels", json!({"type": "email", "labels": {}})),
    ] {
        assert_eq!(make(&scene, kind, &body).status, 400, "{kind} {body}");
    }
    let mut unknown = policy();
    unknown["notificationChannels"] = json!(["projects/harbour-dev/notificationChannels/1"]);
    assert_eq!(make(&scene, "alertPolicies", &unknown).status, 404);
    let check = make(&scene, "uptimeCheckConfigs", &uptime()).json();
    let path = format!("/v3/{}?updateMask=monitoredResource", check["name"].as_str().expect("a name"));
    let other = changed(uptime(), "/monitoredResource/labels/host", json!("other.run.app"));
    assert_eq!(scene.call("monitoring", "PATCH", &path, Some(&other)).status, 400, "it cannot be changed");
}

#[test]
fn what_a_policy_uses_stays() {
    let scene = scene();
    let body = json!({"type": "email", "displayName": "ops", "labels": {"email_address": "ops@example.com"}});
    let channel = make(&scene, "notificationChannels", &body).json()["name"].clone();
    let mut using = policy();
    using["notificationChannels"] = json!([channel]);
    assert_eq!(make(&scene, "alertPolicies", &using).status, 200);
    let path = format!("/v3/{}", channel.as_str().expect("a name"));
    assert_eq!(scene.call("monitoring", "DELETE", &path, None).status, 400);
    assert_eq!(scene.call("monitoring", "DELETE", &format!("{path}?force=true"), None).status, 200);
}

#[test]
fn the_five_roles_do_not_open_it() {
    let scene = Scene::new();
    let reply = make(&scene, "alertPolicies", &policy());
    assert_eq!((reply.status, reply.reason().as_deref()), (403, Some("IAM_PERMISSION_DENIED")));
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/monitoring.alertPolicyEditor"));
    assert_eq!(make(&scene, "alertPolicies", &policy()).status, 200);
    assert_eq!(make(&scene, "uptimeCheckConfigs", &uptime()).status, 403);
}
