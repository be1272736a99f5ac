//! What alert policies, uptime checks and notification channels must look like. Sentences are by convention.

use crate::refusal;
use crate::reply::Reply;
use crate::world::World;
use serde_json::Value;

/// Refuses what Google would refuse.
pub(super) fn check(world: &World, kind: &str, body: &Value) -> Result<(), Reply> {
    labels(&body["userLabels"])?;
    match kind {
        "alertPolicies" => policy(world, body),
        "uptimeCheckConfigs" => uptime(body),
        _ => channel(body),
    }
}

fn wrong(field: &str, why: &str) -> Result<(), Reply> {
    Err(refusal::invalid(format!("Field {field} had an invalid value: {why}.")))
}

fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn seconds(body: &Value, pointer: &str) -> Option<f64> {
    text(body, pointer).strip_suffix('s')?.parse().ok()
}

/// Names and values: at most 64 of them, lower case, names begin with a letter.
fn labels(labels: &Value) -> Result<(), Reply> {
    let legal = |text: &str| {
        text.len() <= 63
            && text.chars().all(|c| c.is_lowercase() || c.is_ascii_digit() || c == '_' || c == '-' || !c.is_ascii())
    };
    for (name, value) in labels.as_object().into_iter().flatten() {
        let begins = name.starts_with(|c: char| c.is_lowercase());
        if !begins || !legal(name) || !legal(value.as_str().unwrap_or_default()) {
            return wrong("user_labels", "names and values are lower case letters, digits, dashes and underscores");
        }
    }
    Ok(())
}

fn policy(world: &World, body: &Value) -> Result<(), Reply> {
    if text(body, "/displayName").is_empty() || text(body, "/combiner").is_empty() {
        return wrong("alert_policy", "it has no display_name or no combiner");
    }
    let conditions = body["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !(1..=6).contains(&conditions.len()) {
        return wrong("alert_policy.conditions", "there are 1 to 6");
    }
    for condition in conditions {
        let kinds = condition.as_object().into_iter().flatten().filter(|(key, _)| key.starts_with("condition"));
        if kinds.count() != 1 || text(condition, "/displayName").is_empty() {
            return wrong("alert_policy.conditions", "each has a display_name and one kind");
        }
        let promql = "/conditionPrometheusQueryLanguage";
        if condition.pointer(promql).is_some() {
            let spaced = seconds(condition, &format!("{promql}/evaluationInterval")).unwrap_or(30.0);
            if text(condition, &format!("{promql}/query")).is_empty() || spaced % 30.0 != 0.0 || spaced < 30.0 {
                return wrong("alert_policy.conditions", "a query, and an evaluation_interval of whole 30 seconds");
            }
        }
        let threshold = "/conditionThreshold";
        if condition.pointer(threshold).is_some() {
            let whole = seconds(condition, &format!("{threshold}/duration")).is_some_and(|length| length % 60.0 == 0.0);
            let filter = text(condition, &format!("{threshold}/filter"));
            if !whole || !filter.contains("metric.type=") || !filter.contains("resource.type=") {
                return wrong("alert_policy.conditions", "a filter of metric and resource type, whole minutes");
            }
        }
    }
    let named = body["notificationChannels"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for name in named {
        if !world.monitoring.contains_key(name) {
            return Err(refusal::not_found(format!("Cannot find notification channel {name}.")));
        }
    }
    Ok(())
}

fn uptime(body: &Value) -> Result<(), Reply> {
    if text(body, "/displayName").is_empty() {
        return wrong("uptime_check_config.display_name", "it is empty");
    }
    if text(body, "/monitoredResource/type") != "uptime_url" || text(body, "/monitoredResource/labels/host").is_empty()
    {
        return wrong("uptime_check_config.monitored_resource", "an uptime_url with a host");
    }
    if body["httpCheck"].is_null() == body["tcpCheck"].is_null() {
        return wrong("uptime_check_config", "one kind of check");
    }
    if !seconds(body, "/period").is_some_and(|period| [60.0, 300.0, 600.0, 900.0].contains(&period)) {
        return wrong("uptime_check_config.period", "60, 300, 600 or 900 seconds");
    }
    if !seconds(body, "/timeout").is_some_and(|timeout| (1.0..=60.0).contains(&timeout)) {
        return wrong("uptime_check_config.timeout", "1 to 60 seconds");
    }
    // One in the United States counts for three locations; a single other one is too few.
    let regions = body["selectedRegions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !regions.is_empty() && regions.len() < 3 && !regions.iter().any(|region| region == "USA") {
        return wrong("uptime_check_config.selected_regions", "at least three locations");
    }
    Ok(())
}

fn channel(body: &Value) -> Result<(), Reply> {
    match text(body, "/type") {
        "" => wrong("notification_channel.type", "it is empty"),
        "email" if !text(body, "/labels/email_address").contains('@') => {
            wrong("notification_channel.labels", "an email_address")
        }
        _ => Ok(()),
    }
}
