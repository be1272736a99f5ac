//! Uploads: simple, multipart, resumable.

use crate::client::{self, Reply};
use crate::scene::{BUCKET, Scene};
use fakecloud::{Action, Fault, World};
use serde_json::json;

const QUANTUM: usize = 262_144;

fn scene() -> Scene {
    let scene = Scene::new();
    scene.stage("seed", b"1");
    scene
}

fn multipart(scene: &Scene, query: &str, metadata: &str, content: &[u8]) -> Reply {
    let mut body = format!(
        "--b=1\r\nContent-Type: application/json\r\n\r\n{metadata}\r\n--b=1\r\nContent-Type: application/gzip\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--b=1--\r\n");
    let path = format!("/upload/storage/v1/b/{BUCKET}/o?uploadType=multipart{query}");
    scene.send("storage", "POST", &path, &[("Content-Type", "multipart/related; boundary=\"b=1\"")], Some(&body))
}

#[test]
fn one_request_stores_metadata_and_content() {
    let scene = scene();
    let reply = multipart(
        &scene,
        "&ifGenerationMatch=0&fields=generation,size,md5Hash,crc32c",
        "{\"name\":\"source/x.tar.gz\"}",
        b"\r\n--b\0",
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    let body = reply.json();
    assert_eq!(body.as_object().expect("fields").len(), 4);
    assert_eq!(body["size"], "6");
    assert_eq!(
        scene.cloud.world(|world| world.object(BUCKET, "source/x.tar.gz").cloned()).as_deref(),
        Some(&b"\r\n--b\0"[..])
    );
    let view = scene.get("storage", &format!("/storage/v1/b/{BUCKET}/o/source%2Fx.tar.gz")).json();
    assert_eq!(view["contentType"], "application/gzip");
}

#[test]
fn a_second_first_write_is_refused_as_in_the_sample() {
    let scene = scene();
    assert_eq!(multipart(&scene, "&ifGenerationMatch=0", "{\"name\":\"x\"}", b"1").status, 200);
    let reply = multipart(&scene, "&ifGenerationMatch=0", "{\"name\":\"x\"}", b"2");
    assert_eq!(
        reply.json(),
        json!({"error": {"code": 412, "message": "At least one of the pre-conditions you specified did not hold.",
            "errors": [{"message": "At least one of the pre-conditions you specified did not hold.", "domain": "global",
                "reason": "conditionNotMet", "locationType": "header", "location": "If-Match"}]}})
    );
    assert_eq!(scene.cloud.world(|world| world.object(BUCKET, "x").cloned()).as_deref(), Some(&b"1"[..]));
    let generation = scene.get("storage", &format!("/storage/v1/b/{BUCKET}/o/x")).json()["generation"].clone();
    let query = format!("&ifGenerationMatch={}", generation.as_str().expect("a generation"));
    assert_eq!(multipart(&scene, &query, "{\"name\":\"x\"}", b"2").status, 200);
}

#[test]
fn checksums_are_verified() {
    let scene = scene();
    let bad = multipart(&scene, "", "{\"name\":\"x\",\"md5Hash\":\"ttgbNgpWctgMJ0MPORU+LA==\"}", b"1");
    assert!(
        bad.status == 400 && bad.message().starts_with("Provided MD5 hash \"ttgbNgpWctgMJ0MPORU+LA==\" doesn't match")
    );
    assert_eq!(multipart(&scene, "", "{\"name\":\"x\",\"crc32c\":\"AAAAAA==\"}", b"1").status, 400);
    assert!(scene.cloud.world(|world| world.object(BUCKET, "x").is_none()));
    // These are the checksums of the single byte «1».
    let good = "{\"name\":\"x\",\"md5Hash\":\"xMpCOKC5I4INzFCab3WEmw==\",\"crc32c\":\"kPWZ4w==\"}";
    let reply = multipart(&scene, "", good, b"1");
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn malformed_uploads_are_refused() {
    let scene = scene();
    let path = |kind: &str| format!("/upload/storage/v1/b/{BUCKET}/o?{kind}");
    let send = |kind: &str, content_type: &str, body: &[u8]| {
        scene.send("storage", "POST", &path(kind), &[("Content-Type", content_type)], Some(body)).status
    };
    assert_eq!(
        send("uploadType=multipart&name=x", "multipart/related; boundary=b", b"--b\r\n\r\n{}\r\n--b\r\n\r\ncut"),
        400
    );
    assert_eq!(send("uploadType=multipart&name=x", "application/json", b"{}"), 400);
    assert_eq!(send("uploadType=media", "text/plain", b"no name"), 400);
    assert_eq!(send("name=x", "text/plain", b"no type"), 400);
    assert_eq!(send("uploadType=media&name=x", "text/plain", b"fine"), 200);
    // A metadata field Cloud Storage would silently ignore.
    assert_eq!(multipart(&scene, "", "{\"name\":\"x\",\"md5hash\":\"a\"}", b"1").status, 200);
    assert_eq!(scene.cloud.unexpected(), ["storage.objects.insert: metadata field «md5hash»"]);
}

#[test]
fn overwriting_takes_the_right_to_delete() {
    let scene = scene();
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "storage.objects.delete"));
    assert_eq!(multipart(&scene, "", "{\"name\":\"x\"}", b"1").status, 200);
    let reply = multipart(&scene, "", "{\"name\":\"x\"}", b"2");
    assert_eq!(reply.status, 403);
    assert!(reply.message().contains("does not have storage.objects.delete access"));
}

