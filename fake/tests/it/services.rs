//! Services: made, read, changed, deleted, and their operations.

use crate::scene::{SERVICES, Scene, hello};
use fakecloud::{RevisionOutcome, RevisionScript, World};
use serde_json::{Value, json};

const LATEST: &str = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
const REVISION: &str = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";

fn patch(scene: &Scene, service: &str, query: &str, body: &Value) -> crate::client::Reply {
    scene.call("run", "PATCH", &format!("{SERVICES}/{service}?{query}"), Some(body))
}

/// The hello service under a revision name.
fn named(revision: &str) -> Value {
    let mut body = hello();
    body["template"]["revision"] = json!(revision);
    body["template"]["labels"] = json!({"commit-sha": revision});
    body
}

#[test]
fn a_first_deploy_runs_through_its_operation() {
    let scene = Scene::new();
    assert_eq!(scene.get("run", &format!("{SERVICES}/web")).status, 404);
    assert_eq!(patch(&scene, "web", "", &hello()).status, 404, "only allowMissing makes a service");
    let begun = patch(&scene, "web", "allowMissing=true", &hello()).json();
    assert!(begun.get("done").is_none());
    let metadata = &begun["metadata"];
    assert_eq!(metadata["@type"], "type.googleapis.com/google.cloud.run.v2.Service");
    assert_eq!(
        (&metadata["reconciling"], &metadata["terminalCondition"]["state"]),
        (&json!(true), &json!("CONDITION_RECONCILING"))
    );
    assert_eq!(metadata["terminalCondition"]["reason"], "WAITING_FOR_OPERATION");
    let path = format!("/v2/{}", begun["name"].as_str().expect("a name"));
    // A look by get and one by wait are worth the same.
    assert!(scene.get("run", &path).json().get("done").is_none());
    let done = scene.post("run", &format!("{path}:wait"), &json!({"timeout": "30s"})).json();
    assert_eq!(done["done"], true);
    assert_eq!(done["response"]["@type"], "type.googleapis.com/google.cloud.run.v2.Service");
    assert!(done["response"].get("reconciling").is_none());
    let service = scene.service("web");
    assert_eq!(service["latestReadyRevision"], service["latestCreatedRevision"]);
    assert_eq!(scene.cloud.world(|world| (world.count("service created"), world.count("revision created"))), (1, 1));
}

#[test]
fn a_ready_service_reads_like_the_sample() {
    let scene = Scene::new();
    scene.deploy("web", &named("web-1"));
    let service = scene.service("web");
    assert_eq!(service["name"], "projects/harbour-dev/locations/us-central1/services/web");
    assert_eq!((&service["creator"], &service["lastModifier"]), (&json!(World::DEPLOYER), &json!(World::DEPLOYER)));
    assert_eq!((&service["ingress"], &service["launchStage"]), (&json!("INGRESS_TRAFFIC_ALL"), &json!("GA")));
    assert_eq!(service["generation"], service["observedGeneration"]);
    // Success conditions carry no reason.
    let terminal = service["terminalCondition"].as_object().expect("a condition");
    assert_eq!(terminal.keys().collect::<Vec<_>>(), ["type", "state", "lastTransitionTime"]);
    assert_eq!(service["conditions"][0]["type"], "RoutesReady");
    assert_eq!(service["conditions"][1]["type"], "ConfigurationsReady");
    assert_eq!(service["traffic"], json!([{"type": LATEST, "percent": 100}]));
    assert_eq!(service["trafficStatuses"], json!([{"type": LATEST, "percent": 100}]));
    assert_eq!(service["urls"].as_array().map(Vec::len), Some(2));
    assert_eq!(service["uri"], service["urls"][1]);
    assert!(service["etag"].as_str().is_some_and(|etag| etag.starts_with('"') && etag.ends_with('"')));
    assert!(service.get("reconciling").is_none());
}

#[test]
fn defaults_come_back_as_values() {
    let scene = Scene::new();
    scene.deploy("web", &hello());
    let template = scene.service("web")["template"].clone();
    assert_eq!(template["timeout"], "300s");
    assert_eq!(template["serviceAccount"], World::COMPUTE);
    assert_eq!(template["maxInstanceRequestConcurrency"], 80);
    assert_eq!(template["scaling"], json!({"maxInstanceCount": 100}));
    let container = &template["containers"][0];
    assert_eq!(container["resources"], json!({"cpuIdle": true, "limits": {"cpu": "1000m", "memory": "512Mi"}}));
    assert_eq!(container["ports"], json!([{"name": "http1", "containerPort": 8080}]));
    assert_eq!(container["startupProbe"]["tcpSocket"]["port"], 8080);
}

