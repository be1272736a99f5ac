//! Service Usage: which APIs are enabled. A deployer's five roles may not ask.

use crate::api::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::world::{Project, World};
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "serviceusage",
    service: "serviceusage.googleapis.com",
    title: "Service Usage API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: false,
    descriptions: &[include_str!("../../../tests/schemas/serviceusage.v1.json")],
    extras: &[],
    answer,
};

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    Some(match call.id.as_str() {
        "serviceusage.services.get" => project(world, call).map(|project| {
            let service = call.hole("servicesId");
            Reply::ok(&view(project, service))
        }),
        "serviceusage.services.batchGet" => project(world, call).map(|project| {
            let names = call.values("names");
            let services: Vec<Value> =
                names.map(|full| view(project, full.rsplit('/').next().unwrap_or_default())).collect();
            Reply::ok(&json!({"services": services}))
        }),
        _ => return None,
    })
}

fn project<'a>(world: &'a World, call: &Call) -> Result<&'a Project, Reply> {
    let name = call.project().unwrap_or_default();
    let permission = "serviceusage.services.get";
    let resource = format!("projects/{name}");
    let project = world.project(name).filter(|project| world.allows(&call.account, permission, &project.id, None));
    project.ok_or_else(|| refusal::denied(permission, &resource, &resource))
}

fn view(project: &Project, service: &str) -> Value {
    let state = if project.enabled.contains(service) { "ENABLED" } else { "DISABLED" };
    json!({"name": format!("projects/{}/services/{service}", project.number), "config": {"name": service},
        "state": state, "parent": format!("projects/{}", project.number)})
}
