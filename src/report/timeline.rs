//! Where the time went, drawn: a Mermaid chart that GitHub renders in the job summary.

use std::time::Duration;

use crate::model::facts::{Facts, StepState};

/// Below this a bar cannot be seen and a chart says nothing.
const SHORTEST_RUN: f64 = 2.0;

/// The chart, or nothing when there is nothing to see.
pub fn chart(facts: &Facts, took: Duration) -> Option<String> {
    if took.as_secs_f64() < SHORTEST_RUN || facts.steps.len() < 3 {
        return None;
    }
    let mut lines = vec!["```mermaid".to_owned(), "gantt".into(), "dateFormat x".into(), "axisFormat %M:%S".into()];
    let mut at = 0;
    for step in &facts.steps {
        let length = u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX).max(1);
        let mark = match step.state {
            StepState::Failed | StepState::Cancelled => "crit, ",
            StepState::Done | StepState::Skipped => "",
        };
        lines.push(format!("{} :{mark}{at}, {}", step.name.title(), at + length));
        at += length;
    }
    lines.push("```".into());
    Some(lines.join("\n") + "\n")
}
