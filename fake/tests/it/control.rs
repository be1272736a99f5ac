//! The control surface: addresses, the journal, what must not be asked.

use crate::client;
use crate::scene::{BUCKET, SERVICES, Scene, hello};
use fakecloud::{FakeCloud, World};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn every_api_has_a_variable_and_a_port_of_its_own() {
    let cloud = FakeCloud::start(World::new());
    let endpoints = cloud.endpoints();
    let names: BTreeSet<&str> =
        endpoints.iter().filter_map(|(name, _)| name.strip_prefix("CLOUDSDK_API_ENDPOINT_OVERRIDES_")).collect();
    let wanted = [
        "ARTIFACTREGISTRY",
        "BILLINGBUDGETS",
        "CLOUDBILLING",
        "CLOUDBUILD",
        "CLOUDRESOURCEMANAGER",
        "DOCKER",
        "FIREBASEHOSTING",
        "IAM",
        "IAMCREDENTIALS",
        "IDENTITYTOOLKIT",
        "LOGGING",
        "MONITORING",
        "RUN",
        "SECRETMANAGER",
        "SERVICEUSAGE",
        "STORAGE",
        "STS",
    ];
    assert_eq!(names, BTreeSet::from(wanted));
    let ports: BTreeSet<&str> = endpoints.iter().map(|(_, address)| address.as_str()).collect();
    assert_eq!(ports.len(), wanted.len());
    assert!(ports.iter().all(|address| address.starts_with("http://127.0.0.1:") && address.ends_with('/')));
}

#[test]
fn a_stopped_cloud_answers_no_more() {
    let cloud = FakeCloud::start(World::new());
    let address = cloud.address("run");
    assert!(client::send(&address, "GET", "/", &[], None).is_ok());
    drop(cloud);
    assert!(client::send(&address, "GET", "/", &[], None).is_err());
}

#[test]
fn the_journal_tells_what_was_asked_and_what_became_of_it() {
    let scene = Scene::new();
    let body = json!({"name": BUCKET});
    scene.post("storage", "/storage/v1/b?project=harbour-dev", &body);
    scene.get("storage", "/storage/v1/b/none");
    let journal = scene.cloud.journal();
    assert_eq!(
        journal.iter().map(|entry| entry.call.as_str()).collect::<Vec<_>>(),
        ["oauth2.token", "storage.buckets.insert", "storage.buckets.get"]
    );
    let insert = &journal[1];
    assert_eq!((insert.api.as_str(), insert.verb.as_str(), insert.path.as_str()), ("storage", "POST", "/storage/v1/b"));
    assert_eq!(
        (insert.query("project"), insert.header("content-type")),
        (Some("harbour-dev"), Some("application/json"))
    );
    assert_eq!((insert.json(), insert.status, insert.effect), (body, Some(200), true));
    assert_eq!(insert.account.as_deref(), Some(World::DEPLOYER));
    assert_eq!((journal[2].status, journal[2].effect), (Some(404), false));
    assert!(insert.is("storage.buckets.insert?project=harbour-dev") && !insert.is("storage.buckets.insert?project=x"));
    assert!(journal[2].at >= insert.at);
}

#[test]
fn a_moment_can_be_waited_for() {
    let scene = Scene::new();
    let shared = std::sync::Arc::new(scene);
    let waiter = {
        let scene = std::sync::Arc::clone(&shared);
        std::thread::spawn(move || {
            scene.cloud.wait_for(
                |entry| entry.is("storage.buckets.insert") && entry.status == Some(200),
                Duration::from_secs(10),
            )
        })
    };
    shared.post("storage", "/storage/v1/b?project=harbour-dev", &json!({"name": BUCKET}));
    assert!(waiter.join().expect("the thread"));
    assert!(!shared.cloud.wait_for(|entry| entry.call == "never", Duration::from_millis(10)));
}

