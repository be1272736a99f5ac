//! Faults: each action, at each moment.

use crate::client;
use crate::scene::{BUILDS, SERVICES, Scene, hello};
use fakecloud::{Action, Fault, Moment, World};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

const GET: &str = "cloudresourcemanager.projects.get";

fn ask(scene: &Scene) -> std::io::Result<client::Reply> {
    let bearer = format!("Bearer {}", scene.token);
    client::send(
        &scene.cloud.address("cloudresourcemanager"),
        "GET",
        "/v3/projects/harbour-dev",
        &[("Authorization", &bearer)],
        None,
    )
}

fn with(fault: Fault) -> Scene {
    let scene = Scene::new();
    scene.cloud.world(|world| world.faults.push(fault));
    scene
}

#[test]
fn a_status_comes_with_googles_usual_body() {
    for (code, status) in [
        (400, "INVALID_ARGUMENT"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (409, "ABORTED"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (501, "UNIMPLEMENTED"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
    ] {
        let scene = with(Fault::next(GET, Action::status(code)));
        let reply = ask(&scene).expect("a reply");
        assert_eq!(
            (reply.status, &reply.json()["error"]["status"], &reply.json()["error"]["code"]),
            (code, &json!(status), &json!(code))
        );
        assert_eq!(ask(&scene).expect("a reply").status, 200, "it was the next call only");
    }
    let scene = with(Fault::next(GET, Action::status(401)));
    assert_eq!(ask(&scene).expect("a reply").reason().as_deref(), Some("ACCESS_TOKEN_EXPIRED"));
    let scene = with(Fault::next(GET, Action::status(429)));
    assert_eq!(ask(&scene).expect("a reply").reason().as_deref(), Some("RATE_LIMIT_EXCEEDED"));
}

#[test]
fn storage_and_the_token_endpoint_have_their_own_bodies() {
    let scene = with(Fault::next("storage.buckets.get", Action::status(503)));
    let body = scene.get("storage", "/storage/v1/b/x").json();
    assert_eq!(body["error"]["errors"][0]["reason"], "backendError");
    let scene = with(Fault::next("oauth2.token", Action::status(503)));
    let reply = crate::scene::exchange(&scene.cloud, "x");
    assert_eq!((reply.status, &reply.json()["error"]), (503, &json!("internal_failure")));
}

#[test]
fn bodies_and_headers_can_be_given() {
    let body = json!({"error": {"code": "429", "message": {"odd": true}}});
    let action = Action::Status(429, Some(body.clone()), vec![("Retry-After".to_owned(), "7".to_owned())]);
    let reply = ask(&with(Fault::next(GET, action))).expect("a reply");
    assert_eq!((reply.status, reply.json(), reply.header("retry-after")), (429, body, Some("7")));
    let reply = ask(&with(Fault::next(GET, Action::retry_after(503, "30")))).expect("a reply");
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("30")));
}

#[test]
fn replies_can_be_html_garbage_empty_or_a_redirect() {
    let reply = ask(&with(Fault::next(GET, Action::Html(502)))).expect("a reply");
    assert!(reply.status == 502 && reply.text().contains("<html>"));
    let reply = ask(&with(Fault::next(GET, Action::Garbage))).expect("a reply");
    assert!(reply.status == 200 && serde_json::from_slice::<Value>(&reply.body).is_err());
    let reply = ask(&with(Fault::next(GET, Action::Empty))).expect("a reply");
    assert_eq!((reply.status, reply.body.len()), (200, 0));
    let reply = ask(&with(Fault::next(GET, Action::Redirect("https://evil.example/".to_owned())))).expect("a reply");
    assert_eq!((reply.status, reply.header("location")), (307, Some("https://evil.example/")));
}

#[test]
fn a_reset_is_a_reset() {
    let trouble = ask(&with(Fault::next(GET, Action::Reset))).expect_err("no reply");
    assert_eq!(trouble.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_truncated_reply_announces_more_than_it_sends() {
    let scene = with(Fault::lost_reply(GET, Action::Truncate));
    let trouble = ask(&scene).expect_err("half a reply");
    assert_eq!(trouble.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(scene.cloud.calls(GET)[0].status, Some(200));
}

#[test]
fn a_hung_call_blocks_nobody_else_and_ends_with_the_cloud() {
    let scene = with(Fault::next(GET, Action::Hang));
    let address = scene.cloud.address("cloudresourcemanager");
    let bearer = format!("Bearer {}", scene.token);
    let hung = std::thread::spawn(move || {
        client::send(&address, "GET", "/v3/projects/harbour-dev", &[("Authorization", &bearer)], None)
    });
    assert!(scene.cloud.wait_for(|entry| entry.is(GET), Duration::from_secs(5)));
    for _ in 0..3 {
        assert_eq!(ask(&scene).expect("a reply").status, 200);
    }
    assert_eq!(scene.cloud.calls(GET)[0].status, None);
    drop(scene);
    assert!(hung.join().expect("the thread").is_err());
}

#[test]
fn a_slow_reply_is_late_at_either_moment() {
    for moment in [Moment::Before, Moment::AfterEffect] {
        let scene = with(Fault { moment, ..Fault::next(GET, Action::Slow(Duration::from_millis(60))) });
        let begun = Instant::now();
        assert_eq!(ask(&scene).expect("a reply").status, 200);
        assert!(begun.elapsed() >= Duration::from_millis(60));
    }
}

#[test]
fn before_has_no_effect_and_after_has_it() {
    let patch = "run.projects.locations.services.patch";
    let send = |scene: &Scene| {
        let text = hello().to_string();
        let bearer = format!("Bearer {}", scene.token);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        client::send(
            &scene.cloud.address("run"),
            "PATCH",
            &format!("{SERVICES}/web?allowMissing=true"),
            &headers,
            Some(text.as_bytes()),
        )
    };
    let scene = with(Fault::next(patch, Action::Reset));
    assert!(send(&scene).is_err());
    assert_eq!(scene.cloud.world(|world| world.count("revision created")), 0);
    assert!(!scene.cloud.calls(patch)[0].effect);
    let scene = with(Fault::lost_reply(patch, Action::Reset));
    assert!(send(&scene).is_err());
    assert_eq!(scene.cloud.world(|world| world.count("revision created")), 1);
    let entry = &scene.cloud.calls(patch)[0];
    assert_eq!((entry.effect, entry.status, entry.account.as_deref()), (true, None, Some(World::DEPLOYER)));
    // The same for a build: one call, one build, no reply.
    let scene = Scene::new();
    let body = scene.build_of(&[("Dockerfile", "FROM x\n")]);
    scene.cloud.world(|world| {
        world.faults.push(Fault::lost_reply("cloudbuild.projects.locations.builds.create", Action::status(503)))
    });
    assert_eq!(scene.refused(&body).0, 503);
    let found = scene.get("cloudbuild", &format!("{BUILDS}?filter=tags%3D%22req-1%22")).json();
    assert_eq!(found["builds"].as_array().map(Vec::len), Some(1));
}

#[test]
fn faults_wait_repeat_and_are_asked_for_when_unused() {
    let scene = with(Fault::next(GET, Action::status(503)).skip(1).times(2));
    let statuses: Vec<u16> = (0..4).map(|_| ask(&scene).expect("a reply").status).collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert!(scene.cloud.world(|world| world.unused_faults()).is_empty());
    scene.cloud.world(|world| world.faults.push(Fault::next("no.such.call", Action::Hang)));
    let unused = scene.cloud.world(|world| world.unused_faults());
    assert_eq!((unused.len(), unused[0].call), (1, "no.such.call"));
    let scene = with(Fault::next(GET, Action::status(500)).times(Fault::FOREVER));
    assert_eq!(scene.cloud.world(|world| world.unused_faults().len()), 1);
    assert!((0..10).all(|_| ask(&scene).expect("a reply").status == 500));
    assert!(scene.cloud.world(|world| world.unused_faults()).is_empty());
}

#[test]
fn a_fault_can_mean_only_some_calls_of_a_method() {
    let scene = Scene::new();
    scene.stage("a", b"1");
    scene.cloud.world(|world| world.faults.push(Fault::next("storage.objects.get?alt=media", Action::status(429))));
    let path = format!("/storage/v1/b/{}/o/a", crate::scene::BUCKET);
    assert_eq!(scene.get("storage", &path).status, 200);
    assert_eq!(scene.get("storage", &format!("{path}?alt=media")).status, 429);
    assert_eq!(scene.get("storage", &format!("{path}?alt=media")).status, 200);
}

#[test]
fn a_deployed_service_can_be_struck_too() {
    let scene = Scene::new();
    let mut body = hello();
    body["invokerIamDisabled"] = json!(true);
    scene.deploy("web", &body);
    let url = scene.service("web")["uri"].as_str().expect("an address").to_owned();
    scene.cloud.world(|world| world.faults.push(Fault::next("site.request", Action::Reset)));
    assert!(client::send(&url, "GET", "/", &[], None).is_err());
    assert_eq!(client::send(&url, "GET", "/", &[], None).expect("a reply").status, 200);
}
