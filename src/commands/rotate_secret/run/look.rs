//! What would stop a rotation halfway, found before anything is changed; and what serves now.

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::SecretContext;
use super::readers;
use super::turn::Turn;
use crate::cloud_run::notes::Notes;
use crate::cloud_run::rollout::{pinned, run_tag};
use crate::cloud_run::secret_refs::{references, versions_of};
use crate::commands::rotate_secret::plan::{Replaced, SecretReader, image_of, template_of, with_digests};
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Revision, Service};
use slipway_google::error::ApiError;
use slipway_google::roles::{self as roles, Need, SECRET_NEEDS};
use slipway_google::secret_versions;
use slipway_names::ids::RevisionName;
use slipway_names::secret_version::{SecretName, VersionFact, WantedVersion};
use slipway_runner::env::Origin;

/// What was seen before anything is changed.
#[derive(Debug)]
pub(super) struct SecretSeen {
    /// The secret, with its project's number.
    pub secret: SecretName,
    /// Its versions, newest first.
    pub versions: Vec<VersionFact>,
    /// The service.
    pub service: Service,
    /// The revision that serves.
    pub revision: RevisionName,
    /// The template of what serves, as it was asked for.
    pub original: Map<String, Value>,
    /// The same with its images by digest.
    pub template: Map<String, Value>,
    /// The image that serves.
    pub image: String,
    /// The versions that the template asks for.
    pub wanted: Vec<WantedVersion>,
    /// The same as numbers.
    pub in_use: Vec<u64>,
    /// Everybody who reads the secret.
    pub readers: Vec<SecretReader>,
    /// The run's origin, of the commit that serves: a rotation brings no other.
    pub origin: Origin,
}

impl SecretSeen {
    /// The newest version, where the service follows it.
    pub(super) fn follows_latest(&self) -> Option<u64> {
        let newest = self.versions.first().map(|version| version.number);
        newest.filter(|_| self.wanted.contains(&WantedVersion::Latest))
    }

    /// Whether the service reads it by an alias.
    pub(super) fn aliases(&self) -> Vec<String> {
        self.wanted
            .iter()
            .filter(|version| matches!(version, WantedVersion::Alias(_)))
            .map(ToString::to_string)
            .collect()
    }

    /// Which versions of the secret the service reads, in words.
    pub(super) fn words(&self, context: &SecretContext<'_>) -> String {
        let versions: Vec<String> = self.wanted.iter().map(|version| format!("`{version}`")).collect();
        format!("version {} of `{}`", versions.join(" and "), context.rotate.secret)
    }

    /// What the service notes once a new version is in use.
    pub(super) fn replaced_by(&self, new: u64) -> String {
        let enabled = self.versions.iter().filter(|version| version.enabled).map(|version| version.number);
        let enabled: Vec<u64> = enabled.filter(|number| *number != new).collect();
        let old: Vec<u64> = self.in_use.iter().copied().filter(|number| enabled.contains(number)).collect();
        let noted = Replaced::on(self.service.json());
        noted.with(&self.secret, &old, &enabled, OffsetDateTime::now_utc()).text()
    }

    /// Looks at the service again, after this run has changed it.
    pub(super) async fn again(&mut self, context: &SecretContext<'_>) -> Result<(), Failure> {
        let service = cloud_run::service(context.http, &context.service_name).await;
        let sentence = || format!("Could not read service `{}`", context.rotate.deploy.service);
        let service = service.map_err(|error| Failure::of(sentence(), error))?.ok_or_else(|| absent(context))?;
        let (secret, versions) = (self.secret.clone(), std::mem::take(&mut self.versions));
        *self = seen(context, secret, versions, service, std::mem::take(&mut self.readers)).await?;
        Ok(())
    }
}

