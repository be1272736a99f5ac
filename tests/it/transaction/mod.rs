//! A deploy is one transaction: before its candidate has passed nothing of the live service changes, and what changes
//! with the traffic goes back with it.

mod base;
mod commits;
mod left;
mod level;
mod names;
mod others;

use serde_json::Value;

use crate::support::Scene;

/// The service as it is configured.
pub fn config(scene: &Scene) -> Value {
    scene.cloud.world(|world| Value::Object(world.service("us-central1", "web").unwrap().config.clone()))
}

/// What the service notes under a name of ours.
pub fn note(scene: &Scene, name: &str) -> Value {
    let text = config(scene)["annotations"][format!("slipway.dev/{name}")].as_str().map(str::to_owned);
    text.map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default()
}

/// The variables of a revision.
pub fn variables(scene: &Scene, revision: &str) -> Vec<String> {
    scene.cloud.world(|world| {
        let found = world.revisions.iter().find(|known| known.name == revision).unwrap();
        let list = found.template["containers"][0]["env"].as_array().cloned().unwrap_or_default();
        list.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    })
}
