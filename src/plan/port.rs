//! The port a container listens on, and the probes that ask it there. Pure.

use serde_json::{Map, Value, json};

use super::service::object;

/// What a container without a port listens on (container contract of Cloud Run).
const DEFAULT: u64 = 8080;

const PROBES: [&str; 3] = ["startupProbe", "livenessProbe", "readinessProbe"];

/// Ways of asking that name a port.
const WAYS: [&str; 3] = ["tcpSocket", "httpGet", "grpc"];

/// Sets the port. Cloud Run writes the container's port into each probe that names none, so a probe on the old port
/// asks whatever listens there, and goes along; one on another port stays. The port's name says HTTP/1 or HTTP/2 and is
/// the service's business.
pub(super) fn apply(container: &mut Map<String, Value>, port: u16) {
    let ports = container.entry("ports").or_insert_with(|| json!([]));
    if ports.get(0).is_none() {
        *ports = json!([{}]);
    }
    let old = ports.pointer("/0/containerPort").and_then(Value::as_u64).unwrap_or(DEFAULT);
    if let Some(first) = ports.get_mut(0) {
        object(first).insert("containerPort".into(), port.into());
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
        apply(object(&mut moved), 3000);
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
        apply(object(&mut without), 81);
        assert_eq!(
            without,
            json!({"ports": [{"containerPort": 81}], "startupProbe": {"httpGet": {"path": "/"}}, "livenessProbe": {"tcpSocket": {"port": 81}}})
        );
    }
}
