//! `slipway rotate-secret`: whatever goes wrong, the service reads a version that works, and every other version is
//! disabled, on its way there, or named.

mod aliases;
mod failing;
mod interrupted;
mod value;

use fakecloud::{Action, Fault, World};
use serde_json::{Value, json};

use crate::rollout::{record, traffic};
use crate::support::{Run, Scene};

const TEST: &str = "secretmanager.projects.secrets.testIamPermissions";
const LIST: &str = "secretmanager.projects.secrets.versions.list";
const ADD: &str = "secretmanager.projects.secrets.addVersion";
const DISABLE: &str = "secretmanager.projects.secrets.versions.disable";
const PATCH: &str = "run.projects.locations.services.patch";
const WAIT: &str = "run.projects.locations.operations.wait";
const ROLE: &str = "roles/secretmanager.secretVersionManager";
const SECRET: &str = "db-password";
const LONG_AGO: &str = "2026-01-01T00:00:00Z";

/// A service that reads three secrets' worth of history by `reference`, and a deployer who may rotate the secret.
fn scene_of(reference: &str) -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        for payload in ["payload-of-one", "payload-of-two", "payload-of-three"] {
            world.add_secret(World::PROJECT, SECRET, payload);
        }
        for old in &mut world.secret_mut(SECRET).unwrap().versions[..2] {
            "DISABLED".clone_into(&mut old.state);
        }
        world.share_secret(World::PROJECT, SECRET, World::COMPUTE);
        world.grant_on_secret(World::PROJECT, SECRET, World::DEPLOYER, ROLE);
    });
    scene.input("allow_unauthenticated", "true").input("health_path", "/health").input("secrets", reference);
    scene.input("env_vars", "PLAIN: kept").input("secret_max_age", "0");
    scene.run().expect(0);
    for deploys in ["allow_unauthenticated", "secrets", "env_vars", "source", "secret_max_age"] {
        scene.input(deploys, "");
    }
    scene.input("secret", SECRET).input("health_timeout", "10s");
    scene
}

pub fn scene() -> Scene {
    scene_of("DB_PASSWORD: db-password:3")
}

/// Runs the command.
fn rotate(scene: &Scene) -> Run {
    scene.command(&["rotate-secret"])
}

fn fault(scene: &Scene, fault: Fault) {
    scene.cloud.world(|world| world.faults.push(fault));
}

fn count(scene: &Scene, effect: &str) -> usize {
    scene.cloud.world(|world| world.count(effect))
}

/// The versions by number, and whether each is enabled.
fn states(scene: &Scene) -> Vec<(usize, bool)> {
    scene.cloud.world(|world| {
        let versions = &world.secret_mut(SECRET).unwrap().versions;
        (1..).zip(versions.iter().map(|version| version.state == "ENABLED")).collect()
    })
}

fn enabled(scene: &Scene) -> Vec<usize> {
    states(scene).into_iter().filter(|(_, enabled)| *enabled).map(|(number, _)| number).collect()
}

fn payload(scene: &Scene, number: usize) -> String {
    scene.cloud.world(|world| {
        String::from_utf8(world.secret_mut(SECRET).unwrap().versions[number - 1].payload.clone()).unwrap()
    })
}

/// Every version that a template asks for.
fn asked(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for container in template["containers"].as_array().into_iter().flatten() {
        for variable in container["env"].as_array().into_iter().flatten() {
            found.extend(variable["valueSource"]["secretKeyRef"]["version"].as_str().map(str::to_owned));
        }
    }
    for volume in template["volumes"].as_array().into_iter().flatten() {
        let items = volume["secret"]["items"].as_array().into_iter().flatten();
        found.extend(items.filter_map(|item| item["version"].as_str().map(str::to_owned)));
    }
    found
}

/// The service's template, without the mark of the run that wrote it.
fn template(scene: &Scene) -> Value {
    let mut template =
        scene.cloud.world(|world| world.service("us-central1", "web").unwrap().config["template"].clone());
    template["annotations"].as_object_mut().unwrap().remove("slipway.dev/run");
    template
}

