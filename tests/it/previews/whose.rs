//! Whose pull request it is: said by the event, by hand, or asked of GitHub; and what is checked out is compared with it.

use serde_json::{Value, json};

use super::{about, asked, event};
use crate::preview::HEAD;
use crate::support::{SHA, Scene};

/// Where the head is.
#[derive(Clone, Copy, PartialEq)]
enum Head {
    Here,
    Elsewhere,
    Deleted,
    /// It is here, and nobody says so: GitHub cannot be reached.
    Unreachable,
}

impl Head {
    const ALL: [Head; 4] = [Head::Here, Head::Elsewhere, Head::Deleted, Head::Unreachable];

    fn word(self) -> &'static str {
        match self {
            Head::Here => "this repository",
            Head::Elsewhere => "another repository",
            Head::Deleted => "a deleted repository",
            Head::Unreachable => "GitHub unreachable",
        }
    }

    fn repository(self) -> Option<&'static str> {
        match self {
            Head::Here | Head::Unreachable => Some("o/r"),
            Head::Elsewhere => Some("stranger/r"),
            Head::Deleted => None,
        }
    }
}

/// What kinds of events say; those of people outside the repository among them.
fn says(name: &str, head: Head) -> Value {
    match name {
        "pull_request" | "pull_request_target" | "pull_request_review" => about(head.repository()),
        "issue_comment" => {
            json!({"action": "created", "issue": {"number": 7, "pull_request": {}}, "comment": {"body": "/preview"}})
        }
        "workflow_run" => json!({"action": "completed", "workflow_run": {"event": "pull_request",
            "head_repository": {"full_name": head.repository()}, "head_sha": HEAD, "pull_requests": []}}),
        _ => json!({}),
    }
}

/// A scene in which the head is somewhere.
fn placed(scene: &mut Scene, name: &str, head: Head) {
    let own = matches!(name, "pull_request" | "pull_request_target" | "pull_request_review");
    event(scene, name, &says(name, head));
    scene.input("pull_request", if own { "" } else { "7" });
    // Whatever is asked for is checked out.
    scene.file(".git/HEAD", HEAD);
    scene.cloud.world(|world| {
        let pull = world.github.repository("o/r").pulls.get_mut(&7).unwrap();
        pull.head_repository = head.repository().map(str::to_owned);
    });
    let url = scene.cloud.github_url();
    scene.variable("GITHUB_API_URL", if head == Head::Unreachable { "http://127.0.0.1:9" } else { &url });
}

/// What came of it, in words; and what GitHub was asked.
fn row(scene: &Scene, name: &str, head: Head) -> String {
    let since = scene.calls().len();
    let run = scene.command(&["preview"]);
    let calls = scene.calls().split_off(since);
    let (of_github, of_google): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call.starts_with("github."));
    let log = run.log();
    let came = match run.code {
        0 if log.contains("By hand:") => "made, by hand, with a warning",
        0 if log.contains("[warning] GitHub could not be asked") => "made, with a warning",
        0 => "made",
        2 if log.contains("* allow_forks:") => "refused: `allow_forks`",
        2 if log.contains("* pull_request:") => "refused: GitHub must be asked",
        _ => panic!("{log}"),
    };
    assert_eq!(of_google.is_empty(), run.code == 2, "what is refused is refused before anything is sent: {log}");
    let number =
        if matches!(name, "pull_request" | "pull_request_target" | "pull_request_review") { "event" } else { "input" };
    format!("{name:20} | {:20} | {number:6} | {came:29} | {}\n", head.word(), of_github.join(", "))
}

#[test]
fn only_what_is_known_to_be_this_repositorys_is_built() {
    let mut scene = asked();
    scene.input("dry_run", "true");
    let mut table = format!("{:20} | {:20} | number | {:29} | asked of GitHub\n", "event", "head", "outcome");
    for name in [
        "pull_request",
        "pull_request_target",
        "pull_request_review",
        "issue_comment",
        "workflow_run",
        "push",
        "repository_dispatch",
        "workflow_dispatch",
        "schedule",
    ] {
        for head in Head::ALL {
            placed(&mut scene, name, head);
            table.push_str(&row(&scene, name, head));
        }
    }
    scene.input("allow_forks", "approved");
    table.push_str("with `allow_forks: approved`\n");
    for name in ["pull_request_target", "issue_comment"] {
        for head in Head::ALL {
            placed(&mut scene, name, head);
            table.push_str(&row(&scene, name, head));
        }
    }
    insta::assert_snapshot!("whose", table);
}

