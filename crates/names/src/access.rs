//! Who may call a service, what stands in front of it, and what a run changes there, so that it can be taken back.

use serde_json::Value;

/// What a run does to the invoker bindings of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessChange {
    /// `allUsers` is added.
    Opens,
    /// These bindings are taken away: role, members, and a condition where there is one.
    Closes(Vec<Value>),
}

/// What stands between a request and a service's program, as Google describes the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Front {
    /// Identity-Aware Proxy lets in whom it knows (`iapEnabled`).
    pub proxy: bool,
    /// Nobody's identity is asked for (`invokerIamDisabled`).
    pub unchecked: bool,
    /// Only the project's own networks reach it, and its load balancers (`ingress`).
    pub internal: bool,
    /// Google's address of it is switched off (`defaultUriDisabled`).
    pub no_address: bool,
}

/// Who may call a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    /// Everybody, by a grant to `allUsers`.
    Everybody,
    /// Everybody, because nobody's identity is asked for.
    Unchecked,
    /// Whom Identity-Aware Proxy lets in.
    Proxied,
    /// Those who were granted it.
    Granted,
}

impl Front {
    /// Who may call it; `everybody` is whether its policy grants that to everybody, where that is known.
    pub fn callers(self, everybody: Option<bool>) -> Option<Callers> {
        match everybody {
            _ if self.proxy => Some(Callers::Proxied),
            _ if self.unchecked => Some(Callers::Unchecked),
            Some(true) => Some(Callers::Everybody),
            Some(false) => Some(Callers::Granted),
            None => None,
        }
    }

    /// What its ingress does to all of them, for the end of a sentence.
    pub fn inside(self) -> &'static str {
        if self.internal { "; its ingress lets only the project's own networks in" } else { "" }
    }
}

impl Callers {
    /// Whether nobody is asked who they are.
    pub fn is_everybody(self) -> bool {
        matches!(self, Callers::Everybody | Callers::Unchecked)
    }

    /// A sentence without its full stop.
    pub fn words(self) -> &'static str {
        match self {
            Callers::Everybody => "everybody may call it",
            Callers::Unchecked => "everybody may call it: its invoker check is off",
            Callers::Proxied => "Identity-Aware Proxy stands in front of it and lets in whom it knows",
            Callers::Granted => "only those who were granted roles/run.invoker may call it",
        }
    }
}
