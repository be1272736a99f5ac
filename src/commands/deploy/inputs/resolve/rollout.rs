//! How the traffic moves: strategy, steps, gates, tags.

use std::time::Duration;

use super::Give;
use crate::cloud_run::wanted::rollout::{Gates, OnUnknown, RolloutSettings, RolloutStrategy};
use crate::inputs::engine::scalar;
use crate::inputs::spec::deploy::name;

/// A canary with longer pauses than this outlasts the job that runs it.
const LONGEST_INTERVAL: Duration = Duration::from_secs(6 * 3600);

const DEFAULT_STEPS: [u8; 4] = [5, 25, 50, 100];

/// Fewer requests than this make a rate of nothing.
const LEAST_REQUESTS: u32 = 20;

pub(crate) fn rollout(give: &mut Give<'_>) -> RolloutSettings {
    let ways = [
        ("candidate", RolloutStrategy::Candidate),
        ("canary", RolloutStrategy::Canary),
        ("direct", RolloutStrategy::Direct),
    ];
    let way = give.choice(name::STRATEGY, &ways).unwrap_or(RolloutStrategy::Candidate);
    let steps = give.with(name::CANARY_STEPS, steps).unwrap_or_else(|| DEFAULT_STEPS.to_vec());
    let interval = give.with(name::CANARY_INTERVAL, scalar::duration).unwrap_or(Duration::from_secs(300));
    if interval > LONGEST_INTERVAL {
        give.findings.wrong(name::CANARY_INTERVAL, "longer than six hours", "write 0s to 6h");
    }
    let tag = give.with(name::TAG, tag);
    let no_traffic = give.switch(name::NO_TRAFFIC).unwrap_or(false);
    let gates = Gates {
        error_rate: give.with(name::MAX_ERROR_RATE, rate),
        latency_p95: give.with(name::MAX_LATENCY_P95, latency),
        least_requests: give
            .with(name::GATE_MIN_REQUESTS, |text| scalar::number(text, 1, 1_000_000))
            .unwrap_or(LEAST_REQUESTS)
            .into(),
        on_unknown: give
            .choice(
                name::ON_UNKNOWN,
                &[("hold", OnUnknown::Hold), ("continue", OnUnknown::Continue), ("rollback", OnUnknown::Rollback)],
            )
            .unwrap_or_default(),
    };
    only_with(give, way, no_traffic);
    RolloutSettings {
        way,
        steps,
        interval,
        no_traffic,
        tag,
        gates,
        restore: give.switch(name::ROLLBACK_ON_FAILURE).unwrap_or(true),
        force: give.switch(name::FORCE).unwrap_or(false),
        prune: give.with(name::PRUNE_REVISIONS, |text| scalar::number(text, 0, 1000)),
    }
}

/// Settings that mean something only beside others.
fn only_with(give: &mut Give<'_>, way: RolloutStrategy, no_traffic: bool) {
    for name in [
        name::CANARY_STEPS,
        name::CANARY_INTERVAL,
        name::MAX_ERROR_RATE,
        name::MAX_LATENCY_P95,
        name::GATE_MIN_REQUESTS,
        name::ON_UNKNOWN,
    ] {
        if give.raw.has(name) && way != RolloutStrategy::Canary {
            give.findings.wrong(name, "it is about the steps of a canary", "add `strategy: canary`, or remove it");
        }
    }
    let gated = give.raw.has(name::MAX_ERROR_RATE) || give.raw.has(name::MAX_LATENCY_P95);
    for name in [name::GATE_MIN_REQUESTS, name::ON_UNKNOWN] {
        if give.raw.has(name) && !gated {
            give.findings.wrong(
                name,
                "no metric is asked for",
                "add `max_error_rate` or `max_latency_p95`, or remove it",
            );
        }
    }
    if no_traffic && way != RolloutStrategy::Candidate {
        give.findings.wrong(
            name::NO_TRAFFIC,
            "it stops at the candidate, before any traffic moves",
            "leave `strategy` out, or remove `no_traffic`",
        );
    }
}

fn steps(text: &str) -> Result<Vec<u8>, &'static str> {
    const CURE: &str = "write rising percents that end with 100, such as `5, 25, 50, 100`";
    let steps: Vec<u8> = scalar::list(text)
        .iter()
        .map(|step| step.trim_end_matches('%').trim().parse().map_err(|_| CURE))
        .collect::<Result<_, _>>()?;
    let rising = steps.windows(2).all(|pair| pair[0] < pair[1]);
    if rising && steps.first().is_some_and(|first| *first > 0) && steps.last() == Some(&100) {
        Ok(steps)
    } else {
        Err(CURE)
    }
}

/// A traffic tag. It is the first part of an address, beside the name of the service: both together have 46 characters
/// at most, and Google says so with the write (<https://github.com/PolicyEngine/policyengine-api/issues/3729>).
pub(super) fn tag(text: &str) -> Result<String, &'static str> {
    let fits = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.ends_with('-')
        && text.len() <= 44;
    if fits { Ok(text.to_owned()) } else { Err("write small letters, digits and dashes, beginning with a letter") }
}

fn rate(text: &str) -> Result<f64, &'static str> {
    const CURE: &str = "write percents from 0% to 100%, such as `5%`";
    let percent: f64 = text.strip_suffix('%').ok_or(CURE)?.trim().parse().map_err(|_| CURE)?;
    if (0.0..=100.0).contains(&percent) { Ok(percent / 100.0) } else { Err(CURE) }
}

fn latency(text: &str) -> Result<Duration, &'static str> {
    const CURE: &str = "write a time such as `2s`, `1.5s` or `800ms`";
    let seconds = match text.strip_suffix("ms") {
        Some(millis) => millis.trim().parse::<f64>().map(|millis| millis / 1000.0),
        None => text.strip_suffix('s').ok_or(CURE)?.trim().parse(),
    };
    let seconds = seconds.map_err(|_| CURE)?;
    if (0.001..=3600.0).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err(CURE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_rise_to_everything() {
        assert_eq!(steps("5, 25%,100"), Ok(vec![5, 25, 100]));
        for wrong in ["", "0,100", "50,25,100", "5,25", "5,5,100", "x"] {
            assert!(steps(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn limits_have_units() {
        assert_eq!(rate("5%"), Ok(0.05));
        assert_eq!(latency("800ms"), Ok(Duration::from_millis(800)));
        assert_eq!(latency("2s"), Ok(Duration::from_secs(2)));
        for wrong in ["5", "101%", "-1%", "x%"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        for wrong in ["2", "0s", "2h", "xms"] {
            assert!(latency(wrong).is_err(), "{wrong}");
        }
    }
}
