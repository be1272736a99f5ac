//! Addresses of deployed services: each is a loopback listener of its own, opened at the moment
//! the world needs the address.

use crate::world::World;
use std::net::{Ipv4Addr, TcpListener};

/// Listeners that were opened and that the server does not serve yet.
#[derive(Debug, Default)]
pub(crate) struct Doors(Vec<Door>);

/// One listener and what stands behind it.
#[derive(Debug)]
pub(crate) struct Door {
    /// The listener.
    pub(crate) listener: TcpListener,
    /// Full name of the service.
    pub(crate) service: String,
    /// The tag whose address it is; none for the service's own.
    pub(crate) tag: Option<String>,
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

impl World {
    /// Opens an address for a service or for one of its tags.
    pub(crate) fn open_door(&mut self, service: &str, tag: Option<&str>) -> String {
        let (listener, url) = listen();
        self.doors.0.push(Door { listener, service: service.to_owned(), tag: tag.map(str::to_owned) });
        url
    }

    /// The listeners opened since the last time.
    pub(crate) fn fresh_doors(&mut self) -> Vec<Door> {
        std::mem::take(&mut self.doors.0)
    }
}
