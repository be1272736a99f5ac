//! Telling what became of a preview: the comment on the pull request, outputs, summary.

use serde_json::{Value, json};

use crate::commands::release::report as release;
use crate::commands::release::report::{ReleasePart, ReleaseStory, first_url, of_each_part, urls, with_head};
use crate::facts::{CheckFact, Facts};
use crate::report::markdown::{code, escape, link, sentence, table};
use crate::report::{Outcome, exit_code, parts as report_json, summary};
use slipway_names::access::Callers;
use slipway_names::hosting::short;
use slipway_names::json::set;
use slipway_names::preview::{Removal, Removed};
use slipway_runner::duration;

/// Every output of the preview command and one line on it; `actions/preview/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("url", "Address to look at first: of the first site, else of the first service"),
    ("urls", "Addresses of all parts, a JSON object by the name of the part; without JSON, `url_PART` each"),
    ("name", "Name of the preview: its tag, its channel, its GitHub environment"),
    ("comment_url", "The comment on the pull request"),
    ("result", "`deployed`, `removed`, `planned`, `failed` or `cancelled`"),
    ("report", "Everything about the run as one JSON document (`schema: 1`)"),
];

/// What every report on a preview says.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The preview's name.
    pub name: &'a str,
    /// The pull request.
    pub number: u64,
    /// The commit that is looked at.
    pub commit: Option<&'a str>,
    /// The commit that was checked out and built: that one, or a merge of it.
    pub built: Option<&'a str>,
    /// The page of this run.
    pub run_url: Option<&'a str>,
    /// The comment, once it is there.
    pub comment_url: Option<&'a str>,
}

/// How a preview that was to be made ended, in a few words.
pub fn headline(head: &Head<'_>, outcome: &Outcome<()>) -> String {
    let number = head.number;
    match outcome {
        Outcome::Succeeded(()) => format!("The preview of pull request #{number} is ready"),
        Outcome::Planned(_) => format!("Plan for the preview of pull request #{number}"),
        Outcome::Failed(_) => format!("The preview of pull request #{number} failed"),
        Outcome::Cancelled(_) => format!("The preview of pull request #{number} was cancelled"),
    }
}

/// The comment about a preview that was made, or was to be.
pub fn comment(head: &Head<'_>, story: &ReleaseStory<'_>) -> String {
    let commit = head.commit.map(|commit| format!(" of {}", code(&commit.chars().take(7).collect::<String>())));
    let commit = commit.unwrap_or_default();
    let run = head.run_url.map(|url| format!(" · [the run]({})", escape_address(url))).unwrap_or_default();
    let title = match story.outcome {
        Outcome::Succeeded(()) => format!("### 🔎 Preview{commit}"),
        Outcome::Failed(_) => format!("### ❌ The preview{commit} failed"),
        Outcome::Planned(_) => format!("### 📋 Plan for a preview{commit}"),
        Outcome::Cancelled(_) => format!("### 🚫 The preview{commit} was cancelled"),
    };
    let mut out = format!("{title}\n\n");
    if let Outcome::Failed(failure) = story.outcome {
        out.push_str(&format!("{}\n\n", sentence(&failure.to_string())));
        out.push_str(&failure.causes().iter().map(|cause| format!("> {}\n\n", escape(cause))).collect::<String>());
    }
    let rows: Vec<Vec<String>> = story.parts.iter().map(row).collect();
    out.push_str(&table(&["Part", "Address", "Shows", "Checks", "Until"], &rows));
    for line in story.parts.iter().filter_map(locked) {
        out.push_str(&format!("\n{line}\n"));
    }
    let built = head.built.filter(|built| Some(*built) != head.commit);
    let built =
        built.map(|built| format!(" · built from {}, a merge of it", code(&built.chars().take(7).collect::<String>())));
    let built = built.unwrap_or_default();
    out.push_str(&format!("\nTook {}{run}{built} · nobody else is sent here\n", duration(story.took)));
    out
}

/// A service that does not let everybody in, whom it lets in, where that is known, and how they open it.
fn locked(part: &ReleasePart<'_>) -> Option<String> {
    let callers = part.facts().service.callers.filter(|callers| !callers.is_everybody())?;
    let told = format!("🔒 {}: {}", code(part.name()), sentence(callers.words()));
    let ReleasePart::Service(_, story) = part else { return Some(told) };
    if callers != Callers::Granted || story.facts.rollout.is_some() {
        return Some(told);
    }
    let place = format!("{} --region={} --project={}", story.service, story.region, story.project);
    let (open, grant) = (
        format!("gcloud run services proxy {place}"),
        format!(
            "gcloud run services add-iam-policy-binding {place} --role=roles/run.invoker --member=user:NAME@DOMAIN"
        ),
    );
    Some(format!("{told}. They open it with {}; to let somebody in: {}", code(&open), code(&grant)))
}

/// One part in the comment.
fn row(part: &ReleasePart<'_>) -> Vec<String> {
    let facts = part.facts();
    let shows = match part {
        ReleasePart::Service(_, story) => {
            story.facts.service.revision.as_ref().map(|revision| format!("revision {}", code(revision.as_str())))
        }
        ReleasePart::Site(_, story) => {
            let version = story.facts.sites.first().and_then(|fact| fact.version.as_deref());
            version.map(|version| format!("version {}", code(short(version))))
        }
    };
    let until = match part {
        ReleasePart::Service(..) => Some("the pull request is closed".to_owned()),
        ReleasePart::Site(_, story) => story.facts.sites.first().and_then(|fact| fact.expires.as_deref()).map(code),
    };
    vec![
        code(part.name()),
        part.url().map(link).unwrap_or_else(|| "—".to_owned()),
        shows.unwrap_or_default(),
        checks(facts),
        // Of what is not there, nothing ends.
        until.filter(|_| part.url().is_some()).unwrap_or_default(),
    ]
}

