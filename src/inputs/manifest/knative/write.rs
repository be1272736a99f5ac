//! From v2's form to Knative's, by the same list: what tests write a service with before it is read again.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::containers::{ALIKE, BUCKETS, INSTANCES, MEDIA, PROBES, SOCKETS};
use super::read::{ACCELERATOR, BASE_IMAGE_RUNTIME, MULTI_REGION, at, set};
use super::table::{ANNOTATIONS, Form, On, Part, Place};

/// The service in Knative's form. What has no place there is lost.
pub(crate) fn write(service: &Value) -> Value {
    let mut metadata = metadata(service, On::Service);
    if let Some(name) = service.get("name") {
        metadata["name"] = name.clone();
    }
    if let Some(id) = at(service, MULTI_REGION.1) {
        metadata["labels"][MULTI_REGION.0] = id.clone();
    }
    let mut document = json!({
        "apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": metadata,
        "spec": {"template": template(&service["template"])}
    });
    if let Some(targets) = service["traffic"].as_array() {
        document["spec"]["traffic"] = targets.iter().map(target).collect();
    }
    document
}

fn target(target: &Value) -> Value {
    let mut to = json!({});
    for (field, name) in [("percent", "percent"), ("tag", "tag"), ("revision", "revisionName")] {
        copy(target, field, &mut to, name);
    }
    if target["type"] == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" {
        to["latestRevision"] = true.into();
    }
    to
}

fn metadata(from: &Value, on: On) -> Value {
    let mut to = json!({});
    for map in ["labels", "annotations"] {
        copy(from, map, &mut to, map);
    }
    for annotation in ANNOTATIONS.iter().filter(|annotation| annotation.on == on) {
        let Place::Field(field, form) = annotation.place else { continue };
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

fn template(from: &Value) -> Value {
    let mut metadata = metadata(from, On::Template);
    copy(from, "revision", &mut metadata, "name");
    let mut spec = json!({});
    copy(from, "maxInstanceRequestConcurrency", &mut spec, "containerConcurrency");
    copy(from, "serviceAccount", &mut spec, "serviceAccountName");
    if let Some(seconds) = from["timeout"].as_str().and_then(|text| text.strip_suffix('s')?.parse::<i64>().ok()) {
        spec["timeoutSeconds"] = seconds.into();
    }
    if let Some(accelerator) = at(from, ACCELERATOR.1) {
        spec["nodeSelector"] = json!({ACCELERATOR.0: accelerator});
    }
    let mut parts = Parts { app: app(from), ..Parts::default() };
    let containers = list(from, "containers").iter().enumerate();
    spec["containers"] = containers.map(|(index, container)| parts.container(index, container)).collect();
    let volumes: Vec<Value> = list(from, "volumes").iter().filter_map(|volume| parts.volume(from, volume)).collect();
    if !volumes.is_empty() {
        spec["volumes"] = volumes.into();
    }
    if let Some(sandboxes) = from["sandboxes"]["templates"].as_array() {
        spec["sandboxes"]["templates"] = sandboxes.iter().map(|sandbox| parts.alike(sandbox, &ALIKE, None)).collect();
    }
    for annotation in ANNOTATIONS {
        let Place::Containers(part) = annotation.place else { continue };
        if let Some(text) = parts.text(part) {
            metadata["annotations"][annotation.name] = text.into();
            if part == Part::BaseImages {
                spec["runtimeClassName"] = BASE_IMAGE_RUNTIME.into();
            }
        }
    }
    json!({"metadata": metadata, "spec": spec})
}

/// The container that requests reach.
fn app(template: &Value) -> usize {
    list(template, "containers").iter().position(|container| container.get("ports").is_some()).unwrap_or(0)
}

/// What annotations say of containers, as it is met.
#[derive(Default)]
struct Parts {
    app: usize,
    throttling: Option<bool>,
    boost: Option<bool>,
    sockets: Option<String>,
    by_name: BTreeMap<&'static str, Map<String, Value>>,
    secrets: Vec<String>,
}

impl Parts {
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
        let mut to = self.alike(from, &ALIKE, (index == self.app).then_some(SOCKETS.0));
        for name in PROBES.into_iter().chain(["ports"]) {
            copy(from, name, &mut to, name);
        }
        if let Some(limits) = at(from, "resources.limits") {
            set(&mut to, "resources.limits", limits.clone());
        }
        if let Some(resources) = from.get("resources") {
            self.throttling = Some(resources["cpuIdle"] == true);
            if index == self.app && resources["startupCpuBoost"].is_boolean() {
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

    fn volume(&mut self, template: &Value, from: &Value) -> Option<Value> {
        let mut to = json!({"name": from["name"]});
        if let Some(source) = from.get("cloudSqlInstance") {
            let mounts = list(template, "containers").get(self.app).map(|app| list(app, "volumeMounts"));
            let as_gcloud_does = json!({"name": SOCKETS.0, "mountPath": SOCKETS.1});
            if from["name"] == SOCKETS.0 && mounts.unwrap_or_default().contains(&as_gcloud_does) {
                self.sockets = Some(commas(&source["instances"]));
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

fn list<'a>(from: &'a Value, field: &str) -> &'a [Value] {
    from[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn copy(from: &Value, field: &str, to: &mut Value, name: &str) {
    if let Some(value) = from.get(field) {
        to[name] = value.clone();
    }
}
