//! Asking the service: what counts as healthy, private services, what was answered last.

use fakecloud::{Page, RevisionScript, Site};

use crate::support::Scene;

fn answering(site: Site) -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.next_revisions.push_back(RevisionScript::answering(site)));
    scene.input("allow_unauthenticated", "true").input("health_path", "/health");
    scene
}

#[test]
fn a_private_service_is_asked_with_an_identity() {
    let mut scene = Scene::new();
    scene.input("health_path", "/health");
    let run = scene.run().expect(0);
    run.says("with an identity token (it is private)");
    let visits = scene.cloud.calls("site.request");
    assert_eq!(visits.len(), 2, "once without, once with identity");
    assert_eq!(visits[0].header("authorization"), None);
    assert_eq!(visits[1].account.as_deref(), Some(fakecloud::World::DEPLOYER));
}

#[test]
fn a_service_that_warms_up_is_waited_for() {
    let scene = answering(Site::healthy().warming_up(4));
    scene.run().expect(0);
    assert_eq!(scene.cloud.calls("site.request").len(), 5);
}

#[test]
fn a_service_that_stays_ill_fails_with_its_last_answer() {
    let mut scene = answering(Site::healthy().with("/health", Page::text(500, "database is gone")));
    scene.input("health_timeout", "30s").input("checks", "GET /docs 200");
    let run = scene.run().expect(9);
    insta::assert_snapshot!("unhealthy", run.failure());
    insta::assert_snapshot!("unhealthy_summary", run.summary());
    run.says("database is gone").says("receives 100 % of the requests");
    assert_eq!(run.outputs["result"], "failed");
    let report = run.report();
    assert_eq!(report["checks"][0]["passed"], false);
    assert_eq!(report["checks"][1]["passed"], true);
}

#[test]
fn statuses_bodies_and_redirects_are_judged_as_asked() {
    let mut scene = answering(
        Site::healthy()
            .with("/health", Page::text(204, ""))
            .with("/go", Page::Redirect("/health".into()))
            .with("/text", Page::text(200, "all is well")),
    );
    scene.input("health_status", "204").input("checks", "GET /go 204\nHEAD /text\nGET /go 3xx");
    scene.run().expect(0);

    let mut scene = answering(Site::healthy().with("/health", Page::text(200, "all is well")));
    scene.input("health_body", "is well");
    scene.run().expect(0);
    scene.input("health_body", "is ill").input("health_timeout", "5s");
    scene.run().expect(9);
}

#[test]
fn a_redirect_to_another_host_is_an_answer_not_a_way() {
    let mut scene = answering(Site::always(Page::Redirect("https://evil.example/".into())));
    scene.input("health_timeout", "5s");
    scene.run().expect(9).says("302");
}

#[test]
fn a_hostile_answer_commands_nobody() {
    let mut scene = answering(Site::hostile());
    scene.input("health_body", "never there").input("health_timeout", "2s");
    let run = scene.run().expect(9);
    assert!(!run.stdout.contains('\u{1b}') && !run.summary.contains("\u{202e}"));
}

#[test]
fn a_service_that_hangs_or_resets_is_told() {
    let mut scene = answering(Site::always(Page::Reset));
    scene.input("health_timeout", "3s");
    scene.run().expect(9).says("no answer");
}

#[test]
fn a_path_that_googles_front_end_keeps_is_refused_where_it_answers() {
    let mut scene = Scene::new();
    scene.input("health_path", "/healthz?deep=1").input("checks", "GET /docs 200\nHEAD /healthz\nGET /healthz/ 200");
    let run = scene.run().expect(2);
    run.says("* health_path: ").says("* checks, line 2: ").says("never sees it").does_not_say("line 3");
    assert!(scene.cloud.journal().is_empty(), "nothing was sent");

    let mut scene = Scene::new();
    scene.input("source", "").input("uptime_path", "/healthz");
    scene.command(&["monitoring"]).expect(2).says("* uptime_path: ").says("never sees it");
}
