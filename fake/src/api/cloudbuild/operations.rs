//! The operation that `builds.create` answers, and looking at it again.

use super::{NOT_FOUND, advance};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Build, World};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value, json};

/// `operations.get`; a look at the build. Those of the region `global` have names of another form, which is absent.
pub(super) fn get(world: &mut World, call: &Call, project: &str) -> Answer {
    let (location, code) = (call.hole("locationsId"), call.hole("operationsId"));
    let id = STANDARD_NO_PAD.decode(code).ok().and_then(|id| String::from_utf8(id).ok()).unwrap_or_default();
    let fits = |build: &Build| build.id == id && build.location == location && build.project == project;
    let index = world.builds.iter().position(fits).ok_or_else(|| refusal::not_found(NOT_FOUND))?;
    advance::look(world, index);
    let build = &world.builds[index];
    Ok(Reply::ok(&view(project, location, &build.id, &build.document)))
}

/// The operation of a build. That one which ends badly has the error `UNKNOWN` is by convention.
pub(super) fn view(project: &str, location: &str, id: &str, document: &Map<String, Value>) -> Value {
    let code = STANDARD_NO_PAD.encode(id);
    let name = match location {
        "global" => format!("operations/build/{project}/{code}"),
        _ => format!("projects/{project}/locations/{location}/operations/{code}"),
    };
    let typed = |kind: &str| json!({"@type": format!("type.googleapis.com/google.devtools.cloudbuild.v1.{kind}")});
    let mut metadata = typed("BuildOperationMetadata");
    metadata["build"] = Value::Object(document.clone());
    let mut view = json!({"name": name, "metadata": metadata});
    match document.get("status").and_then(Value::as_str) {
        Some("SUCCESS") => {
            let mut response = typed("Build");
            document.iter().for_each(|(field, value)| response[field] = value.clone());
            view["done"] = json!(true);
            view["response"] = response;
        }
        Some("QUEUED" | "WORKING" | "PENDING" | "STATUS_UNKNOWN") | None => {}
        Some(_) if document.contains_key("finishTime") => {
            view["done"] = json!(true);
            view["error"] = json!({"code": 2, "message": "Build failed; check build logs for details"});
        }
        Some(_) => {}
    }
    view
}
