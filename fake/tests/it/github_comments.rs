//! GitHub's comments: pages, laws, and who may change what.

use crate::github::{Forge, said};
use fakecloud::Access;
use serde_json::json;

const TALK: &str = "/repos/harbour/app/issues/7/comments";

fn forge() -> Forge {
    Forge::new(&[("pull_requests", Access::Write)])
}

#[test]
fn comments_are_listed_oldest_first_on_pages_of_thirty_to_a_hundred() {
    let forge = forge();
    forge.github(|github| {
        for number in 1..=120 {
            github.comment("harbour/app", 7, "somebody", &format!("comment {number}"));
        }
    });
    let count = |query: &str| {
        let reply = forge.get(&format!("{TALK}{query}"));
        let list = reply.json();
        let list = list.as_array().expect("a list");
        let first = list.first().map(|comment| comment["body"].as_str().unwrap_or_default().to_owned());
        (list.len(), first.unwrap_or_default(), reply.header("link").unwrap_or_default().to_owned())
    };
    let (length, first, link) = count("");
    assert_eq!((length, first.as_str()), (30, "comment 1"));
    assert!(link.contains("?page=2>; rel=\"next\"") && link.contains("?page=4>; rel=\"last\""), "{link}");
    let (length, first, link) = count("?per_page=500&page=2");
    assert_eq!((length, first.as_str()), (20, "comment 101"));
    assert!(link.contains("page=1>; rel=\"prev\"") && !link.contains("next"), "{link}");
    assert_eq!(count("?per_page=100&page=3").0, 0);
}

#[test]
fn a_comment_is_written_changed_and_deleted() {
    let forge = forge();
    let made = forge.send("POST", TALK, Some(&json!({"body": "hello"})));
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!(made["user"], json!({"login": "github-actions[bot]", "type": "Bot", "site_admin": false}));
    let place = format!("/repos/harbour/app/issues/comments/{}", made["id"]);
    let changed = forge.send("PATCH", &place, Some(&json!({"body": "bye"})));
    assert_eq!((changed.status, &changed.json()["body"]), (200, &json!("bye")));
    assert_eq!([1, 2].map(|_| forge.send("DELETE", &place, None).status), [204, 404]);
    assert_eq!(forge.send("PATCH", &place, Some(&json!({"body": "x"}))).status, 404);
    let counts = ["comment created", "comment changed", "comment deleted"];
    assert_eq!(counts.map(|what| forge.cloud.world(|world| world.count(what))), [1, 1, 1]);
}

#[test]
fn a_comment_has_a_lawful_body_and_a_place() {
    let forge = forge();
    let post = |body: &str| forge.send("POST", TALK, Some(&json!({"body": body})));
    assert_eq!(post(&"ü".repeat(65_536)).status, 201);
    let refused = post(&"x".repeat(65_537));
    assert_eq!((refused.status, said(&refused).as_str()), (422, "Validation Failed"));
    assert_eq!(refused.json()["errors"][0]["message"], "Body is too long (maximum is 65536 characters)");
    assert_eq!(post(" \n").status, 422);
    let nothing = forge.send("POST", TALK, Some(&json!({})));
    assert_eq!((nothing.status, said(&nothing).as_str()), (422, "Invalid request.\n\n\"body\" wasn't supplied."));
    assert_eq!(forge.send("POST", "/repos/harbour/app/issues/8/comments", Some(&json!({"body": "x"}))).status, 404);
    forge.github(|github| github.repository("harbour/app").issues.insert(8));
    assert_eq!(forge.send("POST", "/repos/harbour/app/issues/8/comments", Some(&json!({"body": "x"}))).status, 201);
}
