//! From the service as it is to the service as it shall be. Pure: JSON in, JSON out.
//!
//! Google replaces the whole service on a write without a mask, so the document starts from what
//! was read and unknown fields stay in it (docs: run/docs/reference/rest/v2/projects.locations.services/patch).

use serde_json::{Map, Value, json};

use super::change_error::ChangeError;
use super::containers::app_of_new;
use super::fields::{label, set};
use super::manifest::from_manifest;
use super::read_only::clean;
use super::service_level::Patch;
use super::template::{container_index, generation, take_container};
use super::wanted::edit::At;
use super::wanted::marks::Marks;
use super::wanted::origin::ImageOrigin;
use super::wanted::settings::{Ingress, Settings};
use super::{base, containers, edits, enrolment, network, rotation, volumes};
use slipway_names::json::object;

/// The document to write: `current` with the settings, the image and the run's marks applied.
///
/// # Errors
/// When the settings name a container that is not there, or are about a template that is no longer there.
pub fn change(current: Option<&Value>, settings: &Settings, image: &str, marks: &Marks) -> Result<Value, ChangeError> {
    let mut service = current.cloned().unwrap_or_else(|| json!({}));
    let new = current.is_none();
    clean(&mut service);
    if let Some(repoint) = &settings.repoint {
        rotation::apply(&mut service, current, repoint)?;
    }
    let root = object(&mut service);
    root.insert("client".into(), "slipway".into());
    root.insert("clientVersion".into(), env!("CARGO_PKG_VERSION").into());
    level(root, settings);

    let template = object(root.entry("template").or_insert_with(|| json!({})));
    template.insert("revision".into(), marks.revision.as_str().into());
    base::mark(template, &marks.request_tag, &marks.revision);
    template.remove("client");
    template.remove("clientVersion");
    if let Some(labels) = template.get_mut("labels").and_then(Value::as_object_mut) {
        // gcloud's way of forcing a new revision; the name does that here.
        labels.remove("client.knative.dev/nonce");
    }
    label(template, settings);
    set(template, "serviceAccount", settings.runtime_account.as_ref().map(|account| account.as_str()));
    set(template, "timeout", settings.timeout.map(|timeout| format!("{}s", timeout.as_secs())));
    set(template, "maxInstanceRequestConcurrency", settings.concurrency);
    set(template, "executionEnvironment", settings.second_generation.map(generation));
    set(template, "sessionAffinity", settings.session_affinity);
    scaling(template, settings);
    edits::apply(template, &settings.edits, At::Template);
    network::apply(template, settings)?;

    volumes::apply(template, &settings.volumes);
    let asked = if new { app_of_new(settings) } else { settings.container.as_deref() };
    let index = container_index(template, asked, new)?;
    let mut container = take_container(template, index);
    dress(template, &mut container, settings, image, new)?;
    if let Some(all) = template.get_mut("containers").and_then(Value::as_array_mut) {
        all[index] = Value::Object(container);
        containers::apply(template, settings, index)?;
    }
    if let Some(containers) = template.get_mut("containers").and_then(Value::as_array_mut) {
        throttle(containers, settings);
    }
    Ok(service)
}

/// What a deploy changes on a service besides its template: by the settings, the manifest where there is one, and where
/// the image comes from.
pub fn level_change(
    current: &Value,
    manifest: Option<&Map<String, Value>>,
    settings: &Settings,
    origin: impl Into<ImageOrigin>,
) -> Patch {
    let mut after = manifest.map_or_else(|| current.clone(), |manifest| from_manifest(manifest, Some(current)));
    level(object(&mut after), settings);
    enrolment::end(&mut after, settings.container.as_deref(), origin);
    Patch::between(current, &after)
}

/// Sets what holds for all revisions of a service at once.
fn level(root: &mut Map<String, Value>, settings: &Settings) {
    set(root, "description", settings.description.as_deref());
    set(root, "ingress", settings.ingress.map(ingress_word));
    set(root, "invokerIamDisabled", settings.invoker_check.map(|check| !check));
    label(root, settings);
    edits::apply(root, &settings.edits, At::Service);
    if let Some(audiences) = &settings.audiences {
        let there = root.get("customAudiences").and_then(Value::as_array).into_iter().flatten();
        let there: Vec<String> = there.filter_map(Value::as_str).map(str::to_owned).collect();
        let all = audiences.applied(&there);
        set(root, "customAudiences", (!all.is_empty()).then_some(all.clone()));
        if all.is_empty() {
            root.remove("customAudiences");
        }
    }
}

