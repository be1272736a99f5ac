//! The one place that moves traffic: guarded by the etag and the rollout's record, waited for, read back.

use std::time::Duration;

use super::Context;
use super::deploy::see;
use crate::clock::jitter;
use crate::explain::{Class, Failure};
use crate::google::cloud_run::{self, Service};
use crate::google::operation::{self, Watched};
use crate::model::facts::Facts;
use crate::model::traffic::Traffic;
use crate::plan::rollout::{self, Record, Served, percents, same};

/// Rounds of read, change, write while others write the same service.
const ROUNDS: u32 = 5;

/// Routes follow a change of traffic within seconds; later than this something is wrong.
const LONGEST_MOVE: Duration = Duration::from_secs(180);

/// Pause between looks at who serves.
const LOOK: Duration = Duration::from_secs(2);

/// What the service shall say after a move.
pub(super) struct Move<'a> {
    /// Who serves.
    pub traffic: &'a Traffic,
    /// The rollout that goes on; `None` when it ends with this.
    pub record: Option<&'a Record>,
    /// What serves, when a rollout ends.
    pub served: Option<&'a Served>,
    /// Whether this begins a rollout, so that no record of ours is there yet.
    pub begins: bool,
}

/// Writes an allocation, waits until it holds, and gives back the service as it is then.
pub(super) async fn write(context: &Context<'_>, facts: &mut Facts, wanted: &Move<'_>) -> Result<Service, Failure> {
    let sentence = || format!("Could not move the traffic of service `{}`", context.deploy.service);
    let limit = context.clock().limit(LONGEST_MOVE);
    for round in 1.. {
        let service = read(context).await?;
        see(facts, &service);
        if !wanted.begins {
            ours(context, &service)?;
        }
        let mut body = service.json().clone();
        let traffic = &rollout::with_pins(wanted.traffic, &service.traffic());
        rollout::write(&mut body, traffic, wanted.record, wanted.served);
        match cloud_run::move_traffic(context.http, &context.service_name, &body).await {
            Ok(operation) => {
                // How it ended is asked of the service: an older failure of the service fails the operation too.
                match operation::watch(context.http, operation, limit, || ()).await {
                    Watched::Ended(_) | Watched::StoppedWatching | Watched::Unseen(_) => {}
                }
                return settled(context, facts, traffic, limit).await;
            }
            Err(error) if error.is_ambiguous() || error.is_conflict() => {
                let now = read(context).await?;
                let arrived = same(&now.traffic(), traffic, now.latest_ready().as_ref())
                    && Record::on(now.json()).as_ref() == wanted.record;
                if arrived {
                    return settled(context, facts, traffic, limit).await;
                }
                if round >= ROUNDS {
                    return Err(Failure::of(sentence(), error));
                }
            }
            Err(error) => return Err(Failure::of(sentence(), error)),
        }
        context.clock().sleep(jitter(Duration::from_secs(1 << round.min(4)), 0.3, 1.0)).await;
    }
    unreachable!("the loop ends by returning")
}

/// Reads the service; that it is gone is a failure here.
pub(super) async fn read(context: &Context<'_>) -> Result<Service, Failure> {
    let service = &context.deploy.service;
    let found = cloud_run::service(context.http, &context.service_name)
        .await
        .map_err(|error| Failure::of(format!("Could not read service `{service}`"), error))?;
    found.ok_or_else(|| {
        let place = format!("`{}` of project `{}`", context.deploy.region, context.deploy.project);
        Failure::plain(Class::Config, format!("There is no service `{service}` in {place}"))
            .hint("Check `service`, `region` and `project_id`")
    })
}

/// Refuses to go on when the rollout on the service is no longer this run's.
fn ours(context: &Context<'_>, service: &Service) -> Result<(), Failure> {
    let record = Record::on(service.json());
    if record.as_ref().is_some_and(|record| record.run == context.marks.request_tag) {
        return Ok(());
    }
    let what = match record {
        Some(other) => format!("a newer run took over with revision `{}`", other.rollout.revision),
        None => "somebody else changed its traffic meanwhile".to_owned(),
    };
    Err(overtaken(context, &what))
}

/// The failure of a run whose rollout is no longer its own.
pub(super) fn overtaken(context: &Context<'_>, what: &str) -> Failure {
    Failure::plain(
        Class::Superseded,
        format!("The rollout on service `{}` is no longer this run's: {what}", context.deploy.service),
    )
    .hint("Nothing needs to be done; give the workflow a `concurrency:` group per service to keep runs in order")
}

/// Waits until the traffic that is asked for is the traffic that is.
async fn settled(
    context: &Context<'_>,
    facts: &mut Facts,
    traffic: &Traffic,
    limit: crate::clock::Limit,
) -> Result<Service, Failure> {
    loop {
        let service = read(context).await?;
        see(facts, &service);
        let traffic = &rollout::with_pins(traffic, &service.traffic());
        if holds(&service, traffic) {
            return Ok(service);
        }
        if !same(&service.traffic(), traffic, service.latest_ready().as_ref()) {
            ours(context, &service)?;
        }
        if limit.reached(context.clock()) {
            let now = service.serving().words(service.latest_ready().as_ref());
            let failure = Failure::plain(
                Class::Timeout,
                format!(
                    "Stopped watching service `{}` after {} s: its traffic shall be {}, and is {now}",
                    context.deploy.service,
                    limit.length.as_secs(),
                    traffic.words(service.latest_ready().as_ref())
                ),
            );
            let cause = service.ready().filter(|ready| ready.holds == Some(false));
            return Err(failure.evidence(cause.into_iter().map(|ready| ready.message).collect()));
        }
        context.clock().sleep(jitter(LOOK, 0.8, 1.2)).await;
    }
}

/// Whether the allocation holds: asked for, and served.
fn holds(service: &Service, traffic: &Traffic) -> bool {
    let latest = service.latest_ready();
    let serving = service.serving();
    same(&service.traffic(), traffic, latest.as_ref())
        && percents(&serving, latest.as_ref()) == percents(traffic, latest.as_ref())
}
