//! Waiting for a revision by looking at its service, where the operation that makes it is not known.

use std::time::Duration;

use super::{Context, reading};
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run;
use slipway_names::kind::ResourceKind;
use slipway_wire::clock::{Limit, jitter};

/// Pause between looks at a service whose operation is not known.
const LOOK: Duration = Duration::from_secs(3);

/// Waits by looking at the service, where there is no operation to wait for.
pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, limit: Limit) -> Result<(), Failure> {
    loop {
        match cloud_run::service(context.http, &context.service_name).await {
            Ok(Some(service)) if service.is_settled() => return Ok(()),
            // One look that does not find it may be a look that came too early.
            Ok(None) if reading::look_again(context).await?.is_some() => {}
            Ok(None) => {
                facts.service.ready = false;
                return Err(Failure::plain(
                    Class::Deploy,
                    format!(
                        "{} `{}` was deleted while it was deployed",
                        context.deploy.kind.capital(),
                        context.deploy.service
                    ),
                )
                .hint("Run again to create it anew"));
            }
            Ok(Some(_)) => {}
            Err(error) if error.is_transient() => {}
            Err(error) => {
                return Err(Failure::of(
                    format!(
                        "{} `{}` can no longer be watched; it may still be deploying",
                        context.deploy.kind.capital(),
                        context.deploy.service
                    ),
                    error,
                ));
            }
        }
        if limit.reached(context.clock()) {
            return Err(stopped(context, limit.length));
        }
        context.clock().sleep(jitter(LOOK, 0.8, 1.2)).await;
    }
}

/// The failure of a run that stopped watching.
pub(super) fn stopped(context: &Context<'_>, limit: Duration) -> Failure {
    let deploy = context.deploy;
    Failure::plain(
        Class::Timeout,
        format!(
            "Stopped watching {} `{}` after {} s: revision `{}` is neither ready nor failed",
            deploy.kind.word(),
            deploy.service,
            limit.as_secs(),
            context.marks.revision
        ),
    )
    .hint(super::verify::log_hint(context, &context.marks.revision))
    // What becomes of one that serves nobody is in no command of this program.
    .more_hints([format!(
        "See how it ends: gcloud run {} describe {} --region={} --project={}",
        if deploy.kind == ResourceKind::Service { "revisions" } else { "worker-pools revisions" },
        context.marks.revision,
        deploy.region,
        deploy.project
    )])
}
