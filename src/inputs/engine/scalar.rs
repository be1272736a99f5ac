//! Inputs that are one value: switches, durations, sizes, lists, statuses, words. Pure.

use std::time::Duration;

/// `true` or `false`, as GitHub writes them.
pub fn switch(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("write `true` or `false`"),
    }
}

/// A duration: `300`, `300s`, `20m`, `1h`, `1h30m`. Seconds where no unit is given.
pub fn duration(text: &str) -> Result<Duration, &'static str> {
    const CURE: &str = "write seconds (`300s`), minutes (`20m`) or hours (`1h30m`)";
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u32 = rest[..digits].parse().map_err(|_| CURE)?;
        let mut chars = rest[digits..].chars();
        let factor = match chars.next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            _ => return Err(CURE),
        };
        total += u64::from(number) * factor;
        rest = chars.as_str();
    }
    if text.is_empty() { Err(CURE) } else { Ok(Duration::from_secs(total)) }
}

/// A longer duration: days (`7d`), or what [`duration`] takes.
pub fn days(text: &str) -> Result<Duration, &'static str> {
    const CURE: &str = "write days (`7d`) or hours (`36h`)";
    // Days or seconds? A number alone does not say; nothing is nothing in both.
    if text != "0" && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CURE);
    }
    match text.strip_suffix('d') {
        Some(days) => days.parse::<u32>().map(|days| Duration::from_secs(u64::from(days) * 86_400)).map_err(|_| CURE),
        None => duration(text).map_err(|_| CURE),
    }
}

/// The size of an image, in bytes: `200MB`, `1.5GB`, `256MiB`; megabytes where no unit is given.
pub fn image_size(text: &str) -> Result<u64, &'static str> {
    const CURE: &str = "write megabytes (`200MB`) or gigabytes (`1.5GB`)";
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let number: f64 = text[..digits].parse().map_err(|_| CURE)?;
    let unit: f64 = match text[digits..].trim_start() {
        "" | "MB" | "M" => 1e6,
        "GB" | "G" => 1e9,
        "MiB" | "Mi" => 1_048_576.0,
        "GiB" | "Gi" => 1_073_741_824.0,
        _ => return Err(CURE),
    };
    // Beyond a terabyte no image can be pushed, and below a megabyte none is.
    let bytes = number * unit;
    if (1e6..=1e12).contains(&bytes) { Ok(bytes.round() as u64) } else { Err(CURE) }
}

/// What may also be left open, with `none` or `off`.
pub fn open<T, E>(text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, E> {
    if ["none", "off"].contains(&text) { Ok(None) } else { parse(text).map(Some) }
}

/// A whole number between two others.
pub fn number(text: &str, low: u32, high: u32) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|n| (low..=high).contains(n))
        .ok_or_else(|| format!("write a whole number from {low} to {high}"))
}

/// CPUs as Cloud Run takes them: `1`, `2`, `0.5`, `500m`; given back in thousandths.
pub fn milli_cpu(text: &str) -> Result<u32, &'static str> {
    const CURE: &str = "write 1, 2, 4, 6 or 8 CPUs, or a part of one such as 0.5 or 500m (at least 80m)";
    let milli = match text.strip_suffix('m') {
        Some(milli) => milli.parse::<u32>().map_err(|_| CURE)?,
        None => {
            let cpus: f64 = text.parse().map_err(|_| CURE)?;
            // Parts finer than a thousandth have no meaning; the range is checked below.
            if !(0.0..=64.0).contains(&cpus) { return Err(CURE) } else { (cpus * 1000.0).round() as u32 }
        }
    };
    if (80..1000).contains(&milli) || [1000, 2000, 4000, 6000, 8000].contains(&milli) { Ok(milli) } else { Err(CURE) }
}

/// Memory with a unit, in bytes: `512Mi`, `1Gi`, `1.5Gi`, `512M`, `1G`.
pub fn memory(text: &str) -> Result<u64, &'static str> {
    const CURE: &str = "write a number with a unit, such as 512Mi, 1Gi or 1.5Gi, from 128Mi to 32Gi";
    size(text).ok().filter(|bytes| (100_000_000..=32 << 30).contains(bytes)).ok_or(CURE)
}

