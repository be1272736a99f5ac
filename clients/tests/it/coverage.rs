//! Every method that the embedded cloud has is asked for by a client of Google's, or named here with the reason.

use crate::scene::{TOKEN, seen, world};
use crate::{access, builds, identity, monitoring, registry, run_jobs, run_pools, run_services, secrets, storage};
use fakecloud::FakeCloud;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

/// The APIs of which there is a client, as the scene's addresses name them, and their descriptions.
const APIS: [(&str, &str); 12] = [
    ("artifactregistry", "artifactregistry.v1"),
    ("cloudbilling", "cloudbilling.v1"),
    ("cloudbuild", "cloudbuild.v1"),
    ("cloudresourcemanager", "cloudresourcemanager.v3"),
    ("iam", "iam.v1"),
    ("iamcredentials", "iamcredentials.v1"),
    ("logging", "logging.v2"),
    ("monitoring", "monitoring.v3"),
    ("run", "run.v2"),
    ("secretmanager", "secretmanager.v1"),
    ("serviceusage", "serviceusage.v1"),
    ("storage", "storage.v1"),
];

/// Methods without a client that speaks JSON, and why.
const WITHOUT: [(&str, &str); 10] = [
    ("cloudbuild.projects.locations.getDefaultServiceAccount", "the published client lacks it"),
    ("run.projects.locations.workerPools.revisions.get", "the published client knows revisions of services alone"),
    ("run.projects.locations.workerPools.revisions.list", "the published client knows revisions of services alone"),
    ("storage.buckets.get", "buckets are asked about by gRPC"),
    ("storage.buckets.getIamPolicy", "buckets are asked about by gRPC"),
    ("storage.buckets.insert", "buckets are asked about by gRPC"),
    ("storage.buckets.list", "buckets are asked about by gRPC"),
    ("storage.buckets.setIamPolicy", "buckets are asked about by gRPC"),
    ("storage.buckets.testIamPermissions", "buckets are asked about by gRPC"),
    ("storage.objects.delete", "objects are deleted by gRPC"),
];

#[test]
fn every_method_of_the_embedded_cloud_is_asked_for() {
    access::a_project_and_its_policy_are_read();
    access::an_account_and_its_keys_are_read_made_and_deleted();
    access::tokens_are_made_for_an_account();
    access::who_pays_and_what_is_enabled();
    builds::a_build_is_followed_to_its_end();
    builds::a_build_is_cancelled();
    identity::a_job_signs_in_as_google_reads_its_credentials_file();
    monitoring::policies_and_channels_are_made_found_changed_and_deleted();
    monitoring::an_uptime_check_is_made_found_changed_and_deleted();
    monitoring::requests_and_latencies_are_read();
    registry::images_and_tags_are_read_and_deleted();
    registry::entries_of_a_revision_are_read();
    run_jobs::a_job_is_made_changed_and_deleted();
    run_jobs::a_job_runs_and_its_tasks_are_told();
    run_pools::a_pool_is_made_changed_and_deleted();
    run_services::a_service_is_made_and_read();
    run_services::a_service_is_changed_by_a_mask_and_by_all_of_it();
    run_services::a_dry_run_and_who_may_call();
    secrets::versions_are_added_read_and_switched();
    storage::content_is_written_in_one_piece_and_read();
    storage::content_is_written_piece_by_piece();
    let asked = seen();
    let known: BTreeSet<&str> = WITHOUT.iter().map(|(method, _)| *method).collect();
    let missing: Vec<String> =
        answered().into_iter().filter(|id| !asked.contains(id) && !known.contains(id.as_str())).collect();
    assert!(missing.is_empty(), "no client asks for {missing:#?}");
    let idle: Vec<&&str> = known.iter().filter(|id| asked.contains(**id)).collect();
    assert!(idle.is_empty(), "clients do ask for {idle:?}");
}

/// The ids of the methods that the cloud has: of all that are described, those which it does not call unimplemented.
fn answered() -> Vec<String> {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/schemas");
    let cloud = FakeCloud::start(world());
    let mut found = Vec::new();
    for (api, file) in APIS {
        let text = std::fs::read_to_string(schemas.join(format!("{file}.json"))).expect("a description");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        for (id, method) in document["methods"].as_object().expect("methods") {
            let flat = method["flatPath"].as_str().or(method["path"].as_str()).expect("a path");
            let path = format!("/{}{}", document["servicePath"].as_str().unwrap_or_default(), filled(flat));
            let verb = method["httpMethod"].as_str().expect("a verb");
            if status(&cloud, api, verb, &path) != 501 {
                found.push(id.clone());
            }
        }
    }
    found
}

/// A path whose placeholders are the seed's project and names that nothing has.
fn filled(template: &str) -> String {
    let part = |part: &str| match part.split_once('{').and_then(|(_, rest)| rest.split_once('}')) {
        Some(("v1Id", _)) => "projects".to_owned(),
        Some(("projectsId" | "projectId" | "v1Id1", verb)) => format!("harbour-dev{verb}"),
        Some((_, verb)) => format!("us-central1{verb}"),
        None => part.to_owned(),
    };
    template.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn status(cloud: &FakeCloud, api: &str, verb: &str, path: &str) -> u16 {
    let address = cloud.address(api);
    let host = address.strip_prefix("http://").expect("a plain address");
    let mut stream = TcpStream::connect(host).expect("a connection");
    let head = format!(
        "{verb} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}
