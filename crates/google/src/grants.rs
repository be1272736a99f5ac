//! The command that gives a permission which a refusal says is missing, on the very thing that Google's words name: a
//! secret, a billing account, a service account, a repository of images; else on the project.

use super::refusal::{Refusal, image_not_read};
use super::roles::{self, GrantScope, Need};
use slipway_names::image::ImageRef;
use slipway_names::registry::Location;

/// A refused request: what Google said, what was asked, and on whose behalf.
pub(super) struct Denied<'a> {
    /// What Google said.
    pub refusal: &'a Refusal,
    /// Method and address.
    pub request: &'a str,
    /// The project that it was about.
    pub project: &'a str,
    /// Who asked, as policies name it.
    pub member: &'a str,
}

impl Denied<'_> {
    /// The command that an owner runs.
    pub(super) fn command(&self, need: &Need) -> String {
        let (project, member, role) = (self.project, self.member, need.role);
        let resource = self.refusal.metadata("resource").unwrap_or_default();
        let message = &self.refusal.message;
        match need.scope {
            GrantScope::Secret => secret(resource).map(|(of, secret)| roles::grant_on_secret(of, secret, member, role)),
            GrantScope::Billing => billing_account(self.request).map(|id| roles::grant_on_billing(id, member, role)),
            GrantScope::Account => account(message).map(|email| roles::grant_on_account(project, email, member, role)),
            _ if need.permission.starts_with("artifactregistry.") => repository(resource)
                .or_else(|| repository(message))
                .or_else(|| repository_of_image(message))
                .map(|(of, location, name)| roles::grant_on_repository(&of, &location, &name, member, role)),
            GrantScope::Project | GrantScope::Bucket => None,
        }
        .unwrap_or_else(|| roles::grant_on_project(project, member, role))
    }
}

/// Project and name of the secret that a resource is, or is of.
fn secret(resource: &str) -> Option<(&str, &str)> {
    match resource.split('/').collect::<Vec<_>>().as_slice() {
        ["projects", project, "secrets", secret, ..] => Some((project, secret)),
        _ => None,
    }
}

/// The billing account that a request was about, by its id.
fn billing_account(request: &str) -> Option<&str> {
    request.split("billingAccounts/").nth(1)?.split(['/', ':', '?', ' ']).next()
}

/// The service account that a sentence names.
pub fn account(message: &str) -> Option<&str> {
    let words = message.split([' ', ',', '\'', '"', '[', ']', '/']).map(|word| word.trim_end_matches('.'));
    words.into_iter().find(|word| word.contains('@') && word.ends_with(".gserviceaccount.com"))
}

/// Project, location and name of the repository whose path a text holds.
fn repository(text: &str) -> Option<(String, String, String)> {
    let path = text.get(text.find("projects/")?..)?;
    let path = path.split(['"', '\'', ' ', ')']).next()?;
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["projects", project, "locations", location, "repositories", name, ..] => {
            Some(((*project).to_owned(), (*location).to_owned(), (*name).to_owned()))
        }
        _ => None,
    }
}

/// The repository of the image that a sentence says cannot be read.
fn repository_of_image(message: &str) -> Option<(String, String, String)> {
    let image = image_not_read(message)?;
    let place = Location::of(&ImageRef::parse(image).ok()?.repository)?;
    Some((place.project, place.location, place.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PULL: &str = "artifactregistry.repositories.downloadArtifacts";

    fn command(permission: &str, message: &str) -> String {
        let refusal = Refusal { message: message.to_owned(), ..Refusal::default() };
        let denied = Denied { refusal: &refusal, request: "GET x", project: "p", member: "serviceAccount:d@p" };
        denied.command(roles::find(permission).expect("in the table"))
    }

    #[test]
    fn a_grant_is_on_what_the_refusal_names() {
        for (permission, message, says) in [
            (
                "iam.serviceAccounts.actAs",
                "Permission 'iam.serviceaccounts.actAs' denied on service account web@p.iam.gserviceaccount.com (or it may not exist).",
                "gcloud iam service-accounts add-iam-policy-binding web@p.iam.gserviceaccount.com --project=p",
            ),
            (
                PULL,
                "Permission \"artifactregistry.repositories.downloadArtifacts\" denied on resource \"projects/q/locations/us/repositories/app\" (or it may not exist)",
                "gcloud artifacts repositories add-iam-policy-binding app --location=us --project=q",
            ),
            (
                PULL,
                "User must have permission to read the image, us-central1-docker.pkg.dev/q/app/web:latest. Ensure that the provided",
                "gcloud artifacts repositories add-iam-policy-binding app --location=us-central1 --project=q",
            ),
            (
                PULL,
                "User must have permission to read the image, eu.gcr.io/q/web. Ensure",
                "gcloud artifacts repositories add-iam-policy-binding eu.gcr.io --location=europe --project=q",
            ),
            (PULL, "no words of ours", "gcloud projects add-iam-policy-binding p "),
        ] {
            let command = command(permission, message);
            assert!(command.starts_with(says), "{command}");
        }
    }
}
