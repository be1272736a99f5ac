//! May this request be sent again, and when? The only rules on repeating in the product. Pure.

use std::time::Duration;

use super::error::{ApiError, Kind};

/// Whether a request may be sent twice. There is no default: every request says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// A second time changes nothing: reads, and writes guarded by a precondition.
    Always,
    /// Only when it certainly had no effect; else its author looks first whether it had.
    WithoutEffect,
}

/// How long and how often a request is tried.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Times it is sent; a wait that Google asked for does not count.
    pub attempts: u32,
    /// Limit for all of them.
    pub time: Duration,
}

impl Patience {
    /// The usual: five times within two minutes (`google-api.md` 12), well below the token's and
    /// the job's life.
    pub const USUAL: Self = Self { attempts: 5, time: Duration::from_secs(120) };

    /// Once: for looks that are repeated by a loop of their own, with its own limit.
    pub const ONCE: Self = Self { attempts: 1, time: Duration::from_secs(60) };
}

/// The first pause, doubled for each further one up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Send it again after a pause.
    Again {
        /// The pause.
        after: Duration,
        /// Whether it counts as an attempt.
        counts: bool,
    },
    /// Give the error to the caller.
    Stop,
}

/// Decides after attempt number `attempt` (from 1). `random` is between 0 and 1.
pub fn verdict(error: &ApiError, repeat: Repeat, attempt: u32, patience: Patience, random: f64) -> Verdict {
    // Told to wait: the request was turned away, so repeating it is safe whatever it does.
    if error.is_rate_limit() && patience.attempts > 1 {
        if let Some(told) = error.retry_after() {
            // A second more at most, so that many clients told the same do not return together.
            let after = told.saturating_add(Duration::from_secs(1).mul_f64(random));
            return Verdict::Again { after, counts: false };
        }
        return again(attempt, patience, random);
    }
    let safe = match &error.kind {
        Kind::NotSent(_) => true,
        Kind::NoAnswer(_) | Kind::Unreadable(_) => repeat == Repeat::Always,
        Kind::Refused(refusal) => {
            let passes = matches!(refusal.status, 408 | 500 | 502 | 503 | 504) || refusal.is_passing();
            passes && repeat == Repeat::Always
        }
        Kind::Untrusted(_) | Kind::Token(_) => false,
    };
    if safe { again(attempt, patience, random) } else { Verdict::Stop }
}

fn again(attempt: u32, patience: Patience, random: f64) -> Verdict {
    if attempt >= patience.attempts {
        return Verdict::Stop;
    }
    let longest = FIRST_PAUSE.saturating_mul(1 << (attempt - 1).min(10)).min(LONGEST_PAUSE);
    // Full jitter: clients that failed together do not come back together.
    Verdict::Again { after: longest.mul_f64(random.max(0.1)), counts: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::refusal::Refusal;

    fn error(kind: Kind) -> ApiError {
        ApiError {
            doing: "test".into(),
            request: "GET /".into(),
            principal: std::sync::Arc::default(),
            project: String::new(),
            attempts: 1,
            elapsed: Duration::ZERO,
            kind,
        }
    }

    fn refused(status: u16, retry_after: Option<u64>) -> ApiError {
        let retry_after = retry_after.map(Duration::from_secs);
        error(Kind::Refused(Box::new(Refusal { status, retry_after, ..Refusal::default() })))
    }

    fn repeats(error: &ApiError, repeat: Repeat) -> bool {
        verdict(error, repeat, 1, Patience::USUAL, 0.5) != Verdict::Stop
    }

    #[test]
    fn each_status_has_its_verdict() {
        for (status, always, without_effect) in [
            (400, false, false),
            (401, false, false),
            (403, false, false),
            (404, false, false),
            (408, true, false),
            (409, false, false),
            (410, false, false),
            (412, false, false),
            (429, true, true),
            (500, true, false),
            (501, false, false),
            (502, true, false),
            (503, true, false),
            (504, true, false),
        ] {
            let error = refused(status, None);
            assert_eq!(repeats(&error, Repeat::Always), always, "{status}");
            assert_eq!(repeats(&error, Repeat::WithoutEffect), without_effect, "{status}");
        }
    }

    #[test]
    fn what_never_left_may_always_be_sent_again() {
        assert!(repeats(&error(Kind::NotSent("refused".into())), Repeat::WithoutEffect));
        assert!(repeats(&error(Kind::NoAnswer("reset".into())), Repeat::Always));
        assert!(!repeats(&error(Kind::NoAnswer("reset".into())), Repeat::WithoutEffect));
        assert!(!repeats(&error(Kind::Unreadable("cut".into())), Repeat::WithoutEffect));
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept_and_not_counted() {
        let told = verdict(&refused(429, Some(7)), Repeat::WithoutEffect, 5, Patience::USUAL, 0.5);
        assert_eq!(told, Verdict::Again { after: Duration::from_millis(7500), counts: false });
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_end() {
        let pause = |attempt, patience| verdict(&refused(503, None), Repeat::Always, attempt, patience, 1.0);
        let many = Patience { attempts: 50, ..Patience::USUAL };
        assert_eq!(pause(1, many), Verdict::Again { after: Duration::from_secs(1), counts: true });
        assert_eq!(pause(4, many), Verdict::Again { after: Duration::from_secs(8), counts: true });
        assert_eq!(pause(40, many), Verdict::Again { after: Duration::from_secs(30), counts: true });
        assert_eq!(pause(5, Patience::USUAL), Verdict::Stop);
        assert_eq!(pause(1, Patience::ONCE), Verdict::Stop);
    }
}
