//! Regions that move together: each waits at the gates for the others, and a failure anywhere turns
//! all of them back.

use std::sync::Arc;

use tokio::sync::watch;

use crate::explain::{Class, Failure};

/// How far every region is, and which one failed.
#[derive(Debug, Clone)]
struct State {
    passed: Vec<u32>,
    failed: Option<String>,
}

/// One region's place among those that move together.
#[derive(Debug, Clone)]
pub struct Together {
    index: usize,
    state: Arc<watch::Sender<State>>,
}

impl Together {
    /// Places for so many regions.
    pub fn of(regions: usize) -> Vec<Self> {
        let state = Arc::new(watch::Sender::new(State { passed: vec![0; regions], failed: None }));
        (0..regions).map(|index| Self { index, state: Arc::clone(&state) }).collect()
    }

    /// Waits until every region has come as far as this one.
    pub(super) async fn pass(&self) -> Result<(), Failure> {
        let mut gate = 0;
        self.state.send_modify(|state| {
            state.passed[self.index] = state.passed[self.index].saturating_add(1);
            gate = state.passed[self.index];
        });
        let mut changes = self.state.subscribe();
        let all = |state: &State| state.failed.is_some() || state.passed.iter().all(|passed| *passed >= gate);
        let failed = match changes.wait_for(all).await {
            Ok(state) => state.failed.clone(),
            // The sender lives in `self`; it cannot be gone.
            Err(_) => None,
        };
        match failed {
            Some(region) => Err(Failure::plain(Class::Deploy, format!("Region `{region}` failed, so no region moves"))),
            None => Ok(()),
        }
    }

    /// Holds nobody up any more.
    pub(super) fn through(&self) {
        self.state.send_modify(|state| state.passed[self.index] = u32::MAX);
    }

    /// Turns all the others back. Whether this one was the first to fail.
    pub(super) fn fail(&self, region: &str) -> bool {
        let mut first = false;
        self.state.send_modify(|state| {
            first = state.failed.is_none();
            state.failed.get_or_insert_with(|| region.to_owned());
        });
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_waits_for_the_last() {
        let places = Together::of(3);
        let [a, b, c] = &places[..] else { panic!("three") };
        tokio::join!(async { a.pass().await.expect("a") }, async { b.pass().await.expect("b") }, async {
            c.pass().await.expect("c")
        });
        a.through();
        b.through();
        c.pass().await.expect("nobody to wait for");
    }

    #[tokio::test]
    async fn one_failure_turns_everybody_back() {
        let places = Together::of(2);
        let (waits, fails) = tokio::join!(places[0].pass(), async { places[1].fail("europe-west1") });
        assert!(fails && waits.expect_err("turned back").to_string().contains("`europe-west1`"));
        assert!(!places[0].fail("us-central1"), "the first one counts");
        assert!(places[0].pass().await.is_err());
    }
}
