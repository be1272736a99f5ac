//! The deploy command, and what it is besides: a rollback, a promotion, traffic alone, a plan.

pub mod inputs;
#[cfg(test)]
mod one_field;
pub mod plan;
pub mod pre_deploy;

use crate::build::cancel;
use crate::cli::Task;
use crate::commands::deploy::inputs::resolve;
use crate::commands::deploy::inputs::{Deploy as Wanted, DeployWhat, Pick};
use crate::commands::deploy::plan::{Marks, image_tags, marks, steps as plan_steps};
use crate::driver::clients::{GoogleClients, Tools};
use crate::driver::command::{Command, Run};
use crate::driver::deployment::TrackedDeployment;
use crate::driver::texts::InputTexts;
use crate::facts::{Facts, RolloutEnd};
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::inputs::pull_request::head_of_merge;
use crate::inputs::spec::CommandName as Word;
use crate::jobs::executions;
use crate::report::{Outcome, Report, RunKind, Story, headline, outputs, summary, truth};
use crate::service::{self as steps, Context, Together, undo, wished};
use crate::step::PlannedStep;
use crate::step::StepState;
use slipway_failure::Failure;
use slipway_github::GitHub;
use slipway_google::cloud_run::resource_name;
use slipway_google::http::Http;
use slipway_names::kind::ResourceKind as Runs;
use slipway_runner::Console;
use slipway_runner::files::Files;
use slipway_wire::clock::random_hex;

/// The deploy command.
pub(crate) struct DeployCommand {
    /// The deploy in each of its regions; at least one.
    regions: Vec<Wanted>,
    marks: Marks,
    plan: Vec<PlannedStep>,
    /// Which of its names it goes by.
    word: Word,
    rehearses: bool,
}

/// What a deploy works with.
pub(crate) struct DeployClients {
    google: GoogleClients,
    github: Option<GitHub>,
    /// As chosen, unless the name of the revision is taken.
    marks: Marks,
}

