//! Why the new revision does not serve, in words: Google's enum, Google's sentence, the cure.

use super::Context;
use super::deploy::see;
use crate::explain::{Class, Explain, Failure};
use crate::google::cloud_run::{self, Condition};
use crate::google::error::ApiError;
use crate::google::{logging, roles};
use crate::model::facts::Facts;

/// Log lines shown with a failure.
const SHOWN: usize = 30;

/// Google did not take the write.
pub(super) fn refused(context: &Context<'_>, sentence: String, error: ApiError) -> Failure {
    let message = error.refusal().map(|refusal| refusal.message.clone()).unwrap_or_default();
    let deployer = context.deploy.key.email.as_str();
    let conflict = error.is_conflict();
    let failure = Failure::of(sentence, error);
    if message.to_lowercase().contains("actas") {
        let account = message
            .split_whitespace()
            .find(|word| word.contains('@'))
            .unwrap_or("RUNTIME_ACCOUNT")
            .trim_end_matches(['.', ',']);
        return failure.hint(format!(
            "Let `{deployer}` act as it: {}",
            roles::grant_on_account(context.deploy.project.as_str(), account, deployer, "roles/iam.serviceAccountUser")
        ));
    }
    if conflict {
        return failure.hint(
            "Other runs write this service at the same time; give the workflow a `concurrency:` group per service",
        );
    }
    failure
}

/// The write was taken and the revision failed: gathers what says why.
pub(super) async fn explain(context: &Context<'_>, facts: &mut Facts, operation: Option<String>) -> Failure {
    let deploy = context.deploy;
    let revision = &context.marks.revision;
    let (service, now) = tokio::join!(
        cloud_run::service(context.http, &context.service_name),
        cloud_run::revision(context.http, &context.service_name, revision),
    );
    let service = service.ok().flatten();
    let now = now.ok().flatten();
    if let Some(service) = &service {
        see(facts, service);
    }
    // The most telling condition: the revision's own failure, before those that repeat it.
    let conditions: Vec<Condition> = now
        .iter()
        .flat_map(|now| now.conditions.clone())
        .chain(service.as_ref().and_then(|service| service.ready()))
        .collect();
    let failed = |kind: &str| {
        conditions
            .iter()
            .find(|condition| condition.holds == Some(false) && (kind.is_empty() || condition.kind == kind))
    };
    let condition = failed("ContainerReady")
        .or_else(|| failed("ContainerHealthy"))
        .or_else(|| failed("ResourcesAvailable"))
        .or_else(|| failed("Ready"))
        .or_else(|| failed(""));
    let reason = condition.map(|condition| condition.reason.clone()).unwrap_or_default();
    let message = condition
        .map(|condition| condition.message.clone())
        .filter(|text| !text.is_empty())
        .or(operation)
        .unwrap_or_default();
    let log_url = now.as_ref().map(|now| now.log_uri.clone()).unwrap_or_default();
    let lines = if wants_log(&reason) { lines(context).await } else { Lines::NotAsked };

    let sentence =
        format!("Revision `{revision}` of service `{}` did not become ready: {}", deploy.service, what(&reason));
    let mut failure =
        Failure::of(sentence, Refused { reason: reason.clone(), message: first_paragraph(&message).to_owned() });
    let mut hints = cures(context, &reason, &message);
    match lines {
        Lines::Shown(lines) => failure = failure.evidence(lines),
        Lines::Forbidden => hints.push(format!(
            "The container's log may say more: {}",
            if log_url.is_empty() {
                format!(
                    "https://console.cloud.google.com/run/detail/{}/{}/logs?project={}",
                    deploy.region, deploy.service, deploy.project
                )
            } else {
                log_url.clone()
            }
        )),
        Lines::NotAsked => {}
    }
    if failure.evidence_lines().is_empty() && wants_log(&reason) {
        hints.push(format!(
            "To see those lines here, grant roles/logging.viewer: {}",
            roles::grant_on_project(deploy.project.as_str(), deploy.key.email.as_str(), "roles/logging.viewer")
        ));
    }
    for hint in hints.into_iter().rev() {
        failure = failure.hint(hint);
    }
    failure
}

enum Lines {
    NotAsked,
    Forbidden,
    Shown(Vec<String>),
}

/// Only where the container ran can its log tell why.
fn wants_log(reason: &str) -> bool {
    matches!(
        reason,
        "HEALTH_CHECK_CONTAINER_ERROR" | "PROGRESS_DEADLINE_EXCEEDED" | "REVISION_FAILED" | "UNKNOWN" | "INTERNAL" | ""
    )
}

async fn lines(context: &Context<'_>) -> Lines {
    let deploy = context.deploy;
    match logging::revision_lines(
        context.http,
        deploy.region.as_str(),
        deploy.service.as_str(),
        context.marks.revision.as_str(),
    )
    .await
    {
        Ok(lines) => Lines::Shown(lines.split_at(lines.len().saturating_sub(SHOWN)).1.to_vec()),
        Err(_) => Lines::Forbidden,
    }
}