/// The revision that gets every request, and the versions it asks for.
fn serving(scene: &Scene) -> (String, Vec<String>) {
    scene.cloud.world(|world| {
        let service = world.service("us-central1", "web").unwrap();
        let share = service.serving.iter().find(|share| share.percent == 100).expect("one revision serves");
        let revision = world.revision(&share.revision).unwrap();
        (revision.name.clone(), asked(&Value::from(revision.template.clone())))
    })
}

/// Whether what serves could start again: every version it asks for can be read.
fn works(scene: &Scene) -> bool {
    let (_, versions) = serving(scene);
    let enabled = enabled(scene);
    let newest = states(scene).len();
    versions.iter().all(|version| enabled.contains(&version.parse().unwrap_or(newest)))
}

/// Sets back when versions were noted as replaced, so that their grace period is over.
fn age_note(scene: &Scene) {
    scene.cloud.world(|world| {
        let name = world.services.keys().next().unwrap().clone();
        let notes = world.services.get_mut(&name).unwrap().config.get_mut("annotations").unwrap();
        let note = notes["slipway.dev/replaced-secrets"].as_str().unwrap();
        let mut note: Value = serde_json::from_str(note).unwrap();
        for at in note["harbour-dev/db-password"].as_object_mut().unwrap().values_mut() {
            *at = LONG_AGO.into();
        }
        notes["slipway.dev/replaced-secrets"] = note.to_string().into();
    });
}

#[test]
fn a_version_is_made_and_the_service_moves_to_it_verified() {
    let mut scene = scene();
    // The workflow runs on a newer commit than the one that serves.
    scene.variable("GITHUB_SHA", &"b0".repeat(20));
    let before = template(&scene);
    let run = rotate(&scene).expect(0);
    insta::assert_snapshot!("log", run.log());
    insta::assert_snapshot!("summary", run.summary());
    let (revision, versions) = serving(&scene);
    assert_eq!((revision.starts_with("web-secret-"), versions), (true, vec!["4".to_owned()]));
    // The old one stays for the grace period; what is off stays off.
    assert_eq!(enabled(&scene), [3, 4]);
    let value = payload(&scene, 4);
    assert_eq!((value.len(), value.bytes().all(|byte| byte.is_ascii_alphanumeric())), (32, true));
    for (name, wanted) in [
        ("result", "rotated"),
        ("secret_version", "4"),
        ("previous_versions", "3"),
        ("revision", revision.as_str()),
        ("disabled_versions", ""),
        ("waiting_versions", "3"),
        ("left_versions", ""),
    ] {
        assert_eq!(run.outputs[name], wanted, "{name}");
    }
    // Nothing else of the service is another: the image is the one that served, by digest.
    let mut then = template(&scene);
    then["revision"] = before["revision"].clone();
    then["containers"][0]["env"] = before["containers"][0]["env"].clone();
    assert_eq!(then, before);
    assert_eq!(record(&scene), None);
    assert_eq!(traffic(&scene).len(), 1, "no tag is left: {:?}", traffic(&scene));
    // The commit that serves is the one that served.
    let served = scene.cloud.world(|world| {
        let service = world.service("us-central1", "web").unwrap();
        service.config["annotations"]["slipway.dev/serving"].as_str().unwrap().to_owned()
    });
    assert!(served.contains(crate::support::SHA), "{served}");
}

#[test]
fn the_next_run_disables_what_was_replaced_when_its_grace_is_over() {
    let mut scene = scene();
    rotate(&scene).expect(0);
    rotate(&scene).expect(0);
    assert_eq!(enabled(&scene), [3, 4, 5], "all within the grace period");
    age_note(&scene);
    scene.input("only_when_due", "true");
    let run = rotate(&scene).expect(0);
    assert_eq!(run.outputs["result"], "not_due");
    assert_eq!(run.outputs["disabled_versions"], "4,3");
    run.says("gcloud secrets versions enable 3 --secret=db-password --project=harbour-dev");
    assert_eq!((enabled(&scene), works(&scene)), (vec![5], true));
    assert_eq!(count(&scene, "secret version added"), 2);
    // A version that somebody enables again afterwards is nobody's to disable.
    scene.cloud.world(|world| "ENABLED".clone_into(&mut world.secret_mut(SECRET).unwrap().versions[0].state));
    let run = rotate(&scene).expect(0);
    assert_eq!(run.outputs["left_versions"], "1");
    run.says("further enabled versions that nothing in sight reads: 1");
}

