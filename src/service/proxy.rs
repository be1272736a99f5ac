//! The agent as which Identity-Aware Proxy calls a service: whom the proxy lets in, it passes on as that account, which must
//! be allowed to call the service like anybody else (docs run/securing/identity-aware-proxy-cloud-run). Whoever switches
//! the proxy on grants that, as gcloud does.

use std::time::Duration;

use serde_json::Value;

use super::Context;
use crate::cloud_run::difference::Difference;
use crate::facts::Facts;
use slipway_failure::Failure;
use slipway_google::error::ApiError;
use slipway_google::{invoker, projects, roles};
use slipway_names::access::Front;
use slipway_runner::duration;
use slipway_wire::clock::jitter;

/// How long gcloud waits for an agent that Google makes when the proxy is first used in a project: 10 tries, 15 s apart.
pub(super) const LONGEST_BIRTH: Duration = Duration::from_secs(150);

const LOOK: Duration = Duration::from_secs(15);

/// The agent, where it must be granted the service before the proxy stands in front of it: a member of a policy. `now` is
/// what stands there so far. What may not be looked at stops nothing, and is said with what to type.
pub(super) async fn planned(
    context: &Context<'_>,
    facts: &mut Facts,
    now: Option<Front>,
    then: Front,
) -> Option<String> {
    let wished = context.deploy.manifest.as_ref().and_then(|manifest| manifest.get("iapEnabled"));
    let wished = wished == Some(&Value::Bool(true));
    let newly = !now.is_some_and(|now| now.proxy);
    if !then.proxy || then.unchecked || !(newly || wished) {
        return None;
    }
    let member = match projects::number(context.http).await {
        Ok(Some(number)) => member(&number),
        Ok(None) | Err(_) => {
            let project = &context.deploy.project;
            unknown(
                context,
                facts,
                &member(&format!("$(gcloud projects describe {project} --format='value(projectNumber)')")),
            );
            return None;
        }
    };
    if now.is_none() {
        return Some(member);
    }
    match invoker::without(context.http, &context.service_name, std::slice::from_ref(&member)).await {
        Ok(without) => without.into_iter().next(),
        Err(_) => {
            unknown(context, facts, &member);
            None
        }
    }
}

fn member(number: &str) -> String {
    format!("serviceAccount:service-{number}@gcp-sa-iap.iam.gserviceaccount.com")
}

fn unknown(context: &Context<'_>, facts: &mut Facts, member: &str) {
    let text = format!(
        "Whether Identity-Aware Proxy may call service {} could not be looked at, and without that it lets nobody through. Grant it: {}",
        context.deploy.service,
        command(context, member)
    );
    if !facts.warnings.contains(&text) {
        context.warn(facts, text);
    }
}

fn command(context: &Context<'_>, member: &str) -> String {
    let deploy = context.deploy;
    roles::let_call(deploy.project.as_str(), deploy.region.as_str(), deploy.service.as_str(), member)
}

/// What a plan says of it.
pub(super) fn difference(agent: Option<String>) -> Option<Difference> {
    agent.map(|agent| Difference { what: "roles/run.invoker".into(), before: None, after: Some(agent) })
}

/// Grants the agent the service. One that Google is only making is waited for within `limit`.
///
/// # Errors
/// When Google does not let that happen.
pub(super) async fn let_in(
    context: &Context<'_>,
    agent: &str,
    limit: Option<Duration>,
) -> Result<((), String), Failure> {
    let clock = context.clock();
    let limit = clock.limit(limit.unwrap_or_default());
    let mut told = false;
    loop {
        match invoker::add(context.http, &context.service_name, std::slice::from_ref(&agent.to_owned())).await {
            Ok(_) => return Ok(((), "Identity-Aware Proxy may pass on whom it lets in".to_owned())),
            Err(error) if is_not_there(&error) && !limit.reached(clock) => {
                if !std::mem::replace(&mut told, true) {
                    context.console.line(&format!(
                        "The project has no agent of Identity-Aware Proxy yet; Google makes it where the proxy is first used. Asking again for up to {}",
                        duration(limit.length)
                    ));
                }
                context.console.live(&format!("Asking again for {}", duration(limit.left(clock))));
                clock.sleep(jitter(LOOK, 0.8, 1.2).min(limit.left(clock))).await;
            }
            Err(error) => return Err(refused(context, agent, error)),
        }
    }
}

/// Google has no status of its own for a member that does not exist; gcloud goes by this one too.
fn is_not_there(error: &ApiError) -> bool {
    error.status() == Some(400) && error.refusal().is_some_and(|refusal| refusal.constraints.is_empty())
}

fn refused(context: &Context<'_>, agent: &str, error: ApiError) -> Failure {
    let (service, project) = (&context.deploy.service, &context.deploy.project);
    let missing = is_not_there(&error);
    let sentence = format!(
        "The agent of Identity-Aware Proxy could not be granted service `{service}`, so the proxy would let nobody through"
    );
    let failure = Failure::of(sentence, error).hint(format!("Grant it, and run again: {}", command(context, agent)));
    match missing {
        true => failure.hint(format!(
            "The project has no such agent yet; make it once: gcloud beta services identity create --service=iap.googleapis.com --project={project}"
        )),
        false => failure,
    }
}
