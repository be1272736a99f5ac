//! Firebase Hosting: sites, their channels, versions and releases, and what is stored for them.

mod scene;

use super::site::Site;
use crate::clock::Nanos;
use flate2::read::GzDecoder;
use hyper::body::Bytes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// A Hosting site.
#[derive(Debug, Clone)]
pub struct HostingSite {
    /// Its id, unique among all projects.
    pub id: String,
    /// Id of its project.
    pub project: String,
    /// Whether it is the project's default site.
    pub is_default: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The web app it belongs to.
    pub app: Option<String>,
    /// Its channels by id; `live` is always among them.
    pub channels: BTreeMap<String, HostingChannel>,
    /// Its versions, oldest first, the deleted ones too.
    pub versions: Vec<HostingVersion>,
    /// Gzip bytes by their hash, kept for all versions of the site.
    pub content: BTreeMap<String, Bytes>,
    /// What requests meet before the site's own files; the first that fits counts.
    pub scripts: Vec<VersionScript>,
}

/// A channel of a site.
#[derive(Debug, Clone)]
pub struct HostingChannel {
    /// Its id.
    pub id: String,
    /// Where it is served: a loopback address of its own.
    pub url: String,
    /// When it ends, in nanoseconds since 1970 by Google's clock.
    pub expires: Option<i128>,
    /// How many releases it keeps; noted only.
    pub retained_releases: u64,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// When it was created.
    pub created: String,
    /// When it was last changed.
    pub updated: String,
    /// Its releases, oldest first: the last is what it shows.
    pub releases: Vec<HostingRelease>,
}

/// A release: a version shown on a channel, or the site switched off.
#[derive(Debug, Clone)]
pub struct HostingRelease {
    /// Its numeric id.
    pub id: u64,
    /// `DEPLOY`, `ROLLBACK` or `SITE_DISABLE`.
    pub kind: &'static str,
    /// Id of the version; none when the site was switched off.
    pub version: Option<String>,
    /// What was said about it.
    pub message: String,
    /// When.
    pub time: String,
    /// Who.
    pub user: String,
}

/// A version: files and how they are to be served.
#[derive(Debug, Clone)]
pub struct HostingVersion {
    /// Its id.
    pub id: String,
    /// Its place in the order of creation, from 1.
    pub number: usize,
    /// Where it stands.
    pub status: VersionStatus,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its `ServingConfig`, as the API writes it; null when it has none.
    pub config: Value,
    /// Hashes by path.
    pub files: BTreeMap<String, String>,
    /// Bytes stored for its files, known once it is finalized.
    pub bytes: usize,
    /// Who created it, and when.
    pub created: Stamp,
    /// Who finalized it, and when.
    pub finalized: Option<Stamp>,
    /// Who deleted it, and when.
    pub deleted: Option<Stamp>,
    /// When it was created, in nanoseconds since 1970.
    pub(crate) born: Nanos,
    /// Every hash that was ever populated, for the quick answer to an upload.
    pub(crate) expected: BTreeSet<String>,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// E-mail.
    pub user: String,
    /// Instant as the API writes it.
    pub time: String,
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionStatus {
    /// Being filled.
    Created,
    /// Ready to be released, and never changed again.
    Finalized,
    /// Deleted by somebody.
    Deleted,
    /// Not finalized in time.
    Abandoned,
}

/// What visitors of a channel meet while a version, or any newer one, is shown on it.
#[derive(Debug, Clone)]
pub struct VersionScript {
    /// Id of the channel.
    pub channel: String,
    /// Number of the first version it is about; 0 for all.
    pub from_version: usize,
    /// What is answered; `Page::Fine` leaves the answer to the site.
    pub answers: Site,
}

impl VersionStatus {
    /// The API's word for it.
    pub fn word(self) -> &'static str {
        match self {
            VersionStatus::Created => "CREATED",
            VersionStatus::Finalized => "FINALIZED",
            VersionStatus::Deleted => "DELETED",
            VersionStatus::Abandoned => "ABANDONED",
        }
    }
}

impl HostingSite {
    /// Its API name, `projects/P/sites/S`.
    pub fn name(&self) -> String {
        format!("projects/{}/sites/{}", self.project, self.id)
    }

    /// A channel by id.
    pub fn channel(&self, id: &str) -> Option<&HostingChannel> {
        self.channels.get(id)
    }

    /// A version by id.
    pub fn version(&self, id: &str) -> Option<&HostingVersion> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// The same, to be changed.
    pub(crate) fn version_mut(&mut self, id: &str) -> Option<&mut HostingVersion> {
        self.versions.iter_mut().find(|version| version.id == id)
    }

    /// The version a channel shows.
    pub fn shown_on(&self, channel: &str) -> Option<&HostingVersion> {
        self.version(self.channel(channel)?.current()?.version.as_deref()?)
    }

    /// The files a channel shows, unpacked, by path.
    pub fn files_on(&self, channel: &str) -> BTreeMap<String, Vec<u8>> {
        let files = self.shown_on(channel).into_iter().flat_map(|version| &version.files);
        files.filter_map(|(path, hash)| Some((path.clone(), unpacked(self.content.get(hash)?)))).collect()
    }

    /// Bytes stored for these files.
    pub(crate) fn weight(&self, files: &BTreeMap<String, String>) -> usize {
        files.values().filter_map(|hash| self.content.get(hash)).map(Bytes::len).sum()
    }

    /// Hashes of a version whose content the site does not have.
    pub(crate) fn lacks<'a>(&self, hashes: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
        hashes.into_iter().filter(|hash| !self.content.contains_key(*hash)).cloned().collect()
    }
}

impl HostingChannel {
    /// The release it shows.
    pub fn current(&self) -> Option<&HostingRelease> {
        self.releases.last()
    }

    /// Whether its time is over.
    pub(crate) fn is_over(&self, now: Nanos) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

/// The content of gzip bytes that were checked when they came.
pub(crate) fn unpacked(gzip: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    match GzDecoder::new(gzip).read_to_end(&mut content) {
        Ok(_) => content,
        Err(_) => Vec::new(),
    }
}
