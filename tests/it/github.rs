//! GitHub knows what is deployed where, reviewers read one comment, and a deploy that changes nothing is skipped.

use fakecloud::{Access, Action, Fault};

use crate::preview;
use crate::support::{SHA, Scene};

const BEFORE: &str = "b000000000000000000000000000000000000001";
pub const USUAL: &[(&str, Access)] =
    &[("contents", Access::Read), ("deployments", Access::Write), ("pull_requests", Access::Write)];

/// Puts the runner's repository beside a scene: two commits, a pull request, a token with these permissions.
pub fn with_github(scene: &mut Scene, permissions: &[(&str, Access)], files: &[&str]) {
    let token = scene.cloud.world(|world| {
        let repository = world.github.add_repository("o/r");
        repository.add_commit("develop", BEFORE, &[], &["README.md"]);
        repository.add_commit("develop", SHA, &[BEFORE], files);
        let head = "1234567890123456789012345678901234567890";
        repository.add_commit("feature", head, &[SHA], &["site/index.html"]);
        repository.add_pull(7, "feature", head);
        world.github.add_token_of("github-actions[bot]", "o/r", permissions)
    });
    scene.variable("GITHUB_API_URL", &scene.cloud.github_url()).input("github_token", &token);
}

pub fn states(scene: &Scene, environment: &str) -> Vec<String> {
    scene.cloud.world(|world| {
        let repository = world.github.repository("o/r");
        repository.states(environment).into_iter().map(str::to_owned).collect::<Vec<_>>()
    })
}

pub fn comments(scene: &Scene) -> Vec<String> {
    scene.cloud.world(|world| world.github.repository("o/r").comments.iter().map(|one| one.body.clone()).collect())
}

fn deployable() -> Scene {
    let mut scene = Scene::new();
    with_github(&mut scene, USUAL, &["app/main.py"]);
    scene.input("environment", "staging").input("health_path", "/health");
    scene
}

#[test]
fn a_deploy_is_a_deployment_with_its_address() {
    let mut scene = deployable();
    let run = scene.run().expect(0);
    run.says("GitHub shows this as a deployment to staging");
    assert_eq!(states(&scene, "staging"), ["success"]);
    scene.cloud.world(|world| {
        let uri = world.service("us-central1", "web").unwrap().uri().to_owned();
        let deployment = &world.github.repository("o/r").deployments[0];
        let words: Vec<&str> = deployment.statuses.iter().map(|status| status.state.as_str()).collect();
        assert_eq!(words, ["queued", "in_progress", "success"]);
        let last = deployment.statuses.last().unwrap();
        assert_eq!(last.environment_url, uri);
        assert_eq!(last.log_url, "https://github.com/o/r/actions/runs/77");
    });
    // The next run's makes it inactive; one that fails does not.
    scene.variable("GITHUB_RUN_ID", "78");
    scene.run().expect(0);
    assert_eq!(states(&scene, "staging"), ["inactive", "success"]);
    scene.variable("GITHUB_RUN_ID", "79").file("app/Dockerfile", "FROM x\nCOPY missing .\n");
    scene.run().expect(6);
    assert_eq!(states(&scene, "staging"), ["inactive", "success", "failure"]);
}

#[test]
fn a_lost_reply_and_a_second_attempt_make_no_second_deployment() {
    let mut scene = deployable();
    scene.cloud.world(|world| {
        world.faults.push(Fault::lost_reply("github.deployments.create", Action::Reset));
        world.faults.push(Fault::lost_reply("github.deployments.statuses.create", Action::status(502)));
    });
    scene.run().expect(0);
    scene.variable("GITHUB_RUN_ATTEMPT", "2");
    scene.run().expect(0).says("which an earlier attempt began");
    assert_eq!(states(&scene, "staging").len(), 1);
}

#[test]
fn a_token_that_may_not_write_is_one_warning() {
    let mut scene = Scene::new();
    with_github(&mut scene, &[("contents", Access::Read)], &[]);
    scene.input("environment", "staging");
    let run = scene.run().expect(0);
    run.says("No deployment to staging is recorded at GitHub").says("deployments: write");
    assert_eq!(run.log().matches("[warning]").count(), 1, "{}", run.log());
}

#[test]
fn rollbacks_are_deployments_too() {
    let mut scene = deployable();
    scene.run().expect(0);
    scene.variable("GITHUB_RUN_ID", "78").file("app/main.py", "print('second')\n");
    scene.run().expect(0);
    scene.variable("GITHUB_RUN_ID", "79").input("source", "");
    scene.command(&["rollback"]).expect(0);
    assert_eq!(states(&scene, "staging"), ["inactive", "inactive", "success"]);
}

/// A scene whose service was deployed from the commit before.
fn second_commit(files: &[&str]) -> Scene {
    let mut scene = Scene::new();
    with_github(&mut scene, USUAL, files);
    scene.variable("GITHUB_SHA", BEFORE);
    scene.run().expect(0);
    scene.variable("GITHUB_SHA", SHA).input("changed_paths", "app\nshared/**");
    scene
}

