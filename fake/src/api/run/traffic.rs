//! Traffic of services and instances of worker pools: laws of the split, and where it goes.

use super::conditions;
use super::kind::Kind;
use crate::refusal;
use crate::reply::Reply;
use crate::world::{RevisionState, Service, Share, Trouble, World};
use serde_json::{Map, Value, json};

/// The longest that tag and service name may be together.
const LONGEST: usize = 46;

/// Are the targets well formed? Whether their revisions exist shows when they are routed.
pub(super) fn check(config: &Map<String, Value>, service: &str, kind: &Kind) -> Result<(), Reply> {
    let field = kind.split.0;
    let targets = config.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut tags: Vec<&str> = Vec::new();
    let mut sum = 0;
    for (index, target) in targets.iter().enumerate() {
        let bad = |text: &str| Err(refusal::bad_field(&format!("{field}[{index}]"), text));
        match (target["type"].as_str(), target["revision"].as_str()) {
            (Some(word), None) if word == kind.share.0 => {}
            (Some(word), Some(name)) if word == kind.share.1 && !name.contains('/') => {}
            (Some(word), _) if word == kind.share.1 => {
                return bad("A revision target must name a revision of the service.");
            }
            (Some(word), Some(_)) if word == kind.share.0 => {
                return bad("A target of the latest revision must not name one.");
            }
            _ => return bad("A traffic target must have a type."),
        }
        let percent = target["percent"].as_i64().unwrap_or(0);
        if !(0..=100).contains(&percent) {
            return bad("The percentage must be between 0 and 100.");
        }
        sum += percent;
        let Some(tag) = target["tag"].as_str() else { continue };
        check_tag(tag, service)?;
        if tags.contains(&tag) {
            return bad(&format!("The tag '{tag}' is used more than once."));
        }
        tags.push(tag);
    }
    match sum {
        100 => Ok(()),
        _ => Err(refusal::bad_field(field, &format!("Traffic percentages must sum to 100, but they sum to {sum}."))),
    }
}

fn check_tag(tag: &str, service: &str) -> Result<(), Reply> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !tag.starts_with(|c: char| c.is_ascii_lowercase()) || !tag.bytes().all(legal) || tag.ends_with('-') {
        let text =
            format!("traffic tag '{tag}' must be lower-case letters, digits and dashes, and begin with a letter.");
        return Err(refusal::bad_field("traffic[].tag", &text));
    }
    if tag.len() + service.len() <= LONGEST {
        return Ok(());
    }
    let violations =
        json!([{"field": "traffic[].tag", "description": "traffic tag and service name together are too long."}]);
    let detail = json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations});
    let message = format!(
        "traffic[].tag: traffic tag '{tag}' and service name '{service}' together are too long. Combined traffic tag and \
         service name cannot exceed {LONGEST} characters."
    );
    Err(refusal::rpc(400, "INVALID_ARGUMENT", message, vec![detail]))
}

/// Where traffic goes by the service's configuration, with the revisions as they are. A revision
/// that cannot serve costs the whole change if it should get requests, and only its tag if not.
pub(super) fn route(world: &World, service: &Service) -> Result<Vec<Share>, Trouble> {
    let mut shares = Vec::new();
    let kind = Kind::of(&service.name);
    for target in service.config.get(kind.split.0).and_then(Value::as_array).into_iter().flatten() {
        let percent = target["percent"].as_u64().unwrap_or(0);
        let tag = target["tag"].as_str().map(str::to_owned);
        let latest = target["type"] == kind.share.0;
        let name = if latest { service.latest_ready.clone() } else { target["revision"].as_str().map(str::to_owned) };
        let revision = name.as_ref().and_then(|name| world.revision_in(&service.name, name));
        match (revision.map(|revision| &revision.state), name) {
            (Some(RevisionState::Ready), Some(revision)) => shares.push(Share { revision, latest, percent, tag }),
            (Some(_), _) if percent == 0 => {}
            (Some(RevisionState::Failed(trouble)), Some(name)) => return Err(whole(&name, trouble)),
            (Some(RevisionState::Pending), _) => {
                return Err(not_there(target["revision"].as_str().unwrap_or_default()));
            }
            (None, _) if latest => return Err(nothing_ready(service)),
            (None, _) => return Err(not_there(target["revision"].as_str().unwrap_or_default())),
            (Some(_), None) => {}
        }
    }
    Ok(shares)
}

