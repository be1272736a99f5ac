//! What the deploying account may do, step by step; each missing permission is asked for where it would be used, too.

use super::{DoctorContext, IAM, MANAGER, RUN, STORAGE, Scene};
use crate::commands::doctor::plan::fix::{Fix, GrantTarget, staging};
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use slipway_failure::{Class, Explain, Failure};
use slipway_google::projects::{self as projects, PermissionTarget};
use slipway_google::roles::{HELPFUL, HOSTING_NEEDS, HOSTING_ROLE, NEEDS, Need};

/// A step of a deploy, and which permissions it takes, by how they begin.
struct DeployStep {
    what: &'static str,
    takes: &'static [&'static str],
    /// Which input asks for it, where not every deploy does.
    only: Option<&'static str>,
}

const STEPS: &[DeployStep] = &[
    DeployStep { what: "submit and watch builds", takes: &["cloudbuild.builds."], only: None },
    DeployStep { what: "have a staging bucket", takes: &["storage.buckets."], only: None },
    DeployStep { what: "upload the source, read the log", takes: &["storage.objects."], only: None },
    DeployStep {
        what: "deploy the service",
        takes: &["run.services.get", "run.services.create", "run.services.update", "run.revisions.", "run.operations."],
        only: None,
    },
    DeployStep {
        what: "say who may call the service",
        takes: &["run.services.getIamPolicy", "run.services.setIamPolicy"],
        only: Some("`allow_unauthenticated`"),
    },
    DeployStep { what: "call a private service", takes: &["run.routes."], only: Some("checks of a private service") },
    DeployStep { what: "run jobs", takes: &["run.jobs.", "run.executions."], only: Some("jobs") },
    DeployStep { what: "deploy worker pools", takes: &["run.workerpools."], only: Some("`kind: worker-pool`") },
];

const ACT_AS: &str = "iam.serviceAccounts.actAs";

/// # Errors
/// When Google does not accept the account's token.
pub(super) async fn look(context: &DoctorContext<'_>, scene: &Scene) -> Result<Vec<Finding>, Failure> {
    let of_sites = context.doctor.site.as_ref().map(|_| HOSTING_NEEDS).unwrap_or_default();
    let mut asked: Vec<&str> = NEEDS.iter().chain(HELPFUL).chain(of_sites).map(|need| need.permission).collect();
    asked.sort_unstable();
    asked.dedup();
    let answer = match projects::held(context.http, PermissionTarget::Project, &asked).await {
        Err(error) if error.class() == Class::Auth => {
            return Err(Failure::of("Google does not accept the account's token", error));
        }
        answer => context.heard(MANAGER, answer),
    };
    let held = match answer {
        Ok(held) => held,
        Err(unseen) => {
            return Ok(vec![Finding::new(Area::Deployer, CheckState::CannotSee, "its permissions", unseen.0)]);
        }
    };
    let mut found = Vec::new();
    for step in STEPS {
        let needs: Vec<&Need> =
            NEEDS.iter().filter(|need| step.takes.iter().any(|start| need.permission.starts_with(start))).collect();
        found.push(judge(context, scene, step, &needs, &held).await);
    }
    found.extend(acts(context, scene, &held).await);
    if !of_sites.is_empty() {
        let step = DeployStep { what: "release the site", takes: &[], only: None };
        let needs: Vec<&Need> = of_sites.iter().filter(|need| need.role == HOSTING_ROLE).collect();
        found.push(judge(context, scene, &step, &needs, &held).await);
    }
    let unheld = HELPFUL.iter().filter(|need| is_on_its_own(need) && !holds(&held, need.permission));
    found.extend(unheld.map(|need| helpful(context, need)));
    Ok(found)
}

/// What Google has announced of it: from January 2025 whoever deploys must be able to read the image. Whether it asks
/// that of images of the same project is not known (docs/PERMISSIONS.md).
const READ_IMAGES: &str = "artifactregistry.repositories.downloadArtifacts";

/// A permission that makes a run more helpful, and is not held on the project.
fn helpful(context: &DoctorContext<'_>, need: &Need) -> Finding {
    let what = format!("may not {}", need.why);
    let finding = |evidence: String| Finding::new(Area::Deployer, CheckState::CannotSee, what, evidence);
    if need.permission != READ_IMAGES {
        return finding(format!("`{}` is not held, and no deploy needs it", need.permission));
    }
    let (project, member) = (context.doctor.project.as_str(), context.doctor.credentials.principal.member());
    let grant = slipway_google::roles::grant_on_project(project, member, need.role);
    let evidence = format!("`{READ_IMAGES}` is not held on the project; Google may ask it of whoever deploys");
    finding(evidence).cure(format!("Where a deploy is refused for it: {grant}"))
}

/// Those that are held by a grant on one account, bucket or secret are asked for where they are used.
fn is_on_its_own(need: &Need) -> bool {
    !["iam.", "storage.", "secretmanager."].iter().any(|start| need.permission.starts_with(start))
}

fn holds(held: &[String], permission: &str) -> bool {
    held.iter().any(|one| one.eq_ignore_ascii_case(permission))
}

