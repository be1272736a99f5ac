//! Builds that go well: their course, their replies, their log, their image.

use crate::scene::{BUCKET, BUILDS, IMAGE, Scene, archive};
use fakecloud::{BuildScript, Outcome};
use serde_json::{Value, json};
use std::io::Write;

const APP: &[(&str, &str)] =
    &[("Dockerfile", "FROM python:3.12 AS base\nCOPY app.py /app/\nRUN pip list\nCMD [\"python\"]\n"), ("app.py", "1")];

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn create_answers_with_an_operation_that_holds_the_build() {
    let scene = Scene::new();
    let body = scene.build_of(APP);
    let operation = scene.post("cloudbuild", BUILDS, &body).json();
    assert!(
        operation["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("projects/harbour-dev/locations/us-central1/operations/"))
    );
    assert!(operation.get("done").is_none());
    let build = &operation["metadata"]["build"];
    // The same fields as in the sample.
    assert_eq!(
        keys(build),
        [
            "createTime",
            "id",
            "images",
            "logUrl",
            "logsBucket",
            "name",
            "options",
            "projectId",
            "queueTtl",
            "serviceAccount",
            "source",
            "status",
            "steps",
            "tags",
            "timeout"
        ]
    );
    let id = build["id"].as_str().expect("an id");
    assert_eq!(build["name"], format!("projects/123456789012/locations/us-central1/builds/{id}"));
    assert_eq!(build["status"], "QUEUED");
    assert_eq!(build["options"]["pool"], json!({}));
    assert_eq!(
        build["logUrl"],
        format!("https://console.cloud.google.com/cloud-build/builds;region=us-central1/{id}?project=123456789012")
    );
    assert_eq!(scene.cloud.world(|world| world.count("build created")), 1);
}

#[test]
fn a_global_build_has_its_own_operation_name_and_console_address() {
    let scene = Scene::new();
    let body = scene.build_of(APP);
    let operation = scene.post("cloudbuild", "/v1/projects/harbour-dev/locations/global/builds", &body).json();
    assert!(operation["name"].as_str().is_some_and(|name| name.starts_with("operations/build/harbour-dev/")));
    let url = operation["metadata"]["build"]["logUrl"].as_str().expect("an address");
    assert!(url.contains("/cloud-build/builds/"), "{url}");
    let id = operation["metadata"]["build"]["id"].as_str().expect("an id");
    // It is not to be found elsewhere.
    assert_eq!(scene.get("cloudbuild", &format!("{BUILDS}/{id}")).status, 404);
}

#[test]
fn each_look_is_one_state() {
    let scene = Scene::with(|world| {
        world.next_builds.push_back(BuildScript { queued: 2, working: 3, ..BuildScript::default() })
    });
    let id = scene.create(&scene.build_of(APP));
    let path = format!("{BUILDS}/{id}");
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..7 {
        let build = scene.get("cloudbuild", &path).json();
        seen.push(build["status"].as_str().unwrap_or_default().to_owned());
        // Step results come with the end, not before.
        assert_eq!(build["steps"][0].get("status").is_some(), build["status"] == "SUCCESS");
    }
    assert_eq!(seen, ["QUEUED", "QUEUED", "WORKING", "WORKING", "WORKING", "SUCCESS", "SUCCESS"]);
}

#[test]
fn a_working_build_knows_its_source() {
    let scene = Scene::new();
    let body = scene.build_of(APP);
    let id = scene.create(&body);
    scene.get("cloudbuild", &format!("{BUILDS}/{id}"));
    let build = scene.get("cloudbuild", &format!("{BUILDS}/{id}")).json();
    assert_eq!(build["status"], "WORKING");
    assert!(build["startTime"].is_string());
    assert_eq!(build["sourceProvenance"]["resolvedStorageSource"], body["source"]["storageSource"]);
}

#[test]
fn success_reads_like_the_sample() {
    let scene = Scene::new();
    let build = scene.finish(&scene.create(&scene.build_of(APP)));
    assert_eq!(
        keys(&build),
        [
            "artifacts",
            "createTime",
            "finishTime",
            "id",
            "images",
            "logUrl",
            "logsBucket",
            "name",
            "options",
            "projectId",
            "queueTtl",
            "results",
            "serviceAccount",
            "source",
            "sourceProvenance",
            "startTime",
            "status",
            "steps",
            "tags",
            "timeout",
            "timing"
        ]
    );
    assert_eq!(keys(&build["timing"]), ["BUILD", "FETCHSOURCE", "PUSH"]);
    assert_eq!(keys(&build["steps"][0]), ["args", "env", "id", "name", "pullTiming", "status", "timing"]);
    let image = &build["results"]["images"][0];
    assert_eq!(keys(image), ["artifactRegistryPackage", "digest", "name", "pushTiming"]);
    assert_eq!(
        image["artifactRegistryPackage"],
        "projects/harbour-dev/locations/us-central1/repositories/app/packages/web"
    );
    assert_eq!(build["results"]["buildStepOutputs"], json!([""]));
    // The image is in the registry under the same digest.
    let digest = scene.cloud.world(|world| world.digest_of(&format!("{IMAGE}:one")));
    assert_eq!(image["digest"].as_str(), digest.as_deref());
}

#[test]
fn the_same_source_gives_the_same_digest_and_another_one_another() {
    let digest = |files: &[(&str, &str)], args: &[&str]| {
        let scene = Scene::new();
        let mut body = scene.build_of(files);
        for argument in args.iter().rev() {
            body["steps"][0]["args"].as_array_mut().expect("args").insert(1, json!(argument));
        }
        scene.finish(&scene.create(&body))["results"]["images"][0]["digest"].clone()
    };
    let base = digest(APP, &[]);
    assert_eq!(base, digest(APP, &[]));
    assert_ne!(base, digest(&[APP[0], ("app.py", "2")], &[]));
    assert_ne!(base, digest(APP, &["--build-arg", "A=1"]));
    assert_ne!(digest(APP, &["--build-arg=A=2"]), digest(APP, &["--build-arg=A=1"]));
}

#[test]
fn the_log_grows_in_the_callers_bucket_and_is_whole_at_the_end() {
    let scene = Scene::new();
    let id = scene.create(&scene.build_of(APP));
    let path = format!("/storage/v1/b/{BUCKET}/o/logs%2Flog-{id}.txt?alt=media");
    let read = |from: usize| scene.send("storage", "GET", &path, &[("Range", &format!("bytes={from}-"))], None);
    // Reading the log is a look too: the first one still finds the build queued.
    let early = read(0);
    assert_eq!((early.status, early.text()), (404, format!("No such object: {BUCKET}/logs/log-{id}.txt")));
    let first = read(0);
    assert_eq!(first.status, 206);
    assert!(
        first.text().starts_with(&format!("starting build \"{id}\"\n\nFETCHSOURCE\nFetching storage object: gs://"))
    );
    let second = read(first.body.len());
    assert_eq!(second.status, 206);
    let range = second.header("content-range").expect("a range");
    assert!(range.starts_with(&format!("bytes {}-", first.body.len())), "{range}");
    let build = scene.finish(&id);
    assert_eq!(build["status"], "SUCCESS");
    let log = scene.log(&id);
    assert!(log.starts_with(&first.text()) && log.ends_with("DONE\n"), "{log}");
    for line in [
        "Starting Step #0 - \"build\"",
        "Step #0 - \"build\": Already have image (with digest): gcr.io/cloud-builders/docker",
        "Step #0 - \"build\": #4 [2/3] COPY app.py /app/",
        "Finished Step #0 - \"build\"",
        "PUSH",
    ] {
        assert!(log.lines().any(|known| known == line), "{line} is not in\n{log}");
    }
    // Nothing new: 416.
    let end = read(log.len());
    assert_eq!((end.status, end.header("content-range")), (416, Some(format!("bytes */{}", log.len()).as_str())));
}

#[test]
fn a_scripted_log_comes_chunk_by_chunk_and_may_break_a_character() {
    let chunks = vec![b"one \xc3".to_vec(), b"\xa9\n\x1b[3".to_vec(), b"1mred\n".to_vec()];
    let script = BuildScript { queued: 0, working: 2, log: Some(chunks.clone()), ..BuildScript::default() };
    let scene = Scene::with(|world| world.next_builds.push_back(script));
    let id = scene.create(&scene.build_of(APP));
    let path = format!("/storage/v1/b/{BUCKET}/o/logs%2Flog-{id}.txt?alt=media");
    let lengths: Vec<usize> = (0..3).map(|_| scene.get("storage", &path).body.len()).collect();
    assert_eq!(lengths, [5, 10, 16]);
    assert_eq!(scene.get("storage", &path).body, chunks.concat());
}

#[test]
fn a_log_that_does_not_stream_is_written_at_the_end() {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    body["options"]["logStreamingOption"] = json!("STREAM_OFF");
    let id = scene.create(&body);
    let path = format!("/storage/v1/b/{BUCKET}/o/logs%2Flog-{id}.txt?alt=media");
    let statuses: Vec<u16> = (0..4).map(|_| scene.get("storage", &path).status).collect();
    assert_eq!(statuses, [404, 404, 404, 200]);
}

#[test]
fn several_gzip_members_are_one_source() {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    let mut tar = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(archive(APP).as_slice()), &mut tar).expect("a tar");
    let mut members = Vec::new();
    for part in tar.chunks(512) {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(part).expect("written");
        members.extend(encoder.finish().expect("a member"));
    }
    body["source"]["storageSource"]["generation"] = json!(scene.stage("source/one.tar.gz", &members));
    assert_eq!(scene.finish(&scene.create(&body))["status"], "SUCCESS");
}

