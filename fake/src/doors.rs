//! Addresses of what callers deployed, services and Hosting channels: each is a loopback listener of
//! its own, opened at the moment the world needs the address.

use std::net::{Ipv4Addr, TcpListener};

/// Listeners that were opened and that the server does not serve yet.
#[derive(Debug, Default)]
pub(crate) struct Doors(Vec<Door>);

/// One listener and what stands behind it.
#[derive(Debug)]
pub(crate) struct Door {
    /// The listener.
    pub(crate) listener: TcpListener,
    /// What it leads to.
    pub(crate) behind: Behind,
}

/// What stands behind an address.
#[derive(Debug, Clone)]
pub(crate) enum Behind {
    /// A deployed service, or one of its tags.
    Service {
        /// Full name of the service.
        service: String,
        /// The tag whose address it is; none for the service's own.
        tag: Option<String>,
    },
    /// A channel of a Hosting site.
    Channel {
        /// Id of the site.
        site: String,
        /// Id of the channel.
        channel: String,
        /// The address itself: a later channel of the same id has another.
        url: String,
    },
}

/// A free loopback address. Connections wait in the system's queue until someone serves it.
pub(crate) fn listen() -> (TcpListener, String) {
    let opened = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((listener, format!("http://127.0.0.1:{port}")))
    });
    opened.unwrap_or_else(|trouble| panic!("the fake cloud needs a loopback address and got none: {trouble}"))
}

impl Doors {
    /// Opens an address for what stands behind it, which may want to know the address.
    pub(crate) fn open(&mut self, behind: impl FnOnce(&str) -> Behind) -> String {
        let (listener, url) = listen();
        self.0.push(Door { listener, behind: behind(&url) });
        url
    }

    /// The listeners opened since the last time.
    pub(crate) fn take(&mut self) -> Vec<Door> {
        std::mem::take(&mut self.0)
    }
}
