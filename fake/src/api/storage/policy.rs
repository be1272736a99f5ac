//! Bucket policies.

use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::roles;
use crate::world::{Bucket, World};
use serde_json::{Value, json};

/// `buckets.getIamPolicy`.
pub(super) fn get(world: &World, call: &Call) -> Answer {
    let bucket = super::bucket(world, &call.account, "storage.buckets.getIamPolicy", call.hole("bucket"))?;
    Ok(Reply::ok(&view(bucket)))
}

/// `buckets.setIamPolicy`: the whole policy at once, guarded by its etag.
pub(super) fn set(world: &mut World, call: &Call) -> Answer {
    let name = call.hole("bucket");
    let bucket = super::bucket(world, &call.account, "storage.buckets.setIamPolicy", name)?;
    if call.json["etag"].as_str().is_some_and(|etag| etag != super::etag(bucket.policy.version)) {
        let message = "At least one of the pre-conditions you specified did not hold.";
        return Err(refusal::storage(412, "conditionNotMet", message));
    }
    let prevented = bucket.document.get("iamConfiguration").map(|config| &config["publicAccessPrevention"]);
    let bindings = world.read_bindings(&call.json).map_err(|text| refusal::storage(400, "invalid", text))?;
    let public = |member: &String| member == "allUsers" || member == "allAuthenticatedUsers";
    if prevented == Some(&json!("enforced")) && bindings.iter().any(|binding| binding.members.iter().any(public)) {
        let message = "The member bindings allUsers and allAuthenticatedUsers are not allowed since public access \
                       prevention is enforced.";
        return Err(refusal::storage(412, "conditionNotMet", message));
    }
    let lag = world.bucket_policy_lag;
    let changed = world.buckets.get_mut(name).map(|bucket| {
        // Each submission counts one down before it looks.
        bucket.stale_policy = (lag > 0).then(|| (bucket.policy.clone(), lag + 1));
        bucket.policy.bindings = bindings;
        bucket.policy.version += 1;
        bucket.metageneration += 1;
        view(bucket)
    });
    world.effect("iam changed", name);
    Ok(Reply::ok(&changed.unwrap_or_default()))
}

/// `buckets.testIamPermissions`.
pub(super) fn test(world: &World, call: &Call) -> Answer {
    let name = call.hole("bucket");
    let bucket = world.buckets.get(name);
    let bucket = bucket.ok_or_else(|| refusal::storage(404, "notFound", "The specified bucket does not exist."))?;
    let mut held = Vec::new();
    for permission in call.values("permissions") {
        if !permission.starts_with("storage.") || !roles::is_permission(permission) {
            return Err(refusal::storage(400, "invalid", format!("Invalid permission: {permission}")));
        }
        if world.allows(&call.account, permission, &bucket.project_number, Some(&bucket.policy)) {
            held.push(permission);
        }
    }
    let mut reply = json!({"kind": "storage#testIamPermissionsResponse"});
    if !held.is_empty() {
        reply["permissions"] = json!(held);
    }
    Ok(Reply::ok(&reply))
}

fn view(bucket: &Bucket) -> Value {
    let mut view = bucket.policy.view();
    view["kind"] = json!("storage#policy");
    view["resourceId"] = json!(format!("projects/_/buckets/{}", bucket.name));
    view["version"] = json!(1);
    view["etag"] = json!(super::etag(bucket.policy.version));
    view
}
