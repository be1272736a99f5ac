//! Which commit serves is known by the revision that serves.

use fakecloud::Access;

use super::note;
use crate::rollout::{ill, next_answers, revisions, running};
use crate::support::{SHA, Scene};

const NEXT: &str = "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e";
const THIRD: &str = "2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e";

/// Three commits one after the other; the last one changes nothing below `app`.
fn with_history(scene: &mut Scene) {
    let token = scene.cloud.world(|world| {
        let repository = world.github.add_repository("o/r");
        repository.add_commit("develop", SHA, &[], &["app/main.py"]);
        repository.add_commit("develop", NEXT, &[SHA], &["app/main.py"]);
        repository.add_commit("develop", THIRD, &[NEXT], &["README.md"]);
        world.github.add_token("o/r", &[("contents", Access::Read), ("actions", Access::Read)])
    });
    scene.variable("GITHUB_API_URL", &scene.cloud.github_url()).input("github_token", &token);
}

#[test]
fn a_commit_that_failed_does_not_serve() {
    let mut scene = running();
    with_history(&mut scene);
    scene.input("changed_paths", "app").variable("GITHUB_SHA", NEXT);
    next_answers(&scene, ill());
    scene.run().expect(9);
    let run = scene.run().expect(0);
    assert_eq!(run.outputs["result"], "deployed", "{}", run.log());
    let again = scene.run().expect(0);
    assert_eq!(again.outputs["result"], "unchanged");
    // The older commit is older than what serves, whatever failed in between.
    scene.variable("GITHUB_SHA", SHA).run().expect(11).says("A newer commit serves already");
}

#[test]
fn a_run_with_nothing_to_change_renews_the_commit() {
    let mut scene = running();
    with_history(&mut scene);
    scene.input("changed_paths", "app").variable("GITHUB_SHA", NEXT).run().expect(0);
    let serves = revisions(&scene)[1].clone();
    let run = scene.variable("GITHUB_SHA", THIRD).run().expect(0);
    assert_eq!(run.outputs["result"], "unchanged");
    assert_eq!(note(&scene, "serving")["commit"], THIRD);
    assert_eq!(note(&scene, "serving")["revision"], serves.as_str());
    scene.cloud.world(|world| assert_eq!(world.revisions.len(), 2));
    // What serves now counts, and not the commit it was built from: NEXT is older by now.
    scene.variable("GITHUB_SHA", NEXT).run().expect(11);
}

#[test]
fn the_pair_counts_while_that_revision_serves() {
    let mut scene = running();
    with_history(&mut scene);
    scene.variable("GITHUB_SHA", NEXT).run().expect(0);
    // Another tool goes back to the first revision; the note still names the second one.
    let first = revisions(&scene)[0].clone();
    crate::rollout::set_traffic(&scene, &[(&first, 100, "")]);
    let run = scene.run().expect(0);
    run.says(&format!("newer than `{SHA}`"));
}
