//! Steps of google-github-actions/deploy-cloudrun: what is changed in them, and what they then write.

use std::fmt::Write as _;

use serde_json::Value;

use super::{IMAGE, config, scene};
use crate::support::Scene;

/// Steps as people have them, each with what it is.
const STEPS: &str = include_str!("steps.yml");

/// A step: its title, its inputs, and its text.
struct Step {
    title: String,
    with: Vec<(String, String)>,
    text: String,
}

fn steps() -> Vec<Step> {
    let all: Vec<Value> = serde_saphyr::from_str(STEPS).expect("a list of steps");
    let texts: Vec<&str> = STEPS.trim_start_matches("- ").split("\n- ").collect();
    assert_eq!((all.len(), texts.len()), (10, 10));
    let step = |(step, text): (Value, &str)| {
        let with = step["with"].as_object().expect("inputs");
        let text_of = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Step {
            title: step["name"].as_str().expect("a name").to_owned(),
            with: with.iter().map(|(name, value)| (name.clone(), text_of(value))).collect(),
            text: format!("- {}", text.trim_end()),
        }
    };
    all.into_iter().zip(texts).map(step).collect()
}

/// What the world of these steps has: images, secrets, a service with two revisions.
fn world(step: &Step) -> Scene {
    let mut scene = scene();
    scene.input("image", "").input("strategy", "").input("skip_default_labels", "").input("service", "");
    scene.cloud.world(|world| {
        for name in ["api", "log", "tool"] {
            world.push_image(&format!("us-central1-docker.pkg.dev/harbour-dev/app/{name}:v1"));
        }
        for name in ["api-key", "tls"] {
            world.add_secret(fakecloud::World::PROJECT, name, "x");
            world.share_secret(fakecloud::World::PROJECT, name, fakecloud::World::COMPUTE);
        }
    });
    scene.file(
        "service.yaml",
        format!("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - image: {IMAGE}\n        ports:\n        - containerPort: 3000\n"),
    );
    if step.with.iter().any(|(name, _)| ["revision_traffic", "no_traffic"].contains(&name.as_str())) {
        scene.input("service", "web").input("image", IMAGE).input("suffix", "one").input("strategy", "direct");
        scene.run().expect(0);
        scene.input("suffix", "two").run().expect(0);
        for name in ["service", "image", "suffix", "strategy"] {
            scene.input(name, "");
        }
    }
    scene
}

/// What a step wrote, without what differs from run to run.
fn written(scene: &Scene) -> String {
    let of_job = scene.cloud.world(|world| Some(Value::Object(world.job("us-central1", "nightly")?.config.clone())));
    let is_job = of_job.is_some();
    let mut config = of_job.unwrap_or_else(|| config(scene));
    for place in ["", "/template"] {
        if let Some(part) = config.pointer_mut(place).and_then(Value::as_object_mut) {
            part.retain(|name, _| !["client", "clientVersion", "annotations"].contains(&name.as_str()));
        }
    }
    let text = serde_json::to_string_pretty(&config).unwrap();
    let executions = scene.cloud.world(|world| world.executions.len());
    let text = if is_job { format!("{text}\nruns: {executions}") } else { text };
    crate::support::normal::text(&text)
}

#[test]
fn a_step_of_deploy_cloudrun_moves_by_its_uses_and_one_line() {
    let mut all = String::new();
    for step in steps() {
        let mut scene = world(&step);
        for (name, text) in &step.with {
            scene.input(name, text);
        }
        scene.input("compat", "deploy-cloudrun");
        let run = scene.run().expect(0);
        let after = step.text.replace("google-github-actions/deploy-cloudrun@v3", "OWNER/slipway@v1");
        let after = after.replace("  with:\n", "  with:\n    compat: deploy-cloudrun\n");
        let told: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("::warning")).collect();
        let told = if told.is_empty() { String::new() } else { format!("\nwarnings\n{}\n", told.join("\n")) };
        writeln!(
            all,
            "# {}\n\nbefore\n{}\n\nafter\n{after}\n{told}\nwritten\n{}\n",
            step.title,
            step.text,
            written(&scene)
        )
        .unwrap();
    }
    insta::assert_snapshot!("moved_steps", all);
}

#[test]
fn inputs_of_deploy_cloudrun_and_flags_combine_as_there() {
    let mut scene = scene();
    scene.input("compat", "deploy-cloudrun").input("env_vars", "A=1,B=x\\,y").input("timeout", "60");
    scene.input("flags", "--update-env-vars=C=3 --timeout=90").run().expect(0);
    let written = config(&scene);
    assert_eq!(super::variables(&written), [super::pair("A", "1"), super::pair("B", "x,y"), super::pair("C", "3")]);
    assert_eq!(written["template"]["timeout"], "90s");
    // What that action's command line would be refused for is refused here too.
    scene.input("flags", "--set-env-vars=C=3");
    scene.run().expect(2).says("flags: `--set-env-vars` and `env_vars` exclude each other");
    scene.input("flags", "--update-env-vars=A=3");
    scene.run().expect(2).says("flags: `--update-env-vars` gives `A` in two places");
    scene.input("flags", "--memory=2Gi").input("memory", "1Gi");
    scene.run().expect(2).says("flags: `--memory` and the input `memory` are about the same setting");
}
