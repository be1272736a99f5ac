//! What is set up for a service in Cloud Monitoring, and what of it is there already. Pure
//! (docs: monitoring/api/ref_v3/rest).

use serde_json::{Map, Value, json};
use url::Url;

use crate::commands::monitoring::inputs::Monitoring;
use slipway_names::json::set;

/// Windows of five minutes; below this many requests in one, a share says nothing.
const FEWEST_REQUESTS: u32 = 20;

/// One thing that is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WatchKind {
    /// The alert on failed requests.
    ErrorRate,
    /// The alert on slow requests.
    Latency,
    /// The alert on many instances.
    Instances,
    /// The check that asks from outside.
    Uptime,
    /// The alert on it.
    UptimeAlert,
}

impl WatchKind {
    /// The value of the label `kind`.
    pub fn word(self) -> &'static str {
        match self {
            WatchKind::ErrorRate => "error_rate",
            WatchKind::Latency => "latency_p95",
            WatchKind::Instances => "instances",
            WatchKind::Uptime => "uptime",
            WatchKind::UptimeAlert => "uptime_alert",
        }
    }
}

/// The labels by which everything made for a service is found. Names with a dash would have to be quoted in filters.
pub fn labels(wanted: &Monitoring) -> [(&'static str, String); 3] {
    [("managed_by", "slipway".into()), ("service", wanted.service.to_string()), ("region", wanted.region.to_string())]
}

/// The filter that finds it.
pub fn filter(wanted: &Monitoring) -> String {
    labels(wanted).map(|(name, value)| format!("user_labels.{name}=\"{value}\"")).join(" AND ")
}

/// What a resource was made for, by its label.
pub fn kind_of(resource: &Value) -> &str {
    resource.pointer("/userLabels/kind").and_then(Value::as_str).unwrap_or_default()
}

fn user_labels(wanted: &Monitoring, kind: WatchKind) -> Value {
    let mut labels: Map<String, Value> =
        labels(wanted).into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    labels.insert("kind".into(), json!(kind.word()));
    labels.into()
}

/// The alerts that need no uptime check.
pub fn policies(wanted: &Monitoring, channels: &[String]) -> Vec<(WatchKind, Value)> {
    let now = |metric: &str, more: &str| {
        format!(
            "run_googleapis_com:{metric}{{monitored_resource=\"cloud_run_revision\",service_name=\"{}\",location=\"{}\"{more}}}",
            wanted.service, wanted.region
        )
    };
    let series = |metric: &str, more: &str| format!("{}[5m]", now(metric, more));
    let promql = |title: String, query: String| {
        json!({"displayName": title, "conditionPrometheusQueryLanguage":
            {"query": query, "duration": "300s", "evaluationInterval": "60s"}})
    };
    let error_rate = wanted.error_rate.map(|share| {
        let sum = |more| format!("sum by (service_name)(increase({}))", series("request_count", more));
        let (failed, all) = (sum(",response_code_class=\"5xx\""), sum(""));
        let title = format!("more than {} % of the requests fail", percent(share));
        let query = format!("({failed} / {all}) > {share} and {all} > {FEWEST_REQUESTS}");
        let text = "More requests than usual are answered with 5xx.";
        (
            WatchKind::ErrorRate,
            policy(wanted, WatchKind::ErrorRate, &title, promql(title.clone(), query), "CRITICAL", text, channels),
        )
    });
    let latency = wanted.latency.map(|limit| {
        let seconds = limit.as_secs_f64();
        let title = format!("the 95th percentile of the latency is above {seconds} s");
        let rate = format!("rate({})", series("request_latencies_bucket", ""));
        let query = format!("histogram_quantile(0.95, sum by (le)({rate})) > {}", limit.as_millis());
        let text = "Requests take longer than usual.";
        (
            WatchKind::Latency,
            policy(wanted, WatchKind::Latency, &title, promql(title.clone(), query), "WARNING", text, channels),
        )
    });
    let instances = wanted.instances.map(|most| {
        let title = format!("more than {most} instances run");
        // Every revision's, idle ones too: all of them are paid for, or warm for nothing.
        let query = format!("sum by (service_name)({}) > {most}", now("container_instance_count", ""));
        let text = "More instances run than usual: more is asked of the service, or requests take longer.";
        let condition = promql(title.clone(), query);
        (WatchKind::Instances, policy(wanted, WatchKind::Instances, &title, condition, "WARNING", text, channels))
    });
    error_rate.into_iter().chain(latency).chain(instances).collect()
}

fn percent(share: f64) -> f64 {
    (share * 100_000.0).round() / 1000.0
}

/// The alert on an uptime check of that id.
pub fn uptime_alert(wanted: &Monitoring, check: &str, channels: &[String]) -> Value {
    let title = "the uptime check fails from several places".to_owned();
    let condition = json!({"displayName": title, "conditionThreshold": {
        "filter": format!("metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.type=\"uptime_url\" AND metric.labels.check_id=\"{check}\""),
        "aggregations": [{"alignmentPeriod": "1200s", "perSeriesAligner": "ALIGN_NEXT_OLDER",
            "crossSeriesReducer": "REDUCE_COUNT_FALSE", "groupByFields": ["resource.label.*"]}],
        "comparison": "COMPARISON_GT", "thresholdValue": 1, "duration": "60s", "trigger": {"count": 1}}});
    policy(
        wanted,
        WatchKind::UptimeAlert,
        &title,
        condition,
        "CRITICAL",
        "The service does not answer as it should.",
        channels,
    )
}

fn policy(
    wanted: &Monitoring,
    kind: WatchKind,
    title: &str,
    condition: Value,
    severity: &str,
    text: &str,
    channels: &[String],
) -> Value {
    let (service, region, project) = (&wanted.service, &wanted.region, &wanted.project);
    let help = format!(
        "{text}\n\nWhat serves and what it had to do: `slipway status --service {service} --region {region} --project-id {project}`\n\nBack to what served before: `slipway rollback --service {service} --region {region} --project-id {project}`"
    );
    json!({
        "displayName": format!("{service} ({region}): {title}"), "combiner": "OR", "enabled": true, "severity": severity,
        "conditions": [condition],
        "alertStrategy": {"autoClose": "1800s", "notificationPrompts": ["OPENED", "CLOSED"]},
        "notificationChannels": channels, "documentation": {"mimeType": "text/markdown", "content": help},
        "userLabels": user_labels(wanted, kind),
    })
}

/// The uptime check of a path at a service's address. On a private service Monitoring's own agent asks with an
/// identity token, which its role lets it do.
pub fn uptime(wanted: &Monitoring, path: &str, base: &Url, private: bool) -> Value {
    let ssl = base.scheme() == "https";
    let mut check = json!({
        "requestMethod": "GET", "path": path, "port": base.port_or_known_default(), "useSsl": ssl, "validateSsl": ssl,
        "acceptedResponseStatusCodes": [{"statusClass": "STATUS_CLASS_2XX"}],
    });
    if private {
        set(&mut check, "serviceAgentAuthentication", json!({"type": "OIDC_TOKEN"}));
    }
    json!({
        "displayName": format!("{} ({}) {path}", wanted.service, wanted.region),
        "monitoredResource": {"type": "uptime_url",
            "labels": {"project_id": wanted.project.as_str(), "host": base.host_str().unwrap_or_default()}},
        "httpCheck": check, "period": "60s", "timeout": "10s", "checkerType": "STATIC_IP_CHECKERS",
        "selectedRegions": ["USA", "EUROPE", "ASIA_PACIFIC"], "userLabels": user_labels(wanted, WatchKind::Uptime),
    })
}

/// The e-mail channel of an address. It belongs to nobody in particular: other services may use it.
pub fn email_channel(address: &str) -> Value {
    json!({"type": "email", "displayName": address, "labels": {"email_address": address}, "enabled": true,
        "userLabels": {"managed_by": "slipway"}})
}

/// The fields in which a resource is not as it shall be. What only Google writes is passed over.
pub fn differing(current: &Value, wanted: &Value) -> Vec<String> {
    let fields = wanted.as_object().into_iter().flatten();
    fields.filter(|(name, value)| !holds(current.get(name.as_str()), value)).map(|(name, _)| name.clone()).collect()
}

/// Whether a resource can become what it shall be: what is asked cannot be changed on an uptime check.
pub fn can_become(current: &Value, wanted: &Value) -> bool {
    wanted.get("monitoredResource").is_none_or(|resource| holds(current.get("monitoredResource"), resource))
}

/// Whether everything of `wanted` is there; Google leaves out what holds its default.
fn holds(current: Option<&Value>, wanted: &Value) -> bool {
    match (current, wanted) {
        (None | Some(Value::Null), Value::Object(fields)) => fields.values().all(|value| holds(None, value)),
        (None | Some(Value::Null), Value::Array(items)) => items.is_empty(),
        (None | Some(Value::Null), Value::Bool(value)) => !value,
        (None | Some(Value::Null), Value::Number(number)) => number.as_f64() == Some(0.0),
        (None | Some(Value::Null), Value::String(text)) => text.is_empty(),
        (Some(Value::Object(fields)), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| holds(fields.get(name), value))
        }
        (Some(Value::Array(items)), Value::Array(wanted)) => {
            items.len() == wanted.len() && items.iter().zip(wanted).all(|(item, wanted)| holds(Some(item), wanted))
        }
        (Some(Value::Number(a)), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (current, wanted) => current.is_some_and(|current| current == wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_google_adds_or_leaves_out_is_no_difference() {
        let wanted = json!({"a": {"b": [1, {"c": "d"}]}, "off": false, "none": [], "n": 2});
        let current = json!({"a": {"b": [1.0, {"c": "d", "name": "x"}], "more": 1}, "n": 2.0, "creationRecord": {}});
        assert_eq!(differing(&current, &wanted), [""; 0]);
        assert_eq!(differing(&json!({"n": 3, "none": [1], "off": true}), &wanted), ["a", "off", "none", "n"]);
    }

    #[test]
    fn another_host_needs_another_check() {
        let check = |host: &str| json!({"monitoredResource": {"type": "uptime_url", "labels": {"host": host}}});
        assert!(can_become(&check("a"), &check("a")));
        assert!(!can_become(&check("a"), &check("b")));
    }
}
