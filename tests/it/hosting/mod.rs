//! `slipway hosting`: sites released live and as previews, asked, and taken back.

mod browser;
mod channels;
mod failing;
mod files;
mod inputs;
mod lost;
mod reach;
mod removal;
mod rewrites;
mod root;
mod versions;

use std::collections::BTreeMap;

use fakecloud::World;
use serde_json::Value;

use crate::support::Scene;

/// The role that sites need.
pub const ROLE: &str = "roles/firebasehosting.admin";

/// The default site of the fake's project.
pub const SITE: &str = "harbour-dev";

/// A site of three pages, and what is asked of the hosting command.
pub fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, ROLE));
    scene.input("service", "").input("source", "");
    scene.input("channel", "live").input("site", SITE).input("health_path", "/");
    scene.file("firebase.json", r#"{"hosting": {"public": "dist", "cleanUrls": true, "ignore": ["**/.*"]}}"#);
    scene.file("dist/index.html", "<h1>Harbour</h1>\n").file("dist/about.html", "<h1>About</h1>\n");
    scene.file("dist/assets/app.js", "console.log('harbour')\n");
    scene
}

/// What a channel shows: paths and their contents.
pub fn shown(scene: &Scene, channel: &str) -> BTreeMap<String, String> {
    scene.cloud.world(|world| {
        let files = world.hosting_site(SITE).expect("the site").files_on(channel);
        files.into_iter().map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned())).collect()
    })
}

/// The configuration of what a channel shows.
pub fn config(scene: &Scene, channel: &str) -> Value {
    scene
        .cloud
        .world(|world| world.hosting_site(SITE).expect("the site").shown_on(channel).expect("shown").config.clone())
}

pub fn count(scene: &Scene, effect: &str) -> usize {
    scene.cloud.world(|world| world.count(effect))
}

/// The short id of the version that a channel shows.
pub fn version(scene: &Scene, channel: &str) -> Option<String> {
    scene.cloud.world(|world| world.hosting_site(SITE)?.shown_on(channel).map(|version| version.id.clone()))
}
