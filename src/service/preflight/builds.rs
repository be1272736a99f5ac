//! What would hinder a build: its account, its bucket, its configuration.

use super::super::runs_as::another_account;
use super::{PreflightFinding, READ_IMAGES, Seen, There, allowed, failure, own_number, refused};
use crate::cloud_build::image::{Build, Recipe};
use crate::cloud_build::pushed::mismatch;
use crate::commands::doctor::plan::fix::{Fix, own_builder};
use crate::facts::Facts;
use crate::service::Context;
use slipway_failure::{Class, Explain, Failure};
use slipway_google::cloud_run::Service;
use slipway_google::projects::{self as projects, AccountState, PermissionTarget};
use slipway_google::roles::{self as roles, Need};
use slipway_google::{cloud_build, storage};
use slipway_names::ids::AccountEmail;

/// Looks for what would fail a build alone: what asks for it is looked at elsewhere.
pub(crate) async fn of_build(context: &Context<'_>, facts: &mut Facts, build: &Build) -> Result<Seen, Failure> {
    let of_builds = |permission: &str| permission.starts_with("cloudbuild.") || permission.starts_with("storage.");
    let needs: Vec<&'static Need> = roles::NEEDS.iter().filter(|need| of_builds(need.permission)).collect();
    let asked: Vec<&str> = needs.iter().map(|need| need.permission).chain([READ_IMAGES]).collect();
    let (held, account, bucket) = tokio::join!(
        projects::held(context.http, PermissionTarget::Project, &asked),
        build_account(context, Some(build)),
        staging_bucket(context, Some(build)),
    );
    let mut findings = Vec::new();
    let (account, bucket) = known(account, bucket, &mut findings);
    // That permissions cannot be looked at has been said where the job's own were.
    let reads_images = match held {
        Ok(held) => {
            let there = There { build_account: account.as_ref(), service: None, bucket: bucket.is_some() };
            allowed(context, &needs, &held, there, &mut findings).await
        }
        Err(_) => false,
    };
    if let Some(bucket) = &bucket {
        findings.extend(strangers(context, facts, build, bucket, account.as_ref()).await);
    }
    findings.extend(pushes_another(context, build, None));
    if !findings.is_empty() {
        return Err(failure(context, findings));
    }
    Ok(Seen { service: None, live: None, bucket_missing: bucket.is_none(), build_account: account, reads_images })
}

/// The account and the bucket of a build, where they are known; what hinders it is added to the findings.
pub(super) fn known(
    account: Result<Option<AccountEmail>, Vec<PreflightFinding>>,
    bucket: Result<Option<storage::Bucket>, PreflightFinding>,
    findings: &mut Vec<PreflightFinding>,
) -> (Option<AccountEmail>, Option<storage::Bucket>) {
    let account = account.unwrap_or_else(|found| {
        findings.extend(found);
        None
    });
    let bucket = bucket.unwrap_or_else(|found| {
        findings.push(found);
        None
    });
    (account, bucket)
}

/// A bucket of the build's that belongs to another project.
pub(super) async fn strangers(
    context: &Context<'_>,
    facts: &mut Facts,
    build: &Build,
    bucket: &storage::Bucket,
    account: Option<&AccountEmail>,
) -> Option<PreflightFinding> {
    // Only Cloud Build's own choice is sure to carry this project's number.
    match own_number(context, account.filter(|_| build.account.is_none())).await {
        Some(number) if number != bucket.project_number => Some(PreflightFinding {
            class: Class::Config,
            api: None,
            problem: format!(
                "bucket `{}` belongs to another project (number {}, not {number})",
                build.bucket, bucket.project_number
            ),
            hints: vec![format!(
                "Bucket names are shared by all of Google Cloud; choose another one with `staging_bucket: {}-slipway-source`",
                context.deploy.project
            )],
        }),
        Some(_) => None,
        None => {
            let bucket = &build.bucket;
            facts
                .warnings
                .push(format!("Whose bucket `{bucket}` is could not be checked: the project's number is not readable"));
            None
        }
    }
}

