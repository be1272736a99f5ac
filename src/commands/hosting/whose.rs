//! Whose pull request it is that an input names for a site's preview: asked of GitHub, and never taken for granted.

use std::path::Path;

use crate::commands::hosting::inputs::{Channel, Hosting, SiteWork};
use crate::driver::clients::github;
use crate::driver::pull_request::{Question, ask, compare, whose};
use crate::inputs::checkout;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::firebase::channel::for_pull_request;
use crate::inputs::pull_request::{PullRequest, of_run};
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_wire::net::Net;

/// The commits of a preview, where GitHub was asked for its pull request.
#[derive(Default)]
pub(super) struct Commits {
    /// The one at the head.
    pub head: Option<String>,
    /// The one that is checked out: the head, or a merge of it.
    pub built: Option<String>,
}

/// Asks for the pull request that an input names, compares what is checked out with its head, and gives the channel the
/// name that its events give it.
///
/// # Errors
/// When it is another repository's or closed, something else is checked out, or GitHub does not say; on a terminal a
/// person answers for that.
pub(super) async fn settle(console: &Console, runner: &Runner, hosting: &mut Hosting) -> Result<Commits, InputErrors> {
    let token = hosting.github_token.clone();
    let SiteWork::Deploy(upload) = &mut hosting.what else { return Ok(Commits::default()) };
    if console.is_simulated() {
        // GitHub hears nothing of what is only played.
        return Ok(Commits::default());
    }
    let Some(named) = upload.named_pull.as_ref() else {
        if let Channel::Preview { .. } = upload.channel {
            of_event(console, runner, &upload.directory);
        }
        return Ok(Commits::default());
    };
    let mut findings = Findings::default();
    let pull = PullRequest::numbered(named.number);
    let question = Question { pull: &pull, said: named.said, forks: named.forks };
    let net = Net::new(runner.extra_roots.clone()).map_err(|error| error.to_string());
    let github = net.map(|net| github(runner, &net, token.as_ref()));
    let answer = match &github {
        Ok(github) => ask(github.as_ref(), pull.number).await,
        Err(why) => Err(why.clone()),
    };
    whose(console, runner, &question, &answer, &mut findings);
    let mut commits = Commits::default();
    // What goes live is no preview: whose it is matters, and it may well be merged.
    if let (Ok(answer), Channel::Preview { id, .. }) = (&answer, &mut upload.channel) {
        if answer.closed {
            let problem = format!("pull request #{} is closed, and no new preview is made of it", pull.number);
            findings.wrong("pull_request", problem, "what is left of its preview goes with `state: absent`");
        }
        if findings.mistakes.is_empty() {
            let github = github.as_ref().ok().and_then(Option::as_ref);
            let there = (Some(answer.head_sha.as_str()), upload.directory.as_path());
            commits.built = compare(console, runner, github, &question, there, &mut findings).await;
            commits.head = Some(answer.head_sha.clone());
        }
        if named.names_the_channel {
            *id = for_pull_request(pull.number, &answer.head_ref);
        }
    }
    if findings.mistakes.is_empty() { Ok(commits) } else { Err(InputErrors::of(findings)) }
}

/// Says that a preview for a pull request's own event shows something else than its head: on `pull_request_target`, and on
/// reviews, a checkout gets the base.
fn of_event(console: &Console, runner: &Runner, directory: &Path) {
    let origin = &runner.origin;
    let Some(pull) = of_run(origin) else { return };
    let (Some(head), Some(there)) = (pull.head, checkout::commit(&runner.workspace, directory)) else { return };
    let merge = format!("refs/pull/{}/merge", pull.number);
    let is_merge = origin.full_ref.as_ref() == Some(&merge) && origin.sha.as_ref() == Some(&there);
    if there != head && !is_merge {
        let number = pull.number;
        console.warning(&format!(
            "`{there}` is checked out, and the head of pull request #{number} is `{head}`: the preview shows the former. Check out `ref: refs/pull/{number}/head` to show the pull request"
        ));
    }
}
