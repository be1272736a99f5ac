//! From v2's form to Knative's, by the same lists. What has no place there is lost: whoever writes a file reads it again
//! and looks (`plan::export`).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::Resource;
use super::annotation::{FieldPlace, Form, On, Part};
use super::containers::{ALIKE, BUCKETS, INSTANCES, MEDIA, PROBES, SOCKETS};
use super::read::{ACCELERATOR, BASE_IMAGE_RUNTIME, MULTI_REGION};
use super::reader::{at, set};
use super::table::of;

/// A service, job or worker pool in Knative's form.
pub(crate) fn write(resource: Resource, from: &Value) -> Value {
    let mut metadata = metadata(resource, from, "name", On::Service);
    if let (Resource::Service, Some(id)) = (resource, at(from, MULTI_REGION.1)) {
        metadata["labels"][MULTI_REGION.0] = id.clone();
    }
    let (version, kind) = resource.named();
    let mut document = json!({"apiVersion": version, "kind": kind, "metadata": metadata});
    document["spec"]["template"] = match resource {
        Resource::Service | Resource::WorkerPool => template(resource, &from["template"]),
        Resource::Job => execution(&from["template"]),
    };
    if let Some((field, targets)) = resource.shares().and_then(|field| Some((field, from[field].as_array()?))) {
        document["spec"][field] = targets.iter().map(target).collect();
    }
    document
}

fn target(target: &Value) -> Value {
    let mut to = json!({});
    for (field, name) in [("percent", "percent"), ("tag", "tag"), ("revision", "revisionName")] {
        copy(target, field, &mut to, name);
    }
    if target["type"].as_str().is_some_and(|kind| kind.ends_with("_LATEST")) {
        to["latestRevision"] = true.into();
    }
    to
}

fn metadata(resource: Resource, from: &Value, name: &str, on: On) -> Value {
    let mut to = json!({});
    copy(from, name, &mut to, "name");
    for map in ["labels", "annotations"] {
        copy(from, map, &mut to, map);
    }
    for annotation in of(resource).filter(|annotation| annotation.on == on) {
        let FieldPlace::Field(field, form) = annotation.place else { continue };
        if let Some(text) = at(from, field).and_then(|value| text(form, value)) {
            to["annotations"][annotation.name] = text.into();
        }
    }
    to
}

/// How an annotation writes a value.
pub(super) fn text(form: Form, value: &Value) -> Option<String> {
    match form {
        Form::Policy if value["useDefault"] == true => Some("default".into()),
        Form::Policy => Some(value["policy"].as_str()?.to_owned()),
        Form::Text => Some(value.as_str()?.to_owned()),
        Form::Part if *value == json!(0.0) => Some("disabled".into()),
        Form::Flag | Form::Number | Form::Part | Form::Json(_) => Some(value.to_string()),
        Form::Hours => {
            let seconds: u64 = value.as_str()?.strip_suffix('s')?.parse().ok()?;
            seconds.is_multiple_of(3600).then(|| (seconds / 3600).to_string())
        }
        Form::Commas => Some(commas(value)),
        Form::Words(words) => Some(words.iter().find(|(_, word)| value == word)?.0.to_owned()),
    }
}

fn commas(list: &Value) -> String {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
}

fn template(resource: Resource, from: &Value) -> Value {
    let mut metadata = metadata(resource, from, "revision", On::Template);
    let spec = spec(resource, from, &mut metadata);
    json!({"metadata": metadata, "spec": spec})
}

/// What executions of a job are made from.
fn execution(from: &Value) -> Value {
    let mut metadata = metadata(Resource::Job, from, "", On::Template);
    let tasks = spec(Resource::Job, &from["template"], &mut metadata);
    let mut spec = json!({});
    for name in ["parallelism", "taskCount"] {
        copy(from, name, &mut spec, name);
    }
    spec["template"] = json!({"spec": tasks});
    json!({"metadata": metadata, "spec": spec})
}

