//! Whether a released site answers as promised.

use std::time::Duration;

use url::Url;

use super::{SiteContext, fact};
use crate::facts::Facts;
use crate::service::asking::{self as asking, Asked, Asker, Audience, SignIn};
use slipway_failure::{Class, Failure};
use slipway_names::hosting::short;

/// Asks the channel's address until everything passes, or the time is up.
pub(super) async fn run(context: &SiteContext<'_>, facts: &mut Facts, index: usize) -> Result<((), String), Failure> {
    let (site, channel) = (fact(facts, index).site.clone(), fact(facts, index).channel.clone());
    let url = fact(facts, index).url.clone().unwrap_or_default();
    let Ok(base) = Url::parse(&url) else {
        return Err(Failure::plain(
            Class::Verify,
            format!("Channel `{channel}` of site `{site}` has no address to ask"),
        ));
    };
    // Several sites of one run stand side by side in the table.
    let name = if facts.sites.len() > 1 { format!("{site} ({channel})") } else { format!("channel {channel}") };
    let place =
        Audience { name, base, entry: SignIn::Free, internal: false, revision: None, alone: true, others: Vec::new() };
    let checks = &context.hosting.checks;
    let (http, probe, console, patience) = (context.http, context.probe, context.console, Duration::ZERO);
    let asker = Asker { http, probe, console, checks, place: &place, patience };
    let limit = match asking::ask(&asker, facts, checks.timeout).await {
        Asked::Passed { told, .. } => return Ok(((), told)),
        // Nobody is asked who they are at a site, and nothing stands in front of it.
        Asked::Unreachable(..) => Duration::ZERO,
        Asked::Closed { limit } | Asked::TimeUp { limit, .. } => limit,
    };
    let failed: Vec<_> = facts.checks.iter().filter(|check| check.at == place.name && check.failed()).collect();
    let what = match failed.as_slice() {
        [] => "not often enough in a row".to_owned(),
        [one] => format!("`{}` is not answered with {}", one.request, one.expected),
        many => format!("{} checks do not pass", many.len()),
    };
    let asked = failed.first().map_or(0, |check| check.attempts);
    let evidence = failed
        .iter()
        .map(|check| format!("{}: expected {}, last answer {}", check.request, check.expected, check.answer))
        .collect();
    let version = fact(facts, index).version.as_deref().map(short).unwrap_or_default().to_owned();
    let sentence = format!(
        "Site `{site}` does not answer as it should with version `{version}`: {what} (asked {asked} times in {} s)",
        limit.as_secs()
    );
    let mut failure = Failure::plain(Class::Verify, sentence).evidence(evidence);
    if failed.iter().any(|check| check.answer.starts_with("404")) {
        failure = failure.hint(
            "Check that the file is among those that were uploaded, and that `cleanUrls`, `trailingSlash` and `rewrites` in `firebase.json` lead to it",
        );
    }
    Err(failure)
}
