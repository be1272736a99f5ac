//! Each setting over a service, a worker pool and a job that have every field: what its write changes is the table of
//! `docs/SETTINGS.md`, and whatever is not the setting's own was said. `UPDATE_DOCS=1 cargo test --test it settings`
//! writes the table anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use fakecloud::World;
use serde_json::{Map, Value, json};
use slipway::inputs::spec::{DEPLOY, Input, InputGroup, JOB};

use super::full::{Maker, Way};
use crate::support::{Run, Scene};

const OTHER: &str = "other@harbour-dev.iam.gserviceaccount.com";
const CONNECTOR: &str = "projects/harbour-dev/locations/us-central1/connectors/other";

/// A setting with a value that is not the one that is there, and the fields that are its own.
struct Row {
    name: &'static str,
    /// Further inputs.
    with: &'static [(&'static str, &'static str)],
    text: &'static str,
    /// The document it is applied to.
    way: Way,
    own: &'static [&'static str],
}

const fn row(name: &'static str, text: &'static str, own: &'static [&'static str]) -> Row {
    Row { name, text, own, with: &[], way: Way::Interface }
}

const fn over(way: Way, row: Row) -> Row {
    Row { way, ..row }
}

const fn with(with: &'static [(&'static str, &'static str)], row: Row) -> Row {
    Row { with, ..row }
}

const CONTAINERS_ENV: &[&str] = &["template.containers.env"];
const INTERFACE: &[&str] =
    &["template.vpcAccess.networkInterfaces.network", "template.vpcAccess.networkInterfaces.subnetwork"];

/// Settings that services, worker pools and jobs have.
const OF_ALL: &[Row] = &[
    row("cpu", "2", &["template.containers.resources.limits.cpu"]),
    row("memory", "2Gi", &["template.containers.resources.limits.memory"]),
    row("env_vars", "PLAIN: two\nNEW: x", CONTAINERS_ENV),
    with(&[("env_vars_update_strategy", "overwrite")], row("env_vars", "NEW: x", CONTAINERS_ENV)),
    row("secrets", "SECRET: db:2\nPLAIN: db:1", CONTAINERS_ENV),
    row("secrets", "/secret/new: db:2", &["template.volumes.secret"]),
    row("secrets", "/elsewhere/new: db:2", &["template.volumes.secret", "template.containers.volumeMounts"]),
    with(
        &[("secrets_update_strategy", "overwrite")],
        row(
            "secrets",
            "NEW: db:1",
            &["template.containers.env", "template.volumes.secret", "template.containers.volumeMounts"],
        ),
    ),
    row("labels", "tier: gold", &["labels.tier", "template.labels.tier", "execution.labels.tier"]),
    row("runtime_service_account", OTHER, &["template.serviceAccount"]),
    row("cloudsql_instances", "harbour-dev:us-central1:other", &["template.volumes.cloudSqlInstance"]),
    row("vpc_connector", CONNECTOR, &["template.vpcAccess.connector"]),
    over(Way::Connector, row("vpc_connector", CONNECTOR, &["template.vpcAccess.connector"])),
    row("subnet", "other", INTERFACE),
    with(&[("subnet", "other")], row("network", "other", INTERFACE)),
    over(Way::Connector, row("network", "other", INTERFACE)),
    row("vpc_egress", "private-ranges-only", &["template.vpcAccess.egress"]),
    row("command", "walk", &["template.containers.command"]),
    row("args", "--far", &["template.containers.args"]),
];

