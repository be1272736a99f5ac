//! What lets the build's account push an image, once that was refused: the same for a deploy and for the doctor.

use crate::commands::doctor::plan::fix::{Fix, GrantTarget};
use slipway_names::registry::Location;

/// Google: "typically 2 minutes, potentially 7 minutes or longer" (IAM, access change propagation).
pub const GRANTS_TAKE: &str =
    "A grant takes 2 minutes to arrive, and 7 or longer now and then: run again when that time has passed";

/// What an owner does about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cure {
    /// These commands, in the project of the deploy.
    Fixes(Vec<Fix>),
    /// What somebody else has to do, in words.
    Elsewhere(String),
}

/// What lets `member` push to a repository, from `project`. `there` says whether the repository exists, where that is known.
///
/// Whoever pushes first to a `gcr.io` host makes the repository, which `roles/artifactregistry.writer` does not allow. What
/// Google says of such a refusal does not tell it from another, so the role that allows both is named each time.
pub fn cure(project: &str, member: &str, place: &Location, there: Option<bool>) -> Cure {
    let (role, on) = match place.made_by_push() {
        true => ("roles/artifactregistry.createOnPushWriter", GrantTarget::Project),
        false => ("roles/artifactregistry.writer", GrantTarget::Repository(place.name.clone(), place.location.clone())),
    };
    if place.project != project {
        return Cure::Elsewhere(format!(
            "Have an owner of project {} grant {role} on {} to {member}",
            place.project,
            if place.made_by_push() { "the project".to_owned() } else { format!("repository {}", place.name) }
        ));
    }
    let make = Fix::MakeRepository { repository: place.name.clone(), location: place.location.clone() };
    let makes = !place.made_by_push() && there != Some(true);
    Cure::Fixes(makes.then_some(make).into_iter().chain([Fix::grant(role, member, on)]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use slipway_names::image::ImageRepository;

    fn commands(repository: &str, there: Option<bool>) -> Vec<String> {
        let place = Location::of(&ImageRepository::parse(repository).expect("a repository")).expect("a place");
        match cure("p", "serviceAccount:b@x", &place, there) {
            Cure::Fixes(fixes) => fixes.iter().map(|fix| fix.command("p")).collect(),
            Cure::Elsewhere(words) => vec![words],
        }
    }

    #[test]
    fn whoever_pushes_first_to_gcr_may_make_the_repository() {
        let grant = "gcloud projects add-iam-policy-binding p --member=serviceAccount:b@x --role=roles/artifactregistry.createOnPushWriter --condition=None";
        for there in [None, Some(false), Some(true)] {
            assert_eq!(commands("eu.gcr.io/p/web", there), [grant]);
        }
        let writer = "gcloud artifacts repositories add-iam-policy-binding apps --location=us --project=p --member=serviceAccount:b@x --role=roles/artifactregistry.writer";
        let make = "gcloud artifacts repositories create apps --repository-format=docker --location=us --project=p";
        assert_eq!(commands("us-docker.pkg.dev/p/apps/web", None), [make, writer]);
        assert_eq!(commands("us-docker.pkg.dev/p/apps/web", Some(true)), [writer]);
        assert_eq!(
            commands("gcr.io/q/web", None),
            [
                "Have an owner of project q grant roles/artifactregistry.createOnPushWriter on the project to serviceAccount:b@x"
            ]
        );
    }
}
