//! What changes on a service, for people: one line per setting, values of variables masked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::defaults::filled;
use super::own_names::is_note;
use super::wanted::edit::At;
use crate::inputs::setting::{SETTINGS, Setting, fields};

/// One setting that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The setting.
    pub what: String,
    /// What it was; `None` when it was not there.
    pub before: Option<String>,
    /// What it becomes; `None` when it goes.
    pub after: Option<String>,
}

/// A value as it is compared, and as it may be shown.
struct ComparedValue {
    compared: String,
    shown: String,
}

/// Every setting that differs between two documents of a service, both as they would be written.
pub fn between(before: Option<&Value>, after: &Value) -> Vec<Difference> {
    let after = &before.map_or_else(|| after.clone(), |before| filled(before, after));
    let only = before.and_then(only_container).or_else(|| only_container(after));
    let old = before.map(|before| settings(before, only.as_deref())).unwrap_or_default();
    let new = settings(after, only.as_deref());
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| {
            let compared = |all: &BTreeMap<String, ComparedValue>| all.get(*name).map(|s| s.compared.clone());
            says(compared(&old)) != says(compared(&new))
        })
        .map(|name| Difference {
            what: name.clone(),
            before: old.get(name).map(|s| s.shown.clone()).or_else(|| absent(name)),
            after: new.get(name).map(|s| s.shown.clone()).or_else(|| absent(name)),
        })
        .collect()
}

/// What a setting says: one that is not there says the same as an empty one, or one that is off.
fn says(compared: Option<String>) -> Option<String> {
    compared.filter(|value| !matches!(value.as_str(), "" | "false" | "null" | "[]" | "{}"))
}

/// Fields that go by other words than the table of settings has for them.
const NAMES: [(&str, &str); 4] = [
    // What protects a service is removed when it goes, and is no other value of a switch.
    ("defaultUriDisabled", "default URL off"),
    ("invokerIamDisabled", "invoker check off"),
    ("template.revision", "revision"),
    ("template.timeout", "timeout"),
];

/// Fields that change with every write and mean nothing to a reader.
const NOISE: [&str; 6] =
    ["etag", "client", "clientVersion", "launchStage", "template.client", "template.clientVersion"];

/// The name of a service's only container.
fn only_container(service: &Value) -> Option<String> {
    match service.pointer("/template/containers")?.as_array()?.as_slice() {
        [only] => Some(only.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()),
        _ => None,
    }
}

/// The settings of a service. The container that is the only one, before or after, needs no name.
fn settings(service: &Value, only: Option<&str>) -> BTreeMap<String, ComparedValue> {
    let mut found = BTreeMap::new();
    let Some(root) = service.as_object() else { return found };
    for (key, value) in root.iter().filter(|(key, _)| *key != "template") {
        flatten(key, value, &mut found);
    }
    for (key, value) in service.get("template").and_then(Value::as_object).into_iter().flatten() {
        match key.as_str() {
            "containers" => containers(value, only, &mut found),
            "volumes" => volumes(value, &mut found),
            "vpcAccess" => access(value, &mut found),
            _ => flatten(&format!("template.{key}"), value, &mut found),
        }
    }
    found.retain(|key, _| !NOISE.contains(&key.as_str()) && !is_of_a_run(key));
    for (path, name) in NAMES {
        if let Some(shown) = found.remove(path) {
            found.insert(name.to_owned(), shown);
        }
    }
    let of_container = |key: &String| Some(key[..=key.find('.')?].to_owned()).filter(|_| key.starts_with("container "));
    let containers: BTreeSet<String> = found.keys().filter_map(of_container).collect();
    SETTINGS.iter().for_each(|setting| rename(setting, &containers, &mut found));
    found
}

