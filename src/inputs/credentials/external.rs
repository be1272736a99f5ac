//! A credentials file of federation, as google-github-actions/auth writes it: checked field by field before use.
//!
//! Such a file says which addresses are called and which files are read, so a planted one could send this job's
//! identity to a stranger. Of all its addresses none is ever called: each must be the one that would be called
//! without it, and only names are taken from it.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use super::federation;
use crate::inputs::engine::error::Findings;
use slipway_names::federation::{Federation, Provider, SUBJECT_TYPES, SubjectToken};
use slipway_names::ids::AccountEmail;
use slipway_names::own::Acting;
use slipway_names::token_file::{TokenFile, TokenFileError};
use slipway_runner::env::Runner;

/// What is wrong with a file. No variant quotes an address whole: there may be a token in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Flaw {
    #[error("its `{0}` is missing, or is something else than it should be")]
    Missing(&'static str),
    #[error("its `{field}` must be exactly `{google}`, and leads to {to}")]
    Elsewhere { field: &'static str, to: String, google: String },
    #[error("its `audience` is not the name of a provider of a workload identity pool")]
    Audience,
    #[error("its `subject_token_type` is none that GitHub's tokens have")]
    SubjectType,
    #[error("its `universe_domain` is not googleapis.com")]
    Universe,
    #[error("its `service_account_impersonation_url` names no service account")]
    Account,
    #[error("its `service_account_impersonation` is no lifetime of 600 to 43200 seconds")]
    Lifetime,
    #[error("it has `{0}`, which is not for runs of GitHub Actions")]
    Foreign(&'static str),
    #[error("its `credential_source` has `{0}`, which is not supported: {1}")]
    Source(String, &'static str),
    #[error("its `credential_source` must say either `url` or `file`")]
    NoSource,
    #[error("this run may not ask GitHub for an identity, which its `credential_source.url` needs")]
    NoDoor,
    #[error("its `credential_source.url` leads to {0}, and not to where this run asks GitHub for an identity")]
    Url(String),
    #[error("its `credential_source.url` does not name one audience")]
    UrlAudience,
    #[error("its `credential_source.headers` are not the one `Authorization` of this run")]
    Headers,
    #[error("its `credential_source.format` is not the one GitHub answers in")]
    Format,
    #[error("its `credential_source.file` cannot be used: {0}")]
    File(#[source] TokenFileError),
}

impl Flaw {
    /// What to do about it.
    pub(super) fn cure(&self) -> &'static str {
        match self {
            Flaw::NoDoor => "give the job `permissions: id-token: write`",
            Flaw::File(_) | Flaw::Source(..) | Flaw::Foreign(_) | Flaw::NoSource => {
                "let google-github-actions/auth write the file in this job, or give `workload_identity_provider`"
            }
            Flaw::Url(_) | Flaw::Headers => {
                "the file must be of this very job: run google-github-actions/auth in it, and look for who else wrote that file"
            }
            _ => {
                "use the file as google-github-actions/auth writes it, or give `workload_identity_provider`; look for who changed it"
            }
        }
    }
}

/// Fields that belong to other clouds, other machines, or people.
const FOREIGN: [&str; 4] = ["workforce_pool_user_project", "client_id", "client_secret", "refresh_token"];

/// Ways of getting a subject token that start a program, ask another cloud, or need a certificate.
const SOURCES: [(&str, &str); 6] = [
    ("executable", "no program is ever started"),
    ("certificate", "this run has no certificate"),
    ("environment_id", "this is no run on AWS"),
    ("region_url", "this is no run on AWS"),
    ("regional_cred_verification_url", "this is no run on AWS"),
    ("imdsv2_session_token_url", "this is no run on AWS"),
];

/// Checks a file whose `type` is `external_account`.
pub(super) fn check(text: &str, runner: &Runner) -> Result<Federation, Vec<Flaw>> {
    // That it is an object with this type is known.
    let json: Value = serde_json::from_str(text.trim()).unwrap_or_default();
    let mut checked = Checked { json: &json, runner, flaws: Vec::new() };
    let federation = checked.federation();
    match federation {
        Some(federation) if checked.flaws.is_empty() => Ok(federation),
        _ => Err(checked.flaws),
    }
}

struct Checked<'a> {
    json: &'a Value,
    runner: &'a Runner,
    flaws: Vec<Flaw>,
}

impl Checked<'_> {
    fn federation(&mut self) -> Option<Federation> {
        if self.json.get("universe_domain").is_some_and(|domain| domain != "googleapis.com") {
            self.flaws.push(Flaw::Universe);
        }
        self.flaws.extend(FOREIGN.into_iter().filter(|name| self.json.get(name).is_some()).map(Flaw::Foreign));
        let token_url = format!("{}/v1/token", root(self.runner, "STS", "https://sts.googleapis.com"));
        self.exactly("token_url", &token_url, true);
        self.exactly("token_info_url", &token_url.replace("/token", "/introspect"), false);
        let provider = self.text("audience").map(Provider::of_audience);
        if let Some(None) = provider {
            self.flaws.push(Flaw::Audience);
        }
        let kind = self.text("subject_token_type").map(|text| SUBJECT_TYPES.into_iter().find(|kind| *kind == text));
        if let Some(None) = kind {
            self.flaws.push(Flaw::SubjectType);
        }
        let account = self.account();
        let lifetime = self.lifetime();
        let acting = account.map(|account| Acting { account, delegates: Vec::new(), lifetime });
        let subject = self.subject();
        Some(Federation {
            provider: provider??,
            subject: subject?,
            subject_type: kind??,
            acting,
            repository: self.runner.origin.of_repository(),
        })
    }

    fn text(&mut self, field: &'static str) -> Option<&str> {
        let text = self.json.get(field).and_then(Value::as_str);
        if text.is_none() {
            self.flaws.push(Flaw::Missing(field));
        }
        text
    }

    /// An address that is never called, and must be the one that is called in its place.
    fn exactly(&mut self, field: &'static str, wanted: &str, required: bool) {
        match self.json.get(field).map(Value::as_str) {
            None if required => self.flaws.push(Flaw::Missing(field)),
            None => {}
            Some(Some(text)) if text == wanted => {}
            Some(text) => {
                let to = shown(text.unwrap_or_default());
                self.flaws.push(Flaw::Elsewhere { field, to, google: wanted.to_owned() });
            }
        }
    }

    fn account(&mut self) -> Option<AccountEmail> {
        let text = self.json.get("service_account_impersonation_url")?.as_str().unwrap_or_default();
        account_of(text, self.runner).map_err(|flaw| self.flaws.push(flaw)).ok()
    }

    fn lifetime(&mut self) -> Option<Duration> {
        let said = self.json.get("service_account_impersonation")?;
        let seconds = said.get("token_lifetime_seconds").and_then(Value::as_u64);
        let lifetime = seconds.filter(|seconds| (600..=43_200).contains(seconds)).map(Duration::from_secs);
        let only = said.as_object().is_some_and(|fields| fields.len() == 1);
        if lifetime.is_none() || !only || self.json.get("service_account_impersonation_url").is_none() {
            self.flaws.push(Flaw::Lifetime);
        }
        lifetime
    }

    fn subject(&mut self) -> Option<SubjectToken> {
        let Some(source) = self.json.get("credential_source").and_then(Value::as_object) else {
            self.flaws.push(Flaw::Missing("credential_source"));
            return None;
        };
        let known = self.flaws.len();
        for name in source.keys() {
            let why = SOURCES.iter().find(|(other, _)| other == name).map(|(_, why)| *why);
            let why = why
                .or((!["url", "headers", "format", "file"].contains(&name.as_str()))
                    .then_some("nothing like it is needed"));
            self.flaws.extend(
                why.map(|why| Flaw::Source(name.chars().filter(char::is_ascii_graphic).take(40).collect(), why)),
            );
        }
        match (source.get("url"), source.get("file")) {
            (Some(url), None) => self.of_url(url.as_str().unwrap_or_default(), source),
            (None, Some(file)) => self.of_file(file.as_str().unwrap_or_default(), source),
            _ => {
                if self.flaws.len() == known {
                    self.flaws.push(Flaw::NoSource);
                }
                None
            }
        }
    }

    /// GitHub's address: the runner's own, to which nothing but the audience is added.
    fn of_url(&mut self, text: &str, source: &Map<String, Value>) -> Option<SubjectToken> {
        let mut unusable = Findings::default();
        let Some(door) = federation::door(self.runner, &mut unusable) else {
            self.flaws.push(Flaw::NoDoor);
            return None;
        };
        let audience = match Url::parse(text) {
            Ok(url) if same_but_query(&url, &door.url) => {
                let audience = added(&door.url, &url);
                if audience.is_none() {
                    self.flaws.push(Flaw::UrlAudience);
                }
                audience
            }
            _ => {
                self.flaws.push(Flaw::Url(shown(text)));
                None
            }
        };
        let headers = source.get("headers").and_then(Value::as_object);
        let bearer = headers.filter(|headers| headers.len() == 1).and_then(|headers| headers.iter().next());
        let ours = bearer.is_some_and(|(name, value)| {
            let token = value.as_str().and_then(|value| value.split_once(' '));
            name.eq_ignore_ascii_case("authorization")
                && token.is_some_and(|(scheme, token)| {
                    scheme.eq_ignore_ascii_case("bearer") && token == door.token.expose()
                })
        });
        if !ours {
            self.flaws.push(Flaw::Headers);
        }
        let format = serde_json::json!({"type": "json", "subject_token_field_name": "value"});
        if source.get("format") != Some(&format) {
            self.flaws.push(Flaw::Format);
        }
        Some(SubjectToken::GitHub { door: Some(door), audience: audience? })
    }

    /// A file that something else in this job writes: in the workspace or the runner's temporary directory.
    fn of_file(&mut self, text: &str, source: &Map<String, Value>) -> Option<SubjectToken> {
        if source.contains_key("headers") {
            self.flaws.push(Flaw::Headers);
        }
        let field = match source.get("format") {
            None => None,
            Some(format) => match (format["type"].as_str(), format["subject_token_field_name"].as_str()) {
                (Some("text"), None) => None,
                (Some("json"), Some(field)) if !field.is_empty() => Some(field.to_owned()),
                _ => {
                    self.flaws.push(Flaw::Format);
                    return None;
                }
            },
        };
        let within = std::iter::once(&self.runner.workspace).chain(&self.runner.temp).cloned().collect();
        let file = TokenFile::new(self.runner.workspace.join(Path::new(text)), within, field);
        match file.read() {
            Ok(_) => Some(SubjectToken::File(file)),
            Err(error) => {
                self.flaws.push(Flaw::File(error));
                None
            }
        }
    }
}

/// The account in an address of IAM Credentials, which must be the one that is called without it.
pub(super) fn account_of(text: &str, runner: &Runner) -> Result<AccountEmail, Flaw> {
    let root = root(runner, "IAMCREDENTIALS", "https://iamcredentials.googleapis.com");
    let begin = format!("{root}/v1/projects/-/serviceAccounts/");
    let Some(rest) = text.strip_prefix(&begin) else {
        let google = format!("{begin}ACCOUNT:generateAccessToken");
        return Err(Flaw::Elsewhere { field: "service_account_impersonation_url", to: shown(text), google });
    };
    let account = rest.strip_suffix(":generateAccessToken").and_then(|email| AccountEmail::parse(email).ok());
    account.ok_or(Flaw::Account)
}

/// The root of an API, where one is put in its place.
fn root<'a>(runner: &'a Runner, api: &str, google: &'a str) -> &'a str {
    let replaced = runner.endpoints.iter().find(|(name, _)| name == api);
    replaced.map_or(google, |(_, address)| address.trim_end_matches('/'))
}

fn same_but_query(one: &Url, other: &Url) -> bool {
    let bare = |url: &Url| {
        let mut url = url.clone();
        url.set_query(None);
        url
    };
    // With user, password and fragment: none of them may be added.
    bare(one) == bare(other)
}

/// The audience that `url` adds to the query of `base`; none when it changes anything else.
fn added(base: &Url, url: &Url) -> Option<String> {
    let of = |url: &Url| url.query_pairs().into_owned().collect::<Vec<_>>();
    let (before, mut after) = (of(base), of(url));
    let at = after.iter().position(|(name, _)| name == "audience")?;
    let (_, audience) = after.remove(at);
    let fits = (1..=256).contains(&audience.len()) && audience.bytes().all(|b| b.is_ascii_graphic());
    (after == before && fits).then_some(audience)
}

/// Of an address the place, without anything that could be a secret.
fn shown(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) if url.has_host() => {
            let host: String = url.host_str().unwrap_or_default().chars().take(80).collect();
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("`{}://{host}{port}`", url.scheme())
        }
        _ => "no address".to_owned(),
    }
}
