//! Secrets of Actions: sealed with GitHub's key, written, never read; GitHub says when one was last written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::PublicKey;
use crypto_box::aead::OsRng;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GitHub;
use super::ask::{GitHubCall, segment};
use super::error::GitHubError;
use slipway_failure::{Class, Explain};
use slipway_names::json::set;
use slipway_names::rotation::{Owner, SecretPlace};
use slipway_names::secret::Secret;
use slipway_wire::repeat::Repeat;

/// Repositories on a page: the most GitHub gives. An organisation that selects more is refused.
const PAGE: usize = 100;

/// Why a secret could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// GitHub said no, or did not answer.
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    /// GitHub's key is none, or sealing failed.
    #[error("the value cannot be sealed for GitHub ({0})")]
    Seal(&'static str),
    /// Nobody said who may use the secret of an organisation.
    #[error("the organisation has no such secret yet")]
    NotThere,
    /// More repositories may use it than are read here.
    #[error("more than {PAGE} repositories are selected for the secret")]
    TooMany,
    /// The token may not write this kind of secret.
    #[error(transparent)]
    Token(Box<TokenMayNot>),
}

/// GitHub's refusal, and the permission that the token lacks.
#[derive(Debug, thiserror::Error)]
#[error("{refused}")]
pub struct TokenMayNot {
    #[source]
    refused: GitHubError,
    permission: &'static str,
}

impl SecretError {
    /// Whether the write may have happened all the same.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::GitHub(error) if error.is_open())
    }

    fn sorted(error: GitHubError, place: &SecretPlace) -> Self {
        // What may not be seen is not there, says GitHub.
        if !error.is_forbidden() && !error.is_missing() {
            return Self::GitHub(error);
        }
        Self::Token(Box::new(TokenMayNot { refused: error, permission: permission(&place.owner) }))
    }
}

impl Explain for SecretError {
    fn class(&self) -> Class {
        match self {
            Self::GitHub(error) => error.class(),
            Self::Seal(_) => Class::Infrastructure,
            Self::NotThere | Self::TooMany => Class::Config,
            Self::Token(_) => Class::Permission,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::GitHub(GitHubError::Refused { status: 401, .. }) => {
                vec!["GitHub does not accept `github_token`: it has ended, was revoked, or is no token".into()]
            }
            Self::GitHub(error) => error.hints(),
            Self::Seal(_) => vec!["Run again; if it stays, look at https://www.githubstatus.com".into()],
            Self::NotThere => {
                vec!["Make the secret once by hand, with the repositories that may use it; from then on it is kept as it is".into()]
            }
            Self::TooMany => vec!["Let all private repositories use it, or give it to fewer".into()],
            Self::Token(why) => vec![
                format!(
                    "Give `github_token` a fine-grained personal access token, or the token of a GitHub App, with {} (docs/ROTATION.md)",
                    why.permission
                ),
                "The workflow's own token can never write secrets, whatever stands below `permissions:`".into(),
                "Or the repository, environment or organisation is spelt wrongly: GitHub does not tell the two apart"
                    .into(),
            ],
        }
    }
}

/// The permission of the token, as GitHub's page for tokens writes it.
fn permission(owner: &Owner) -> &'static str {
    match owner {
        Owner::Repository(_) => "`Secrets: Read and write` on the repository",
        Owner::Environment { .. } => "`Environments: Read and write` on the repository",
        Owner::Organization(_) => "`Organization secrets: Read and write`",
    }
}

/// Everything that is needed to write one secret: GitHub's key, and who may use it.
#[derive(Debug)]
pub struct Door {
    key_id: String,
    key: PublicKey,
    /// What else the write of an organisation's secret must say.
    users: Option<Value>,
    /// When it was last written; `None` where it is not there yet.
    pub updated_at: Option<String>,
}

#[derive(Deserialize)]
struct PublicKeyAnswer {
    key_id: String,
    key: String,
}

#[derive(Deserialize)]
struct SecretAnswer {
    updated_at: String,
    #[serde(default)]
    visibility: Option<String>,
}

#[derive(Deserialize)]
struct Selected {
    total_count: usize,
    repositories: Vec<SelectedRepository>,
}

#[derive(Deserialize)]
struct SelectedRepository {
    id: u64,
}

