//! Reading the service: for the first time, or where it was before; and what a reading leaves in the facts.

use super::{Context, again};
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Service};

/// Reads the service, if there is one.
pub(super) async fn look(context: &Context<'_>) -> Result<Option<Service>, Failure> {
    let service = &context.deploy.service;
    cloud_run::service(context.http, &context.service_name)
        .await
        .map_err(|error| Failure::of(format!("Could not read service `{service}`"), error))
}

/// Reads a service that was there: a look that does not find it is repeated.
pub(super) async fn look_again(context: &Context<'_>) -> Result<Option<Service>, Failure> {
    again::until(context.clock(), async || look(context).await, Option::is_some).await
}

/// Reads a service for the first time; that it is not there is a failure here.
pub(super) async fn find(context: &Context<'_>) -> Result<Service, Failure> {
    look(context).await?.ok_or_else(|| missing(context))
}

/// Reads a service that was there; that it is gone is a failure here.
pub(crate) async fn read(context: &Context<'_>) -> Result<Service, Failure> {
    look_again(context).await?.ok_or_else(|| missing(context))
}

fn missing(context: &Context<'_>) -> Failure {
    let place = format!("`{}` of project `{}`", context.deploy.region, context.deploy.project);
    Failure::plain(Class::Config, format!("There is no service `{}` in {place}", context.deploy.service))
        .hint("Check `service`, `region` and `project_id`")
}

/// Keeps what the service was before this run changes it.
pub(super) fn remember(facts: &mut Facts, current: Option<&Service>) {
    facts.service.existed = current.is_some();
    let Some(service) = current else { return };
    facts.service.front = service.front();
    facts.service.traffic_before = service.serving();
    let latest = service.latest_ready();
    facts.service.previous = service.serving().main_revision(latest.as_ref()).cloned();
    facts.service.latest_before = latest;
    facts.service.url = (!service.uri().is_empty()).then(|| service.uri().to_owned());
}

/// Keeps what a reading of the service shows.
pub(super) fn see(facts: &mut Facts, service: &Service) {
    facts.service.front = service.front();
    facts.service.traffic = Some(service.serving());
    facts.service.latest_ready = service.latest_ready();
    facts.service.url = (!service.uri().is_empty()).then(|| service.uri().to_owned());
    if let Some(rollout) = &mut facts.rollout
        && let Some(uri) = service.tag_uri(&rollout.tag)
    {
        rollout.uri = Some(uri.to_owned());
    }
}
