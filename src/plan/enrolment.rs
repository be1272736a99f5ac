//! What Google does with an image by itself: put it on a base image that it keeps up to date, lay source over it, build
//! it again. It ends with an image that was not made for it. Pure.
//!
//! A base image (`baseImageUri`) goes beneath an image that has none inside (Cloud Run's page on automatic base image
//! updates). gcloud refuses to deploy the image of a Dockerfile over one without `--clear-base-image`, and keeps it when
//! an image is deployed by its name (`surface/run/deploy.py` of 528).

use serde_json::{Map, Value};

use super::service::{container_index, object};
use crate::inputs::deploy::{Recipe, What};

/// What of a container describes an image that Google makes: source to lay over a base, and how to build it.
const MADE_FROM: [&str; 2] = ["sourceCode", "buildConfig"];

/// What the container of another container's image takes along.
pub(super) const OF_CONTAINER: [&str; 3] = ["baseImageUri", "sourceCode", "buildConfig"];

/// Gives a container its image. Another image than the one it has was not made by Google from the source it names.
pub(super) fn set_image(container: &mut Map<String, Value>, image: &str) {
    if container.get("image").and_then(Value::as_str).is_some_and(|there| there != image) {
        MADE_FROM.iter().for_each(|field| drop(container.remove(*field)));
    }
    container.insert("image".into(), image.into());
}

/// Ends the enrolment in base-image updates of the container that gets an image which brings its base along, and with it
/// what the service says of the build it was made by.
pub fn end(document: &mut Value, asked: Option<&str>, what: &What) {
    if !brings_base(what) {
        return;
    }
    let Some(template) = document.get_mut("template").and_then(Value::as_object_mut) else { return };
    let Ok(index) = container_index(template, asked, false) else { return };
    let serves = container_index(template, None, false).is_ok_and(|serving| serving == index);
    if let Some(container) = template.get_mut("containers").and_then(|list| list.get_mut(index)) {
        object(container).remove("baseImageUri");
    }
    if serves {
        object(document).remove("buildConfig");
    }
}

/// Whether the image is known to have its base inside: buildpacks' has, and a Dockerfile's unless its stage begins with
/// `scratch`. What an image from elsewhere has inside cannot be told by its name.
fn brings_base(what: &What) -> bool {
    let What::Build(build) = what else { return false };
    match &build.recipe {
        Recipe::Dockerfile { file, target, .. } => !file.has_no_base(target.as_deref()),
        Recipe::Buildpacks { .. } => true,
        Recipe::Config { .. } => false,
    }
}

/// The base image beneath the container that gets an image, where it stays.
pub fn base_image<'a>(document: &'a Value, asked: Option<&str>) -> Option<&'a str> {
    let template = document.get("template")?.as_object()?;
    super::service::serving_container(template, asked)?.get("baseImageUri")?.as_str()
}
