//! Service accounts, their keys, and the tokens given out to them.

use super::World;
use super::policy::IamPolicy;
use crate::clock::{self, Nanos};

/// A service account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its e-mail.
    pub email: String,
    /// Id of its project.
    pub project: String,
    /// Numeric id.
    pub unique_id: String,
    /// Whether it was disabled.
    pub disabled: bool,
    /// Its keys.
    pub keys: Vec<Key>,
    /// Who may act as it, besides those whom the project's policy allows.
    pub policy: IamPolicy,
}

/// A key of a service account. Every key is the same RSA key under an id of its own.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its id, the `private_key_id` of the key file.
    pub id: String,
    /// Whether it was disabled.
    pub disabled: bool,
    /// When it was made.
    pub created: String,
    /// So many tokens are refused before it works: a new key takes a while to be known everywhere.
    pub lag: u32,
    /// So many lists do not show it yet.
    pub unlisted: u32,
}

/// An access token that was given out.
#[derive(Debug, Clone)]
pub struct Token {
    /// The account it stands for.
    pub account: String,
    /// When it ends, in seconds since 1970 by Google's clock.
    pub expires: i64,
}

impl World {
    /// Adds a service account to a project, with no key and no role.
    pub fn add_account(&mut self, project: &str, email: &str) {
        self.serial += 1;
        let unique_id = format!("{:021}", 100_000_000_000_000_000_000_u128 + u128::from(self.serial));
        let account = Account {
            email: email.to_owned(),
            project: project.to_owned(),
            unique_id,
            disabled: false,
            keys: Vec::new(),
            policy: IamPolicy::default(),
        };
        self.accounts.insert(email.to_owned(), account);
    }

    /// Adds a key to an account and returns its id; an unknown account gets none.
    pub fn add_key(&mut self, email: &str) -> Option<String> {
        let id = self.fresh_hex("key", 40);
        let created = self.stamp(0);
        self.accounts.get_mut(email)?.keys.push(Key { id: id.clone(), disabled: false, created, lag: 0, unlisted: 0 });
        Some(id)
    }

    /// Deletes a service account; its keys and tokens are worth nothing from then on.
    pub fn delete_account(&mut self, email: &str) {
        self.accounts.remove(email);
        self.tokens.retain(|_, token| token.account != email);
    }

    /// Disables every key of an account.
    pub fn disable_keys(&mut self, email: &str) {
        for key in self.accounts.get_mut(email).into_iter().flat_map(|account| &mut account.keys) {
            key.disabled = true;
        }
    }

    /// Ends every access token given out so far.
    pub fn expire_tokens(&mut self) {
        for token in self.tokens.values_mut() {
            token.expires = 0;
        }
    }

    /// Google's clock.
    pub(crate) fn now(&self) -> Nanos {
        clock::now(self.clock_skew)
    }

    /// Google's clock in whole seconds.
    pub(crate) fn now_seconds(&self) -> i64 {
        i64::try_from(self.now().div_euclid(1_000_000_000)).unwrap_or(i64::MAX)
    }

    /// An instant by Google's clock as its APIs write it.
    pub(crate) fn stamp(&self, digits: usize) -> String {
        clock::rfc3339(self.now(), digits)
    }
}