#[test]
fn a_change_elsewhere_deploys_nothing() {
    let scene = second_commit(&["docs/README.md", "application/x"]);
    let run = scene.run().expect(0);
    insta::assert_snapshot!("unchanged_log", run.log());
    assert_eq!(run.outputs["result"], "unchanged");
    assert!(run.outputs["url"].starts_with("http"));
    assert_eq!(scene.cloud.world(|world| world.count("build created")), 1);
}

#[test]
fn a_change_there_or_one_that_is_not_known_deploys() {
    let scene = second_commit(&["docs/README.md", "shared/lib/x.py"]);
    scene.run().expect(0).says("`shared/lib/x.py` changed since");
    assert_eq!(scene.cloud.world(|world| world.count("build created")), 2);

    let many: Vec<String> = (0..300).map(|number| format!("docs/{number}.md")).collect();
    let scene = second_commit(&many.iter().map(String::as_str).collect::<Vec<_>>());
    scene.run().expect(0).says("Which files changed is not known for sure");
    assert_eq!(scene.cloud.world(|world| world.count("build created")), 2);

    let scene = second_commit(&["docs/README.md"]);
    scene.cloud.world(|world| world.faults.push(Fault::next("github.commits.compare", Action::status(404))));
    scene.run().expect(0);
    assert_eq!(scene.cloud.world(|world| world.count("build created")), 2, "what is not known is deployed");
}

/// A preview with a comment.
fn told() -> Scene {
    let mut scene = preview::scene();
    with_github(&mut scene, USUAL, &[]);
    scene
}

#[test]
fn one_comment_is_always_current_and_says_when_the_preview_is_gone() {
    let mut scene = told();
    let run = scene.command(&["preview"]).expect(0);
    let first = comments(&scene);
    assert_eq!(first.len(), 1);
    insta::assert_snapshot!("comment_first", crate::support::normal::text(&first[0]));
    assert!(run.outputs["comment_url"].contains("/o/r/"), "{}", run.outputs["comment_url"]);
    assert_eq!(states(&scene, "pr-7"), ["success"]);

    scene.variable("GITHUB_RUN_ID", "78").file("site/dist/index.html", "pushed");
    scene.command(&["preview"]).expect(0);
    let second = comments(&scene);
    assert_eq!(second.len(), 1, "never a second one");
    insta::assert_snapshot!("comment_second", crate::support::normal::text(&second[0]));
    assert_ne!(first, second);
    assert_eq!(states(&scene, "pr-7"), ["inactive", "success"]);

    preview::event(&mut scene, "closed", "o/r");
    scene.command(&["preview"]).expect(0).says("The deployments to pr-7 are ended");
    let closed = comments(&scene);
    assert_eq!(closed.len(), 1);
    insta::assert_snapshot!("comment_closed", crate::support::normal::text(&closed[0]));
    assert_eq!(states(&scene, "pr-7"), Vec::<String>::new());
    // Closed again: nothing is left, and the comment stays one.
    scene.command(&["preview"]).expect(0);
    assert_eq!(comments(&scene).len(), 1);
}

#[test]
fn the_comment_is_found_among_many_and_made_anew_where_a_person_deleted_it() {
    let scene = told();
    scene.cloud.world(|world| {
        for number in 0..120 {
            world.github.comment("o/r", 7, "somebody", &format!("remark {number}"));
        }
    });
    scene.command(&["preview"]).expect(0);
    scene.command(&["preview"]).expect(0);
    let own = |scene: &Scene| comments(scene).into_iter().filter(|body| body.contains("slipway-preview")).count();
    assert_eq!(own(&scene), 1);
    scene.cloud.world(|world| {
        let repository = world.github.repository("o/r");
        let id = repository.comments.iter().find(|one| one.body.contains("slipway-preview")).unwrap().id;
        repository.delete_comment(id);
    });
    scene.command(&["preview"]).expect(0);
    assert_eq!(own(&scene), 1);
}

#[test]
fn a_failed_preview_is_told_with_its_cause() {
    let mut scene = told();
    scene.file("app/Dockerfile", "FROM x\nCOPY missing .\n");
    scene.command(&["preview"]).expect(6);
    let all = comments(&scene);
    insta::assert_snapshot!("comment_failed", crate::support::normal::text(&all[0]));
    assert_eq!(states(&scene, "pr-7"), ["failure"]);
}

#[test]
fn a_secondary_limit_is_waited_for_and_a_forks_token_only_warned_about() {
    let scene = told();
    scene.cloud.world(|world| {
        world.faults.push(Fault::next("github.comments.create", Action::retry_after(403, "5")));
    });
    scene.command(&["preview"]).expect(0);
    assert_eq!(comments(&scene).len(), 1);

    let mut scene = preview::scene();
    with_github(&mut scene, &[("contents", Access::Read)], &[]);
    let run = scene.command(&["preview"]).expect(0);
    run.says("The pull request could not be told").says("pull-requests: write");
    assert!(comments(&scene).is_empty());
}

#[test]
fn an_enterprise_server_is_asked_below_its_path() {
    let mut scene = deployable();
    scene.variable("GITHUB_API_URL", &format!("{}/api/v3", scene.cloud.github_url()));
    scene.run().expect(0);
    assert_eq!(states(&scene, "staging"), ["success"]);
}
