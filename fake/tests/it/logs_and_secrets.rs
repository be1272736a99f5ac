//! Log entries by filter, and secret payloads.

use crate::scene::{Scene, hello};
use fakecloud::{RevisionOutcome, RevisionScript, World};
use serde_json::{Value, json};

fn failed_scene() -> Scene {
    let script = RevisionScript {
        log: vec!["Error: DATABASE_URL is not set".to_owned()],
        ..RevisionScript::ending(RevisionOutcome::DoesNotListen)
    };
    let scene = Scene::with(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/logging.viewer");
        world.next_revisions.extend([script.clone(), script]);
    });
    let mut body = hello();
    body["template"]["revision"] = json!("web-a");
    scene.deploy("web", &body);
    scene.deploy("api", &hello());
    scene
}

fn list(scene: &Scene, filter: &str, order: &str) -> Vec<Value> {
    let body = json!({"resourceNames": ["projects/harbour-dev"], "filter": filter, "orderBy": order, "pageSize": 100});
    scene.post("logging", "/v2/entries:list", &body).json()["entries"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_failed_revisions_lines_are_found_by_its_labels() {
    let scene = failed_scene();
    let filter = "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"web\" resource.labels.revision_name=\"web-a\" resource.labels.location=\"us-central1\" timestamp>=\"2020-01-01T00:00:00Z\"";
    let found = list(&scene, filter, "timestamp desc");
    assert_eq!(found.len(), 2);
    assert_eq!(
        (&found[0]["textPayload"], &found[0]["severity"]),
        (&json!("Container called exit(1)."), &json!("WARNING"))
    );
    assert_eq!(found[0]["logName"], "projects/harbour-dev/logs/run.googleapis.com%2Fvarlog%2Fsystem");
    assert_eq!(found[1]["textPayload"], "Error: DATABASE_URL is not set");
    assert_eq!(found[1]["resource"]["labels"]["configuration_name"], "web");
    assert_eq!(list(&scene, filter, "timestamp asc")[0]["textPayload"], "Error: DATABASE_URL is not set");
    assert_eq!(list(&scene, "", "").len(), 4);
    assert_eq!(list(&scene, "resource.labels.service_name=\"nothing\"", "").len(), 0);
    assert_eq!(list(&scene, "severity>=WARNING", "").len(), 2);
    assert_eq!(list(&scene, "timestamp>=\"2999-01-01T00:00:00Z\"", "").len(), 0);
}

#[test]
fn pages_and_bad_questions() {
    let scene = failed_scene();
    let ask = |body: Value| scene.post("logging", "/v2/entries:list", &body);
    let first = ask(json!({"resourceNames": ["projects/harbour-dev"], "pageSize": 3})).json();
    assert_eq!(first["entries"].as_array().map(Vec::len), Some(3));
    let token = first["nextPageToken"].clone();
    let second = ask(json!({"resourceNames": ["projects/harbour-dev"], "pageSize": 3, "pageToken": token})).json();
    assert_eq!((second["entries"].as_array().map(Vec::len), second.get("nextPageToken")), (Some(1), None));
    assert_eq!(ask(json!({"filter": ""})).status, 400);
    assert_eq!(ask(json!({"resourceNames": ["projects/harbour-dev"], "filter": "severity >> 3"})).status, 400);
    assert_eq!(scene.cloud.unexpected().len(), 1);
}

#[test]
fn entries_arrive_between_looks_and_keep_their_ids() {
    let scene = Scene::with(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/logging.viewer");
        let mut made = [(9_000, "one"), (5_000, "three"), (7_000, "two"), (1_000, "")]
            .map(|(ago, text)| world.log_entry("web", "web-1", ago, "INFO", text))
            .to_vec();
        made[3].more.insert("jsonPayload".to_owned(), json!({"message": "four"}));
        let later = made.split_off(2);
        world.log_entries.extend(made);
        world.log_arrivals.extend([Vec::new(), later]);
    });
    let shown = |entries: Vec<Value>| -> Vec<(String, String)> {
        let text = |entry: &Value, pointer: &str| entry.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let said = |entry: &Value| text(entry, "/textPayload").or_else(|| text(entry, "/jsonPayload/message"));
        entries.iter().filter_map(|entry| Some((text(entry, "/insertId")?, said(entry)?))).collect()
    };
    let pair = |id: &str, text: &str| (id.to_owned(), text.to_owned());
    let first = [pair("e0", "one"), pair("e1", "three")];
    assert_eq!(shown(list(&scene, "", "")), first);
    assert_eq!(shown(list(&scene, "", "timestamp asc")), first);
    // What was written before and arrives later stands where it belongs.
    let all = [pair("e3", "four"), pair("e1", "three"), pair("e2", "two"), pair("e0", "one")];
    assert_eq!(shown(list(&scene, "", "timestamp desc")), all);
    scene.cloud.world(|world| world.log_page = 3);
    assert_eq!(list(&scene, "", "").len(), 3);
    let body = json!({"resourceNames": ["projects/harbour-dev"], "orderBy": "severity"});
    assert_eq!(scene.post("logging", "/v2/entries:list", &body).status, 400);
}

#[test]
fn a_secret_reads_like_the_sample() {
    let scene = Scene::with(|world| {
        for payload in ["one", "two", "hunter2"] {
            world.add_secret("harbour-dev", "db-password", payload);
        }
    });
    let access = |version: &str| {
        scene.get("secretmanager", &format!("/v1/projects/harbour-dev/secrets/db-password/versions/{version}:access"))
    };
    let sample = json!({"name": "projects/123456789012/secrets/db-password/versions/3",
        "payload": {"data": "aHVudGVyMg==", "dataCrc32c": "1736498283"}});
    assert_eq!(access("latest").json(), sample);
    assert_eq!(access("3").json(), sample);
    assert_eq!(access("4").status, 404);
    scene.cloud.world(|world| {
        let secret = world.secrets.get_mut("projects/harbour-dev/secrets/db-password").expect("a secret");
        secret.versions[1].state = "DESTROYED".to_owned();
    });
    let reply = access("2");
    assert_eq!(
        reply.message(),
        "Secret Version [projects/123456789012/secrets/db-password/versions/2] is in DESTROYED state."
    );
    assert_eq!(reply.json()["error"]["status"], "FAILED_PRECONDITION");
    // A secret that is not there and one that is hidden look the same to those who may not read.
    scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/secretmanager.secretAccessor"));
    let denied = access("3");
    assert_eq!((denied.status, denied.reason().as_deref()), (403, Some("IAM_PERMISSION_DENIED")));
    assert!(denied.message().starts_with("Permission 'secretmanager.versions.access' denied for resource 'projects/harbour-dev/secrets/db-password/versions/3'"));
}

#[test]
fn versions_are_added_listed_and_switched_off_under_their_etag() {
    let scene = Scene::with(|world| {
        world.add_secret("harbour-dev", "db-password", "one");
        let role = "roles/secretmanager.secretVersionManager";
        world.grant_on_secret("harbour-dev", "db-password", World::DEPLOYER, role);
    });
    let home = "/v1/projects/harbour-dev/secrets/db-password";
    let post = |path: &str, body: Value| scene.post("secretmanager", &format!("{home}{path}"), &body);
    let added = post(":addVersion", json!({"payload": {"data": "aHVudGVyMg==", "dataCrc32c": "1736498283"}})).json();
    assert_eq!(added["name"], "projects/123456789012/secrets/db-password/versions/2");
    assert_eq!((&added["state"], &added["clientSpecifiedPayloadChecksum"]), (&json!("ENABLED"), &json!(true)));
    assert_eq!(post(":addVersion", json!({"payload": {"data": "aHVudGVyMg==", "dataCrc32c": "1"}})).status, 400);
    assert_eq!(post(":addVersion", json!({"payload": {"data": ""}})).status, 400);
    let list = |query: &str| scene.get("secretmanager", &format!("{home}/versions{query}")).json();
    let names = |list: &Value| -> Vec<String> {
        let all = list["versions"].as_array().cloned().unwrap_or_default();
        all.iter().filter_map(|one| one["name"].as_str()?.rsplit('/').next().map(str::to_owned)).collect()
    };
    assert_eq!(names(&list("")), ["2", "1"], "the newest comes first");
    let first = list("?pageSize=1");
    assert_eq!(
        names(&list(&format!("?pageSize=1&pageToken={}", first["nextPageToken"].as_str().unwrap_or("")))),
        ["1"]
    );
    // An etag of before is refused, and one of now is another one afterwards.
    let disable = |etag: &str| post("/versions/2:disable", json!({"etag": etag}));
    assert_eq!(disable("\"stale\"").json()["error"]["status"], "FAILED_PRECONDITION");
    let etag = added["etag"].as_str().unwrap_or_default();
    assert_eq!(disable(etag).json()["state"], "DISABLED");
    assert_eq!(disable(etag).status, 400);
    assert_eq!(names(&list("?filter=state:ENABLED")), ["1"]);
    // The newest version is what `latest` stands for, whatever its state.
    assert_eq!(scene.get("secretmanager", &format!("{home}/versions/latest")).json()["state"], "DISABLED");
    let latest = scene.get("secretmanager", &format!("{home}/versions/latest:access"));
    assert_eq!(latest.json()["error"]["status"], "FAILED_PRECONDITION");
    assert_eq!(post("/versions/2:enable", json!({})).json()["state"], "ENABLED");
    // The role reads no value of its own accord, and holds on the one secret alone.
    let asked = json!({"permissions": ["secretmanager.versions.add", "secretmanager.secrets.delete"]});
    assert_eq!(
        post(":testIamPermissions", asked.clone()).json(),
        json!({"permissions": ["secretmanager.versions.add"]})
    );
    let other = "/v1/projects/harbour-dev/secrets/other";
    assert_eq!(scene.post("secretmanager", &format!("{other}:testIamPermissions"), &asked).json(), json!({}));
    assert_eq!(scene.get("secretmanager", &format!("{other}/versions")).status, 403);
    assert_eq!(
        scene.cloud.world(|world| (world.count("secret version added"), world.count("secret version disabled"))),
        (1, 1)
    );
}