#[test]
fn given_resources_without_cpu_idle_mean_always_on() {
    let scene = Scene::new();
    let mut body = hello();
    body["template"]["containers"][0]["resources"] = json!({"limits": {"cpu": "1", "memory": "512Mi"}});
    scene.deploy("web", &body);
    let resources = scene.service("web")["template"]["containers"][0]["resources"].clone();
    assert_eq!(resources, json!({"limits": {"cpu": "1", "memory": "512Mi"}}));
}

#[test]
fn the_etag_guards_against_a_lost_update() {
    let scene = Scene::new();
    scene.deploy("web", &named("web-1"));
    let before = scene.service("web");
    let mut change = named("web-2");
    change["etag"] = before["etag"].clone();
    assert_eq!(scene.deploy("web", &change)["done"], true);
    change["template"]["revision"] = json!("web-3");
    let reply = patch(&scene, "web", "", &change);
    assert_eq!((reply.status, &reply.json()["error"]["status"]), (409, &json!("ABORTED")));
    assert!(reply.message().starts_with("Conflict for resource 'web': version '"), "{}", reply.message());
    assert_eq!(scene.cloud.world(|world| world.revisions.len()), 2);
    // The etag of the reading stays good while an operation ends.
    let begun = patch(&scene, "web", "", &named("web-4")).json();
    let early = scene.service("web")["etag"].clone();
    scene.wait(&begun);
    assert_eq!(scene.service("web")["etag"], early);
}

#[test]
fn a_dry_run_changes_nothing_and_its_operation_is_nowhere() {
    let scene = Scene::new();
    let reply = patch(&scene, "web", "allowMissing=true&validateOnly=true", &hello());
    assert_eq!(reply.status, 200);
    let path = format!("/v2/{}:wait", reply.json()["name"].as_str().expect("a name"));
    assert_eq!(scene.post("run", &path, &json!({})).status, 404);
    assert_eq!(scene.get("run", &format!("{SERVICES}/web")).status, 404);
    assert!(scene.cloud.world(|world| world.services.is_empty() && world.effects.is_empty()));
    let mut bad = hello();
    bad["template"]["timeout"] = json!("9999s");
    assert_eq!(patch(&scene, "web", "allowMissing=true&validateOnly=true", &bad).status, 400);
}

#[test]
fn a_read_service_written_back_makes_no_revision() {
    let scene = Scene::new();
    scene.deploy("web", &hello());
    let service = scene.service("web");
    scene.deploy("web", &service);
    assert_eq!(scene.cloud.world(|world| world.count("revision created")), 1);
    let service = scene.service("web");
    // Unless one is forced.
    let reply = patch(&scene, "web", "forceNewRevision=true", &service);
    scene.wait(&reply.json());
    assert_eq!(scene.cloud.world(|world| world.count("revision created")), 2);
}

#[test]
fn fields_of_the_future_survive_reading_and_writing() {
    let scene = Scene::new();
    scene.deploy("web", &named("web-1"));
    scene.cloud.world(|world| {
        let service = world.services.values_mut().next().expect("a service");
        service.config.insert("quantumTunnel".into(), json!({"depth": 3}));
        service.config["template"]["containers"][0]["warpFactor"] = json!(9);
    });
    let mut service = scene.service("web");
    assert_eq!(service["quantumTunnel"]["depth"], 3);
    service["template"]["revision"] = json!("web-2");
    assert_eq!(scene.call("run", "PATCH", &format!("{SERVICES}/web"), Some(&service)).status, 200);
    let kept = scene.cloud.world(|world| world.services.values().next().expect("a service").config.clone());
    assert_eq!(
        (&kept["quantumTunnel"]["depth"], &kept["template"]["containers"][0]["warpFactor"]),
        (&json!(3), &json!(9))
    );
    // They were put into the world without a word: the scene's judge has to be told at the end.
    let mine = ["quantumTunnel", "warpFactor"].map(str::to_owned);
    // A name nobody announced is a mistake.
    let mut bad = named("web-3");
    bad["template"]["maxInstanceRequestConcurency"] = json!(5);
    let reply = patch(&scene, "web", "", &bad);
    assert_eq!(
        reply.message(),
        "Invalid JSON payload received. Unknown name \"maxInstanceRequestConcurency\" at 'service.template': Cannot find field."
    );
    assert_eq!(scene.cloud.unexpected().len(), 1);
    scene.cloud.world(|world| world.future_fields.insert("maxInstanceRequestConcurency".to_owned()));
    assert_eq!(patch(&scene, "web", "", &bad).status, 200);
    scene.cloud.world(|world| world.future_fields.extend(mine));
}

