//! The release command: services and sites of a manifest, all of them or none.

pub mod inputs;
pub mod report;
pub mod run;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::deploy::{clean_up as clean_up_region, each_region};
use super::hosting::{self, kind as site_kind};
use crate::cli::{Invocation, Task};
use crate::cloud_run::difference::Difference;
use crate::commands::deploy::inputs::{Deploy, DeployWhat, Ingress};
use crate::commands::deploy::plan::{Marks, PlannedStep, image_tags, marks, steps as service_steps};
use crate::commands::hosting::plan::steps as site_steps;
use crate::commands::hosting::reach::Coming;
use crate::commands::hosting::report::SiteStory;
use crate::commands::hosting::run::SiteContext;
use crate::commands::hosting::serving::RewriteService;
use crate::commands::release::inputs::resolve::published::values_to_hide;
use crate::commands::release::inputs::resolve::run as resolve;
use crate::commands::release::inputs::{Release as Wanted, SitePart};
use crate::commands::release::report::{ReleasePart, ReleaseStory, headline, markdown, sentences, values};
use crate::commands::release::run::{self as release, ReleaseFacts, ReleaseTools, ReleasedService};
use crate::driver::clients::{GoogleClients, Tools, github};
use crate::driver::command::{Command, Run};
use crate::driver::deployment::{self as deployment, TrackedDeployment};
use crate::driver::post::Left;
use crate::driver::texts::{InputTexts, read_texts};
use crate::facts::Facts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::pull_request::head_of_merge;
use crate::inputs::spec::CommandName as Word;
use crate::report::{Outcome, Report, RunKind, Story};
use crate::service::{self as steps, Context, Together, wished};
use crate::step::StepState;
use slipway_failure::Failure;
use slipway_github::GitHub;
use slipway_names::credentials::Credentials;
use slipway_names::hosting::SiteKind;
use slipway_runner::Console;
use slipway_runner::env::{Origin, Runner};
use slipway_runner::files::{Files, state_name};
use slipway_wire::clock::random_hex;

/// The release command.
pub(crate) struct ReleaseCommand {
    wanted: Wanted,
    marks: PartMarks,
    plan: Vec<PlannedStep>,
}

/// What marks the things that the parts of a release make.
pub(super) struct PartMarks {
    /// Of each service.
    pub services: Vec<Marks>,
    /// Of the versions of each site.
    pub sites: Vec<String>,
}

impl PartMarks {
    /// Chooses them.
    pub(super) fn of(release: &Wanted, origin: &Origin) -> Self {
        let services = release.services.iter().map(|part| marks(&part.deploy, origin, &random_hex(8)));
        let sites = release.sites.iter().map(|_| format!("req_{}", random_hex(8)));
        Self { services: services.collect(), sites: sites.collect() }
    }
}

/// What a release works with: a client for each account and project.
pub(crate) struct ReleaseClients {
    pub all: AllClients,
    /// Marks of each service, as chosen unless the name of a revision is taken.
    pub marks: Vec<Marks>,
}

impl ReleaseClients {
    /// Connects for every part.
    ///
    /// # Errors
    /// When no connection can be set up, or credentials make no sense.
    pub(super) async fn connect(tools: &Tools<'_>, release: &Wanted, marks: &PartMarks) -> Result<Self, Failure> {
        let all = connect_all(tools, release).await?;
        let mut settled = Vec::new();
        for (part, marks) in release.services.iter().zip(&marks.services) {
            let Some(own) = all.of(&part.deploy.credentials, part.deploy.project.as_str()) else { continue };
            let regions = each_region(part.deploy.clone());
            let origin = &tools.runner.origin;
            settled.push(wished::settle(tools.console, &own.http, &regions, origin, marks.clone()).await);
        }
        Ok(Self { all, marks: settled })
    }
}

