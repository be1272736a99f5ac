//! What is true now: the sentences a reader of a failure needs most.

use super::{Outcome, Story, simulated};
use crate::facts::{Facts, RolloutEnd, RolloutFact, Written};
use slipway_names::kind::ResourceKind;
use slipway_names::shown::listed;

/// What stands in the cloud after this run, in sentences.
pub fn sentences(story: &Story<'_>) -> Vec<String> {
    if let Outcome::Planned(_) = story.outcome {
        return vec!["Nothing was changed".to_owned()];
    }
    let mut all = Vec::new();
    all.extend(build(story));
    all.extend(story.facts.job.as_ref().map(super::execution::sentence));
    if story.others.is_empty() {
        all.extend(of_service(story.kind, story.service, story.facts));
        return simulated::sentences(story.facts.simulated, all);
    }
    let regions = std::iter::once((story.region, story.facts)).chain(story.others.iter().copied());
    for (region, facts) in regions {
        all.extend(
            of_service(story.kind, story.service, facts).into_iter().map(|sentence| format!("{region}: {sentence}")),
        );
    }
    simulated::sentences(story.facts.simulated, all)
}

fn build(story: &Story<'_>) -> Option<String> {
    let build = story.facts.build.as_ref()?;
    if story.facts.simulated {
        return Some("The source and what the build asks for were read; nothing is built".to_owned());
    }
    let Some(id) = &build.id else {
        return Some(format!(
            "Whether Cloud Build took the build is not known; it would carry the tag `{}`",
            build.tag
        ));
    };
    Some(match (build.over, &story.facts.image) {
        (true, Some(image)) => format!("Build `{id}` is {}, and the image `{image}` is pushed", build.status),
        (true, None) => format!("Build `{id}` is {}", build.status),
        (false, _) => format!("Build `{id}` was {} when it was last seen", build.status),
    })
}

/// How a rollout ended, where its revision did not simply get everything.
fn rollout_sentence(service: &str, rollout: &RolloutFact) -> Option<String> {
    let before = rollout.before.words(None);
    match &rollout.end {
        RolloutEnd::Finished => None,
        RolloutEnd::Restored if rollout.settings.is_empty() => {
            Some(format!("Service `{service}` serves as before: {before}"))
        }
        RolloutEnd::Restored => Some(format!(
            "Service `{service}` serves as before: {before}; so are its settings that had changed with the traffic ({})",
            listed(&rollout.settings)
        )),
        RolloutEnd::Candidate => Some(format!("The candidate can be asked at its tag `{}`", rollout.tag)),
        RolloutEnd::Left(why) => Some(format!("The traffic was left as it is ({why}); before it was {before}")),
        RolloutEnd::Stuck(why) if rollout.settings.is_empty() => {
            Some(format!("The traffic could not be put back to {before}: {why}"))
        }
        RolloutEnd::Stuck(why) => Some(format!(
            "The traffic could not be put back to {before}, nor what had changed with it ({}): {why}",
            listed(&rollout.settings)
        )),
        RolloutEnd::Open => {
            Some(format!("The rollout is unfinished; the next run goes on from what served before: {before}"))
        }
    }
}

/// One word for the report.
pub fn rollout_word(end: &RolloutEnd) -> &'static str {
    match end {
        RolloutEnd::Open => "open",
        RolloutEnd::Finished => "finished",
        RolloutEnd::Candidate => "candidate",
        RolloutEnd::Restored => "restored",
        RolloutEnd::Left(_) => "left",
        RolloutEnd::Stuck(_) => "stuck",
    }
}

/// What stands of a service or a worker pool.
pub(crate) fn of_service(kind: ResourceKind, name: &str, facts: &Facts) -> Vec<String> {
    let service = &facts.service;
    if let Some(why) = &facts.unchanged {
        let traffic = service.traffic_before.words(service.latest_before.as_ref());
        return vec![format!("Nothing was changed on {} `{}`: {why}; its traffic is {traffic}", kind.word(), name)];
    }
    let (word, capital) = (kind.word(), kind.capital());
    let Some(revision) = &service.revision else {
        return vec![match (&service.traffic, service.written) {
            (Some(traffic), Written::Yes) => {
                format!("The traffic of {word} `{name}` is {}", traffic.words(service.latest_ready.as_ref()))
            }
            _ => format!("Nothing was changed on {word} `{name}`"),
        }];
    };
    match service.written {
        Written::No if service.existed => {
            return vec![format!(
                "Nothing was changed on {word} `{name}`; its traffic is {}",
                service.traffic_before.words(service.latest_before.as_ref())
            )];
        }
        Written::No => return vec![format!("{capital} `{name}` was not created")],
        Written::Unknown => {
            return vec![format!(
                "Whether Cloud Run took revision `{revision}` is not known; {word} `{name}` shows it"
            )];
        }
        Written::Yes => {}
    }
    let mut all = Vec::new();
    let share = facts.share();
    all.push(match (service.ready, share) {
        (true, Some(share)) => match kind {
            ResourceKind::Service => format!("Revision `{revision}` is ready and receives {share} % of the requests"),
            ResourceKind::WorkerPool => format!("Revision `{revision}` is ready and has {share} % of the instances"),
        },
        (true, None) => format!("Revision `{revision}` is ready"),
        (false, _) if !service.existed => {
            format!("{capital} `{name}` exists now, with revision `{revision}`, which is not ready: it serves nobody")
        }
        (false, _) => format!("Revision `{revision}` exists and is not ready"),
    });
    let end = facts.rollout.as_ref().map(|rollout| &rollout.end);
    let (restored, stuck) = (end == Some(&RolloutEnd::Restored), matches!(end, Some(RolloutEnd::Stuck(_))));
    match (&service.traffic, service.ready) {
        // Said below, in the words of what was there before.
        _ if restored => {}
        (Some(traffic), _) if !traffic.shares.is_empty() && share != Some(100) => {
            all.push(format!("The traffic of {word} `{name}` is {}", traffic.words(service.latest_ready.as_ref())))
        }
        (None, _) if stuck => all.push(format!("What {word} `{name}` serves now is not known: it could not be read")),
        (None, _) if service.existed => all.push(format!(
            "The traffic of {word} `{name}` was {} before",
            service.traffic_before.words(service.latest_before.as_ref())
        )),
        _ => {}
    }
    let stay: Vec<String> = service.settings.iter().filter(|setting| *setting != "labels").cloned().collect();
    if !service.ready && service.existed && !stay.is_empty() {
        all.push(format!("Settings of {word} `{name}` changed in the same write, and are so now: {}", listed(&stay)));
    }
    all.extend(facts.rollout.as_ref().and_then(|rollout| rollout_sentence(name, rollout)));
    all.extend(service.access.as_ref().map(|access| format!("Access to service `{name}`: {access}")));
    all
}
