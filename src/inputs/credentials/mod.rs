//! How this run signs in: by the inputs, else by the file that a variable names.

mod external;
mod federation;
mod places;

use std::path::PathBuf;

use super::error::Findings;
use super::raw::RawInputs;
use super::runner::Runner;
use crate::model::credentials::Credentials;
use crate::model::key::{KeyError, ServiceAccountKey};

/// The inputs that say how, in the order they are told about.
pub const INPUTS: [&str; 5] =
    ["credentials_json", "workload_identity_provider", "service_account", "audience", "delegates"];

/// Finds the credentials. What is wrong with them, and what contradicts each other, is told all at once.
pub fn find(raw: &RawInputs, runner: &Runner, findings: &mut Findings) -> Option<Credentials> {
    let before = findings.mistakes.len();
    let by_federation = federation::read(raw, runner, findings);
    let by_key = raw.get("credentials_json").and_then(|text| {
        let key = ServiceAccountKey::parse(text);
        key.map_err(|error| findings.wrong("credentials_json", error.to_string(), error.cure())).ok()
    });
    if raw.has("credentials_json") && raw.has("workload_identity_provider") {
        findings.wrong(
            "credentials_json",
            "`workload_identity_provider` signs in without a key, and a key is given too",
            "keep one of them",
        );
    }
    if findings.mistakes.len() > before {
        return None;
    }
    by_federation.or(by_key.map(Credentials::of_key)).or_else(|| of_file(runner, findings))
}

fn of_file(runner: &Runner, findings: &mut Findings) -> Option<Credentials> {
    if runner.credential_files.is_empty() {
        findings.wrong(
            "credentials_json",
            "no credentials were given",
            if runner.actions {
                "write `credentials_json: ${{ secrets.GCP_SERVICE_ACCOUNT_KEY }}`; if it is written, the secret is empty here: its name is misspelt, it belongs to another environment, or this run comes from a fork. Without a key: `workload_identity_provider`"
            } else {
                "set GOOGLE_APPLICATION_CREDENTIALS to a key file, or give --credentials-json"
            },
        );
    }
    let (path, variable, text) = places::file(runner, findings)?;
    let mut wrong = |problem: String, cure: String| {
        findings.wrong("credentials_json", format!("`{}` (from {variable}): {problem}", path.display()), cure);
    };
    match ServiceAccountKey::parse(&text) {
        Ok(key) => Some(Credentials::of_key(key)),
        Err(KeyError::Federation) => match external::check(&text, runner) {
            Ok(federation) => Some(Credentials::of_federation(federation)),
            Err(flaws) => {
                flaws.into_iter().for_each(|flaw| wrong(flaw.to_string(), flaw.cure().to_owned()));
                None
            }
        },
        Err(error) => {
            wrong(error.to_string(), error.cure().to_owned());
            None
        }
    }
}

/// What must be hidden before anything is printed, whatever else is wrong.
pub fn secrets(raw: &RawInputs, runner: &Runner) -> Vec<String> {
    let mut secrets: Vec<String> = runner.oidc_token.iter().map(|token| token.expose().to_owned()).collect();
    let given = raw.get("credentials_json").map(str::to_owned);
    let texts = given.into_iter().chain(places::file(runner, &mut Findings::default()).map(|(_, _, text)| text));
    secrets
        .extend(texts.filter_map(|text| Some(ServiceAccountKey::parse(&text).ok()?.private_key.expose().to_owned())));
    secrets
}

/// Every file that may hold credentials, for keeping them out of what is packed and uploaded.
pub fn files(runner: &Runner, credentials: Option<&Credentials>) -> Vec<PathBuf> {
    let token = credentials.and_then(Credentials::token_file).map(|file| file.path().to_owned());
    places::files(runner).into_iter().chain(token).collect()
}
