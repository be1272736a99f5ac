//! Whether a region exists, found before anything is built, read or paid for.
//!
//! Cloud Run answers a request for a region that it does not have with 501 "Operation is not implemented, or supported,
//! or enabled" (docs run/troubleshooting), or as if nothing were there. A region that is known costs no request.

use crate::cloud_run::regions;
use crate::commands::deploy::inputs::{Deploy, DeployWhat};
use slipway_failure::{Class, Failure};
use slipway_google::http::Http;
use slipway_google::locations;
use slipway_names::ids::Region;
use slipway_names::image::ImageRepository;

/// What Cloud Build has beside the regions.
pub(crate) const EVERYWHERE: &str = "global";

/// Where images may be without a region.
const CONTINENTS: [&str; 3] = ["us", "europe", "asia"];

/// Refuses a region that Cloud Run does not have.
///
/// # Errors
/// That there is none, and which was probably meant.
pub(crate) async fn check(http: &Http, region: &Region) -> Result<(), Failure> {
    match unknown(http, region).await {
        None => Ok(()),
        Some(why) => Err(why.failure(http, format!("There is no region `{region}` in Cloud Run"))),
    }
}

/// Refuses a location that Cloud Build does not have; its regions are those of Cloud Run.
///
/// # Errors
/// As [`check`].
pub(crate) async fn check_build(http: &Http, location: &Region) -> Result<(), Failure> {
    if location.as_str() == EVERYWHERE {
        return Ok(());
    }
    match unknown(http, location).await {
        None => Ok(()),
        Some(why) => {
            Err(why.failure(http, format!("There is no location `{location}` in Cloud Build (`build_region`)")))
        }
    }
}

/// Refuses places that do not exist: of a service, of its build, and of what is promoted.
///
/// # Errors
/// As [`check`].
pub(crate) async fn check_deploy(http: &Http, deploy: &Deploy) -> Result<(), Failure> {
    check(http, &deploy.region).await?;
    match &deploy.what {
        DeployWhat::Promoted(place) => check(http, &place.region).await,
        DeployWhat::Build(build) => {
            check_build(http, &build.location).await?;
            check_images(http, build.to.named()).await
        }
        DeployWhat::Image(image) => check_images(http, &image.repository).await,
        DeployWhat::Revision(_) | DeployWhat::Traffic(_) => Ok(()),
    }
}

/// Refuses a registry where Artifact Registry is not; its regions are those of Cloud Run, and three are of a continent.
async fn check_images(http: &Http, repository: &ImageRepository) -> Result<(), Failure> {
    let Some(location) = repository.host().strip_suffix("-docker.pkg.dev") else { return Ok(()) };
    if CONTINENTS.contains(&location) {
        return Ok(());
    }
    // What is no region's name at all is the image's own affair.
    let Ok(region) = Region::parse(location) else { return Ok(()) };
    match unknown(http, &region).await {
        None => Ok(()),
        Some(why) => {
            let sentence = format!("There is no registry `{}`, where `{repository}` is to be", repository.host());
            Err(why.failure(http, sentence))
        }
    }
}

/// Why a name is taken for none of a region's.
pub(crate) struct Unknown {
    /// The region that was probably meant.
    pub(super) meant: Option<String>,
    /// Whether Google's own list says so; else it is the one of this version.
    pub(super) asked: bool,
}

/// Looks a region up; nothing when it exists.
pub(crate) async fn unknown(http: &Http, region: &Region) -> Option<Unknown> {
    if regions::is_known(region.as_str()) {
        return None;
    }
    let listed = locations::of_cloud_run(http).await;
    match &listed {
        Ok(all) if all.iter().any(|one| one == region.as_str()) => None,
        Ok(all) => Some(Unknown { meant: regions::meant(region.as_str(), all), asked: true }),
        Err(_) => Some(Unknown { meant: regions::meant(region.as_str(), &[]), asked: false }),
    }
}

impl Unknown {
    /// What to do about it, most helpful first.
    pub(crate) fn hints(&self, project: &str) -> Vec<String> {
        let mut hints = Vec::new();
        hints.extend(self.meant.as_ref().map(|meant| format!("Did you mean `{meant}`?")));
        hints.push(format!("See which there are: gcloud run regions list --project={project}"));
        if !self.asked {
            hints.push(
                "Google's list could not be read, so this version's own decided; with `run.locations.list` (in roles/run.viewer) a newer region is taken"
                    .to_owned(),
            );
        }
        hints
    }

    /// The failure of whoever named it; `sentence` says where.
    pub(crate) fn failure(self, http: &Http, sentence: String) -> Failure {
        Failure::plain(Class::Config, sentence).more_hints(self.hints(http.project()))
    }
}
