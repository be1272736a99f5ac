//! Removing a preview: tags, services of its own, channels, images. What is not there is as good as removed; what
//! cannot be removed is named, and the rest goes on.

use std::time::Duration;

use super::hosting::{SiteContext, default_site, refused};
use crate::clock::jitter;
use crate::console::Console;
use crate::explain::{Class, Failure};
use crate::google::cloud_run::{self, Service};
use crate::google::error::ApiError;
use crate::google::http::Http;
use crate::google::operation::{self, Watched};
use crate::google::{hosting, registry, roles};
use crate::inputs::deploy::{Deploy, Destination, What};
use crate::inputs::hosting::SiteWork;
use crate::model::ids::Region;
use crate::model::image::{ImageRef, Repository, Tag};
use crate::model::preview::{Removal, Removed};
use crate::model::traffic::Target;
use crate::plan::notes::Notes;
use crate::plan::repository::settle;
use crate::plan::rollout::traffic_json;

/// Removing takes seconds; later than this something is wrong.
const LONGEST_WRITE: Duration = Duration::from_secs(120);

/// Traffic tags a region may have (`google-api.md` 7), and from how many on it is said.
const MOST_TAGS: usize = 2000;
const MANY_TAGS: usize = 1800;

/// Rounds of read, change, write while others write the same service.
const ROUNDS: u32 = 5;

fn stuck(error: &ApiError) -> Removed {
    use crate::explain::Explain as _;
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

/// Removes what a service part left, in each of its regions. `own` says that the service is the preview's own.
pub async fn service(http: &Http, console: &Console, deploys: &[Deploy], own: bool, name: &str) -> Vec<Removal> {
    let mut all = Vec::new();
    let mut serves = false;
    let repository = repository(http, deploys.first()).await;
    for deploy in deploys {
        let full = cloud_run::service_name(deploy.project.as_str(), &deploy.region, &deploy.service);
        let removal = if own {
            let what = format!("Service `{}` in `{}`", deploy.service, deploy.region);
            Removal { what, end: delete(http, &full).await.unwrap_or_else(|error| stuck(&error)) }
        } else {
            let what = format!("Tag `{name}` of service `{}` in `{}`", deploy.service, deploy.region);
            let end = untag(http, &full, name).await.unwrap_or_else(|error| stuck(&error));
            serves |= matches!(end, Removed::Kept(_));
            Removal { what, end }
        };
        console.line(&removal.sentence());
        all.push(removal);
    }
    let (Some(repository), Ok(tag)) = (repository, Tag::parse(name)) else { return all };
    let image = ImageRef { repository, tag: Some(tag), digest: None };
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
    let removal = Removal { what, end };
    console.line(&removal.sentence());
    all.push(removal);
    all
}

/// Where the image was pushed to, which may take a look at the service while it is still there.
async fn repository(http: &Http, deploy: Option<&Deploy>) -> Option<Repository> {
    let deploy = deploy?;
    let What::Build(build) = &deploy.what else { return None };
    let Destination::OfService(_) = &build.to else { return Some(build.to.named().clone()) };
    let full = cloud_run::service_name(deploy.project.as_str(), &deploy.region, &deploy.service);
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
        Watched::Ended(_) | Watched::StoppedWatching | Watched::Unseen(_) => {}
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
            Target::Latest => true,
            Target::Revision(revision) => traffic.share_of(revision, latest.as_ref()) > 0,
        };
        if traffic.shares[at].percent > 0 {
            traffic.shares[at].tag = None;
        } else {
            traffic.shares.remove(at);
        }
        let mut body = service.json().clone();
        body["traffic"] = traffic_json(&traffic);
        let mut notes = Notes::on(service.json());
        notes.sweep(&traffic);
        notes.write(&mut body);
        let fields = ["traffic", "annotations"].map(str::to_owned);
        match cloud_run::write_fields(http, name, &body, &fields).await {
            // Whether it is gone is asked of the service, in the next round.
            Ok(begun) => match operation::watch(http, begun, http.clock().limit(LONGEST_WRITE), || ()).await {
                Watched::Ended(_) | Watched::StoppedWatching | Watched::Unseen(_) => ours = true,
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

/// Removes the channel of a site part.
///
/// # Errors
/// When the sites cannot be found.
pub async fn site(context: &SiteContext<'_>) -> Result<Vec<Removal>, Failure> {
    let SiteWork::Deploy(upload) = &context.hosting.what else { return Ok(Vec::new()) };
    let mut default = None;
    if upload.sites.iter().any(|source| source.site.is_none()) {
        let sites = hosting::sites(context.http)
            .await
            .map_err(|error| refused::of(context.http, "Could not find the default site", error))?;
        default = Some(default_site(&context.hosting.project, &sites)?);
    }
    let id = upload.channel.id();
    let mut all = Vec::new();
    for source in &upload.sites {
        let site = source.site.as_ref().map(ToString::to_string).or_else(|| default.clone());
        // The default was found above, where a source names none.
        let Some(site) = site else { continue };
        let what = format!("Channel `{id}` of site `{site}`");
        let end = match hosting::channel(context.http, &site, id).await {
            Ok(None) => Removed::Absent,
            Ok(Some(_)) => match hosting::delete_channel(context.http, &site, id).await {
                Ok(()) => Removed::Gone,
                Err(error) => stuck(&error),
            },
            Err(error) => stuck(&error),
        };
        let removal = Removal { what, end };
        context.console.line(&removal.sentence());
        all.push(removal);
    }
    Ok(all)
}
