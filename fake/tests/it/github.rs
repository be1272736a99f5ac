//! GitHub's API: who is let in, how comparisons, pull requests and secrets look, and how limits are told.

use crate::client::{self, Reply};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fakecloud::{Access, Action, FakeCloud, Fault, GitHub, World};
use serde_json::{Value, json};
use std::io::ErrorKind;

pub(crate) const MAIN: &str = "a000000000000000000000000000000000000001";
pub(crate) const NEXT: &str = "a000000000000000000000000000000000000002";
pub(crate) const HEAD: &str = "b000000000000000000000000000000000000003";

/// A repository with three commits and a pull request, and a token for it.
pub(crate) struct Forge {
    pub(crate) cloud: FakeCloud,
    pub(crate) token: String,
}

impl Forge {
    pub(crate) fn new(permissions: &[(&str, Access)]) -> Forge {
        let mut world = World::new();
        let repository = world.github.add_repository("Harbour/App");
        repository.add_commit("main", MAIN, &[], &["README.md"]);
        repository.add_commit("main", NEXT, &[MAIN], &["api/main.py"]);
        repository.add_commit("feature/lights", HEAD, &[MAIN], &["web/index.html", "web/app.js"]);
        repository.add_pull(7, "feature/lights", HEAD);
        let token = world.github.add_token("harbour/app", permissions);
        Forge { cloud: FakeCloud::start(world), token }
    }

    pub(crate) fn send(&self, verb: &str, path: &str, body: Option<&Value>) -> Reply {
        self.try_send(verb, path, body).expect("a reply")
    }

    pub(crate) fn try_send(&self, verb: &str, path: &str, body: Option<&Value>) -> std::io::Result<Reply> {
        let bearer = format!("Bearer {}", self.token);
        let text = body.map(Value::to_string);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("User-Agent", "test"),
            ("Accept", "application/vnd.github+json"),
            ("Content-Type", "application/json"),
        ];
        client::send(&self.cloud.github_url(), verb, path, &headers, text.as_deref().map(str::as_bytes))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    pub(crate) fn github<R>(&self, look: impl FnOnce(&mut GitHub) -> R) -> R {
        self.cloud.world(|world| look(&mut world.github))
    }
}

pub(crate) fn said(reply: &Reply) -> String {
    reply.json()["message"].as_str().unwrap_or_default().to_owned()
}

const EVERYTHING: &[(&str, Access)] = &[
    ("contents", Access::Read),
    ("pull_requests", Access::Write),
    ("deployments", Access::Write),
    ("secrets", Access::Write),
    ("organization_secrets", Access::Write),
    ("environments", Access::Write),
];

#[test]
fn a_call_needs_a_name_a_media_type_and_a_token() {
    let forge = Forge::new(&[]);
    let bearer = format!("Bearer {}", forge.token);
    let basic = format!("token {}", forge.token);
    let all = [("Authorization", bearer.as_str()), ("User-Agent", "t"), ("Accept", "application/vnd.github+json")];
    let ask = |headers: &[(&str, &str)]| {
        client::send(&forge.cloud.github_url(), "GET", "/repos/harbour/app", headers, None).expect("a reply").status
    };
    assert_eq!(ask(&all), 200);
    assert!(forge.cloud.unexpected().is_empty());
    let without = |name: &str| ask(&all.iter().copied().filter(|(known, _)| *known != name).collect::<Vec<_>>());
    assert_eq!([without("Authorization"), without("User-Agent"), without("Accept")], [401, 403, 415]);
    assert_eq!(ask(&[("Authorization", basic.as_str()), all[1], all[2]]), 401);
    assert_eq!(ask(&[all[0], all[1], all[2], ("X-GitHub-Api-Version", "2030-01-01")]), 400);
    assert_eq!(forge.cloud.unexpected().len(), 5);
    assert_eq!(ask(&[("Authorization", "Bearer ghs_unknown"), all[1], all[2]]), 401);
    assert_eq!(forge.cloud.unexpected().len(), 5, "a token that ended is nobody's mistake");
}

