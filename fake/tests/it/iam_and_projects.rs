//! Projects, service accounts, enabled services, the registry's read side.

use crate::scene::{IMAGE, Scene};
use fakecloud::World;
use serde_json::{Value, json};

#[test]
fn a_project_reads_like_the_sample() {
    let scene = Scene::new();
    let body = scene.get("cloudresourcemanager", "/v3/projects/harbour-dev").json();
    assert_eq!(
        (&body["name"], &body["projectId"], &body["state"]),
        (&json!("projects/123456789012"), &json!("harbour-dev"), &json!("ACTIVE"))
    );
    assert_eq!(scene.get("cloudresourcemanager", "/v3/projects/123456789012").json(), body);
    assert_eq!(scene.get("cloudresourcemanager", "/v3/projects/elsewhere").status, 403);
}

#[test]
fn the_held_part_of_a_list_of_permissions_comes_back() {
    let scene = Scene::new();
    let test = |permissions: Value| {
        scene.post(
            "cloudresourcemanager",
            "/v3/projects/harbour-dev:testIamPermissions",
            &json!({"permissions": permissions}),
        )
    };
    let asked = json!([
        "run.services.update",
        "logging.logEntries.list",
        "monitoring.timeSeries.list",
        "iam.serviceAccounts.actAs"
    ]);
    assert_eq!(
        test(asked).json()["permissions"],
        json!(["run.services.update", "monitoring.timeSeries.list", "iam.serviceAccounts.actAs"])
    );
    assert_eq!(test(json!(["serviceusage.services.use"])).json(), json!({}));
    let reply = test(json!(["run.services.updat"]));
    assert_eq!((reply.status, &reply.json()["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    assert_eq!(test(json!(vec!["run.services.get"; 100])).status, 200);
    assert_eq!(test(json!(vec!["run.services.get"; 101])).status, 400);
}

#[test]
fn organisation_policies_show_the_switches() {
    let scene = Scene::new();
    let policy = |constraint: &str| {
        scene.post(
            "cloudresourcemanager",
            "/v1/projects/harbour-dev:getEffectiveOrgPolicy",
            &json!({"constraint": constraint}),
        )
    };
    let domains = "constraints/iam.allowedPolicyMemberDomains";
    assert_eq!(policy(domains).json(), json!({"constraint": domains, "listPolicy": {"allValues": "ALLOW"}}));
    scene.cloud.world(|world| world.home().members_restricted = true);
    assert!(policy(domains).json()["listPolicy"]["allowedValues"].is_array());
    let keys = "constraints/iam.disableServiceAccountKeyCreation";
    assert!(policy(keys).json()["booleanPolicy"].is_object());
    scene.cloud.world(|world| world.home().keys_forbidden = true);
    assert_eq!(policy(keys).json()["booleanPolicy"], json!({"enforced": true}));
    assert_eq!(policy("nonsense").status, 400);
}

#[test]
fn a_service_account_says_whether_it_is_disabled() {
    let scene = Scene::new();
    let path = format!("/v1/projects/harbour-dev/serviceAccounts/{}", World::COMPUTE);
    let body = scene.get("iam", &path).json();
    assert_eq!(body["name"], format!("projects/harbour-dev/serviceAccounts/{}", World::COMPUTE));
    assert!(body.get("disabled").is_none());
    scene.cloud.world(|world| world.accounts.get_mut(World::COMPUTE).expect("an account").disabled = true);
    assert_eq!(scene.get("iam", &path).json()["disabled"], true);
    assert_eq!(scene.get("iam", "/v1/projects/-/serviceAccounts/nobody@x").status, 403);
    assert_eq!(scene.get("iam", "/v1/projects/harbour-dev/serviceAccounts/nobody@x").status, 404);
}

#[test]
fn a_service_account_says_who_may_act_as_it() {
    let scene = Scene::new();
    let path = format!("/v1/projects/harbour-dev/serviceAccounts/{}:testIamPermissions", World::COMPUTE);
    let body = json!({"permissions": ["iam.serviceAccounts.actAs", "iam.serviceAccounts.getAccessToken"]});
    assert_eq!(scene.post("iam", &path, &body).json(), json!({"permissions": ["iam.serviceAccounts.actAs"]}));
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/iam.securityReviewer"));
    let path = format!("/v1/projects/harbour-dev/serviceAccounts/{}:getIamPolicy", World::COMPUTE);
    assert_eq!(scene.send("iam", "POST", &path, &[], None).json(), json!({"etag": "ACAB"}));
}

#[test]
fn services_are_listed_to_those_who_may_ask() {
    let scene = Scene::with(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/serviceusage.serviceUsageConsumer");
        world.disable_api("run.googleapis.com");
    });
    let body = scene.get("serviceusage", "/v1/projects/harbour-dev/services/run.googleapis.com").json();
    assert_eq!(
        (&body["name"], &body["state"]),
        (&json!("projects/123456789012/services/run.googleapis.com"), &json!("DISABLED"))
    );
    let path =
        "/v1/projects/harbour-dev/services:batchGet?names=projects%2Fharbour-dev%2Fservices%2Fiam.googleapis.com";
    assert_eq!(scene.get("serviceusage", path).json()["services"][0]["state"], "ENABLED");
}

#[test]
fn the_registry_is_read_by_readers() {
    let scene = Scene::with(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/artifactregistry.reader"));
    let digest = scene.cloud.world(|world| world.push_image(&format!("{IMAGE}:one"))).expect("a digest");
    let base = "/v1/projects/harbour-dev/locations/us-central1/repositories/app";
    let tag = scene.get("artifactregistry", &format!("{base}/packages/web/tags/one")).json();
    let package = "projects/harbour-dev/locations/us-central1/repositories/app/packages/web";
    assert_eq!(tag, json!({"name": format!("{package}/tags/one"), "version": format!("{package}/versions/{digest}")}));
    let image = scene.get("artifactregistry", &format!("{base}/dockerImages/web@{digest}")).json();
    assert_eq!((&image["uri"], &image["tags"]), (&json!(format!("{IMAGE}@{digest}")), &json!(["one"])));
    assert_eq!(scene.get("artifactregistry", &format!("{base}/packages/web/tags/two")).status, 404);
    assert_eq!(scene.get("artifactregistry", base).json()["format"], "DOCKER");
    assert_eq!(scene.get("artifactregistry", "/v1/projects/harbour-dev/locations/us/repositories/none").status, 404);
    let settings = scene.get("artifactregistry", "/v1/projects/harbour-dev/projectSettings").json();
    assert_eq!(settings["legacyRedirectionState"], "REDIRECTION_FROM_GCR_IO_FINALIZED");
}

#[test]
fn policies_and_keys_are_read_by_those_who_may() {
    let scene = Scene::with(|world| {
        world.add_secret(World::PROJECT, "db", "x");
        world.share_secret(World::PROJECT, "db", World::COMPUTE);
        world.push_image(&format!("{IMAGE}:one"));
        let name = "projects/harbour-dev/alertPolicies/1";
        world.monitoring.insert(name.into(), json!({"name": name}));
    });
    let account = format!("/v1/projects/-/serviceAccounts/{}/keys", World::DEPLOYER);
    let secret = "/v1/projects/harbour-dev/secrets/db:getIamPolicy";
    let repository = "/v1/projects/harbour-dev/locations/us-central1/repositories/app:getIamPolicy";
    let project = || scene.post("cloudresourcemanager", "/v3/projects/harbour-dev:getIamPolicy", &json!({}));
    let alerts = "/v3/projects/harbour-dev/alertPolicies?pageSize=100";
    assert_eq!(project().status, 403);
    let looks = [
        ("iam", account.as_str()),
        ("secretmanager", secret),
        ("artifactregistry", repository),
        ("monitoring", alerts),
    ];
    for (api, path) in looks {
        assert_eq!(scene.get(api, path).status, 403, "{path}");
    }
    scene.cloud.world(|world| {
        for role in ["roles/iam.securityReviewer", "roles/iam.serviceAccountKeyAdmin", "roles/monitoring.viewer"] {
            world.grant(World::PROJECT, World::DEPLOYER, role);
        }
    });
    let holds = |policy: &Value, role: &str| {
        policy["bindings"].as_array().is_some_and(|all| all.iter().any(|one| one["role"] == role))
    };
    assert!(holds(&project().json(), "roles/run.admin"));
    assert!(holds(&scene.get("secretmanager", secret).json(), "roles/secretmanager.secretAccessor"));
    assert_eq!(scene.get("artifactregistry", repository).json(), json!({"etag": "ACAB"}));
    assert_eq!(scene.get("secretmanager", "/v1/projects/harbour-dev/secrets/none:getIamPolicy").status, 404);
    assert_eq!(scene.get("monitoring", alerts).json()["alertPolicies"].as_array().map(Vec::len), Some(1));
    let keys = scene.get("iam", &account).json();
    let key = &keys["keys"][0];
    assert_eq!((&key["keyType"], key["validAfterTime"].is_string()), (&json!("USER_MANAGED"), true));
    let googles = scene.get("iam", &format!("{account}?keyTypes=SYSTEM_MANAGED")).json();
    let kinds: Vec<_> = googles["keys"].as_array().into_iter().flatten().map(|key| &key["keyType"]).collect();
    assert_eq!(kinds, ["SYSTEM_MANAGED"]);
}
