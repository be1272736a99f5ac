//! What a service must satisfy to be accepted.

use crate::scene::{SERVICES, Scene, hello};
use fakecloud::World;
use serde_json::{Value, json};

#[track_caller]
fn refused(change: impl FnOnce(&mut Value), sentence: &str) {
    let scene = Scene::new();
    let mut body = hello();
    change(&mut body);
    let (status, message) = scene.undeployable("web", &body);
    assert_eq!(status, 400, "{message}");
    assert!(message.contains(sentence), "{message}");
    assert!(scene.cloud.world(|world| world.services.is_empty()));
}

#[track_caller]
fn accepted(change: impl FnOnce(&mut Value)) {
    let scene = Scene::new();
    let mut body = hello();
    change(&mut body);
    let done = scene.deploy("web", &body);
    assert!(done.get("error").is_none(), "{done}");
}

fn container(field: &'static str, value: Value) -> impl FnOnce(&mut Value) {
    move |body| body["template"]["containers"][0][field] = value
}

fn template(field: &'static str, value: Value) -> impl FnOnce(&mut Value) {
    move |body| body["template"][field] = value
}

#[test]
fn names_follow_the_rules() {
    let scene = Scene::new();
    for bad in ["Web", "1web", "web-", "web_1", &"w".repeat(50)] {
        assert_eq!(scene.undeployable(bad, &hello()).0, 400, "{bad}");
    }
    assert_eq!(scene.undeployable(&"w".repeat(49), &hello()).0, 200);
    let path = "/v2/projects/harbour-dev/locations/atlantis/services/web?allowMissing=true";
    assert_eq!(scene.call("run", "PATCH", path, Some(&hello())).status, 501);
    let listed = scene.call("run", "GET", "/v1/projects/harbour-dev/locations?pageSize=100", None).json();
    assert!(listed["locations"].as_array().expect("regions").iter().any(|one| one["locationId"] == "us-central1"));
    let mut other = hello();
    other["name"] = json!("projects/harbour-dev/locations/us-central1/services/api");
    assert_eq!(scene.undeployable("web", &other).0, 400);
}

#[test]
fn revision_names_begin_with_the_services() {
    accepted(template("revision", json!("web-1a2b3c4-7")));
    refused(template("revision", json!("api-1")), "must be prefixed by the name of the enclosing service");
    refused(template("revision", json!("web-ABC")), "lower-case");
    refused(template("revision", json!(format!("web-{}", "x".repeat(60)))), "63");
}

#[test]
fn a_revision_name_is_used_once() {
    let scene = Scene::new();
    let mut body = hello();
    body["template"]["revision"] = json!("web-1");
    scene.deploy("web", &body);
    // The same again is nothing new; another template under the name is refused.
    assert!(scene.deploy("web", &body).get("error").is_none());
    body["template"]["timeout"] = json!("60s");
    let (status, message) = scene.undeployable("web", &body);
    assert_eq!(
        (status, message.as_str()),
        (409, "Revision named 'web-1' with different configuration already exists.")
    );
    assert_eq!(scene.cloud.world(|world| world.revisions.len()), 1);
    // Without a name one is made up.
    body["template"].as_object_mut().expect("a template").remove("revision");
    scene.deploy("web", &body);
    let name = scene.cloud.world(|world| world.revisions[1].name.clone());
    assert!(name.starts_with("web-00002-") && name.len() == 13, "{name}");
}

#[test]
fn labels_keep_out_of_googles_namespaces() {
    accepted(|body| {
        body["labels"] = json!({"managed-by": "slipway"});
        body["annotations"] = json!({"slipway/run": "Any Text 1.2"});
        body["template"]["labels"] = json!({"commit-sha": "1a2b3c4"});
    });
    for namespace in
        ["run.googleapis.com/x", "cloud.googleapis.com/x", "serving.knative.dev/x", "autoscaling.knative.dev/x"]
    {
        let key = json!({namespace: "y"});
        refused(|body| body["labels"] = key.clone(), "does not support the namespace");
        refused(|body| body["annotations"] = key.clone(), "does not support the namespace");
        refused(template("labels", key.clone()), "does not support the namespace");
        refused(template("annotations", key.clone()), "does not support the namespace");
    }
    refused(|body| body["labels"] = json!({"branch": "Feature/X"}), "Label 'branch' is not valid");
}

