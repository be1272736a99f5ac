//! `slipway rotate-secret`: whatever goes wrong, the service reads a version that works, and every other version is
//! disabled, on its way there, or named.

use std::time::Duration;

use fakecloud::{Action, Fault, RevisionOutcome, RevisionScript, World};
use serde_json::{Value, json};

use crate::interrupted::reach_command;
use crate::rollout::{ill, next_answers, record, revisions, set_traffic, traffic};
use crate::support::listener::Listener;
use crate::support::{Run, Scene, files_below};

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

fn scene() -> Scene {
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

fn template(scene: &Scene) -> Value {
    scene.cloud.world(|world| world.service("us-central1", "web").unwrap().config["template"].clone())
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
    insta::assert_snapshot!("rotate_secret_log", run.log());
    insta::assert_snapshot!("rotate_secret_summary", run.summary());
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
fn a_pin_that_fails_makes_no_version() {
    let scene = scene_of("DB_PASSWORD: db-password:latest");
    let old = serving(&scene).0;
    next_answers(&scene, ill());
    let run = rotate(&scene).expect(9);
    assert_eq!((count(&scene, "secret version added"), serving(&scene).0), (0, old));
    assert_eq!(asked(&template(&scene)), ["latest"], "the template is as before");
    assert_eq!(run.outputs["secret_version"], "");
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
fn a_chat_is_told_how_it_ended_and_never_the_value() {
    let chat = Listener::start(|_| "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".to_owned());
    let mut scene = scene();
    scene.input("notify_webhook", &format!("{}/a-secret-path", chat.url()));
    rotate(&scene).expect(0).says("The webhook was told");
    next_answers(&scene, ill());
    rotate(&scene).expect(9).says("The webhook was told");
    scene.input("dry_run", "true");
    rotate(&scene).expect(0).does_not_say("webhook");
    assert_eq!(chat.heads().len(), 2);
}

#[test]
fn a_given_value_is_stored_as_it_is_and_stands_nowhere() {
    let mut scene = scene();
    let value = "given+value/with=specials&and$more-9f2c";
    scene.input("value", value);
    let run = rotate(&scene).expect(0);
    assert_eq!(payload(&scene, 4), value);
    hidden(&scene, &run, value);
    let generated = self::scene();
    let run = rotate(&generated).expect(0);
    hidden(&generated, &run, &payload(&generated, 4));
}

#[test]
fn a_container_that_tells_the_value_is_not_quoted() {
    let mut scene = scene();
    let value = r#"told|by_"them"*all*<b>-77"#;
    scene.input("value", value);
    scene.cloud.world(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/logging.viewer");
        world.next_revisions.push_back(RevisionScript {
            log: vec![format!("Error: password {value} is refused")],
            ..RevisionScript::ending(RevisionOutcome::DoesNotListen)
        });
    });
    let run = rotate(&scene).expect(8);
    run.says("Error: password *** is refused");
    hidden(&scene, &run, value);
    let page = fakecloud::Page::text(500, &format!("no: {value}"));
    next_answers(&scene, fakecloud::Site::healthy().with("/health", page));
    let run = rotate(&scene).expect(9);
    assert!(run.summary.contains("no: \\*\\*\\*") || run.summary.contains("no: ***"), "{}", run.summary);
    for form in [value.to_owned(), value.replace('|', "\\|"), value.replace('"', "\\\"")] {
        assert!(!run.summary.contains(&form) && !format!("{:?}", run.outputs).contains(&form), "{form}");
    }
}

/// The value stands in the one request that must carry it, and nowhere else.
fn hidden(scene: &Scene, run: &Run, value: &str) {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(value);
    let unmasked = |text: &str| -> String { text.lines().filter(|line| !line.starts_with("::add-mask::")).collect() };
    let masked = run.stdout.lines().position(|line| line == format!("::add-mask::{value}"));
    let told = run.stdout.lines().position(|line| line.contains("New version: version")).unwrap();
    assert!(masked.is_some_and(|line| line < told), "the runner is told to hide it before it is anywhere");
    for form in [value, encoded.as_str()] {
        for text in [unmasked(&run.stdout), run.summary.clone(), format!("{:?}{:?}", run.outputs, run.state)] {
            assert!(!text.contains(form));
        }
        for file in files_below(&scene.directory) {
            let text = std::fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(form), "it is in {}", file.display());
        }
        for request in scene.cloud.journal().iter().filter(|request| !request.is(ADD)) {
            let text = format!("{} {:?} {}", request.path, request.query, String::from_utf8_lossy(&request.body));
            assert!(!text.contains(form), "it went out with {}", request.call);
        }
    }
}

#[test]
fn length_and_alphabet_make_the_value() {
    let mut scene = scene();
    scene.input("length", "64").input("alphabet", "hex");
    rotate(&scene).expect(0);
    let value = payload(&scene, 4);
    assert_eq!((value.len(), value.bytes().all(|byte| b"0123456789abcdef".contains(&byte))), (64, true));
    scene.input("length", "100").input("alphabet", "xyz");
    rotate(&scene).expect(0);
    let value = payload(&scene, 5);
    assert_eq!((value.len(), value.bytes().all(|byte| b"xyz".contains(&byte))), (100, true));
}

#[test]
fn a_service_that_does_not_answer_with_it_keeps_what_it_read() {
    let scene = scene();
    let (old, template_before) = (serving(&scene).0, template(&scene));
    next_answers(&scene, ill());
    let run = rotate(&scene).expect(9);
    insta::assert_snapshot!("rotate_secret_ill", run.failure());
    assert_eq!((serving(&scene).0, enabled(&scene), works(&scene)), (old.clone(), vec![3], true));
    // The next deploy starts from the template that served, and finds no version that is disabled.
    let mut then = template(&scene);
    then["revision"] = template_before["revision"].clone();
    assert_eq!(then, template_before);
    assert_eq!((record(&scene), run.outputs["disabled_versions"].as_str()), (None, "4"));
    assert_eq!(run.outputs["secret_version"], "");
    run.says("Service `web` serves as before");
    run.says("Version 4 is disabled: it was made by this run, and nothing reads it");
    // The note of what was replaced went back too: nothing will ever disable what serves.
    let mut scene = scene;
    scene.input("grace", "0");
    rotate(&scene).expect(0);
    assert_eq!((enabled(&scene), serving(&scene).1), (vec![5], vec!["5".to_owned()]));
}

#[test]
fn a_revision_that_does_not_start_with_it_keeps_what_it_read() {
    let scene = scene();
    let old = serving(&scene).0;
    scene.cloud.world(|world| {
        world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen));
    });
    let run = rotate(&scene).expect(8);
    assert_eq!((serving(&scene).0, enabled(&scene)), (old, vec![3]));
    assert_eq!(asked(&template(&scene)), ["3"]);
    run.says("Version 4 is disabled");
}

