//! `slipway rotate-key`: whatever goes wrong, the secret holds a key that works, and every other key is gone, off, or
//! named.

use std::collections::BTreeMap;

use fakecloud::{Access, Action, ActionsSecret, Fault, Key, OrganizationSecret, World};
use serde_json::{Value, json};

use crate::interrupted::reach_command;
use crate::support::{Run, Scene};

const LIST: &str = "iam.projects.serviceAccounts.keys.list";
pub const CREATE: &str = "iam.projects.serviceAccounts.keys.create";
pub const DISABLE: &str = "iam.projects.serviceAccounts.keys.disable";
pub const DELETE: &str = "iam.projects.serviceAccounts.keys.delete";
const PUT: &str = "github.secrets.put";
const LOOK: &str = "github.secrets.get";
const ROLE: &str = "roles/iam.serviceAccountKeyAdmin";
const LONG_AGO: &str = "2026-01-01T00:00:00Z";

fn held(value: &str, updated: &str) -> ActionsSecret {
    ActionsSecret {
        sealed: String::new(),
        opened: Some(value.to_owned()),
        created: LONG_AGO.to_owned(),
        updated: updated.to_owned(),
    }
}

/// An account with one key, which the secret has held for long, and a token that may write the secret.
pub fn scene() -> Scene {
    let mut scene = Scene::new();
    let key = scene.key().to_string();
    let token = scene.cloud.world(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, ROLE);
        world.github.add_repository("o/r").secrets.insert("GCP_KEY".into(), held(&key, LONG_AGO));
        world.github.add_token_of("owner", "o/r", &[("secrets", Access::Write)])
    });
    scene.variable("GITHUB_API_URL", &scene.cloud.github_url());
    scene.input("service", "").input("source", "").input("secret", "gcp_key").input("github_token", &token);
    scene
}

/// Runs the command, some seconds after whatever was before: GitHub counts in whole ones.
pub fn rotate(scene: &Scene) -> Run {
    scene.cloud.world(|world| world.clock_skew += 2);
    scene.command(&["rotate-key"])
}

pub fn keys(scene: &Scene) -> Vec<Key> {
    scene.cloud.world(|world| world.accounts[World::DEPLOYER].keys.clone())
}

fn states(scene: &Scene) -> Vec<(String, bool)> {
    keys(scene).into_iter().map(|key| (key.id, !key.disabled)).collect()
}

/// The key file in the secret, as a job would find it.
pub fn stored(scene: &Scene) -> Value {
    let text = scene.cloud.world(|world| world.github.repository("o/r").secrets["GCP_KEY"].opened.clone());
    let text = text.expect("it opens");
    assert!(!text.contains('\n'), "GitHub would hide each line of it by itself, `{{` and `}}` too");
    serde_json::from_str(&text).expect("a key file")
}

pub fn id_of(file: &Value) -> String {
    file["private_key_id"].as_str().expect("an id").to_owned()
}

/// Whether the key in the secret gives tokens.
pub fn works(scene: &Scene) -> bool {
    let id = id_of(&stored(scene));
    keys(scene).iter().any(|key| key.id == id && !key.disabled)
}

pub fn fault(scene: &Scene, fault: Fault) {
    scene.cloud.world(|world| world.faults.push(fault));
}

fn count(scene: &Scene, effect: &str) -> usize {
    scene.cloud.world(|world| world.count(effect))
}

/// A key that was switched off, such as an earlier rotation left.
fn ancient(scene: &Scene) -> String {
    scene.cloud.world(|world| {
        let id = world.add_key(World::DEPLOYER).unwrap();
        world.accounts.get_mut(World::DEPLOYER).unwrap().keys.last_mut().unwrap().disabled = true;
        id
    })
}

