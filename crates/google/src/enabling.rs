//! Which APIs a project needs enabled, and the command that enables them.

/// The APIs that a deploy with a build needs, and what for.
pub const NEEDED: [(&str, &str); 6] = [
    ("cloudresourcemanager.googleapis.com", "see which permissions are missing, before anything is done"),
    ("iam.googleapis.com", "make the deploying account; see whether the build's account is usable"),
    ("cloudbuild.googleapis.com", "build"),
    ("storage.googleapis.com", "stage the source, and read the build's log"),
    ("artifactregistry.googleapis.com", "keep the image"),
    ("run.googleapis.com", "deploy; enabling it makes the account that builds and services run as"),
];

/// The API that sites need besides.
pub const HOSTING: &str = "firebasehosting.googleapis.com";

/// The command that enables APIs in a project.
pub fn enable<'a>(project: &str, services: impl IntoIterator<Item = &'a str>) -> String {
    let services: Vec<&str> = services.into_iter().collect();
    format!("gcloud services enable {} --project={project}", services.join(" "))
}
