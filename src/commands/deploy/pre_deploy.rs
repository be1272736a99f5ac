//! The job that runs before a deploy: the service's own surroundings around the new image, so that a
//! migration meets the database that the service will meet. Pure.

use serde_json::{Map, Value, json};

use crate::cloud_run::change_error::ChangeError;
use crate::cloud_run::enrolment;
use crate::cloud_run::fields::{list, set};
use crate::cloud_run::job::{frame, limits, settings_of, task};
use crate::cloud_run::variables;
use crate::cloud_run::wanted::job::JobSettings;
use crate::commands::deploy::inputs::PreDeploy;
use slipway_names::containers::serving_container;
use slipway_names::json::object;

/// What the tasks inherit from the service's template.
const OF_TEMPLATE: [&str; 2] = ["serviceAccount", "vpcAccess"];

/// What their container inherits from the service's.
const OF_CONTAINER: [&str; 3] = ["env", "volumeMounts", "workingDir"];

/// The document to write: `current` where the job exists, the surroundings of `service` as it shall be
/// after the deploy, and the job's own keys on top. What the job inherits is replaced whole, so that
/// nothing lingers there that the service no longer has.
///
/// # Errors
/// When the job has other containers, or the service has something else where the job's files are to be mounted.
pub fn job(
    current: Option<&Value>,
    service: &Value,
    container: Option<&str>,
    wish: &PreDeploy,
    image: &str,
    mark: &str,
) -> Result<Value, ChangeError> {
    let mut job = settings_of(current.unwrap_or(&Value::Null));
    let settings = JobSettings {
        timeout: Some(wish.timeout),
        retries: Some(wish.retries),
        tasks: Some(1),
        ..wish.settings.clone()
    };
    frame(&mut job, &settings, mark);
    let none = Map::new();
    protect(object(&mut job), service.as_object().unwrap_or(&none), "binaryAuthorization");
    let template = service.get("template").and_then(Value::as_object).unwrap_or(&none);
    let parent = serving_container(template, container).unwrap_or(&none);
    let task = task(&mut job);
    inherit(task, template, &OF_TEMPLATE);
    protect(task, template, "encryptionKey");
    let mut containers = list(task.remove("containers"));
    if containers.len() > 1 {
        let there = containers.iter().filter_map(|one| one.get("name")?.as_str()).map(str::to_owned);
        return Err(ChangeError::Sidecars { there: there.collect() });
    }
    let mut own = containers.pop().unwrap_or_default();
    let own = object(&mut own);
    inherit(own, parent, &OF_CONTAINER);
    inherit(own, parent, &enrolment::OF_CONTAINER);
    own.insert("image".into(), image.into());
    for (key, words) in [("command", &settings.shared.command), ("args", &settings.shared.args)] {
        own.remove(key);
        set(own, key, words.clone());
    }
    limits(own, &settings);
    task.remove("volumes");
    set(task, "volumes", volumes(template, own));
    variables::apply(task, own, &settings.shared)?;
    task.insert("containers".into(), json!([own]));
    Ok(job)
}

/// Takes what protects the service along; what the job has of its own stays where the service has none.
fn protect(on: &mut Map<String, Value>, from: &Map<String, Value>, key: &str) {
    set(on, key, from.get(key).cloned());
}

/// Takes the values of `keys` from `from`, and takes away those it does not have.
fn inherit(on: &mut Map<String, Value>, from: &Map<String, Value>, keys: &[&str]) {
    for key in keys {
        on.remove(*key);
        set(on, key, from.get(*key).cloned());
    }
}

/// The service's volumes that the container mounts; `None` when there are none.
fn volumes(template: &Map<String, Value>, container: &Map<String, Value>) -> Option<Value> {
    let mounts = container.get("volumeMounts").and_then(Value::as_array)?;
    let all = template.get("volumes").and_then(Value::as_array)?;
    let mounted = |volume: &&Value| mounts.iter().any(|mount| mount.get("name") == volume.get("name"));
    Some(all.iter().filter(mounted).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::deploy::inputs::{Changes, Settings};
    use slipway_names::ids::JobName;
    use std::time::Duration;

    fn wish(shared: Settings) -> PreDeploy {
        PreDeploy {
            name: JobName::parse("web-pre-deploy").expect("a name"),
            settings: JobSettings { shared, ..JobSettings::default() },
            timeout: Duration::from_secs(600),
            retries: 0,
        }
    }

    fn service() -> Value {
        json!({"template": {
            "revision": "web-1", "serviceAccount": "web@p.iam.gserviceaccount.com", "vpcAccess": {"connector": "c"},
            "maxInstanceRequestConcurrency": 80,
            "volumes": [{"name": "sql", "cloudSqlInstance": {"instances": ["p:r:db"]}}, {"name": "side", "emptyDir": {}}],
            "containers": [
                {"name": "proxy", "image": "p", "volumeMounts": [{"name": "side", "mountPath": "/s"}]},
                {"name": "app", "image": "old", "ports": [{"containerPort": 8080}], "livenessProbe": {}, "command": ["serve"],
                 "env": [{"name": "DB", "valueSource": {"secretKeyRef": {"secret": "db", "version": "1"}}}, {"name": "A", "value": "1"}],
                 "volumeMounts": [{"name": "sql", "mountPath": "/cloudsql"}]}]}})
    }

    #[test]
    fn the_job_stands_where_the_service_stands() {
        let shared = Settings {
            command: Some(vec!["migrate".into()]),
            env: Changes { entries: Some(vec![("A".into(), "2".into())]), ..Changes::default() },
            ..Settings::default()
        };
        let made = job(None, &service(), None, &wish(shared), "i@sha256:1", "m").expect("a job");
        assert_eq!(
            made["template"],
            json!({"annotations": {crate::cloud_run::job::MARK: "m"}, "taskCount": 1, "template": {
                "timeout": "600s", "maxRetries": 0, "serviceAccount": "web@p.iam.gserviceaccount.com", "vpcAccess": {"connector": "c"},
                "volumes": [{"name": "sql", "cloudSqlInstance": {"instances": ["p:r:db"]}}],
                "containers": [{
                    "image": "i@sha256:1", "command": ["migrate"],
                    "env": [{"name": "DB", "valueSource": {"secretKeyRef": {"secret": "db", "version": "1"}}}, {"name": "A", "value": "2"}],
                    "volumeMounts": [{"name": "sql", "mountPath": "/cloudsql"}]}]}})
        );
    }

    #[test]
    fn what_the_service_no_longer_has_goes_and_unknown_fields_stay() {
        let first = job(None, &service(), None, &wish(Settings::default()), "i", "m").expect("a job");
        let mut current = first;
        current["future"] = json!(1);
        current["template"]["template"]["containers"][0]["resources"] = json!({"limits": {"memory": "2Gi"}});
        let bare = json!({"template": {"containers": [{"image": "old", "env": [{"name": "A", "value": "3"}]}]}});
        let again = job(Some(&current), &bare, None, &wish(Settings::default()), "j", "n").expect("a job");
        let task = &again["template"]["template"];
        assert_eq!(again["future"], 1);
        assert!(["serviceAccount", "vpcAccess", "volumes"].iter().all(|key| task.get(key).is_none()), "{task}");
        assert_eq!(
            task["containers"],
            json!([{"resources": {"limits": {"memory": "2Gi"}}, "env": [{"name": "A", "value": "3"}], "image": "j"}])
        );
    }
}
