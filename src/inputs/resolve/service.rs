//! How a service, a worker pool or a job runs as a whole: the settings of one container, and the containers beside it.

use super::super::cloud_run::settings::Settings;
use super::super::runner::Runner;
use super::{Give, containers, settings};
use crate::model::ids::{ProjectId, ServiceName};

pub(super) fn settings(
    give: &mut Give<'_>,
    runner: &Runner,
    project: Option<&ProjectId>,
    service: Option<&ServiceName>,
) -> Settings {
    settings::settings(give, runner, project, service, |give| containers::containers(give, runner, project))
}
