//! How this run signs in: by the inputs; else in a job by the file that a variable names, and on a terminal by the first
//! of what is there.

mod external;
mod federation;
mod own;
mod places;

use std::path::{Path, PathBuf};

use super::empty_secret;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::sign_in::name;
use slipway_names::credentials::{Credentials, SignInMethod};
use slipway_names::ids::ProjectId;
use slipway_names::key::{KeyError, ServiceAccountKey};
use slipway_runner::env::Runner;

/// The inputs that say how, in the order they are told about.
pub const INPUTS: [&str; 7] = [
    "credentials_json",
    "workload_identity_provider",
    "service_account",
    "audience",
    "delegates",
    "machine_account",
    "quota_project",
];

/// Finds the credentials. What is wrong with them, and what contradicts each other, is told all at once.
pub fn find(raw: &RawInputs, runner: &Runner, findings: &mut Findings) -> Option<Credentials> {
    let before = findings.mistakes.len();
    let (machine, flawed) = match raw.get(name::MACHINE_ACCOUNT).map(scalar::switch) {
        Some(Err(why)) => (false, Some(why)),
        said => (said.and_then(Result::ok).unwrap_or(false), None),
    };
    // Whether an account is acted as with credentials of one's own, which are looked for only where nothing is given.
    let may_be_own = !raw.has(name::CREDENTIALS_JSON) && (machine || !runner.actions);
    if !may_be_own {
        federation::without_provider(raw, findings);
    }
    let by_federation = federation::read(raw, runner, findings);
    let by_key = raw.get(name::CREDENTIALS_JSON).and_then(|text| {
        let key = ServiceAccountKey::parse(text);
        key.map_err(|error| findings.wrong(name::CREDENTIALS_JSON, error.to_string(), error.cure())).ok()
    });
    if raw.has(name::CREDENTIALS_JSON) && raw.has(name::WORKLOAD_IDENTITY_PROVIDER) {
        findings.wrong(
            name::CREDENTIALS_JSON,
            "`workload_identity_provider` signs in without a key, and a key is given too",
            "keep one of them",
        );
    }
    let quota_project = raw.get(name::QUOTA_PROJECT).and_then(|text| {
        let project = ProjectId::parse(text);
        project.map_err(|error| findings.wrong(name::QUOTA_PROJECT, error.to_string(), "")).ok()
    });
    if let Some(why) = flawed {
        findings.wrong(name::MACHINE_ACCOUNT, "it does not fit", why);
    }
    for other in [name::CREDENTIALS_JSON, name::WORKLOAD_IDENTITY_PROVIDER]
        .into_iter()
        .filter(|other| machine && raw.has(*other))
    {
        findings.wrong(name::MACHINE_ACCOUNT, format!("`{other}` signs in as somebody else"), "keep one of them");
    }
    if findings.mistakes.len() > before {
        return None;
    }
    let found = match by_federation.or(by_key.map(Credentials::of_key)) {
        None if machine => own::machine(raw, runner, findings),
        None => surroundings(raw, runner, findings),
        given => given,
    };
    let own = found.as_ref().is_some_and(|credentials| matches!(credentials.way, SignInMethod::Own(_)));
    if may_be_own && !own {
        federation::without_provider(raw, findings);
    }
    let found = found.filter(|_| findings.mistakes.len() == before);
    found.map(|credentials| Credentials { quota_project, ..credentials })
}

/// What no input gives: in a job the file of a variable, on a terminal the first of what is there.
fn surroundings(raw: &RawInputs, runner: &Runner, findings: &mut Findings) -> Option<Credentials> {
    if !runner.own.tokens.is_empty() {
        return own::token(raw, runner, findings);
    }
    if runner.credential_files.is_empty() {
        let known = runner.own.well_known.as_ref().filter(|path| path.is_file());
        return match known {
            Some(path) => of_path(raw, runner, (path, "where gcloud puts it"), findings),
            None if runner.own.on_google => own::machine(raw, runner, findings),
            None => {
                findings.wrong(name::CREDENTIALS_JSON, "no credentials were given", nothing(runner));
                None
            }
        };
    }
    let (path, variable, text) = places::file(runner, findings)?;
    of_text(raw, runner, (&path, &format!("from {variable}"), &text), findings)
}

