//! The account builds run as: whether it can be used, read the source, write the log and push the image. Its policies
//! tell, where they may be read; else what became of builds does.

use super::{DoctorContext, IAM, Scene, Unseen};
use crate::cloud_build::push::{Cure, GRANTS_TAKE, cure};
use crate::commands::doctor::plan::fix::{Fix, GrantTarget, own_builder};
use crate::commands::doctor::plan::grants::{Holds, Policy, held};
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use crate::service::runs_as::another_account;
use slipway_failure::Class;
use slipway_google::cloud_build::{BuildResource, BuildStatus};
use slipway_google::projects::{self as projects, AccountState};
use slipway_google::roles;
use slipway_names::ids::AccountEmail;
use slipway_names::registry::Location;

const PUSH: &str = "artifactregistry.repositories.uploadArtifacts";
const CREATE: &str = "artifactregistry.repositories.createOnPush";

pub(super) async fn look(context: &DoctorContext<'_>, scene: &Scene) -> Vec<Finding> {
    let project = context.doctor.project.as_str();
    let account = match &scene.build_account {
        Ok(Some(account)) => account,
        Ok(None) => {
            let state = CheckState::Blocking(Class::Config);
            let evidence = "Cloud Build has no default account in this project";
            let (fixes, then) = own_builder(project);
            let finding = Finding::new(Area::BuildAccount, state, "the build's account", evidence);
            return vec![fixes.into_iter().fold(finding, Finding::fix).cure(then)];
        }
        Err(Unseen(why)) => {
            return vec![Finding::new(Area::BuildAccount, CheckState::CannotSee, "the build's account", why)];
        }
    };
    let mut found = vec![usable(context, account, Area::BuildAccount, "build_service_account").await];
    let member = roles::member(account.as_str());
    let last = last_build(scene, account);
    let (read, write) = ("read the source from the bucket", "write the log to the bucket");
    for (what, permission, role) in [
        (read, "storage.objects.get", "roles/storage.objectViewer"),
        (write, "storage.objects.create", "roles/storage.objectCreator"),
    ] {
        let policies = [scene.project_policy.clone(), scene.bucket_policy.clone()];
        // A successful build has read its source and written its log. One whose steps ran has read its source at least.
        let did = |build: &&BuildResource| build.status == BuildStatus::Success || what == read && steps_ran(build);
        let proof = last.as_ref().and_then(|build| did(build).then_some(true));
        let finding = judged(account, what, &policies, permission, last.as_ref().zip(proof));
        found.push(match (&context.doctor.bucket, finding.state) {
            (Some(bucket), CheckState::Warning | CheckState::Blocking(_)) => {
                finding.fix(Fix::grant(role, &member, GrantTarget::Bucket(bucket.to_string())))
            }
            _ => finding,
        });
    }
    found.push(push(context, scene, account, &member, last.as_ref()));
    found
}

/// Whether a step came to an end of its own: Cloud Build fetches the source before the first one.
fn steps_ran(build: &BuildResource) -> bool {
    build.steps.iter().any(|step| ["SUCCESS", "FAILURE"].contains(&step.status.as_str()))
}

fn push(
    context: &DoctorContext<'_>,
    scene: &Scene,
    account: &AccountEmail,
    member: &str,
    last: Option<&&BuildResource>,
) -> Finding {
    let policies = [scene.project_policy.clone(), scene.repository_policy.clone()];
    let proof = last.and_then(|build| match build.failure_type.as_str() {
        "PUSH_NOT_AUTHORIZED" => Some(false),
        _ if build.status == BuildStatus::Success && !build.images.is_empty() => Some(true),
        _ => None,
    });
    // A repository that a push makes takes more than one that is there.
    let makes = scene.place.as_ref().is_some_and(Location::made_by_push) && matches!(scene.repository, Ok(false));
    let permission = if makes { CREATE } else { PUSH };
    let finding = judged(account, "push the image", &policies, permission, last.zip(proof));
    let (CheckState::Warning | CheckState::Blocking(_), Some(place)) = (finding.state, &scene.place) else {
        return finding;
    };
    let finding = finding.cure(GRANTS_TAKE);
    // Whether the repository is there may not be known, and then the grant that makes it may be what is missing.
    let most = if place.made_by_push() { CREATE } else { PUSH };
    if matches!(held(&policies, member, most), Holds::Yes(..)) {
        return finding;
    }
    match cure(context.doctor.project.as_str(), member, place, scene.repository.as_ref().ok().copied()) {
        Cure::Fixes(fixes) => fixes.into_iter().fold(finding, Finding::fix),
        Cure::Elsewhere(words) => finding.cure(words),
    }
}

/// From policies and the last build to a finding. A denial that a build met is in the way; a grant that is only not
/// found may stand on a folder or the organisation, which policies here do not show.
fn judged(
    account: &AccountEmail,
    what: &str,
    policies: &[Policy],
    permission: &str,
    last: Option<(&&BuildResource, bool)>,
) -> Finding {
    let (state, evidence) = match (held(policies, &roles::member(account.as_str()), permission), last) {
        // Whoever was refused after it was granted may have been refused before it arrived.
        (Holds::Yes(role, on), Some((build, false))) => (
            CheckState::Warning,
            format!("{role} on {on}, and build {} was refused ({})", build.id, build.failure_type),
        ),
        (Holds::Yes(role, on), _) => (CheckState::Ok, format!("{role} on {on}")),
        (_, Some((build, true))) => (CheckState::Ok, format!("build {} did", build.id)),
        (_, Some((build, false))) => (
            CheckState::Blocking(Class::Permission),
            format!("build {} was refused ({})", build.id, build.failure_type),
        ),
        (Holds::Nowhere, None) => {
            (CheckState::Warning, format!("no grant of `{permission}` is in sight, and no build shows one"))
        }
        (Holds::Unknown, None) => (CheckState::CannotSee, "its policies may not be read, and no build tells".into()),
    };
    Finding::new(Area::BuildAccount, state, what, evidence)
}

/// The newest build of that account whose end says something.
fn last_build<'a>(scene: &'a Scene, account: &AccountEmail) -> Option<&'a BuildResource> {
    let builds = scene.builds.as_ref().ok()?;
    let own = |build: &&BuildResource| build.account.is_empty() || build.account == account.as_str();
    builds
        .iter()
        .filter(own)
        .find(|build| build.status == BuildStatus::Success || build.failure_type == "PUSH_NOT_AUTHORIZED")
}

/// Whether an account is there and switched on.
pub(super) async fn usable(context: &DoctorContext<'_>, account: &AccountEmail, area: Area, input: &str) -> Finding {
    let what = format!("account `{account}`");
    let finding = |state, evidence: &str| Finding::new(area, state, what.clone(), evidence);
    if account.as_str().ends_with("@cloudbuild.gserviceaccount.com") {
        return finding(CheckState::Ok, "Google's own account of this project for builds");
    }
    match context.heard(IAM, projects::account(context.http, account).await) {
        Ok(AccountState::Enabled) => finding(CheckState::Ok, "enabled"),
        Ok(AccountState::Disabled) => finding(CheckState::Blocking(Class::Config), "disabled")
            .fix(Fix::EnableAccount { account: account.to_string() }),
        Ok(AccountState::Missing) => {
            finding(CheckState::Blocking(Class::Config), "does not exist").cure(another_account(input))
        }
        Err(unseen) => finding(CheckState::CannotSee, &unseen.0),
    }
}
