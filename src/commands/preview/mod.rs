//! The preview command: a release that nobody but its reviewers sees, told on the pull request, removed with it.

pub mod inputs;
pub mod plan;
pub mod removal;
pub mod report;
pub mod run;
mod settle;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::deploy::each_region;
use super::release::parts::{Wiring, connect_all, places_of_release};
use super::release::{
    PartMarks, ReleaseClients, ReleaseParts, carry_out, end_all, facts_of, first_url, hide_values, plan,
};
use crate::commands::hosting::serving::RewriteService;
use crate::commands::preview::inputs::resolve::run as resolve;
use crate::commands::preview::inputs::{Preview as Wanted, PreviewMode};
use crate::commands::preview::removal::Ending;
use crate::commands::preview::report::{self as preview, Head, Removals};
use crate::commands::release::run::ReleaseFacts;
use crate::driver::clients::{Tools, github};
use crate::driver::command::{Command, Run};
use crate::driver::deployment::{TrackedDeployment, with_cure};
use crate::driver::texts::InputTexts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::inputs::spec::CommandName as Word;
use crate::report::summary::{ended, joined, mark, titled};
use crate::report::{Outcome, Report, Said};
use crate::step::PlannedStep;
use settle::{Settled, settle};
use slipway_failure::{Class, Failure};
use slipway_github::GitHub;
use slipway_names::preview::Removal;
use slipway_wire::net::Net;

/// A forge that does not answer within this is not waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// The preview command.
pub(crate) struct PreviewCommand {
    wanted: Wanted,
    settled: Settled,
    marks: PartMarks,
    plan: Vec<PlannedStep>,
    github: Option<GitHub>,
    name: String,
}

/// What is known of a preview.
pub(crate) struct PreviewFacts {
    release: ReleaseFacts,
    /// What of it was removed, by part, where it was to go.
    removed: Option<Vec<(String, Vec<Removal>)>>,
    /// Whether it was to go.
    goes: bool,
    /// The comment on the pull request, and its page once it is written.
    comment: (String, Option<String>),
}

