//! Looking for what would fail later, before anything is changed or paid for.
//!
//! What the account may not look at is passed over: a preflight must not need more than the job.

use super::doctor::another_account;
use super::{Context, access, deploy, deploy_failure, guest, region, runs_as, secret_age};
use crate::explain::{Class, Explain, Failure};
use crate::google::cloud_run::{self, Service};
use crate::google::error::ApiError;
use crate::google::projects::{self, AccountState, Resource};
use crate::google::refusal::Refusal;
use crate::google::roles::{self, Need};
use crate::google::{cloud_build, jobs, services, storage};
use crate::inputs::deploy::{Build, Recipe, What};
use crate::model::facts::Facts;
use crate::model::ids::AccountEmail;
use crate::model::kind::Kind;
use crate::plan::doctor::fix::{Fix, own_builder, staging};
use crate::plan::pushed::mismatch;

/// What the preflight learned and later steps use.
#[derive(Debug)]
pub(super) struct Seen {
    /// The service as it is; `None` when there is none.
    pub service: Option<Service>,
    /// The live service, where this one is a preview's own.
    pub live: Option<Service>,
    /// Whether the staging bucket must be made.
    pub bucket_missing: bool,
    /// The account builds run as, where known.
    pub build_account: Option<AccountEmail>,
    /// Whether the project says that images may be read.
    pub reads_images: bool,
}

impl Seen {
    /// The service whose images' repository the image goes to: previews of a service lie beside what is released of it.
    pub(super) fn images(&self) -> Option<&Service> {
        self.live.as_ref().or(self.service.as_ref())
    }
}

/// What reading an image takes. Asked along with what is needed, which costs no request.
const READ_IMAGES: &str = "artifactregistry.repositories.downloadArtifacts";

/// Something that would fail later.
struct Finding {
    class: Class,
    problem: String,
    hints: Vec<String>,
    /// The API that is not enabled, where that is it.
    api: Option<String>,
}