/// Settings of what runs, which come with their own fields.
const OF_CONTAINERS: &[Row] = &[
    row("binary_authorization", POLICY, &["binaryAuthorization.useDefault", "binaryAuthorization.policy"]),
    row("breakglass", "ticket 7", &["binaryAuthorization.breakglassJustification"]),
    row("encryption_key", KEY, &["template.encryptionKey"]),
    row("encryption_key", "default", KEYS),
    row("network_tags", "allow-cache", &["template.vpcAccess.networkInterfaces.tags"]),
    with(CPUS, row("gpu", "2", &["template.containers.resources.limits"])),
    row("gpu", "0", &["template.containers.resources.limits", "template.nodeSelector.accelerator"]),
    row("gpu_type", "nvidia-l4", &["template.nodeSelector.accelerator"]),
    row("gpu_zonal_redundancy", "true", &["template.gpuZonalRedundancyDisabled"]),
    row("startup_probe", "GET /started every 3s", &["template.containers.startupProbe"]),
    row("depends_on", "default", &["template.containers.dependsOn"]),
    row("working_dir", "/srv", &["template.containers.workingDir"]),
    row(
        "volumes",
        "v-gcs: memory 64Mi\nv-nfs: null\nnew: gs://other",
        &["template.volumes", "template.containers.volumeMounts"],
    ),
    row("volume_mounts", "/gcs: spare\n/nfs: null\n/new: v-gcs", &["template.containers.volumeMounts"]),
    row("containers", "beside: {memory: 2Gi}", &["template.containers.resources.limits.memory"]),
    row("remove_containers", "beside", &["template.containers"]),
    row("env_vars", "PLAIN: null", CONTAINERS_ENV),
    row(
        "secrets",
        "SECRET: null\n/secret/old: null",
        &["template.containers.env", "template.volumes", "template.containers.volumeMounts"],
    ),
    row("labels", "team: null", &["labels", "template.labels", "execution.labels"]),
];

/// Settings of revisions that services and worker pools have.
const OF_REVISIONS: &[Row] = &[
    row("key_revocation_action", "prevent-new", &["template.encryptionKeyRevocationAction"]),
    row("key_shutdown_hours", "3", &["template.encryptionKeyShutdownDuration"]),
    row("mesh", "default", &["template.serviceMesh"]),
    row("liveness_probe", "GET /alive", &["template.containers.livenessProbe"]),
    row("readiness_probe", "grpc:9001", &["template.containers.readinessProbe"]),
    row("base_image", "python312", &["template.containers.baseImageUri"]),
    row("automatic_updates", "false", &["template.containers.baseImageUri"]),
];

const POLICY: &str = "projects/harbour-dev/platforms/cloudRun/policies/strict";
const KEY: &str = "projects/harbour-dev/locations/us-central1/keyRings/ring/cryptoKeys/other";
const KEYS: &[&str] =
    &["template.encryptionKey", "template.encryptionKeyRevocationAction", "template.encryptionKeyShutdownDuration"];
const CPUS: &[(&str, &str)] = &[("cpu", "4"), ("memory", "16Gi")];

const OF_POOLS: &[Row] = &[
    row("instances", "3", &["scaling.manualInstanceCount"]),
    row("description", "Another one", &["description"]),
    row("suffix", "v9", &[]),
    with(&[("container", "beside")], row("memory", "2Gi", &["template.containers.resources.limits.memory"])),
];

const OF_SERVICES: &[Row] = &[
    row("port", "3000", &["template.containers.ports"]),
    row("concurrency", "10", &["template.maxInstanceRequestConcurrency"]),
    row("timeout", "60s", &["template.timeout"]),
    row("min_instances", "3", &["template.scaling.minInstanceCount"]),
    row("max_instances", "7", &["template.scaling.maxInstanceCount"]),
    row("ingress", "all", &["ingress"]),
    row("execution_environment", "gen1", &["template.executionEnvironment"]),
    row("cpu_boost", "false", &["template.containers.resources.startupCpuBoost"]),
    row("cpu_throttling", "false", &["template.containers.resources.cpuIdle"]),
    row("session_affinity", "false", &["template.sessionAffinity"]),
    row("description", "Another one", &["description"]),
    row("suffix", "v9", &[]),
    row("invoker_iam_check", "true", &["invokerIamDisabled"]),
    row("invokers", "user:ada@example.com", &[]),
    row("iap", "false", &["iapEnabled"]),
    row("default_url", "true", &["defaultUriDisabled"]),
    row("custom_audiences", "https://a.example", &["customAudiences"]),
    row("min", "4", &["scaling.minInstanceCount"]),
    row("max", "9", &["scaling.maxInstanceCount"]),
    row("scaling", "3", &["scaling.scalingMode", "scaling.manualInstanceCount"]),
    row("http2", "false", &["template.containers.ports"]),
    row("deploy_health_check", "true", &["template.healthCheckDisabled"]),
    row("allow_unauthenticated", "true", &[]),
    row("tag", "blue", &["traffic"]),
    with(&[("container", "beside")], row("memory", "2Gi", &["template.containers.resources.limits.memory"])),
    with(&[("skip_default_labels", "false")], row("labels", "tier: gold", &["labels", "template.labels"])),
];