impl Command for PreviewCommand {
    type Clients = Option<ReleaseClients>;
    type Facts = PreviewFacts;
    type End = ();

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let (console, findings) = (texts.console, std::mem::take(&mut texts.findings));
        hide_values(console, &texts.raw, &texts.runner);
        let Resolved { meaning: preview, .. } = resolve(&texts.raw, &texts.runner, findings.clone())?;
        let net = Net::new(texts.runner.extra_roots.clone()).ok();
        let github = net.and_then(|net| github(&texts.runner, &net, preview.release.github_token.as_ref()));
        let settled = settle(console, &texts.runner, github.as_ref(), &preview).await?;
        // Everything that is made and said is of the commit at the head; the run's own may be a merge of it.
        if let Some(head) = &settled.head {
            texts.runner.origin.sha = Some(head.clone());
        }
        let Resolved { meaning: preview, warnings } = resolve(&texts.raw, &texts.runner, findings)?;
        let (origin, name) = (&texts.runner.origin, preview.name());
        let marks = PartMarks::of(&preview.release, origin);
        let plan = match settled.mode {
            PreviewMode::Deploy => plan(&preview.release, &marks.services, origin),
            PreviewMode::Cleanup => Vec::new(),
        };
        Ok(Resolved { meaning: Self { wanted: preview, settled, marks, plan, github, name }, warnings })
    }

    fn title(&self) -> Option<String> {
        let number = self.wanted.pull.number;
        let verb = match self.settled.mode {
            PreviewMode::Cleanup => "removing the preview",
            PreviewMode::Deploy if self.wanted.release.dry_run => "plan for the preview",
            PreviewMode::Deploy => "preview",
        };
        Some(format!("{verb} of pull request #{number}"))
    }

    fn plan(&self) -> &[PlannedStep] {
        &self.plan
    }

    fn is_dry_run(&self) -> bool {
        self.wanted.release.dry_run
    }

    fn word(&self) -> Option<&'static str> {
        Some(Word::Preview.word())
    }

    fn deployment(&self) -> Option<TrackedDeployment<'_>> {
        if self.settled.mode == PreviewMode::Cleanup {
            return None;
        }
        let release = &self.wanted.release;
        Some(TrackedDeployment {
            environment: &self.name,
            commit: self.settled.head.as_deref(),
            what: "preview".to_owned(),
            places: places_of_release(release),
            transient: true,
            token: release.github_token.as_ref(),
            asked_for: true,
        })
    }

    fn facts(&self, warnings: Vec<String>) -> PreviewFacts {
        PreviewFacts {
            release: facts_of(&self.wanted.release, warnings),
            removed: None,
            goes: self.settled.mode == PreviewMode::Cleanup,
            comment: Default::default(),
        }
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<Option<ReleaseClients>, Failure> {
        match self.settled.mode {
            // What is removed is looked for with clients of its own.
            PreviewMode::Cleanup => Ok(None),
            PreviewMode::Deploy => ReleaseClients::connect(tools, &self.wanted.release, &self.marks).await.map(Some),
        }
    }

    /// Makes or renews the preview, or removes it.
    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &Option<ReleaseClients>,
        facts: &mut PreviewFacts,
    ) -> Result<Outcome<()>, Failure> {
        let Some(clients) = clients else { return self.remove(tools, facts).await };
        self.room(tools, clients, &mut facts.release).await?;
        let wiring = self.wiring(tools, clients);
        let outcome = carry_out(tools, &wiring, &clients.marks, &mut facts.release).await?;
        if matches!(outcome, Outcome::Succeeded(())) {
            let ending = Ending::look(tools.console, tools.runner, &self.wanted, &clients.all, &wiring).await;
            ending.stale(self.github.as_ref()).await;
        }
        Ok(outcome)
    }

    async fn tidy_up(&self, tools: &Tools<'_>, clients: &Option<ReleaseClients>, facts: &mut PreviewFacts) {
        let Some(clients) = clients else { return };
        end_all(tools, &self.wiring(tools, clients), &clients.marks, &mut facts.release).await;
    }

    /// Writes the comment; and removes what was made for a pull request that was closed meanwhile.
    async fn afterwards(
        &self,
        tools: &Tools<'_>,
        facts: &mut PreviewFacts,
        outcome: Outcome<()>,
        begun: Instant,
    ) -> Outcome<()> {
        if facts.goes {
            return outcome;
        }
        let ended = matches!(outcome, Outcome::Succeeded(()) | Outcome::Failed(_));
        if ended && self.is_closed_by_now().await {
            let number = self.wanted.pull.number;
            tools.console.line(&format!("Pull request #{number} was closed meanwhile"));
            crate::driver::tell::announce(
                tools.console,
                tools.runner,
                &format!("removing the preview of pull request #{number}"),
                &[],
            );
            facts.goes = true;
            return self.remove(tools, facts).await.unwrap_or_else(Outcome::Failed);
        }
        let outcome = if self.wanted.own_services { outcome } else { with_way_out(outcome) };
        let run_url = tools.runner.origin.run_url();
        let head = Head { run_url: run_url.as_deref(), ..self.head(tools) };
        let parts = self.parts(tools, &facts.release, begun.elapsed());
        let comment = parts.with_story(&self.plan, &outcome, |story| preview::comment(&head, story));
        // What another run has made is told by that one.
        let gives_way = matches!(&outcome, Outcome::Failed(failure) if failure.class() == Class::Superseded);
        let page = match self.is_dry_run() || gives_way {
            true => None,
            false => self.comment(tools, &comment).await,
        };
        facts.comment = (comment, page);
        outcome
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let run_url = run.tools.runner.origin.run_url();
        let comment_url = run.facts.comment.1.as_deref();
        let head = Head { run_url: run_url.as_deref(), comment_url, ..self.head(run.tools) };
        if run.facts.goes { self.report_removed(run, &head) } else { self.report_made(run, &head) }
    }
}

