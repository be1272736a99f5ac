//! What a write changes besides what the inputs name, in words: so that nothing goes unsaid. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::own_names::is_note;
use super::wanted::edit::At;
use super::wanted::job::JobSettings;
use super::wanted::settings::Settings;
use crate::inputs::setting::fields;

/// The fields that inputs are there to change besides those of the table of settings, as paths without names of
/// containers and volumes. Those of a job's tasks are written like a service's.
const OWN: &[(&str, &[&str])] = &[
    ("port", &["template.containers.ports"]),
    ("http2", &["template.containers.ports"]),
    ("volumes", &["template.volumes", "template.containers.volumeMounts"]),
    ("volume_mounts", &["template.containers.volumeMounts"]),
    ("remove_containers", &["template.containers"]),
    ("env_vars", &["template.containers.env"]),
    ("secrets", &["template.containers.env", "template.containers.volumeMounts", "template.volumes.secret"]),
    ("labels", &["labels", "template.labels", "execution.labels"]),
    ("cloudsql_instances", &["template.containers.volumeMounts", "template.volumes.cloudSqlInstance"]),
    ("network", &["template.vpcAccess.networkInterfaces.network"]),
    ("subnet", &["template.vpcAccess.networkInterfaces.subnetwork"]),
    ("network_tags", &["template.vpcAccess.networkInterfaces.tags"]),
    ("task_timeout", &["task_timeout"]),
    ("max_retries", &["max_retries"]),
    ("tasks", &["tasks"]),
    ("parallelism", &["parallelism"]),
];

/// Every field that an input is there to change.
fn own(input: &str) -> Vec<String> {
    let listed =
        OWN.iter().filter(|(name, _)| *name == input).flat_map(|(_, paths)| *paths).map(|path| (*path).to_owned());
    let of_table = fields(input).map(|setting| {
        let start = match setting.at {
            At::Service | At::Execution => "",
            At::Template => "template.",
            At::Container => "template.containers.",
        };
        format!("{start}{}", setting.path.join("."))
    });
    listed.chain(of_table).collect()
}

/// What every write changes: the image, and what marks the write.
const ALWAYS: [&str; 10] = [
    "template.containers.image",
    "template.revision",
    "template.client",
    "template.clientVersion",
    "client",
    "clientVersion",
    "etag",
    "traffic",
    "launchStage",
    "template.labels.client.knative.dev/nonce",
];

/// The inputs of a service or worker pool that are given, and of each container beside the app.
pub fn given(settings: &Settings) -> Vec<String> {
    let beside = settings.containers.iter().map(|beside| format!("{BESIDE}{}", beside.name));
    given_inputs(settings).into_iter().map(str::to_owned).chain(beside).collect()
}

/// What stands before the name of a container that `containers` names.
const BESIDE: &str = "containers ";

fn given_inputs(settings: &Settings) -> Vec<&'static str> {
    let all = [
        ("port", settings.port.is_some()),
        ("cpu", settings.cpu.is_some()),
        ("memory", settings.memory.is_some()),
        ("concurrency", settings.concurrency.is_some()),
        ("timeout", settings.timeout.is_some()),
        ("instances", settings.instances.is_some()),
        ("min_instances", settings.min_instances.is_some()),
        ("max_instances", settings.max_instances.is_some()),
        ("env_vars", settings.env.entries.is_some()),
        ("secrets", settings.secrets.entries.is_some()),
        ("labels", !settings.labels.is_empty() || !settings.labels_gone.is_empty() || settings.labels_all_gone),
        ("volumes", settings.volumes.says_anything()),
        ("volume_mounts", settings.volume_mounts.says_anything()),
        ("remove_containers", !settings.remove_containers.is_empty()),
        ("runtime_service_account", settings.runtime_account.is_some()),
        ("cloudsql_instances", settings.cloudsql.is_some()),
        ("vpc_connector", settings.vpc_connector.is_some()),
        ("network", settings.network.is_some()),
        ("subnet", settings.subnet.is_some()),
        ("vpc_egress", settings.vpc_egress_all.is_some()),
        ("ingress", settings.ingress.is_some()),
        ("execution_environment", settings.second_generation.is_some()),
        ("cpu_boost", settings.cpu_boost.is_some()),
        ("cpu_throttling", settings.cpu_throttling.is_some()),
        ("session_affinity", settings.session_affinity.is_some()),
        ("command", settings.command.is_some()),
        ("args", settings.args.is_some()),
        ("description", settings.description.is_some()),
        ("invoker_iam_check", settings.invoker_check.is_some()),
        ("http2", settings.http2.is_some()),
        ("network_tags", settings.network_tags.is_some()),
        ("custom_audiences", settings.audiences.is_some()),
    ];
    let mut given: Vec<&'static str> = all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
    given.extend(settings.edits.iter().map(|edit| edit.input));
    given.extend(&settings.gone);
    given
}

