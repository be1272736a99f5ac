//! How the result is checked: the health path and further checks.

use std::time::Duration;

use super::Give;
use crate::cloud_run::wanted::check::Statuses;
use crate::cloud_run::wanted::check::{Check, Checks};
use crate::cloud_run::wanted::settings::Ingress;
use crate::inputs::engine::scalar;
use crate::inputs::spec::deploy::name;
use slipway_names::shown::QuotedText;

/// Waiting longer than this for a healthy answer would outlast most jobs.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// The one path that Google's front end answers itself at every `run.app` address, with 404: no request for it
/// reaches a container. Measured path by path in kkdai/linebot-file#5 (`/healthz/`, `/readyz`, `/livez` and
/// `/_ah/health` do arrive); Google documents "some paths ending with z" (docs run/known-issues).
const RESERVED: &str = "/healthz";

/// Who answers the checks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CheckTarget {
    /// A Cloud Run service, at Google's address; and who may send it requests, where that is set.
    Service(Option<Ingress>),
    /// A site of Hosting.
    Site,
}

pub(crate) fn checks(give: &mut Give<'_>, at: CheckTarget) -> Checks {
    let timeout = give.with(name::HEALTH_TIMEOUT, scalar::duration).unwrap_or(Duration::from_secs(120));
    if timeout.is_zero() || timeout > LONGEST_WAIT {
        give.findings.wrong(
            name::HEALTH_TIMEOUT,
            format!("{} s is not a time to wait", timeout.as_secs()),
            "write 1s to 1h",
        );
    }
    let successes = give.with(name::HEALTH_SUCCESSES, |text| scalar::number(text, 1, 100)).unwrap_or(1);
    let statuses = give.with(name::HEALTH_STATUS, Statuses::parse);
    let body = give.text(name::HEALTH_BODY);
    let ours = |text: &str| match at {
        CheckTarget::Service(_) => at_service(text),
        CheckTarget::Site => path(text),
    };
    let mut checks = Vec::new();
    match give.with(name::HEALTH_PATH, ours) {
        Some(path) => {
            checks.push(Check { method: "GET", path, statuses: statuses.unwrap_or_else(Statuses::success), body })
        }
        None => {
            for name in [name::HEALTH_STATUS, name::HEALTH_BODY] {
                if give.raw.has(name) && !give.raw.has(name::HEALTH_PATH) {
                    give.findings.wrong(name, "there is no `health_path` it could be about", "give `health_path` too");
                }
            }
        }
    }
    for (index, line) in give.raw.whole(name::CHECKS).unwrap_or_default().lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match check(line) {
            Ok(check) => match ours(&check.path) {
                Ok(_) => checks.push(check),
                Err(cure) => give.findings.wrong_at(
                    name::CHECKS,
                    Some(index + 1),
                    format!("{} does not fit", QuotedText(&check.path)),
                    cure,
                ),
            },
            Err(cure) => give.findings.wrong_at(
                name::CHECKS,
                Some(index + 1),
                format!("{} is not a check", QuotedText(line)),
                cure,
            ),
        }
    }
    if checks.is_empty() && give.raw.has(name::HEALTH_TIMEOUT) {
        give.findings.wrong(name::HEALTH_TIMEOUT, "there is nothing to check", "give `health_path` or `checks` too");
    }
    if !checks.is_empty()
        && matches!(at, CheckTarget::Service(Some(Ingress::Internal | Ingress::InternalAndLoadBalancing)))
    {
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

/// A path that a service can answer at Google's own address.
pub(crate) fn at_service(text: &str) -> Result<String, &'static str> {
    let path = path(text)?;
    if path.split('?').next() == Some(RESERVED) {
        return Err(
            "Google's front end answers it itself, with 404, and the container never sees it; let the program answer at another path too, such as /health or /readyz (a probe of the container may go on using this one)",
        );
    }
    Ok(path)
}

fn path(text: &str) -> Result<String, &'static str> {
    let fits = text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(|b| b.is_ascii_graphic())
        && !text.contains('#')
        && !text.contains('\\');
    if fits { Ok(text.to_owned()) } else { Err("write a path of the service, starting with one `/`") }
}
