//! The one place that moves traffic, and with it what holds for all revisions of a service: guarded by the etag and by
//! what the run has noted, waited for, read back.

use std::time::Duration;

use super::{Context, order, reading};
use crate::cloud_run::notes::Notes;
use crate::cloud_run::rollout::{percents, same, traffic_json};
use crate::cloud_run::service_level::Patch;
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Service};
use slipway_google::operation::{self as operation, OperationWatched};
use slipway_names::json::set;
use slipway_names::traffic::Traffic;
use slipway_wire::clock::{Limit, jitter};

/// Rounds of read, change, write while others write the same service.
const ROUNDS: u32 = 5;

/// Routes follow a change of traffic within seconds; later than this something is wrong.
pub(super) const LONGEST_MOVE: Duration = Duration::from_secs(180);

/// Pause between looks at who serves.
const LOOK: Duration = Duration::from_secs(2);

/// What the service shall say after a move.
pub(super) struct Decided {
    /// Who serves.
    pub traffic: Traffic,
    /// What is noted.
    pub notes: Notes,
    /// What changes besides.
    pub patch: Patch,
}

/// What must still be on the service for a move to be this run's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// The record of its rollout.
    Record,
    /// The note of its candidate.
    Candidate,
    /// Nothing: the move begins something, or was asked for by a person.
    Nothing,
}

/// Writes what is decided from the service as it is read, and decided again whenever it is read again; waits until it
/// holds, and gives back the service as it is then.
pub(super) async fn write(
    context: &Context<'_>,
    facts: &mut Facts,
    guard: Guard,
    decide: impl Fn(&Service) -> Result<Decided, Failure>,
) -> Result<Service, Failure> {
    let sentence = || format!("Could not move the traffic of service `{}`", context.deploy.service);
    let limit = context.clock().limit(LONGEST_MOVE);
    for round in 1.. {
        let service = reading::read(context).await?;
        reading::see(facts, &service);
        ours(context, &service, guard).await?;
        let decided = decide(&service)?;
        let mut body = service.json().clone();
        set(&mut body, "traffic", traffic_json(&decided.traffic));
        decided.patch.apply(&mut body);
        decided.notes.write(&mut body);
        let mut fields = vec!["traffic".to_owned(), "annotations".to_owned()];
        fields.extend(decided.patch.fields().into_iter().filter(|field| field != "annotations"));
        let error = match cloud_run::write_fields(context.http, &context.service_name, &body, &fields).await {
            Ok(operation) => {
                // How it ended is asked of the service: an older failure of the service fails the operation too.
                match operation::watch(context.http, operation, limit, || ()).await {
                    OperationWatched::Ended(_) | OperationWatched::StoppedWatching | OperationWatched::Unseen(_) => {}
                }
                return settled(context, facts, guard, &decided, limit).await;
            }
            Err(error) => error,
        };
        if !(error.is_ambiguous() || error.is_conflict()) {
            return Err(Failure::of(sentence(), error));
        }
        let now = reading::read(context).await?;
        let latest = now.latest_ready();
        let arrived = same(&now.traffic(), &decided.traffic, latest.as_ref())
            && Notes::on(now.json()) == decided.notes
            && Patch::between(now.json(), &body).is_empty();
        if arrived {
            return settled(context, facts, guard, &decided, limit).await;
        }
        if round >= ROUNDS {
            return Err(Failure::of(sentence(), error));
        }
        context.clock().sleep(jitter(Duration::from_secs(1 << round.min(4)), 0.3, 1.0)).await;
    }
    unreachable!("the loop ends by returning")
}

/// Refuses to go on when what the run has noted on the service is not there any more.
async fn ours(context: &Context<'_>, service: &Service, guard: Guard) -> Result<(), Failure> {
    let notes = Notes::on(service.json());
    let run = &context.marks.request_tag;
    let what = match guard {
        Guard::Nothing => return Ok(()),
        Guard::Record => match &notes.record {
            Some(record) if record.run == *run => return Ok(()),
            Some(other) => format!("another run took over with revision `{}`", other.rollout.revision),
            None => "somebody else changed its traffic meanwhile".to_owned(),
        },
        Guard::Candidate => match notes.candidates.iter().any(|candidate| candidate.run == *run) {
            true => return Ok(()),
            false => "somebody else took its candidate's tag away, or promoted it".to_owned(),
        },
    };
    let what = format!("The rollout on service `{}` is no longer this run's: {what}", context.deploy.service);
    Err(order::overtaken(context, Some(service), &what).await)
}

/// Waits until the traffic that is asked for is the traffic that is.
async fn settled(
    context: &Context<'_>,
    facts: &mut Facts,
    guard: Guard,
    decided: &Decided,
    limit: Limit,
) -> Result<Service, Failure> {
    loop {
        let service = reading::read(context).await?;
        reading::see(facts, &service);
        if holds(&service, &decided.traffic) {
            return Ok(service);
        }
        let latest = service.latest_ready();
        let wanted = percents(&decided.traffic, latest.as_ref());
        // Tags may come and go meanwhile. Who was to serve may not, unless somebody else decided so.
        if percents(&service.traffic(), latest.as_ref()) != wanted {
            let over = guard == Guard::Record && decided.notes.record.is_none();
            ours(context, &service, if over { Guard::Record } else { guard }).await?;
        }
        if limit.reached(context.clock()) {
            let now = service.serving().words(latest.as_ref());
            let failure = Failure::plain(
                Class::Timeout,
                format!(
                    "Stopped watching service `{}` after {} s: its traffic shall be {}, and is {now}",
                    context.deploy.service,
                    limit.length.as_secs(),
                    decided.traffic.words(latest.as_ref())
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
    let wanted = percents(traffic, latest.as_ref());
    wanted.is_some()
        && percents(&service.traffic(), latest.as_ref()) == wanted
        && percents(&service.serving(), latest.as_ref()) == wanted
}