/// Asks for the permissions, reads the versions and the service, and finds everybody who reads the secret.
pub(super) async fn run(context: &SecretContext<'_>, facts: &mut Facts) -> Result<SecretSeen, Failure> {
    let rotate = context.rotate;
    if run_tag(rotate.deploy.service.as_str(), context.nonce).is_none() {
        return Err(Failure::plain(
            Class::Config,
            format!("The name of service `{}` leaves no room for a traffic tag", rotate.deploy.service),
        )
        .hint("Without one nothing can be tried before it serves: change the reference by a deploy"));
    }
    let plain = Turn::plain(context);
    let deploy = plain.context(context, context.origin);
    let (ready, allowed, listed) = tokio::join!(
        crate::service::preflight::run(&deploy, facts),
        permissions(context),
        secret_versions::list(context.http, &rotate.secret),
    );
    let service = ready?.service.ok_or_else(|| absent(context))?;
    allowed?;
    let (versions, number) = listed.map_err(|error| unlisted(context, error))?;
    let secret = SecretName { number, ..rotate.secret.clone() };
    let (readers, unseen) = readers::everywhere(context, &service, &secret).await;
    for sentence in unseen {
        context.warn(facts, sentence);
    }
    let seen = seen(context, secret, versions, service, readers).await?;
    tell_followers(context, facts, &seen);
    Ok(seen)
}

/// Others who follow the newest version are not moved by this run, and read the new one nevertheless.
fn tell_followers(context: &SecretContext<'_>, facts: &mut Facts, seen: &SecretSeen) {
    let service = format!("service `{}`", context.rotate.deploy.service);
    let moved = [format!("revision `{}` of {service}", seen.revision), service];
    for who in readers::followers(&seen.readers, &moved) {
        let text = format!(
            "`latest` of `{}` is followed by {who}: its next instance reads the new version, which nothing has tried there. Pin it to a number",
            seen.secret
        );
        context.warn(facts, text);
    }
}

async fn seen(
    context: &SecretContext<'_>,
    secret: SecretName,
    versions: Vec<VersionFact>,
    service: Service,
    readers: Vec<SecretReader>,
) -> Result<SecretSeen, Failure> {
    let name = &context.rotate.deploy.service;
    let revision = serving(context, &service)?;
    let found = cloud_run::revision_json(context.http, &context.service_name, &revision)
        .await
        .map_err(|error| Failure::of(format!("Could not read revision `{revision}`"), error))?;
    let found = found.ok_or_else(|| {
        Failure::plain(Class::Deploy, format!("Revision `{revision}` of service `{name}` is gone")).hint("Run again")
    })?;
    let original = template_of(service.json(), &found, &revision);
    let template = with_digests(original.clone(), &found);
    let json = Value::from(template.clone());
    let wanted = versions_of(&json, &secret, context.rotate.deploy.project.as_str());
    if wanted.is_empty() {
        let mut read: Vec<String> = references(&json).into_iter().map(|reference| reference.secret).collect();
        read.sort();
        read.dedup();
        let read = if read.is_empty() { "none".to_owned() } else { read.join(", ") };
        return Err(Failure::plain(Class::Config, format!("Service `{name}` does not read secret `{secret}`"))
            .evidence(vec![format!("Secrets that revision {revision} reads: {read}")])
            .hint(format!(
                "Check `secret` and `service`, or add the reference by a deploy: `secrets: DB_PASSWORD: {secret}:1`"
            )));
    }
    let newest = versions.first().map(|version| version.number);
    let mut in_use = Vec::new();
    for version in &wanted {
        match version {
            WantedVersion::Number(number) => in_use.push(*number),
            WantedVersion::Latest => in_use.extend(newest),
            WantedVersion::Alias(alias) => in_use.push(named(context, &secret, alias).await?),
        }
    }
    in_use.sort_unstable();
    in_use.dedup();
    // The commit that serves is the one before: the next deploy is compared with it.
    let served = Notes::on(service.json()).served;
    let sha = served.commit.filter(|_| served.revision == revision.as_str()).or(Revision::read(&found).commit);
    let origin = Origin { sha, ..context.origin.clone() };
    let image = image_of(&template);
    Ok(SecretSeen { secret, versions, service, revision, original, template, image, wanted, in_use, readers, origin })
}

