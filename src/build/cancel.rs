//! Cleaning up after a cancelled run: the build is cancelled, an open upload is given up.

use crate::facts::BuildFact;
use slipway_google::cloud_build::{self as cloud_build, BuildResource};
use slipway_google::error::ApiError;
use slipway_google::http::Http;
use slipway_google::patience::Patience;
use slipway_google::upload;

/// Cancels a build, by its id or, where the reply to its submission was lost, by its tag.
/// Gives back the ids that Google was told to cancel.
///
/// # Errors
/// When Google could not be told.
pub async fn build(http: &Http, build: &BuildFact) -> Result<Vec<String>, ApiError> {
    let ids = match &build.id {
        Some(id) => vec![id.clone()],
        None => {
            let found = cloud_build::with_tag(http, &build.location, &build.tag).await?;
            found.into_iter().filter(|found: &BuildResource| !found.status.is_final()).map(|found| found.id).collect()
        }
    };
    for id in &ids {
        cloud_build::cancel(http, &build.location, id, Patience::CLEANING_UP).await?;
    }
    Ok(ids)
}

/// Gives an open upload up. Nothing depends on it: Google drops it after a week.
pub async fn upload_session(http: &Http, session: &str) {
    if let Err(error) = upload::abandon(http, session).await {
        // The session holds no object and costs nothing; a cancelled run has no time for more.
        drop(error);
    }
}