/// Those of a job.
pub fn given_to_job(settings: &JobSettings) -> Vec<String> {
    let mut all = given(&settings.shared);
    let more = [
        ("task_timeout", settings.timeout.is_some()),
        ("max_retries", settings.retries.is_some()),
        ("tasks", settings.tasks.is_some()),
        ("parallelism", settings.parallelism.is_some()),
    ];
    all.extend(more.into_iter().filter(|(_, given)| *given).map(|(name, _)| name.to_owned()));
    all
}

/// A sentence for each thing that differs between two documents and is no input's that is given. Both are as they are
/// written; a job's is in the shape of a service.
pub fn besides(before: &Value, after: &Value, given: &[impl AsRef<str>]) -> Vec<String> {
    let given: Vec<&str> = given.iter().map(AsRef::as_ref).collect();
    let named: Vec<String> = given
        .iter()
        .filter_map(|input| input.strip_prefix(BESIDE))
        .map(|name| format!("template.containers[{name}]."))
        .collect();
    let given = given.iter().flat_map(|input| own(input));
    let owned: Vec<String> = ALWAYS.into_iter().map(str::to_owned).chain(given).collect();
    // The only container needs no name.
    let alone = [before, after].iter().all(|one| one.pointer("/template/containers/1").is_none());
    let (old, new) = (leaves(before, alone), leaves(after, alone));
    let mut places: Vec<&String> = old.keys().chain(new.keys()).collect();
    places.sort();
    places.dedup();
    let mut said = Vec::new();
    for place in places {
        let (before, after) = (old.get(place), new.get(place));
        let Some(path) = before.or(after).map(|leaf| leaf.path.as_str()) else { continue };
        let same = before.map(|leaf| &leaf.value) == after.map(|leaf| &leaf.value);
        // Whose label it is that says who manages a service is worth a word when it changes hands.
        let hands = path.ends_with("labels.managed-by") && before.is_some();
        let beside = named.iter().any(|start| place.starts_with(start));
        if !same && (hands || !is_owned(&owned, path) && !beside) && !is_note(path) {
            let sentence = sentence(place, path, before, after);
            if !said.contains(&sentence) {
                said.push(sentence);
            }
        }
    }
    said
}

fn is_owned(owned: &[String], path: &str) -> bool {
    let below = |all: &str| path.strip_prefix(all).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    owned.iter().any(|all| below(all))
}

/// A value somewhere in a document, and its path without names of containers, volumes and the like.
struct Leaf {
    path: String,
    value: Value,
}

/// Every value of a document by the place that people know it by.
fn leaves(document: &Value, alone: bool) -> BTreeMap<String, Leaf> {
    let mut found = BTreeMap::new();
    flatten("", "", document, alone, &mut found);
    found
}

/// What tells the entries of a list apart.
fn key(entry: &Value) -> Option<&'static str> {
    ["mountPath", "name", "path"].into_iter().find(|key| entry.get(key).is_some_and(Value::is_string))
}

fn flatten(place: &str, path: &str, value: &Value, alone: bool, found: &mut BTreeMap<String, Leaf>) {
    let join = |to: &str, name: &str| if to.is_empty() { name.to_owned() } else { format!("{to}.{name}") };
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                flatten(&join(place, name), &join(path, name), value, alone, found);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_object) => {
            for (at, entry) in list.iter().enumerate() {
                let mut entry = entry.clone();
                let name = key(&entry).and_then(|key| entry.as_object_mut()?.remove(key)).unwrap_or_default();
                let container = path == "template.containers";
                let place = match name.as_str() {
                    _ if container && alone => place.to_owned(),
                    Some(name) => format!("{place}[{name}]"),
                    None if list.len() > 1 || container => format!("{place}[{at}]"),
                    None => place.to_owned(),
                };
                flatten(&place, path, &entry, alone, found);
            }
        }
        Value::Array(list) if list.is_empty() => {}
        value => drop(found.insert(place.to_owned(), Leaf { path: path.to_owned(), value: value.clone() })),
    }
}

