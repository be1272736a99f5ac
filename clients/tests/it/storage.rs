//! Objects of Cloud Storage, by google-cloud-storage, whose content goes over JSON; its buckets speak another protocol.

use crate::scene::{Scene, known, story};
use google_cloud_storage::client::Storage;

pub(crate) const BUCKET: &str = "harbour-dev-shop";

fn bucket() -> String {
    format!("projects/_/buckets/{BUCKET}")
}

fn scene() -> Scene {
    Scene::with(|world| world.add_bucket(BUCKET, "harbour-dev", "US-CENTRAL1"))
}

async fn client(scene: &Scene) -> Storage {
    let builder = Storage::builder().with_endpoint(scene.cloud.address("storage"));
    builder.with_credentials(scene.credentials()).build().await.expect("a client")
}

/// Stores an object.
pub(crate) async fn put(scene: &Scene, name: &str, content: &'static str) {
    let client = client(scene).await;
    let written = client.write_object(bucket(), name, content).send_unbuffered().await;
    assert_eq!(known(written).size, content.len() as i64);
}

async fn read(client: &Storage, name: &str) -> Vec<u8> {
    let mut answer = client.read_object(bucket(), name).send().await.expect("an object");
    let mut content = Vec::new();
    while let Some(piece) = answer.next().await {
        content.extend_from_slice(&piece.expect("a piece"));
    }
    content
}

#[test]
pub(crate) fn content_is_written_in_one_piece_and_read() {
    let scene = scene();
    story(async {
        put(&scene, "source/a.txt", "hello").await;
        assert_eq!(read(&client(&scene).await, "source/a.txt").await, b"hello");
        let absent = client(&scene).await.read_object(bucket(), "source/b.txt").send().await.expect_err("nothing");
        assert_eq!(absent.http_status_code(), Some(404));
    });
}

#[test]
pub(crate) fn content_is_written_piece_by_piece() {
    let scene = scene();
    story(async {
        let client = client(&scene).await;
        let content: Vec<u8> = (0..700_000_u32).map(|number| number as u8).collect();
        let writing = client.write_object(bucket(), "large", bytes::Bytes::from(content.clone()));
        let writing = writing.set_if_generation_match(0).with_resumable_upload_threshold(0_usize);
        let written = known(writing.with_resumable_upload_buffer_size(256 * 1024_usize).send_buffered().await);
        assert_eq!((written.size, written.name.as_str()), (700_000, "large"));
        assert!(written.checksums.is_some_and(|checksums| checksums.crc32c.is_some()));
        assert!(read(&client, "large").await == content);
        let again = client.write_object(bucket(), "large", "x").set_if_generation_match(0).send_unbuffered().await;
        assert_eq!(again.expect_err("a refusal").http_status_code(), Some(412));
    });
}