impl Command for DeployCommand {
    type Clients = DeployClients;
    /// Of each region.
    type Facts = Vec<Facts>;
    type End = RunKind;

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let findings = std::mem::take(&mut texts.findings);
        let Resolved { meaning: deploy, warnings } = resolve::run(texts.command, &texts.raw, &texts.runner, findings)?;
        let origin = &texts.runner.origin;
        let marks = marks(&deploy, origin, &random_hex(8));
        let tags = match &deploy.what {
            DeployWhat::Build(build) => image_tags(build, origin, None),
            _ => Vec::new(),
        };
        let plan = plan_steps(&deploy, &marks, &tags);
        let rehearses = deploy.dry_run || texts.invocation.task == Task::Plan;
        let command = Self { regions: each_region(deploy), marks, plan, word: texts.command, rehearses };
        Ok(Resolved { meaning: command, warnings })
    }

    fn title(&self) -> Option<String> {
        let deploy = self.first();
        let verb = match self.word {
            _ if self.rehearses => "plan for",
            Word::Rollback => "rolling back",
            Word::Promote => "promoting to",
            _ if matches!(deploy.what, DeployWhat::Traffic(_)) => "moving the traffic of",
            _ => "deploying",
        };
        Some(format!("{verb} {} in {} of project {}", deploy.service, deploy.region, deploy.project))
    }

    fn plan(&self) -> &[PlannedStep] {
        &self.plan
    }

    fn is_dry_run(&self) -> bool {
        self.rehearses
    }

    fn word(&self) -> Option<&'static str> {
        Some(self.word.word())
    }

    fn deployment(&self) -> Option<TrackedDeployment<'_>> {
        let deploy = self.first();
        Some(TrackedDeployment {
            environment: deploy.environment.as_deref()?,
            commit: None,
            what: deploy.service.to_string(),
            places: places_of_service(deploy),
            transient: false,
            token: deploy.github_token.as_ref(),
            asked_for: true,
        })
    }

    fn facts(&self, warnings: Vec<String>) -> Vec<Facts> {
        let mut all = vec![Facts::default(); self.regions.len()];
        if let Some(first) = all.first_mut() {
            first.warnings = warnings;
        }
        all
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<DeployClients, Failure> {
        let deploy = self.first();
        let google = tools.connect(&deploy.credentials, deploy.project.as_str()).await?;
        let github = tools.github(&google, deploy.github_token.as_ref());
        let (origin, marks) = (&tools.runner.origin, self.marks.clone());
        let marks = wished::settle(tools.console, &google.http, &self.regions, origin, marks).await;
        Ok(DeployClients { google, github, marks })
    }

    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &DeployClients,
        all: &mut Vec<Facts>,
    ) -> Result<Outcome<RunKind>, Failure> {
        let contexts = self.contexts(tools, clients);
        if self.rehearses {
            return steps::rehearse(&contexts[0], &mut all[0]).await.map(Outcome::Planned);
        }
        let ended = steps::run(&contexts, all).await;
        close(tools, all);
        ended?;
        let kind = if all[0].unchanged.is_some() { RunKind::Unchanged } else { kind(self.first()) };
        Ok(Outcome::Succeeded(kind))
    }

    async fn tidy_up(&self, tools: &Tools<'_>, clients: &DeployClients, all: &mut Vec<Facts>) {
        all.iter_mut().for_each(|facts| facts.end(StepState::Cancelled, "interrupted"));
        let contexts = self.contexts(tools, clients);
        let regions = contexts.iter().zip(all.iter_mut()).map(|(context, facts)| clean_up(context, facts));
        futures_util::future::join_all(regions).await;
        close(tools, all);
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let (deploy, origin) = (self.first(), &run.tools.runner.origin);
        let names = self.regions.iter().map(|deploy| deploy.region.as_str());
        let others: Vec<(&str, &Facts)> = names.zip(run.facts).skip(1).collect();
        let head = head_of_merge(origin);
        let story = Story {
            kind: deploy.kind,
            service: deploy.service.as_str(),
            region: deploy.region.as_str(),
            project: deploy.project.as_str(),
            account: deploy.credentials.principal.shown(),
            commit: origin.sha.as_deref(),
            head: head.as_deref(),
            run_url: origin.run_url(),
            plan: &self.plan,
            facts: &run.facts[0],
            others: &others,
            outcome: run.outcome,
            took: run.took,
        };
        let report = Report::new(headline(&story), run.took, outputs::values(&story), summary::markdown(&story));
        let title = title(&story).unwrap_or_default();
        Report { title, now: truth::sentences(&story), url: story.facts.service.url.clone(), ..report }
    }
}

impl DeployCommand {
    fn first(&self) -> &Wanted {
        &self.regions[0]
    }

    fn contexts<'a>(&'a self, tools: &'a Tools<'_>, clients: &'a DeployClients) -> Vec<Context<'a>> {
        contexts(tools, &clients.google, clients.github.as_ref(), &clients.marks, &self.regions)
    }
}

/// The line that a good end has on the console.
fn title(story: &Story<'_>) -> Option<String> {
    let Outcome::Succeeded(kind) = story.outcome else { return None };
    let url = story.facts.service.url.as_deref().unwrap_or("(no address)");
    let what = match kind {
        RunKind::Deploy => "Deployed",
        RunKind::Candidate => "Deployed without traffic",
        RunKind::Rollback => "Rolled back",
        RunKind::Promote => "Promoted the candidate of",
        RunKind::Traffic => "Moved the traffic of",
        RunKind::Unchanged => "Not deployed, because nothing changed:",
    };
    let took = slipway_runner::duration(story.took);
    Some(match story.kind {
        Runs::Service => format!("{what} {} in {took}: {url}", story.service),
        // Nobody sends requests to it, so it has no address.
        Runs::WorkerPool => format!("{what} worker pool {} in {took}", story.service),
    })
}

/// What the steps may use, for each region.
pub(crate) fn contexts<'a>(
    tools: &'a Tools<'_>,
    clients: &'a GoogleClients,
    github: Option<&'a GitHub>,
    marks: &'a Marks,
    deploys: &'a [Wanted],
) -> Vec<Context<'a>> {
    let places = deploys.iter().zip(Together::of(deploys.len()));
    let contexts = places.map(|(deploy, together)| Context {
        github,
        deploy,
        marks,
        origin: &tools.runner.origin,
        service_name: resource_name(deploy.kind, deploy.project.as_str(), &deploy.region, &deploy.service),
        http: &clients.http,
        probe: &clients.probe,
        console: tools.console,
        files: &tools.files,
        together,
        name: format!("Region `{}`", deploy.region),
        prefix: if deploys.len() > 1 { format!("{}: ", deploy.region) } else { String::new() },
    });
    contexts.collect()
}

