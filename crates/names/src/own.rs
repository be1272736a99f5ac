//! Credentials of one's own: a person's, a machine's, or a token at hand; and the account that they act as.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::ids::{AccountEmail, ProjectId};
use super::key::KeyError;
use super::secret::Secret;

/// Credentials that no workflow gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Where tokens come from.
    pub source: TokenSource,
    /// The account they act as; none when the grants are their own.
    pub acting: Option<Acting>,
    /// The project that requests are counted for, where the credentials or a variable name one.
    pub quota_project: Option<ProjectId>,
}

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// A person's refresh token.
    Person(Person),
    /// An access token that somebody else got.
    Token {
        /// The variable it stands in.
        variable: &'static str,
        /// The token.
        token: Secret,
    },
    /// Google's metadata server, at this address.
    Machine(Url),
}

/// What `gcloud auth application-default login` keeps of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The program that the person signed in with, which is gcloud.
    pub client_id: String,
    /// What that program shows of itself.
    pub client_secret: Secret,
    /// What tokens are got for.
    pub refresh_token: Secret,
}

/// An account that others act as, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    /// The account.
    pub account: AccountEmail,
    /// The accounts in between, in the order they vouch for each other.
    pub delegates: Vec<AccountEmail>,
    /// How long a token of the account is asked to live; Google's own hour where it is not said.
    pub lifetime: Option<Duration>,
}

#[derive(Deserialize)]
struct PersonFile {
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    quota_project_id: Option<String>,
    universe_domain: Option<String>,
}

/// A person and the project their requests count for, of a JSON object of type `authorized_user`.
///
/// # Errors
/// What is wrong with it, without quoting it.
pub fn person(json: &serde_json::Value) -> Result<(Person, Option<ProjectId>), KeyError> {
    let file: PersonFile = serde_json::from_value(json.clone()).map_err(|_| KeyError::NotAnObject)?;
    if file.universe_domain.is_some_and(|domain| domain != "googleapis.com") {
        return Err(KeyError::Universe);
    }
    let secret = |text: Option<String>, name| text.as_deref().and_then(Secret::new).ok_or(KeyError::Missing(name));
    let person = Person {
        client_id: file.client_id.filter(|id| !id.is_empty()).ok_or(KeyError::Missing("client_id"))?,
        client_secret: secret(file.client_secret, "client_secret")?,
        refresh_token: secret(file.refresh_token, "refresh_token")?,
    };
    Ok((person, file.quota_project_id.and_then(|project| ProjectId::parse(&project).ok())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_persons_file_is_read_and_never_shown() {
        let good = json!({"type": "authorized_user", "client_id": "c", "client_secret": "s3cr3t", "refresh_token": "1//r",
            "account": "", "quota_project_id": "harbour-dev", "universe_domain": "googleapis.com"});
        let (person_, quota) = person(&good).expect("a person");
        assert_eq!((person_.client_id.as_str(), quota.map(|id| id.to_string())), ("c", Some("harbour-dev".into())));
        let shown = format!("{person_:?}");
        assert!(!shown.contains("s3cr3t") && !shown.contains("1//r"), "{shown}");
        for (name, value) in [("client_id", json!("")), ("client_secret", json!(" ")), ("refresh_token", json!(null))] {
            let mut file = good.clone();
            file[name] = value;
            assert!(matches!(person(&file), Err(KeyError::Missing(missing)) if missing == name));
        }
        let mut file = good.clone();
        file["universe_domain"] = json!("evil.example");
        assert_eq!(person(&file).expect_err("elsewhere"), KeyError::Universe);
        file = good;
        file["client_id"] = json!(7);
        assert_eq!(person(&file).expect_err("no text"), KeyError::NotAnObject);
    }
}
