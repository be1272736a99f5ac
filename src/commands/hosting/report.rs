//! Telling what became of sites: outputs, summary, document, and what is true now. Beside the report of a
//! deploy, and made of the same parts.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::facts::{Facts, Written};
use crate::report::markdown::{code, link, sentence, table};
use crate::report::{Outcome, exit_code, parts as report_json, summary, timeline};
use crate::step::PlannedStep;
use slipway_failure::Class;
use slipway_names::hosting::{Before, SiteEnd, SiteFact, SiteKind, short};
use slipway_runner::duration;

/// Every output of the hosting commands and one line on it; `actions/hosting/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("url", "Address of the channel of the first site"),
    ("urls", "Addresses of all sites, a JSON object by site; without JSON, `url_SITE` each where there are several"),
    ("expire_time", "When the preview channel ends, as Google writes it"),
    ("site", "The first site"),
    ("channel", "`live`, or the preview channel"),
    ("version", "Version that was released"),
    ("release", "Release that shows it"),
    ("previous_version", "Version that the channel showed before"),
    ("files", "Files of the version"),
    ("uploaded_files", "Files that Hosting did not have yet"),
    ("uploaded_bytes", "Their bytes, compressed"),
    ("result", "`deployed`, `rolled_back`, `promoted`, `removed`, `planned`, `superseded`, `failed` or `cancelled`"),
    ("report", "Everything about the run as one JSON document (`schema: 1`)"),
];

/// Everything a report on sites is made of.
#[derive(Debug)]
pub struct SiteStory<'a> {
    /// What the run was for.
    pub kind: SiteKind,
    /// The project.
    pub project: &'a str,
    /// `live`, or the preview channel.
    pub channel: &'a str,
    /// Who released.
    pub account: &'a str,
    /// The commit.
    pub commit: Option<&'a str>,
    /// The head of the pull request that the commit is a merge of.
    pub head: Option<&'a str>,
    /// The commit that is checked out, where it was compared with the head of a pull request.
    pub built: Option<&'a str>,
    /// The page of this run.
    pub run_url: Option<String>,
    /// What was planned.
    pub plan: &'a [PlannedStep],
    /// What is known.
    pub facts: &'a Facts,
    /// How it ended.
    pub outcome: &'a Outcome<SiteKind>,
    /// From begin to end.
    pub took: Duration,
}

/// The word of the output `result`.
pub fn word(outcome: &Outcome<SiteKind>) -> &'static str {
    match outcome {
        Outcome::Succeeded(SiteKind::Deploy) => "deployed",
        Outcome::Succeeded(SiteKind::Rollback) => "rolled_back",
        Outcome::Succeeded(SiteKind::Promote) => "promoted",
        Outcome::Succeeded(SiteKind::Remove) => "removed",
        Outcome::Planned(_) => "planned",
        Outcome::Failed(failure) if failure.class() == Class::Superseded => "superseded",
        Outcome::Failed(_) => "failed",
        Outcome::Cancelled(_) => "cancelled",
    }
}

/// How it ended, in a few words; names between backticks.
pub fn headline(story: &SiteStory<'_>) -> String {
    let sites: Vec<String> = story.facts.sites.iter().map(|fact| format!("`{}`", fact.site)).collect();
    let what = match sites.len() {
        0 => "The site".to_owned(),
        1 => format!("Site {}", sites[0]),
        _ => format!("Sites {}", sites.join(", ")),
    };
    let is = if sites.len() > 1 { "are" } else { "is" };
    let ends = |end: fn(&SiteEnd) -> bool| story.facts.sites.iter().any(|fact| end(&fact.end));
    match story.outcome {
        Outcome::Succeeded(SiteKind::Deploy) if story.channel == "live" => format!("{what} {is} released"),
        Outcome::Succeeded(SiteKind::Deploy) => format!("A preview of {} {is} ready", sites.join(", ")),
        Outcome::Succeeded(SiteKind::Rollback) => format!("{what} {is} rolled back"),
        Outcome::Succeeded(SiteKind::Promote) => format!("The preview of {} {is} released", sites.join(", ")),
        Outcome::Succeeded(SiteKind::Remove) if sites.is_empty() => "Nothing was to be done".to_owned(),
        Outcome::Succeeded(SiteKind::Remove) => format!("The preview of {} {is} removed", sites.join(", ")),
        Outcome::Failed(_) if story.kind == SiteKind::Remove => {
            format!("The preview of {} was not removed", what.to_lowercase())
        }
        Outcome::Planned(_) => format!("Plan for {}", what.to_lowercase().replacen("the site", "a site", 1)),
        Outcome::Failed(failure) if failure.class() == Class::Superseded => {
            format!("{what}: something newer was released")
        }
        Outcome::Failed(_) if ends(|end| matches!(end, SiteEnd::Stuck(_))) => {
            format!("{what} could not be put back")
        }
        Outcome::Failed(_) if ends(|end| *end == SiteEnd::Restored) => {
            format!(
                "{what} {} not released, and shows what it showed before",
                if sites.len() > 1 { "were" } else { "was" }
            )
        }
        Outcome::Failed(_) if story.facts.sites.iter().any(|fact| fact.released == Written::Yes) => {
            format!("{what} {is} released, and something is wrong")
        }
        Outcome::Failed(_) if story.facts.sites.iter().any(|fact| fact.released == Written::Unknown) => {
            format!("Whether {} {is} released is not known", what.replacen("The site", "the site", 1))
        }
        Outcome::Failed(_) => format!("{what} {} not released", if sites.len() > 1 { "were" } else { "was" }),
        Outcome::Cancelled(_) => format!("The release of {} was cancelled", what.to_lowercase()),
    }
}