const OF_JOBS: &[Row] = &[
    row("task_timeout", "5m", &["template.timeout"]),
    row("max_retries", "1", &["template.maxRetries"]),
    row("tasks", "5", &["execution.taskCount"]),
    row("execution_environment", "gen1", &["template.executionEnvironment"]),
    row("parallelism", "1", &["execution.parallelism"]),
];

/// What is made of and kept in the world.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Service,
    Pool,
    Job,
}

impl Kind {
    fn full(self, image: &str, way: Way) -> Map<String, Value> {
        let maker = Maker::new(image, way);
        match self {
            Kind::Service => maker.service(),
            Kind::Pool => maker.pool(),
            Kind::Job => maker.job(),
        }
    }

    fn config(self, world: &mut World) -> &mut Map<String, Value> {
        match self {
            Kind::Service => &mut world.services.values_mut().next().unwrap().config,
            Kind::Pool => &mut world.worker_pools.values_mut().next().unwrap().config,
            Kind::Job => &mut world.jobs.values_mut().next().unwrap().config,
        }
    }

    fn run(self, scene: &Scene) -> Run {
        if self == Kind::Job { scene.command(&["job"]) } else { scene.run() }
    }
}

/// A scene with one of a kind, made by the program, and the image it has.
fn scene(kind: Kind) -> (Scene, String) {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.add_account("harbour-dev", OTHER);
        for payload in ["s3cret", "s3cret-2"] {
            world.add_secret("harbour-dev", "db", payload);
        }
        for account in [World::COMPUTE, OTHER] {
            world.share_secret("harbour-dev", "db", account);
        }
        world.push_image("us-central1-docker.pkg.dev/harbour-dev/app/tool:v1");
    });
    scene.input("skip_default_labels", "true").input("source", "");
    scene.input("image", "us-central1-docker.pkg.dev/harbour-dev/app/tool:v1");
    match kind {
        Kind::Service => drop(scene.input("strategy", "direct")),
        Kind::Pool => drop(scene.input("kind", "worker-pool")),
        Kind::Job => drop(scene.input("service", "").input("job", "web").input("run", "false")),
    }
    kind.run(&scene).expect(0);
    let config = scene.cloud.world(|world| Value::Object(kind.config(world).clone()));
    let task = if kind == Kind::Job { &config["template"]["template"] } else { &config["template"] };
    let image = task["containers"][0]["image"].as_str().unwrap().to_owned();
    scene.input("image", &image);
    (scene, image)
}

/// The values of a document by place, and their paths without names; what a run notes and marks is left out. A job's
/// tasks are written like a service's template.
fn leaves(document: &Map<String, Value>) -> BTreeMap<String, (String, Value)> {
    fn flatten(place: &str, path: &str, value: &Value, found: &mut BTreeMap<String, (String, Value)>) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    let join = |to: &str| if to.is_empty() { name.clone() } else { format!("{to}.{name}") };
                    flatten(&join(place), &join(path), value, found);
                }
            }
            Value::Array(list) if list.iter().any(Value::is_object) => {
                for (at, entry) in list.iter().enumerate() {
                    let mut entry = entry.clone();
                    let key = ["mountPath", "name", "path"].into_iter().find(|key| entry[*key].is_string());
                    let name = key.and_then(|key| entry.as_object_mut()?.remove(key)).unwrap_or_default();
                    let place = match name.as_str() {
                        Some(name) => format!("{place}[{name}]"),
                        None if list.len() > 1 => format!("{place}[{at}]"),
                        None => place.to_owned(),
                    };
                    flatten(&place, path, &entry, found);
                }
            }
            value => drop(found.insert(place.to_owned(), (path.to_owned(), value.clone()))),
        }
    }
    let mut document = Value::Object(document.clone());
    if document["template"]["template"].is_object() {
        let mut execution = document["template"].take();
        document["template"] = execution["template"].take();
        document["execution"] = execution;
    }
    let mut found = BTreeMap::new();
    flatten("", "", &document, &mut found);
    let marks = ["client", "clientVersion", "template.revision", "template.client", "execution.client"];
    found.retain(|place, _| !place.contains("slipway.dev/") && !marks.contains(&place.as_str()));
    found
}