/// Containers and their surroundings; what annotations say of them goes to `metadata`.
fn spec(resource: Resource, from: &Value, metadata: &mut Value) -> Value {
    let mut spec = json!({});
    for (field, name) in [
        ("maxInstanceRequestConcurrency", "containerConcurrency"),
        ("maxRetries", "maxRetries"),
        ("serviceAccount", "serviceAccountName"),
    ] {
        copy(from, field, &mut spec, name);
    }
    if let Some(seconds) = from["timeout"].as_str().and_then(|text| text.strip_suffix('s')?.parse::<i64>().ok()) {
        spec["timeoutSeconds"] = seconds.into();
    }
    if let Some(accelerator) = at(from, ACCELERATOR.1) {
        spec["nodeSelector"] = json!({ACCELERATOR.0: accelerator});
    }
    let mut parts = WrittenParts::of(resource, from);
    let containers = list(from, "containers").iter().enumerate();
    spec["containers"] = containers.map(|(index, container)| parts.container(index, container)).collect();
    let volumes: Vec<Value> = list(from, "volumes").iter().filter_map(|volume| parts.volume(volume)).collect();
    if !volumes.is_empty() {
        spec["volumes"] = volumes.into();
    }
    if let (true, Some(sandboxes)) = (resource != Resource::Job, from["sandboxes"]["templates"].as_array()) {
        spec["sandboxes"]["templates"] = sandboxes.iter().map(|sandbox| parts.alike(sandbox, &ALIKE, None)).collect();
    }
    for annotation in of(resource) {
        let FieldPlace::Containers(part) = annotation.place else { continue };
        if let Some(text) = parts.text(part) {
            metadata["annotations"][annotation.name] = text.into();
            // Tasks of jobs have no class of runtime.
            if part == Part::BaseImages && resource != Resource::Job {
                spec["runtimeClassName"] = BASE_IMAGE_RUNTIME.into();
            }
        }
    }
    spec
}

/// The container that annotations speak of: the one that requests reach, or the only one.
fn app(template: &Value) -> Option<usize> {
    let containers = list(template, "containers");
    match containers.len() {
        0 | 1 => Some(0),
        _ => containers.iter().position(|container| !list(container, "ports").is_empty()),
    }
}

/// What annotations say of containers, as it is met.
struct WrittenParts {
    resource: Resource,
    app: Option<usize>,
    throttling: Option<bool>,
    boost: Option<bool>,
    /// Instances of Cloud SQL whose sockets the app has where gcloud puts them, and nobody else.
    sockets: Option<String>,
    by_name: BTreeMap<&'static str, Map<String, Value>>,
    secrets: Vec<String>,
}

impl WrittenParts {
    fn of(resource: Resource, template: &Value) -> Self {
        let app = app(template);
        let (throttling, boost, by_name, secrets) = (None, None, BTreeMap::new(), Vec::new());
        Self { resource, app, throttling, boost, sockets: sockets(template, app), by_name, secrets }
    }

    fn text(&self, part: Part) -> Option<String> {
        match part {
            Part::Throttling => self.throttling.map(|throttled| throttled.to_string()),
            Part::Boost => self.boost.map(|boost| boost.to_string()),
            Part::Sockets => self.sockets.clone(),
            Part::Secrets => {
                let pairs = self.secrets.iter().enumerate().map(|(index, secret)| format!("secret-{index}:{secret}"));
                (!self.secrets.is_empty()).then(|| pairs.collect::<Vec<_>>().join(","))
            }
            Part::Dependencies | Part::BaseImages | Part::Sources | Part::Builds => {
                let (_, field) = part.by_name()?;
                Some(Value::Object(self.by_name.get(field)?.clone()).to_string())
            }
        }
    }

    fn container(&mut self, index: usize, from: &Value) -> Value {
        let without = self.sockets.is_some().then_some(SOCKETS.0);
        let mut to = self.alike(from, &ALIKE, without);
        for name in PROBES.into_iter().chain(["ports"]) {
            copy(from, name, &mut to, name);
        }
        if let Some(limits) = at(from, "resources.limits") {
            set(&mut to, "resources.limits", limits.clone());
        }
        if let (Resource::Service, Some(resources)) = (self.resource, from.get("resources")) {
            self.throttling = Some(resources["cpuIdle"] == true);
            if Some(index) == self.app && resources["startupCpuBoost"].is_boolean() {
                self.boost = resources["startupCpuBoost"].as_bool();
            }
        }
        let name = from["name"].as_str().unwrap_or_default();
        for field in ["dependsOn", "baseImageUri", "sourceCode", "buildConfig"] {
            let value = match from.get(field) {
                Some(source) if field == "sourceCode" => {
                    let source = &source["cloudStorageSource"];
                    let text = |name: &str| source[name].as_str().unwrap_or_default();
                    let generation = source["generation"].as_str().map(|number| format!("#{number}"));
                    (!text("bucket").is_empty()).then(|| {
                        let generation = generation.unwrap_or_default();
                        format!("gs://{}/{}{generation}", text("bucket"), text("object")).into()
                    })
                }
                value => value.cloned(),
            };
            if let Some(value) = value {
                self.by_name.entry(field).or_default().insert(name.to_owned(), value);
            }
        }
        to
    }

