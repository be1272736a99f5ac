//! Whatever the endpoints answer that give tokens: no answer outlives the request it was given to, none is taken for a
//! token that is none, and a rollout goes on or everything is as it was.

use std::io::Write as _;

use fakecloud::{Action, Fault, World};
use serde_json::{Value, json};

use crate::own_credentials;
use crate::support::{Run, Scene};

const TOKEN: &str = "oauth2.token";
const ACT_AS: &str = "iamcredentials.projects.serviceAccounts.generateAccessToken";

/// An answer with a JSON body.
fn says(status: u16, body: Value) -> Action {
    Action::Status(status, Some(body), Vec::new())
}

fn raw(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Action {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Action::Raw(status, headers.collect(), body.into())
}

/// So many bytes of zeros, packed.
fn bomb(size: usize) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..size >> 20 {
        packed.write_all(&zeros).unwrap();
    }
    packed.finish().unwrap()
}

/// Everything that is no answer of a token endpoint, and no refusal either.
fn shapes() -> Vec<(&'static str, Action)> {
    let json = ("content-type", "application/json");
    let deep = "[".repeat(100_000);
    vec![
        // What a front end of Google's APIs says, as an object without any word of OAuth's.
        ("503, Google's error", says(503, json!({"error": {"code": 503}}))),
        (
            "503, Google's error in full",
            says(503, json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "x"}})),
        ),
        ("503, an empty object", says(503, json!({}))),
        ("503, with a token in it", says(503, json!({"access_token": "ya29.no", "expires_in": 3599}))),
        ("503, OAuth's word", Action::status(503)),
        ("500, nothing", raw(500, &[], "")),
        ("502, a page", Action::Html(502)),
        ("504, a page", Action::Html(504)),
        ("408, nothing", raw(408, &[], "")),
        ("429, told to wait", Action::retry_after(429, "7")),
        ("400, OAuth's word for trouble", says(400, json!({"error": "internal_failure"}))),
        ("403, OAuth's word for trouble", says(403, json!({"error": "temporarily_unavailable"}))),
        ("200, a page", raw(200, &[("content-type", "text/html")], "<html>Sorry</html>")),
        ("200, nothing", Action::Empty),
        ("204", raw(204, &[], "")),
        ("200, broken JSON", Action::Garbage),
        ("200, null", raw(200, &[json], "null")),
        ("200, a list", raw(200, &[json], "[]")),
        ("200, a text", raw(200, &[json], "\"ya29.no\"")),
        ("200, no text at all", raw(200, &[json], vec![0xff, 0xfe, 0x00])),
        ("200, deep", raw(200, &[json], deep)),
        ("200, an empty object", says(200, json!({}))),
        ("200, Google's error", says(200, json!({"error": {"code": 503}}))),
        ("200, OAuth's error", says(200, json!({"error": "invalid_grant", "error_description": "no"}))),
        ("200, no token but a life", says(200, json!({"expires_in": 3599, "token_type": "Bearer"}))),
        (
            "200, an empty token",
            says(200, json!({"access_token": "", "accessToken": "", "value": "", "expires_in": 3599})),
        ),
        ("200, null for a token", says(200, json!({"access_token": null, "accessToken": null, "value": null}))),
        ("200, a number for a token", says(200, json!({"access_token": 7, "accessToken": 7, "value": 7}))),
        ("200, two words", says(200, json!({"access_token": "a b", "accessToken": "a b", "value": "a b"}))),
        (
            "200, a header's end",
            says(200, json!({"access_token": "a\r\nb: c", "accessToken": "a\r\nb", "value": "a\nb"})),
        ),
        ("200, a token that fits nowhere", {
            let long = "x".repeat(20_000);
            says(200, json!({"access_token": long, "accessToken": long, "value": long, "expires_in": 3599}))
        }),
        ("200, a number beyond all", raw(200, &[json], r#"{"access_token": "ya29.no", "expires_in": 1e999}"#)),
        ("200, bytes without an end", Action::Endless(200, br#"{"access_token": ""#.to_vec())),
        ("503, bytes without an end", Action::Endless(503, br#"{"error": ""#.to_vec())),
        (
            "200, a small file that unpacks to a large one",
            raw(200, &[json, ("content-encoding", "gzip")], bomb(64 << 20)),
        ),
        ("200, packed they say", raw(200, &[json, ("content-encoding", "gzip")], "{}")),
        ("reset", Action::Reset),
        ("cut off", Action::Truncate),
    ]
}

/// What a token endpoint says no with.
fn refusals() -> Vec<(&'static str, Action)> {
    vec![
        ("400, OAuth's", says(400, json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}))),
        ("403, Google's", says(403, json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}))),
        ("401, a page", Action::Html(401)),
        ("404, a page", Action::Html(404)),
        ("429, told to wait for ever", Action::retry_after(429, &u64::MAX.to_string())),
        ("a redirect", Action::Redirect("http://127.0.0.1:9/steal".into())),
    ]
}

