//! Domains mapped to services.

use crate::client::Reply;
use crate::scene::{Scene, hello};
use fakecloud::World;
use serde_json::{Value, json};

const MAPPINGS: &str = "/apis/domains.cloudrun.com/v1/namespaces/harbour-dev/domainmappings";

/// A service, an owned domain, and a caller who may map domains.
fn scene() -> Scene {
    let scene = Scene::with(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/editor");
        world.verify_domain("example.com");
    });
    scene.deploy("web", &hello());
    scene
}

fn body(domain: &str) -> Value {
    json!({"apiVersion": "domains.cloudrun.com/v1", "kind": "DomainMapping",
        "metadata": {"name": domain, "namespace": "harbour-dev"},
        "spec": {"routeName": "web", "certificateMode": "AUTOMATIC"}})
}

fn map(scene: &Scene, domain: &str) -> Reply {
    scene.post("run", MAPPINGS, &body(domain))
}

/// The status of each condition.
fn conditions(mapping: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = mapping["status"]["conditions"].as_array().cloned().unwrap_or_default();
    list.iter().map(|condition| (text(&condition["type"]), text(&condition["status"]))).collect()
}

fn all(ready: &str, certificate: &str, routable: &str) -> Vec<(String, String)> {
    [("Ready", ready), ("CertificateProvisioned", certificate), ("DomainRoutable", routable)]
        .map(|(kind, status)| (kind.to_owned(), status.to_owned()))
        .to_vec()
}

#[test]
fn a_mapping_waits_for_its_certificate() {
    let scene = scene();
    let made = map(&scene, "www.example.com").json();
    assert_eq!(made["metadata"]["labels"]["cloud.googleapis.com/location"], "us-central1");
    assert_eq!(
        made["status"]["resourceRecords"],
        json!([{"name": "www", "type": "CNAME", "rrdata": "ghs.googlehosted.com."}])
    );
    assert_eq!(made["status"]["conditions"][1]["reason"], "CertificatePending");
    let look = || conditions(&scene.get("run", &format!("{MAPPINGS}/www.example.com")).json());
    assert_eq!(look(), all("Unknown", "Unknown", "True"));
    assert_eq!(look(), all("True", "True", "True"));
    assert_eq!(look(), all("True", "True", "True"));
    assert_eq!(scene.cloud.world(|world| world.count("domain mapped")), 1);
    assert!(scene.cloud.unexpected().is_empty());
}

#[test]
fn a_certificate_may_never_come() {
    let scene = scene();
    scene.cloud.world(|world| world.certificate_looks = None);
    map(&scene, "www.example.com");
    for _ in 0..5 {
        let mapping = scene.get("run", &format!("{MAPPINGS}/www.example.com")).json();
        assert_eq!(conditions(&mapping), all("Unknown", "Unknown", "True"));
    }
}

#[test]
fn a_domain_itself_needs_addresses() {
    let scene = scene();
    let records = map(&scene, "example.com").json()["status"]["resourceRecords"].clone();
    let kinds: Vec<&Value> = records.as_array().expect("records").iter().map(|record| &record["type"]).collect();
    assert_eq!(kinds, ["A", "A", "A", "A", "AAAA", "AAAA", "AAAA", "AAAA"]);
}

#[test]
fn what_cannot_be_mapped_says_why() {
    let scene = scene();
    let foreign = map(&scene, "www.notexample.com").json();
    let ready = &foreign["status"]["conditions"][0];
    assert_eq!((&ready["type"], &ready["status"]), (&json!("Ready"), &json!("False")));
    assert!(ready["message"].as_str().is_some_and(|text| text.starts_with("Caller is not authorized to administer")));
    assert!(foreign["status"].get("resourceRecords").is_none());
    let mut lost = body("lost.example.com");
    lost["spec"]["routeName"] = json!("none");
    let lost = scene.post("run", MAPPINGS, &lost).json();
    assert_eq!(lost["status"]["conditions"][0]["reason"], "RouteMissing");
}

#[test]
fn malformed_mappings_are_refused() {
    let scene = scene();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut body = body("www.example.com");
        change(&mut body);
        scene.post("run", MAPPINGS, &body).status
    };
    assert_eq!(refused(&|body| body["kind"] = json!("Service")), 400);
    assert_eq!(refused(&|body| body["metadata"]["name"] = json!("https://www.example.com")), 400);
    assert_eq!(refused(&|body| body["metadata"]["namespace"] = json!("elsewhere")), 400);
    assert_eq!(refused(&|body| body["spec"]["routeName"] = json!("")), 400);
    assert!(scene.cloud.unexpected().is_empty());
    assert_eq!(refused(&|body| body["spec"]["route"] = json!("web")), 400);
    assert_eq!(scene.cloud.unexpected().len(), 1);
    assert_eq!(scene.post("run", &format!("{MAPPINGS}?dryRun=all"), &body("www.example.com")).status, 200);
    assert!(scene.cloud.world(|world| world.domain_mappings.is_empty()));
}

#[test]
fn mappings_are_listed_once_and_deleted() {
    let scene = scene();
    assert!(scene.get("run", MAPPINGS).json().get("items").is_none());
    for domain in ["www.example.com", "api.example.com"] {
        assert_eq!(map(&scene, domain).status, 200);
    }
    let again = map(&scene, "www.example.com");
    assert_eq!((again.status, &again.json()["error"]["status"]), (409, &json!("ALREADY_EXISTS")));
    let list = scene.get("run", MAPPINGS).json();
    assert_eq!((&list["kind"], list["items"].as_array().map(Vec::len)), (&json!("DomainMappingList"), Some(2)));
    let elsewhere = "/v1/projects/harbour-dev/locations/europe-west1/domainmappings";
    assert!(scene.get("run", elsewhere).json().get("items").is_none());
    let deleted = scene.call("run", "DELETE", &format!("{MAPPINGS}/www.example.com"), None);
    assert_eq!((deleted.status, &deleted.json()["status"]), (200, &json!("Success")));
    assert_eq!(scene.get("run", &format!("{MAPPINGS}/www.example.com")).status, 404);
    assert_eq!(scene.cloud.world(|world| world.count("domain unmapped")), 1);
}

#[test]
fn the_five_roles_do_not_map_domains() {
    let scene = scene();
    scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/editor"));
    let reply = map(&scene, "www.example.com");
    assert_eq!((reply.status, reply.reason().as_deref()), (403, Some("IAM_PERMISSION_DENIED")));
    assert!(reply.message().contains("run.domainmappings.create"));
    for path in [MAPPINGS.to_owned(), format!("{MAPPINGS}/www.example.com")] {
        assert_eq!(scene.get("run", &path).status, 403, "{path}");
    }
    assert_eq!(scene.call("run", "DELETE", &format!("{MAPPINGS}/www.example.com"), None).status, 403);
}
