//! References to secrets in what Cloud Run runs: variables and mounted files of every container. Pure.

use serde_json::{Map, Value, json};

use slipway_names::json::set;
use slipway_names::secret_version::{SecretName, WantedVersion};

/// One reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The secret, as it is written there.
    pub secret: String,
    /// The version that is asked for.
    pub version: WantedVersion,
}

/// Every reference of a template, or of anything else with `containers` and `volumes`.
pub fn references(template: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    for container in list(template.get("containers")) {
        for variable in list(container.get("env")) {
            if let Some(reference) = variable.pointer("/valueSource/secretKeyRef") {
                let version = WantedVersion::of(&text(reference, "version"));
                found.push(Reference { secret: text(reference, "secret"), version });
            }
        }
    }
    for volume in list(template.get("volumes")) {
        let Some(secret) = volume.get("secret") else { continue };
        let items = list(secret.get("items"));
        // Without items the whole secret is one file, of its newest version.
        let versions: Vec<WantedVersion> = match items.as_slice() {
            [] => vec![WantedVersion::Latest],
            items => items.iter().map(|item| WantedVersion::of(&text(item, "version"))).collect(),
        };
        let name = text(secret, "secret");
        found.extend(versions.into_iter().map(|version| Reference { secret: name.clone(), version }));
    }
    found
}

/// The versions of one secret that a template of the project `home` asks for, each once.
pub fn versions_of(template: &Value, secret: &SecretName, home: &str) -> Vec<WantedVersion> {
    let own = references(template).into_iter().filter(|reference| secret.is_meant_by(&reference.secret, home));
    let mut versions: Vec<WantedVersion> = own.map(|reference| reference.version).collect();
    versions.sort();
    versions.dedup();
    versions
}

/// Moves every reference to one secret to version `to`, or with `only_latest` those alone that follow the newest.
pub fn repoint(template: &mut Map<String, Value>, secret: &SecretName, home: &str, only_latest: bool, to: u64) {
    let latest = |version: Option<&Value>| {
        WantedVersion::of(version.and_then(Value::as_str).unwrap_or_default()) == WantedVersion::Latest
    };
    let moves = |version: Option<&Value>| !only_latest || latest(version);
    let is_meant = |named: &Value| named.as_str().is_some_and(|named| secret.is_meant_by(named, home));
    let to = to.to_string();
    for container in template.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten() {
        for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(reference) = variable.pointer_mut("/valueSource/secretKeyRef") else { continue };
            if reference.get("secret").is_some_and(is_meant) && moves(reference.get("version")) {
                set(reference, "version", to.as_str());
            }
        }
    }
    for volume in template.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(mounted) = volume.get_mut("secret").filter(|mounted| mounted.get("secret").is_some_and(is_meant))
        else {
            continue;
        };
        match mounted.get_mut("items").and_then(Value::as_array_mut).filter(|items| !items.is_empty()) {
            Some(items) => {
                for item in items.iter_mut().filter(|item| moves(item.get("version"))) {
                    set(item, "version", to.as_str());
                }
            }
            // The one file that Cloud Run makes by itself has the secret's short name.
            None => set(mounted, "items", json!([{"path": secret.name, "version": to}])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Value {
        json!({
            "containers": [
                {"env": [
                    {"name": "A", "valueSource": {"secretKeyRef": {"secret": "db", "version": "3"}}},
                    {"name": "B", "valueSource": {"secretKeyRef": {"secret": "other", "version": "1"}}},
                    {"name": "C", "value": "db"}]},
                {"env": [{"name": "D", "valueSource": {"secretKeyRef": {"secret": "projects/7/secrets/db", "version": "latest"}}}]}],
            "volumes": [
                {"name": "u", "secret": {"secret": "db", "items": [{"path": "y", "version": "stable"}]}},
                {"name": "v", "secret": {"secret": "db", "defaultMode": 292, "items": [{"path": "x", "version": "2", "mode": 256}]}},
                {"name": "w", "secret": {"secret": "db"}},
                {"name": "x", "emptyDir": {}}]
        })
    }

    fn db() -> SecretName {
        SecretName { number: Some("7".into()), ..SecretName::parse("db", "p").expect("a name") }
    }

    #[test]
    fn every_reference_is_found() {
        let all = versions_of(&template(), &db(), "p");
        assert_eq!(
            all,
            [
                WantedVersion::Latest,
                WantedVersion::Number(2),
                WantedVersion::Number(3),
                WantedVersion::Alias("stable".into())
            ]
        );
        assert_eq!(references(&template()).len(), 6);
    }

    #[test]
    fn all_move_and_nothing_else_changes() {
        let mut moved = template();
        repoint(moved.as_object_mut().expect("a map"), &db(), "p", false, 9);
        assert_eq!(versions_of(&moved, &db(), "p"), [WantedVersion::Number(9)]);
        let mut expected = template();
        expected["containers"][0]["env"][0]["valueSource"]["secretKeyRef"]["version"] = "9".into();
        expected["containers"][1]["env"][0]["valueSource"]["secretKeyRef"]["version"] = "9".into();
        expected["volumes"][0]["secret"]["items"][0]["version"] = "9".into();
        expected["volumes"][1]["secret"]["items"][0]["version"] = "9".into();
        expected["volumes"][2]["secret"]["items"] = json!([{"path": "db", "version": "9"}]);
        assert_eq!(moved, expected);
    }

    #[test]
    fn pinning_moves_what_follows_the_newest_alone() {
        let mut pinned = template();
        repoint(pinned.as_object_mut().expect("a map"), &db(), "p", true, 4);
        let alias = WantedVersion::Alias("stable".into());
        assert_eq!(
            versions_of(&pinned, &db(), "p"),
            [WantedVersion::Number(2), WantedVersion::Number(3), WantedVersion::Number(4), alias]
        );
    }
}
