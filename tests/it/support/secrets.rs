//! No secret gets out: not raw, not in any of the forms text takes on its way.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use fakecloud::Recorded;

use super::{Run, Scene, runner};

/// Looks for every secret of a run in everything it printed and wrote. The lines that tell the
/// runner what to mask are the one place where secrets must stand.
pub fn check(scene: &Scene, run: &Run, journal: &[Recorded]) {
    let mut secrets: Vec<(String, String)> = Vec::new();
    let key = scene.key();
    if let Some(pem) = key["private_key"].as_str() {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        secrets.push(("the private key".into(), body.clone()));
        secrets.extend(
            pem.lines()
                .filter(|line| line.len() >= 16 && !line.starts_with('-'))
                .map(|line| ("a line of the private key".into(), line.to_owned())),
        );
    }
    for request in journal {
        if let Some(token) = request.header("authorization").and_then(|header| header.split(' ').nth(1)) {
            // A file of the auth action holds the token for GitHub; no other token is ever in a file.
            let what = if request.api == "actions" { "the request token" } else { "a token" };
            secrets.push((what.into(), token.to_owned()));
        }
        if let Some(subject) = request.json()["subjectToken"].as_str() {
            secrets.push(("an OIDC token".into(), subject.to_owned()));
        }
        if request.api == "oauth2" {
            for (name, value) in url::form_urlencoded::parse(&request.body) {
                let what = match name.as_ref() {
                    "assertion" => "an assertion",
                    "refresh_token" => "a refresh token",
                    "client_secret" => "a client's secret",
                    "access_token" => "a token",
                    _ => continue,
                };
                secrets.push((what.into(), value.into_owned()));
            }
        }
        if request.call.starts_with("storage.upload.") {
            let session = request.query("upload_id").unwrap_or_default().to_owned();
            secrets.push(("an upload session".into(), session));
        }
    }
    secrets.sort();
    secrets.dedup();
    let printed: String = runner::lines(&run.stdout)
        .into_iter()
        .filter(|line| runner::command(line).is_none_or(|command| command.name != "add-mask"))
        .collect::<Vec<_>>()
        .join("\n");
    let places = [
        ("the log", printed),
        ("the summary", run.summary.clone()),
        ("the outputs", format!("{:?}", run.outputs)),
        ("the state", format!("{:?}", run.state)),
    ];
    for (what, secret) in secrets.iter().filter(|(_, secret)| secret.len() >= 12) {
        for (place, text) in &places {
            for form in forms(secret) {
                assert!(!text.contains(&form), "{what} stands in {place}");
            }
        }
    }
    // What another step keeps its own token in, where a story has one.
    let others = scene.workspace().join("oidc");
    for file in super::files_below(&scene.workspace()).iter().filter(|file| !file.starts_with(&others)) {
        let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
        let fresh = secrets.iter().filter(|(what, _)| {
            let kept = ["the private key", "the request token", "a refresh token", "a client's secret"];
            !kept.contains(&what.as_str()) && !what.contains("line")
        });
        for (what, secret) in fresh {
            assert!(secret.len() < 12 || !text.contains(secret), "{what} was written to {}", file.display());
        }
    }
}

/// The forms a secret takes: as it is, in JSON, in base64 at its three shifts, in hexadecimal, in
/// an address.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned(), secret.chars().rev().collect()];
    let json = serde_json::Value::from(secret).to_string();
    forms.push(json.trim_matches('"').to_owned());
    for shift in 0..3 {
        let shifted = [&b"xxx"[..shift], secret.as_bytes()].concat();
        for encoded in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            // The first and the last group mix with neighbours.
            forms.extend(encoded.get(4..encoded.len().saturating_sub(4)).map(str::to_owned));
        }
    }
    forms.push(STANDARD.encode(secret));
    forms.push(secret.bytes().map(|byte| format!("{byte:02x}")).collect());
    forms.push(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect());
    forms.retain(|form| form.len() >= 12);
    forms
}