/// Puts a way of signing in into a scene.
type Way = fn(&mut Scene);

/// Each way of signing in, and the calls by which it gets an access token.
fn ways() -> Vec<(&'static str, Way, Vec<&'static str>)> {
    vec![
        ("a key", |_| {}, vec![TOKEN]),
        ("federation", crate::keyless::without_key, vec!["actions.idtoken", "sts.token", ACT_AS]),
        ("a person", own_credentials::as_person, vec![TOKEN]),
        ("a person who acts", own_credentials::as_person_who_acts, vec![TOKEN, ACT_AS]),
        ("a machine", own_credentials::as_machine, vec!["metadata.account", "metadata.token"]),
    ]
}

#[test]
fn no_answer_to_the_first_sign_in_is_taken_for_a_token() {
    for (way, sign_in, calls) in ways() {
        let mut scene = Scene::new();
        sign_in(&mut scene);
        scene.input("dry_run", "true");
        for (link, call) in calls.into_iter().enumerate() {
            // All of them for the way that most use, for the others every seventh, each another one: renewals, below,
            // meet all of them.
            let every = if way == "a key" { 1 } else { 7 };
            for (name, action) in shapes().into_iter().skip(link % every).step_by(every) {
                scene.cloud.world(|world| world.faults = vec![Fault::next(call, action.clone())]);
                let run = deploy(&scene);
                assert_eq!(run.code, 0, "{way}, {call}: {name}\n{}", run.log());
            }
            scene
                .cloud
                .world(|world| world.faults = vec![Fault::next(call, says(503, json!({}))).times(Fault::FOREVER)]);
            deploy(&scene).expect(7).says("5 attempts");
            scene.cloud.world(|world| world.faults.clear());
        }
    }
}

/// Deploys, in a job and on a terminal alike.
fn deploy(scene: &Scene) -> Run {
    scene.command(&["deploy"])
}

/// A service that serves one revision, and a second deploy of it, step by step, that asks for a token with every request.
fn in_the_middle(sign_in: Way) -> Scene {
    let mut scene = Scene::new();
    sign_in(&mut scene);
    scene.input("health_path", "/health").input("allow_unauthenticated", "true");
    deploy(&scene).expect(0);
    scene.file("app/main.py", "print('two')\n").input("strategy", "canary");
    scene.cloud.world(|world| (world.token_lifetime, world.federated_lifetime) = (60, 60));
    scene
}

/// Who gets which share of the requests.
fn served(scene: &Scene) -> Vec<(String, u64)> {
    scene.cloud.world(|world| {
        let shares = &world.service("us-central1", "web").unwrap().serving;
        shares.iter().filter(|share| share.percent > 0).map(|share| (share.revision.clone(), share.percent)).collect()
    })
}

#[test]
fn every_answer_in_turn_to_renewals_in_one_rollout() {
    for (way, sign_in, calls) in ways() {
        for call in calls.into_iter().filter(|call| *call != "metadata.account") {
            let scene = in_the_middle(sign_in);
            // One after the other, a good answer between two bad ones.
            let faults = shapes().into_iter().zip(0..).map(|((_, action), turn)| Fault::next(call, action).skip(turn));
            scene.cloud.world(|world| world.faults = faults.collect());
            let before = served(&scene);
            // That each of them struck is one of the laws of every run.
            let run = deploy(&scene);
            assert_eq!(run.code, 0, "{way}, {call}\n{}", run.log());
            assert_ne!(served(&scene), before, "{way}, {call}");
        }
    }
}