#[test]
fn unknown_routes_are_loud() {
    let scene = Scene::new();
    let reply = scene.get("run", "/v2/projects/harbour-dev/locations/us-central1/jobs/x/frobnicate");
    assert_eq!(reply.status, 501);
    assert!(
        reply.message().contains("GET /v2/projects/harbour-dev/locations/us-central1/jobs/x/frobnicate"),
        "{}",
        reply.message()
    );
    // A method Google has and the fake has not is named.
    let reply = scene.get("run", "/v2/projects/harbour-dev/locations/us-central1/jobs/x:getIamPolicy");
    assert_eq!(reply.status, 501);
    assert!(reply.message().contains("does not implement run.projects.locations.jobs.getIamPolicy"));
    let reply = scene.get("monitoring", "/v3/projects/harbour-dev/alerts");
    assert!(reply.status == 501 && reply.message().contains("monitoring.projects.alerts.list"));
    assert_eq!(scene.cloud.unexpected().len(), 3);
}

#[test]
fn a_call_to_the_wrong_api_is_told_where_it_belongs() {
    let scene = Scene::new();
    let reply = scene.get("storage", &format!("{SERVICES}/web"));
    assert_eq!(reply.status, 501);
    assert_eq!(
        scene.cloud.unexpected(),
        [format!(
            "GET {SERVICES}/web was asked of storage.googleapis.com; it is run.projects.locations.services.get of run.googleapis.com"
        )]
    );
}

#[test]
fn a_quota_project_is_refused_as_in_the_sample_and_noted() {
    let scene = Scene::new();
    let mine = [("X-Goog-User-Project", "harbour-dev")];
    let reply = scene.send("run", "GET", &format!("{SERVICES}/web"), &mine, None);
    assert_eq!((reply.status, reply.reason().as_deref()), (403, Some("USER_PROJECT_DENIED")));
    assert!(reply.message().starts_with("Caller does not have required permission to use project harbour-dev."));
    // Cloud Storage says it in its own words.
    let path = format!("/storage/v1/b/{BUCKET}");
    let reply = scene.send("storage", "GET", &path, &mine, None);
    assert_eq!((reply.status, &reply.json()["error"]["errors"][0]["reason"]), (403, &json!("forbidden")));
    assert!(reply.message().contains("does not have serviceusage.services.use access to the Google Cloud project"));
    assert_eq!(scene.get("storage", &format!("{path}?userProject=harbour-dev")).status, 403);
    assert_eq!(scene.cloud.unexpected().len(), 3);
}

#[test]
fn unknown_query_parameters_are_noted() {
    let scene = Scene::new();
    let reply = scene.get("run", &format!("{SERVICES}/web?view=FULL"));
    assert_eq!(reply.status, 400);
    assert!(reply.message().contains("Unknown name \"view\": Cannot bind query parameter."));
    // Cloud Storage ignores them, the fake notes them all the same.
    assert_eq!(scene.get("storage", &format!("/storage/v1/b/{BUCKET}?view=FULL")).status, 404);
    assert_eq!(scene.cloud.unexpected().len(), 2);
    assert_eq!(scene.call("run", "PATCH", &format!("{SERVICES}/web?allowMissing=yes"), Some(&hello())).status, 400);
}

#[test]
fn parameters_the_fake_does_not_honour_are_noted() {
    let scene = Scene::new();
    scene.stage("a", b"1");
    let path = format!("/storage/v1/b/{BUCKET}/o/a");
    assert_eq!(scene.get("storage", &format!("{path}?ifMetagenerationMatch=7")).status, 200);
    assert_eq!(
        scene.cloud.unexpected(),
        ["storage.objects.get: the fake cloud does not honour «ifMetagenerationMatch»"]
    );
    assert_eq!(scene.get("storage", &format!("{path}?alt=proto")).status, 400);
    assert_eq!(scene.cloud.unexpected().len(), 2);
}

