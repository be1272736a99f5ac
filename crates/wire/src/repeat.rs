//! May a request be sent again, and when? The rule is here, for every API; where two of them differ, a [`Rule`] says
//! in what. Pure, but for [`chance`].

use std::time::Duration;

use crate::clock::jitter;

/// Whether a request may be sent twice. There is no default: every request says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// A second time changes nothing: reads, and writes guarded by a precondition.
    Always,
    /// Only when it certainly had no effect; else its author looks first whether it had.
    WithoutEffect,
}

/// How a request failed, as far as repeating it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// It was turned away because too much was asked, perhaps with a time to wait: it had no effect.
    TurnedAway(Option<Duration>),
    /// It never arrived.
    NotSent,
    /// It may have had its effect, or the trouble is known to pass.
    Open,
    /// It stays as it is.
    ForGood,
}

impl Failed {
    /// How an answer of this status that names no limit failed.
    pub fn with(status: u16) -> Self {
        if is_open(status) { Self::Open } else { Self::ForGood }
    }
}

/// Whether a request that was answered with this status may have had its effect all the same: somebody on the way,
/// or behind the one who answered, gave up.
pub fn is_open(status: u16) -> bool {
    matches!(status, 408 | 500 | 502 | 503 | 504)
}

/// What one API's requests are given: how often, and with which pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Times a request is sent; a wait that was asked for does not count.
    pub attempts: u32,
    /// The longest pause of our own choice: the first is a second, and each further one twice the one before.
    pub longest: Duration,
    /// At most so much is added to a wait that was asked for, so that many clients told the same do not return together.
    pub spread: Duration,
}

/// The first pause, doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

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

impl Rule {
    /// Decides after attempt number `attempt` (from 1), with so much time left. `random` is between 0 and 1.
    pub fn verdict(self, failed: Failed, repeat: Repeat, attempt: u32, left: Duration, random: f64) -> Verdict {
        let (after, counts) = match failed {
            // Told to wait: the request was turned away, so repeating it is safe whatever it does.
            Failed::TurnedAway(Some(told)) if self.attempts > 1 => {
                (told.saturating_add(self.spread.mul_f64(random)), false)
            }
            Failed::TurnedAway(_) | Failed::NotSent => (self.pause(attempt, random), true),
            Failed::Open if repeat == Repeat::Always => (self.pause(attempt, random), true),
            Failed::Open | Failed::ForGood => return Verdict::Stop,
        };
        let spent = counts && attempt >= self.attempts;
        if after > left || spent { Verdict::Stop } else { Verdict::Again { after, counts } }
    }

    /// The pause after attempt number `attempt`, with full jitter: clients that failed together do not come back
    /// together.
    pub fn pause(self, attempt: u32, random: f64) -> Duration {
        let longest = FIRST_PAUSE.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(self.longest);
        longest.mul_f64(random.max(0.1))
    }
}

/// A random number between 0 and 1.
pub fn chance() -> f64 {
    jitter(Duration::from_secs(1), 0.0, 1.0).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { attempts: 5, longest: Duration::from_secs(30), spread: Duration::from_secs(1) };
    const LONG: Duration = Duration::from_secs(120);

    fn repeats(failed: Failed, repeat: Repeat) -> bool {
        RULE.verdict(failed, repeat, 1, LONG, 0.5) != Verdict::Stop
    }

    #[test]
    fn what_never_left_may_always_be_sent_again_and_what_is_open_only_if_it_may() {
        for (failed, always, without_effect) in [
            (Failed::TurnedAway(None), true, true),
            (Failed::TurnedAway(Some(Duration::from_secs(7))), true, true),
            (Failed::NotSent, true, true),
            (Failed::Open, true, false),
            (Failed::ForGood, false, false),
        ] {
            assert_eq!(repeats(failed, Repeat::Always), always, "{failed:?}");
            assert_eq!(repeats(failed, Repeat::WithoutEffect), without_effect, "{failed:?}");
        }
    }

    #[test]
    fn each_status_is_open_or_for_good() {
        for status in [408, 500, 502, 503, 504] {
            assert_eq!(Failed::with(status), Failed::Open, "{status}");
        }
        for status in [400, 401, 403, 404, 409, 410, 412, 422, 501] {
            assert_eq!(Failed::with(status), Failed::ForGood, "{status}");
        }
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept_and_not_counted_while_there_is_time() {
        let told = |seconds, rule: Rule, left| {
            let failed = Failed::TurnedAway(Some(Duration::from_secs(seconds)));
            rule.verdict(failed, Repeat::WithoutEffect, 5, left, 0.5)
        };
        assert_eq!(told(7, RULE, LONG), Verdict::Again { after: Duration::from_millis(7500), counts: false });
        let exact = Rule { spread: Duration::ZERO, ..RULE };
        assert_eq!(
            told(60, exact, Duration::from_secs(60)),
            Verdict::Again { after: Duration::from_secs(60), counts: false }
        );
        assert_eq!(told(61, exact, Duration::from_secs(60)), Verdict::Stop);
        assert_eq!(told(1, Rule { attempts: 1, ..RULE }, LONG), Verdict::Stop);
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_end() {
        let pause = |attempt, rule: Rule| rule.verdict(Failed::Open, Repeat::Always, attempt, LONG, 1.0);
        let many = Rule { attempts: 50, ..RULE };
        assert_eq!(pause(1, many), Verdict::Again { after: Duration::from_secs(1), counts: true });
        assert_eq!(pause(4, many), Verdict::Again { after: Duration::from_secs(8), counts: true });
        assert_eq!(pause(40, many), Verdict::Again { after: Duration::from_secs(30), counts: true });
        assert_eq!(pause(5, RULE), Verdict::Stop);
        assert_eq!(pause(1, Rule { attempts: 1, ..RULE }), Verdict::Stop);
    }
}
