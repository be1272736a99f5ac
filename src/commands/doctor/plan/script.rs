//! The shell script that mends what the doctor found, for an owner to read and to run.

use super::fix::{Fix, GrantTarget, line};
use super::{CheckState, Finding};

/// The script: what is in the way is mended, or a line says what no command can do; what only should be mended stands
/// there behind `#`.
pub fn script(project: &str, findings: &[Finding]) -> String {
    let all: Vec<&Fix> = findings.iter().filter(|one| blocks(one)).flat_map(|one| &one.fixes).collect();
    let mut text = format!(
        "#!/bin/sh\n# What `slipway doctor` would have an owner of project {} change. Read it before you run it.\n# Every command can be run again without harm. Those behind `#` are not needed for a deploy.\nset -eu\n",
        one_line(project)
    );
    let mut done: Vec<&Fix> = Vec::new();
    let mended = findings.iter().filter(|one| matches!(one.state, CheckState::Warning | CheckState::Blocking(_)));
    let mut any = false;
    for finding in mended.filter(|one| blocks(one) || !one.fixes.is_empty() || !one.cures.is_empty()) {
        let fixes: Vec<&Fix> =
            finding.fixes.iter().filter(|fix| !done.contains(fix) && !is_covered(fix, &all)).collect();
        let by_hand: Vec<String> = match finding.cures.as_slice() {
            [] if finding.fixes.is_empty() => vec!["no command mends this; what shows it stands above".to_owned()],
            cures => cures.iter().map(|cure| one_line(cure)).collect(),
        };
        if fixes.is_empty() && by_hand.is_empty() {
            continue;
        }
        any = true;
        text.push_str(&format!(
            "\n# {}: {}: {}\n",
            finding.area.title(),
            one_line(&finding.what),
            one_line(&finding.evidence)
        ));
        for fix in fixes {
            let command = line(&fix.words(project));
            let command = match fix.unless(project) {
                Some(look) => format!("{} >/dev/null 2>&1 || {command}", line(&look)),
                None => command,
            };
            let mark = if blocks(finding) { "" } else { "# " };
            text.push_str(&format!("{mark}{command}\n"));
            done.push(fix);
        }
        let words = if finding.fixes.is_empty() { "By hand: " } else { "" };
        text.extend(by_hand.iter().map(|cure| format!("# {words}{cure}\n")));
    }
    if !any {
        text.push_str("\n# There is nothing to mend.\n");
    }
    text
}

fn blocks(finding: &Finding) -> bool {
    matches!(finding.state, CheckState::Blocking(_))
}

/// Whether another command of the script grants the same role to the same member on more.
fn is_covered(fix: &Fix, all: &[&Fix]) -> bool {
    let Fix::Grant { role, member, on } = fix else { return false };
    *on != GrantTarget::Project && all.contains(&&Fix::grant(role, member, GrantTarget::Project))
}

/// A comment must end with its line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Area;
    use super::*;
    use slipway_failure::Class;

    #[test]
    fn a_grant_on_the_project_makes_the_same_on_a_service_needless() {
        let narrow =
            Fix::grant("roles/run.admin", "user:a@b.c", GrantTarget::Service("web".into(), "us-central1".into()));
        let wide = Fix::grant("roles/run.admin", "user:a@b.c", GrantTarget::Project);
        let state = CheckState::Blocking(Class::Permission);
        let one = Finding::new(Area::Deployer, state, "deploy", "x").fix(narrow);
        let other = Finding::new(Area::Deployer, state, "jobs", "x").fix(wide);
        assert!(!script("p", &[one.clone(), other]).contains("--region"));
        assert!(script("p", &[one]).contains("--region=us-central1"));
    }

    #[test]
    fn what_is_in_the_way_has_its_cure_or_a_line_that_says_why_not() {
        let state = CheckState::Blocking(Class::Permission);
        let cured = Finding::new(Area::Apis, state, "billing", "none").cure("Link an account:\nhttps://x");
        let bare = Finding::new(Area::Apis, state, "something", "is odd");
        for (finding, line) in [(&cured, "# By hand: Link an account: https://x\n"), (&bare, "# By hand: no command ")]
        {
            let text = script("p", std::slice::from_ref(finding));
            assert!(text.contains(line) && !text.contains("nothing to mend"), "{text}");
        }
        let fine = Finding::new(Area::Apis, CheckState::Ok, "billing", "paid");
        assert!(script("p", &[fine]).contains("There is nothing to mend"));
    }

    #[test]
    fn no_evidence_becomes_a_command() {
        let finding = Finding::new(Area::Apis, CheckState::Warning, "x", "a\nrm -rf /")
            .fix(Fix::Enable { service: "run.googleapis.com".into() });
        let text = script("p", &[finding]);
        assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#') || line == "set -eu"), "{text}");
    }
}