    fn alike(&mut self, from: &Value, fields: &[&str], sockets: Option<&str>) -> Value {
        let mut to = json!({});
        for field in fields {
            copy(from, field, &mut to, field);
        }
        let variables: Vec<Value> = list(from, "env").iter().map(|variable| self.variable(variable)).collect();
        if !variables.is_empty() {
            to["env"] = variables.into();
        }
        let mounts = list(from, "volumeMounts").iter();
        let mounts: Vec<Value> =
            mounts.filter(|mount| sockets.is_none_or(|name| mount["name"] != name)).cloned().collect();
        if !mounts.is_empty() {
            to["volumeMounts"] = mounts.into();
        }
        to
    }

    fn variable(&mut self, from: &Value) -> Value {
        let mut to = json!({"name": from["name"]});
        match at(from, "valueSource.secretKeyRef") {
            Some(reference) => {
                let name = self.secret(&reference["secret"]);
                to["valueFrom"] = json!({"secretKeyRef": {"name": name, "key": reference["version"]}});
            }
            None => copy(from, "value", &mut to, "value"),
        }
        to
    }

    /// A secret's name; an alias for one of another project.
    fn secret(&mut self, secret: &Value) -> Value {
        let full = secret.as_str().filter(|name| name.contains('/')).map(str::to_owned);
        let Some(full) = full else { return secret.clone() };
        let known = self.secrets.iter().position(|other| *other == full);
        let index = known.unwrap_or_else(|| {
            self.secrets.push(full);
            self.secrets.len() - 1
        });
        format!("secret-{index}").into()
    }

    fn volume(&mut self, from: &Value) -> Option<Value> {
        let mut to = json!({"name": from["name"]});
        if let Some(source) = from.get("cloudSqlInstance") {
            if self.sockets.is_some() && from["name"] == SOCKETS.0 {
                return None;
            }
            to["csi"] = json!({"driver": INSTANCES, "volumeAttributes": {}});
            if source.get("instances").is_some() {
                to["csi"]["volumeAttributes"]["instances"] = commas(&source["instances"]).into();
            }
        }
        if let Some(source) = from.get("secret") {
            to["secret"] = json!({"secretName": self.secret(&source["secret"])});
            copy(source, "defaultMode", &mut to["secret"], "defaultMode");
            let item = |item: &Value| {
                let mut to = json!({});
                for (field, name) in [("path", "path"), ("version", "key"), ("mode", "mode")] {
                    copy(item, field, &mut to, name);
                }
                to
            };
            if source.get("items").is_some() {
                to["secret"]["items"] = list(source, "items").iter().map(item).collect();
            }
        }
        if let Some(source) = from.get("gcs") {
            to["csi"] = json!({"driver": BUCKETS, "volumeAttributes": {}});
            copy(source, "bucket", &mut to["csi"]["volumeAttributes"], "bucketName");
            copy(source, "readOnly", &mut to["csi"], "readOnly");
            if let Some(options) = source.get("mountOptions") {
                to["csi"]["volumeAttributes"]["mountOptions"] = commas(options).into();
            }
        }
        if let Some(source) = from.get("emptyDir") {
            to["emptyDir"] = json!({});
            copy(source, "sizeLimit", &mut to["emptyDir"], "sizeLimit");
            if let Some((word, _)) = MEDIA.iter().find(|(_, word)| source["medium"] == *word) {
                to["emptyDir"]["medium"] = (*word).into();
            }
        }
        for kind in ["nfs", "filestore"] {
            copy(from, kind, &mut to, kind);
        }
        Some(to)
    }
}

/// The instances that the annotation can say: of the one volume that has them, where the app alone mounts it as gcloud does.
fn sockets(template: &Value, app: Option<usize>) -> Option<String> {
    let volume = list(template, "volumes").iter().find(|volume| volume["name"] == SOCKETS.0)?;
    let as_gcloud_does = json!({"name": SOCKETS.0, "mountPath": SOCKETS.1});
    let mounts = list(template, "containers").iter().enumerate().flat_map(|(index, container)| {
        list(container, "volumeMounts")
            .iter()
            .filter(|mount| mount["name"] == SOCKETS.0)
            .map(move |mount| (index, mount))
    });
    let mounts: Vec<(usize, &Value)> = mounts.collect();
    let instances =
        at(volume, "cloudSqlInstance.instances").filter(|list| list.as_array().is_some_and(|l| !l.is_empty()))?;
    (mounts == [(app?, &as_gcloud_does)]).then(|| commas(instances))
}

fn list<'a>(from: &'a Value, field: &str) -> &'a [Value] {
    from[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn copy(from: &Value, field: &str, to: &mut Value, name: &str) {
    if let Some(value) = from.get(field) {
        to[name] = value.clone();
    }
}