#[test]
fn a_runtime_account_that_may_not_read_it_is_told() {
    let scene = scene();
    scene.cloud.world(|world| {
        let secret = world.secret_mut(SECRET).unwrap();
        secret.policy.revoke("roles/secretmanager.secretAccessor", &format!("serviceAccount:{}", World::COMPUTE));
    });
    let run = rotate(&scene);
    assert_ne!(run.code, 0);
    run.says("roles/secretmanager.secretAccessor");
    assert_eq!(enabled(&scene), [3]);
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
    run.says("Service `other` follows `latest` of `db-password`: its next instance reads the new version");
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
    insta::assert_snapshot!("rotate_secret_plan", run.log());
    assert_eq!(run.outputs["result"], "planned");
    assert_eq!(scene.cloud.world(|world| world.effects.len()), effects);
    assert_eq!((scene.cloud.calls(ADD).len(), scene.cloud.calls(DISABLE).len()), (0, 0));
}

#[test]
fn what_would_stop_it_halfway_is_found_before_anything_is_changed() {
    type Case = (&'static str, fn(&mut Scene), i32, &'static [&'static str]);
    let grant = "gcloud secrets add-iam-policy-binding db-password --project=harbour-dev --member=serviceAccount:deployer@harbour-dev.iam.gserviceaccount.com --role=roles/secretmanager.secretVersionManager";
    let cases: [Case; 9] = [
        (
            "no role",
            |scene| {
                scene.cloud.world(|world| {
                    let secret = world.secret_mut(SECRET).unwrap();
                    secret.policy.revoke(ROLE, &format!("serviceAccount:{}", World::DEPLOYER));
                });
            },
            4,
            &["may not rotate secret `db-password`: it lacks `secretmanager.versions.list`", "ROLE"],
        ),
        (
            "no add",
            |scene| scene.cloud.world(|world| world.deny(World::DEPLOYER, "secretmanager.versions.add")),
            4,
            &["it lacks `secretmanager.versions.add`", "ROLE"],
        ),
        (
            "no list",
            |scene| scene.cloud.world(|world| world.deny(World::DEPLOYER, "secretmanager.versions.list")),
            4,
            &["it lacks `secretmanager.versions.list`", "ROLE"],
        ),
        (
            "no disable",
            |scene| scene.cloud.world(|world| world.deny(World::DEPLOYER, "secretmanager.versions.disable")),
            4,
            &["it lacks `secretmanager.versions.disable`", "ROLE"],
        ),
        (
            "no update of the service",
            |scene| scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.services.update")),
            4,
            &["`run.services.update`"],
        ),
        (
            "no such secret",
            |scene| {
                scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, ROLE));
                scene.input("secret", "other");
            },
            2,
            &["There is no secret `other` in project `harbour-dev`"],
        ),
        (
            "a secret that it does not read",
            |scene| {
                scene.cloud.world(|world| {
                    world.add_secret(World::PROJECT, "other", "x");
                    world.grant(World::PROJECT, World::DEPLOYER, ROLE);
                });
                scene.input("secret", "other");
            },
            2,
            &["Service `web` does not read secret `other`", "db-password"],
        ),
        (
            "no such service",
            |scene| {
                scene.input("service", "nothing");
            },
            2,
            &["There is no service `nothing`"],
        ),
        (
            "a split",
            |scene| {
                scene.input("env_vars", "A: b").input("source", "app").input("secret", "");
                scene.run().expect(0);
                scene.input("env_vars", "").input("source", "").input("secret", SECRET);
                let names = revisions(scene);
                set_traffic(scene, &[(&names[0], 50, ""), (&names[1], 50, "")]);
            },
            8,
            &["The traffic of service `web` is split"],
        ),
    ];
    for (name, change, code, says) in cases {
        let mut scene = scene();
        change(&mut scene);
        let run = rotate(&scene);
        assert_eq!(run.code, code, "{name}\n{}", run.log());
        for text in says {
            run.says(if *text == "ROLE" { grant } else { text });
        }
        assert_eq!(count(&scene, "secret version added") + count(&scene, "secret version disabled"), 0, "{name}");
    }
}

