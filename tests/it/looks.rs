//! A look that failed is a look to repeat: one 404 among the answers changes no verdict.

use fakecloud::{Action, Fault};

use crate::support::Scene;

const SERVICE: &str = "run.projects.locations.services.get";
const REVISION: &str = "run.projects.locations.services.revisions.get";
const JOB: &str = "run.projects.locations.jobs.get";

#[test]
fn a_deploy_that_is_not_seen_once_is_green() {
    // The first look at a service decides whether there is one; all later ones are at what was there.
    for (call, first, last) in [(SERVICE, 1, 6), (REVISION, 1, 3)] {
        for skip in first..last {
            let mut scene = Scene::deployed();
            scene.file("app/main.py", format!("print('{skip}')\n"));
            scene.cloud.world(|world| world.faults.push(Fault::next(call, Action::status(404)).skip(skip)));
            let run = scene.start(&[]).finish_lenient();
            assert_eq!(run.code, 0, "{call} {skip}\n{}", run.log());
            let serving = scene.cloud.world(|world| world.service("us-central1", "web").unwrap().serving.clone());
            assert_eq!(serving.iter().find(|share| share.percent == 100).unwrap().revision, run.outputs["revision"]);
        }
    }
}

#[test]
fn a_job_that_is_not_seen_once_is_green() {
    for skip in 1..3 {
        let mut scene = Scene::new();
        let image = "us-central1-docker.pkg.dev/harbour-dev/app/tool:v1";
        scene.cloud.world(|world| {
            world.push_image(image);
            world.faults.push(Fault::next(JOB, Action::status(404)).skip(skip));
        });
        scene.input("service", "").input("source", "").input("job", "nightly").input("image", image);
        let run = scene.start(&["job"]).finish_lenient();
        assert_eq!(run.code, 0, "{skip}\n{}", run.log());
    }
}
