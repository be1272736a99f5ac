//! A write is ours only if it bears our mark.

use fakecloud::{Action, Fault};

use super::config;
use crate::rollout::{revisions, running, traffic};

#[test]
fn a_suffix_that_is_taken_is_red_and_changes_nothing() {
    for strategy in ["direct", "candidate"] {
        let mut scene = running();
        scene.input("strategy", strategy).input("suffix", "v2").run().expect(0);
        let before = (config(&scene), traffic(&scene));
        let image = before.0["template"]["containers"][0]["image"].as_str().unwrap().to_owned();
        scene.file("app/main.py", "print('another')\n");
        let run = scene.run().expect(2);
        run.says("Revision `web-v2` exists already, with image").says(&image).says("github.run_attempt");
        assert_eq!((config(&scene), traffic(&scene)), before, "{strategy}");
        scene.cloud.world(|world| assert_eq!(world.count("build created"), 2, "nothing was built for it"));
        // Where it could not be looked at beforehand, Google's 409 says it, and what differs.
        scene.cloud.world(|world| {
            world.faults.push(Fault::next("run.projects.locations.services.revisions.get", Action::status(403)));
        });
        let run = scene.run().expect(2);
        run.says("Revision `web-v2` exists already, with image").says("image: there gcr.io");
        assert_eq!((config(&scene), traffic(&scene)), before, "{strategy}");
        assert_eq!(revisions(&scene).len(), 2);
    }
}

#[test]
fn a_lost_reply_is_recognised_by_the_mark() {
    for strategy in ["direct", "candidate"] {
        let mut scene = running();
        scene.cloud.world(|world| {
            world.faults.push(Fault::lost_reply("run.projects.locations.services.patch", Action::Reset));
        });
        let run = scene.input("strategy", strategy).input("suffix", "v2").run().expect(0);
        run.says("The reply was lost, and the write had arrived");
        assert_eq!(revisions(&scene).len(), 2, "{strategy}");
    }
}
