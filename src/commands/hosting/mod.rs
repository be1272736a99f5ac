//! The hosting commands: a site is released, rolled back, promoted, or a preview of it removed.

pub mod inputs;
pub mod plan;
pub mod reach;
pub mod released;
pub mod report;
pub mod run;
pub mod serving;
pub mod whose;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::commands::hosting::inputs::resolve::run as resolve;
use crate::commands::hosting::inputs::{Hosting as Wanted, SiteWork};
use crate::commands::hosting::plan::steps;
use crate::commands::hosting::report::{SiteStory, headline, markdown, sentences, values};
use crate::commands::hosting::run::{self as hosting, SiteContext, undo};
use crate::commands::hosting::whose::Commits;
use crate::driver::clients::{GoogleClients, Tools, connect};
use crate::driver::command::{Command, Run};
use crate::driver::deployment::TrackedDeployment;
use crate::driver::texts::InputTexts;
use crate::facts::{Facts, Written};
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::pull_request::head_of_merge;
use crate::inputs::spec::CommandName as Word;
use crate::inputs::spec::hosting::name;
use crate::report::{Outcome, Report};
use crate::step::PlannedStep;
use crate::step::StepState;
use slipway_failure::Failure;
use slipway_github::GitHub;
use slipway_names::credentials::Credentials;
use slipway_names::hosting::{LIVE, SiteEnd, SiteKind};
use slipway_names::ids::SiteId;
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_wire::clock::random_hex;

/// Whether a rollback or a promotion is about a site, by what was given.
pub(crate) fn is_meant(raw: &RawInputs, command: Word) -> bool {
    match command {
        Word::Hosting | Word::HostingRollback | Word::HostingPromote => true,
        Word::Rollback | Word::Promote => {
            [name::SITE, name::TO_VERSION, name::FROM_CHANNEL].into_iter().any(|name| raw.has(name))
        }
        Word::Deploy
        | Word::Job
        | Word::Release
        | Word::Preview
        | Word::Status
        | Word::Logs
        | Word::Export
        | Word::Monitoring
        | Word::Doctor
        | Word::RotateKey
        | Word::RotateSecret => false,
    }
}

/// A hosting command.
pub(crate) struct HostingCommand {
    wanted: Wanted,
    commits: Commits,
    plan: Vec<PlannedStep>,
    /// What marks the versions that it makes.
    mark: String,
    /// Whether a user of action-hosting-deploy may miss what that did by itself.
    comes_from_elsewhere: bool,
}

/// What a hosting command works with.
pub(crate) struct SiteClients {
    google: GoogleClients,
    github: Option<GitHub>,
}

impl Command for HostingCommand {
    type Clients = SiteClients;
    type Facts = Facts;
    type End = SiteKind;

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let findings = std::mem::take(&mut texts.findings);
        let Resolved { meaning: mut hosting, warnings } = resolve(texts.command, &texts.raw, &texts.runner, findings)?;
        let commits = whose::settle(texts.console, &texts.runner, &mut hosting).await?;
        // Everything that is made and said is of the commit at the head; the run's own may be another branch's.
        if let Some(head) = &commits.head {
            texts.runner.origin.sha = Some(head.clone());
        }
        let previews = matches!(&hosting.what, SiteWork::Deploy(_)) && hosting.channel() != LIVE;
        let raw = &texts.raw;
        let comes_from_elsewhere = previews && raw.is_spelled("firebaseServiceAccount") && !raw.has(name::AUTH_DOMAINS);
        let mark = format!("req_{}", random_hex(8));
        let command = Self { plan: steps(&hosting), wanted: hosting, commits, mark, comes_from_elsewhere };
        Ok(Resolved { meaning: command, warnings })
    }

    fn title(&self) -> Option<String> {
        let hosting = &self.wanted;
        let verb = match &hosting.what {
            _ if hosting.dry_run => "plan for",
            SiteWork::Deploy(_) => "releasing to",
            SiteWork::Rollback { .. } => "rolling back",
            SiteWork::Promote { .. } => "promoting to",
            SiteWork::Remove { .. } => "removing",
        };
        Some(format!("{verb} channel {} of project {}", hosting.channel(), hosting.project))
    }

    fn plan(&self) -> &[PlannedStep] {
        &self.plan
    }

    fn tip(&self) -> Option<&'static str> {
        self.comes_from_elsewhere.then_some("action-hosting-deploy put previews among the authorised domains of Firebase Authentication by itself; here `auth_domains: true` does, where people sign in on them")
    }

    fn is_dry_run(&self) -> bool {
        self.wanted.dry_run
    }

    fn deployment(&self) -> Option<TrackedDeployment<'_>> {
        let hosting = &self.wanted;
        if let SiteWork::Remove { .. } = hosting.what {
            return None;
        }
        Some(TrackedDeployment {
            environment: hosting.environment.as_deref()?,
            commit: self.commits.head.as_deref(),
            what: format!("hosting {}", hosting.channel()),
            places: places_of_sites(hosting),
            transient: hosting.channel() != LIVE,
            token: hosting.github_token.as_ref(),
            asked_for: true,
        })
    }

    fn facts(&self, warnings: Vec<String>) -> Facts {
        Facts { warnings, ..Facts::default() }
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<SiteClients, Failure> {
        let google = tools.connect(&self.wanted.credentials, self.wanted.project.as_str()).await?;
        let github = tools.github(&google, self.wanted.github_token.as_ref());
        Ok(SiteClients { google, github })
    }

    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &SiteClients,
        facts: &mut Facts,
    ) -> Result<Outcome<SiteKind>, Failure> {
        let context = self.context(tools, clients);
        if self.wanted.dry_run {
            return hosting::rehearse(&context, facts).await.map(Outcome::Planned);
        }
        hosting::run(&context, facts).await.map(|()| Outcome::Succeeded(kind(&self.wanted)))
    }

    /// What was released and made is taken back.
    async fn tidy_up(&self, tools: &Tools<'_>, clients: &SiteClients, facts: &mut Facts) {
        facts.end(StepState::Cancelled, "interrupted");
        clean_up(&self.context(tools, clients), facts).await;
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let (hosting, origin) = (&self.wanted, &run.tools.runner.origin);
        // What GitHub was asked for is not the event's.
        let head = head_of_merge(origin).filter(|_| self.commits.head.is_none());
        let story = SiteStory {
            kind: kind(hosting),
            project: hosting.project.as_str(),
            channel: hosting.channel(),
            account: hosting.credentials.principal.shown(),
            commit: origin.sha.as_deref(),
            head: head.as_deref(),
            built: self.commits.built.as_deref(),
            run_url: origin.run_url(),
            plan: &self.plan,
            facts: run.facts,
            outcome: run.outcome,
            took: run.took,
        };
        let report = Report::new(headline(&story), run.took, values(&story), markdown(&story));
        let url = run.facts.sites.first().and_then(|fact| fact.url.clone());
        Report { now: sentences(&story), on: "site", url, ..report }
    }
}

