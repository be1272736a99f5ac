//! Which APIs are enabled: as Service Usage says, or, where it may not be asked, as the APIs' own answers show.

use super::{CREDENTIALS, DoctorContext, HOSTING, MONITORING, SECRETS, STS, Scene};
use crate::commands::doctor::plan::fix::Fix;
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use slipway_failure::Class;
use slipway_google::services;
use slipway_names::credentials::SignInMethod;

const USAGE: &str = "serviceusage.googleapis.com";

pub(super) async fn look(context: &DoctorContext<'_>, scene: &Scene) -> Vec<Finding> {
    let (needed, helpful) = wanted(context, scene);
    let all: Vec<&'static str> = needed.iter().chain(&helpful).copied().collect();
    let enabled = context.heard(USAGE, services::enabled(context.http, &all).await);
    let heard = context.heard.lock().map(|heard| heard.clone()).unwrap_or_default();
    all.iter()
        .map(|api| {
            let (on, evidence) = match (&enabled, heard.get(api)) {
                (Ok(list), _) if list.iter().any(|one| one == api) => (Some(true), "enabled".to_owned()),
                (Ok(_), _) => (Some(false), "not enabled".to_owned()),
                (Err(_), Some(true)) => (Some(true), "it answers".to_owned()),
                (Err(_), Some(false)) => (Some(false), "Google says it is not enabled".to_owned()),
                (Err(unseen), None) => (None, unseen.0.clone()),
            };
            let state = match on {
                Some(true) => CheckState::Ok,
                Some(false) if needed.contains(api) => CheckState::Blocking(Class::Permission),
                Some(false) => CheckState::Warning,
                None => CheckState::CannotSee,
            };
            let finding = Finding::new(Area::Apis, state, format!("`{api}`"), evidence);
            if on == Some(false) { finding.fix(Fix::Enable { service: (*api).to_owned() }) } else { finding }
        })
        .collect()
}

/// The APIs a deploy fails without, and those that make it more helpful.
fn wanted(context: &DoctorContext<'_>, scene: &Scene) -> (Vec<&'static str>, Vec<&'static str>) {
    let mut needed: Vec<&'static str> = services::NEEDED.iter().map(|(api, _)| *api).collect();
    if context.doctor.site.is_some() {
        needed.push(HOSTING);
    }
    if scene.service.as_ref().is_ok_and(|one| one.as_ref().is_some_and(|one| !super::runtime::secrets(one).is_empty()))
    {
        needed.push(SECRETS);
    }
    if let SignInMethod::Federation(_) = &context.doctor.credentials.way {
        needed.push(STS);
    }
    if context.doctor.credentials.acting().is_some() {
        needed.push(CREDENTIALS);
    }
    (needed, vec!["logging.googleapis.com", MONITORING])
}
