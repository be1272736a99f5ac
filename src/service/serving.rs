//! The serving truth: a run is green only when its revision receives requests.

use super::Context;
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_names::kind::ResourceKind;

/// Judges the traffic that was read back after the deploy.
pub(super) fn run(context: &Context<'_>, facts: &mut Facts) -> Result<((), String), Failure> {
    let revision = &context.marks.revision;
    let share = facts.share().unwrap_or(0);
    let traffic = facts.service.traffic.clone().unwrap_or_default().words(facts.service.latest_ready.as_ref());
    if share == 100 {
        let note = match context.deploy.kind {
            ResourceKind::Service => format!("revision `{revision}` receives every request"),
            ResourceKind::WorkerPool => format!("revision `{revision}` has every instance"),
        };
        return Ok(((), note));
    }
    if share > 0 {
        context.warn(
            facts,
            format!(
                "Revision {revision} receives {share} % of the requests; the service's traffic is split: {traffic}"
            ),
        );
        return Ok(((), format!("revision `{revision}` receives {share} % of the requests")));
    }
    let deploy = context.deploy;
    if deploy.kind == ResourceKind::WorkerPool {
        let what = format!(
            "Revision `{revision}` is ready, but has no instances: those of worker pool `{}` are split otherwise ({traffic})",
            deploy.service
        );
        // The split of a worker pool is none of this program's inputs.
        return Err(Failure::plain(Class::Deploy, what).hint(format!(
            "Give them to the newest revision, now and from now on: gcloud beta run worker-pools update-instance-split {} --to-latest --region={} --project={}",
            deploy.service, deploy.region, deploy.project
        )));
    }
    Err(Failure::plain(
        Class::Deploy,
        format!("Revision `{revision}` is ready, but serves nobody: the traffic of service `{}` is pinned elsewhere ({traffic})", deploy.service),
    )
    .hint(format!(
        "Send everything to the newest revision, now and from now on: slipway deploy {} --traffic=latest",
        context.flags()
    ))
    .more_hints([format!("Or to this revision only: slipway deploy {} --traffic={revision}=100", context.flags())]))
}
