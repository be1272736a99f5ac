//! The laws of a build: what makes `builds.create` refuse it.

use crate::refusal;
use crate::reply::Reply;
use crate::world::{ImageName, Project, World};
use serde_json::{Map, Value};

/// Is there such a location, and may the project build there?
pub(super) fn location(project: &Project, location: &str) -> Result<(), Reply> {
    let region = location.contains('-') && location.ends_with(|c: char| c.is_ascii_digit());
    if location != "global" && !region {
        let message = format!("Location {location} is not found or access is unauthorized.");
        return Err(refusal::rpc(404, "NOT_FOUND", message, Vec::new()));
    }
    if project.closed_build_regions.contains(location) {
        return Err(refusal::precondition(
            "due to quota restrictions, cannot run builds in this region, see \
             https://cloud.google.com/build/docs/locations#restricted_regions_for_some_projects",
        ));
    }
    Ok(())
}

/// Steps, images, tags and times.
pub(super) fn steps(build: &Map<String, Value>) -> Result<(), Reply> {
    let invalid = |text: String| Err(refusal::invalid(format!("invalid build: {text}")));
    let list = |name: &str| build.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let steps = list("steps");
    if steps.is_empty() {
        return invalid("must specify at least one step".to_owned());
    }
    let secrets = build.get("availableSecrets").map_or(Value::Null, |secrets| secrets["secretManager"].clone());
    let available =
        |name: &Value| secrets.as_array().is_some_and(|secrets| secrets.iter().any(|secret| secret["env"] == *name));
    for (index, step) in steps.iter().enumerate() {
        if step["name"].as_str().is_none_or(str::is_empty) {
            return invalid(format!("build step {index} must specify name"));
        }
        let ids = steps.iter().filter(|other| other["id"].is_string() && other["id"] == step["id"]);
        if ids.count() > 1 {
            return invalid(format!("build step id {} is not unique", step["id"]));
        }
        let env = step["env"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(bad) = env.into_iter().find(|pair| !pair.contains('=')) {
            return invalid(format!("build step {index} has an env entry that is not of the form KEY=VALUE: {bad}"));
        }
        let missing = step["secretEnv"].as_array().into_iter().flatten().find(|name| !available(name));
        if let Some(name) = missing {
            return invalid(format!("build step {index} uses the secret env {name}, which is not available"));
        }
    }
    for image in list("images") {
        let image = image.as_str().unwrap_or_default();
        if ImageName::read(image).is_none_or(|name| name.digest.is_some()) {
            return invalid(format!("invalid image name \"{image}\": could not parse reference"));
        }
    }
    let tags = list("tags");
    let legal = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    for tag in tags.iter().filter_map(Value::as_str) {
        if tag.is_empty() || tag.len() > 128 || !tag.chars().all(legal) {
            return invalid(format!("invalid build tag \"{tag}\": must match format \"^[\\w][\\w.-]{{0,127}}$\""));
        }
    }
    if tags.len() > 64 {
        return invalid("number of tags must not exceed 64".to_owned());
    }
    let seconds = |name: &str| build.get(name).and_then(Value::as_str)?.strip_suffix('s')?.parse::<f64>().ok();
    if seconds("timeout").is_some_and(|seconds| !(0.0..=86_400.0).contains(&seconds)) {
        return invalid("invalid timeout: must be between 0s and 24h".to_owned());
    }
    Ok(())
}

/// A private pool is somebody's; using it is a right of its own.
pub(super) fn pool(world: &World, build: &Map<String, Value>, caller: &str, project: &str) -> Result<(), Reply> {
    let permission = "cloudbuild.workerpools.use";
    let pool = build.get("options").and_then(|options| options["pool"]["name"].as_str());
    match pool {
        Some(pool) if !world.allows(caller, permission, project, None) => Err(refusal::denied(permission, pool, pool)),
        _ => Ok(()),
    }
}

/// The combinations of account, log bucket and logging option.
pub(super) fn logging(build: &Map<String, Value>) -> Result<(), Reply> {
    let options = build.get("options").cloned().unwrap_or_default();
    let logging = options["logging"].as_str().unwrap_or_default();
    let bucket = build.get("logsBucket").and_then(Value::as_str).is_some_and(|bucket| !bucket.is_empty());
    if bucket && logging == "CLOUD_LOGGING_ONLY" {
        return Err(refusal::invalid("build.logs_bucket cannot be used with option CLOUD_LOGGING_ONLY"));
    }
    let regional = options["defaultLogsBucketBehavior"] == "REGIONAL_USER_OWNED_BUCKET";
    let nowhere = matches!(logging, "CLOUD_LOGGING_ONLY" | "NONE");
    if build.contains_key("serviceAccount") && !bucket && !regional && !nowhere {
        return Err(refusal::invalid(
            "if 'build.service_account' is specified, the build must either (a) specify 'build.logs_bucket', (b) use \
             the REGIONAL_USER_OWNED_BUCKET build.options.default_logs_bucket_behavior option, or (c) use either \
             CLOUD_LOGGING_ONLY / NONE logging options",
        ));
    }
    Ok(())
}

/// The staged source must be there, in the generation named, and readable by the build account.
pub(super) fn source(world: &World, build: &Map<String, Value>, account: &str) -> Result<(), Reply> {
    let Some(source) = build.get("source") else { return Ok(()) };
    let source = &source["storageSource"];
    let text = |field: &str| source[field].as_str().unwrap_or_default();
    let (bucket, object) = (text("bucket"), text("object"));
    if bucket.is_empty() || object.is_empty() {
        return Err(refusal::invalid("invalid build: invalid .source field: only storage_source is understood here"));
    }
    if ![".tar.gz", ".tgz", ".zip"].iter().any(|end| object.ends_with(end)) {
        let message = format!("invalid build: invalid .source field: unsupported archive type of \"{object}\"");
        return Err(refusal::invalid(message));
    }
    let unresolved = |why: String| refusal::invalid(format!("invalid build: could not resolve source: {why}"));
    let found = world.buckets.get(bucket);
    if !can_read(world, account, bucket) && !world.source_refused_late {
        return Err(unresolved(format!(
            "googleapi: Error 403: {account} does not have storage.objects.get access to the Google Cloud Storage \
             object. Permission 'storage.objects.get' denied on resource (or it may not exist)., forbidden"
        )));
    }
    let generation =
        source["generation"].as_str().map(str::to_owned).or(source["generation"].as_u64().map(|n| n.to_string()));
    let object_found = found.and_then(|bucket| bucket.objects.get(object));
    match object_found {
        Some(found) if generation.is_none_or(|wanted| wanted == found.generation.to_string()) => Ok(()),
        _ => Err(unresolved(format!("googleapi: Error 404: No such object: {bucket}/{object}, notFound"))),
    }
}

/// Whether the build account may read objects of a bucket.
pub(super) fn can_read(world: &World, account: &str, bucket: &str) -> bool {
    world.buckets.get(bucket).is_some_and(|bucket| {
        world.allows(account, "storage.objects.get", &bucket.project_number, Some(bucket.policy_of_builds()))
    })
}
