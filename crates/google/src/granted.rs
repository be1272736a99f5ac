//! What an answer must hold to be a token: the text, and how long it is good.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// What every access token is for; the account's roles say what it may do.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The longest that Google lets any access token live, where an organisation allows it; an answer that says more is
/// taken to say this.
pub(super) const LONGEST_LIFE: Duration = Duration::from_secs(43_200);

/// Google's tokens have up to some 12 KiB, those of federation; what is larger fits into no header.
const LARGEST: usize = 16 << 10;

/// A token, and how long it is good from now on.
pub(super) struct Granted {
    pub(super) token: String,
    pub(super) lives: Duration,
}

impl Granted {
    /// A token as OAuth answers it. Without a word on its life, or one that makes no sense, it is taken as over at
    /// once: the request that it was got for has it, and the next one gets another.
    ///
    /// # Errors
    /// Why the answer holds none.
    pub(super) fn of_oauth(answer: &Value) -> Result<Self, String> {
        let token = text(answer, "access_token")?;
        let kind = answer.get("token_type").and_then(Value::as_str).unwrap_or("Bearer");
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err("its token is of another type than Bearer".into());
        }
        let lives = answer.get("expires_in").and_then(seconds).unwrap_or_default();
        Ok(Self { token, lives: lives.min(LONGEST_LIFE) })
    }

    /// A token as IAM Credentials answers it, asked for such a life.
    ///
    /// # Errors
    /// Why the answer holds none.
    pub(super) fn of_iam(answer: &Value, asked: Duration) -> Result<Self, String> {
        let token = text(answer, "accessToken")?;
        // By this machine's clock, which may be wrong: it is never believed to say more than was asked for.
        let left = answer.get("expireTime").and_then(Value::as_str).and_then(until).filter(|left| *left <= asked);
        Ok(Self { token, lives: left.unwrap_or(asked).min(LONGEST_LIFE) })
    }
}

/// The token in a field of an answer.
///
/// # Errors
/// Why there is none.
pub(super) fn text(answer: &Value, field: &str) -> Result<String, String> {
    match answer.get(field).and_then(Value::as_str) {
        Some(token) if token.len() > LARGEST => Err("it holds a text that is too long for a token".into()),
        // What is no text for a header is no token, and is never sent.
        Some(token) if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(token.to_owned()),
        _ => Err("it holds no token".into()),
    }
}

/// What a JSON web token says, for reading alone: nothing of it is proven here.
pub(super) fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap_or_default().trim_end_matches('=');
    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Seconds as a number, or as a text of one; nothing for what is neither, or below nought.
pub(super) fn seconds(value: &Value) -> Option<Duration> {
    let number =
        value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number: &f64| number.is_finite())?;
    Duration::try_from_secs_f64(number.min(LONGEST_LIFE.as_secs_f64())).ok()
}

/// The time until an instant, by this machine's clock; none when that has passed, and so cannot be right.
fn until(instant: &str) -> Option<Duration> {
    let end = time::OffsetDateTime::parse(instant, &time::format_description::well_known::Rfc3339).ok()?;
    Duration::try_from(end - time::OffsetDateTime::now_utc()).ok().filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_life_is_what_makes_sense_and_nothing_panics() {
        let lives = |value: Value| {
            let granted = Granted::of_oauth(&json!({"access_token": "t", "expires_in": value})).expect("a token");
            granted.lives.as_secs()
        };
        for (value, seconds) in [
            (json!(3599), 3599),
            (json!("3599"), 3599),
            (json!(3599.9), 3599),
            (json!(0), 0),
            (json!(-1), 0),
            (json!("soon"), 0),
            (json!(null), 0),
            (json!([3599]), 0),
            (json!("NaN"), 0),
            (json!("inf"), 0),
            (json!(u64::MAX), 43_200),
            (json!(1e300), 43_200),
            (json!(i64::MIN), 0),
        ] {
            assert_eq!(lives(value.clone()), seconds, "{value}");
        }
        assert_eq!(Granted::of_oauth(&json!({"access_token": "t"})).expect("a token").lives, Duration::ZERO);
    }

    #[test]
    fn what_is_no_token_is_told() {
        for answer in [
            json!({}),
            json!([]),
            json!("t"),
            json!(null),
            json!({"access_token": ""}),
            json!({"access_token": null}),
            json!({"access_token": 7}),
            json!({"access_token": "a b"}),
            json!({"access_token": "a\r\nb"}),
            json!({"access_token": "ä"}),
            json!({"access_token": "x".repeat(20_000)}),
            json!({"access_token": "t", "token_type": "mac"}),
            json!({"error": {"code": 503}}),
            json!({"error": "invalid_grant"}),
        ] {
            assert!(Granted::of_oauth(&answer).is_err(), "{answer}");
        }
    }

    #[test]
    fn an_instant_counts_when_it_lies_ahead_and_within_what_was_asked() {
        let asked = Duration::from_secs(900);
        let lives =
            |end: &str| Granted::of_iam(&json!({"accessToken": "t", "expireTime": end}), asked).expect("a token").lives;
        for end in ["2001-01-01T00:00:00Z", "soon", "", "2999-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(lives(end), asked, "{end}");
        }
        let soon = (time::OffsetDateTime::now_utc() + Duration::from_secs(300))
            .format(&time::format_description::well_known::Rfc3339)
            .expect("an instant");
        assert!((298..=300).contains(&lives(&soon).as_secs()));
    }
}
