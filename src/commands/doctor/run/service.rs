//! The service: whether it serves, who may call it, and the domain that leads to it.

use super::{DoctorContext, RUN, Scene, Unseen};
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use crate::service::causes;
use crate::service::cures::{self as cures, CureSubject};
use slipway_failure::Class;
use slipway_google::cloud_run::Service;
use slipway_google::{domains, invoker};
use slipway_names::domain::Domain;

pub(super) async fn look(context: &DoctorContext<'_>, scene: &Scene) -> Vec<Finding> {
    let Some(name) = &context.doctor.service else { return Vec::new() };
    let what = format!("service `{name}`");
    let finding = |state, evidence: String| Finding::new(Area::Service, state, what.clone(), evidence);
    let mut found = Vec::new();
    match &scene.service {
        Err(Unseen(why)) => found.push(finding(CheckState::CannotSee, why.clone())),
        Ok(None) => found.push(finding(CheckState::Ok, "not there yet; the first deploy makes it".into())),
        Ok(Some(service)) => {
            found.push(serves(context, service, &finding));
            found.push(access(context, service).await);
        }
    }
    if let Some(domain) = &context.doctor.domain {
        found.push(certificate(context, domain).await);
    }
    found
}

fn serves(context: &DoctorContext<'_>, service: &Service, finding: &impl Fn(CheckState, String) -> Finding) -> Finding {
    let ready = service.ready();
    match ready.as_ref().and_then(|ready| ready.holds) {
        Some(true) => {
            let revision = service.latest_ready().map(|name| format!(", newest revision `{name}`")).unwrap_or_default();
            finding(CheckState::Ok, format!("serves at {}{revision}", service.uri()))
        }
        Some(false) => {
            let (reason, message) = ready.map(|ready| (ready.reason, ready.message)).unwrap_or_default();
            let cause = causes::of(&reason, &message);
            let subject = CureSubject {
                project: context.doctor.project.as_str(),
                region: context.doctor.region.as_str(),
                who: &context.doctor.credentials.principal,
                template: service.json().get("template"),
                timeout_input: None,
            };
            let mut cures = cures::of(&cause, &subject);
            cures.push("`slipway rollback` sends the traffic back to a revision that served before".to_owned());
            let said = if reason.is_empty() { message } else { format!("{reason}: {message}") };
            let found = finding(CheckState::Warning, format!("not ready, {}: {said}", cures::words(&cause)));
            cures.into_iter().fold(found, Finding::cure)
        }
        None => finding(CheckState::CannotSee, "Google is still working on it".into()),
    }
}

/// Who may call it. Both are right; which is meant is the user's to know.
async fn access(context: &DoctorContext<'_>, service: &Service) -> Finding {
    let what = "public access";
    let finding = |state, evidence: String| Finding::new(Area::Service, state, what, evidence);
    let front = service.front();
    let Some(name) = context.service_name() else { return finding(CheckState::CannotSee, String::new()) };
    match context.heard(RUN, invoker::callers(context.http, &name, front).await) {
        Ok(callers) => finding(CheckState::Ok, format!("{}{}", callers.words(), front.inside())),
        Err(unseen) => finding(CheckState::CannotSee, unseen.0),
    }
}

async fn certificate(context: &DoctorContext<'_>, domain: &Domain) -> Finding {
    let doctor = context.doctor;
    let what = format!("domain `{domain}`");
    let finding = |state, evidence: String| Finding::new(Area::Domain, state, what.clone(), evidence);
    let service = doctor.service.as_ref().map(ToString::to_string).unwrap_or_default();
    match context.heard(RUN, domains::mapping(context.http, &doctor.region, domain).await) {
        Err(unseen) => finding(CheckState::CannotSee, unseen.0),
        Ok(None) => finding(CheckState::Warning, "it is not mapped".into()).cure(format!(
            "Map it: gcloud beta run domain-mappings create --service={service} --domain={domain} --region={} --project={}",
            doctor.region, doctor.project
        )),
        Ok(Some(mapping)) if mapping.service != service => {
            finding(CheckState::Blocking(Class::Config), format!("leads to service `{}`", mapping.service))
                .cure("Delete that mapping first, or name another domain")
        }
        Ok(Some(mapping)) => {
            let records: Vec<String> = mapping.records.iter().map(ToString::to_string).collect();
            let records = format!("Set these records in its DNS: {}", records.join("; "));
            match mapping.ready {
                Some(true) => finding(CheckState::Ok, "leads to the service, with a certificate".into()),
                Some(false) => finding(CheckState::Warning, format!("does not work: {}", mapping.message)).cure(records),
                None => finding(CheckState::Warning, format!("waits for its certificate: {}", mapping.message)).cure(records),
            }
        }
    }
}