fn home(owner: &Owner) -> String {
    let whole = |repository: &str| repository.split('/').map(segment).collect::<Vec<_>>().join("/");
    match owner {
        Owner::Repository(repository) => format!("/repos/{}/actions/secrets", whole(repository)),
        Owner::Environment { repository, name } => {
            format!("/repos/{}/environments/{}/secrets", whole(repository), segment(name))
        }
        Owner::Organization(organization) => format!("/orgs/{}/actions/secrets", segment(organization)),
    }
}

impl GitHub {
    /// Looks whether a secret can be written: GitHub's key for it, when it was last written, who may use it.
    ///
    /// # Errors
    /// When the token may not look, or an organisation has no such secret.
    pub async fn secret_door(&self, place: &SecretPlace) -> Result<Door, SecretError> {
        let home = home(&place.owner);
        let call = GitHubCall::get(format!("{home}/public-key"), "secrets", "read the public key for secrets");
        let answer: PublicKeyAnswer =
            self.ask_outside(&call).await.map_err(|error| SecretError::sorted(error, place))?;
        let bytes = STANDARD.decode(&answer.key).map_err(|_| SecretError::Seal("its key is not base64"))?;
        let key = PublicKey::from_slice(&bytes).map_err(|_| SecretError::Seal("its key has another length"))?;
        let known = self.look(place).await?;
        let users = match (&place.owner, &known) {
            (Owner::Organization(_), Some(known)) => Some(self.users(place, known).await?),
            (Owner::Organization(_), None) => return Err(SecretError::NotThere),
            _ => None,
        };
        Ok(Door { key_id: answer.key_id, key, users, updated_at: known.map(|known| known.updated_at) })
    }

    /// When a secret was last written, as GitHub writes times; `None` where it is not there.
    ///
    /// # Errors
    /// When it may not be looked at.
    pub async fn secret_updated_at(&self, place: &SecretPlace) -> Result<Option<String>, SecretError> {
        Ok(self.look(place).await?.map(|known| known.updated_at))
    }

    /// Seals a value and writes it. It could be repeated, but then a refusal of the second try would hide that the
    /// first had its effect; so the author repeats it, who looks in between.
    ///
    /// # Errors
    /// When GitHub refuses; where the error `is_open`, the secret may hold the value all the same.
    pub async fn write_secret(&self, place: &SecretPlace, door: &Door, value: &Secret) -> Result<(), SecretError> {
        let sealed = door.key.seal(&mut OsRng, value.expose().as_bytes());
        let sealed = sealed.map_err(|_| SecretError::Seal("encryption gave up"))?;
        let mut body = json!({"encrypted_value": STANDARD.encode(sealed), "key_id": door.key_id});
        for (name, value) in door.users.as_ref().and_then(Value::as_object).into_iter().flatten() {
            set(&mut body, name, value.clone());
        }
        let call = GitHubCall {
            doing: format!("write {place}"),
            method: Method::PUT,
            path: format!("{}/{}", home(&place.owner), segment(&place.name)),
            query: Vec::new(),
            body: Some(body),
            repeat: Repeat::WithoutEffect,
            permission: "secrets: write",
        };
        self.ask_outside::<Value>(&call).await.map(drop).map_err(|error| SecretError::sorted(error, place))
    }

    async fn look(&self, place: &SecretPlace) -> Result<Option<SecretAnswer>, SecretError> {
        let path = format!("{}/{}", home(&place.owner), segment(&place.name));
        match self.ask_outside(&GitHubCall::get(path, "secrets", format!("read the date of {place}"))).await {
            Ok(known) => Ok(Some(known)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(SecretError::sorted(error, place)),
        }
    }

    /// Who may use the secret of an organisation: every write must say it, so what was is said again.
    async fn users(&self, place: &SecretPlace, known: &SecretAnswer) -> Result<Value, SecretError> {
        let visibility = known.visibility.as_deref().unwrap_or("private");
        if visibility != "selected" {
            return Ok(json!({"visibility": visibility}));
        }
        let path = format!("{}/{}/repositories", home(&place.owner), segment(&place.name));
        let mut call = GitHubCall::get(path, "secrets", format!("read which repositories may use {place}"));
        call.query.push(("per_page", PAGE.to_string()));
        let selected: Selected = self.ask_outside(&call).await.map_err(|error| SecretError::sorted(error, place))?;
        if selected.total_count > selected.repositories.len() {
            return Err(SecretError::TooMany);
        }
        let ids: Vec<u64> = selected.repositories.iter().map(|repository| repository.id).collect();
        Ok(json!({"visibility": visibility, "selected_repository_ids": ids}))
    }
}