/// What a row's write changed: its own paths, and the others.
fn changed(scene: &mut Scene, kind: Kind, image: &str, row: &Row) -> [BTreeSet<String>; 2] {
    let before = scene.cloud.world(|world| {
        let config = kind.config(world);
        let keep = |config: &Map<String, Value>, key: &str| config.get(key).cloned();
        let (traffic, splits, notes) =
            (keep(config, "traffic"), keep(config, "instanceSplits"), keep(config, "annotations"));
        *config = kind.full(image, row.way);
        for (key, value) in [("traffic", traffic), ("instanceSplits", splits)] {
            config.extend(value.map(|value| (key.to_owned(), value)));
        }
        if let (Some(Value::Object(notes)), Some(Value::Object(all))) = (notes, config.get_mut("annotations")) {
            all.extend(notes.into_iter().filter(|(name, _)| name.starts_with("slipway.dev/")));
        }
        leaves(config)
    });
    let mut inputs = row.with.to_vec();
    inputs.push((row.name, row.text));
    for (name, text) in &inputs {
        scene.input(name, text);
    }
    let run = kind.run(scene).expect(0);
    for (name, _) in &inputs {
        scene.input(name, if *name == "skip_default_labels" { "true" } else { "" });
    }
    let after = scene.cloud.world(|world| leaves(kind.config(world)));
    let places: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let [mut own, mut besides] = [BTreeSet::new(), BTreeSet::new()];
    for place in places {
        let (old, new) = (before.get(place), after.get(place));
        if old.map(|(_, value)| value) == new.map(|(_, value)| value) {
            continue;
        }
        let path = &old.or(new).unwrap().0;
        if row
            .own
            .iter()
            .any(|mine| path.strip_prefix(mine).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
        {
            own.insert(path.clone());
            continue;
        }
        let shown = place.trim_start_matches("template.");
        let said = format!("Besides what the inputs name: `{shown}`");
        assert!(
            run.stdout.contains(&said),
            "`{}` changes {place} from {old:?} to {new:?} and says nothing:\n{}",
            row.name,
            run.log()
        );
        besides.insert(path.clone());
    }
    if !["suffix", "allow_unauthenticated", "invokers"].contains(&row.name) {
        assert!(!own.is_empty(), "`{}` changes nothing", row.name);
    }
    [own, besides]
}

/// The rows of a kind, as a table.
fn table(kind: Kind, rows: &[&[Row]]) -> String {
    let (mut scene, image) = scene(kind);
    let mut lines: Vec<(String, BTreeSet<String>, BTreeSet<String>)> = Vec::new();
    for row in rows.iter().copied().flatten() {
        let [own, besides] = changed(&mut scene, kind, &image, row);
        let way = match (row.way, row.name) {
            (Way::Connector, "network") => " over a connector",
            (Way::Interface, "vpc_connector") => " over an interface",
            _ => "",
        };
        let given =
            |(name, text): &&(&str, &str)| matches!(*text, "overwrite") || ["container", "subnet"].contains(name);
        let with: Vec<String> = row.with.iter().filter(given).map(|(name, _)| format!(" with `{name}`")).collect();
        let name = format!("`{}`{}{way}", row.name, with.concat());
        match lines.iter_mut().find(|(known, _, _)| *known == name) {
            Some((_, known, more)) => {
                known.extend(own);
                more.extend(besides);
            }
            None => lines.push((name, own, besides)),
        }
    }
    let mut text = "| setting | changes | besides, said before |\n| --- | --- | --- |\n".to_owned();
    for (name, own, besides) in lines {
        let words = |paths: &BTreeSet<String>, none: &str| match paths.len() {
            0 => none.to_owned(),
            _ if none == "the containers it names" => none.to_owned(),
            _ => paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", "),
        };
        let none = match name.as_str() {
            "`suffix`" => "the revision's name",
            "`remove_containers`" => "the containers it names",
            "`invokers`" => "the service's policy: members of `roles/run.invoker` are added",
            "`allow_unauthenticated`" => {
                "the service's policy: the members `allUsers` and `allAuthenticatedUsers` of `roles/run.invoker`"
            }
            _ => "nothing",
        };
        writeln!(text, "| {name} | {} | {} |", words(&own, none), words(&besides, "nothing")).unwrap();
    }
    text
}

/// Compares a part of the document with what was seen, or writes it when asked to.
fn check(part: &str, expected: &str) {
    static WRITING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = WRITING.lock();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SETTINGS.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (open, close) = (format!("<!-- {part} -->\n"), format!("<!-- /{part} -->"));
    let (before, rest) = text.split_once(&open).unwrap();
    let (found, after) = rest.split_once(&close).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{open}{expected}{close}{after}")).unwrap();
        return;
    }
    assert_eq!(found, expected, "run UPDATE_DOCS=1 cargo test --test it settings");
}

