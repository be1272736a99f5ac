//! Volumes of a template by their names, and where a container mounts them. Pure.

use serde_json::{Map, Value, json};

use super::change_error::ChangeError;
use super::fields::list;
use super::wanted::names::ByName;
use super::wanted::settings::Mount;
use slipway_names::json::object;

/// Puts volumes in place of those of the same name and takes others away, with every mount of theirs: a volume that is not
/// there cannot be mounted.
pub(super) fn apply(template: &mut Map<String, Value>, volumes: &ByName<Value>) {
    if !volumes.says_anything() {
        return;
    }
    let mut all = list(template.remove("volumes"));
    let goes = |volume: &Value| volumes.takes(volume["name"].as_str().unwrap_or_default());
    let gone: Vec<Value> = all.iter().filter(|volume| goes(volume)).map(|volume| volume["name"].clone()).collect();
    all.retain(|volume| !goes(volume));
    for (name, volume) in &volumes.put {
        let mut volume = volume.clone();
        object(&mut volume).insert("name".into(), name.as_str().into());
        match all.iter_mut().find(|other| other["name"] == name.as_str()) {
            Some(same) => *same = volume,
            None => all.push(volume),
        }
    }
    keep(template, "volumes", all);
    let still = |name: &Value| volumes.put.iter().any(|(put, _)| name == put.as_str());
    for container in template.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten() {
        let container = object(container);
        let mut mounts = list(container.remove("volumeMounts"));
        mounts.retain(|mount| !gone.contains(&mount["name"]) || still(&mount["name"]));
        keep(container, "volumeMounts", mounts);
    }
}

/// Mounts volumes in a container that was taken out of its template, in place of what is mounted there.
///
/// # Errors
/// When a volume is not there.
pub(super) fn mount(
    template: &Map<String, Value>,
    container: &mut Map<String, Value>,
    mounts: &ByName<Mount>,
) -> Result<(), ChangeError> {
    if !mounts.says_anything() {
        return Ok(());
    }
    let place = |mount: &Value| mount["mountPath"].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
    let mut all = list(container.remove("volumeMounts"));
    all.retain(|mount| !mounts.takes(&place(mount)));
    let volumes = list(template.get("volumes").cloned());
    for (path, Mount { volume, part }) in &mounts.put {
        if !volumes.iter().any(|other| other["name"] == volume.as_str()) {
            let there = volumes.iter().filter_map(|volume| volume["name"].as_str()).map(str::to_owned).collect();
            return Err(ChangeError::NoSuchVolume { path: path.clone(), asked: volume.clone(), there });
        }
        let mut mount = json!({"name": volume, "mountPath": path});
        if let Some(part) = part {
            object(&mut mount).insert("subPath".into(), part.as_str().into());
        }
        match all.iter_mut().find(|other| place(other) == path.trim_end_matches('/')) {
            Some(same) => *same = mount,
            None => all.push(mount),
        }
    }
    keep(container, "volumeMounts", all);
    Ok(())
}

/// Writes a list that is no empty one.
fn keep(on: &mut Map<String, Value>, key: &str, items: Vec<Value>) {
    if !items.is_empty() {
        on.insert(key.to_owned(), items.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Value {
        json!({
            "volumes": [{"name": "a", "gcs": {"bucket": "b"}}, {"name": "b", "emptyDir": {}}, {"name": "spare", "emptyDir": {}}],
            "containers": [
                {"name": "app", "volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/b"}]},
                {"name": "side", "volumeMounts": [{"name": "a", "mountPath": "/x"}]}]})
    }

    #[test]
    fn a_volume_is_replaced_by_name_and_goes_with_its_mounts() {
        let mut changed = template();
        let volumes = ByName {
            put: vec![
                ("b".into(), json!({"nfs": {"server": "s", "path": "/p"}})),
                ("c".into(), json!({"emptyDir": {}})),
            ],
            gone: vec!["a".into(), "nobody".into()],
            all_gone: false,
        };
        apply(object(&mut changed), &volumes);
        assert_eq!(
            changed,
            json!({
                "volumes": [{"name": "b", "nfs": {"server": "s", "path": "/p"}}, {"name": "spare", "emptyDir": {}}, {"name": "c", "emptyDir": {}}],
                "containers": [{"name": "app", "volumeMounts": [{"name": "b", "mountPath": "/b"}]}, {"name": "side"}]})
        );
        let mut none = template();
        apply(object(&mut none), &ByName { all_gone: true, ..ByName::default() });
        assert_eq!(none, json!({"containers": [{"name": "app"}, {"name": "side"}]}));
    }

    #[test]
    fn a_mount_takes_its_place_and_needs_a_volume() {
        let template = template();
        let mut container =
            json!({"volumeMounts": [{"name": "a", "mountPath": "/a/"}, {"name": "b", "mountPath": "/b"}]});
        let to = |volume: &str, part: Option<&str>| Mount { volume: volume.into(), part: part.map(str::to_owned) };
        let mounts = ByName {
            put: vec![("/a".into(), to("spare", None)), ("/c".into(), to("b", Some("part")))],
            gone: vec!["/b".into()],
            all_gone: false,
        };
        let template = template.as_object().expect("a map");
        mount(template, object(&mut container), &mounts).expect("good");
        let expected =
            [json!({"name": "spare", "mountPath": "/a"}), json!({"name": "b", "mountPath": "/c", "subPath": "part"})];
        assert_eq!(container, json!({"volumeMounts": expected}));
        let mounts = ByName { put: vec![("/a".into(), to("nobody", None))], ..ByName::default() };
        let error = mount(template, object(&mut container), &mounts).expect_err("no such volume").to_string();
        assert_eq!(
            error,
            "`volume_mounts` mounts volume `nobody` at `/a`, and there is none (there are `a`, `b`, `spare`)"
        );
    }
}