impl Command for ReleaseCommand {
    type Clients = ReleaseClients;
    type Facts = ReleaseFacts;
    type End = ();

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        hide_values(texts.console, &texts.raw, &texts.runner);
        let findings = std::mem::take(&mut texts.findings);
        let Resolved { meaning: release, warnings } = resolve(&texts.raw, &texts.runner, findings)?;
        let marks = PartMarks::of(&release, &texts.runner.origin);
        let plan = plan(&release, &marks.services, &texts.runner.origin);
        Ok(Resolved { meaning: Self { wanted: release, marks, plan }, warnings })
    }

    fn title(&self) -> Option<String> {
        let release = &self.wanted;
        let parts = release.services.len() + release.sites.len();
        let parts = if parts == 1 { "1 part".to_owned() } else { format!("{parts} parts as one") };
        Some(match (&release.environment, release.dry_run) {
            (Some(environment), false) => format!("releasing {environment}: {parts}"),
            (Some(environment), true) => format!("plan for the release of {environment}: {parts}"),
            (None, false) => format!("releasing {parts}"),
            (None, true) => format!("plan for a release of {parts}"),
        })
    }

    fn plan(&self) -> &[PlannedStep] {
        &self.plan
    }

    fn is_dry_run(&self) -> bool {
        self.wanted.dry_run
    }

    fn word(&self) -> Option<&'static str> {
        Some(Word::Release.word())
    }

    fn deployment(&self) -> Option<TrackedDeployment<'_>> {
        Some(TrackedDeployment {
            environment: self.wanted.environment.as_deref()?,
            commit: None,
            what: "release".to_owned(),
            places: deployment::places_of_release(&self.wanted),
            transient: false,
            token: self.wanted.github_token.as_ref(),
            // The environment is the manifest's first of all: that GitHub shows it too is a gift.
            asked_for: false,
        })
    }

    fn facts(&self, warnings: Vec<String>) -> ReleaseFacts {
        facts_of(&self.wanted, warnings)
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<ReleaseClients, Failure> {
        ReleaseClients::connect(tools, &self.wanted, &self.marks).await
    }

    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &ReleaseClients,
        facts: &mut ReleaseFacts,
    ) -> Result<Outcome<()>, Failure> {
        carry_out(tools, &self.wiring(tools, clients), &clients.marks, facts).await
    }

    async fn tidy_up(&self, tools: &Tools<'_>, clients: &ReleaseClients, facts: &mut ReleaseFacts) {
        end_all(tools, &self.wiring(tools, clients), &clients.marks, facts).await;
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let parts = ReleaseParts { runner: run.tools.runner, release: &self.wanted, facts: run.facts, took: run.took };
        parts.with_story(&self.plan, run.outcome, |story| {
            let report = Report::new(headline(story), run.took, values(story), markdown(story));
            Report { now: sentences(story), on: "parts", url: first_url(run.facts).map(str::to_owned), ..report }
        })
    }
}

impl ReleaseCommand {
    fn wiring<'a>(&'a self, tools: &'a Tools<'_>, clients: &'a ReleaseClients) -> Wiring<'a> {
        let (runner, release) = (tools.runner, &self.wanted);
        Wiring::new(runner, release, &clients.all, tools.files, &self.marks.sites, BTreeMap::new())
    }
}

/// Hides the `values` that stay secret, before anything is printed.
pub(super) fn hide_values(console: &Console, raw: &RawInputs, runner: &Runner) {
    for value in values_to_hide(raw, runner) {
        let of = format!("`{}` of `values`", value.name);
        if value.is_key {
            console.note_secret(&value.text, &of);
        }
        value.hidden().iter().for_each(|text| console.mask_of(text, &of));
    }
}

/// The address people look at first: of the first site, else of the first service.
pub(super) fn first_url(facts: &ReleaseFacts) -> Option<&str> {
    let site = facts.sites.iter().flat_map(|facts| &facts.sites).find_map(|fact| fact.url.as_deref());
    site.or_else(|| facts.services.first()?.first()?.service.url.as_deref())
}

/// Nothing is known of any part yet, but what was odd.
pub(super) fn facts_of(release: &Wanted, warnings: Vec<String>) -> ReleaseFacts {
    let regions = release.services.iter().map(|part| vec![Facts::default(); 1 + part.deploy.regions.len()]);
    let mut facts =
        ReleaseFacts { services: regions.collect(), sites: release.sites.iter().map(|_| Facts::default()).collect() };
    if let Some(first) = first_facts(&mut facts) {
        first.warnings = warnings;
    }
    facts
}

fn first_facts(facts: &mut ReleaseFacts) -> Option<&mut Facts> {
    match facts.services.first_mut() {
        Some(regions) => regions.first_mut(),
        None => facts.sites.first_mut(),
    }
}

/// The steps of every part, in the order they are done.
pub(super) fn plan(release: &Wanted, all_marks: &[Marks], origin: &Origin) -> Vec<PlannedStep> {
    let of = |name: &str, steps: Vec<PlannedStep>| {
        let named = steps.into_iter().map(|step| PlannedStep { text: format!("`{name}`: {}", step.text), ..step });
        named.collect::<Vec<_>>()
    };
    let services = release.services.iter().zip(all_marks).flat_map(|(part, marks)| {
        let tags = match &part.deploy.what {
            DeployWhat::Build(build) => image_tags(build, origin, None),
            _ => Vec::new(),
        };
        of(&part.name, service_steps(&part.deploy, marks, &tags))
    });
    let sites = release.sites.iter().flat_map(|part| of(&part.name, site_steps(&part.hosting)));
    services.chain(sites).collect()
}