#[test]
fn without_a_grace_the_old_version_is_disabled_at_once_and_a_rollback_is_told_how() {
    let mut scene = scene();
    scene.input("grace", "0");
    let run = rotate(&scene).expect(0);
    assert_eq!((run.outputs["disabled_versions"].as_str(), enabled(&scene)), ("3", vec![4]));
    run.says("a rollback lead to a revision that reads it: gcloud secrets versions enable 3");
}

#[test]
fn references_to_latest_are_pinned_before_there_is_a_newer_version() {
    let scene = scene_of("DB_PASSWORD: db-password:latest");
    let run = rotate(&scene).expect(0);
    run.says("The service follows `latest` of `db-password`: pinning it to version 3 first");
    let made: Vec<String> = scene.cloud.world(|world| {
        world.revisions.iter().map(|revision| asked(&Value::from(revision.template.clone())).join(",")).collect()
    });
    assert_eq!(made, ["latest", "3", "4"]);
    // The pinned revision served, checked, before the version was there.
    let calls = scene.calls();
    let added = calls.iter().position(|call| call == ADD).unwrap();
    let writes = calls[..added].iter().filter(|call| *call == PATCH).count();
    assert!(writes >= 4, "deploy and rollout: {writes}");
    assert_eq!((serving(&scene).1, run.report()["secret"]["pinned"].clone()), (vec!["4".into()], json!(3)));
}

#[test]
fn files_and_other_containers_move_as_well_and_other_secrets_stay() {
    let scene =
        scene_of("/secrets/db/password: db-password:3\nDB_PASSWORD: projects/harbour-dev/secrets/db-password:3");
    rotate(&scene).expect(0);
    assert_eq!(serving(&scene).1, ["4", "4"]);
}

#[test]
fn a_sidecar_that_reads_it_moves_with_the_service() {
    let scene = scene();
    let sidecar = json!({"name": "side", "image": "us-docker.pkg.dev/cloudrun/container/hello:latest", "env": [
        {"name": "SIDE", "valueSource": {"secretKeyRef": {"secret": "projects/123456789012/secrets/db-password", "version": "3"}}}]});
    scene.cloud.world(|world| {
        let name = world.services.keys().next().unwrap().clone();
        let service = world.services.get_mut(&name).unwrap();
        for containers in [
            service.config.get_mut("template").unwrap()["containers"].as_array_mut().unwrap(),
            world.revisions[0].template.get_mut("containers").unwrap().as_array_mut().unwrap(),
        ] {
            containers[0]["ports"] = json!([{"containerPort": 8080}]);
            containers.push(sidecar.clone());
        }
    });
    rotate(&scene).expect(0);
    assert_eq!(serving(&scene).1, ["4", "4"]);
    assert_eq!(template(&scene)["containers"][1]["image"], sidecar["image"]);
}

#[test]
fn a_canary_goes_step_by_step_and_goes_back_whole() {
    let mut scene = scene();
    scene.input("strategy", "canary").input("canary_steps", "25,100").input("canary_interval", "1s");
    rotate(&scene).expect(0).says("Shift: 25 % for");
    assert_eq!(serving(&scene).1, ["4"]);
    let old = serving(&scene).0;
    fault(&scene, Fault::next(PATCH, Action::status(400)).skip(2));
    let run = rotate(&scene);
    assert_ne!(run.code, 0);
    assert_eq!((serving(&scene).0, works(&scene)), (old, true));
    assert_eq!(enabled(&scene), [3, 4]);
}

