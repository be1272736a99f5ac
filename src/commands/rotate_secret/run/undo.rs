//! After a failure or a signal: the service's template is that of what serves again, and the new version is disabled,
//! unless something reads it.

use std::time::Duration;

use super::turn::Turn;
use super::{RotationProgress, SecretContext, make, readers};
use crate::cloud_run::notes::Notes;
use crate::cloud_run::rollout::follows_latest;
use crate::cloud_run::service::change;
use crate::commands::deploy::plan::marks;
use crate::commands::rotate_secret::inputs::Repoint;
use crate::commands::rotate_secret::plan::image_of;
use crate::facts::{RolloutEnd, Written};
use crate::service::undo::restore;
use crate::service::{again, reading};
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run;
use slipway_google::operation::{self as operation, OperationEnd, OperationWatched};
use slipway_names::secret_version::{VersionFact, WantedVersion};
use slipway_wire::clock::random_hex;

/// What served has started before; starting it again takes no longer.
const LONGEST_START: Duration = Duration::from_secs(600);

/// Whether there is time to see how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitForEnd {
    /// A failure: the service shall be at rest.
    ForTheEnd,
    /// A signal: a few seconds are left.
    ForNothing,
}

/// Takes back what a run did that failed. The traffic is where it was already, or the rollout says why not.
pub(super) async fn after(context: &SecretContext<'_>, progress: &mut RotationProgress, wait: WaitForEnd) {
    if progress.facts.secret.moved {
        return;
    }
    let kept = match &progress.turn {
        None => None,
        Some(turn) => match settled(progress) {
            Err(why) => Some(why),
            Ok(()) => put_back(context, turn, wait).await.err().map(|failure| {
                let why = format!("The template of the service still is that of the failed rotation: {failure}");
                context.console.warning(&why);
                progress.facts.warnings.push(why);
                "the service's template may refer to it".to_owned()
            }),
        },
    };
    let Some(made) = progress.made.clone() else { return };
    let read = match kept {
        Some(why) => Some(why),
        None => read_by(context, progress.turn.as_ref(), &made).await,
    };
    match read {
        Some(why) => make::leave(&mut progress.facts, &made, why),
        None => make::discard(context, &mut progress.facts, &made).await,
    }
    progress.made = None;
}

/// Whether the rollout is over, so that nobody is sent to the candidate any more.
fn settled(progress: &RotationProgress) -> Result<(), String> {
    if progress.facts.service.written == Written::No {
        return Ok(());
    }
    match progress.facts.rollout.as_ref().map(|rollout| &rollout.end) {
        None | Some(RolloutEnd::Restored) => Ok(()),
        Some(RolloutEnd::Left(why)) => Err(format!("the traffic was left as it is ({why})")),
        Some(_) => Err("the traffic could not be put back, and may lead to a revision that reads it".to_owned()),
    }
}

/// Writes the template again that the rollout began from, without traffic: the next deploy starts from it, and shall
/// find no version that is disabled. A service whose template is not this run's is left alone.
async fn put_back(context: &SecretContext<'_>, turn: &Turn, wait: WaitForEnd) -> Result<(), Failure> {
    let (Some(original), Some(wish)) = (&turn.original, &turn.deploy.settings.repoint) else { return Ok(()) };
    let deploy = turn.context(context, context.origin);
    let service = reading::read(&deploy).await?;
    if service.template_revision() != turn.marks.revision.as_str() {
        return Ok(());
    }
    if Notes::on(service.json()).record.is_some() || follows_latest(&service.traffic()) {
        return Err(Failure::plain(Class::Superseded, "the service's traffic is not at rest"));
    }
    let back = Repoint {
        seen: service.json().get("template").cloned().unwrap_or_default(),
        template: original.clone(),
        to: None,
        note: wish.note.is_some().then(|| turn.noted.clone()),
        ..wish.as_ref().clone()
    };
    let mut again = turn.deploy.clone();
    again.settings.suffix = Some(format!("back-{}", random_hex(3).get(..5).unwrap_or("0")));
    again.settings.repoint = Some(Box::new(back));
    let marks = marks(&again, deploy.origin, context.nonce);
    let revision = &marks.revision;
    let sentence = || format!("Could not put the template of service `{}` back", again.service);
    let body = change(Some(service.json()), &again.settings, &image_of(original), &marks)
        .map_err(|error| Failure::of(sentence(), error))?;
    let begun = cloud_run::apply(context.http, &context.service_name, &body).await;
    let operation = begun.map_err(|error| Failure::of(sentence(), error))?;
    if wait == WaitForEnd::ForNothing {
        return Ok(());
    }
    let limit = context.http.clock().limit(LONGEST_START);
    let told = match operation::watch(context.http, operation, limit, || ()).await {
        OperationWatched::Ended(OperationEnd::Done) => format!("revision `{revision}`, without traffic"),
        // It serves nobody, and the references are the old ones again.
        OperationWatched::Ended(OperationEnd::Failed(why)) => {
            format!("revision `{revision}`, which is not ready: {why}")
        }
        OperationWatched::StoppedWatching | OperationWatched::Unseen(_) => {
            format!("revision `{revision}`, not seen ready yet")
        }
    };
    context.console.line(&format!("The service's template is as before ({told})"));
    Ok(())
}

/// Why the new version must stay, if somebody reads it or that cannot be found out.
async fn read_by(context: &SecretContext<'_>, turn: Option<&Turn>, made: &VersionFact) -> Option<String> {
    let wish = turn.and_then(|turn| turn.deploy.settings.repoint.as_ref())?;
    // One look that does not find the service is no proof that nobody reads it.
    let look = async || cloud_run::service(context.http, &context.service_name).await;
    let service = match again::until(context.http.clock(), look, Option::is_some).await {
        Ok(service) => service?,
        Err(error) => return Some(format!("whether the service reads it is not known: {error}")),
    };
    let readers = readers::of_service(context, &service, &wish.secret).await;
    let reads = readers.into_iter().find(|reader| reader.version == WantedVersion::Number(made.number))?;
    Some(format!("{} reads it", reads.who))
}

/// After an interruption: the traffic, the template and the secret are as they were, as far as the time reaches.
pub async fn tidy_up(context: &SecretContext<'_>, progress: &mut RotationProgress) {
    if progress.facts.secret.moved {
        return;
    }
    if let Some(turn) = &progress.turn {
        let deploy = turn.context(context, context.origin);
        let open = progress.facts.rollout.as_ref().is_some_and(|rollout| rollout.end == RolloutEnd::Open);
        if open && progress.facts.service.written != Written::No {
            match restore(&deploy, &mut progress.facts).await {
                Ok(told) => context.console.line(&format!("Put back: {told}")),
                Err(failure) => context.console.warning(&format!("The traffic was not put back: {failure}")),
            }
        }
    }
    if progress.made.is_none() {
        progress.made = make::interrupted(context, &mut progress.facts).await;
    }
    after(context, progress, WaitForEnd::ForNothing).await;
}
