//! From Knative's form to v2's: containers and volumes, and the annotations that speak of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::Resource;
use super::super::path::Path;
use super::annotation::Part;
use super::reader::{AnnotationParts, KnativeReader, commas, set};
use crate::cloud_run::document::shape;

/// The volume that brings the sockets of Cloud SQL, and where they appear (`run.v1`, Volume.name).
pub(super) const SOCKETS: (&str, &str) = ("cloudsql", "/cloudsql");

/// Drivers of volumes.
pub(super) const BUCKETS: &str = "gcsfuse.run.googleapis.com";
pub(super) const INSTANCES: &str = "cloudsql.run.googleapis.com";

/// The limit that asks for a GPU.
const GPU: &str = "nvidia.com/gpu";

/// Words of the media of empty volumes.
pub(super) const MEDIA: [(&str, &str); 2] = [("Memory", "MEMORY"), ("Disk", "DISK")];

/// Fields of a container that both forms write alike.
pub(super) const ALIKE: [&str; 6] = ["name", "image", "command", "args", "workingDir", "sandboxLauncher"];

/// Its probes.
pub(super) const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// Names for secrets of other projects.
type Aliases = BTreeMap<String, String>;

/// Reads containers, volumes and sandboxes of a `spec` into a template.
pub(super) fn read(reader: &mut KnativeReader<'_>, spec: &Value, path: &Path, parts: &AnnotationParts, to: &mut Value) {
    let aliases = aliases(reader, parts);
    let mut containers = Vec::new();
    for (index, container) in list(&spec["containers"]).iter().enumerate() {
        containers.push(reader.container(container, &path.key("containers").index(index), &aliases));
    }
    let mut volumes = Vec::new();
    for (index, volume) in list(&spec["volumes"]).iter().enumerate() {
        volumes.extend(reader.volume(volume, &path.key("volumes").index(index), &aliases));
    }
    if let Some(templates) = spec["sandboxes"]["templates"].as_array() {
        let path = path.key("sandboxes").key("templates");
        let templates = templates.iter().enumerate();
        to["sandboxes"]["templates"] =
            templates.map(|(index, sandbox)| reader.sandbox(sandbox, &path.index(index), &aliases)).collect();
    }
    if reader.resource == Resource::Service {
        throttle(reader, parts, &mut containers);
    }
    for (part, text, path) in parts {
        if let Some((kind, field)) = part.by_name() {
            by_name(reader, kind, field, text, path, &mut containers);
        }
    }
    settings_of_the_app(reader, parts, &mut containers, &mut volumes);
    to["containers"] = containers.into();
    if !volumes.is_empty() {
        to["volumes"] = volumes.into();
    }
}

/// `alias:projects/NUMBER/secrets/NAME`, with commas between several.
fn aliases(reader: &mut KnativeReader<'_>, parts: &AnnotationParts) -> Aliases {
    let mut known = Aliases::new();
    for (_, text, path) in parts.iter().filter(|(part, ..)| *part == Part::Secrets) {
        for pair in list(&commas(text)).iter().filter_map(Value::as_str) {
            match pair.split_once(':').map(|(alias, secret)| (alias.trim(), secret.trim())) {
                Some((alias, secret)) if is_full(secret) && !alias.is_empty() => {
                    known.insert(alias.to_owned(), secret.to_owned());
                }
                _ => reader.wrong(
                    path,
                    format!("`{pair}` names no secret"),
                    "write ALIAS:projects/NUMBER/secrets/NAME, with commas between several",
                ),
            }
        }
    }
    known
}

fn is_full(secret: &str) -> bool {
    matches!(secret.split('/').collect::<Vec<_>>().as_slice(), ["projects", project, "secrets", name] if !project.is_empty() && !name.is_empty())
}

/// One annotation says of all containers whether their CPU idles between requests. Without it the CPU does, unless a
/// GPU is asked for: then it never may, and v2 takes it for always on where limits stand and nothing is said.
fn throttle(reader: &mut KnativeReader<'_>, parts: &AnnotationParts, containers: &mut [Value]) {
    let said = flag(reader, parts, Part::Throttling);
    let gpu = containers.iter().any(|container| container["resources"]["limits"].get(GPU).is_some());
    for container in containers {
        match said {
            Some(throttled) => container["resources"]["cpuIdle"] = throttled.into(),
            None if !gpu && container.get("resources").is_some() => container["resources"]["cpuIdle"] = true.into(),
            None => {}
        }
    }
}

