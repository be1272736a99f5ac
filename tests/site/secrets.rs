//! What is never published.

use crate::site::{ListOptions, list};
use crate::support::{Fixture, hashed, noise, paths};

/// A service-account key that opens nothing.
pub(crate) fn key() -> String {
    "{\n  \"type\": \"service_account\",\n  \"private_key\": \"-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE \
     KEY-----\\n\"\n}\n"
        .to_owned()
}

/// The paths that are published, and the sentences about the others.
fn published(options: &ListOptions) -> (Vec<String>, Vec<String>) {
    let (files, summary) = hashed(options).unwrap();
    let withheld = summary.withheld.iter().map(ToString::to_string).collect();
    (files.into_iter().map(|file| file.path).collect(), withheld)
}

#[test]
fn secrets_are_withheld_by_name_and_content() {
    let fixture = Fixture::with(&[
        ("index.html", "x"),
        ("gha-creds-0a1b.json", "{}"),
        ("a/.git/config", "token"),
        (".env", "A=1"),
        ("b/.env.production", "A=1"),
        ("c/key.txt", &key()),
        ("d/.well-known/assetlinks.json", "[]"),
        (".env.d/x", "a directory is no such file"),
        ("firebase-debug.log", "token"),
        ("e/firebase-debug.12.log", "token"),
    ]);
    fixture.link("f/.git", "../a");
    assert_eq!(
        published(&fixture.options()),
        (
            ["/.env.d/x", "/d/.well-known/assetlinks.json", "/index.html"].map(str::to_owned).to_vec(),
            [
                "`/.env` was left out: environment variables, which often hold secrets",
                "`/a/.git` was left out: git's own directory, which may hold a token",
                "`/b/.env.production` was left out: environment variables, which often hold secrets",
                "`/c/key.txt` was left out: a service-account key",
                "`/f/.git` was left out: git's own directory, which may hold a token",
                "`/gha-creds-0a1b.json` was left out: credentials written by google-github-actions/auth",
            ]
            .map(str::to_owned)
            .to_vec()
        )
    );
}

#[test]
fn environment_files_are_published_when_asked_for_by_their_path() {
    let fixture = Fixture::with(&[(".env", ""), ("a/.env", ""), ("a/.env.local", ""), ("gha-creds-1.json", "")]);
    let asked_for = [".env", "/a/.env.local", "gha-creds-1.json"].map(str::to_owned).to_vec();
    let listing = list(&ListOptions { asked_for, ..fixture.options() }).unwrap();
    assert_eq!(paths(&listing), [".env", "a/.env.local"]);
    assert_eq!(listing.withheld.len(), 2);
}

#[test]
fn what_is_ignored_is_not_called_withheld() {
    let fixture = Fixture::with(&[(".env", ""), (".git/config", ""), ("x", "")]);
    let listing = fixture.list(&["**/.*", ".git/**"]).unwrap();
    assert_eq!((paths(&listing), listing.withheld), (vec!["x".to_owned()], vec![]));
}

#[test]
fn the_runs_credentials_are_known_by_what_they_are() {
    let fixture = Fixture::with(&[("a.txt", "secret"), ("b.txt", "x")]);
    let elsewhere = fixture.workspace().join("credentials");
    std::fs::write(&elsewhere, "token").unwrap();
    std::fs::hard_link(&elsewhere, fixture.path("hard.txt")).unwrap();
    fixture.link("soft.txt", "../credentials");
    let credential_files = vec![elsewhere, fixture.path("a.txt"), fixture.path("missing")];
    let (published, withheld) = published(&ListOptions { credential_files, ..fixture.options() });
    assert_eq!(published, ["/b.txt"]);
    assert_eq!(withheld.len(), 3);
    assert!(withheld.iter().all(|sentence| sentence.ends_with("the credentials of this run")), "{withheld:?}");
}

#[test]
fn keys_are_found_anywhere_in_a_file() {
    let fixture = Fixture::new();
    // In windows of 64 KiB, at their borders, at those of the pieces of a stream, at the end.
    for at in [0, 60_000, 65_500, 120_000, 262_100, 524_000, 2_900_000] {
        let mut content = b"a = [1, 2];\n".repeat(300_000);
        content.truncate(if at < 300_000 { 400_000 } else { 3_000_000 });
        content.splice(at..at, key().into_bytes());
        fixture.file(&format!("at-{at}.js"), content);
    }
    fixture.file("noise", noise(3_000_000));
    let (published, withheld) = published(&fixture.options());
    assert_eq!((published, withheld.len()), (vec!["/noise".to_owned()], 7));
}
