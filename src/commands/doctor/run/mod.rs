//! The doctor: looks at everything a deploy needs, changes nothing. What the account may not look at is said, and is
//! no failure.

mod accounts;
mod apis;
mod billing;
mod deployer;
mod key;
mod organisation;
mod runtime;
mod service;
mod staging;
mod watch;

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::cloud_build::repository::settle;
use crate::commands::doctor::inputs::Doctor;
use crate::commands::doctor::plan::grants::{Policy, RoleBinding};
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use crate::commands::hosting::run::make_site;
use crate::service::region;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_build::{self as cloud_build, BuildResource};
use slipway_google::cloud_run::{self as cloud_run, Service};
use slipway_google::error::ApiError;
use slipway_google::http::Http;
use slipway_google::policies::{self as policies, PolicyTarget};
use slipway_google::storage::{self as storage, Bucket};
use slipway_google::{hosting, projects, services};
use slipway_names::credentials::SignInMethod;
use slipway_names::ids::AccountEmail;
use slipway_names::image::ImageRepository;
use slipway_names::registry::Location;

/// What the doctor may use.
#[derive(Debug)]
pub struct DoctorContext<'a> {
    /// What to look at.
    pub doctor: &'a Doctor,
    /// Google.
    pub http: &'a Http,
    /// Which APIs have answered, and which were said to be disabled.
    heard: Mutex<BTreeMap<&'static str, bool>>,
}

/// A look at something: what was seen, or why nothing was.
type DoctorLook<T> = Result<T, Unseen>;

/// Why something could not be looked at.
#[derive(Debug, Clone)]
pub(super) struct Unseen(String);

/// What several findings are made of.
#[derive(Debug)]
struct Scene {
    /// The bucket; `None` when there is none of that name.
    bucket: DoctorLook<Option<Bucket>>,
    /// The service; `None` when there is none of that name.
    service: DoctorLook<Option<Service>>,
    /// The account builds run as; `None` when Cloud Build has none.
    build_account: DoctorLook<Option<AccountEmail>>,
    /// The last builds, newest first.
    builds: DoctorLook<Vec<BuildResource>>,
    /// The project's number.
    number: Option<String>,
    /// Where the image's repository is, when it is one of Google's.
    place: Option<Location>,
    /// Whether the repository is there.
    repository: DoctorLook<bool>,
    /// The policy of the project.
    project_policy: Policy,
    /// Those of the bucket and of the repository.
    bucket_policy: Policy,
    /// See `bucket_policy`.
    repository_policy: Policy,
}

/// As many builds as show a habit.
const BUILDS: u32 = 10;

impl<'a> DoctorContext<'a> {
    /// What the doctor may use.
    pub fn new(doctor: &'a Doctor, http: &'a Http) -> Self {
        Self { doctor, http, heard: Mutex::new(BTreeMap::new()) }
    }

    /// Keeps what an answer says about its API, and why nothing was seen.
    fn heard<T>(&self, api: &'static str, answer: Result<T, ApiError>) -> DoctorLook<T> {
        let said = match &answer {
            Ok(_) => Some(true),
            Err(error) if error.is_api_disabled() => Some(false),
            Err(error) => error.status().filter(|status| *status < 500).map(|_| true),
        };
        if let (Some(said), Ok(mut heard)) = (said, self.heard.lock()) {
            let both = heard.get(api).copied().unwrap_or(true) && said;
            heard.insert(api, both);
        }
        answer.map_err(|error| Unseen(why(api, &error)))
    }

    /// Reads a policy for [`grants`](crate::commands::doctor::plan::grants).
    async fn policy(&self, api: &'static str, of: PolicyTarget<'_>, name: String) -> Policy {
        let bindings = self.heard(api, policies::policy(self.http, of).await).ok();
        let read =
            |one: policies::Binding| RoleBinding { role: one.role, members: one.members, conditional: one.conditional };
        Policy { of: name, bindings: bindings.map(|all| all.into_iter().map(read).collect()) }
    }

