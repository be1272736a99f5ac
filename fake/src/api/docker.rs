//! The registry's own protocol, as docker speaks it: manifests and blobs of images.

use crate::api::{Api, Extra};
use crate::call::Call;
use crate::refusal::Family;
use crate::reply::{Answer, Reply};
use crate::world::{Image, Repository, World, hex_of};
use serde_json::{Value, json};

const fn read(id: &'static str, path: &'static str) -> Extra {
    Extra { id, verb: "GET", path, header: None, query: &[], needs_token: true }
}

/// The table entry. The host of an image says which repository is meant; here, where all have one address, the path.
pub(crate) const API: Api = Api {
    name: "docker",
    service: "artifactregistry.googleapis.com",
    title: "Artifact Registry API",
    family: Family::Rpc,
    counts_for_caller: true,
    needs_billing: true,
    descriptions: &[],
    extras: &[
        read("docker.manifests.get", "v2/{projectsId}/{package}/manifests/{digest}"),
        read("docker.manifests.get", "v2/{projectsId}/{repository}/{package}/manifests/{digest}"),
        read("docker.blobs.get", "v2/{projectsId}/{package}/blobs/{digest}"),
        read("docker.blobs.get", "v2/{projectsId}/{repository}/{package}/blobs/{digest}"),
        Extra { needs_token: false, ..read("docker.downloads.get", "artifacts-downloads/{digest}") },
    ],
    answer: |world, call| match call.id.as_str() {
        "docker.manifests.get" => Some(manifest(world, call)),
        "docker.blobs.get" => Some(blob(world, call)),
        "docker.downloads.get" => Some(download(world, call)),
        _ => None,
    },
};

/// An error of the registry's protocol.
fn refuse(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"errors": [{"code": code, "message": message}]}))
}

fn readable<'a>(world: &'a World, call: &Call) -> Result<&'a Repository, Reply> {
    let project = call.hole("projectsId");
    let named = Some(call.hole("repository")).filter(|name| !name.is_empty());
    let fits = |full: &str| {
        let mut parts = full.split('/').skip(1).step_by(2);
        let (own, name) = (parts.next(), parts.nth(1).unwrap_or_default());
        own == Some(project) && named.map_or(name.ends_with("gcr.io"), |named| named == name)
    };
    let found = world.repositories.iter().find(|(full, _)| fits(full));
    let permission = "artifactregistry.repositories.downloadArtifacts";
    if !world.allows(&call.account, permission, project, found.map(|(_, repository)| &repository.policy)) {
        let resource = found.map_or_else(|| format!("projects/{project}"), |(full, _)| full.clone());
        let message = format!("Permission \"{permission}\" denied on resource \"{resource}\" (or it may not exist)");
        return Err(refuse(403, "DENIED", &message));
    }
    found.map(|(_, repository)| repository).ok_or_else(|| refuse(404, "NAME_UNKNOWN", "Repository not found"))
}

fn config_digest(digest: &str) -> String {
    format!("sha256:{}", hex_of(format!("config of {digest}").as_bytes()))
}

fn manifest(world: &mut World, call: &Call) -> Answer {
    let accepts = call.header("accept").unwrap_or_default().to_owned();
    const KIND: &str = "application/vnd.oci.image.manifest.v1+json";
    if !accepts.contains(KIND) {
        world.unexpected.push(format!("{}: Accept «{accepts}» does not take a manifest", call.id));
    }
    let repository = readable(world, call)?;
    let digest = call.hole("digest");
    let image = repository.packages.get(call.hole("package")).and_then(|package| package.images.get(digest));
    let image = image.ok_or_else(|| refuse(404, "MANIFEST_UNKNOWN", "Failed to fetch"))?;
    let layer = |(index, (bytes, _)): (usize, &(u64, String))| {
        let own = hex_of(format!("{index} of {digest}").as_bytes());
        json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": format!("sha256:{own}"), "size": bytes})
    };
    let layers: Vec<Value> = image.layers().iter().enumerate().map(layer).collect();
    let config =
        json!({"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest(digest), "size": 2048});
    let body = json!({"schemaVersion": 2, "mediaType": KIND, "config": config, "layers": layers});
    Ok(Reply::new(200, KIND, body.to_string()).with("Docker-Content-Digest", digest))
}

/// Blobs lie elsewhere; the address is good for whoever knows it.
fn blob(world: &mut World, call: &Call) -> Answer {
    readable(world, call)?;
    let place = format!("{}/artifacts-downloads/{}", call.base, call.hole("digest"));
    Ok(Reply::empty(302).with("Location", place))
}

fn download(world: &mut World, call: &Call) -> Answer {
    if call.header("authorization").is_some() {
        world.unexpected.push(format!("{}: the access token was carried along a redirect", call.id));
    }
    let wanted = call.hole("digest");
    let packages = world.repositories.values().flat_map(|repository| repository.packages.values());
    let mut images = packages.flat_map(|package| &package.images);
    let image = images.find(|(digest, _)| config_digest(digest) == wanted).map(|(_, image)| image);
    image.map(|image| Reply::ok(&config(image))).ok_or_else(|| Reply::page(404, "Not Found", "There is no such blob."))
}

/// An image's configuration: its history has entries that made no layer, too.
fn config(image: &Image) -> Value {
    let mut history = Vec::new();
    for (index, (_, made_by)) in image.layers().iter().enumerate() {
        history.push(json!({"created_by": made_by}));
        if index == 0 {
            history.push(json!({"created_by": "CMD [\"/bin/sh\"]", "empty_layer": true}));
        }
    }
    json!({"architecture": image.architecture, "os": "linux", "history": history})
}
