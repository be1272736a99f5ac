//! Setting the scene for Firebase Hosting: sites, channels, something released already, and what
//! goes wrong when a site is visited.

use super::{HostingChannel, HostingRelease, HostingSite, HostingVersion, Stamp, VersionScript, VersionStatus};
use crate::world::site::{Page, Site};
use crate::world::{World, hex_of};
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

impl World {
    /// A Hosting site by its id.
    pub fn hosting_site(&self, site: &str) -> Option<&HostingSite> {
        self.hosting.get(site)
    }

    /// Adds a site with its live channel, on which nothing is released.
    pub fn add_site(&mut self, project: &str, site: &str, is_default: bool) {
        let made = HostingSite {
            id: site.to_owned(),
            project: project.to_owned(),
            is_default,
            labels: BTreeMap::new(),
            app: None,
            channels: BTreeMap::new(),
            versions: Vec::new(),
            content: BTreeMap::new(),
            scripts: Vec::new(),
        };
        self.hosting.insert(site.to_owned(), made);
        self.add_channel(site, "live");
    }

    /// Adds a channel that never ends to a site, on which nothing is released.
    pub fn add_channel(&mut self, site: &str, channel: &str) {
        let url = self.open_channel(site, channel);
        let now = self.stamp(6);
        let made = HostingChannel {
            id: channel.to_owned(),
            url,
            expires: None,
            retained_releases: 10,
            labels: BTreeMap::new(),
            created: now.clone(),
            updated: now,
            releases: Vec::new(),
        };
        if let Some(site) = self.hosting.get_mut(site) {
            site.channels.insert(channel.to_owned(), made);
        }
    }

    /// Releases these files on a channel of a site, as somebody did who is not the caller; returns
    /// the id of the version. The configuration is a `ServingConfig`, or null.
    ///
    /// # Panics
    ///
    /// Where there is no such site or channel.
    pub fn publish(&mut self, site: &str, channel: &str, files: &[(&str, &str)], config: Value) -> String {
        let id = self.fresh_hex("version", 16);
        let stamp = Stamp { user: "owner@example.com".to_owned(), time: self.stamp(6) };
        let release = self.fresh_release();
        let born = self.now();
        let known = self.hosting.get_mut(site).unwrap_or_else(|| panic!("there is no site {site}"));
        let packed: Vec<(String, Bytes)> =
            files.iter().map(|(path, content)| ((*path).to_owned(), pack(content.as_bytes()))).collect();
        let files: BTreeMap<String, String> = packed.iter().map(|(path, gzip)| (path.clone(), hex_of(gzip))).collect();
        known.content.extend(packed.into_iter().map(|(_, gzip)| (hex_of(&gzip), gzip)));
        known.versions.push(HostingVersion {
            id: id.clone(),
            number: known.versions.len() + 1,
            status: VersionStatus::Finalized,
            labels: BTreeMap::new(),
            config,
            expected: files.values().cloned().collect::<BTreeSet<_>>(),
            bytes: known.weight(&files),
            files,
            created: stamp.clone(),
            finalized: Some(stamp.clone()),
            deleted: None,
            born,
        });
        let shown = known.channels.get_mut(channel).unwrap_or_else(|| panic!("{site} has no channel {channel}"));
        let (version, message) = (Some(id.clone()), String::new());
        let release =
            HostingRelease { id: release, kind: "DEPLOY", version, message, time: stamp.time, user: stamp.user };
        shown.releases.push(release);
        id
    }

    /// Lets every request to a site's live channel meet this status while a version with this
    /// number (from 1, in the order of creation) or a newer one is live.
    pub fn break_site(&mut self, site: &str, from_version: usize, status: u16) {
        self.script_site(site, "live", from_version, Site::always(Page::status(status)));
    }

    /// Lets visitors of a channel meet these answers while a version with this number or a newer
    /// one is shown there; `Page::Fine` leaves the answer to the site.
    pub fn script_site(&mut self, site: &str, channel: &str, from_version: usize, answers: Site) {
        if let Some(site) = self.hosting.get_mut(site) {
            site.scripts.push(VersionScript { channel: channel.to_owned(), from_version, answers });
        }
    }

    /// Lets a channel's time be over now.
    pub fn expire_channel(&mut self, site: &str, channel: &str) {
        let now = self.now();
        let channel = self.hosting.get_mut(site).and_then(|site| site.channels.get_mut(channel));
        if let Some(channel) = channel {
            channel.expires = Some(now);
        }
    }

    /// The id of a new release: it grows with time, and never repeats.
    pub(crate) fn fresh_release(&mut self) -> u64 {
        let now = u64::try_from(self.now() / 1000).unwrap_or(0);
        self.last_release = now.max(self.last_release + 1);
        self.last_release
    }
}

fn pack(content: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let gzip = encoder.write_all(content).and_then(|()| encoder.finish());
    Bytes::from(gzip.unwrap_or_default())
}
