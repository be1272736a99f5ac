//! The image that is deployed: made, found, or taken from where it serves; once for all regions.

use super::seen::Seen;
use super::{resolve, submit, upload};
use crate::cloud_build::image::Build;
use crate::commands::deploy::inputs::DeployWhat;
use crate::facts::Facts;
use crate::service::{Context, step};
use crate::step::StepName;
use slipway_failure::Failure;

/// The image to deploy, which is made or found once for all regions.
pub(crate) async fn made_or_found(context: &Context<'_>, facts: &mut Facts, seen: &Seen) -> Result<String, Failure> {
    match &context.deploy.what {
        DeployWhat::Build(build) => built(context, facts, build, seen).await,
        DeployWhat::Image(image) => {
            step(context, facts, StepName::Resolve, async |facts| resolve::run(context.http, facts, image).await).await
        }
        DeployWhat::Promoted(place) => {
            step(context, facts, StepName::Resolve, async |facts| resolve::promoted(context.http, facts, place).await)
                .await
        }
        DeployWhat::Revision(_) | DeployWhat::Traffic(_) => unreachable!("nothing is deployed"),
    }
}

/// The image of a build.
pub(crate) async fn built(
    context: &Context<'_>,
    facts: &mut Facts,
    build: &Build,
    seen: &Seen,
) -> Result<String, Failure> {
    let staged = match build.has_source {
        true => Some(upload::stage(context, facts, build, seen).await?),
        false => {
            upload::make_room(context, build, seen).await?;
            None
        }
    };
    let staged = staged.as_ref();
    step(context, facts, StepName::Build, async |facts| submit::run(context, facts, build, staged, seen).await).await
}
