//! What is asked of a service or a site, and which answers count.

use std::time::Duration;

/// How the result is checked.
#[derive(Debug, Clone)]
pub struct Checks {
    /// Every check, the health path first.
    pub checks: Vec<Check>,
    /// Rounds in a row that must pass.
    pub successes: u32,
    /// How long they are tried.
    pub timeout: Duration,
}

/// One request and what its answer must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// `GET` or `HEAD`.
    pub method: &'static str,
    /// The path, with its query.
    pub path: String,
    /// Statuses that count.
    pub statuses: Statuses,
    /// Text the answer must hold.
    pub body: Option<String>,
}

/// Which HTTP statuses count as healthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses(Vec<(u16, u16)>);

impl Statuses {
    /// Any of 200 to 299.
    pub fn success() -> Self {
        Self(vec![(200, 299)])
    }

    /// Numbers and classes, separated by commas: `200`, `200,204`, `2xx`, `200-399`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const CURE: &str = "write numbers or classes from 100 to 599, such as `200`, `200,204`, `2xx` or `200-399`";
        let single = |text: &str| text.parse::<u16>().ok().filter(|n| (100..600).contains(n)).ok_or(CURE);
        let mut ranges = Vec::new();
        for part in text.split(',').map(str::trim) {
            let range = match (part.strip_suffix("xx"), part.split_once('-')) {
                (Some(class), _) => {
                    let class = class.parse::<u16>().ok().filter(|n| (1..=5).contains(n)).ok_or(CURE)?;
                    (class * 100, class * 100 + 99)
                }
                (None, Some((low, high))) => (single(low.trim())?, single(high.trim())?),
                (None, None) => (single(part)?, single(part)?),
            };
            ranges.push(range);
        }
        Ok(Self(ranges))
    }

    /// Whether a status is among them.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (low, high)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            match (low, high) {
                (low, high) if low == high => write!(f, "{low}")?,
                (low, high) if low % 100 == 0 && *high == low + 99 => write!(f, "{}xx", low / 100)?,
                (low, high) => write!(f, "{low}-{high}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_take_classes_and_ranges() {
        let statuses = Statuses::parse("200, 3xx,404-410").expect("good");
        assert!(statuses.contains(200) && statuses.contains(302) && statuses.contains(405));
        assert!(!statuses.contains(201) && !statuses.contains(411));
        assert_eq!(statuses.to_string(), "200, 3xx, 404-410");
        for text in ["", "ok", "2000", "9xx", "99"] {
            assert!(Statuses::parse(text).is_err(), "{text}");
        }
    }
}