#[test]
fn a_mask_changes_only_what_it_names() {
    let scene = Scene::new();
    scene.deploy("web", &named("web-1"));
    scene.deploy("web", &named("web-2"));
    let traffic = json!([{"type": REVISION, "revision": "web-1", "percent": 100}]);
    let body = json!({"etag": scene.service("web")["etag"], "traffic": traffic});
    let operation = patch(&scene, "web", "updateMask=traffic", &body).json();
    assert_eq!(scene.wait(&operation)["done"], true);
    let service = scene.service("web");
    assert_eq!(service["trafficStatuses"], traffic);
    assert_eq!(service["template"]["revision"], "web-2");
    assert_eq!(scene.cloud.world(|world| (world.count("revision created"), world.count("traffic changed"))), (2, 1));
    // Without a mask an absent field means its default.
    scene.deploy("web", &named("web-3"));
    assert_eq!(scene.service("web")["traffic"], json!([{"type": LATEST, "percent": 100}]));
    // Masks may be in snake case; unknown paths are refused.
    let body = json!({"template": {"timeout": "60s"}, "labels": {"a": "b"}});
    let operation = patch(&scene, "web", "updateMask=template.timeout,template.revision", &body).json();
    scene.wait(&operation);
    let service = scene.service("web");
    assert_eq!((&service["template"]["timeout"], service.get("labels")), (&json!("60s"), None));
    assert!(service["template"].get("revision").is_none());
    assert_eq!(patch(&scene, "web", "updateMask=trafic", &body).status, 400);
}