/// A quantity of bytes with a unit.
pub fn size(text: &str) -> Result<u64, &'static str> {
    const CURE: &str = "write a number with a unit, such as 512Mi or 1.5Gi";
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let number = &text[..digits];
    if !number.starts_with(|c: char| c.is_ascii_digit()) || !number.ends_with(|c: char| c.is_ascii_digit()) {
        return Err(CURE);
    }
    let number: f64 = number.parse().map_err(|_| CURE)?;
    let unit: u64 = match &text[digits..] {
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "k" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        _ => return Err(CURE),
    };
    let bytes = number * unit as f64;
    // Beyond a petabyte it is a slip of the pen.
    if bytes < 1e15 { Ok(bytes.round() as u64) } else { Err(CURE) }
}

/// Items separated by line breaks or commas; blanks and `#` comments are left out.
pub fn list(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| if line.trim_start().starts_with('#') { "" } else { line })
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Words for a command line: a JSON list of texts, or words as in a shell.
pub fn words(text: &str) -> Result<Vec<String>, &'static str> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|_| "this begins with `[` but is no JSON list of texts");
    }
    shell_words(text)
}

/// Words as a shell splits them: quotes and backslashes work, nothing is expanded.
pub fn shell_words(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => quoted(&mut chars, c, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next().ok_or("a backslash ends it, and nothing follows")?),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// What stands up to the quote that closes.
fn quoted(chars: &mut std::str::Chars<'_>, quote: char, word: &mut String) -> Result<(), &'static str> {
    let open = if quote == '"' { "a double quote is never closed" } else { "a single quote is never closed" };
    loop {
        match chars.next().ok_or(open)? {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => match chars.next().ok_or(open)? {
                c @ ('"' | '\\' | '$' | '`') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_may_be_given_in_days() {
        assert_eq!(days("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(days("36h"), Ok(Duration::from_secs(36 * 3600)));
        assert_eq!(days("0"), Ok(Duration::ZERO));
        assert!(days("d").is_err() && days("a week").is_err() && days("90").is_err());
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(image_size("200"), Ok(200_000_000));
        assert_eq!(image_size("1.5 GB"), Ok(1_500_000_000));
        assert_eq!(image_size("256MiB"), Ok(268_435_456));
        for text in ["", "0", "MB", "12 bytes", "1e3MB", "-5MB", "5000GB", "1.2.3MB"] {
            assert!(image_size(text).is_err(), "{text}");
        }
        assert_eq!(open("none", image_size), Ok(None));
        assert_eq!(open("1GB", image_size), Ok(Some(1_000_000_000)));
    }

    #[test]
    fn durations_take_units() {
        for (text, seconds) in [("300", 300), ("300s", 300), ("20m", 1200), ("1h30m", 5400), ("0s", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5d", "m", "1.5h", "-1", "1 m", "99999999999"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn cpus_and_memory_are_what_cloud_run_takes() {
        assert_eq!(milli_cpu("1"), Ok(1000));
        assert_eq!(milli_cpu("0.5"), Ok(500));
        assert_eq!(milli_cpu("500m"), Ok(500));
        for text in ["3", "0.05", "1.5", "x", "NaN", "-1", "1e9"] {
            assert!(milli_cpu(text).is_err(), "{text}");
        }
        assert_eq!(memory("512Mi"), Ok(512 << 20));
        assert_eq!(memory("1Gi"), Ok(1 << 30));
        assert_eq!(memory("1.5Gi"), Ok(1536 << 20));
        assert_eq!((size("10Gi"), size("64Mi")), (Ok(10 << 30), Ok(64 << 20)));
        for text in ["512", "512MB", "64Mi", "64Gi", "", "Mi", ".5Gi", "1.Gi", "1.2.3Gi", "99999999999999999999Gi"] {
            assert!(memory(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lists_and_words_split_as_people_expect() {
        assert_eq!(list("a, b\n# no\n c,,\n"), ["a", "b", "c"]);
        assert_eq!(
            words("python -m 'my app' --x=\"a \\\"b\\\"\" c\\ d \"\""),
            Ok(["python", "-m", "my app", "--x=a \"b\"", "c d", ""].map(str::to_owned).to_vec())
        );
        assert_eq!(words("[\"sh\", \"-c\", \"a b\"]"), Ok(["sh", "-c", "a b"].map(str::to_owned).to_vec()));
        assert!(words("[1]").is_err());
        assert!(words("'open").is_err());
    }

    #[test]
    fn switches_are_strict() {
        assert_eq!(switch("true"), Ok(true));
        assert_eq!(switch("False"), Ok(false));
        assert!(switch("maybe").is_err());
    }
}
