//! GitHub's deployments: how they are found, what a success ends, what may be deleted.

use crate::client::Reply;
use crate::github::{Forge, HEAD, MAIN, NEXT, said};
use fakecloud::Access;
use serde_json::{Value, json};

const HOME: &str = "/repos/harbour/app/deployments";

fn forge() -> Forge {
    Forge::new(&[("deployments", Access::Write)])
}

fn create(forge: &Forge, body: &Value) -> Reply {
    forge.send("POST", HOME, Some(body))
}

fn made(forge: &Forge, reference: &str, environment: &str, more: &Value) -> u64 {
    let mut body = json!({"ref": reference, "environment": environment, "auto_merge": false, "required_contexts": []});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let reply = create(forge, &body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["id"].as_u64().expect("an id")
}

fn status(forge: &Forge, id: u64, body: &Value) -> Reply {
    forge.send("POST", &format!("{HOME}/{id}/statuses"), Some(body))
}

#[test]
fn a_deployment_is_found_by_what_it_was_made_for() {
    let forge = forge();
    let payload = json!({"run": "1"});
    let first = made(&forge, MAIN, "production", &json!({"payload": payload, "description": "one"}));
    let second = made(&forge, "feature/lights", "preview", &json!({"task": "deploy:x", "transient_environment": true}));
    let third = made(&forge, NEXT, "production", &json!({"payload": "text"}));
    let ids = |query: &str| -> Vec<u64> {
        let list = forge.get(&format!("{HOME}{query}")).json();
        list.as_array().expect("a list").iter().filter_map(|one| one["id"].as_u64()).collect()
    };
    assert_eq!(ids(""), [third, second, first], "newest first");
    assert_eq!(ids("?environment=production"), [third, first]);
    assert_eq!(ids(&format!("?sha={MAIN}")), [first]);
    assert_eq!(ids(&format!("?sha={HEAD}")), [second], "the branch's commit");
    assert_eq!(ids("?ref=feature%2Flights"), [second]);
    assert_eq!(ids("?task=deploy"), [third, first]);
    assert_eq!(ids("?per_page=2&page=2"), [first]);
    let shown = forge.get(&format!("{HOME}/{first}")).json();
    assert_eq!((&shown["payload"], &shown["production_environment"]), (&payload, &json!(true)));
    let shown = forge.get(&format!("{HOME}/{second}")).json();
    assert_eq!((&shown["transient_environment"], &shown["production_environment"]), (&json!(true), &json!(false)));
    assert_eq!(forge.cloud.world(|world| world.count("deployment created")), 3);
}

#[test]
fn a_ref_must_be_there_merged_and_green() {
    let forge = forge();
    let refused = create(&forge, &json!({"ref": "nowhere"}));
    assert_eq!((refused.status, said(&refused).as_str()), (422, "No ref found for: nowhere"));
    let merged = create(&forge, &json!({"ref": "feature/lights"}));
    assert_eq!((merged.status, said(&merged).as_str()), (202, "Auto-merged main into feature/lights on deployment."));
    forge.github(|github| github.repository("harbour/app").failing.insert(NEXT.to_owned(), vec!["ci".to_owned()]));
    let refused = create(&forge, &json!({"ref": "main"}));
    assert_eq!((refused.status, said(&refused).as_str()), (409, "Conflict: Commit status checks failed for main."));
    assert_eq!(create(&forge, &json!({"ref": "main", "required_contexts": ["ci"]})).status, 409);
    assert_eq!(forge.cloud.world(|world| world.effects.len()), 0);
    for contexts in [json!([]), json!(["lint"])] {
        assert_eq!(create(&forge, &json!({"ref": "main", "required_contexts": contexts})).status, 201);
    }
    assert_eq!(create(&forge, &json!({"ref": "main", "transient_environment": "yes"})).status, 422);
}

#[test]
fn a_success_ends_earlier_successes_of_the_same_lasting_environment() {
    let forge = forge();
    let kinds =
        [("staging", json!({})), ("preview", json!({"transient_environment": true})), ("production", json!({}))];
    for (environment, more) in &kinds {
        let failed = made(&forge, MAIN, environment, more);
        status(&forge, failed, &json!({"state": "failure"}));
        for _ in 0..2 {
            let id = made(&forge, NEXT, environment, more);
            assert_eq!(status(&forge, id, &json!({"state": "success"})).status, 201);
        }
    }
    let states =
        |environment: &str| forge.github(|github| github.repository("harbour/app").states(environment).join(" "));
    assert_eq!(states("staging"), "failure inactive success");
    assert_eq!(states("preview"), "failure success success", "transient ones are left");
    assert_eq!(states("production"), "failure success success", "so is production");
    let last = made(&forge, NEXT, "staging", &json!({}));
    status(&forge, last, &json!({"state": "success", "auto_inactive": false}));
    assert_eq!(states("staging"), "failure inactive success success");
}

#[test]
fn statuses_have_laws_and_are_listed_newest_first() {
    let forge = forge();
    let id = made(&forge, MAIN, "production", &json!({}));
    for state in ["queued", "pending", "in_progress", "success"] {
        let body = json!({"state": state, "log_url": "https://x.example/log", "environment_url": "https://x.example",
            "description": "d".repeat(140)});
        assert_eq!(status(&forge, id, &body).status, 201, "{state}");
    }
    let list = forge.get(&format!("{HOME}/{id}/statuses?per_page=1")).json();
    assert_eq!((&list[0]["state"], &list[0]["target_url"]), (&json!("success"), &json!("https://x.example/log")));
    for body in [
        json!({"state": "done"}),
        json!({"state": "success", "description": "d".repeat(141)}),
        json!({"state": "success", "environment_url": "x.example"}),
        json!({"description": "x"}),
    ] {
        assert_eq!(status(&forge, id, &body).status, 422, "{body}");
    }
    assert_eq!(status(&forge, 1, &json!({"state": "success"})).status, 404);
}

#[test]
fn what_is_active_is_not_deleted_unless_it_is_alone() {
    let forge = forge();
    let delete = |id: u64| forge.send("DELETE", &format!("{HOME}/{id}"), None);
    let [first, second] = [MAIN, NEXT].map(|sha| made(&forge, sha, "preview", &json!({})));
    status(&forge, first, &json!({"state": "success"}));
    let refused = delete(first);
    assert_eq!(refused.status, 422);
    assert!(said(&refused).starts_with("We cannot delete an active deployment"));
    status(&forge, first, &json!({"state": "inactive"}));
    assert_eq!([delete(first).status, delete(first).status], [204, 404]);
    assert_eq!(delete(second).status, 204, "the last one may go");
    assert_eq!(forge.cloud.world(|world| world.count("deployment deleted")), 2);
}
