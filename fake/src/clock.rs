//! Google's clock: the real one plus a skew, and the way Google writes and reads instants.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970.
pub(crate) type Nanos = i128;

/// The real clock, `skew` seconds ahead.
pub(crate) fn now(skew: i64) -> Nanos {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Nanos::try_from(since.as_nanos()).unwrap_or(0) + Nanos::from(skew) * 1_000_000_000
}

/// RFC 3339 in UTC with this many digits after the second (0 to 9).
pub(crate) fn rfc3339(at: Nanos, digits: usize) -> String {
    let seconds = at.div_euclid(1_000_000_000);
    let nanos = format!("{:09}", at.rem_euclid(1_000_000_000));
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, date) = civil(day);
    let fraction = if digits == 0 { String::new() } else { format!(".{}", &nanos[..digits.min(9)]) };
    format!("{year:04}-{month:02}-{date:02}T{:02}:{:02}:{:02}{fraction}Z", second / 3600, second / 60 % 60, second % 60)
}

/// The same instant as an HTTP header writes it: `Sun, 22 Nov 2026 12:00:00 GMT`.
pub(crate) fn http_date(at: Nanos) -> String {
    let day = at.div_euclid(86_400 * 1_000_000_000);
    let (year, month, date) = civil(day);
    let index = |number: i128| usize::try_from(number).unwrap_or(0);
    // 1 January 1970 was a Thursday.
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][index(day.rem_euclid(7))];
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let time = rfc3339(at, 0);
    format!("{weekday}, {date:02} {} {year:04} {} GMT", names[index(month - 1)], &time[11..19])
}

/// Reads `2026-11-22T12:00:00.5Z` and forms with a numeric offset.
pub(crate) fn parse(text: &str) -> Option<Nanos> {
    let (date, time) = text.split_once(['T', 't'])?;
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i128>().ok());
    let day = days(parts.next()??, parts.next()??, parts.next()??);
    let cut = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(cut);
    let mut parts = clock.splitn(3, ':');
    let (hour, minute): (i128, i128) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (second, fraction) = parts.next().map(|s| s.split_once('.').unwrap_or((s, "0")))?;
    let nanos: i128 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let minutes = hours.parse::<i128>().ok()? * 60 + minutes.parse::<i128>().ok()?;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    let seconds = day * 86_400 + hour * 3600 + (minute - offset) * 60 + second.parse::<i128>().ok()?;
    Some(seconds * 1_000_000_000 + nanos)
}

/// Days since 1970 of a date in the proleptic Gregorian calendar; years start in March, so that
/// the leap day is the last of its year and month lengths follow one formula.
fn days(year: i128, month: i128, date: i128) -> i128 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let in_year = (153 * month + 2) / 5 + date - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year - 719_468
}

/// The date of a day since 1970, by search: `days` is the only formula to trust.
fn civil(day: i128) -> (i128, i128, i128) {
    let mut year = 1970 + day.div_euclid(366);
    while days(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|&month| days(year, month, 1) <= day).unwrap_or(1);
    (year, month, day - days(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants_are_written() {
        assert_eq!(rfc3339(0, 0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_400_000_000_000, 0), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_763_812_800_123_456_789, 6), "2025-11-22T12:00:00.123456Z");
    }

    #[test]
    fn http_dates_have_their_weekday() {
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(784_111_777_000_000_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn what_is_written_is_read() {
        for at in [0, 1, 951_782_399_999_999_999, 1_709_164_800_000_000_000, 4_102_444_799_000_000_001] {
            assert_eq!(parse(&rfc3339(at, 9)), Some(at));
        }
        assert_eq!(parse("2025-11-22T13:00:00+01:00"), parse("2025-11-22T12:00:00Z"));
        assert_eq!(parse("yesterday"), None);
    }
}
