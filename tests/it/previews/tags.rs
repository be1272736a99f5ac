//! A tag on the live service: a revision, a tag and notes, and nothing else; what the manifest asks besides is refused.

use serde_json::Value;

use super::{asked, service};
use crate::support::Scene;

fn on_tags() -> Scene {
    let mut scene = asked();
    scene.input("preview_service", "false");
    scene
}

fn manifest(scene: &mut Scene, of_backend: &str) {
    let text = std::fs::read_to_string(scene.workspace().join("slipway.yml")).unwrap();
    scene.file(
        "slipway.yml",
        text.replace("  backend:\n    source: app\n", &format!("  backend:\n    source: app\n{of_backend}")),
    );
}

#[test]
fn only_a_revision_a_tag_and_notes_come_to_the_live_service() {
    let scene = on_tags();
    let level = |scene: &Scene| {
        let mut config = service(scene, "backend")["config"].clone();
        for field in ["template", "traffic", "client", "clientVersion"] {
            config.as_object_mut().unwrap().remove(field);
        }
        let annotations = config.get_mut("annotations").and_then(Value::as_object_mut);
        annotations.into_iter().for_each(|all| all.retain(|name, _| !name.starts_with("slipway.dev/")));
        config
    };
    // Nothing that the manifest watches has changed: the preview is made all the same, and nothing is noted of its commit.
    let mut scene = scene;
    manifest(&mut scene, "    changed_paths: nowhere\n");
    let noted = |scene: &Scene| service(scene, "backend")["config"]["annotations"]["slipway.dev/serving"].clone();
    let served = noted(&scene);
    let (before, policy) = (level(&scene), service(&scene, "backend")["policy"].clone());
    scene.command(&["preview"]).expect(0);
    assert_eq!((level(&scene), service(&scene, "backend")["policy"].clone()), (before, policy));
    assert!(crate::preview::traffic(&scene, "backend").iter().any(|(_, _, tag)| tag.as_deref() == Some("pr-7")));
    let commit = |note: &Value| serde_json::from_str::<Value>(note.as_str().unwrap()).unwrap()["commit"].clone();
    assert_eq!(commit(&noted(&scene)), commit(&served));
}

#[test]
fn what_is_asked_besides_is_refused_by_its_name_before_anything_is_built() {
    let mut scene = on_tags();
    manifest(&mut scene, "    ingress: internal\n    description: mine\n    labels: { team: a }\n");
    let before = service(&scene, "backend");
    let builds = scene.cloud.world(|world| world.count("build created"));
    let run = scene.command(&["preview"]).expect(2);
    insta::assert_snapshot!("beyond_a_tag", run.failure());
    assert_eq!(service(&scene, "backend"), before);
    assert_eq!(scene.cloud.world(|world| world.count("build created")), builds);
    // A service of its own takes all of it; where nobody outside reaches it, nobody asks it.
    let text = std::fs::read_to_string(scene.workspace().join("slipway.yml")).unwrap();
    scene.file("slipway.yml", text.replace("    ingress: internal\n", "")).input("preview_service", "");
    scene.command(&["preview"]).expect(0);
    let own = service(&scene, "backend-pr-7")["config"].clone();
    assert_eq!((&own["labels"]["team"], &own["description"]), (&"a".into(), &"mine".into()));
    assert_eq!(service(&scene, "backend"), before);
}

#[test]
fn who_may_call_the_live_service_is_not_a_previews_to_say() {
    let mut scene = on_tags();
    let text = std::fs::read_to_string(scene.workspace().join("slipway.yml")).unwrap();
    scene.file("slipway.yml", text.replace("allow_unauthenticated: true", "allow_unauthenticated: false"));
    scene.command(&["preview"]).expect(2).says("`allow_unauthenticated`");
}

#[test]
fn a_revisions_name_stays_free_for_the_release() {
    for own in ["", "false"] {
        let mut scene = asked();
        scene.input("preview_service", own);
        manifest(&mut scene, "    suffix: v2\n");
        scene.command(&["preview"]).expect(0);
        assert!(scene.cloud.world(|world| world.revisions.iter().all(|revision| !revision.name.ends_with("-v2"))));
    }
}
