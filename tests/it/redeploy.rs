//! A service that exists: what is kept, what changes, who served before.

use serde_json::json;

use crate::support::Scene;

#[test]
fn an_unchanged_source_is_not_sent_again() {
    let mut scene = Scene::deployed();
    scene.input("env_vars", "A: 1");
    let run = scene.run().expect(0);
    run.says("the same source is there already");
    scene.cloud.world(|world| {
        assert_eq!(world.count("object stored"), 1, "one source, stored once");
        assert_eq!(world.count("bucket created"), 1);
        assert_eq!(world.count("revision created"), 2);
        assert_eq!(world.count("iam changed"), 0);
    });
    assert_eq!(
        run.outputs["previous_revision"],
        scene.cloud.world(|world| world.revisions[0].name.rsplit('/').next().unwrap().to_owned())
    );
    let traffic: serde_json::Value = serde_json::from_str(&run.outputs["traffic"]).unwrap();
    assert_eq!(traffic, json!([{"revision": run.outputs["revision"], "percent": 100, "tag": null, "latest": true}]));
}

#[test]
fn settings_that_are_not_named_stay_as_they_are() {
    let mut scene = Scene::new();
    scene
        .input("env_vars", "KEEP: 1\nMOVE: plain")
        .input("memory", "1Gi")
        .input("timeout", "60s")
        .input("labels", "team: harbour");
    scene.input("min_instances", "1").input("port", "3000");
    scene.run().expect(0);
    scene.cloud.world(|world| {
        world.add_secret("harbour-dev", "db", "s3cret");
        world.share_secret("harbour-dev", "db", fakecloud::World::COMPUTE);
        // A field of tomorrow, and a setting made in the console.
        world.future_fields.insert("futureKnob".into());
        let name = world.services.keys().next().unwrap().clone();
        let config = &mut world.services.get_mut(&name).unwrap().config;
        config.insert("futureKnob".into(), json!({"level": 3}));
        config["template"]["containers"][0]["livenessProbe"] =
            json!({"periodSeconds": 30, "httpGet": {"path": "/live"}});
    });
    scene
        .input("env_vars", "ADD: 2")
        .input("secrets", "MOVE: db:1")
        .input("memory", "")
        .input("timeout", "")
        .input("labels", "")
        .input("min_instances", "")
        .input("port", "")
        .input("cpu", "2");
    scene.run().expect(0);
    scene.cloud.world(|world| {
        let config = &world.service("us-central1", "web").unwrap().config;
        let container = &config["template"]["containers"][0];
        assert_eq!(config["futureKnob"], json!({"level": 3}));
        assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/live");
        assert_eq!(container["resources"]["limits"], json!({"memory": "1Gi", "cpu": "2"}));
        assert_eq!(container["resources"]["cpuIdle"], true);
        assert_eq!(container["ports"][0]["containerPort"], 3000);
        assert_eq!(config["template"]["timeout"], "60s");
        assert_eq!(config["template"]["scaling"]["minInstanceCount"], 1);
        assert_eq!(config["labels"]["team"], "harbour");
        assert_eq!(
            container["env"],
            json!([
                {"name": "KEEP", "value": "1"},
                {"name": "MOVE", "valueSource": {"secretKeyRef": {"secret": "db", "version": "1"}}},
                {"name": "ADD", "value": "2"}])
        );
    });
}

