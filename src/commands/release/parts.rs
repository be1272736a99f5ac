//! The parts of a release while they are worked on: their clients, their contexts, and what they tell each other.

use std::collections::BTreeMap;

use crate::commands::deploy::each_region;
use crate::commands::deploy::inputs::{Deploy, Ingress};
use crate::commands::deploy::places_of_service;
use crate::commands::deploy::plan::Marks;
use crate::commands::hosting::places_of_sites;
use crate::commands::hosting::reach::Coming;
use crate::commands::hosting::run::SiteContext;
use crate::commands::hosting::serving::RewriteService;
use crate::commands::release::inputs::{Release as Wanted, SitePart};
use crate::commands::release::run::{ReleaseTools, ReleasedService};
use crate::driver::clients::{GoogleClients, Tools, github};
use slipway_failure::Failure;
use slipway_github::GitHub;
use slipway_names::credentials::Credentials;
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_runner::files::Files;

/// A client for each account and project.
pub(crate) struct AllClients(Vec<(Credentials, String, GoogleClients)>);

impl AllClients {
    pub(crate) fn of(&self, credentials: &Credentials, project: &str) -> Option<&GoogleClients> {
        let found = self.0.iter().find(|(other, place, _)| other.same(credentials) && place == project);
        found.map(|(_, _, clients)| clients)
    }
}

pub(crate) async fn connect_all(tools: &Tools<'_>, release: &Wanted) -> Result<AllClients, Failure> {
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
pub(crate) struct Wiring<'a> {
    runner: &'a Runner,
    pub(crate) release: &'a Wanted,
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
    pub(crate) fn new(
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

    pub(crate) fn shared<'b>(&'b self, console: &'b Console) -> Option<ReleaseTools<'b>> {
        // Every part's account and project were connected a moment ago.
        let (_, _, any) = self.clients.0.first()?;
        Some(ReleaseTools { origin: &self.runner.origin, github: self.github.as_ref(), probe: &any.probe, console })
    }

    pub(crate) fn services(&self, all_marks: &[Marks]) -> Vec<ReleasedService<'_>> {
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

    pub(crate) fn sites<'b>(&'b self, console: &'b Console) -> Vec<SiteContext<'b>> {
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

/// What will show a release: everything that shows one of its parts.
pub(crate) fn places_of_release(release: &Wanted) -> Vec<String> {
    let services = release.services.iter().flat_map(|part| places_of_service(&part.deploy));
    services.chain(release.sites.iter().flat_map(|part| places_of_sites(&part.hosting))).collect()
}