fn first_paragraph(message: &str) -> &str {
    message.split("\n\n").next().unwrap_or(message)
}

/// The reason in a few words (`google-api.md` 6.4).
fn what(reason: &str) -> &'static str {
    match reason {
        "HEALTH_CHECK_CONTAINER_ERROR" => "the container did not answer on its port in time",
        "CONTAINER_MISSING" => "the image is not there",
        "CONTAINER_PERMISSION_DENIED" => "Cloud Run may not read the image",
        "CONTAINER_IMAGE_UNAUTHORIZED" | "CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED" => {
            "Binary Authorization does not allow the image"
        }
        "SECRETS_ACCESS_CHECK_FAILED" => "a secret cannot be read",
        "VPC_NETWORK_NOT_FOUND" => "the network or subnetwork is not there",
        "PROGRESS_DEADLINE_EXCEEDED" => "the container took too long to start",
        "ACTIVE_REVISION_LIMIT_REACHED" => "the service has too many revisions",
        "RESOURCES_AVAILABLE" | "RESERVE" => "there was no room for it",
        reason if reason.starts_with("ENCRYPTION_KEY_") => "the encryption key cannot be used",
        _ => "Cloud Run refused it",
    }
}

fn cures(context: &Context<'_>, reason: &str, message: &str) -> Vec<String> {
    let deploy = context.deploy;
    let project = deploy.project.as_str();
    let mentioned = || {
        message
            .split([' ', ',', '\'', '"', '[', ']'])
            .map(|word| word.trim_end_matches('.'))
            .find(|word| word.contains('@') && word.ends_with(".gserviceaccount.com"))
    };
    match reason {
        "HEALTH_CHECK_CONTAINER_ERROR" | "PROGRESS_DEADLINE_EXCEEDED" => vec![
            format!(
                "The container must listen on 0.0.0.0 and the port in $PORT ({}); set `port` when it listens on another one",
                deploy.settings.port.map_or("8080 unless set".to_owned(), |port| port.to_string())
            ),
            "It must not end or wait for something missing: look for a variable or secret that the program needs, and for enough `memory`".into(),
        ],
        "CONTAINER_MISSING" => vec!["Check the image's name, and that the build really pushed it there".into()],
        "CONTAINER_PERMISSION_DENIED" => {
            let agent = mentioned().unwrap_or("service-PROJECT_NUMBER@serverless-robot-prod.iam.gserviceaccount.com");
            let image_project = message.split("from project [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or(project);
            vec![format!("Let Cloud Run's agent read it: {}", roles::grant_on_project(image_project, agent, "roles/artifactregistry.reader"))]
        }
        "SECRETS_ACCESS_CHECK_FAILED" => {
            let account = mentioned().or(deploy.settings.runtime_account.as_ref().map(|account| account.as_str())).unwrap_or("RUNTIME_ACCOUNT");
            let secret = message.split("/secrets/").nth(1).and_then(|rest| rest.split(['/', ' ', ':', '\'']).next()).unwrap_or("SECRET");
            vec![
                format!("Let the service's own account read it: gcloud secrets add-iam-policy-binding {secret} --project={project} --member=serviceAccount:{account} --role=roles/secretmanager.secretAccessor"),
                format!("Check that the version exists and is enabled: gcloud secrets versions list {secret} --project={project}"),
            ]
        }
        "VPC_NETWORK_NOT_FOUND" => vec!["Check `network`, `subnet` and `vpc_connector`: they must exist in this project and region".into()],
        "ACTIVE_REVISION_LIMIT_REACHED" => {
            vec![format!("Delete old revisions: gcloud run revisions list --service={} --region={} --project={project}", deploy.service, deploy.region)]
        }
        "CONTAINER_IMAGE_UNAUTHORIZED" | "CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED" => vec!["The project's Binary Authorization policy decides which images may run".into()],
        reason if reason.starts_with("ENCRYPTION_KEY_") => vec!["Let Cloud Run's agent use the key: roles/cloudkms.cryptoKeyEncrypterDecrypter on it".into()],
        _ if message.contains("amd64/linux") => vec!["The image was built for another processor: build it with --platform=linux/amd64".into()],
        _ => Vec::new(),
    }
}

/// What Google says about the revision.
#[derive(Debug, thiserror::Error)]
#[error("Cloud Run says{}: {}", if .reason.is_empty() { String::new() } else { format!(" {}", .reason) }, if .message.is_empty() { "(nothing)" } else { .message })]
struct Refused {
    reason: String,
    message: String,
}

impl Explain for Refused {
    fn class(&self) -> Class {
        Class::Deploy
    }
}
