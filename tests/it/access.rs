//! Who may call a service: what is said of it is proven without an identity, and what stands in front is seen before.

use fakecloud::{Action, Fault, Page, RevisionScript, Site, World};
use serde_json::{Value, json};

use crate::support::{Run, Scene};

const SET: &str = "run.projects.locations.services.setIamPolicy";

/// Changes the service `web` as another tool would.
fn change(scene: &Scene, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
    scene.cloud.world(|world| {
        let name = world.service("us-central1", "web").expect("the service").name.clone();
        change(&mut world.services.get_mut(&name).expect("the service").config);
    });
}

/// A service that was deployed, and has this setting since.
fn with(field: &str, value: Value) -> Scene {
    let scene = Scene::deployed();
    change(&scene, |config| drop(config.insert(field.to_owned(), value)));
    if field == "iapEnabled" {
        scene.cloud.world(|world| {
            let (name, agent) = (world.service("us-central1", "web").unwrap().name.clone(), world.home().proxy_agent());
            let policy = &mut world.services.get_mut(&name).unwrap().policy;
            policy.grant("roles/run.invoker", &format!("serviceAccount:{agent}"));
        });
    }
    scene
}

/// Requests to the service since the scene began: with an identity, and without.
fn visits(scene: &Scene) -> (usize, usize) {
    let all = scene.cloud.calls("site.request");
    let shown = all.iter().filter(|visit| visit.header("authorization").is_some()).count();
    (shown, all.len() - shown)
}

fn says_nothing_of_an_identity(run: &Run) {
    run.does_not_say("with an identity token");
}

#[test]
fn a_private_first_deploy_ends_with_who_may_call_it_and_how_it_is_opened() {
    let mut scene = Scene::new();
    scene.input("health_path", "/health");
    let run = scene.run().expect(0);
    run.says("with an identity token (it is private)");
    run.says(
        "Access to service `web`: only those who were granted roles/run.invoker may call it. Let everybody in with ",
    );
    run.says("gcloud run services add-iam-policy-binding web --member=user:NAME@DOMAIN")
        .says("`allow_unauthenticated: true`");
    assert!(
        run.summary.contains("| Access | only those who were granted roles/run.invoker may call it |"),
        "{}",
        run.summary
    );
    scene.run().expect(0).does_not_say("or somebody: gcloud");
}

#[test]
fn a_public_service_is_proven_open_without_an_identity_however_long_google_takes() {
    for lag in [0, 3, 25] {
        let mut scene = Scene::new();
        scene.cloud.world(|world| world.policy_lag = lag);
        // Far shorter than the wait, which is none of the program's time.
        scene.input("allow_unauthenticated", "true").input("health_path", "/health").input("health_timeout", "5s");
        let run = scene.run().expect(0);
        says_nothing_of_an_identity(&run);
        run.says("1 of 1 checks passed without an identity").does_not_say("or somebody: gcloud");
        assert_eq!(visits(&scene), (0, lag as usize + 1), "no identity was shown");
        if lag > 0 {
            run.says("Google still turns callers away: a change of access takes 2 minutes as a rule");
        }
        assert_eq!(scene.cloud.world(|world| world.count("iam changed")), 1);
    }
}

#[test]
fn a_service_that_never_opens_is_red_and_a_token_only_says_why() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.policy_lag = 10_000);
    scene.input("allow_unauthenticated", "true").input("health_path", "/health").input("health_timeout", "5s");
    let run = scene.run().expect(9);
    insta::assert_snapshot!("never_opens", run.failure());
    says_nothing_of_an_identity(&run);
    run.does_not_say("may call it now").does_not_say("may call it already");
    let (shown, _) = visits(&scene);
    assert_eq!(shown, 1, "asked once with a token, to say why");

    // A program that is ill is told apart.
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.policy_lag = 10_000;
        world.next_revisions.push_back(RevisionScript::answering(Site::always(Page::text(500, "ill"))));
    });
    scene.input("allow_unauthenticated", "true").input("health_path", "/health");
    scene.run().expect(9).says("With the deployer's own token it does not answer as it should either");
}

