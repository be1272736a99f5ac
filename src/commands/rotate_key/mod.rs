//! The rotate-key command: a new key for an account, stored where the old one was.

pub mod inputs;
pub mod plan;
pub mod report;
pub mod run;

use crate::commands::rotate_key::inputs::RotateKey as Wanted;
use crate::commands::rotate_key::inputs::resolve::run as resolve;
use crate::commands::rotate_key::plan::steps;
use crate::commands::rotate_key::report::{RotationStory, headline, markdown, sentences, values};
use crate::commands::rotate_key::run::{self as rotate_key, RotateContext};
use crate::driver::clients::{GoogleClients, Tools};
use crate::driver::command::{Command, Run};
use crate::driver::texts::InputTexts;
use crate::facts::Facts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::report::{Outcome, Report};
use crate::step::PlannedStep;
use crate::step::StepState;
use slipway_failure::Failure;
use slipway_github::GitHub;
use slipway_names::rotation::Owner;
use slipway_wire::clock::Clock;

/// GitHub's own address, where no runner names another.
const GITHUB: &str = "https://api.github.com";

/// The rotate-key command.
pub(crate) struct RotateKeyCommand {
    wanted: Wanted,
    plan: Vec<PlannedStep>,
}

impl Command for RotateKeyCommand {
    /// Google, and GitHub by the token that may write the secret, which is another one than the run's own.
    type Clients = (GoogleClients, GitHub);
    type Facts = Facts;
    type End = ();

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let wanted = resolve(&texts.raw, &texts.runner, std::mem::take(&mut texts.findings))?;
        Ok(Resolved { meaning: Self { plan: steps(&wanted), wanted }, warnings: Vec::new() })
    }

    fn title(&self) -> Option<String> {
        let verb = if self.wanted.dry_run { "plan for the key of" } else { "rotating the key of" };
        Some(format!("{verb} {}", self.wanted.account))
    }

    fn plan(&self) -> &[PlannedStep] {
        &self.plan
    }

    fn is_dry_run(&self) -> bool {
        self.wanted.dry_run
    }

    fn facts(&self, warnings: Vec<String>) -> Facts {
        Facts { warnings, ..Facts::default() }
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<(GoogleClients, GitHub), Failure> {
        let clients = tools.connect(&self.wanted.credentials, self.wanted.project.as_str()).await?;
        let (Owner::Repository(repository) | Owner::Environment { repository, .. } | Owner::Organization(repository)) =
            &self.wanted.place.owner;
        let clock = Clock::with_pace(tools.runner.pace.unwrap_or(1.0));
        let api = tools.runner.origin.api_url.as_deref().unwrap_or(GITHUB);
        let github = GitHub::new(&clients.net, clock, api, repository, &self.wanted.token)
            .map_err(|error| Failure::of("GitHub cannot be asked", error))?;
        Ok((clients, github))
    }

    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &(GoogleClients, GitHub),
        facts: &mut Facts,
    ) -> Result<Outcome<()>, Failure> {
        let context = self.context(tools, clients);
        if self.wanted.dry_run {
            return rotate_key::rehearse(&context, facts).await.map(Outcome::Planned);
        }
        rotate_key::run(&context, facts).await.map(Outcome::Succeeded)
    }

    /// A key that nothing holds is taken away.
    async fn tidy_up(&self, tools: &Tools<'_>, clients: &(GoogleClients, GitHub), facts: &mut Facts) {
        facts.end(StepState::Cancelled, "interrupted");
        rotate_key::tidy_up(&self.context(tools, clients), facts).await;
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let story = RotationStory {
            account: self.wanted.account.as_str(),
            place: &self.wanted.place,
            project: self.wanted.project.as_str(),
            caller: self.wanted.credentials.principal.shown(),
            run_url: run.tools.runner.origin.run_url(),
            plan: &self.plan,
            facts: run.facts,
            outcome: run.outcome,
            took: run.took,
        };
        let report = Report::new(headline(&story), run.took, values(&story), markdown(&story));
        Report { now: sentences(&story), on: "account and the secret", ..report }
    }
}

impl RotateKeyCommand {
    fn context<'a>(
        &'a self,
        tools: &'a Tools<'_>,
        (clients, github): &'a (GoogleClients, GitHub),
    ) -> RotateContext<'a> {
        RotateContext { rotate: &self.wanted, http: &clients.http, github, console: tools.console }
    }
}