impl PreviewCommand {
    fn head<'a>(&'a self, tools: &'a Tools<'_>) -> Head<'a> {
        Head {
            name: &self.name,
            number: self.wanted.pull.number,
            commit: tools.runner.origin.sha.as_deref(),
            built: self.settled.built.as_deref(),
            run_url: None,
            comment_url: None,
        }
    }

    fn parts<'a>(&'a self, tools: &'a Tools<'_>, facts: &'a ReleaseFacts, took: Duration) -> ReleaseParts<'a> {
        ReleaseParts { runner: tools.runner, release: &self.wanted.release, facts, took }
    }

    fn report_made(&self, run: &Run<'_, Self>, head: &Head<'_>) -> Report {
        let facts = &run.facts.release;
        self.parts(run.tools, facts, run.took).with_story(&self.plan, run.outcome, |story| {
            let headline = preview::headline(head, run.outcome);
            let report = Report::new(headline, run.took, preview::values(head, story), preview::markdown(head, story));
            let mut after = Vec::new();
            if let Outcome::Succeeded(()) = run.outcome {
                let parts = story.parts.iter().filter_map(|part| Some((part.name(), part.url()?)));
                after.extend(parts.map(|(name, url)| Said::Line(format!("  look at `{name}`: {url}"))));
            }
            if run.tools.console.is_simulated() {
                after.push(Said::Title("The comment, as GitHub would show it".to_owned()));
                after.extend(run.facts.comment.0.lines().map(|line| Said::Foreign(line.to_owned())));
            }
            let now = crate::commands::release::report::sentences(story);
            let url = first_url(facts).map(str::to_owned);
            Report { after, now, on: "parts", url, shows_summary: false, ..report }
        })
    }

    fn report_removed(&self, run: &Run<'_, Self>, head: &Head<'_>) -> Report {
        let nothing = Vec::new();
        let told = Removals(run.facts.removed.as_ref().unwrap_or(&nothing));
        let is_removed = matches!(run.outcome, Outcome::Succeeded(()));
        let (headline, word) = match is_removed {
            true => (format!("The preview of pull request #{} is removed", head.number), "removed"),
            false => (format!("The preview of pull request #{} was not removed", head.number), "failed"),
        };
        let stuck = told.stuck();
        // An image that stays costs little and harms nobody; a tag or a service that stays is still there to be seen.
        let harmless = |what: &str| what.contains("Image `");
        let visible = !stuck.iter().all(|(what, _)| harmless(what));
        let sign = match (is_removed, stuck.is_empty()) {
            (false, _) => mark(run.outcome),
            (true, true) => "🧹",
            (true, false) => "⚠️",
        };
        let outputs = preview::removed_values(head, &told, word);
        let summary = match ended(run.outcome, &[], &[], "parts") {
            Some(failed) => joined(vec![titled(sign, &headline, []), failed]),
            None => preview::removed_markdown(head, &told),
        };
        let report = Report::new(headline.clone(), run.took, outputs, summary);
        Report {
            title: headline,
            says_now: false,
            now: told.sentences(),
            // All of the preview's deployments were ended with it, that of this run among them.
            deployment_is_over: true,
            sign: Some(sign),
            shows_summary: false,
            exit_code: visible.then(|| Class::Permission.exit_code()),
            ..report
        }
    }

    fn wiring<'a>(&'a self, tools: &'a Tools<'_>, clients: &'a ReleaseClients) -> Wiring<'a> {
        let (runner, release) = (tools.runner, &self.wanted.release);
        Wiring::new(runner, release, &clients.all, tools.files, &self.marks.sites, self.tags())
    }

    /// Writes the comment on the pull request; one that cannot be written is a warning. Gives back its page.
    async fn comment(&self, tools: &Tools<'_>, body: &str) -> Option<String> {
        if !self.wanted.comment || tools.console.is_simulated() {
            return None;
        }
        let told = async {
            let github = self.github.as_ref().ok_or_else(|| "there is no token for GitHub".to_owned())?;
            let written = github.comment(self.wanted.pull.number, &self.key(), body).await;
            written.map(|comment| comment.url).map_err(|error| with_cure(&error))
        };
        match tokio::time::timeout(LONGEST, told).await {
            Ok(Ok(url)) => Some(url),
            Ok(Err(why)) => {
                tools.console.warning(&format!("The pull request could not be told: {why}"));
                None
            }
            Err(_) => {
                tools.console.warning("The pull request could not be told: GitHub did not answer in time");
                None
            }
        }
    }

    /// Whether the pull request was closed while its preview was made. What is not known is as it was.
    async fn is_closed_by_now(&self) -> bool {
        let Some(github) = self.github.as_ref().filter(|_| !self.wanted.release.dry_run) else { return false };
        let asked = tokio::time::timeout(LONGEST, github.is_closed(self.wanted.pull.number)).await;
        matches!(asked, Ok(Ok(true)))
    }

    /// What tells this preview's comment from others on the same pull request: previews of several environments,
    /// or of several manifests, have one each.
    fn key(&self) -> String {
        let environment = self.wanted.release.environment.as_deref().unwrap_or("default");
        format!("{}/{environment}", self.wanted.manifest)
    }

    /// Whether every region has room for the candidates' tags.
    async fn room(&self, tools: &Tools<'_>, clients: &ReleaseClients, facts: &mut ReleaseFacts) -> Result<(), Failure> {
        let mut seen = Vec::new();
        for (index, part) in self.wanted.release.services.iter().enumerate().filter(|_| !self.wanted.own_services) {
            for deploy in each_region(part.deploy.clone()) {
                let place = (deploy.project.to_string(), deploy.region.to_string());
                let Some(own) = clients.all.of(&deploy.credentials, &place.0).filter(|_| !seen.contains(&place)) else {
                    continue;
                };
                if let Some(warning) = crate::commands::preview::run::room(&own.http, &deploy.region).await? {
                    tools.console.warning(&warning);
                    facts.services[index][0].warnings.push(warning);
                }
                seen.push(place);
            }
        }
        Ok(())
    }

    /// The tag that rewrites to the preview's candidates keep to.
    fn tags(&self) -> BTreeMap<RewriteService, String> {
        if self.wanted.own_services {
            return BTreeMap::new();
        }
        let deploys = self.wanted.release.services.iter().flat_map(|part| each_region(part.deploy.clone()));
        let named = deploys.map(|deploy| {
            let service = RewriteService { region: deploy.region.to_string(), name: deploy.service.to_string() };
            (service, self.name.clone())
        });
        named.collect()
    }

    /// Removes the preview, its deployments, and says so on the pull request.
    async fn remove(&self, tools: &Tools<'_>, facts: &mut PreviewFacts) -> Result<Outcome<()>, Failure> {
        let (release, console) = (&self.wanted.release, tools.console);
        let clients = connect_all(tools, release).await?;
        let mut removals = Vec::new();
        if !release.dry_run {
            let wiring = Wiring::new(tools.runner, release, &clients, tools.files, &self.marks.sites, BTreeMap::new());
            let ending = Ending::look(console, tools.runner, &self.wanted, &clients, &wiring).await;
            let removed = ending.remove().await;
            ending.stale(self.github.as_ref()).await;
            removals = removed?;
        }
        let told = Removals(&removals);
        for (what, hints) in &told.stuck() {
            console.warning(&format!("{what}{}", hints.first().map(|hint| format!("; {hint}")).unwrap_or_default()));
        }
        if !release.dry_run {
            self.end_deployments(tools).await;
            let run_url = tools.runner.origin.run_url();
            let head = Head { run_url: run_url.as_deref(), ..self.head(tools) };
            let text = preview::removed_comment(&head, &told);
            facts.comment = (String::new(), self.comment(tools, &text).await);
        }
        facts.removed = Some(removals);
        Ok(Outcome::Succeeded(()))
    }

    /// Ends the deployments that GitHub shows for the preview.
    async fn end_deployments(&self, tools: &Tools<'_>) {
        if tools.console.is_simulated() {
            return;
        }
        let told = async {
            let github = self.github.as_ref().ok_or_else(|| "there is no token for GitHub".to_owned())?;
            github.end_all(&self.name).await.map_err(|error| with_cure(&error))
        };
        match tokio::time::timeout(LONGEST, told).await {
            Ok(Ok(ended)) if ended.deleted + ended.kept > 0 => {
                tools.console.line(&format!("The deployments to {} are ended", self.name));
            }
            Ok(Ok(_)) => {}
            Ok(Err(why)) => {
                tools.console.warning(&format!("The deployments to {} could not be ended: {why}", self.name))
            }
            Err(_) => tools.console.warning("The deployments could not be ended: GitHub did not answer in time"),
        }
    }
}

/// A candidate needs a service that serves; one that has never been deployed can only be previewed by itself.
fn with_way_out(outcome: Outcome<()>) -> Outcome<()> {
    match outcome {
        Outcome::Failed(failure)
            if failure.to_string().contains("so its first revision cannot wait without traffic") =>
        {
            Outcome::Failed(failure.hint(
                "Leave out `preview_service: false`: a service of its own needs no other; or deploy the service once",
            ))
        }
        other => other,
    }
}
