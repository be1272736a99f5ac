//! The steps most tests of Firebase Hosting begin with.

use crate::client::{self, Reply};
use crate::scene::Scene;
use fakecloud::World;
use ring::digest;
use serde_json::{Value, json};
use std::io::Write;

pub(crate) const API: &str = "firebasehosting";
pub(crate) const SITE: &str = "/v1beta1/projects/harbour-dev/sites/harbour-dev";

/// The seed's world, its deployer being one for Hosting as well.
pub(crate) fn scene() -> Scene {
    scene_with(|_| ())
}

/// The same, changed.
pub(crate) fn scene_with(change: impl FnOnce(&mut World)) -> Scene {
    Scene::with(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/firebasehosting.admin");
        change(world);
    })
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("written");
    encoder.finish().expect("a member")
}

pub(crate) fn hash(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Begins a version; returns its name.
pub(crate) fn begin(scene: &Scene) -> String {
    let reply = scene.post(API, &format!("{SITE}/versions"), &json!({"status": "CREATED"}));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["name"].as_str().expect("a name").to_owned()
}

/// Tells a version its files.
pub(crate) fn populate(scene: &Scene, version: &str, files: &[(&str, &str)]) -> Reply {
    let files: Value =
        files.iter().map(|(path, content)| ((*path).to_owned(), json!(hash(&gzip(content.as_bytes()))))).collect();
    scene.post(API, &format!("/v1beta1/{version}:populateFiles"), &json!({"files": files}))
}

/// Sends bytes to an upload address under a hash.
pub(crate) fn upload(scene: &Scene, url: &str, hash: &str, bytes: &[u8]) -> Reply {
    let base = scene.cloud.address(API);
    let path = url.strip_prefix(&base).unwrap_or_else(|| panic!("{url} is not at {base}"));
    let kind = [("Content-Type", "application/octet-stream")];
    scene.send(API, "POST", &format!("{path}/{hash}"), &kind, Some(bytes))
}

/// Finalizes a version with this configuration.
pub(crate) fn finalize(scene: &Scene, version: &str, config: &Value) -> Reply {
    let body = json!({"status": "FINALIZED", "config": config});
    scene.call(API, "PATCH", &format!("/v1beta1/{version}?updateMask=status,config"), Some(&body))
}

/// Makes a version of these files, from its beginning to FINALIZED; returns its name.
pub(crate) fn finalized(scene: &Scene, files: &[(&str, &str)], config: &Value) -> String {
    let version = begin(scene);
    let reply = populate(scene, &version, files);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = reply.json();
    let url = reply["uploadUrl"].as_str().expect("an address");
    let required = reply["uploadRequiredHashes"].as_array().cloned().unwrap_or_default();
    for (_, content) in files {
        let bytes = gzip(content.as_bytes());
        if required.contains(&json!(hash(&bytes))) {
            assert_eq!(upload(scene, url, &hash(&bytes), &bytes).status, 200);
        }
    }
    let reply = finalize(scene, &version, config);
    assert_eq!(reply.status, 200, "{}", reply.text());
    version
}

/// Releases a version on a channel.
pub(crate) fn release(scene: &Scene, channel: &str, version: &str) -> Reply {
    scene.post(API, &format!("{SITE}/channels/{channel}/releases?versionName={version}"), &json!({}))
}

/// Makes a version and releases it on the live channel; returns its name.
pub(crate) fn ship(scene: &Scene, files: &[(&str, &str)], config: &Value) -> String {
    let version = finalized(scene, files, config);
    let reply = release(scene, "live", &version);
    assert_eq!(reply.status, 200, "{}", reply.text());
    version
}

/// Where a channel is served.
pub(crate) fn url(scene: &Scene, channel: &str) -> String {
    let reply = scene.get(API, &format!("{SITE}/channels/{channel}")).json();
    reply["url"].as_str().expect("an address").to_owned()
}

/// A visitor's request.
pub(crate) fn visit(url: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    client::send(url, "GET", path, headers, None).expect("a reply")
}

/// The error's status word.
pub(crate) fn word(reply: &Reply) -> String {
    reply.json()["error"]["status"].as_str().unwrap_or_default().to_owned()
}
