//! A service in Knative's form (`apiVersion: serving.knative.dev/v1`), as gcloud exports it and
//! deploy-cloudrun takes it, in the form of Cloud Run's v2 API.
//!
//! What is not understood in the specification is a mistake, because leaving it out would change the
//! service; annotations that are not understood are told and left out.

use serde_json::{Map, Value, json};

/// The same service in v2's form, and what was left out or is wrong, each with its path.
#[derive(Debug, Default)]
pub(super) struct Converted {
    /// The service.
    pub(super) service: Map<String, Value>,
    /// What is wrong: path and reason.
    pub(super) mistakes: Vec<(String, String)>,
    /// Annotations that were left out.
    pub(super) left_out: Vec<String>,
}

/// Annotations that Cloud Run writes about the past; they say nothing about the service that shall be.
const HISTORY: [&str; 12] = [
    "run.googleapis.com/client-name",
    "run.googleapis.com/client-version",
    "run.googleapis.com/operation-id",
    "run.googleapis.com/ingress-status",
    "run.googleapis.com/urls",
    "run.googleapis.com/build-id",
    "run.googleapis.com/lastUpdatedTime",
    "client.knative.dev/user-image",
    "client.knative.dev/nonce",
    "serving.knative.dev/creator",
    "serving.knative.dev/lastModifier",
    "run.googleapis.com/default-url-disabled-status",
];

/// Converts a document whose `apiVersion` and `kind` say that it is a Knative service.
pub(super) fn convert(document: &Map<String, Value>) -> Converted {
    let mut out = Converted::default();
    let metadata = document.get("metadata").cloned().unwrap_or_default();
    copy(&metadata, "labels", &mut out.service, "labels");
    for (name, text) in texts(metadata.get("annotations")) {
        match name {
            "run.googleapis.com/ingress" => match ingress(text) {
                Some(word) => drop(out.service.insert("ingress".into(), word.into())),
                None => out.wrong("metadata.annotations", format!("`{text}` is no ingress")),
            },
            "run.googleapis.com/launch-stage" => drop(out.service.insert("launchStage".into(), text.into())),
            "run.googleapis.com/description" => drop(out.service.insert("description".into(), text.into())),
            "run.googleapis.com/invoker-iam-disabled" => {
                drop(out.service.insert("invokerIamDisabled".into(), (text == "true").into()))
            }
            "run.googleapis.com/minScale" => out.number(text, "metadata.annotations", "scaling", "minInstanceCount"),
            "run.googleapis.com/maxScale" => out.number(text, "metadata.annotations", "scaling", "maxInstanceCount"),
            name => {
                if out.is_own(name) {
                    field(&mut out.service, "annotations")[name] = text.into();
                }
            }
        }
    }
    let spec = document.get("spec").cloned().unwrap_or_default();
    out.known(&spec, "spec", &["template", "traffic"]);
    if spec.get("traffic").is_some() {
        out.left_out.push("spec.traffic (`strategy` and `traffic` say who serves)".into());
    }
    let template = spec.get("template").cloned().unwrap_or_default();
    let converted = template_of(&template, &mut out);
    out.service.insert("template".into(), converted.into());
    out
}

impl Converted {
    fn wrong(&mut self, path: &str, why: impl Into<String>) {
        self.mistakes.push((path.to_owned(), why.into()));
    }

    /// Everything in an object must be among the names that are understood.
    fn known(&mut self, object: &Value, path: &str, names: &[&str]) {
        for key in object.as_object().into_iter().flatten().map(|(key, _)| key) {
            if !names.contains(&key.as_str()) {
                self.wrong(&format!("{path}.{key}"), "this is not understood");
            }
        }
    }

    fn number(&mut self, text: &str, path: &str, inside: &str, key: &str) {
        let Ok(number) = text.parse::<u32>() else { return self.wrong(path, format!("`{text}` is no number")) };
        let place = self.service.entry(inside).or_insert_with(|| json!({}));
        place[key] = number.into();
    }

