//! Every mistake in the inputs: all at once, each by name, nothing sent.

use crate::support::Scene;

#[test]
fn all_mistakes_are_told_at_once_and_nothing_is_sent() {
    let mut scene = Scene::new();
    scene
        .input("service", "Web App")
        .input("region", "US")
        .input("servcie", "x")
        .input("flags", "--x")
        .input("env_vars", "A=1\nno equals sign\n");
    scene
        .input("cpu", "3")
        .input("memory", "1")
        .input("checks", "GET health")
        .input("min_instances", "9")
        .input("max_instances", "3");
    let run = scene.run().expect(2);
    insta::assert_snapshot!("input_mistakes", run.log());
    assert_eq!(scene.cloud.journal().len(), 0);
    assert_eq!(run.outputs["result"], "failed");
    assert!(run.summary.contains("settings are wrong"));
}

#[test]
fn each_input_says_what_is_allowed() {
    for (name, text, says) in [
        ("project_id", "123", "is not a project id"),
        ("image", "nginx", "write the registry's host too"),
        ("image", "gcr.io/p/a@sha256:12", "64 lowercase hexadecimal digits"),
        ("source", "nowhere", "there is no directory `nowhere`"),
        ("source", "../..", "lies outside the workspace"),
        ("dockerfile", "nope", "there is no `nope` in `app`"),
        ("dockerfile", "../Dockerfile", "lies outside `source`"),
        ("build_args", "1X=2", "is not the name of a build argument"),
        ("build_config", "nope.yaml", "cannot be read"),
        ("substitutions", "_A=1", "there is no `build_config`"),
        ("build_timeout", "soon", "write seconds"),
        ("build_timeout", "25h", "write up to 24h"),
        ("build_region", "Mars!", "is not a region"),
        ("build_service_account", "me", "is not a service account"),
        ("build_worker_pool", "pool", "write projects/PROJECT/locations/REGION/workerPools/NAME"),
        ("build_cache", "lots", "write `inline` or `registry` or `none`"),
        ("image_tags", "-x", "is not an image tag"),
        ("staging_bucket", "Bucket", "is not a bucket name"),
        ("port", "0", "from 1 to 65535"),
        ("cpu", "x", "write 1, 2, 4, 6 or 8"),
        ("memory", "64Mi", "from 128Mi to 32Gi"),
        ("concurrency", "0", "from 1 to 1000"),
        ("timeout", "2h", "write 1s to 60m"),
        ("min_instances", "-1", "whole number"),
        ("max_instances", "0", "whole number"),
        ("env_vars", "PORT: 1", "use the input `port`"),
        ("env_vars", "A: 1\nA: 2", "given twice"),
        ("env_vars", "{\"A\": }", "no JSON object"),
        ("env_vars", "A:\n  B: c", "nested map"),
        ("env_vars_file", "nope.env", "cannot be read"),
        ("env_vars_update_strategy", "replace", "write `merge` or `overwrite`"),
        ("env_vars_update_strategy", "overwrite", "without `env_vars`"),
        ("secrets", "A: b:c:d", "is not a secret's version"),
        ("secrets", "/file: s:1", "is not a path of a file"),
        ("labels", "Team: a", "is not a label"),
        ("skip_default_labels", "maybe", "write `true` or `false`"),
        ("runtime_service_account", "me", "is not a service account"),
        ("cloudsql_instances", "p:db", "write PROJECT:REGION:NAME"),
        ("vpc_egress", "some", "write `all-traffic` or `all` or `private-ranges-only`"),
        ("ingress", "none", "write `all`"),
        ("execution_environment", "gen3", "write `gen1` or `gen2`"),
        ("command", "'open", "never closed"),
        ("args", "[1]", "no JSON list of texts"),
        ("suffix", "Bad Suffix", "is not a revision name"),
        ("health_path", "health", "starting with one `/`"),
        ("health_status", "ok", "there is no `health_path`"),
        ("health_timeout", "1m", "there is nothing to check"),
        ("checks", "POST /x 200", "is not a check"),
        ("dry_run", "perhaps", "write `true` or `false`"),
    ] {
        let mut scene = Scene::new();
        scene.input(name, text);
        let run = scene.run();
        assert_eq!(run.code, 2, "{name}: {text}\n{}", run.log());
        run.says(&format!("* {name}")).says(says);
        assert_eq!(scene.cloud.journal().len(), 0, "{name}");
    }
}

