//! Laws of the revision template, besides CPU, memory, variables and labels.

use super::containers::containers;
use super::kind::Kind;
use super::{environment, labels, resources};
use crate::refusal;
use crate::reply::Reply;
use crate::world::ImageName;
use serde_json::{Map, Value};

/// Everything that can be wrong with a configuration, whoever asks for it.
pub(super) fn check(config: &Map<String, Value>, kind: &Kind) -> Result<(), Reply> {
    labels::check(config)?;
    check_containers(config, kind)?;
    let count = config.get("scaling").and_then(|scaling| scaling["manualInstanceCount"].as_i64());
    if count.is_some_and(|count| count < 0) {
        let text = "The number of instances must not be negative.";
        return Err(refusal::bad_field("scaling.manual_instance_count", text));
    }
    resources::check(config)?;
    environment::check(config, &environment::RESERVED)?;
    check_timing(config)?;
    check_volumes(config)?;
    check_protection(config)?;
    check_network(config)
}

/// `run.v2`, BinaryAuthorization.breakglassJustification: empty unless the default policy is used;
/// RevisionTemplate.encryptionKeyShutdownDuration: whole hours, and only with the action SHUTDOWN.
fn check_protection(config: &Map<String, Value>) -> Result<(), Reply> {
    let authorization = config.get("binaryAuthorization").unwrap_or(&Value::Null);
    let text = authorization["breakglassJustification"].as_str().unwrap_or_default();
    if !text.is_empty() && authorization["useDefault"] != true {
        let text = "Breakglass justification must be empty when the default policy is not used.";
        return Err(refusal::bad_field("binary_authorization.breakglass_justification", text));
    }
    let template = &config["template"];
    let Some(duration) = template["encryptionKeyShutdownDuration"].as_str() else { return Ok(()) };
    let seconds = duration.strip_suffix('s').and_then(|seconds| seconds.parse::<u64>().ok());
    if template["encryptionKeyRevocationAction"] != "SHUTDOWN" || seconds.is_none_or(|seconds| seconds % 3600 != 0) {
        let text = "The shutdown duration must be whole hours, and needs the revocation action SHUTDOWN.";
        return Err(refusal::bad_field("template.encryption_key_shutdown_duration", text));
    }
    Ok(())
}

fn check_containers(config: &Map<String, Value>, kind: &Kind) -> Result<(), Reply> {
    let all: Vec<&Map<String, Value>> = containers(config).collect();
    if all.is_empty() {
        return Err(refusal::bad_field(
            "template.containers",
            "Revision template should contain at least one container",
        ));
    }
    if kind.is_pool() {
        if let Some(index) = all.iter().position(|container| container.contains_key("ports")) {
            let text = "'ports' is not supported for worker pools.";
            return Err(refusal::bad_field(&format!("template.containers[{index}].ports"), text));
        }
        return check_each(config);
    }
    let with_ports = all.iter().filter(|container| container.contains_key("ports")).count();
    if with_ports > 1 || (all.len() > 1 && with_ports == 0) {
        let text = "Revision template should contain exactly one container with an exposed port.";
        return Err(refusal::bad_field("template.containers", text));
    }
    check_each(config)
}

/// What holds for every container, of services and of jobs.
pub(super) fn check_each(config: &Map<String, Value>) -> Result<(), Reply> {
    let names: Vec<&Value> = containers(config).filter_map(|other| other.get("name")).collect();
    for (index, container) in containers(config).enumerate() {
        let bad =
            |field: &str, text: &str| Err(refusal::bad_field(&format!("template.containers[{index}].{field}"), text));
        let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
        if ImageName::read(image).is_none() {
            return bad("image", &format!("Expected a valid container image path, got '{image}'."));
        }
        let ports = container.get("ports").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if ports.len() > 1 {
            return bad("ports", "Only a single port is supported.");
        }
        for port in ports {
            if !(1..=65535).contains(&port["containerPort"].as_i64().unwrap_or(0)) {
                return bad("ports[0].container_port", "Container port must be between 1 and 65535.");
            }
            if !matches!(port["name"].as_str(), None | Some("http1" | "h2c")) {
                return bad("ports[0].name", "Port name must be 'http1' or 'h2c'.");
            }
        }
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            if let Some(text) = container.get(probe).and_then(|asked| probe_trouble(probe, asked)) {
                return bad(probe, &text);
            }
        }
        for needed in container.get("dependsOn").and_then(Value::as_array).into_iter().flatten() {
            if !names.contains(&needed) {
                return bad("depends_on", &format!("There is no container {needed}."));
            }
        }
    }
    Ok(())
}

