//! How old something is that Google has dated.

use std::time::Duration;

use time::OffsetDateTime;

/// The time since then. By a clock that is behind Google's, something new is not made yet: it has no age.
pub fn age(made: OffsetDateTime) -> Duration {
    Duration::try_from(OffsetDateTime::now_utc() - made).unwrap_or_default()
}
