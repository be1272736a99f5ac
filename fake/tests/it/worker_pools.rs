//! Worker pools: made, read, changed, refused, deleted.

use crate::client::Reply;
use crate::scene::{SERVICES, Scene, hello};
use fakecloud::{RevisionOutcome, RevisionScript, World};
use serde_json::{Value, json};

const POOLS: &str = "/v2/projects/harbour-dev/locations/us-central1/workerPools";
const FULL: &str = "projects/harbour-dev/locations/us-central1/workerPools/mill";
const LATEST: &str = "INSTANCE_SPLIT_ALLOCATION_TYPE_LATEST";
const REVISION: &str = "INSTANCE_SPLIT_ALLOCATION_TYPE_REVISION";

fn patch(scene: &Scene, query: &str, body: &Value) -> Reply {
    scene.call("run", "PATCH", &format!("{POOLS}/mill?{query}"), Some(body))
}

/// Patches the pool and waits for the operation; returns its end.
fn deploy(scene: &Scene, body: &Value) -> Value {
    let reply = patch(scene, "allowMissing=true", body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    scene.wait(&reply.json())
}

fn pool(scene: &Scene) -> Value {
    scene.get("run", &format!("{POOLS}/mill")).json()
}

fn named(revision: &str) -> Value {
    let mut body = hello();
    body["template"]["revision"] = json!(revision);
    body["template"]["labels"] = json!({"commit-sha": revision});
    body
}

fn full(revision: &str) -> Value {
    json!(format!("{FULL}/revisions/{revision}"))
}

#[test]
fn a_first_deploy_runs_through_its_operation() {
    let scene = Scene::new();
    assert_eq!(scene.get("run", &format!("{POOLS}/mill")).status, 404);
    assert_eq!(patch(&scene, "", &hello()).status, 404, "only allowMissing makes a pool");
    let dry = patch(&scene, "allowMissing=true&validateOnly=true", &hello());
    assert_eq!(dry.status, 200);
    assert!(scene.cloud.world(|world| world.worker_pools.is_empty() && world.effects.is_empty()));

    let mut body = named("mill-1");
    body["scaling"] = json!({"manualInstanceCount": 3});
    let begun = patch(&scene, "allowMissing=true", &body).json();
    assert_eq!(begun["metadata"]["@type"], "type.googleapis.com/google.cloud.run.v2.WorkerPool");
    assert_eq!(begun["metadata"]["terminalCondition"]["state"], "CONDITION_RECONCILING");
    let path = format!("/v2/{}", begun["name"].as_str().expect("a name"));
    assert!(scene.get("run", &path).json().get("done").is_none());
    let done = scene.post("run", &format!("{path}:wait"), &json!({"timeout": "30s"})).json();
    assert_eq!(done["response"]["@type"], "type.googleapis.com/google.cloud.run.v2.WorkerPool");

    let pool = pool(&scene);
    assert_eq!((&pool["name"], &pool["generation"]), (&json!(FULL), &pool["observedGeneration"]));
    assert_eq!((&pool["latestReadyRevision"], &pool["latestCreatedRevision"]), (&full("mill-1"), &full("mill-1")));
    assert_eq!(pool["terminalCondition"]["state"], "CONDITION_SUCCEEDED");
    assert_eq!(pool["conditions"][0]["type"], "ConfigurationsReady");
    assert_eq!(pool["instanceSplits"], json!([{"type": LATEST, "percent": 100}]));
    assert_eq!(pool["instanceSplitStatuses"], json!([{"type": LATEST, "percent": 100}]));
    assert_eq!(pool["scaling"], json!({"manualInstanceCount": 3}));
    assert_eq!(pool["template"]["serviceAccount"], World::COMPUTE);
    let container = &pool["template"]["containers"][0];
    assert_eq!(container["resources"], json!({"limits": {"cpu": "1000m", "memory": "512Mi"}}));
    for absent in ["uri", "urls", "ingress", "trafficStatuses", "reconciling"] {
        assert!(pool.get(absent).is_none(), "{absent}");
    }
    scene.cloud.world(|world| {
        let whats: Vec<&str> = world.effects.iter().map(|effect| effect.what).collect();
        assert_eq!(whats, ["worker pool created", "revision created", "worker pool changed"]);
        assert!(world.worker_pool("us-central1", "mill").is_some() && world.services.is_empty());
    });
    assert_eq!(scene.cloud.unexpected(), Vec::<String>::new());
}

#[test]
fn a_pool_changes_with_and_without_a_new_revision() {
    let scene = Scene::new();
    deploy(&scene, &named("mill-1"));
    deploy(&scene, &named("mill-2"));
    assert_eq!(pool(&scene)["latestReadyRevision"], full("mill-2"));
    // How many instances there are is no matter of the revision.
    let scaled = patch(&scene, "updateMask=scaling", &json!({"scaling": {"manualInstanceCount": 0}})).json();
    assert_eq!(scene.wait(&scaled)["response"]["scaling"]["manualInstanceCount"], 0);
    let split = json!([{"type": REVISION, "revision": "mill-1", "percent": 75}, {"type": LATEST, "percent": 25}]);
    let begun = patch(&scene, "updateMask=instance_splits", &json!({"instanceSplits": split})).json();
    assert_eq!(scene.wait(&begun)["response"]["instanceSplitStatuses"], split);
    assert_eq!(scene.cloud.world(|world| world.count("revision created")), 2);

    let revisions = scene.get("run", &format!("{POOLS}/mill/revisions")).json();
    let names: Vec<&Value> =
        revisions["revisions"].as_array().expect("revisions").iter().map(|revision| &revision["name"]).collect();
    assert_eq!(names, [&full("mill-2"), &full("mill-1")]);
    let revision = scene.get("run", &format!("{POOLS}/mill/revisions/mill-1")).json();
    assert_eq!(revision["conditions"][0]["state"], "CONDITION_SUCCEEDED");
    assert_eq!(scene.get("run", &format!("{POOLS}/mill/revisions/mill-9")).status, 404);
    // A service of the same name is another thing.
    assert_eq!(scene.get("run", &format!("{SERVICES}/mill")).status, 404);
    let list = scene.get("run", POOLS).json();
    assert_eq!(list["workerPools"][0]["name"], FULL);
}

#[test]
fn a_failing_revision_keeps_the_old_one() {
    let scene = Scene::new();
    deploy(&scene, &named("mill-1"));
    let script =
        RevisionScript { log: vec!["no queue".to_owned()], ..RevisionScript::ending(RevisionOutcome::DoesNotListen) };
    scene.cloud.world(|world| world.next_revisions.push_back(script));
    let done = deploy(&scene, &named("mill-2"));
    assert_eq!(done["error"]["code"], 9);
    let text = done["error"]["message"].as_str().unwrap_or_default();
    assert!(text.contains("failed to start.") && text.contains("worker_pool_name") && !text.contains("PORT"), "{text}");
    let pool = pool(&scene);
    assert_eq!((&pool["latestReadyRevision"], &pool["latestCreatedRevision"]), (&full("mill-1"), &full("mill-2")));
    for condition in [&pool["terminalCondition"], &pool["conditions"][0]] {
        assert_eq!(condition["state"], "CONDITION_FAILED");
        assert_eq!(condition["revisionReason"], "HEALTH_CHECK_CONTAINER_ERROR");
    }
    assert_eq!(pool["instanceSplitStatuses"], json!([{"type": LATEST, "percent": 100}]));
    scene.cloud.world(|world| {
        let entry = world.log_entries.first().expect("an entry");
        assert_eq!((entry.resource.as_str(), entry.text.as_str()), ("cloud_run_worker_pool", "no queue"));
        assert_eq!(entry.labels.get("worker_pool_name").map(String::as_str), Some("mill"));
    });
    // The images and secrets of a pool are looked for as those of a service are.
    let mut lost = named("mill-3");
    lost["template"]["containers"][0]["image"] = json!("us-docker.pkg.dev/cloudrun/container/lost");
    assert_eq!(deploy(&scene, &lost)["error"]["code"], 5);
}

#[test]
fn the_etag_guards_against_a_lost_update() {
    let scene = Scene::new();
    deploy(&scene, &named("mill-1"));
    let mut change = named("mill-2");
    change["etag"] = pool(&scene)["etag"].clone();
    assert_eq!(deploy(&scene, &change)["done"], true);
    change["template"]["revision"] = json!("mill-3");
    let reply = patch(&scene, "", &change);
    assert_eq!((reply.status, &reply.json()["error"]["status"]), (409, &json!("ABORTED")));
    assert_eq!(scene.cloud.world(|world| world.revisions.len()), 2);
}

#[test]
fn each_permission_is_needed() {
    let deny = |permission: &str| {
        let scene = Scene::new();
        deploy(&scene, &named("mill-1"));
        let pair = (World::DEPLOYER.to_owned(), permission.to_owned());
        scene.cloud.world(|world| world.denied.insert(pair));
        scene
    };
    let refused = |reply: Reply, permission: &str| {
        assert!(reply.status == 403 && reply.message().contains(permission), "{permission}: {}", reply.text());
    };
    let of = |name: &str| format!("{POOLS}/{name}");
    for (permission, verb, path) in [
        ("run.workerpools.get", "GET", of("mill")),
        ("run.workerpools.list", "GET", POOLS.to_owned()),
        ("run.workerpools.delete", "DELETE", of("mill")),
        ("run.revisions.get", "GET", of("mill/revisions/mill-1")),
        ("run.revisions.list", "GET", of("mill/revisions")),
    ] {
        refused(deny(permission).call("run", verb, &path, None), permission);
    }
    for (permission, name) in
        [("run.workerpools.update", "mill"), ("run.workerpools.create", "other"), ("iam.serviceaccounts.actAs", "mill")]
    {
        let scene = deny(&permission.replace("serviceaccounts", "serviceAccounts"));
        refused(scene.call("run", "PATCH", &format!("{}?allowMissing=true", of(name)), Some(&hello())), permission);
    }
    // Those of services are not asked for.
    let scene = deny("run.services.update");
    assert_eq!(patch(&scene, "", &named("mill-2")).status, 200);
    // A grant on the pool alone is enough to read it.
    let member = format!("serviceAccount:{}", World::DEPLOYER);
    let scene = deny("nothing");
    scene.cloud.world(|world| {
        world.revoke(World::PROJECT, World::DEPLOYER, "roles/run.admin");
        world.worker_pools.get_mut(FULL).expect("the pool").policy.grant("roles/run.viewer", &member);
    });
    assert_eq!(scene.get("run", &of("mill")).status, 200);
    assert_eq!(scene.get("run", &of("other")).status, 403);
}

#[test]
fn what_only_services_have_is_refused() {
    let scene = Scene::new();
    let bad = |pointer: &[&str], value: Value| {
        let mut body = hello();
        let place = pointer.iter().fold(&mut body, |at, step| match step.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) => &mut at[*step],
        });
        *place = value;
        let reply = patch(&scene, "allowMissing=true", &body);
        assert_eq!(reply.status, 400, "{pointer:?}: {}", reply.text());
        reply.message()
    };
    let ports = bad(&["template", "containers", "0", "ports"], json!([{"containerPort": 8080}]));
    assert!(ports.contains("template.containers[0].ports"), "{ports}");
    bad(&["template", "containers"], json!([]));
    bad(&["template", "containers", "0", "env"], json!([{"name": "K_SERVICE", "value": "x"}]));
    bad(&["labels"], json!({"Commit": "x"}));
    bad(&["scaling"], json!({"manualInstanceCount": -1}));
    bad(&["instanceSplits"], json!([{"type": LATEST, "percent": 99}]));
    assert_eq!(scene.cloud.unexpected(), Vec::<String>::new());
    // These the description has for services alone.
    bad(&["traffic"], json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]));
    bad(&["ingress"], json!("INGRESS_TRAFFIC_ALL"));
    bad(&["template", "timeout"], json!("300s"));
    bad(&["template", "maxInstanceRequestConcurrency"], json!(80));
    assert!(scene.cloud.world(|world| world.worker_pools.is_empty() && world.effects.is_empty()));
}

#[test]
fn a_deleted_pool_takes_its_revisions_with_it() {
    let scene = Scene::new();
    deploy(&scene, &named("mill-1"));
    let begun = scene.call("run", "DELETE", &format!("{POOLS}/mill"), None).json();
    assert_eq!(scene.wait(&begun)["done"], true);
    assert_eq!(scene.get("run", &format!("{POOLS}/mill")).status, 404);
    assert!(scene.cloud.world(|world| world.revisions.is_empty() && world.count("worker pool deleted") == 1));
}
