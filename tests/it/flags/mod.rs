//! `flags`: gcloud's spelling says what inputs say, and what is wrong with it is told by the name that was typed.

mod moved;
mod wrong;

use serde_json::{Value, json};

use crate::support::Scene;

pub const IMAGE: &str = "us-central1-docker.pkg.dev/harbour-dev/app/web:v1";

/// An image that is there, deployed at once.
pub fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.push_image(IMAGE);
        world.add_secret(fakecloud::World::PROJECT, "db", "x");
        world.share_secret(fakecloud::World::PROJECT, "db", fakecloud::World::COMPUTE);
    });
    scene.input("source", "").input("image", IMAGE).input("strategy", "direct").input("skip_default_labels", "true");
    scene
}

pub fn config(scene: &Scene) -> Value {
    scene.cloud.world(|world| Value::Object(world.service("us-central1", "web").expect("a service").config.clone()))
}

fn variables(config: &Value) -> Vec<(String, String)> {
    let env = config["template"]["containers"][0]["env"].as_array().cloned().unwrap_or_default();
    // Google leaves out what is empty.
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    env.iter().map(|one| (text(&one["name"]), text(&one["value"]))).collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn a_flag_says_what_its_input_says() {
    let mut by_inputs = scene();
    by_inputs
        .input("memory", "1Gi")
        .input("cpu", "2")
        .input("port", "9000")
        .input("env_vars", "{\"A\": \"1\", \"B\": \"x,y\"}")
        .input("secrets", "TOKEN: db:latest")
        .input("args", "[\"-v\", \"two words\"]")
        .input("cpu_throttling", "false")
        .input("labels", "team: shop");
    by_inputs.run().expect(0);
    let mut by_flags = scene();
    by_flags.input(
        "flags",
        "--memory 1Gi --cpu=2 --port=9000 --quiet\n--set-env-vars=^@^A=1@B=x,y \\\n  --update-secrets=TOKEN=db:latest\n'--args=-v,two words' --no-cpu-throttling --update-labels team=shop --project=harbour-dev",
    );
    let run = by_flags.run().expect(0);
    run.says("flags: `--quiet` means nothing here: nothing is ever asked");
    let plain = |mut config: Value| {
        for place in ["", "/template"] {
            let part = config.pointer_mut(place).and_then(Value::as_object_mut).unwrap();
            part.retain(|name, _| !["revision", "annotations"].contains(&name.as_str()));
        }
        config
    };
    assert_eq!(plain(config(&by_flags)), plain(config(&by_inputs)));
}

#[test]
fn maps_are_set_updated_and_cleared_as_in_gcloud() {
    let mut scene = scene();
    scene.input("flags", "--update-env-vars A=1 --update-env-vars=B=2,C=").run().expect(0);
    assert_eq!(variables(&config(&scene)), [pair("A", "1"), pair("B", "2"), pair("C", "")]);
    scene.input("flags", "--set-env-vars D=4").run().expect(0);
    assert_eq!(variables(&config(&scene)), [pair("D", "4")]);
    scene.input("flags", "--clear-env-vars").run().expect(0);
    assert_eq!(variables(&config(&scene)), []);
    scene.file("vars.yaml", "E: '5'\n").input("flags", "--env-vars-file=vars.yaml").run().expect(0);
    assert_eq!(variables(&config(&scene)), [pair("E", "5")]);
}

#[test]
fn jobs_and_worker_pools_take_the_flags_of_theirs() {
    let mut job = scene();
    job.input("service", "").input("strategy", "").input("job", "nightly");
    job.input("flags", "--tasks=3 --max-retries 0 --task-timeout=5m --memory=1Gi --set-env-vars=A=1 --wait");
    job.command(&["job"]).expect(0);
    let config = job.cloud.world(|world| Value::Object(world.job("us-central1", "nightly").unwrap().config.clone()));
    assert_eq!(
        (&config["template"]["taskCount"], &config["template"]["template"]["maxRetries"]),
        (&json!(3), &json!(0))
    );
    job.input("flags", "--port=80");
    let told = "flags: `--port` is a flag of `gcloud run deploy`, and not of `gcloud run jobs deploy`; remove it";
    job.command(&["job"]).expect(2).says(told);

    let mut pool = scene();
    pool.input("strategy", "").input("kind", "worker-pool").input("flags", "--scaling 4 --cpu=2 --memory=1Gi");
    pool.run().expect(0);
    let config = pool.cloud.world(|world| world.worker_pool("us-central1", "web").unwrap().config.clone());
    assert_eq!(config["scaling"], json!({"manualInstanceCount": 4}));
    pool.input("flags", "--concurrency=2");
    pool.run()
        .expect(2)
        .says("`--concurrency` is a flag of `gcloud run deploy`, and not of `gcloud run worker-pools deploy`");
}

#[test]
fn no_value_of_a_flag_is_ever_shown() {
    let secret = "pA55w0rdXyZ-7";
    for flags in [
        format!("--set-env-vars=A={secret}=1,{secret}"),
        format!("--set-env-vars A=1 {secret}"),
        format!("--args={secret} --memory={secret}"),
        format!("--{secret}=x"),
        format!("--set-env-vars='A={secret}"),
        format!("--update-secrets=TOKEN={secret}/x"),
        format!("--cpu-boost={secret}"),
        format!("--add-volume-mount={secret}"),
        format!("--startup-probe={secret}"),
        format!("--description \"-{secret}"),
        format!("--ingress={secret} --region={secret}"),
        format!("--update-env-vars={secret}=1 --update-env-vars={secret}=2"),
    ] {
        let mut scene = scene();
        scene.input("flags", &flags);
        let run = scene.run().expect(2);
        assert!(!run.log().contains(secret) && !run.summary.contains(secret), "{flags}\n{}", run.log());
        assert_eq!(scene.cloud.journal().len(), 0);
    }
}