/// A revision's trouble as a sentence that stands alone.
fn whole(revision: &str, trouble: &Trouble) -> Trouble {
    Trouble { message: conditions::short_message(revision, trouble), ..trouble.clone() }
}

fn nothing_ready(service: &Service) -> Trouble {
    let newest = service.latest_created.as_deref().unwrap_or_default();
    match &service.revision_trouble {
        Some(trouble) => whole(newest, trouble),
        None => Trouble {
            reason: Some("REVISION_FAILED".to_owned()),
            revision_reason: None,
            message: "The service has no revision that is ready.".to_owned(),
            code: 9,
        },
    }
}

fn not_there(name: &str) -> Trouble {
    Trouble {
        reason: Some("UNKNOWN".to_owned()),
        revision_reason: None,
        message: format!(
            "Revision '{name}' does not exist or is deleted. Update all traffic to route to currently available revisions."
        ),
        code: 13,
    }
}

/// `trafficStatuses` as the API writes it.
pub(super) fn statuses(service: &Service) -> Vec<Value> {
    let (latest, revision) = Kind::of(&service.name).share;
    let view = |share: &Share| {
        let mut view = json!({"type": if share.latest { latest } else { revision }});
        if !share.latest {
            view["revision"] = json!(share.revision);
        }
        if share.percent > 0 {
            view["percent"] = json!(share.percent);
        }
        if let Some(tag) = &share.tag {
            view["tag"] = json!(tag);
        }
        // Tags have addresses below the default one.
        let addressed = service.config.get("defaultUriDisabled") != Some(&Value::Bool(true));
        if let Some(url) = share.tag.as_ref().filter(|_| addressed).and_then(|tag| service.tag_urls.get(tag)) {
            view["uri"] = json!(url);
        }
        view
    };
    service.serving.iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATEST: &str = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
    const REVISION: &str = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";

    fn allowed(traffic: Value) -> bool {
        check(&json!({"traffic": traffic}).as_object().cloned().unwrap_or_default(), "my-service", Kind::of("")).is_ok()
    }

    #[test]
    fn well_formed_targets_pass() {
        assert!(allowed(json!([{"type": LATEST, "percent": 100}])));
        assert!(allowed(
            json!([{"type": REVISION, "revision": "a", "percent": 90}, {"type": LATEST, "percent": 10, "tag": "t"}])
        ));
        assert!(allowed(
            json!([{"type": REVISION, "revision": "a", "percent": 100}, {"type": REVISION, "revision": "b", "tag": "c1a2b3c4"}])
        ));
        assert!(check_tag(&"x".repeat(36), "my-service").is_ok());
    }

    #[test]
    fn others_are_refused() {
        assert!(!allowed(json!([{"type": LATEST, "percent": 99}])));
        assert!(!allowed(json!([{"type": LATEST, "percent": 101}])));
        assert!(!allowed(json!([{"percent": 100}])));
        assert!(!allowed(json!([{"type": REVISION, "percent": 100}])));
        assert!(!allowed(json!([{"type": LATEST, "revision": "a", "percent": 100}])));
        assert!(!allowed(
            json!([{"type": LATEST, "percent": 50, "tag": "t"}, {"type": LATEST, "percent": 50, "tag": "t"}])
        ));
        for tag in ["1a", "A", "a_b", "a-", ""] {
            assert!(check_tag(tag, "my-service").is_err(), "{tag}");
        }
        assert!(check_tag(&"x".repeat(37), "my-service").is_err());
    }
}
