//! Files of secrets and sockets of Cloud SQL in a container: which volumes are mounted where. Pure.
//!
//! What is mounted by somebody else, or is of another kind, is never changed: it stays, or the change is refused.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::change_error::ChangeError;
use super::fields::list;
use super::wanted::names::MergeMode;
use super::wanted::settings::{SecretRef, Settings};
use slipway_names::json::{object, set};

/// Where Cloud Run mounts the sockets of Cloud SQL instances.
const CLOUDSQL_PATH: &str = "/cloudsql";

/// The volumes of a template, and where one of its containers and where the others mount them.
struct Mounts {
    volumes: Vec<Value>,
    own: Vec<Value>,
    others: Vec<Value>,
    /// The first one of `own` in each place.
    places: HashMap<String, usize>,
    /// Names of volumes, and how far they are numbered.
    names: HashSet<String>,
    numbered: HashMap<&'static str, usize>,
}

/// Mounts the files of `settings.secrets` and the Cloud SQL instances in a container that was taken out of its template.
///
/// # Errors
/// When something else would lose its place, or files that are not named would go.
pub(super) fn apply(
    template: &mut Map<String, Value>,
    container: &mut Map<String, Value>,
    settings: &Settings,
) -> Result<(), ChangeError> {
    let sandboxes = template.get("sandboxes").and_then(|sandboxes| sandboxes.get("templates"));
    let others = [list(template.get("containers").cloned()), list(sandboxes.cloned())].concat();
    let volumes = list(template.remove("volumes"));
    let mut mounts = Mounts {
        names: volumes.iter().map(|volume| text(volume, "name")).collect(),
        numbered: HashMap::new(),
        places: HashMap::new(),
        volumes,
        own: list(container.remove("volumeMounts")),
        others: others.into_iter().flat_map(|other| list(other.get("volumeMounts").cloned())).collect(),
    };
    let before: HashSet<String> = mounts.own.iter().map(|mount| text(mount, "name")).collect();
    let secrets = settings.secrets.entries.as_deref().unwrap_or_default();
    let groups = by_directory(secrets)?;
    if settings.secrets.entries.is_some() && settings.secrets.strategy == MergeMode::Overwrite {
        mounts.keep_only(&groups);
    }
    for path in settings.secrets.gone.iter().filter(|name| name.starts_with('/')) {
        mounts.without(path);
    }
    for (index, mount) in mounts.own.iter().enumerate() {
        mounts.places.entry(place(mount).to_owned()).or_insert(index);
    }
    for group in &groups {
        mounts.secret(group)?;
    }
    if let Some(instances) = &settings.cloudsql {
        mounts.cloudsql(&instances.applied(&mounts.instances()))?;
    }
    // What lost its last mount just now is left behind with each change otherwise; a volume that nothing mounted before
    // was put there by somebody, and stays.
    let Mounts { mut volumes, own, others, .. } = mounts;
    let mounted: HashSet<String> = own.iter().chain(&others).map(|mount| text(mount, "name")).collect();
    volumes.retain(|volume| {
        let name = text(volume, "name");
        !before.contains(&name) || mounted.contains(&name)
    });
    for (on, key, items) in [(template, "volumes", volumes), (container, "volumeMounts", own)] {
        if !items.is_empty() {
            on.insert(key.to_owned(), items.into());
        }
    }
    Ok(())
}

/// Files of one secret in one directory.
struct SecretFiles<'a> {
    directory: &'a str,
    secret: &'a str,
    /// Name and version of each.
    files: Vec<(&'a str, &'a str)>,
}

impl SecretFiles<'_> {
    fn names(&self, file: &Value) -> bool {
        self.files.iter().any(|(name, _)| file["path"] == *name)
    }
}

/// The files by their directories, which hold files of one secret only.
fn by_directory(secrets: &[(String, SecretRef)]) -> Result<Vec<SecretFiles<'_>>, ChangeError> {
    let mut groups: Vec<SecretFiles<'_>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (path, secret) in secrets.iter().filter(|(key, _)| key.starts_with('/')) {
        let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
        let file = (file, secret.version.as_str());
        let index = *known.entry(directory).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) if group.secret != secret.secret => {
                return Err(ChangeError::OtherSecret {
                    directory: directory.to_owned(),
                    there: group.secret.to_owned(),
                    files: group.files.iter().map(|(name, _)| (*name).to_owned()).collect(),
                    asked: secret.secret.clone(),
                });
            }
            Some(group) => group.files.push(file),
            None => groups.push(SecretFiles { directory, secret: &secret.secret, files: vec![file] }),
        }
    }
    Ok(groups)
}

