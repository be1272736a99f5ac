//! Cloud Run's older API: the services of v2 in the form of Knative's resources, as gcloud reads and writes them.

use crate::client::Reply;
use crate::scene::Scene;
use serde_json::{Value, json};

const V1: &str = "/apis/serving.knative.dev/v1/namespaces/harbour-dev";
const HOST: (&str, &str) = ("Host", "us-central1-run.googleapis.com");

fn call(scene: &Scene, verb: &str, path: &str, body: Option<&Value>) -> Reply {
    let text = body.map(Value::to_string);
    let headers = [HOST, ("Content-Type", "application/json")];
    scene.send("run", verb, &format!("{V1}{path}"), &headers, text.as_deref().map(str::as_bytes))
}

/// What gcloud sends for a new service.
fn hello() -> Value {
    json!({"apiVersion": "serving.knative.dev/v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": "harbour-dev", "labels": {},
            "annotations": {"run.googleapis.com/client-name": "gcloud", "run.googleapis.com/ingress": "internal"}},
        "spec": {"template": {
            "metadata": {"annotations": {"run.googleapis.com/startup-cpu-boost": "True",
                "run.googleapis.com/cpu-throttling": "False", "autoscaling.knative.dev/maxScale": "5"}},
            "spec": {"containers": [{"image": "us-docker.pkg.dev/cloudrun/container/hello", "name": ""}],
                "nodeSelector": {}, "timeoutSeconds": 90}}},
        "status": {"address": {}}})
}

fn ready(service: &Value) -> &Value {
    &service["status"]["conditions"][0]["status"]
}

/// Looks until it is ready.
fn finished(scene: &Scene) -> Value {
    let looks = (0..5).map(|_| call(scene, "GET", "/services/web", None).json());
    looks.into_iter().find(|service| ready(service) == "True").expect("a service that is ready")
}

#[test]
fn a_service_is_made_as_gcloud_does_it() {
    let scene = Scene::new();
    assert_eq!(call(&scene, "GET", "/services/web", None).status, 404);
    let made = call(&scene, "POST", "/services", Some(&hello()));
    assert_eq!((made.status, ready(&made.json())), (200, &json!("Unknown")), "{}", made.text());
    let service = finished(&scene);
    assert_eq!(service["status"]["traffic"][0]["revisionName"], service["status"]["latestReadyRevisionName"]);
    assert_eq!(service["metadata"]["labels"]["cloud.googleapis.com/location"], "us-central1");
    assert_eq!(call(&scene, "POST", "/services", Some(&hello())).status, 409);
    // The same service in the words of v2.
    let newer = scene.service("web");
    assert_eq!(
        (&newer["ingress"], &newer["template"]["timeout"]),
        (&json!("INGRESS_TRAFFIC_INTERNAL_ONLY"), &json!("90s"))
    );
    let resources = &newer["template"]["containers"][0]["resources"];
    assert_eq!(
        (resources.get("cpuIdle").is_some_and(|idle| idle == true), &resources["startupCpuBoost"]),
        (false, &json!(true))
    );
    assert_eq!(call(&scene, "GET", "/services", None).json()["items"][0]["metadata"]["name"], "web");
    let everywhere = scene.get("run", "/v1/projects/harbour-dev/locations/-/services").json();
    assert_eq!(everywhere["items"][0]["metadata"]["name"], "web");
    let revision = service["status"]["latestReadyRevisionName"].as_str().expect("a name");
    let revision = call(&scene, "GET", &format!("/revisions/{revision}"), None).json();
    assert_eq!(revision["spec"]["timeoutSeconds"], 90);
    let all = call(&scene, "GET", "/revisions?labelSelector=serving.knative.dev/service%20%3D%20web", None).json();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(call(&scene, "DELETE", "/services/web", None).status, 200);
    assert_eq!(call(&scene, "GET", "/services/web", None).status, 404);
}

