//! A service as the embedded cloud answers it, in either form, is a manifest that leaves it as it is.

use std::io::{Read, Write};

use fakecloud::{Token, World};
use serde_json::{Value, json};

use crate::support::Scene;

/// A service's configuration without what every deploy writes.
pub fn settings(mut config: Value) -> Value {
    for place in ["", "/template"] {
        let part = config.pointer_mut(place).and_then(Value::as_object_mut).unwrap();
        for name in ["client", "clientVersion", "revision"] {
            part.remove(name);
        }
        if let Some(notes) = part.get_mut("annotations").and_then(Value::as_object_mut) {
            notes.retain(|name, _| !name.starts_with("slipway.dev/"));
        }
        part.retain(|_, value| *value != json!({}));
    }
    for container in config.pointer_mut("/template/containers").and_then(Value::as_array_mut).unwrap() {
        // The app's is the digest that was deployed.
        container.as_object_mut().unwrap().retain(|name, _| name != "image");
    }
    config
}

/// A service that says everything that a service of the embedded cloud can say.
const SERVICE: &str = r##"{
        "labels": {"team": "harbour"}, "annotations": {"example.com/owner": "me"}, "description": "all of it",
        "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "launchStage": "BETA", "iapEnabled": true,
        "defaultUriDisabled": true, "invokerIamDisabled": true, "sshEnabled": true,
        "binaryAuthorization": {"useDefault": true, "breakglassJustification": "once"},
        "customAudiences": ["https://a.example.com", "b"],
        "multiRegionSettings": {"regions": ["us-central1", "europe-west1"], "multiRegionId": "m"},
        "scaling": {"scalingMode": "AUTOMATIC", "minInstanceCount": 1, "maxInstanceCount": 9},
        "buildConfig": {"functionTarget": "f", "imageUri": "i", "baseImage": "b", "enableAutomaticUpdates": true,
            "workerPool": "w", "environmentVariables": {"A": "b"}, "serviceAccount": "s", "sourceLocation": "gs://b/o"},
        "template": {
            "labels": {"part": "web"}, "annotations": {"example.com/part": "web"},
            "scaling": {"minInstanceCount": 1, "maxInstanceCount": 5, "cpuUtilization": 0.7, "concurrencyUtilization": 0.8},
            "vpcAccess": {"egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": "n", "subnetwork": "s", "tags": ["t"]}]},
            "timeout": "90s", "maxInstanceRequestConcurrency": 30, "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
            "sessionAffinity": true, "healthCheckDisabled": true, "gpuZonalRedundancyDisabled": true,
            "serviceMesh": {"mesh": "m"}, "ambientNetworking": {"enabled": true, "ambientScope": "AMBIENT_SCOPE_GLOBAL"},
            "workloadIdentityConfig": {"identity": "i", "identityCertificateEnabled": true,
                "identityType": "IDENTITY_TYPE_AGENT_IDENTITY"},
            "nodeSelector": {"accelerator": "nvidia-l4"},
            "encryptionKey": "projects/p/locations/l/keyRings/r/cryptoKeys/k", "encryptionKeyRevocationAction": "SHUTDOWN",
            "encryptionKeyShutdownDuration": "7200s",
            "sandboxes": {"templates": [{"name": "s", "image": "gcr.io/harbour-dev/side", "args": ["a"], "command": ["c"],
                "workingDir": "/w", "env": [{"name": "A", "value": "b"}], "volumeMounts": [{"name": "tmp", "mountPath": "/t"}]}]},
            "containers": [
                {"name": "side", "image": "gcr.io/harbour-dev/side", "startupProbe": {"grpc": {"port": 7000, "service": "x"}},
                    "resources": {"limits": {"cpu": "1", "memory": "512Mi"}}},
                {"name": "app", "image": "x", "args": ["a", "--b=c"], "command": ["run"], "workingDir": "/srv",
                    "ports": [{"name": "h2c", "containerPort": 9000}], "dependsOn": ["side"], "sandboxLauncher": true,
                    "baseImageUri": "base", "sourceCode": {"cloudStorageSource": {"bucket": "b", "object": "o/p", "generation": "5"}},
                    "buildConfig": {"imageRepositoryUri": "r", "serviceAccount": "s", "tags": ["t"]},
                    "env": [{"name": "A", "value": "yes: #1"},
                        {"name": "P", "valueSource": {"secretKeyRef": {"secret": "db", "version": "latest"}}},
                        {"name": "Q", "valueSource": {"secretKeyRef": {"secret": "projects/222222222222/secrets/far", "version": "1"}}}],
                    "resources": {"limits": {"cpu": "2", "memory": "1Gi", "nvidia.com/gpu": "1"}, "startupCpuBoost": true},
                    "volumeMounts": [{"name": "data", "mountPath": "/data", "subPath": "sub"}, {"name": "key", "mountPath": "/key"},
                        {"name": "tmp", "mountPath": "/tmp"}, {"name": "disk", "mountPath": "/disk"},
                        {"name": "nfs", "mountPath": "/nfs"}, {"name": "store", "mountPath": "/store"},
                        {"name": "cloudsql", "mountPath": "/cloudsql"}],
                    "startupProbe": {"tcpSocket": {"port": 9000}, "failureThreshold": 2, "timeoutSeconds": 9},
                    "readinessProbe": {"httpGet": {"path": "/ready", "httpHeaders": [{"name": "A", "value": "b"}]}},
                    "livenessProbe": {"httpGet": {"path": "/alive", "port": 9000}, "periodSeconds": 10, "initialDelaySeconds": 3}}],
            "volumes": [
                {"name": "data", "gcs": {"bucket": "b", "readOnly": true, "mountOptions": ["uid=1", "implicit-dirs"]}},
                {"name": "key", "secret": {"secret": "db", "defaultMode": 292, "items": [{"path": "k", "version": "1", "mode": 256}]}},
                {"name": "tmp", "emptyDir": {"medium": "MEMORY", "sizeLimit": "1Gi"}},
                {"name": "disk", "emptyDir": {"medium": "DISK", "sizeLimit": "10Gi"}},
                {"name": "nfs", "nfs": {"server": "10.0.0.1", "path": "/x", "readOnly": true}},
                {"name": "store", "filestore": {"volume": "v"}},
                {"name": "cloudsql", "cloudSqlInstance": {"instances": ["p:r:a", "p:r:b"]}}]}
    }"##;

