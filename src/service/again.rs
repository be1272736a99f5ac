//! Reading back what was changed: a look that failed, or that does not show it yet, is a look to repeat.

use std::time::Duration;

use slipway_wire::clock::{Clock, jitter};

/// Looks at most: what was written shows within seconds, and a passing 404 or 403 is over by then.
const LOOKS: u32 = 4;

/// Looks until what is seen is `enough`. Where that never comes, the newest look that saw anything is the answer, and
/// the last error where none did.
pub(crate) async fn until<T, E>(
    clock: &Clock,
    mut look: impl AsyncFnMut() -> Result<T, E>,
    enough: impl Fn(&T) -> bool,
) -> Result<T, E> {
    let mut seen = None;
    for number in 1.. {
        let now = look().await;
        if now.as_ref().is_ok_and(&enough) {
            return now;
        }
        match now {
            Ok(now) => seen = Some(now),
            Err(error) if number >= LOOKS => return seen.ok_or(error),
            Err(_) => {}
        }
        if number >= LOOKS
            && let Some(seen) = seen.take()
        {
            return Ok(seen);
        }
        clock.sleep(jitter(Duration::from_secs(1 << number.min(4)), 0.3, 1.0)).await;
    }
    unreachable!("the loop ends by returning")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seen(looks: &[Result<u8, &'static str>]) -> (Result<u8, &'static str>, usize) {
        let mut at = 0;
        let look = async || {
            at += 1;
            looks[at - 1]
        };
        (until(&Clock::with_pace(0.0), look, |seen| *seen == 9).await, at)
    }

    #[tokio::test]
    async fn a_look_that_failed_is_repeated() {
        assert_eq!(seen(&[Err("404"), Ok(1), Ok(9)]).await, (Ok(9), 3));
        assert_eq!(seen(&[Ok(9)]).await, (Ok(9), 1));
    }

    #[tokio::test]
    async fn what_was_seen_last_is_the_answer() {
        assert_eq!(seen(&[Ok(1), Err("a"), Ok(2), Err("b")]).await, (Ok(2), 4));
        assert_eq!(seen(&[Ok(1), Ok(2), Ok(3), Ok(4)]).await, (Ok(4), 4));
        assert_eq!(seen(&[Err("a"), Err("b"), Err("c"), Err("d")]).await, (Err("d"), 4));
    }
}
