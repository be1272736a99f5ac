//! Which digest an image's name stands for, before it is deployed.

use crate::cloud_run::rollout::pinned;
use crate::commands::deploy::inputs::ServicePlace;
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Service};
use slipway_google::http::Http;
use slipway_google::registry;
use slipway_names::image::ImageRef;

/// Gives back the image to write into the service: pinned, or as it was named where the registry
/// may not be asked. Cloud Run pins such a name itself when it makes the revision, and the digest
/// is read from there.
pub(crate) async fn run(http: &Http, facts: &mut Facts, image: &ImageRef) -> Result<(String, String), Failure> {
    if let Some(pinned) = image.pinned() {
        facts.digest = Some(pinned.digest().clone());
        facts.image = Some(pinned.clone());
        return Ok((pinned.to_string(), format!("`{image}` is pinned already")));
    }
    match registry::digest(http, image).await {
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
        Err(error) if error.is_forbidden() || error.is_api_disabled() => {
            Ok((image.to_string(), format!("`{image}` may not be looked up; Cloud Run pins it when it deploys")))
        }
        Err(error) => Err(Failure::of(format!("Could not find out which digest `{image}` stands for"), error)),
    }
}

/// The image that serves in another service, by digest. A service that is not healthy has nothing to
/// promote.
pub(crate) async fn promoted(
    http: &Http,
    facts: &mut Facts,
    place: &ServicePlace,
) -> Result<(String, String), Failure> {
    let name = cloud_run::service_name(place.project.as_str(), &place.region, &place.service);
    let shown = format!("service `{}` of project `{}` in `{}`", place.service, place.project, place.region);
    let sentence = || format!("Could not find out what serves in {shown}");
    let service = cloud_run::service(http, &name).await.map_err(|error| Failure::of(sentence(), error))?;
    let Some(service) = service else {
        return Err(Failure::plain(Class::Config, format!("There is no {shown}"))
            .hint("Check `from_service`, `from_project` and `from_region`"));
    };
    if service.ready().is_some_and(|ready| ready.holds == Some(false)) {
        let why = service.ready().map(|ready| ready.message).unwrap_or_default();
        return Err(Failure::plain(Class::Deploy, format!("Nothing is promoted: {shown} is not healthy"))
            .evidence(vec![why])
            .hint("Promote when its newest deploy has ended well"));
    }
    let latest = service.latest_ready();
    let serving = pinned(&service.serving(), latest.as_ref()).or_else(|| pinned(&service.traffic(), latest.as_ref()));
    let only = serving
        .as_ref()
        .and_then(|traffic| traffic.main_revision(None).filter(|main| traffic.share_of(main, None) == 100));
    let Some(revision) = only else {
        return Err(Failure::plain(
            Class::Deploy,
            format!("Nothing is promoted: the traffic of {shown} is split ({})", words(&service)),
        )
        .hint("Promote when one revision receives every request"));
    };
    let found = cloud_run::revision(http, &name, revision).await.map_err(|error| Failure::of(sentence(), error))?;
    let images = found.map(|found| if found.images.is_empty() { found.asked_images } else { found.images });
    let pinned: Vec<_> = images.iter().flatten().filter_map(|image| ImageRef::parse(image).ok()?.pinned()).collect();
    let [image] = pinned.as_slice() else {
        return Err(Failure::plain(
            Class::Deploy,
            format!("Revision `{revision}` of {shown} has {} images with a digest, not one", pinned.len()),
        )
        .hint("Deploy the image by name: `image: REPOSITORY@sha256:…`"));
    };
    facts.digest = Some(image.digest().clone());
    facts.image = Some(image.clone());
    Ok((image.to_string(), format!("`{}`, which serves in {shown} as revision `{revision}`", image.digest().short())))
}

fn words(service: &Service) -> String {
    service.serving().words(service.latest_ready().as_ref())
}
