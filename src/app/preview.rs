//! The preview command: a release that nobody but its reviewers sees, told on the pull request, removed with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::deployment::{self, Wish, with_cure};
use super::notify;
use super::pull_request::{Settled, settle};
use super::release::{AllClients, Told, Wiring, carry_out, connect_all, facts_of, first_url, hide_values, plan};
use super::removal::Ending;
use super::{each_region, files, github, read_texts, tell};
use crate::cli::Invocation;
use crate::clock::random_hex;
use crate::console::Console;
use crate::console::files::Files;
use crate::explain::{Class, Failure};
use crate::github::GitHub;
use crate::inputs::preview::{Mode, Preview};
use crate::inputs::release::Release;
use crate::inputs::resolve::preview::{Resolved, run as resolve};
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::model::preview::Removal;
use crate::net::Net;
use crate::plan::decide::{Marks, marks};
use crate::plan::serving::Service;
use crate::report::preview::{self, Head, Removals};
use crate::report::summary::mark;
use crate::report::{Outcome, exit_code};
use crate::steps;
use crate::steps::release::ReleaseFacts;

/// A forge that does not answer within this is not waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs the preview command to its exit code.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner, invocation: &Invocation) -> u8 {
    let begun = Instant::now();
    let (raw, findings) = read_texts(console, runner, invocation, Command::Preview);
    hide_values(console, &raw, runner);
    let Resolved { preview, .. } = match resolve(&raw, runner, findings.clone()) {
        Ok(resolved) => resolved,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    let client = Net::new(runner.extra_roots.clone()).ok();
    let client = client.and_then(|net| github(runner, &net, preview.release.github_token.as_ref()));
    let settled = match settle(console, runner, client.as_ref(), &preview).await {
        Ok(settled) => settled,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    // Everything that is made and said is of the commit at the head; the run's own may be a merge of it.
    let mut runner = runner.clone();
    runner.origin.sha = settled.head.clone().or(runner.origin.sha);
    let runner = &runner;
    let Resolved { preview, warnings } = match resolve(&raw, runner, findings) {
        Ok(resolved) => resolved,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    let files = files(runner);
    if let Err(why) = files.save_state("command", Command::Preview.word()) {
        console.warning(&why);
    }
    let (mode, name) = (settled.mode, preview.name());
    let run = Run { console, runner, preview: &preview, github: client.as_ref(), settled, files, name, begun };
    let (code, headline, now) = match mode {
        Mode::Deploy => run.deploy(warnings).await,
        Mode::Cleanup => run.remove(warnings).await,
    };
    if !preview.release.dry_run {
        notify::end(console, (runner, invocation, Command::Preview), headline, &now).await;
    }
    code
}

/// One run of the command.
struct Run<'a> {
    console: &'a Arc<Console>,
    runner: &'a Runner,
    preview: &'a Preview,
    github: Option<&'a GitHub>,
    settled: Settled,
    files: Files,
    name: String,
    begun: Instant,
}

impl Run<'_> {
    fn head(&self) -> Head<'_> {
        Head {
            name: &self.name,
            number: self.preview.pull.number,
            commit: self.runner.origin.sha.as_deref(),
            built: self.settled.built.as_deref(),
            run_url: None,
            comment_url: None,
        }
    }

    /// Makes or renews the preview. Gives back the exit code, the headline, and what is true now.
    async fn deploy(&self, warnings: Vec<String>) -> (u8, String, Vec<String>) {
        let (release, console) = (&self.preview.release, self.console);
        let all_marks: Vec<Marks> =
            release.services.iter().map(|part| marks(&part.deploy, &self.runner.origin, &random_hex(8))).collect();
        let plan = plan(release, &all_marks, self.runner);
        let verb = if release.dry_run { "plan for the preview" } else { "preview" };
        let what = format!("{verb} of pull request #{}", self.preview.pull.number);
        tell::announce(console, self.runner, &what, &plan);
        let mut facts = facts_of(console, release, warnings);
        let tracked = match release.dry_run {
            true => None,
            false => {
                let (what, token) = ("preview".to_owned(), release.github_token.as_ref());
                let commit = self.runner.origin.sha.as_deref();
                let places = deployment::places_of_release(release);
                let wish =
                    Wish { environment: &self.name, commit, what, places, transient: true, token, asked_for: true };
                deployment::begin(console, self.runner, &wish).await
            }
        };
        let outcome = match connect_all(console, self.runner, release).await {
            Err(failure) => Outcome::Failed(failure),
            Ok(clients) => match self.room(&clients, &mut facts).await {
                Err(failure) => Outcome::Failed(failure),
                Ok(()) => {
                    deployment::start(console, tracked.as_ref()).await;
                    let wiring = Wiring::new(self.runner, release, &clients, self.files, self.tags());
                    let outcome = carry_out(console, &wiring, &all_marks, &mut facts).await;
                    if matches!(outcome, Outcome::Deployed(())) {
                        Ending::look(console, self.runner, self.preview, &clients, &wiring)
                            .await
                            .stale(self.github)
                            .await;
                    }
                    outcome
                }
            },
        };
        if matches!(outcome, Outcome::Deployed(()) | Outcome::Failed(_)) && self.is_closed_by_now().await {
            console.line(&format!("Pull request #{} was closed meanwhile", self.preview.pull.number));
            return self.remove(Vec::new()).await;
        }
        let outcome = if self.preview.own_services { outcome } else { with_way_out(outcome) };
        let told = Told { runner: self.runner, release, facts: &facts, begun: self.begun };
        let run_url = self.runner.origin.run_url();
        let head = Head { run_url: run_url.as_deref(), ..self.head() };
        let comment = told.with_story(&plan, &outcome, |story| preview::comment(&head, story));
        // What another run has made is told by that one.
        let gives_way = matches!(&outcome, Outcome::Failed(failure) if failure.class() == Class::Superseded);
        let comment_url = match release.dry_run || gives_way {
            true => None,
            false => self.comment(&comment).await,
        };
        let head = Head { comment_url: comment_url.as_deref(), ..head };
        let headline = preview::headline(&head, &outcome);
        if let Some(tracked) = tracked {
            tracked.end(console, &outcome, first_url(&facts), &headline).await;
        }
        let now = told.with_story(&plan, &outcome, |story| tell::tell_preview(console, &self.files, &head, story));
        if console.is_simulated() {
            console.title("The comment, as GitHub would show it");
            comment.lines().for_each(|line| console.foreign(line));
        }
        (exit_code(&outcome), format!("{} {headline}", mark(&outcome)), now)
    }

    /// Writes the comment on the pull request; one that cannot be written is a warning. Gives back its page.
    async fn comment(&self, body: &str) -> Option<String> {
        if !self.preview.comment || self.console.is_simulated() {
            return None;
        }
        let told = async {
            let github = self.github.ok_or_else(|| "there is no token for GitHub".to_owned())?;
            let written = github.comment(self.preview.pull.number, &self.key(), body).await;
            written.map(|comment| comment.url).map_err(|error| with_cure(&error))
        };
        match tokio::time::timeout(LONGEST, told).await {
            Ok(Ok(url)) => Some(url),
            Ok(Err(why)) => {
                self.console.warning(&format!("The pull request could not be told: {why}"));
                None
            }
            Err(_) => {
                self.console.warning("The pull request could not be told: GitHub did not answer in time");
                None
            }
        }
    }

    /// Whether the pull request was closed while its preview was made. What is not known is as it was.
    async fn is_closed_by_now(&self) -> bool {
        let Some(github) = self.github.filter(|_| !self.preview.release.dry_run) else { return false };
        let asked = tokio::time::timeout(LONGEST, github.is_closed(self.preview.pull.number)).await;
        matches!(asked, Ok(Ok(true)))
    }

    /// What tells this preview's comment from others on the same pull request: previews of several environments,
    /// or of several manifests, have one each.
    fn key(&self) -> String {
        let environment = self.preview.release.environment.as_deref().unwrap_or("default");
        format!("{}/{environment}", self.preview.manifest)
    }

    /// Whether every region has room for the candidates' tags.
    async fn room(&self, clients: &AllClients, facts: &mut ReleaseFacts) -> Result<(), Failure> {
        let mut seen = Vec::new();
        for (index, part) in self.preview.release.services.iter().enumerate().filter(|_| !self.preview.own_services) {
            for deploy in each_region(part.deploy.clone()) {
                let place = (deploy.project.to_string(), deploy.region.to_string());
                let Some(own) = clients.of(&deploy.credentials, &place.0).filter(|_| !seen.contains(&place)) else {
                    continue;
                };
                if let Some(warning) = steps::preview::room(&own.http, &deploy.region).await? {
                    self.console.warning(&warning);
                    facts.services[index][0].warnings.push(warning);
                }
                seen.push(place);
            }
        }
        Ok(())
    }

    /// The tag that rewrites to the preview's candidates keep to.
    fn tags(&self) -> BTreeMap<Service, String> {
        if self.preview.own_services {
            return BTreeMap::new();
        }
        let deploys = self.preview.release.services.iter().flat_map(|part| each_region(part.deploy.clone()));
        let named = deploys.map(|deploy| {
            let service = Service { region: deploy.region.to_string(), name: deploy.service.to_string() };
            (service, self.name.clone())
        });
        named.collect()
    }

    /// Removes the preview. Gives back the exit code, the headline, and what is true now.
    async fn remove(&self, warnings: Vec<String>) -> (u8, String, Vec<String>) {
        let (release, console) = (&self.preview.release, self.console);
        let what = format!("removing the preview of pull request #{}", self.preview.pull.number);
        tell::announce(console, self.runner, &what, &[]);
        warnings.iter().for_each(|warning| console.warning(warning));
        let removals = match self.removals(release).await {
            Ok(removals) => removals,
            Err(failure) => {
                let headline = format!("The preview of pull request #{} was not removed", self.preview.pull.number);
                tell::tell_failure(console, &headline, &failure, &[]);
                return (failure.class().exit_code(), format!("❌ {headline}"), Vec::new());
            }
        };
        let told = Removals(&removals);
        let run_url = self.runner.origin.run_url();
        let head = Head { run_url: run_url.as_deref(), ..self.head() };
        let stuck = told.stuck();
        for (what, hints) in &stuck {
            console.warning(&format!("{what}{}", hints.first().map(|hint| format!("; {hint}")).unwrap_or_default()));
        }
        let mut comment_url = None;
        if !release.dry_run {
            self.end_deployments().await;
            comment_url = self.comment(&preview::removed_comment(&head, &told)).await;
        }
        let head = Head { comment_url: comment_url.as_deref(), ..head };
        tell::tell_removed(console, &self.files, &head, &told);
        // An image that stays costs little and harms nobody; a tag or a service that stays is still there to be seen.
        let harmless = |what: &str| what.contains("Image `");
        let code = if stuck.iter().all(|(what, _)| harmless(what)) { 0 } else { Class::Permission.exit_code() };
        let mark = if stuck.is_empty() { "🧹" } else { "⚠️" };
        (code, format!("{mark} The preview of pull request #{} is removed", head.number), told.sentences())
    }

    /// Ends the deployments that GitHub shows for the preview.
    async fn end_deployments(&self) {
        if self.console.is_simulated() {
            return;
        }
        let told = async {
            let github = self.github.ok_or_else(|| "there is no token for GitHub".to_owned())?;
            github.end_all(&self.name).await.map_err(|error| with_cure(&error))
        };
        match tokio::time::timeout(LONGEST, told).await {
            Ok(Ok(ended)) if ended.deleted + ended.kept > 0 => {
                self.console.line(&format!("The deployments to {} are ended", self.name));
            }
            Ok(Ok(_)) => {}
            Ok(Err(why)) => {
                self.console.warning(&format!("The deployments to {} could not be ended: {why}", self.name))
            }
            Err(_) => self.console.warning("The deployments could not be ended: GitHub did not answer in time"),
        }
    }

    async fn removals(&self, release: &Release) -> Result<Vec<(String, Vec<Removal>)>, Failure> {
        let clients = connect_all(self.console, self.runner, release).await?;
        if release.dry_run {
            return Ok(Vec::new());
        }
        let wiring = Wiring::new(self.runner, release, &clients, self.files, BTreeMap::new());
        let ending = Ending::look(self.console, self.runner, self.preview, &clients, &wiring).await;
        let removed = ending.remove().await;
        ending.stale(self.github).await;
        removed
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