#[test]
fn a_refusal_in_the_middle_of_a_rollout_puts_everything_back() {
    let reference = in_the_middle(|_| {});
    let from = reference.cloud.calls(TOKEN).len();
    deploy(&reference).expect(0);
    let renewals = u32::try_from(reference.cloud.calls(TOKEN).len() - from).unwrap();
    for (name, action) in refusals() {
        // At a request of each third of the run: the build, the candidate, the traffic.
        for skip in [renewals / 2, renewals * 3 / 4, renewals - 3] {
            let scene = in_the_middle(|_| {});
            let before = served(&scene);
            scene.cloud.world(|world| world.faults = vec![Fault::next(TOKEN, action.clone()).skip(skip)]);
            let run = scene.start(&["deploy"]).finish_lenient();
            assert!(run.code == 0 || served(&scene) == before, "{name}, after {skip}: {}\n{}", run.code, run.log());
            assert_ne!(run.code, 10, "{name}, after {skip}\n{}", run.log());
            // The next run knows nothing of it.
            deploy(&scene).expect(0);
        }
    }
}

/// Longer than any one request asks for a token.
#[test]
fn an_outage_while_something_is_watched_ends_nothing() {
    let outage = says(503, json!({"error": {"code": 503}}));
    for watched in ["cloudbuild.projects.locations.builds.get", "run.projects.locations.operations.wait"] {
        let reference = in_the_middle(|_| {});
        let from = reference.cloud.journal().len();
        deploy(&reference).expect(0);
        let journal = reference.cloud.journal();
        let before = journal[from..].iter().take_while(|request| !request.is(watched));
        // The token of the first look has been asked for, that of the second has not.
        let skip = u32::try_from(before.filter(|request| request.is(TOKEN)).count()).unwrap();
        let scene = in_the_middle(|_| {});
        scene.cloud.world(|world| world.faults = vec![Fault::next(TOKEN, outage.clone()).skip(skip).times(12)]);
        let run = deploy(&scene);
        assert_eq!(run.code, 0, "{watched}\n{}", run.log());
    }
}

/// Longer than any one request asks for a token, at whatever request of a rollout, or of the way back, it begins.
#[test]
fn an_outage_while_something_is_written_is_waited_out() {
    let outage = says(503, json!({"error": {"code": 503}}));
    let writes = "run.projects.locations.services.patch";
    for (way, code, before) in [("a rollout", 0, 1), ("the way back", 9, 2)] {
        let fails = |scene: &Scene| {
            if code == 9 {
                crate::rollout::next_answers(scene, crate::rollout::ill());
            }
        };
        let reference = in_the_middle(|_| {});
        fails(&reference);
        let from = reference.cloud.journal().len();
        deploy(&reference).expect(code);
        let journal = reference.cloud.journal();
        let at = journal.iter().enumerate().skip(from).filter(|(_, one)| one.is(writes)).nth(before - 1).unwrap().0;
        // The token that this write goes with is the last one before it.
        let skip = journal[from..at].iter().filter(|request| request.is(TOKEN)).count() - 1;
        let scene = in_the_middle(|_| {});
        fails(&scene);
        let served = served(&scene);
        let fault = Fault::next(TOKEN, outage.clone()).skip(u32::try_from(skip).unwrap()).times(14);
        scene.cloud.world(|world| world.faults = vec![fault]);
        let run = deploy(&scene);
        assert_eq!(run.code, code, "{way}\n{}", run.log());
        run.says("There is no new token yet").says("Asking again for up to 120 s");
        assert_eq!(self::served(&scene) == served, code == 9, "{way}");
    }
}

#[test]
fn a_life_that_makes_no_sense_harms_nothing() {
    for said in [
        json!(0),
        json!(-5),
        json!(1),
        json!(59),
        json!("3599"),
        json!("soon"),
        json!(null),
        json!({}),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!("9999-12-31T23:59:59Z"),
        json!("-999999-01-01T00:00:00Z"),
    ] {
        for (way, sign_in, _) in ways() {
            let mut scene = Scene::new();
            sign_in(&mut scene);
            scene.input("dry_run", "true");
            scene.cloud.world(|world| world.said_lifetime = Some(said.clone()));
            let run = deploy(&scene);
            assert_eq!(run.code, 0, "{way}: {said}\n{}", run.log());
        }
    }
}

#[test]
fn a_token_that_is_said_to_live_for_ever_is_renewed_when_google_refuses_it() {
    let scene = in_the_middle(|_| {});
    // It lives for a minute, and calls take ten seconds.
    scene.cloud.world(|world| (world.said_lifetime, world.seconds_per_call) = (Some(json!(u64::MAX)), 10));
    let before = scene.cloud.calls(TOKEN).len();
    deploy(&scene).expect(0);
    let renewed = scene.cloud.calls(TOKEN).len() - before;
    assert!(renewed > 3, "{renewed}");
}

