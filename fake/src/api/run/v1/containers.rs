//! Containers and volumes, which Knative writes nearly as v2 does, and the annotations that speak of single ones.

use super::annotations::{flag, set};
use crate::refusal;
use crate::reply::Reply;
use serde_json::{Map, Value, json};

const SQL: &str = "run.googleapis.com/cloudsql-instances";
const DEPENDENCIES: &str = "run.googleapis.com/container-dependencies";
const THROTTLING: &str = "run.googleapis.com/cpu-throttling";
const BOOST: &str = "run.googleapis.com/startup-cpu-boost";
const SECRETS: &str = "run.googleapis.com/secrets";
const BASES: &str = "run.googleapis.com/base-images";
const SOURCES: &str = "run.googleapis.com/sources";
const BUILDS: &str = "run.googleapis.com/build-config";

/// The annotations of a template that are read here.
pub(super) const KNOWN: [&str; 8] = [SQL, DEPENDENCIES, THROTTLING, BOOST, SECRETS, BASES, SOURCES, BUILDS];

/// Those that speak of containers by their names, and the fields they stand for.
const BY_NAME: [(&str, &str); 4] =
    [(DEPENDENCIES, "dependsOn"), (BASES, "baseImageUri"), (SOURCES, "sourceCode"), (BUILDS, "buildConfig")];

/// The driver of buckets among Knative's volumes.
const BUCKETS: &str = "gcsfuse.run.googleapis.com";

/// Where the sockets of Cloud SQL appear, and the volume that brings them.
const SOCKETS: (&str, &str) = ("cloudsql", "/cloudsql");

/// Fields of a container that both write alike.
const ALIKE: [&str; 10] = [
    "name",
    "image",
    "command",
    "args",
    "workingDir",
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "sandboxLauncher",
];

