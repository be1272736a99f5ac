//! Which digest an image's name stands for, before it is deployed.

use super::Context;
use crate::explain::Failure;
use crate::google::registry;
use crate::model::facts::Facts;
use crate::model::image::ImageRef;

/// Gives back the image to write into the service: pinned, or as it was named where the registry
/// may not be asked. Cloud Run pins such a name itself when it makes the revision, and the digest
/// is read from there.
pub(super) async fn run(
    context: &Context<'_>,
    facts: &mut Facts,
    image: &ImageRef,
) -> Result<(String, String), Failure> {
    if let Some(pinned) = image.pinned() {
        facts.digest = Some(pinned.digest().clone());
        facts.image = Some(pinned.clone());
        return Ok((pinned.to_string(), format!("`{image}` is pinned already")));
    }
    match registry::digest(context.http, image).await {
        Ok(Some(digest)) => {
            let pinned = image.repository.pinned(&digest);
            let note = format!("`{image}` is `{}`", digest.short());
            facts.digest = Some(digest);
            facts.image = Some(pinned.clone());
            Ok((pinned.to_string(), note))
        }
        Ok(None) => Ok((
            image.to_string(),
            format!("`{image}` is in no registry of Google's; Cloud Run pins it when it deploys"),
        )),
        Err(error) if error.is_missing() => {
            // A hidden image looks like a missing one, so Cloud Run has the last word.
            Ok((
                image.to_string(),
                format!("`{image}` is not there, or may not be looked up; Cloud Run pins it when it deploys"),
            ))
        }
        Err(error) if error.is_forbidden() => {
            Ok((image.to_string(), format!("`{image}` may not be looked up; Cloud Run pins it when it deploys")))
        }
        Err(error) => Err(Failure::of(format!("Could not find out which digest `{image}` stands for"), error)),
    }
}