#[test]
fn opening_a_service_that_is_private_never_says_both() {
    let mut scene = Scene::deployed();
    scene.cloud.world(|world| world.policy_lag = 4);
    scene.input("allow_unauthenticated", "true").input("health_path", "/health").input("env_vars", "A: 1");
    let run = scene.run().expect(0);
    run.does_not_say("it is private").says("passed without an identity");
    let uri = scene.cloud.world(|world| world.service("us-central1", "web").unwrap().uri().to_owned());
    let host = uri.trim_start_matches("http://");
    let at_the_service = scene.cloud.calls("site.request");
    let at_the_service = at_the_service.iter().filter(|visit| visit.header("host") == Some(host));
    for visit in at_the_service {
        assert_eq!(visit.header("authorization"), None, "the public address is asked without an identity");
    }
}

#[test]
fn a_program_that_forbids_is_not_taken_for_a_door_that_is_shut() {
    for (status, text) in [(403, "no such tenant"), (401, "")] {
        let mut scene = Scene::new();
        scene.cloud.world(|world| {
            let site = Site::healthy().with("/health", Page::text(status, text));
            world.next_revisions.push_back(RevisionScript::answering(site));
        });
        scene.input("allow_unauthenticated", "true").input("health_path", "/health").input("health_timeout", "5s");
        let run = scene.run().expect(9);
        run.says(format!("last answer {status} {text}").trim());
        run.does_not_say("turns callers away").does_not_say("turns away whoever");
    }
}

#[test]
fn an_opened_service_without_checks_is_asked_once_whether_it_lets_everybody_in() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.policy_lag = 5);
    scene.input("allow_unauthenticated", "true");
    let run = scene.run().expect(0);
    run.says("everybody is let in: `GET /` is answered without an identity (200)");
    assert_eq!(visits(&scene), (0, 6));
    // It is open already: nothing is written, and nothing has to be proven again.
    scene.run().expect(0).says("everybody may call it already");
    assert_eq!(visits(&scene), (0, 6));

    let mut scene = Scene::new();
    scene.cloud.world(|world| world.policy_lag = 10_000);
    scene.input("allow_unauthenticated", "true");
    let run = scene.run().expect(0);
    run.says("Google still turns away whoever does not say who they are");
}

#[test]
fn the_invoker_check_is_an_input_and_opens_a_service_where_all_users_are_forbidden() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.home().members_restricted = true);
    scene.input("allow_unauthenticated", "true").input("health_path", "/health");
    let run = scene.run();
    assert_ne!(run.code, 0);
    // The hint leads out: our own input does it.
    run.says("write `invoker_iam_check: false` in place of `allow_unauthenticated: true`")
        .does_not_say("--no-invoker-iam-check");
    scene.input("allow_unauthenticated", "").input("invoker_iam_check", "false");
    let run = scene.run().expect(0);
    // The candidate stands behind the check yet; the public address is asked without an identity.
    run.says("passed with an identity token (it is not open yet)").does_not_say("it is private");
    run.says("Verify: 1 of 1 checks passed without an identity");
    run.does_not_say("or somebody: gcloud");
    scene.cloud.world(|world| {
        assert_eq!(world.service("us-central1", "web").unwrap().config["invokerIamDisabled"], true);
        assert_eq!(world.count("iam changed"), 0);
    });
    // Nothing is bound where nobody is asked.
    let before = scene.cloud.calls(SET).len();
    scene.input("invoker_iam_check", "").input("allow_unauthenticated", "true").input("env_vars", "A: 1");
    scene.run().expect(0).says("everybody may call it: its invoker check is off");
    assert_eq!(scene.cloud.calls(SET).len(), before);
    // That nobody is asked is proven as a grant is, also where there are no checks.
    let mut unchecked = Scene::deployed();
    unchecked.input("invoker_iam_check", "false");
    unchecked.run().expect(0).says("everybody is let in: `GET /` is answered without an identity (200)");
    // And asked again when that is wished.
    scene.input("allow_unauthenticated", "").input("invoker_iam_check", "true").input("env_vars", "A: 2");
    scene.run().expect(0);
    scene.cloud.world(|world| {
        assert_ne!(world.service("us-central1", "web").unwrap().config.get("invokerIamDisabled"), Some(&json!(true)));
    });
}

