//! What mends a container that Cloud Run could not start: one cure for each cause, the same for services, worker pools
//! and jobs, and for what the doctor finds.

use serde_json::Value;

use super::causes::{Cause, SecretVersion, VersionState};
use crate::cloud_run::secret_refs::references;
use slipway_google::roles;
use slipway_names::image::ImageRef;
use slipway_names::principal::Principal;
use slipway_names::registry::Location;

/// Cloud Run's agent, where no sentence names it.
const AGENT: &str = "service-PROJECT_NUMBER@serverless-robot-prod.iam.gserviceaccount.com";

/// What is to run, as far as cures need it.
pub(crate) struct CureSubject<'a> {
    /// Its project.
    pub project: &'a str,
    /// Its region.
    pub region: &'a str,
    /// Who deploys it.
    pub who: &'a Principal,
    /// The template that it was to run with.
    pub template: Option<&'a Value>,
    /// The input that its limit is given with, where it has one.
    pub timeout_input: Option<&'static str>,
}

impl CureSubject<'_> {
    /// The account that it runs as, where the template names it.
    fn account(&self) -> Option<&str> {
        self.template?.get("serviceAccount")?.as_str().filter(|account| !account.is_empty())
    }

    /// The project of a secret: those of other projects stand with theirs in the template.
    fn home(&self, version: &SecretVersion) -> String {
        let read = references(self.template.unwrap_or(&Value::Null));
        let elsewhere = read.iter().find_map(|reference| {
            let path = reference.secret.strip_prefix("projects/")?;
            path.strip_suffix(version.secret.as_str())?.strip_suffix("/secrets/").map(str::to_owned)
        });
        elsewhere.unwrap_or_else(|| self.project.to_owned())
    }

    /// A command about a secret; gcloud takes numbers of projects in full names alone.
    fn on_secret(&self, version: &SecretVersion, verb: &str, ending: &str) -> String {
        let (project, secret) = (self.home(version), &version.secret);
        match is_number(&project) {
            true => format!("gcloud secrets {verb} projects/{project}/secrets/{secret}{ending}"),
            false => format!("gcloud secrets {verb} {secret} --project={project}{ending}"),
        }
    }

    fn enable(&self, version: &SecretVersion) -> String {
        let (project, secret) = (self.home(version), &version.secret);
        match version.version.as_str() {
            number if !is_number(number) => self.on_secret(version, "versions list", ""),
            number if is_number(&project) => {
                format!("gcloud secrets versions enable projects/{project}/secrets/{secret}/versions/{number}")
            }
            number => format!("gcloud secrets versions enable {number} --secret={secret} --project={project}"),
        }
    }

    fn quotas(&self) -> String {
        format!("https://console.cloud.google.com/iam-admin/quotas?project={}", self.project)
    }

    /// The command that lets somebody read an image.
    fn grant_reading(&self, image: Option<&str>, project: Option<&str>, member: &str) -> String {
        const READER: &str = "roles/artifactregistry.reader";
        let place = image.and_then(|image| Location::of(&ImageRef::parse(image).ok()?.repository));
        match place {
            Some(place) => roles::grant_on_repository(&place.project, &place.location, &place.name, member, READER),
            None => roles::grant_on_project(project.unwrap_or(self.project), member, READER),
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The cause in a few words.
pub(crate) fn words(cause: &Cause) -> &'static str {
    match cause {
        Cause::Port(_) => "the container did not answer on its port in time",
        Cause::Probe => "its startup probe failed",
        Cause::Architecture => "its program is not for this processor",
        Cause::NoProgram => "its program cannot be started",
        Cause::Memory => "it took more memory than it has",
        Cause::Timeout => "it took too long",
        Cause::NoImage(_) => "the image is not there",
        Cause::ImageHidden { .. } => "Cloud Run may not read the image",
        Cause::ImageHiddenFromDeployer(_) => "whoever deploys must be able to read the image",
        Cause::Import => "the image could not be unpacked",
        Cause::User => "the image's user is not known",
        Cause::NoSecret(_) => "a version of a secret is not there",
        Cause::SecretState(_, VersionState::Disabled) => "a version of a secret is disabled",
        Cause::SecretState(_, VersionState::Destroyed) => "a version of a secret is destroyed",
        Cause::SecretRefused(..) => "a secret cannot be read",
        Cause::Connector => "the VPC connector cannot be used",
        Cause::Network => "the network or subnetwork is not there",
        Cause::Quota(_) => "the project's quota is too small",
        Cause::GpuQuota => "the project has no quota for GPUs",
        Cause::Resources => "CPU and memory do not go together",
        Cause::Agent(_) => "Cloud Run may not use the account",
        Cause::LaunchStage => "a setting is not generally available",
        Cause::Unauthorized => "Binary Authorization does not allow the image",
        Cause::Key => "the encryption key cannot be used",
        Cause::Revisions => "the service has too many revisions",
        Cause::Capacity => "there was no room for it",
        Cause::Unknown => "Cloud Run refused it",
    }
}

/// Whether the container ran, so that its log can tell more than the cause does.
pub(crate) fn log_tells(cause: &Cause) -> bool {
    matches!(cause, Cause::Port(_) | Cause::Probe | Cause::Timeout | Cause::NoProgram | Cause::Unknown)
}

/// What to do about it.
pub(crate) fn of(cause: &Cause, subject: &CureSubject<'_>) -> Vec<String> {
    let (project, region) = (subject.project, subject.region);
    let one = match cause {
        Cause::Port(port) => {
            let port = port.map_or("8080 unless set".to_owned(), |port| port.to_string());
            return vec![
                format!(
                    "The container must listen on 0.0.0.0 and the port in $PORT ({port}); set `port` when it listens on another one"
                ),
                "It must not end or wait for something missing: look for a variable or secret that the program needs, and for enough `memory`".into(),
            ];
        }
        Cause::Probe => "Its startup probe must succeed: path, port and times stand in `startupProbe` of the service".into(),
        Cause::Architecture => "The image was built for another processor: build it with --platform=linux/amd64 (a script that is started needs a first line such as `#!/bin/sh`)".into(),
        Cause::NoProgram => "The program that is to start is not in the image, or cannot be executed: check `command` and `args`, and ENTRYPOINT and CMD of the Dockerfile".into(),
        Cause::Memory => "Give it more `memory`".into(),
        Cause::Timeout => match subject.timeout_input {
            Some(input) => format!("Give it more time with {input}"),
            None => return of(&Cause::Port(None), subject),
        },
        Cause::NoImage(_) => "Check the image's name, and that the build really pushed it there".into(),
        Cause::ImageHidden { agent, image, project: other } => {
            let member = roles::member(agent.as_deref().unwrap_or(AGENT));
            let grant = subject.grant_reading(image.as_deref(), other.as_deref(), &member);
            format!("Let Cloud Run's agent read it: {grant}")
        }
        Cause::ImageHiddenFromDeployer(image) => {
            format!("Let `{}` read it: {}", subject.who, subject.grant_reading(Some(image), None, subject.who.member()))
        }
        Cause::Import => "Run again; if it stays, look for names of files in the image that are not UTF-8".into(),
        Cause::User => "Write `USER 0` in place of `USER root` in the Dockerfile".into(),
        Cause::NoSecret(Some(version)) => {
            format!("Name a version that is there, or add one: {}", subject.on_secret(version, "versions list", ""))
        }
        Cause::NoSecret(None) => "Name a secret and a version that are there".into(),
        Cause::SecretState(Some(version), VersionState::Disabled) => {
            format!("Enable it, or name another version: {}", subject.enable(version))
        }
        Cause::SecretState(Some(version), VersionState::Destroyed) => {
            format!("It cannot be brought back; name another version: {}", subject.on_secret(version, "versions list", ""))
        }
        Cause::SecretState(None, _) => "Name a version that is enabled".into(),
        Cause::SecretRefused(version, account) => {
            let account = account.as_deref().or(subject.account()).unwrap_or("RUNTIME_ACCOUNT");
            let unnamed =
                || SecretVersion { project: project.into(), secret: "SECRET".into(), version: "latest".into() };
            let grant = format!(
                " --member={} --role=roles/secretmanager.secretAccessor --condition=None",
                roles::member(account)
            );
            let version = version.clone().unwrap_or_else(unnamed);
            format!("Let the account that it runs as read it: {}", subject.on_secret(&version, "add-iam-policy-binding", &grant))
        }
        Cause::Connector => format!(
            "Check `vpc_connector`; it must exist in this region: gcloud compute networks vpc-access connectors list --region={region} --project={project}"
        ),
        Cause::Network => {
            "Check `network`, `subnet` and `vpc_connector`: they must exist in this project and region".into()
        }
        Cause::Quota(Some(most)) if *most > 0 => {
            format!("Write `max_instances: {most}`, or ask for more quota: {}", subject.quotas())
        }
        Cause::Quota(_) => {
            format!("Lower `max_instances`, `cpu` or `memory`, or ask for more quota: {}", subject.quotas())
        }
        Cause::GpuQuota => "Ask for quota of GPUs: https://g.co/cloudrun/gpu-quota".into(),
        Cause::Resources => "Change `cpu` or `memory` to what Google names".into(),
        Cause::Agent(account) => {
            let account = account.as_deref().or(subject.account()).unwrap_or("RUNTIME_ACCOUNT");
            format!(
                "Cloud Run's agent must have roles/run.serviceAgent in the project, and the account must be there and enabled: gcloud iam service-accounts describe {account}"
            )
        }
        Cause::LaunchStage => "Deploy with a `manifest` that says `launchStage: BETA`".into(),
        Cause::Unauthorized => "The project's Binary Authorization policy decides which images may run".into(),
        Cause::Key => "Let Cloud Run's agent use the key: roles/cloudkms.cryptoKeyEncrypterDecrypter on it".into(),
        Cause::Revisions => {
            format!("Delete old revisions: gcloud run revisions list --region={region} --project={project}")
        }
        Cause::Capacity => "Run again later, or deploy to another region".into(),
        Cause::Unknown => return Vec::new(),
    };
    vec![one]
}

/// What Google says about a container that does not run.
#[derive(Debug, thiserror::Error)]
#[error("Cloud Run says{}: {}", if .reason.is_empty() { String::new() } else { format!(" {}", .reason) }, if .message.is_empty() { "(nothing)" } else { .message })]
pub(crate) struct Refused {
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl slipway_failure::Explain for Refused {
    fn class(&self) -> slipway_failure::Class {
        slipway_failure::Class::Deploy
    }
}

#[cfg(test)]
mod tests;
