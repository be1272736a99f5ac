//! Looking for what would fail later, before anything is changed or paid for.
//!
//! What the account may not look at is passed over: a preflight must not need more than the job.

mod builds;

pub(crate) use crate::build::seen::Seen;
pub(crate) use builds::of_build;

use builds::{build_account, known, pushes_another, staging_bucket, strangers};

use super::{Context, access, deploy_failure, guest, region, runs_as, secret_age, wanted};
use crate::commands::deploy::inputs::DeployWhat;
use crate::commands::doctor::plan::fix::{Fix, staging};
use crate::facts::Facts;
use slipway_failure::{Class, Explain, Failure};
use slipway_google::cloud_run::{self as cloud_run, Service};
use slipway_google::error::ApiError;
use slipway_google::projects::{self as projects, PermissionTarget};
use slipway_google::refusal::Refusal;
use slipway_google::roles::{self as roles, Need};
use slipway_google::{jobs, services};
use slipway_names::ids::AccountEmail;
use slipway_names::kind::ResourceKind;

/// What reading an image takes. Asked along with what is needed, which costs no request.
const READ_IMAGES: &str = "artifactregistry.repositories.downloadArtifacts";

/// Something that would fail later.
struct PreflightFinding {
    class: Class,
    problem: String,
    hints: Vec<String>,
    /// The API that is not enabled, where that is it.
    api: Option<String>,
}

pub(crate) async fn run(context: &Context<'_>, facts: &mut Facts) -> Result<Seen, Failure> {
    let build = match &context.deploy.what {
        DeployWhat::Build(build) => Some(build.as_ref()),
        DeployWhat::Image(_) | DeployWhat::Promoted(_) | DeployWhat::Revision(_) | DeployWhat::Traffic(_) => None,
    };
    region::check_deploy(context.http, context.deploy).await?;
    let needs = needed(context, build.is_some());
    let asked: Vec<&str> = needs.iter().map(|need| need.permission).chain(build.map(|_| READ_IMAGES)).collect();
    let (held, account, bucket, service) = tokio::join!(
        projects::held(context.http, PermissionTarget::Project, &asked),
        build_account(context, build),
        staging_bucket(context, build),
        service_and_secrets(context),
    );
    let mut findings = Vec::new();
    let (service, old) = service;
    for warning in old {
        context.warn(facts, warning);
    }
    let readable = service.is_ok();
    let service = match service {
        Ok(service) => service,
        Err(error) => {
            // Reading the service is part of the job: what hinders it here hinders it later.
            findings.extend(refused(&error, true));
            if findings.is_empty() {
                return Err(Failure::of(
                    format!("Could not read {} `{}`", context.deploy.kind.word(), context.deploy.service),
                    error,
                ));
            }
            None
        }
    };
    if let Some(service) = &service {
        own_name(context).await?;
        guest::within(context, service).await?;
        guest::known(context, service)?;
    }
    let live = match guest::own(context) {
        Some(guest) => guest::live(context, guest).await?,
        None => None,
    };
    let (account, bucket) = known(account, bucket, &mut findings);
    let mut reads_images = false;
    match held {
        Ok(held) => {
            let there = There { build_account: account.as_ref(), service: service.as_ref(), bucket: bucket.is_some() };
            reads_images = allowed(context, &needs, &held, there, &mut findings).await;
        }
        Err(error) if matches!(error.class(), Class::Auth) => {
            return Err(Failure::of("Google does not accept the account's token", error));
        }
        Err(error) => {
            let why = if error.is_api_disabled() {
                "the Cloud Resource Manager API is not enabled".to_owned()
            } else {
                error.to_string()
            };
            context.console.line(&format!("Permissions were not looked at beforehand: {why}"));
        }
    }
    if let Some(build) = build
        && let Some(bucket) = &bucket
    {
        findings.extend(strangers(context, facts, build, bucket, account.as_ref()).await);
    }
    // A service that could not be read may have a repository of its own.
    findings.extend(build.filter(|_| readable).and_then(|build| pushes_another(context, build, service.as_ref())));
    if !findings.is_empty() {
        return Err(failure(context, findings));
    }
    access::foresee(context, facts, service.as_ref())?;
    Ok(Seen { service, live, bucket_missing: bucket.is_none(), build_account: account, reads_images })
}

/// Refuses a name for the new revision that another one has already, before anything is built for it.
async fn own_name(context: &Context<'_>) -> Result<(), Failure> {
    let deploys = !matches!(context.deploy.what, DeployWhat::Revision(_) | DeployWhat::Traffic(_));
    if context.deploy.settings.suffix.is_none() || !deploys {
        return Ok(());
    }
    match cloud_run::revision_json(context.http, &context.service_name, &context.marks.revision).await {
        Ok(Some(made)) => Err(deploy_failure::taken(context, &made, None)),
        // What may not be looked at now, the write will tell.
        Ok(None) | Err(_) => Ok(()),
    }
}

