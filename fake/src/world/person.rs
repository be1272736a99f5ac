//! People, and machines: who signs in without a key of an account.

use super::World;
use super::account::Token;
use serde_json::{Value, json};

/// A person who has signed in with gcloud.
#[derive(Debug, Clone)]
pub struct Person {
    /// What gcloud keeps, and shows for tokens.
    pub refresh_token: String,
    /// Whether the sign-in asked for the person's address too, as gcloud does by itself.
    pub openid: bool,
    /// Whether the organisation wants the person to sign in again.
    pub must_sign_in_again: bool,
}

/// A machine of Google Cloud's, as its metadata server knows it.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its service account.
    pub account: String,
    /// What tokens are for, whatever the account's roles say.
    pub scopes: Vec<String>,
}

impl World {
    /// The client that `gcloud auth application-default login` signs in with, and the one of `gcloud auth login`.
    pub const CLIENTS: [&str; 2] = [
        "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com",
        "32555940559.apps.googleusercontent.com",
    ];
    /// What such a client shows of itself; Google's is in every copy of gcloud.
    pub(crate) const CLIENT_SECRET: &str = "fake-client-secret-0123";

    /// Adds a person with no role.
    pub fn add_person(&mut self, email: &str) {
        let refresh_token = format!("1//0{}", self.fresh_hex("refresh token", 60));
        self.people.insert(email.to_owned(), Person { refresh_token, openid: true, must_sign_in_again: false });
    }

    /// Makes the machine one of Google Cloud's, with this account.
    pub fn add_machine(&mut self, account: &str) {
        let scopes = vec!["https://www.googleapis.com/auth/cloud-platform".to_owned()];
        self.machine = Some(Machine { account: account.to_owned(), scopes });
    }

    /// What `gcloud auth application-default login` writes for a person; for a stranger it is as well-formed.
    pub fn person_json(&self, email: &str) -> Value {
        let refresh_token = self.people.get(email).map_or("1//0none", |person| person.refresh_token.as_str());
        json!({"account": "", "client_id": World::CLIENTS[0], "client_secret": World::CLIENT_SECRET,
            "refresh_token": refresh_token, "type": "authorized_user", "universe_domain": "googleapis.com"})
    }

    /// An answer of OAuth with a token of this life in it.
    pub(crate) fn answer_with(&self, token: &str, lives: i64) -> Value {
        let mut answer = json!({"access_token": token, "expires_in": lives, "token_type": "Bearer"});
        match &self.said_lifetime {
            None => {}
            Some(Value::Null) => drop(answer.as_object_mut().and_then(|fields| fields.remove("expires_in"))),
            Some(said) => answer["expires_in"] = said.clone(),
        }
        answer
    }

    /// An access token of an account or a person, such as `gcloud auth print-access-token` prints.
    pub fn give_token(&mut self, account: &str) -> String {
        let token = format!("ya29.a0{}", self.fresh_hex("access token", 64));
        let expires = self.now_seconds() + self.token_lifetime;
        self.tokens.insert(token.clone(), Token { account: account.to_owned(), expires });
        token
    }
}
