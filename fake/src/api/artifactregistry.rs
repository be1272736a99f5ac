//! Artifact Registry: repositories, tags and images, read and removed. A deployer's five roles may do neither.

use crate::api::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::world::{Package, Repository, World};
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "artifactregistry",
    service: "artifactregistry.googleapis.com",
    title: "Artifact Registry API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: true,
    descriptions: &[include_str!("../../../tests/schemas/artifactregistry.v1.json")],
    extras: &[],
    answer,
};

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    Some(match call.id.as_str() {
        "artifactregistry.projects.getProjectSettings" => settings(world, call),
        "artifactregistry.projects.locations.repositories.get" => repository_view(world, call),
        "artifactregistry.projects.locations.repositories.getIamPolicy" => policy(world, call),
        "artifactregistry.projects.locations.repositories.packages.tags.get" => tag(world, call),
        "artifactregistry.projects.locations.repositories.dockerImages.get" => docker_image(world, call),
        "artifactregistry.projects.locations.repositories.packages.tags.delete" => delete_tag(world, call),
        "artifactregistry.projects.locations.repositories.packages.versions.delete" => delete_version(world, call),
        _ => return None,
    })
}

fn settings(world: &World, call: &Call) -> Answer {
    let name = format!("projects/{}", call.hole("projectsId"));
    let permission = "artifactregistry.projectsettings.get";
    if !world.allows(&call.account, permission, call.hole("projectsId"), None) {
        return Err(refusal::denied(permission, &name, &format!("//artifactregistry.googleapis.com/{name}")));
    }
    let state = "REDIRECTION_FROM_GCR_IO_FINALIZED";
    Ok(Reply::ok(&json!({"name": format!("{name}/projectSettings"), "legacyRedirectionState": state})))
}

/// The repository the path names, with its full name, if the caller has the permission on it.
fn repository<'a>(world: &'a World, call: &Call, permission: &str) -> Result<(String, &'a Repository), Reply> {
    let project = world.project(call.hole("projectsId")).map_or(call.hole("projectsId"), |project| project.id.as_str());
    let (location, repository) = (call.hole("locationsId"), call.hole("repositoriesId"));
    let full = format!("projects/{project}/locations/{location}/repositories/{repository}");
    let found = world.repositories.get(&full);
    if !world.allows(&call.account, permission, project, found.map(|repository| &repository.policy)) {
        return Err(refusal::denied(permission, &full, &format!("//artifactregistry.googleapis.com/{full}")));
    }
    match found {
        Some(found) => Ok((full, found)),
        None => Err(refusal::not_found("Requested entity was not found.")),
    }
}

fn repository_view(world: &World, call: &Call) -> Answer {
    let (name, _) = repository(world, call, "artifactregistry.repositories.get")?;
    Ok(Reply::ok(&json!({"name": name, "format": "DOCKER", "mode": "STANDARD_REPOSITORY"})))
}

fn policy(world: &World, call: &Call) -> Answer {
    Ok(Reply::ok(&repository(world, call, "artifactregistry.repositories.getIamPolicy")?.1.policy.view()))
}

fn tag(world: &World, call: &Call) -> Answer {
    let (repository_name, repository) = repository(world, call, "artifactregistry.tags.get")?;
    let (package, tag) = (call.hole("packagesId"), call.hole("tagsId"));
    let digest = repository.packages.get(package).and_then(|package| package.tags.get(tag));
    let digest = digest.ok_or_else(|| refusal::not_found("Requested entity was not found."))?;
    let package = format!("{repository_name}/packages/{}", crate::uri::encode(package));
    Ok(Reply::ok(&json!({"name": format!("{package}/tags/{tag}"), "version": format!("{package}/versions/{digest}")})))
}

fn docker_image(world: &World, call: &Call) -> Answer {
    let (repository_name, repository) = repository(world, call, "artifactregistry.dockerimages.get")?;
    let id = call.hole("dockerImagesId");
    let found = id.split_once('@').and_then(|(package, digest)| {
        let package = repository.packages.get(package)?;
        Some((package, digest, package.images.get(digest)?))
    });
    let (package, digest, image) = found.ok_or_else(|| refusal::not_found("Requested entity was not found."))?;
    let mut parts = repository_name.split('/').skip(1).step_by(2);
    let (project, location, repository) = (parts.next(), parts.next(), parts.next());
    let mut parts = [project, Some("/"), repository].into_iter().flatten().collect::<String>();
    parts.push('/');
    let host = format!("{}-docker.pkg.dev/", location.unwrap_or_default());
    Ok(Reply::ok(&json!({
        "name": format!("{repository_name}/dockerImages/{id}"),
        "uri": format!("{host}{parts}{id}"),
        "imageSizeBytes": image.bytes.to_string(),
        "tags": tags_of(package, digest),
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "uploadTime": image.pushed,
        "updateTime": image.pushed
    })))
}

fn delete_tag(world: &mut World, call: &Call) -> Answer {
    let (name, _) = repository(world, call, "artifactregistry.tags.delete")?;
    let (package, tag) = (call.hole("packagesId").to_owned(), call.hole("tagsId").to_owned());
    let found = world.repositories.get_mut(&name).and_then(|repository| repository.packages.get_mut(&package));
    match found.and_then(|package| package.tags.remove(&tag)) {
        Some(_) => {
            world.effect("image tag deleted", format!("{name}/packages/{package}/tags/{tag}"));
            Ok(Reply::ok(&json!({})))
        }
        None => Err(refusal::not_found("Requested entity was not found.")),
    }
}

/// A version with tags goes only by force.
fn delete_version(world: &mut World, call: &Call) -> Answer {
    let (name, _) = repository(world, call, "artifactregistry.versions.delete")?;
    let (package, version) = (call.hole("packagesId").to_owned(), call.hole("versionsId").to_owned());
    let force = call.flag("force");
    let found = world.repositories.get_mut(&name).and_then(|repository| repository.packages.get_mut(&package));
    let Some(found) = found.filter(|package| package.images.contains_key(&version)) else {
        return Err(refusal::not_found("Requested entity was not found."));
    };
    if !force && found.tags.values().any(|digest| *digest == version) {
        return Err(refusal::rpc(
            400,
            "FAILED_PRECONDITION",
            "cannot delete a version with tags".to_owned(),
            Vec::new(),
        ));
    }
    found.tags.retain(|_, digest| *digest != version);
    found.images.remove(&version);
    world.effect("image deleted", format!("{name}/packages/{package}/versions/{version}"));
    let mut parts = name.split('/').skip(1).step_by(2);
    let (project, location) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let operation = format!("projects/{project}/locations/{location}/operations/delete-{}", &version[7..19]);
    Ok(Reply::ok(
        &json!({"name": operation, "done": true, "response": {"@type": "type.googleapis.com/google.protobuf.Empty"}}),
    ))
}

fn tags_of(package: &Package, digest: &str) -> Vec<Value> {
    package.tags.iter().filter(|(_, known)| *known == digest).map(|(tag, _)| json!(tag)).collect()
}