#[test]
fn what_somebody_still_reads_stays_enabled_and_is_named() {
    let mut scene = scene();
    let own = [("service", "web"), ("health_path", "/health"), ("health_timeout", "10s"), ("secret", SECRET)];
    for (name, _) in own {
        scene.input(name, "");
    }
    let job = [
        ("job", "nightly"),
        ("image", "us-docker.pkg.dev/cloudrun/container/hello"),
        ("secrets", "PASSWORD: db-password:3"),
        ("run", "false"),
    ];
    for (name, text) in job {
        scene.input(name, text);
    }
    scene.command(&["job"]).expect(0);
    for (name, _) in job {
        scene.input(name, "");
    }
    for (name, text) in own {
        scene.input(name, text);
    }
    scene.input("grace", "0");
    // A job, another service, and a tagged revision of this one.
    let (old, _) = serving(&scene);
    scene.cloud.world(|world| {
        let service = world.service("us-central1", "web").unwrap().clone();
        let other = service.name.replace("/web", "/other");
        let mut twin = service;
        twin.name.clone_from(&other);
        twin.latest_created = None;
        twin.serving.clear();
        twin.config.remove("traffic");
        world.services.insert(other, twin);
    });
    set_traffic_of_web(&scene, &old);
    let run = rotate(&scene).expect(0);
    assert_eq!(run.outputs["left_versions"], "3");
    run.says("Version 3 of `db-password` was replaced, and stays enabled");
    run.says("service `other`").says("job `nightly`").says(&format!("revision `{old}` of service `web`"));
    assert_eq!(enabled(&scene), [3, 4]);
    // Once they are gone, the next run disables it.
    scene.cloud.world(|world| {
        world.jobs.clear();
        world.services.retain(|name, _| name.ends_with("/web"));
        let web = world.services.values_mut().next().unwrap();
        web.serving.retain(|share| share.percent > 0);
        let targets = web.config.get_mut("traffic").unwrap().as_array_mut().unwrap();
        targets.retain(|target| target["percent"].as_u64().unwrap_or(0) > 0);
    });
    scene.input("only_when_due", "true");
    rotate(&scene).expect(0);
    assert_eq!(enabled(&scene), [4]);
}

/// The revision serves, and has a tag of somebody's.
fn set_traffic_of_web(scene: &Scene, revision: &str) {
    scene.cloud.world(|world| {
        let name = world.services.keys().find(|name| name.ends_with("/web")).unwrap().clone();
        let service = world.services.get_mut(&name).unwrap();
        service.config.insert(
            "traffic".into(),
            json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": revision, "percent": 100, "tag": "keep"}]),
        );
        let share = fakecloud::Share { revision: revision.into(), latest: false, percent: 100, tag: Some("keep".into()) };
        service.serving = vec![share];
    });
}

#[test]
fn others_who_follow_the_newest_version_are_named_before_there_is_one() {
    let scene = scene();
    scene.cloud.world(|world| {
        let service = world.service("us-central1", "web").unwrap().clone();
        let other = service.name.replace("/web", "/other");
        let mut twin = service;
        twin.name.clone_from(&other);
        twin.config["template"]["containers"][0]["env"] = json!([
            {"name": "P", "valueSource": {"secretKeyRef": {"secret": SECRET, "version": "latest"}}}]);
        world.services.insert(other, twin);
    });
    let run = rotate(&scene).expect(0);
    run.says("`latest` of `db-password` is followed by service `other`: its next instance reads the new version");
}

#[test]
fn a_version_is_left_alone_until_it_is_due() {
    let mut scene = scene();
    scene.input("only_when_due", "true");
    let run = rotate(&scene).expect(0);
    assert_eq!((run.outputs["result"].as_str(), count(&scene, "secret version added")), ("not_due", 0));
    run.says("version 3 of `db-password` is 0 days old, and due after 180");
    scene.cloud.world(|world| LONG_AGO.clone_into(&mut world.secret_mut(SECRET).unwrap().versions[2].created));
    assert_eq!(rotate(&scene).expect(0).outputs["result"], "rotated");
}

