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
fn requests_go_through_the_proxy_but_for_those_of_this_machine() {
    let proxy = Listener::start(|_| REFUSAL.to_owned());
    let mut scene = Scene::new();
    scene.variable("HTTPS_PROXY", &proxy.url()).variable("HTTP_PROXY", &proxy.url());
    // The embedded cloud is on loopback, which no proxy is asked for, whatever NO_PROXY says: what a token goes to in
    // plain text, a variable would lead to a stranger.
    scene.variable("ALL_PROXY", &proxy.url()).variable("http_proxy", &proxy.url());
    scene.input("health_path", "/health");
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
fn whatever_leaves_this_machine_takes_the_proxy() {
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
    scene.run().expect(7).says("name its certificates with `ca_certificates`");
    // A job names them by the input: any step before could have set the variable.
    let file = scene.workspace().join("authority.pem");
    scene.variable("SSL_CERT_FILE", file.to_str().unwrap());
    scene.run().expect(7).says("SSL_CERT_FILE is not read in a job, where any step could have set it");
    scene.input("ca_certificates", "authority.pem");
    scene.run().expect(0).does_not_say("SSL_CERT_FILE");
    scene.input("ca_certificates", "");
    scene.command(&["deploy", "--ca-certificates", "authority.pem"]).expect(0);
    // A terminal is its user's own.
    scene.variable("GITHUB_ACTIONS", "");
    scene.command(&["deploy"]).expect(0);
    scene.file("authority.pem", "nothing of use");
    scene.command(&["deploy"]).expect(2).says("authority.pem` (`ca_certificates`, or SSL_CERT_FILE) holds no readable");
}

/// Addresses of APIs that a job refuses, before anything is asked of anybody.
#[test]
fn a_variable_of_a_job_leads_no_token_to_a_stranger() {
    let stranger = Listener::start(|_| REFUSAL.to_owned());
    let (tls, authority) = tls_front(stranger.url().trim_start_matches("http://").parse().unwrap());
    let mut scene = Scene::new();
    // Names that would lead there, if anybody asked: through a proxy, and with a certificate that is trusted.
    scene.file("authority.pem", &authority).input("ca_certificates", "authority.pem");
    scene.variable("HTTPS_PROXY", &stranger.url());
    let names: Vec<String> = scene.cloud.endpoints().into_iter().map(|(name, _)| name).collect();
    assert!(names.len() > 10);
    for name in names.iter().map(String::as_str).chain(["CLOUDSDK_API_ENDPOINT_OVERRIDES_OAUTH2"]) {
        let before = scene.cloud.endpoints().into_iter().find(|(known, _)| known == name).map(|(_, value)| value);
        for address in [
            "https://evil.example/".to_owned(),
            "https://evil-googleapis.com/".to_owned(),
            "https://googleapis.com.evil.example/".to_owned(),
            "https://run.googleapis.com@evil.example/".to_owned(),
            "https://RUN.GOOGLEAPIS.COM.evil.example/".to_owned(),
            format!("https://169.254.169.254:{tls}/"),
            format!("https://0.0.0.0:{tls}/"),
            format!("https://localhost.:{tls}/"),
            format!("https://[::ffff:127.0.0.1]:{tls}/"),
        ] {
            scene.variable(name, &address);
            let run = scene.run();
            assert_eq!(run.code, 2, "{name}={address}\n{}", run.log());
            run.says(name).says("nothing was sent");
        }
        scene.variable(name, before.as_deref().unwrap_or_default());
    }
    assert_eq!((scene.cloud.journal().len(), stranger.heads()), (0, Vec::new()));
    // On a terminal the same address is its user's wish.
    scene.variable("GITHUB_ACTIONS", "").variable("CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", "https://evil.example/");
    scene.input("source", "");
    let run = scene.command(&["status"]);
    assert_ne!(run.code, 2, "{}", run.log());
    assert!(stranger.heads().iter().any(|head| head.starts_with("CONNECT evil.example:443")), "{:?}", stranger.heads());
}

#[test]
fn an_answer_of_github_that_is_too_large_is_none() {
    let large = |status: &str| {
        // What would be a good answer, were it not for its size.
        let body = format!(
            r#"{{"status": "ahead", "ahead_by": 3, "behind_by": 0, "commits": [], "x": "{}"}}"#,
            "x".repeat(17 << 20)
        );
        let head = "content-type: application/json\r\nconnection: close";
        format!("HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    for status in ["200 OK", "500 Oops", "403 Forbidden"] {
        let answer = large(status);
        let github = Listener::start(move |_| answer.clone());
        let mut scene = Scene::deployed();
        scene.variable("GITHUB_SHA", "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e");
        scene.variable("GITHUB_API_URL", &github.url());
        scene.input("github_token", "ghs_0123456789abcdef0123456789abcdef0123");
        let run = scene.run().expect(0);
        assert!(!run.summary.contains("Since the last deploy"), "{status}: {}", run.summary);
        assert!(!github.heads().is_empty(), "{status}");
    }
}

#[test]
fn a_redirect_of_github_takes_no_token_along() {
    let thief = Listener::start(|_| json(r#"{"status": "ahead", "ahead_by": 3, "behind_by": 0, "commits": []}"#));
    let to = thief.url();
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let to = to.clone();
        let github = Listener::start(move |_| {
            format!("HTTP/1.1 {status}\r\nlocation: {to}/stolen\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        });
        let mut scene = Scene::deployed();
        scene.variable("GITHUB_SHA", "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e");
        scene.variable("GITHUB_API_URL", &github.url());
        scene.input("github_token", "ghs_0123456789abcdef0123456789abcdef0123");
        scene.run().expect(0);
        assert!(github.heads()[0].to_lowercase().contains("authorization: bearer ghs_"));
    }
    assert!(thief.heads().iter().all(|head| !head.to_lowercase().contains("authorization")), "{:?}", thief.heads());
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