pub(super) async fn run(context: &Context<'_>, facts: &mut Facts) -> Result<Seen, Failure> {
    let build = match &context.deploy.what {
        What::Build(build) => Some(build.as_ref()),
        What::Image(_) | What::Promoted(_) | What::Revision(_) | What::Traffic(_) => None,
    };
    region::check_deploy(context.http, context.deploy).await?;
    let needs = needed(context, build.is_some());
    let asked: Vec<&str> = needs.iter().map(|need| need.permission).chain(build.map(|_| READ_IMAGES)).collect();
    let (held, account, bucket, service) = tokio::join!(
        projects::held(context.http, Resource::Project, &asked),
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
    let account = account.unwrap_or_else(|found| {
        findings.extend(found);
        None
    });
    let bucket = match bucket {
        Ok(bucket) => bucket,
        Err(found) => {
            findings.push(found);
            None
        }
    };
    let mut reads_images = false;
    match held {
        Ok(held) => {
            reads_images = held.iter().any(|permission| permission == READ_IMAGES);
            let missing: Vec<&Need> =
                needs.into_iter().filter(|need| !held.iter().any(|other| other == need.permission)).collect();
            let there = There { build_account: account.as_ref(), service: service.as_ref(), bucket: bucket.is_some() };
            findings.extend(still_missing(context, &missing, there).await);
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

/// The same for a build alone: what asks for it is looked at elsewhere.
pub(super) async fn of_build(context: &Context<'_>, facts: &mut Facts, build: &Build) -> Result<Seen, Failure> {
    let of_builds = |permission: &str| permission.starts_with("cloudbuild.") || permission.starts_with("storage.");
    let needs: Vec<&'static Need> = roles::NEEDS.iter().filter(|need| of_builds(need.permission)).collect();
    let asked: Vec<&str> = needs.iter().map(|need| need.permission).chain([READ_IMAGES]).collect();
    let (held, account, bucket) = tokio::join!(
        projects::held(context.http, Resource::Project, &asked),
        build_account(context, Some(build)),
        staging_bucket(context, Some(build)),
    );
    let mut findings = Vec::new();
    let account = account.unwrap_or_else(|found| {
        findings.extend(found);
        None
    });
    let bucket = bucket.unwrap_or_else(|found| {
        findings.push(found);
        None
    });
    let mut reads_images = false;
    // That permissions cannot be looked at has been said where the job's own were.
    if let Ok(held) = held {
        reads_images = held.iter().any(|permission| permission == READ_IMAGES);
        let missing: Vec<&Need> =
            needs.into_iter().filter(|need| !held.iter().any(|other| other == need.permission)).collect();
        let there = There { build_account: account.as_ref(), service: None, bucket: bucket.is_some() };
        findings.extend(still_missing(context, &missing, there).await);
    }
    if let Some(bucket) = &bucket {
        findings.extend(strangers(context, facts, build, bucket, account.as_ref()).await);
    }
    findings.extend(pushes_another(context, build, None));
    if !findings.is_empty() {
        return Err(failure(context, findings));
    }
    Ok(Seen { service: None, live: None, bucket_missing: bucket.is_none(), build_account: account, reads_images })
}

/// A bucket of the build's that belongs to another project.
async fn strangers(
    context: &Context<'_>,
    facts: &mut Facts,
    build: &Build,
    bucket: &storage::Bucket,
    account: Option<&AccountEmail>,
) -> Option<Finding> {
    // Only Cloud Build's own choice is sure to carry this project's number.
    match own_number(context, account.filter(|_| build.account.is_none())).await {
        Some(number) if number != bucket.project_number => Some(Finding {
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
fn pushes_another(context: &Context<'_>, build: &Build, service: Option<&Service>) -> Option<Finding> {
    let Recipe::Config { path, document, substitutions } = &build.recipe else { return None };
    let repository = super::build::repository(context, build, service);
    let project = context.deploy.project.as_str();
    let (problem, cure) = mismatch((path, document), substitutions, context.origin, project, &repository)?;
    Some(Finding { class: Class::Config, api: None, problem, hints: vec![cure] })
}

/// Refuses a name for the new revision that another one has already, before anything is built for it.
async fn own_name(context: &Context<'_>) -> Result<(), Failure> {
    let deploys = !matches!(context.deploy.what, What::Revision(_) | What::Traffic(_));
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

fn failure(context: &Context<'_>, mut findings: Vec<Finding>) -> Failure {
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
    let pool = context.deploy.kind == Kind::WorkerPool;
    // Where only traffic moves, nothing is made to run.
    let makes = !matches!(context.deploy.what, What::Revision(_) | What::Traffic(_));
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

/// A grant on one resource does not show at the project, so each missing permission is asked for
/// where it would be used before it counts as missing.
async fn still_missing(context: &Context<'_>, missing: &[&Need], there: There<'_>) -> Vec<Finding> {
    let (service_exists, bucket_exists) = (there.service.is_some(), there.bucket);
    let mut findings = Vec::new();
    let deployer = &context.deploy.credentials.principal;
    let project = context.deploy.project.as_str();
    for need in missing {
        let held = match need.permission {
            "run.services.create" | "run.workerpools.create" => service_exists,
            "storage.buckets.create" => bucket_exists,
            permission if permission.starts_with("storage.") && bucket_exists => match &context.deploy.what {
                What::Build(build) => {
                    holds(projects::held_on_bucket(context.http, build.bucket.as_str(), &[permission]).await)
                }
                _ => true,
            },
            // Objects of a bucket that this run makes are its own to write and read only by role.
            permission if permission.starts_with("storage.") => false,
            runs_as::ACT_AS => {
                for account in accounts(context, there).await {
                    if runs_as::may(context.http, &account).await == Some(false) {
                        findings.push(Finding {
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
                    holds(projects::held(context.http, Resource::Run(&name), &[permission]).await)
                }
                None => true,
            },
            permission if permission.starts_with("run.") && service_exists => {
                holds(projects::held(context.http, Resource::Run(&context.service_name), &[permission]).await)
            }
            _ => false,
        };
        if !held {
            findings.push(Finding {
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
            deploy::base(context, service).await.ok().and_then(|base| base.get("template").cloned())
        }
        (None, None) => None,
    };
    let named = deploy.settings.runtime_account.clone().or_else(|| runs_as::of_template(template.as_ref()));
    let builds_by_default = match &deploy.what {
        What::Build(build) => there.build_account.filter(|_| build.account.is_none()),
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
        What::Build(build) if need.permission.starts_with("storage.") => {
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

/// The account the build runs as, when it is known and usable.
async fn build_account(context: &Context<'_>, build: Option<&Build>) -> Result<Option<AccountEmail>, Vec<Finding>> {
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
                return Err(vec![Finding {
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
    let unusable =
        |problem: String, hints: Vec<String>| Err(vec![Finding { class: Class::Config, problem, hints, api: None }]);
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

async fn staging_bucket(context: &Context<'_>, build: Option<&Build>) -> Result<Option<storage::Bucket>, Finding> {
    let Some(build) = build else { return Ok(None) };
    match storage::bucket(context.http, build.bucket.as_str()).await {
        Ok(bucket) => Ok(bucket),
        Err(error) if error.is_forbidden() && !error.is_api_disabled() => {
            let deployer = &context.deploy.credentials.principal;
            Err(Finding {
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
        Err(error) => Err(refused(&error, true).pop().unwrap_or_else(|| Finding {
            class: error.class(),
            api: None,
            problem: error.to_string(),
            hints: error.hints(),
        })),
    }
}

/// A disabled API is a finding; other refusals only where they would hinder the job.
fn refused(error: &ApiError, matters: bool) -> Vec<Finding> {
    if error.is_api_disabled() {
        let api = error.refusal().and_then(Refusal::disabled_api).map(str::to_owned);
        let problem = match &api {
            Some(api) => format!("`{api}` is not enabled"),
            None => error.to_string(),
        };
        return vec![Finding { class: Class::Permission, problem, hints: error.hints(), api }];
    }
    if matters && error.is_forbidden() {
        return vec![Finding { class: Class::Permission, problem: error.to_string(), hints: error.hints(), api: None }];
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