#[test]
fn a_change_of_traffic_alone_makes_no_revision() {
    let scene = Scene::new();
    scene.deploy("web", &named("web-1"));
    scene.deploy("web", &named("web-2"));
    let before = scene.service("web");
    // A template in the body means nothing under this mask.
    let mut body = named("web-3");
    body["traffic"] = json!([{"type": REVISION, "revision": "web-1", "percent": 90},
        {"type": REVISION, "revision": "web-2", "percent": 10, "tag": "c2"}]);
    let reply = patch(&scene, "web", "updateMask=traffic", &body);
    // No revision has to start, so the first look finds it done.
    let done = scene.post("run", &format!("/v2/{}:wait", reply.json()["name"].as_str().expect("a name")), &json!({}));
    assert_eq!(done.json()["done"], true);
    let after = scene.service("web");
    for same in ["template", "latestReadyRevision", "latestCreatedRevision", "uid", "createTime"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_ne!((&after["etag"], &after["generation"]), (&before["etag"], &before["generation"]));
    let shares: Vec<(&Value, &Value)> = after["trafficStatuses"]
        .as_array()
        .expect("shares")
        .iter()
        .map(|share| (&share["revision"], &share["percent"]))
        .collect();
    assert_eq!(shares, [(&json!("web-1"), &json!(90)), (&json!("web-2"), &json!(10))]);
    assert_eq!(scene.cloud.world(|world| (world.revisions.len(), world.count("traffic changed"))), (2, 1));
    // The etag of before is stale now, for traffic as for everything.
    body["etag"] = before["etag"].clone();
    assert_eq!(patch(&scene, "web", "updateMask=traffic", &body).status, 409);
    // Shares must make a whole.
    let body = json!({"traffic": [{"type": REVISION, "revision": "web-1", "percent": 90}]});
    assert_eq!(patch(&scene, "web", "updateMask=traffic", &body).status, 400);
    assert_eq!(scene.service("web")["trafficStatuses"], after["trafficStatuses"]);
}

#[test]
fn services_are_listed_by_region_and_page() {
    let scene = Scene::new();
    assert_eq!(scene.get("run", SERVICES).json(), json!({}));
    for name in ["web", "api", "jobs"] {
        scene.deploy(name, &hello());
    }
    let elsewhere = "/v2/projects/harbour-dev/locations/europe-west1/services";
    scene.call("run", "PATCH", &format!("{elsewhere}/far?allowMissing=true"), Some(&hello()));
    let list = |path: &str| {
        let reply = scene.get("run", path).json();
        let services = reply["services"].as_array().cloned().unwrap_or_default();
        let short =
            |service: &Value| service["name"].as_str().and_then(|name| name.rsplit('/').next()).map(str::to_owned);
        (services.iter().filter_map(short).collect::<Vec<_>>(), reply["nextPageToken"].as_str().map(str::to_owned))
    };
    assert_eq!(list(SERVICES).0, ["api", "jobs", "web"]);
    let (first, token) = list(&format!("{SERVICES}?pageSize=2"));
    assert_eq!(first, ["api", "jobs"]);
    assert_eq!(
        list(&format!("{SERVICES}?pageSize=2&pageToken={}", token.expect("a token"))),
        (vec!["web".to_owned()], None)
    );
    // A list is no look: what is under way stays so.
    assert_eq!((list(elsewhere).0, list(elsewhere).0), (vec!["far".to_owned()], vec!["far".to_owned()]));
    assert_eq!(scene.get("run", elsewhere).json()["services"][0]["reconciling"], true);
    assert_eq!(scene.get("run", "/v2/projects/harbour-dev/locations/-/services").status, 400);
    assert_eq!(scene.get("run", SERVICES).json()["services"][2], scene.service("web"));
}

#[test]
fn what_only_cloud_run_writes_is_ignored() {
    let scene = Scene::new();
    let mut body = hello();
    body["uid"] = json!("mine");
    body["generation"] = json!("99");
    body["uri"] = json!("https://evil.example");
    body["latestReadyRevision"] = json!("web-x");
    body["template"]["containers"][0]["buildInfo"] = json!({"functionTarget": "x"});
    scene.deploy("web", &body);
    let service = scene.service("web");
    assert_eq!(service["generation"], "1");
    assert!(service["uri"].as_str().is_some_and(|uri| uri.starts_with("http://127.0.0.1:")));
    assert!(service["template"]["containers"][0].get("buildInfo").is_none());
    // What was read can be written back whole: nothing of it becomes configuration.
    scene.deploy("web", &service);
    let config = scene.cloud.world(|world| world.services.values().next().expect("a service").config.clone());
    let mut names: Vec<&String> = config.keys().collect();
    names.sort();
    assert_eq!(names, ["ingress", "launchStage", "template", "traffic"]);
}

#[test]
fn a_revision_that_fails_leaves_the_old_one_serving() {
    let scene = Scene::new();
    scene.deploy("web", &named("web-1"));
    scene.cloud.world(|world| world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen)));
    let mut body = named("web-2");
    body["traffic"] = json!([{"type": REVISION, "revision": "web-1", "percent": 100}, {"type": REVISION, "revision": "web-2", "tag": "c2"}]);
    let done = scene.deploy("web", &body);
    assert_eq!((&done["done"], &done["error"]["code"]), (&json!(true), &json!(9)));
    let message = done["error"]["message"].as_str().expect("a message");
    assert!(message.starts_with("Revision 'web-2' is not ready and cannot serve traffic. The user-provided container failed to start and listen on the port defined provided by the PORT=8080"), "{message}");
    assert!(message.contains("\n\nLogs URL: https://console.cloud.google.com/logs/viewer?project=harbour-dev&resource=cloud_run_revision/service_name/web/revision_name/web-2&advancedFilter=resource.type%3D%22cloud_run_revision%22%0Aresource.labels.service_name%3D%22web%22"), "{message}");
    let service = scene.service("web");
    let terminal = &service["terminalCondition"];
    assert_eq!((&terminal["state"], &terminal["severity"]), (&json!("CONDITION_FAILED"), &json!("ERROR")));
    assert_eq!((&terminal["revisionReason"], terminal.get("reason")), (&json!("HEALTH_CHECK_CONTAINER_ERROR"), None));
    assert_eq!(terminal["message"], message);
    assert_eq!(service["conditions"][0]["state"], "CONDITION_SUCCEEDED");
    assert_eq!(service["conditions"][1]["state"], "CONDITION_FAILED");
    assert!(service["latestReadyRevision"].as_str().is_some_and(|name| name.ends_with("/web-1")));
    assert!(service["latestCreatedRevision"].as_str().is_some_and(|name| name.ends_with("/web-2")));
    assert_eq!(service["trafficStatuses"], json!([{"type": REVISION, "revision": "web-1", "percent": 100}]));
    assert_eq!(service["ingress"], "INGRESS_TRAFFIC_ALL");
}

