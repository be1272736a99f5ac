//! The rotate-secret command: a new version of a secret, and the service that reads it.

pub mod inputs;
pub mod plan;
pub mod report;
pub mod run;

use crate::commands::rotate_secret::inputs::resolve::run as resolve;
use crate::commands::rotate_secret::inputs::{NewValue, RotateSecret as Wanted};
use crate::commands::rotate_secret::plan::steps;
use crate::commands::rotate_secret::report::{Rotated, SecretStory, headline, markdown, sentences, values};
use crate::commands::rotate_secret::run::{self as rotate_secret, RotationProgress, SecretContext};
use crate::driver::clients::{GoogleClients, Tools};
use crate::driver::command::{Command, Run};
use crate::driver::texts::InputTexts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::inputs::spec::CommandName as Word;
use crate::report::markdown::escape;
use crate::report::{Outcome, Report};
use crate::step::PlannedStep;
use crate::step::StepState;
use slipway_failure::Failure;
use slipway_google::cloud_run::service_name;
use slipway_wire::clock::random_hex;

/// The rotate-secret command.
pub(crate) struct RotateSecretCommand {
    wanted: Wanted,
    plan: Vec<PlannedStep>,
    nonce: String,
}

impl Command for RotateSecretCommand {
    type Clients = GoogleClients;
    type Facts = RotationProgress;
    type End = ();

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let Resolved { meaning: rotate, warnings } =
            resolve(&texts.raw, &texts.runner, std::mem::take(&mut texts.findings))?;
        if let NewValue::Given(value) = &rotate.value {
            texts.console.conceal(value.expose());
        }
        let command = Self { plan: steps(&rotate), wanted: rotate, nonce: random_hex(8) };
        Ok(Resolved { meaning: command, warnings })
    }

    fn title(&self) -> Option<String> {
        let deploy = &self.wanted.deploy;
        let verb = if deploy.dry_run { "plan for secret" } else { "rotating secret" };
        Some(format!("{verb} {} of service {}", self.wanted.secret, deploy.service))
    }

    fn plan(&self) -> &[PlannedStep] {
        &self.plan
    }

    fn is_dry_run(&self) -> bool {
        self.wanted.deploy.dry_run
    }

    fn word(&self) -> Option<&'static str> {
        Some(Word::RotateSecret.word())
    }

    fn facts(&self, warnings: Vec<String>) -> RotationProgress {
        let mut progress = RotationProgress::default();
        progress.facts.warnings = warnings;
        progress
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<GoogleClients, Failure> {
        tools.connect(&self.wanted.deploy.credentials, self.wanted.deploy.project.as_str()).await
    }

    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &GoogleClients,
        progress: &mut RotationProgress,
    ) -> Result<Outcome<()>, Failure> {
        let context = self.context(tools, clients);
        if self.wanted.deploy.dry_run {
            return rotate_secret::rehearse(&context, &mut progress.facts).await.map(Outcome::Planned);
        }
        let ended = rotate_secret::run(&context, progress).await;
        close(tools, progress);
        ended.map(Outcome::Succeeded)
    }

    /// The service and the secret are put back.
    async fn tidy_up(&self, tools: &Tools<'_>, clients: &GoogleClients, progress: &mut RotationProgress) {
        progress.facts.end(StepState::Cancelled, "interrupted");
        rotate_secret::tidy_up(&self.context(tools, clients), progress).await;
        close(tools, progress);
    }

    async fn afterwards(
        &self,
        tools: &Tools<'_>,
        progress: &mut RotationProgress,
        outcome: Outcome<()>,
        _: std::time::Instant,
    ) -> Outcome<()> {
        for form in progress.value.iter().flat_map(|value| forms(value.expose())) {
            tools.console.conceal(&form);
        }
        outcome
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let (rotate, deploy) = (&self.wanted, &self.wanted.deploy);
        let story = SecretStory {
            what: Rotated {
                secret: &rotate.secret.name,
                secret_project: &rotate.secret.project,
                service: deploy.service.as_str(),
                region: deploy.region.as_str(),
                project: deploy.project.as_str(),
            },
            caller: deploy.credentials.principal.shown(),
            run_url: run.tools.runner.origin.run_url(),
            plan: &self.plan,
            facts: &run.facts.facts,
            outcome: run.outcome,
            took: run.took,
        };
        let now = sentences(&story).iter().map(|sentence| run.tools.console.without_secrets(sentence)).collect();
        let report = Report::new(headline(&story), run.took, values(&story), markdown(&story));
        Report { now, on: "service and the secret", ..report }
    }
}

impl RotateSecretCommand {
    fn context<'a>(&'a self, tools: &'a Tools<'_>, clients: &'a GoogleClients) -> SecretContext<'a> {
        let deploy = &self.wanted.deploy;
        SecretContext {
            rotate: &self.wanted,
            nonce: &self.nonce,
            origin: &tools.runner.origin,
            service_name: service_name(deploy.project.as_str(), &deploy.region, &deploy.service),
            http: &clients.http,
            probe: &clients.probe,
            console: tools.console,
            files: &tools.files,
        }
    }
}

/// The forms that the value has in a report, should a container's log or an answer have brought it there.
fn forms(value: &str) -> [String; 3] {
    let json = serde_json::Value::from(value).to_string();
    [json.trim_matches('"').to_owned(), escape(value), value.replace('|', "\\|")]
}

/// Tells the post step that no rollout is left open.
fn close(tools: &Tools<'_>, progress: &RotationProgress) {
    let open = progress.facts.rollout.as_ref().is_none_or(|rollout| rollout.end.is_open());
    if !open {
        tools.keep("rollout_over", "true");
    }
}