#[test]
fn values_arrive_exactly_as_they_were_written() {
    let mut scene = Scene::new();
    let document = r#"{"type": "x", "list": [1, 2.50], "text": "a,b=c \"q\""}"#;
    scene.input("env_vars", &format!("JSON: {document}\nNUMBER: 1.10\nYES: yes\nZIP: 01234\nLINES: \"a\\nb\"\nCOMMA: a=1,b=2\nDOLLAR: $HOME\nUNICODE: é😀"));
    scene
        .input("env_vars_file", "vars.env")
        .file("vars.env", "FROM_FILE='literal $X'\nNUMBER=file loses\n# comment\nMULTI=\"one\ntwo\"\n");
    scene.run().expect(0);
    scene.cloud.world(|world| {
        let env = world.service("us-central1", "web").unwrap().config["template"]["containers"][0]["env"].clone();
        let value = |name: &str| {
            env.as_array().unwrap().iter().find(|entry| entry["name"] == name).unwrap()["value"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(value("JSON"), document);
        for (name, text) in [
            ("NUMBER", "1.10"),
            ("YES", "yes"),
            ("ZIP", "01234"),
            ("LINES", "a\nb"),
            ("COMMA", "a=1,b=2"),
            ("DOLLAR", "$HOME"),
            ("UNICODE", "é😀"),
            ("FROM_FILE", "literal $X"),
            ("MULTI", "one\ntwo"),
        ] {
            assert_eq!(value(name), text, "{name}");
        }
    });
}

#[test]
fn a_run_whose_revision_serves_nobody_is_not_green() {
    let mut scene = Scene::deployed();
    let pinned = scene.cloud.world(|world| {
        let first = world.revisions[0].name.rsplit('/').next().unwrap().to_owned();
        let name = world.services.keys().next().unwrap().clone();
        let service = world.services.get_mut(&name).unwrap();
        service.config.insert(
            "traffic".into(),
            json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": first, "percent": 100}]),
        );
        service.serving = vec![fakecloud::Share { revision: first.clone(), latest: false, percent: 100, tag: None }];
        first
    });
    scene.input("env_vars", "A: 1").input("strategy", "direct");
    let run = scene.run().expect(8);
    insta::assert_snapshot!("pinned_traffic", run.failure());
    run.says("serves nobody")
        .says("slipway deploy --service=web --region=us-central1 --project-id=harbour-dev --traffic=latest");
    assert_eq!(run.outputs["result"], "failed");
    scene.cloud.world(|world| {
        let service = world.service("us-central1", "web").unwrap();
        assert_eq!(service.serving.len(), 1);
        assert_eq!(service.serving[0].revision, pinned, "traffic is as it was");
        assert_eq!(world.count("traffic changed"), 0);
    });
    // What it says to type does that.
    scene.input("source", "").input("env_vars", "").input("strategy", "");
    scene.command(&["deploy", "--traffic=latest"]).expect(0);
    scene.cloud.world(|world| {
        let service = world.service("us-central1", "web").unwrap();
        assert!(service.serving[0].latest && service.serving[0].revision != pinned, "{:?}", service.serving);
    });
}

#[test]
fn split_traffic_is_reported_and_left_alone() {
    let mut scene = Scene::deployed();
    scene.cloud.world(|world| {
        let first = world.revisions[0].name.rsplit('/').next().unwrap().to_owned();
        let name = world.services.keys().next().unwrap().clone();
        let service = world.services.get_mut(&name).unwrap();
        service.config.insert(
            "traffic".into(),
            json!([
                {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": first, "percent": 70},
                {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 30, "tag": "next"}]),
        );
    });
    scene.input("env_vars", "A: 1").input("strategy", "direct");
    let run = scene.run().expect(0);
    run.says("receives 30 % of the requests; the service's traffic is split");
    scene.cloud.world(|world| {
        let traffic = &world.service("us-central1", "web").unwrap().config["traffic"];
        assert_eq!(
            (&traffic[0]["percent"], &traffic[1]["percent"], &traffic[1]["tag"]),
            (&json!(70), &json!(30), &json!("next"))
        );
    });
}

#[test]
fn a_change_by_somebody_else_is_kept() {
    let mut scene = Scene::deployed();
    // The first write meets a version that moved on meanwhile.
    scene.cloud.world(|world| {
        world
            .faults
            .push(fakecloud::Fault::next("run.projects.locations.services.patch", fakecloud::Action::status(409)));
        let name = world.services.keys().next().unwrap().clone();
        let service = world.services.get_mut(&name).unwrap();
        service.config["template"]["containers"][0]["env"] = json!([{"name": "THEIRS", "value": "1"}]);
    });
    scene.input("env_vars", "OURS: 2");
    let run = scene.run().expect(0);
    run.says("Somebody else changed the service meanwhile");
    scene.cloud.world(|world| {
        let env = &world.service("us-central1", "web").unwrap().config["template"]["containers"][0]["env"];
        assert_eq!(*env, json!([{"name": "THEIRS", "value": "1"}, {"name": "OURS", "value": "2"}]));
    });
}
