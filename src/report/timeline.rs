//! Where the time went, drawn: a Mermaid chart that GitHub renders in the job summary.

use std::time::Duration;

use crate::facts::Facts;
use crate::step::{StepFact, StepState};

/// Below this a bar cannot be seen and a chart says nothing.
const SHORTEST_RUN: f64 = 2.0;

/// The chart of one run, or nothing when there is nothing to see.
pub fn chart(facts: &Facts, took: Duration) -> Option<String> {
    sections(&[(None, &facts.steps)], took)
}

/// The chart of several parts that ran side by side: a section for each.
pub fn chart_of_parts(parts: &[(&str, &Facts)], took: Duration) -> Option<String> {
    let parts: Vec<(Option<&str>, &Vec<StepFact>)> =
        parts.iter().map(|(name, facts)| (Some(*name), &facts.steps)).collect();
    sections(&parts, took)
}

fn sections(parts: &[(Option<&str>, &Vec<StepFact>)], took: Duration) -> Option<String> {
    let steps = || parts.iter().flat_map(|(_, steps)| steps.iter());
    let first = steps().map(|step| step.begun).min()?;
    if took.as_secs_f64() < SHORTEST_RUN || steps().count() < 3 {
        return None;
    }
    let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let mut lines = vec!["```mermaid".to_owned(), "gantt".into(), "dateFormat x".into(), "axisFormat %M:%S".into()];
    for (name, steps) in parts {
        lines.extend(name.map(|name| format!("section {name}")));
        for step in *steps {
            let at = millis(step.begun.duration_since(first));
            let mark = match step.state {
                StepState::Failed | StepState::Cancelled => "crit, ",
                StepState::Done | StepState::Simulated | StepState::Skipped => "",
            };
            lines.push(format!("{} :{mark}{at}, {}", step.name.title(), at + millis(step.took).max(1)));
        }
    }
    lines.push("```".into());
    Some(lines.join("\n") + "\n")
}
