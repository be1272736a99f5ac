//! Rollouts that are cut off: cancelled, killed, overtaken. Users are never left with half of one.

use std::time::{Duration, Instant};

use fakecloud::{Action, Fault};

use crate::rollout::{ill, next_answers, record, revisions, running, traffic};
use crate::support::Scene;
use crate::support::listener::Listener;

/// Where a rollout can be cut off: the call, and how many of its kind come before.
const POINTS: [(&str, u32); 9] = [
    ("run.projects.locations.services.patch", 0),
    ("run.projects.locations.operations.wait", 0),
    ("run.projects.locations.services.revisions.get", 0),
    ("site.request", 0),
    ("run.projects.locations.services.patch", 1),
    ("run.projects.locations.operations.wait", 2),
    ("site.request", 1),
    ("run.projects.locations.services.patch", 2),
    ("run.projects.locations.services.get", 1),
];

/// A run of a canary that hangs at a point.
fn hanging(call: &'static str, skip: u32, after: bool) -> Scene {
    let mut scene = running();
    scene.input("strategy", "canary").input("canary_steps", "25,100").input("canary_interval", "1s");
    let fault = if after { Fault::lost_reply(call, Action::Hang) } else { Fault::next(call, Action::Hang) };
    scene.cloud.world(|world| world.faults.push(fault.skip(skip)));
    scene
}

/// Starts it and waits until it hangs there.
pub fn reach<'a>(scene: &'a Scene, call: &str, skip: u32) -> crate::support::Running<'a> {
    reach_command(scene, &[], call, skip)
}

/// The same for a command.
pub fn reach_command<'a>(scene: &'a Scene, arguments: &[&str], call: &str, skip: u32) -> crate::support::Running<'a> {
    let seen = scene.cloud.calls(call).len();
    let running = scene.start(arguments);
    let wanted = seen + usize::try_from(skip).unwrap() + 1;
    let begun = Instant::now();
    while scene.cloud.calls(call).len() < wanted {
        assert!(begun.elapsed() < Duration::from_secs(20), "{call} never came for the {skip}th time");
        std::thread::yield_now();
    }
    running
}

/// Who meets whom: nobody but the old revision, or everybody the new one.
fn whole(scene: &Scene, context: &str) {
    let shares: Vec<(String, u64, String)> = traffic(scene).into_iter().filter(|share| share.1 > 0).collect();
    assert_eq!(shares.len(), 1, "{context}: {shares:?}");
    assert_eq!(shares[0].1, 100, "{context}");
}

#[test]
fn a_cancelled_rollout_leaves_what_was_there() {
    for (call, skip) in POINTS {
        for after in [false, true] {
            if after && call == "site.request" {
                continue;
            }
            let scene = hanging(call, skip, after);
            let old = revisions(&scene)[0].clone();
            let running = reach(&scene, call, skip);
            let begun = Instant::now();
            running.signal("TERM");
            let run = running.finish();
            let context = format!("{call} {skip} {after}\n{}", run.log());
            assert_eq!(run.code, 143, "{context}");
            assert!(begun.elapsed() < Duration::from_secs(6), "{context}");
            assert_eq!(record(&scene), None, "{context}");
            whole(&scene, &context);
            scene.cloud.world(|world| world.faults.clear());
            let serves = &traffic(&scene)[0].0;
            assert!(serves == &old || serves == "latest", "{context}");
            scene.post(&run).expect(0);
        }
    }
}

/// The table of the closing note: killed at each point, what the users meet, what the next run does.
#[test]
fn a_killed_rollout_is_put_back_by_the_post_step_or_the_next_run() {
    let mut table = String::from("killed at | then serves | after the post step | after the next run\n");
    for (call, skip) in POINTS {
        for by_post in [true, false] {
            let mut scene = hanging(call, skip, false);
            let old = revisions(&scene)[0].clone();
            let running = reach(&scene, call, skip);
            running.signal("KILL");
            let run = running.finish();
            assert_eq!(run.code, 137);
            scene.cloud.world(|world| world.faults.clear());
            let words = |scene: &Scene| {
                let shares: Vec<String> = traffic(scene)
                    .iter()
                    .filter(|share| share.1 > 0)
                    .map(|(name, percent, _)| format!("{} {percent} %", if *name == old { "old" } else { name }))
                    .collect();
                shares.join(", ").replace("web-0f0f0f0-", "").replace("latest", "newest")
            };
            let left = record(&scene).is_some();
            let then = words(&scene);
            if by_post {
                scene.post(&run).expect(0);
                whole(&scene, call);
                assert_eq!(record(&scene), None, "{call} {skip}");
                table.push_str(&format!("{call} #{skip} | {} | {} | ", short(&then), short(&words(&scene))));
            } else {
                for name in ["strategy", "canary_steps", "canary_interval"] {
                    scene.input(name, "");
                }
                let next = scene.run().expect(0);
                if left {
                    next.says("was left unfinished");
                }
                whole(&scene, call);
                assert_eq!(record(&scene), None, "{call} {skip}");
                scene.cloud.world(|world| {
                    let tags = world.service("us-central1", "web").unwrap().config["traffic"].to_string();
                    assert!(!tags.contains("\"tag\""), "{call} {skip}: {tags}");
                });
                table.push_str(&format!("{}\n", short(&words(&scene))));
            }
        }
    }
    insta::assert_snapshot!("killed_at_each_point", table);
}