/// `run.v2`, Probe: at most 240 seconds of delay and between two tries for a startup probe, 3600 for the others.
fn probe_trouble(kind: &str, probe: &Value) -> Option<String> {
    let most = if kind == "startupProbe" { 240 } else { 3600 };
    let kinds = ["httpGet", "tcpSocket", "grpc"].iter().filter(|kind| probe[**kind].is_object()).count();
    if kinds != 1 {
        return Some("A probe must have exactly one of httpGet, tcpSocket and grpc.".to_owned());
    }
    let number = |field: &str, default: i64| probe[field].as_i64().unwrap_or(default);
    let (delay, period, timeout) =
        (number("initialDelaySeconds", 0), number("periodSeconds", 10), number("timeoutSeconds", 1));
    if !(0..=most).contains(&delay) || !(1..=most).contains(&period) {
        return Some(format!("Probe delay must be between 0 and {most} seconds, its period between 1 and {most}."));
    }
    (timeout > period).then(|| "The probe timeout must not exceed its period.".to_owned())
}

fn check_timing(config: &Map<String, Value>) -> Result<(), Reply> {
    let template = &config["template"];
    let seconds = template["timeout"].as_str().and_then(|text| text.strip_suffix('s')?.parse::<f64>().ok());
    if seconds.is_some_and(|seconds| !(1.0..=3600.0).contains(&seconds)) {
        return Err(refusal::bad_field("template.timeout", "The timeout must be between 1 second and 60 minutes."));
    }
    let scaling = &template["scaling"];
    let (least, most) =
        (scaling["minInstanceCount"].as_i64().unwrap_or(0), scaling["maxInstanceCount"].as_i64().unwrap_or(100));
    if least < 0 || most < 1 || least > most {
        let text = "The minimum number of instances must not exceed the maximum, which is at least 1.";
        return Err(refusal::bad_field("template.scaling", text));
    }
    Ok(())
}

pub(super) fn check_volumes(config: &Map<String, Value>) -> Result<(), Reply> {
    let volumes = config["template"]["volumes"].as_array().cloned().unwrap_or_default();
    let names: Vec<&str> = volumes.iter().filter_map(|volume| volume["name"].as_str()).collect();
    if names.len() != volumes.len() || names.iter().any(|name| names.iter().filter(|other| *other == name).count() > 1)
    {
        return Err(refusal::bad_field("template.volumes", "Every volume needs a name of its own."));
    }
    for (index, volume) in volumes.iter().enumerate() {
        // `run.v2`, SecretVolumeSource.defaultMode and VersionToPath.mode.
        let items = volume["secret"]["items"].as_array().into_iter().flatten().map(|item| &item["mode"]);
        let mut modes = items.chain([&volume["secret"]["defaultMode"]]).filter_map(Value::as_i64);
        if modes.any(|mode| !(0..=0o777).contains(&mode)) {
            let text = "The mode must be between 0000 and 0777 (octal).";
            return Err(refusal::bad_field(&format!("template.volumes[{index}].secret"), text));
        }
    }
    for (index, container) in containers(config).enumerate() {
        for mount in container.get("volumeMounts").and_then(Value::as_array).into_iter().flatten() {
            let field = format!("template.containers[{index}].volume_mounts");
            let name = mount["name"].as_str().unwrap_or_default();
            if !names.contains(&name) {
                return Err(refusal::bad_field(&field, &format!("No volume with the name '{name}'.")));
            }
            if !mount["mountPath"].as_str().is_some_and(|path| path.starts_with('/')) {
                return Err(refusal::bad_field(&field, "The mount path must be absolute."));
            }
        }
    }
    Ok(())
}

pub(super) fn check_network(config: &Map<String, Value>) -> Result<(), Reply> {
    let access = &config["template"]["vpcAccess"];
    if access["connector"].is_string() && access["networkInterfaces"].is_array() {
        let text = "VPC connector and direct VPC can not be used together.";
        return Err(refusal::bad_field("template.vpc_access", text));
    }
    Ok(())
}
