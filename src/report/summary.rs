//! The job summary: what a person wants to see first, as Markdown.

use super::markdown::{block, code, escape, known, link, sentence, table};
use super::{Outcome, Story, build, execution, headline, timeline, truth};
use crate::cloud_run::difference::Difference;
use crate::facts::Facts;
use crate::step::PlannedStep;
use slipway_failure::{Class, Failure};
use slipway_names::traffic::TrafficTarget;
use slipway_runner::duration;
use slipway_runner::files::SUMMARY_LIMIT;

/// The runner drops a summary above its limit whole; earlier steps of the job count too.
const OUR_LIMIT: usize = SUMMARY_LIMIT / 2;

/// The whole summary.
pub fn markdown(story: &Story<'_>) -> String {
    let sentences = truth::sentences(story);
    let mut parts = vec![head(story)];
    parts.extend(ended(story.outcome, &sentences, story.plan, "service"));
    parts.extend(regions(story));
    parts.push(steps(story.facts));
    parts.extend(story.facts.built().and_then(build::markdown));
    parts.extend(story.facts.ran().and_then(execution::markdown));
    parts.extend(rollout(story));
    parts.extend(traffic(story));
    parts.extend(checks(story.facts));
    parts.extend(domain(story));
    parts.extend(warnings(story.facts));
    parts.extend(timeline::chart(story.facts, story.took).map(|chart| format!("### Where the time went\n\n{chart}")));
    joined(parts)
}

/// The parts one after the other, as far as there is room.
pub(crate) fn joined(parts: Vec<String>) -> String {
    let mut all = String::new();
    for part in parts {
        if all.len() + part.len() > OUR_LIMIT {
            all.push_str("\n_The rest is left out: the summary would be too long._\n");
            break;
        }
        all.push_str(&part);
        all.push('\n');
    }
    all
}

/// How it ended, as a sign.
pub fn mark<K>(outcome: &Outcome<K>) -> &'static str {
    match outcome {
        Outcome::Succeeded(_) => "✅",
        Outcome::Planned(_) => "📋",
        Outcome::Failed(failure) if failure.class() == Class::Superseded => "⏭️",
        Outcome::Failed(_) => "❌",
        Outcome::Cancelled(_) => "🚫",
    }
}