    /// Whether an annotation is the user's own; one of Google's that has no place in v2 is left out.
    fn is_own(&mut self, name: &str) -> bool {
        if HISTORY.contains(&name) {
            return false;
        }
        let domain = name.split('/').next().unwrap_or_default();
        let google =
            domain.ends_with("googleapis.com") || domain.ends_with("knative.dev") || domain == "cloud.google.com";
        if google {
            self.left_out.push(format!("metadata.annotations[{name}]"));
        }
        !google
    }
}

fn template_of(template: &Value, out: &mut Converted) -> Map<String, Value> {
    let mut to = Map::new();
    let metadata = template.get("metadata").cloned().unwrap_or_default();
    copy(&metadata, "labels", &mut to, "labels");
    let spec = template.get("spec").cloned().unwrap_or_default();
    const SPEC: &str = "spec.template.spec";
    out.known(&spec, SPEC, &["containerConcurrency", "timeoutSeconds", "serviceAccountName", "containers", "volumes"]);
    copy(&spec, "serviceAccountName", &mut to, "serviceAccount");
    copy(&spec, "containerConcurrency", &mut to, "maxInstanceRequestConcurrency");
    if let Some(seconds) = spec.get("timeoutSeconds") {
        to.insert("timeout".into(), format!("{seconds}s").into());
    }
    let mut volumes: Vec<Value> = Vec::new();
    for (index, volume) in list(spec.get("volumes")).iter().enumerate() {
        volumes.extend(volume_of(volume, &format!("{SPEC}.volumes[{index}]"), out));
    }
    let mut containers: Vec<Value> = Vec::new();
    for (index, container) in list(spec.get("containers")).iter().enumerate() {
        containers.push(container_of(container, &format!("{SPEC}.containers[{index}]"), out));
    }
    annotations(&metadata, &mut to, &mut containers, &mut volumes, out);
    to.insert("containers".into(), containers.into());
    if !volumes.is_empty() {
        to.insert("volumes".into(), volumes.into());
    }
    to
}

/// What v1 says in annotations of the template and v2 in fields.
fn annotations(
    metadata: &Value,
    to: &mut Map<String, Value>,
    containers: &mut [Value],
    volumes: &mut Vec<Value>,
    out: &mut Converted,
) {
    const PATH: &str = "spec.template.metadata.annotations";
    for (name, text) in texts(metadata.get("annotations")) {
        let yes = text == "true";
        match name {
            "autoscaling.knative.dev/minScale" | "autoscaling.knative.dev/maxScale" => {
                let key = if name.ends_with("minScale") { "minInstanceCount" } else { "maxInstanceCount" };
                match text.parse::<u32>() {
                    Ok(number) => field(to, "scaling")[key] = number.into(),
                    Err(_) => out.wrong(PATH, format!("{name}: `{text}` is no number")),
                }
            }
            "run.googleapis.com/cpu-throttling" => on_first(containers, "cpuIdle", yes),
            "run.googleapis.com/startup-cpu-boost" => on_first(containers, "startupCpuBoost", yes),
            "run.googleapis.com/sessionAffinity" => drop(to.insert("sessionAffinity".into(), yes.into())),
            "run.googleapis.com/encryption-key" => drop(to.insert("encryptionKey".into(), text.into())),
            "run.googleapis.com/execution-environment" => {
                let word = if text == "gen2" { "EXECUTION_ENVIRONMENT_GEN2" } else { "EXECUTION_ENVIRONMENT_GEN1" };
                to.insert("executionEnvironment".into(), word.into());
            }
            "run.googleapis.com/vpc-access-connector" => field(to, "vpcAccess")["connector"] = text.into(),
            "run.googleapis.com/vpc-access-egress" => {
                let all = text == "all-traffic" || text == "all";
                field(to, "vpcAccess")["egress"] = if all { "ALL_TRAFFIC" } else { "PRIVATE_RANGES_ONLY" }.into();
            }
            "run.googleapis.com/network-interfaces" => match serde_json::from_str::<Value>(text) {
                Ok(interfaces) => field(to, "vpcAccess")["networkInterfaces"] = interfaces,
                Err(_) => out.wrong(PATH, format!("{name} is no JSON")),
            },
            "run.googleapis.com/container-dependencies" => match serde_json::from_str::<Value>(text) {
                Ok(Value::Object(map)) => containers.iter_mut().for_each(|container| {
                    let needs = container["name"].as_str().and_then(|name| map.get(name)).cloned();
                    needs.into_iter().for_each(|needs| container["dependsOn"] = needs);
                }),
                _ => out.wrong(PATH, format!("{name} is no JSON")),
            },
            "run.googleapis.com/cloudsql-instances" => {
                let instances: Vec<&str> = text.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
                volumes.push(json!({"name": "cloudsql", "cloudSqlInstance": {"instances": instances}}));
                if let Some(first) = containers.first_mut() {
                    let mut mounts = list(first.get("volumeMounts")).to_vec();
                    mounts.push(json!({"name": "cloudsql", "mountPath": "/cloudsql"}));
                    first["volumeMounts"] = mounts.into();
                }
            }
            name => {
                if out.is_own(name) {
                    field(to, "annotations")[name] = text.into();
                }
            }
        }
    }
}