#[test]
fn what_a_fork_started_is_refused_with_what_to_write() {
    let mut scene = asked();
    placed(&mut scene, "workflow_run", Head::Elsewhere);
    let effects = scene.cloud.world(|world| world.effects.len());
    let run = scene.command(&["preview"]).expect(2);
    insta::assert_snapshot!("started_by_a_fork", run.failure());
    assert_eq!(scene.cloud.world(|world| world.effects.len()), effects);
    // Another number than the event's is no more than a number.
    event(&mut scene, "pull_request", &about(Some("o/r")));
    scene.cloud.world(|world| {
        let pull = world.github.repository("o/r").add_pull(8, "other", "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e");
        pull.head_repository = Some("stranger/r".into());
    });
    scene.input("pull_request", "8");
    scene.command(&["preview"]).expect(2).says("pull request #8 comes from `stranger/r`");
}

#[test]
fn what_is_checked_out_is_the_head_or_a_merge_of_it() {
    let mut scene = asked();
    scene.input("dry_run", "true");
    let of = |scene: &Scene, code: i32| scene.command(&["preview"]).expect(code);
    // The merge that the run is about, by the runner's own word.
    of(&scene, 0);
    // Another merge of it, which GitHub knows; what it knows nothing of is none.
    let other = "2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e";
    scene.file(".git/HEAD", other);
    of(&scene, 2).says(&format!("`{other}` is checked out, and the head of pull request #7 is `{HEAD}`"));
    let older = "3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e";
    scene.cloud.world(|world| world.github.repository("o/r").add_commit("merged", older, &[SHA, HEAD], &[]));
    scene.file(".git/HEAD", "ref: refs/heads/merged\n").file(".git/refs/heads/merged", older);
    of(&scene, 0);
    // Its base is not its head: what `pull_request_target` checks out by itself.
    scene.file(".git/HEAD", SHA);
    event(&mut scene, "pull_request_target", &about(Some("o/r")));
    of(&scene, 2).says("check out `ref: refs/pull/7/head`");
    // By hand the head is GitHub's.
    event(&mut scene, "workflow_dispatch", &json!({}));
    scene.input("pull_request", "7");
    of(&scene, 2);
    scene.file(".git/HEAD", HEAD);
    of(&scene, 0).does_not_say("[warning]");
    // Where nothing was checked out, it is said.
    std::fs::remove_dir_all(scene.workspace().join(".git")).unwrap();
    of(&scene, 0).says("Which commit is in the workspace is not known");
}

#[test]
fn everything_is_said_of_the_head_and_what_was_built_is_recorded() {
    let scene = asked();
    let run = scene.command(&["preview"]).expect(0);
    scene.cloud.world(|world| {
        let repository = world.github.repository("o/r");
        assert_eq!(repository.deployments[0].sha, HEAD);
        let comment = &repository.comments[0].body;
        assert!(
            comment.contains("Preview of `1234567`") && comment.contains("built from `0f0f0f0`, a merge of it"),
            "{comment}"
        );
        let service = world.service("us-central1", "backend-pr-7").unwrap();
        assert_eq!(service.config["template"]["labels"]["commit-sha"], HEAD);
    });
    assert_eq!(run.report()["built_commit"], SHA);
    assert_eq!(run.report()["commit"], HEAD);
}

#[test]
fn a_pull_request_that_is_closed_by_now_gets_no_preview() {
    let mut scene = asked();
    scene.command(&["preview"]).expect(0);
    // A run that was late: its event says `synchronize`.
    scene.cloud.world(|world| world.github.repository("o/r").pulls.get_mut(&7).unwrap().closed = true);
    let run = scene.command(&["preview"]).expect(0);
    run.says("Pull request #7 is closed: what is left of its preview goes");
    assert_eq!(run.outputs["result"], "removed");
    assert!(!super::exists(&scene, "backend-pr-7"));
    scene.input("mode", "deploy");
    scene.command(&["preview"]).expect(2).says("a closed one gets no preview");
    assert!(!super::exists(&scene, "backend-pr-7"));
}
