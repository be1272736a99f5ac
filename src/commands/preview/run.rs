//! Removing previews: services of their own, tags, channels, images. What is not there is as good as removed; what cannot
//! be removed is named, and the rest goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::cloud_build::image::Destination;
use crate::cloud_build::repository::settle;
use crate::cloud_run::notes::Notes;
use crate::cloud_run::rollout::traffic_json;
use crate::commands::deploy::inputs::{Deploy, DeployWhat};
use crate::commands::hosting::inputs::SiteWork;
use crate::commands::hosting::run::{SiteContext, default_site, refused};
use crate::commands::preview::inputs::{OF_LABEL, number};
use crate::commands::preview::plan::told;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Service};
use slipway_google::error::ApiError;
use slipway_google::http::Http;
use slipway_google::operation::{self as operation, OperationWatched};
use slipway_google::{hosting, registry, roles};
use slipway_names::ids::{Region, ServiceName};
use slipway_names::image::{ImageRef, ImageRepository, Tag};
use slipway_names::json::set;
use slipway_names::preview::{Removal, Removed};
use slipway_names::traffic::TrafficTarget;
use slipway_wire::clock::jitter;

/// Removing takes seconds; later than this something is wrong.
const LONGEST_WRITE: Duration = Duration::from_secs(120);

/// Traffic tags a region may have (docs: run/quotas), and from how many on it is said.
const MOST_TAGS: usize = 2000;
const MANY_TAGS: usize = 1800;

/// Rounds of read, change, write while others write the same service.
const ROUNDS: u32 = 5;

fn stuck(error: &ApiError) -> Removed {
    use slipway_failure::Explain as _;
    Removed::Stuck(error.to_string(), error.hints())
}

/// Looks whether a region has room for the tags of another preview, before anything is built. Gives back a warning
/// when it is nearly full.
///
/// # Errors
/// When there is no room.
pub async fn room(http: &Http, region: &Region) -> Result<Option<String>, Failure> {
    // What may not be looked at beforehand shows itself later.
    let Ok(services) = cloud_run::services(http, region).await else { return Ok(None) };
    let tags: Vec<String> =
        services.iter().flat_map(|service| service.traffic().shares).filter_map(|share| share.tag).collect();
    let previews = tags.iter().filter(|tag| tag.starts_with("pr-")).count();
    let told = format!(
        "Cloud Run in `{region}` has {} of {MOST_TAGS} traffic tags, {previews} of them of previews",
        tags.len()
    );
    match tags.len() {
        count if count >= MOST_TAGS => {
            Err(Failure::plain(Class::Quota, format!("{told}: there is no room for one more")).hint(
                "Remove previews of closed pull requests: run this action with `mode: cleanup` and their numbers",
            ))
        }
        count if count >= MANY_TAGS => {
            Ok(Some(format!("{told}; previews of closed pull requests can go (`mode: cleanup`)")))
        }
        _ => Ok(None),
    }
}

/// Something of a preview that stands in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A service of its own, and of which one it is a preview.
    Own {
        /// Its name.
        service: String,
        /// The name of the live one.
        of: String,
    },
    /// A tag on the live service.
    Tag {
        /// The live service.
        service: String,
        /// The tag.
        tag: String,
    },
}

/// The services of a region, as previews see them.
#[derive(Debug)]
pub struct PreviewHome<'a> {
    http: &'a Http,
    region: Region,
    services: Vec<Service>,
}

impl<'a> PreviewHome<'a> {
    /// Lists them.
    ///
    /// # Errors
    /// When they may not be listed.
    pub async fn look(http: &'a Http, region: &Region) -> Result<Self, ApiError> {
        Ok(Self { http, region: region.clone(), services: cloud_run::services(http, region).await? })
    }

    /// What stands there of previews, by the number of the pull request: services of their own by their labels, where those
    /// do not name another repository; tags on these live services that a candidate of ours bears.
    pub fn previews(&self, live: &[ServiceName], repository: Option<&str>) -> BTreeMap<u64, Vec<Thing>> {
        let mut all: BTreeMap<u64, Vec<Thing>> = BTreeMap::new();
        for service in &self.services {
            let name = full_name(service).rsplit('/').next().unwrap_or_default().to_owned();
            if let Some((preview, whose)) = told(service.json()) {
                let ours = whose.zip(repository).is_none_or(|(whose, here)| whose == here);
                let of = service.label(OF_LABEL).unwrap_or_default().to_owned();
                if let Some(number) = number(preview).filter(|_| ours) {
                    all.entry(number).or_default().push(Thing::Own { service: name, of });
                }
                continue;
            }
            if !live.iter().any(|live| live.as_str() == name) {
                continue;
            }
            let noted = Notes::on(service.json()).candidates;
            for tag in service.traffic().shares.into_iter().filter_map(|share| share.tag) {
                if let Some(number) = number(&tag).filter(|_| noted.iter().any(|candidate| candidate.tag == tag)) {
                    all.entry(number).or_default().push(Thing::Tag { service: name.clone(), tag });
                }
            }
        }
        all
    }