fn on_first(containers: &mut [Value], key: &str, value: bool) {
    if let Some(first) = containers.first_mut() {
        first["resources"][key] = value.into();
    }
}

fn container_of(container: &Value, path: &str, out: &mut Converted) -> Value {
    let same = ["name", "image", "command", "args", "volumeMounts", "workingDir", "livenessProbe", "startupProbe"];
    let other = ["env", "ports", "resources", "readinessProbe"];
    out.known(container, path, &[&same[..], &other[..]].concat());
    let mut to = Map::new();
    for key in same {
        copy(container, key, &mut to, key);
    }
    copy(container, "ports", &mut to, "ports");
    for port in to.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        port.as_object_mut().into_iter().for_each(|port| drop(port.remove("protocol")));
    }
    if container.get("readinessProbe").is_some() {
        out.wrong(&format!("{path}.readinessProbe"), "Cloud Run has no readiness probes; use startupProbe");
    }
    if let Some(limits) = container.pointer("/resources/limits") {
        to.insert("resources".into(), json!({"limits": limits, "cpuIdle": true}));
    }
    let mut env = Vec::new();
    for (index, variable) in list(container.get("env")).iter().enumerate() {
        let path = format!("{path}.env[{index}]");
        out.known(variable, &path, &["name", "value", "valueFrom"]);
        let mut entry = json!({"name": variable["name"]});
        match variable.pointer("/valueFrom/secretKeyRef") {
            Some(secret) => {
                let version = secret.get("key").cloned().unwrap_or_else(|| "latest".into());
                entry["valueSource"] = json!({"secretKeyRef": {"secret": secret["name"], "version": version}});
            }
            None if variable.get("valueFrom").is_some() => out.wrong(&path, "only secretKeyRef is understood"),
            None => entry["value"] = variable.get("value").cloned().unwrap_or_else(|| "".into()),
        }
        env.push(entry);
    }
    if !env.is_empty() {
        to.insert("env".into(), env.into());
    }
    Value::Object(to)
}

fn volume_of(volume: &Value, path: &str, out: &mut Converted) -> Option<Value> {
    out.known(volume, path, &["name", "secret", "emptyDir", "csi", "nfs"]);
    let name = volume.get("name")?.clone();
    if let Some(secret) = volume.get("secret") {
        let items = list(secret.get("items"));
        let items: Vec<Value> =
            items.iter().map(|item| json!({"path": item["path"], "version": item["key"]})).collect();
        return Some(json!({"name": name, "secret": {"secret": secret["secretName"], "items": items}}));
    }
    if let Some(memory) = volume.get("emptyDir") {
        let mut to = json!({"medium": "MEMORY"});
        memory.get("sizeLimit").into_iter().for_each(|limit| to["sizeLimit"] = limit.clone());
        return Some(json!({"name": name, "emptyDir": to}));
    }
    if let Some(bucket) = volume.pointer("/csi/volumeAttributes/bucketName") {
        let read_only = volume.pointer("/csi/readOnly").cloned().unwrap_or_else(|| false.into());
        return Some(json!({"name": name, "gcs": {"bucket": bucket, "readOnly": read_only}}));
    }
    if let Some(nfs) = volume.get("nfs") {
        return Some(json!({"name": name, "nfs": nfs}));
    }
    out.wrong(path, "this kind of volume is not understood");
    None
}

