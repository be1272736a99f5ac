//! The Cloud Run service that a rewrite leads to: its full name, and how it is now.

use super::SiteContext;
use crate::commands::hosting::serving::RewriteService;
use slipway_failure::Failure;
use slipway_google::cloud_run::{self as cloud_run, Service as Found};
use slipway_names::ids::{Region, ServiceName};

/// The service that a rewrite leads to, as it is; nothing where there is none.
pub(super) async fn read(context: &SiteContext<'_>, service: &RewriteService) -> Result<Option<Found>, Failure> {
    let sentence = || format!("Could not read service `{}` in `{}`", service.name, service.region);
    let Some(name) = full_name(context, service) else { return Ok(None) };
    cloud_run::service(context.http, &name).await.map_err(|error| Failure::of(sentence(), error))
}

/// Its full name, where region and service can have such names.
pub(super) fn full_name(context: &SiteContext<'_>, service: &RewriteService) -> Option<String> {
    let (region, name) = (Region::parse(&service.region).ok()?, ServiceName::parse(&service.name).ok()?);
    Some(cloud_run::service_name(context.hosting.project.as_str(), &region, &name))
}