#[test]
fn an_answer_that_stops_in_the_middle_is_given_up() {
    let mut scene = Scene::new();
    scene.input("dry_run", "true");
    let begin = br#"{"access_token": "ya29."#.to_vec();
    scene.cloud.world(|world| world.faults.push(Fault::next(TOKEN, Action::Stuck(200, begin))));
    deploy(&scene).expect(0);
}

#[test]
fn identity_tokens_are_asked_for_again_too() {
    const IDENTITY: &str = "iamcredentials.projects.serviceAccounts.generateIdToken";
    let ways: [(&str, Way, &str, u32); 4] = [
        ("a key", |_| {}, TOKEN, 1),
        ("federation", crate::keyless::without_key, IDENTITY, 0),
        ("a person", own_credentials::as_person, TOKEN, 1),
        ("a machine", own_credentials::as_machine, "metadata.identity", 0),
    ];
    for (way, sign_in, call, skip) in ways {
        let mut scene = Scene::new();
        sign_in(&mut scene);
        scene.input("health_path", "/health");
        for (turn, (name, action)) in shapes().into_iter().enumerate() {
            if name == "200, no token but a life" && call == "metadata.identity" {
                continue;
            }
            scene.file("app/main.py", format!("print({turn})\n")).input("strategy", "direct");
            scene.cloud.world(|world| world.faults = vec![Fault::next(call, action.clone()).skip(skip)]);
            let run = deploy(&scene);
            assert_eq!(run.code, 0, "{way}: {name}\n{}", run.log());
            run.says("with an identity token (it is private)");
        }
    }
}

/// A name, the scene as it is before, and the command.
type Story = (&'static str, fn() -> Scene, &'static str);

#[test]
fn one_503_at_each_renewal_of_a_rollout() {
    let stories: [Story; 5] = [
        ("deploy, candidate", candidate, "deploy"),
        ("deploy, canary", || in_the_middle(|_| {}), "deploy"),
        ("rollback", deployed_twice, "rollback"),
        ("release with two accounts", release, "release"),
        ("rotate-key", rotation, "rotate-key"),
    ];
    for (name, scene, command) in stories {
        let reference = scene();
        let from = reference.cloud.calls(TOKEN).len();
        reference.command(&[command]).expect(0);
        let renewals = u32::try_from(reference.cloud.calls(TOKEN).len() - from).unwrap();
        assert!(renewals > 5, "{name}: {renewals}");
        // Each run meets it at every eighth request; after eight runs each request has met it.
        for first in 0..renewals.min(8) {
            let scene = scene();
            let outage = |skip| Fault::next(TOKEN, says(503, json!({"error": {"code": 503}}))).skip(skip);
            scene.cloud.world(|world| world.faults = (first..renewals).step_by(8).map(outage).collect());
            let run = scene.command(&[command]);
            assert_eq!(run.code, 0, "{name}, from request {} for a token on\n{}", first + 1, run.log());
        }
    }
}

fn candidate() -> Scene {
    let mut scene = in_the_middle(|_| {});
    scene.input("strategy", "");
    scene
}

fn deployed_twice() -> Scene {
    let mut scene = candidate();
    deploy(&scene).expect(0);
    scene.input("source", "").input("allow_unauthenticated", "");
    scene
}

fn rotation() -> Scene {
    let mut scene = crate::rotate_key::scene();
    scene.cloud.world(|world| world.token_lifetime = 60);
    scene.input("grace", "0");
    scene
}

/// Two services that sign in as two accounts, each released once before.
fn release() -> Scene {
    let mut scene = Scene::new();
    let other = "second@harbour-dev.iam.gserviceaccount.com";
    scene.cloud.world(|world| {
        world.add_account(World::PROJECT, other);
        for role in World::DEPLOYER_ROLES {
            world.grant(World::PROJECT, other, role);
        }
    });
    let key = scene.cloud.key_json(other);
    scene.input("service", "").input("source", "");
    scene.input("values", &format!("KEY: {}", Value::from(key)));
    let part = |name: &str, more: &str| {
        format!("  {name}:\n    source: app\n    allow_unauthenticated: true\n    health_path: /health\n{more}")
    };
    let second = part("api", "    credentials_json: ${values.KEY}\n");
    scene.file("slipway.yml", format!("services:\n{}{second}", part("web", "")));
    scene.command(&["release"]).expect(0);
    scene.file("app/main.py", "print('two')\n");
    scene.cloud.world(|world| world.token_lifetime = 60);
    scene
}
