//! Whether a run would ship what another repository's people wrote, by what its event says.

use crate::commands::deploy::inputs::resolve::Give;
use crate::inputs::checkout;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::pull_request::{self as pull_request, PullRequest};
use crate::inputs::spec::deploy::name;
use crate::inputs::spec::hosting;
use slipway_runner::env::Runner;

/// What to do about it, for commands that ship what everybody meets.
const CURE: &str = "deploy what was merged (`on: push`); or write `allow_forks: approved` where a person approves each run, and knows that the code can use whatever the run can";

/// Whether the input says that a person approves each run.
pub(crate) fn approved(give: &mut Give<'_>) -> bool {
    give.choice(name::ALLOW_FORKS, &[("approved", true)]).unwrap_or(false)
}

/// Refuses a deploy, a release or a site of a pull request that comes from another repository, and of a workflow that
/// one has started: its code would be built and run with this run's credentials. What was merged, and is what is checked
/// out, is this repository's own.
pub fn refuse(raw: &RawInputs, runner: &Runner, findings: &mut Findings) {
    let mut give = Give { raw, findings };
    if approved(&mut give) {
        return;
    }
    let origin = &runner.origin;
    let by_event = pull_request::of_run(origin).filter(PullRequest::is_by_event);
    if let Some(pull) = by_event.filter(|pull| pull.is_from_fork(origin.repository.as_deref())) {
        if !is_merged_here(&pull, runner, raw) {
            give.findings.wrong(name::ALLOW_FORKS, strange(&pull), CURE);
        }
        return;
    }
    let is_here = |from: &str| origin.repository.as_deref().is_some_and(|here| here.eq_ignore_ascii_case(from));
    let elsewhere = pull_request::started_by(origin).filter(|from| !from.as_deref().is_some_and(is_here));
    if let Some(from) = elsewhere
        && (origin.sha.is_none() || checked_out(runner, raw) != origin.sha)
    {
        let problem = format!(
            "a workflow of {} started this run, and what is checked out is not this repository's own commit: its code would be shipped with this run's credentials",
            pull_request::repository_words(from.as_deref())
        );
        give.findings.wrong(name::ALLOW_FORKS, problem, CURE);
    }
}

/// That a pull request's code is not this repository's.
pub fn strange(pull: &PullRequest) -> String {
    format!(
        "pull request #{} comes from {}: its code would be built and run with this run's credentials",
        pull.number,
        pull.from_words()
    )
}

/// Whether it was merged, and what is checked out is the commit of its base.
pub(super) fn is_merged_here(pull: &PullRequest, runner: &Runner, raw: &RawInputs) -> bool {
    let there = checked_out(runner, raw);
    pull.merged && there.is_some() && (there == pull.became || there == runner.origin.sha)
}

fn checked_out(runner: &Runner, raw: &RawInputs) -> Option<String> {
    let at = [name::SOURCE, hosting::name::ENTRY_POINT].into_iter().find_map(|name| raw.get(name)).unwrap_or(".");
    checkout::commit(&runner.workspace, &runner.workspace.join(at))
}
