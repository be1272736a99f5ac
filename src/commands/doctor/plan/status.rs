//! The infrastructure in a few lines, as a status report has it: services, backend, frontend, CI/CD, monitoring, budget,
//! SSL and DNS. Made of findings alone.

use super::{Area, CheckState, Finding};

/// One line of the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLine {
    /// What it is about.
    pub what: &'static str,
    /// How that is doing.
    pub state: CheckState,
    /// What shows it.
    pub note: String,
}

/// The lines and the findings each of them is made of.
const LINES: &[(&str, &[Area])] = &[
    ("Google Cloud services enabled", &[Area::Apis]),
    ("Backend", &[Area::Service]),
    ("Frontend", &[Area::Site]),
    (
        "CI/CD",
        &[
            Area::Deployer,
            Area::Key,
            Area::BuildAccount,
            Area::Bucket,
            Area::Registry,
            Area::Builds,
            Area::Organisation,
        ],
    ),
    ("Runtime accounts and secrets", &[Area::Runtime]),
];

const SHOWN: [Area; 2] = [Area::Service, Area::Site];

/// The status of what was looked at.
pub fn status(findings: &[Finding]) -> Vec<StatusLine> {
    let mut lines: Vec<StatusLine> = LINES.iter().filter_map(|(what, areas)| of_areas(what, areas, findings)).collect();
    for (what, part) in [("Monitoring", ALERTS), ("Budget alerts", BUDGET)] {
        let found = findings.iter().find(|one| one.area == Area::Watch && one.what == part);
        lines.extend(found.map(|one| StatusLine { what, state: one.state, note: one.evidence.clone() }));
    }
    lines.extend(of_areas("SSL/DNS", &[Area::Domain], findings));
    lines
}

/// The finding about alert policies.
pub const ALERTS: &str = "alert policies";

/// The finding about a budget.
pub const BUDGET: &str = "budget alerts";

fn of_areas(what: &'static str, areas: &[Area], findings: &[Finding]) -> Option<StatusLine> {
    let own: Vec<&Finding> = findings.iter().filter(|one| areas.contains(&one.area)).collect();
    let first = own.first()?;
    let of = |wanted: fn(&CheckState) -> bool| own.iter().filter(|one| wanted(&one.state)).collect::<Vec<_>>();
    let (blocking, warning, seen) = (
        of(|state| matches!(state, CheckState::Blocking(_))),
        of(|state| matches!(state, CheckState::Warning)),
        of(|state| matches!(state, CheckState::Ok)),
    );
    let named = |some: &[&&Finding]| some.iter().map(|one| one.what.clone()).collect::<Vec<_>>().join(", ");
    let (state, note) = match (blocking.first(), warning.first(), seen.first()) {
        (Some(one), ..) => (one.state, format!("in the way: {}", named(&blocking))),
        (None, Some(one), _) => (one.state, format!("to be mended: {}", named(&warning))),
        // What a service or a site is, its first finding says.
        (None, None, Some(one)) if own.len() == 1 || SHOWN.contains(&one.area) => {
            (CheckState::Ok, one.evidence.clone())
        }
        (None, None, Some(_)) => (CheckState::Ok, format!("{} of {} seen to be right", seen.len(), own.len())),
        (None, None, None) => (CheckState::CannotSee, first.evidence.clone()),
    };
    Some(StatusLine { what, state, note })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_and_what_is_unseen_spoils_nothing() {
        let finding = |state, what: &str| Finding::new(Area::Apis, state, what, "seen");
        let line = |findings: &[Finding]| status(findings)[0].clone();
        assert_eq!(line(&[finding(CheckState::CannotSee, "a"), finding(CheckState::Ok, "b")]).state, CheckState::Ok);
        assert_eq!(line(&[finding(CheckState::Ok, "a"), finding(CheckState::Warning, "b")]).note, "to be mended: b");
        assert_eq!(line(&[finding(CheckState::CannotSee, "a")]).state, CheckState::CannotSee);
        assert!(status(&[]).is_empty());
    }
}
