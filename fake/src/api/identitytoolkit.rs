//! Firebase Authentication, as far as previews of sites meet it: the domains from which people may sign in.

use crate::api::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::world::{Project, World};
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "identitytoolkit",
    service: "identitytoolkit.googleapis.com",
    title: "Identity Toolkit API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: false,
    descriptions: &[include_str!("../../../tests/schemas/identitytoolkit.v2.json")],
    extras: &[],
    answer,
};

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    Some(match call.id.as_str() {
        "identitytoolkit.projects.getConfig" => get(world, call),
        "identitytoolkit.projects.updateConfig" => update(world, call),
        _ => return None,
    })
}

fn get(world: &World, call: &Call) -> Answer {
    let project = allowed(world, call, "firebaseauth.configs.get")?;
    let domains = project.auth_domains.as_ref().ok_or_else(missing)?;
    Ok(Reply::ok(&view(project, domains)))
}

/// What the mask names is written; nothing guards it, the last write counts.
fn update(world: &mut World, call: &Call) -> Answer {
    let project = allowed(world, call, "firebaseauth.configs.update")?.id.clone();
    if call.query("updateMask") != Some("authorizedDomains") {
        world.unexpected.push(format!("{}: only the authorised domains are here", call.id));
        return Err(refusal::invalid("Only the authorised domains are here."));
    }
    let given = call.json["authorizedDomains"].as_array().into_iter().flatten();
    let wanted: Vec<String> = given.filter_map(Value::as_str).map(str::to_owned).collect();
    let project = world.projects.get_mut(&project).ok_or_else(missing)?;
    let domains = project.auth_domains.as_mut().ok_or_else(missing)?;
    *domains = wanted;
    let (name, view) = (project.id.clone(), view(project, project.auth_domains.as_deref().unwrap_or_default()));
    world.effect("authorised domains written", name);
    Ok(Reply::ok(&view))
}

fn view(project: &Project, domains: &[String]) -> Value {
    json!({"name": format!("projects/{}/config", project.number), "authorizedDomains": domains})
}

fn allowed<'a>(world: &'a World, call: &Call, permission: &str) -> Result<&'a Project, Reply> {
    let project = world.project(call.hole("projectsId"));
    let held = project.filter(|project| world.allows(&call.account, permission, &project.id, None));
    held.ok_or_else(|| refusal::rpc(403, "PERMISSION_DENIED", "The caller does not have permission", Vec::new()))
}

/// A project in which nobody has begun with Authentication.
fn missing() -> Reply {
    refusal::rpc(404, "NOT_FOUND", "CONFIGURATION_NOT_FOUND", Vec::new())
}
