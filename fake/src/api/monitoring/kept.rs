//! Alert policies, uptime checks and notification channels: create, get, list, patch, delete. They are kept as they
//! were given; what each must look like stands in `laws`.

use super::{laws, strange};
use crate::api;
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::World;
use serde_json::{Value, json};

/// What is kept here, as paths and permissions name it.
pub(super) const KINDS: [&str; 3] = ["alertPolicies", "uptimeCheckConfigs", "notificationChannels"];

/// Answers a call such as `alertPolicies.create`.
pub(super) fn answer(world: &mut World, call: &Call, kind: &'static str, verb: &str) -> Option<Answer> {
    let named = call.hole("projectsId");
    let project = world.project(named).map_or(named, |project| project.id.as_str()).to_owned();
    let asked = if verb == "patch" { "update" } else { verb };
    let permission = format!("monitoring.{kind}.{asked}");
    if !world.allows(&call.account, &permission, &project, None) {
        let message = format!("Permission {permission} denied (or the resource may not exist).");
        let detail = refusal::permission_info(&permission, &format!("projects/{project}"));
        return Some(Err(refusal::rpc(403, "PERMISSION_DENIED", message, vec![detail])));
    }
    let name = format!("projects/{project}/{kind}/{}", call.hole(&format!("{kind}Id")));
    Some(match verb {
        "create" => create(world, call, kind, &project),
        "list" => list(world, call, kind, &project),
        "get" => found(world, &name).map(|kept| Reply::ok(&view(kind, &kept))),
        "patch" => patch(world, call, kind, &name),
        "delete" => delete(world, call, kind, &name),
        _ => return None,
    })
}

/// As it is written: what holds its default is left out, but for `enabled`, which is a message of its own.
fn view(kind: &str, kept: &Value) -> Value {
    let schema = match kind {
        "alertPolicies" => "AlertPolicy",
        "uptimeCheckConfigs" => "UptimeCheckConfig",
        _ => "NotificationChannel",
    };
    let document = api::document("monitoring.googleapis.com", schema);
    let mut view = document.map_or_else(|| kept.clone(), |document| shape::canonical(document, schema, kept));
    if kept["enabled"].is_boolean() {
        view["enabled"] = kept["enabled"].clone();
    }
    view
}

fn found(world: &World, name: &str) -> Result<Value, Reply> {
    world.monitoring.get(name).cloned().ok_or_else(|| refusal::not_found(format!("The resource {name} was not found.")))
}

fn create(world: &mut World, call: &Call, kind: &'static str, project: &str) -> Answer {
    laws::check(world, kind, &call.json)?;
    let id = match kind {
        // An uptime check's id is made of its name, see the samples of `check_id`.
        "uptimeCheckConfigs" => format!("check-{}", world.fresh_hex(kind, 11)),
        _ => u64::from_str_radix(&world.fresh_hex(kind, 15), 16).unwrap_or(0).to_string(),
    };
    let name = format!("projects/{project}/{kind}/{id}");
    let mut kept = call.json.clone();
    kept["name"] = json!(name);
    settle(&mut kept, kind, &name);
    world.monitoring.insert(name.clone(), kept.clone());
    world.effect(done(kind, "created"), name);
    Ok(Reply::ok(&view(kind, &kept)))
}

/// What Google adds.
fn settle(kept: &mut Value, kind: &str, name: &str) {
    match kind {
        "alertPolicies" => {
            let conditions = kept["conditions"].as_array_mut().into_iter().flatten();
            for (index, condition) in conditions.enumerate() {
                condition["name"] = json!(format!("{name}/conditions/{}", index + 1));
            }
            if kept["enabled"].is_null() {
                kept["enabled"] = json!(true);
            }
        }
        "notificationChannels" if kept["enabled"].is_null() => kept["enabled"] = json!(true),
        _ => {}
    }
}