/// The service, and warnings of secrets that it reads.
async fn service_and_secrets(context: &Context<'_>) -> (Result<Option<Service>, ApiError>, Vec<String>) {
    let service = cloud_run::service(context.http, &context.service_name).await;
    let old = match &service {
        Ok(service) => secret_age::look(context, service.as_ref()).await,
        Err(_) => Vec::new(),
    };
    (service, old)
}

fn failure(context: &Context<'_>, mut findings: Vec<PreflightFinding>) -> Failure {
    let class = findings.first().map_or(Class::Permission, |finding| finding.class);
    let what = match findings.as_slice() {
        [one] => one.problem.clone(),
        many => format!("{} things are missing", many.len()),
    };
    let sentence = format!("Project `{}` is not ready for this deploy: {what}", context.deploy.project);
    let mut failure = Failure::plain(class, sentence);
    if findings.len() > 1 {
        failure = failure.evidence(findings.iter().map(|finding| finding.problem.clone()).collect());
    }
    if findings.iter().filter(|finding| finding.api.is_some()).count() > 1 {
        // Nobody has enabled anything here: each run would find the next one, the registry's after a build was paid for.
        let all = services::NEEDED.iter().map(|(api, _)| *api);
        failure = failure.hint(format!(
            "Enable what a deploy needs, which takes a few minutes to work: {}",
            services::enable(context.http.project(), all)
        ));
        findings.retain(|finding| finding.api.is_none());
    }
    let mapped = match class {
        Class::Permission => context.deploy.credentials.principal.mapped(),
        _ => &[],
    };
    failure.more_hints(findings.into_iter().flat_map(|finding| finding.hints)).more_hints(mapped.iter().cloned())
}

/// The permissions this run needs.
fn needed(context: &Context<'_>, builds: bool) -> Vec<&'static Need> {
    // Who may call it is also said by the invoker check, which takes the same permission.
    let settings = &context.deploy.settings;
    let access = settings.public.is_some()
        || !settings.invokers.is_empty()
        || settings.invoker_check.is_some()
        || guest::own(context).is_some();
    let pool = context.deploy.kind == ResourceKind::WorkerPool;
    // Where only traffic moves, nothing is made to run.
    let makes = !matches!(context.deploy.what, DeployWhat::Revision(_) | DeployWhat::Traffic(_));
    roles::NEEDS
        .iter()
        .filter(|need| match need.permission {
            permission if permission.starts_with("cloudbuild.") || permission.starts_with("storage.") => builds,
            "run.jobs.runWithOverrides" => false,
            runs_as::ACT_AS => makes,
            permission if roles::is_of_jobs(permission) => context.deploy.pre_deploy.is_some(),
            "run.services.getIamPolicy" | "run.services.setIamPolicy" => access,
            // Only private services are asked with an identity, and only when checks are given;
            // a refusal there says so itself.
            "run.routes.invoke" => false,
            permission if permission.starts_with("run.workerpools.") => pool,
            permission if permission.starts_with("run.services.") => !pool,
            _ => true,
        })
        .collect()
}

/// What is there already, and which account builds run as.
#[derive(Clone, Copy)]
struct There<'a> {
    build_account: Option<&'a AccountEmail>,
    service: Option<&'a Service>,
    bucket: bool,
}

/// Adds what is missing among the permissions that are needed; whether images may be read.
async fn allowed(
    context: &Context<'_>,
    needs: &[&Need],
    held: &[String],
    there: There<'_>,
    findings: &mut Vec<PreflightFinding>,
) -> bool {
    let holds = |permission: &str| held.iter().any(|other| other == permission);
    let missing: Vec<&Need> = needs.iter().copied().filter(|need| !holds(need.permission)).collect();
    findings.extend(still_missing(context, &missing, there).await);
    holds(READ_IMAGES)
}

