//! Domain mappings, which only Cloud Run v1 has, in the form of Knative's resources.

mod view;

use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{DomainMapping, World};
use serde_json::{Map, Value, json};

const VERSION: &str = "domains.cloudrun.com/v1";

/// Answers a method of domain mappings, asked by namespace or by location.
pub(super) fn answer(world: &mut World, call: &Call, method: &str) -> Option<Answer> {
    Some(match method {
        "create" => create(world, call),
        "delete" => delete(world, call),
        "get" => get(world, call),
        "list" => list(world, call),
        _ => return None,
    })
}

/// `domainmappings.create`; whether the domain can be had shows in its conditions.
fn create(world: &mut World, call: &Call) -> Answer {
    let project = project(world, call);
    let domain = call.json["metadata"]["name"].as_str().unwrap_or_default();
    need(world, call, "run.domainmappings.create", &project, domain)?;
    check(world, &call.json, &project, domain)?;
    if world.domain_mappings.contains_key(domain) {
        return Err(refusal::rpc(409, "ALREADY_EXISTS", format!("Resource '{domain}' already exists."), Vec::new()));
    }
    let spec = call.json["spec"].as_object().cloned().unwrap_or_default();
    let route = spec.get("routeName").and_then(Value::as_str).unwrap_or_default();
    let named = call.hole("locationsId");
    let is_meant = |service: &&crate::world::Service| service.project() == project && service.short_name() == route;
    let region = world.services.values().find(is_meant).map(|service| service.region().to_owned());
    let kept = ["labels", "annotations"].into_iter();
    let kept = kept.filter_map(|field| Some((field.to_owned(), call.json["metadata"].get(field)?.clone())));
    let now = world.stamp(6);
    let mapping = DomainMapping {
        name: domain.to_owned(),
        project,
        region: if named.is_empty() { region.unwrap_or_default() } else { named.to_owned() },
        spec,
        metadata: kept.collect::<Map<_, _>>(),
        looks: world.certificate_looks,
        certified: false,
        uid: world.fresh_uuid("domain mapping"),
        creator: call.account.clone(),
        created: now.clone(),
        transition: now,
        version: u64::try_from(world.now() / 1000).unwrap_or(0),
    };
    let reply = Reply::ok(&view::mapping(world, &mapping));
    if call.query("dryRun") != Some("all") {
        world.domain_mappings.insert(domain.to_owned(), mapping);
        world.effect("domain mapped", domain);
    }
    Ok(reply)
}

/// `domainmappings.get`; a look at its certificate.
fn get(world: &mut World, call: &Call) -> Answer {
    let name = find(world, call, "run.domainmappings.get")?.name.clone();
    let now = world.stamp(6);
    if let Some(mapping) = world.domain_mappings.get_mut(&name).filter(|mapping| !mapping.certified) {
        match mapping.looks {
            None => {}
            Some(0) => {
                mapping.certified = true;
                mapping.transition = now;
                mapping.version += 1;
            }
            Some(left) => mapping.looks = Some(left - 1),
        }
    }
    Ok(Reply::ok(&view::mapping(world, find(world, call, "run.domainmappings.get")?)))
}

/// `domainmappings.list`; no look at any of them.
fn list(world: &mut World, call: &Call) -> Answer {
    let project = project(world, call);
    need(world, call, "run.domainmappings.list", &project, "")?;
    let region = call.hole("locationsId");
    let own = |mapping: &&DomainMapping| mapping.project == project && (region.is_empty() || mapping.region == region);
    let items: Vec<Value> =
        world.domain_mappings.values().filter(own).map(|mapping| view::mapping(world, mapping)).collect();
    let mut reply = json!({"apiVersion": VERSION, "kind": "DomainMappingList", "metadata": {}});
    if !items.is_empty() {
        reply["items"] = Value::Array(items);
    }
    Ok(Reply::ok(&reply))
}

/// `domainmappings.delete`.
fn delete(world: &mut World, call: &Call) -> Answer {
    let name = find(world, call, "run.domainmappings.delete")?.name.clone();
    if call.query("dryRun") != Some("all") {
        world.domain_mappings.remove(&name);
        world.effect("domain unmapped", name);
    }
    Ok(Reply::ok(&json!({"status": "Success"})))
}

fn check(world: &World, body: &Value, project: &str, domain: &str) -> Result<(), Reply> {
    if body["apiVersion"] != VERSION || body["kind"] != "DomainMapping" {
        return Err(refusal::bad_field("kind", &format!("Expected a DomainMapping of {VERSION}.")));
    }
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(legal);
    if !domain.contains('.') || !domain.split('.').all(is_label) {
        return Err(refusal::bad_field("metadata.name", &format!("'{domain}' is not a domain.")));
    }
    let namespace = body["metadata"]["namespace"].as_str().filter(|namespace| !namespace.is_empty());
    let named = namespace.and_then(|namespace| world.project(namespace));
    if namespace.is_some() && named.is_none_or(|named| named.id != project) {
        return Err(refusal::bad_field("metadata.namespace", "The namespace is not the project of the URL."));
    }
    match body["spec"]["routeName"].as_str() {
        Some(route) if !route.is_empty() => Ok(()),
        _ => Err(refusal::bad_field("spec.routeName", "A domain mapping must name a service.")),
    }
}

/// Id of the project the path names.
fn project(world: &World, call: &Call) -> String {
    let named = call.project().unwrap_or_default();
    world.project(named).map_or(named, |project| project.id.as_str()).to_owned()
}

fn need(world: &World, call: &Call, permission: &str, project: &str, domain: &str) -> Result<(), Reply> {
    if world.allows(&call.account, permission, project, None) {
        return Ok(());
    }
    let resource = format!("namespaces/{project}/domainmappings/{domain}");
    let resource = resource.trim_end_matches('/');
    Err(refusal::denied(permission, resource, &format!("//run.googleapis.com/{resource}")))
}

fn find<'a>(world: &'a World, call: &Call, permission: &str) -> Result<&'a DomainMapping, Reply> {
    let (project, domain, region) = (project(world, call), call.hole("domainmappingsId"), call.hole("locationsId"));
    need(world, call, permission, &project, domain)?;
    let found = world.domain_mappings.get(domain);
    let found = found.filter(|found| found.project == project && (region.is_empty() || found.region == region));
    found.ok_or_else(|| {
        refusal::not_found(format!(
            "Resource '{domain}' of kind 'DOMAIN_MAPPING' in project '{project}' does not exist."
        ))
    })
}
