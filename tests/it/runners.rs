//! Runners as they are: whose the files are, what a run of Dependabot's has, and a step before the checkout.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use serde_json::json;

use crate::hosting;
use crate::support::{Scene, files_below};

/// The account that runs jobs on GitHub's own machines.
const RUNNER: u32 = 1001;

#[test]
fn what_is_made_in_the_workspace_belongs_to_its_owner() {
    let mut scene = hosting::scene();
    scene.input("cache_directory", ".cache/slipway");
    // Only root can give something away; whoever else runs this makes files of their own.
    let _is_root = chown(scene.workspace(), Some(RUNNER), Some(RUNNER));
    let owner = std::fs::metadata(scene.workspace()).unwrap().uid();
    scene.command(&["hosting"]).expect(0);
    let uid = |path: &Path| std::fs::symlink_metadata(path).unwrap().uid();
    let made = scene.workspace().join(".cache");
    let files = files_below(&made);
    assert_eq!(files.len(), 1, "{files:?}");
    for path in [made.clone(), made.join("slipway"), files[0].clone()] {
        assert_eq!(uid(&path), owner, "{}", path.display());
    }

    let mut scene = Scene::new();
    let _is_root = chown(scene.workspace(), Some(RUNNER), Some(RUNNER));
    scene.input("fix_script", "fix.sh").input("source", "");
    let _found = scene.command(&["doctor"]);
    assert_eq!(uid(&scene.workspace().join("fix.sh")), owner);
}

#[test]
fn an_empty_secret_is_told_with_what_the_run_knows_of_it() {
    let mut scene = Scene::new();
    scene.input("credentials_json", "");
    let run = scene.run().expect(2);
    run.says("or another workflow calls this one (`workflow_call`) without `secrets: inherit`");
    scene.variable("GITHUB_ACTOR", "dependabot[bot]");
    let run = scene.run().expect(2);
    run.says("Dependabot started this run, and its runs read secrets of their own");
    run.says("gh secret set NAME --app dependabot").does_not_say("misspelt");
    let head =
        json!({"ref": "main", "sha": "1234567890123456789012345678901234567890", "repo": {"full_name": "stranger/r"}});
    scene.file("../event.json", json!({"pull_request": {"number": 7, "head": head}}).to_string());
    let event = scene.directory.join("event.json");
    scene.variable("GITHUB_ACTOR", "somebody").variable("GITHUB_EVENT_PATH", event.to_str().unwrap());
    scene
        .run()
        .expect(2)
        .says("this run is for a pull request of `stranger/r`, and no other repository's runs get secrets");
    // The same of a value in a manifest.
    let mut scene = Scene::new();
    scene.variable("GITHUB_ACTOR", "dependabot[bot]").input("service", "").input("source", "").input("values", "A:");
    scene.file("slipway.yml", "services:\n  web: {source: app, env_vars: {A: \"${values.A}\"}}\n");
    scene
        .command(&["release"])
        .expect(0)
        .says("values: `A` is empty; if it comes from a secret: Dependabot started this run");
}

#[test]
fn an_empty_workspace_is_a_step_that_is_missing() {
    const MISSING: &str = "the workspace is empty: run actions/checkout before this step";
    let emptied = |scene: &Scene| {
        std::fs::remove_dir_all(scene.workspace()).unwrap();
        std::fs::create_dir_all(scene.workspace()).unwrap();
        // Signed in before the checkout.
        std::fs::write(scene.workspace().join("gha-creds-0123456789abcdef.json"), "{}").unwrap();
    };
    for source in ["", "packages/backend"] {
        let mut scene = Scene::new();
        scene.input("source", source);
        emptied(&scene);
        scene.run().expect(2).says(MISSING);
    }
    for (input, text) in [("public", ""), ("public", "dist"), ("entry_point", "web")] {
        let mut scene = hosting::scene();
        scene.input(input, text);
        emptied(&scene);
        scene.command(&["hosting"]).expect(2).says(MISSING);
    }
    let mut scene = Scene::new();
    scene.input("service", "").input("source", "");
    emptied(&scene);
    scene.command(&["release"]).expect(2).says(MISSING);
}

#[test]
fn what_lies_one_level_down_is_named() {
    let mut scene = hosting::scene();
    std::fs::create_dir(scene.workspace().join("web")).unwrap();
    std::fs::rename(scene.workspace().join("firebase.json"), scene.workspace().join("web/firebase.json")).unwrap();
    scene.command(&["hosting"]).expect(2).says("there is one in `web`: write `entry_point: web`");
    scene.file("packages/site/firebase.json", "{}").input("entry_point", "packages");
    scene.command(&["hosting"]).expect(2).says("there is one in `packages/site`: write `entry_point: packages/site`");

    let mut scene = Scene::new();
    scene.input("source", "").input("dockerfile", "Dockerfile");
    scene.run().expect(2).says("there is no `Dockerfile` in `.`; there is one in `app`: write `source: app`");
    scene.input("dockerfile", "").input("dry_run", "true");
    scene.run().expect(0).says("so buildpacks build it; there is one in `app`: if that is meant, write `source: app`");

    let mut scene = Scene::new();
    scene.input("service", "").input("source", "").file("deploy/slipway.yml", "services: {web: {source: app}}\n");
    scene.command(&["release"]).expect(2).says("there is one in `deploy`: write `manifest: deploy/slipway.yml`");
}