fn checks(facts: &Facts) -> String {
    let all = facts.checks.len();
    if all == 0 {
        return "none".to_owned();
    }
    let count = |is: fn(&CheckFact) -> bool| facts.checks.iter().filter(|check| is(check)).count();
    let (passed, not_run) = (count(|check| check.passed), count(|check| check.not_run));
    match (passed == all, not_run) {
        (true, _) => format!("✅ {passed} of {all}"),
        (false, 0) => format!("❌ {passed} of {all}"),
        (false, _) => format!("{not_run} of {all} not run"),
    }
}

/// An address inside a Markdown link: ours, and still nothing in it may end the link.
fn escape_address(url: &str) -> String {
    url.replace(['(', ')', ' ', '<', '>'], "")
}

/// What every removed part came to.
#[derive(Debug)]
pub struct Removals<'a>(pub &'a [(String, Vec<Removal>)]);

impl Removals<'_> {
    fn all(&self) -> impl Iterator<Item = (&str, &Removal)> {
        self.0.iter().flat_map(|(part, all)| all.iter().map(move |one| (part.as_str(), one)))
    }

    /// Sentences that begin with the name of the part.
    pub fn sentences(&self) -> Vec<String> {
        self.all().map(|(part, one)| format!("`{part}`: {}", one.sentence())).collect()
    }

    /// What could not be removed.
    pub fn stuck(&self) -> Vec<(String, Vec<String>)> {
        let stuck = self.all().filter_map(|(part, one)| match &one.end {
            Removed::Stuck(_, hints) => Some((format!("`{part}`: {}", one.sentence()), hints.clone())),
            _ => None,
        });
        stuck.collect()
    }
}

/// The comment about a preview that is removed.
pub fn removed_comment(head: &Head<'_>, removals: &Removals<'_>) -> String {
    let run = head.run_url.map(|url| format!("\n[The run]({})\n", escape_address(url))).unwrap_or_default();
    let stuck = removals.stuck();
    let mut out = if stuck.is_empty() {
        "### 🧹 The preview is removed\n\n".to_owned()
    } else {
        "### ⚠️ The preview is removed, but for\n\n".to_owned()
    };
    out.push_str(&stuck.iter().map(|(what, _)| format!("* {}\n", sentence(what))).collect::<String>());
    let lines = removals.sentences();
    let lines: String = lines.iter().map(|text| format!("* {}\n", sentence(text))).collect();
    out.push_str(&format!(
        "\n<details><summary>Everything that belonged to it</summary>\n\n{lines}\n</details>\n{run}"
    ));
    out
}

/// The values that are known when a preview was made, or was to be.
pub fn values(head: &Head<'_>, story: &ReleaseStory<'_>) -> Vec<(String, String)> {
    let result = match story.outcome {
        Outcome::Succeeded(()) => "deployed",
        other => release::word(other),
    };
    let value = |name: &str| match name {
        "url" => first_url(story).map(str::to_owned),
        "urls" => Some(urls(story).to_string()),
        "result" => Some(result.to_owned()),
        "report" => Some(document(head, story, result).to_string()),
        other => of_head(head, other),
    };
    let named = OUTPUTS.iter().filter_map(|(name, _)| Some(((*name).to_owned(), value(name)?)));
    named.chain(of_each_part(story)).collect()
}

/// The values that are known when a preview was removed.
pub fn removed_values(head: &Head<'_>, removals: &Removals<'_>, result: &str) -> Vec<(&'static str, String)> {
    let value = |name: &str| match name {
        "result" => Some(result.to_owned()),
        "report" => {
            let report = json!({
                "schema": report_json::SCHEMA, "slipway": env!("CARGO_PKG_VERSION"), "result": result, "name": head.name,
                "pull_request": head.number, "now": removals.sentences(),
            });
            Some(report.to_string())
        }
        other => of_head(head, other),
    };
    OUTPUTS.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect()
}

fn of_head(head: &Head<'_>, name: &str) -> Option<String> {
    match name {
        "name" => Some(head.name.to_owned()),
        "comment_url" => head.comment_url.map(str::to_owned),
        _ => None,
    }
}

fn document(head: &Head<'_>, story: &ReleaseStory<'_>, result: &str) -> Value {
    let mut document = release::document(story);
    set(&mut document, "result", result);
    set(&mut document, "exit_code", exit_code(story.outcome));
    set(&mut document, "name", head.name);
    set(&mut document, "pull_request", head.number);
    set(&mut document, "built_commit", json!(head.built));
    set(&mut document, "comment_url", json!(head.comment_url));
    document
}

/// The job summary of a preview that was made, or was to be.
pub fn markdown(head: &Head<'_>, story: &ReleaseStory<'_>) -> String {
    let title = format!("## {} {}\n\n", summary::mark(story.outcome), sentence(&headline(head, story.outcome)));
    with_head(story, title)
}

/// The job summary of a preview that is removed.
pub fn removed_markdown(head: &Head<'_>, removals: &Removals<'_>) -> String {
    let mark = if removals.stuck().is_empty() { "🧹" } else { "⚠️" };
    let lines: String = removals.sentences().iter().map(|text| format!("* {}\n", sentence(text))).collect();
    format!("## {mark} The preview of pull request #{} is removed\n\n{lines}", head.number)
}
