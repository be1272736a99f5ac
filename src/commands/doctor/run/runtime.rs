//! Who runs the service: its runtime account and the secrets that account must read, and Cloud Run's agent.

use std::time::Duration;

use serde_json::Value;

use super::accounts::usable;
use super::{DoctorContext, SECRETS, Scene};
use crate::cloud_run::secret_refs::{Reference, references};
use crate::commands::doctor::plan::fix::{Fix, GrantTarget};
use crate::commands::doctor::plan::grants::{Holds, held};
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use crate::service::causes::{self as causes, Cause};
use crate::service::secret_age;
use slipway_failure::Class;
use slipway_google::cloud_run::Service;
use slipway_google::policies::PolicyTarget;
use slipway_google::roles;
use slipway_names::ids::AccountEmail;

const ACCESS: &str = "secretmanager.versions.access";
const PULL: &str = "artifactregistry.repositories.downloadArtifacts";

pub(super) async fn look(context: &DoctorContext<'_>, scene: &Scene) -> Vec<Finding> {
    if context.doctor.service.is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let account = account(context, scene).and_then(|name| AccountEmail::parse(&name).ok());
    match &account {
        Some(account) => found.push(usable(context, account, Area::Runtime, "runtime_service_account").await),
        None => found.push(Finding::new(
            Area::Runtime,
            CheckState::CannotSee,
            "the runtime account",
            "the service names none, and the project's number may not be read",
        )),
    }
    let service = scene.service.as_ref().ok().and_then(Option::as_ref);
    if let (Some(account), Some(service)) = (&account, service) {
        for secret in secrets(service) {
            found.push(readable(context, scene, account, service, &secret).await);
        }
        for reference in secret_age::read_by(service.json().get("template").unwrap_or(&Value::Null)) {
            found.push(in_use(context, &reference).await);
        }
    }
    found.push(agent(scene, service));
    found
}

/// A version that the service reads: enabled, and not older than it should be.
async fn in_use(context: &DoctorContext<'_>, reference: &Reference) -> Finding {
    let doctor = context.doctor;
    let short = reference.secret.rsplit('/').next().unwrap_or_default();
    let what = format!("version {} of secret `{short}`", reference.version);
    let finding = |state, evidence: String| Finding::new(Area::Runtime, state, what.clone(), evidence);
    let looked = secret_age::glance(context.http, doctor.project.as_str(), reference).await;
    let version = match context.heard(SECRETS, looked) {
        Ok(version) => version,
        Err(unseen) => return finding(CheckState::CannotSee, unseen.0),
    };
    if !version.enabled {
        let fix = Fix::EnableVersion { secret: short.to_owned(), version: version.number };
        return finding(CheckState::Blocking(Class::Deploy), "disabled, so no instance that reads it starts".into())
            .fix(fix);
    }
    let days = |length: Duration| length.as_secs() / 86_400;
    match version.age() {
        Some(age) if age > doctor.secret_max_age && !doctor.secret_max_age.is_zero() => {
            finding(CheckState::Warning, format!("{} days old, more than {}", days(age), days(doctor.secret_max_age)))
                .cure("`slipway rotate-secret` makes a new one and moves the service to it (docs/ROTATION.md)")
        }
        Some(age) => finding(CheckState::Ok, format!("enabled, {} days old", days(age))),
        None => finding(CheckState::Ok, "enabled".into()),
    }
}

/// The address of the account the service runs as, as far as it is known.
pub(super) fn account(context: &DoctorContext<'_>, scene: &Scene) -> Option<String> {
    context.doctor.service.as_ref()?;
    if let Some(account) = &context.doctor.runtime_account {
        return Some(account.to_string());
    }
    let service = scene.service.as_ref().ok().and_then(Option::as_ref);
    let own = service.and_then(|one| one.json().pointer("/template/serviceAccount")?.as_str());
    match own.filter(|own| !own.is_empty()) {
        Some(own) => Some(own.to_owned()),
        None => scene.number.as_ref().map(|number| format!("{number}-compute@developer.gserviceaccount.com")),
    }
}

/// The secrets that a service's containers read, each once.
pub(super) fn secrets(service: &Service) -> Vec<String> {
    let read = references(service.json().get("template").unwrap_or(&Value::Null));
    let mut all: Vec<String> = read.into_iter().map(|reference| reference.secret).collect();
    all.sort();
    all.dedup();
    all
}

async fn readable(
    context: &DoctorContext<'_>,
    scene: &Scene,
    account: &AccountEmail,
    service: &Service,
    secret: &str,
) -> Finding {
    let short = secret.rsplit('/').next().unwrap_or(secret);
    let what = format!("secret `{short}`");
    let policy = context.policy(SECRETS, PolicyTarget::Secret(secret), what.clone()).await;
    let member = roles::member(account.as_str());
    let ready = service.ready();
    let refused = ready.as_ref().is_some_and(|one| {
        one.holds == Some(false) && matches!(causes::of(&one.reason, &one.message), Cause::SecretRefused(..))
    });
    let started =
        ready.is_some_and(|one| one.holds == Some(true)) && service.latest_ready() == service.latest_created();
    let (state, evidence) = match held(&[scene.project_policy.clone(), policy], &member, ACCESS) {
        Holds::Yes(role, on) => (CheckState::Ok, format!("`{account}` has {role} on {on}")),
        _ if started => (CheckState::Ok, "the newest revision started with it".into()),
        _ if refused => (
            CheckState::Blocking(Class::Permission),
            format!("Cloud Run says that `{account}` may not read the secrets"),
        ),
        Holds::Nowhere => (CheckState::Warning, format!("no grant of `{ACCESS}` to `{account}` is in sight")),
        Holds::Unknown => (CheckState::CannotSee, "its policy may not be read".into()),
    };
    let finding = Finding::new(Area::Runtime, state, what, evidence);
    match state {
        CheckState::Warning | CheckState::Blocking(_) => finding.fix(Fix::grant(
            "roles/secretmanager.secretAccessor",
            &member,
            GrantTarget::Secret(secret.to_owned()),
        )),
        _ => finding,
    }
}

/// Cloud Run's own agent, which pulls the image.
fn agent(scene: &Scene, service: Option<&Service>) -> Finding {
    const AGENT: &str = "roles/run.serviceAgent";
    let what = "Cloud Run's service agent";
    let works = service.is_some_and(|one| one.ready().is_some_and(|ready| ready.holds == Some(true)));
    let Some(number) = &scene.number else {
        return Finding::new(Area::Runtime, CheckState::CannotSee, what, "the project's number may not be read");
    };
    let member = roles::member(&format!("service-{number}@serverless-robot-prod.iam.gserviceaccount.com"));
    match held(std::slice::from_ref(&scene.project_policy), &member, PULL) {
        Holds::Yes(role, on) => Finding::new(Area::Runtime, CheckState::Ok, what, format!("{role} on {on}")),
        _ if works => Finding::new(Area::Runtime, CheckState::Ok, what, "the service's image was pulled"),
        // Google grants it itself, and it may stand on a folder: what is only out of sight is in nobody's way.
        Holds::Nowhere => {
            Finding::new(Area::Runtime, CheckState::Warning, what, format!("no grant of {AGENT} is in sight"))
                .fix(Fix::grant(AGENT, &member, GrantTarget::Project))
        }
        Holds::Unknown => Finding::new(
            Area::Runtime,
            CheckState::CannotSee,
            what,
            "the project's policy may not be read, and no revision tells",
        ),
    }
}