/// Objects that are spoken of as a whole, and why what is not named changes.
const BECAUSE: &[(&str, &str)] = &[
    ("encryptionKeyShutdownDuration", "nothing is shut down where `key_revocation_action` is `prevent-new`"),
    ("breakglassJustification", "it passes by the project's own policy, which does not hold any more"),
    ("scaling.minInstanceCount", "a fixed number of instances has no least"),
    ("scaling.maxInstanceCount", "a fixed number of instances has no most"),
    ("resources.cpuIdle", "a GPU needs CPU that is always on"),
    ("startupProbe", "it asks the port that `port` changes"),
    ("livenessProbe", "it asks the port that `port` changes"),
    ("readinessProbe", "it asks the port that `port` changes"),
    (
        "vpcAccess.networkInterfaces",
        "a connector and an interface exclude each other, and a network has its own subnetworks",
    ),
    ("vpcAccess.connector", "a connector and an interface exclude each other"),
    ("baseImageUri", "the new image brings its base along: Cloud Run does not update that by itself any more"),
    ("buildConfig", "the new image does not come from that build"),
    ("sourceCode", "the new image does not come from that source"),
];

fn sentence(place: &str, path: &str, before: Option<&Leaf>, after: Option<&Leaf>) -> String {
    let because = BECAUSE.iter().find(|(part, _)| path.contains(part));
    let whole = because.filter(|(part, _)| after.is_none() && matches!(*part, "buildConfig" | "sourceCode"));
    // The template is the service's or the tasks', and its containers are named where there are several.
    let place = match whole {
        Some((part, _)) => place.split_once(part).map_or(place.to_owned(), |(start, _)| format!("{start}{part}")),
        None => place.to_owned(),
    };
    let place = place.trim_start_matches("template.").trim_start_matches("containers.").to_owned();
    let hidden = ["env", "args", "command"].iter().any(|part| path.contains(&format!("containers.{part}")));
    let shown = |leaf: &Leaf| match &leaf.value {
        _ if hidden => "•••".to_owned(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let what = match (before, after) {
        _ if whole.is_some() => format!("`{place}` goes"),
        (Some(before), None) => format!("`{place}` goes, which is {}", shown(before)),
        (None, Some(after)) => format!("`{place}` becomes {}", shown(after)),
        (before, after) => {
            let (before, after) = (before.map(shown).unwrap_or_default(), after.map(shown).unwrap_or_default());
            format!("`{place}` becomes {after}, and is {before}")
        }
    };
    match because {
        Some((_, why)) => format!("{what}: {why}"),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_inputs_is_said_with_its_reason() {
        let before = json!({
            "etag": "1", "buildConfig": {"functionTarget": "f", "imageUri": "x"}, "labels": {"managed-by": "terraform", "a": "1"},
            "template": {
                "revision": "web-1", "volumes": [{"name": "v", "gcs": {"bucket": "b"}}], "vpcAccess": {"connector": "c"},
                "containers": [
                    {"name": "app", "image": "i", "ports": [{"containerPort": 1}], "startupProbe": {"tcpSocket": {"port": 1}}, "baseImageUri": "u"},
                    {"name": "proxy", "env": [{"name": "A", "value": "secret"}]}]}});
        let after = json!({
            "etag": "2", "labels": {"managed-by": "slipway", "a": "2"},
            "template": {
                "revision": "web-2", "vpcAccess": {"networkInterfaces": [{"network": "n"}]},
                "containers": [
                    {"name": "app", "image": "j", "ports": [{"containerPort": 2}], "startupProbe": {"tcpSocket": {"port": 2}}},
                    {"name": "proxy", "env": []}]}});
        assert_eq!(
            besides(&before, &after, &["port", "labels", "network"]),
            [
                "`buildConfig` goes: the new image does not come from that build",
                "`labels.managed-by` becomes slipway, and is terraform",
                "`containers[app].baseImageUri` goes, which is u: the new image brings its base along: Cloud Run does not update that by itself any more",
                "`containers[app].startupProbe.tcpSocket.port` becomes 2, and is 1: it asks the port that `port` changes",
                "`containers[proxy].env[A].value` goes, which is •••",
                "`volumes[v].gcs.bucket` goes, which is b",
                "`vpcAccess.connector` goes, which is c: a connector and an interface exclude each other",
            ]
        );
        assert!(besides(&after, &after, &[""; 0]).is_empty());
    }
}