#[test]
fn a_service_whose_check_comes_back_is_granted_to_everybody_before_that() {
    let mut scene = with("invokerIamDisabled", json!(true));
    scene.input("allow_unauthenticated", "true").input("invoker_iam_check", "true").input("health_path", "/health");
    let run = scene.run().expect(0);
    says_nothing_of_an_identity(&run);
    let calls = scene.cloud.journal();
    let granted = calls.iter().position(|call| call.call == SET).unwrap();
    let shifted = calls.iter().position(|call| call.query("updateMask").is_some_and(|mask| mask.contains("invoker")));
    assert!(granted < shifted.unwrap());
}

#[test]
fn a_promotion_that_opens_a_service_never_says_that_it_is_private() {
    let granted = "~ access = only those who were granted roles/run.invoker may call it -> everybody may call it";
    let ways =
        [("allow_unauthenticated", "true", granted), ("invoker_iam_check", "false", "+ invoker check off = true")];
    for (input, value, shown) in ways {
        let mut scene = Scene::deployed();
        scene.cloud.world(|world| world.policy_lag = 3);
        scene.input(input, value).input("env_vars", "A: 1").input("no_traffic", "true").input("tag", "next");
        scene.input("health_path", "/health");
        let run = scene.run().expect(0);
        run.says("passed with an identity token (it is not open yet)").does_not_say("it is private");
        for name in [input, "env_vars", "no_traffic", "source"] {
            scene.input(name, "");
        }
        scene.command(&["promote", "--dry-run"]).expect(0).says(shown);
        let run = scene.command(&["promote"]).expect(0);
        run.says("Candidate: 1 of 1 checks passed with an identity token (it is not open yet)");
        run.says("Verify: 1 of 1 checks passed without an identity").does_not_say("it is private");
        run.says("Access to service `web`: everybody may call it, as was asked without an identity");
    }
}

#[test]
fn what_was_open_for_a_moment_is_told_as_it_is_now() {
    for (input, value) in [("allow_unauthenticated", "true"), ("invoker_iam_check", "false")] {
        let mut scene = Scene::deployed();
        scene
            .input(input, value)
            .input("env_vars", "A: 1")
            .input("health_path", "/health")
            .input("health_timeout", "5s");
        // Asked without an identity and with one, the candidate passes; the service does not.
        let ill = Fault::next("site.request", Action::status(500)).skip(2).times(Fault::FOREVER);
        scene.cloud.world(|world| world.faults.push(ill));
        let run = scene.run().expect(9);
        scene.cloud.world(|world| world.faults.clear());
        assert!(!run.summary().contains("| Access | everybody"), "{}", run.summary());
        if input == "allow_unauthenticated" {
            run.says("now: Access to service `web`: as before");
        }
        scene.cloud.world(|world| {
            let service = world.service("us-central1", "web").unwrap();
            assert_ne!(service.config.get("invokerIamDisabled"), Some(&json!(true)));
            assert!(service.policy.bindings.is_empty(), "{:?}", service.policy.bindings);
        });
    }
}

#[test]
fn what_cannot_be_closed_is_told_before_anything_is_done() {
    let mut scene = with("invokerIamDisabled", json!(true));
    let effects = scene.cloud.world(|world| world.effects.len());
    scene.input("allow_unauthenticated", "false");
    scene.run().expect(2).says("its invoker check is off, so everybody may call it").says("`invoker_iam_check: true`");
    assert_eq!(scene.cloud.world(|world| world.effects.len()), effects);
    scene.input("invoker_iam_check", "true");
    scene.run().expect(0).says("nobody may call it without a grant already");
    scene.input("invoker_iam_check", "false");
    scene.run().expect(2).says("* allow_unauthenticated: ");
}

#[test]
fn a_plan_shows_what_changes_of_access() {
    let mut scene = Scene::deployed();
    scene.input("allow_unauthenticated", "true").input("dry_run", "true");
    scene
        .run()
        .expect(0)
        .says("~ access = only those who were granted roles/run.invoker may call it -> everybody may call it");
    scene.input("allow_unauthenticated", "").input("invoker_iam_check", "false");
    scene.run().expect(0).says("invoker check off");
    change(&scene, |config| drop(config.insert("invokerIamDisabled".into(), json!(true))));
    scene.input("allow_unauthenticated", "true").input("invoker_iam_check", "");
    scene.run().expect(0).does_not_say("~ access");
}

