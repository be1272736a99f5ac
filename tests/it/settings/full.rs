//! Services, worker pools and jobs that have every field of Google's description, made from it: what a field is called
//! comes from the schema, what it may say from the laws that the embedded cloud knows.

use std::collections::BTreeSet;

use fakecloud::World;
use serde_json::{Map, Value, json};

/// Fields of one kind of which a document can have one only, and those that writers leave to Google, or to themselves.
const LEFT_OUT: [&str; 19] = [
    "BinaryAuthorization.policy",
    "SourceCode.inlinedSource",
    "BuildConfiguration.dockerBuild",
    "ExecutionTemplate.delayExecution",
    "ExecutionTemplate.client",
    "ExecutionTemplate.clientVersion",
    "Job.client",
    "Job.clientVersion",
    "Job.etag",
    "Job.name",
    "Job.runExecutionToken",
    "Job.startExecutionToken",
    "RevisionTemplate.client",
    "RevisionTemplate.clientVersion",
    "Service.client",
    "Service.clientVersion",
    "Service.etag",
    "Service.name",
    "Service.traffic",
];

/// Those of worker pools, which have containers like services and no requests.
const LEFT_OUT_OF_POOLS: [&str; 7] = [
    "WorkerPool.client",
    "WorkerPool.clientVersion",
    "WorkerPool.etag",
    "WorkerPool.name",
    "WorkerPool.instanceSplits",
    "WorkerPoolRevisionTemplate.client",
    "WorkerPoolRevisionTemplate.clientVersion",
];

/// What a container of a job, or of a worker pool, cannot have.
const NOT_OF_JOBS: [&str; 3] = ["ports", "livenessProbe", "readinessProbe"];

/// How the template reaches a network: the two exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By an interface of its own.
    Interface,
    /// By a connector.
    Connector,
}

/// Makes documents.
pub struct Maker {
    schemas: Value,
    image: String,
    way: Way,
    without: &'static [&'static str],
}

impl Maker {
    /// Of an image, for a way to the network.
    pub fn new(image: &str, way: Way) -> Self {
        let text = include_str!("../../schemas/run.v2.json");
        let schemas = serde_json::from_str::<Value>(text).unwrap()["schemas"].take();
        Self { schemas, image: image.to_owned(), way, without: &[] }
    }

    /// A service.
    pub fn service(&self) -> Map<String, Value> {
        self.object("Service")
    }

    /// A worker pool.
    pub fn pool(mut self) -> Map<String, Value> {
        self.without = &["ports"];
        self.object("WorkerPool")
    }

    /// A job.
    pub fn job(mut self) -> Map<String, Value> {
        self.without = &NOT_OF_JOBS;
        self.object("Job")
    }

    fn object(&self, schema: &str) -> Map<String, Value> {
        let described = &self.schemas[format!("GoogleCloudRunV2{schema}")]["properties"];
        let fields = described.as_object().unwrap().iter().filter(|(_, described)| described["readOnly"] != true);
        let left_out =
            |name: &str| LEFT_OUT.iter().chain(&LEFT_OUT_OF_POOLS).any(|one| *one == format!("{schema}.{name}"));
        let made = fields.filter_map(|(name, described)| match self.special(schema, name) {
            Some(value) => Some((name.clone(), value)),
            None if left_out(name) => None,
            None => Some((name.clone(), self.value(name, described))),
        });
        made.filter(|(_, value)| !value.is_null()).collect()
    }

    fn value(&self, name: &str, described: &Value) -> Value {
        if let Some(schema) = described["$ref"].as_str() {
            return self.object(schema.trim_start_matches("GoogleCloudRunV2")).into();
        }
        match (described["type"].as_str().unwrap(), described["format"].as_str()) {
            ("array", _) => json!([self.value(name, &described["items"])]),
            ("object", _) => json!({"team": "harbour"}),
            ("boolean", _) => true.into(),
            ("integer", _) => 2.into(),
            ("number", _) => 0.5.into(),
            (_, Some("google-duration")) => "100s".into(),
            (_, Some("int64")) => "7".into(),
            _ => match described["enum"].as_array() {
                Some(words) => words[1].clone(),
                None => format!("some-{}", name.to_lowercase()).into(),
            },
        }
    }

