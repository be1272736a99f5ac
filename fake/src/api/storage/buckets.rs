//! Buckets: reading one and making one.

use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Bucket, World};
use serde_json::{Map, Value, json};

/// `buckets.get`. A bucket of another project is shown too, if its policy lets the caller in:
/// names are global, and comparing project numbers is the caller's duty.
pub(super) fn get(world: &World, call: &Call) -> Answer {
    let bucket = super::bucket(world, &call.account, "storage.buckets.get", call.hole("bucket"))?;
    Ok(Reply::ok(&view(bucket)))
}

/// `buckets.insert`.
pub(super) fn insert(world: &mut World, call: &Call) -> Answer {
    let named = call.query("project").unwrap_or_default();
    let Some(project) = world.project(named).cloned() else {
        return Err(refusal::storage(400, "invalid", format!("Unknown project id: {named}")));
    };
    if !world.allows(&call.account, "storage.buckets.create", &project.id, None) {
        return Err(super::denied(&call.account, "storage.buckets.create"));
    }
    let name = call.json["name"].as_str().unwrap_or_default();
    if !is_name(name) {
        return Err(refusal::storage(400, "invalid", format!("Invalid bucket name: '{name}'")));
    }
    if let Some(taken) = world.buckets.get(name) {
        return Err(refusal::storage(
            409,
            "conflict",
            if taken.project_number == project.number {
                "Your previous request to create the named bucket succeeded and you already own it."
            } else {
                "The requested bucket name is not available. The bucket namespace is shared by all users of the \
                 system. Please select a different name and try again."
            },
        ));
    }
    let location = call.json["location"].as_str().unwrap_or("US").to_uppercase();
    let allowed = project.allowed_locations.as_ref();
    if allowed.is_some_and(|allowed| !allowed.iter().any(|known| known.eq_ignore_ascii_case(&location))) {
        let message = format!("'{}' violates constraint 'constraints/gcp.resourceLocations'", location.to_lowercase());
        return Err(refusal::storage(412, "conditionNotMet", message));
    }
    if !is_location(&location) {
        return Err(refusal::storage(
            400,
            "invalid",
            format!("The specified location constraint is not valid: {location}"),
        ));
    }
    world.add_bucket(name, &project.number, &location);
    let created = world.buckets.get_mut(name).map(|bucket| {
        bucket.document = kept(&call.json);
        view(bucket)
    });
    world.effect("bucket created", name);
    Ok(Reply::ok(&created.unwrap_or_default()))
}

/// `buckets.list`: Google has it, the product must not need it.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    world.unexpected.push("storage.buckets.list: buckets are never listed".to_owned());
    let named = call.query("project").unwrap_or_default();
    if !world.allows(&call.account, "storage.buckets.list", named, None) {
        return Err(super::denied(&call.account, "storage.buckets.list"));
    }
    let number = world.project(named).map(|project| project.number.clone());
    let own = world.buckets.values().filter(|bucket| Some(&bucket.project_number) == number.as_ref());
    Ok(Reply::ok(&json!({"kind": "storage#buckets", "items": own.map(view).collect::<Value>()})))
}

fn view(bucket: &Bucket) -> Value {
    let mut view = json!({
        "kind": "storage#bucket",
        "id": bucket.name,
        "name": bucket.name,
        "projectNumber": bucket.project_number,
        "metageneration": bucket.metageneration.to_string(),
        "location": bucket.location,
        "storageClass": "STANDARD",
        "etag": super::etag(bucket.metageneration),
        "timeCreated": bucket.created,
        "updated": bucket.created,
        "locationType": if bucket.location.contains('-') { "region" } else { "multi-region" },
        "iamConfiguration": {"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": {"enabled": false}}
    });
    if let Value::Object(fields) = &mut view {
        fields.extend(bucket.document.clone());
    }
    view
}

/// What a new bucket keeps of the request besides name and location.
fn kept(body: &Value) -> Map<String, Value> {
    let kept = ["storageClass", "iamConfiguration", "softDeletePolicy", "lifecycle", "labels", "versioning"];
    let fields = body.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| kept.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// 3 to 63 of lower-case letters, digits, dashes, underscores and dots; nothing of Google's own.
fn is_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.bytes().all(legal)
        && edge(name.bytes().next())
        && edge(name.bytes().last())
        && !name.starts_with("goog")
        && !name.contains("google")
}

fn is_location(location: &str) -> bool {
    let region = |location: &str| {
        let (area, rest) = location.split_once('-').unwrap_or(("", ""));
        let areas = ["US", "EUROPE", "ASIA", "AUSTRALIA", "NORTHAMERICA", "SOUTHAMERICA", "ME", "AFRICA"];
        areas.contains(&area) && rest.ends_with(|c: char| c.is_ascii_digit())
    };
    ["US", "EU", "ASIA", "NAM4", "EUR4"].contains(&location) || region(location)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_the_rules() {
        for good in ["harbour-dev-slipway-us-central1", "a.b", "a_b"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["ab", "Abc", "-abc", "abc-", "my-google-bucket", "goog-x", "a b"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