/// A client for each account and project.
pub(crate) struct AllClients(Vec<(Credentials, String, GoogleClients)>);

impl AllClients {
    pub(super) fn of(&self, credentials: &Credentials, project: &str) -> Option<&GoogleClients> {
        let found = self.0.iter().find(|(other, place, _)| other.same(credentials) && place == project);
        found.map(|(_, _, clients)| clients)
    }
}

pub(super) async fn connect_all(tools: &Tools<'_>, release: &Wanted) -> Result<AllClients, Failure> {
    let services = release.services.iter().map(|part| (&part.deploy.credentials, part.deploy.project.as_str()));
    let sites = release.sites.iter().map(|part| (&part.hosting.credentials, part.hosting.project.as_str()));
    let mut all = AllClients(Vec::new());
    for (credentials, project) in services.chain(sites) {
        if all.of(credentials, project).is_none() {
            let clients = tools.connect(credentials, project).await?;
            all.0.push((credentials.clone(), project.to_owned(), clients));
        }
    }
    Ok(all)
}

/// What the parts' contexts borrow.
pub(super) struct Wiring<'a> {
    runner: &'a Runner,
    release: &'a Wanted,
    clients: &'a AllClients,
    files: Files,
    github: Option<GitHub>,
    /// Services of the release, as rewrites name them.
    coming: Vec<Coming>,
    /// Tags that rewrites keep to.
    fixed: BTreeMap<RewriteService, String>,
    /// What marks the versions of each site part, what begins its lines, and where it keeps its state.
    sites: Vec<(String, String, Files)>,
}

impl<'a> Wiring<'a> {
    pub(super) fn new(
        runner: &'a Runner,
        release: &'a Wanted,
        clients: &'a AllClients,
        files: Files,
        site_marks: &[String],
        fixed: BTreeMap<RewriteService, String>,
    ) -> Self {
        let net = clients.0.first().map(|(_, _, clients)| &clients.net);
        let deploys = release.services.iter().flat_map(|part| each_region(part.deploy.clone()));
        let site = |(index, (part, mark)): (usize, (&SitePart, &String))| {
            let files = Files { part: Some(release.services.len() + index), ..files };
            (mark.clone(), format!("{}: ", part.name), files)
        };
        Self {
            github: net.and_then(|net| github(runner, net, release.github_token.as_ref())),
            coming: deploys.map(|deploy| coming(&deploy)).collect(),
            sites: release.sites.iter().zip(site_marks).enumerate().map(site).collect(),
            runner,
            release,
            clients,
            files,
            fixed,
        }
    }

    pub(super) fn shared<'b>(&'b self, console: &'b Console) -> Option<ReleaseTools<'b>> {
        // Every part's account and project were connected a moment ago.
        let (_, _, any) = self.clients.0.first()?;
        Some(ReleaseTools { origin: &self.runner.origin, github: self.github.as_ref(), probe: &any.probe, console })
    }

    pub(super) fn services(&self, all_marks: &[Marks]) -> Vec<ReleasedService<'_>> {
        let parts = self.release.services.iter().zip(all_marks).enumerate().filter_map(|(index, (part, marks))| {
            let own = self.clients.of(&part.deploy.credentials, part.deploy.project.as_str())?;
            Some(ReleasedService {
                name: &part.name,
                deploys: each_region(part.deploy.clone()),
                needs: &part.needs,
                gaps: &part.gaps,
                marks: marks.clone(),
                http: &own.http,
                files: Files { part: Some(index), ..self.files },
            })
        });
        parts.collect()
    }

    pub(super) fn sites<'b>(&'b self, console: &'b Console) -> Vec<SiteContext<'b>> {
        let parts = self.release.sites.iter().zip(&self.sites).filter_map(|(part, (mark, name, files))| {
            let own = self.clients.of(&part.hosting.credentials, part.hosting.project.as_str())?;
            Some(SiteContext {
                hosting: &part.hosting,
                mark,
                origin: &self.runner.origin,
                http: &own.http,
                github: self.github.as_ref(),
                probe: &own.probe,
                console,
                files,
                coming: &self.coming,
                fixed: &self.fixed,
                name,
            })
        });
        parts.collect()
    }
}

