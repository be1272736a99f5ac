//! Services and sites as one release: everything is built and uploaded first, seen by nobody; then services move,
//! then sites are released; a failure anywhere takes all of it back.

use std::collections::BTreeMap;

use crate::commands::deploy::inputs::Deploy;
use crate::commands::deploy::plan::Marks;
use crate::commands::hosting::run::{self as hosting, SiteContext};
use crate::commands::hosting::serving::RewriteService;
use crate::commands::release::inputs::{Gap, fill};
use crate::facts::Facts;
use crate::probe::Probe;
use crate::service::together::{CANDIDATE, READY, SHOWN, VERIFIED};
use crate::service::{Context, Together, preflight, region};
use slipway_failure::{Class, Failure};
use slipway_github::GitHub;
use slipway_google::cloud_run::resource_name;
use slipway_google::http::Http;
use slipway_runner::Console;
use slipway_runner::env::Origin;
use slipway_runner::files::Files;

/// What one service of a release takes.
pub struct ReleasedService<'a> {
    /// Its name in the manifest.
    pub name: &'a str,
    /// The deploy, for each of its regions.
    pub deploys: Vec<Deploy>,
    /// Services whose addresses it wants to know.
    pub needs: &'a [String],
    /// Where those addresses go.
    pub gaps: &'a [Gap],
    /// What marks the things it makes.
    pub marks: Marks,
    /// Google, as its account.
    pub http: &'a Http,
    /// The runner's files.
    pub files: Files,
}

/// What all parts share.
#[derive(Clone, Copy)]
pub struct ReleaseTools<'a> {
    /// Where the run comes from.
    pub origin: &'a Origin,
    /// GitHub, when there is a token for it.
    pub github: Option<&'a GitHub>,
    /// The user's programs.
    pub probe: &'a Probe,
    /// Text.
    pub console: &'a Console,
}

/// What is known of a release, part by part.
#[derive(Debug, Default)]
pub struct ReleaseFacts {
    /// Of each service, of each of its regions.
    pub services: Vec<Vec<Facts>>,
    /// Of each site part.
    pub sites: Vec<Facts>,
}

impl<'a> ReleasedService<'a> {
    /// What the steps may use, for each region.
    pub fn contexts<'b>(&'b self, shared: ReleaseTools<'b>, places: &[Together]) -> Vec<Context<'b>> {
        let several = self.deploys.len() > 1;
        let contexts = self.deploys.iter().zip(places).map(|(deploy, place)| Context {
            deploy,
            marks: &self.marks,
            origin: shared.origin,
            service_name: resource_name(deploy.kind, deploy.project.as_str(), &deploy.region, &deploy.service),
            http: self.http,
            github: shared.github,
            probe: shared.probe,
            console: shared.console,
            files: &self.files,
            together: place.clone(),
            name: format!("Service `{}`", self.name),
            prefix: if several { format!("{} in {}: ", self.name, deploy.region) } else { format!("{}: ", self.name) },
        });
        contexts.collect()
    }
}

/// A service that is built and waits to be deployed.
struct Built {
    seen: Vec<preflight::Seen>,
    image: String,
}

