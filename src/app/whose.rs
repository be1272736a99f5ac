//! Whose pull request it is that an input names for a site's preview: asked of GitHub, and never taken for granted.

use std::time::Duration;

use super::deployment::with_cure;
use super::github;
use crate::console::Console;
use crate::github::Pull;
use crate::inputs::error::{Findings, InputErrors};
use crate::inputs::firebase::channel::for_pull_request;
use crate::inputs::hosting::{Channel, Hosting, SiteWork};
use crate::inputs::runner::Runner;
use crate::net::Net;

/// A forge that does not answer within this is not waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// Asks for the pull request that an input names, and gives the channel the name that its events give it.
///
/// # Errors
/// When it is another repository's or closed, or GitHub does not say; on a terminal a person answers for that.
pub(super) async fn settle(console: &Console, runner: &Runner, hosting: &mut Hosting) -> Result<(), InputErrors> {
    let SiteWork::Deploy(upload) = &hosting.what else { return Ok(()) };
    let Some(number) = upload.named_pull else { return Ok(()) };
    let mut findings = Findings::default();
    match ask(runner, hosting, number).await {
        Ok(pull) if pull.closed => {
            let problem = format!("pull request #{number} is closed, and no new preview is made of it");
            findings.wrong("pull_request", problem, "what is left of its preview goes with `state: absent`");
        }
        Ok(pull) if !is_ours(&pull, runner) => {
            let from = pull.head_repository.map(|from| format!("`{from}`"));
            let from = from.unwrap_or_else(|| "a repository that is not there any more".to_owned());
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

fn is_ours(pull: &Pull, runner: &Runner) -> bool {
    let here = runner.origin.repository.as_deref();
    pull.head_repository.as_deref().zip(here).is_some_and(|(from, here)| from.eq_ignore_ascii_case(here))
}

async fn ask(runner: &Runner, hosting: &Hosting, number: u64) -> Result<Pull, String> {
    let net = Net::new(runner.extra_roots.clone()).map_err(|error| error.to_string())?;
    let github = github(runner, &net, hosting.github_token.as_ref());
    let github = github.ok_or_else(|| "there is no token for GitHub".to_owned())?;
    match tokio::time::timeout(LONGEST, github.pull(number)).await {
        Ok(Ok(pull)) => Ok(pull),
        Ok(Err(error)) => Err(with_cure(&error)),
        Err(_) => Err("GitHub did not answer in time".to_owned()),
    }
}
