//! How services and worker pools are made and changed: `create` and `patch`.

use super::kind::Kind;
use super::{accept, conditions, identity, labels, naming, operations, settle, template, traffic};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, IamPolicy, Project, Revision, RevisionState, Service, World};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// `services.create`, `workerPools.create`: what is not there yet, under the name that the query gives.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    create_named(world, call, call.query(Kind::asked(call).id).unwrap_or_default())
}

/// The same under this short name.
pub(super) fn create_named(world: &mut World, call: &Call, short: &str) -> Answer {
    let kind = Kind::asked(call);
    let name = super::full_name(world, call, kind, short);
    super::need(world, call, &kind.permission("create"), &name)?;
    naming::check(call, &kind.naming, &name, short)?;
    if world.deployed(&name).is_some() {
        let message = format!("Resource '{short}' already exists.");
        return Err(refusal::rpc(409, "ALREADY_EXISTS", message, Vec::new()));
    }
    apply(world, call, &name, None)
}

/// `services.patch`, `workerPools.patch`.
pub(super) fn patch(world: &mut World, call: &Call) -> Answer {
    let name = super::service_name(world, call);
    let kind = Kind::asked(call);
    let short = call.hole(kind.hole);
    super::need(world, call, &kind.permission("update"), &name)?;
    let existing = world.deployed(&name).cloned();
    naming::check(call, &kind.naming, &name, short)?;
    // Asked before it matters, so that it counts as honoured where the service exists too.
    let may_create = call.flag("allowMissing");
    match &existing {
        Some(service) => super::check_etag(&name, service.version, call.json["etag"].as_str())?,
        None if !may_create => return Err(super::missing(call)),
        None => super::need(world, call, &kind.permission("create"), &name)?,
    }
    apply(world, call, &name, existing)
}

/// Makes of the service or worker pool what the body asks for, unless it may not be.
fn apply(world: &mut World, call: &Call, name: &str, existing: Option<Service>) -> Answer {
    let kind = Kind::of(name);
    let short = name.rsplit('/').next().unwrap_or_default();
    let Some(project) = world.project(call.hole("projectsId")).cloned() else { return Err(super::missing(call)) };
    let before = existing.as_ref().map(|service| &service.config);
    let mut config = accept::merge(world, kind, before, &call.json, call.query("updateMask"))?;
    match kind.is_pool() {
        true => accept::fill_pool(&mut config, &project),
        false => accept::fill(&mut config, &project),
    }
    template::check(&config, kind)?;
    traffic::check(&config, short, kind)?;
    check_identity(world, call, &config, &project, before, name)?;
    let fresh = fresh_revision(world, call, existing.as_ref(), &config, short)?;
    if call.flag("validateOnly") {
        // The dry run's operation is not kept: asking for it later finds nothing.
        let service = existing.unwrap_or_else(|| blank(world, name, &call.account));
        return Ok(Reply::ok(&operations::view_of_dry_run(world, kind.word, &service.name)));
    }
    Ok(Reply::ok(&commit(world, call, name, config, fresh)))
}

/// The caller must be allowed to act as the account the containers run as, and to open the door
/// that `invokerIamDisabled` opens.
fn check_identity(
    world: &World,
    call: &Call,
    config: &Map<String, Value>,
    project: &Project,
    before: Option<&Map<String, Value>>,
    name: &str,
) -> Result<(), Reply> {
    let email = config["template"]["serviceAccount"].as_str().unwrap_or_default();
    identity::check_act_as(world, call, email, project)?;
    let is_open = |config: &Map<String, Value>| config.get("invokerIamDisabled") == Some(&Value::Bool(true));
    if is_open(config) != before.is_some_and(is_open) {
        super::need(world, call, "run.services.setIamPolicy", name)?;
    }
    Ok(())
}