/// Runs the parts until they end.
///
/// # Errors
/// The failure of a part, after all of them are as they were.
pub(super) async fn carry_out(
    tools: &Tools<'_>,
    wiring: &Wiring<'_>,
    all_marks: &[Marks],
    facts: &mut ReleaseFacts,
) -> Result<Outcome<()>, Failure> {
    let console = tools.console;
    let Some(shared) = wiring.shared(console) else { return Ok(Outcome::Succeeded(())) };
    let mut services = wiring.services(all_marks);
    let sites = wiring.sites(console);
    if wiring.release.dry_run {
        return rehearse(shared, &services, &sites, facts).await.map(Outcome::Planned);
    }
    let ended = release::run(shared, &mut services, &sites, facts).await;
    close(&services, facts, console);
    ended.map(Outcome::Succeeded)
}

/// Ends and takes back what the parts began, after a signal.
pub(super) async fn end_all(tools: &Tools<'_>, wiring: &Wiring<'_>, all_marks: &[Marks], facts: &mut ReleaseFacts) {
    facts.services.iter_mut().flatten().chain(facts.sites.iter_mut()).for_each(|facts| {
        facts.end(StepState::Cancelled, "interrupted");
    });
    let Some(shared) = wiring.shared(tools.console) else { return };
    clean_up(shared, &wiring.services(all_marks), &wiring.sites(tools.console), facts).await;
}

/// A service as rewrites name it.
fn service_of(deploy: &Deploy) -> RewriteService {
    RewriteService { region: deploy.region.to_string(), name: deploy.service.to_string() }
}

/// The same, with what visitors of a site will meet there.
fn coming(deploy: &Deploy) -> Coming {
    // A manifest of Knative's may say more than the settings do.
    let open = deploy.settings.ingress.map(|ingress| ingress == Ingress::All).filter(|_| deploy.manifest.is_none());
    // Nobody is asked who they are where the check is off.
    let public = deploy.settings.public.or(deploy.settings.invoker_check.filter(|check| !check).map(|_| true));
    Coming { service: service_of(deploy), open, public, later: deploy.guest.is_some() }
}

