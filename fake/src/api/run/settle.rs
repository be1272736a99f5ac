//! How an operation ends: whether the new revision starts, and where traffic goes then.

use super::kind::Kind;
use super::{conditions, containers, environment, jobs, traffic};
use crate::world::{Aim, ImageName, Revision, RevisionOutcome, RevisionState, Trouble, World};
use serde_json::{Map, Value, json};

/// Brings an operation to its end.
pub(super) fn settle(world: &mut World, name: &str) {
    let Some(operation) = world.operations.get(name).cloned() else { return };
    let result = match &operation.aim {
        Aim::Deploy(revision) => deploy(world, &operation.service, revision.as_deref(), operation.generation),
        Aim::DeleteService => {
            let service =
                world.services.remove(&operation.service).or_else(|| world.worker_pools.remove(&operation.service));
            world.revisions.retain(|revision| revision.service != operation.service);
            let kind = Kind::of(&operation.service).word;
            Ok(conditions::typed(kind, service.map_or(json!({}), |service| conditions::service(world, &service))))
        }
        Aim::DeleteRevision(revision) => {
            let view = world.revision_in(&operation.service, revision).map(conditions::revision);
            world.revisions.retain(|known| known.service != operation.service || known.name != *revision);
            Ok(conditions::typed("Revision", view.unwrap_or_default()))
        }
        Aim::ChangeJob { .. } | Aim::DeleteJob | Aim::RunJob(_) | Aim::CancelExecution(_) => {
            jobs::settle(world, &operation)
        }
    };
    if let Some(operation) = world.operations.get_mut(name) {
        operation.result = Some(result);
    }
}

fn deploy(world: &mut World, service: &str, revision: Option<&str>, generation: u64) -> Result<Value, Value> {
    let trouble = revision.and_then(|revision| start(world, service, revision).err());
    let transition = world.stamp(6);
    let number = |world: &World, name: &str| world.revision_in(service, name).map_or(0, |revision| revision.number);
    let known = world.deployed(service).and_then(|service| service.latest_ready.clone());
    let newer = revision
        .filter(|_| trouble.is_none())
        .filter(|revision| known.as_ref().is_none_or(|known| number(world, known) < number(world, revision)));
    let Some(found) = world.deployed_mut(service) else {
        return Err(json!({"code": 5, "message": "The service was deleted meanwhile."}));
    };
    if let Some(newer) = newer {
        found.latest_ready = Some(newer.to_owned());
    }
    // An older revision that ends later says nothing about the newest one.
    if revision.is_some() && revision == found.latest_created.as_deref() {
        found.revision_trouble.clone_from(&trouble);
    }
    found.observed_generation = found.observed_generation.max(generation);
    found.transition = transition;
    let found = found.clone();
    let routed = traffic::route(world, &found);
    let route_trouble = routed.as_ref().err().cloned();
    if let Ok(shares) = routed {
        let tags: Vec<String> = shares.iter().filter_map(|share| share.tag.clone()).collect();
        for tag in tags.iter().filter(|tag| !found.tag_urls.contains_key(*tag)) {
            let url = world.open_door(service, Some(tag));
            if let Some(found) = world.deployed_mut(service) {
                found.tag_urls.insert(tag.clone(), url);
            }
        }
        if let Some(found) = world.deployed_mut(service) {
            found.tag_urls.retain(|tag, _| tags.contains(tag));
            found.serving = shares;
        }
    }
    if let Some(found) = world.deployed_mut(service) {
        found.route_trouble.clone_from(&route_trouble);
    }
    match (trouble, route_trouble) {
        (Some(trouble), _) => {
            let message = conditions::long_message(service, revision.unwrap_or_default(), &trouble);
            Err(json!({"code": trouble.code, "message": message}))
        }
        (None, Some(trouble)) => Err(json!({"code": trouble.code, "message": trouble.message})),
        (None, None) => Ok(world.deployed(service).map_or(json!({}), |found| {
            let mut view = conditions::typed(Kind::of(service).word, conditions::service(world, found));
            // The operation that is just ending is no longer under way.
            if let Value::Object(fields) = &mut view {
                fields.remove("reconciling");
            }
            view
        })),
    }
}