/// A grant on one resource does not show at the project, so each missing permission is asked for
/// where it would be used before it counts as missing.
async fn still_missing(context: &Context<'_>, missing: &[&Need], there: There<'_>) -> Vec<PreflightFinding> {
    let (service_exists, bucket_exists) = (there.service.is_some(), there.bucket);
    let mut findings = Vec::new();
    let deployer = &context.deploy.credentials.principal;
    let project = context.deploy.project.as_str();
    for need in missing {
        let held = match need.permission {
            "run.services.create" | "run.workerpools.create" => service_exists,
            "storage.buckets.create" => bucket_exists,
            permission if permission.starts_with("storage.") && bucket_exists => match &context.deploy.what {
                DeployWhat::Build(build) => {
                    holds(projects::held_on_bucket(context.http, build.bucket.as_str(), &[permission]).await)
                }
                _ => true,
            },
            // Objects of a bucket that this run makes are its own to write and read only by role.
            permission if permission.starts_with("storage.") => false,
            runs_as::ACT_AS => {
                for account in accounts(context, there).await {
                    if runs_as::may(context.http, &account).await == Some(false) {
                        findings.push(PreflightFinding {
                            class: Class::Permission,
                            api: None,
                            problem: runs_as::lacks(deployer, &account),
                            hints: vec![runs_as::cure(project, account.as_str(), deployer)],
                        });
                    }
                }
                continue;
            }
            permission if roles::is_of_jobs(permission) => match context.deploy.pre_deploy.as_deref() {
                Some(job) => {
                    let name = jobs::job_name(project, &context.deploy.region, &job.name);
                    holds(projects::held(context.http, PermissionTarget::Run(&name), &[permission]).await)
                }
                None => true,
            },
            permission if permission.starts_with("run.") && service_exists => {
                holds(projects::held(context.http, PermissionTarget::Run(&context.service_name), &[permission]).await)
            }
            _ => false,
        };
        if !held {
            findings.push(PreflightFinding {
                class: Class::Permission,
                api: None,
                problem: format!("`{deployer}` lacks `{}`, to {}", need.permission, need.why),
                hints: grants(context, need, bucket_exists),
            });
        }
    }
    findings
}

/// The accounts that the build and the revision of this run will run as, as far as they can be named: the input's, the
/// manifest's, that of the template it starts from, else the project's default one.
async fn accounts(context: &Context<'_>, there: There<'_>) -> Vec<AccountEmail> {
    let deploy = context.deploy;
    let template = match (&deploy.manifest, there.service) {
        (Some(manifest), _) => manifest.get("template").cloned(),
        (None, Some(service)) => {
            wanted::base(context, service).await.ok().and_then(|base| base.get("template").cloned())
        }
        (None, None) => None,
    };
    let named = deploy.settings.runtime_account.clone().or_else(|| runs_as::of_template(template.as_ref()));
    let builds_by_default = match &deploy.what {
        DeployWhat::Build(build) => there.build_account.filter(|_| build.account.is_none()),
        _ => None,
    };
    let runtime = match named {
        Some(account) => Some(account),
        None => own_number(context, builds_by_default).await.as_deref().and_then(runs_as::default_of),
    };
    let mut all: Vec<AccountEmail> = there.build_account.cloned().into_iter().collect();
    all.extend(runtime.filter(|account| Some(account) != there.build_account));
    all
}

/// What gives the permission, as the doctor has it.
fn grants(context: &Context<'_>, need: &Need, bucket_exists: bool) -> Vec<String> {
    let (deploy, member) = (context.deploy, context.deploy.credentials.principal.member());
    let project = deploy.project.as_str();
    match &deploy.what {
        DeployWhat::Build(build) if need.permission.starts_with("storage.") => {
            let fixes = staging(build.bucket.as_str(), bucket_exists, deploy.region.as_str(), member);
            let why = |fix: &Fix| match fix {
                Fix::MakeBucket { .. } => "Make the bucket for sources",
                _ => "Grant roles/storage.admin on the bucket alone",
            };
            fixes.iter().map(|fix| format!("{}: {}", why(fix), fix.command(project))).collect()
        }
        _ => vec![format!("Grant {}: {}", need.role, roles::grant_on_project(project, member, need.role))],
    }
}

/// Whether an answer shows the permission; a question that cannot be asked proves nothing.
fn holds(answer: Result<Vec<String>, ApiError>) -> bool {
    answer.is_ok_and(|held| !held.is_empty())
}

/// A disabled API is a finding; other refusals only where they would hinder the job.
fn refused(error: &ApiError, matters: bool) -> Vec<PreflightFinding> {
    if error.is_api_disabled() {
        let api = error.refusal().and_then(Refusal::disabled_api).map(str::to_owned);
        let problem = match &api {
            Some(api) => format!("`{api}` is not enabled"),
            None => error.to_string(),
        };
        return vec![PreflightFinding { class: Class::Permission, problem, hints: error.hints(), api }];
    }
    if matters && error.is_forbidden() {
        return vec![PreflightFinding {
            class: Class::Permission,
            problem: error.to_string(),
            hints: error.hints(),
            api: None,
        }];
    }
    Vec::new()
}

/// The project's number: in the default build account's name, else asked for.
async fn own_number(context: &Context<'_>, build_account: Option<&AccountEmail>) -> Option<String> {
    let from_account = build_account.and_then(|account| {
        let (name, domain) = account.as_str().split_once('@')?;
        let number = match domain {
            "developer.gserviceaccount.com" => name.strip_suffix("-compute")?,
            "cloudbuild.gserviceaccount.com" => name,
            _ => return None,
        };
        number.bytes().all(|b| b.is_ascii_digit()).then(|| number.to_owned())
    });
    match from_account {
        Some(number) => Some(number),
        None => projects::number(context.http).await.ok().flatten(),
    }
}