/// Finds out what every part would change, and changes nothing.
async fn rehearse(
    shared: ReleaseTools<'_>,
    services: &[ReleasedService<'_>],
    sites: &[SiteContext<'_>],
    facts: &mut ReleaseFacts,
) -> Result<Vec<Difference>, Failure> {
    let mut changes = Vec::new();
    let mut add = |name: &str, found: Vec<Difference>| {
        changes.extend(found.into_iter().map(|one| Difference { what: format!("{name}: {}", one.what), ..one }));
    };
    for (service, facts) in services.iter().zip(facts.services.iter_mut()) {
        let contexts = service.contexts(shared, &Together::of(service.deploys.len()));
        let (Some(context), Some(facts)) = (contexts.first(), facts.first_mut()) else { continue };
        let found = steps::rehearse(context, facts).await;
        add(service.name, found.map_err(|failure| failure.in_place(&format!("{}: ", service.name)))?);
    }
    for (site, facts) in sites.iter().zip(facts.sites.iter_mut()) {
        let found = crate::commands::hosting::run::rehearse(site, facts)
            .await
            .map_err(|failure| failure.in_place(site.name))?;
        add(site.name.trim_end_matches(": "), found);
    }
    Ok(changes)
}

/// Tells the post step which services have no rollout left open.
fn close(services: &[ReleasedService<'_>], facts: &ReleaseFacts, console: &Console) {
    for (service, all) in services.iter().zip(&facts.services) {
        let open = all.iter().filter_map(|facts| facts.rollout.as_ref()).any(|rollout| rollout.end.is_open());
        if !open && let Err(why) = service.files.save_state("rollout_over", "true") {
            console.warning(&why);
        }
    }
}

/// Ends what the parts began elsewhere, all side by side: there are seconds for it.
async fn clean_up(
    shared: ReleaseTools<'_>,
    services: &[ReleasedService<'_>],
    sites: &[SiteContext<'_>],
    facts: &mut ReleaseFacts,
) {
    let contexts: Vec<Vec<Context<'_>>> =
        services.iter().map(|service| service.contexts(shared, &Together::of(service.deploys.len()))).collect();
    let regions = contexts.iter().flatten().zip(facts.services.iter_mut().flatten());
    let services = futures_util::future::join_all(regions.map(|(context, facts)| clean_up_region(context, facts)));
    let sites = sites.iter().zip(facts.sites.iter_mut()).map(|(site, facts)| hosting::clean_up(site, facts));
    tokio::join!(services, futures_util::future::join_all(sites));
}

/// What a report is made of.
pub(super) struct ReleaseParts<'a> {
    pub(super) runner: &'a Runner,
    pub(super) release: &'a Wanted,
    pub(super) facts: &'a ReleaseFacts,
    pub(super) took: Duration,
}

impl ReleaseParts<'_> {
    /// Makes the story, for as long as it is told.
    pub(super) fn with_story<T>(
        &self,
        plan: &[PlannedStep],
        outcome: &Outcome<()>,
        tell: impl FnOnce(&ReleaseStory<'_>) -> T,
    ) -> T {
        // Of a part only what is true now is told; how the whole ended is told once.
        let planned = matches!(outcome, Outcome::Planned(_));
        let of_service = if planned { Outcome::Planned(Vec::new()) } else { Outcome::Succeeded(RunKind::Deploy) };
        let of_site = if planned { Outcome::Planned(Vec::new()) } else { Outcome::Succeeded(SiteKind::Deploy) };
        let origin = &self.runner.origin;
        let head = head_of_merge(origin);
        let regions: Vec<Vec<(&str, &Facts)>> = self
            .release
            .services
            .iter()
            .zip(&self.facts.services)
            .map(|(part, all)| {
                let names = part.deploy.regions.iter().map(|region| region.as_str());
                names.zip(all.iter().skip(1)).collect()
            })
            .collect();
        let services = self.release.services.iter().zip(&self.facts.services).zip(&regions);
        let services = services.map(|((part, facts), others)| {
            let deploy = &part.deploy;
            ReleasePart::Service(
                &part.name,
                Story {
                    kind: deploy.kind,
                    service: deploy.service.as_str(),
                    region: deploy.region.as_str(),
                    project: deploy.project.as_str(),
                    account: deploy.credentials.principal.shown(),
                    commit: origin.sha.as_deref(),
                    head: head.as_deref(),
                    run_url: origin.run_url(),
                    plan: &[],
                    facts: &facts[0],
                    others,
                    outcome: &of_service,
                    took: self.took,
                },
            )
        });
        let sites = self.release.sites.iter().zip(&self.facts.sites).map(|(part, facts)| {
            let hosting = &part.hosting;
            ReleasePart::Site(
                &part.name,
                SiteStory {
                    kind: site_kind(hosting),
                    project: hosting.project.as_str(),
                    channel: hosting.channel(),
                    account: hosting.credentials.principal.shown(),
                    commit: origin.sha.as_deref(),
                    head: head.as_deref(),
                    built: None,
                    run_url: origin.run_url(),
                    plan: &[],
                    facts,
                    outcome: &of_site,
                    took: self.took,
                },
            )
        });
        let parts: Vec<ReleasePart<'_>> = services.chain(sites).collect();
        let story = ReleaseStory {
            environment: self.release.environment.as_deref(),
            commit: origin.sha.as_deref(),
            head: head.as_deref(),
            run_url: origin.run_url(),
            plan,
            parts: &parts,
            outcome,
            took: self.took,
        };
        tell(&story)
    }
}

/// Ends what a release left behind that was cancelled or killed, part by part. `meant` says what the command's inputs
/// mean, where they can be read again.
pub(crate) async fn end_left(
    console: &Arc<Console>,
    runner: &Runner,
    command: Word,
    meant: impl FnOnce(&RawInputs, Findings) -> Option<Wanted>,
) {
    let invocation = Invocation { task: Task::Run(command), flags: Vec::new(), local: false };
    let (raw, findings) = read_texts(console, runner, &invocation, command);
    hide_values(console, &raw, runner);
    let Some(release) = meant(&raw, findings) else {
        return console.warning("What the run began may still go on: its manifest cannot be read again");
    };
    let services = release.services.iter().map(|part| (&part.name, Some(&part.deploy), &part.deploy.credentials));
    let sites = release.sites.iter().map(|part| (&part.name, None, &part.hosting.credentials));
    for (index, (name, deploy, credentials)) in services.chain(sites).enumerate() {
        let runner = of_part(runner, index);
        let Some(left) = Left::of(&runner) else { continue };
        console.line(&format!("Part `{name}`:"));
        left.end(console, &runner, Some(credentials.clone()), deploy.cloned()).await;
    }
}

/// The runner as one part sees it: with the state that the part kept.
fn of_part(runner: &Runner, part: usize) -> Runner {
    let start = state_name(part, "");
    let state =
        runner.state.iter().filter_map(|(name, value)| Some((name.strip_prefix(&start)?.to_owned(), value.clone())));
    Runner { state: state.collect(), ..runner.clone() }
}
