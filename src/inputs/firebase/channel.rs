//! Names and lives of preview channels.

use std::fmt;
use std::time::Duration;

use slipway_names::shown::QuotedText;

/// How long a preview lives when nobody says it: 7 days, as with firebase-tools.
pub const DEFAULT_LIFE: Duration = Duration::from_secs(7 * 86_400);
/// The longest life that Hosting gives: 30 days.
pub const LONGEST_LIFE: Duration = Duration::from_secs(30 * 86_400);

/// The channel's name is one part of one word of a host name, and such a word has 63 characters. Hosting takes
/// longer names and cuts them in the address; here the name is meant to be found in it.
const LONGEST_NAME: usize = 63;
/// How much of a branch's name goes into a channel's: what Firebase's own action takes, so that a pull request
/// keeps its channel when it changes over.
const BRANCH_PART: usize = 20;

/// What is wrong with the name or the life of a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// No name at all.
    #[error("a channel needs a name")]
    Empty,
    /// The name of what the public sees.
    #[error("`live` is the channel the public sees, not a preview")]
    Reserved,
    /// Something Hosting does not take.
    #[error("{} is not a channel's name: letters, digits, dashes and periods, up to 63 of them", QuotedText(given))]
    Characters {
        /// What was given.
        given: String,
        /// A name like it that is good, if there is one.
        like: Option<String>,
    },
    /// Hosting answers such a name with an error that does not say why.
    #[error("{} is not a channel's name: it must not begin or end with a dash or a period", QuotedText(given))]
    Edge {
        /// What was given.
        given: String,
        /// A name like it that is good, if there is one.
        like: Option<String>,
    },
    /// Not a duration as firebase-tools writes it.
    #[error("{} is not how long a channel lives", QuotedText(given))]
    Life {
        /// What was given.
        given: String,
    },
    /// Too long.
    #[error("a channel lives for 30 days at most, not for {}", QuotedText(given))]
    TooLong {
        /// What was given.
        given: String,
    },
}

impl ChannelError {
    /// What to write instead.
    pub fn cure(&self) -> String {
        match self {
            Self::Empty => "write a name such as `staging`".into(),
            Self::Reserved => "write another name, or deploy without a channel".into(),
            Self::Characters { like: Some(like), .. } | Self::Edge { like: Some(like), .. } => {
                format!("write {}", QuotedText(like))
            }
            Self::Characters { .. } | Self::Edge { .. } => "write a name such as `staging`".into(),
            Self::Life { .. } => "write minutes (`30m`), hours (`12h`) or days (`7d`)".into(),
            Self::TooLong { .. } => "write `30d` or less".into(),
        }
    }
}

/// The name of a preview channel: safe in an address, and never `live`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(String);

