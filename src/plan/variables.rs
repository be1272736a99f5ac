//! Environment variables, secret references and mounted files of a container.

use serde_json::{Map, Value, json};

use super::service::object;
use crate::inputs::deploy::{SecretRef, Settings, Strategy};

/// Where Cloud Run mounts the sockets of Cloud SQL instances.
const CLOUDSQL_PATH: &str = "/cloudsql";

/// Applies variables, secrets and Cloud SQL instances to a container and its template.
pub(super) fn apply(template: &mut Map<String, Value>, container: &mut Map<String, Value>, settings: &Settings) {
    let secrets = settings.secrets.entries.as_deref().unwrap_or_default();
    let (files, variables): (Vec<_>, Vec<_>) = secrets.iter().partition(|(key, _)| key.starts_with('/'));
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
    for (name, secret) in variables {
        put(
            &mut env,
            name,
            json!({"name": name, "valueSource": {"secretKeyRef": {"secret": secret.secret, "version": secret.version}}}),
        );
    }
    keep(container, "env", env);

    let mut volumes = list(template.remove("volumes"));
    let mut mounts = list(container.remove("volumeMounts"));
    if settings.secrets.entries.is_some() && settings.secrets.strategy == Strategy::Overwrite {
        let secret_volume =
            |name: &Value| volumes.iter().any(|volume| volume["name"] == *name && volume.get("secret").is_some());
        mounts.retain(|mount| !secret_volume(&mount["name"]));
    }
    for (path, secret) in files {
        mount_secret(&mut volumes, &mut mounts, path, secret);
    }
    if let Some(instances) = &settings.cloudsql {
        mount_cloudsql(&mut volumes, &mut mounts, instances);
    }
    // A volume that nothing mounts any more would be left behind with each change.
    let others: Vec<Value> = list(template.get("containers").cloned())
        .into_iter()
        .flat_map(|other| list(other.get("volumeMounts").cloned()))
        .collect();
    volumes.retain(|volume| mounts.iter().chain(&others).any(|mount| mount["name"] == volume["name"]));
    keep(template, "volumes", volumes);
    keep(container, "volumeMounts", mounts);
}

fn put(env: &mut Vec<Value>, name: &str, entry: Value) {
    match env.iter_mut().find(|other| other["name"] == name) {
        Some(other) => *other = entry,
        None => env.push(entry),
    }
}

/// Mounts a secret as `path`. A directory holds files of one secret only, so the secret of an
/// existing mount there is joined when it is the same one, and replaced when it is another.
fn mount_secret(volumes: &mut Vec<Value>, mounts: &mut Vec<Value>, path: &str, secret: &SecretRef) {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    let item = json!({"path": file, "version": secret.version});
    let mounted = mounts.iter().find(|mount| mount["mountPath"] == directory).map(|mount| mount["name"].clone());
    let volume = mounted.and_then(|name| volumes.iter_mut().find(|volume| volume["name"] == name));
    if let Some(volume) = volume {
        let same = volume.pointer("/secret/secret").is_some_and(|name| *name == secret.secret);
        if same {
            let mut items = list(volume.pointer_mut("/secret/items").map(Value::take));
            items.retain(|other| other["path"] != file);
            items.push(item);
            object(&mut volume["secret"]).insert("items".into(), items.into());
        } else {
            *volume = json!({"name": volume["name"], "secret": {"secret": secret.secret, "items": [item]}});
        }
        return;
    }
    mounts.retain(|mount| mount["mountPath"] != directory);
    let name = free_name(volumes, "secret");
    volumes.push(json!({"name": name, "secret": {"secret": secret.secret, "items": [item]}}));
    mounts.push(json!({"name": name, "mountPath": directory}));
}

fn mount_cloudsql(volumes: &mut Vec<Value>, mounts: &mut Vec<Value>, instances: &[String]) {
    volumes.retain(|volume| volume.get("cloudSqlInstance").is_none());
    mounts.retain(|mount| mount["mountPath"] != CLOUDSQL_PATH);
    if instances.is_empty() {
        return;
    }
    let name = free_name(volumes, "cloudsql");
    volumes.push(json!({"name": name, "cloudSqlInstance": {"instances": instances}}));
    mounts.push(json!({"name": name, "mountPath": CLOUDSQL_PATH}));
}

