//! Domains that are mapped to services, and whom they belong to.

use super::World;
use serde_json::{Map, Value};

/// A domain mapped to a service.
#[derive(Debug, Clone)]
pub struct DomainMapping {
    /// The domain.
    pub name: String,
    /// Id of the project.
    pub project: String,
    /// The region: that of the service it names.
    pub region: String,
    /// What was asked for.
    pub spec: Map<String, Value>,
    /// Labels and annotations that came with it.
    pub metadata: Map<String, Value>,
    /// So many looks still find its certificate pending; `None` for ever.
    pub looks: Option<u32>,
    /// Whether it has its certificate.
    pub certified: bool,
    /// Unique id.
    pub uid: String,
    /// Who mapped it.
    pub creator: String,
    /// When it was mapped.
    pub created: String,
    /// When its conditions last changed.
    pub transition: String,
    /// Grows with each change; the `resourceVersion` is made of it.
    pub version: u64,
}

impl DomainMapping {
    /// Short name of the service.
    pub fn service(&self) -> &str {
        self.spec.get("routeName").and_then(Value::as_str).unwrap_or_default()
    }
}

impl World {
    /// Proves that the seed's project owns a domain, and all below it.
    pub fn verify_domain(&mut self, domain: &str) {
        self.verified_domains.insert(domain.to_owned());
    }

    /// Whether the domain or one above it was proved to be owned.
    pub(crate) fn is_verified(&self, domain: &str) -> bool {
        let above = |owned: &String| domain.strip_suffix(owned.as_str()).is_some_and(|rest| rest.ends_with('.'));
        self.verified_domains.iter().any(|owned| owned == domain || above(owned))
    }
}