/// One step: all it takes is held somewhere, or this is missing.
async fn judge(
    context: &DoctorContext<'_>,
    scene: &Scene,
    step: &DeployStep,
    needs: &[&'static Need],
    held: &[String],
) -> Finding {
    let mut missing: Vec<&Need> = needs.iter().copied().filter(|need| !holds(held, need.permission)).collect();
    let on_resource = if missing.is_empty() { Vec::new() } else { on_resource(context, scene, &missing).await };
    missing.retain(|need| !holds(&on_resource, need.permission) && !is_needless(scene, need));
    if missing.is_empty() {
        let evidence = format!("{} of {} permissions held", needs.len(), needs.len());
        return Finding::new(Area::Deployer, CheckState::Ok, step.what, evidence);
    }
    let names: Vec<String> = missing.iter().map(|need| format!("`{}`", need.permission)).collect();
    let (state, evidence) = match step.only {
        Some(input) => (CheckState::Warning, format!("lacks {}; only {input} takes it", names.join(", "))),
        None => (CheckState::Blocking(Class::Permission), format!("lacks {}", names.join(", "))),
    };
    let finding = Finding::new(Area::Deployer, state, step.what, evidence);
    missing
        .iter()
        .fold(finding, |finding, need| fixes(context, scene, need, &missing).into_iter().fold(finding, Finding::fix))
}

/// What makes things is needed only where they are not there.
fn is_needless(scene: &Scene, need: &Need) -> bool {
    let service = scene.service.as_ref().is_ok_and(Option::is_some);
    let bucket = scene.bucket.as_ref().is_ok_and(Option::is_some);
    match need.permission {
        "run.services.create" => service,
        "storage.buckets.create" => bucket,
        _ => false,
    }
}

/// Those of the permissions that are held on the bucket or the service itself.
async fn on_resource(context: &DoctorContext<'_>, scene: &Scene, missing: &[&Need]) -> Vec<String> {
    let of = |start: &str| -> Vec<&'static str> {
        let some = missing.iter().map(|need| need.permission).filter(|permission| permission.starts_with(start));
        some.collect()
    };
    let (storage, run) = (of("storage."), of("run.services."));
    let mut held = Vec::new();
    if let (Some(bucket), false) = (&context.doctor.bucket, storage.is_empty() || matches!(scene.bucket, Ok(None))) {
        let answer = projects::held_on_bucket(context.http, bucket.as_str(), &storage).await;
        held.extend(context.heard(STORAGE, answer).unwrap_or_default());
    }
    if let (Some(name), false) = (context.service_name(), run.is_empty() || matches!(scene.service, Ok(None))) {
        let answer = projects::held(context.http, PermissionTarget::Run(&name), &run).await;
        held.extend(context.heard(RUN, answer).unwrap_or_default());
    }
    held
}

/// The smallest grants that give the permission.
fn fixes(context: &DoctorContext<'_>, scene: &Scene, need: &Need, missing: &[&Need]) -> Vec<Fix> {
    let doctor = context.doctor;
    let member = doctor.credentials.principal.member();
    let grant = |role: &str, on: GrantTarget| Fix::grant(role, member, on);
    match (&doctor.bucket, &doctor.service) {
        (Some(bucket), _) if need.permission.starts_with("storage.") => {
            // Whether one is there that may not be looked at is not known; the script looks before it makes one.
            staging(bucket.as_str(), matches!(scene.bucket, Ok(Some(_))), doctor.region.as_str(), member)
        }
        (_, Some(service))
            if missing.iter().all(|other| other.permission.starts_with("run.services."))
                && matches!(scene.service, Ok(Some(_))) =>
        {
            vec![grant(need.role, GrantTarget::Service(service.to_string(), doctor.region.to_string()))]
        }
        _ => vec![grant(need.role, GrantTarget::Project)],
    }
}

/// Whether it may act as the accounts that builds and the service run as.
async fn acts(context: &DoctorContext<'_>, scene: &Scene, held: &[String]) -> Vec<Finding> {
    let mut accounts: Vec<String> = Vec::new();
    let build = scene.build_account.as_ref().ok().and_then(Option::as_ref).map(ToString::to_string);
    for account in build.into_iter().chain(super::runtime::account(context, scene)) {
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    let mut found = Vec::new();
    for account in accounts {
        let what = format!("act as `{account}`");
        if holds(held, ACT_AS) {
            found.push(Finding::new(Area::Deployer, CheckState::Ok, what, "on the project"));
            continue;
        }
        let answer = projects::held(context.http, PermissionTarget::Account(&account), &[ACT_AS]).await;
        found.push(match context.heard(IAM, answer) {
            Ok(own) if holds(&own, ACT_AS) => Finding::new(Area::Deployer, CheckState::Ok, what, "on that account"),
            Ok(_) => {
                Finding::new(Area::Deployer, CheckState::Blocking(Class::Permission), what, format!("lacks `{ACT_AS}`"))
                    .fix(Fix::grant(
                        "roles/iam.serviceAccountUser",
                        context.doctor.credentials.principal.member(),
                        GrantTarget::Account(account),
                    ))
            }
            Err(unseen) => Finding::new(Area::Deployer, CheckState::CannotSee, what, unseen.0),
        });
    }
    found
}
