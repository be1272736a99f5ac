//! Which pull request a preview is of, and what is in the workspace: asked of GitHub wherever the event does not say it
//! itself, and never taken for granted.

use std::path::Path;
use std::time::Duration;

use super::deployment::with_cure;
use crate::inputs::checkout;
use crate::inputs::engine::error::Findings;
use crate::inputs::foreign::strange;
use crate::inputs::pull_request::{OF_FORKS, PullRequest, PullRequestSource};
use slipway_github::{GitHub, Pull};
use slipway_runner::Console;
use slipway_runner::env::Runner;

/// A forge that does not answer within this is not waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// The pull request that is asked about.
pub(crate) struct Question<'a> {
    /// What is known of it.
    pub pull: &'a PullRequest,
    /// Who says that it is this one.
    pub said: PullRequestSource,
    /// Whether a person approves each run for another repository's.
    pub forks: bool,
}

/// What is checked out at a place, which must be the head or a merge of it.
pub(crate) async fn compare(
    console: &Console,
    runner: &Runner,
    github: Option<&GitHub>,
    question: &Question<'_>,
    (head, at): (Option<&str>, &Path),
    findings: &mut Findings,
) -> Option<String> {
    let number = question.pull.number;
    let built = checkout::commit(&runner.workspace, at);
    match (head, &built) {
        (Some(head), Some(there)) if there != head => {
            if let Err(why) = merges(runner, github, question, head, there).await {
                let problem =
                    format!("`{there}` is checked out, and the head of pull request #{number} is `{head}`{why}");
                let cure = format!(
                    "check out `ref: refs/pull/{number}/head`; if somebody has pushed meanwhile, run it again"
                );
                findings.wrong("pull_request", problem, cure);
            }
        }
        (Some(head), None) => console.warning(&format!(
            "Which commit is in the workspace is not known (there is no `.git`): it is taken for `{head}`, the head of pull request #{number}"
        )),
        _ => {}
    }
    built
}

/// What GitHub says, or why it does not.
pub(crate) async fn ask(github: Option<&GitHub>, number: u64) -> Result<Pull, String> {
    let Some(github) = github else { return Err("there is no token for GitHub".into()) };
    match tokio::time::timeout(LONGEST, github.pull(number)).await {
        Ok(Ok(pull)) => Ok(pull),
        Ok(Err(error)) => Err(with_cure(&error)),
        Err(_) => Err("GitHub did not answer in time".into()),
    }
}

/// Refuses what is another repository's, or not known to be this one's.
pub(crate) fn whose(
    console: &Console,
    runner: &Runner,
    question: &Question<'_>,
    answer: &Result<Pull, String>,
    findings: &mut Findings,
) {
    let number = question.pull.number;
    let asked = match answer {
        Ok(answer) => PullRequest { from: answer.head_repository.clone(), ..question.pull.clone() },
        Err(why) => {
            let text = format!("GitHub could not be asked for pull request #{number}: {why}");
            match question.said {
                // The event says where it comes from; whether it was closed since is worth a line.
                PullRequestSource::Event => console.line(&text),
                _ if question.forks => console.warning(&text),
                PullRequestSource::ByHand if !runner.actions => console.warning(&text),
                _ => {
                    let cure = "where a pull request comes from, what is at its head and whether it is open is asked before anything is built: give `github_token` and `pull-requests: read`, and run it again";
                    findings.wrong("pull_request", text, cure);
                }
            }
            return;
        }
    };
    // What the event said was judged with the inputs.
    if question.said == PullRequestSource::Event
        || !asked.is_from_fork(runner.origin.repository.as_deref())
        || question.forks
    {
        return;
    }
    match question.said {
        PullRequestSource::ByHand => console.warning(&format!("By hand: {}", strange(&asked))),
        _ => findings.wrong("allow_forks", strange(&asked), OF_FORKS),
    }
}

/// Whether a commit is a merge of the head into its base, as `actions/checkout` gets it for a pull request. Says why it is
/// not known, where it is not.
async fn merges(
    runner: &Runner,
    github: Option<&GitHub>,
    question: &Question<'_>,
    head: &str,
    there: &str,
) -> Result<(), String> {
    let origin = &runner.origin;
    // The runner's own word for the merge that this run is about.
    let own = format!("refs/pull/{}/merge", question.pull.number);
    let of_run = question.said == PullRequestSource::Event && origin.full_ref.as_ref() == Some(&own);
    if of_run && origin.sha.as_deref() == Some(there) {
        return Ok(());
    }
    let Some(github) = github else { return Err(String::new()) };
    match tokio::time::timeout(LONGEST, github.parents(there)).await {
        Ok(Ok(parents)) if parents.len() > 1 && parents.iter().any(|parent| parent == head) => Ok(()),
        Ok(Ok(_)) => Err(String::new()),
        Ok(Err(error)) => Err(format!(" (whether it is a merge of that is not known: {error})")),
        Err(_) => Err(" (whether it is a merge of that is not known: GitHub did not answer in time)".into()),
    }
}