/// What a truth among the annotations says; nothing where it is not there, or empty.
fn flag(reader: &mut KnativeReader<'_>, parts: &AnnotationParts, part: Part) -> Option<bool> {
    let (_, text, path) = parts.iter().find(|(other, text, _)| *other == part && !text.is_empty())?;
    let flag = shape::flag(text);
    if flag.is_none() {
        reader.wrong(path, format!("`{text}` is no truth"), "write 'true' or 'false'");
    }
    flag
}

/// What JSON says of containers by their names; a container without a name goes by the empty one.
fn by_name(
    reader: &mut KnativeReader<'_>,
    kind: shape::FieldKind,
    field: &str,
    text: &str,
    path: &Path,
    containers: &mut [Value],
) {
    let Some(Value::Object(said)) =
        Some(text).filter(|text| !text.is_empty()).and_then(|text| reader.json(kind, text, path))
    else {
        return;
    };
    for (name, value) in said {
        let mine = |container: &&mut Value| container["name"].as_str().unwrap_or_default() == name;
        let Some(container) = containers.iter_mut().find(mine) else {
            reader.wrong(path, format!("there is no container `{name}`"), "name one of those in `containers`");
            continue;
        };
        container[field] = match (field, value.as_str()) {
            ("sourceCode", Some(address)) => match source(address) {
                Some(source) => source,
                None => {
                    reader.wrong(path, format!("`{address}` is no object"), "write gs://BUCKET/OBJECT");
                    continue;
                }
            },
            _ => value,
        };
    }
}

/// `gs://BUCKET/OBJECT#GENERATION`, where the generation may be missing.
fn source(address: &str) -> Option<Value> {
    let (bucket, object) = address.strip_prefix("gs://")?.split_once('/')?;
    let (object, generation) = match object.rsplit_once('#') {
        Some((object, generation)) if generation.bytes().all(|b| b.is_ascii_digit()) => (object, Some(generation)),
        _ => (object, None),
    };
    let mut source = json!({"bucket": bucket, "object": object});
    if let Some(generation) = generation {
        source["generation"] = generation.into();
    }
    Some(json!({ "cloudStorageSource": source }))
}

/// What is the app's: more CPU at the start, and the sockets of Cloud SQL. The app is the container with a port, or the
/// only one, in whichever order they stand.
fn settings_of_the_app(
    reader: &mut KnativeReader<'_>,
    parts: &AnnotationParts,
    containers: &mut [Value],
    volumes: &mut Vec<Value>,
) {
    let boost = flag(reader, parts, Part::Boost);
    let sockets = parts.iter().find(|(part, text, _)| *part == Part::Sockets && !text.is_empty());
    let named = |container: &Value| reader.app.is_some() && container["name"].as_str() == reader.app;
    let app = match containers.len() {
        0 | 1 => Some(0),
        _ => containers
            .iter()
            .position(|container| !list(&container["ports"]).is_empty())
            .or_else(|| containers.iter().position(named)),
    };
    let Some(app) = app else {
        let asks = |part: Part| parts.iter().find(|(other, text, _)| *other == part && !text.is_empty());
        if let Some((.., path)) = sockets.or_else(|| asks(Part::Boost)) {
            let path = path.clone();
            let (problem, cure) = match reader.resource {
                Resource::Service => ("none of the containers has a port", "write `ports` in that container"),
                // Nobody sends them requests.
                _ => ("there are several containers", "mount a volume of `csi` in those that are meant"),
            };
            reader.wrong(&path, format!("{problem}, so it is not known which one is meant"), cure);
        }
        return;
    };
    let Some(app) = containers.get_mut(app) else { return };
    if let Some(boost) = boost {
        app["resources"]["startupCpuBoost"] = boost.into();
    }
    if let Some((_, instances, _)) = sockets {
        volumes.push(json!({"name": SOCKETS.0, "cloudSqlInstance": {"instances": commas(instances)}}));
        let mut mounts = list(&app["volumeMounts"]).to_vec();
        mounts.push(json!({"name": SOCKETS.0, "mountPath": SOCKETS.1}));
        app["volumeMounts"] = mounts.into();
    }
}

