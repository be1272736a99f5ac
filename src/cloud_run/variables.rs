//! Environment variables of a container, plain and from secrets.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::change_error::ChangeError;
use super::fields::list;
use super::mounts;
use super::wanted::names::MergeMode;
use super::wanted::settings::Settings;

/// Applies variables, secrets and Cloud SQL instances to a container, which was taken out of its template.
///
/// # Errors
/// When what is mounted there would be lost.
pub(crate) fn apply(
    template: &mut Map<String, Value>,
    container: &mut Map<String, Value>,
    settings: &Settings,
) -> Result<(), ChangeError> {
    let mut env = list(container.remove("env"));
    let is_secret = |entry: &Value| entry.pointer("/valueSource/secretKeyRef").is_some();
    if settings.env.entries.is_some() && settings.env.strategy == MergeMode::Overwrite {
        env.retain(is_secret);
    }
    if settings.secrets.entries.is_some() && settings.secrets.strategy == MergeMode::Overwrite {
        env.retain(|entry| !is_secret(entry));
    }
    let goes = |gone: &[String], entry: &Value| gone.iter().any(|name| entry["name"] == name.as_str());
    env.retain(|entry| is_secret(entry) || !goes(&settings.env.gone, entry));
    env.retain(|entry| !is_secret(entry) || !goes(&settings.secrets.gone, entry));
    let mut env = Variables::of(env);
    for (name, value) in settings.env.entries.iter().flatten() {
        env.put(name, json!({"name": name, "value": value}));
    }
    for (name, secret) in settings.secrets.entries.iter().flatten().filter(|(key, _)| !key.starts_with('/')) {
        let reference = json!({"secret": secret.secret, "version": secret.version});
        env.put(name, json!({"name": name, "valueSource": {"secretKeyRef": reference}}));
    }
    if !env.list.is_empty() {
        container.insert("env".into(), env.list.into());
    }
    mounts::apply(template, container, settings)
}

/// Variables in their order, found by name without going through all of them.
struct Variables {
    list: Vec<Value>,
    places: HashMap<String, usize>,
}

impl Variables {
    fn of(list: Vec<Value>) -> Self {
        let mut places = HashMap::with_capacity(list.len());
        for (place, entry) in list.iter().enumerate() {
            if let Some(name) = entry.get("name").and_then(Value::as_str) {
                places.entry(name.to_owned()).or_insert(place);
            }
        }
        Self { list, places }
    }

    fn put(&mut self, name: &str, entry: Value) {
        match self.places.get(name).and_then(|place| self.list.get_mut(*place)) {
            Some(other) => *other = entry,
            None => {
                self.places.insert(name.to_owned(), self.list.len());
                self.list.push(entry);
            }
        }
    }
}