/// Names of new revisions are random.
fn short(words: &str) -> String {
    let shares = words.split(", ").map(|share| match share.split_once(' ') {
        Some((name @ ("old" | "newest"), percent)) => format!("{name} {percent}"),
        Some((_, percent)) => format!("new {percent}"),
        None => share.to_owned(),
    });
    shares.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_lost_reply_to_a_move_is_found_and_not_repeated() {
    for skip in 0..3 {
        let scene = running();
        scene.cloud.world(|world| {
            world.faults.push(Fault::lost_reply("run.projects.locations.services.patch", Action::Reset).skip(skip));
        });
        scene.run().expect(0);
        scene.cloud.world(|world| assert_eq!(world.count("revision created"), 2, "{skip}"));
        assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())], "{skip}");
    }
}

#[test]
fn a_run_that_is_overtaken_stops_and_breaks_nothing() {
    let scene = running();
    // Its candidate answers late, and well.
    scene.cloud.world(|world| world.faults.push(Fault::next("site.request", Action::Slow(Duration::from_secs(8)))));
    let slow = reach(&scene, "site.request", 0);
    let newer = scene.start(&["deploy", "--env-vars", "NEWER: 1"]).finish();
    assert_eq!(newer.code, 0, "{}", newer.log());
    newer.says("was left unfinished");
    scene.cloud.world(|world| world.faults.clear());
    let newest = revisions(&scene)[2].clone();
    let run = slow.finish();
    assert_eq!(run.code, 11, "{}", run.log());
    assert_eq!(run.outputs["result"], "superseded");
    insta::assert_snapshot!("overtaken", run.failure());
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())]);
    scene.cloud.world(|world| assert_eq!(world.service("us-central1", "web").unwrap().serving[0].revision, newest));
    scene.post(&run).expect(0);
}

#[test]
fn fifty_runs_at_once_end_with_one_winner_and_no_lost_write() {
    let mut scene = running();
    // Whoever waits for another run needs it to get somewhere meanwhile: a thousandth of real time.
    scene.variable("SLIPWAY_PACE", "0.001");
    let runs: Vec<_> = (0..50)
        .map(|number| {
            let value = format!("NUMBER: {number}");
            scene.start(&["deploy", "--env-vars", &value])
        })
        .collect();
    let ended: Vec<_> = runs.into_iter().map(crate::support::Running::finish).collect();
    let won: Vec<_> = ended.iter().filter(|run| run.code == 0).collect();
    let lost = ended.iter().filter(|run| run.code == 11).count();
    let codes: Vec<i32> = ended.iter().map(|run| run.code).collect();
    assert!(!won.is_empty(), "{codes:?}");
    // What neither won nor was overtaken gave up because so many others wrote at the same time.
    assert!(ended.iter().all(|run| [0, 8, 11].contains(&run.code)), "{codes:?}");
    assert!(won.len() > 1 || lost > 0, "{codes:?}");
    assert_eq!(record(&scene), None);
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())]);
    let serves = scene.cloud.world(|world| world.service("us-central1", "web").unwrap().serving[0].revision.clone());
    assert!(won.iter().any(|run| run.outputs["revision"] == serves), "who serves has won");
    for request in scene.cloud.calls("run.projects.locations.services.patch").iter().skip(1) {
        assert!(request.json()["etag"].as_str().is_some_and(|etag| !etag.is_empty()), "every write carries the etag");
    }
}

#[test]
fn an_older_commit_never_replaces_a_newer_one() {
    let answer = |status: &'static str| {
        Listener::start(move |_| {
            let body = format!(r#"{{"status": "{status}", "ahead_by": 0, "behind_by": 2, "commits": []}}"#);
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
        })
    };
    let github = answer("behind");
    let mut scene = running();
    scene.variable("GITHUB_SHA", "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e").variable("GITHUB_API_URL", &github.url());
    scene.input("github_token", "ghs_0123456789abcdef0123456789abcdef0123");
    let run = scene.run().expect(11);
    insta::assert_snapshot!("older_commit", run.failure());
    assert_eq!(run.outputs["result"], "superseded");
    assert!(run.summary.contains("something newer is there"), "{}", run.summary);
    scene.cloud.world(|world| {
        assert_eq!((world.count("build created"), world.count("revision created")), (1, 1), "nothing was begun");
    });
    scene.input("force", "true").run().expect(0);
    // A commit that failed does not serve, so it is not what a later run is compared with.
    next_answers(&scene, ill());
    scene.variable("GITHUB_SHA", "2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e").input("env_vars", "CHANGED: 2");
    scene.run().expect(9);
    scene.variable("GITHUB_SHA", "3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e").run().expect(0);
    let asked = github.heads().last().unwrap().clone();
    assert!(asked.contains("/compare/1e1e1e1e"), "{asked}");
}
