//! The deployment that GitHub shows beside the commit: begun before anything is done, ended with the run. It is a
//! courtesy: what becomes of it never decides a run.

use std::time::Duration;

use super::clients::github;
use crate::inputs::pull_request::shown_commit;
use crate::report::Outcome;
use slipway_failure::{Class, Explain};
use slipway_github::deployments::{Deployment, DeploymentState, DeploymentStatus, NewDeployment};
use slipway_github::{GitHub, GitHubError};
use slipway_names::secret::Secret;
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_wire::net::Net;

/// A forge that does not answer within this is not waited for.
const LONGEST: Duration = Duration::from_secs(20);

/// What is recorded.
pub(crate) struct TrackedDeployment<'a> {
    /// The environment.
    pub environment: &'a str,
    /// The commit; the one that GitHub shows for the run unless it is said.
    pub commit: Option<&'a str>,
    /// What is deployed, such as "`web`", for a reader.
    pub what: String,
    /// What will show it. Deployments of one job are told apart by it, and only one of the same places is ended.
    pub places: Vec<String>,
    /// Whether the environment will go.
    pub transient: bool,
    /// For questions to GitHub.
    pub token: Option<&'a Secret>,
    /// Whether a refusal is worth a warning: nobody asked for it where the environment has another meaning.
    pub asked_for: bool,
}

/// A deployment that is under way.
pub(super) struct Tracked {
    github: GitHub,
    deployment: Deployment,
    log_url: Option<String>,
}

/// Says of a deployment that is tracked that it is under way.
pub(super) async fn start(console: &Console, tracked: Option<&Tracked>) {
    if let Some(tracked) = tracked {
        tracked.start(console).await;
    }
}

/// Begins a deployment, or goes on with the one that an earlier attempt of this run began.
pub(super) async fn begin(console: &Console, runner: &Runner, wish: &TrackedDeployment<'_>) -> Option<Tracked> {
    if console.is_simulated() {
        // Nothing was deployed that GitHub could show.
        return None;
    }
    let origin = &runner.origin;
    let (commit, run) = (wish.commit.map(str::to_owned).or_else(|| shown_commit(origin))?, origin.run_id.as_deref()?);
    let told = async {
        let asked_for = wish.asked_for;
        let net = Net::new(runner.extra_roots.clone()).map_err(|error| (error.to_string(), asked_for))?;
        let github =
            github(runner, &net, wish.token).ok_or_else(|| ("there is no token for GitHub".to_owned(), asked_for))?;
        let job = [origin.job.as_deref(), origin.step.as_deref(), Some(wish.what.as_str())];
        let begin = NewDeployment {
            commit: &commit,
            environment: wish.environment,
            description: &format!("Slipway: {}", wish.what),
            transient: wish.transient,
            production: !wish.transient && ["production", "prod"].contains(&wish.environment),
            run,
            job: &job.into_iter().flatten().collect::<Vec<_>>().join("/"),
            places: &wish.places,
        };
        let deployment = github.begin(&begin).await.map_err(|error| {
            // A server cannot be mended by whoever reads this.
            (with_cure(&error), asked_for && !error.is_lacking())
        })?;
        let tracked = Tracked { github, deployment, log_url: origin.run_url() };
        tracked.say(DeploymentState::Queued, None, "begun").await.map_err(|why| (why, asked_for))?;
        Ok::<_, (String, bool)>(tracked)
    };
    match tokio::time::timeout(LONGEST, told).await {
        Ok(Ok(tracked)) => {
            let again = if tracked.deployment.found { ", which an earlier attempt began" } else { "" };
            console.line(&format!("GitHub shows this as a deployment to {}{again}", wish.environment));
            Some(tracked)
        }
        Ok(Err((why, is_worth_a_warning))) => {
            let text = format!("No deployment to {} is recorded at GitHub: {why}", wish.environment);
            if is_worth_a_warning {
                console.warning(&text)
            } else {
                console.line(&text)
            }
            None
        }
        Err(_) => {
            console
                .warning(&format!("No deployment to {} is recorded: GitHub did not answer in time", wish.environment));
            None
        }
    }
}

/// What GitHub said, and what to do about it.
pub(crate) fn with_cure(error: &GitHubError) -> String {
    let hint = error.hints().into_iter().next().map(|hint| format!("; {hint}"));
    format!("{error}{}", hint.unwrap_or_default())
}

impl Tracked {
    async fn say(&self, state: DeploymentState, url: Option<&str>, description: &str) -> Result<(), String> {
        let status = DeploymentStatus { state, environment_url: url, log_url: self.log_url.as_deref(), description };
        self.github.status(&self.deployment, &status).await.map_err(|error| with_cure(&error))
    }

    /// Says that it is under way: credentials are good, and the work begins.
    pub(super) async fn start(&self, console: &Console) {
        let told = tokio::time::timeout(LONGEST, self.say(DeploymentState::InProgress, None, "under way")).await;
        if !matches!(told, Ok(Ok(()))) {
            console.line("GitHub could not be told that the deployment is under way");
        }
    }

    /// Says how it ended.
    pub(super) async fn end<K>(self, console: &Console, outcome: &Outcome<K>, url: Option<&str>, headline: &str) {
        let state = match outcome {
            Outcome::Succeeded(_) => DeploymentState::Success,
            Outcome::Planned(_) => DeploymentState::Inactive,
            // Something newer serves there.
            Outcome::Failed(failure) if failure.class() == Class::Superseded => DeploymentState::Inactive,
            Outcome::Failed(_) => DeploymentState::Failure,
            Outcome::Cancelled(_) => DeploymentState::Error,
        };
        let description = headline.replace('`', "");
        let told = tokio::time::timeout(LONGEST, self.say(state, url, &description)).await;
        match told {
            Ok(Ok(())) => {}
            Ok(Err(why)) => console.warning(&format!("GitHub could not be told how the deployment ended: {why}")),
            Err(_) => console.warning("GitHub could not be told how the deployment ended: it did not answer in time"),
        }
    }
}
