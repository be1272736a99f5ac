//! What a deploy would change on the service, checked by Google, with nothing written.

use super::Context;
use super::preflight::Seen;
use crate::explain::Failure;
use crate::google::cloud_run::{self, Service};
use crate::inputs::deploy::What;
use crate::model::facts::Facts;
use crate::plan::difference::{Difference, between};
use crate::plan::service::{change, settings_of};

/// An image that exists everywhere, for checking a service whose own image is not built yet.
const STAND_IN: &str = "us-docker.pkg.dev/cloudrun/container/hello";

pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, seen: &Seen) -> Result<Vec<Difference>, Failure> {
    let sentence = || format!("Cloud Run would not take service `{}` like this", context.deploy.service);
    let current = seen.service.as_ref().map(Service::json);
    facts.service.existed = current.is_some();
    let (image, shown) = match &context.deploy.what {
        What::Image(image) => (image.to_string(), image.to_string()),
        What::Build(build) => (STAND_IN.to_owned(), format!("{}@(the digest of the build)", build.repository)),
    };
    let body = |image: &str| {
        change(current, &context.deploy.settings, image, &context.marks.revision)
            .map_err(|error| Failure::of(sentence(), error))
    };
    cloud_run::validate(context.http, &context.service_name, &body(&image)?)
        .await
        .map_err(|error| Failure::of(sentence(), error))?;
    Ok(between(current.map(settings_of).as_ref(), &body(&shown)?))
}
