//! May this request to GitHub be sent again, and when? Pure.

use std::time::Duration;

use super::error::GitHubError;

/// Whether a request may be sent twice. There is no default: every request says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// A second time changes nothing: reads, edits, deletions.
    Always,
    /// Only when it certainly had no effect; else its author looks first whether it had.
    WithoutEffect,
}

/// Times a request is sent; a wait that GitHub asked for does not count.
const ATTEMPTS: u32 = 3;

/// Waiting in all requests of a run together: a report is not worth more of a job's time.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What GitHub asks for when it names no time of its own ("at least a minute").
pub(super) const UNTOLD: Duration = Duration::from_secs(60);

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
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

/// Decides after attempt number `attempt` (from 1), with so much waiting left. `random` is between 0 and 1.
pub(super) fn verdict(error: &GitHubError, repeat: Repeat, attempt: u32, left: Duration, random: f64) -> Verdict {
    let (after, counts) = match error {
        // Told to wait: the request was turned away, so repeating it is safe whatever it does.
        GitHubError::Limited { after, .. } => (*after, false),
        GitHubError::NotSent { .. } => (pause(attempt, random), true),
        error if error.is_open() && repeat == Repeat::Always => (pause(attempt, random), true),
        _ => return Verdict::Stop,
    };
    if after > left || (counts && attempt >= ATTEMPTS) { Verdict::Stop } else { Verdict::Again { after, counts } }
}

/// A second, then two, with full jitter: jobs that failed together do not come back together.
pub(super) fn pause(attempt: u32, random: f64) -> Duration {
    Duration::from_secs(1 << (attempt - 1).min(4)).mul_f64(random.max(0.1))
}

/// How long GitHub wants no more requests: what `retry-after` says (seconds), else until the hour of the
/// primary limit ends (`x-ratelimit-reset`, seconds since 1970; `now` likewise), else a minute. None when the
/// refusal is no limit: a missing permission has the same status and says nothing of it.
pub(super) fn limit(status: u16, message: &str, header: impl Fn(&str) -> Option<i64>, now: i64) -> Option<Duration> {
    let used_up = header("x-ratelimit-remaining") == Some(0);
    let told = header("retry-after");
    let is_limit = status == 429
        || (status == 403 && (told.is_some() || used_up || message.to_ascii_lowercase().contains("rate limit")));
    if !is_limit {
        return None;
    }
    let until_reset = || header("x-ratelimit-reset").filter(|_| used_up).map(|reset| reset.saturating_sub(now));
    let seconds = told.or_else(until_reset).map(|seconds| u64::try_from(seconds.max(1)).unwrap_or(1));
    Some(seconds.map_or(UNTOLD, Duration::from_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> GitHubError {
        let server = crate::github::Server::GitHub;
        GitHubError::Refused { doing: "x".into(), status, message: String::new(), permission: "", server }
    }

    fn repeats(error: &GitHubError, repeat: Repeat) -> bool {
        verdict(error, repeat, 1, PATIENCE, 0.5) != Verdict::Stop
    }

    #[test]
    fn each_status_has_its_verdict() {
        for (status, always) in [
            (400, false),
            (401, false),
            (403, false),
            (404, false),
            (408, true),
            (409, false),
            (422, false),
            (500, true),
            (501, false),
            (502, true),
            (503, true),
            (504, true),
        ] {
            assert_eq!(repeats(&refused(status), Repeat::Always), always, "{status}");
            assert!(!repeats(&refused(status), Repeat::WithoutEffect), "{status}");
        }
    }

    #[test]
    fn what_never_left_may_always_be_sent_again_and_what_was_lost_only_if_it_may() {
        let (doing, why) = (String::new(), String::new());
        assert!(repeats(&GitHubError::NotSent { doing: doing.clone(), why: why.clone() }, Repeat::WithoutEffect));
        let lost = GitHubError::NoAnswer { doing, why };
        assert!(repeats(&lost, Repeat::Always) && !repeats(&lost, Repeat::WithoutEffect));
        assert_eq!(verdict(&lost, Repeat::Always, 3, PATIENCE, 0.5), Verdict::Stop);
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept_while_there_is_patience() {
        let limited = |seconds| GitHubError::Limited {
            doing: String::new(),
            after: Duration::from_secs(seconds),
            message: String::new(),
        };
        let told = verdict(&limited(60), Repeat::WithoutEffect, 3, PATIENCE, 0.5);
        assert_eq!(told, Verdict::Again { after: Duration::from_secs(60), counts: false });
        assert_eq!(verdict(&limited(61), Repeat::Always, 1, PATIENCE, 0.5), Verdict::Stop);
        assert_eq!(verdict(&limited(9), Repeat::Always, 1, Duration::from_secs(8), 0.5), Verdict::Stop);
    }

    #[test]
    fn a_limit_is_told_from_a_missing_permission() {
        let seconds = |status, message, headers: &[(&str, i64)]| {
            let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            limit(status, message, header, 1000).map(|wait| wait.as_secs())
        };
        let denied = "Resource not accessible by integration";
        assert_eq!(seconds(403, denied, &[("x-ratelimit-remaining", 4999), ("x-ratelimit-reset", 1030)]), None);
        assert_eq!(seconds(403, "x", &[("retry-after", 7)]), Some(7));
        assert_eq!(seconds(403, "x", &[("x-ratelimit-remaining", 0), ("x-ratelimit-reset", 1030)]), Some(30));
        assert_eq!(seconds(403, "x", &[("x-ratelimit-remaining", 0), ("x-ratelimit-reset", 900)]), Some(1));
        assert_eq!(seconds(403, "You have exceeded a secondary rate limit", &[("x-ratelimit-reset", 9000)]), Some(60));
        assert_eq!(seconds(429, "", &[]), Some(60));
        assert_eq!(seconds(404, "rate limit", &[("retry-after", 7)]), None);
    }
}