fn ingress(text: &str) -> Option<&'static str> {
    match text {
        "all" => Some("INGRESS_TRAFFIC_ALL"),
        "internal" => Some("INGRESS_TRAFFIC_INTERNAL_ONLY"),
        "internal-and-cloud-load-balancing" => Some("INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"),
        _ => None,
    }
}

fn copy(from: &Value, key: &str, to: &mut Map<String, Value>, name: &str) {
    from.get(key).into_iter().for_each(|value| drop(to.insert(name.to_owned(), value.clone())));
}

fn field<'a>(to: &'a mut Map<String, Value>, name: &str) -> &'a mut Value {
    to.entry(name.to_owned()).or_insert_with(|| json!({}))
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn texts(map: Option<&Value>) -> impl Iterator<Item = (&str, &str)> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(yaml: &str) -> Converted {
        let Value::Object(document) = serde_saphyr::from_str(yaml).expect("YAML") else { panic!("a map") };
        convert(&document)
    }

    const SERVICE: &str = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: web
  labels: {team: harbour}
  annotations:
    run.googleapis.com/ingress: internal
    run.googleapis.com/client-name: gcloud
    run.googleapis.com/future-thing: x
    example.com/owner: me
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/maxScale: '7'
        run.googleapis.com/cpu-throttling: 'false'
        run.googleapis.com/cloudsql-instances: p:r:db
    spec:
      containerConcurrency: 40
      timeoutSeconds: 120
      serviceAccountName: web@p.iam.gserviceaccount.com
      containers:
      - name: app
        image: gcr.io/p/web
        ports: [{containerPort: 3000, name: h2c}]
        env:
        - {name: A, value: '1'}
        - {name: KEY, valueFrom: {secretKeyRef: {name: key, key: '2'}}}
        resources: {limits: {memory: 1Gi}}
      volumes:
      - {name: files, secret: {secretName: files, items: [{key: latest, path: a}]}}
";

    #[test]
    fn an_exported_service_becomes_the_same_service() {
        let out = converted(SERVICE);
        assert_eq!(out.mistakes, []);
        assert_eq!(out.left_out, ["metadata.annotations[run.googleapis.com/future-thing]"]);
        assert_eq!(
            Value::Object(out.service),
            json!({
                "labels": {"team": "harbour"}, "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
                "annotations": {"example.com/owner": "me"},
                "template": {
                    "serviceAccount": "web@p.iam.gserviceaccount.com", "maxInstanceRequestConcurrency": 40,
                    "timeout": "120s", "scaling": {"maxInstanceCount": 7},
                    "containers": [{
                        "name": "app", "image": "gcr.io/p/web", "ports": [{"containerPort": 3000, "name": "h2c"}],
                        "resources": {"limits": {"memory": "1Gi"}, "cpuIdle": false},
                        "env": [{"name": "A", "value": "1"}, {"name": "KEY", "valueSource": {"secretKeyRef": {"secret": "key", "version": "2"}}}],
                        "volumeMounts": [{"name": "cloudsql", "mountPath": "/cloudsql"}],
                    }],
                    "volumes": [
                        {"name": "files", "secret": {"secret": "files", "items": [{"path": "a", "version": "latest"}]}},
                        {"name": "cloudsql", "cloudSqlInstance": {"instances": ["p:r:db"]}},
                    ],
                },
            })
        );
    }

    #[test]
    fn what_would_be_lost_is_a_mistake_with_its_path() {
        let out = converted(&SERVICE.replace("containerConcurrency: 40", "hostNetwork: true"));
        assert_eq!(out.mistakes, [("spec.template.spec.hostNetwork".to_owned(), "this is not understood".to_owned())]);
        let out = converted(&SERVICE.replace("ingress: internal", "ingress: nobody"));
        assert_eq!(out.mistakes.len(), 1);
    }
}