#[test]
fn what_a_token_may_not_do_is_said_and_what_it_may_not_see_is_not_there() {
    let forge = Forge::new(&[("deployments", Access::Read)]);
    assert_eq!(forge.get("/repos/harbour/app/deployments").status, 200);
    let refused = forge.send("POST", "/repos/harbour/app/deployments", Some(&json!({"ref": "main"})));
    assert_eq!((refused.status, said(&refused).as_str()), (403, "Resource not accessible by integration"));
    assert_eq!(refused.header("x-accepted-github-permissions"), Some("deployments=write"));
    let refused = forge.send("POST", "/repos/harbour/app/issues/7/comments", Some(&json!({"body": "x"})));
    assert_eq!(refused.header("x-accepted-github-permissions"), Some("issues=write; pull_requests=write"));
    assert_eq!(forge.get("/repos/harbour/app/pulls/7").status, 403);
    assert_eq!(forge.get("/user").status, 403, "an app is no user");

    forge.github(|github| github.repository("harbour/app").private = false);
    assert_eq!(forge.get("/repos/harbour/app/pulls/7").status, 200, "everybody may read it");
    assert_eq!(forge.get("/repos/harbour/app/actions/secrets/public-key").status, 403);
    forge.github(|github| github.add_repository("other/app").private = true);
    assert_eq!(forge.get("/repos/other/app").status, 404);
    forge.github(|github| github.repository("other/app").private = false);
    assert_eq!(forge.get("/repos/other/app").status, 200);
    assert_eq!(forge.send("POST", "/repos/other/app/deployments", Some(&json!({"ref": "main"}))).status, 403);
    assert!(forge.cloud.world(|world| world.effects.is_empty()));
}

#[test]
fn a_route_the_fake_lacks_is_loud() {
    let forge = Forge::new(EVERYTHING);
    assert_eq!(forge.get("/repos/harbour/app/releases").status, 501);
    assert_eq!(forge.send("DELETE", "/repos/harbour/app", None).status, 501);
    assert_eq!(forge.get("/repos/harbour/app/pulls/7?foo=1").status, 200);
    let body = json!({"body": "x", "colour": "red"});
    let refused = forge.send("POST", "/repos/harbour/app/issues/7/comments", Some(&body));
    assert_eq!(
        (refused.status, said(&refused).as_str()),
        (422, "Invalid request.\n\n\"colour\" is not a permitted key.")
    );
    assert_eq!(forge.cloud.unexpected().len(), 4, "{:?}", forge.cloud.unexpected());
}

#[test]
fn a_comparison_says_how_two_commits_lie_and_what_changed() {
    let forge = Forge::new(EVERYTHING);
    let compare = |pair: &str| {
        let found = forge.get(&format!("/repos/Harbour/App/compare/{pair}")).json();
        let names: Vec<String> = found["files"]
            .as_array()
            .expect("files")
            .iter()
            .map(|file| file["filename"].as_str().expect("a name").to_owned())
            .collect();
        (found["status"].clone(), found["ahead_by"].clone(), found["behind_by"].clone(), names.join(" "))
    };
    let told = |status: &str, ahead: u64, behind: u64, files: &str| {
        (json!(status), json!(ahead), json!(behind), files.to_owned())
    };
    assert_eq!(compare(&format!("{MAIN}...{HEAD}")), told("ahead", 1, 0, "web/app.js web/index.html"));
    assert_eq!(compare(&format!("{NEXT}...{MAIN}")), told("behind", 0, 1, ""));
    assert_eq!(compare("main...feature%2Flights"), told("diverged", 1, 1, "web/app.js web/index.html"));
    assert_eq!(compare(&format!("{NEXT}...main")), told("identical", 0, 0, ""));
    assert_eq!(compare(&format!("{MAIN}...refs%2Fheads%2Fmain")), told("ahead", 1, 0, "api/main.py"));
    for pair in ["main...nowhere", &format!("{HEAD}...c000000000000000000000000000000000000000"), "main"] {
        assert_eq!(forge.get(&format!("/repos/harbour/app/compare/{pair}")).status, 404, "{pair}");
    }
    forge.github(|github| github.repository("harbour/app").add_commit("orphan", &"d".repeat(40), &[], &[]));
    let refused = forge.get("/repos/harbour/app/compare/main...orphan");
    assert_eq!((refused.status, said(&refused).as_str()), (404, "No common ancestor between main and orphan."));
}

