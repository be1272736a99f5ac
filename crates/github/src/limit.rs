//! GitHub's limits: how often a request is tried, and how long GitHub says that it wants none. Whether one may be tried
//! again is said by `wire::repeat`.

use std::time::Duration;

use slipway_wire::repeat::Rule;

/// Three times: what is asked here makes a report richer, and stops nothing. A wait that GitHub asked for is kept to the
/// second, because it is measured against what is left of [`PATIENCE`].
pub(super) const RULE: Rule = Rule { attempts: 3, longest: Duration::from_secs(16), spread: Duration::ZERO };

/// Waiting in all requests of a run together: a report is not worth more of a job's time.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What GitHub asks for when it names no time of its own ("at least a minute").
const UNTOLD: Duration = Duration::from_secs(60);

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