/// The version that an alias stands for.
async fn named(context: &SecretContext<'_>, secret: &SecretName, alias: &str) -> Result<u64, Failure> {
    let service = &context.rotate.deploy.service;
    match secret_versions::glance(context.http, secret, alias).await {
        Ok(version) => Ok(version.number),
        Err(error) if error.is_missing() => {
            let sentence =
                format!("Service `{service}` reads `{secret}` by the alias `{alias}`, which it does not have");
            Err(Failure::of(sentence, error).hint(format!(
                "gcloud secrets update {} --project={} --update-version-aliases={alias}=NUMBER",
                secret.name, secret.project
            )))
        }
        Err(error) => Err(Failure::of(
            format!("Could not read which version of `{secret}` the alias `{alias}` stands for"),
            error,
        )),
    }
}

/// The one revision that gets every request; that of before, where a rollout was left unfinished.
fn serving(context: &SecretContext<'_>, service: &Service) -> Result<RevisionName, Failure> {
    let name = &context.rotate.deploy.service;
    let latest = service.latest_ready();
    let traffic = match Notes::on(service.json()).record {
        Some(left) => Some(left.rollout.before),
        None => pinned(&service.traffic(), latest.as_ref()),
    };
    let Some(traffic) = traffic else {
        return Err(Failure::plain(Class::Deploy, format!("Service `{name}` serves nothing"))
            .hint("Deploy it first; a rotation starts from what serves"));
    };
    let main = traffic.main_revision(None).filter(|main| traffic.share_of(main, None) == 100);
    main.cloned().ok_or_else(|| {
        let words = traffic.words(latest.as_ref());
        Failure::plain(Class::Deploy, format!("The traffic of service `{name}` is split ({words})"))
            .hint("Rotate when one revision receives every request: promote it, or roll back")
    })
}

fn absent(context: &SecretContext<'_>) -> Failure {
    let deploy = &context.rotate.deploy;
    let place = format!("`{}` of project `{}`", deploy.region, deploy.project);
    Failure::plain(Class::Config, format!("There is no service `{}` in {place}", deploy.service))
        .hint("Check `service`, `region` and `project_id`")
}

fn unlisted(context: &SecretContext<'_>, error: ApiError) -> Failure {
    let secret = &context.rotate.secret;
    if error.is_missing() {
        let sentence = format!("There is no secret `{secret}` in project `{}`", secret.project);
        return Failure::plain(Class::Config, sentence)
            .hint("Check `secret`; a rotation makes versions, and no secrets");
    }
    Failure::of(format!("Could not read the versions of secret `{secret}`"), error)
}

/// What may not be asked is passed over: the calls themselves will tell.
async fn permissions(context: &SecretContext<'_>) -> Result<(), Failure> {
    let secret = &context.rotate.secret;
    let asked: Vec<&str> = SECRET_NEEDS.iter().map(|need| need.permission).collect();
    let held = match secret_versions::held(context.http, secret, &asked).await {
        Ok(held) => held,
        Err(error) => {
            context.console.line(&format!("Permissions on the secret were not looked at beforehand: {error}"));
            return Ok(());
        }
    };
    let missing: Vec<&Need> =
        SECRET_NEEDS.iter().filter(|need| !held.iter().any(|held| held == need.permission)).collect();
    let lacks = missing.iter().map(|need| format!("`{}`", need.permission)).collect::<Vec<_>>().join(", ");
    if missing.is_empty() {
        return Ok(());
    }
    let caller = context.http.principal();
    let sentence = format!("`{caller}` may not rotate secret `{secret}`: it lacks {lacks}");
    let mapped = caller.mapped().iter().cloned();
    Err(Failure::plain(Class::Permission, sentence).hint(grant(context)).more_hints(mapped))
}

/// The command that lets the caller rotate the secret.
pub(super) fn grant(context: &SecretContext<'_>) -> String {
    let (secret, role) = (&context.rotate.secret, SECRET_NEEDS[0].role);
    let member = context.http.principal().member().to_owned();
    let command = roles::grant_on_secret(&secret.project, &secret.name, &member, role);
    format!("Grant {role} on that secret alone: {command}")
}
