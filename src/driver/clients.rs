//! What a run works with: text, the runner and its files, and clients that are made for an account and a project.

use std::sync::Arc;

use crate::probe::Probe;
use slipway_failure::{Class, Failure};
use slipway_github::GitHub;
use slipway_google::endpoints::Endpoints;
use slipway_google::http::Http;
use slipway_google::token::Tokens;
use slipway_names::credentials::Credentials;
use slipway_names::secret::Secret;
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_runner::files::Files;
use slipway_wire::clock::Clock;
use slipway_wire::net::Net;

/// What every command may use.
pub(crate) struct Tools<'a> {
    /// Text.
    pub console: &'a Arc<Console>,
    /// The runner, and where the run comes from.
    pub runner: &'a Runner,
    /// The runner's files.
    pub files: Files,
}

impl Tools<'_> {
    /// Connects as an account, to a project.
    ///
    /// # Errors
    /// When no connection can be set up, or the credentials make no sense.
    pub(crate) async fn connect(&self, credentials: &Credentials, project: &str) -> Result<GoogleClients, Failure> {
        connect(self.console, self.runner, credentials.clone(), project).await
    }

    /// GitHub, when there is a token and an address for it.
    pub(crate) fn github(&self, clients: &GoogleClients, token: Option<&Secret>) -> Option<GitHub> {
        github(self.runner, &clients.net, token)
    }

    /// Keeps a value for the post step.
    pub(crate) fn keep(&self, name: &str, value: &str) {
        if let Err(why) = self.files.save_state(name, value) {
            self.console.warning(&why);
        }
    }
}

pub(crate) fn files(runner: &Runner) -> Files {
    Files {
        output: runner.output_file.is_some(),
        state: runner.state_file.is_some(),
        summary: runner.summary_file.is_some(),
        part: None,
    }
}

/// The clients of a run.
pub(crate) struct GoogleClients {
    pub http: Http,
    pub probe: Probe,
    pub net: Net,
}

pub(crate) async fn connect(
    console: &Arc<Console>,
    runner: &Runner,
    credentials: Credentials,
    project: &str,
) -> Result<GoogleClients, Failure> {
    let endpoints = Endpoints::new(&runner.endpoints, runner.actions).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        Failure::plain(Class::Config, format!("An endpoint cannot be used: {}", lines.join("; ")))
    })?;
    let cannot =
        |error: &dyn std::fmt::Display| Failure::plain(Class::Config, format!("Connections cannot be set up: {error}"));
    let net = Net::new(runner.extra_roots.clone()).map_err(|error| cannot(&error))?;
    let clients = net.clients().map_err(|error| cannot(&error))?;
    let probe = Probe::new(&net, runner.embedded).map_err(|error| cannot(&error))?;
    let clock = Clock::with_pace(runner.pace.unwrap_or(1.0));
    let (masker, teller) = (Arc::clone(console), Arc::clone(console));
    let mask = Box::new(move |token: &str| masker.mask(token));
    let tokens = Tokens::new(credentials, clock.clone(), mask, Box::new(move |why| teller.line(why)))
        .await
        .map_err(|error| Failure::of("The service-account key cannot be used", error))?;
    Ok(GoogleClients {
        http: Http::new(clients, tokens.into_access(), endpoints, clock, project.to_owned()),
        probe,
        net,
    })
}

/// GitHub's client, when there is a token and an address for it.
pub(crate) fn github(runner: &Runner, net: &Net, token: Option<&Secret>) -> Option<GitHub> {
    let (api, repository) = (runner.origin.api_url.as_deref()?, runner.origin.repository.as_deref()?);
    let clock = Clock::with_pace(runner.pace.unwrap_or(1.0));
    GitHub::new(net, clock, api, repository, token?).ok()
}
