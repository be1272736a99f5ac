//! Credentials of one's own: on a terminal what is found there, in a job the machine's alone, and only when asked for.

use std::path::Path;

use serde_json::Value;
use url::Url;

use super::external::{Flaw, account_of};
use super::federation::email;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::InputName;
use crate::inputs::spec::sign_in::name;
use slipway_names::address::is_near;
use slipway_names::credentials::Credentials;
use slipway_names::ids::{AccountEmail, ProjectId};
use slipway_names::own::{Acting, Own, TokenSource, person};
use slipway_runner::env::Runner;

/// Where Google's metadata server is.
const METADATA: &str = "metadata.google.internal";

/// The service account of this machine.
pub(super) fn machine(raw: &RawInputs, runner: &Runner, findings: &mut Findings) -> Option<Credentials> {
    let host = runner.own.metadata_host.as_deref().unwrap_or(METADATA);
    let plain = |url: &Url| {
        let bare = url.username().is_empty() && url.password().is_none();
        bare && url.path() == "/" && url.query().is_none() && url.fragment().is_none()
    };
    let server = Url::parse(&format!("http://{host}/")).ok().filter(|url| is_near(url) && plain(url));
    let Some(server) = server else {
        findings.wrong(
            "GCE_METADATA_HOST",
            format!("`{host}` is not where a metadata server can be"),
            "remove the variable, or name a host of this machine or of its link to Google (169.254.0.0/16)",
        );
        return None;
    };
    of(raw, runner, TokenSource::Machine(server), None, findings)
}

/// An access token that somebody got before.
pub(super) fn token(raw: &RawInputs, runner: &Runner, findings: &mut Findings) -> Option<Credentials> {
    let (variable, token) = runner.own.tokens.first()?;
    if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        findings.wrong(
            variable,
            "it holds something else than an access token",
            format!("unset it, or write `export {variable}=$(gcloud auth print-access-token)`"),
        );
        return None;
    }
    of(raw, runner, TokenSource::Token { variable, token: token.clone() }, None, findings)
}

/// What `gcloud auth application-default login` wrote, with or without an account that it acts as.
pub(super) fn file(
    raw: &RawInputs,
    runner: &Runner,
    text: &str,
    findings: &mut Findings,
    mut wrong: impl FnMut(&mut Findings, String, String),
) -> Option<Credentials> {
    // That it is an object with one of the two types is known.
    let json: Value = serde_json::from_str(text.trim()).unwrap_or_default();
    let of_file = match json.get("source_credentials") {
        None => None,
        Some(source) if source.get("type").is_some_and(|kind| kind == "authorized_user") => Some(source),
        Some(_) => {
            let cure = "make it anew: gcloud auth application-default login --impersonate-service-account=ACCOUNT";
            wrong(findings, "its `source_credentials` are not a person's".into(), cure.into());
            return None;
        }
    };
    let acting = match of_file {
        None => None,
        Some(_) => match acting(&json, runner) {
            Ok(acting) => Some(acting),
            Err(flaw) => {
                wrong(findings, flaw.to_string(), flaw.cure().to_owned());
                return None;
            }
        },
    };
    match person(of_file.unwrap_or(&json)) {
        Ok((person, quota_project)) => {
            let credentials = of(raw, runner, TokenSource::Person(person), acting, findings)?;
            Some(with_quota(credentials, quota_project))
        }
        Err(error) => {
            wrong(findings, error.to_string(), "gcloud auth application-default login writes it anew".into());
            None
        }
    }
}

/// The account that such a file acts as. Of its address only the name is taken.
fn acting(json: &Value, runner: &Runner) -> Result<Acting, Flaw> {
    let field = "service_account_impersonation_url";
    let address = json.get(field).and_then(Value::as_str).ok_or(Flaw::Missing(field))?;
    let account = account_of(address, runner)?;
    let listed = json.get("delegates").and_then(Value::as_array).into_iter().flatten();
    let delegates: Option<Vec<AccountEmail>> = listed
        .map(|name| {
            let name = name.as_str()?;
            AccountEmail::parse(name.strip_prefix("projects/-/serviceAccounts/").unwrap_or(name)).ok()
        })
        .collect();
    Ok(Acting { account, delegates: delegates.ok_or(Flaw::Missing("delegates"))?, lifetime: None })
}

/// Joins where tokens come from with the account that is acted as: by the inputs, else by what was found with them,
/// else by gcloud's variable.
fn of(
    raw: &RawInputs,
    runner: &Runner,
    source: TokenSource,
    found: Option<Acting>,
    findings: &mut Findings,
) -> Option<Credentials> {
    // What is wrong with the two inputs is told already.
    let named = |input: InputName| {
        let listed = scalar::list(raw.whole(input).unwrap_or_default());
        listed.iter().filter_map(|name| AccountEmail::parse(name).ok()).collect::<Vec<_>>()
    };
    let acting = match named(name::SERVICE_ACCOUNT).pop() {
        Some(account) => Some(Acting { account, delegates: named(name::DELEGATES), lifetime: None }),
        None => found.or_else(|| impersonated(runner, findings)),
    };
    if raw.has(name::DELEGATES) && !raw.has(name::SERVICE_ACCOUNT) {
        findings.wrong(name::DELEGATES, "there is no account at the end of the chain", "give `service_account` too");
    }
    let quota_project = runner.own.quota_project.as_deref().and_then(|text| ProjectId::parse(text).ok());
    Some(Credentials::of_own(Own { source, acting, quota_project }))
}

/// gcloud's variable: accounts separated by commas, of which the last one is acted as.
fn impersonated(runner: &Runner, findings: &mut Findings) -> Option<Acting> {
    let text = runner.own.impersonate.as_deref()?;
    let name = "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT";
    let mut chain: Vec<AccountEmail> =
        scalar::list(text).iter().filter_map(|account| email(name, account, findings)).collect();
    let account = chain.pop()?;
    Some(Acting { account, delegates: chain, lifetime: None })
}

/// What a variable says of the project goes before what the file says.
fn with_quota(mut credentials: Credentials, project: Option<ProjectId>) -> Credentials {
    if let slipway_names::credentials::SignInMethod::Own(own) = &mut credentials.way {
        own.quota_project = own.quota_project.take().or(project);
    }
    credentials
}

/// The secrets in a file of this kind, whatever else is wrong with it.
pub(super) fn secrets(text: &str) -> Vec<String> {
    let json: Value = serde_json::from_str(text.trim()).unwrap_or_default();
    let source = json.get("source_credentials").unwrap_or(&json);
    let of = |name: &str| Some(source.get(name)?.as_str()?.to_owned());
    ["client_secret", "refresh_token", "private_key"].into_iter().filter_map(of).collect()
}

/// Where to sign in, for whom nothing was found.
pub(super) fn nothing(runner: &Runner) -> String {
    let known = runner.own.well_known.as_deref().map_or_else(String::new, |path| format!(" (`{}`)", shown(path)));
    format!(
        "sign in: `gcloud auth application-default login`, which is found where gcloud puts it{known}; or set GOOGLE_APPLICATION_CREDENTIALS to a file, or give --credentials-json. On a machine in Google Cloud: --machine-account"
    )
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
