//! Who asks Google: the name people know, and the name that policies have.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::federation::Provider;
use super::ids::AccountEmail;
use super::run_repository::RunRepository;

/// An identity in Google Cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    named: ServiceAgentName,
    /// What Google says with the first token, where nothing said it before; all copies know it then.
    learned: Arc<OnceLock<ServiceAgentName>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ServiceAgentName {
    shown: String,
    member: String,
    email: Option<String>,
    /// What must hold for `member` to mean anybody.
    mapped: Vec<String>,
}

impl ServiceAgentName {
    /// By an address: a service account's says that it is one.
    fn of_address(email: &str) -> Self {
        let kind = if is_account(email) { "serviceAccount" } else { "user" };
        let member = format!("{kind}:{email}");
        Self { shown: email.to_owned(), member, email: Some(email.to_owned()), mapped: Vec::new() }
    }

    fn unnamed(shown: impl Into<String>, member: &str) -> Principal {
        let named = Self { shown: shown.into(), member: member.to_owned(), ..Self::default() };
        Principal { named, learned: Arc::default() }
    }
}

impl Principal {
    /// A service account, by its key or impersonated.
    pub fn account(email: &AccountEmail) -> Self {
        let member = format!("serviceAccount:{email}");
        let named =
            ServiceAgentName { shown: email.to_string(), member, email: Some(email.to_string()), mapped: Vec::new() };
        Self { named, learned: Arc::default() }
    }

    /// The runs of a repository, by themselves: nothing but their pool knows them.
    pub fn federated(provider: &Provider, repository: &RunRepository) -> Self {
        let shown = format!("{} in pool {}", repository.name.as_deref().unwrap_or("this workflow"), provider.pool());
        let mut principal = ServiceAgentName::unnamed(shown, &provider.members(repository));
        principal.named.mapped = provider.mapped(repository);
        principal
    }

    /// A person, whose address comes with the first token.
    pub fn person() -> Self {
        ServiceAgentName::unnamed("your own account", "user:YOUR_ADDRESS")
    }

    /// Whoever a token was given to.
    pub fn bearer(variable: &str) -> Self {
        ServiceAgentName::unnamed(format!("the account of {variable}"), "user:YOUR_ADDRESS")
    }

    /// The service account of a machine, whose address comes with the first token.
    pub fn machine() -> Self {
        ServiceAgentName::unnamed("the machine's service account", "serviceAccount:THE_MACHINES_ACCOUNT")
    }

    /// Takes what Google says of the address, where nothing said it before. What does not look like an address is
    /// not taken: it would stand in commands.
    pub fn learn(&self, email: &str) {
        if self.named.email.is_none() && is_address(email) {
            // The first answer counts.
            let _known = self.learned.set(ServiceAgentName::of_address(email));
        }
    }

    fn named(&self) -> &ServiceAgentName {
        self.learned.get().unwrap_or(&self.named)
    }

    /// The name for sentences.
    pub fn shown(&self) -> &str {
        &self.named().shown
    }

    /// The name in a policy, such as `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`.
    pub fn member(&self) -> &str {
        &self.named().member
    }

    /// What must hold for that name to mean anybody, for whoever grants it a role; nothing where it always does.
    pub fn mapped(&self) -> &[String] {
        &self.named().mapped
    }

    /// The address of the account or the person; who is known to a pool alone has none.
    pub fn email(&self) -> Option<&str> {
        self.named().email.as_deref()
    }

    /// The address, where it is a service account's.
    pub fn service_account(&self) -> Option<&str> {
        self.email().filter(|_| self.member().starts_with("serviceAccount:"))
    }
}

fn is_account(email: &str) -> bool {
    email.ends_with(".gserviceaccount.com")
}

fn is_address(text: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte))
    };
    text.len() <= 254 && text.split_once('@').is_some_and(|(name, domain)| fits(name) && fits(domain))
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_google_says_is_known_to_all_copies_and_said_once() {
        let person = Principal::person();
        let copy = person.clone();
        assert_eq!((copy.shown(), copy.email()), ("your own account", None));
        person.learn("ann@example.com");
        person.learn("eve@example.com");
        assert_eq!((copy.shown(), copy.member()), ("ann@example.com", "user:ann@example.com"));
        assert_eq!(copy.service_account(), None);
        let machine = Principal::machine();
        machine.learn("12-compute@developer.gserviceaccount.com");
        assert_eq!(machine.member(), "serviceAccount:12-compute@developer.gserviceaccount.com");
        assert!(machine.service_account().is_some());
    }

    #[test]
    fn what_is_no_address_never_stands_in_a_command() {
        for text in ["", "ann", "@b", "a@", "a b@c.d", "a@b.c;rm", "$(id)@b.c", "a@b@c", "`a`@b.c", "a@b.c\n"] {
            let person = Principal::person();
            person.learn(text);
            assert_eq!(person.email(), None, "{text}");
        }
        let account = Principal::account(&AccountEmail::parse("d@p.iam.gserviceaccount.com").expect("an account"));
        account.learn("ann@example.com");
        assert_eq!(account.email(), Some("d@p.iam.gserviceaccount.com"), "what is known is not changed");
    }
}
