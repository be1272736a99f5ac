//! Containers: what the settings of one change in it, and those that stand beside the one that the image is for. Pure.

use serde_json::{Map, Value, json};

use super::change_error::ChangeError;
use super::fields::set;
use super::template::take_container;
use super::wanted::edit::At;
use super::wanted::settings::Settings;
use super::{edits, enrolment, port, variables, volumes};
use slipway_names::json::object;

/// Changes a container that was taken out of its template.
///
/// # Errors
/// When what is mounted there would be lost, or is not there.
pub(super) fn dress(
    template: &mut Map<String, Value>,
    container: &mut Map<String, Value>,
    settings: &Settings,
    image: Option<&str>,
) -> Result<(), ChangeError> {
    if let Some(image) = image {
        enrolment::set_image(container, image);
    }
    set(container, "command", settings.command.clone());
    set(container, "args", settings.args.clone());
    port::apply(container, settings);
    if settings.cpu.is_some() || settings.memory.is_some() {
        let resources = object(container.entry("resources").or_insert_with(|| json!({})));
        let limits = object(resources.entry("limits").or_insert_with(|| json!({})));
        set(limits, "cpu", settings.cpu.as_deref());
        set(limits, "memory", settings.memory.as_deref());
    }
    edits::apply(container, &settings.edits, At::Container);
    volumes::mount(template, container, &settings.volume_mounts)?;
    variables::apply(template, container, settings)
}

/// Makes, changes and removes the containers beside the one at `app`, and says so where others wait for one that is gone.
///
/// # Errors
/// When one cannot be changed as asked, or waits for one that is not there.
pub(super) fn apply(template: &mut Map<String, Value>, settings: &Settings, app: usize) -> Result<(), ChangeError> {
    for beside in &settings.containers {
        one(template, &beside.name, &beside.settings, beside.image.as_deref(), app)?;
    }
    remove(template, &settings.remove_containers, app)?;
    let Some(containers) = template.get_mut("containers").and_then(Value::as_array_mut) else { return Ok(()) };
    let names: Vec<Value> = containers.iter().map(|container| container["name"].clone()).collect();
    for container in containers {
        let container = object(container);
        let missing = container.get("dependsOn").and_then(Value::as_array).into_iter().flatten();
        if let Some(missing) = missing.into_iter().find(|name| !names.contains(name)) {
            return Err(ChangeError::NoSuchDependency {
                of: container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                asked: missing.as_str().unwrap_or_default().to_owned(),
                there: names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            });
        }
    }
    Ok(())
}

/// The container that gets the image of a new service or job: the named one, or the only one of `containers` that has no
/// image of its own.
pub(super) fn app_of_new(settings: &Settings) -> Option<&str> {
    let mut without = settings.containers.iter().filter(|beside| beside.image.is_none());
    settings.container.as_deref().or_else(|| match (without.next(), without.next()) {
        (Some(only), None) => Some(only.name.as_str()),
        _ => None,
    })
}

fn one(
    template: &mut Map<String, Value>,
    name: &str,
    settings: &Settings,
    image: Option<&str>,
    app: usize,
) -> Result<(), ChangeError> {
    let Some(all) = template.get_mut("containers").and_then(Value::as_array_mut) else { return Ok(()) };
    let there = all.iter().position(|container| container["name"] == name);
    let index = match (there, image) {
        (Some(index), _) => index,
        (None, None) => return Err(ChangeError::NoImage { name: name.to_owned() }),
        (None, Some(_)) => {
            let mut fresh = json!({"name": name});
            // An instance has its CPU always or while it serves, all of its containers alike.
            if let Some(idle) = all.get(app).and_then(|app| app.pointer("/resources/cpuIdle")) {
                object(&mut fresh).insert("resources".into(), json!({"cpuIdle": idle}));
            }
            all.push(fresh);
            all.len() - 1
        }
    };
    let mut container = take_container(template, index);
    dress(template, &mut container, settings, image)?;
    if let Some(slot) = template.get_mut("containers").and_then(|all| all.get_mut(index)) {
        *slot = Value::Object(container);
    }
    Ok(())
}

/// Takes containers away, and out of what others wait for.
fn remove(template: &mut Map<String, Value>, gone: &[String], app: usize) -> Result<(), ChangeError> {
    let is_gone = |name: &Value| name.as_str().is_some_and(|name| gone.iter().any(|gone| gone == name));
    let Some(all) = template.get_mut("containers").and_then(Value::as_array_mut) else { return Ok(()) };
    if let Some(name) = all.get(app).map(|app| &app["name"]).filter(|name| is_gone(name)) {
        return Err(ChangeError::RemovesApp { name: name.as_str().unwrap_or_default().to_owned() });
    }
    all.retain(|container| !is_gone(&container["name"]));
    for container in all {
        let container = object(container);
        let Some(waits) = container.get_mut("dependsOn").and_then(Value::as_array_mut) else { continue };
        waits.retain(|name| !is_gone(name));
        if waits.is_empty() {
            container.remove("dependsOn");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud_run::wanted::edit::Edit;
    use crate::cloud_run::wanted::settings::Beside;

    fn template() -> Value {
        json!({"containers": [
            {"name": "app", "image": "a", "resources": {"cpuIdle": true}, "dependsOn": ["db", "old"]},
            {"name": "db", "image": "d", "future": 1}, {"name": "old", "image": "o"}]})
    }

    fn beside(name: &str, image: Option<&str>, settings: Settings) -> Beside {
        Beside { name: name.into(), image: image.map(str::to_owned), settings }
    }

    #[test]
    fn containers_are_made_changed_and_removed_by_name() {
        let waits =
            Edit { input: "depends_on", at: At::Container, path: &["dependsOn"], value: Some(json!(["cache"])) };
        let settings = Settings {
            containers: vec![
                beside("db", None, Settings { memory: Some("1Gi".into()), edits: vec![waits], ..Settings::default() }),
                beside("cache", Some("c"), Settings { args: Some(vec!["-v".into()]), ..Settings::default() }),
            ],
            remove_containers: vec!["old".into(), "nobody".into()],
            ..Settings::default()
        };
        let mut changed = template();
        apply(object(&mut changed), &settings, 0).expect("good");
        assert_eq!(
            changed["containers"],
            json!([
                {"name": "app", "image": "a", "resources": {"cpuIdle": true}, "dependsOn": ["db"]},
                {"name": "db", "image": "d", "future": 1, "resources": {"limits": {"memory": "1Gi"}}, "dependsOn": ["cache"]},
                {"name": "cache", "image": "c", "resources": {"cpuIdle": true}, "args": ["-v"]}])
        );
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let fails = |settings: Settings| apply(object(&mut template()), &settings, 0).expect_err("refused").to_string();
        let fresh = Settings { containers: vec![beside("new", None, Settings::default())], ..Settings::default() };
        assert_eq!(fails(fresh), "container `new` is not there yet, and has no `image`");
        let app = Settings { remove_containers: vec!["app".into()], ..Settings::default() };
        assert_eq!(fails(app), "`remove_containers` names `app`, which is the container that is deployed");
        let waits =
            Edit { input: "depends_on", at: At::Container, path: &["dependsOn"], value: Some(json!(["nobody"])) };
        let waiting = beside("db", None, Settings { edits: vec![waits], ..Settings::default() });
        let error = fails(Settings { containers: vec![waiting], ..Settings::default() });
        assert_eq!(error, "container `db` waits for `nobody`, and there is none (there are `app`, `db`, `old`)");
    }
}
