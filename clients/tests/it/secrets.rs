//! Secret Manager, by google-cloud-secretmanager-v1.

use crate::scene::{Scene, known, story};
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::paginator::ItemPaginator;
use google_cloud_secretmanager_v1::client::SecretManagerService;
use google_cloud_secretmanager_v1::model::SecretPayload;
use google_cloud_secretmanager_v1::model::secret_version::State;

const SECRET: &str = "projects/harbour-dev/secrets/db-password";

/// The CRC32C of `second`.
const CHECKSUM: i64 = 0x7afd_9428;

#[test]
pub(crate) fn versions_are_added_read_and_switched() {
    let scene = Scene::with(|world| {
        world.add_secret("harbour-dev", "db-password", "first");
    });
    story(async {
        let client = scene.client("secretmanager", SecretManagerService::builder()).build().await.expect("a client");
        let read = |version: &str| client.access_secret_version().set_name(format!("{SECRET}/versions/{version}"));
        let payload = known(read("latest").send().await).payload.expect("a payload");
        assert_eq!((&payload.data[..], payload.data_crc32c.is_some()), (&b"first"[..], true));
        let added = SecretPayload::new().set_data(&b"second"[..]);
        let added = known(client.add_secret_version().set_parent(SECRET).set_payload(added).send().await);
        assert_eq!((&added.state, added.client_specified_payload_checksum), (&State::Enabled, false));
        assert!(added.name.starts_with("projects/123456789012/secrets/db-password/versions/2"), "{}", added.name);
        let known_sum = known(read("2").send().await).payload.and_then(|payload| payload.data_crc32c);
        assert_eq!(known_sum, Some(CHECKSUM));
        let summed = SecretPayload::new().set_data(&b"second"[..]).set_data_crc32c(CHECKSUM);
        let summed = known(client.add_secret_version().set_parent(SECRET).set_payload(summed).send().await);
        assert!(summed.client_specified_payload_checksum);
        let mut list = client.list_secret_versions().set_parent(SECRET).by_item();
        let mut states = Vec::new();
        while let Some(version) = list.next().await {
            states.push(known(version).state);
        }
        assert_eq!(states, [State::Enabled, State::Enabled, State::Enabled]);
        let name = format!("{SECRET}/versions/1");
        let first = known(client.get_secret_version().set_name(&name).send().await);
        let off = client.disable_secret_version().set_name(&name).set_etag(&first.etag).send().await;
        assert_eq!(known(off).state, State::Disabled);
        let stale = client.enable_secret_version().set_name(&name).set_etag(&first.etag).send().await;
        let stale = stale.expect_err("a refusal");
        assert_eq!(stale.status().map(|status| status.code), Some(Code::FailedPrecondition));
        let refused = read("1").send().await.expect_err("a refusal");
        assert_eq!(refused.status().map(|status| status.code), Some(Code::FailedPrecondition));
        assert_eq!(known(client.enable_secret_version().set_name(&name).send().await).state, State::Enabled);
        assert!(known(client.get_iam_policy().set_resource(SECRET).send().await).bindings.is_empty());
        let asked = client.test_iam_permissions().set_resource(SECRET);
        let held = known(asked.set_permissions(["secretmanager.versions.access"]).send().await);
        assert_eq!(held.permissions, ["secretmanager.versions.access"]);
    });
}
