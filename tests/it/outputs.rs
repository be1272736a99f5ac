//! Outputs that arrive: what the runner hands to the next job, what it holds back and is said to, and a disk that is full.

use std::os::unix::fs::symlink;

use fakecloud::World;
use serde_json::Value;

use crate::hosting::ROLE;
use crate::support::masker::Masker;
use crate::support::{Run, Scene, normal, runner};

const MANIFEST: &str = r#"
services:
  backend: { service: "backend-${values.STAGE}", source: app, regions: "us-central1, europe-west1", labels: { owner: "${values.TEAM}" } }
  admin:
    source: app
    regions: us-central1, europe-west1
    env_vars: { TOKEN: "${values.TOKEN}", STAGE: "${values.STAGE}" }
hosting:
  web: { entry_point: site, site: harbour-dev, health_path: / }
"#;

const TOKEN: &str = "s3cret-value-0123";

/// Two services in two regions and a site, released with this key.
fn released(key: impl Fn(&str) -> String) -> (Scene, Run, Masker) {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, ROLE));
    let key = key(&scene.key().to_string());
    scene.input("credentials_json", &key).input("service", "").input("source", "");
    let values = serde_json::json!({"STAGE": "staging-eu", "TEAM": "harbour-people", "TOKEN": TOKEN});
    scene.input("values", &values.to_string()).file("slipway.yml", MANIFEST);
    scene.file("site/firebase.json", r#"{"hosting": {"public": "dist"}}"#).file("site/dist/index.html", "hello");
    let run = scene.command(&["release"]).expect(0);
    let mut masker = Masker::of_job(&[&key, TOKEN]);
    masker.read(&run);
    (scene, run, masker)
}

fn several_lines(key: &str) -> String {
    format!("{:#}\n", serde_json::from_str::<Value>(key).unwrap())
}

#[test]
fn a_key_of_several_lines_costs_the_next_job_json_alone_and_the_run_says_so() {
    let (_scene, run, masker) = released(several_lines);
    let (kept, held) = masker.handed_on(&run);
    let kept: Vec<String> = kept.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let told = run.log();
    let about = |line: &&str| line.contains("[notice]") || line.starts_with("Held back");
    let told: Vec<&str> = told.lines().filter(about).collect();
    insta::assert_snapshot!(
        "handed_on",
        format!(
            "The next job gets\n{}\n\nIt does not get\n{}\n\nThe log says\n{}\n",
            normal::text(&kept.join("\n")),
            held.join("\n"),
            told.join("\n")
        )
    );
}

#[test]
fn a_key_in_one_line_costs_nothing() {
    let (scene, run, masker) = released(str::to_owned);
    assert_eq!(masker.handed_on(&run).1, Vec::<String>::new());
    run.does_not_say("[notice]").does_not_say("Held back");
    // What the release publishes is nobody's secret; what it keeps is masked.
    let masked: Vec<String> = runner::commands(&run.stdout)
        .into_iter()
        .filter(|command| command.name == "add-mask")
        .map(|command| command.data)
        .collect();
    for (text, is_masked) in [("staging-eu", false), ("harbour-people", false), (TOKEN, true)] {
        assert_eq!(masked.iter().any(|mask| mask == text), is_masked, "{text}");
    }
    assert!(scene.cloud.world(|world| world.service("us-central1", "backend-staging-eu").is_some()));
}

#[test]
fn a_key_among_the_values_is_a_secret_of_lines_too_and_no_mask_is_short() {
    let mut scene = Scene::new();
    let key = several_lines(&scene.key().to_string());
    let config = "{\n  \"hosts\": [\n    \"first.example.com\"\n  ]\n}";
    let values = serde_json::json!({"KEY": key, "CONFIG": config});
    let manifest = "services:\n  web:\n    source: app\n    credentials_json: ${values.KEY}\n    env_vars: {CONFIG: \"${values.CONFIG}\"}\n";
    scene.input("service", "").input("source", "").input("values", &values.to_string()).file("slipway.yml", manifest);
    let run = scene.command(&["release"]).expect(0);
    run.says("`KEY` of `values` has lines that are only a brace").says("Held back from other jobs");
    for command in runner::commands(&run.stdout).into_iter().filter(|command| command.name == "add-mask") {
        assert!(!command.data.contains(['\n', '\r']) && command.data.len() >= 8, "{:?}", command.data);
    }
}