/// Starts a revision, or says why it does not start.
fn start(world: &mut World, service: &str, name: &str) -> Result<(), Trouble> {
    let Some(revision) = world.revision_in(service, name).cloned() else { return Ok(()) };
    let result = verdict(world, &revision);
    let updated = world.stamp(6);
    if let Some(known) = world.revisions.iter_mut().find(|known| known.service == service && known.name == name) {
        known.updated = updated;
        known.state = match &result {
            Ok(()) => RevisionState::Ready,
            Err(trouble) => RevisionState::Failed(trouble.clone()),
        };
    }
    if result.is_err() {
        write_log(world, &revision);
    }
    result
}

fn verdict(world: &World, revision: &Revision) -> Result<(), Trouble> {
    let project = revision.service.split('/').nth(1).unwrap_or_default();
    let failed = |reason: Option<&str>, revision_reason: Option<&str>, code: u16, message: String| {
        let text = |word: Option<&str>| word.map(str::to_owned);
        Err(Trouble { reason: text(reason), revision_reason: text(revision_reason), message, code })
    };
    check_images(world, &revision.template, project)?;
    environment::check_secrets(world, project, &revision.template)?;
    match &revision.script.outcome {
        RevisionOutcome::Ready if asks_in_vain(revision) => failed_probe(),
        RevisionOutcome::Ready | RevisionOutcome::NeverEnds => Ok(()),
        RevisionOutcome::Fails(trouble) => Err(trouble.clone()),
        RevisionOutcome::DoesNotListen if Kind::of(&revision.service).is_pool() => failed(
            None,
            Some("HEALTH_CHECK_CONTAINER_ERROR"),
            9,
            "The user-provided container failed to start. Logs for this revision might contain more information."
                .to_owned(),
        ),
        RevisionOutcome::DoesNotListen => failed(
            None,
            Some("HEALTH_CHECK_CONTAINER_ERROR"),
            9,
            format!(
                "The user-provided container failed to start and listen on the port defined provided by the PORT={} \
                 environment variable within the allocated timeout. This can happen when the container port is \
                 misconfigured or if the timeout is too short. The health check timeout can be extended. Logs for this \
                 revision might contain more information.",
                containers::port(&revision.template)
            ),
        ),
        RevisionOutcome::ProbeFails => failed_probe(),
        RevisionOutcome::WrongArchitecture => wrong_architecture(image_of(&revision.template, 0)),
        RevisionOutcome::Internal => failed(Some("INTERNAL"), None, 13, "An internal error occurred.".to_owned()),
    }
}

fn failed_probe() -> Result<(), Trouble> {
    Err(Trouble {
        reason: None,
        revision_reason: Some("HEALTH_CHECK_CONTAINER_ERROR".to_owned()),
        message:
            "The user-provided container failed the configured startup probe checks. Logs for this revision might \
                  contain more information."
                .to_owned(),
        code: 9,
    })
}

/// Whether the startup probe of the container that requests go to asks a port that nothing listens on.
fn asks_in_vain(revision: &Revision) -> bool {
    let port = containers::port(&revision.template);
    let containers = revision.template.get("containers").and_then(Value::as_array).into_iter().flatten();
    let mut ingress = containers.filter(|container| container.get("ports").is_some());
    let Some(probe) = ingress.next().and_then(|container| container.get("startupProbe")) else { return false };
    let asked = ["tcpSocket", "httpGet", "grpc"].into_iter().filter_map(|way| probe[way]["port"].as_i64());
    let heard = |asked: &i64| *asked == port || revision.script.listens.contains(asked);
    !Kind::of(&revision.service).is_pool() && asked.into_iter().any(|asked| !heard(&asked))
}

