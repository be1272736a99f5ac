//! Which digest a tag stands for, in Artifact Registry (which gcr.io is, too), and removing one.

use reqwest::Method;
use serde_json::Value;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Http};
use super::retry::{Patience, Repeat};
use crate::model::image::{Digest, ImageRef};

/// The digest an image's tag stands for. `None` when the image is in no registry of Google's, so
/// that the access token never goes elsewhere.
///
/// # Errors
/// When it may not be looked up: the five roles do not allow it.
pub async fn digest(http: &Http, image: &ImageRef) -> Result<Option<Digest>, ApiError> {
    let Some(repository) = Location::of(image) else { return Ok(None) };
    let tag = image.tag.as_ref().map_or("latest", |tag| tag.as_str());
    let path = format!("{}/tags/{}", repository.path(), segment(tag));
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
    let Some(location) = Location::of(image) else { return Ok(None) };
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
    gone(format!("{}/tags/{}", location.path(), segment(tag)), format!("remove the tag of `{image}`")).await?;
    let version = format!("{}/versions/{}", location.path(), segment(digest.as_str()));
    gone(version, format!("remove the image `{image}`")).await.map(Some)
}

/// Whether the repository of an image is there.
///
/// # Errors
/// When it may not be looked at: the five roles do not allow it.
pub async fn exists(http: &Http, place: &Location) -> Result<bool, ApiError> {
    let call = http.get(Api::ArtifactRegistry, &place.repository(), format!("read repository `{}`", place.name));
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
    let path = format!("{}/dockerImages/{image}", place.repository());
    let answer = http.json(&http.get(Api::ArtifactRegistry, &path, "read the size of the image")).await?;
    // Google writes 64-bit numbers as text.
    Ok(answer.get("imageSizeBytes").and_then(Value::as_str).and_then(|bytes| bytes.parse().ok()))
}

/// Where Artifact Registry keeps an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The project that holds it.
    pub project: String,
    /// The location of its repository.
    pub location: String,
    /// The repository.
    pub name: String,
    package: String,
}

impl Location {
    /// The path of its repository.
    pub(super) fn repository(&self) -> String {
        format!(
            "v1/projects/{}/locations/{}/repositories/{}",
            segment(&self.project),
            segment(&self.location),
            segment(&self.name)
        )
    }

    /// The path of its package.
    fn path(&self) -> String {
        format!("{}/packages/{}", self.repository(), segment(&self.package))
    }

    /// From `REGION-docker.pkg.dev/PROJECT/REPOSITORY/PACKAGE…` or `[LOCATION.]gcr.io/PROJECT/PACKAGE…`.
    pub fn of(image: &ImageRef) -> Option<Self> {
        let host = image.repository.host();
        let path = image.repository.as_str().strip_prefix(host)?.trim_start_matches('/');
        let (project, rest) = path.split_once('/')?;
        if let Some(location) = host.strip_suffix("-docker.pkg.dev") {
            let (name, package) = rest.split_once('/')?;
            return Some(Self {
                project: project.into(),
                location: location.into(),
                name: name.into(),
                package: package.into(),
            });
        }
        // Container Registry's hosts are repositories of the same name (`google-api.md` 5.4).
        let location = match host {
            "gcr.io" | "us.gcr.io" => "us",
            "eu.gcr.io" => "europe",
            "asia.gcr.io" => "asia",
            _ => return None,
        };
        Some(Self { project: project.into(), location: location.into(), name: host.into(), package: rest.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(image: &str) -> Option<(String, String, String, String)> {
        let image = ImageRef::parse(image).expect("an image");
        Location::of(&image).map(|l| (l.project, l.location, l.name, l.package))
    }

    #[test]
    fn images_are_found_where_google_keeps_them() {
        let own = |a: &str, b: &str, c: &str, d: &str| Some((a.into(), b.into(), c.into(), d.into()));
        assert_eq!(location("us-central1-docker.pkg.dev/p/repo/a/b:v1"), own("p", "us-central1", "repo", "a/b"));
        assert_eq!(location("gcr.io/p/app"), own("p", "us", "gcr.io", "app"));
        assert_eq!(location("eu.gcr.io/p/a/b"), own("p", "europe", "eu.gcr.io", "a/b"));
        assert_eq!(location("docker.io/library/nginx"), None);
        assert_eq!(location("evil-docker.pkg.dev.example/p/r/a"), None);
    }
}
