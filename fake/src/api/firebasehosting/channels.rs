//! Channels: create, get, list, patch, delete, and how long they last.

use super::{place, view};
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::clock::{self, Nanos};
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::World;
use serde_json::{Value, json};

/// Besides the live channel.
const MOST: usize = 50;
/// The longest life of a channel from now on.
const MONTH: Nanos = 30 * 86_400 * SECOND;
const SECOND: Nanos = 1_000_000_000;
const FIELDS: [&str; 4] = ["ttl", "expireTime", "retainedReleaseCount", "labels"];

/// `channels.get`.
pub(super) fn get(world: &World, call: &Call) -> Answer {
    let site = place::site(world, call, place::GET)?;
    Ok(Reply::ok(&view::channel(site, place::channel(site, call)?)))
}

/// `channels.list`, by id.
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let site = place::site(world, call, place::GET)?;
    let all = site.channels.values().map(|channel| view::channel(site, channel)).collect();
    Ok(Reply::ok(&page::of(call, "channels", Size { usual: 10, most: 100 }, all)))
}

/// `channels.create`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let site = place::site(world, call, place::UPDATE)?;
    let id = call.query("channelId").unwrap_or_default();
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if id.is_empty() || id.len() > 63 || !id.bytes().all(legal) || id.ends_with('-') {
        return Err(place::invalid());
    }
    if site.channels.contains_key(id) {
        let name = format!("{}/channels/{id}", site.name());
        return Err(refusal::rpc(409, "ALREADY_EXISTS", format!("Channel `{name}` already exists."), Vec::new()));
    }
    if site.channels.len() > MOST {
        let number = world.project(&site.project).map_or("", |project| project.number.as_str());
        let message =
            format!("Couldn't create channel on `projects/{number}/sites/{}`: channel quota reached.", site.id);
        return Err(refusal::rpc(429, "RESOURCE_EXHAUSTED", message, Vec::new()));
    }
    let given: Vec<&str> = FIELDS.into_iter().filter(|field| !call.json[*field].is_null()).collect();
    let change = Change::read(world, &call.json, &given)?;
    let (site, id) = (site.id.clone(), id.to_owned());
    world.add_channel(&site, &id);
    change.apply(world, &site, &id);
    world.effect("channel created", format!("{site}/{id}"));
    reply(world, &site, &id)
}

/// `channels.patch`; without a mask, what the body has is changed.
pub(super) fn patch(world: &mut World, call: &Call) -> Answer {
    let site = place::site(world, call, place::UPDATE)?;
    let id = place::channel(site, call)?.id.clone();
    let fields: Vec<&str> = match call.query("updateMask") {
        Some(mask) => mask.split(',').map(str::trim).collect(),
        None => FIELDS.into_iter().filter(|field| !call.json[*field].is_null()).collect(),
    };
    let fields: Vec<&str> = fields
        .into_iter()
        .map(|field| match field {
            "expire_time" => "expireTime",
            "retained_release_count" => "retainedReleaseCount",
            other => other,
        })
        .collect();
    let lasting = fields.iter().any(|field| matches!(*field, "ttl" | "expireTime"));
    if fields.iter().any(|field| !FIELDS.contains(field)) || (id == "live" && lasting) {
        return Err(place::invalid());
    }
    let change = Change::read(world, &call.json, &fields)?;
    let site = site.id.clone();
    change.apply(world, &site, &id);
    world.effect("channel changed", format!("{site}/{id}"));
    reply(world, &site, &id)
}

/// `channels.delete`.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let site = place::site_mut(world, call)?;
    let id = place::channel(site, call)?.id.clone();
    if id == "live" {
        return Err(place::invalid());
    }
    site.channels.remove(&id);
    let name = format!("{}/{id}", site.id);
    world.effect("channel deleted", name);
    Ok(Reply::ok(&json!({})))
}

fn reply(world: &World, site: &str, id: &str) -> Answer {
    let site = world.hosting.get(site).ok_or_else(place::missing)?;
    Ok(Reply::ok(&view::channel(site, site.channel(id).ok_or_else(place::missing)?)))
}

/// What is to be changed; what is not to be is `None`.
#[derive(Default)]
struct Change<'a> {
    expires: Option<Option<Nanos>>,
    retained: Option<u64>,
    labels: Option<&'a Value>,
}

impl<'a> Change<'a> {
    /// Reads these fields of a body.
    fn read(world: &World, body: &'a Value, fields: &[&str]) -> Result<Change<'a>, Reply> {
        let now = world.now();
        let mut change = Change::default();
        if fields.contains(&"ttl") && fields.contains(&"expireTime") {
            return Err(place::invalid());
        }
        for field in fields {
            let value = &body[*field];
            match *field {
                "ttl" => change.expires = Some(value.as_str().map(|ttl| end(now, ttl)).transpose()?),
                "expireTime" => {
                    let at = value.as_str().map(|text| clock::parse(text).ok_or_else(place::invalid)).transpose()?;
                    change.expires = Some(at.map(|at| within(now, at)).transpose()?);
                }
                "retainedReleaseCount" => {
                    let count = value.as_u64().filter(|count| (1..=100).contains(count));
                    change.retained = Some(count.ok_or_else(place::invalid)?);
                }
                _ => change.labels = Some(value),
            }
        }
        Ok(change)
    }

    fn apply(self, world: &mut World, site: &str, id: &str) {
        let now = world.stamp(6);
        let Some(channel) = world.hosting.get_mut(site).and_then(|site| site.channels.get_mut(id)) else { return };
        channel.updated = now;
        channel.expires = self.expires.unwrap_or(channel.expires);
        channel.retained_releases = self.retained.unwrap_or(channel.retained_releases);
        if let Some(labels) = self.labels {
            channel.labels = super::versions::labels(labels);
        }
    }
}

/// The end of a life of `604800s` from now.
fn end(now: Nanos, ttl: &str) -> Result<Nanos, Reply> {
    let seconds = ttl.strip_suffix('s').and_then(|text| text.parse::<u32>().ok()).ok_or_else(place::invalid)?;
    within(now, now + Nanos::from(seconds) * SECOND)
}

fn within(now: Nanos, end: Nanos) -> Result<Nanos, Reply> {
    if end > now && end - now <= MONTH { Ok(end) } else { Err(place::invalid()) }
}