#[test]
fn variables_are_named_once_and_not_reserved() {
    let env = |list: Value| container("env", list);
    accepted(env(json!([{"name": "A", "value": "{\"a\": [1, 2]}"}, {"name": "B"}])));
    refused(env(json!([{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])), "set more than once");
    let reference = json!({"secretKeyRef": {"secret": "s", "version": "1"}});
    refused(env(json!([{"name": "A", "value": "1"}, {"name": "A", "valueSource": reference}])), "set more than once");
    refused(env(json!([{"name": "A", "value": "1", "valueSource": reference}])), "both a value and a value source");
    for reserved in ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"] {
        refused(env(json!([{"name": reserved, "value": "1"}])), "reserved env names");
    }
    refused(env(json!([{"name": "", "value": "1"}])), "Invalid environment variable name");
    refused(env(json!([{"name": "A=B", "value": "1"}])), "Invalid environment variable name");
    refused(env(json!([{"name": "A", "value": "x".repeat(32769)}])), "is longer than");
    refused(
        env(json!([{"name": "A", "valueSource": {"secretKeyRef": {"secret": "s"}}}])),
        "must name a secret and a version",
    );
}

#[test]
fn cpu_and_memory_must_fit_each_other() {
    let limits = |cpu: &str, memory: &str| {
        container("resources", json!({"limits": {"cpu": cpu, "memory": memory}, "cpuIdle": true}))
    };
    accepted(limits("1", "512Mi"));
    accepted(limits("4", "2Gi"));
    refused(limits("4", "1Gi"), "For 4.0 CPU, memory must be between 2Gi and 16Gi inclusive.");
    refused(limits("1", "8Gi"), "For 1.0 CPU, memory must be between 128Mi and 4Gi inclusive.");
    refused(limits("3", "2Gi"), "Invalid value specified for cpu");
    refused(limits("1", "512"), "memory must be between");
    refused(limits("1", "512MB"), "Invalid value specified for memory");
    let half = json!({"limits": {"cpu": "0.5", "memory": "512Mi"}, "cpuIdle": true});
    accepted(container("resources", half.clone()));
    refused(
        |body| {
            body["template"]["containers"][0]["resources"] = half;
            body["template"]["maxInstanceRequestConcurrency"] = json!(10);
        },
        "Total cpu < 1 is not supported with concurrency > 1.",
    );
    refused(container("resources", json!({"limits": {"cpu": "0.5", "memory": "512Mi"}})), "always allocated");
}

#[test]
fn concurrency_timeout_and_scaling_have_limits() {
    accepted(template("maxInstanceRequestConcurrency", json!(1000)));
    refused(template("maxInstanceRequestConcurrency", json!(1001)), "between 1 and 1000");
    accepted(template("timeout", json!("3600s")));
    refused(template("timeout", json!("3601s")), "between 1 second and 60 minutes");
    refused(template("timeout", json!("five minutes")), "Invalid value at 'service.template.timeout'");
    accepted(template("scaling", json!({"minInstanceCount": 1, "maxInstanceCount": 3})));
    refused(template("scaling", json!({"minInstanceCount": 4, "maxInstanceCount": 3})), "must not exceed the maximum");
}

#[test]
fn one_container_has_ports() {
    refused(template("containers", json!([])), "at least one container");
    refused(container("image", json!("")), "Expected a valid container image path");
    refused(container("image", json!("UPPER/case")), "Expected a valid container image path");
    accepted(container("ports", json!([{"containerPort": 3000, "name": "h2c"}])));
    refused(container("ports", json!([{"containerPort": 3000, "name": "http"}])), "must be 'http1' or 'h2c'");
    refused(container("ports", json!([{"containerPort": 0}])), "between 1 and 65535");
    refused(container("ports", json!([{"containerPort": 1}, {"containerPort": 2}])), "Only a single port");
    let image = "us-docker.pkg.dev/cloudrun/container/hello";
    let pair = |first: Value, second: Value| template("containers", json!([first, second]));
    let plain = json!({"name": "side", "image": image});
    let open = json!({"name": "main", "image": image, "ports": [{"containerPort": 8080}]});
    accepted(pair(open.clone(), plain.clone()));
    refused(
        pair(open.clone(), json!({"image": image, "ports": [{"containerPort": 1}]})),
        "exactly one container with an exposed port",
    );
    refused(pair(plain.clone(), plain.clone()), "exactly one container with an exposed port");
    let mut dependent = open;
    dependent["dependsOn"] = json!(["nobody"]);
    refused(pair(dependent, plain), "There is no container");
}