/// What the embedded cloud answers a reader, as one who may read.
fn read(scene: &Scene, path: &str) -> Value {
    let token = Token { account: World::DEPLOYER.to_owned(), expires: i64::MAX };
    scene.cloud.world(|world| world.tokens.insert("ya29.reader".to_owned(), token));
    let address = scene.cloud.address("run");
    let mut stream = std::net::TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    let head = "Host: us-central1-run.googleapis.com\r\nAuthorization: Bearer ya29.reader\r\nConnection: close";
    write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

/// A world with the images, secrets and projects that it speaks of, and it as a file.
pub fn everything() -> Scene {
    let mut scene = Scene::new();
    scene.input("source", "").input("image", "gcr.io/harbour-dev/app").input("skip_default_labels", "true");
    scene.cloud.world(|world| {
        for image in ["gcr.io/harbour-dev/app:latest", "gcr.io/harbour-dev/side:latest"] {
            world.push_image(image);
        }
        world.add_project("bank", "222222222222");
        for (project, secret) in [("harbour-dev", "db"), ("bank", "far")] {
            world.add_secret(project, secret, "x");
            world.share_secret(project, secret, World::COMPUTE);
        }
    });
    scene.file("service.json", SERVICE).input("manifest", "service.json");
    scene
}

#[test]
fn a_service_as_it_is_answered_is_a_manifest_of_it() {
    let mut scene = everything();
    scene.run().expect(0);
    let config = |scene: &Scene| settings(super::config(scene));
    let before = config(&scene);
    let v2 = "/v2/projects/harbour-dev/locations/us-central1/services/web";
    let v1 = "/apis/serving.knative.dev/v1/namespaces/harbour-dev/services/web";
    for (path, strategy) in [(v2, "direct"), (v1, "direct"), (v2, "candidate"), (v1, "candidate")] {
        let answer = read(&scene, path);
        scene.file("service.json", answer.to_string()).input("strategy", strategy);
        let run = scene.run().expect(0);
        assert_eq!(config(&scene), before, "{path}, {strategy}");
        // The answer names the revision that it was made of.
        run.says("which the manifest names, is there already");
        assert_eq!(run.outputs.get("warnings").map(String::as_str).unwrap_or_default(), "");
    }
}

/// The name that a manifest wishes for the new revision is taken where it is free; `suffix` comes first.
#[test]
fn a_manifest_may_name_the_revision() {
    let mut scene = Scene::new();
    scene.file(
        "service.yaml",
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web}\nspec:\n  template:\n    metadata: {name: web-v7}\n    spec: {containers: [{image: x}]}\n",
    );
    scene.input("manifest", "service.yaml");
    assert_eq!(scene.run().expect(0).outputs["revision"], "web-v7");
    let again = scene.input("env_vars", "A: 1").run().expect(0);
    again.says("Revision `web-v7`, which the manifest names, is there already: the new one is `web-0f0f0f0-");
    assert_ne!(again.outputs["revision"], "web-v7");
    let named = scene.input("suffix", "mine").run().expect(0);
    assert_eq!(named.outputs["revision"], "web-mine");
    // That of another service came along with its manifest.
    scene
        .input("suffix", "")
        .file("service.yaml", "name: desk\ntemplate: {revision: desk-7, containers: [{image: x}]}\n");
    scene.run().expect(0).says("it names `desk`, and `web` is deployed");
}
