//! Pushing images: may the build account, and does the repository exist.

use crate::world::{Build, ImageName, World};

/// May this build push this image? The error is the failure's type and detail.
pub(super) fn allowed(world: &World, build: &Build, image: &str) -> Result<(), (&'static str, String)> {
    let failed = |text: &str| format!("failed to push image {image}: {text}");
    let Some(name) = ImageName::read(image) else {
        return Err(("PUSH_FAILED", failed("invalid reference format")));
    };
    if name.project.is_empty() {
        return Err(("PUSH_NOT_AUTHORIZED", failed("denied: requested access to the resource is denied")));
    }
    const REGISTRY: &str = "artifactregistry.googleapis.com";
    if let Some(off) = world.project(&name.project).filter(|project| !project.enabled.contains(REGISTRY)) {
        // A registry's refusal in the shape of genuinetools/reg#172; Google's sentence for every API that is off.
        let number = &off.number;
        let sentence = format!(
            "denied: Artifact Registry API has not been used in project {number} before or it is disabled. Enable it by \
             visiting https://console.developers.google.com/apis/api/{REGISTRY}/overview?project={number} then retry. If \
             you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
        );
        return Err(("PUSH_FAILED", failed(&sentence)));
    }
    let repository = world.repositories.get(&name.repository);
    let policy = repository.map(|repository| &repository.policy);
    let may = |permission: &str| world.allows(&build.account, permission, &name.project, policy);
    if !may("artifactregistry.repositories.uploadArtifacts") {
        return Err((
            "PUSH_NOT_AUTHORIZED",
            failed(&format!(
                "denied: Permission \"artifactregistry.repositories.uploadArtifacts\" denied on resource \"{}\" (or it \
                 may not exist)",
                name.repository
            )),
        ));
    }
    if repository.is_some() {
        return Ok(());
    }
    if !name.created_on_push() {
        let short = name.repository.rsplit('/').next().unwrap_or_default();
        return Err(("PUSH_FAILED", failed(&format!("name unknown: Repository \"{short}\" not found"))));
    }
    if may("artifactregistry.repositories.createOnPush") {
        return Ok(());
    }
    Err((
        "PUSH_NOT_AUTHORIZED",
        failed(
            "denied: gcr.io repo does not exist. Creating on push requires the \
             artifactregistry.repositories.createOnPush permission",
        ),
    ))
}