#[test]
fn replies_carry_googles_date() {
    let scene = Scene::with(|world| world.clock_skew = 0);
    let date =
        |scene: &Scene| scene.get("cloudresourcemanager", "/v3/projects/harbour-dev").header("date").map(str::to_owned);
    let today = date(&scene).expect("a date");
    scene.cloud.world(|world| world.clock_skew = 400 * 86_400);
    assert_ne!(date(&scene).expect("a date")[8..16], today[8..16]);
}

#[test]
fn tokens_in_addresses_and_of_the_wrong_kind_are_noted() {
    let scene = Scene::new();
    scene.get("cloudresourcemanager", "/v3/projects/harbour-dev?access_token=x");
    assert_eq!(
        scene.cloud.unexpected(),
        ["cloudresourcemanager.projects.get: a secret in the query parameter «access_token»"]
    );
    let token = crate::scene::id_token_for(&scene.cloud, World::DEPLOYER, "x");
    let bearer = format!("Bearer {token}");
    let reply = client::send(
        &scene.cloud.address("run"),
        "GET",
        &format!("{SERVICES}/web"),
        &[("Authorization", &bearer)],
        None,
    );
    assert_eq!(reply.expect("a reply").reason().as_deref(), Some("ACCESS_TOKEN_TYPE_UNSUPPORTED"));
    assert_eq!(scene.cloud.unexpected().len(), 2);
}

#[test]
fn a_post_without_a_length_meets_the_front_end() {
    let scene = Scene::new();
    let bearer = format!("Bearer {}", scene.token);
    let path = "/v3/projects/harbour-dev:testIamPermissions";
    let reply =
        client::send(&scene.cloud.address("cloudresourcemanager"), "POST", path, &[("Authorization", &bearer)], None);
    let reply = reply.expect("a reply");
    assert!(reply.status == 411 && reply.text().contains("<html>"));
}

#[test]
fn bodies_must_be_json_and_say_so() {
    let scene = Scene::new();
    let path = "/v3/projects/harbour-dev:testIamPermissions";
    let reply =
        scene.send("cloudresourcemanager", "POST", path, &[("Content-Type", "application/json")], Some(b"{oops"));
    assert_eq!((reply.status, &reply.json()["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    let reply = scene.send("cloudresourcemanager", "POST", path, &[], Some(b"{\"permissions\":[]}"));
    assert_eq!(reply.status, 200);
    assert_eq!(scene.cloud.unexpected().len(), 1);
    let reply = scene.send(
        "storage",
        "POST",
        "/storage/v1/b?project=harbour-dev",
        &[("Content-Type", "application/json")],
        Some(b"["),
    );
    assert_eq!(reply.json()["error"]["errors"][0]["reason"], "parseError");
}

#[test]
fn many_clients_are_served_at_once() {
    let scene = Scene::new();
    scene.stage("a", b"1");
    let (address, bearer) = (scene.cloud.address("storage"), format!("Bearer {}", scene.token));
    let path = format!("/storage/v1/b/{BUCKET}/o/a?alt=media");
    std::thread::scope(|scope| {
        let visits: Vec<_> = (0..40)
            .map(|_| {
                scope.spawn(|| {
                    client::send(&address, "GET", &path, &[("Authorization", &bearer)], None).expect("a reply").status
                })
            })
            .collect();
        assert!(visits.into_iter().all(|visit| visit.join().expect("the thread") == 200));
    });
}

#[test]
fn a_world_can_be_set_up_before_the_start() {
    let mut world = World::new();
    world.push_image("gcr.io/harbour-dev/web:1");
    world.add_bucket(BUCKET, World::NUMBER, "us-central1");
    assert!(world.put_object(BUCKET, "a", &b"1"[..]).is_some());
    let cloud = FakeCloud::start(world);
    assert!(cloud.world(|world| world.digest_of("gcr.io/harbour-dev/web:1").is_some()));
    assert!(cloud.unexpected().is_empty());
}
