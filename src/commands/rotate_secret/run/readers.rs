//! Who reads which version of the secret: services, their revisions that get requests or have a tag, and jobs.

use serde_json::Value;

use super::SecretContext;
use crate::cloud_run::secret_refs::versions_of;
use crate::commands::rotate_secret::plan::SecretReader;
use slipway_google::cloud_run::{self as cloud_run, Service};
use slipway_google::error::ApiError;
use slipway_google::jobs;
use slipway_google::secret_versions;
use slipway_names::ids::RevisionName;
use slipway_names::secret_version::{SecretName, WantedVersion};
use slipway_names::traffic::TrafficTarget;

/// Everybody in the region who reads the secret, `own` first, and a sentence for what could not be listed.
pub(super) async fn everywhere(
    context: &SecretContext<'_>,
    own: &Service,
    secret: &SecretName,
) -> (Vec<SecretReader>, Vec<String>) {
    let region = &context.rotate.deploy.region;
    let (services, jobs) = tokio::join!(cloud_run::services(context.http, region), jobs::jobs(context.http, region));
    let mut unseen = Vec::new();
    let mut kept = |what: &str, error: ApiError| {
        unseen.push(format!("The {what} of `{region}` could not be listed: {error}. Whether something there reads the secret is not known"));
    };
    let services = services.unwrap_or_else(|error| {
        kept("services", error);
        Vec::new()
    });
    let jobs = jobs.unwrap_or_else(|error| {
        kept("jobs", error);
        Vec::new()
    });
    let others = services.iter().filter(|service| name_of(service.json()) != context.service_name);
    let services = std::iter::once(own).chain(others).map(|service| of_service(context, service, secret));
    let mut readers = futures_util::future::join_all(services).await.concat();
    for job in &jobs {
        let template = job.json().pointer("/template/template").unwrap_or(&Value::Null);
        let who = format!("job `{}`", short(name_of(job.json())));
        readers.extend(read_by(context, template, secret, &who));
    }
    unseen.extend(name_the_numbers(context, secret, &mut readers).await);
    (readers, unseen)
}

/// Puts a number in place of each alias, and takes away who asks for one that there is not: nothing of theirs starts. Gives
/// back a sentence for each alias that may not be looked at.
async fn name_the_numbers(
    context: &SecretContext<'_>,
    secret: &SecretName,
    readers: &mut Vec<SecretReader>,
) -> Vec<String> {
    let is_alias = |version: &&WantedVersion| matches!(version, WantedVersion::Alias(_));
    let mut aliases: Vec<WantedVersion> =
        readers.iter().map(|reader| &reader.version).filter(is_alias).cloned().collect();
    aliases.sort();
    aliases.dedup();
    let mut unknown = Vec::new();
    for alias in aliases {
        match secret_versions::glance(context.http, secret, &alias.to_string()).await {
            Ok(version) => {
                let same = readers.iter_mut().filter(|reader| reader.version == alias);
                same.for_each(|reader| reader.version = WantedVersion::Number(version.number));
            }
            Err(error) if error.is_missing() => readers.retain(|reader| reader.version != alias),
            Err(error) => unknown.push(format!(
                "Which version the alias `{alias}` of `{secret}` stands for could not be read, so none that it may stand for is disabled: {error}"
            )),
        }
    }
    unknown
}

/// Who reads it of one service: its template, which the next deploy starts from, and each other revision that gets
/// requests, by its share or by a tag.
pub(super) async fn of_service(
    context: &SecretContext<'_>,
    service: &Service,
    secret: &SecretName,
) -> Vec<SecretReader> {
    let full = name_of(service.json());
    let who = format!("service `{}`", short(full));
    let template = service.json().get("template").unwrap_or(&Value::Null);
    let mut readers = read_by(context, template, secret, &who);
    for revision in reachable(service) {
        // The newest one is what the template says.
        if service.latest_created().as_ref() == Some(&revision) {
            continue;
        }
        let who = format!("revision `{revision}` of {who}");
        match cloud_run::revision_json(context.http, full, &revision).await {
            Ok(Some(found)) => readers.extend(read_by(context, &found, secret, &who)),
            Ok(None) => {}
            Err(error) => context.console.line(&format!("What {who} reads is not known: {error}")),
        }
    }
    readers
}

/// The revisions that requests can reach, each once.
fn reachable(service: &Service) -> Vec<RevisionName> {
    let latest = service.latest_ready();
    let shares = service.serving().shares.into_iter().chain(service.traffic().shares);
    let mut names: Vec<RevisionName> = shares
        .filter(|share| share.percent > 0 || share.tag.is_some())
        .filter_map(|share| match share.target {
            TrafficTarget::Revision(name) => Some(name),
            TrafficTarget::Latest => latest.clone(),
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

fn read_by(context: &SecretContext<'_>, template: &Value, secret: &SecretName, who: &str) -> Vec<SecretReader> {
    let versions = versions_of(template, secret, context.rotate.deploy.project.as_str());
    versions.into_iter().map(|version| SecretReader { who: who.to_owned(), version }).collect()
}

/// Those who follow the newest version and are not moved by this run.
pub(super) fn followers(readers: &[SecretReader], moved: &[String]) -> Vec<String> {
    let others =
        readers.iter().filter(|reader| reader.version == WantedVersion::Latest && !moved.contains(&reader.who));
    others.map(|reader| reader.who.clone()).collect()
}

fn name_of(json: &Value) -> &str {
    json.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