    /// The full name of the service, where one is meant.
    fn service_name(&self) -> Option<String> {
        let doctor = self.doctor;
        let service = doctor.service.as_ref()?;
        Some(cloud_run::service_name(doctor.project.as_str(), &doctor.region, service))
    }

    /// Where the image of the next build would be looked for, as a deploy decides it.
    fn repository(&self, service: Option<&Service>) -> Option<ImageRepository> {
        let to = self.doctor.image.as_ref()?;
        Some(settle(to, &self.doctor.project, service.map(Service::json), None))
    }

    async fn scene(&self) -> Scene {
        let (http, doctor) = (self.http, self.doctor);
        let bucket = async {
            match &doctor.bucket {
                Some(name) => self.heard(STORAGE, storage::bucket(http, name.as_str()).await),
                None => Err(Unseen(
                    "no bucket can have the name that the project gives it; name one in `staging_bucket`".into(),
                )),
            }
        };
        let bucket_policy = async {
            let name = doctor.bucket.as_ref().map(ToString::to_string).unwrap_or_default();
            let of = format!("bucket `{name}`");
            if name.is_empty() { unread(of) } else { self.policy(STORAGE, PolicyTarget::Bucket(&name), of).await }
        };
        let service = async {
            match self.service_name() {
                Some(name) => self.heard(RUN, cloud_run::service(http, &name).await),
                None => Ok(None),
            }
        };
        let build_account = async {
            match &doctor.build_account {
                Some(account) => Ok(Some(account.clone())),
                None => {
                    let answer = cloud_build::default_account(http, doctor.build_location.as_str()).await;
                    self.heard(BUILD, answer).map(|email| email.and_then(|email| AccountEmail::parse(&email).ok()))
                }
            }
        };
        let builds =
            async { self.heard(BUILD, cloud_build::recent(http, doctor.build_location.as_str(), BUILDS).await) };
        let number = async { self.heard(MANAGER, projects::number(http).await).ok().flatten() };
        let (bucket, service, build_account, builds, number) =
            tokio::join!(bucket, service, build_account, builds, number);
        let place = self.repository(service.as_ref().ok().and_then(Option::as_ref));
        let place = place.as_ref().and_then(Location::of);
        let repository = async {
            match &place {
                Some(place) => self.heard(REGISTRY, slipway_google::registry::exists(http, place).await),
                None => Err(Unseen("no image is named".into())),
            }
        };
        let repository_policy = async {
            match &place {
                Some(place) => {
                    self.policy(REGISTRY, PolicyTarget::Repository(place), format!("repository `{}`", place.name)).await
                }
                None => unread("the repository".into()),
            }
        };
        let project_policy = self.policy(MANAGER, PolicyTarget::Project, format!("project `{}`", doctor.project));
        let (repository, project_policy, bucket_policy, repository_policy) =
            tokio::join!(repository, project_policy, bucket_policy, repository_policy);
        Scene {
            bucket,
            service,
            build_account,
            builds,
            number,
            place,
            repository,
            project_policy,
            bucket_policy,
            repository_policy,
        }
    }
}

/// Looks at everything.
///
/// # Errors
/// When Google does not accept who asks: then nothing can be seen.
pub async fn run(context: &DoctorContext<'_>) -> Result<Vec<Finding>, Failure> {
    context.http.sign_in().await.map_err(|error| Failure::of("Could not sign in", error))?;
    let credentials = &context.doctor.credentials;
    if let Ok(mut heard) = context.heard.lock() {
        // Without their answers there would be no token.
        heard.extend(matches!(credentials.way, SignInMethod::Federation(_)).then_some((STS, true)));
        heard.extend(credentials.acting().map(|_| (CREDENTIALS, true)));
    }
    let scene = context.scene().await;
    let mut found = deployer::look(context, &scene).await?;
    found.extend(places(context).await);
    found.extend(key::look(context).await);
    found.extend(accounts::look(context, &scene).await);
    found.extend(staging::look(context, &scene));
    found.extend(staging::images(context, &scene).await);
    found.extend(staging::own_build(context, &scene));
    found.extend(staging::builds(context, &scene));
    found.extend(runtime::look(context, &scene).await);
    found.extend(service::look(context, &scene).await);
    found.extend(site(context).await);
    found.extend(organisation::look(context).await);
    found.push(watch::look(context).await);
    found.extend(billing::look(context, &scene).await);
    // Last, because every answer above tells of its API.
    found.extend(apis::look(context, &scene).await);
    found.sort_by_key(|finding| finding.area);
    Ok(found)
}