#[test]
fn a_refusal_that_the_preflight_could_not_foresee_names_the_role() {
    let scene = scene();
    fault(&scene, Fault::next(TEST, Action::status(403)));
    fault(&scene, Fault::next(ADD, Action::status(403)));
    let run = rotate(&scene).expect(4);
    run.says("Could not add a version to secret `db-password`").says("gcloud secrets add-iam-policy-binding");
    assert_eq!(enabled(&scene), [3]);
}

#[test]
fn inputs_that_are_wrong_are_told_together() {
    let mut scene = scene();
    let asked = scene.cloud.journal().len();
    scene.input("secret", "a b").input("service", "").input("grace", "soon").input("strategy", "direct");
    scene.input("value", "very-secret-value").input("length", "20").input("secret_max_age", "1d");
    let run = rotate(&scene).expect(2);
    for text in [
        "service: it was not given",
        "secret: `a b` does not fit",
        "grace: `soon` does not fit",
        "strategy: `direct` would send requests to a revision that nobody has tried",
        "length: the value is given, and not made of chance",
        "secret_max_age: every run makes a new version",
    ] {
        run.says(text);
    }
    run.does_not_say("very-secret-value");
    scene.input("value", "").input("length", "5").input("alphabet", "aa").input("service", "web");
    let run = rotate(&scene).expect(2);
    run.says("alphabet: `aa` does not fit");
    scene.input("alphabet", "");
    rotate(&scene).expect(2).says("length: 5 characters out of 62 are 30 bits, which can be guessed");
    assert_eq!(scene.cloud.journal().len(), asked);
}

#[test]
fn a_lost_answer_to_adding_a_version_leaves_one_version() {
    for lost in [false, true] {
        let scene = scene();
        let strike = if lost { Fault::lost_reply(ADD, Action::Reset) } else { Fault::next(ADD, Action::Reset) };
        fault(&scene, strike);
        let run = rotate(&scene).expect(0);
        assert_eq!((count(&scene, "secret version added"), serving(&scene).1), (1, vec!["4".to_owned()]), "{lost}");
        assert_eq!(scene.cloud.calls(ADD).len(), if lost { 1 } else { 2 });
        assert_eq!(run.outputs["secret_version"], "4");
    }
    // Where nobody may look, nothing is asked for again, and the reader is told.
    let scene = scene();
    fault(&scene, Fault::lost_reply(ADD, Action::Reset));
    fault(&scene, Fault::next(LIST, Action::status(403)).skip(2));
    let run = scene.start(&["rotate-secret"]).finish_lenient();
    assert_ne!(run.code, 0);
    run.says("A version of `db-password` may be left over").says("gcloud secrets versions list db-password");
    assert!(works(&scene));
}

