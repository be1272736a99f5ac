//! What protects a service stays until a manifest says that it goes, and the plan says so first.

use fakecloud::{RevisionOutcome, RevisionScript};
use serde_json::{Value, json};

use super::config;
use crate::support::Scene;

/// Each protection: where it is, its value, how either form says that it goes, and what the plan calls it.
fn protections() -> [(&'static str, Value, &'static str, &'static str); 8] {
    [
        ("/iapEnabled", json!(true), "iapEnabled: false", "run.googleapis.com/iap-enabled: 'false'"),
        (
            "/binaryAuthorization",
            json!({"useDefault": true}),
            "binaryAuthorization: {}",
            "run.googleapis.com/binary-authorization: ''",
        ),
        ("/defaultUriDisabled", json!(true), "defaultUriDisabled: ~", "run.googleapis.com/default-url-disabled: false"),
        (
            "/invokerIamDisabled",
            json!(true),
            "invokerIamDisabled: false",
            "run.googleapis.com/invoker-iam-disabled: 'False'",
        ),
        (
            "/customAudiences",
            json!(["https://web.example.com"]),
            "customAudiences: []",
            "run.googleapis.com/custom-audiences: '[]'",
        ),
        (
            "/template/encryptionKey",
            json!("projects/p/locations/r/keyRings/k/cryptoKeys/c"),
            "template: {encryptionKey: ''}",
            "run.googleapis.com/encryption-key: ''",
        ),
        ("/template/encryptionKeyRevocationAction", json!("SHUTDOWN"), "", ""),
        ("/template/encryptionKeyShutdownDuration", json!("7200s"), "", ""),
    ]
}

/// A service that has all of them.
fn protected() -> Scene {
    let mut scene = Scene::new();
    let mut service = json!({"template": {"containers": [{"image": "x"}]}});
    for (place, value, ..) in protections() {
        let (parent, name) = place.rsplit_once('/').unwrap();
        service.pointer_mut(parent).unwrap()[name] = value;
    }
    service["ingress"] = "INGRESS_TRAFFIC_INTERNAL_ONLY".into();
    scene.file("service.json", service.to_string()).input("manifest", "service.json").run().expect(0);
    scene
}

/// The values of all of them.
fn values(scene: &Scene) -> Vec<(&'static str, Value)> {
    let config = config(scene);
    protections().into_iter().map(|(place, ..)| (place, config.pointer(place).cloned().unwrap_or_default())).collect()
}

const BARE_V2: &str = "template: {containers: [{image: x}]}\n";
const BARE_KNATIVE: &str = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{image: x}]}}}\n";

#[test]
fn what_a_manifest_does_not_mention_is_kept() {
    let mut scene = protected();
    let before = values(&scene);
    for strategy in ["direct", "candidate"] {
        for bare in [BARE_V2, BARE_KNATIVE] {
            scene.file("service.json", bare).input("strategy", strategy).input("env_vars", &format!("RUN: {strategy}"));
            let plan = scene.command(&["plan"]).expect(0);
            plan.says("Kept, because the manifest does not mention it: `binaryAuthorization`, `customAudiences`");
            plan.says("`template.encryptionKey`");
            assert!(!plan.log().contains("removes"), "{}", plan.log());
            scene.run().expect(0);
            assert_eq!(values(&scene), before, "{strategy}: {bare}");
            assert_eq!(config(&scene)["ingress"], "INGRESS_TRAFFIC_INTERNAL_ONLY");
        }
    }
}

#[test]
fn taking_one_away_takes_saying_so_and_the_plan_says_it_first() {
    for (place, _, v2, knative) in protections().into_iter().filter(|(_, _, v2, _)| !v2.is_empty()) {
        let name = place.rsplit('/').next().unwrap();
        let in_template = place.starts_with("/template");
        let v2 = match in_template {
            true => format!("{}, containers: [{{image: x}}]}}\n", v2.trim_end_matches('}')),
            false => format!("{v2}\n{BARE_V2}"),
        };
        let knative = match in_template {
            true => BARE_KNATIVE
                .replace("{template: {", &format!("{{template: {{metadata: {{annotations: {{{knative}}}}}, ")),
            false => BARE_KNATIVE.replace("{name: web}", &format!("{{name: web, annotations: {{{knative}}}}}")),
        };
        for text in [v2, knative] {
            let mut scene = protected();
            let before = values(&scene);
            scene.file("service.json", &text);
            let plan = scene.command(&["plan"]).expect(0);
            let shown = match name {
                "invokerIamDisabled" => "invoker check off",
                "defaultUriDisabled" => "default URL off",
                "iapEnabled" => "iap",
                "customAudiences" => "custom_audiences",
                "binaryAuthorization" => "binary_authorization",
                "encryptionKey" => "encryption_key",
                name => name,
            };
            plan.says(&format!("removes {shown}"));
            assert!(plan.summary.contains("| removed |"), "{}", plan.summary);
            assert_eq!(values(&scene), before, "a plan changes nothing");
            scene.run().expect(0);
            for ((other, was), (_, is)) in before.iter().zip(values(&scene)) {
                let goes = *other == place || in_template && other.starts_with("/template");
                assert_eq!(is, if goes { Value::Null } else { was.clone() }, "{place} takes {other}: {text}");
            }
        }
    }
}

/// A deploy that starts from the template of what serves keeps what protects that.
#[test]
fn a_failed_deploy_takes_no_protection_with_it() {
    let mut scene = protected();
    let before = values(&scene);
    scene.cloud.world(|world| world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen)));
    scene.file("service.json", "iapEnabled: false\ntemplate: {encryptionKey: '', containers: [{image: x}]}\n");
    scene.run().expect(8);
    assert_eq!(config(&scene)["template"].get("encryptionKey"), None, "the service's template is the failed one's");
    // Another deploy of a manifest that says nothing of it, and one without a manifest.
    for manifest in ["service.json", ""] {
        scene.file("service.json", BARE_V2).input("manifest", manifest).input("env_vars", &format!("M: '{manifest}'"));
        scene.run().expect(0);
        assert_eq!(values(&scene), before, "{manifest}");
    }
}

#[test]
fn a_job_before_the_deploy_has_the_services_key_and_policy() {
    let mut scene = protected();
    scene.file("service.json", BARE_V2).input("pre_deploy_job", "command: migrate").run().expect(0);
    scene.cloud.world(|world| {
        let job = world.job("us-central1", "web-pre-deploy").unwrap();
        assert_eq!(job.config["binaryAuthorization"], json!({"useDefault": true}));
        assert_eq!(job.config["template"]["template"]["encryptionKey"], protections()[5].1);
    });
}
