//! An allocation that a person asked for: who receives the requests, and where the tags stand. Nothing is deployed.

use super::traffic::{self, Decided, Guard};
use super::{Context, access, reading};
use crate::cloud_run::notes::{Candidate, Notes, Served};
use crate::cloud_run::service_level::Patch;
use crate::commands::deploy::inputs::{Allocation, Who};
use crate::facts::{Facts, Written};
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::Service;
use slipway_names::traffic::Traffic;

/// Writes it. What a run left unfinished is over with it, unless it is about tags alone.
pub(super) async fn write(
    context: &Context<'_>,
    facts: &mut Facts,
    allocation: &Allocation,
) -> Result<((), String), Failure> {
    let service = reading::read(context).await?;
    reading::remember(facts, Some(&service));
    if allocation.is_tags_alone() {
        return tags(context, facts, allocation).await;
    }
    let previous = facts.service.previous.clone();
    let decide = |service: &Service| {
        let traffic = asked(context, service, allocation)?;
        let main = traffic.main_revision(service.latest_ready().as_ref()).cloned();
        let mut notes = Notes::on(service.json());
        let left = notes.record.take();
        let patch = match (&left, &main) {
            // What came with a revision stays where that is the one that is named.
            (Some(left), Some(main)) if left.rollout.revision != *main => left.undo.clone(),
            _ => Patch::default(),
        };
        notes.served = Served {
            revision: main.as_ref().map(ToString::to_string).unwrap_or_default(),
            commit: None,
            previous: previous.as_ref().map(ToString::to_string),
            ..Served::default()
        };
        if let Some(main) = &main {
            let brings = |waiting: &&Candidate| !waiting.later.is_empty() || waiting.public.is_some();
            let waiting = notes.candidate(main).filter(brings).cloned();
            notes.promoted(main);
            // Its settings wait for whoever promotes it.
            notes.candidates.extend(waiting);
        }
        if !allocation.tags.is_empty() {
            notes.sweep(&traffic);
        }
        Ok(Decided { traffic, notes, patch })
    };
    let left = Notes::on(service.json()).record;
    let now = traffic::write(context, facts, Guard::Nothing, decide).await?;
    facts.service.written = Written::Yes;
    let main = now.serving().main_revision(now.latest_ready().as_ref()).cloned();
    if let Some(left) = left.filter(|left| Some(&left.rollout.revision) != main.as_ref()) {
        access::put_back(context, &left).await?;
    }
    if let Some(waiting) = main.as_ref().and_then(|main| Notes::on(now.json()).candidate(main).cloned()) {
        context.console.line(&format!(
            "Settings that were deployed with revision `{}` come with `promote` alone, tag `{}`",
            waiting.revision, waiting.tag
        ));
    }
    Ok(((), format!("the traffic is {}", now.serving().words(now.latest_ready().as_ref()))))
}

/// Writes tags, and nothing else: who serves stays, and so does a rollout that goes on.
async fn tags(context: &Context<'_>, facts: &mut Facts, allocation: &Allocation) -> Result<((), String), Failure> {
    let decide = |service: &Service| {
        let (traffic, mut notes) = (asked(context, service, allocation)?, Notes::on(service.json()));
        notes.sweep(&traffic);
        Ok(Decided { traffic, notes, patch: Patch::default() })
    };
    let now = traffic::write(context, facts, Guard::Nothing, decide).await?;
    facts.service.written = Written::Yes;
    Ok(((), format!("the traffic is {}", now.traffic().words(now.latest_ready().as_ref()))))
}

/// The allocation that is asked for, on the service as it is.
pub(super) fn asked(context: &Context<'_>, service: &Service, allocation: &Allocation) -> Result<Traffic, Failure> {
    if allocation.shares.iter().any(|ask| ask.who == Who::Latest) {
        may_serve(context, service)?;
    }
    let then = crate::cloud_run::allocation::asked(&service.traffic(), allocation).map_err(|error| {
        let what = format!("The traffic of service `{}` cannot be as asked for: {error}", context.deploy.service);
        Failure::plain(Class::Config, what)
            .hint(format!("Its traffic is {}", service.traffic().words(service.latest_ready().as_ref())))
    })?;
    if allocation.is_tags_alone() {
        in_use(context, service, &then)?;
    }
    Ok(then)
}

/// Refuses to take the tag away by which a rollout that goes on asks its candidate.
fn in_use(context: &Context<'_>, service: &Service, then: &Traffic) -> Result<(), Failure> {
    let Some(record) = Notes::on(service.json()).record else { return Ok(()) };
    let tag = &record.rollout.tag;
    if crate::cloud_run::rollout::tagged(then, tag) == crate::cloud_run::rollout::tagged(&service.traffic(), tag) {
        return Ok(());
    }
    let what = format!(
        "Tag `{tag}` of service `{}` is the one of a rollout that is not over, of revision `{}`",
        context.deploy.service, record.rollout.revision
    );
    Err(Failure::plain(Class::Config, what)
        .hint(format!("Take that rollout back first: slipway rollback {}", context.flags()))
        .more_hints(["Or leave that tag out, and let it end".to_owned()]))
}

/// Refuses to send requests to the latest revision where that is one which was never promoted: it failed, or waits.
/// Whoever wants it names it.
fn may_serve(context: &Context<'_>, service: &Service) -> Result<(), Failure> {
    let notes = Notes::on(service.json());
    let latest = service.latest_ready();
    let refused = latest.as_ref().filter(|name| {
        // What came by `strategy: direct` was to serve at once.
        let at_once = notes.served.revision == name.as_str();
        notes.is_unpromoted(name) && !at_once && service.serving().share_of(name, Some(name)) == 0
    });
    let Some(name) = refused else { return Ok(()) };
    let what = format!(
        "The latest revision of service `{}` is `{name}`, which was never promoted: it did not pass, or waits without traffic",
        context.deploy.service
    );
    Err(Failure::plain(Class::Config, what)
        .hint(format!("To send it requests all the same, name it: `traffic: {name}=100`"))
        .more_hints(["Or deploy again: a deploy that ends well follows the latest revision again".to_owned()]))
}
