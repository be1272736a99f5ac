//! Policies of buckets and services: read, changed, guarded.

use crate::scene::{BUCKET, SERVICES, Scene, hello};
use fakecloud::World;
use serde_json::{Value, json};

#[test]
fn a_bucket_policy_is_changed_under_its_etag() {
    let scene = Scene::new();
    scene.stage("a", b"1");
    let path = format!("/storage/v1/b/{BUCKET}/iam?optionsRequestedPolicyVersion=3");
    let mut policy = scene.get("storage", &path).json();
    assert_eq!((&policy["kind"], &policy["version"]), (&json!("storage#policy"), &json!(1)));
    let member = format!("serviceAccount:{}", World::COMPUTE);
    policy["bindings"]
        .as_array_mut()
        .expect("bindings")
        .push(json!({"role": "roles/storage.objectAdmin", "members": [member]}));
    let set = |policy: &Value| scene.call("storage", "PUT", &format!("/storage/v1/b/{BUCKET}/iam"), Some(policy));
    let changed = set(&policy).json();
    assert_ne!(changed["etag"], policy["etag"]);
    assert!(scene.cloud.world(|world| world.buckets[BUCKET].policy.holds("roles/storage.objectAdmin", &member)));
    // The old etag is stale now.
    let stale = set(&policy);
    assert_eq!((stale.status, &stale.json()["error"]["errors"][0]["reason"]), (412, &json!("conditionNotMet")));
    policy["etag"] = changed["etag"].clone();
    policy["bindings"] = json!([{"role": "roles/storage.objectAdmin", "members": ["serviceAccount:nobody@nowhere.iam.gserviceaccount.com"]}]);
    assert_eq!(set(&policy).message(), "Service account nobody@nowhere.iam.gserviceaccount.com does not exist.");
    policy["bindings"] = json!([{"role": "roles/made.up", "members": ["allUsers"]}]);
    assert_eq!(set(&policy).status, 400);
    assert_eq!(scene.cloud.world(|world| world.count("iam changed")), 1);
}

#[test]
fn an_enforced_prevention_keeps_the_public_out() {
    let scene = Scene::new();
    let body = json!({"name": BUCKET, "iamConfiguration": {"publicAccessPrevention": "enforced"}});
    scene.post("storage", "/storage/v1/b?project=harbour-dev", &body);
    let policy = json!({"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]});
    assert_eq!(scene.call("storage", "PUT", &format!("/storage/v1/b/{BUCKET}/iam"), Some(&policy)).status, 412);
}

#[test]
fn a_bucket_says_what_the_caller_may_do() {
    let scene = Scene::new();
    scene.stage("a", b"1");
    let path = format!(
        "/storage/v1/b/{BUCKET}/iam/testPermissions?permissions=storage.objects.create&permissions=storage.objects.get"
    );
    assert_eq!(
        scene.get("storage", &path).json(),
        json!({"kind": "storage#testIamPermissionsResponse", "permissions": ["storage.objects.create", "storage.objects.get"]})
    );
    scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/storage.admin"));
    assert_eq!(scene.get("storage", &path).json(), json!({"kind": "storage#testIamPermissionsResponse"}));
    let bad = format!("/storage/v1/b/{BUCKET}/iam/testPermissions?permissions=run.services.get");
    assert_eq!(scene.get("storage", &bad).status, 400);
}

#[test]
fn a_service_is_opened_under_its_etag() {
    let scene = Scene::new();
    scene.deploy("web", &hello());
    let get = || scene.get("run", &format!("{SERVICES}/web:getIamPolicy?options.requestedPolicyVersion=3")).json();
    let set = |policy: Value| {
        scene.post(
            "run",
            &format!("{SERVICES}/web:setIamPolicy"),
            &json!({"policy": policy, "updateMask": "bindings,etag"}),
        )
    };
    assert_eq!(get(), json!({"etag": "ACAB"}));
    let open = json!([{"role": "roles/run.invoker", "members": ["allUsers"]}]);
    let changed = set(json!({"etag": "ACAB", "bindings": open, "version": 3}));
    assert_eq!((changed.status, &changed.json()["bindings"]), (200, &open));
    assert_eq!(get(), changed.json());
    let stale = set(json!({"etag": "ACAB", "bindings": []}));
    assert_eq!((stale.status, &stale.json()["error"]["status"]), (409, &json!("ABORTED")));
    assert_eq!(set(json!({"bindings": [{"role": "roles/run.invoker", "members": ["everyone"]}]})).status, 400);
    assert_eq!(scene.cloud.world(|world| world.count("iam changed")), 1);
}

#[test]
fn an_organisation_may_forbid_the_public_as_in_the_sample() {
    let scene = Scene::with(|world| world.home().members_restricted = true);
    scene.deploy("web", &hello());
    let body = json!({"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}});
    let reply = scene.post("run", &format!("{SERVICES}/web:setIamPolicy"), &body);
    assert_eq!(
        reply.json(),
        json!({"error": {"code": 400, "status": "FAILED_PRECONDITION",
            "message": "One or more users named in the policy do not belong to a permitted customer,  perhaps due to an organization policy.",
            "details": [{"@type": "type.googleapis.com/google.rpc.PreconditionFailure", "violations": [{
                "type": "constraints/iam.allowedPolicyMemberDomains",
                "subject": "orgpolicy:projects/harbour-dev?configvalue=allUsers",
                "description": "User allUsers is not in permitted organization."}]}]}})
    );
    // Members of the organisation may be granted.
    let member = format!("serviceAccount:{}", World::COMPUTE);
    let body = json!({"policy": {"bindings": [{"role": "roles/run.invoker", "members": [member]}]}});
    assert_eq!(scene.post("run", &format!("{SERVICES}/web:setIamPolicy"), &body).status, 200);
}

#[test]
fn a_service_says_what_the_caller_may_do() {
    let scene = Scene::new();
    scene.deploy("web", &hello());
    let test = |permissions: Value| {
        scene.post("run", &format!("{SERVICES}/web:testIamPermissions"), &json!({"permissions": permissions}))
    };
    assert_eq!(
        test(json!(["run.services.get", "run.routes.invoke"])).json()["permissions"],
        json!(["run.services.get", "run.routes.invoke"])
    );
    assert_eq!(test(json!(["storage.objects.get"])).status, 400);
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.services.get"));
    assert_eq!(test(json!(["run.services.get"])).json(), json!({}));
}
