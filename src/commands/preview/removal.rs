//! Removing previews: that of one pull request, and those whose pull requests are closed by now.

use std::collections::{BTreeMap, BTreeSet};

use crate::commands::deploy::each_region;
use crate::commands::deploy::inputs::Deploy;
use crate::commands::preview::inputs::{Preview, name, repository_label};
use crate::commands::preview::run::{PreviewHome, Thing, channel, channels, image, sites};
use crate::commands::release::parts::{AllClients, Wiring};
use slipway_failure::{Explain as _, Failure};
use slipway_github::GitHub;
use slipway_names::ids::{self as ids, ServiceName};
use slipway_names::preview::{Removal, Removed};
use slipway_runner::Console;
use slipway_runner::env::Runner;

/// Pull requests that are asked about in one run; the others wait for the next.
const MOST_ASKED: usize = 30;

/// What of a part stands in one region.
struct RegionPart {
    index: usize,
    live: ServiceName,
    own: ServiceName,
}

/// A region with the parts that it has, looked at once.
struct Region<'a> {
    place: PreviewHome<'a>,
    parts: Vec<RegionPart>,
}

/// A region that is to be looked at, as whom its first part says.
struct WantedRegion<'a> {
    deploy: &'a Deploy,
    region: ids::Region,
    parts: Vec<RegionPart>,
}

/// The regions and sites that a preview's parts are in.
pub(super) struct Ending<'a> {
    console: &'a Console,
    preview: &'a Preview,
    clients: &'a AllClients,
    wiring: &'a Wiring<'a>,
    repository: Option<String>,
    regions: Vec<Region<'a>>,
    unseen: Vec<Removal>,
}

impl<'a> Ending<'a> {
    /// Looks at the regions.
    pub(super) async fn look(
        console: &'a Console,
        runner: &Runner,
        preview: &'a Preview,
        clients: &'a AllClients,
        wiring: &'a Wiring<'a>,
    ) -> Self {
        let mut wanted: BTreeMap<String, WantedRegion<'_>> = BTreeMap::new();
        for (index, part) in preview.release.services.iter().enumerate() {
            let Some(guest) = part.deploy.guest.as_deref() else { continue };
            for deploy in each_region(part.deploy.clone()) {
                let account = part.deploy.credentials.principal.shown();
                let key = format!("{account} {} {}", deploy.project, deploy.region);
                let first = || WantedRegion { deploy: &part.deploy, region: deploy.region.clone(), parts: Vec::new() };
                let place = wanted.entry(key).or_insert_with(first);
                place.parts.push(RegionPart { index, live: guest.of.clone(), own: deploy.service.clone() });
            }
        }
        let repository = repository_label(&runner.origin.of_repository());
        let mut ending =
            Self { console, preview, clients, wiring, repository, regions: Vec::new(), unseen: Vec::new() };
        for WantedRegion { deploy, region, parts } in wanted.into_values() {
            let Some(own) = clients.of(&deploy.credentials, deploy.project.as_str()) else { continue };
            match PreviewHome::look(&own.http, &region).await {
                Ok(place) => ending.regions.push(Region { place, parts }),
                Err(error) => ending.unseen.push(Removal {
                    what: format!("What there is of previews in `{region}`"),
                    end: Removed::Stuck(error.to_string(), error.hints()),
                }),
            }
        }
        ending
    }

