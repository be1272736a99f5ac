//! The laws of a `ServingConfig`.

use super::SERVICE;
use crate::call::Call;
use crate::reply::Reply;
use crate::world::World;
use crate::{api, refusal, shape};
use regex::Regex;
use serde_json::Value;

/// The region of a rewrite to Cloud Run that names none.
const REGION: &str = "us-central1";

/// The configuration as it is kept, or why it is refused; null where none is given. Services it
/// names must exist, and the caller must be allowed to look at them.
pub(super) fn accept(world: &World, call: &Call, project: &str, config: &Value) -> Result<Value, Reply> {
    if config.is_null() {
        return Ok(Value::Null);
    }
    let rules = |list: &str| config[list].as_array().cloned().unwrap_or_default();
    for (index, rule) in rules("redirects").iter().enumerate() {
        let at = format!("version.config.redirects[{index}]");
        pattern(&at, rule)?;
        if !rule["statusCode"].as_i64().is_some_and(|code| (300..400).contains(&code)) {
            return Err(refusal::bad_field(&format!("{at}.status_code"), "A redirect needs a 3xx status code."));
        }
        if is_empty(&rule["location"]) {
            return Err(refusal::bad_field(&format!("{at}.location"), "A redirect needs a location."));
        }
    }
    for (index, rule) in rules("headers").iter().enumerate() {
        pattern(&format!("version.config.headers[{index}]"), rule)?;
    }
    for (index, rule) in rules("rewrites").iter().enumerate() {
        rewrite(world, call, project, &format!("version.config.rewrites[{index}]"), rule)?;
    }
    if config["i18n"].is_object() && is_empty(&config["i18n"]["root"]) {
        return Err(refusal::bad_field("version.config.i18n.root", "The root of translations must not be empty."));
    }
    let document = api::document(SERVICE, "ServingConfig");
    Ok(document.map_or_else(|| config.clone(), |document| shape::canonical(document, "ServingConfig", config)))
}

fn is_empty(value: &Value) -> bool {
    value.as_str().is_none_or(str::is_empty)
}

/// A rule is about one glob or one regular expression.
fn pattern(at: &str, rule: &Value) -> Result<(), Reply> {
    match (is_empty(&rule["glob"]), is_empty(&rule["regex"])) {
        (false, true) => Ok(()),
        (true, false) => match Regex::new(rule["regex"].as_str().unwrap_or_default()) {
            Ok(_) => Ok(()),
            Err(_) => Err(refusal::bad_field(&format!("{at}.regex"), "The regular expression is not valid.")),
        },
        (true, true) => Err(refusal::bad_field(at, "A rule needs a glob or a regex.")),
        (false, false) => Err(refusal::bad_field(at, "A rule cannot have both a glob and a regex.")),
    }
}

fn rewrite(world: &World, call: &Call, project: &str, at: &str, rule: &Value) -> Result<(), Reply> {
    pattern(at, rule)?;
    let kinds = [
        !is_empty(&rule["path"]),
        !is_empty(&rule["function"]),
        rule["run"].is_object(),
        rule["dynamicLinks"] == Value::Bool(true),
    ];
    if kinds.iter().filter(|given| **given).count() != 1 {
        return Err(refusal::bad_field(at, "A rewrite needs exactly one behavior."));
    }
    if rule["path"].as_str().is_some_and(|path| !path.is_empty() && !path.starts_with('/')) {
        return Err(refusal::bad_field(&format!("{at}.path"), "The path must begin with a slash."));
    }
    if !rule["run"].is_object() {
        return Ok(());
    }
    let text = |field: &str| rule["run"][field].as_str().filter(|text| !text.is_empty());
    let (id, region) = (text("serviceId").unwrap_or_default(), text("region").unwrap_or(REGION));
    super::place::need(world, call, "run.services.get", project)?;
    let Some(service) = world.services.get(&format!("projects/{project}/locations/{region}/services/{id}")) else {
        let message = format!("Cloud Run service `{id}` does not exist in region `{region}` in this project.");
        return Err(refusal::bad_field(&format!("{at}.run"), &message));
    };
    match text("tag") {
        Some(tag) if !service.serving.iter().any(|share| share.tag.as_deref() == Some(tag)) => {
            let message = format!("Cloud Run service `{id}` has no revision with the tag `{tag}`.");
            Err(refusal::bad_field(&format!("{at}.run.tag"), &message))
        }
        _ => Ok(()),
    }
}
