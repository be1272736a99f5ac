//! What a command is to the driver: one trait, which every command implements in a file of its own.

use super::clients::Tools;
use super::deployment::TrackedDeployment;
use super::texts::InputTexts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::report::{Outcome, Report};
use crate::step::PlannedStep;
use slipway_failure::Failure;

/// A command of the program. [`crate::driver::drive::drive`] does with it what every command needs: it reports mistakes, prints
/// the plan, records the deployment, ends the work on a signal, writes outputs and summary, and gives the exit code.
pub(crate) trait Command: Sized {
    /// What it works with, once it is connected.
    type Clients;
    /// What it learns. Outlives the work, so that a signal loses nothing.
    type Facts;
    /// What it came to, where it ended well.
    type End;

    /// Whether a webhook hears how it ended.
    const TELLS_WEBHOOK: bool = true;
    /// Whether a signal leaves something to clean up.
    const CLEANS_UP: bool = true;

    /// Gives the texts a meaning.
    ///
    /// # Errors
    /// Every mistake at once.
    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors>;

    /// What is going to be done, and to which object; nothing is announced without it.
    fn title(&self) -> Option<String>;

    /// The steps that are announced, in order.
    fn plan(&self) -> &[PlannedStep] {
        &[]
    }

    /// Something worth knowing, said once behind the plan.
    fn tip(&self) -> Option<&'static str> {
        None
    }

    /// Whether it only finds out what it would change.
    fn is_dry_run(&self) -> bool {
        false
    }

    /// The word that the post step knows it by, where it may leave something to that.
    fn word(&self) -> Option<&'static str> {
        None
    }

    /// The deployment that GitHub shows for it.
    fn deployment(&self) -> Option<TrackedDeployment<'_>> {
        None
    }

    /// Nothing is known yet, but what was odd about the inputs.
    fn facts(&self, warnings: Vec<String>) -> Self::Facts;

    /// Connects to whom it asks; nothing is sent yet.
    ///
    /// # Errors
    /// When no connection can be set up, or credentials make no sense.
    async fn connect(&self, tools: &Tools<'_>) -> Result<Self::Clients, Failure>;

    /// Carries it out, or finds out what it would change.
    ///
    /// # Errors
    /// The first failure, explained; what this command changed is put back before.
    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &Self::Clients,
        facts: &mut Self::Facts,
    ) -> Result<Outcome<Self::End>, Failure>;

    /// Ends what was begun elsewhere, after a signal; there are seconds for it.
    async fn tidy_up(&self, _tools: &Tools<'_>, _clients: &Self::Clients, _facts: &mut Self::Facts) {}

    /// Tells others how it ended, before the report is made: it may say where.
    async fn afterwards(
        &self,
        _tools: &Tools<'_>,
        _facts: &mut Self::Facts,
        outcome: Outcome<Self::End>,
        _begun: std::time::Instant,
    ) -> Outcome<Self::End> {
        outcome
    }

    /// What is said and written about it.
    fn report(&self, run: &Run<'_, Self>) -> Report;
}

/// A run of a command that is over.
pub(crate) struct Run<'a, C: Command> {
    /// What it worked with.
    pub tools: &'a Tools<'a>,
    /// What it learned.
    pub facts: &'a C::Facts,
    /// How it ended.
    pub outcome: &'a Outcome<C::End>,
    /// From begin to end.
    pub took: std::time::Duration,
}