#[test]
fn a_key_is_made_proven_stored_and_the_old_one_is_switched_off() {
    let scene = scene();
    let old = id_of(&scene.key());
    scene.cloud.world(|world| world.key_lag = 3);
    let run = rotate(&scene).expect(0);
    insta::assert_snapshot!("rotate_log", run.log());
    insta::assert_snapshot!("rotate_summary", run.summary());
    let new = id_of(&stored(&scene));
    assert_ne!(new, old);
    assert_eq!(states(&scene), [(old.clone(), false), (new.clone(), true)]);
    // Key and file belong together, and the file is whole.
    assert_eq!(stored(&scene)["client_email"], World::DEPLOYER);
    for (name, value) in
        [("result", "rotated"), ("key_id", &new), ("disabled_keys", &old), ("deleted_keys", ""), ("left_keys", "")]
    {
        assert_eq!(run.outputs[name], value, "{name}");
    }
    let rotation = &run.report()["rotation"];
    assert_eq!((&rotation["secret_holds"], &rotation["proven"]), (&json!("new"), &json!(true)));
    assert_eq!(scene.cloud.calls("oauth2.token").len(), 1 + 4, "signing in, three refusals, the proof");
}

#[test]
fn the_next_run_deletes_what_is_off_for_longer_than_the_grace_period() {
    let mut scene = scene();
    let first = id_of(&scene.key());
    rotate(&scene).expect(0);
    let second = stored(&scene);
    scene.input("credentials_json", &second.to_string());
    // The secret was written a moment ago.
    rotate(&scene).expect(0);
    assert_eq!(count(&scene, "key deleted"), 0);
    let third = stored(&scene);
    scene.cloud.world(|world| {
        LONG_AGO.clone_into(&mut world.github.repository("o/r").secrets.get_mut("GCP_KEY").unwrap().updated);
    });
    scene.input("credentials_json", &third.to_string()).input("keep_keys", &first);
    let run = rotate(&scene).expect(0);
    assert_eq!(run.outputs["deleted_keys"], id_of(&second));
    let fourth = id_of(&stored(&scene));
    assert_eq!(states(&scene), [(first, false), (id_of(&third), false), (fourth, true)]);
}

#[test]
fn a_plan_shows_the_fate_of_every_key_and_changes_nothing() {
    let mut scene = scene();
    let (old, ancient) = (id_of(&scene.key()), ancient(&scene));
    scene.input("dry_run", "true");
    let run = rotate(&scene).expect(0);
    run.says(&format!("removes key {ancient} = disabled"))
        .says(&format!("key {old} = enabled -> disabled"))
        .says("Nothing was changed");
    assert_eq!(states(&scene), [(old, true), (ancient, false)]);
    assert_eq!((count(&scene, "secret written"), run.outputs["result"].as_str()), (0, "planned"));
}

#[test]
fn other_keys_that_work_are_named_and_with_all_they_are_old() {
    let mut scene = scene();
    let other = scene.cloud.world(|world| world.add_key(World::DEPLOYER).unwrap());
    let run = rotate(&scene).expect(0);
    run.says(&format!("Key `{other}` of the account works as well"));
    assert_eq!(run.outputs["left_keys"], other);
    let mine = stored(&scene).to_string();
    scene.input("credentials_json", &mine).input("retire", "all");
    let run = rotate(&scene).expect(0);
    assert_eq!(run.outputs["left_keys"], "");
    assert!(run.outputs["disabled_keys"].starts_with(&other), "the key in use comes last");
    assert_eq!(states(&scene).iter().filter(|(_, works)| *works).count(), 1);
}

#[test]
fn a_secret_that_is_not_there_yet_takes_no_key_away() {
    let mut scene = scene();
    let old = id_of(&scene.key());
    scene.input("secret", "NEW_PLACE");
    let run = rotate(&scene).expect(0);
    assert_eq!((run.outputs["left_keys"].as_str(), run.outputs["disabled_keys"].as_str()), (old.as_str(), ""));
}

