//! Cloud Build, by google-cloud-build-v1.

use crate::scene::{PLACE, Scene, known, story};
use crate::storage;
use fakecloud::{BuildScript, Outcome};
use google_cloud_build_v1::client::CloudBuild;
use google_cloud_build_v1::model::build::Status;
use google_cloud_build_v1::model::build::failure_info::FailureType;
use google_cloud_build_v1::model::build_options::LoggingMode;
use google_cloud_build_v1::model::{Build, BuildOptions, BuildStep, Source, StorageSource};
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::paginator::ItemPaginator;
use google_cloud_lro::Poller;

const IMAGE: &str = "us-central1-docker.pkg.dev/harbour-dev/app/web:one";

/// A build of a staged source by docker.
fn build() -> Build {
    let source = StorageSource::new().set_bucket(storage::BUCKET).set_object("source/one.tar.gz");
    let step = BuildStep::new().set_name("gcr.io/cloud-builders/docker").set_args(["build", "-t", IMAGE, "."]);
    let options = BuildOptions::new().set_logging(LoggingMode::CloudLoggingOnly);
    Build::new()
        .set_source(Source::new().set_storage_source(source))
        .set_steps([step])
        .set_images([IMAGE])
        .set_options(options)
        .set_tags(["shop"])
}

async fn begin(ends: &[Outcome]) -> (Scene, CloudBuild) {
    let scene = Scene::with(|world| {
        world.add_bucket(storage::BUCKET, "harbour-dev", "US-CENTRAL1");
        world.add_repository("harbour-dev", "us-central1", "app");
        world.next_builds.extend(ends.iter().cloned().map(BuildScript::ending));
    });
    storage::put(&scene, "source/one.tar.gz", "whatever").await;
    let client = scene.client("cloudbuild", CloudBuild::builder()).build().await.expect("a client");
    (scene, client)
}

#[test]
pub(crate) fn a_build_is_followed_to_its_end() {
    story(async {
        let (_scene, client) = begin(&[Outcome::Success]).await;
        let done = client.create_build().set_parent(PLACE).set_build(build());
        let done = known(done.poller().until_done().await);
        assert_eq!(
            (&done.status, done.options.as_ref().map(|it| &it.logging)),
            (&Status::Success, Some(&LoggingMode::CloudLoggingOnly))
        );
        let results = done.results.as_ref().expect("results");
        assert!(results.images[0].digest.starts_with("sha256:") && results.images[0].push_timing.is_some());
        assert!(done.timing.contains_key("BUILD") && done.finish_time > done.start_time);
        let name = format!("{PLACE}/builds/{}", done.id);
        let read = client.get_build().set_name(&name);
        assert_eq!(known(read.send().await), done);
        let list = client.list_builds().set_parent(PLACE).set_filter("tags=\"shop\"");
        let mut list = list.by_item();
        assert_eq!(known(list.next().await.expect("a build")).id, done.id);
        assert!(list.next().await.is_none());
        // What is over stays over.
        let late = client.cancel_build().set_name(&name).send().await;
        let status = late.expect_err("a refusal");
        assert_eq!(status.status().map(|status| status.code), Some(Code::FailedPrecondition));
    });
}

#[test]
pub(crate) fn builds_that_end_badly_say_why() {
    story(async {
        let failing = Outcome::StepFails { step: 0, exit: 2, lines: vec!["no".to_owned()] };
        let (scene, client) = begin(&[failing, Outcome::FetchSourceFailed, Outcome::InternalError]).await;
        for (status, kind) in [
            (Status::Failure, FailureType::UserBuildStep),
            (Status::Failure, FailureType::FetchSourceFailed),
            (Status::InternalError, FailureType::LoggingFailure),
        ] {
            let request = client.create_build().set_parent(PLACE).set_build(build());
            request.poller().until_done().await.expect_err("a failure");
            let id = scene.cloud.world(|world| world.last_build().map(|build| build.id.clone())).expect("a build");
            let read = client.get_build().set_name(format!("{PLACE}/builds/{id}"));
            let read = known(read.send().await);
            let info = read.failure_info.expect("a reason");
            assert_eq!((read.status, info.r#type), (status, kind), "{}", info.detail);
        }
    });
}

#[test]
pub(crate) fn a_build_is_cancelled() {
    story(async {
        let (scene, client) = begin(&[Outcome::NeverEnds]).await;
        let request = client.create_build().set_parent(PLACE).set_build(build());
        assert!(!known(request.send().await).done);
        let id = scene.cloud.world(|world| world.last_build().map(|build| build.id.clone())).expect("a build");
        let name = format!("{PLACE}/builds/{id}");
        let cancelled = client.cancel_build().set_name(&name).send().await;
        assert_eq!(known(cancelled).status, Status::Cancelled);
    });
}
