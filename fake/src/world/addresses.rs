//! Addresses that the world opens for what callers deployed.

use super::World;
use crate::doors::{Behind, Door};

impl World {
    /// Opens an address for a service or for one of its tags.
    pub(crate) fn open_door(&mut self, service: &str, tag: Option<&str>) -> String {
        self.doors.open(|_| Behind::Service { service: service.to_owned(), tag: tag.map(str::to_owned) })
    }

    /// Opens an address for a channel of a Hosting site.
    pub(crate) fn open_channel(&mut self, site: &str, channel: &str) -> String {
        self.doors.open(|url| Behind::Channel {
            site: site.to_owned(),
            channel: channel.to_owned(),
            url: url.to_owned(),
        })
    }

    /// The listeners opened since the last time.
    pub(crate) fn fresh_doors(&mut self) -> Vec<Door> {
        self.doors.take()
    }
}