#[test]
fn secrets_of_environments_and_organisations_are_written_as_well() {
    let mut scene = scene();
    let key = scene.key().to_string();
    let token = scene.cloud.world(|world| {
        let place = "production/GCP_KEY".to_owned();
        world.github.repository("o/r").secrets.insert(place, held(&key, LONG_AGO));
        let secret =
            OrganizationSecret { secret: held(&key, LONG_AGO), visibility: "selected".into(), repositories: vec![7] };
        world.github.organization_secrets.insert("o/GCP_KEY".into(), secret);
        let may = [("environments", Access::Write), ("organization_secrets", Access::Write)];
        world.github.add_token_of("owner", "o/r", &may)
    });
    scene.input("github_token", &token).input("environment", "production");
    rotate(&scene).expect(0).says("environment `production`");
    let text = scene.cloud.world(|world| world.github.repository("o/r").secrets["production/GCP_KEY"].opened.clone());
    let file: Value = serde_json::from_str(&text.unwrap()).unwrap();
    scene.input("environment", "").input("organization", "o").input("credentials_json", &file.to_string());
    rotate(&scene).expect(0);
    scene.cloud.world(|world| {
        let made = &world.github.organization_secrets["o/GCP_KEY"];
        assert_eq!((made.visibility.as_str(), &made.repositories), ("selected", &vec![7]), "its users stay");
        assert_ne!(made.secret.opened, Some(file.to_string()));
    });
    scene.input("secret", "OTHER");
    rotate(&scene).expect(2).says("Make the secret once by hand");
}

#[test]
fn what_would_stop_it_halfway_is_found_before_a_key_is_made() {
    type Case = (&'static str, fn(&mut Scene), i32, &'static [&'static str]);
    let cases: [Case; 4] = [
        (
            "no role",
            |scene| scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, ROLE)),
            4,
            &["may not rotate the keys", "gcloud iam service-accounts add-iam-policy-binding", ROLE],
        ),
        (
            "the workflow's own token",
            |scene| {
                let token = scene.cloud.world(|world| world.github.add_token("o/r", &[("contents", Access::Write)]));
                scene.input("github_token", &token);
            },
            4,
            &["`Secrets: Read and write`", "The workflow's own token can never write secrets"],
        ),
        (
            "ten keys",
            |scene| scene.cloud.world(|world| (0..9).for_each(|_| drop(world.add_key(World::DEPLOYER)))),
            5,
            &["has 10 keys, and can have no more"],
        ),
        (
            "no such repository",
            |scene| {
                scene.input("repository", "o/elsewhere");
            },
            4,
            &["GitHub does not tell the two apart"],
        ),
    ];
    for (name, change, code, says) in cases {
        let mut scene = scene();
        change(&mut scene);
        let run = rotate(&scene);
        assert_eq!(run.code, code, "{name}\n{}", run.log());
        for text in says {
            run.says(text);
        }
        assert_eq!(count(&scene, "key created") + count(&scene, "secret written"), 0, "{name}");
    }
}

#[test]
fn an_organisation_that_forbids_keys_is_told_apart() {
    let scene = scene();
    scene.cloud.world(|world| world.home().keys_forbidden = true);
    let run = rotate(&scene).expect(2);
    insta::assert_snapshot!("keys_forbidden", run.failure());
    assert!(works(&scene));
}

#[test]
fn inputs_that_contradict_each_other_are_told_together() {
    let mut scene = scene();
    scene.input("secret", "").input("github_token", "").input("grace", "soon").input("retire", "abc");
    scene.input("organization", "o").input("environment", "production");
    let run = rotate(&scene).expect(2);
    for text in [
        "secret: it was not given",
        "github_token: it was not given",
        "grace: `soon` does not fit",
        "retire: `abc` is no id of a key",
        "organization: `environment` says already whose secret it is",
    ] {
        run.says(text);
    }
    scene.input("account", "other@harbour-dev.iam.gserviceaccount.com").input("retire", "");
    rotate(&scene).expect(2).says("does not sign in with a key of the account");
    assert_eq!(scene.cloud.journal().len(), 0);
}

#[test]
fn a_lost_answer_to_making_a_key_leaves_one_key() {
    for lost in [false, true] {
        let scene = scene();
        let strike = if lost { Fault::lost_reply(CREATE, Action::Reset) } else { Fault::next(CREATE, Action::Reset) };
        fault(&scene, strike);
        let run = rotate(&scene).expect(0);
        assert_eq!(run.outputs["deleted_keys"].is_empty(), !lost);
        assert!(works(&scene));
        assert_eq!(keys(&scene).len(), 2, "the old one and the stored one");
        assert_eq!(count(&scene, "key created"), if lost { 2 } else { 1 });
    }
}

