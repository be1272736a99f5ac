//! Order: a run for an older commit never replaces a newer one that serves, and a run that gives way says whether its
//! commit still has to be deployed.

use slipway_names::shown::listed;
use std::time::Duration;

use super::Context;
use crate::cloud_build::changed_paths::concerned;
use crate::cloud_run::notes::{Notes, RolloutRecord};
use crate::cloud_run::rollout::pinned;
use crate::commands::deploy::inputs::DeployWhat;
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_github::Comparison;
use slipway_google::cloud_run::{self as cloud_run, Service};

/// The question to GitHub may delay a deploy by this much at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// The commit that serves, by the revision that serves: as the write noted it that moved the traffic to that revision,
/// else by the revision's own label. What the service itself is labelled says nothing: it may be of a deploy that failed.
pub(super) async fn serving_commit(context: &Context<'_>, service: &Service) -> Option<String> {
    let notes = Notes::on(service.json());
    let now = pinned(&service.traffic(), service.latest_ready().as_ref());
    // What another run still tries may go back to what served before it.
    let before = going(context, &notes).map(|record| record.rollout.before.clone());
    let traffic = before.or(now)?;
    let main = traffic.main_revision(None)?;
    let served = notes.served;
    if let Some(commit) = served.commit.filter(|_| served.revision == main.as_str()) {
        return Some(commit);
    }
    // What cannot be read here stops nothing: whoever needs the revision will say so.
    cloud_run::revision(context.http, &context.service_name, main).await.ok()??.commit
}

/// The rollout of another run that stands on the service.
fn going<'a>(context: &Context<'_>, notes: &'a Notes) -> Option<&'a RolloutRecord> {
    notes.record.as_ref().filter(|record| record.run != context.marks.request_tag)
}

/// Whether a run can be older than another: without a commit of its own it cannot, and what is promoted was chosen.
pub(super) fn matters(context: &Context<'_>) -> bool {
    context.origin.sha.is_some() && !matches!(context.deploy.what, DeployWhat::Promoted(_))
}

/// Asks GitHub how this run's commit lies to the one that serves. What cannot be known stops nothing.
pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, service: &Service) -> Result<((), String), Failure> {
    // A rollout that goes on, or was left, is waited for or ended by whoever deploys: nothing stays as it is.
    let unfinished = going(context, &Notes::on(service.json())).is_some();
    let before = serving_commit(context, service).await;
    facts.service.commit_before = before.clone();
    let (Some(before), Some(now)) = (before, context.origin.sha.as_deref()) else {
        return Ok(((), "nothing to compare with".into()));
    };
    if before == now {
        facts.commits = Some("the same commit".to_owned());
        if !context.deploy.changed_paths.is_empty() && !unfinished {
            facts.unchanged = Some(format!("commit `{now}` serves already"));
        }
        return Ok(((), "the same commit serves already".into()));
    }
    let comparison = match compare(context, &before, now).await {
        Ok(comparison) => comparison,
        Err(why) => return Ok(((), why)),
    };
    let commits = |count: u64| format!("{count} commit{}", if count == 1 { "" } else { "s" });
    let text = match comparison.status.as_str() {
        "ahead" => format!("{} newer than `{before}`", commits(comparison.ahead_by)),
        "behind" => format!("{} older than `{before}`", commits(comparison.behind_by)),
        "diverged" => format!(
            "{} that `{before}` has not, and without {} of its own",
            commits(comparison.ahead_by),
            commits(comparison.behind_by)
        ),
        _ => return Ok(((), "not known".into())),
    };
    let address = context.origin.compare_url(&before, now);
    facts.commits = Some(address.map_or_else(|| text.clone(), |address| format!("{text} (`{address}`)")));
    if comparison.status == "behind" && !context.deploy.rollout.force {
        return Err(Failure::plain(
            Class::Superseded,
            format!("A newer commit serves already: `{now}` is {text}; service `{}` is left as it is", context.deploy.service),
        )
        .hint("To deploy the older commit on purpose, write `force: true`; to go back to what served before, use the rollback action"));
    }
    if !unfinished {
        unchanged(context, facts, &comparison, &before);
    }
    Ok(((), text))
}