    /// What the laws ask for; null leaves the field out.
    fn special(&self, schema: &str, name: &str) -> Option<Value> {
        let interface = self.way == Way::Interface;
        Some(match (schema, name) {
            (_, "launchStage") => "GA".into(),
            (_, "encryptionKeyRevocationAction") => "SHUTDOWN".into(),
            (_, "encryptionKeyShutdownDuration") => "7200s".into(),
            (_, "ingress") => "INGRESS_TRAFFIC_INTERNAL_ONLY".into(),
            (_, "executionEnvironment") => "EXECUTION_ENVIRONMENT_GEN2".into(),
            (_, "serviceAccount") if schema.ends_with("Template") => World::COMPUTE.into(),
            (_, "revision") => "web-before".into(),
            (_, "egress") => "ALL_TRAFFIC".into(),
            ("RevisionScaling", "maxInstanceCount") => 5.into(),
            ("RevisionScaling", "minInstanceCount") => 1.into(),
            ("VpcAccess", "connector") if interface => Value::Null,
            ("VpcAccess", "networkInterfaces") if !interface => Value::Null,
            ("NetworkInterface", "network") => "net".into(),
            ("NetworkInterface", "subnetwork") => "sub".into(),
            ("NetworkInterface", "tags") => json!(["allow-db"]),
            ("ResourceRequirements", "limits") => json!({"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "1"}),
            ("EnvVar", "valueSource") | ("SandboxTemplate", "env" | "image" | "volumeMounts") => match name {
                "image" => self.image.as_str().into(),
                "volumeMounts" => json!([{"name": "scratch", "mountPath": "/box"}]),
                "env" => json!([{"name": "BOX", "value": "1"}]),
                _ => Value::Null,
            },
            (_, "containers") => json!([self.app(), self.beside()]),
            (_, "volumes") => self.volumes(),
            _ => return None,
        })
    }

    /// The container that requests go to. Two of its probes ask its port, one asks another.
    fn app(&self) -> Value {
        let mut app = self.container("app");
        app.insert("dependsOn".into(), json!(["beside"]));
        app.insert("ports".into(), json!([{"name": "h2c", "containerPort": 8080}]));
        let kinds = ["secret", "gcs", "emptyDir", "nfs", "filestore", "cloudSqlInstance"];
        let place = |kind: &str| if kind == "cloudSqlInstance" { "/cloudsql".to_owned() } else { format!("/{kind}") };
        let mounts =
            kinds.iter().map(|kind| json!({"name": format!("v-{}", kind.to_lowercase()), "mountPath": place(kind)}));
        app.insert("volumeMounts".into(), mounts.collect());
        app.retain(|name, _| !self.without.contains(&name.as_str()));
        app.into()
    }

    /// A container beside it, whose probe asks a port of its own, and whose mount shows a part of a volume.
    fn beside(&self) -> Value {
        let mut beside = self.container("beside");
        beside.remove("dependsOn");
        beside.insert("startupProbe".into(), json!({"tcpSocket": {"port": 9999}, "periodSeconds": 10}));
        beside
            .insert("volumeMounts".into(), json!([{"name": "v-emptydir", "mountPath": "/shared", "subPath": "part"}]));
        beside.retain(|name, _| !self.without.contains(&name.as_str()));
        beside.into()
    }

    fn container(&self, name: &str) -> Map<String, Value> {
        let mut container = self.object("Container");
        container.remove("ports");
        container.insert("name".into(), name.into());
        container.insert("image".into(), self.image.as_str().into());
        let secret = json!({"secret": "db", "version": "1"});
        container.insert(
            "env".into(),
            json!([{"name": "PLAIN", "value": "one"}, {"name": "SECRET", "valueSource": {"secretKeyRef": secret}}]),
        );
        let probe = |way: &str, asks: Value| {
            let mut probe = self.object("Probe");
            probe.retain(|name, _| !["tcpSocket", "httpGet", "grpc"].contains(&name.as_str()));
            probe.insert(way.to_owned(), asks);
            Value::Object(probe)
        };
        let http = json!({"path": "/live", "port": 8080, "httpHeaders": [{"name": "X-Who", "value": "probe"}]});
        container.insert("startupProbe".into(), probe("tcpSocket", json!({"port": 8080})));
        container.insert("livenessProbe".into(), probe("httpGet", http));
        container.insert("readinessProbe".into(), probe("grpc", json!({"port": 9000, "service": "ready"})));
        container
    }

    /// One volume of each kind, and two that nothing but a sandbox, and nothing at all, mounts.
    fn volumes(&self) -> Value {
        let described = self.schemas["GoogleCloudRunV2Volume"]["properties"].as_object().unwrap();
        let kinds = described.iter().filter(|(kind, _)| *kind != "name");
        let made = kinds.map(|(kind, described)| {
            let mut volume = json!({"name": format!("v-{}", kind.to_lowercase())});
            volume[kind] = match kind.as_str() {
                "secret" => {
                    json!({"secret": "db", "defaultMode": 256, "items": [{"path": "old", "version": "1", "mode": 292}]})
                }
                "cloudSqlInstance" => json!({"instances": ["harbour-dev:us-central1:first"]}),
                _ => self.value(kind, described),
            };
            volume
        });
        let more = [json!({"name": "scratch", "emptyDir": {}}), json!({"name": "spare", "gcs": {"bucket": "spare"}})];
        made.chain(more).collect()
    }

    /// Fields of the schema that documents do not have, though they could.
    pub fn missing(&self, root: &str, documents: &[&Map<String, Value>]) -> Vec<String> {
        let (mut all, mut had) = (BTreeSet::new(), BTreeSet::new());
        self.reachable(root, &mut all);
        for document in documents {
            self.had(root, &Value::Object((*document).clone()), &mut had);
        }
        let out = |field: &&String| LEFT_OUT.iter().chain(&LEFT_OUT_OF_POOLS).any(|out| field == out);
        all.difference(&had).filter(|field| !out(field)).cloned().collect()
    }

    fn fields(&self, schema: &str) -> impl Iterator<Item = (&String, &Value, Option<&str>)> {
        let described = self.schemas[format!("GoogleCloudRunV2{schema}")]["properties"].as_object().unwrap();
        described.iter().filter(|(_, one)| one["readOnly"] != true).map(|(name, one)| {
            let inner = one["$ref"].as_str().or_else(|| one["items"]["$ref"].as_str());
            (name, one, inner.map(|inner| inner.trim_start_matches("GoogleCloudRunV2")))
        })
    }

    fn reachable(&self, schema: &str, all: &mut BTreeSet<String>) {
        for (name, _, inner) in self.fields(schema) {
            let field = format!("{schema}.{name}");
            let out = LEFT_OUT.iter().chain(&LEFT_OUT_OF_POOLS).any(|out| field == *out);
            if !self.without.contains(&name.as_str())
                && all.insert(field)
                && !out
                && let Some(inner) = inner
            {
                self.reachable(inner, all);
            }
        }
    }

    fn had(&self, schema: &str, value: &Value, had: &mut BTreeSet<String>) {
        for (name, _, inner) in self.fields(schema) {
            let Some(value) = value.get(name) else { continue };
            had.insert(format!("{schema}.{name}"));
            let Some(inner) = inner else { continue };
            match value {
                Value::Array(list) => list.iter().for_each(|one| self.had(inner, one, had)),
                one => self.had(inner, one, had),
            }
        }
    }
}
