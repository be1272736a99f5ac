//! Who may call the service: only touched when the user says how it shall be.

use super::Context;
use crate::explain::Failure;
use crate::google::invoker::{self, Access};
use crate::model::facts::Facts;

pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, public: bool) -> Result<((), String), Failure> {
    let service = &context.deploy.service;
    let outcome = invoker::set_public(context.http, &context.service_name, public).await.map_err(|error| {
        let forbidden_by_policy = error.refusal().is_some_and(|refusal| {
            refusal.constraints.iter().any(|constraint| constraint.contains("allowedPolicyMemberDomains")) || refusal.message.contains("permitted customer")
        });
        let sentence = if public { format!("Service `{service}` is deployed, but could not be opened to everybody") } else { format!("Service `{service}` is deployed, but could not be closed to everybody") };
        let failure = Failure::of(sentence, error);
        if forbidden_by_policy {
            failure.hint(format!(
                "The organisation forbids `allUsers`. Without that binding a service is public when its invoker check is off: gcloud run services update {service} --no-invoker-iam-check --region={} --project={}",
                context.deploy.region, context.deploy.project
            ))
        } else {
            failure
        }
    })?;
    let note = match (public, outcome) {
        (true, Access::Changed) => "everybody may call it now",
        (true, Access::Unchanged) => "everybody may call it already",
        (false, Access::Changed) => "nobody may call it without a grant now",
        (false, Access::Unchanged) => "nobody may call it without a grant already",
    };
    facts.service.access = Some(note.to_owned());
    Ok(((), note.to_owned()))
}
