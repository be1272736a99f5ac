//! Buckets, objects and open resumable uploads.

use super::World;
use super::policy::IamPolicy;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use md5::{Digest, Md5};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name, unique in the world.
    pub name: String,
    /// Number of the project that owns it; buckets may belong to strangers.
    pub project_number: String,
    /// Location, in capitals.
    pub location: String,
    /// Every other field it was created with.
    pub document: Map<String, Value>,
    /// Who may do what with it, besides the project's policy.
    pub policy: IamPolicy,
    /// The policy before the last change, and how many builds still go by it.
    pub(crate) stale_policy: Option<(IamPolicy, u32)>,
    /// Grows with each change of its metadata.
    pub metageneration: u64,
    /// When it was created.
    pub created: String,
    /// Its objects by name.
    pub objects: BTreeMap<String, Object>,
}

impl Bucket {
    /// The policy that builds go by: a change takes minutes to reach them.
    pub(crate) fn policy_of_builds(&self) -> &IamPolicy {
        match &self.stale_policy {
            Some((before, left)) if *left > 0 => before,
            _ => &self.policy,
        }
    }
}

/// An object.
#[derive(Debug, Clone)]
pub struct Object {
    /// Number of this version.
    pub generation: u64,
    /// Its bytes.
    pub content: Bytes,
    /// Its media type.
    pub content_type: String,
    /// Every other field it was uploaded with.
    pub document: Map<String, Value>,
    /// MD5 of the bytes, in base64.
    pub md5: String,
    /// CRC32C of the bytes, in base64.
    pub crc32c: String,
    /// When it was stored.
    pub created: String,
}

/// A resumable upload session.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Bucket it goes to.
    pub bucket: String,
    /// Name of the object it makes.
    pub object: String,
    /// Metadata given at the start.
    pub document: Map<String, Value>,
    /// `ifGenerationMatch` given at the start.
    pub generation_match: Option<u64>,
    /// Account that opened it.
    pub account: String,
    /// `fields` given at the start.
    pub fields: Option<String>,
    /// Total size announced at the start.
    pub total: Option<usize>,
    /// What has been stored so far.
    pub received: Vec<u8>,
    /// Where it stands.
    pub state: UploadState,
}

/// Where an upload session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadState {
    /// More bytes are expected.
    Open,
    /// The object exists, in this generation.
    Done(u64),
    /// The session is lost; every request to it gets this status.
    Gone(u16),
}

impl World {
    /// Adds a bucket as if its owner had made it; `owner` is a project number.
    pub fn add_bucket(&mut self, name: &str, owner: &str, location: &str) {
        let created = self.stamp(3);
        let mut policy = IamPolicy::default();
        if let Some(project) = self.project(owner) {
            let id = project.id.clone();
            policy.grant("roles/storage.legacyBucketOwner", &format!("projectOwner:{id}"));
            policy.grant("roles/storage.legacyBucketReader", &format!("projectViewer:{id}"));
        }
        let bucket = Bucket {
            name: name.to_owned(),
            project_number: owner.to_owned(),
            location: location.to_uppercase(),
            document: Map::new(),
            policy,
            stale_policy: None,
            metageneration: 1,
            created,
            objects: BTreeMap::new(),
        };
        self.buckets.insert(name.to_owned(), bucket);
    }

    /// Stores an object and returns its generation; without such a bucket nothing is stored.
    pub fn put_object(&mut self, bucket: &str, name: &str, content: impl Into<Bytes>) -> Option<u64> {
        self.store(bucket, name, content.into(), "application/octet-stream", Map::new())
    }

    /// An object's bytes.
    pub fn object(&self, bucket: &str, name: &str) -> Option<&Bytes> {
        Some(&self.buckets.get(bucket)?.objects.get(name)?.content)
    }

    /// Loses every open upload session: requests to it get this status, 404 or 410.
    pub fn lose_uploads(&mut self, status: u16) {
        for upload in self.uploads.values_mut().filter(|upload| upload.state == UploadState::Open) {
            upload.state = UploadState::Gone(status);
        }
    }

    pub(crate) fn store(
        &mut self,
        bucket: &str,
        name: &str,
        content: Bytes,
        content_type: &str,
        document: Map<String, Value>,
    ) -> Option<u64> {
        let (generation, created) = (self.next_generation(), self.stamp(3));
        let object = Object {
            generation,
            md5: md5_of(&content),
            crc32c: crc32c_of(&content),
            content,
            content_type: content_type.to_owned(),
            document,
            created,
        };
        self.buckets.get_mut(bucket)?.objects.insert(name.to_owned(), object);
        Some(generation)
    }

    /// Generations are microseconds, and never the same twice.
    fn next_generation(&mut self) -> u64 {
        let now = u64::try_from(self.now() / 1000).unwrap_or(0);
        self.last_generation = now.max(self.last_generation + 1);
        self.last_generation
    }
}

/// MD5 as Cloud Storage writes it.
pub(crate) fn md5_of(content: &[u8]) -> String {
    STANDARD.encode(Md5::digest(content))
}

/// CRC32C as Cloud Storage writes it: big-endian, in base64.
pub(crate) fn crc32c_of(content: &[u8]) -> String {
    STANDARD.encode(crc32c::crc32c(content).to_be_bytes())
}

#[cfg(test)]
mod tests {
    #[test]
    fn checksums_are_those_of_the_sample() {
        let zeros = vec![0_u8; 1 << 20];
        assert_eq!(super::md5_of(&zeros), "ttgbNgpWctgMJ0MPORU+LA==");
        assert_eq!(super::crc32c_of(&zeros), "FCmMEg==");
    }
}