#[test]
fn a_key_that_cannot_be_proven_or_stored_is_deleted_again_or_named() {
    let unproven = scene();
    unproven.cloud.world(|world| world.key_lag = 1000);
    rotate(&unproven).expect(3).says("does not work");
    let refused = scene();
    fault(&refused, Fault::next(PUT, Action::status(422)));
    rotate(&refused).expect(2).says("Could not store the new key");
    for scene in [unproven, refused] {
        assert_eq!((keys(&scene).len(), works(&scene)), (1, true));
        assert_eq!(id_of(&stored(&scene)), id_of(&scene.key()));
    }
    let stuck = scene();
    fault(&stuck, Fault::next(PUT, Action::status(422)));
    fault(&stuck, Fault::next(DELETE, Action::status(403)));
    let run = rotate(&stuck).expect(2);
    let left = keys(&stuck)[1].id.clone();
    assert_eq!(run.outputs["left_keys"], left);
    run.says(&format!("Look at key `{left}`: nothing holds it, and it could not be deleted"));
    assert!(works(&stuck));
}

#[test]
fn a_lost_answer_of_github_is_settled_by_the_secrets_time() {
    let written = scene();
    fault(&written, Fault::lost_reply(PUT, Action::Reset));
    rotate(&written).expect(0);
    assert!(works(&written) && id_of(&stored(&written)) != id_of(&written.key()));
    // Nothing is certain: both keys stay, and the new one is named.
    let open = scene();
    fault(&open, Fault::next(PUT, Action::Reset).times(3));
    let run = rotate(&open).expect(7);
    assert_eq!(keys(&open).iter().filter(|key| !key.disabled).count(), 2);
    assert_eq!(run.outputs["left_keys"], keys(&open)[1].id);
    assert_eq!(run.report()["rotation"]["secret_holds"], "either");
    run.says("both work");
    // A refusal says nothing of the write before it, which had its effect unseen.
    let hidden = scene();
    fault(&hidden, Fault::lost_reply(PUT, Action::Reset));
    fault(&hidden, Fault::next(LOOK, Action::status(502)).skip(1).times(3));
    fault(&hidden, Fault::next(PUT, Action::status(422)).skip(1));
    hidden.start(&["rotate-key"]).finish_lenient();
    assert!(works(&hidden));
}

#[test]
fn an_old_key_that_stays_on_is_red_and_named() {
    let scene = scene();
    fault(&scene, Fault::next(DISABLE, Action::status(403)));
    let run = rotate(&scene);
    assert_eq!(run.code, 4, "{}", run.log());
    run.says("The new key is stored, but key").says("gcloud iam service-accounts keys disable");
    assert_eq!(run.outputs["left_keys"], id_of(&scene.key()));
    assert!(works(&scene) && id_of(&stored(&scene)) != id_of(&scene.key()));
}

#[test]
fn a_deploy_warns_of_an_old_key_where_it_may_look() {
    let mut scene = Scene::new();
    let id = id_of(&scene.key());
    scene.cloud.world(|world| {
        LONG_AGO.clone_into(&mut world.accounts.get_mut(World::DEPLOYER).unwrap().keys[0].created);
    });
    let says = format!("The key `{id}` of `{}` is ", World::DEPLOYER);
    scene.run().expect(0).does_not_say(&says);
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, ROLE));
    let run = scene.run().expect(0);
    run.says(&says).says("should be replaced after 90 days: `slipway rotate-key` does it");
    assert!(run.report()["warnings"].to_string().contains(&id));
    scene.input("key_max_age", "36500d");
    scene.run().expect(0).does_not_say(&says);
    scene.input("key_max_age", "0");
    let asked = scene.cloud.calls("iam.projects.serviceAccounts.keys.get").len();
    scene.run().expect(0).does_not_say(&says);
    assert_eq!(scene.cloud.calls("iam.projects.serviceAccounts.keys.get").len(), asked);
}

/// Where a rotation can be cut off: the call, how many of its kind come before, and whether its effect happens.
const POINTS: [(&str, u32, bool); 11] = [
    (LIST, 0, false),
    (DELETE, 0, false),
    (DELETE, 0, true),
    (CREATE, 0, false),
    (CREATE, 0, true),
    ("oauth2.token", 1, false),
    (PUT, 0, false),
    (PUT, 0, true),
    (LOOK, 1, false),
    (DISABLE, 0, false),
    (DISABLE, 0, true),
];