fn scaling(template: &mut Map<String, Value>, settings: &Settings) {
    if settings.min_instances.is_none() && settings.max_instances.is_none() {
        return;
    }
    let scaling = object(template.entry("scaling").or_insert_with(|| json!({})));
    set(scaling, "minInstanceCount", settings.min_instances);
    set(scaling, "maxInstanceCount", settings.max_instances);
}

fn dress(
    template: &mut Map<String, Value>,
    container: &mut Map<String, Value>,
    settings: &Settings,
    image: &str,
    new: bool,
) -> Result<(), ChangeError> {
    let fresh = !container.contains_key("resources");
    containers::dress(template, container, settings, Some(image))?;
    let gpu = settings.edits.iter().any(|edit| edit.input == "gpu" && edit.value.is_some());
    let asked = gpu
        || settings.cpu.is_some()
        || settings.memory.is_some()
        || settings.cpu_boost.is_some()
        || settings.cpu_throttling.is_some();
    if !asked && !new {
        return Ok(());
    }
    let resources = object(container.entry("resources").or_insert_with(|| json!({})));
    // As soon as `resources` is sent, a missing cpuIdle means CPU that is always on, and billed.
    if fresh && settings.cpu_throttling.is_none() {
        resources.insert("cpuIdle".into(), true.into());
    }
    // A GPU needs CPU that is always on (Cloud Run's page on GPUs).
    if gpu {
        resources.insert("cpuIdle".into(), false.into());
    }
    // New services get the boost, as with gcloud; it ends ten seconds after the start.
    match settings.cpu_boost {
        Some(boost) => drop(resources.insert("startupCpuBoost".into(), boost.into())),
        None if new => drop(resources.insert("startupCpuBoost".into(), true.into())),
        None => {}
    }
    Ok(())
}

/// An instance has its CPU always or while it serves, all of its containers alike: Knative's form has one annotation for
/// them together.
fn throttle(containers: &mut [Value], settings: &Settings) {
    let Some(throttled) = settings.cpu_throttling else { return };
    for container in containers {
        let resources = object(container).entry("resources").or_insert_with(|| json!({}));
        object(resources).insert("cpuIdle".into(), throttled.into());
    }
}

