//! Services, regions and sites that move together: each waits at the gates for the others, and a failure
//! anywhere turns all of them back.

use std::sync::Arc;

use tokio::sync::watch;

use slipway_failure::{Class, Failure};

/// The gates in their order. Between [`READY`] and [`VERIFIED`] stand those of the steps of a canary.
/// The new revision answers as it should, on an address of its own.
pub(crate) const CANDIDATE: u32 = 1;
/// Sites are complete, and keep to the new revisions where they are to.
pub(crate) const READY: u32 = 2;
/// All traffic has moved, and the service answers.
pub(crate) const VERIFIED: u32 = 200;
/// Sites are released, and answer.
pub(crate) const SHOWN: u32 = 201;

/// The gate of a step of a canary.
pub(super) fn moved(percent: u8) -> u32 {
    READY + u32::from(percent)
}

/// How far everybody is, and who failed.
#[derive(Debug, Clone)]
struct GateState {
    passed: Vec<u32>,
    failed: Option<String>,
}

/// One place among those that move together.
#[derive(Debug, Clone)]
pub struct Together {
    index: usize,
    state: Arc<watch::Sender<GateState>>,
}

impl Together {
    /// So many places.
    pub fn of(places: usize) -> Vec<Self> {
        let state = Arc::new(watch::Sender::new(GateState { passed: vec![0; places], failed: None }));
        (0..places).map(|index| Self { index, state: Arc::clone(&state) }).collect()
    }

    /// Whether there is anybody to wait for.
    pub(super) fn is_alone(&self) -> bool {
        self.state.borrow().passed.len() < 2
    }

    /// Waits until everybody has come to a gate.
    pub(crate) async fn pass(&self, gate: u32) -> Result<(), Failure> {
        self.state.send_modify(|state| {
            let passed = &mut state.passed[self.index];
            *passed = gate.max(*passed);
        });
        let mut changes = self.state.subscribe();
        let all = |state: &GateState| state.failed.is_some() || state.passed.iter().all(|passed| *passed >= gate);
        let failed = match changes.wait_for(all).await {
            Ok(state) => state.failed.clone(),
            // The sender lives in `self`; it cannot be gone.
            Err(_) => None,
        };
        match failed {
            Some(who) => Err(Failure::plain(Class::Deploy, format!("{who} failed, so nothing moves"))),
            None => Ok(()),
        }
    }

    /// Holds nobody up any more.
    pub(crate) fn through(&self) {
        self.state.send_modify(|state| state.passed[self.index] = u32::MAX);
    }

    /// Turns all the others back. Whether this one was the first to fail.
    pub(crate) fn fail(&self, who: &str) -> bool {
        let mut first = false;
        self.state.send_modify(|state| {
            first = state.failed.is_none();
            state.failed.get_or_insert_with(|| who.to_owned());
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
        tokio::join!(async { a.pass(1).await.expect("a") }, async { b.pass(1).await.expect("b") }, async {
            c.pass(1).await.expect("c")
        });
        a.through();
        b.through();
        c.pass(SHOWN).await.expect("nobody to wait for");
    }

    #[tokio::test]
    async fn whoever_has_fewer_gates_waits_at_those_it_has() {
        let places = Together::of(2);
        let (all_at_once, step_by_step) = (&places[0], &places[1]);
        let steps = async {
            for gate in [moved(5), moved(25), moved(100)] {
                step_by_step.pass(gate).await.expect("nobody failed");
            }
        };
        let (whole, ()) = tokio::join!(all_at_once.pass(moved(100)), steps);
        whole.expect("nobody failed");
    }

    #[tokio::test]
    async fn one_failure_turns_everybody_back() {
        let places = Together::of(2);
        let (waits, fails) = tokio::join!(places[0].pass(1), async { places[1].fail("Region `europe-west1`") });
        assert!(fails && waits.expect_err("turned back").to_string().contains("`europe-west1`"));
        assert!(!places[0].fail("Region `us-central1`"), "the first one counts");
        assert!(places[0].pass(2).await.is_err());
    }
}
