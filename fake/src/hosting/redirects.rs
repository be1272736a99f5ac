//! Redirects of a configuration: the first rule that fits, its captures put into the location.

use super::pattern::Pattern;
use crate::reply::Reply;
use serde_json::Value;

/// The redirect of a path, if a rule has one.
pub(super) fn answer(config: &Value, path: &str, query: &str) -> Option<Reply> {
    config["redirects"].as_array()?.iter().find_map(|rule| {
        let captures = Pattern::with_captures(rule)?.captures(path)?;
        let status = rule["statusCode"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(301);
        Some(to(status, &filled(rule["location"].as_str().unwrap_or_default(), &captures), query))
    })
}

/// A redirect to this place, the query of the request kept.
pub(super) fn to(status: u16, location: &str, query: &str) -> Reply {
    let joint = match (query.is_empty(), location.contains('?')) {
        (true, _) => "",
        (false, true) => "&",
        (false, false) => "?",
    };
    Reply::empty(status).with("Location", format!("{}{joint}{query}", escaped(location)))
}

/// The location with its `:name` and `:name*` replaced; names nothing was captured under stay.
fn filled(location: &str, captures: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut rest = location;
    while let Some((before, after)) = rest.split_once(':') {
        out.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let (name, behind) = after.split_at(end);
        match captures.iter().find(|(known, _)| known == name) {
            Some((_, value)) => {
                // Where no segments were captured, the slash before them goes too.
                if value.is_empty() && behind.starts_with('*') && out.len() > 1 && out.ends_with('/') {
                    out.pop();
                }
                out.push_str(value);
                rest = behind.strip_prefix('*').unwrap_or(behind);
            }
            None => {
                out.push(':');
                rest = after;
            }
        }
    }
    out + rest
}

/// Escapes what an address cannot hold; what is escaped already stays.
fn escaped(location: &str) -> String {
    let mut out = String::new();
    for byte in location.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
