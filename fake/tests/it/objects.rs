//! Buckets and objects.

use crate::scene::{BUCKET, Scene};
use fakecloud::World;
use serde_json::{Value, json};

const INSERT: &str = "/storage/v1/b?project=harbour-dev";

fn object(name: &str, more: &str) -> String {
    format!("/storage/v1/b/{BUCKET}/o/{}{more}", name.replace('/', "%2F"))
}

#[test]
fn a_bucket_is_made_and_read_back() {
    let scene = Scene::new();
    let body = json!({"name": BUCKET, "location": "us-central1", "storageClass": "STANDARD",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": true}, "publicAccessPrevention": "enforced"},
        "softDeletePolicy": {"retentionDurationSeconds": "0"},
        "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 30}}]}, "labels": {"managed-by": "slipway"}});
    let path = format!("/storage/v1/b/{BUCKET}");
    assert_eq!(scene.get("storage", &path).status, 404);
    let made = scene.post("storage", INSERT, &body).json();
    assert_eq!(
        (&made["kind"], &made["projectNumber"], &made["location"]),
        (&json!("storage#bucket"), &json!("123456789012"), &json!("US-CENTRAL1"))
    );
    let read = scene.get("storage", &path).json();
    assert_eq!(read, made);
    for field in ["iamConfiguration", "lifecycle", "labels", "softDeletePolicy"] {
        assert_eq!(read[field], body[field]);
    }
    assert_eq!(scene.cloud.world(|world| world.count("bucket created")), 1);
    assert!(scene.cloud.unexpected().is_empty());
}

#[test]
fn fields_select_what_is_sent() {
    let scene = Scene::new();
    scene.stage("a", b"1");
    let path = format!("/storage/v1/b/{BUCKET}?fields=name,projectNumber,iamConfiguration%2FpublicAccessPrevention");
    let body = scene.get("storage", &path).json();
    assert_eq!(
        body,
        json!({"name": BUCKET, "projectNumber": "123456789012", "iamConfiguration": {"publicAccessPrevention": "inherited"}})
    );
    let reply = scene.get("storage", &format!("/storage/v1/b/{BUCKET}?fields=nam"));
    assert_eq!((reply.status, reply.message()), (400, "Invalid field selection nam".to_owned()));
}

#[test]
fn names_are_global_and_taken_ones_are_told_apart() {
    let scene = Scene::with(|world| {
        world.add_project("stranger", "999");
        world.add_bucket("strangers-bucket", "999", "US");
        world.add_bucket("open-bucket", "999", "US");
        world
            .buckets
            .get_mut("open-bucket")
            .expect("a bucket")
            .policy
            .grant("roles/storage.legacyBucketReader", "allUsers");
    });
    scene.stage("a", b"1");
    let insert = |name: &str| {
        let reply = scene.post("storage", INSERT, &json!({"name": name}));
        (reply.status, reply.message())
    };
    assert_eq!(
        insert(BUCKET),
        (409, "Your previous request to create the named bucket succeeded and you already own it.".to_owned())
    );
    let (status, message) = insert("strangers-bucket");
    assert!(status == 409 && message.starts_with("The requested bucket name is not available."));
    assert_eq!(insert("Not_A_Name").0, 400);
    // A stranger's bucket is closed, or open and then names its owner.
    assert_eq!(scene.get("storage", "/storage/v1/b/strangers-bucket").status, 403);
    assert_eq!(scene.get("storage", "/storage/v1/b/open-bucket").json()["projectNumber"], "999");
}

#[test]
fn locations_follow_the_organisation_policy() {
    let scene = Scene::with(|world| world.home().allowed_locations = Some(["US-CENTRAL1".to_owned()].into()));
    let reply = scene.post("storage", INSERT, &json!({"name": BUCKET}));
    assert_eq!(
        (reply.status, reply.message()),
        (412, "'us' violates constraint 'constraints/gcp.resourceLocations'".to_owned())
    );
    assert_eq!(reply.json()["error"]["errors"][0]["location"], "If-Match");
    assert_eq!(scene.post("storage", INSERT, &json!({"name": BUCKET, "location": "us-central1"})).status, 200);
    assert_eq!(scene.post("storage", INSERT, &json!({"name": "other-bucket", "location": "nowhere"})).status, 412);
    let free = Scene::new();
    assert_eq!(free.post("storage", INSERT, &json!({"name": BUCKET, "location": "nowhere"})).status, 400);
}

#[test]
fn listing_buckets_is_noted() {
    let scene = Scene::new();
    scene.stage("a", b"1");
    let reply = scene.get("storage", "/storage/v1/b?project=harbour-dev");
    assert_eq!(reply.json()["items"][0]["name"], BUCKET);
    assert_eq!(scene.cloud.unexpected(), ["storage.buckets.list: buckets are never listed"]);
}

#[test]
fn metadata_reads_like_the_sample() {
    let scene = Scene::new();
    let generation = scene.stage("source/a.tar.gz", &vec![0; 1 << 20]);
    let view = scene.get("storage", &object("source/a.tar.gz", "")).json();
    let sample = json!({"kind": "storage#object", "id": format!("{BUCKET}/source/a.tar.gz/{generation}"),
        "name": "source/a.tar.gz", "bucket": BUCKET, "generation": generation, "metageneration": "1",
        "contentType": "application/gzip", "size": "1048576", "md5Hash": "ttgbNgpWctgMJ0MPORU+LA==", "crc32c": "FCmMEg=="});
    for (field, value) in sample.as_object().expect("fields") {
        assert_eq!(&view[field], value, "{field}");
    }
    assert!(view["etag"].is_string() && view["timeCreated"].is_string());
}

#[test]
fn bytes_are_read_whole_or_by_range() {
    let scene = Scene::new();
    scene.stage("a", b"0123456789");
    let read = |range: &str| {
        let reply = scene.send("storage", "GET", &object("a", "?alt=media"), &[("Range", range)], None);
        (reply.status, reply.text(), reply.header("content-range").map(str::to_owned))
    };
    let range = |text: &str| Some(text.to_owned());
    assert_eq!(scene.get("storage", &object("a", "?alt=media")).text(), "0123456789");
    assert_eq!(read("bytes=0-"), (206, "0123456789".to_owned(), range("bytes 0-9/10")));
    assert_eq!(read("bytes=4-"), (206, "456789".to_owned(), range("bytes 4-9/10")));
    assert_eq!(read("bytes=4-5"), (206, "45".to_owned(), range("bytes 4-5/10")));
    assert_eq!(read("bytes=8-99"), (206, "89".to_owned(), range("bytes 8-9/10")));
    assert_eq!(read("bytes=-3"), (206, "789".to_owned(), range("bytes 7-9/10")));
    let (status, _, shown) = read("bytes=10-");
    assert_eq!((status, shown), (416, range("bytes */10")));
    assert_eq!(read("bananas=1-").0, 200);
    scene.cloud.world(|world| world.ignore_ranges = true);
    assert_eq!(read("bytes=4-"), (200, "0123456789".to_owned(), None));
}

#[test]
fn missing_objects_are_missing_in_the_right_words() {
    let scene = Scene::new();
    scene.stage("a", b"1");
    let reply = scene.get("storage", &object("logs/x.txt", "?alt=media"));
    assert_eq!((reply.status, reply.text()), (404, format!("No such object: {BUCKET}/logs/x.txt")));
    assert!(reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    let reply = scene.get("storage", &object("logs/x.txt", ""));
    assert_eq!(reply.json()["error"]["errors"][0]["reason"], "notFound");
    // Who may not list learns nothing.
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "storage.objects.list"));
    assert_eq!(scene.get("storage", &object("logs/x.txt", "")).status, 403);
    assert_eq!(scene.get("storage", "/storage/v1/b/no-such-bucket/o/x").status, 404);
}

#[test]
fn generations_and_conditions_are_honoured() {
    let scene = Scene::new();
    let first = scene.stage("a", b"1");
    let second = scene.stage("a", b"2");
    assert!(second > first);
    assert_eq!(scene.get("storage", &object("a", &format!("?generation={first}"))).status, 404);
    assert_eq!(scene.get("storage", &object("a", &format!("?generation={second}&alt=media"))).text(), "2");
    assert_eq!(scene.get("storage", &object("a", &format!("?ifGenerationMatch={first}"))).status, 412);
    assert_eq!(scene.get("storage", &object("a", &format!("?ifGenerationMatch={second}"))).status, 200);
}

#[test]
fn deletion_is_final() {
    let scene = Scene::new();
    scene.stage("a", b"1");
    let delete = || scene.send("storage", "DELETE", &object("a", ""), &[], None);
    assert_eq!(delete().status, 204);
    assert_eq!(delete().status, 404);
    assert_eq!(
        scene.cloud.world(|world| (world.count("object deleted"), world.object(BUCKET, "a").is_none())),
        (1, true)
    );
}

#[test]
fn billing_off_stops_storage_in_its_own_words() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.home().billing = false);
    let reply = scene.get("storage", &format!("/storage/v1/b/{BUCKET}"));
    let body: Value = reply.json();
    assert_eq!((reply.status, &body["error"]["errors"][0]["reason"]), (403, &json!("accountDisabled")));
    assert_eq!(reply.message(), "The billing account for the owning project is disabled in state absent");
}
