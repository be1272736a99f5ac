//! Whose pull request it is that an input names for a site's preview: asked of GitHub, and never taken for granted.

use super::github;
use super::pull_request::ask;
use crate::console::Console;
use crate::github::Pull;
use crate::inputs::error::{Findings, InputErrors};
use crate::inputs::firebase::channel::for_pull_request;
use crate::inputs::hosting::{Channel, Hosting, SiteWork};
use crate::inputs::pull_request::PullRequest;
use crate::inputs::runner::Runner;
use crate::net::Net;

/// Asks for the pull request that an input names, and gives the channel the name that its events give it.
///
/// # Errors
/// When it is another repository's or closed, or GitHub does not say; on a terminal a person answers for that.
pub(super) async fn settle(console: &Console, runner: &Runner, hosting: &mut Hosting) -> Result<(), InputErrors> {
    let SiteWork::Deploy(upload) = &hosting.what else { return Ok(()) };
    let Some(number) = upload.named_pull else { return Ok(()) };
    let mut findings = Findings::default();
    let net = Net::new(runner.extra_roots.clone()).map_err(|error| error.to_string());
    let answer = match net.map(|net| github(runner, &net, hosting.github_token.as_ref())) {
        Ok(github) => ask(github.as_ref(), number).await,
        Err(why) => Err(why),
    };
    match answer {
        Ok(pull) if pull.closed => {
            let problem = format!("pull request #{number} is closed, and no new preview is made of it");
            findings.wrong("pull_request", problem, "what is left of its preview goes with `state: absent`");
        }
        Ok(pull) if comes(&pull, number).is_from_fork(runner.origin.repository.as_deref()) => {
            let from = comes(&pull, number).from_words();
            let problem = format!(
                "pull request #{number} comes from {from}: its code would be shipped with this run's credentials"
            );
            findings.wrong("pull_request", problem, "name one whose branch is in this repository");
        }
        Ok(pull) => {
            if let SiteWork::Deploy(upload) = &mut hosting.what
                && let Channel::Preview { id, .. } = &mut upload.channel
            {
                *id = for_pull_request(number, &pull.head_ref);
            }
        }
        Err(why) => {
            let text = format!("GitHub could not be asked for pull request #{number}: {why}");
            if runner.actions {
                let cure = "whose it is, is asked before anything is sent: give `github_token` and `pull-requests: read`, and run it again";
                findings.wrong("pull_request", text, cure);
            } else {
                console.warning(&text);
            }
        }
    }
    if findings.mistakes.is_empty() { Ok(()) } else { Err(InputErrors::of(findings)) }
}

/// Where GitHub says that it comes from.
fn comes(pull: &Pull, number: u64) -> PullRequest {
    PullRequest { from: pull.head_repository.clone(), ..PullRequest::numbered(number) }
}
