//! What a service does now and had to do: looks alone, nothing is changed.

use futures_util::future::{try_join, try_join_all};

use crate::commands::status::inputs::StatusInput;
use crate::service::region;
use slipway_failure::{Class, Explain as _, Failure};
use slipway_google::cloud_run::{self as cloud_run, Revision, Service};
use slipway_google::http::Http;
use slipway_google::{invoker, monitoring};
use slipway_names::ids::RevisionName;
use slipway_names::load::{Load, ServiceStatus, ServingRevision};
use slipway_names::traffic::TrafficTarget;

/// An hour in periods of five minutes, a day in hours: few enough for one line of characters.
const HOUR: (u32, u32) = (3600, 300);
const DAY: (u32, u32) = (86_400, 3600);

/// Reads everything there is to say about a service.
///
/// # Errors
/// When the service or its revisions cannot be read. Measurements that may not be read are named in the result.
pub async fn status(http: &Http, wanted: &StatusInput) -> Result<ServiceStatus, Failure> {
    let name = cloud_run::service_name(http.project(), &wanted.region, &wanted.service);
    let sentence = || format!("Could not read service `{}` in `{}`", wanted.service, wanted.region);
    http.sign_in().await.map_err(|error| Failure::of("Could not sign in", error))?;
    region::check(http, &wanted.region).await?;
    let service = cloud_run::service(http, &name).await.map_err(|error| Failure::of(sentence(), error))?;
    let Some(service) = service else {
        let text = format!("There is no service `{}` in `{}`", wanted.service, wanted.region);
        // No command of this program lists what a project has.
        return Err(Failure::plain(Class::Config, text)
            .hint(format!("See which there are: gcloud run services list --project={}", http.project())));
    };
    let names = asked_for(&service);
    let revisions = try_join_all(names.iter().map(|revision| cloud_run::revision(http, &name, revision)));
    let revisions = revisions.await.map_err(|error| Failure::of(sentence(), error))?;
    let revisions = names.iter().zip(revisions).map(|(name, revision)| serving(&service, name, revision)).collect();
    let front = service.front();
    let mut status = ServiceStatus {
        url: service.uri().to_owned(),
        access: match invoker::callers(http, &name, front).await {
            Ok(callers) => format!("{}{}", callers.words(), front.inside()),
            Err(error) if error.is_forbidden() => {
                format!("who may call it is not known: `run.services.getIamPolicy` is not held{}", front.inside())
            }
            Err(error) => format!("who may call it is not known: {error}{}", front.inside()),
        },
        ready: service.ready().and_then(|ready| ready.holds),
        revisions,
        ..ServiceStatus::default()
    };
    let read = |(seconds, period)| monitoring::load(http, &wanted.region, &wanted.service, seconds, period);
    match try_join(read(HOUR), read(DAY)).await {
        Ok((hour, day)) => (status.hour, status.day) = (hour, day),
        Err(error) => {
            let nothing = |(seconds, period)| Load { seconds, period, ..Load::default() };
            (status.hour, status.day) = (nothing(HOUR), nothing(DAY));
            status.unread = Some((error.to_string(), error.hints()));
        }
    }
    Ok(status)
}

/// Revisions that get requests or have a tag: the largest share first.
fn asked_for(service: &Service) -> Vec<RevisionName> {
    let (traffic, latest) = (service.serving(), service.latest_ready());
    let targets = traffic.shares.iter().filter_map(|share| match &share.target {
        TrafficTarget::Latest => latest.clone(),
        TrafficTarget::Revision(name) => Some(name.clone()),
    });
    let mut names: Vec<RevisionName> = targets.collect();
    if traffic.shares.is_empty() {
        names.extend(latest.clone());
    }
    names.sort();
    names.dedup();
    names.sort_by_key(|name| std::cmp::Reverse(traffic.share_of(name, latest.as_ref())));
    names
}

fn serving(service: &Service, name: &RevisionName, revision: Option<Revision>) -> ServingRevision {
    let (traffic, latest) = (service.serving(), service.latest_ready());
    let is_it = |target: &TrafficTarget| match target {
        TrafficTarget::Latest => latest.as_ref() == Some(name),
        TrafficTarget::Revision(other) => other == name,
    };
    let tags = traffic.shares.iter().filter(|share| is_it(&share.target)).filter_map(|share| share.tag.clone());
    let mut serving = ServingRevision {
        name: name.to_string(),
        percent: traffic.share_of(name, latest.as_ref()),
        tags: tags.collect(),
        ..ServingRevision::default()
    };
    if let Some(revision) = revision {
        serving.age = slipway_wire::clock::age_seconds(&revision.made);
        serving.image = revision.images.into_iter().chain(revision.asked_images).next();
        serving.commit = revision.commit;
        serving.made = revision.made;
    }
    serving
}