fn ingress_word(ingress: Ingress) -> &'static str {
    match ingress {
        Ingress::All => "INGRESS_TRAFFIC_ALL",
        Ingress::Internal => "INGRESS_TRAFFIC_INTERNAL_ONLY",
        Ingress::InternalAndLoadBalancing => "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud_run::wanted::names::Changes;
    use crate::cloud_run::wanted::settings::SecretRef;
    use std::time::Duration;

    fn marks() -> Marks {
        let revision = slipway_names::ids::RevisionName::parse("web-abc-1").expect("a name");
        Marks { revision, request_tag: "req_1".into(), build_tags: Vec::new() }
    }

    fn apply(current: Option<Value>, settings: &Settings) -> Value {
        change(current.as_ref(), settings, "gcr.io/p/web@sha256:1", &marks()).expect("a change")
    }

    #[test]
    fn a_new_service_gets_what_gcloud_would_give_it() {
        let settings = Settings {
            port: Some(8080),
            memory: Some("512Mi".into()),
            labels: vec![("managed-by".into(), "slipway".into())],
            ..Settings::default()
        };
        let service = apply(None, &settings);
        assert_eq!(
            service["template"]["containers"],
            json!([{
                "image": "gcr.io/p/web@sha256:1",
                "ports": [{"containerPort": 8080}],
                "resources": {"limits": {"memory": "512Mi"}, "cpuIdle": true, "startupCpuBoost": true},
            }])
        );
        assert_eq!(service["template"]["revision"], "web-abc-1");
        assert_eq!(service["labels"], service["template"]["labels"]);
        assert!(service.get("traffic").is_none() && service.get("ingress").is_none());
    }

    #[test]
    fn what_is_not_named_stays_and_what_google_writes_goes() {
        let current = json!({
            "name": "projects/p/locations/r/services/web", "uid": "u", "etag": "\"e\"", "generation": "3", "uri": "https://x",
            "futureField": {"keep": [1]}, "ingress": "INGRESS_TRAFFIC_UNSPECIFIED",
            "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
            "template": {
                "revision": "web-old", "client": "gcloud", "labels": {"client.knative.dev/nonce": "x", "team": "a"},
                "serviceAccount": "web@p.iam.gserviceaccount.com", "timeout": "300s",
                "containers": [{"image": "old", "resources": {"limits": {"cpu": "1"}}, "livenessProbe": {"periodSeconds": 10}, "buildInfo": {}}]},
        });
        let service = apply(Some(current), &Settings { timeout: Some(Duration::from_secs(60)), ..Settings::default() });
        assert_eq!(
            service,
            json!({
                "etag": "\"e\"", "futureField": {"keep": [1]},
                "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
                "template": {
                    "revision": "web-abc-1", "labels": {"team": "a"}, "annotations": {"slipway.dev/run": "req_1 web-abc-1"},
                    "serviceAccount": "web@p.iam.gserviceaccount.com", "timeout": "60s",
                    "containers": [{"image": "gcr.io/p/web@sha256:1", "resources": {"limits": {"cpu": "1"}}, "livenessProbe": {"periodSeconds": 10}}]},
                "client": "slipway", "clientVersion": env!("CARGO_PKG_VERSION"),
            })
        );
    }

    #[test]
    fn always_on_cpu_is_kept_when_only_memory_changes() {
        let current = json!({"template": {"containers": [{"image": "old", "resources": {"limits": {"cpu": "2"}}}]}});
        let service = apply(Some(current), &Settings { memory: Some("1Gi".into()), ..Settings::default() });
        assert_eq!(
            service.pointer("/template/containers/0/resources"),
            Some(&json!({"limits": {"cpu": "2", "memory": "1Gi"}}))
        );
    }

    #[test]
    fn the_right_container_of_several_is_changed() {
        let current = || json!({"template": {"containers": [{"name": "proxy", "image": "p"}, {"name": "app", "image": "a", "ports": [{"name": "h2c", "containerPort": 1}]}]}});
        let by_port = apply(Some(current()), &Settings { port: Some(9), ..Settings::default() });
        assert_eq!(
            by_port.pointer("/template/containers/1"),
            Some(
                &json!({"name": "app", "image": "gcr.io/p/web@sha256:1", "ports": [{"containerPort": 9, "name": "h2c"}]})
            )
        );
        let by_name = apply(Some(current()), &Settings { container: Some("proxy".into()), ..Settings::default() });
        assert_eq!(by_name.pointer("/template/containers/0/image"), Some(&json!("gcr.io/p/web@sha256:1")));
        assert_eq!(by_name.pointer("/template/containers/1/image"), Some(&json!("a")));
        let settings = Settings { container: Some("nope".into()), ..Settings::default() };
        let error = change(Some(&current()), &settings, "i", &marks()).expect_err("no such container");
        assert_eq!(error.to_string(), "the service has no container `nope` (it has `proxy`, `app`)");
    }

    #[test]
    fn a_connector_and_direct_egress_replace_each_other() {
        let direct =
            apply(None, &Settings { network: Some("net".into()), vpc_egress_all: Some(true), ..Settings::default() });
        assert_eq!(
            direct["template"]["vpcAccess"],
            json!({"networkInterfaces": [{"network": "net"}], "egress": "ALL_TRAFFIC"})
        );
        let connector = apply(Some(direct), &Settings { vpc_connector: Some("c".into()), ..Settings::default() });
        assert_eq!(connector["template"]["vpcAccess"], json!({"egress": "ALL_TRAFFIC", "connector": "c"}));
    }

    #[test]
    fn variables_move_between_plain_and_secret_in_one_write() {
        let current = json!({"template": {"containers": [{"image": "old", "env": [
            {"name": "A", "value": "1"}, {"name": "DB", "value": "plain"}, {"name": "OLD", "valueSource": {"secretKeyRef": {"secret": "s", "version": "1"}}}]}]}});
        let secret = |secret: &str| SecretRef { secret: secret.into(), version: "latest".into() };
        let settings = Settings {
            env: Changes {
                entries: Some(vec![("OLD".into(), "now plain".into()), ("B".into(), String::new())]),
                ..Changes::default()
            },
            secrets: Changes { entries: Some(vec![("DB".into(), secret("db"))]), ..Changes::default() },
            ..Settings::default()
        };
        let service = apply(Some(current), &settings);
        assert_eq!(
            service.pointer("/template/containers/0/env"),
            Some(&json!([
            {"name": "A", "value": "1"},
            {"name": "DB", "valueSource": {"secretKeyRef": {"secret": "db", "version": "latest"}}},
            {"name": "OLD", "value": "now plain"},
            {"name": "B", "value": ""}]))
        );
    }
}
