//! References by an alias of the secret: the version that it stands for, and never the newest by mistake.

use serde_json::Value;

use super::{SECRET, count, enabled, rotate, scene_of, serving};
use crate::support::Scene;

/// A service that reads version 1 by the alias `stable`, which leads there if `known`.
fn scene(known: bool) -> Scene {
    let scene = scene_of("DB_PASSWORD: db-password:3");
    scene.cloud.world(|world| {
        let secret = world.secret_mut(SECRET).unwrap();
        "ENABLED".clone_into(&mut secret.versions[0].state);
        if known {
            secret.aliases.insert("stable".to_owned(), 1);
        }
        let web = world.services.values_mut().next().unwrap();
        follow(&mut web.config["template"]);
        let newest = web.latest_created.clone();
        let revision = world.revisions.iter_mut().find(|one| Some(&one.name) == newest.as_ref()).unwrap();
        let mut template = Value::Object(revision.template.clone());
        follow(&mut template);
        revision.template = template.as_object().unwrap().clone();
    });
    scene
}

fn follow(template: &mut Value) {
    let variables = template["containers"][0]["env"].as_array_mut().unwrap();
    let reference = variables.iter_mut().find_map(|one| one.pointer_mut("/valueSource/secretKeyRef")).unwrap();
    reference["version"] = "stable".into();
}

#[test]
fn an_alias_is_the_version_that_it_stands_for_and_not_the_newest() {
    let mut scene = scene(true);
    scene.input("grace", "0");
    let run = rotate(&scene).expect(0);
    run.does_not_say("pinning").says("by the alias `stable`");
    assert_eq!((run.outputs["previous_versions"].as_str(), run.outputs["secret_version"].as_str()), ("1", "4"));
    assert_eq!((serving(&scene).1, enabled(&scene)), (vec!["4".to_owned()], vec![3, 4]));
}

#[test]
fn who_reads_by_an_alias_keeps_the_version_enabled() {
    let mut scene = scene(true);
    scene.input("grace", "0");
    scene.cloud.world(|world| {
        let mut twin = world.services.values().next().unwrap().clone();
        twin.name = twin.name.replace("/web", "/other");
        twin.latest_created = None;
        twin.serving.clear();
        twin.config.remove("traffic");
        world.services.insert(twin.name.clone(), twin);
    });
    let run = rotate(&scene).expect(0);
    run.says("Version 1 of `db-password` was replaced, and stays enabled: service `other` reads it");
    assert_eq!(enabled(&scene), [1, 3, 4]);
}

#[test]
fn an_alias_that_is_gone_is_told_before_anything_is_made() {
    let scene = scene(false);
    let run = rotate(&scene);
    assert_ne!(run.code, 0);
    run.says("gcloud secrets update db-password --project=harbour-dev --update-version-aliases=stable=NUMBER");
    assert_eq!(count(&scene, "secret version added"), 0);
}