fn free_name(volumes: &[Value], stem: &str) -> String {
    let taken = |name: &str| volumes.iter().any(|volume| volume["name"] == name);
    (1..).map(|number| format!("{stem}-{number}")).find(|name| !taken(name)).unwrap_or_else(|| stem.to_owned())
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn keep(on: &mut Map<String, Value>, key: &str, items: Vec<Value>) {
    if !items.is_empty() {
        on.insert(key.to_owned(), items.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::deploy::Changes;

    fn run(template: Value, container: Value, settings: &Settings) -> (Value, Value) {
        let (Value::Object(mut template), Value::Object(mut container)) = (template, container) else {
            panic!("objects")
        };
        apply(&mut template, &mut container, settings);
        (template.into(), container.into())
    }

    fn secrets(entries: &[(&str, &str)], strategy: Strategy) -> Settings {
        let entries = entries
            .iter()
            .map(|(key, secret)| ((*key).to_owned(), SecretRef { secret: (*secret).to_owned(), version: "1".into() }));
        Settings { secrets: Changes { entries: Some(entries.collect()), strategy }, ..Settings::default() }
    }

    #[test]
    fn files_of_one_secret_share_a_directory() {
        let (template, container) =
            run(json!({}), json!({}), &secrets(&[("/k/a", "s"), ("/k/b", "s"), ("/l/c", "t")], Strategy::Merge));
        assert_eq!(
            template["volumes"],
            json!([
            {"name": "secret-1", "secret": {"secret": "s", "items": [{"path": "a", "version": "1"}, {"path": "b", "version": "1"}]}},
            {"name": "secret-2", "secret": {"secret": "t", "items": [{"path": "c", "version": "1"}]}}])
        );
        assert_eq!(
            container["volumeMounts"],
            json!([{"name": "secret-1", "mountPath": "/k"}, {"name": "secret-2", "mountPath": "/l"}])
        );
        let (again, _) = run(template.clone(), container, &secrets(&[("/k/a", "u")], Strategy::Merge));
        assert_eq!(
            again["volumes"][0],
            json!({"name": "secret-1", "secret": {"secret": "u", "items": [{"path": "a", "version": "1"}]}})
        );
    }

    #[test]
    fn overwriting_secrets_leaves_plain_values_and_other_volumes() {
        let template = json!({"volumes": [{"name": "v", "secret": {"secret": "s"}}, {"name": "tmp", "emptyDir": {}}]});
        let container = json!({
            "env": [{"name": "A", "value": "1"}, {"name": "B", "valueSource": {"secretKeyRef": {"secret": "s"}}}],
            "volumeMounts": [{"name": "v", "mountPath": "/k"}, {"name": "tmp", "mountPath": "/tmp"}]});
        let (template, container) = run(template, container, &secrets(&[], Strategy::Overwrite));
        assert_eq!(template, json!({"volumes": [{"name": "tmp", "emptyDir": {}}]}));
        assert_eq!(
            container,
            json!({"env": [{"name": "A", "value": "1"}], "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]})
        );
    }

    #[test]
    fn a_sidecars_volumes_are_left_alone() {
        let template = json!({"volumes": [{"name": "x", "emptyDir": {}}], "containers": [null, {"volumeMounts": [{"name": "x", "mountPath": "/x"}]}]});
        let (template, _) = run(template, json!({}), &Settings::default());
        assert_eq!(template["volumes"], json!([{"name": "x", "emptyDir": {}}]));
    }

    #[test]
    fn cloud_sql_instances_are_replaced() {
        let with = |instances: &[&str]| Settings {
            cloudsql: Some(instances.iter().map(|i| (*i).to_owned()).collect()),
            ..Settings::default()
        };
        let (template, container) = run(json!({}), json!({}), &with(&["p:r:a"]));
        assert_eq!(container["volumeMounts"], json!([{"name": "cloudsql-1", "mountPath": "/cloudsql"}]));
        let (template, container) = run(template, container, &with(&["p:r:b"]));
        assert_eq!(template["volumes"], json!([{"name": "cloudsql-1", "cloudSqlInstance": {"instances": ["p:r:b"]}}]));
        let (template, container) = run(template, container, &with(&[]));
        assert_eq!((template, container), (json!({}), json!({})));
    }
}
