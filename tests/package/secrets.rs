//! What is never packed, whatever the rules say.

use std::fs;
use std::path::PathBuf;

use crate::package::SecretKind;
use crate::support::{Fixture, Packed, options, pack};

/// The parts of a key, put together here so that no scanner takes this file for one.
pub(crate) fn service_account_key() -> String {
    let begin = ["-----BEGIN PRIVATE", "KEY-----"].join(" ");
    let end = ["-----END PRIVATE", "KEY-----"].join(" ");
    format!(
        "{{\n  \"type\": \"service_account\",\n  \"project_id\": \"p\",\n  \"private_key_id\": \"0123\",\n  \
         \"private_key\": \"{begin}\\nMIIEvQ\\n{end}\\n\",\n  \"client_email\": \"a@p.iam.gserviceaccount.com\"\n}}\n"
    )
}

const KEEP_ALL: (&str, &str) = (".gcloudignore", "!*\n");

#[test]
fn the_auth_action_s_file_stays_behind_anywhere() {
    let fixture = Fixture::with(&[
        KEEP_ALL,
        ("a", ""),
        ("gha-creds-0123456789abcdef.json", "{}"),
        ("deep/down/gha-creds-x.json", "{}"),
        ("gha-creds-notes.txt", ""),
        ("my-gha-creds-x.json", ""),
    ]);
    fixture.link("gha-creds-link.json", "a");
    let packed = fixture.pack();
    assert_eq!(
        packed.paths(),
        [".gcloudignore", "a", "deep", "deep/down", "gha-creds-notes.txt", "my-gha-creds-x.json"]
    );
    assert_eq!(
        packed.survey.withheld.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["deep/down/gha-creds-x.json", "gha-creds-0123456789abcdef.json", "gha-creds-link.json"]
            .map(|path| format!("`{path}` was left out: credentials written by google-github-actions/auth"))
    );
}

#[test]
fn the_credentials_of_the_run_stay_behind_under_any_name() {
    let fixture = Fixture::with(&[KEEP_ALL, ("a", ""), ("innocent.txt", "secret"), ("elsewhere", "")]);
    fs::hard_link(fixture.path("innocent.txt"), fixture.path("b")).unwrap();
    let outside = Fixture::new();
    fs::hard_link(fixture.path("elsewhere"), outside.path("key")).unwrap();
    outside.link("link", fixture.path("innocent.txt"));
    let mut options = options(2);
    options.credential_files = vec![outside.path("link"), outside.path("key"), PathBuf::from("/no/such/file")];
    let packed = pack(fixture.root(), &options);
    assert_eq!(packed.paths(), [".gcloudignore", "a"]);
    assert_eq!(packed.withheld(), ["b", "elsewhere", "innocent.txt"]);
    assert!(packed.survey.withheld.iter().all(|withheld| withheld.secret == SecretKind::CredentialFile));
}

#[test]
fn git_directories_stay_behind() {
    let fixture = Fixture::with(&[
        (".gcloudignore", "!.git\n!.git/**\n"),
        (".git/config", "extraheader = AUTHORIZATION: basic eA=="),
        ("module/.git", "gitdir: ../.git/modules/module"),
        ("vendor/x/.git/config", ""),
        (".github/a", ""),
    ]);
    let packed = fixture.pack();
    assert_eq!(packed.paths(), [".gcloudignore", ".github", ".github/a", "module", "vendor", "vendor/x"]);
    assert_eq!(packed.withheld(), [".git", "module/.git", "vendor/x/.git"]);
}

#[test]
fn keys_stay_behind_wherever_they_are() {
    let fixture = Fixture::with(&[KEEP_ALL, ("a", "")]);
    let key = service_account_key();
    fixture.file("config/key.json", &key);
    fixture.file("Makefile", format!("KEY := {key}"));
    fixture.file("late.txt", format!("{}{key}", " ".repeat(60_000)));
    fixture.file("truncated.json", format!("{key}{}", "x".repeat(200_000)));
    let packed = fixture.pack();
    assert_eq!(packed.paths(), [".gcloudignore", "a", "config"]);
    assert_eq!(packed.withheld(), ["Makefile", "config/key.json", "late.txt", "truncated.json"]);
    assert_eq!(packed.survey.withheld[0].to_string(), "`Makefile` was left out: a service-account key");
}

#[test]
fn files_that_may_be_private_are_packed_and_named() {
    let fixture = Fixture::with(&[
        (".env", "A=1"),
        ("app/.env.production", "A=1"),
        ("tls/server.key", ""),
        ("tls/ca.pem", ""),
        ("cert.p12", ""),
        ("environment", ""),
    ]);
    let packed = fixture.pack();
    assert_eq!(packed.survey.files, 6);
    assert_eq!(
        packed.warnings(),
        [".env", "app/.env.production", "cert.p12", "tls/ca.pem", "tls/server.key"].map(|path| format!(
            "`{path}` may hold a secret and is packed; name it in `.gcloudignore` to leave it out"
        ))
    );
    fixture.file(".gcloudignore", ".env*\n*.key\n*.pem\n*.p12\n");
    let Packed { survey, .. } = fixture.pack();
    assert!(survey.warnings.is_empty());
}