    /// Whether a live service bears a tag, whoever put it there.
    pub fn tag(&self, live: &ServiceName, tag: &str) -> Option<Thing> {
        let found = self.services.iter().find(|one| full_name(one).ends_with(&format!("/services/{live}")))?;
        let bears = found.traffic().shares.iter().any(|share| share.tag.as_deref() == Some(tag));
        bears.then(|| Thing::Tag { service: live.to_string(), tag: tag.to_owned() })
    }

    /// A service of that name that is there without the label of any preview.
    pub fn unlabelled(&self, name: &ServiceName) -> Option<Removal> {
        let found = self.services.iter().find(|one| full_name(one).ends_with(&format!("/services/{name}")))?;
        // This program deletes no service that it does not know for a preview.
        let why = format!(
            "it bears no label of a preview; if it is one: gcloud run services delete {name} --region={} --project={}",
            self.region,
            self.http.project()
        );
        told(found.json())
            .is_none()
            .then(|| Removal { what: format!("Service `{name}` in `{}`", self.region), end: Removed::Kept(why) })
    }

    /// Removes a thing.
    pub async fn remove(&self, thing: &Thing) -> Removal {
        let full = |service: &str| {
            let project = self.http.project();
            ServiceName::parse(service).map(|name| cloud_run::service_name(project, &self.region, &name))
        };
        let (what, service) = match thing {
            Thing::Own { service, .. } => (format!("Service `{service}` in `{}`", self.region), service),
            Thing::Tag { service, tag } => {
                (format!("Tag `{tag}` of service `{service}` in `{}`", self.region), service)
            }
        };
        let end = match (full(service), thing) {
            (Err(error), _) => Removed::Stuck(error.to_string(), Vec::new()),
            (Ok(name), Thing::Own { .. }) => delete(self.http, &name).await.unwrap_or_else(|error| stuck(&error)),
            (Ok(name), Thing::Tag { tag, .. }) => {
                untag(self.http, &name, tag).await.unwrap_or_else(|error| stuck(&error))
            }
        };
        Removal { what, end }
    }
}

fn full_name(service: &Service) -> &str {
    service.json().get("name").and_then(Value::as_str).unwrap_or_default()
}

/// Removes the images of a service part. `serves` says that a revision of the preview was promoted.
pub async fn image(http: &Http, deploys: &[Deploy], serves: bool, name: &str) -> Option<Removal> {
    let repository = repository(http, deploys.first()).await?;
    let image = ImageRef { repository, tag: Some(Tag::parse(name).ok()?), digest: None };
    let what = format!("Image `{image}`");
    let end = match serves {
        true => Removed::Kept("it serves".into()),
        false => match registry::remove(http, &image).await {
            Ok(Some(true)) => Removed::Gone,
            Ok(Some(false)) => Removed::Kept("it has other tags".into()),
            Ok(None) => Removed::Absent,
            // The five roles do not hold this, so it is no surprise and takes few words.
            Err(error) if error.is_forbidden() => {
                let grant = roles::grant_on_project(http.project(), http.principal().member(), IMAGE_ROLE);
                let why = format!("`{}` may not remove images", http.principal());
                Removed::Stuck(why, vec![format!("An owner grants it with: {grant}")])
            }
            Err(error) => stuck(&error),
        },
    };
    Some(Removal { what, end })
}

/// Where the image was pushed to: beside those of the live service.
async fn repository(http: &Http, deploy: Option<&Deploy>) -> Option<ImageRepository> {
    let deploy = deploy?;
    let DeployWhat::Build(build) = &deploy.what else { return None };
    let Destination::OfService(_) = &build.to else { return Some(build.to.named().clone()) };
    let live = deploy.guest.as_deref().map_or(&deploy.service, |guest| &guest.of);
    let full = cloud_run::service_name(deploy.project.as_str(), &deploy.region, live);
    // What may not be looked at is named by the inputs alone.
    let service = cloud_run::service(http, &full).await.ok().flatten();
    let container = deploy.settings.container.as_deref();
    Some(settle(&build.to, &deploy.project, service.as_ref().map(Service::json), container))
}

/// The smallest role that removes images.
const IMAGE_ROLE: &str = "roles/artifactregistry.repoAdmin";