/// An open session and what its address answers.
struct Session {
    scene: Scene,
    path: String,
}

impl Session {
    fn open(query: &str) -> Session {
        let scene = scene();
        let path = format!("/upload/storage/v1/b/{BUCKET}/o?uploadType=resumable&name=source%2Fbig.tar.gz{query}");
        let headers = [("Content-Type", "application/json"), ("X-Upload-Content-Type", "application/gzip")];
        let reply = scene.send("storage", "POST", &path, &headers, Some(b"{}"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let location = reply.header("location").expect("an address").to_owned();
        let base = scene.cloud.address("storage");
        let path = location.strip_prefix(&base).expect("an address of the fake").to_owned();
        Session { scene, path }
    }

    fn put(&self, range: &str, body: &[u8]) -> Reply {
        let headers = [("Content-Range", range)];
        client::send(&self.scene.cloud.address("storage"), "PUT", &self.path, &headers, Some(body)).expect("a reply")
    }

    fn stored(&self) -> Option<usize> {
        self.scene.cloud.world(|world| world.object(BUCKET, "source/big.tar.gz").map(|content| content.len()))
    }
}

#[test]
fn chunks_are_taken_until_the_last() {
    let session = Session::open("&ifGenerationMatch=0&fields=generation,size");
    let content = vec![7; 2 * QUANTUM + 5];
    let total = content.len();
    let asked = session.put(&format!("bytes */{total}"), b"");
    assert_eq!((asked.status, asked.header("range")), (308, None));
    let first = session.put(&format!("bytes 0-{}/{total}", 2 * QUANTUM - 1), &content[..2 * QUANTUM]);
    assert_eq!((first.status, first.header("range")), (308, Some(format!("bytes=0-{}", 2 * QUANTUM - 1).as_str())));
    assert_eq!(session.stored(), None);
    let last = session.put(&format!("bytes {}-{}/{total}", 2 * QUANTUM, total - 1), &content[2 * QUANTUM..]);
    assert_eq!((last.status, &last.json()["size"]), (200, &json!(total.to_string())));
    assert_eq!(last.json().as_object().expect("fields").len(), 2);
    assert_eq!(session.stored(), Some(total));
    // A question after the end is answered with the object, and stores nothing twice.
    assert_eq!(session.put(&format!("bytes */{total}"), b"").status, 200);
    assert_eq!(session.scene.cloud.world(|world| world.count("object stored")), 2);
    let view = session.scene.get("storage", &format!("/storage/v1/b/{BUCKET}/o/source%2Fbig.tar.gz")).json();
    assert_eq!(view["contentType"], "application/gzip");
}

#[test]
fn a_stream_of_unknown_length_ends_when_its_length_is_told() {
    let session = Session::open("");
    assert_eq!(session.put(&format!("bytes 0-{}/*", QUANTUM - 1), &vec![1; QUANTUM]).status, 308);
    assert_eq!(session.put(&format!("bytes */{QUANTUM}"), b"").status, 200);
    assert_eq!(session.stored(), Some(QUANTUM));
}

#[test]
fn a_whole_body_without_a_range_is_the_object() {
    let session = Session::open("");
    let reply = client::send(&session.scene.cloud.address("storage"), "PUT", &session.path, &[], Some(b"all of it"));
    assert_eq!(reply.expect("a reply").status, 200);
    assert_eq!(session.stored(), Some(9));
}

#[test]
fn less_than_was_sent_may_be_stored() {
    let session = Session::open("");
    session.scene.cloud.world(|world| world.store_at_most = Some(QUANTUM + 1));
    let content = vec![3; 3 * QUANTUM];
    let reply = session.put(&format!("bytes 0-{}/{}", content.len() - 1, content.len()), &content);
    assert_eq!((reply.status, reply.header("range")), (308, Some(format!("bytes=0-{}", QUANTUM - 1).as_str())));
    session.scene.cloud.world(|world| world.store_at_most = None);
    let rest = session.put(&format!("bytes {QUANTUM}-{}/{}", content.len() - 1, content.len()), &content[QUANTUM..]);
    assert_eq!(rest.status, 200);
    assert_eq!(session.stored(), Some(content.len()));
}

#[test]
fn bytes_sent_again_are_stored_once() {
    let session = Session::open("");
    let content: Vec<u8> = (0..2 * QUANTUM + 1).map(|at| (at / QUANTUM) as u8).collect();
    let total = content.len();
    assert_eq!(session.put(&format!("bytes 0-{}/{total}", QUANTUM - 1), &content[..QUANTUM]).status, 308);
    assert_eq!(session.put(&format!("bytes 0-{}/{total}", total - 1), &content).status, 200);
    let stored = session.scene.cloud.world(|world| world.object(BUCKET, "source/big.tar.gz").cloned());
    assert!(stored.is_some_and(|stored| stored == content));
}

#[test]
fn wrong_ranges_are_refused() {
    let session = Session::open("");
    let put = |range: &str, body: &[u8]| session.put(range, body).status;
    assert_eq!(put("bytes 0-99/1000", &[0; 100]), 400, "not a multiple of 256 KiB");
    assert_eq!(session.scene.cloud.unexpected().len(), 1);
    assert_eq!(put("bytes 0-99/100", &[0; 50]), 400, "shorter than announced");
    assert_eq!(put(&format!("bytes {QUANTUM}-{}/{}", 2 * QUANTUM - 1, 9 * QUANTUM), &vec![0; QUANTUM]), 400, "a gap");
    assert_eq!(put("bytes 0-9/5", &[0; 10]), 400, "beyond the total");
    assert_eq!(put("0-9/10", &[0; 10]), 400, "not a range");
    assert_eq!(session.stored(), None);
    assert_eq!(put("bytes 0-9/10", &[0; 10]), 200);
}

#[test]
fn an_announced_length_is_kept_to() {
    let scene = scene();
    let path = format!("/resumable/upload/storage/v1/b/{BUCKET}/o?uploadType=resumable&name=x");
    let reply = scene.send("storage", "POST", &path, &[("X-Upload-Content-Length", "10")], None);
    let location = reply.header("location").expect("an address").to_owned();
    let path = location.strip_prefix(&scene.cloud.address("storage")).expect("the fake's").to_owned();
    let put =
        |range: &str, body: &[u8]| scene.send("storage", "PUT", &path, &[("Content-Range", range)], Some(body)).status;
    assert_eq!(put("bytes 0-4/5", b"12345"), 400);
    assert_eq!(put("bytes 0-9/10", b"1234567890"), 200);
}

#[test]
fn lost_and_dropped_sessions_are_gone() {
    for status in [404, 410] {
        let session = Session::open("");
        session.scene.cloud.world(|world| world.lose_uploads(status));
        assert_eq!(session.put("bytes */10", b"").status, status);
    }
    let session = Session::open("");
    let delete =
        || client::send(&session.scene.cloud.address("storage"), "DELETE", &session.path, &[], None).expect("a reply");
    assert_eq!(delete().status, 499);
    assert_eq!(session.put("bytes 0-9/10", &[0; 10]).status, 410);
    assert_eq!(session.stored(), None);
}

#[test]
fn conditions_hold_at_the_start_and_at_the_end() {
    let session = Session::open("&ifGenerationMatch=0");
    session.scene.stage("source/big.tar.gz", b"somebody was faster");
    let reply = session.put("bytes 0-9/10", &[0; 10]);
    assert_eq!(reply.status, 412);
    assert_eq!(session.put("bytes 0-9/10", &[0; 10]).status, 410, "the session ended with it");
    let path = format!("/upload/storage/v1/b/{BUCKET}/o?uploadType=resumable&name=seed&ifGenerationMatch=0");
    assert_eq!(session.scene.send("storage", "POST", &path, &[], None).status, 412);
}

#[test]
fn strange_parameters_on_a_session_are_noted() {
    let session = Session::open("");
    let path = format!("{}&chunk=1", session.path);
    let headers = [("Content-Range", "bytes */10")];
    let reply = client::send(&session.scene.cloud.address("storage"), "PUT", &path, &headers, Some(b""));
    assert_eq!(reply.expect("a reply").status, 308);
    assert_eq!(session.scene.cloud.unexpected()[0], "storage.upload.query: query parameter «chunk»");
}

#[test]
fn a_hash_in_the_header_is_verified() {
    let scene = scene();
    let path = format!("/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name=x");
    let send = |hash: &str| scene.send("storage", "POST", &path, &[("X-Goog-Hash", hash)], Some(b"1")).status;
    assert_eq!(send("crc32c=AAAAAA=="), 400);
    assert_eq!(send("crc32c=kPWZ4w==,md5=AAAA"), 400);
    assert_eq!(send("crc32c=kPWZ4w==, md5=xMpCOKC5I4INzFCab3WEmw=="), 200);
}

#[test]
fn a_chunk_whose_reply_is_lost_was_stored() {
    let session = Session::open("");
    session.scene.cloud.world(|world| world.faults.push(Fault::lost_reply("storage.upload.put", Action::Reset)));
    let headers = [("Content-Range", "bytes 0-9/10")];
    let reply = client::send(&session.scene.cloud.address("storage"), "PUT", &session.path, &headers, Some(&[1; 10]));
    assert!(reply.is_err());
    assert_eq!(session.put("bytes */10", b"").status, 200);
    assert_eq!(session.stored(), Some(10));
}
