//! A pull request changes nothing but its preview: whose it is, what it is made of, and that it goes.

mod closed;
mod own;
mod shipping;
mod sites;
mod tags;
mod two;
mod whose;

use serde_json::{Value, json};

use crate::github::{USUAL, with_github};
use crate::preview::{HEAD, scene};
use crate::support::Scene;

/// Both halves are live, a pull request changes them, and GitHub may be asked.
fn asked() -> Scene {
    let mut scene = scene();
    with_github(&mut scene, USUAL, &[]);
    scene
}

/// An event of another kind, with what it says.
fn event(scene: &mut Scene, name: &str, says: &Value) {
    scene.file("event.json", says.to_string());
    let path = scene.workspace().join("event.json");
    scene.variable("GITHUB_EVENT_PATH", path.to_str().unwrap()).variable("GITHUB_EVENT_NAME", name);
    let merge = matches!(name, "pull_request" | "pull_request_review");
    scene.variable("GITHUB_REF", if merge { "refs/pull/7/merge" } else { "refs/heads/main" });
}

/// What an event about the pull request says of it.
fn about(from: Option<&str>) -> Value {
    let repo = from.map_or(Value::Null, |from| json!({"full_name": from}));
    json!({"action": "synchronize",
        "pull_request": {"number": 7, "state": "open", "head": {"ref": "feature", "sha": HEAD, "repo": repo}}})
}

/// A service as it is, without what changes with every reading and every write.
fn service(scene: &Scene, name: &str) -> Value {
    scene.cloud.world(|world| {
        let service = world.service("us-central1", name).expect("the service");
        json!({"config": service.config, "serving": service.serving.iter().map(|share| json!([share.revision, share.percent, share.tag])).collect::<Value>(),
            "policy": service.policy.bindings.iter().map(|one| json!([one.role, one.members, one.condition])).collect::<Value>()})
    })
}

fn exists(scene: &Scene, name: &str) -> bool {
    scene.cloud.world(|world| world.service("us-central1", name).is_some())
}