#[test]
fn what_is_read_and_written_back_is_what_it_was() {
    let scene = Scene::with(|world| {
        world.add_secret("harbour-dev", "db", "x");
    });
    let body = json!({
        "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "description": "shop", "labels": {"team": "shop"},
        "annotations": {"mine": "1"}, "iapEnabled": true, "defaultUriDisabled": true, "invokerIamDisabled": true,
        "customAudiences": ["https://shop.example"], "binaryAuthorization": {"useDefault": true},
        "scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 3},
        "template": {
            "scaling": {"minInstanceCount": 1, "maxInstanceCount": 5}, "timeout": "90s", "sessionAffinity": true,
            "maxInstanceRequestConcurrency": 30, "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
            "healthCheckDisabled": true, "encryptionKey": "projects/p/locations/l/keyRings/r/cryptoKeys/k",
            "encryptionKeyRevocationAction": "SHUTDOWN", "encryptionKeyShutdownDuration": "7200s",
            "vpcAccess": {"egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": "n", "subnetwork": "s", "tags": ["t"]}]},
            "containers": [
                {"name": "app", "image": "us-docker.pkg.dev/cloudrun/container/hello", "args": ["a"],
                    "ports": [{"name": "h2c", "containerPort": 9000}], "dependsOn": ["side"],
                    "env": [{"name": "A", "value": "b"},
                        {"name": "P", "valueSource": {"secretKeyRef": {"secret": "db", "version": "latest"}}}],
                    "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "startupCpuBoost": true},
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "key", "mountPath": "/key"},
                        {"name": "cloudsql", "mountPath": "/cloudsql"}],
                    "livenessProbe": {"httpGet": {"path": "/alive", "port": 9000}, "periodSeconds": 10}},
                {"name": "side", "image": "us-docker.pkg.dev/cloudrun/container/hello",
                    "startupProbe": {"tcpSocket": {"port": 7000}}, "resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}],
            "volumes": [
                {"name": "data", "gcs": {"bucket": "b", "readOnly": true, "mountOptions": ["uid=1", "gid=2"]}},
                {"name": "key", "secret": {"secret": "db", "defaultMode": 256, "items": [{"path": "k", "version": "1"}]}},
                {"name": "tmp", "emptyDir": {"medium": "MEMORY", "sizeLimit": "1Gi"}},
                {"name": "cloudsql", "cloudSqlInstance": {"instances": ["p:r:i"]}}]}});
    scene.cloud.world(|world| {
        let policy = &mut world.secrets.values_mut().next().expect("a secret").policy;
        policy.grant("roles/secretmanager.secretAccessor", &format!("serviceAccount:{}", fakecloud::World::COMPUTE));
    });
    let end = scene.deploy("web", &body);
    assert!(end.get("error").is_none(), "{end}");
    let config = || scene.cloud.world(|world| world.services.values().next().expect("a service").config.clone());
    let (before, read) = (config(), call(&scene, "GET", "/services/web", None).json());
    let reply = call(&scene, "PUT", "/services/web", Some(&read));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(config(), before);
    assert_eq!(scene.cloud.world(|world| world.revisions.len()), 1, "nothing has changed, so no revision is made");
    // What was read is no longer what is there.
    let stale = call(&scene, "PUT", "/services/web", Some(&read));
    assert_eq!((stale.status, &stale.json()["error"]["status"]), (409, &json!("ABORTED")));
}

#[test]
fn what_google_does_not_know_is_refused() {
    let scene = Scene::new();
    let refused = |pointer: &str, value: Value| {
        let mut body = hello();
        let (parent, name) = pointer.rsplit_once('/').expect("a place");
        body.pointer_mut(parent).expect("a place")[name.replace("~1", "/")] = value;
        call(&scene, "POST", "/services", Some(&body)).status
    };
    assert_eq!(refused("/metadata/annotations/run.googleapis.com~1ingres", json!("all")), 400);
    assert_eq!(refused("/metadata/annotations/run.googleapis.com~1ingress", json!("everybody")), 400);
    assert_eq!(refused("/metadata/annotations/run.googleapis.com~1minScale", json!("few")), 400);
    assert_eq!(refused("/kind", json!("Job")), 400);
    assert_eq!(refused("/spec/template/spec/volumes", json!([{"name": "v", "configMap": {"name": "c"}}])), 400);
    // A namespace has no region of its own; the address has.
    let reply = scene.call("run", "POST", &format!("{V1}/services"), Some(&hello()));
    assert_eq!(reply.status, 400);
    assert!(scene.cloud.world(|world| world.services.is_empty()));
}
