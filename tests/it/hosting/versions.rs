//! Versions: the first, an unchanged one, back to an earlier one, a preview for everybody.

use super::{config, count, scene, shown, version};
use crate::support::SHA;

#[test]
fn a_first_live_release() {
    let scene = scene();
    let run = scene.command(&["hosting"]).expect(0);
    insta::assert_snapshot!("first_live_log", run.log());
    insta::assert_snapshot!("first_live_summary", run.summary());
    let pages = shown(&scene, "live");
    assert_eq!(pages.keys().collect::<Vec<_>>(), ["/about.html", "/assets/app.js", "/index.html"]);
    assert_eq!(pages["/about.html"], "<h1>About</h1>\n");
    assert_eq!(config(&scene, "live"), serde_json::json!({"cleanUrls": true}));
    for (effect, times) in [("version created", 1), ("file uploaded", 3), ("version finalized", 1), ("release created", 1)] {
        assert_eq!(count(&scene, effect), times, "{effect}");
    }
    let url = scene.cloud.world(|world| world.hosting_site(super::SITE).unwrap().channel("live").unwrap().url.clone());
    for (name, value) in [
        ("url", url.as_str()),
        ("site", super::SITE),
        ("channel", "live"),
        ("files", "3"),
        ("uploaded_files", "3"),
        ("result", "deployed"),
    ] {
        assert_eq!(run.outputs[name], value, "{name}");
    }
    assert_eq!(Some(run.outputs["version"].clone()), version(&scene, "live"));
    assert!(run.outputs["release"].contains("/channels/live/releases/"));
    assert!(!run.outputs.contains_key("previous_version") && !run.outputs.contains_key("expire_time"));
    let labels = scene.cloud.world(|world| world.hosting_site(super::SITE).unwrap().shown_on("live").unwrap().labels.clone());
    assert_eq!(labels["commit-sha"], SHA);
}