#[test]
fn status_and_doctor_read_the_invoker_check_and_the_proxy() {
    for (field, says) in [
        ("invokerIamDisabled", "everybody may call it: its invoker check is off"),
        ("iapEnabled", "Identity-Aware Proxy stands in front of it and lets in whom it knows"),
    ] {
        let mut scene = with(field, json!(true));
        scene.input("source", "");
        scene.command(&["status"]).expect(0).says(says);
        scene.command(&["doctor"]).says(says);
        assert!(
            scene.cloud.calls("run.projects.locations.services.getIamPolicy").is_empty(),
            "nothing had to be asked"
        );
    }
    let mut scene = Scene::deployed();
    scene.input("source", "");
    scene.command(&["status"]).expect(0).says("only those who were granted roles/run.invoker may call it");
    // A role that is not about calling opens nothing.
    scene.cloud.world(|world| {
        let name = world.service("us-central1", "web").unwrap().name.clone();
        world.services.get_mut(&name).unwrap().policy.grant("roles/run.viewer", "allUsers");
    });
    scene.command(&["doctor"]).says("only those who were granted roles/run.invoker may call it");
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.services.getIamPolicy"));
    scene.command(&["status"]).expect(0).says("who may call it is not known: `run.services.getIamPolicy` is not held");
}

#[test]
fn behind_the_proxy_the_deployer_asks_with_a_token_of_its_own_making() {
    let mut scene = with("iapEnabled", json!(true));
    scene.cloud.world(|world| world.grant("harbour-dev", World::DEPLOYER, "roles/iap.httpsResourceAccessor"));
    scene.input("health_path", "/health").input("env_vars", "A: 1");
    let run = scene.run().expect(0);
    run.says("Identity-Aware Proxy stands in front of the service").says("checks passed through Identity-Aware Proxy");
    assert!(scene.cloud.calls("site.request").iter().all(|visit| visit.account.as_deref() == Some(World::DEPLOYER)));
    assert!(run.summary.contains("| Access | Identity-Aware Proxy stands in front"), "{}", run.summary);
    // What the program says there counts.
    scene.cloud.world(|world| {
        let site = Site::healthy().with("/health", Page::text(401, "sign in first"));
        world.next_revisions.push_back(RevisionScript::answering(site));
    });
    scene.input("env_vars", "A: 2").input("health_timeout", "5s");
    scene.run().expect(9).says("sign in first");
}

#[test]
fn a_deployer_that_the_proxy_does_not_let_in_judges_by_readiness_and_says_so() {
    let mut scene = with("iapEnabled", json!(true));
    scene.input("health_path", "/health").input("env_vars", "A: 1");
    let run = scene.run().expect(0);
    run.says("not asked, because Identity-Aware Proxy stands in front of it and does not let")
        .says("its revision is ready");
    run.says("gcloud beta iap web add-iam-policy-binding --resource-type=cloud-run --service=web --region=us-central1");
    assert_eq!(run.report()["checks"], json!([]), "what was not asked has neither passed nor failed");
    assert_eq!(run.outputs["result"], "deployed");
    // A canary's gates are judged alike.
    scene.input("strategy", "canary").input("canary_interval", "1m").input("env_vars", "A: 2");
    scene.run().expect(0).says("its revision is ready");
}

#[test]
fn without_a_key_google_signs_for_the_account_that_may_have_it_done() {
    for may_sign in [true, false] {
        let mut scene = with("iapEnabled", json!(true));
        scene.cloud.world(|world| {
            world.grant("harbour-dev", World::DEPLOYER, "roles/iap.httpsResourceAccessor");
            if may_sign {
                let member = format!("serviceAccount:{}", World::DEPLOYER);
                let account = world.accounts.get_mut(World::DEPLOYER).unwrap();
                account.policy.grant("roles/iam.serviceAccountTokenCreator", &member);
            }
        });
        crate::keyless::without_key(&mut scene);
        scene.input("health_path", "/health").input("env_vars", "A: 1");
        let run = scene.run().expect(0);
        run.says(if may_sign { "checks passed through Identity-Aware Proxy" } else { "no token for it can be had" });
    }
}