fn list(world: &mut World, call: &Call, kind: &str, project: &str) -> Answer {
    let labels = filter(call.query("filter").unwrap_or_default()).map_err(|text| strange(world, &call.id, &text))?;
    let begin = format!("projects/{project}/{kind}/");
    let passes = |kept: &Value| labels.iter().all(|(name, value)| kept["userLabels"][name] == json!(value));
    let all = world.monitoring.iter().filter(|(name, kept)| name.starts_with(&begin) && passes(kept));
    let all = all.map(|(_, kept)| view(kind, kept)).collect();
    Ok(Reply::ok(&page::of(call, kind, Size { usual: 100, most: 1000 }, all)))
}

/// Labels that must be equal; joined by AND.
fn filter(text: &str) -> Result<Vec<(String, String)>, String> {
    let term = |term: &str| {
        let unreadable = || format!("the fake cloud cannot read the filter «{text}»");
        let (field, value) = term.split_once('=').ok_or_else(unreadable)?;
        let value = value.trim().strip_prefix('"').and_then(|value| value.strip_suffix('"')).ok_or_else(unreadable)?;
        let label = field.trim().strip_prefix("user_labels.").ok_or_else(unreadable)?;
        // Names with a dash would have to be quoted.
        let plain = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if plain && !value.contains('"') { Ok((label.to_owned(), value.to_owned())) } else { Err(unreadable()) }
    };
    text.split(" AND ").filter(|part| !part.trim().is_empty()).map(term).collect()
}

fn patch(world: &mut World, call: &Call, kind: &'static str, name: &str) -> Answer {
    let mut kept = found(world, name)?;
    let before = kept.clone();
    match call.query("updateMask") {
        Some(mask) => {
            for path in mask.split(',') {
                let field = camel(path.trim());
                if field.contains('.') {
                    return Err(strange(world, &call.id, &format!("the fake cloud cannot mask «{path}»")));
                }
                kept[&field] = call.json[&field].clone();
            }
        }
        // Without a mask everything is replaced.
        None => {
            kept = call.json.clone();
            kept["name"] = json!(name);
        }
    }
    if let Some(fields) = kept.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    if kind == "uptimeCheckConfigs" && kept["monitoredResource"] != before["monitoredResource"] {
        return Err(refusal::invalid("Field monitored_resource is immutable."));
    }
    laws::check(world, kind, &kept)?;
    settle(&mut kept, kind, name);
    world.monitoring.insert(name.to_owned(), kept.clone());
    world.effect(done(kind, "changed"), name);
    Ok(Reply::ok(&view(kind, &kept)))
}

fn delete(world: &mut World, call: &Call, kind: &'static str, name: &str) -> Answer {
    found(world, name)?;
    let uses = |kept: &Value| kept["notificationChannels"].as_array().is_some_and(|all| all.contains(&json!(name)));
    if kind == "notificationChannels" && !call.flag("force") && world.monitoring.values().any(uses) {
        return Err(refusal::precondition(format!("The channel {name} is used by an alert policy.")));
    }
    // The check's id, in a filter of a policy: Google keeps a check that a policy looks at.
    let id = name.rsplit('/').next().unwrap_or_default();
    let watched = |kept: &Value| kept["conditions"].to_string().contains(&format!("check_id=\\\"{id}\\\""));
    if kind == "uptimeCheckConfigs" && world.monitoring.values().any(watched) {
        return Err(refusal::invalid(format!("Cannot delete check {id}. One or more alerting policies is using it.")));
    }
    world.monitoring.remove(name);
    world.effect(done(kind, "deleted"), name);
    Ok(Reply::ok(&json!({})))
}

fn camel(path: &str) -> String {
    let mut parts = path.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| {
        let (head, rest) = part.split_at(part.len().min(1));
        whole + &head.to_ascii_uppercase() + rest
    })
}

fn done(kind: &str, what: &str) -> &'static str {
    match (kind, what) {
        ("alertPolicies", "created") => "alert policy created",
        ("alertPolicies", "changed") => "alert policy changed",
        ("alertPolicies", _) => "alert policy deleted",
        ("uptimeCheckConfigs", "created") => "uptime check created",
        ("uptimeCheckConfigs", "changed") => "uptime check changed",
        ("uptimeCheckConfigs", _) => "uptime check deleted",
        (_, "created") => "notification channel created",
        (_, "changed") => "notification channel changed",
        _ => "notification channel deleted",
    }
}