#[test]
fn impossible_combinations_are_told() {
    for (inputs, says) in [
        (
            &[("image", "gcr.io/p/a@sha256:9bc365f2514351337f5a124f26bf21920fd03bb21c634fa94756d22a893a7cd5")][..],
            "cannot be built again",
        ),
        (&[("source", ""), ("image", "gcr.io/p/a"), ("build_target", "x")][..], "nothing is built"),
        (&[("build_config", "app/main.py"), ("dockerfile", "Dockerfile")][..], "the steps come from `build_config`"),
        (&[("vpc_connector", "c"), ("network", "n")][..], "exclude each other"),
        (&[("env_vars", "A=1"), ("secrets", "A=s:1")][..], "is in `env_vars` too"),
        (&[("secrets", "/k/a=s:1\n/k/b=t:1")][..], "two secrets are mounted in `/k`"),
        (&[("cpu", "0.5"), ("concurrency", "10")][..], "need at least 1 CPU"),
        (&[("cpu", "4"), ("memory", "1Gi")][..], "need at least 2 GiB"),
        (
            &[("build_worker_pool", "projects/p/locations/us-east1/workerPools/w"), ("build_region", "us-west1")][..],
            "is not where the pool is",
        ),
        (
            &[
                ("build_worker_pool", "projects/p/locations/us-east1/workerPools/w"),
                ("build_machine_type", "E2_HIGHCPU_8"),
            ][..],
            "has its own machines",
        ),
    ] {
        let mut scene = Scene::new();
        for (name, text) in inputs {
            scene.input(name, text);
        }
        let run = scene.run();
        assert_eq!(run.code, 2, "{inputs:?}\n{}", run.log());
        run.says(says);
        assert_eq!(scene.cloud.journal().len(), 0, "{inputs:?}");
    }
}

#[test]
fn a_run_that_could_not_report_does_not_begin() {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.directory.join("file_commands-0/OUTPUT")).unwrap();
    let run = scene.start(&[]);
    let run = run.finish();
    assert_eq!(run.code, 2, "{}", run.log());
    run.says("GITHUB_OUTPUT: the runner's file cannot be written");
    assert_eq!(scene.cloud.journal().len(), 0);
}

#[test]
fn a_list_for_another_grammar_is_warned_about() {
    let mut scene = Scene::new();
    scene.input("env_vars", "A=1,B=2\nC=3");
    scene.run().expect(0).says("entries are separated by line breaks, not commas");
}

/// GitHub's `toJSON` makes `null` of a secret that is not there; a service must not be given the word in its place. Where
/// `null` takes something away, that is said.
#[test]
fn a_secret_that_is_not_there_is_no_value() {
    for text in [
        "STAGE: staging\nDATABASE_URL: null",
        "STAGE=staging\nDATABASE_URL=null",
        "{\"STAGE\": \"staging\",\n\"DATABASE_URL\": null}",
    ] {
        let mut scene = Scene::new();
        let run = scene.input("env_vars", text).run().expect(2);
        run.says("`DATABASE_URL` is null, and there is no service `web` it could be taken away from");
        run.says("gh secret set DATABASE_URL");
        scene.command(&["deploy", "--dry-run"]).expect(2).says("there is no service `web` it could be taken away from");
        scene.input("env_vars", "DATABASE_URL: there").run().expect(0);
        let run = scene.input("env_vars", text).run().expect(0);
        run.says("env_vars: null takes `DATABASE_URL` away; `toJSON` of a secret that does not exist is null too");
        let env = scene.cloud.world(|world| {
            world.service("us-central1", "web").unwrap().config["template"]["containers"][0]["env"].clone()
        });
        assert_eq!(env, serde_json::json!([{"name": "STAGE", "value": "staging"}]));
    }
    for (name, text) in [
        ("build_args", "STAGE: staging\nDATABASE_URL: null"),
        ("pre_deploy_job", "command: migrate\nenv: {DATABASE_URL: null}"),
    ] {
        let mut scene = Scene::new();
        let run = scene.input(name, text).run().expect(2);
        run.says(&format!("* {name}, line 2: ")).says("`DATABASE_URL` is null").says("`gh secret set DATABASE_URL`");
        assert_eq!(scene.cloud.journal().len(), 0);
    }
    let mut scene = Scene::new();
    scene.input("env_vars", "A: \"null\"\nB: 'null'\nC: nullable\nD: ~").run().expect(0);
}

#[test]
fn endpoints_that_leave_this_machine_unprotected_are_refused() {
    let mut scene = Scene::new();
    scene.variable("CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", "http://10.0.0.1/");
    scene.run().expect(2).says("CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN").says("write the root of an https host");
}
