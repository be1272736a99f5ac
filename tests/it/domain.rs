//! A domain that leads to the service.

use fakecloud::{Action, Fault, World};

use crate::support::Scene;

const CREATE: &str = "run.namespaces.domainmappings.create";

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.grant("harbour-dev", World::DEPLOYER, "roles/editor");
        world.verify_domain("example.com");
    });
    scene.input("domain", "www.example.com");
    scene
}

#[test]
fn a_domain_is_mapped_once_and_its_records_are_told() {
    let scene = scene();
    scene.cloud.world(|world| world.certificate_looks = None);
    let run = scene.run().expect(0);
    run.says("DNS record to set: www CNAME ghs.googlehosted.com.").says("waits for its DNS records");
    insta::assert_snapshot!("domain_summary_part", {
        let summary = run.summary();
        summary[summary.find("### Domain").unwrap()..].split("### Where").next().unwrap().to_owned()
    });
    scene.cloud.world(|world| world.certificate_looks = Some(0));
    scene.run().expect(0);
    scene.cloud.world(|world| assert_eq!(world.count("domain mapped"), 1));
}

#[test]
fn a_lost_reply_makes_one_mapping() {
    let scene = scene();
    scene.cloud.world(|world| world.faults.push(Fault::lost_reply(CREATE, Action::Reset)));
    scene.run().expect(0).says("is mapped now");
    scene.run().expect(0).says("with its certificate");
    scene.cloud.world(|world| assert_eq!(world.count("domain mapped"), 1));
}

#[test]
fn a_domain_whose_dns_is_not_there_is_looked_at_once_in_every_deploy() {
    let scene = scene();
    scene.cloud.world(|world| world.certificate_looks = None);
    let looks = || scene.cloud.calls("run.namespaces.domainmappings.get").len();
    scene.run().expect(0).says("DNS record to set: www CNAME");
    let before = looks();
    scene.run().expect(0).says("waits for its DNS records").says("DNS record to set: www CNAME");
    assert_eq!(looks() - before, 1);
}

#[test]
fn what_hinders_a_mapping_is_a_warning() {
    let mut scene = Scene::new();
    scene.input("domain", "www.example.com");
    let run = scene.run().expect(0);
    run.says("is not mapped").says("roles/editor").says("gcloud beta run domain-mappings create");
    assert_eq!(run.outputs["result"], "deployed");
    scene.cloud.world(|world| world.grant("harbour-dev", World::DEPLOYER, "roles/editor"));
    scene.run().expect(0).says("does not work").says("proved it theirs");
    scene.input("domain", "https://example.com/").run().expect(2).says("without `https://`");
}

#[test]
fn a_domain_that_leads_elsewhere_is_left_there() {
    let mut scene = scene();
    scene.run().expect(0);
    scene.input("service", "other").run().expect(0).says("leads to service web, and was left there");
}