/// The head of a summary: how it ended, and what is known besides.
pub(crate) fn titled(
    mark: &str,
    headline: &str,
    rows: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> String {
    format!("## {mark} {}\n\n{}", sentence(headline), known(rows))
}

fn head(story: &Story<'_>) -> String {
    let facts = story.facts;
    let rows = [
        ("URL", facts.service.url.as_deref().map(link)),
        ("Project", Some(format!("{} in {}", code(story.project), code(story.region)))),
        ("Access", facts.service.callers.map(|callers| sentence(callers.words()))),
        ("Revision", facts.service.revision.as_ref().map(|revision| code(revision.as_str()))),
        ("Served before", facts.service.previous.as_ref().map(|revision| code(revision.as_str()))),
        ("Image", facts.real_image().map(|image| code(&image.to_string()))),
        ("Commit", story.commit.map(code)),
        ("A merge of", story.head.map(code)),
        ("Since the last deploy", facts.commits.as_deref().map(sentence)),
        ("Took", Some(duration(story.took))),
    ];
    titled(mark(story.outcome), &headline(story), rows)
}

/// What went wrong, what is true now, what to do.
pub(crate) fn failed(failure: &Failure, sentences: &[String]) -> String {
    let mut out = format!("### What went wrong\n\n{}\n\n", sentence(&failure.to_string()));
    for cause in failure.causes() {
        out.push_str(&format!("> {}\n\n", cause.lines().map(escape).collect::<Vec<_>>().join("<br>")));
    }
    if !failure.evidence_lines().is_empty() {
        out.push_str(&block(failure.evidence_lines().iter().map(String::as_str)));
        out.push('\n');
    }
    if !sentences.is_empty() {
        out.push_str(&now(sentences));
    }
    let hints = failure.hints();
    if !hints.is_empty() {
        out.push_str("\n### What to do\n\n");
        for hint in hints {
            out.push_str(&format!("* {}\n", hint_markdown(hint)));
        }
    }
    out
}

/// Programs that hints have people run.
const PROGRAMS: [&str; 7] = ["gcloud", "slipway", "npx", "gh", "docker", "firebase", "export"];

/// Commands in hints are shown as code, so that they can be copied as they are.
pub(crate) fn hint_markdown(hint: &str) -> String {
    let command = PROGRAMS.iter().find_map(|program| {
        let (before, rest) = hint.split_once(&format!(": {program} "))?;
        Some((before, format!("{program} {rest}")))
    });
    match command {
        Some((before, command)) => format!("{}: {}", sentence(before), code(&command)),
        None => match hint.split_once(": https://") {
            Some((before, address)) => format!("{}: {}", sentence(before), link(&format!("https://{address}"))),
            None => sentence(hint),
        },
    }
}

/// What a run that did not end well, or only planned, has to tell before anything else.
pub(crate) fn ended<K>(outcome: &Outcome<K>, sentences: &[String], plan: &[PlannedStep], on: &str) -> Option<String> {
    match outcome {
        Outcome::Failed(failure) => Some(failed(failure, sentences)),
        Outcome::Cancelled(_) => Some(now(sentences)),
        Outcome::Planned(changes) => Some(planned(plan, changes, on)),
        Outcome::Succeeded(_) => None,
    }
}

/// What is true now.
pub(crate) fn now(sentences: &[String]) -> String {
    let lines: String = sentences.iter().map(|text| format!("* {}\n", sentence(text))).collect();
    format!("### What is true now\n\n{lines}")
}

/// What would be done, and what would change on `what`.
pub(super) fn planned(plan: &[PlannedStep], changes: &[Difference], what: &str) -> String {
    let mut out = "### What would be done\n\n".to_owned();
    for (index, step) in plan.iter().enumerate() {
        out.push_str(&format!("{}. **{}**: {}\n", index + 1, step.name.title(), sentence(&step.text)));
    }
    out.push_str(&format!("\n### What would change on the {what}\n\n"));
    if changes.is_empty() {
        out.push_str("Nothing.\n");
        return out;
    }
    let cell = |value: &Option<String>, none: &str| value.as_deref().map_or_else(|| none.to_owned(), code);
    let rows: Vec<Vec<String>> = changes
        .iter()
        .map(|change| vec![code(&change.what), cell(&change.before, "—"), cell(&change.after, "removed")])
        .collect();
    out.push_str(&table(&["Setting", "Now", "Then"], &rows));
    out
}

/// The table of steps.
pub(crate) fn steps(facts: &Facts) -> String {
    let rows: Vec<Vec<String>> = facts
        .steps
        .iter()
        .map(|step| {
            vec![
                step.name.title().to_owned(),
                // A space that does not break: the narrow column stays on one line.
                format!("{}\u{a0}{}", step.state.sign(), step.state.word()),
                duration(step.took),
                sentence(&step.note),
            ]
        })
        .collect();
    format!("### Steps\n\n{}", table(&["Step", "Result", "Time", ""], &rows))
}

fn traffic(story: &Story<'_>) -> Option<String> {
    let service = &story.facts.service;
    let traffic = service.traffic.as_ref().filter(|traffic| !traffic.shares.is_empty())?;
    let rows: Vec<Vec<String>> = traffic
        .shares
        .iter()
        .map(|share| {
            let revision = match &share.target {
                TrafficTarget::Latest => format!(
                    "latest ({})",
                    service.latest_ready.as_ref().map_or_else(String::new, |name| code(name.as_str()))
                ),
                TrafficTarget::Revision(name) => code(name.as_str()),
            };
            vec![revision, format!("{} %", share.percent), share.tag.as_deref().map(code).unwrap_or_default()]
        })
        .collect();
    Some(format!("### Traffic\n\n{}", table(&["Revision", "Share", "Tag"], &rows)))
}

/// Every region of a deploy to several.
fn regions(story: &Story<'_>) -> Option<String> {
    if story.others.is_empty() {
        return None;
    }
    let all = std::iter::once((story.region, story.facts)).chain(story.others.iter().copied());
    let rows: Vec<Vec<String>> = all
        .map(|(region, facts)| {
            let share = facts.share().map(|share| format!("{share} %")).unwrap_or_default();
            let end = facts.rollout.as_ref().map_or("direct", |rollout| truth::rollout_word(&rollout.end));
            let url = facts.service.url.as_deref().map(link).unwrap_or_default();
            vec![code(region), share, end.to_owned(), url]
        })
        .collect();
    Some(format!("### Regions\n\n{}", table(&["Region", "Share of the new revision", "Rollout", "URL"], &rows)))
}

/// The steps of a canary: how far the traffic went, and what was seen there.
fn rollout(story: &Story<'_>) -> Option<String> {
    let rollout = story.facts.rollout.as_ref()?;
    if rollout.stops.len() < 2 {
        return None;
    }
    let rows: Vec<Vec<String>> =
        rollout.stops.iter().map(|(percent, seen)| vec![format!("{percent} %"), sentence(seen)]).collect();
    Some(format!("### Rollout\n\n{}", table(&["Share of the new revision", "Seen there"], &rows)))
}

/// The table of checks.
pub(crate) fn checks(facts: &Facts) -> Option<String> {
    let checks = &facts.checks;
    if checks.is_empty() {
        return None;
    }
    let rows: Vec<Vec<String>> = checks
        .iter()
        .map(|check| {
            let (sign, word) = check.verdict();
            vec![
                // What has passed or failed says so by its sign; that nobody was asked is no sign anybody knows.
                if check.not_run { format!("{sign}\u{a0}{word}") } else { sign.to_owned() },
                check.at.to_owned(),
                code(&check.request),
                code(&check.expected),
                code(&check.answer),
                check.attempts.to_string(),
            ]
        })
        .collect();
    Some(format!("### Checks\n\n{}", table(&["", "At", "Request", "Expected", "Last answer", "Asked"], &rows)))
}

fn domain(story: &Story<'_>) -> Option<String> {
    let domain = story.facts.domain.as_ref()?;
    let mut out = format!("### Domain\n\n{} {}.\n", link(&format!("https://{}", domain.name)), sentence(&domain.state));
    if !domain.records.is_empty() {
        let rows: Vec<Vec<String>> = domain
            .records
            .iter()
            .map(|record| {
                vec![
                    code(if record.name.is_empty() { "@" } else { &record.name }),
                    code(&record.kind),
                    code(&record.data),
                ]
            })
            .collect();
        out.push_str(&format!("\n{}", table(&["DNS host", "Type", "Data"], &rows)));
    }
    Some(out)
}

/// What was odd.
pub(crate) fn warnings(facts: &Facts) -> Option<String> {
    let warnings = &facts.warnings;
    (!warnings.is_empty()).then(|| {
        format!("### Warnings\n\n{}", warnings.iter().map(|text| format!("* {}\n", sentence(text))).collect::<String>())
    })
}