#[test]
fn a_masked_value_in_an_output_is_named_with_its_name() {
    let mut scene = Scene::new();
    // By accident the value is what stands in an address, too.
    scene.input("service", "").input("source", "").input("values", "PASSWORD: us-central1");
    scene.file("slipway.yml", "services:\n  web: {source: app, env_vars: {A: \"${values.PASSWORD}\"}}\n");
    let run = scene.command(&["release"]).expect(0);
    run.says("[notice] The runner hands no output to another job that holds `PASSWORD` of `values`, which is masked: `report`");
    assert!(!run.stdout.contains("credentials_json"), "nothing is wrong with the key");
}

#[test]
fn regions_and_sites_have_outputs_of_their_own() {
    let mut scene = Scene::new();
    scene.input("regions", "us-central1, europe-west1");
    let run = scene.run().expect(0);
    let urls: Value = serde_json::from_str(&run.outputs["urls"]).unwrap();
    for region in ["us-central1", "europe-west1"] {
        assert_eq!(run.outputs[&format!("url_{region}")], urls[region], "{region}");
    }
    assert_eq!(run.outputs["url"], urls["us-central1"]);
    let run = Scene::new().run().expect(0);
    assert!(run.outputs.keys().all(|name| !name.starts_with("url_")), "one region has one address: {:?}", run.outputs);
}

#[test]
fn a_full_disk_is_found_before_anything_is_changed() {
    for variable in ["GITHUB_OUTPUT", "GITHUB_STATE"] {
        let scene = Scene::new();
        let run = scene.start_beside(&[(variable, "/dev/full")], &[]).finish().expect(2);
        run.says(variable).says("No space left on device").says("nothing was begun");
        assert_eq!(scene.cloud.world(|world| world.count("build created")), 0);
    }
}

#[test]
fn a_disk_that_fills_up_on_the_way_makes_a_deploy_red_that_went_well() {
    let scene = Scene::new();
    let output = scene.directory.join("output");
    std::fs::write(scene.directory.join("room"), "").unwrap();
    symlink(scene.directory.join("room"), &output).unwrap();
    let running = scene.start_beside(&[("GITHUB_OUTPUT", output.to_str().unwrap())], &[]);
    running.until("cloudbuild.projects.locations.builds.create");
    std::fs::remove_file(&output).unwrap();
    symlink("/dev/full", &output).unwrap();
    let run = running.finish().expect(7);
    run.says("Deployed web").says("The outputs could not be written, from `url` on").says("No space left on device");
    assert!(scene.cloud.world(|world| world.service("us-central1", "web").is_some()), "what is done stays done");
    assert_eq!(std::fs::read(scene.directory.join("room")).unwrap(), b"", "the trial leaves nothing behind");
}

#[test]
fn a_rotated_key_is_stored_in_one_line() {
    let scene = crate::rotate_key::scene();
    scene.cloud.world(|world| world.clock_skew += 2);
    scene.command(&["rotate-key"]).expect(0);
    let stored = scene.cloud.world(|world| world.github.repository("o/r").secrets["GCP_KEY"].opened.clone()).unwrap();
    assert!(!stored.contains('\n') && Masker::of_job(&[&stored]).leaves("{}"), "the line breaks of the key are JSON's");
    let file: Value = serde_json::from_str(&stored).unwrap();
    assert_ne!(file["private_key_id"], scene.key()["private_key_id"]);
}
