//! Order: a run for an older commit never replaces a newer one that serves.

use std::time::Duration;

use super::Context;
use crate::explain::{Class, Failure};
use crate::github::Comparison;
use crate::google::cloud_run::Service;
use crate::model::facts::Facts;
use crate::plan::changed_paths::concerned;
use crate::plan::rollout::Served;

/// The question to GitHub may delay a deploy by this much at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks GitHub how this run's commit lies to the one that serves. What cannot be known stops nothing.
pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, service: &Service) -> Result<((), String), Failure> {
    let before = Served::on(service.json()).commit.or_else(|| service.label("commit-sha").map(str::to_owned));
    facts.service.commit_before = before.clone();
    let (Some(before), Some(now)) = (before, context.origin.sha.as_deref()) else {
        return Ok(((), "nothing to compare with".into()));
    };
    if before == now {
        facts.commits = Some("the same commit".to_owned());
        if !context.deploy.changed_paths.is_empty() {
            facts.unchanged = Some(format!("commit `{now}` serves already"));
        }
        return Ok(((), "the same commit serves already".into()));
    }
    let Some(github) = context.github else { return Ok(((), "GitHub was not asked: there is no token".into())) };
    let answer = tokio::time::timeout(PATIENCE, github.compare(&before, now)).await;
    let comparison = match answer {
        Ok(Ok(comparison)) => comparison,
        Ok(Err(error)) => return Ok(((), format!("not known: {error}"))),
        Err(_) => return Ok(((), "not known: GitHub did not answer in time".into())),
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
    unchanged(context, facts, &comparison, &before);
    Ok(((), text))
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
            facts.unchanged = Some(format!("nothing changed in {} since `{before}`, which serves", shown(paths)));
        }
    }
}

fn shown(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}
