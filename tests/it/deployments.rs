//! Deployments as GitHub shows them: beside the head of a pull request, one for each place, ended by what replaced them.

use fakecloud::Access;
use serde_json::json;

use crate::hosting;
use crate::support::{SHA, Scene, normal};

const USUAL: &[(&str, Access)] = &[("contents", Access::Read), ("deployments", Access::Write)];

/// Puts the runner's repository beside a scene, with two pull requests.
fn on_github(scene: &mut Scene) {
    let token = scene.cloud.world(|world| {
        let repository = world.github.add_repository("o/r");
        repository.add_commit("develop", SHA, &[], &["README.md"]);
        for number in [7, 8] {
            repository.add_commit(&format!("feature-{number}"), &head(number), &[SHA], &["dist/index.html"]);
            repository.add_pull(number, &format!("feature-{number}"), &head(number));
        }
        world.github.add_token_of("github-actions[bot]", "o/r", USUAL)
    });
    scene.variable("GITHUB_API_URL", &scene.cloud.github_url()).input("github_token", &token);
}

fn head(number: u64) -> String {
    format!("{number}").repeat(40)
}

/// The run is one of this pull request: its own commit is a merge, and its event says more.
fn pull_request(scene: &mut Scene, number: u64, more: &serde_json::Value) {
    let mut event = json!({"action": "synchronize", "number": number, "pull_request": {"number": number, "merged": false,
        "head": {"ref": format!("feature-{number}"), "sha": head(number), "repo": {"full_name": "o/r"}}}});
    for (pointer, value) in more.as_object().unwrap() {
        *event.pointer_mut(pointer).unwrap() = value.clone();
    }
    scene.file(&format!("../event-{number}.json"), event.to_string());
    let path = scene.directory.join(format!("event-{number}.json"));
    scene.variable("GITHUB_EVENT_PATH", path.to_str().unwrap());
    scene.variable("GITHUB_REF", &format!("refs/pull/{number}/merge"));
    scene.variable("GITHUB_HEAD_REF", &format!("feature-{number}"));
}

/// The deployments of an environment, oldest first: commit, what is said of it, where it stands.
fn shown(scene: &Scene, environment: &str) -> String {
    let all: Vec<String> = scene.cloud.world(|world| {
        let known = world.github.repository("o/r").deployments.iter().filter(|one| one.environment == environment);
        known
            .map(|one| {
                let url = one.statuses.iter().rev().find(|status| status.state == "success");
                let url = url.map(|status| status.environment_url.clone()).unwrap_or_default();
                let state = one.state().unwrap_or("nothing");
                format!(
                    "{} {}: {state} {}",
                    &one.sha[..7],
                    one.description.clone().unwrap_or_default(),
                    if url.is_empty() { "" } else { "with its address" }
                )
                .trim_end()
                .to_owned()
            })
            .collect()
    });
    normal::text(&all.join("\n"))
}

fn site() -> Scene {
    let mut scene = hosting::scene();
    on_github(&mut scene);
    scene.input("channel", "").input("environment", "preview");
    scene
}

#[test]
fn previews_of_two_pull_requests_in_one_environment_both_stay() {
    let mut scene = site();
    pull_request(&mut scene, 7, &json!({}));
    scene.command(&["hosting"]).expect(0);
    pull_request(&mut scene, 8, &json!({}));
    scene.variable("GITHUB_RUN_ID", "78");
    scene.command(&["hosting"]).expect(0);
    assert_eq!(
        shown(&scene, "preview"),
        "7777777 Slipway: hosting pr7-feature-7: success with its address\n\
         8888888 Slipway: hosting pr8-feature-8: success with its address"
    );
    // A push to the first replaces the first.
    pull_request(&mut scene, 7, &json!({}));
    scene.variable("GITHUB_RUN_ID", "79");
    scene.command(&["hosting"]).expect(0);
    assert_eq!(
        shown(&scene, "preview"),
        "7777777 Slipway: hosting pr7-feature-7: inactive with its address\n\
         8888888 Slipway: hosting pr8-feature-8: success with its address\n\
         7777777 Slipway: hosting pr7-feature-7: success with its address"
    );
}