/// Notes on a service for which there was nothing to deploy that what serves is this commit's too, so that the next run
/// is compared with it. Nothing depends on it.
pub(super) async fn renew(context: &Context<'_>, service: &Service) {
    let traffic = pinned(&service.traffic(), service.latest_ready().as_ref());
    let main = traffic.as_ref().and_then(|traffic| traffic.main_revision(None));
    let (Some(main), Some(commit)) = (main, &context.origin.sha) else { return };
    let mut notes = Notes::on(service.json());
    if notes.record.is_some() || notes.served.revision == main.as_str() && notes.served.commit.as_ref() == Some(commit)
    {
        return;
    }
    if notes.served.revision != main.as_str() {
        notes.served.previous = None;
    }
    (notes.served.revision, notes.served.commit) = (main.to_string(), Some(commit.clone()));
    let mut body = service.json().clone();
    notes.write(&mut body);
    let fields = ["annotations".to_owned()];
    if let Err(error) = cloud_run::write_fields(context.http, &context.service_name, &body, &fields).await {
        context.console.line(&format!("That commit `{commit}` serves could not be noted: {error}"));
    }
}

/// How `head` lies to `base`, or why that is not known.
async fn compare(context: &Context<'_>, base: &str, head: &str) -> Result<Comparison, String> {
    let Some(github) = context.github else { return Err("GitHub was not asked: there is no token".into()) };
    match tokio::time::timeout(PATIENCE, github.compare(base, head)).await {
        Ok(Ok(comparison)) => Ok(comparison),
        Ok(Err(error)) => Err(format!("not known: {error}")),
        Err(_) => Err("not known: GitHub did not answer in time".into()),
    }
}

/// Keeps that nothing has to be deployed, where GitHub says for sure that nothing changed where it matters.
fn unchanged(context: &Context<'_>, facts: &mut Facts, comparison: &Comparison, before: &str) {
    let paths = &context.deploy.changed_paths;
    if paths.is_empty() {
        return;
    }
    let Some(changed) = comparison.changed_paths() else {
        return context.console.line("Which files changed is not known for sure, so it is deployed");
    };
    match concerned(paths, &changed) {
        Some(path) => context.console.line(&format!("`{path}` changed since `{before}`, so it is deployed")),
        None => {
            facts.unchanged = Some(format!("nothing changed in {} since `{before}`, which serves", listed(paths)));
        }
    }
}

/// The failure of a run that gives way to another one: what serves, and whether this run's commit still has to be
/// deployed.
pub(super) async fn overtaken(context: &Context<'_>, service: Option<&Service>, what: &str) -> Failure {
    let failure = Failure::plain(Class::Superseded, what.to_owned());
    let group = "Give the workflow a `concurrency:` group per service to keep runs in order".to_owned();
    let Some(service) = service else { return failure.hint("Run it again").more_hints([group]) };
    let notes = Notes::on(service.json());
    let (there, how) = match going(context, &notes).and_then(|record| record.commit.clone()) {
        Some(commit) => (Some(commit), "is being rolled out"),
        None => (serving_commit(context, service).await, "serves"),
    };
    let serving = service.serving().words(service.latest_ready().as_ref());
    let failure = failure.evidence(vec![match &there {
        Some(commit) => format!("Commit {commit} {how}; the traffic is {serving}"),
        None => format!("The traffic is {serving}"),
    }]);
    let hint = match (there, context.origin.sha.as_deref()) {
        (Some(there), Some(own)) if there == own => format!("Nothing needs to be done: commit `{own}` {how}"),
        (Some(there), Some(own)) => match compare(context, &there, own).await.map(|found| found.status) {
            Ok(status) if status == "behind" => {
                format!("Nothing needs to be done: commit `{there}`, which {how}, contains this run's `{own}`")
            }
            Ok(_) => format!(
                "This run's commit `{own}` is not in `{there}`, which {how}: it still has to be deployed; run it again"
            ),
            Err(why) => {
                let page = context.origin.compare_url(&there, own).map(|page| format!(": {page}")).unwrap_or_default();
                format!(
                    "Whether `{there}`, which {how}, contains this run's commit `{own}` is {why}; if it does not, run it again{page}"
                )
            }
        },
        (_, Some(own)) => format!("Whether commit `{own}` serves is not known; if it does not, run it again"),
        (_, None) => "What this run was to bring is not there; run it again if it is still wanted".to_owned(),
    };
    failure.hint(hint).more_hints([group])
}