/// The name of the revision this patch makes; none if the template is the old one.
fn fresh_revision(
    world: &World,
    call: &Call,
    existing: Option<&Service>,
    config: &Map<String, Value>,
    short: &str,
) -> Result<Option<String>, Reply> {
    let before = existing.and_then(|service| service.config.get("template"));
    let template = config.get("template");
    if before == template && !call.flag("forceNewRevision") {
        return Ok(None);
    }
    let Some(name) = config["template"]["revision"].as_str() else {
        let count = existing.map_or(0, |service| world.revisions_of(&service.name).len());
        let code: String = crate::world::hex_of(format!("{short} {count}").as_bytes())
            .chars()
            .filter(char::is_ascii_lowercase)
            .take(3)
            .collect();
        return Ok(Some(format!("{short}-{:05}-{code:x<3}", count + 1)));
    };
    labels::check_revision(name, short)?;
    match existing.and_then(|service| world.revision_in(&service.name, name)) {
        Some(known) if Some(&Value::Object(known.template.clone())) != template || call.flag("forceNewRevision") => {
            let message = format!("Revision named '{name}' with different configuration already exists.");
            Err(refusal::rpc(409, "ALREADY_EXISTS", message, Vec::new()))
        }
        Some(_) => Ok(None),
        None => Ok(Some(name.to_owned())),
    }
}

fn blank(world: &mut World, name: &str, creator: &str) -> Service {
    let now = world.stamp(6);
    Service {
        name: name.to_owned(),
        config: Map::new(),
        policy: IamPolicy::default(),
        serving: Vec::new(),
        latest_ready: None,
        latest_created: None,
        urls: Vec::new(),
        tag_urls: BTreeMap::new(),
        // Versions look like the microseconds Google counts in.
        version: u64::try_from(world.now() / 1000).unwrap_or(0),
        generation: 0,
        observed_generation: 0,
        uid: world.fresh_uuid("service"),
        created: now.clone(),
        updated: now.clone(),
        creator: creator.to_owned(),
        modifier: creator.to_owned(),
        revision_trouble: None,
        route_trouble: None,
        transition: now,
        requests: 0,
        stale_policy: None,
    }
}

/// Makes the change and the operation that brings it about.
fn commit(world: &mut World, call: &Call, name: &str, config: Map<String, Value>, fresh: Option<String>) -> Value {
    let kind = Kind::of(name);
    if world.deployed(name).is_none() {
        let mut service = blank(world, name, &call.account);
        if kind.is_pool() {
            world.worker_pools.insert(name.to_owned(), service);
        } else {
            service.urls = vec![world.open_door(name, None), world.open_door(name, None)];
            world.services.insert(name.to_owned(), service);
        }
        world.effect(kind.effects[0], name);
    }
    let now = world.stamp(6);
    let traffic_before = world.services.get(name).and_then(|service| service.config.get("traffic").cloned());
    if traffic_before.is_some_and(|before| Some(&before) != config.get("traffic")) {
        world.effect("traffic changed", name);
    }
    let script = fresh.as_ref().map(|_| world.next_revisions.pop_front().unwrap_or_default());
    if let (Some(revision), Some(script)) = (&fresh, &script) {
        let template = config.get("template").and_then(Value::as_object).cloned().unwrap_or_default();
        let image = settle::resolve(world, &template);
        world.serial += 1;
        let made = Revision {
            name: revision.clone(),
            service: name.to_owned(),
            template,
            state: RevisionState::Pending,
            image,
            site: script.site.clone(),
            uid: world.fresh_uuid("revision"),
            created: now.clone(),
            updated: now.clone(),
            script: script.clone(),
            number: world.serial,
        };
        world.revisions.push(made);
        world.effect("revision created", revision.clone());
    }
    let Some(service) = world.deployed_mut(name) else { return json!({}) };
    service.config = config;
    service.version += 1;
    service.generation += 1;
    service.updated.clone_from(&now);
    service.transition = now;
    service.modifier.clone_from(&call.account);
    if fresh.is_some() {
        service.latest_created.clone_from(&fresh);
    }
    world.effect(kind.effects[1], name);
    // A change without a new revision needs no look in between.
    let looks = match &script {
        Some(script) if script.outcome == crate::world::RevisionOutcome::NeverEnds => None,
        Some(script) => Some(script.looks),
        None => Some(0),
    };
    let operation = operations::begin(world, name, Aim::Deploy(fresh), looks);
    conditions::operation(world, &operation)
}