impl Mounts {
    /// Takes away the container's files of secrets that are not named.
    fn keep_only(&mut self, groups: &[SecretFiles<'_>]) {
        let all = std::mem::take(&mut self.own);
        let mut kept = Vec::new();
        for (at, mount) in all.iter().enumerate() {
            let Some(mut volume) = self.volume(&mount["name"]).filter(|volume| volume.get("secret").is_some()).cloned()
            else {
                kept.push(mount.clone());
                continue;
            };
            let group = groups.iter().find(|group| group.directory == place(mount));
            let Some(group) = group.filter(|_| whole(mount)) else { continue };
            let mut files = files(&volume);
            let before = files.len();
            files.retain(|file| group.names(file));
            if files.len() == before {
                kept.push(mount.clone());
            } else if !files.is_empty() {
                set(object(&mut volume).entry("secret").or_insert(Value::Null), "items", files);
                let name = self.put(volume, others_of(&all, at));
                kept.push(renamed(mount, name));
            }
        }
        self.own = kept;
    }

    /// Takes one file of a secret away; what else the volume shows stays.
    fn without(&mut self, path: &str) {
        let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
        let index = self.own.iter().position(|mount| place(mount) == directory && whole(mount));
        let Some((index, volume)) = index.and_then(|at| Some((at, self.volume(&self.own[at]["name"])?.clone()))) else {
            return;
        };
        if volume.get("secret").is_none() {
            return;
        }
        let mut left = files(&volume);
        let before = left.len();
        left.retain(|item| item["path"] != file);
        if left.is_empty() {
            self.own.remove(index);
        } else if left.len() < before {
            let mut changed = volume;
            object(object(&mut changed).entry("secret").or_insert_with(|| json!({})))
                .insert("items".into(), left.into());
            let all = self.own.clone();
            let name = self.put(changed, others_of(&all, index));
            self.own[index] = renamed(&all[index], name);
        }
    }

    /// Mounts files of a secret. The secret that is mounted in the directory is joined when it is the same one, and
    /// gives way to another only when none of its files is left.
    fn secret(&mut self, group: &SecretFiles<'_>) -> Result<(), ChangeError> {
        let occupied =
            |path: &str, there: String| ChangeError::Occupied { path: path.to_owned(), there, input: "secrets" };
        for (file, _) in &group.files {
            let path = format!("{}/{file}", group.directory);
            if let Some(mount) = self.places.get(&path).and_then(|index| self.own.get(*index)) {
                return Err(occupied(&path, self.words(mount)));
            }
        }
        let index = self.places.get(group.directory).copied();
        let there = index.and_then(|index| Some((index, self.volume(&self.own[index]["name"])?.clone())));
        let Some((index, volume)) = there else {
            let items: Vec<Value> = group.files.iter().map(|file| item(*file)).collect();
            let name = self.free_name("secret");
            self.places.insert(group.directory.to_owned(), self.own.len());
            self.volumes.push(json!({"name": name, "secret": {"secret": group.secret, "items": items}}));
            self.own.push(json!({"name": name, "mountPath": group.directory}));
            return Ok(());
        };
        let mount = self.own[index].clone();
        if volume.get("secret").is_none() || !whole(&mount) {
            return Err(occupied(group.directory, self.words(&mount)));
        }
        let before = files(&volume);
        let other = volume.pointer("/secret/secret").and_then(Value::as_str).filter(|other| *other != group.secret);
        if let Some(other) = other {
            let left: Vec<String> =
                before.iter().filter(|file| !group.names(file)).map(|file| text(file, "path")).collect();
            if !left.is_empty() {
                return Err(ChangeError::OtherSecret {
                    directory: group.directory.to_owned(),
                    there: other.to_owned(),
                    files: left,
                    asked: group.secret.to_owned(),
                });
            }
        }
        let mut after = before.clone();
        for (file, version) in &group.files {
            match after.iter_mut().find(|other| other["path"] == *file) {
                Some(same) => set(same, "version", *version),
                None => after.push(item((file, version))),
            }
        }
        if other.is_none() && after == before {
            return Ok(());
        }
        let mut changed = volume.clone();
        let source = object(&mut changed).entry("secret").or_insert(Value::Null);
        set(source, "secret", group.secret);
        set(source, "items", after);
        let all = self.own.clone();
        let name = self.put(changed, others_of(&all, index));
        self.own[index] = renamed(&mount, name);
        Ok(())
    }

    /// The instances whose sockets are mounted.
    fn instances(&self) -> Vec<String> {
        let mount = self.own.iter().find(|mount| place(mount) == CLOUDSQL_PATH);
        let volume = mount.and_then(|mount| self.volume(&mount["name"]));
        let names = volume.and_then(|volume| volume.pointer("/cloudSqlInstance/instances")?.as_array());
        names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Mounts the sockets of Cloud SQL instances, in place of those that are mounted there.
    fn cloudsql(&mut self, instances: &[String]) -> Result<(), ChangeError> {
        let index = self.own.iter().position(|mount| place(mount) == CLOUDSQL_PATH);
        let volume = index.and_then(|index| self.volume(&self.own[index]["name"]).cloned());
        match (index, volume) {
            (Some(index), Some(volume)) if volume.get("cloudSqlInstance").is_none() => {
                if instances.is_empty() {
                    return Ok(());
                }
                let there = self.words(&self.own[index]);
                Err(ChangeError::Occupied { path: CLOUDSQL_PATH.into(), there, input: "cloudsql_instances" })
            }
            (Some(index), _) if instances.is_empty() => {
                self.own.remove(index);
                Ok(())
            }
            (Some(index), Some(mut volume)) => {
                set(object(&mut volume).entry("cloudSqlInstance").or_insert(Value::Null), "instances", instances);
                let all = self.own.clone();
                let name = self.put(volume, others_of(&all, index));
                self.own[index] = renamed(&all[index], name);
                Ok(())
            }
            _ if instances.is_empty() => Ok(()),
            _ => {
                let name = self.free_name("cloudsql");
                self.volumes.push(json!({"name": name, "cloudSqlInstance": {"instances": instances}}));
                self.own.push(json!({"name": name, "mountPath": CLOUDSQL_PATH}));
                Ok(())
            }
        }
    }

    /// A name that no volume has. No number is tried twice, so that many files take no longer than each by itself.
    fn free_name(&mut self, stem: &'static str) -> String {
        let numbered = self.numbered.entry(stem).or_default();
        loop {
            *numbered += 1;
            let name = format!("{stem}-{numbered}");
            if self.names.insert(name.clone()) {
                return name;
            }
        }
    }

    fn volume(&self, name: &Value) -> Option<&Value> {
        self.volumes.iter().find(|volume| volume["name"] == *name)
    }

    /// Writes a changed volume in place of the one it was, or as a new one where that is mounted elsewhere too: by
    /// another container, or at one of `own`. Gives back its name.
    fn put<'a>(&mut self, mut volume: Value, mut own: impl Iterator<Item = &'a Value>) -> Value {
        let is_it = |mount: &Value| mount["name"] == volume["name"];
        if self.others.iter().any(is_it) || own.any(is_it) {
            let stem = if volume.get("secret").is_some() { "secret" } else { "cloudsql" };
            let name = self.free_name(stem);
            set(&mut volume, "name", name);
            self.volumes.push(volume.clone());
        } else if let Some(same) = self.volumes.iter_mut().find(|other| other["name"] == volume["name"]) {
            *same = volume.clone();
        }
        object(&mut volume).remove("name").unwrap_or_default()
    }

    /// What a mount shows, in words.
    fn words(&self, mount: &Value) -> String {
        let name = text(mount, "name");
        let Some(volume) = self.volume(&mount["name"]) else { return format!("volume `{name}`") };
        let of = |path: &str| volume.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let kind = |key: &str| volume.get(key).is_some();
        match () {
            () if kind("gcs") => format!("the bucket `{}`", of("/gcs/bucket")),
            () if kind("nfs") => format!("the directory `{}` of `{}`", of("/nfs/path"), of("/nfs/server")),
            () if kind("secret") => format!("the secret `{}`", of("/secret/secret")),
            () if kind("cloudSqlInstance") => "the sockets of Cloud SQL".to_owned(),
            () if kind("emptyDir") => format!("the directory in memory `{name}`"),
            () => format!("volume `{name}`"),
        }
    }
}

/// The files a volume shows of its secret. Without items it is one, of the newest version, with the secret's own name.
fn files(volume: &Value) -> Vec<Value> {
    let items = list(volume.pointer("/secret/items").cloned());
    if !items.is_empty() {
        return items;
    }
    let secret = volume.pointer("/secret/secret").and_then(Value::as_str).unwrap_or_default();
    vec![item((secret.rsplit('/').next().unwrap_or(secret), "latest"))]
}

fn item((file, version): (&str, &str)) -> Value {
    json!({"path": file, "version": version})
}

/// The path of a mount, without a slash at its end.
fn place(mount: &Value) -> &str {
    mount.get("mountPath").and_then(Value::as_str).unwrap_or_default().trim_end_matches('/')
}

/// Whether a mount shows all of its volume.
fn whole(mount: &Value) -> bool {
    mount.get("subPath").and_then(Value::as_str).is_none_or(str::is_empty)
}

fn renamed(mount: &Value, name: Value) -> Value {
    let mut mount = mount.clone();
    set(&mut mount, "name", name);
    mount
}

/// The mounts besides the one at a place of the list.
fn others_of(mounts: &[Value], at: usize) -> impl Iterator<Item = &Value> {
    mounts.iter().enumerate().filter(move |(other, _)| *other != at).map(|(_, mount)| mount)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