/// What stands in the cloud after this run, in sentences.
pub fn sentences(story: &SiteStory<'_>) -> Vec<String> {
    if let Outcome::Planned(_) = story.outcome {
        return vec!["Nothing was changed".to_owned()];
    }
    if story.facts.sites.is_empty() {
        return vec!["Nothing was changed".to_owned()];
    }
    story.facts.sites.iter().flat_map(site_sentences).collect()
}

/// What is true of one site.
pub fn site_sentences(fact: &SiteFact) -> Vec<String> {
    let (site, channel) = (&fact.site, &fact.channel);
    let version = fact.version.as_deref().map(short).unwrap_or_default();
    let url = fact.url.as_deref().map(|url| format!(" at {url}")).unwrap_or_default();
    if !fact.removals.is_empty() {
        return fact.removals.iter().map(slipway_names::preview::Removal::sentence).collect();
    }
    let mut all = Vec::new();
    match (&fact.end, fact.released) {
        (SiteEnd::Restored, _) => all.push(format!("Site `{site}` shows {} again, on channel `{channel}`", before(&fact.before))),
        (SiteEnd::Stuck(why), _) => {
            let back = before(&fact.before);
            all.push(format!("Site `{site}` could not be put back to {back} on channel `{channel}`: {why}"));
            all.push(match &fact.left_showing {
                Some(shown) => format!("Channel `{channel}` of site `{site}` showed {} when it was read after that", before(shown)),
                None => format!("What channel `{channel}` of site `{site}` shows now is not known: it could not be read"),
            });
        }
        (SiteEnd::Left(why), Written::Yes | Written::Unknown) => {
            all.push(format!("Site `{site}` was left as it is on channel `{channel}`{url} ({why})"));
        }
        (_, Written::Unknown) => all.push(format!(
            "Whether version `{version}` is released on channel `{channel}` of site `{site}` is not known; the channel shows it"
        )),
        // Released, and then cut off: nobody has read the channel since.
        (SiteEnd::Open, Written::Yes) => all.push(format!(
            "Version `{version}` was released on channel `{channel}` of site `{site}`{url}; what it shows now was not read"
        )),
        (_, Written::Yes) => all.push(format!("Site `{site}` shows version `{version}` on channel `{channel}`{url}")),
        (SiteEnd::Released, Written::No) => {
            all.push(format!("Site `{site}` shows version `{version}` on channel `{channel}`{url}, as it did before"));
        }
        (_, Written::No) => {
            all.push(match &fact.before {
                Before::Unseen => format!("Nothing was changed on site `{site}`"),
                Before::NoChannel if fact.channel_made => {
                    format!("Channel `{channel}` of site `{site}` is there now, and shows nothing yet")
                }
                Before::NoChannel => format!("Channel `{channel}` of site `{site}` was not made"),
                other => format!("Site `{site}` shows what it showed before on channel `{channel}`: {}", before(other)),
            });
            if fact.made && fact.version.is_some() {
                let complete = if fact.finalized { "complete" } else { "not complete; Hosting removes it within 12 hours" };
                all.push(format!("Version `{version}` of site `{site}` is there, seen by nobody and {complete}"));
            }
        }
    }
    all
}

/// What was shown before, in words.
pub fn before(before: &Before) -> String {
    match before {
        Before::Version(name) => format!("version `{}`", short(name)),
        Before::Disabled => "nothing (the site was switched off)".to_owned(),
        Before::Nothing | Before::NoChannel | Before::Unseen => "nothing".to_owned(),
    }
}

/// The values that are known; an output without one is not written. Of several sites there is a `url_SITE` each.
pub fn values(story: &SiteStory<'_>) -> Vec<(String, String)> {
    let first = story.facts.sites.first();
    let shown = first.filter(|fact| fact.released == Written::Yes || fact.end == SiteEnd::Released);
    let made = matches!(story.outcome, Outcome::Succeeded(_) | Outcome::Failed(_) | Outcome::Cancelled(_));
    let counted = first.filter(|fact| made && fact.made);
    let value = |name: &str| match name {
        "url" => first.and_then(|fact| fact.url.clone()),
        "urls" => first.map(|_| urls(story.facts).to_string()),
        "expire_time" => first.and_then(|fact| fact.expires.clone()),
        "site" => first.map(|fact| fact.site.clone()),
        "channel" => Some(story.channel.to_owned()),
        "version" => shown.and_then(|fact| fact.version.as_deref()).map(|name| short(name).to_owned()),
        "release" => shown.and_then(|fact| fact.release.clone()),
        "previous_version" => first.and_then(|fact| fact.before.version()).map(|name| short(name).to_owned()),
        "files" => counted.map(|fact| fact.files.to_string()),
        "uploaded_files" => counted.map(|fact| fact.uploaded_files.to_string()),
        "uploaded_bytes" => counted.map(|fact| fact.uploaded_bytes.to_string()),
        "result" => Some(word(story.outcome).to_owned()),
        "report" => Some(document(story).to_string()),
        _ => None,
    };
    let named = OUTPUTS.iter().filter_map(|(name, _)| Some(((*name).to_owned(), value(name)?)));
    named.chain(url_of_each_site("url", story.facts)).collect()
}