fn of_path(
    raw: &RawInputs,
    runner: &Runner,
    (path, how): (&Path, &str),
    findings: &mut Findings,
) -> Option<Credentials> {
    match places::read(path) {
        Ok(text) => of_text(raw, runner, (path, how, &text), findings),
        Err(why) => {
            findings.wrong(name::CREDENTIALS_JSON, format!("`{}` ({how}) {why}", path.display()), "");
            None
        }
    }
}

/// A file of credentials: where it is, how it was found, and its text.
fn of_text(
    raw: &RawInputs,
    runner: &Runner,
    (path, how, text): (&Path, &str, &str),
    findings: &mut Findings,
) -> Option<Credentials> {
    let wrong = |findings: &mut Findings, problem: String, cure: String| {
        findings.wrong(name::CREDENTIALS_JSON, format!("`{}` ({how}): {problem}", path.display()), cure);
    };
    match ServiceAccountKey::parse(text) {
        Ok(key) => Some(Credentials::of_key(key)),
        Err(KeyError::Federation) => match external::check(text, runner) {
            Ok(federation) => Some(Credentials::of_federation(federation)),
            Err(flaws) => {
                flaws.into_iter().for_each(|flaw| wrong(findings, flaw.to_string(), flaw.cure().to_owned()));
                None
            }
        },
        // In a job a person's file could only be a stray one, or a planted one.
        Err(KeyError::Person | KeyError::Impersonated) if !runner.actions => {
            own::file(raw, runner, text, findings, wrong)
        }
        Err(error) => {
            wrong(findings, error.to_string(), error.cure().to_owned());
            None
        }
    }
}

fn nothing(runner: &Runner) -> String {
    if !runner.actions {
        return own::nothing(runner);
    }
    let mut cure = format!(
        "write `credentials_json: ${{{{ secrets.GCP_SERVICE_ACCOUNT_KEY }}}}`; if it is written, the secret is empty here: {}. A new key: `gcloud iam service-accounts keys create - --iam-account=ACCOUNT | jq -c . | gh secret set NAME`. Without a key: `workload_identity_provider`; as the account of a runner in Google Cloud: `machine_account: true`",
        empty_secret::reason(runner)
    );
    let unread: Vec<&str> = runner.unread.iter().copied().filter(|name| *name != "SSL_CERT_FILE").collect();
    if !unread.is_empty() {
        cure.push_str(&format!(". {} is not read in a job, where any step could have set it", unread.join(", ")));
    }
    cure
}

/// What must be hidden before anything is printed, whatever else is wrong.
pub fn secrets(raw: &RawInputs, runner: &Runner) -> Vec<String> {
    let mut secrets: Vec<String> = runner.oidc_token.iter().map(|token| token.expose().to_owned()).collect();
    secrets.extend(runner.own.tokens.iter().map(|(_, token)| token.expose().to_owned()));
    let given = raw.get(name::CREDENTIALS_JSON).map(str::to_owned);
    let named = places::file(runner, &mut Findings::default()).map(|(_, _, text)| text);
    let known = runner.own.well_known.as_deref().and_then(|path| places::read(path).ok());
    for text in given.into_iter().chain(named).chain(known) {
        secrets.extend(ServiceAccountKey::parse(&text).map(|key| key.private_key.expose().to_owned()));
        secrets.extend(own::secrets(&text));
    }
    secrets.retain(|secret| !secret.trim().is_empty());
    secrets
}

/// Every file that may hold credentials, for keeping them out of what is packed and uploaded.
pub fn files(runner: &Runner, credentials: Option<&Credentials>) -> Vec<PathBuf> {
    let token = credentials.and_then(Credentials::token_file).map(|file| file.path().to_owned());
    places::files(runner).into_iter().chain(token).collect()
}
