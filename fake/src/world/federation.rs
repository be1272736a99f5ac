//! Workload Identity Federation: pools and providers, whom they know, and GitHub, which vouches for runs.

use super::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A provider of a workload identity pool.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Whose tokens it takes.
    pub issuer: String,
    /// The audiences it takes besides its own name.
    pub audiences: Vec<String>,
    /// `google.subject` and `attribute.NAME`, each with the claim that it is made of.
    pub mapping: BTreeMap<String, String>,
    /// What must hold of a token: comparisons by `==` and `!=` of `assertion.NAME` with texts in single quotes, joined
    /// by `&&` and `||`, of which the former binds more closely. Empty for anything.
    pub condition: String,
    /// Whether it was disabled.
    pub disabled: bool,
}

/// What GitHub says of the run.
#[derive(Debug, Clone)]
pub struct GitHubRun {
    /// What the job shows when it asks for its identity.
    pub request_token: String,
    /// Who GitHub is.
    pub issuer: String,
    /// What the token says of the run.
    pub claims: BTreeMap<String, String>,
    /// Seconds that a token lives.
    pub lifetime: i64,
}

impl GitHubRun {
    /// A run of the branch `develop` of `o/r`.
    pub(super) fn new() -> GitHubRun {
        let claims = [
            ("sub", "repo:o/r:ref:refs/heads/develop"),
            ("repository", "o/r"),
            ("repository_id", "4711"),
            ("repository_owner", "o"),
            ("repository_owner_id", "815"),
            ("ref", "refs/heads/develop"),
            ("ref_type", "branch"),
            ("event_name", "push"),
            ("workflow", "deploy"),
            ("workflow_ref", "o/r/.github/workflows/deploy.yml@refs/heads/develop"),
            ("job_workflow_ref", "o/r/.github/workflows/deploy.yml@refs/heads/develop"),
            ("runner_environment", "github-hosted"),
        ];
        GitHubRun {
            // Long enough to be a secret that tests look for.
            request_token: "fake-request-token-0123456789abcdef".to_owned(),
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            claims: claims.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            lifetime: 600,
        }
    }

    /// The claims of a token for an audience.
    pub(crate) fn token(&self, audience: &str, now: i64, id: &str) -> Value {
        let mut claims =
            json!({"iss": self.issuer, "aud": audience, "iat": now, "nbf": now, "exp": now + self.lifetime, "jti": id});
        for (name, value) in &self.claims {
            claims[name] = json!(value);
        }
        claims
    }
}

impl Provider {
    /// The principal and its attributes that these claims make, in a pool of this name.
    pub(crate) fn map(&self, pool: &str, claims: &Value) -> Option<(String, BTreeMap<String, String>)> {
        let claim = |name: &str| claims[name.strip_prefix("assertion.")?].as_str().map(str::to_owned);
        let subject = claim(self.mapping.get("google.subject")?)?;
        let attributes = self.mapping.iter().filter(|(name, _)| name.starts_with("attribute."));
        let attributes = attributes.filter_map(|(name, from)| Some((name.clone(), claim(from)?))).collect();
        Some((format!("principal://iam.googleapis.com/{pool}/subject/{subject}"), attributes))
    }

    /// Whether the condition holds.
    pub(crate) fn admits(&self, claims: &Value) -> bool {
        let holds = |comparison: &str| {
            let equal = !comparison.contains("!=");
            let sides = comparison.split_once(if equal { "==" } else { "!=" });
            sides.is_some_and(|(name, value)| {
                let value = value.trim().strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
                let claim = name.trim().strip_prefix("assertion.").and_then(|name| claims[name].as_str());
                // What cannot be read holds for nobody.
                value.zip(claim).is_some_and(|(value, claim)| (value == claim) == equal)
            })
        };
        self.condition.is_empty() || self.condition.split("||").any(|all| all.split("&&").all(holds))
    }
}

impl World {
    /// Name of the seed's provider, once it is added.
    pub const PROVIDER: &str = "projects/123456789012/locations/global/workloadIdentityPools/github/providers/actions";
    /// The runs of `o/r`, as policies name them.
    pub const RUNS: &str = "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/attribute.repository_id/4711";

    /// Adds a provider that trusts GitHub for one repository, and lets its runs act as the deployer.
    pub fn trust_github(&mut self) {
        let mapping = [
            ("google.subject", "assertion.sub"),
            ("attribute.repository_id", "assertion.repository_id"),
            ("attribute.ref", "assertion.ref"),
        ];
        let provider = Provider {
            issuer: self.github_run.issuer.clone(),
            audiences: Vec::new(),
            mapping: mapping.map(|(name, from)| (name.to_owned(), from.to_owned())).into(),
            condition: "assertion.repository_owner_id == '815' && assertion.repository_id == '4711'".to_owned(),
            disabled: false,
        };
        self.providers.insert(World::PROVIDER.to_owned(), provider);
        if let Some(account) = self.accounts.get_mut(World::DEPLOYER) {
            account.policy.grant("roles/iam.workloadIdentityUser", World::RUNS);
        }
    }

    /// Whether a name is a principal that a token was given out to.
    pub(crate) fn is_known(&self, account: &str) -> bool {
        self.accounts.contains_key(account)
            || self.principals.contains_key(account)
            || self.people.contains_key(account)
    }

    /// The project that a caller's calls count for.
    pub(crate) fn home_of(&self, account: &str) -> Option<&str> {
        let of_account = self.accounts.get(account).map(|account| account.project.as_str());
        let rest = || account.strip_prefix("principal://iam.googleapis.com/projects/");
        // A person belongs to no project; theirs here is the seed's.
        let of_person = self.people.contains_key(account).then_some(World::PROJECT);
        of_account.or(of_person).or_else(|| Some(self.project(rest()?.split('/').next()?)?.id.as_str()))
    }

    /// Whether a member of a policy that names runs of a pool includes this principal.
    pub(super) fn includes(&self, member: &str, principal: &str) -> bool {
        if member == principal {
            return self.principals.contains_key(principal);
        }
        let (Some(attributes), Some((pool, _))) = (
            self.principals.get(principal),
            principal.strip_prefix("principal://").and_then(|rest| rest.split_once("/subject/")),
        ) else {
            return false;
        };
        let Some(rest) = member.strip_prefix("principalSet://").and_then(|rest| rest.strip_prefix(pool)) else {
            return false;
        };
        let attribute = rest.strip_prefix('/').and_then(|rest| rest.split_once('/'));
        rest == "/*" || attribute.is_some_and(|(name, value)| attributes.get(name).is_some_and(|own| own == value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_as_they_are_written() {
        let mut world = World::new();
        world.trust_github();
        let mut provider = world.providers[World::PROVIDER].clone();
        let claims = json!({"a": "1", "b": "2"});
        for (condition, holds) in [
            ("", true),
            ("assertion.a == '1'", true),
            ("assertion.a != '1'", false),
            ("assertion.a == '1' && assertion.b == '3'", false),
            ("assertion.a == '0' || assertion.b == '2'", true),
            ("assertion.c == '1'", false),
            ("assertion.c != '1'", false),
            ("nonsense", false),
            ("assertion.a == 1", false),
        ] {
            provider.condition = condition.to_owned();
            assert_eq!(provider.admits(&claims), holds, "{condition}");
        }
    }
}
