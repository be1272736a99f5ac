//! Artifact Registry and Cloud Logging, by google-cloud-artifactregistry-v1 and -logging-v2.

use crate::scene::{Scene, known, story};
use google_cloud_artifactregistry_v1::client::ArtifactRegistry;
use google_cloud_artifactregistry_v1::model::repository::Format;
use google_cloud_gax::paginator::ItemPaginator;
use google_cloud_logging_v2::client::LoggingServiceV2;
use google_cloud_lro::Poller;

const REPOSITORY: &str = "projects/harbour-dev/locations/us-central1/repositories/app";

#[test]
pub(crate) fn images_and_tags_are_read_and_deleted() {
    let scene = Scene::with(|world| {
        world.add_repository("harbour-dev", "us-central1", "app");
        world.push_image("us-central1-docker.pkg.dev/harbour-dev/app/web:one");
    });
    story(async {
        let client = scene.client("artifactregistry", ArtifactRegistry::builder()).build().await.expect("a client");
        let repository = known(client.get_repository().set_name(REPOSITORY).send().await);
        assert_eq!(repository.format, Format::Docker);
        known(client.get_iam_policy().set_resource(REPOSITORY).send().await);
        known(client.get_project_settings().set_name("projects/harbour-dev/projectSettings").send().await);
        let tag = known(client.get_tag().set_name(format!("{REPOSITORY}/packages/web/tags/one")).send().await);
        let digest = tag.version.rsplit('/').next().expect("a digest").to_owned();
        let image = format!("{REPOSITORY}/dockerImages/web@{digest}");
        let image = known(client.get_docker_image().set_name(image).send().await);
        assert_eq!(image.tags, ["one"]);
        known(client.delete_tag().set_name(&tag.name).send().await);
        let version = client.delete_version().set_name(&tag.version).poller().until_done().await;
        version.expect("an end");
    });
}

#[test]
pub(crate) fn entries_of_a_revision_are_read() {
    let scene = Scene::with(|world| {
        let entry = world.log_entry("web", "web-1", 5_000, "ERROR", "it broke");
        world.log_entries.push(entry);
    });
    story(async {
        let client = scene.client("logging", LoggingServiceV2::builder()).build().await.expect("a client");
        let request = client.list_log_entries().set_resource_names(["projects/harbour-dev"]);
        let request = request.set_filter("resource.type=\"cloud_run_revision\" AND severity>=ERROR");
        let mut list = request.set_order_by("timestamp desc").set_page_size(10).by_item();
        let entry = known(list.next().await.expect("an entry"));
        assert_eq!((entry.text_payload().map(String::as_str), entry.severity.value()), (Some("it broke"), Some(500)));
        assert!(entry.timestamp.is_some() && entry.resource.is_some());
    });
}