fn wrong_architecture(image: &str) -> Result<(), Trouble> {
    Err(Trouble {
        reason: Some("REVISION_FAILED".to_owned()),
        revision_reason: None,
        message: format!(
            "Cloud Run does not support image '{image}': Container manifest type 'application/vnd.oci.image.index.v1+json' \
             must support amd64/linux."
        ),
        code: 9,
    })
}

/// Are the images there, may Cloud Run's agent pull them, and do they fit its machines?
pub(super) fn check_images(world: &World, template: &Map<String, Value>, project: &str) -> Result<(), Trouble> {
    let count = template.get("containers").and_then(Value::as_array).map_or(0, Vec::len);
    for image in (0..count).map(|index| image_of(template, index)) {
        let Some(name) = ImageName::read(image) else { continue };
        let agent = world.project(project).map(crate::world::Project::run_agent).unwrap_or_default();
        let repository = world.repositories.get(&name.repository);
        let policy = repository.map(|repository| &repository.policy);
        let public = name.project.is_empty();
        if !public && !world.allows(&agent, "artifactregistry.repositories.downloadArtifacts", &name.project, policy) {
            return Err(denied_image(&agent, &name, project));
        }
        let Some(digest) = world.digest_of(image) else {
            return Err(Trouble {
                reason: Some("CONTAINER_MISSING".to_owned()),
                revision_reason: None,
                message: format!("Image '{image}' not found."),
                code: 5,
            });
        };
        let package = repository.and_then(|repository| repository.packages.get(&name.package));
        let known = package.and_then(|package| package.images.get(&digest));
        if known.is_some_and(|known| known.architecture != "amd64") {
            return wrong_architecture(image);
        }
    }
    Ok(())
}

fn denied_image(agent: &str, name: &ImageName, project: &str) -> Trouble {
    let elsewhere = match name.project == project {
        true => String::new(),
        false => format!(
            " Note that the image is from project [{}], which is not the same as this project [{project}]. Permission must \
             be granted to the Google Cloud Run Service Agent from this project.",
            name.project
        ),
    };
    Trouble {
        reason: Some("CONTAINER_PERMISSION_DENIED".to_owned()),
        revision_reason: None,
        message: format!(
            "Google Cloud Run Service Agent {agent} must have permission to read the image, {}. Ensure that the provided \
             container image URL is correct and that the above account has permission to access the image. If you just \
             enabled the Cloud Run API, the permissions might take a few minutes to propagate.{elsewhere}",
            name.base
        ),
        code: 9,
    }
}

fn image_of(template: &Map<String, Value>, index: usize) -> &str {
    template.get("containers").and_then(|containers| containers[index]["image"].as_str()).unwrap_or_default()
}

/// The first container's image by digest, if the registry has it.
pub(super) fn resolve(world: &World, template: &Map<String, Value>) -> Option<String> {
    let image = image_of(template, 0);
    let digest = world.digest_of(image)?;
    Some(format!("{}@{digest}", ImageName::read(image)?.base))
}

/// What a container that failed leaves in Cloud Logging.
fn write_log(world: &mut World, revision: &Revision) {
    let parts: Vec<&str> = revision.service.split('/').collect();
    let [_, project, _, region, _, service] = parts.as_slice() else { return };
    let kind = Kind::of(&revision.service);
    let (resource, own) = kind.resource;
    let mut place = vec![
        ("project_id", *project),
        (own, *service),
        ("revision_name", revision.name.as_str()),
        ("location", *region),
    ];
    if !kind.is_pool() {
        place.push(("configuration_name", *service));
    }
    for line in &revision.script.log {
        world.log_of_revision(resource, &place, "run.googleapis.com/stderr", "DEFAULT", line);
    }
    if matches!(revision.script.outcome, RevisionOutcome::DoesNotListen | RevisionOutcome::ProbeFails) {
        world.log_of_revision(
            resource,
            &place,
            "run.googleapis.com/varlog/system",
            "WARNING",
            "Container called exit(1).",
        );
    }
}