#[test]
fn a_buildpack_builds_what_it_knows() {
    let pack = |files: &[(&str, &str)]| {
        let scene = Scene::new();
        let mut body = scene.build_of(files);
        let image = format!("{IMAGE}:one");
        body["steps"] = json!([{"name": "gcr.io/k8s-skaffold/pack", "entrypoint": "pack",
            "args": ["build", image, "--network", "cloudbuild", "--builder", "gcr.io/buildpacks/builder:latest"]}]);
        let build = scene.finish(&scene.create(&body));
        (build["status"].clone(), scene.log(build["id"].as_str().expect("an id")))
    };
    assert_eq!(pack(&[("requirements.txt", "flask")]).0, "SUCCESS");
    assert_eq!(pack(&[("package.json", "{}")]).0, "SUCCESS");
    let (status, log) = pack(&[("README.md", "hello")]);
    assert_eq!(status, "FAILURE");
    assert!(log.contains("ERROR: failed to detect: no buildpacks participating"), "{log}");
}

#[test]
fn lists_find_a_build_by_tag_and_source() {
    let scene = Scene::new();
    let body = scene.build_of(APP);
    let id = scene.create(&body);
    let mut other = body.clone();
    other["tags"] = json!(["slipway", "req-2"]);
    scene.create(&other);
    let found = |filter: &str| {
        let list = scene.get("cloudbuild", &format!("{BUILDS}?filter={filter}&pageSize=10")).json();
        list["builds"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(found("tags%3D%22req-1%22"), 1);
    assert_eq!(found("tags%3D%22slipway%22"), 2);
    assert_eq!(found("tags%3D%22slipway%22+AND+source.storage_source.object%3D%22source%2Fone.tar.gz%22"), 2);
    assert_eq!(found("tags%3D%22slipway%22+AND+source.storage_source.object%3D%22other%22"), 0);
    // Nothing found is an empty object; newest first; one page at a time.
    assert_eq!(scene.get("cloudbuild", &format!("{BUILDS}?filter=tags%3D%22none%22")).json(), json!({}));
    let page = scene.get("cloudbuild", &format!("{BUILDS}?pageSize=1")).json();
    assert_ne!(page["builds"][0]["id"], json!(id));
    let token = page["nextPageToken"].as_str().expect("a token");
    assert_eq!(
        scene.get("cloudbuild", &format!("{BUILDS}?pageSize=1&pageToken={token}")).json()["builds"][0]["id"],
        json!(id)
    );
    assert_eq!(scene.get("cloudbuild", &format!("{BUILDS}?filter=tag%3Dx")).status, 400);
    assert_eq!(scene.cloud.unexpected().len(), 1);
    // Listing is no look.
    assert_eq!(scene.cloud.world(|world| world.builds[0].looks), 0);
}

#[test]
fn cancelling_ends_a_build_once() {
    let scene = Scene::with(|world| world.next_builds.push_back(BuildScript::ending(Outcome::NeverEnds)));
    let id = scene.create(&scene.build_of(APP));
    for _ in 0..5 {
        scene.get("cloudbuild", &format!("{BUILDS}/{id}"));
    }
    let path = format!("{BUILDS}/{id}:cancel");
    let build = scene.post("cloudbuild", &path, &json!({})).json();
    assert_eq!(build["status"], "CANCELLED");
    assert!(build["finishTime"].is_string() && build["steps"][0]["status"] == "CANCELLED");
    assert_eq!(scene.post("cloudbuild", &path, &json!({"projectId": "harbour-dev", "id": id})).status, 400);
    assert_eq!(scene.cloud.world(|world| world.count("build cancelled")), 1);
}

#[test]
fn the_default_account_is_the_projects() {
    let scene = Scene::new();
    let path = "/v1/projects/harbour-dev/locations/us-central1/defaultServiceAccount";
    let email = |scene: &Scene| scene.get("cloudbuild", path).json()["serviceAccountEmail"].clone();
    assert_eq!(
        email(&scene),
        "projects/harbour-dev/serviceAccounts/123456789012-compute@developer.gserviceaccount.com"
    );
    scene.cloud.world(|world| world.home().build_account = fakecloud::BuildAccount::Legacy);
    assert_eq!(email(&scene), "projects/harbour-dev/serviceAccounts/123456789012@cloudbuild.gserviceaccount.com");
    scene.cloud.world(|world| world.home().build_account = fakecloud::BuildAccount::Nobody);
    assert_eq!(email(&scene), Value::Null);
}

#[test]
fn the_poll_quota_refuses_as_in_the_sample_and_opens_again() {
    let scene = Scene::with(|world| world.poll_quota = Some(fakecloud::QuotaWindow::new(2, 1)));
    let id = scene.create(&scene.build_of(APP));
    let path = format!("{BUILDS}/{id}");
    let statuses: Vec<u16> = (0..5).map(|_| scene.get("cloudbuild", &path).status).collect();
    assert_eq!(statuses, [200, 200, 429, 200, 200]);
    let refusal = scene.get("cloudbuild", &path).json();
    let metadata = &refusal["error"]["details"][0]["metadata"];
    assert_eq!(refusal["error"]["status"], "RESOURCE_EXHAUSTED");
    assert_eq!(
        keys(metadata),
        ["consumer", "quota_limit", "quota_limit_value", "quota_location", "quota_metric", "quota_unit", "service"]
    );
    assert_eq!(metadata["quota_metric"], "cloudbuild.googleapis.com/get_requests");
}

#[test]
fn every_state_of_a_build_has_the_published_shape() {
    let scene = Scene::new();
    let id = scene.create(&scene.build_of(APP));
    // The scene holds every answer against the schema.
    let states: Vec<Value> =
        (0..5).map(|_| scene.get("cloudbuild", &format!("{BUILDS}/{id}")).json()["status"].clone()).collect();
    assert_eq!(states, ["QUEUED", "WORKING", "WORKING", "SUCCESS", "SUCCESS"]);
}

#[test]
fn the_operation_of_a_build_ends_with_it() {
    let scene = Scene::new();
    let begun = scene.post("cloudbuild", BUILDS, &scene.build_of(APP)).json();
    let path = format!("/v1/{}", begun["name"].as_str().expect("a name"));
    let states: Vec<Value> = (0..5).map(|_| scene.get("cloudbuild", &path).json()).collect();
    assert_eq!((&states[0].get("done"), &states[0]["metadata"]["build"]["status"]), (&None, &json!("QUEUED")));
    assert_eq!((&states[4]["done"], &states[4]["response"]["status"]), (&json!(true), &json!("SUCCESS")));
    scene.cloud.world(|world| world.next_builds.push_back(BuildScript::ending(Outcome::InternalError)));
    let begun = scene.post("cloudbuild", BUILDS, &scene.build_of(APP)).json();
    let path = format!("/v1/{}", begun["name"].as_str().expect("a name"));
    let states: Vec<Value> = (0..5).map(|_| scene.get("cloudbuild", &path).json()).collect();
    assert_eq!((&states[4]["done"], &states[4]["error"]["code"]), (&json!(true), &json!(2)));
}
