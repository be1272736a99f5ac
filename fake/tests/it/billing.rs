//! Who pays for a project, and the budgets that watch what is spent.

use crate::client::Reply;
use crate::scene::Scene;
use fakecloud::World;
use serde_json::{Value, json};

const INFO: &str = "/v1/projects/harbour-dev/billingInfo";

fn base() -> String {
    format!("/v1/{}/budgets", World::BILLING)
}

fn scene() -> Scene {
    Scene::with(|world| world.grant_on_billing(World::DEPLOYER, "roles/billing.costsManager"))
}

fn make(scene: &Scene, body: &Value) -> Reply {
    scene.call("billingbudgets", "POST", &base(), Some(body))
}

fn budget() -> Value {
    json!({"displayName": "mine", "budgetFilter": {"projects": ["projects/harbour-dev"]},
        "amount": {"specifiedAmount": {"units": "50"}}, "thresholdRules": [{"thresholdPercent": 0.9}]})
}

#[test]
fn whoever_sees_the_project_sees_who_pays() {
    let scene = Scene::new();
    let info = || scene.get("cloudbilling", INFO).json();
    assert_eq!((&info()["billingAccountName"], &info()["billingEnabled"]), (&json!(World::BILLING), &json!(true)));
    scene.cloud.world(|world| world.billing().open = false);
    assert_eq!((&info()["billingAccountName"], &info()["billingEnabled"]), (&json!(World::BILLING), &json!(false)));
    scene.cloud.world(|world| world.home().billing = false);
    assert_eq!((&info()["billingAccountName"], &info()["billingEnabled"]), (&json!(""), &json!(false)));
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "resourcemanager.projects.get"));
    assert_eq!(scene.get("cloudbilling", INFO).status, 403);
}

#[test]
fn a_budget_is_made_found_changed_and_deleted() {
    let scene = scene();
    let made = make(&scene, &budget()).json();
    assert_eq!(made["budgetFilter"]["projects"], json!(["projects/123456789012"]));
    assert_eq!(made["amount"]["specifiedAmount"], json!({"currencyCode": "USD", "units": "50"}));
    let listed = || scene.get("billingbudgets", &base()).json()["budgets"].clone();
    assert_eq!(listed(), json!([made]));
    let path = format!("/v1/{}", made["name"].as_str().expect("a name"));
    assert_eq!(scene.get("billingbudgets", &path).json(), made);
    let change =
        |body: Value| scene.call("billingbudgets", "PATCH", &format!("{path}?updateMask=displayName"), Some(&body));
    let changed = change(json!({"displayName": "other", "etag": made["etag"], "thresholdRules": []})).json();
    assert_eq!((&changed["displayName"], &changed["thresholdRules"]), (&json!("other"), &made["thresholdRules"]));
    assert_ne!(changed["etag"], made["etag"]);
    assert_eq!(change(json!({"displayName": "stale", "etag": made["etag"]})).status, 409);
    assert_eq!(change(json!({"displayName": "forced"})).status, 200);
    for _ in 0..2 {
        assert_eq!(scene.call("billingbudgets", "DELETE", &path, None).status, 200, "gone already is as good");
    }
    assert_eq!((scene.get("billingbudgets", &path).status, listed()), (404, Value::Null));
    assert_eq!(scene.cloud.world(|world| world.count("budget deleted")), 1);
    assert!(scene.cloud.unexpected().is_empty());
}

#[test]
fn the_laws_of_budgets_are_kept() {
    let scene = scene();
    let with = |field: &str, value: Value| {
        let mut body = budget();
        body[field] = value;
        body
    };
    let pounds = json!({"specifiedAmount": {"units": "50", "currencyCode": "GBP"}});
    let both = json!({"specifiedAmount": {"units": "50"}, "lastPeriodAmount": {}});
    let channel = json!({"monitoringNotificationChannels": ["projects/harbour-dev/notificationChannels/1"]});
    for body in [
        with("amount", json!({})),
        with("amount", pounds),
        with("amount", both),
        with("displayName", json!("x".repeat(61))),
        with("thresholdRules", json!([{"thresholdPercent": -1}])),
        with("budgetFilter", json!({"projects": ["projects/nobody"]})),
        with("notificationsRule", channel),
    ] {
        assert_eq!(make(&scene, &body).status, 400, "{body}");
    }
    assert_eq!(make(&scene, &with("amount", json!({"lastPeriodAmount": {}}))).status, 200);
}

#[test]
fn roles_on_the_account_open_every_budget() {
    let scene = Scene::new();
    assert_eq!(scene.get("billingbudgets", &base()).status, 403);
    let held = || {
        let asked = json!({"permissions": ["billing.budgets.list", "billing.budgets.create"]});
        let path = format!("/v1/{}:testIamPermissions", World::BILLING);
        scene.post("cloudbilling", &path, &asked).json()["permissions"].clone()
    };
    assert_eq!(held(), Value::Null);
    scene.cloud.world(|world| world.grant_on_billing(World::DEPLOYER, "roles/billing.viewer"));
    assert_eq!((scene.get("billingbudgets", &base()).status, make(&scene, &budget()).status), (200, 403));
    assert_eq!(held(), json!(["billing.budgets.list"]));
    scene.cloud.world(|world| world.disable_api("billingbudgets.googleapis.com"));
    assert_eq!(scene.get("billingbudgets", &base()).reason().as_deref(), Some("SERVICE_DISABLED"));
}

#[test]
fn roles_on_the_project_open_budgets_of_it_alone() {
    let scene = Scene::with(|world| {
        world.add_project("other", "999");
        world.grant(World::PROJECT, World::DEPLOYER, "roles/viewer");
    });
    let scoped = format!("{}?scope=projects/harbour-dev", base());
    let listed = || scene.get("billingbudgets", &scoped).json()["budgets"].as_array().map_or(0, Vec::len);
    assert_eq!((scene.get("billingbudgets", &base()).status, scene.get("billingbudgets", &scoped).status), (403, 200));
    assert_eq!(scene.get("billingbudgets", &format!("{}?scope=projects/other", base())).status, 403);
    assert_eq!(make(&scene, &budget()).status, 403, "a viewer writes nothing");
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/editor"));
    let made = make(&scene, &budget()).json();
    assert_eq!(listed(), 1);
    for projects in [json!([]), json!(["projects/harbour-dev", "projects/other"]), json!(["projects/other"])] {
        let mut body = budget();
        body["budgetFilter"]["projects"] = projects;
        assert_eq!(make(&scene, &body).status, 403, "{body}");
    }
    let path = format!("/v1/{}", made["name"].as_str().expect("a name"));
    scene.cloud.world(|world| {
        let budget = world.billing().budgets.values_mut().next().expect("the budget");
        budget["ownershipScope"] = json!("BILLING_ACCOUNT");
    });
    assert_eq!(scene.call("billingbudgets", "DELETE", &path, None).status, 403, "the account keeps it for itself");
    assert_eq!(scene.get("billingbudgets", &path).status, 200);
    assert!(scene.cloud.unexpected().is_empty());
}