/// Regions that do not exist, with what was probably meant: a deploy refuses them.
async fn places(context: &DoctorContext<'_>) -> Vec<Finding> {
    let doctor = context.doctor;
    let mut found = Vec::new();
    let named = [("Cloud Run", Area::Service, &doctor.region), ("Cloud Build", Area::Builds, &doctor.build_location)];
    for (whose, area, region) in named {
        let everywhere = area == Area::Builds && region.as_str() == region::EVERYWHERE;
        let unknown = if everywhere { None } else { region::unknown(context.http, region).await };
        let Some(unknown) = unknown else { continue };
        let state = CheckState::Blocking(Class::Config);
        let evidence = format!("{whose} has no region of that name");
        let finding = Finding::new(area, state, format!("region `{region}`"), evidence);
        found.push(unknown.hints(doctor.project.as_str()).into_iter().fold(finding, Finding::cure));
    }
    found
}

/// The Hosting site and what it shows.
async fn site(context: &DoctorContext<'_>) -> Option<Finding> {
    let site = context.doctor.site.as_ref()?;
    let what = format!("site `{site}`");
    let finding = |state, evidence: String| Finding::new(Area::Site, state, what.clone(), evidence);
    let sites = context.heard(HOSTING, hosting::sites(context.http).await);
    Some(match sites.map(|all| all.into_iter().find(|one| one.id == site.as_str())) {
        Err(unseen) => finding(CheckState::CannotSee, unseen.0),
        Ok(None) => finding(CheckState::Blocking(Class::Config), "the project has no such site".into())
            .cure(format!("Make it: {}", make_site(&context.doctor.project, site.as_str()))),
        Ok(Some(one)) => {
            let channel = context.heard(HOSTING, hosting::channel(context.http, site.as_str(), "live").await);
            match channel {
                Ok(Some(channel)) if channel.version().is_some() => {
                    finding(CheckState::Ok, format!("{} shows a version", one.url))
                }
                Ok(_) => finding(CheckState::Ok, format!("{} is there, and shows nothing yet", one.url)),
                Err(unseen) => finding(CheckState::CannotSee, unseen.0),
            }
        }
    })
}

fn unread(of: String) -> Policy {
    Policy { of, bindings: None }
}

/// A sentence on why nothing was seen.
fn why(api: &str, error: &ApiError) -> String {
    if error.is_api_disabled() {
        return format!("`{api}` is not enabled");
    }
    match (error.is_forbidden(), error.refusal().and_then(|refusal| refusal.permission())) {
        (true, Some(permission)) => format!("`{permission}` is not held"),
        (true, None) => "the account may not look".into(),
        _ => error.to_string(),
    }
}

const RUN: &str = "run.googleapis.com";
const BUILD: &str = "cloudbuild.googleapis.com";
const STORAGE: &str = "storage.googleapis.com";
const IAM: &str = "iam.googleapis.com";
const MANAGER: &str = "cloudresourcemanager.googleapis.com";
const REGISTRY: &str = "artifactregistry.googleapis.com";
const SECRETS: &str = "secretmanager.googleapis.com";
const HOSTING: &str = services::HOSTING;
const STS: &str = "sts.googleapis.com";
const CREDENTIALS: &str = "iamcredentials.googleapis.com";
const MONITORING: &str = "monitoring.googleapis.com";
const BILLING: &str = "cloudbilling.googleapis.com";
const BUDGETS: &str = "billingbudgets.googleapis.com";
