//! What the organisation's policies will refuse.

use super::{DoctorContext, MANAGER};
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use slipway_failure::Class;
use slipway_google::organisation::{Constraint, constraint};
use slipway_names::credentials::SignInMethod;

const MEMBERS: &str = "iam.allowedPolicyMemberDomains";
const LOCATIONS: &str = "gcp.resourceLocations";
const KEYS: &str = "iam.disableServiceAccountKeyCreation";

pub(super) async fn look(context: &DoctorContext<'_>) -> Vec<Finding> {
    let (members, locations, keys) = tokio::join!(
        constraint(context.http, MEMBERS),
        constraint(context.http, LOCATIONS),
        constraint(context.http, KEYS)
    );
    let mut found = Vec::new();
    for (name, answer) in [(MEMBERS, members), (LOCATIONS, locations), (KEYS, keys)] {
        let what = format!("`constraints/{name}`");
        found.push(match context.heard(MANAGER, answer) {
            Err(unseen) => Finding::new(Area::Organisation, CheckState::CannotSee, what, unseen.0),
            Ok(seen) => {
                let (state, evidence, cure) = match name {
                    MEMBERS => of_members(&seen),
                    LOCATIONS => of_locations(&seen, context.doctor.region.as_str()),
                    _ => of_keys(&seen, matches!(context.doctor.credentials.way, SignInMethod::Key(_))),
                };
                let finding = Finding::new(Area::Organisation, state, what, evidence);
                if cure.is_empty() { finding } else { finding.cure(cure) }
            }
        });
    }
    found
}

type Judged = (CheckState, String, &'static str);

fn of_members(seen: &Constraint) -> Judged {
    if seen.allowed.is_empty() && !seen.denies_all {
        return (CheckState::Ok, "everybody may be granted a role".into(), "");
    }
    (
        CheckState::Warning,
        "`allUsers` may be refused: `allow_unauthenticated: true` then fails".into(),
        "Write `invoker_iam_check: false` in its place, which needs no such grant",
    )
}

/// `in:` names a group of locations, and which ones it holds is Google's to say.
fn of_locations(seen: &Constraint, region: &str) -> Judged {
    let own = format!("in:{region}-locations");
    let names =
        |list: &[String]| list.iter().any(|one| one.eq_ignore_ascii_case(region) || one.eq_ignore_ascii_case(&own));
    let groups = |list: &[String]| list.iter().any(|one| one.starts_with("in:"));
    let allowed = || seen.allowed.join(", ");
    if seen.denies_all || names(&seen.denied) {
        return refused(region, "every location, or this one, is denied");
    }
    if names(&seen.allowed) || (seen.allowed.is_empty() && !groups(&seen.denied)) {
        return (CheckState::Ok, format!("`{region}` is allowed"), "");
    }
    if groups(&seen.allowed) || groups(&seen.denied) {
        return (
            CheckState::CannotSee,
            format!("groups of locations are named ({}); whether `{region}` is in one is not told", allowed()),
            "",
        );
    }
    refused(region, &format!("only {} are allowed", allowed()))
}

fn refused(region: &str, why: &str) -> Judged {
    (
        CheckState::Blocking(Class::Config),
        format!("`{region}` is refused: {why}"),
        "Choose an allowed `region` and a `staging_bucket` there",
    )
}

fn of_keys(seen: &Constraint, by_key: bool) -> Judged {
    match (seen.enforced, by_key) {
        (false, _) => (CheckState::Ok, "keys may be made".into(), ""),
        (true, false) => (CheckState::Ok, "no keys may be made, and none is used".into(), ""),
        (true, true) => (
            CheckState::Warning,
            "no new key may be made: the one in use cannot be replaced".into(),
            "Sign in without a key: docs/CREDENTIALS.md",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_locations_is_never_taken_for_a_refusal() {
        let allowed = |list: &[&str]| Constraint {
            allowed: list.iter().map(|one| (*one).to_owned()).collect(),
            ..Constraint::default()
        };
        let state = |list: &[&str]| of_locations(&allowed(list), "us-central1").0;
        assert_eq!(state(&[]), CheckState::Ok);
        assert_eq!(state(&["US-CENTRAL1"]), CheckState::Ok);
        assert_eq!(state(&["in:us-central1-locations"]), CheckState::Ok);
        assert_eq!(state(&["in:us-locations"]), CheckState::CannotSee);
        assert_eq!(state(&["europe-west1"]), CheckState::Blocking(Class::Config));
    }
}