/// The address of each of several sites as outputs of their own, `START_SITE`: other jobs get them whatever is masked.
pub fn url_of_each_site(start: &str, facts: &Facts) -> Vec<(String, String)> {
    if facts.sites.len() < 2 {
        return Vec::new();
    }
    facts.sites.iter().filter_map(|fact| Some((format!("{start}_{}", fact.site), fact.url.clone()?))).collect()
}

/// The address of every site.
pub fn urls(facts: &Facts) -> Value {
    let all = facts.sites.iter().map(|fact| (fact.site.clone(), json!(fact.url)));
    all.collect::<Map<_, _>>().into()
}

/// The whole document; what it shares with that of a deploy has the same names.
pub fn document(story: &SiteStory<'_>) -> Value {
    let facts = story.facts;
    json!({
        "schema": report_json::SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": word(story.outcome),
        "exit_code": exit_code(story.outcome),
        "project": story.project,
        "channel": story.channel,
        "account": story.account,
        "commit": story.commit,
        "head_commit": story.head,
        "built_commit": story.built,
        "run_url": story.run_url,
        "seconds": report_json::round(story.took.as_secs_f64()),
        "sites": facts.sites.iter().map(site_document).collect::<Vec<_>>(),
        "steps": report_json::steps(facts),
        "checks": report_json::checks(facts),
        "changes": report_json::changes(story.outcome),
        "warnings": facts.warnings,
        "failure": report_json::failure(story.outcome),
        "now": sentences(story),
    })
}

/// One site in a document.
pub fn site_document(fact: &SiteFact) -> Value {
    json!({
        "site": fact.site, "channel": fact.channel, "url": fact.url, "expire_time": fact.expires,
        "previous_version": fact.before.version().map(short), "version": fact.version.as_deref().map(short),
        "release": fact.release, "end": fact.end.word(), "files": fact.files, "bytes": fact.bytes,
        "uploaded_files": fact.uploaded_files, "uploaded_bytes": fact.uploaded_bytes,
        "pins": fact.pins.iter().map(|(service, tag)| json!({"service": short(service), "tag": tag})).collect::<Vec<_>>(),
    })
}

/// The job summary.
pub fn markdown(story: &SiteStory<'_>) -> String {
    let now = sentences(story);
    let mut parts = vec![head(story)];
    parts.extend(summary::ended(story.outcome, &now, story.plan, "site"));
    parts.extend(sites(story.facts));
    parts.push(summary::steps(story.facts));
    parts.extend(summary::checks(story.facts));
    parts.extend(summary::warnings(story.facts));
    parts.extend(timeline::chart(story.facts, story.took).map(|chart| format!("### Where the time went\n\n{chart}")));
    summary::joined(parts)
}

fn head(story: &SiteStory<'_>) -> String {
    let first = story.facts.sites.first().filter(|_| story.facts.sites.len() == 1);
    let rows = [
        ("URL", first.and_then(|fact| fact.url.as_deref()).map(link)),
        ("Project", Some(code(story.project))),
        ("Channel", Some(code(story.channel))),
        ("Until", first.and_then(|fact| fact.expires.as_deref()).map(code)),
        ("Version", first.and_then(|fact| fact.version.as_deref()).map(|name| code(short(name)))),
        ("Shown before", first.map(|fact| sentence(&before(&fact.before)))),
        ("Commit", story.commit.map(code)),
        ("A merge of", story.head.map(code)),
        ("Built from", story.built.filter(|built| Some(*built) != story.commit).map(code)),
        ("Took", Some(duration(story.took))),
    ];
    summary::titled(summary::mark(story.outcome), &headline(story), rows)
}

/// The table of sites: files, what was sent, how it ended.
pub fn sites(facts: &Facts) -> Option<String> {
    if facts.sites.iter().all(|fact| fact.files == 0 && facts.sites.len() == 1) {
        return None;
    }
    let rows: Vec<Vec<String>> = facts
        .sites
        .iter()
        .map(|fact| {
            vec![
                code(&fact.site),
                code(&fact.channel),
                fact.version.as_deref().map(|name| code(short(name))).unwrap_or_default(),
                fact.files.to_string(),
                fact.uploaded_files.to_string(),
                fact.end.word().to_owned(),
                fact.url.as_deref().map(link).unwrap_or_default(),
            ]
        })
        .collect();
    let columns = ["Site", "Channel", "Version", "Files", "New", "End", "URL"];
    Some(format!("### Sites\n\n{}", table(&columns, &rows)))
}
