//! Environment variables of a container, plain and from secrets.

use serde_json::{Map, Value, json};

use super::change_error::ChangeError;
use super::mounts;
use crate::inputs::deploy::{Settings, Strategy};

/// Applies variables, secrets and Cloud SQL instances to a container, which was taken out of its template.
///
/// # Errors
/// When what is mounted there would be lost.
pub(super) fn apply(
    template: &mut Map<String, Value>,
    container: &mut Map<String, Value>,
    settings: &Settings,
) -> Result<(), ChangeError> {
    let mut env = list(container.remove("env"));
    let is_secret = |entry: &Value| entry.pointer("/valueSource/secretKeyRef").is_some();
    if settings.env.entries.is_some() && settings.env.strategy == Strategy::Overwrite {
        env.retain(is_secret);
    }
    if settings.secrets.entries.is_some() && settings.secrets.strategy == Strategy::Overwrite {
        env.retain(|entry| !is_secret(entry));
    }
    for (name, value) in settings.env.entries.iter().flatten() {
        put(&mut env, name, json!({"name": name, "value": value}));
    }
    for (name, secret) in settings.secrets.entries.iter().flatten().filter(|(key, _)| !key.starts_with('/')) {
        let reference = json!({"secret": secret.secret, "version": secret.version});
        put(&mut env, name, json!({"name": name, "valueSource": {"secretKeyRef": reference}}));
    }
    if !env.is_empty() {
        container.insert("env".into(), env.into());
    }
    mounts::apply(template, container, settings)
}

fn put(env: &mut Vec<Value>, name: &str, entry: Value) {
    match env.iter_mut().find(|other| other["name"] == name) {
        Some(other) => *other = entry,
        None => env.push(entry),
    }
}

pub(super) fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}
