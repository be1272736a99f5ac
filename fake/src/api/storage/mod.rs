//! Cloud Storage, JSON API: buckets, their policies, objects, uploads.

mod buckets;
mod draft;
mod multipart;
mod objects;
mod policy;
mod resumable;
mod upload;

use crate::api::{Api, Extra};
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::world::{Bucket, World};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "storage",
    service: "storage.googleapis.com",
    title: "Cloud Storage",
    family: Family::Storage,
    counts_for_caller: true,
    needs_billing: true,
    descriptions: &[include_str!("../../../../tests/schemas/storage.v1.json")],
    extras: &[
        session("storage.upload.query", "PUT", Some(("content-range", "bytes */"))),
        session("storage.upload.put", "PUT", None),
        session("storage.upload.delete", "DELETE", None),
    ],
    answer,
};

/// A route on a resumable session's address. The address itself is the secret: no token is needed.
const fn session(id: &'static str, verb: &'static str, header: Option<(&'static str, &'static str)>) -> Extra {
    let query = &["uploadType", "upload_id", "name"];
    Extra { id, verb, path: "upload/storage/v1/b/{bucket}/o", header, query, needs_token: false }
}

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    Some(match call.id.as_str() {
        "storage.buckets.get" => buckets::get(world, call),
        "storage.buckets.insert" => buckets::insert(world, call),
        "storage.buckets.list" => buckets::list(world, call),
        "storage.buckets.testIamPermissions" => policy::test(world, call),
        "storage.buckets.getIamPolicy" => policy::get(world, call),
        "storage.buckets.setIamPolicy" => policy::set(world, call),
        "storage.objects.get" => objects::get(world, call),
        "storage.objects.delete" => objects::delete(world, call),
        "storage.objects.insert" => upload::insert(world, call),
        "storage.upload.query" | "storage.upload.put" => resumable::put(world, call),
        "storage.upload.delete" => resumable::delete(world, call),
        _ => return None,
    })
}

/// The bucket, if the account may do this with it. A stranger is told 403 whether it exists or not.
fn bucket<'a>(world: &'a World, account: &str, permission: &str, name: &str) -> Result<&'a Bucket, Reply> {
    let bucket = world.buckets.get(name);
    let own = world.home_of(account).unwrap_or_default();
    let project = bucket.map_or(own, |bucket| bucket.project_number.as_str());
    if !world.allows(account, permission, project, bucket.map(|bucket| &bucket.policy)) {
        return Err(denied(account, permission));
    }
    bucket.ok_or_else(|| refusal::storage(404, "notFound", "The specified bucket does not exist."))
}

fn denied(account: &str, permission: &str) -> Reply {
    let thing = match permission {
        "storage.buckets.create" | "storage.buckets.list" => "project",
        _ if permission.starts_with("storage.buckets.") => "Storage bucket",
        _ => "Storage object",
    };
    let message = format!(
        "{account} does not have {permission} access to the Google Cloud {thing}. Permission '{permission}' denied on \
         resource (or it may not exist)."
    );
    refusal::storage(403, "forbidden", message)
}

/// An etag of Cloud Storage: a small protobuf message that holds one number.
fn etag(number: u64) -> String {
    use base64::Engine;
    let mut bytes = vec![8];
    let mut rest = number;
    while rest >= 128 {
        bytes.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    bytes.push(rest as u8);
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn etags_look_like_those_of_the_samples() {
        assert_eq!(super::etag(1), "CAE=");
        assert_eq!(super::etag(3), "CAM=");
    }
}