#[test]
fn a_service_that_is_internal_by_itself_is_judged_by_readiness_and_warned_of() {
    let mut scene = with("ingress", json!("INGRESS_TRAFFIC_INTERNAL_ONLY"));
    scene.input("health_path", "/health").input("env_vars", "A: 1");
    let run = scene.run().expect(0);
    run.says("on a runner outside of them the checks reach nobody");
    run.says("not asked, because its ingress lets only the project's own networks in");
    assert_eq!(run.outputs["result"], "deployed");
}

#[test]
fn a_service_without_an_address_is_judged_by_readiness() {
    let mut scene = with("defaultUriDisabled", json!(true));
    scene.input("health_path", "/health").input("env_vars", "A: 1");
    scene.run().expect(0).says("not asked, because its default URL is disabled; its revision is ready");
}

#[test]
fn the_front_ends_own_404_is_told_from_the_programs() {
    let mut scene = Scene::new();
    let next = |scene: &Scene| {
        let page = "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>That’s an error.";
        let site = Site::healthy().with("/statusz", Page::text(404, page)).with("/gone", Page::text(404, "nope"));
        scene.cloud.world(|world| world.next_revisions.push_back(RevisionScript::answering(site)));
    };
    next(&scene);
    scene.input("checks", "GET /statusz").input("health_timeout", "5s").input("allow_unauthenticated", "true");
    let run = scene.run().expect(9);
    run.says("last answer 404 of Google's front end: the program was not asked").says("paths that end with `z`");
    next(&scene);
    scene.input("checks", "GET /gone").input("env_vars", "A: 1");
    scene.run().expect(9).says("404 nope").does_not_say("front end");
}

#[test]
fn an_uptime_check_is_not_made_where_the_proxy_would_turn_it_away() {
    let mut scene = with("iapEnabled", json!(true));
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/monitoring.editor"));
    scene.input("source", "").input("uptime_path", "/health");
    scene.command(&["monitoring"]).expect(2).says("Identity-Aware Proxy stands in front of it");
    let mut scene = with("invokerIamDisabled", json!(true));
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/monitoring.editor"));
    scene.input("source", "").input("uptime_path", "/health");
    scene.command(&["monitoring"]).expect(0);
    scene.cloud.world(|world| {
        let check = world.monitoring.values().find(|one| one.get("httpCheck").is_some()).expect("a check");
        assert!(check["httpCheck"].get("serviceAgentAuthentication").is_none(), "nobody is asked who they are");
    });
}

#[test]
fn a_rewrite_to_a_service_that_lets_no_visitor_in_is_warned_of_by_name() {
    for (field, value, says) in [
        ("description", json!("private"), Some("is private (`allUsers` lacks")),
        (
            "ingress",
            json!("INGRESS_TRAFFIC_INTERNAL_ONLY"),
            Some("is reached from inside the project alone (`ingress: internal`)"),
        ),
        ("iapEnabled", json!(true), Some("stands behind Identity-Aware Proxy")),
        ("invokerIamDisabled", json!(true), None),
    ] {
        let mut scene = with(field, value);
        scene.cloud.world(|world| world.grant("harbour-dev", World::DEPLOYER, crate::hosting::ROLE));
        let rewrites = json!([{"source": "/api", "run": {"serviceId": "web", "region": "us-central1"}}]);
        scene.file("firebase.json", json!({"hosting": {"public": "dist", "rewrites": rewrites}}).to_string());
        scene.file("dist/index.html", "hello").input("source", "").input("service", "");
        scene.input("channel", "live").input("site", crate::hosting::SITE);
        let run = scene.command(&["hosting"]).expect(0);
        match says {
            Some(why) => {
                run.says(&format!("leads to service `web` in `us-central1`, which {why}")).says("to visitors");
            }
            None => {
                run.does_not_say("to visitors");
            }
        }
    }
}

#[test]
fn worker_pools_have_no_callers() {
    let mut scene = Scene::new();
    scene.input("kind", "worker-pool").input("invoker_iam_check", "false");
    scene.run().expect(2).says("* invoker_iam_check: it is not for worker pools");
}
