//! Projects: their APIs, billing, organisation policies and default build account.

use super::World;
use super::policy::IamPolicy;
use std::collections::BTreeSet;

/// A project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its number, as Google writes it.
    pub number: String,
    /// Enabled APIs, such as `run.googleapis.com`.
    pub enabled: BTreeSet<String>,
    /// Whether a billing account pays.
    pub billing: bool,
    /// The full name of that account.
    pub billing_account: String,
    /// Who holds which role in the project.
    pub policy: IamPolicy,
    /// The account builds run as when they name none.
    pub build_account: BuildAccount,
    /// Organisation policy `gcp.resourceLocations`: the only locations allowed for buckets.
    pub allowed_locations: Option<BTreeSet<String>>,
    /// Organisation policy `iam.allowedPolicyMemberDomains`: `allUsers` may not be granted.
    pub members_restricted: bool,
    /// Organisation policy `iam.disableServiceAccountKeyCreation`: no key is made here.
    pub keys_forbidden: bool,
    /// From where people may sign in (Firebase Authentication); none where nobody has begun with it.
    pub auth_domains: Option<Vec<String>>,
    /// Regions in which the project's quota allows no builds.
    pub closed_build_regions: BTreeSet<String>,
    /// Whether Google has made the agent of Identity-Aware Proxy, as it does where that is first used.
    pub has_proxy_agent: bool,
}

/// What a project's builds run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildAccount {
    /// The Compute Engine default account: projects since 2024.
    Compute,
    /// `NUMBER@cloudbuild.gserviceaccount.com`: older projects.
    Legacy,
    /// None: builds must name an account.
    Nobody,
}

impl Project {
    /// A project in which everything a deploy needs is enabled and nobody holds any role.
    pub fn new(id: &str, number: &str) -> Project {
        let enabled = SERVICES.iter().map(|service| (*service).to_owned()).collect();
        Project {
            id: id.to_owned(),
            number: number.to_owned(),
            enabled,
            billing: true,
            billing_account: World::BILLING.to_owned(),
            policy: IamPolicy::default(),
            build_account: BuildAccount::Compute,
            allowed_locations: None,
            members_restricted: false,
            keys_forbidden: false,
            auth_domains: None,
            closed_build_regions: BTreeSet::new(),
            has_proxy_agent: true,
        }
    }

    /// E-mail of the Compute Engine default account.
    pub fn compute_account(&self) -> String {
        format!("{}-compute@developer.gserviceaccount.com", self.number)
    }

    /// E-mail of the legacy Cloud Build account.
    pub fn legacy_build_account(&self) -> String {
        format!("{}@cloudbuild.gserviceaccount.com", self.number)
    }

    /// E-mail of the agent by which Cloud Run pulls images.
    pub fn run_agent(&self) -> String {
        format!("service-{}@serverless-robot-prod.iam.gserviceaccount.com", self.number)
    }

    /// E-mail of the agent as which Identity-Aware Proxy calls services.
    pub fn proxy_agent(&self) -> String {
        format!("service-{}@gcp-sa-iap.iam.gserviceaccount.com", self.number)
    }

    /// E-mail of the account builds run as by default.
    pub fn default_build_account(&self) -> Option<String> {
        match self.build_account {
            BuildAccount::Compute => Some(self.compute_account()),
            BuildAccount::Legacy => Some(self.legacy_build_account()),
            BuildAccount::Nobody => None,
        }
    }
}

/// The APIs that are on in a project made with the console or gcloud, of those the fake has
/// (<https://docs.cloud.google.com/service-usage/docs/enabled-service>).
pub(super) const ON_BY_DEFAULT: &[&str] =
    &["logging.googleapis.com", "monitoring.googleapis.com", "serviceusage.googleapis.com", "storage.googleapis.com"];

/// The APIs a deploy may need.
const SERVICES: &[&str] = &[
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbilling.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "firebasehosting.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "identitytoolkit.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
];

impl World {
    /// A project by id or number.
    pub fn project(&self, name: &str) -> Option<&Project> {
        self.projects.get(name).or_else(|| self.projects.values().find(|project| project.number == name))
    }

    /// The project of the seed, to change it.
    pub fn home(&mut self) -> &mut Project {
        let fresh = || Project::new(World::PROJECT, World::NUMBER);
        self.projects.entry(World::PROJECT.to_owned()).or_insert_with(fresh)
    }

    /// Adds a project with its default accounts, and what Google itself grants them.
    pub fn add_project(&mut self, id: &str, number: &str) {
        let mut project = Project::new(id, number);
        let (compute, agent) = (project.compute_account(), project.run_agent());
        let legacy = project.legacy_build_account();
        project.policy.grant("roles/run.serviceAgent", &format!("serviceAccount:{agent}"));
        self.projects.insert(id.to_owned(), project);
        for email in [&compute, &agent, &legacy] {
            self.add_account(id, email);
        }
        self.grant(id, &compute, "roles/cloudbuild.builds.builder");
        self.grant(id, &legacy, "roles/cloudbuild.builds.builder");
    }

    /// Makes the default build account as powerless as in organisations created since 2024.
    pub fn compute_account_may_not_build(&mut self) {
        let compute = self.home().compute_account();
        self.revoke(World::PROJECT, &compute, "roles/cloudbuild.builds.builder");
    }

    /// Disables an API of the seed's project, such as `run.googleapis.com`.
    pub fn disable_api(&mut self, service: &str) {
        self.home().enabled.remove(service);
    }
}