impl ChannelId {
    /// The name as Hosting has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The channel of a name, with `/`, `:`, `_` and `#` as dashes. Source: `normalizeName` of firebase-tools, and what
/// Hosting answers to other characters.
///
/// # Errors
/// The rule that the name breaks, with a good name like it.
pub fn channel_id(text: &str) -> Result<ChannelId, ChannelError> {
    let given = text.trim();
    let name: String = given.chars().map(|c| if matches!(c, '/' | ':' | '_' | '#') { '-' } else { c }).collect();
    if name.is_empty() {
        return Err(ChannelError::Empty);
    }
    if name.eq_ignore_ascii_case("live") {
        return Err(ChannelError::Reserved);
    }
    let like = || Some(trimmed(&safe(name.encode_utf16().take(LONGEST_NAME)))).filter(|like| is_good(like));
    if name.len() > LONGEST_NAME || !name.chars().all(is_fit) {
        return Err(ChannelError::Characters { given: given.to_owned(), like: like() });
    }
    if trimmed(&name) != name {
        return Err(ChannelError::Edge { given: given.to_owned(), like: like() });
    }
    Ok(ChannelId(name))
}

/// The channel of a pull request, whatever its branch is called: `pr{NUMBER}-{the branch's first 20 characters}`.
/// The name is the one Firebase's own action ends up with; only dashes at the end, on which it fails, are taken off.
pub fn for_pull_request(number: u64, branch: &str) -> ChannelId {
    ChannelId(trimmed(&format!("pr{number}-{}", safe(branch.encode_utf16().take(BRANCH_PART)))))
}

/// How long a preview lives: `30m`, `12h`, `7d`, at most 30 days.
///
/// # Errors
/// It is no such duration, nothing at all, or too long.
pub fn expires(text: &str) -> Result<Duration, ChannelError> {
    let given = text.trim();
    let wrong = || ChannelError::Life { given: given.to_owned() };
    let too_long = || ChannelError::TooLong { given: given.to_owned() };
    let unit = match given.chars().last() {
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let digits = &given[..given.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let seconds = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(too_long)?;
    match Duration::from_secs(seconds) {
        life if life > LONGEST_LIFE => Err(too_long()),
        Duration::ZERO => Err(wrong()),
        life => Ok(life),
    }
}

fn is_fit(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '.'
}

fn is_good(name: &str) -> bool {
    !name.is_empty() && !name.eq_ignore_ascii_case("live")
}

/// Each unit that is not fit becomes a dash. Units of UTF-16, because Firebase's action counts and replaces those.
fn safe(units: impl Iterator<Item = u16>) -> String {
    units.map(|unit| char::from_u32(unit.into()).filter(|c| is_fit(*c)).unwrap_or('-')).collect()
}

fn trimmed(name: &str) -> String {
    name.trim_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> String {
        channel_id(text).map(|id| id.to_string()).unwrap_or_else(|error| format!("{error}; {}", error.cure()))
    }

    #[test]
    fn names_are_as_firebase_makes_them() {
        for (given, made) in [
            ("staging", "staging"),
            ("feature/new_menu:2#x", "feature-new-menu-2-x"),
            ("v1.2", "v1.2"),
            ("Feature", "Feature"),
            ("live-2", "live-2"),
        ] {
            assert_eq!(name(given), made);
        }
        assert_eq!(
            name("new menu!"),
            "`new menu!` is not a channel's name: letters, digits, dashes and periods, up to 63 of them; write \
             `new-menu`"
        );
        assert_eq!(
            name("branch_"),
            "`branch_` is not a channel's name: it must not begin or end with a dash or a period; write `branch`"
        );
        assert!(name("LIVE ").starts_with("`live` is the channel the public sees"));
        assert_eq!(name(" "), "a channel needs a name; write a name such as `staging`");
        assert!(name("äöü").ends_with("write a name such as `staging`"));
        assert!(name("live!").ends_with("write a name such as `staging`"));
        assert!(name(&"x".repeat(64)).ends_with(&format!("write `{}`", "x".repeat(63))));
    }

    #[test]
    fn pull_requests_get_the_name_that_firebases_action_gives() {
        for (branch, made) in [
            ("main", "pr7-main"),
            ("feature/react-route-pages", "pr7-feature-react-route"),
            ("dependabot/npm_and_yarn/x-1.2.3", "pr7-dependabot-npm-and-y"),
            ("../../etc/passwd", "pr7-..-..-etc-passwd"),
            ("", "pr7"),
            ("-----", "pr7"),
            ("ä🚢b", "pr7----b"),
            ("$(rm -rf /)\n", "pr7---rm--rf"),
            ("JIRA-1_x", "pr7-JIRA-1-x"),
        ] {
            assert_eq!(for_pull_request(7, branch).as_str(), made, "{branch}");
        }
    }

    #[test]
    fn lives_have_a_unit_and_an_end() {
        for (text, seconds) in
            [("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("30d", 2_592_000), ("720h", 2_592_000)]
        {
            assert_eq!(expires(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "7", "d", "7 d", "1w", "-1d", "1.5h", "0d", "7D", "1d12h", "٣d", "7ä"] {
            assert_eq!(expires(text), Err(ChannelError::Life { given: text.to_owned() }), "{text}");
        }
        for text in ["31d", "721h", "99999999999999999999d", "18446744073709551615d"] {
            assert_eq!(expires(text), Err(ChannelError::TooLong { given: text.to_owned() }), "{text}");
        }
    }
}
