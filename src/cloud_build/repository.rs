//! Where a built image is pushed to: where the user said, else where the service's own images are.

use serde_json::Value;

use crate::cloud_build::image::Destination;
use slipway_names::containers::serving_container;
use slipway_names::ids::ProjectId;
use slipway_names::image::{ImageRef, ImageRepository};
use slipway_names::registry::Location;

/// The repository to push to, once the service is known. `current` is the service as it is, `container` the name of its
/// container that is deployed.
///
/// A service keeps the repository its image is in, when that is its own: it lies in the project, and a part of its path is
/// named like the service. So neither a placeholder that some tool began with is taken for it, nor another service's image
/// that was deployed here.
pub fn settle(
    to: &Destination,
    project: &ProjectId,
    current: Option<&Value>,
    container: Option<&str>,
) -> ImageRepository {
    let Destination::OfService(fallback) = to else { return to.named().clone() };
    let name = fallback.as_str().rsplit('/').next().unwrap_or_default();
    let own = |image: &str| {
        let repository = ImageRef::parse(image).ok()?.repository;
        let place = Location::of(&repository).filter(|place| place.project == project.as_str())?;
        let parts = place.package.split('/').chain([place.name.as_str()]);
        parts.into_iter().any(|part| part == name).then_some(repository)
    };
    let template = current.and_then(|service| service.get("template")?.as_object());
    let image = template.and_then(|template| serving_container(template, container)?.get("image")?.as_str());
    image.and_then(own).unwrap_or_else(|| fallback.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_keeps_its_own_repository_and_no_other() {
        let fallback = "eu.gcr.io/harbour-dev/web";
        let to = Destination::OfService(ImageRepository::parse(fallback).expect("a repository"));
        let project = ProjectId::parse("harbour-dev").expect("a project");
        let settled = |image: &str| {
            let service =
                json!({"template": {"containers": [{"image": "docker.io/p/proxy"}, {"image": image, "ports": []}]}});
            settle(&to, &project, Some(&service), None).to_string()
        };
        for (image, own) in [
            (
                "gcr.io/harbour-dev/web@sha256:0000000000000000000000000000000000000000000000000000000000000000",
                "gcr.io/harbour-dev/web",
            ),
            ("us-docker.pkg.dev/harbour-dev/apps/web:v1", "us-docker.pkg.dev/harbour-dev/apps/web"),
            ("us-docker.pkg.dev/harbour-dev/web/server", "us-docker.pkg.dev/harbour-dev/web/server"),
            // Placeholders, in Google's project and in this one; others' images; other registries.
            ("us-docker.pkg.dev/cloudrun/container/hello", fallback),
            ("gcr.io/cloudrun/hello", fallback),
            ("us-docker.pkg.dev/harbour-dev/base/hello", fallback),
            ("gcr.io/harbour-dev/staging-web", fallback),
            ("gcr.io/harbour-dev-2/web", fallback),
            ("docker.io/harbour-dev/web", fallback),
        ] {
            assert_eq!(settled(image), own, "{image}");
        }
        assert_eq!(settle(&to, &project, None, None).as_str(), fallback);
        let named = Destination::Named(ImageRepository::parse("gcr.io/p/other").expect("a repository"));
        let service = json!({"template": {"containers": [{"image": "gcr.io/harbour-dev/web"}]}});
        assert_eq!(settle(&named, &project, Some(&service), None).as_str(), "gcr.io/p/other");
    }
}