#[test]
fn a_version_that_cannot_be_disabled_is_red_and_named() {
    let mut scene = scene();
    scene.input("grace", "0");
    fault(&scene, Fault::next(DISABLE, Action::status(403)));
    let run = rotate(&scene).expect(4);
    run.says("Version 3 of `db-password` could not be disabled");
    run.says("gcloud secrets versions disable 3 --secret=db-password --project=harbour-dev");
    assert_eq!((run.outputs["left_versions"].as_str(), serving(&scene).1), ("3", vec!["4".to_owned()]));
    assert_eq!(run.outputs["secret_version"], "4");
    // Its etag is another one: somebody changed it meanwhile, and that is looked at.
    let changed = self::scene();
    fault(&changed, Fault::lost_reply(DISABLE, Action::Reset));
    let mut changed = changed;
    changed.input("grace", "0");
    rotate(&changed).expect(0);
    assert_eq!(enabled(&changed), [4]);
}

/// Long enough for somebody to come between.
const A_WHILE: Duration = Duration::from_millis(500);

#[test]
fn somebody_who_deploys_meanwhile_is_not_overwritten() {
    let scene = scene();
    let old = serving(&scene).0;
    // The service was looked at; its template is another one when the write comes.
    fault(&scene, Fault::next(ADD, Action::Slow(A_WHILE)));
    let running = reach_command(&scene, &["rotate-secret"], ADD, 0);
    scene.cloud.world(|world| {
        let name = world.services.keys().next().unwrap().clone();
        let service = world.services.get_mut(&name).unwrap();
        service.config["template"]["containers"][0]["env"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "NEW", "value": "x"}));
        service.version += 1;
    });
    let run = running.finish().expect(11);
    run.says("somebody deployed to the service meanwhile");
    run.says("Version 4 is disabled: it was made by this run, and nothing reads it");
    assert!(template(&scene).to_string().contains("NEW"));
    assert_eq!((serving(&scene).0, enabled(&scene)), (old, vec![3]));
}