/// The same deploy for each of its regions; the job before it runs once, in the first.
pub(crate) fn each_region(deploy: Wanted) -> Vec<Wanted> {
    let others = deploy.regions.clone();
    let other = |region| Wanted { region, pre_deploy: None, ..deploy.clone() };
    let others: Vec<Wanted> = others.into_iter().map(other).collect();
    std::iter::once(deploy).chain(others).collect()
}

/// What a run that ended well was for.
fn kind(deploy: &Wanted) -> RunKind {
    match &deploy.what {
        DeployWhat::Revision(Pick::Tagged(_)) => RunKind::Promote,
        DeployWhat::Revision(_) => RunKind::Rollback,
        DeployWhat::Traffic(_) => RunKind::Traffic,
        _ if deploy.rollout.no_traffic => RunKind::Candidate,
        _ => RunKind::Deploy,
    }
}

/// Tells the post step that no rollout is left open. What could not be put back is tried again there, with a process and
/// a token of its own.
fn close(tools: &Tools<'_>, all: &[Facts]) {
    let rollouts = || all.iter().filter_map(|facts| facts.rollout.as_ref());
    if rollouts().count() > 0 && rollouts().all(|rollout| !rollout.end.is_open()) {
        tools.keep("rollout_over", "true");
    }
}

/// Ends what this run began elsewhere.
pub(super) async fn clean_up(context: &Context<'_>, facts: &mut Facts) {
    if context.deploy.rollout.restore && facts.rollout.as_ref().is_some_and(|rollout| rollout.end == RolloutEnd::Open) {
        match undo::restore(context, facts).await {
            Ok(told) => context.console.line(&format!("Put back: {told}")),
            Err(failure) => context.console.warning(&format!("The traffic was not put back: {failure}")),
        }
    }
    executions::end(context.http, context.console, context.files, facts).await;
    end_build(context.http, context.console, context.files, facts).await;
}

/// Ends the upload and the build of a run that is cancelled itself.
pub(super) async fn end_build(http: &Http, console: &Console, files: &Files, facts: &mut Facts) {
    if let Some(session) = facts.upload_session.take() {
        cancel::upload_session(http, &session).await;
    }
    let Some(build) = facts.build.as_mut().filter(|build| !build.over) else { return };
    match cancel::build(http, build).await {
        Ok(ids) => {
            let told: Vec<String> = ids.iter().map(|id| format!("build {id} is cancelled")).collect();
            console.line(if told.is_empty() { "No build had been submitted" } else { "Cloud Build was told" });
            told.iter().for_each(|line| console.line(line));
            "CANCELLED".clone_into(&mut build.status);
            build.over = true;
            if let Err(why) = files.save_state("build_over", "true") {
                console.warning(&why);
            }
        }
        Err(error) => {
            console.warning(&format!("The build may still run, and is cancelled once more afterwards: {error}"))
        }
    }
}

/// What will show a deployed service: itself in each of its regions, or the traffic tag that a candidate waits under.
pub(crate) fn places_of_service(deploy: &Wanted) -> Vec<String> {
    let regions = std::iter::once(&deploy.region).chain(&deploy.regions);
    let all = regions.flat_map(|region| {
        let home = format!("{} {}/{region}/{}", deploy.kind.word(), deploy.project, deploy.service);
        match (&deploy.what, &deploy.rollout) {
            // The candidate waits no longer.
            (DeployWhat::Revision(Pick::Tagged(tag)), _) => vec![format!("{home}@{tag}"), home],
            (_, rollout) if rollout.no_traffic => {
                vec![format!("{home}@{}", rollout.tag.as_deref().unwrap_or_default())]
            }
            _ => vec![home],
        }
    });
    all.collect()
}
