//! Acting as a service account: IAM Credentials gives its tokens to whoever may (docs: iam/docs/create-short-lived-credentials-direct).

use std::fmt;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::granted::{self, Granted, SCOPE};
use super::http::{Body, Call, Http};
use super::patience::Patience;
use super::roles;
use slipway_failure::{Class, Explain};
use slipway_names::federation::Provider;
use slipway_names::ids::AccountEmail;
use slipway_names::json::set;
use slipway_names::own::Acting;
use slipway_names::principal::Principal;
use slipway_names::run_repository::RunRepository;
use slipway_wire::repeat::Repeat;

/// IAM Credentials answers within seconds or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long Google lets a token of an account live that nobody asks another life for.
const USUAL_LIFE: Duration = Duration::from_secs(3600);

/// The role that lets one account, or a person, act as an account.
const CREATOR: &str = "roles/iam.serviceAccountTokenCreator";

/// Who acts, as a policy names it, and the role that this kind of member is given.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    who: String,
    member: String,
    role: &'static str,
    /// What must hold for the member to mean anybody.
    mapped: Vec<String>,
}

impl Actor {
    /// The runs of a repository, by a provider.
    pub(super) fn runs(provider: &Provider, repository: &RunRepository) -> Self {
        Self {
            who: "the runs of this repository".to_owned(),
            member: provider.members(repository),
            role: "roles/iam.workloadIdentityUser",
            mapped: provider.mapped(repository),
        }
    }

    /// A person, or a machine's account.
    pub(super) fn own(owner: &Principal) -> Self {
        Self { who: format!("`{owner}`"), member: owner.member().to_owned(), role: CREATOR, mapped: Vec::new() }
    }
}

/// Why an account gave no token.
#[derive(Debug)]
pub struct ActAsError {
    acting: Acting,
    actor: Actor,
    error: Box<ApiError>,
}

impl fmt::Display for ActAsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not act as `{}`", self.acting.account)
    }
}

impl std::error::Error for ActAsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// An access token of the account, for whoever `own` is a token of.
///
/// # Errors
/// What IAM Credentials answered.
pub(super) async fn access(http: &Http, acting: &Acting, own: &str, actor: &Actor) -> Result<Granted, ActAsError> {
    let mut body = json!({"scope": [SCOPE]});
    if let Some(lifetime) = acting.lifetime {
        set(&mut body, "lifetime", format!("{}s", lifetime.as_secs()));
    }
    let asked = acting.lifetime.unwrap_or(USUAL_LIFE);
    let call = call(http, acting, own, "generateAccessToken", body, "an access token");
    let granted = http.json_with(&call, |answer| Granted::of_iam(&answer, asked)).await;
    granted.map_err(|error| failed(acting, actor, error))
}

/// An identity token of the account.
///
/// # Errors
/// What IAM Credentials answered.
pub(super) async fn identity(
    http: &Http,
    acting: &Acting,
    own: &str,
    actor: &Actor,
    audience: &str,
) -> Result<String, ActAsError> {
    let body = json!({"audience": audience, "includeEmail": true});
    let call = call(http, acting, own, "generateIdToken", body, "an identity token");
    let token = http.json_with(&call, |answer| granted::text(&answer, "token")).await;
    token.map_err(|error| failed(acting, actor, error))
}

fn failed(acting: &Acting, actor: &Actor, error: ApiError) -> ActAsError {
    ActAsError { acting: acting.clone(), actor: actor.clone(), error: Box::new(error) }
}

/// A request for a token of the account: it changes nothing, so it may always be sent again.
fn call(http: &Http, acting: &Acting, own: &str, verb: &str, mut body: Value, what: &str) -> Call {
    if !acting.delegates.is_empty() {
        let delegates = acting.delegates.iter().map(|email| format!("projects/-/serviceAccounts/{email}"));
        set(&mut body, "delegates", delegates.collect::<Vec<_>>());
    }
    let path = format!("v1/projects/-/serviceAccounts/{}:{verb}", segment(acting.account.as_str()));
    Call {
        doing: format!("get {what} of `{}`", acting.account),
        method: Method::POST,
        url: http.url(Api::IamCredentials, &path),
        query: Vec::new(),
        headers: vec![("authorization", format!("Bearer {own}"))],
        body: Body::Json(body),
        repeat: Repeat::Always,
        patience: Patience::USUAL,
        authorized: false,
        timeout: TIMEOUT,
        secret_url: false,
    }
}

impl Explain for ActAsError {
    fn class(&self) -> Class {
        self.error.sign_in_class()
    }

    fn hints(&self) -> Vec<String> {
        if !self.error.is_refused() || self.error.is_api_disabled() {
            return self.error.hints();
        }
        let account = &self.acting.account;
        let project = project_of(account);
        let mut hints = grants(&self.acting, &self.actor);
        hints.extend(self.actor.mapped.iter().cloned());
        hints.push(format!("Check that the account exists: gcloud iam service-accounts describe {account}{project}"));
        hints.push("A grant is known after two minutes as a rule, and after seven or more at times".into());
        hints
    }
}

fn project_of(account: &AccountEmail) -> String {
    account.project().map(|project| format!(" --project={project}")).unwrap_or_default()
}

/// The commands that let the actor act as the account, through everyone in between.
fn grants(acting: &Acting, actor: &Actor) -> Vec<String> {
    let grant = |on: &AccountEmail, member: &str, role: &str| {
        let project = project_of(on);
        format!(
            "gcloud iam service-accounts add-iam-policy-binding {on}{project} --member={member} --role={role} --condition=None"
        )
    };
    let account = &acting.account;
    let Some((first, others)) = acting.delegates.split_first() else {
        return vec![format!("Let {} act as it: {}", actor.who, grant(account, &actor.member, actor.role))];
    };
    let mut hints = vec![format!(
        "Each of the chain must be let by the next; first {}: {}",
        actor.who,
        grant(first, &actor.member, CREATOR)
    )];
    let mut by = first;
    for on in others.iter().chain([account]) {
        hints.push(format!("Then `{by}`: {}", grant(on, &roles::member(by.as_str()), CREATOR)));
        by = on;
    }
    hints
}