#[test]
fn versions_of_two_runs_at_a_time_are_both_named() {
    let scene = scene();
    fault(&scene, Fault::lost_reply(ADD, Action::Reset));
    fault(&scene, Fault::next(LIST, Action::Slow(A_WHILE)).skip(2));
    let running = reach_command(&scene, &["rotate-secret"], LIST, 2);
    scene.cloud.world(|world| world.add_secret(World::PROJECT, SECRET, "of somebody else"));
    let run = running.finish().expect(11);
    run.says("Somebody else adds versions to `db-password` at the same time");
    assert_eq!(run.outputs["left_versions"], "5,4");
    assert_eq!((serving(&scene).1, enabled(&scene)), (vec!["3".to_owned()], vec![3, 4, 5]));
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
fn a_killed_pin_leaves_no_version_and_the_next_run_ends_it() {
    for (call, skip, after) in
        [(PATCH, 0, true), ("site.request", 0, false), (PATCH, 1, true), (PATCH, 2, false), (PATCH, 2, true)]
    {
        let mut scene = scene_of("DB_PASSWORD: db-password:latest");
        scene.input("grace", "0");
        hanging(&scene, (call, skip, after));
        let running = reach_command(&scene, &["rotate-secret"], call, skip);
        running.signal("KILL");
        running.finish_lenient();
        let context = format!("{call} {skip} {after}");
        assert_eq!((count(&scene, "secret version added"), works(&scene)), (0, true), "{context}");
        rotate(&scene).expect(0);
        assert_eq!((serving(&scene).1, enabled(&scene)), (vec!["4".to_owned()], vec![4]), "{context}");
    }
}

/// Where a rotation can be cut off: the call, how many of its kind come before, and whether its effect happens.
const POINTS: [(&str, u32, bool); 14] = [
    (LIST, 0, false),
    (LIST, 1, false),
    (ADD, 0, false),
    (ADD, 0, true),
    (PATCH, 0, false),
    (PATCH, 0, true),
    (WAIT, 0, false),
    ("site.request", 0, false),
    (PATCH, 1, false),
    (PATCH, 1, true),
    (PATCH, 2, false),
    (PATCH, 2, true),
    (DISABLE, 0, false),
    (DISABLE, 0, true),
];

fn hanging(scene: &Scene, (call, skip, after): (&'static str, u32, bool)) {
    let strike = if after { Fault::lost_reply(call, Action::Hang) } else { Fault::next(call, Action::Hang) };
    fault(scene, strike.skip(skip));
}

fn short(call: &str) -> &str {
    call.rsplit_once("secrets.").or(call.rsplit_once("locations.")).map_or(call, |(_, short)| short)
}

/// The table of the closing note: killed at each point, what serves, what is enabled, and what the next run makes of it.
#[test]
fn a_killed_rotation_leaves_a_service_that_works_and_the_next_run_ends_it() {
    let mut table = String::from(
        "killed at | serves version | template | enabled | works | next run serves | enabled | named | waiting\n",
    );
    for by_post in [false, true] {
        table.push_str(if by_post { "with the post step\n" } else { "without the post step\n" });
        for point in POINTS {
            let (call, skip, after) = point;
            let mut scene = scene();
            scene.input("grace", "0");
            hanging(&scene, point);
            let running = reach_command(&scene, &["rotate-secret"], call, skip);
            running.signal("KILL");
            let killed = running.finish_lenient();
            assert_eq!(killed.code, 137, "{point:?}");
            if by_post {
                scene.post(&killed).expect(0);
                assert_eq!(record(&scene), None, "{point:?}");
            }
            let list = |numbers: Vec<usize>| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
            let meets = |scene: &Scene| {
                scene.cloud.world(|world| {
                    let service = world.service("us-central1", "web").unwrap();
                    let shares = service.serving.iter().filter(|share| share.percent > 0);
                    let names = shares.map(|share| world.revision(&share.revision).unwrap().template.clone());
                    names.map(|template| asked(&Value::from(template)).join(",")).collect::<Vec<_>>().join("+")
                })
            };
            let serves = meets(&scene);
            let alive = works(&scene);
            assert!(alive, "{point:?}");
            let then = list(enabled(&scene));
            let stands = asked(&template(&scene)).join(",");
            let next = rotate(&scene).expect(0);
            assert!(works(&scene), "{point:?}");
            assert_eq!(record(&scene), None, "{point:?}");
            let in_use = serving(&scene).1.join(",");
            let named = next.outputs["left_versions"].clone();
            let waiting = next.outputs["waiting_versions"].clone();
            // Whatever is enabled and not read has been named, or waits.
            let loose: Vec<String> =
                enabled(&scene).iter().map(usize::to_string).filter(|number| *number != in_use).collect();
            let mut told: Vec<&str> = named.split(',').chain(waiting.split(',')).filter(|n| !n.is_empty()).collect();
            told.sort_unstable();
            assert_eq!(loose, told, "{point:?}");
            let dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
            table.push_str(&format!(
                "{} #{skip}{} | {serves} | {stands} | {then} | {} | {in_use} | {} | {} | {}\n",
                short(call),
                if after { ", done" } else { "" },
                if alive { "yes" } else { "NO" },
                list(enabled(&scene)),
                dash(named),
                dash(waiting),
            ));
        }
    }
    insta::assert_snapshot!("rotate_secret_killed_at_each_point", table);
}

#[test]
fn a_cancelled_rotation_puts_everything_back() {
    for point in POINTS {
        let (call, skip, after) = point;
        let mut scene = scene();
        scene.input("grace", "0");
        let old = serving(&scene).0;
        hanging(&scene, point);
        let running = reach_command(&scene, &["rotate-secret"], call, skip);
        running.signal("TERM");
        let run = running.finish_lenient();
        let context = format!("{point:?}\n{}", run.log());
        assert_eq!(run.code, 143, "{context}");
        assert!(works(&scene), "{context}");
        assert_eq!(record(&scene), None, "{context}");
        if call == DISABLE {
            // All was done but this.
            assert_eq!(serving(&scene).1, ["4"], "{context}");
            continue;
        }
        if call == PATCH && skip == 2 {
            // The finish: either end is whole.
            continue;
        }
        assert_eq!(serving(&scene).0, old, "{context}");
        assert_eq!(asked(&template(&scene)), ["3"], "{context}");
        let strays: Vec<String> =
            enabled(&scene).into_iter().filter(|number| *number != 3).map(|number| number.to_string()).collect();
        assert!(strays.iter().all(|number| run.log().contains(&format!("version {number}"))), "{context} {after}");
        assert!(strays.is_empty() || run.log().contains("Look at version"), "{context}");
    }
}