/// Deletes a service and waits until it is gone.
async fn delete(http: &Http, name: &str) -> Result<Removed, ApiError> {
    let Some(begun) = cloud_run::delete_service(http, name).await? else { return Ok(Removed::Absent) };
    // How the operation ended is asked of the service itself.
    match operation::watch(http, begun, http.clock().limit(LONGEST_WRITE), || ()).await {
        OperationWatched::Ended(_) | OperationWatched::StoppedWatching | OperationWatched::Unseen(_) => {}
    }
    Ok(match cloud_run::service(http, name).await? {
        None => Removed::Gone,
        Some(_) => Removed::Stuck("Cloud Run is still at it".into(), vec!["Run it again".into()]),
    })
}

/// Takes a tag away from a revision, and waits until it is gone.
async fn untag(http: &Http, name: &str, tag: &str) -> Result<Removed, ApiError> {
    let mut ours = false;
    let mut promoted = false;
    for round in 1.. {
        let Some(service) = cloud_run::service(http, name).await? else { return Ok(Removed::Absent) };
        let mut traffic = service.traffic();
        let Some(at) = traffic.shares.iter().position(|share| share.tag.as_deref() == Some(tag)) else {
            return Ok(match (ours, promoted) {
                (false, _) => Removed::Absent,
                (true, false) => Removed::Gone,
                // What serves was promoted; only its tag goes.
                (true, true) => Removed::Kept("its revision serves by now; only the tag went".into()),
            });
        };
        if round > ROUNDS {
            return Ok(Removed::Stuck("others change the service all the time".into(), vec!["Run it again".into()]));
        }
        let latest = service.latest_ready();
        promoted |= match &traffic.shares[at].target {
            TrafficTarget::Latest => true,
            TrafficTarget::Revision(revision) => traffic.share_of(revision, latest.as_ref()) > 0,
        };
        if traffic.shares[at].percent > 0 {
            traffic.shares[at].tag = None;
        } else {
            traffic.shares.remove(at);
        }
        let mut body = service.json().clone();
        set(&mut body, "traffic", traffic_json(&traffic));
        let mut notes = Notes::on(service.json());
        notes.sweep(&traffic);
        notes.write(&mut body);
        let fields = ["traffic", "annotations"].map(str::to_owned);
        match cloud_run::write_fields(http, name, &body, &fields).await {
            // Whether it is gone is asked of the service, in the next round.
            Ok(begun) => match operation::watch(http, begun, http.clock().limit(LONGEST_WRITE), || ()).await {
                OperationWatched::Ended(_) | OperationWatched::StoppedWatching | OperationWatched::Unseen(_) => {
                    ours = true
                }
            },
            Err(error) if error.is_conflict() || error.is_ambiguous() => {
                ours |= error.is_ambiguous();
                http.clock().sleep(jitter(Duration::from_secs(1 << round.min(4)), 0.3, 1.0)).await;
            }
            Err(error) => return Err(error),
        }
    }
    unreachable!("the loop ends by returning")
}

/// The sites of a part, by their ids.
///
/// # Errors
/// When the sites cannot be found.
pub async fn sites(context: &SiteContext<'_>) -> Result<Vec<String>, Failure> {
    let SiteWork::Deploy(upload) = &context.hosting.what else { return Ok(Vec::new()) };
    let mut default = None;
    if upload.sites.iter().any(|source| source.site.is_none()) {
        let sites = hosting::sites(context.http)
            .await
            .map_err(|error| refused::of(context.http, "Could not find the default site", error))?;
        default = Some(default_site(&context.hosting.project, &sites)?);
    }
    // The default was found above, where a source names none.
    let ids = upload
        .sites
        .iter()
        .filter_map(|source| source.site.as_ref().map(ToString::to_string).or_else(|| default.clone()));
    Ok(ids.collect())
}

/// Removes a channel of a site.
pub async fn channel(http: &Http, site: &str, id: &str) -> Removal {
    let end = match hosting::channel(http, site, id).await {
        Ok(None) => Removed::Absent,
        Ok(Some(_)) => match hosting::delete_channel(http, site, id).await {
            Ok(()) => Removed::Gone,
            Err(error) => stuck(&error),
        },
        Err(error) => stuck(&error),
    };
    Removal { what: format!("Channel `{id}` of site `{site}`"), end }
}

/// The previews that a site has channels for, by the number of the pull request.
///
/// # Errors
/// When its channels may not be listed.
pub async fn channels(http: &Http, site: &str) -> Result<Vec<u64>, ApiError> {
    let all = hosting::channels(http, site).await?;
    Ok(all.iter().filter_map(|channel| number(&channel.id)).collect())
}