#[test]
fn probes_volumes_and_networks_are_looked_at() {
    accepted(container(
        "startupProbe",
        json!({"httpGet": {"path": "/health"}, "periodSeconds": 10, "timeoutSeconds": 5}),
    ));
    refused(container("startupProbe", json!({"httpGet": {}, "tcpSocket": {}})), "exactly one of");
    refused(
        container("startupProbe", json!({"tcpSocket": {}, "periodSeconds": 5, "timeoutSeconds": 6})),
        "must not exceed its period",
    );
    refused(container("startupProbe", json!({"tcpSocket": {}, "periodSeconds": 241})), "between 1 and 240");
    refused(container("volumeMounts", json!([{"name": "v", "mountPath": "/x"}])), "No volume with the name 'v'");
    refused(
        template("volumes", json!([{"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}])),
        "a name of its own",
    );
    accepted(|body| {
        body["template"]["volumes"] = json!([{"name": "v", "emptyDir": {}}]);
        body["template"]["containers"][0]["volumeMounts"] = json!([{"name": "v", "mountPath": "/x"}]);
    });
    refused(
        template("vpcAccess", json!({"connector": "c", "networkInterfaces": [{"network": "n"}]})),
        "can not be used together",
    );
}

#[test]
fn traffic_adds_up_and_tags_fit() {
    const LATEST: &str = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
    let traffic = |list: Value| move |body: &mut Value| body["traffic"] = list;
    refused(traffic(json!([{"type": LATEST, "percent": 99}])), "must sum to 100, but they sum to 99");
    refused(traffic(json!([{"type": LATEST, "percent": 60}, {"type": LATEST, "percent": 41}])), "sum to 101");
    refused(traffic(json!([{"percent": 100}])), "must have a type");
    refused(traffic(json!([{"type": LATEST, "percent": 33.3}])), "Invalid value at 'service.traffic[0].percent'");
    refused(traffic(json!([{"type": LATEST, "percent": 100, "tag": "Blue"}])), "must be lower-case letters");
    accepted(traffic(json!([{"type": LATEST, "percent": 100, "tag": "c1a2b3c4"}])));
    accepted(traffic(json!([])));
}

#[test]
fn a_tag_too_long_is_refused_as_in_the_sample() {
    let scene = Scene::new();
    let mut body = hello();
    let tag = "candidate-1a2b3c4d5e6f-1234567890";
    body["traffic"] = json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100, "tag": tag}]);
    let reply = scene.call("run", "PATCH", &format!("{SERVICES}/my-quite-long-api?allowMissing=true"), Some(&body));
    assert_eq!(
        reply.json(),
        json!({"error": {"code": 400, "status": "INVALID_ARGUMENT",
            "message": "traffic[].tag: traffic tag 'candidate-1a2b3c4d5e6f-1234567890' and service name 'my-quite-long-api' together are too long. Combined traffic tag and service name cannot exceed 46 characters.",
            "details": [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [
                {"field": "traffic[].tag", "description": "traffic tag and service name together are too long."}]}]}})
    );
    // 33 and 13 make 46.
    assert_eq!(scene.undeployable("thirteen-char", &body).0, 200);
    assert_eq!(scene.undeployable("fourteen-chars", &body).0, 400);
}

#[test]
fn the_caller_must_be_allowed_to_act_as_the_runtime_account() {
    let revoke = |world: &mut World| world.revoke(World::PROJECT, World::DEPLOYER, "roles/iam.serviceAccountUser");
    let scene = Scene::with(revoke);
    let reply = scene.undeployable("web", &hello());
    assert_eq!(
        reply,
        (
            403,
            format!(
                "Permission 'iam.serviceaccounts.actAs' denied on service account {} (or it may not exist).",
                World::COMPUTE
            )
        )
    );
    let scene = Scene::with(|world| {
        revoke(world);
        world.add_account(World::PROJECT, "web@harbour-dev.iam.gserviceaccount.com");
        let account = world.accounts.get_mut("web@harbour-dev.iam.gserviceaccount.com").expect("an account");
        account.policy.grant("roles/iam.serviceAccountUser", &format!("serviceAccount:{}", World::DEPLOYER));
    });
    let mut body = hello();
    body["template"]["serviceAccount"] = json!("web@harbour-dev.iam.gserviceaccount.com");
    assert!(scene.deploy("web", &body).get("error").is_none());
    body["template"]["serviceAccount"] = json!("gone@harbour-dev.iam.gserviceaccount.com");
    assert_eq!(scene.undeployable("web", &body).0, 403);
}

#[test]
fn opening_without_a_policy_takes_the_right_to_set_one() {
    let scene = Scene::with(|world| world.deny(World::DEPLOYER, "run.services.setIamPolicy"));
    let mut body = hello();
    body["invokerIamDisabled"] = json!(true);
    assert_eq!(scene.undeployable("web", &body).0, 403);
    assert_eq!(scene.undeployable("web", &hello()).0, 200);
}
