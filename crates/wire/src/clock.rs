//! The passage of time: pauses, limits, jitter. Nothing else in the product sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A clock whose pauses can be shortened.
///
/// `pace` 1 is real time. A smaller pace shortens every pause by that factor and counts what was
/// left out as passed, so that limits are reached after the same pauses at any pace: a run against
/// the embedded cloud at pace 0 takes the same decisions as a real one, without the waiting.
#[derive(Debug, Clone)]
pub struct Clock {
    start: Instant,
    pace: f64,
    skipped_nanos: Arc<AtomicU64>,
}

impl Clock {
    /// A clock with the given pace (0 to 1; anything else is taken as 1).
    pub fn with_pace(pace: f64) -> Self {
        let pace = if (0.0..=1.0).contains(&pace) { pace } else { 1.0 };
        Self { start: Instant::now(), pace, skipped_nanos: Arc::default() }
    }

    /// Time passed since the clock was made, pauses counted in full.
    pub fn now(&self) -> Duration {
        self.start.elapsed() + Duration::from_nanos(self.skipped_nanos.load(Ordering::Relaxed))
    }

    /// Waits for `pause`.
    pub async fn sleep(&self, pause: Duration) {
        let real = pause.mul_f64(self.pace);
        let skipped = u64::try_from((pause - real.min(pause)).as_nanos()).unwrap_or(u64::MAX);
        self.skipped_nanos.fetch_add(skipped, Ordering::Relaxed);
        #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
        tokio::time::sleep(real).await;
    }

    /// A limit of `length` from now.
    pub fn limit(&self, length: Duration) -> Limit {
        Limit { end: self.now() + length, length }
    }
}

/// A moment after which something is no longer tried or watched.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    end: Duration,
    /// The whole length, for the sentence that says it was reached.
    pub length: Duration,
}

impl Limit {
    /// What is left of it; zero when it is reached.
    pub fn left(&self, clock: &Clock) -> Duration {
        self.end.saturating_sub(clock.now())
    }

    /// Whether it is reached.
    pub fn reached(&self, clock: &Clock) -> bool {
        self.left(clock).is_zero()
    }
}

/// `pause` times a random factor between `low` and `high`.
pub fn jitter(pause: Duration, low: f64, high: f64) -> Duration {
    pause.mul_f64(low + (high - low) * unit())
}

/// The time by this machine's clock, as Google writes times; two of them compare as text.
pub fn now_rfc3339() -> String {
    let now = time::OffsetDateTime::now_utc();
    // A year of five digits is the only thing that cannot be written.
    now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

/// The moment that lies so far ahead by this machine's clock, to the second, as Google writes times.
pub fn ahead_rfc3339(length: Duration) -> String {
    let now = time::OffsetDateTime::now_utc();
    let then = now.checked_add(time::Duration::try_from(length).unwrap_or(time::Duration::MAX)).unwrap_or(now);
    let then = then.replace_nanosecond(0).unwrap_or(then);
    then.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

/// How far ahead a moment is by this machine's clock; nothing where it has passed, or cannot be read.
pub fn left_until(rfc3339: &str) -> Duration {
    let then = time::OffsetDateTime::parse(rfc3339, &time::format_description::well_known::Rfc3339);
    then.map(|then| Duration::try_from(then - time::OffsetDateTime::now_utc()).unwrap_or_default()).unwrap_or_default()
}

/// The moment that lies so far back by this machine's clock.
pub fn ago(length: Duration) -> time::OffsetDateTime {
    let now = time::OffsetDateTime::now_utc();
    now.checked_sub(time::Duration::try_from(length).unwrap_or(time::Duration::MAX)).unwrap_or(now)
}

/// How long ago a moment was, in seconds, by this machine's clock; none where it cannot be read. What lies ahead is
/// of this moment.
pub fn age_seconds(rfc3339: &str) -> Option<u64> {
    let then = time::OffsetDateTime::parse(rfc3339, &time::format_description::well_known::Rfc3339).ok()?;
    u64::try_from((time::OffsetDateTime::now_utc() - then).whole_seconds().max(0)).ok()
}

/// `bytes` random bytes in hexadecimal, from the system's generator.
pub fn random_hex(bytes: usize) -> String {
    let mut buffer = vec![0u8; bytes];
    // Without randomness two runs could share an id; the time is the best that is left then.
    if ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut buffer).is_err() {
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        buffer = nanos.to_be_bytes().into_iter().rev().cycle().take(bytes).collect();
    }
    buffer.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unit() -> f64 {
    let hex = random_hex(4);
    f64::from(u32::from_str_radix(&hex, 16).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_shortened_pause_still_uses_up_its_limit() {
        let clock = Clock::with_pace(0.0);
        let limit = clock.limit(Duration::from_secs(60));
        let real = Instant::now();
        clock.sleep(Duration::from_secs(59)).await;
        assert!(!limit.reached(&clock));
        clock.sleep(Duration::from_secs(1)).await;
        assert!(limit.reached(&clock));
        assert!(real.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn jitter_stays_between_its_factors() {
        for _ in 0..1000 {
            let pause = jitter(Duration::from_secs(4), 0.75, 1.25);
            assert!((3.0..=5.0).contains(&pause.as_secs_f64()), "{pause:?}");
        }
    }
}