#[test]
fn the_head_of_a_pull_request_is_shown_and_once_merged_the_commit_itself() {
    let mut scene = Scene::new();
    on_github(&mut scene);
    scene.input("environment", "staging");
    pull_request(&mut scene, 7, &json!({}));
    let run = scene.run().expect(0);
    // What was built is the merge, and that is what the next run is compared with.
    assert_eq!((run.report()["commit"].as_str(), run.report()["head_commit"].as_str()), (Some(SHA), Some(&*head(7))));
    assert!(run.summary().contains(&format!("| A merge of | `{}` |", head(7))), "{}", run.summary());
    pull_request(&mut scene, 7, &json!({"/action": "closed", "/pull_request/merged": true}));
    scene.variable("GITHUB_RUN_ID", "78");
    let run = scene.run().expect(0);
    assert!(run.report()["head_commit"].is_null() && !run.summary().contains("A merge of"));
    assert_eq!(
        shown(&scene, "staging"),
        "7777777 Slipway: web: inactive with its address\n0f0f0f0 Slipway: web: success with its address"
    );
}

#[test]
fn the_legs_of_a_matrix_have_a_deployment_each() {
    // The same service in two regions, in one job: the first leg fails, the second is good.
    let mut scene = Scene::new();
    on_github(&mut scene);
    scene.input("environment", "production").input("region", "europe-west1");
    scene.file("app/Dockerfile", "FROM x\nCOPY missing .\n");
    scene.run().expect(6);
    scene.input("region", "us-central1").file("app/Dockerfile", "FROM x\nCOPY main.py .\n");
    scene.run().expect(0);
    assert_eq!(
        shown(&scene, "production"),
        "0f0f0f0 Slipway: web: failure\n0f0f0f0 Slipway: web: success with its address"
    );
    // The leg that failed is run again: it goes on with its own.
    scene.variable("GITHUB_RUN_ATTEMPT", "2").input("region", "europe-west1");
    scene.run().expect(0).says("which an earlier attempt began");
    assert_eq!(
        shown(&scene, "production"),
        "0f0f0f0 Slipway: web: success with its address\n0f0f0f0 Slipway: web: success with its address"
    );
}

#[test]
fn a_candidate_that_waits_ends_nothing_that_serves_and_ends_with_its_promotion() {
    let mut scene = Scene::new();
    on_github(&mut scene);
    scene.input("environment", "production").input("health_path", "/health");
    scene.run().expect(0);
    scene.variable("GITHUB_RUN_ID", "78").file("app/main.py", "print('second')\n");
    scene.input("no_traffic", "true").input("tag", "next");
    scene.run().expect(0);
    let states = |scene: &Scene| {
        let all = shown(scene, "production");
        let words = all.lines().map(|line| line.split_whitespace().nth(3).unwrap().to_owned());
        words.collect::<Vec<_>>()
    };
    assert_eq!(states(&scene), ["success", "success"]);
    scene.variable("GITHUB_RUN_ID", "79").input("no_traffic", "").input("source", "");
    scene.command(&["promote"]).expect(0);
    assert_eq!(states(&scene), ["inactive", "inactive", "success"]);
}

#[test]
fn a_server_without_deployments_is_told_in_one_line() {
    let mut scene = Scene::new();
    on_github(&mut scene);
    scene.input("environment", "staging");
    scene.variable("GITHUB_API_URL", &format!("{}/api/v1", scene.cloud.github_url()));
    let run = scene.run().expect(0);
    run.says("Gitea and Forgejo have no deployments API; where `environment` is only for that, leave it out");
    run.does_not_say("deployments: write").does_not_say("[warning]");
}
