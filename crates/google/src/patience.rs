//! How long and how often a request to Google is tried; whether it may be is said by `wire::repeat`.

use std::time::Duration;

use slipway_wire::repeat::Rule;

/// How long and how often a request is tried.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Times it is sent; a wait that Google asked for does not count.
    pub attempts: u32,
    /// Limit for all of them.
    pub time: Duration,
}

impl Patience {
    /// The usual: five times within two minutes, well below the token's and the job's life.
    pub const USUAL: Self = Self { attempts: 5, time: Duration::from_secs(120) };

    /// Once: for looks that are repeated by a loop of their own, with its own limit.
    pub const ONCE: Self = Self { attempts: 1, time: Duration::from_secs(60) };

    /// Cleaning up: the runner kills a run ten seconds after its first signal, and three are for telling Google.
    pub const CLEANING_UP: Self = Self { attempts: 2, time: Duration::from_secs(3) };

    /// In the words of the rule that all APIs share.
    pub(super) fn rule(self) -> Rule {
        let (longest, spread) = (Duration::from_secs(30), Duration::from_secs(1));
        Rule { attempts: self.attempts, longest, spread }
    }
}