/// Carries out a release. Whatever is learned stands in the facts, also when it ends early; what has moved or was
/// released is taken back when it fails.
///
/// # Errors
/// The first failure, explained.
pub async fn run(
    shared: ReleaseTools<'_>,
    services: &mut [ReleasedService<'_>],
    sites: &[SiteContext<'_>],
    facts: &mut ReleaseFacts,
) -> Result<(), Failure> {
    let prepared = prepare(shared, services, sites, facts).await;
    let built = match prepared {
        Ok(built) => built,
        Err(failure) => return Err(take_back(sites, &mut facts.sites, failure).await),
    };
    // One place for every region of every service that is not there yet, and one for all the sites.
    let regions: usize = services.iter().map(|service| service.deploys.len()).sum();
    let mut places = Together::of(regions + usize::from(!sites.is_empty()));
    let of_sites = if sites.is_empty() { None } else { places.pop() };
    let mut contexts = Vec::new();
    for service in services.iter() {
        let rest = places.split_off(service.deploys.len());
        contexts.push(service.contexts(shared, &places));
        places = rest;
    }
    let moving = contexts.iter().zip(facts.services.iter_mut()).zip(built).map(async |((contexts, facts), built)| {
        match built {
            Some(Built { seen, image }) => crate::service::everywhere(contexts, facts, seen, &image).await,
            None => {
                // It was new, somebody needed its address, and it serves since.
                contexts.iter().for_each(|context| context.together.through());
                Ok(())
            }
        }
    });
    let showing = async {
        match &of_sites {
            Some(place) => show(sites, &mut facts.sites, place).await,
            None => Ok(()),
        }
    };
    let (mut ended, shown) = tokio::join!(futures_util::future::join_all(moving), showing);
    ended.push(shown);
    crate::service::worst(ended)?;
    for (contexts, facts) in contexts.iter().zip(facts.services.iter_mut()) {
        crate::service::afterwards(contexts, facts).await?;
    }
    Ok(())
}

/// Builds every service and uploads every site. A service that is new, and whose address a later one wants to
/// know, is deployed at once: nobody knows it yet, so nobody is served anything half. The same holds for a
/// candidate that waits without traffic.
async fn prepare(
    shared: ReleaseTools<'_>,
    services: &mut [ReleasedService<'_>],
    sites: &[SiteContext<'_>],
    facts: &mut ReleaseFacts,
) -> Result<Vec<Option<Built>>, Failure> {
    for site in sites {
        hosting::by_manifest(site).map_err(|failure| failure.in_place(site.name))?;
    }
    // All of them first: a build of one service is not paid for when another is to go where nothing is.
    for service in services.iter() {
        for deploy in &service.deploys {
            let checked = region::check_deploy(service.http, deploy).await;
            checked.map_err(|failure| failure.in_place(&format!("{}: ", service.name)))?;
        }
    }
    let needed: Vec<String> = services.iter().flat_map(|service| service.needs.iter().cloned()).collect();
    let mut urls: BTreeMap<String, String> = BTreeMap::new();
    let mut built = Vec::new();
    for (service, all) in services.iter_mut().zip(facts.services.iter_mut()) {
        for deploy in &mut service.deploys {
            fill(service.gaps, deploy, &urls)
                .map_err(|missing| Failure::plain(Class::Deploy, format!("Part `{}`: {missing}", service.name)))?;
        }
        let service = &*service;
        let contexts = service.contexts(shared, &Together::of(service.deploys.len()));
        let (Some(first), Some(first_facts)) = (contexts.first(), all.first_mut()) else { continue };
        let in_place = |failure: Failure| failure.in_place(&format!("{}: ", service.name));
        crate::service::sign_in(first, first_facts).await.map_err(in_place)?;
        let mut seen = Vec::new();
        for (context, facts) in contexts.iter().zip(all.iter_mut()) {
            seen.push(crate::service::preflight(context, facts).await.map_err(in_place)?);
        }
        for (deploy, seen) in service.deploys.iter().zip(&seen) {
            let named = RewriteService { region: deploy.region.to_string(), name: deploy.service.to_string() };
            let now = seen.service.as_ref().map(|service| service.json());
            for site in sites {
                hosting::beforehand(site, &named, now.cloned()).await.map_err(|failure| failure.in_place(site.name))?;
            }
        }
        crate::service::ordered_everywhere(&contexts, all, &seen).await.map_err(in_place)?;
        if all[0].unchanged.is_some() {
            urls.extend(all[0].service.url.clone().map(|url| (service.name.to_owned(), url)));
            built.push(None);
            continue;
        }
        crate::service::foresee::everywhere(&contexts, &seen).await.map_err(in_place)?;
        let image = crate::build::image::made_or_found(first, &mut all[0], &seen[0]).await.map_err(in_place)?;
        let wanted = needed.iter().any(|name| name == service.name);
        // A candidate that waits without traffic is asked at its tag's address, which it has once it is there.
        let waits = first.deploy.rollout.no_traffic;
        let address = seen[0].service.as_ref().map(|service| service.uri().to_owned());
        match address.filter(|uri| !uri.is_empty() && !waits) {
            Some(address) => drop(urls.insert(service.name.to_owned(), address)),
            None if wanted => {
                crate::service::before(first, &mut all[0], &seen[0], &image).await.map_err(in_place)?;
                crate::service::everywhere(&contexts, all, seen, &image).await?;
                let tagged = all[0].rollout.as_ref().filter(|_| waits).and_then(|rollout| rollout.uri.clone());
                let url = tagged.or_else(|| all[0].service.url.clone());
                urls.extend(url.map(|url| (service.name.to_owned(), url)));
                built.push(None);
                continue;
            }
            None => {}
        }
        built.push(Some(Built { seen, image }));
    }
    for (site, facts) in sites.iter().zip(facts.sites.iter_mut()) {
        hosting::sign_in(site, facts).await.map_err(|failure| failure.in_place(site.name))?;
        hosting::prepare(site, facts).await.map_err(|failure| failure.in_place(site.name))?;
    }
    // Migrations come last: nothing takes them back.
    for ((service, all), built) in services.iter().zip(facts.services.iter_mut()).zip(&built) {
        let Some(Built { seen, image }) = built else { continue };
        let contexts = service.contexts(shared, &Together::of(service.deploys.len()));
        let (Some(first), Some(facts)) = (contexts.first(), all.first_mut()) else { continue };
        let failed = |failure: Failure| failure.in_place(&format!("{}: ", service.name));
        crate::service::before(first, facts, &seen[0], image).await.map_err(failed)?;
    }
    Ok(built)
}

/// Completes the sites when the candidates are good, and releases them when the services serve.
async fn show(sites: &[SiteContext<'_>], facts: &mut [Facts], place: &Together) -> Result<(), Failure> {
    let mut at = "";
    let work = async {
        place.pass(CANDIDATE).await?;
        for (site, facts) in sites.iter().zip(facts.iter_mut()) {
            at = site.name;
            hosting::complete(site, facts).await?;
        }
        place.pass(READY).await?;
        place.pass(VERIFIED).await?;
        for (site, facts) in sites.iter().zip(facts.iter_mut()) {
            at = site.name;
            hosting::show(site, facts).await?;
        }
        place.pass(SHOWN).await
    };
    match work.await {
        Ok(()) => {
            sites.iter().zip(facts.iter_mut()).for_each(|(site, facts)| hosting::end(site, facts));
            Ok(())
        }
        Err(failure) => {
            let first = place.fail(&format!("Site `{}`", at.trim_end_matches(": ")));
            let failure = take_back(sites, facts, failure).await.in_place(at);
            Err(if first { failure } else { failure.echo() })
        }
    }
}

/// Takes back every site; gives back the failure with what came of that.
async fn take_back(sites: &[SiteContext<'_>], facts: &mut [Facts], mut failure: Failure) -> Failure {
    for (site, facts) in sites.iter().zip(facts.iter_mut()) {
        failure = hosting::undo::after(site, facts, failure).await;
    }
    failure
}