impl KnativeReader<'_> {
    fn container(&mut self, from: &Value, path: &Path, aliases: &Aliases) -> Value {
        let mut to = self.alike(from, path, &ALIKE, aliases);
        for name in PROBES.into_iter().filter(|name| from[*name].is_object()) {
            let mut probe = from[name].clone();
            let successes = probe.as_object_mut().and_then(|probe| probe.remove("successThreshold"));
            // It must be 1 (`run.v1`, Probe); gcloud's alpha has others for readiness, and v2 has no field for it.
            if successes.is_some_and(|successes| successes != 1 && !successes.is_null()) {
                let problem = "Cloud Run's v2 API has no field for it";
                self.wrong(&path.key(name).key("successThreshold"), problem, "remove it, or write 1");
            }
            to[name] = probe;
        }
        let ports = list(&from["ports"]);
        if !ports.is_empty() {
            let ports = ports.iter().enumerate();
            to["ports"] = ports.map(|(index, port)| self.port(port, &path.key("ports").index(index))).collect();
        }
        if let Some(limits) = from["resources"]["limits"].as_object() {
            set(&mut to, "resources.limits", limits.clone().into());
        }
        // What is requested is what the limits are unless it is said (`run.v1`, ResourceRequirements), and v2 knows the
        // limits alone.
        for (name, asked) in from["resources"]["requests"].as_object().into_iter().flatten() {
            if from["resources"]["limits"].get(name) != Some(asked) {
                let path = path.key("resources").key("requests").entry(name);
                self.wrong(&path, "Cloud Run's v2 API knows `limits` alone", "remove it, or make both the same");
            }
        }
        to
    }

    fn sandbox(&mut self, from: &Value, path: &Path, aliases: &Aliases) -> Value {
        self.alike(from, path, &["name", "image", "command", "args", "workingDir"], aliases)
    }

    /// What containers and sandboxes have in common.
    fn alike(&mut self, from: &Value, path: &Path, fields: &[&str], aliases: &Aliases) -> Value {
        let mut to = json!({});
        for name in fields {
            if !from[*name].is_null() && from[*name] != "" {
                to[*name] = from[*name].clone();
            }
        }
        let variables = list(&from["env"]);
        if !variables.is_empty() {
            let variables = variables.iter().enumerate();
            to["env"] = variables
                .map(|(index, variable)| self.variable(variable, &path.key("env").index(index), aliases))
                .collect();
        }
        let mounts = list(&from["volumeMounts"]);
        if !mounts.is_empty() {
            let mounts = mounts.iter().enumerate();
            to["volumeMounts"] =
                mounts.map(|(index, mount)| self.mount(mount, &path.key("volumeMounts").index(index))).collect();
        }
        to
    }

    fn port(&mut self, from: &Value, path: &Path) -> Value {
        let mut to = Map::new();
        for name in ["name", "containerPort"] {
            if !from[name].is_null() && from[name] != "" {
                to.insert(name.to_owned(), from[name].clone());
            }
        }
        if from["protocol"].as_str().is_some_and(|protocol| !matches!(protocol, "" | "TCP")) {
            self.wrong(&path.key("protocol"), "Cloud Run speaks TCP alone", "remove it");
        }
        to.into()
    }

    fn mount(&mut self, from: &Value, path: &Path) -> Value {
        let mut to = from.clone();
        let read_only = to.as_object_mut().and_then(|to| to.remove("readOnly"));
        // Not used by Cloud Run (`run.v1`, VolumeMount).
        if read_only == Some(Value::Bool(true)) {
            let problem = "Cloud Run takes no notice of it on a mount";
            self.wrong(&path.key("readOnly"), problem, "write `readOnly` on the volume");
        }
        to
    }

    fn variable(&mut self, from: &Value, path: &Path, aliases: &Aliases) -> Value {
        let mut to = json!({"name": from["name"]});
        let reference = &from["valueFrom"]["secretKeyRef"];
        if !reference.is_object() {
            // A kind that Cloud Run does not have is told already.
            let path = path.key("valueFrom");
            if from["valueFrom"].is_object() && !self.is_there(&path.key("configMapKeyRef")) {
                let cure = "write `secretKeyRef`, or `value` in its place";
                self.wrong(&path, "it is not said where the value comes from", cure);
            }
            to["value"] = from["value"].as_str().unwrap_or_default().into();
            return to;
        }
        let path = path.key("valueFrom").key("secretKeyRef");
        self.never_optional(reference, &path);
        if from["value"].as_str().is_some_and(|value| !value.is_empty()) {
            self.wrong(&path, "there is a value as well", "keep one of them");
        }
        let secret = self.secret(&reference["name"], &path.key("name"), aliases);
        if reference["key"].as_str().is_none_or(str::is_empty) {
            self.wrong(
                &path.key("key"),
                "it is not said which version of the secret is meant",
                "write a number or latest",
            );
        }
        to["valueSource"] = json!({"secretKeyRef": {"secret": secret, "version": reference["key"]}});
        to
    }

    fn never_optional(&mut self, source: &Value, path: &Path) {
        if source["optional"] == true {
            self.wrong(
                &path.key("optional"),
                "Cloud Run starts nothing without a secret that it is to have",
                "remove it",
            );
        }
    }

    /// A secret by its name: of another project by its alias, else of this one.
    fn secret(&mut self, name: &Value, path: &Path, aliases: &Aliases) -> Value {
        match name.as_str().filter(|name| !name.is_empty()) {
            Some(name) => aliases.get(name).map_or(name, String::as_str).into(),
            None => {
                self.wrong(path, "it is not said which secret is meant", "write its name");
                Value::Null
            }
        }
    }

    fn volume(&mut self, from: &Value, path: &Path, aliases: &Aliases) -> Option<Value> {
        let mut to = json!({"name": from["name"]});
        let kinds = ["secret", "emptyDir", "csi", "nfs", "filestore"];
        let Some(kind) = kinds.into_iter().find(|kind| from[*kind].is_object()) else {
            // A kind that Cloud Run does not have is told already.
            if !self.is_there(&path.key("configMap")) {
                let cure = "write `secret`, `emptyDir`, `csi` or `nfs`";
                self.wrong(path, "it is not said what kind of volume this is", cure);
            }
            return None;
        };
        let (source, path) = (&from[kind], path.key(kind));
        match kind {
            "secret" => to[kind] = self.mounted_secret(source, &path, aliases),
            "emptyDir" => {
                to[kind] = json!({});
                if !source["sizeLimit"].is_null() {
                    to[kind]["sizeLimit"] = source["sizeLimit"].clone();
                }
                match source["medium"].as_str().filter(|medium| !medium.is_empty()) {
                    None => {}
                    Some(medium) => match MEDIA.iter().find(|(word, _)| *word == medium) {
                        Some((_, word)) => to[kind]["medium"] = (*word).into(),
                        None => {
                            let words = MEDIA.map(|(word, _)| word);
                            let cure = format!("write {}", shape::listed(&words));
                            self.wrong(&path.key("medium"), format!("`{medium}` is no medium"), cure);
                        }
                    },
                }
            }
            "csi" => {
                let (name, source) = self.driven(source, &path)?;
                to[name] = source;
            }
            _ => to[kind] = source.clone(),
        }
        Some(to)
    }

    fn mounted_secret(&mut self, from: &Value, path: &Path, aliases: &Aliases) -> Value {
        self.never_optional(from, path);
        let mut to = json!({"secret": self.secret(&from["secretName"], &path.key("secretName"), aliases)});
        if !from["defaultMode"].is_null() {
            to["defaultMode"] = from["defaultMode"].clone();
        }
        let items = list(&from["items"]);
        if !items.is_empty() {
            let item = |item: &Value| {
                let mut to = json!({});
                for (name, field) in [("path", "path"), ("key", "version"), ("mode", "mode")] {
                    if !item[name].is_null() {
                        to[field] = item[name].clone();
                    }
                }
                to
            };
            to["items"] = items.iter().map(item).collect();
        }
        to
    }

    /// A volume of a driver: a bucket, or instances of Cloud SQL.
    fn driven(&mut self, from: &Value, path: &Path) -> Option<(&'static str, Value)> {
        let driver = from["driver"].as_str().unwrap_or_default();
        let attributes: &[(&str, &str)] = match driver {
            BUCKETS => &[("bucketName", "bucket"), ("mountOptions", "mountOptions")],
            INSTANCES => &[("instances", "instances")],
            _ => {
                self.wrong(&path.key("driver"), "this driver is not understood", format!("write {BUCKETS}"));
                return None;
            }
        };
        let mut to = json!({});
        for (name, value) in from["volumeAttributes"].as_object().into_iter().flatten() {
            match attributes.iter().find(|(known, _)| known == name) {
                Some((_, field @ ("mountOptions" | "instances"))) => {
                    to[*field] = commas(value.as_str().unwrap_or_default())
                }
                Some((_, field)) => to[*field] = value.clone(),
                None => {
                    let path = path.key("volumeAttributes").entry(name);
                    let known: Vec<&str> = attributes.iter().map(|(name, _)| *name).collect();
                    self.wrong(&path, "this is not understood", format!("{} is", shape::listed(&known)));
                }
            }
        }
        if driver == INSTANCES {
            return Some(("cloudSqlInstance", to));
        }
        if !from["readOnly"].is_null() {
            to["readOnly"] = from["readOnly"].clone();
        }
        Some(("gcs", to))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