/// Reads the containers and volumes of a template's `spec`.
pub(super) fn read(spec: &Value, notes: &Map<String, Value>, template: &mut Value) -> Result<(), Reply> {
    let note = |name: &str| notes.get(name).and_then(Value::as_str);
    let list = |name: &str| spec[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let aliases = note(SECRETS).unwrap_or_default();
    let parsed = |name: &str| serde_json::from_str::<Value>(note(name).unwrap_or("{}")).unwrap_or_default();
    let by_name = BY_NAME.map(|(name, field)| (field, parsed(name)));
    let mut containers = Vec::new();
    for container in list("containers") {
        let mut read = json!({});
        for field in ALIKE.into_iter().filter(|field| container.get(*field).is_some()) {
            read[field] = container[field].clone();
        }
        let mine = container["name"].as_str().unwrap_or_default();
        for (field, values) in &by_name {
            match (*field, &values[mine]) {
                (_, Value::Null) => {}
                ("sourceCode", value) => read[*field] = source(value.as_str().unwrap_or_default()),
                (_, value) => read[*field] = value.clone(),
            }
        }
        let variables = variables(container, aliases);
        if !variables.is_empty() {
            read["env"] = json!(variables);
        }
        if let Some(limits) = container.pointer("/resources/limits") {
            set(&mut read, "/resources/limits", limits.clone());
        }
        // Knative has no word for a CPU that idles but this one, and without it the CPU does.
        set(&mut read, "/resources/cpuIdle", json!(note(THROTTLING).and_then(flag) != Some(false)));
        let mounts: Vec<Value> = container["volumeMounts"].as_array().into_iter().flatten().map(mount).collect();
        if !mounts.is_empty() {
            read["volumeMounts"] = json!(mounts);
        }
        containers.push(read);
    }
    if let Some(sandboxes) = spec["sandboxes"]["templates"].as_array() {
        let read = sandboxes.iter().map(|sandbox| {
            let mut read = sandbox.clone();
            let variables = variables(sandbox, aliases);
            if !variables.is_empty() {
                read["env"] = json!(variables);
            }
            read
        });
        template["sandboxes"] = json!({"templates": read.collect::<Value>()});
    }
    let mut volumes = Vec::new();
    for volume in list("volumes") {
        volumes.push(self::volume(volume, aliases)?);
    }
    let only = containers.len() == 1;
    if let Some(ingress) = containers.iter_mut().find(|container| only || container.get("ports").is_some()) {
        if note(BOOST).and_then(flag) == Some(true) {
            set(ingress, "/resources/startupCpuBoost", json!(true));
        }
        if let Some(instances) = note(SQL) {
            let instances: Vec<&str> = instances.split(',').map(str::trim).collect();
            volumes.push(json!({"name": SOCKETS.0, "cloudSqlInstance": {"instances": instances}}));
            let mut mounts = ingress["volumeMounts"].as_array().cloned().unwrap_or_default();
            mounts.push(json!({"name": SOCKETS.0, "mountPath": SOCKETS.1}));
            ingress["volumeMounts"] = json!(mounts);
        }
    }
    template["containers"] = json!(containers);
    if !volumes.is_empty() {
        template["volumes"] = json!(volumes);
    }
    Ok(())
}

fn mount(mount: &Value) -> Value {
    let fields = ["name", "mountPath", "subPath"].into_iter();
    let kept = fields.filter_map(|field| Some((field.to_owned(), mount.get(field)?.clone())));
    Value::Object(kept.collect())
}

/// The secret behind a name: another project's by its alias (`alias:projects/N/secrets/S`), else one of this project.
fn secret(name: &Value, aliases: &str) -> Value {
    let pairs = aliases.split(',').filter_map(|pair| pair.trim().split_once(':'));
    let full = pairs.into_iter().find(|(alias, _)| name == alias).map(|(_, full)| json!(full));
    full.unwrap_or_else(|| name.clone())
}

/// `gs://BUCKET/OBJECT#GENERATION`, where the generation may be missing (gcloud, `sourcedeploys/sources.py`).
fn source(address: &str) -> Value {
    let (bucket, object) = address.trim_start_matches("gs://").split_once('/').unwrap_or((address, ""));
    let (object, generation) =
        object.rsplit_once('#').map_or((object, None), |(object, number)| (object, Some(number)));
    let mut source = json!({"bucket": bucket, "object": object});
    if let Some(generation) = generation {
        source["generation"] = json!(generation);
    }
    json!({"cloudStorageSource": source})
}

fn variables(container: &Value, aliases: &str) -> Vec<Value> {
    container["env"].as_array().into_iter().flatten().map(|one| variable(one, aliases)).collect()
}

fn variable(variable: &Value, aliases: &str) -> Value {
    let mut read = json!({"name": variable["name"]});
    match variable.pointer("/valueFrom/secretKeyRef") {
        Some(source) => {
            let of = json!({"secret": secret(&source["name"], aliases), "version": source["key"]});
            read["valueSource"] = json!({"secretKeyRef": of});
        }
        None => read["value"] = json!(variable["value"].as_str().unwrap_or_default()),
    }
    read
}

fn volume(volume: &Value, aliases: &str) -> Result<Value, Reply> {
    let mut read = json!({"name": volume["name"]});
    if let Some(source) = volume.get("secret") {
        let items = source["items"].as_array().into_iter().flatten().map(|item| {
            let mut read = json!({"path": item["path"], "version": item["key"]});
            if let Some(mode) = item.get("mode") {
                read["mode"] = mode.clone();
            }
            read
        });
        read["secret"] = json!({"secret": secret(&source["secretName"], aliases), "items": items.collect::<Value>()});
        if let Some(mode) = source.get("defaultMode") {
            read["secret"]["defaultMode"] = mode.clone();
        }
    } else if let Some(source) = volume.get("emptyDir") {
        read["emptyDir"] = source.clone();
        if let Some(medium) = source["medium"].as_str() {
            read["emptyDir"]["medium"] = json!(medium.to_uppercase());
        }
    } else if let Some(kind) = ["nfs", "filestore"].into_iter().find(|kind| volume.get(*kind).is_some()) {
        read[kind] = volume[kind].clone();
    } else if volume.pointer("/csi/driver").is_some_and(|driver| driver == BUCKETS) {
        let source = &volume["csi"];
        read["gcs"] = json!({"bucket": source["volumeAttributes"]["bucketName"]});
        if source["readOnly"] == true {
            read["gcs"]["readOnly"] = json!(true);
        }
        if let Some(options) = source["volumeAttributes"]["mountOptions"].as_str() {
            read["gcs"]["mountOptions"] = options.split(',').collect();
        }
    } else {
        let name = volume["name"].as_str().unwrap_or_default();
        return Err(refusal::bad_field(
            "spec.template.spec.volumes",
            &format!("The kind of '{name}' is not supported."),
        ));
    }
    Ok(read)
}

/// Writes a template's containers and volumes into a Knative `spec`; returns the annotations they need.
pub(super) fn write(template: &Value, spec: &mut Value) -> Map<String, Value> {
    let mut notes = Map::new();
    let mut aliases = Aliases::default();
    let list = |name: &str| template[name].as_array().cloned().unwrap_or_default();
    let mut by_name = BY_NAME.map(|(name, field)| (name, field, Map::new()));
    let mut containers = Vec::new();
    for container in list("containers") {
        let mut written = json!({});
        for field in ALIKE.into_iter().filter(|field| container.get(*field).is_some()) {
            written[field] = container[field].clone();
        }
        let mine = container["name"].as_str().unwrap_or_default().to_owned();
        for (_, field, all) in &mut by_name {
            match container.get(*field) {
                None => {}
                Some(source) if *field == "sourceCode" => {
                    let source = &source["cloudStorageSource"];
                    let text = |name: &str| source[name].as_str().unwrap_or_default();
                    let generation = source["generation"].as_str().map(|number| format!("#{number}"));
                    let address =
                        format!("gs://{}/{}{}", text("bucket"), text("object"), generation.unwrap_or_default());
                    all.insert(mine.clone(), json!(address));
                }
                Some(value) => drop(all.insert(mine.clone(), value.clone())),
            }
        }
        let variables = written_variables(&container, &mut aliases);
        if !variables.is_empty() {
            written["env"] = json!(variables);
        }
        if let Some(limits) = container.pointer("/resources/limits") {
            set(&mut written, "/resources/limits", limits.clone());
        }
        if container["resources"]["cpuIdle"] != true {
            notes.insert(THROTTLING.to_owned(), json!("false"));
        }
        if container["resources"]["startupCpuBoost"] == true {
            notes.insert(BOOST.to_owned(), json!("true"));
        }
        let mounts = container["volumeMounts"].as_array().into_iter().flatten();
        let mounts: Vec<&Value> = mounts.filter(|mount| mount["mountPath"] != SOCKETS.1).collect();
        if !mounts.is_empty() {
            written["volumeMounts"] = json!(mounts);
        }
        containers.push(written);
    }
    spec["containers"] = json!(containers);
    let mut volumes = Vec::new();
    for volume in list("volumes") {
        match volume.pointer("/cloudSqlInstance/instances").and_then(Value::as_array) {
            Some(instances) => {
                let instances: Vec<&str> = instances.iter().filter_map(Value::as_str).collect();
                notes.insert(SQL.to_owned(), json!(instances.join(",")));
            }
            None => volumes.push(written_volume(&volume, &mut aliases)),
        }
    }
    if !volumes.is_empty() {
        spec["volumes"] = json!(volumes);
    }
    if let Some(sandboxes) = template["sandboxes"]["templates"].as_array() {
        let written = sandboxes.iter().map(|sandbox| {
            let mut written = sandbox.clone();
            let variables = written_variables(sandbox, &mut aliases);
            if !variables.is_empty() {
                written["env"] = json!(variables);
            }
            written
        });
        spec["sandboxes"] = json!({"templates": written.collect::<Value>()});
    }
    for (name, _, all) in by_name {
        if !all.is_empty() {
            notes.insert(name.to_owned(), json!(Value::Object(all).to_string()));
        }
    }
    if !aliases.0.is_empty() {
        let pairs = aliases.0.iter().enumerate().map(|(index, full)| format!("{}:{full}", alias(index)));
        notes.insert(SECRETS.to_owned(), json!(pairs.collect::<Vec<_>>().join(",")));
    }
    notes
}

fn written_variables(container: &Value, aliases: &mut Aliases) -> Vec<Value> {
    let written = container["env"].as_array().into_iter().flatten().map(|one| {
        let mut written = json!({"name": one["name"]});
        match one.pointer("/valueSource/secretKeyRef") {
            Some(source) => {
                let of = json!({"name": aliases.of(&source["secret"]), "key": source["version"]});
                written["valueFrom"] = json!({"secretKeyRef": of});
            }
            None => written["value"] = json!(one["value"].as_str().unwrap_or_default()),
        }
        written
    });
    written.collect()
}

fn written_volume(volume: &Value, aliases: &mut Aliases) -> Value {
    let mut written = json!({"name": volume["name"]});
    if let Some(source) = volume.get("secret") {
        let items = source["items"].as_array().into_iter().flatten().map(|item| {
            let mut written = json!({"key": item["version"], "path": item["path"]});
            if let Some(mode) = item.get("mode") {
                written["mode"] = mode.clone();
            }
            written
        });
        written["secret"] = json!({"items": items.collect::<Value>()});
        written["secret"]["secretName"] = json!(aliases.of(&source["secret"]));
        if let Some(mode) = source.get("defaultMode") {
            written["secret"]["defaultMode"] = mode.clone();
        }
    } else if let Some(source) = volume.get("gcs") {
        written["csi"] = json!({"driver": BUCKETS, "volumeAttributes": {"bucketName": source["bucket"]}});
        if source["readOnly"] == true {
            written["csi"]["readOnly"] = json!(true);
        }
        if let Some(options) = source["mountOptions"].as_array() {
            let options: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
            written["csi"]["volumeAttributes"]["mountOptions"] = json!(options.join(","));
        }
    } else if let Some(source) = volume.get("emptyDir") {
        written["emptyDir"] = source.clone();
        for (word, medium) in [("Memory", "MEMORY"), ("Disk", "DISK")] {
            if source["medium"] == medium {
                written["emptyDir"]["medium"] = json!(word);
            }
        }
    } else if let Some(kind) = ["nfs", "filestore"].into_iter().find(|kind| volume.get(*kind).is_some()) {
        written[kind] = volume[kind].clone();
    }
    written
}

/// Secrets of other projects, which Knative's form names by an alias.
#[derive(Default)]
struct Aliases(Vec<String>);

impl Aliases {
    fn of(&mut self, secret: &Value) -> String {
        let name = secret.as_str().unwrap_or_default();
        if !name.contains('/') {
            return name.to_owned();
        }
        let known = self.0.iter().position(|known| known == name);
        alias(known.unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        }))
    }
}

fn alias(index: usize) -> String {
    format!("secret-{}", index + 1)
}
