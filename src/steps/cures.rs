//! What mends a container that Cloud Run could not start, by Google's word for why; the same for
//! revisions and for jobs.

use crate::google::roles;

/// The reason in a few words (`google-api.md` 6.4).
pub(super) fn what(reason: &str) -> &'static str {
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

/// What to do about it. `account` is the one the container runs as, where it is known.
pub(super) fn of(project: &str, account: Option<&str>, reason: &str, message: &str) -> Vec<String> {
    let mentioned = || {
        message
            .split([' ', ',', '\'', '"', '[', ']'])
            .map(|word| word.trim_end_matches('.'))
            .find(|word| word.contains('@') && word.ends_with(".gserviceaccount.com"))
    };
    match reason {
        "CONTAINER_MISSING" => vec!["Check the image's name, and that the build really pushed it there".into()],
        "CONTAINER_PERMISSION_DENIED" => {
            let agent = mentioned().unwrap_or("service-PROJECT_NUMBER@serverless-robot-prod.iam.gserviceaccount.com");
            let image_project =
                message.split("from project [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or(project);
            vec![format!(
                "Let Cloud Run's agent read it: {}",
                roles::grant_on_project(image_project, &roles::member(agent), "roles/artifactregistry.reader")
            )]
        }
        "SECRETS_ACCESS_CHECK_FAILED" => {
            let account = mentioned().or(account).unwrap_or("RUNTIME_ACCOUNT");
            let secret = message
                .split("/secrets/")
                .nth(1)
                .and_then(|rest| rest.split(['/', ' ', ':', '\'']).next())
                .unwrap_or("SECRET");
            vec![
                format!(
                    "Let the service's own account read it: gcloud secrets add-iam-policy-binding {secret} --project={project} --member=serviceAccount:{account} --role=roles/secretmanager.secretAccessor"
                ),
                format!(
                    "Check that the version exists and is enabled: gcloud secrets versions list {secret} --project={project}"
                ),
            ]
        }
        "VPC_NETWORK_NOT_FOUND" => {
            vec!["Check `network`, `subnet` and `vpc_connector`: they must exist in this project and region".into()]
        }
        "CONTAINER_IMAGE_UNAUTHORIZED" | "CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED" => {
            vec!["The project's Binary Authorization policy decides which images may run".into()]
        }
        reason if reason.starts_with("ENCRYPTION_KEY_") => {
            vec!["Let Cloud Run's agent use the key: roles/cloudkms.cryptoKeyEncrypterDecrypter on it".into()]
        }
        _ if message.contains("amd64/linux") => {
            vec!["The image was built for another processor: build it with --platform=linux/amd64".into()]
        }
        _ => Vec::new(),
    }
}

/// The account that the caller may not act as, where a refusal is about that.
pub(super) fn act_as(message: &str) -> Option<&str> {
    message.to_lowercase().contains("actas").then(|| {
        let word = message.split_whitespace().find(|word| word.contains('@')).unwrap_or("RUNTIME_ACCOUNT");
        word.trim_end_matches(['.', ','])
    })
}

/// What Google says about a container that does not run.
#[derive(Debug, thiserror::Error)]
#[error("Cloud Run says{}: {}", if .reason.is_empty() { String::new() } else { format!(" {}", .reason) }, if .message.is_empty() { "(nothing)" } else { .message })]
pub(super) struct Refused {
    pub(super) reason: String,
    pub(super) message: String,
}

impl crate::explain::Explain for Refused {
    fn class(&self) -> crate::explain::Class {
        crate::explain::Class::Deploy
    }
}
