//! Firebase Hosting: sites, their channels, versions and releases, and the upload of files.

mod channels;
mod clone;
mod config;
mod filter;
mod finalize;
mod place;
mod populate;
mod releases;
mod sites;
mod upload;
mod versions;
mod view;

use crate::api::{Api, Extra};
use crate::call::Call;
use crate::refusal::Family;
use crate::reply::Answer;
use crate::world::World;

/// The table entry.
pub(crate) const API: Api = Api {
    name: "firebasehosting",
    service: SERVICE,
    title: "Firebase Hosting API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: false,
    descriptions: &[include_str!("../../../../tests/schemas/firebasehosting.v1beta1.json")],
    extras: &[Extra {
        id: "firebasehosting.upload.file",
        verb: "POST",
        path: "upload/sites/{sitesId}/versions/{versionsId}/files/{hash}",
        header: None,
        query: &[],
        needs_token: true,
    }],
    answer,
};

const SERVICE: &str = "firebasehosting.googleapis.com";

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    versions::abandon(world);
    let method = call.id.strip_prefix("firebasehosting.")?;
    // A site's path may leave the project out: its id is unique.
    Some(match method.strip_prefix("projects.").unwrap_or(method) {
        "operations.get" => clone::operation(world, call),
        "sites.get" => sites::get(world, call),
        "sites.list" => sites::list(world, call),
        "sites.create" => sites::create(world, call),
        "sites.channels.create" => channels::create(world, call),
        "sites.channels.get" => channels::get(world, call),
        "sites.channels.list" => channels::list(world, call),
        "sites.channels.patch" => channels::patch(world, call),
        "sites.channels.delete" => channels::delete(world, call),
        "sites.versions.create" => versions::create(world, call),
        "sites.versions.get" => versions::get(world, call),
        "sites.versions.list" => versions::list(world, call),
        "sites.versions.patch" => finalize::patch(world, call),
        "sites.versions.delete" => versions::delete(world, call),
        "sites.versions.populateFiles" => populate::populate(world, call),
        "sites.versions.files.list" => populate::list(world, call),
        "sites.versions.clone" => clone::clone(world, call),
        "upload.file" => upload::file(world, call),
        "sites.releases.create" | "sites.channels.releases.create" => releases::create(world, call),
        "sites.releases.get" | "sites.channels.releases.get" => releases::get(world, call),
        "sites.releases.list" | "sites.channels.releases.list" => releases::list(world, call),
        _ => return None,
    })
}
