//! How old the secrets are that a service reads. A courtesy: what may not be looked at is passed over.

use serde_json::Value;

use super::{Context, wanted};
use crate::cloud_run::secret_refs::{Reference, references};
use crate::commands::deploy::inputs::DeployWhat;
use slipway_google::cloud_run::Service;
use slipway_google::error::ApiError;
use slipway_google::http::Http;
use slipway_google::secret_versions;
use slipway_names::secret_version::{SecretName, VersionFact, WantedVersion};

/// A service with more than these has its first ones looked at.
const MOST: usize = 10;

/// Warnings of versions that are older than they should be, of those that the service will read, the first deploy's too.
pub(super) async fn look(context: &Context<'_>, service: Option<&Service>) -> Vec<String> {
    let deploys = !matches!(context.deploy.what, DeployWhat::Revision(_) | DeployWhat::Traffic(_));
    if context.deploy.secret_max_age.is_zero() || !deploys {
        return Vec::new();
    }
    // The settings alone decide over the references; which image comes says nothing.
    let base = match service {
        Some(service) => match wanted::base(context, service).await {
            Ok(base) => Some(base),
            Err(_) => return Vec::new(),
        },
        None => None,
    };
    let Ok(then) = wanted::changed(context, base.as_ref(), "image") else { return Vec::new() };
    let read = read_by(then.get("template").unwrap_or(&Value::Null));
    let looked = looks(context.http, context.deploy.project.as_str(), &read).await;
    looked.iter().filter_map(|(reference, version)| old(context, reference, version)).collect()
}

/// The versions that a revision reads and that are disabled, so that no instance of it starts.
pub(super) async fn disabled(context: &Context<'_>, revision: &Value) -> Vec<(Reference, VersionFact)> {
    let read = read_by(revision);
    let looked = looks(context.http, context.deploy.project.as_str(), &read).await;
    let off = looked.into_iter().filter(|(_, version)| !version.enabled);
    off.map(|(reference, version)| (reference.clone(), version)).collect()
}

/// What may be looked at of these versions. Whoever may not look at one may look at none, as a rule: that is asked once.
async fn looks<'a>(http: &Http, project: &str, read: &'a [Reference]) -> Vec<(&'a Reference, VersionFact)> {
    let Some((first, others)) = read.split_first() else { return Vec::new() };
    let mut looked = vec![(first, glance(http, project, first).await)];
    if !looked[0].1.as_ref().is_err_and(|error| error.is_forbidden() || error.is_api_disabled()) {
        let others = others.iter().map(async |reference| (reference, glance(http, project, reference).await));
        looked.extend(futures_util::future::join_all(others).await);
    }
    looked.into_iter().filter_map(|(reference, version)| Some((reference, version.ok()?))).collect()
}

/// The versions that a template reads, each once, and not more than are looked at.
pub(crate) fn read_by(template: &Value) -> Vec<Reference> {
    let mut read = references(template);
    read.sort_by(|a, b| (&a.secret, &a.version).cmp(&(&b.secret, &b.version)));
    read.dedup();
    read.truncate(MOST);
    read
}

/// One look at a version that a service of the project reads.
pub(crate) async fn glance(http: &Http, project: &str, reference: &Reference) -> Result<VersionFact, ApiError> {
    let short = reference.secret.rsplit('/').next().unwrap_or_default();
    let name = SecretName::parse(&reference.secret, project).unwrap_or_else(|_| SecretName {
        project: project.to_owned(),
        number: None,
        name: short.to_owned(),
    });
    secret_versions::glance(http, &name, &reference.version.to_string()).await
}

fn old(context: &Context<'_>, reference: &Reference, version: &VersionFact) -> Option<String> {
    let longest = context.deploy.secret_max_age;
    let age = version.age()?;
    let follows = match &reference.version {
        WantedVersion::Number(_) => String::new(),
        name => format!(", which `{name}` stands for,"),
    };
    (age > longest).then(|| {
        format!(
            "Version {} of secret `{}`{follows} is {} days old, and should be replaced after {} days: `slipway rotate-secret` does it (docs/ROTATION.md)",
            version.number,
            reference.secret,
            age.as_secs() / 86_400,
            longest.as_secs() / 86_400
        )
    })
}