/// A build configuration of the user's own that cannot leave the image to deploy: known before the build is.
pub(super) fn pushes_another(
    context: &Context<'_>,
    build: &Build,
    service: Option<&Service>,
) -> Option<PreflightFinding> {
    let Recipe::Config { path, document, substitutions } = &build.recipe else { return None };
    let repository = crate::build::submit::repository(context, build, service);
    let project = context.deploy.project.as_str();
    let (problem, cure) = mismatch((path, document), substitutions, context.origin, project, &repository)?;
    Some(PreflightFinding { class: Class::Config, api: None, problem, hints: vec![cure] })
}

/// The account the build runs as, when it is known and usable.
pub(super) async fn build_account(
    context: &Context<'_>,
    build: Option<&Build>,
) -> Result<Option<AccountEmail>, Vec<PreflightFinding>> {
    let Some(build) = build else { return Ok(None) };
    let email = match &build.account {
        Some(account) => account.clone(),
        None => match cloud_build::default_account(context.http, build.location.as_str()).await {
            Ok(Some(email)) => match AccountEmail::parse(&email) {
                Ok(email) => email,
                Err(_) => return Ok(None),
            },
            Ok(None) => {
                let project = context.deploy.project.as_str();
                let (fixes, then) = own_builder(project);
                let whys = ["Make an account for builds", "Grant it roles/cloudbuild.builds.builder"];
                let commands = whys.iter().zip(&fixes).map(|(why, fix)| format!("{why}: {}", fix.command(project)));
                return Err(vec![PreflightFinding {
                    class: Class::Config,
                    api: None,
                    problem: "Cloud Build has no default account in this project, so builds fail".into(),
                    hints: commands.chain([then]).collect(),
                }]);
            }
            Err(error) => {
                let found = refused(&error, false);
                return if found.is_empty() { Ok(None) } else { Err(found) };
            }
        },
    };
    // Google's own account for old projects; it is not the project's to look at.
    if email.as_str().ends_with("@cloudbuild.gserviceaccount.com") {
        return Ok(Some(email));
    }
    let unusable = |problem: String, hints: Vec<String>| {
        Err(vec![PreflightFinding { class: Class::Config, problem, hints, api: None }])
    };
    match projects::account(context.http, &email).await {
        Ok(AccountState::Disabled) => unusable(
            format!("the build's account `{email}` is disabled"),
            vec![
                format!(
                    "Enable it: {}",
                    Fix::EnableAccount { account: email.to_string() }.command(context.deploy.project.as_str())
                ),
                "Or name another one in `build_service_account`".to_owned(),
            ],
        ),
        Ok(AccountState::Missing) => unusable(
            format!("the build's account `{email}` does not exist"),
            vec![another_account("build_service_account")],
        ),
        Ok(AccountState::Enabled) | Err(_) => Ok(Some(email)),
    }
}

pub(super) async fn staging_bucket(
    context: &Context<'_>,
    build: Option<&Build>,
) -> Result<Option<storage::Bucket>, PreflightFinding> {
    let Some(build) = build else { return Ok(None) };
    match storage::bucket(context.http, build.bucket.as_str()).await {
        Ok(bucket) => Ok(bucket),
        Err(error) if error.is_forbidden() && !error.is_api_disabled() => {
            let deployer = &context.deploy.credentials.principal;
            Err(PreflightFinding {
                class: Class::Permission,
                api: None,
                problem: format!(
                    "bucket `{}` exists, and `{deployer}` may not read it: it is somebody else's, or the role is missing",
                    build.bucket
                ),
                hints: vec![
                    format!(
                        "If it is yours: {}",
                        roles::grant_on_bucket(build.bucket.as_str(), deployer.member(), "roles/storage.admin")
                    ),
                    format!("Else choose another one with `staging_bucket: {}-slipway-source`", context.deploy.project),
                ],
            })
        }
        Err(error) => Err(refused(&error, true).pop().unwrap_or_else(|| PreflightFinding {
            class: error.class(),
            api: None,
            problem: error.to_string(),
            hints: error.hints(),
        })),
    }
}
