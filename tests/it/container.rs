//! The image, run as the runner runs it. These stories need a docker engine and the image's name in
//! `SLIPWAY_IMAGE`; `.ci/run` has both: `cargo test --test it container -- --ignored`.

use std::time::{Duration, Instant};

use fakecloud::{BuildScript, Outcome, World};

use crate::support::Scene;

#[test]
#[ignore = "needs a docker engine: .ci/run"]
fn a_whole_deploy_in_the_container() {
    let mut scene = Scene::new();
    scene.input("health_path", "/health").input("allow_unauthenticated", "true");
    let run = scene.start_container().finish().expect(0);
    assert_eq!(run.outputs["result"], "deployed");
    assert!(run.summary.contains("`gcr.io/harbour-dev/web@sha256:"), "{}", run.summary);
    run.says("receives 100 % of the requests");
    scene.cloud.world(|world| {
        let service = world.service("us-central1", "web").expect("the service is there");
        let image = service.config["template"]["containers"][0]["image"].as_str().unwrap();
        assert!(image.contains("@sha256:"), "deployed by digest: {image}");
    });
    assert_eq!(scene.containers(), "", "the container is gone");
    scene.post_container(&run).expect(0);
}

/// The key arrives as a file of google-github-actions/auth, in the workspace, by its path on the host's side
/// already translated by the runner.
#[test]
#[ignore = "needs a docker engine: .ci/run"]
fn the_credentials_file_of_the_auth_action_is_found_in_the_container() {
    let mut scene = Scene::new();
    let key = scene.cloud.key_json(World::DEPLOYER);
    scene.input("credentials_json", "");
    scene.file("gha-creds-0123456789abcdef.json", key);
    scene.variable("GOOGLE_GHA_CREDS_PATH", "/github/workspace/gha-creds-0123456789abcdef.json");
    scene.start_container().finish().expect(0);
}

#[test]
#[ignore = "needs a docker engine: .ci/run"]
fn a_cancelled_container_cancels_its_build_and_ends() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut scene = Scene::new();
        scene.variable("SLIPWAY_PACE", "1");
        scene.cloud.world(|world| world.next_builds.push_back(BuildScript::ending(Outcome::NeverEnds)));
        let running = scene.start_container();
        running.until("storage.objects.get?alt=media");
        // The runner signals the docker client, which hands it on to process 1 of the container.
        let begun = Instant::now();
        running.signal(signal);
        let told = scene
            .cloud
            .wait_for(|request| request.is("cloudbuild.projects.locations.builds.cancel"), Duration::from_secs(3));
        assert!(told, "the build is told within 3 s");
        let run = running.finish().expect(code);
        assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
        assert_eq!(run.outputs["result"], "cancelled");
        assert_eq!(run.state["build_over"], "true");
        assert_eq!(scene.containers(), "", "nothing goes on running");
        scene.post_container(&run).expect(0).says("there is nothing left to end");
    }
}

/// What the runner's kill leaves behind: the client is gone, the state is read, the post stage cleans up.
#[test]
#[ignore = "needs a docker engine: .ci/run"]
fn the_post_container_ends_what_a_killed_container_left() {
    let mut scene = Scene::new();
    scene.variable("SLIPWAY_PACE", "1");
    scene.cloud.world(|world| world.next_builds.push_back(BuildScript::ending(Outcome::NeverEnds)));
    let running = scene.start_container();
    running.until("storage.objects.get?alt=media");
    scene.kill_containers();
    let run = running.finish().expect(137);
    scene.post_container(&run).expect(0).says("Cancelled what the run left behind");
    scene.cloud.world(|world| assert_eq!(world.last_build().unwrap().status(), "CANCELLED"));
}