#[test]
fn a_failed_first_deploy_leaves_the_service_behind() {
    let scene =
        Scene::with(|world| world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::ProbeFails)));
    let mut body = named("web-1");
    body["ingress"] = json!("INGRESS_TRAFFIC_INTERNAL_ONLY");
    assert_eq!(scene.deploy("web", &body)["error"]["code"], 9);
    let service = scene.service("web");
    // Nothing is active, so no ingress is observed.
    assert!(service.get("ingress").is_none(), "{service}");
    assert!(service.get("latestReadyRevision").is_none() && service.get("trafficStatuses").is_none());
    assert!(
        service["terminalCondition"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("failed the configured startup probe checks"))
    );
    body["template"]["revision"] = json!("web-2");
    assert!(scene.deploy("web", &body).get("error").is_none());
    assert_eq!(scene.service("web")["ingress"], "INGRESS_TRAFFIC_INTERNAL_ONLY");
}

#[test]
fn each_failure_has_its_reason() {
    let failing = |change: &dyn Fn(&mut World), body: &Value| {
        let scene = Scene::with(change);
        let done = scene.deploy("web", body);
        let terminal = scene.service("web")["terminalCondition"].clone();
        (
            done["error"]["code"].clone(),
            terminal["reason"].clone(),
            terminal["message"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let image = |image: &str| json!({"template": {"revision": "web-1", "containers": [{"image": image}]}});
    let (code, reason, message) = failing(&|_| (), &image("us-central1-docker.pkg.dev/harbour-dev/app/web:nope"));
    assert_eq!((code, reason), (json!(5), json!("CONTAINER_MISSING")));
    assert_eq!(
        message,
        "Revision 'web-1' is not ready and cannot serve traffic. Image 'us-central1-docker.pkg.dev/harbour-dev/app/web:nope' not found."
    );
    let unknown = format!("us-docker.pkg.dev/cloudrun/container/hello@sha256:{}", "0".repeat(64));
    assert_eq!(failing(&|_| (), &image(&unknown)).1, "CONTAINER_MISSING");
    let other = |world: &mut World| {
        world.add_project("other-proj", "555");
        world.push_image("us-central1-docker.pkg.dev/other-proj/app/web:1");
    };
    let (_, reason, message) = failing(&other, &image("us-central1-docker.pkg.dev/other-proj/app/web:1"));
    assert_eq!(reason, "CONTAINER_PERMISSION_DENIED");
    assert!(message.contains(
        "service-123456789012@serverless-robot-prod.iam.gserviceaccount.com must have permission to read the image"
    ));
    assert!(message.contains("Note that the image is from project [other-proj]"));
    let arm = |world: &mut World| {
        world.push_image("gcr.io/harbour-dev/web:x");
        world.image("gcr.io/harbour-dev/web:x").expect("an image").architecture = "arm64".to_owned();
    };
    let (_, reason, message) = failing(&arm, &image("gcr.io/harbour-dev/web:x"));
    assert_eq!(reason, "REVISION_FAILED");
    assert!(message.contains("must support amd64/linux"));
    let internal =
        |world: &mut World| world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::Internal));
    assert_eq!(failing(&internal, &hello()).1, "INTERNAL");
}

#[test]
fn images_are_found_by_digest_and_by_tag_and_across_projects_when_shared() {
    let scene = Scene::with(|world| {
        world.add_project("other-proj", "555");
        world.push_image("us-central1-docker.pkg.dev/other-proj/app/web:1");
        let repository = world.repositories.get_mut("projects/other-proj/locations/us-central1/repositories/app");
        let agent = "serviceAccount:service-123456789012@serverless-robot-prod.iam.gserviceaccount.com";
        repository.expect("a repository").policy.grant("roles/artifactregistry.reader", agent);
    });
    let digest = scene
        .cloud
        .world(|world| world.digest_of("us-central1-docker.pkg.dev/other-proj/app/web:1"))
        .expect("a digest");
    for reference in [":1".to_owned(), format!("@{digest}")] {
        let image = format!("us-central1-docker.pkg.dev/other-proj/app/web{reference}");
        let body = json!({"template": {"containers": [{"image": image}]}});
        assert!(scene.deploy("web", &body).get("error").is_none(), "{reference}");
    }
    let revisions = scene.get("run", &format!("{SERVICES}/web/revisions")).json();
    let resolved = &revisions["revisions"][0]["containerStatuses"][0]["imageDigest"];
    assert_eq!(resolved, &json!(format!("us-central1-docker.pkg.dev/other-proj/app/web@{digest}")));
}

#[test]
fn secrets_are_checked_as_the_runtime_account() {
    let with_secret = |version: &str| {
        let mut body = hello();
        body["template"]["revision"] = json!("web-1");
        body["template"]["containers"][0]["env"] = json!([{"name": "LOG", "value": "info"},
            {"name": "DB", "valueSource": {"secretKeyRef": {"secret": "db", "version": version}}}]);
        body
    };
    let scene = Scene::with(|world| {
        world.add_secret("harbour-dev", "db", "x");
    });
    let done = scene.deploy("web", &with_secret("1"));
    let message = done["error"]["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("spec.template.spec.containers[0].env[1].value_from.secret_key_ref.name: Permission denied on secret: projects/123456789012/secrets/db/versions/1 for Revision service account 123456789012-compute@developer.gserviceaccount.com."), "{message}");
    assert_eq!(scene.service("web")["terminalCondition"]["reason"], "SECRETS_ACCESS_CHECK_FAILED");
    // The deployer's own right does not help; a grant on the secret does.
    let scene = Scene::with(|world| {
        world.add_secret("harbour-dev", "db", "x");
        world.share_secret("harbour-dev", "db", World::COMPUTE);
    });
    assert!(scene.deploy("web", &with_secret("1")).get("error").is_none());
    assert!(
        scene.deploy("web2", &{
            let mut body = with_secret("7");
            body["template"]["revision"] = json!("web2-1");
            body
        })["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("was not found"))
    );
    // Secrets as files are checked too.
    let mut body = hello();
    body["template"]["volumes"] = json!([{"name": "v", "secret": {"secret": "projects/123456789012/secrets/none", "items": [{"version": "1", "path": "p"}]}}]);
    body["template"]["containers"][0]["volumeMounts"] = json!([{"name": "v", "mountPath": "/s"}]);
    assert!(
        scene.deploy("web3", &body)["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("spec.template.spec.volumes[0]"))
    );
}

#[test]
fn traffic_to_a_revision_that_is_not_there_fails_the_operation() {
    let scene = Scene::new();
    scene.deploy("web", &named("web-1"));
    let body = json!({"traffic": [{"type": REVISION, "revision": "web-9", "percent": 100}]});
    let done = scene.wait(&patch(&scene, "web", "updateMask=traffic", &body).json());
    assert_eq!(done["error"]["code"], 13);
    assert_eq!(
        done["error"]["message"],
        "Revision 'web-9' does not exist or is deleted. Update all traffic to route to currently available revisions."
    );
    let service = scene.service("web");
    assert_eq!(service["conditions"][0]["state"], "CONDITION_FAILED");
    assert_eq!(service["trafficStatuses"], json!([{"type": LATEST, "percent": 100}]));
}

#[test]
fn the_newest_revision_stays_the_latest_when_an_older_one_is_ready_later() {
    let scene = Scene::with(|world| {
        world.next_revisions.push_back(RevisionScript { looks: 5, ..RevisionScript::default() });
    });
    let older = patch(&scene, "web", "allowMissing=true", &named("web-1")).json();
    let newer = patch(&scene, "web", "", &named("web-2")).json();
    scene.wait(&newer);
    scene.wait(&older);
    let service = scene.cloud.world(|world| world.service("us-central1", "web").expect("a service").clone());
    assert_eq!(service.latest_ready.as_deref(), Some("web-2"));
    assert_eq!(service.serving[0].revision, "web-2");
    // Nor does an older one that fails later spoil the newest.
    let scene = Scene::with(|world| {
        world
            .next_revisions
            .push_back(RevisionScript { looks: 5, ..RevisionScript::ending(RevisionOutcome::Internal) });
    });
    let older = patch(&scene, "web", "allowMissing=true", &named("web-1")).json();
    let newer = patch(&scene, "web", "", &named("web-2")).json();
    scene.wait(&newer);
    assert_eq!(scene.wait(&older)["error"]["code"], 13);
    assert_eq!(scene.service("web")["terminalCondition"]["state"], "CONDITION_SUCCEEDED");
}

#[test]
fn an_operation_may_never_end() {
    let scene = Scene::with(|world| world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::NeverEnds)));
    let begun = patch(&scene, "web", "allowMissing=true", &hello()).json();
    let path = format!("/v2/{}", begun["name"].as_str().expect("a name"));
    for _ in 0..20 {
        assert!(scene.get("run", &path).json().get("done").is_none());
    }
    assert_eq!(scene.service("web")["reconciling"], true);
}

#[test]
fn reading_the_service_is_a_look_too() {
    let scene = Scene::new();
    patch(&scene, "web", "allowMissing=true", &hello());
    assert_eq!(scene.service("web")["reconciling"], true);
    assert!(scene.service("web").get("reconciling").is_none());
}

#[test]
fn a_deleted_service_is_gone_with_its_revisions() {
    let scene = Scene::new();
    scene.deploy("web", &hello());
    let url = scene.service("web")["uri"].as_str().expect("an address").to_owned();
    assert_eq!(scene.call("run", "DELETE", &format!("{SERVICES}/web?etag=%22stale%22"), None).status, 409);
    let operation = scene.call("run", "DELETE", &format!("{SERVICES}/web"), None).json();
    assert_eq!(scene.wait(&operation)["done"], true);
    assert_eq!(scene.get("run", &format!("{SERVICES}/web")).status, 404);
    assert_eq!(crate::client::send(&url, "GET", "/", &[], None).expect("a reply").status, 404);
    assert!(scene.cloud.world(|world| world.revisions.is_empty()));
}

#[test]
fn every_state_of_a_service_has_the_published_shape() {
    let scene =
        Scene::with(|world| world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen)));
    let begun = patch(&scene, "web", "allowMissing=true", &named("web-1")).json();
    // The scene holds every answer against the schema.
    assert_eq!(scene.wait(&begun)["error"]["code"], 9);
    assert_eq!(scene.service("web")["terminalCondition"]["state"], "CONDITION_FAILED");
    assert_eq!(scene.get("run", &format!("{SERVICES}/web/revisions/web-1")).status, 200);
}

