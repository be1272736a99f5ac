//! What is said of flags that are wrong.

use std::fmt::Write as _;

use super::scene;

/// Inputs of a step, and what is wrong with it.
const WRONG: &[(&str, &[(&str, &str)])] = &[
    ("a typing mistake", &[("flags", "--memroy=1Gi")]),
    ("no flag of gcloud's", &[("flags", "--auto-heal")]),
    ("a flag of another command", &[("flags", "--tasks=3")]),
    ("an abbreviation", &[("flags", "--mem 1Gi")]),
    ("a value that is none", &[("flags", "--memory=lots --concurrency 0 --timeout=2h")]),
    ("no value", &[("flags", "--memory --cpu=2")]),
    ("a value that begins with a hyphen", &[("flags", "--args -v")]),
    ("a value for a flag that takes none", &[("flags", "--cpu-boost=true --no-traffic=x")]),
    ("an empty value that changes nothing", &[("flags", "--memory= --set-env-vars=")]),
    ("a value with a blank and without quotes", &[("flags", "--description two words")]),
    ("a quote that is never closed", &[("flags", "--set-env-vars='A=1")]),
    ("a comma in a value", &[("flags", "--set-env-vars=A=1,2,3")]),
    (
        "a flag and its input",
        &[("flags", "--memory=1Gi --update-env-vars A=1"), ("memory", "2Gi"), ("env_vars", "B: 2")],
    ),
    ("two ways to say what the variables are", &[("flags", "--set-env-vars A=1 --update-env-vars B=2")]),
    ("a variable twice", &[("flags", "--update-env-vars A=1 --update-env-vars A=2")]),
    (
        "a setting that is set and taken away",
        &[("flags", "--key=projects/p/locations/l/keyRings/r/cryptoKeys/k --clear-key")],
    ),
    (
        "who acts",
        &[("flags", "--impersonate-service-account=a@b.iam.gserviceaccount.com --account me --access-token-file=t")],
    ),
    ("other files", &[("flags", "--flags-file=more.yaml --configuration=prod")]),
    ("another platform", &[("flags", "--platform=gke --cluster c --namespace=default")]),
    ("another place", &[("flags", "--region=europe-west1"), ("region", "us-central1")]),
    (
        "a flag of a container before the containers",
        &[("flags", "--memory=1Gi --container app --port 80 --container log --image=gcr.io/p/log")],
    ),
    ("two containers that get the requests", &[("flags", "--container app --port 80 --container log --port 81")]),
    ("several regions as one service", &[("flags", "--regions=us-central1,us-east1")]),
    ("commas between variables, without a word on it", &[("env_vars", "A=1,B=2")]),
    (
        "inputs of deploy-cloudrun, without a word on it",
        &[("gcloud_version", "latest"), ("wait", "true"), ("job", "nightly")],
    ),
    ("a step of an action that is not known", &[("compat", "deploy-appengine")]),
    ("pairs that are none", &[("compat", "deploy-cloudrun"), ("env_vars", "A: 1"), ("secrets", "TOKEN")]),
    ("a share of the traffic beside a deploy", &[("compat", "deploy-cloudrun"), ("revision_traffic", "LATEST=10")]),
];

#[test]
fn what_is_wrong_with_flags_is_told_by_their_names() {
    let mut all = String::new();
    for (what, inputs) in WRONG {
        let mut scene = scene();
        scene.input("strategy", "");
        for (name, text) in *inputs {
            scene.input(name, text);
        }
        let run = scene.run().expect(2);
        assert_eq!(scene.cloud.journal().len(), 0, "{what}");
        let typed: Vec<String> = inputs.iter().map(|(name, text)| format!("  {name}: {text}")).collect();
        let report = run.report();
        let told = report["failure"]["evidence"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
        let told: Vec<String> = told.map(|line| format!("  ✗ {line}")).collect();
        writeln!(all, "{what}\n{}\n{}\n", typed.join("\n"), told.join("\n")).unwrap();
    }
    insta::assert_snapshot!("wrong_flags", all);
}
