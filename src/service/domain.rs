//! The user's domain: mapped when it is not, its DNS records told, its certificate looked at for a while.
//! What serves does not depend on it, so trouble is a warning.

use std::time::Duration;

use super::Context;
use crate::facts::{DomainFact, Facts};
use slipway_google::domains::{self as domains, Mapping};
use slipway_google::error::ApiError;
use slipway_names::domain::Domain;
use slipway_wire::clock::jitter;

/// A certificate takes minutes to hours, and a person to set the records; nobody waits that long here. But which records
/// those are, a new mapping says only after a moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pause between looks.
const LOOK: Duration = Duration::from_secs(5);

pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, domain: &Domain) -> String {
    match mapped(context, domain).await {
        Ok((mapping, made)) => told(context, facts, domain, mapping, made),
        Err(error) => {
            let mut text = format!("Domain {domain} is not mapped: {error}");
            if error.is_forbidden() {
                text.push_str(". Mapping domains needs run.domainmappings.* (roles/editor); or map it once by hand: ");
                text.push_str(&by_hand(context, domain));
            }
            context.warn(facts, text);
            "not mapped".into()
        }
    }
}

/// The mapping, made when there is none. A new one is looked at until it names its records or works; one that was there
/// before is told as it is: whoever deploys cannot hurry it.
async fn mapped(context: &Context<'_>, domain: &Domain) -> Result<(Mapping, bool), ApiError> {
    let (http, region) = (context.http, &context.deploy.region);
    let (mut mapping, made) = match domains::mapping(http, region, domain).await? {
        Some(mapping) => (mapping, false),
        None => match domains::map(http, region, domain, &context.deploy.service).await {
            Ok(mapping) => (mapping, true),
            // A reply that was lost, or somebody who was faster: the mapping itself tells.
            Err(error) if error.is_ambiguous() || error.is_conflict() => {
                (domains::mapping(http, region, domain).await?.ok_or(error)?, true)
            }
            Err(error) => return Err(error),
        },
    };
    let limit = context.clock().limit(PATIENCE);
    while made && mapping.ready.is_none() && mapping.records.is_empty() && !limit.reached(context.clock()) {
        context.clock().sleep(jitter(LOOK, 0.8, 1.2)).await;
        match domains::mapping(http, region, domain).await {
            Ok(Some(seen)) => mapping = seen,
            Ok(None) => break,
            Err(error) if error.is_transient() => {}
            Err(error) => return Err(error),
        }
    }
    Ok((mapping, made))
}

fn told(context: &Context<'_>, facts: &mut Facts, domain: &Domain, mapping: Mapping, made: bool) -> String {
    let service = context.deploy.service.as_str();
    if mapping.service != service {
        context.warn(
            facts,
            format!(
                "Domain {domain} leads to service {}, and was left there; its mapping must be deleted first",
                mapping.service
            ),
        );
        return format!("leads to `{}`", mapping.service);
    }
    let state = match mapping.ready {
        Some(true) => "works, with its certificate".to_owned(),
        Some(false) => format!("does not work: {}", mapping.message),
        None => "waits for its DNS records and its certificate".to_owned(),
    };
    if mapping.ready == Some(false) {
        context.warn(
            facts,
            format!("Domain {domain} does not work: {}. Google serves a domain only for those who proved it theirs, in https://search.google.com/search-console, with the deploying account as an owner", mapping.message),
        );
    }
    if mapping.ready != Some(true) {
        mapping.records.iter().for_each(|record| context.console.line(&format!("DNS record to set: {record}")));
    }
    let verb = if made { "is mapped now; it " } else { "" };
    facts.domain = Some(DomainFact { name: domain.clone(), state: state.clone(), records: mapping.records });
    format!("`{domain}` {verb}{state}")
}

fn by_hand(context: &Context<'_>, domain: &Domain) -> String {
    let deploy = context.deploy;
    format!(
        "gcloud beta run domain-mappings create --service={} --domain={domain} --region={} --project={}",
        deploy.service, deploy.region, deploy.project
    )
}
