//! What an image is made of, read from its registry as docker reads it: each layer's size and instruction.

use reqwest::Method;
use reqwest::header::LOCATION;
use serde_json::Value;

use super::endpoints::Api;
use super::error::ApiError;
use super::http::{Body, Call, Http};
use super::patience::Patience;
use slipway_names::image::PinnedImage;
use slipway_names::layer::LayerFact;
use slipway_names::registry::Location;
use slipway_wire::repeat::Repeat;

/// Kinds of documents that are understood: one image, or a list of images for several kinds of machines.
const KINDS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, \
                     application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";

/// The layers of an image in the order they were made, sizes as they are stored. `None` when the image is in no
/// registry of Google's, so that the access token never goes elsewhere. Asked once: nothing depends on it.
///
/// # Errors
/// When it may not be read: the five roles do not allow it.
pub async fn layers(http: &Http, image: &PinnedImage) -> Result<Option<Vec<LayerFact>>, ApiError> {
    if Location::of(&image.named().repository).is_none() {
        return Ok(None);
    }
    let mut manifest = http.json(&call(http, image, "manifests", image.digest().as_str())).await?;
    if let Some(one) = manifest.get("manifests").and_then(Value::as_array).and_then(|all| for_our_machines(all)) {
        manifest = http.json(&call(http, image, "manifests", one)).await?;
    }
    let sizes: Vec<u64> = list(&manifest, "/layers").filter_map(|layer| layer.get("size")?.as_u64()).collect();
    // Without their instructions the sizes still say something.
    let made_by = match manifest.pointer("/config/digest").and_then(Value::as_str) {
        Some(config) => instructions(http, image, config).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let named = made_by.len() == sizes.len();
    let name = |index: usize| made_by.get(index).filter(|_| named).cloned().unwrap_or_default();
    let layers = sizes.iter().enumerate().map(|(index, bytes)| LayerFact { bytes: *bytes, made_by: name(index) });
    Ok(Some(layers.collect()))
}

/// The instruction of each layer, from the image's configuration.
async fn instructions(http: &Http, image: &PinnedImage, config: &str) -> Result<Vec<String>, ApiError> {
    let call = call(http, image, "blobs", config);
    let reply = http.reply(&call, &[302, 307]).await?;
    let config = match reply.headers.get(LOCATION).and_then(|place| place.to_str().ok()) {
        None => serde_json::from_slice(&reply.body).unwrap_or_default(),
        Some(place) => {
            // Blobs lie behind a signed address, which is a secret of its own and takes no token.
            let url = url::Url::parse(&call.url).and_then(|base| base.join(place));
            let Ok(url) = url else { return Ok(Vec::new()) };
            let signed = Call { url: url.into(), authorized: false, secret_url: true, ..call };
            http.json(&signed).await?
        }
    };
    let history = list(&config, "/history").filter(|entry| entry.get("empty_layer") != Some(&Value::Bool(true)));
    Ok(history.map(|entry| plain(entry.get("created_by").and_then(Value::as_str).unwrap_or_default())).collect())
}

/// An instruction as the Dockerfile has it.
fn plain(created_by: &str) -> String {
    let text = created_by.strip_suffix("# buildkit").unwrap_or(created_by).trim();
    let text = text.strip_prefix("/bin/sh -c #(nop)").or_else(|| text.strip_prefix("/bin/sh -c")).unwrap_or(text);
    text.replacen("RUN /bin/sh -c ", "RUN ", 1).trim().to_owned()
}

fn list<'a>(document: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    document.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Of images for several kinds of machines, the one that Cloud Run starts.
fn for_our_machines(all: &[Value]) -> Option<&str> {
    let fits = |one: &&Value| one.pointer("/platform/architecture").and_then(Value::as_str) == Some("amd64");
    all.iter().find(fits)?.get("digest")?.as_str()
}

fn call(http: &Http, image: &PinnedImage, what: &str, digest: &str) -> Call {
    let repository = image.named().repository;
    let host = repository.host();
    let path = repository.as_str().strip_prefix(host).unwrap_or_default().trim_start_matches('/');
    let path = format!("v2/{path}/{what}/{digest}");
    let mut call =
        http.call(Method::GET, Api::Docker, &path, Body::Empty, Repeat::Always, "read what the image is made of");
    call.url = http.endpoints().on_host(Api::Docker, host, &path);
    call.headers.push(("accept", KINDS.to_owned()));
    call.patience = Patience::ONCE;
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_reads_as_it_was_written() {
        let written = [
            ("RUN /bin/sh -c pip install fastapi # buildkit", "RUN pip install fastapi"),
            ("/bin/sh -c #(nop) ADD file:3f2a in / ", "ADD file:3f2a in /"),
            ("/bin/sh -c apt-get update", "apt-get update"),
            ("COPY . /app # buildkit", "COPY . /app"),
            ("", ""),
        ];
        for (created_by, wanted) in written {
            assert_eq!(plain(created_by), wanted);
        }
    }

    #[test]
    fn of_several_images_ours_is_chosen() {
        let all = serde_json::json!([
            {"digest": "sha256:a", "platform": {"architecture": "arm64"}},
            {"digest": "sha256:b", "platform": {"architecture": "amd64"}},
            {"digest": "sha256:c", "platform": {"architecture": "unknown"}}
        ]);
        assert_eq!(all.as_array().and_then(|all| for_our_machines(all)), Some("sha256:b"));
    }
}
