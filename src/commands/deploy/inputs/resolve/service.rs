//! How a service, a worker pool or a job runs as a whole: the settings of one container, and the containers beside it.

use super::{Give, containers, settings};
use crate::cloud_run::wanted::settings::Settings;
use slipway_names::ids::{ProjectId, ServiceName};
use slipway_runner::env::Runner;

pub(crate) fn settings(
    give: &mut Give<'_>,
    runner: &Runner,
    project: Option<&ProjectId>,
    service: Option<&ServiceName>,
) -> Settings {
    settings::settings(give, runner, project, service, |give| containers::containers(give, runner, project))
}