#[test]
fn a_comparison_lists_three_hundred_files_on_its_first_page() {
    let forge = Forge::new(EVERYTHING);
    let many: Vec<String> = (0..305).map(|number| format!("f/{number:03}")).collect();
    forge.github(|github| {
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        github.repository("harbour/app").add_commit("many", &"e".repeat(40), &[NEXT], &many);
        github.repository("harbour/app").add_commit("many", &"f".repeat(40), &[&"e".repeat(40)], &[]);
    });
    let first = forge.get("/repos/harbour/app/compare/main...many?per_page=1");
    assert_eq!(first.json()["files"].as_array().map(Vec::len), Some(300));
    assert_eq!(first.json()["commits"].as_array().map(Vec::len), Some(1));
    assert!(first.header("link").is_some_and(|link| link.contains("page=2>; rel=\"next\"")));
    assert!(forge.get("/repos/harbour/app/compare/main...many?per_page=1&page=2").json().get("files").is_none());
}

#[test]
fn a_pull_request_says_where_it_comes_from() {
    let forge = Forge::new(EVERYTHING);
    let pull = forge.get("/repos/harbour/app/pulls/7").json();
    assert_eq!((&pull["state"], &pull["merged"], &pull["head"]["sha"]), (&json!("open"), &json!(false), &json!(HEAD)));
    assert_eq!(
        pull["head"]["repo"],
        json!({"full_name": "Harbour/App", "fork": false,
        "owner": {"login": "Harbour", "type": "User", "site_admin": false}})
    );
    assert_eq!((&pull["base"]["ref"], &pull["base"]["sha"]), (&json!("main"), &json!(NEXT)));
    forge.github(|github| {
        let pull = github.repository("harbour/app").pulls.get_mut(&7).expect("the pull request");
        (pull.closed, pull.merged) = (true, true);
        pull.head_repository = Some("stranger/app".to_owned());
    });
    let pull = forge.get("/repos/harbour/app/pulls/7").json();
    assert_eq!((&pull["state"], &pull["merged"]), (&json!("closed"), &json!(true)));
    assert_eq!(
        (&pull["head"]["repo"]["fork"], &pull["head"]["label"]),
        (&json!(true), &json!("stranger:feature/lights"))
    );
    forge.github(|github| {
        github.repository("harbour/app").pulls.get_mut(&7).expect("the pull request").head_repository = None;
    });
    assert!(forge.get("/repos/harbour/app/pulls/7").json()["head"]["repo"].is_null());
    assert_eq!(forge.get("/repos/harbour/app/pulls/8").status, 404);
}

#[test]
fn secrets_are_written_sealed_and_never_read() {
    let forge = Forge::new(EVERYTHING);
    for (place, kept) in [("actions/secrets", "KEY"), ("environments/production/secrets", "production/KEY")] {
        let home = format!("/repos/harbour/app/{place}");
        let key = forge.get(&format!("{home}/public-key")).json();
        assert_eq!(key["key"].as_str().map(str::len), Some(44));
        assert_eq!(forge.get(&format!("{home}/key")).status, 404);
        let write = |name: &str, id: &Value, sealed: &str| {
            let body = json!({"encrypted_value": sealed, "key_id": id});
            forge.send("PUT", &format!("{home}/{name}"), Some(&body)).status
        };
        // GitHub takes what it cannot open.
        let sealed = "A".repeat(72);
        assert_eq!([write("key", &key["key_id"], &sealed), write("KEY", &key["key_id"], &sealed)], [201, 204]);
        assert_eq!(write("key", &json!("1"), &sealed), 422);
        assert_eq!(write("key", &key["key_id"], "plain text!"), 422);
        assert_eq!(write("GITHUB_X", &key["key_id"], &sealed), 422);
        let shown = forge.get(&format!("{home}/key")).json();
        assert_eq!(shown["name"], "KEY");
        assert!(!shown.to_string().contains("AAAA"));
        assert!(forge.github(|github| github.repository("harbour/app").secrets.contains_key(kept)));
    }
    assert_eq!(forge.cloud.world(|world| world.count("secret written")), 4);
}