fn hanging(scene: &Scene, (call, skip, after): (&'static str, u32, bool)) {
    let strike = if after { Fault::lost_reply(call, Action::Hang) } else { Fault::next(call, Action::Hang) };
    fault(scene, strike.skip(skip));
}

/// What is where, by the parts the keys play.
fn told(scene: &Scene, roles: &BTreeMap<String, &str>, fresh: &str) -> (String, String) {
    let role = |id: &str| roles.get(id).copied().unwrap_or(fresh).to_owned();
    let holds = id_of(&stored(scene));
    let mut others = Vec::new();
    for (id, enabled) in states(scene).into_iter().filter(|(id, _)| *id != holds) {
        others.push(format!("{} {}", role(&id), if enabled { "on" } else { "off" }));
    }
    others.sort();
    (role(&holds), if others.is_empty() { "nothing".into() } else { others.join(", ") })
}

/// The table of the closing note: killed at each point, which key the secret holds, what is left, what the next run does.
#[test]
fn a_killed_rotation_leaves_a_key_that_works_and_the_next_run_ends_it() {
    let mut table = String::from(
        "killed at | the secret holds | it works | besides | after the next run: the secret holds | besides | named\n",
    );
    for retire in ["used", "all"] {
        table.push_str(&format!("retire: {retire}\n"));
        for point in POINTS {
            let (call, skip, after) = point;
            let mut scene = scene();
            scene.input("retire", retire);
            let mut roles = BTreeMap::from([(id_of(&scene.key()), "old"), (ancient(&scene), "ancient")]);
            hanging(&scene, point);
            let running = reach_command(&scene, &["rotate-key"], call, skip);
            running.signal("KILL");
            assert_eq!(running.finish_lenient().code, 137);
            let (holds, besides) = told(&scene, &roles, "new");
            let alive = works(&scene);
            assert!(alive, "{point:?}");
            for key in keys(&scene) {
                roles.entry(key.id).or_insert("new");
            }
            scene.input("credentials_json", &stored(&scene).to_string());
            let next = rotate(&scene).expect(0);
            assert!(works(&scene), "{point:?}");
            let (then, left) = told(&scene, &roles, "next");
            let named: Vec<&str> =
                next.outputs["left_keys"].split(',').filter_map(|id| roles.get(id).copied()).collect();
            // Whatever works and is not in the secret has been named.
            let on = left.split(", ").filter(|key| key.ends_with(" on")).map(|key| key.trim_end_matches(" on"));
            assert_eq!(on.collect::<Vec<_>>(), named, "{point:?}");
            let short = call.rsplit_once("serviceAccounts.").map_or(call, |(_, short)| short);
            let effect = if after { ", done" } else { "" };
            let named = if named.is_empty() { "-".to_owned() } else { named.join(", ") };
            table.push_str(&format!(
                "{short} #{skip}{effect} | {holds} | {} | {besides} | {then} | {left} | {named}\n",
                if alive { "yes" } else { "NO" }
            ));
        }
    }
    insta::assert_snapshot!("killed_at_each_point", table);
}

#[test]
fn a_cancelled_rotation_takes_its_unstored_key_away() {
    for point in POINTS {
        let (call, skip, after) = point;
        let scene = scene();
        ancient(&scene);
        hanging(&scene, point);
        let running = reach_command(&scene, &["rotate-key"], call, skip);
        running.signal("TERM");
        let run = running.finish_lenient();
        assert_eq!(run.code, 143, "{point:?}");
        assert!(works(&scene), "{point:?}");
        let holds = id_of(&stored(&scene));
        let strays: Vec<String> = states(&scene)
            .into_iter()
            .filter(|(id, enabled)| *enabled && *id != holds && *id != id_of(&scene.key()))
            .map(|(id, _)| id)
            .collect();
        let told = run.log();
        assert!(strays.iter().all(|_| told.contains("holds either")), "{point:?} {after}: {strays:?}\n{told}");
    }
}
