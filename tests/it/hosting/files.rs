//! Which files are sent, and which never.

use super::{count, scene, shown};

#[test]
fn secrets_are_never_uploaded() {
    let mut scene = scene();
    let key = scene.key().to_string();
    scene.file("firebase.json", r#"{"hosting": {"public": "dist"}}"#);
    for (path, text) in [
        ("dist/gha-creds-0123456789abcdef.json", "{}"),
        ("dist/assets/config.json", key.as_str()),
        ("dist/.env", "TOKEN=1"),
        ("dist/.env.production", "TOKEN=2"),
        ("dist/firebase-debug.log", "x"),
        ("dist/sub/firebase-debug.1.log", "x"),
        ("dist/.git/config", "[remote]"),
        ("dist/.well-known/assetlinks.json", "[]"),
    ] {
        scene.file(path, text);
    }
    let run = scene.command(&["hosting"]).expect(0);
    let pages = shown(&scene, "live");
    assert_eq!(
        pages.keys().collect::<Vec<_>>(),
        ["/.well-known/assetlinks.json", "/about.html", "/assets/app.js", "/index.html"]
    );
    run.says("assets/config.json").says("a service-account key").says("gha-creds-").says(".env.production");
    // What is meant for everybody is named.
    scene.input("allow_env_files", ".env.production");
    scene.command(&["hosting"]).expect(0);
    assert!(shown(&scene, "live").contains_key("/.env.production"));
    assert!(!shown(&scene, "live").contains_key("/.env"));
}

#[test]
fn a_directory_alone_is_a_site() {
    let mut scene = scene();
    std::fs::remove_file(scene.workspace().join("firebase.json")).unwrap();
    scene.input("public", "dist").input("site", "");
    let run = scene.command(&["hosting"]).expect(0);
    assert_eq!(run.outputs["site"], super::SITE, "the default site is asked for");
    assert_eq!(shown(&scene, "live").len(), 3);
}

#[test]
fn many_files_go_by_the_thousand_and_the_same_content_once() {
    let mut scene = scene();
    for number in 0..2_300 {
        scene.file(&format!("dist/pages/{number}.html"), format!("page {}", number % 700));
    }
    let run = scene.command(&["hosting"]).expect(0);
    assert_eq!(run.outputs["files"], "2303");
    assert_eq!(run.outputs["uploaded_files"], "703", "700 different pages and the three");
    assert_eq!(count(&scene, "file uploaded"), 703);
    let populate = "firebasehosting.projects.sites.versions.populateFiles";
    let lists = scene.cloud.calls(populate);
    assert_eq!(lists.len(), 3);
    assert_eq!(shown(&scene, "live")["/pages/2299.html"], format!("page {}", 2299 % 700));
}

#[test]
fn large_files_are_streamed_and_come_out_as_they_went_in() {
    let mut scene = scene();
    // Noise hardly shrinks: this one waits on the disk, and is read from there while it is sent.
    let mut state = 1_u64;
    let noise: Vec<u8> = (0..12_000_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    scene.file("dist/video.bin", &noise).file("dist/zeros.bin", vec![0_u8; 5_000_000]);
    scene.command(&["hosting"]).expect(0);
    scene.cloud.world(|world| {
        let files = world.hosting_site(super::SITE).unwrap().files_on("live");
        assert!(files["/video.bin"] == noise);
        assert_eq!(files["/zeros.bin"].len(), 5_000_000);
    });
}

#[test]
fn a_cache_saves_reading_and_never_lies() {
    let mut scene = scene();
    scene.input("cache_directory", ".cache/slipway");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for path in ["dist/index.html", "dist/about.html", "dist/assets/app.js"] {
        std::fs::File::open(scene.workspace().join(path)).unwrap().set_modified(old).unwrap();
    }
    scene.command(&["hosting"]).expect(0).does_not_say("known from the last run");
    let run = scene.command(&["hosting"]).expect(0);
    run.says("3 known from the last run");
    // A new checkout: the same contents, other times.
    scene.file("dist/about.html", "<h1>About</h1>\n");
    scene.command(&["hosting"]).expect(0).says("3 known from the last run");
    scene.file("dist/index.html", "changed!");
    scene.command(&["hosting"]).expect(0).says("2 known from the last run");
    assert_eq!(shown(&scene, "live")["/index.html"], "changed!");
    // Known from the cache, and not to Hosting: it is compressed again.
    scene.cloud.world(|world| world.hosting.get_mut(super::SITE).unwrap().content.clear());
    scene.command(&["hosting"]).expect(0);
    assert_eq!(shown(&scene, "live")["/about.html"], "<h1>About</h1>\n");
}
