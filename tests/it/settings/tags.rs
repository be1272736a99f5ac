//! The user's traffic tag where no rollout puts it on: on a first deploy, and with `strategy: direct`.

use fakecloud::{Page, RevisionOutcome, RevisionScript, Site};

use crate::rollout::traffic;
use crate::support::Scene;

#[test]
fn a_first_deploy_has_the_tag() {
    let mut scene = Scene::new();
    scene.input("tag", "blue").input("dry_run", "true").run().expect(0).says("+ tag blue = web-0f0f0f0-");
    let run = scene.input("dry_run", "").run().expect(0);
    let revision = run.outputs["revision"].clone();
    run.says(&format!("tag `blue` stands on revision `{revision}`"));
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new()), (revision, 0, "blue".to_owned())]);
}

#[test]
fn a_direct_deploy_moves_the_tag_when_the_revision_is_good() {
    let mut scene = Scene::new();
    scene.input("tag", "blue").input("strategy", "direct");
    let first = scene.run().expect(0).outputs["revision"].clone();
    let before = traffic(&scene);
    let plan = scene.input("dry_run", "true").input("memory", "1Gi").run().expect(0);
    plan.says(&format!("0 % `{first}` (tag `blue`) -> 100 % `web-0f0f0f0-"));
    scene.input("dry_run", "");
    // One that does not start, and one that is not healthy, leave the tag where it is.
    scene.cloud.world(|world| {
        world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen));
        world.next_revisions.push_back(RevisionScript::answering(Site::always(Page::status(500))));
    });
    scene.run().expect(8);
    assert_eq!(traffic(&scene), before);
    scene.input("health_path", "/health").input("health_timeout", "1s").run().expect(9);
    assert_eq!(traffic(&scene), before);
    let second = scene.input("health_path", "").input("health_timeout", "").run().expect(0).outputs["revision"].clone();
    assert_ne!(first, second);
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new()), (second, 0, "blue".to_owned())]);
}
