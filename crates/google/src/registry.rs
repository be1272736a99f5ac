//! Which digest a tag stands for, in Artifact Registry (which gcr.io is, too), and removing one.

use reqwest::Method;
use serde_json::Value;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Http};
use super::patience::Patience;
use slipway_names::image::{Digest, ImageRef};
use slipway_names::registry::Location;
use slipway_wire::repeat::Repeat;

/// The digest an image's tag stands for. `None` when the image is in no registry of Google's, so
/// that the access token never goes elsewhere.
///
/// # Errors
/// When it may not be looked up: the five roles do not allow it.
pub async fn digest(http: &Http, image: &ImageRef) -> Result<Option<Digest>, ApiError> {
    let Some(repository) = Location::of(&image.repository) else { return Ok(None) };
    let tag = image.tag.as_ref().map_or("latest", |tag| tag.as_str());
    let path = format!("{}/tags/{}", package_path(&repository), segment(tag));
    let mut call = http.get(Api::ArtifactRegistry, &path, format!("look up `{image}`"));
    call.patience = Patience { attempts: 2, ..Patience::USUAL };
    let answer = http.json(&call).await?;
    let version = answer.get("version").and_then(Value::as_str).unwrap_or_default();
    Ok(version.rsplit('/').next().and_then(Digest::parse))
}

/// Removes a tag, and the image it stands for unless that has other tags. `None` when there is no such tag, or the
/// image is in no registry of Google's; else whether the image itself went. A second time finds it gone.
///
/// # Errors
/// When it may not be removed: the five roles do not allow it.
pub async fn remove(http: &Http, image: &ImageRef) -> Result<Option<bool>, ApiError> {
    let Some(location) = Location::of(&image.repository) else { return Ok(None) };
    let digest = match digest(http, image).await {
        Ok(Some(digest)) => digest,
        Ok(None) => return Ok(None),
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error),
    };
    let tag = image.tag.as_ref().map_or("latest", |tag| tag.as_str());
    let gone = async |path: String, what: String| {
        let call = http.call(Method::DELETE, Api::ArtifactRegistry, &path, Body::Empty, Repeat::Always, what);
        match http.json(&call).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_missing() => Ok(true),
            // It has other tags, and somebody may want it.
            Err(error) if error.status() == Some(400) => Ok(false),
            Err(error) => Err(error),
        }
    };
    gone(format!("{}/tags/{}", package_path(&location), segment(tag)), format!("remove the tag of `{image}`")).await?;
    let version = format!("{}/versions/{}", package_path(&location), segment(digest.as_str()));
    gone(version, format!("remove the image `{image}`")).await.map(Some)
}

/// Whether the repository of an image is there.
///
/// # Errors
/// When it may not be looked at: the five roles do not allow it.
pub async fn exists(http: &Http, place: &Location) -> Result<bool, ApiError> {
    let call = http.get(Api::ArtifactRegistry, &repository_path(place), format!("read repository `{}`", place.name));
    match http.json(&call).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_missing() => Ok(false),
        Err(error) => Err(error),
    }
}

/// The size of an image in bytes, as it is stored; `None` where the registry does not say.
///
/// # Errors
/// When it may not be looked at.
pub async fn size(http: &Http, place: &Location, digest: &Digest) -> Result<Option<u64>, ApiError> {
    let image = segment(&format!("{}@{}", place.package, digest.as_str()));
    let path = format!("{}/dockerImages/{image}", repository_path(place));
    let answer = http.json(&http.get(Api::ArtifactRegistry, &path, "read the size of the image")).await?;
    // Google writes 64-bit numbers as text.
    Ok(answer.get("imageSizeBytes").and_then(Value::as_str).and_then(|bytes| bytes.parse().ok()))
}

/// The path of the repository at a place.
pub(super) fn repository_path(place: &Location) -> String {
    format!(
        "v1/projects/{}/locations/{}/repositories/{}",
        segment(&place.project),
        segment(&place.location),
        segment(&place.name)
    )
}

/// The path of the package at a place.
fn package_path(place: &Location) -> String {
    format!("{}/packages/{}", repository_path(place), segment(&place.package))
}
