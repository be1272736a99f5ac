//! How the program reaches the world: proxies, roots of one's own, GitHub; and how often it asks.

use crate::support::Scene;
use crate::support::listener::{Listener, tls_front};

const REFUSAL: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

fn json(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn requests_go_through_the_proxy_but_for_the_hosts_it_is_not_for() {
    let proxy = Listener::start(|_| REFUSAL.to_owned());
    let mut scene = Scene::new();
    scene.variable("HTTPS_PROXY", &proxy.url()).variable("HTTP_PROXY", &proxy.url());
    // The embedded cloud is on loopback; a proxy that refuses everything must not be asked for it.
    scene.variable("NO_PROXY", "127.0.0.1");
    scene.run().expect(0);
    assert_eq!(proxy.heads(), [""; 0], "nobody asked the proxy");

    let mut key = scene.key();
    key["token_uri"] = "https://oauth2.googleapis.com/token".into();
    scene.input("credentials_json", &key.to_string());
    let run = scene.run();
    assert_ne!(run.code, 0);
    let heads = proxy.heads();
    assert!(!heads.is_empty(), "{}", run.log());
    assert!(heads.iter().all(|head| head.starts_with("CONNECT oauth2.googleapis.com:443 HTTP/1.1\r\n")), "{heads:?}");
    run.says("Could not sign in");
}

#[test]
fn both_clients_take_the_proxy() {
    let proxy = Listener::start(|_| REFUSAL.to_owned());
    let mut scene = Scene::new();
    scene.variable("HTTPS_PROXY", &proxy.url()).variable("NO_PROXY", "127.0.0.1");
    // Signing in works on loopback; what comes next is Google's own address.
    scene.variable("CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", "");
    let run = scene.run();
    assert_ne!(run.code, 0);
    assert!(proxy.heads().iter().any(|head| head.starts_with("CONNECT run.googleapis.com:443")), "{:?}", proxy.heads());
}

#[test]
fn a_private_authority_is_trusted_when_it_is_named() {
    let mut scene = Scene::new();
    let run_address = scene.cloud.address("run");
    let (port, authority) = tls_front(run_address.trim_start_matches("http://").trim_end_matches('/').parse().unwrap());
    scene.file("authority.pem", &authority);
    scene.variable("CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", &format!("https://localhost:{port}/"));
    scene.run().expect(7).says("SSL_CERT_FILE");
    let file = scene.workspace().join("authority.pem");
    scene.variable("SSL_CERT_FILE", file.to_str().unwrap());
    scene.run().expect(0);
    scene.file("authority.pem", "nothing of use");
    scene.run().expect(2).says("SSL_CERT_FILE names").says("authority.pem");
}

#[test]
fn the_report_says_how_the_commits_lie_to_each_other() {
    let github = Listener::start(|_| json(r#"{"status": "ahead", "ahead_by": 3, "behind_by": 0, "commits": []}"#));
    let mut scene = Scene::deployed();
    let newer = "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e";
    scene.variable("GITHUB_SHA", newer).variable("GITHUB_API_URL", &github.url());
    scene.input("github_token", "ghs_0123456789abcdef0123456789abcdef0123");
    let run = scene.run().expect(0);
    assert!(run.summary.contains("3 commits newer than `0f0f0f0f"), "{}", run.summary);
    let heads = github.heads();
    assert_eq!(heads.len(), 1);
    let asked = format!("GET /repos/o/r/compare/{}...{newer}?per_page=1 HTTP/1.1", crate::support::SHA);
    assert!(heads[0].starts_with(&asked), "{}", heads[0]);
    assert!(heads[0].to_lowercase().contains("authorization: bearer ghs_"));
}

#[test]
fn a_github_that_refuses_changes_nothing() {
    let github = Listener::start(|_| REFUSAL.to_owned());
    let mut scene = Scene::deployed();
    scene.variable("GITHUB_SHA", "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e").variable("GITHUB_API_URL", &github.url());
    scene.input("github_token", "ghs_0123456789abcdef0123456789abcdef0123");
    let run = scene.run().expect(0);
    assert!(!run.summary.contains("Since the last deploy"), "{}", run.summary);
    assert!(!github.heads().is_empty());
}

/// The promise of few requests: twelve for a deploy with a build, besides looks at what is going on, at the key's age
/// and at the last builds.
#[test]
fn a_redeploy_asks_twelve_things() {
    let mut scene = Scene::deployed();
    scene.file("app/main.py", "print('hello again')\n").input("strategy", "direct");
    let before = scene.cloud.journal().len();
    scene.run().expect(0);
    let journal = scene.cloud.journal();
    let looks = [
        "cloudbuild.projects.locations.builds.get",
        "run.projects.locations.operations.wait",
        "storage.objects.get?alt=media",
        "site.request",
        "iam.projects.serviceAccounts.keys.get",
        "cloudbuild.projects.locations.builds.list",
    ];
    let asked: Vec<&str> = journal[before..]
        .iter()
        .filter(|request| !looks.iter().any(|look| request.is(look)))
        .map(|request| request.call.as_str())
        .collect();
    assert!(asked.len() <= 12, "{} requests: {asked:#?}", asked.len());
}
