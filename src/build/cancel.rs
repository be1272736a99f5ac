//! Cleaning up after a cancelled run: the build and the execution are cancelled, an open upload is given up.

use std::time::Duration;

use crate::facts::BuildFact;
use slipway_google::cloud_build::{self as cloud_build, BuildResource};
use slipway_google::error::ApiError;
use slipway_google::executions::{self as executions, ExecutionState};
use slipway_google::http::Http;
use slipway_google::patience::Patience;
use slipway_google::upload;
use slipway_names::execution::ExecutionFact;

use crate::jobs::marked;

/// The runner kills us ten seconds after its first signal; three are for telling Google.
const PATIENCE: Patience = Patience { attempts: 2, time: Duration::from_secs(3) };

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
        cloud_build::cancel(http, &build.location, id, PATIENCE).await?;
    }
    Ok(ids)
}

/// Cancels an execution, by its name or, where the reply to its start was lost, by its mark. Gives
/// back the names that Google was told to cancel.
///
/// # Errors
/// When Google could not be told.
pub async fn execution(http: &Http, execution: &ExecutionFact) -> Result<Vec<String>, ApiError> {
    let names = match &execution.name {
        Some(name) => vec![name.clone()],
        None => {
            let found = marked(http, &execution.job, &execution.mark).await?;
            let running = found.into_iter().filter(|found| found.verdict() == ExecutionState::Running);
            running.map(|found| found.short().to_owned()).collect()
        }
    };
    for name in &names {
        executions::cancel(http, &format!("{}/executions/{name}", execution.job), PATIENCE).await?;
    }
    Ok(names)
}

/// Gives an open upload up. Nothing depends on it: Google drops it after a week.
pub async fn upload_session(http: &Http, session: &str) {
    if let Err(error) = upload::abandon(http, session).await {
        // The session holds no object and costs nothing; a cancelled run has no time for more.
        drop(error);
    }
}
