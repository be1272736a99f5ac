//! The text of a failure, for a log and for an annotation.

use slipway_failure::Failure;

/// Every line about a failure: causes, evidence, what is true now, what to do. The first line, the
/// failure's own sentence, is left to the caller.
pub fn lines(failure: &Failure, now: &[String]) -> Vec<ReportLine> {
    let mut lines = Vec::new();
    for cause in failure.causes() {
        lines.push(ReportLine::Ours(format!("  caused by: {}", cause.replace('\n', "\n    "))));
    }
    lines.extend(failure.evidence_lines().iter().map(|line| ReportLine::Foreign(line.clone())));
    lines.extend(now.iter().map(|sentence| ReportLine::Ours(format!("  now: {sentence}"))));
    lines.extend(failure.hints().into_iter().map(|hint| ReportLine::Ours(format!("  hint: {hint}"))));
    lines
}

/// A line of our words, or one that somebody else's program wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportLine {
    /// Ours.
    Ours(String),
    /// Somebody else's.
    Foreign(String),
}

/// The whole story but its evidence, as the text of an annotation: the runner shows it in the log
/// and on the page of the run.
pub fn annotation(failure: &Failure, now: &[String]) -> String {
    let mut parts = vec![failure.to_string()];
    parts.extend(lines(failure, now).into_iter().filter_map(|line| match line {
        ReportLine::Ours(text) => Some(text),
        ReportLine::Foreign(_) => None,
    }));
    parts.join("\n")
}