/// A site of its own is not among others.
static NOBODY: BTreeMap<crate::commands::hosting::serving::RewriteService, String> = BTreeMap::new();

impl HostingCommand {
    fn context<'a>(&'a self, tools: &'a Tools<'_>, clients: &'a SiteClients) -> SiteContext<'a> {
        SiteContext {
            hosting: &self.wanted,
            mark: &self.mark,
            origin: &tools.runner.origin,
            http: &clients.google.http,
            github: clients.github.as_ref(),
            probe: &clients.google.probe,
            console: tools.console,
            files: &tools.files,
            coming: &[],
            fixed: &NOBODY,
            name: "",
        }
    }
}

pub(super) fn kind(hosting: &Wanted) -> SiteKind {
    match hosting.what {
        SiteWork::Deploy(_) => SiteKind::Deploy,
        SiteWork::Rollback { .. } => SiteKind::Rollback,
        SiteWork::Promote { .. } => SiteKind::Promote,
        SiteWork::Remove { .. } => SiteKind::Remove,
    }
}

/// Takes back what was released on a live channel, and removes versions that nobody saw.
pub(super) async fn clean_up(context: &SiteContext<'_>, facts: &mut Facts) {
    for index in 0..facts.sites.len() {
        let fact = &facts.sites[index];
        if fact.end != SiteEnd::Open || fact.released == Written::No || !fact.is_live() {
            continue;
        }
        match undo::restore(context, facts, index).await {
            Ok(told) => context.console.line(&format!("Put back: {told}")),
            Err(failure) => context.console.warning(&format!("The site was not put back: {failure}")),
        }
    }
    undo::discard(context, facts).await;
}

/// What a run that was killed told about its sites.
pub(crate) struct LeftSites {
    project: String,
    releases: Vec<String>,
    versions: Vec<String>,
}

/// Releases of a run that may have to be taken back, and versions that nobody may have seen.
pub(crate) fn left(runner: &Runner) -> Option<LeftSites> {
    if runner.state.contains_key("site_over") {
        return None;
    }
    let all = |start: &str| {
        let named = runner.state.iter().filter(|(name, _)| name.starts_with(start));
        named.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let project = runner.state.get("site_project")?.clone();
    Some(LeftSites { project, releases: all("site_release_"), versions: all("site_version_") })
}

/// Puts back what such a run released, and removes the versions that it left unseen.
pub(crate) async fn end_left(
    console: &Arc<Console>,
    runner: &Runner,
    credentials: Option<Credentials>,
    left: LeftSites,
) {
    let LeftSites { project, releases, versions } = left;
    let cannot = |why: &str| console.warning(&format!("The site may show what the run released: {why}"));
    let Some(credentials) = credentials else { return cannot("there are no credentials to put it back with") };
    let clients = match connect(console, runner, credentials, &project).await {
        Ok(clients) => clients,
        Err(failure) => return cannot(&failure.to_string()),
    };
    for told in &releases {
        let ended: Result<String, Failure> = undo::left_behind(&clients.http, console, told).await;
        match ended {
            Ok(told) => console.line(&told),
            Err(failure) => cannot(&failure.to_string()),
        }
    }
    // What was about to be released is dealt with above.
    for version in versions.iter().filter(|version| !releases.iter().any(|told| told.contains(version.as_str()))) {
        undo::remove_unseen(&clients.http, console, version).await;
    }
}

/// What will show a released site: a channel of each.
pub(crate) fn places_of_sites(hosting: &Wanted) -> Vec<String> {
    // The default site usually has the name of the project.
    let place = |site: Option<&SiteId>, channel: &str| {
        let site = site.map_or_else(|| hosting.project.to_string(), ToString::to_string);
        format!("site {}/{site}/{channel}", hosting.project)
    };
    match &hosting.what {
        SiteWork::Deploy(upload) => {
            upload.sites.iter().map(|source| place(source.site.as_ref(), hosting.channel())).collect()
        }
        SiteWork::Rollback { site, .. } | SiteWork::Promote { site, .. } => {
            vec![place(site.as_ref(), hosting.channel())]
        }
        SiteWork::Remove { sites, .. } => sites.iter().map(|site| place(site.as_ref(), hosting.channel())).collect(),
    }
}