#[test]
fn what_is_created_is_not_there_yet() {
    let scene = Scene::new();
    let create = |path: &str, body: &Value| scene.post("run", path, body);
    let begun = create(&format!("{SERVICES}?serviceId=web"), &hello());
    assert_eq!(begun.status, 200, "{}", begun.text());
    assert_eq!(
        scene.wait(&begun.json())["response"]["name"],
        "projects/harbour-dev/locations/us-central1/services/web"
    );
    let twice = create(&format!("{SERVICES}?serviceId=web"), &hello());
    assert_eq!((twice.status, &twice.json()["error"]["status"]), (409, &json!("ALREADY_EXISTS")));
    assert_eq!(create(&format!("{SERVICES}?serviceId=Web"), &hello()).status, 400);
    let pools = SERVICES.replace("services", "workerPools");
    assert_eq!(create(&format!("{pools}?workerPoolId=queue"), &hello()).status, 200);
    assert_eq!(create(&format!("{pools}?workerPoolId=queue"), &hello()).status, 409);
    let jobs = SERVICES.replace("services", "jobs");
    assert_eq!(create(&format!("{jobs}?jobId=nightly"), &crate::scene::hello_job()).status, 200);
    assert_eq!(create(&format!("{jobs}?jobId=nightly"), &crate::scene::hello_job()).status, 409);
}

#[test]
fn enums_are_taken_by_number_and_written_as_words() {
    let scene = Scene::new();
    let mut body = hello();
    body["ingress"] = json!(2);
    let path = format!("{SERVICES}/web?allowMissing=true&$alt=json;enum-encoding=int");
    let reply = scene.call("run", "PATCH", &path, Some(&body));
    assert_eq!(reply.status, 200, "{}", reply.text());
    scene.wait(&reply.json());
    assert_eq!(scene.service("web")["ingress"], "INGRESS_TRAFFIC_INTERNAL_ONLY");
    body["ingress"] = json!(77);
    assert_eq!(scene.call("run", "PATCH", &path, Some(&body)).status, 400, "no word has this number");
}
