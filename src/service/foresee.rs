//! What a deploy changes besides what its inputs name, and what it cannot change without loss: found out before anything
//! is built, so that it is said, or refused, before it happens.

use serde_json::Value;

use super::{Context, preflight, wanted};
use crate::cloud_run::besides::{besides, given};
use crate::cloud_run::enrolment::base_that_stays;
use crate::cloud_run::manifest::from_manifest;
use crate::cloud_run::read_only::settings_of;
use crate::commands::deploy::inputs::{DeployWhat, PreDeploy, Settings};
use crate::commands::deploy::pre_deploy;
use slipway_failure::{Class, Failure};
use slipway_google::jobs;
use slipway_names::shown;

/// Stands for an image that is not known yet.
const UNKNOWN: &str = "(the new image)";

/// Looks at the service as it would be in every region, and at the job that runs before, which is the first region's.
pub(crate) async fn everywhere(contexts: &[Context<'_>], seen: &[preflight::Seen]) -> Result<(), Failure> {
    for (index, (context, seen)) in contexts.iter().zip(seen).enumerate() {
        let image = match &context.deploy.what {
            DeployWhat::Image(image) => image.to_string(),
            _ => UNKNOWN.to_owned(),
        };
        let before = wanted::started(context, seen.service.as_ref()).await?;
        if before.is_none() && context.deploy.manifest.is_none() {
            nothing_to_take(&context.deploy.settings, &format!("service `{}`", context.deploy.service))?;
        }
        let after = wanted::service(context, before.as_ref(), &image)?;
        say(context, before.as_ref(), &after);
        if let Some(wish) = context.deploy.pre_deploy.as_deref().filter(|_| index == 0) {
            job(context, &after, &image, wish).await?;
        }
    }
    Ok(())
}

/// Refuses what would be taken away from `what`, which is not there: most likely a secret that does not exist was meant.
pub(crate) fn nothing_to_take(settings: &Settings, what: &str) -> Result<(), Failure> {
    let Some(null) = settings.nulls.first() else { return Ok(()) };
    let sentence = format!(
        "{} is null, and there is no {what} it could be taken away from: `toJSON` makes that of a secret that does not exist",
        shown::QuotedName(null)
    );
    Err(Failure::plain(Class::Config, sentence)
        .hint(format!("Store the secret: gh secret set {}", shown::name(null).unwrap_or("NAME")))
        .more_hints(["Or leave the entry out".to_owned()]))
}

/// Whether the job can stand in the service's surroundings. One that may not be looked at is looked at when it is written.
async fn job(context: &Context<'_>, after: &Value, image: &str, wish: &PreDeploy) -> Result<(), Failure> {
    let name = jobs::job_name(context.deploy.project.as_str(), &context.deploy.region, &wish.name);
    let current = jobs::job(context.http, &name).await.ok().flatten();
    let current = current.as_ref().map(jobs::JobResource::json);
    let container = context.deploy.settings.container.as_deref();
    pre_deploy::job(current, after, container, wish, image, "").map(drop).map_err(|error| {
        let sentence = format!("Job `{}` cannot be set up like service `{}`", wish.name, context.deploy.service);
        Failure::of(sentence, error)
    })
}

/// Says what changes from one document to the other that no input names. What a manifest says is named.
pub(super) fn say(context: &Context<'_>, before: Option<&Value>, after: &Value) {
    let deploy = context.deploy;
    let described = deploy.manifest.as_ref().map(|manifest| from_manifest(manifest, before));
    let Some(before) = described.as_ref().or(before) else { return };
    let given = given(&deploy.settings);
    let mut said = besides(&settings_of(before), after, &given);
    if !given.iter().any(|input| input == "base_image") {
        said.extend(base_that_stays(after, deploy.settings.container.as_deref()));
    }
    for sentence in said {
        context.console.line(&format!("{}Besides what the inputs name: {sentence}", context.prefix));
    }
}