#[test]
fn the_documents_have_every_field_of_the_schema() {
    for (kind, root) in [(Kind::Service, "Service"), (Kind::Pool, "WorkerPool"), (Kind::Job, "Job")] {
        let (interface, connector) = (kind.full("i", Way::Interface), kind.full("i", Way::Connector));
        let missing = Maker::new("i", Way::Interface).missing(root, &[&interface, &connector]);
        let cannot: &[&str] = match kind {
            Kind::Service => &[],
            Kind::Pool => &["Container.ports", "ContainerPort.containerPort", "ContainerPort.name"],
            Kind::Job => &[
                "Container.livenessProbe",
                "Container.ports",
                "Container.readinessProbe",
                "ContainerPort.containerPort",
                "ContainerPort.name",
                "GRPCAction.port",
                "GRPCAction.service",
                "HTTPGetAction.httpHeaders",
                "HTTPGetAction.path",
                "HTTPGetAction.port",
                "HTTPHeader.name",
                "HTTPHeader.value",
                "Probe.grpc",
                "Probe.httpGet",
            ],
        };
        assert_eq!(missing, cannot, "{root}");
    }
}

#[test]
fn every_setting_is_in_a_table() {
    // What says how another setting is read, and what is no field of a service.
    let no_rows = [
        "manifest",
        "flags",
        "env_vars_file",
        "env_vars_update_strategy",
        "secrets_update_strategy",
        "skip_default_labels",
        "container",
        "domain",
    ];
    let rows = |all: &[&[Row]]| all.iter().copied().flatten().map(|row| row.name).collect::<BTreeSet<_>>();
    let inputs = |all: &'static [Input], group: InputGroup| {
        let own = all.iter().filter(move |input| input.group == group).map(|input| input.name);
        own.filter(|name| !no_rows.contains(name)).collect::<BTreeSet<_>>()
    };
    let mut of_services = rows(&[OF_SERVICES, OF_POOLS, OF_ALL, OF_CONTAINERS, OF_REVISIONS]);
    assert!(of_services.remove("tag"), "one of the rollout's that writes on the service");
    assert_eq!(of_services, inputs(DEPLOY, InputGroup::Service));
    assert_eq!(rows(&[OF_JOBS, OF_ALL, OF_CONTAINERS]), inputs(JOB, InputGroup::Job));
}

#[test]
fn settings_of_services() {
    check("service", &table(Kind::Service, &[OF_SERVICES, OF_ALL, OF_CONTAINERS, OF_REVISIONS]));
}

#[test]
fn settings_of_worker_pools() {
    check("worker-pool", &table(Kind::Pool, &[OF_POOLS, OF_ALL, OF_CONTAINERS, OF_REVISIONS]));
}

#[test]
fn settings_of_jobs() {
    check("job", &table(Kind::Job, &[OF_JOBS, OF_ALL, OF_CONTAINERS]));
}

#[test]
fn a_deploy_that_sets_nothing_changes_nothing() {
    for kind in [Kind::Service, Kind::Pool, Kind::Job] {
        let (mut scene, image) = scene(kind);
        let nothing = Row { name: "suffix", text: "", with: &[], way: Way::Interface, own: &[] };
        let [own, besides] = changed(&mut scene, kind, &image, &nothing);
        assert!(own.is_empty() && besides.is_empty(), "{besides:?}");
    }
}

#[test]
fn who_else_may_call_a_service_stays() {
    let (mut scene, _) = scene(Kind::Service);
    let members = |scene: &Scene| {
        scene.cloud.world(|world| {
            let service = world.services.values().next().unwrap();
            let all = service.policy.bindings.iter().map(|one| json!([one.role, one.members]));
            all.collect::<Vec<_>>()
        })
    };
    scene.cloud.world(|world| {
        let service = world.services.values_mut().next().unwrap();
        service.policy.grant("roles/run.invoker", "group:callers@example.com");
        service.policy.grant("roles/run.viewer", "allAuthenticatedUsers");
    });
    let before = members(&scene);
    scene.input("allow_unauthenticated", "true").run().expect(0);
    assert_ne!(members(&scene), before);
    scene.input("allow_unauthenticated", "false").run().expect(0);
    assert_eq!(members(&scene), before);
}
