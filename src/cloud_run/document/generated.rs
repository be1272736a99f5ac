//! Services, jobs and worker pools made of the published description itself (`run.v2`), for tests: with any of its fields,
//! or with every one.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::Resource;

/// The description, which is read once.
static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../tests/schemas/run.v2.json")).expect("JSON"));

/// Makes them.
pub(crate) struct Maker {
    schemas: &'static Value,
    state: u64,
    /// Every field is there, and every kind of volume.
    whole: bool,
}

impl Maker {
    /// One that makes them with every field.
    pub(crate) fn whole() -> Self {
        Self { whole: true, ..Self::of(1) }
    }

    /// One that makes them with some of the fields, others for each seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self { schemas: &DESCRIPTION["schemas"], state: seed | 1, whole: false }
    }

    /// The next number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        // Knuth's MMIX.
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % end
    }

    /// A service as the API would answer it: what Google writes is there, and no field holds its default.
    pub(crate) fn service(&mut self) -> Value {
        self.make(Resource::Service)
    }

    /// The same of what a manifest can describe.
    pub(crate) fn make(&mut self, resource: Resource) -> Value {
        let (schema, collection) = match resource {
            Resource::Service => ("GoogleCloudRunV2Service", "services"),
            Resource::Job => ("GoogleCloudRunV2Job", "jobs"),
            Resource::WorkerPool => ("GoogleCloudRunV2WorkerPool", "workerPools"),
        };
        let mut made = self.message(schema, "");
        made["name"] = format!("projects/p/locations/r/{collection}/web").into();
        made["template"] = match resource {
            Resource::Service => self.template(resource, "GoogleCloudRunV2RevisionTemplate"),
            Resource::WorkerPool => self.template(resource, "GoogleCloudRunV2WorkerPoolRevisionTemplate"),
            Resource::Job => {
                let mut execution = self.message("GoogleCloudRunV2ExecutionTemplate", "");
                execution["template"] = self.template(resource, "GoogleCloudRunV2TaskTemplate");
                execution
            }
        };
        made
    }

    fn template(&mut self, resource: Resource, schema: &str) -> Value {
        let mut template = self.message(schema, "template");
        if resource != Resource::Job {
            template["revision"] = "web-1".into();
        }
        let kinds = ["cloudSqlInstance", "emptyDir", "filestore", "gcs", "nfs", "secret"];
        let mut volumes = Vec::new();
        for kind in kinds {
            if self.whole || self.below(2) == 0 {
                let schema = self.schemas["GoogleCloudRunV2Volume"]["properties"][kind]["$ref"].clone();
                let mut source = self.message(schema.as_str().expect("a message"), "volume");
                // What a volume cannot do without.
                match kind {
                    "secret" => source["secret"] = "projects/222/secrets/files".into(),
                    "gcs" => source["bucket"] = "files".into(),
                    _ => {}
                }
                volumes.push(json!({"name": format!("v-{}", kind.to_lowercase()), kind: source}));
            }
        }
        let count = if self.whole { 2 } else { 1 + self.below(3) };
        let app = usize::try_from(self.below(count)).unwrap_or(0);
        let mut containers = Vec::new();
        for index in 0..usize::try_from(count).unwrap_or(1) {
            let mut container = self.message("GoogleCloudRunV2Container", "container");
            container["name"] = format!("c{index}").into();
            container["image"] = format!("gcr.io/p/i{index}").into();
            let container = container.as_object_mut().expect("an object");
            for field in ["ports", "volumeMounts", "dependsOn", "env"] {
                container.remove(field);
            }
            if index == app {
                if resource == Resource::Service {
                    container.insert("ports".into(), json!([{"name": "h2c", "containerPort": 9000}]));
                }
                // Every volume is mounted somewhere.
                let mount = |volume: &Value| json!({"name": volume["name"], "mountPath": format!("/{}", volume["name"].as_str().unwrap_or_default()), "subPath": "s"});
                let mounts: Vec<Value> = volumes.iter().map(mount).collect();
                if !mounts.is_empty() {
                    container.insert("volumeMounts".into(), mounts.into());
                }
            }
            if index > 0 {
                container.insert("dependsOn".into(), json!(["c0"]));
            }
            let env = self.env();
            container.insert("env".into(), env);
            containers.push(Value::Object(container.clone()));
        }
        template["containers"] = containers.into();
        template["sandboxes"] = json!({"templates": [{"name": "s", "image": "gcr.io/p/s", "args": ["a"], "command": ["c"],
            "workingDir": "/w", "env": self.env(), "volumeMounts": [{"name": "v-nfs", "mountPath": "/n"}]}]});
        // One that nothing mounts stays.
        volumes.push(json!({"name": "spare", "emptyDir": {"medium": "MEMORY"}}));
        template["volumes"] = volumes.into();
        if template.get("vpcAccess").is_some() && !self.whole {
            let keep = if self.below(2) == 0 { "connector" } else { "networkInterfaces" };
            template["vpcAccess"]
                .as_object_mut()
                .expect("an object")
                .retain(|name, _| name == keep || name == "egress");
        }
        template
    }

    fn env(&mut self) -> Value {
        let other = if self.below(2) == 0 { "db" } else { "projects/222/secrets/db" };
        json!([
            {"name": "PLAIN", "value": "yes: #1 & 'two' \"three\"\n"},
            {"name": "SECRET", "valueSource": {"secretKeyRef": {"secret": other, "version": "latest"}}},
        ])
    }

    /// An object of a schema; `at` is what is made with it.
    fn message(&mut self, schema: &str, at: &str) -> Value {
        let properties = self.schemas[schema]["properties"].as_object().cloned().unwrap_or_default();
        let mut message = Map::new();
        for (name, property) in properties {
            if !self.whole && self.below(2) == 0 {
                continue;
            }
            // They are made apart, or are endless.
            if matches!((at, name.as_str()), ("", "template") | ("template", "containers" | "volumes" | "sandboxes")) {
                continue;
            }
            let value = self.value(&name, &property);
            message.insert(name, value);
        }
        Value::Object(message)
    }

    fn value(&mut self, name: &str, property: &Value) -> Value {
        if let Some(schema) = property["$ref"].as_str() {
            return match schema {
                // One of these, never both.
                "GoogleCloudRunV2Probe" => self.probe(),
                "GoogleCloudRunV2BinaryAuthorization" if self.below(2) == 0 && !self.whole => json!({"policy": "p"}),
                "GoogleCloudRunV2BinaryAuthorization" => json!({"useDefault": true, "breakglassJustification": "once"}),
                schema => self.message(schema, name),
            };
        }
        let format = property["format"].as_str().unwrap_or_default();
        match property["type"].as_str().unwrap_or_default() {
            "boolean" => true.into(),
            "number" => json!(0.5),
            "integer" => (1 + self.below(400)).into(),
            "array" => {
                let item = property["items"].clone();
                let count = if self.whole { 2 } else { 1 + self.below(2) };
                (0..count).map(|_| self.value(name, &item)).collect()
            }
            "object" => json!({"one": "1", "two": "off"}),
            _ if format == "google-duration" => format!("{}s", 3600 * (1 + self.below(9))).into(),
            _ if format == "google-datetime" => "2026-01-01T00:00:00Z".into(),
            _ if format == "int64" => (1 + self.below(9)).to_string().into(),
            _ => match property["enum"].as_array() {
                // The first says that nothing is said.
                Some(words) => {
                    let number = 1 + self.below(words.len() as u64 - 1);
                    words[usize::try_from(number).unwrap_or(1)].clone()
                }
                None => format!("{name}-{}", self.below(100)).into(),
            },
        }
    }

    fn probe(&mut self) -> Value {
        let mut probe = self.message("GoogleCloudRunV2Probe", "probe");
        let kinds = ["httpGet", "tcpSocket", "grpc"];
        let kept = usize::try_from(self.below(3)).unwrap_or(0);
        if let Some(probe) = probe.as_object_mut().filter(|_| !self.whole) {
            probe.retain(|name, _| !kinds.contains(&name.as_str()) || name == kinds[kept]);
        }
        probe
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Fields of a message and of everything below it, as `Message.field`.
    fn described(schemas: &Value, message: &str, found: &mut BTreeSet<String>) {
        for (name, property) in schemas[message]["properties"].as_object().into_iter().flatten() {
            if property["readOnly"] != true && found.insert(format!("{message}.{name}")) {
                of(property).into_iter().for_each(|inner| described(schemas, inner, found));
            }
        }
    }

    /// The same of those that a value has.
    fn there(schemas: &Value, message: &str, value: &Value, found: &mut BTreeSet<String>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let property = &schemas[message]["properties"][name];
            if property["readOnly"] != true {
                found.insert(format!("{message}.{name}"));
                let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                values
                    .iter()
                    .for_each(|value| of(property).into_iter().for_each(|inner| there(schemas, inner, value, found)));
            }
        }
    }

    /// The message that a field holds, one or several.
    fn of(property: &Value) -> Option<&str> {
        property["$ref"].as_str().or_else(|| property["items"]["$ref"].as_str())
    }

    #[test]
    fn what_is_made_whole_has_every_field_of_the_description() {
        let schemas = &DESCRIPTION["schemas"];
        for (resource, schema, count) in [
            (Resource::Service, "GoogleCloudRunV2Service", 180),
            (Resource::Job, "GoogleCloudRunV2Job", 142),
            (Resource::WorkerPool, "GoogleCloudRunV2WorkerPool", 141),
        ] {
            let (mut all, mut made) = (BTreeSet::new(), BTreeSet::new());
            described(schemas, schema, &mut all);
            there(schemas, schema, &Maker::whole().make(resource), &mut made);
            let missing: Vec<&String> = all.difference(&made).collect();
            // One of these, never both; and only services get requests.
            let mut expected = vec!["GoogleCloudRunV2BinaryAuthorization.policy"];
            if resource != Resource::Service {
                expected.extend([
                    "GoogleCloudRunV2Container.ports",
                    "GoogleCloudRunV2ContainerPort.containerPort",
                    "GoogleCloudRunV2ContainerPort.name",
                ]);
            }
            assert_eq!(missing, expected, "{schema}");
            assert_eq!(all.len(), count, "{schema}, with those that are this program's to write");
        }
    }
}
