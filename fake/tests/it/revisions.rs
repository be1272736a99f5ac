//! Revisions: read, listed, pruned.

use crate::scene::{SERVICES, Scene, hello};
use fakecloud::{RevisionOutcome, RevisionScript};
use serde_json::{Value, json};

fn scene(count: usize) -> Scene {
    let scene = Scene::new();
    for number in 1..=count {
        let mut body = hello();
        body["template"]["revision"] = json!(format!("web-{number}"));
        body["template"]["timeout"] = json!(format!("{}s", 10 * number));
        scene.deploy("web", &body);
    }
    scene
}

fn path(revision: &str) -> String {
    format!("{SERVICES}/web/revisions/{revision}")
}

#[test]
fn a_ready_revision_is_read() {
    let scene = scene(1);
    let revision = scene.get("run", &path("web-1")).json();
    assert_eq!(revision["name"], "projects/harbour-dev/locations/us-central1/services/web/revisions/web-1");
    assert_eq!((&revision["service"], &revision["timeout"]), (&json!("web"), &json!("10s")));
    assert_eq!(
        revision["conditions"][0],
        json!({"type": "Ready", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": revision["updateTime"]})
    );
    assert!(revision["logUri"].as_str().is_some_and(|uri| uri.contains("revision_name/web-1")));
    assert_eq!(scene.get("run", &path("web-9")).status, 404);
}

#[test]
fn a_failed_revision_reads_like_the_sample() {
    let scene =
        Scene::with(|world| world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen)));
    let mut body = hello();
    body["template"]["revision"] = json!("web-1");
    body["template"]["containers"][0]["ports"] = json!([{"containerPort": 3000}]);
    scene.deploy("web", &body);
    let revision = scene.get("run", &path("web-1")).json();
    let kinds: Vec<&Value> =
        revision["conditions"].as_array().expect("conditions").iter().map(|condition| &condition["type"]).collect();
    assert_eq!(kinds, ["Ready", "ContainerHealthy", "ContainerReady", "ResourcesAvailable", "Active"]);
    for index in [0, 1] {
        let condition = &revision["conditions"][index];
        assert_eq!(
            (&condition["state"], &condition["revisionReason"]),
            (&json!("CONDITION_FAILED"), &json!("HEALTH_CHECK_CONTAINER_ERROR"))
        );
    }
    assert!(
        revision["conditions"][0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("PORT=3000") && !text.contains("Logs URL"))
    );
}

#[test]
fn lists_are_newest_first_and_paged() {
    let scene = scene(3);
    let names = |query: &str| {
        let list = scene.get("run", &format!("{SERVICES}/web/revisions{query}")).json();
        let names: Vec<String> = list["revisions"]
            .as_array()
            .cloned()
            .unwrap_or_default()
            .iter()
            .map(|revision| {
                revision["name"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
            })
            .collect();
        (names, list["nextPageToken"].as_str().map(str::to_owned))
    };
    assert_eq!(names("").0, ["web-3", "web-2", "web-1"]);
    let (first, token) = names("?pageSize=2");
    assert_eq!(first, ["web-3", "web-2"]);
    assert_eq!(names(&format!("?pageSize=2&pageToken={}", token.expect("a token"))), (vec!["web-1".to_owned()], None));
    assert_eq!(scene.get("run", &format!("{SERVICES}/other/revisions")).status, 404);
}

#[test]
fn only_what_is_not_needed_can_be_deleted() {
    let scene = scene(3);
    let tagged = json!({"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100},
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-2", "tag": "old"}]});
    let operation = scene.call("run", "PATCH", &format!("{SERVICES}/web?updateMask=traffic"), Some(&tagged)).json();
    scene.wait(&operation);
    let delete = |revision: &str| scene.call("run", "DELETE", &path(revision), None);
    for needed in ["web-3", "web-2"] {
        let reply = delete(needed);
        assert_eq!((reply.status, &reply.json()["error"]["status"]), (400, &json!("FAILED_PRECONDITION")), "{needed}");
    }
    let done = scene.wait(&delete("web-1").json());
    assert_eq!(done["response"]["@type"], "type.googleapis.com/google.cloud.run.v2.Revision");
    assert_eq!(scene.get("run", &path("web-1")).status, 404);
    assert_eq!(delete("web-1").status, 404);
    assert_eq!(scene.cloud.world(|world| world.count("revision deleted")), 1);
}