/// Where a setting has an input, it goes by the input's name, and what lies in it stands behind. `containers` are the
/// beginnings of the keys of containers that go by their names.
fn rename(setting: &Setting, containers: &BTreeSet<String>, found: &mut BTreeMap<String, ComparedValue>) {
    let path = match setting.at {
        At::Template => format!("template.{}", setting.path.join(".")),
        At::Service | At::Execution | At::Container => setting.path.join("."),
    };
    let alone = fields(setting.input).count() == 1;
    let last = setting.path.last().copied().unwrap_or_default();
    let name = if alone { setting.input.to_owned() } else { format!("{} ({last})", setting.input) };
    let named = containers.iter().filter(|_| setting.at == At::Container).map(String::as_str);
    for container in named.chain([""]) {
        let whole = format!("{container}{path}");
        let inner = |key: &str| key.strip_prefix(&whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let near = found.range(whole.clone()..).map(|(key, _)| key).take_while(|key| key.starts_with(&whole));
        let own: Vec<String> = near.filter(|key| inner(key)).cloned().collect();
        for key in own {
            let Some(mut shown) = found.remove(&key) else { continue };
            if setting.opposite {
                shown.shown = (shown.shown != "true").to_string();
            }
            found.insert(format!("{container}{name}{}", key.strip_prefix(&whole).unwrap_or_default()), shown);
        }
    }
}

/// What is shown of a setting that is not there, where its field says the opposite of it: the input's default.
fn absent(name: &str) -> Option<String> {
    fields(name).any(|setting| setting.opposite).then(|| "true".to_owned())
}

/// The commit a deploy was made from, and the marks that a run leaves, are no settings.
fn is_of_a_run(key: &str) -> bool {
    key.ends_with("labels.commit-sha") || is_note(key)
}

/// The way to a network. An interface, of which there is one at most, goes by the inputs.
fn access(way: &Value, found: &mut BTreeMap<String, ComparedValue>) {
    for (key, value) in way.as_object().into_iter().flatten() {
        match value.as_array().map(Vec::as_slice) {
            Some([interface]) if key == "networkInterfaces" => {
                for (name, value) in interface.as_object().into_iter().flatten() {
                    let input = match name.as_str() {
                        "network" => "network",
                        "subnetwork" => "subnet",
                        "tags" => "network_tags",
                        other => other,
                    };
                    flatten(input, value, found);
                }
            }
            _ => flatten(&format!("template.vpcAccess.{key}"), value, found),
        }
    }
}

/// The port, and whether HTTP/2 is spoken on it.
fn ports(prefix: &str, list: &Value, found: &mut BTreeMap<String, ComparedValue>) {
    for port in list.as_array().into_iter().flatten() {
        flatten(&format!("{prefix}port"), &port["containerPort"], found);
        if port["name"] == "h2c" {
            flatten(&format!("{prefix}http2"), &true.into(), found);
        }
    }
}

/// Each volume by its name.
fn volumes(list: &Value, found: &mut BTreeMap<String, ComparedValue>) {
    for volume in list.as_array().into_iter().flatten() {
        let name = volume.get("name").and_then(Value::as_str).unwrap_or_default();
        for (kind, value) in volume.as_object().into_iter().flatten().filter(|(key, _)| *key != "name") {
            flatten(&format!("volume {name}.{kind}"), value, found);
        }
    }
}

/// Each mount by its place.
fn mounts(prefix: &str, list: &Value, found: &mut BTreeMap<String, ComparedValue>) {
    for mount in list.as_array().into_iter().flatten() {
        let text = |key: &str| mount.get(key).and_then(Value::as_str).unwrap_or_default();
        let part = if text("subPath").is_empty() { String::new() } else { format!("/{}", text("subPath")) };
        let shown = format!("volume {}{part}", text("name"));
        found.insert(
            format!("{prefix}mount {}", text("mountPath")),
            ComparedValue { compared: mount.to_string(), shown },
        );
    }
}

fn containers(list: &Value, only: Option<&str>, found: &mut BTreeMap<String, ComparedValue>) {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    for container in list {
        let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
        let alone = list.len() == 1 || only == Some(name);
        let prefix = if alone { String::new() } else { format!("container {name}.") };
        for (key, value) in container.as_object().into_iter().flatten() {
            match key.as_str() {
                "env" => variables(&prefix, value, found),
                "volumeMounts" => mounts(&prefix, value, found),
                "ports" => ports(&prefix, value, found),
                "command" | "args" => words(format!("{prefix}{key}"), value, found),
                "name" => {}
                _ => flatten(&format!("{prefix}{key}"), value, found),
            }
        }
    }
}

fn variables(prefix: &str, list: &Value, found: &mut BTreeMap<String, ComparedValue>) {
    for entry in list.as_array().into_iter().flatten() {
        let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
        let secret = entry.pointer("/valueSource/secretKeyRef");
        let shown = match secret {
            Some(secret) => format!(
                "secret {}:{}",
                secret.get("secret").and_then(Value::as_str).unwrap_or_default(),
                secret.get("version").and_then(Value::as_str).unwrap_or("latest")
            ),
            None => "•••".to_owned(),
        };
        found.insert(format!("{prefix}env {name}"), ComparedValue { compared: ordered(entry), shown });
    }
}

/// Words of a command line, which may hold what came from a secret: how many there are, and none of them.
fn words(name: String, list: &Value, found: &mut BTreeMap<String, ComparedValue>) {
    let shown = match list.as_array().map(Vec::len) {
        Some(1) => "••• (1 word)".to_owned(),
        Some(count) => format!("••• ({count} words)"),
        None => "•••".to_owned(),
    };
    found.insert(name, ComparedValue { compared: ordered(list), shown });
}

/// A value as text that is the same in whatever order its fields stand.
fn ordered(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    value.to_string()
}

fn flatten(key: &str, value: &Value, found: &mut BTreeMap<String, ComparedValue>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (inner, value) in map {
                flatten(&format!("{key}.{inner}"), value, found);
            }
        }
        value => {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let compared = value.as_str().map_or_else(|| ordered(value), str::to_owned);
            found.insert(key.to_owned(), ComparedValue { compared, shown });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_of_variables_are_compared_but_never_shown() {
        let service = |value: &str| json!({"etag": value, "template": {"containers": [{"image": "i", "env": [{"name": "A", "value": value}, {"name": "B", "value": "same"}]}]}});
        let changes = between(Some(&service("hunter2")), &service("hunter3"));
        assert_eq!(
            changes,
            [Difference { what: "env A".into(), before: Some("•••".into()), after: Some("•••".into()) }]
        );
    }

    #[test]
    fn words_of_a_command_line_are_counted_and_never_shown() {
        let service = |word: &str| json!({"template": {"containers": [{"command": ["run"], "args": ["--key", word]}]}});
        let shown = |d: &Difference| format!("{} {:?} {:?}", d.what, d.before, d.after);
        let changes = between(Some(&service("hunter2")), &service("hunter3"));
        assert_eq!(
            changes.iter().map(shown).collect::<Vec<_>>(),
            ["args Some(\"••• (2 words)\") Some(\"••• (2 words)\")"]
        );
        assert!(between(None, &service("hunter2")).iter().all(|change| !shown(change).contains("hunter")));
    }

    #[test]
    fn the_order_of_fields_says_nothing() {
        let before = json!({"template": {"volumes": [{"name": "a", "gcs": {"bucket": "b", "readOnly": true}}]}});
        let after = json!({"template": {"volumes": [{"gcs": {"readOnly": true, "bucket": "b"}, "name": "a"}]}});
        assert_eq!(between(Some(&before), &after), []);
    }

    #[test]
    fn additions_and_removals_are_told_apart() {
        let before = json!({"template": {"timeout": "100s", "containers": [{"env": [{"name": "A", "value": "x"}]}]}});
        let after = json!({"template": {"scaling": {"maxInstanceCount": 3}, "containers": [{"env": [{"name": "A", "valueSource": {"secretKeyRef": {"secret": "s", "version": "2"}}}]}]}});
        let lines: Vec<String> =
            between(Some(&before), &after).iter().map(|d| format!("{} {:?} {:?}", d.what, d.before, d.after)).collect();
        assert_eq!(
            lines,
            [
                "env A Some(\"•••\") Some(\"secret s:2\")",
                "max_instances None Some(\"3\")",
                "timeout Some(\"100s\") None",
            ]
        );
    }
}
