//! The port a container listens on, and the probes that ask it there. Pure.

use serde_json::{Map, Value, json};

use super::wanted::settings::Settings;
use slipway_names::json::object;

/// What a container without a port listens on (container contract of Cloud Run).
const DEFAULT: u64 = 8080;

/// The name of a port that HTTP/2 is spoken on.
const HTTP2: &str = "h2c";

const PROBES: [&str; 3] = ["startupProbe", "livenessProbe", "readinessProbe"];

/// Ways of asking that name a port.
const WAYS: [&str; 3] = ["tcpSocket", "httpGet", "grpc"];

/// Sets the port and what is spoken on it, or takes the port back. Cloud Run writes the container's port into each probe that names none, so a probe on the old port
/// asks whatever listens there, and goes along; one on another port stays. The port's name says
/// HTTP/1 or HTTP/2, and stays where nothing is said of it; a name needs a port.
pub(super) fn apply(container: &mut Map<String, Value>, settings: &Settings) {
    let taken_back = settings.gone.contains(&"port");
    if settings.port.is_none() && settings.http2.is_none() && !taken_back {
        return;
    }
    let mut first = container.get("ports").and_then(|ports| ports.get(0)).cloned().unwrap_or_else(|| json!({}));
    let first = object(&mut first);
    let old = first.get("containerPort").and_then(Value::as_u64).unwrap_or(DEFAULT);
    match settings.port {
        Some(port) => drop(first.insert("containerPort".into(), port.into())),
        None if taken_back => drop(first.remove("containerPort")),
        None => {}
    }
    match settings.http2 {
        Some(true) => drop(first.insert("name".into(), HTTP2.into())),
        Some(false) => drop(first.remove("name")),
        None => {}
    }
    if first.get("name").and_then(Value::as_str) == Some(HTTP2) {
        first.entry("containerPort").or_insert(DEFAULT.into());
    } else if !first.contains_key("containerPort") {
        first.remove("name");
    }
    let port = first.get("containerPort").and_then(Value::as_u64).unwrap_or(DEFAULT);
    if first.is_empty() {
        container.remove("ports");
    } else {
        container.insert("ports".into(), json!([first]));
    }
    for probe in PROBES {
        let Some(probe) = container.get_mut(probe) else { continue };
        for way in WAYS {
            let asked = probe.get_mut(way).and_then(|way| way.get_mut("port"));
            if let Some(asked) = asked.filter(|asked| asked.as_u64() == Some(old)) {
                *asked = port.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_on_the_old_port_go_along_and_others_stay() {
        let container = |ports: Value, startup: Value, live: Value, ready: Value| json!({"ports": ports, "startupProbe": startup, "livenessProbe": live, "readinessProbe": ready});
        let mut moved = container(
            json!([{"name": "h2c", "containerPort": 8080, "future": 1}]),
            json!({"tcpSocket": {"port": 8080}, "periodSeconds": 240}),
            json!({"httpGet": {"port": 8080, "path": "/live"}}),
            json!({"grpc": {"port": 9000}}),
        );
        let to = |port| Settings { port: Some(port), ..Settings::default() };
        apply(object(&mut moved), &to(3000));
        assert_eq!(
            moved,
            container(
                json!([{"name": "h2c", "containerPort": 3000, "future": 1}]),
                json!({"tcpSocket": {"port": 3000}, "periodSeconds": 240}),
                json!({"httpGet": {"port": 3000, "path": "/live"}}),
                json!({"grpc": {"port": 9000}}),
            )
        );
        let mut without =
            json!({"startupProbe": {"httpGet": {"path": "/"}}, "livenessProbe": {"tcpSocket": {"port": 8080}}});
        apply(object(&mut without), &to(81));
        assert_eq!(
            without,
            json!({"ports": [{"containerPort": 81}], "startupProbe": {"httpGet": {"path": "/"}}, "livenessProbe": {"tcpSocket": {"port": 81}}})
        );
    }

    #[test]
    fn http2_is_a_name_that_needs_a_port() {
        let ports = |there: Value, settings: Settings| {
            let mut container = json!({});
            if !there.is_null() {
                container["ports"] = there;
            }
            apply(object(&mut container), &settings);
            container.get("ports").cloned().unwrap_or_default()
        };
        let http2 = |on| Settings { http2: Some(on), ..Settings::default() };
        let back = || Settings { gone: vec!["port"], ..Settings::default() };
        let both = || json!([{"name": "h2c", "containerPort": 9000}]);
        assert_eq!(ports(Value::Null, http2(true)), json!([{"name": "h2c", "containerPort": 8080}]));
        assert_eq!(ports(json!([{"name": "http1", "containerPort": 9000}]), http2(true)), both());
        assert_eq!(ports(both(), http2(false)), json!([{"containerPort": 9000}]));
        assert_eq!(ports(Value::Null, http2(false)), Value::Null);
        assert_eq!(ports(both(), back()), json!([{"name": "h2c", "containerPort": 8080}]));
        assert_eq!(ports(json!([{"name": "http1", "containerPort": 9000}]), back()), Value::Null);
    }
}