    /// Removes what there is of the pull request's preview, in both forms.
    ///
    /// # Errors
    /// When the sites cannot be found.
    pub(super) async fn remove(&self) -> Result<Vec<(String, Vec<Removal>)>, Failure> {
        let (release, number) = (&self.preview.release, self.preview.pull.number);
        let own = name(number);
        let mut parts: Vec<Vec<Removal>> = release.services.iter().map(|_| Vec::new()).collect();
        let mut serves: BTreeSet<usize> = BTreeSet::new();
        let mut others = Vec::new();
        for region in &self.regions {
            let mut things = self.previews(region).remove(&number).unwrap_or_default();
            for part in &region.parts {
                let tag = region.place.tag(&part.live, &own).filter(|tag| !things.contains(tag));
                things.extend(tag);
            }
            for thing in &things {
                let removal = self.removed(region, thing).await;
                match region.parts.iter().find(|part| part.live.as_str() == of(thing)) {
                    Some(part) => {
                        if matches!(removal.end, Removed::Kept(_)) {
                            serves.insert(part.index);
                        }
                        parts[part.index].push(removal);
                    }
                    // A part that the manifest does not name any more.
                    None => others.push((of(thing).to_owned(), vec![removal])),
                }
            }
            for part in &region.parts {
                if let Some(foreign) = region.place.unlabelled(&part.own).filter(|_| part.own != part.live) {
                    self.console.line(&foreign.sentence());
                    parts[part.index].push(foreign);
                }
            }
        }
        let mut all = Vec::new();
        for (index, (part, mut removals)) in release.services.iter().zip(parts).enumerate() {
            if removals.is_empty() && self.unseen.is_empty() {
                removals.push(Removal { what: format!("The preview `{own}` of it"), end: Removed::Absent });
            }
            let deploys = each_region(part.deploy.clone());
            let client = self.clients.of(&part.deploy.credentials, part.deploy.project.as_str());
            if let Some(client) = client
                && let Some(removal) = image(&client.http, &deploys, serves.contains(&index), &own).await
            {
                self.console.line(&removal.sentence());
                removals.push(removal);
            }
            all.push((part.name.clone(), removals));
        }
        all.extend(others);
        for site in self.wiring.sites(self.console) {
            let mut removals = Vec::new();
            for id in sites(&site).await? {
                let removal = channel(site.http, &id, site.hosting.channel()).await;
                self.console.line(&removal.sentence());
                removals.push(removal);
            }
            all.push((site.name.trim_end_matches(": ").to_owned(), removals));
        }
        all.extend((!self.unseen.is_empty()).then(|| ("services".to_owned(), self.unseen.clone())));
        Ok(all)
    }

    /// Removes previews of other pull requests that GitHub calls closed. Nothing of it decides the run.
    pub(super) async fn stale(&self, github: Option<&GitHub>) {
        let own = self.preview.pull.number;
        let found: Vec<_> = self.regions.iter().map(|region| (region, self.previews(region))).collect();
        let mut channels_of = Vec::new();
        for site in self.wiring.sites(self.console) {
            for id in sites(&site).await.unwrap_or_default() {
                let numbers = channels(site.http, &id).await.unwrap_or_default();
                channels_of.push((site.http, id, numbers));
            }
        }
        let mut numbers: BTreeSet<u64> = found.iter().flat_map(|(_, things)| things.keys().copied()).collect();
        numbers.extend(channels_of.iter().flat_map(|(_, _, numbers)| numbers));
        numbers.remove(&own);
        let Some(github) = github.filter(|_| !numbers.is_empty()) else { return };
        for number in numbers.into_iter().take(MOST_ASKED) {
            match github.is_closed(number).await {
                Ok(true) => {}
                Ok(false) => continue,
                // Not this repository's, or hidden: it stays.
                Err(error) if error.is_missing() => continue,
                Err(why) => {
                    return self.console.line(&format!("Whether other pull requests are closed is not known: {why}"));
                }
            }
            self.console.line(&format!("Pull request #{number} is closed: its preview goes"));
            for (region, things) in &found {
                for thing in things.get(&number).into_iter().flatten() {
                    self.removed(region, thing).await;
                }
            }
            for (http, site, _) in channels_of.iter().filter(|(_, _, numbers)| numbers.contains(&number)) {
                self.console.line(&channel(http, site, &name(number)).await.sentence());
            }
        }
    }

    fn previews(&self, region: &Region<'_>) -> BTreeMap<u64, Vec<Thing>> {
        let live: Vec<ServiceName> = region.parts.iter().map(|part| part.live.clone()).collect();
        region.place.previews(&live, self.repository.as_deref())
    }

    async fn removed(&self, region: &Region<'_>, thing: &Thing) -> Removal {
        let removal = region.place.remove(thing).await;
        self.console.line(&removal.sentence());
        removal
    }
}

/// The live service that a thing is of.
fn of(thing: &Thing) -> &str {
    match thing {
        Thing::Own { of, service } if of.is_empty() => service,
        Thing::Own { of, .. } => of,
        Thing::Tag { service, .. } => service,
    }
}