#[test]
fn what_is_sealed_with_the_public_key_is_what_a_job_finds() {
    let forge = Forge::new(EVERYTHING);
    let homes = ["/repos/harbour/app/actions/secrets", "/orgs/harbour/actions/secrets"];
    for home in homes {
        let key = forge.get(&format!("{home}/public-key")).json();
        let bytes = STANDARD.decode(key["key"].as_str().unwrap_or_default()).expect("base64");
        let public = crypto_box::PublicKey::from_slice(&bytes).expect("a key");
        let sealed = STANDARD.encode(public.seal(&mut crypto_box::aead::OsRng, b"the value").expect("sealed"));
        let mut body = json!({"encrypted_value": sealed, "key_id": key["key_id"]});
        if home.starts_with("/orgs") {
            assert_eq!(forge.send("PUT", &format!("{home}/KEY"), Some(&body)).status, 422, "no visibility");
            body["visibility"] = json!("selected");
            body["selected_repository_ids"] = json!([7, 8]);
        }
        assert_eq!(forge.send("PUT", &format!("{home}/KEY"), Some(&body)).status, 201);
    }
    forge.github(|github| {
        let of_repository = github.repository("harbour/app").secrets["KEY"].opened.clone();
        let of_organization = github.organization_secrets["harbour/KEY"].secret.opened.clone();
        assert_eq!([of_repository.as_deref(), of_organization.as_deref()], [Some("the value"); 2]);
    });
    let shown = forge.get("/orgs/harbour/actions/secrets/KEY").json();
    assert_eq!(shown["visibility"], "selected");
    let selected = forge.get("/orgs/harbour/actions/secrets/KEY/repositories").json();
    assert_eq!(selected["repositories"], json!([{"id": 7}, {"id": 8}]));
    forge.github(|github| {
        github.tokens.values_mut().for_each(|token| token.permissions.retain(|name, _| name != "organization_secrets"));
    });
    assert_eq!(forge.get("/orgs/harbour/actions/secrets/public-key").status, 403);
}

#[test]
fn an_hours_calls_are_counted_and_end() {
    let forge = Forge::new(EVERYTHING);
    forge.github(|github| github.tokens.values_mut().for_each(|token| token.limit = 2));
    let left = |reply: &Reply| reply.header("x-ratelimit-remaining").map(str::to_owned);
    assert_eq!(left(&forge.get("/repos/harbour/app")).as_deref(), Some("1"));
    assert_eq!(left(&forge.get("/repos/harbour/none")).as_deref(), Some("0"), "refusals count too");
    let over = forge.get("/repos/harbour/app");
    assert_eq!((over.status, left(&over).as_deref()), (403, Some("0")));
    assert!(said(&over).starts_with("API rate limit exceeded for"));
    forge.cloud.world(|world| world.clock_skew = 3601);
    assert_eq!(forge.get("/repos/harbour/app").status, 200);
}

#[test]
fn limits_and_faults_strike_by_name() {
    let forge = Forge::new(EVERYTHING);
    let next = |action| {
        forge.cloud.world(|world| world.faults.push(Fault::next("github.repos.get", action)));
        forge.try_send("GET", "/repos/harbour/app", None)
    };
    let limited = next(Action::github_rate_limit(403, 1_800_000_000)).expect("a reply");
    assert_eq!((limited.status, limited.header("x-ratelimit-remaining")), (403, Some("0")));
    assert_eq!(limited.header("x-ratelimit-reset"), Some("1800000000"));
    let limited = next(Action::github_secondary_limit(429, Some(9))).expect("a reply");
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("9")));
    assert!(said(&limited).contains("secondary rate limit"));
    let failed = next(Action::status(502)).expect("a reply");
    assert_eq!((failed.status, said(&failed).as_str()), (502, "Server Error"));
    assert_eq!(next(Action::Reset).expect_err("no reply").kind(), ErrorKind::ConnectionReset);
}

#[test]
fn under_the_path_of_an_enterprise_server_links_keep_it() {
    let forge = Forge::new(EVERYTHING);
    forge.github(|github| {
        github.comment("harbour/app", 7, "a", "one");
        github.comment("harbour/app", 7, "b", "two");
    });
    let page = forge.get("/api/v3/repos/harbour/app/issues/7/comments?per_page=1");
    let next = format!("<{}/api/v3/repos/harbour/app/issues/7/comments?per_page=1&page=2>", forge.cloud.github_url());
    assert!(page.header("link").is_some_and(|link| link.starts_with(&next)), "{page:?}");
    assert_eq!(forge.cloud.calls("github.comments.list").len(), 1);
}