#[test]
fn a_plan_shows_what_would_change_and_writes_nothing() {
    let mut scene = scene_of("DB_PASSWORD: db-password:latest");
    scene.input("dry_run", "true");
    let effects = scene.cloud.world(|world| world.effects.len());
    let run = rotate(&scene).expect(0);
    insta::assert_snapshot!("plan", run.log());
    assert_eq!(run.outputs["result"], "planned");
    assert_eq!(scene.cloud.world(|world| world.effects.len()), effects);
    assert_eq!((scene.cloud.calls(ADD).len(), scene.cloud.calls(DISABLE).len()), (0, 0));
}

#[test]
fn what_was_deployed_since_and_serves_nobody_does_not_come_along() {
    let mut scene = scene();
    scene.input("source", "app").input("env_vars", "UNTRIED: yes").input("no_traffic", "true").input("secret", "");
    scene.run().expect(0);
    for name in ["source", "env_vars", "no_traffic"] {
        scene.input(name, "");
    }
    scene.input("secret", SECRET);
    let before = serving(&scene).0;
    rotate(&scene).expect(0);
    let (revision, versions) = serving(&scene);
    assert_eq!((revision == before, versions), (false, vec!["4".to_owned()]));
    assert!(!template(&scene).to_string().contains("UNTRIED"));
    assert!(template(&scene).to_string().contains("kept"));
}

#[test]
fn a_deploy_warns_of_an_old_version_where_it_may_look() {
    let mut scene = scene();
    scene.input("secret", "").input("source", "app");
    scene.cloud.world(|world| LONG_AGO.clone_into(&mut world.secret_mut(SECRET).unwrap().versions[2].created));
    let says = "Version 3 of secret `db-password` is ";
    let run = scene.run().expect(0);
    run.says(says).says("should be replaced after 180 days: `slipway rotate-secret` does it");
    assert!(run.report()["warnings"].to_string().contains("db-password"));
    scene.input("secret_max_age", "36500d");
    scene.run().expect(0).does_not_say(says);
    scene.input("secret_max_age", "0");
    let get = "secretmanager.projects.secrets.versions.get";
    let asked = scene.cloud.calls(get).len();
    scene.run().expect(0).does_not_say(says);
    assert_eq!(scene.cloud.calls(get).len(), asked);
    // Whoever may not look says nothing, and asks once.
    scene.input("secret_max_age", "").input("secrets", "A: db-password:3\nB: other:1\nC: third:1");
    scene.cloud.world(|world| {
        world.deny(World::DEPLOYER, "secretmanager.versions.get");
        for name in ["other", "third"] {
            world.add_secret(World::PROJECT, name, "x");
            world.share_secret(World::PROJECT, name, World::COMPUTE);
        }
    });
    scene.run().expect(0).does_not_say(says);
    assert_eq!(scene.cloud.calls(get).len(), asked + 1);
}

#[test]
fn a_rollback_to_a_revision_whose_version_is_disabled_says_what_to_enable_and_moves_nothing() {
    let mut scene = scene();
    scene.input("grace", "0");
    rotate(&scene).expect(0).says("disabled version 3");
    scene.input("grace", "").input("secret", "");
    let before = serving(&scene);
    let run = scene.command(&["rollback"]).expect(8);
    run.says("reads version 3 of secret `db-password`, which is disabled: no instance of it would start")
        .says("gcloud secrets versions enable 3 --secret=db-password --project=harbour-dev");
    assert_eq!(serving(&scene), before);
    scene.cloud.world(|world| "ENABLED".clone_into(&mut world.secret_mut(SECRET).unwrap().versions[2].state));
    scene.command(&["rollback"]).expect(0);
    assert_eq!(serving(&scene).1, ["3"]);
    // Whoever may not look goes back as before.
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "secretmanager.versions.get"));
    scene.command(&["rollback"]).expect(0);
}
