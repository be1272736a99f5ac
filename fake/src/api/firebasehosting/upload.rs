//! The upload of one file: gzip bytes under their own hash.

use super::place;
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{VersionStatus, World, hex_of};
use flate2::bufread::GzDecoder;
use std::io;

/// A file's bytes, sent to the address `populateFiles` gave. Sending them again changes nothing.
pub(super) fn file(world: &mut World, call: &Call) -> Answer {
    let site = place::site_mut(world, call)?;
    let version = place::version(site, call)?;
    let hash = call.hole("hash");
    if version.status != VersionStatus::Created {
        return Err(refusal::precondition(format!("Version `{}` is {}.", version.id, version.status.word())));
    }
    if !version.expected.contains(hash) {
        return Err(refusal::invalid(format!("The hash {hash} was not populated for this version.")));
    }
    let real = hex_of(&call.body);
    if real != hash {
        return Err(refusal::invalid(format!("The content hash {real} is not the hash of the request, {hash}.")));
    }
    if !is_one_member(&call.body) {
        return Err(refusal::invalid("The content is not gzip."));
    }
    if site.content.insert(hash.to_owned(), call.body.clone()).is_none() {
        let name = format!("{}/{hash}", site.id);
        world.effect("file uploaded", name);
    }
    Ok(Reply::empty(200))
}

/// Whether these bytes are one gzip member that unpacks, and nothing else.
fn is_one_member(bytes: &[u8]) -> bool {
    let mut decoder = GzDecoder::new(bytes);
    io::copy(&mut decoder, &mut io::sink()).is_ok() && decoder.into_inner().is_empty()
}
