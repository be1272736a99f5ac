//! What a deploy changes besides what its inputs name, and what it cannot change without loss: found out before anything
//! is built, so that it is said, or refused, before it happens.

use serde_json::Value;

use super::{Context, deploy};
use crate::explain::Failure;
use crate::google::cloud_run::Service;
use crate::inputs::deploy::What;
use crate::plan::besides::{besides, given};
use crate::plan::enrolment::base_that_stays;
use crate::plan::manifest::from_manifest;
use crate::plan::pre_deploy;
use crate::plan::service::settings_of;

/// Stands for an image that is not known yet.
const UNKNOWN: &str = "(the new image)";

/// Looks at the service as it would be.
pub(super) async fn run(context: &Context<'_>, service: Option<&Service>) -> Result<(), Failure> {
    let image = match &context.deploy.what {
        What::Image(image) => image.to_string(),
        _ => UNKNOWN.to_owned(),
    };
    let before = super::guest::started(context, service).await?;
    let after = deploy::wanted(context, before.as_ref(), &image)?;
    say(context, before.as_ref(), &after);
    if let Some(wish) = context.deploy.pre_deploy.as_deref() {
        let container = context.deploy.settings.container.as_deref();
        pre_deploy::job(None, &after, container, wish, &image, "").map_err(|error| {
            Failure::of(
                format!("Job `{}` cannot be set up like service `{}`", wish.name, context.deploy.service),
                error,
            )
        })?;
    }
    Ok(())
}

/// Says what changes from one document to the other that no input names. What a manifest says is named.
pub(super) fn say(context: &Context<'_>, before: Option<&Value>, after: &Value) {
    let deploy = context.deploy;
    let described = deploy.manifest.as_ref().map(|manifest| from_manifest(manifest, before));
    let Some(before) = described.as_ref().or(before) else { return };
    let given = given(&deploy.settings);
    let mut said = besides(&settings_of(before), after, &given);
    if !given.contains(&"base_image") {
        said.extend(base_that_stays(after, deploy.settings.container.as_deref()));
    }
    for sentence in said {
        context.console.line(&format!("{}Besides what the inputs name: {sentence}", context.prefix));
    }
}
