//! What Google does with an image by itself: put it on a base image that it keeps up to date, lay source over it, build
//! it again. It ends with an image that was not made for it. Pure.
//!
//! A base image (`baseImageUri`) goes beneath an image that has none inside (Cloud Run's page on automatic base image
//! updates). gcloud refuses to deploy the image of a Dockerfile over one without `--clear-base-image`, and keeps it when
//! an image is deployed by its name (`surface/run/deploy.py` of 528).

use serde_json::{Map, Value};

use super::template::container_index;
use super::wanted::origin::ImageOrigin;
use slipway_names::containers::serving_container;
use slipway_names::json::object;

/// What of a container describes an image that Google makes: source to lay over a base, and how to build it.
const MADE_FROM: [&str; 2] = ["sourceCode", "buildConfig"];

/// What the container of another container's image takes along.
pub(crate) const OF_CONTAINER: [&str; 3] = ["baseImageUri", "sourceCode", "buildConfig"];

/// Gives a container its image. Another image than the one it has was not made by Google from the source it names.
pub(super) fn set_image(container: &mut Map<String, Value>, image: &str) {
    if container.get("image").and_then(Value::as_str).is_some_and(|there| there != image) {
        MADE_FROM.iter().for_each(|field| drop(container.remove(*field)));
    }
    container.insert("image".into(), image.into());
}

/// Ends what Google does with the container that gets an image which was built elsewhere, and with an image that brings
/// its base along the updates of that; with them goes what the service says of the build it was made by.
pub fn end(document: &mut Value, asked: Option<&str>, origin: impl Into<ImageOrigin>) {
    let ImageOrigin::Built { brings_base } = origin.into() else { return };
    let Some(template) = document.get_mut("template").and_then(Value::as_object_mut) else { return };
    let Ok(index) = container_index(template, asked, false) else { return };
    let serves = container_index(template, None, false).is_ok_and(|serving| serving == index);
    if let Some(container) = template.get_mut("containers").and_then(|list| list.get_mut(index)) {
        let container = object(container);
        MADE_FROM.iter().for_each(|field| drop(container.remove(*field)));
        if brings_base {
            container.remove("baseImageUri");
        }
    }
    if serves && brings_base {
        object(document).remove("buildConfig");
    }
}

/// A sentence about the base image beneath the container that gets an image, where it stays.
pub fn base_that_stays(document: &Value, asked: Option<&str>) -> Option<String> {
    let template = document.get("template")?.as_object()?;
    let base = serving_container(template, asked)?.get("baseImageUri")?.as_str()?;
    Some(format!(
        "`baseImageUri` stays, which is {base}: Cloud Run puts the image on it, so it must have no base inside"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn another_image_was_not_made_from_that_source() {
        let container = || json!({"image": "i@sha256:1", "sourceCode": {}, "buildConfig": {}, "baseImageUri": "b"});
        let (mut same, mut other) = (container(), container());
        set_image(object(&mut same), "i@sha256:1");
        assert_eq!(same, container(), "a rotation writes the image that is there");
        set_image(object(&mut other), "j@sha256:2");
        assert_eq!(other, json!({"image": "j@sha256:2", "baseImageUri": "b"}));
    }
}
