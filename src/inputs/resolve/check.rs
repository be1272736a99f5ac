//! How the result is checked: the health path and further checks.

use std::time::Duration;

use super::super::deploy::{Check, Checks, Ingress};
use super::super::scalar::{self, Statuses};
use super::Give;

/// Waiting longer than this for a healthy answer would outlast most jobs.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// `ingress` is who may send requests, where that is set.
pub(super) fn checks(give: &mut Give<'_>, ingress: Option<Ingress>) -> Checks {
    let timeout = give.with("health_timeout", scalar::duration).unwrap_or(Duration::from_secs(120));
    if timeout.is_zero() || timeout > LONGEST_WAIT {
        give.findings.wrong(
            "health_timeout",
            format!("{} s is not a time to wait", timeout.as_secs()),
            "write 1s to 1h",
        );
    }
    let successes = give.with("health_successes", |text| scalar::number(text, 1, 100)).unwrap_or(1);
    let statuses = give.with("health_status", Statuses::parse);
    let body = give.text("health_body");
    let mut checks = Vec::new();
    match give.with("health_path", path) {
        Some(path) => {
            checks.push(Check { method: "GET", path, statuses: statuses.unwrap_or_else(Statuses::success), body })
        }
        None => {
            for name in ["health_status", "health_body"] {
                if give.raw.has(name) && !give.raw.has("health_path") {
                    give.findings.wrong(name, "there is no `health_path` it could be about", "give `health_path` too");
                }
            }
        }
    }
    for (index, line) in give.raw.whole("checks").unwrap_or_default().lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match check(line) {
            Ok(check) => checks.push(check),
            Err(cure) => give.findings.wrong_at("checks", Some(index + 1), format!("`{line}` is not a check"), cure),
        }
    }
    if checks.is_empty() && give.raw.has("health_timeout") {
        give.findings.wrong("health_timeout", "there is nothing to check", "give `health_path` or `checks` too");
    }
    if !checks.is_empty() && ingress.is_some_and(|ingress| ingress != Ingress::All) {
        give.findings.warnings.push(
            "health_path: with this `ingress` only runners inside the project's network reach the service; on others the checks cannot pass".into(),
        );
    }
    Checks { checks, successes, timeout }
}

/// `[METHOD] /path [statuses]`.
fn check(line: &str) -> Result<Check, &'static str> {
    const CURE: &str = "write `GET /docs 200`: GET or HEAD, a path, the status that is expected";
    let mut words = line.split_whitespace().peekable();
    let method = match words.peek() {
        Some(&"GET") => words.next().map(|_| "GET"),
        Some(&"HEAD") => words.next().map(|_| "HEAD"),
        _ => Some("GET"),
    };
    let path = path(words.next().ok_or(CURE)?).map_err(|_| CURE)?;
    let statuses = match words.next() {
        Some(text) => Statuses::parse(text)?,
        None => Statuses::success(),
    };
    if words.next().is_some() {
        Err(CURE)
    } else {
        Ok(Check { method: method.unwrap_or("GET"), path, statuses, body: None })
    }
}

fn path(text: &str) -> Result<String, &'static str> {
    let fits = text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(|b| b.is_ascii_graphic())
        && !text.contains('#')
        && !text.contains('\\');
    if fits { Ok(text.to_owned()) } else { Err("write a path of the service, starting with one `/`") }
}
