//! The manifest of a job laid over the job that is there: as with services, it replaces everything but what guards the
//! write, what protects the job until the manifest says that it goes, and what no manifest can speak of yet. Pure.

use serde_json::{Map, Value, json};

use super::{is_kept, keep, keep_unknown, unknown};
use crate::cloud_run::document::{KEPT_OF_JOBS, KEPT_OF_TASKS, may_say_of_execution, may_say_of_job, may_say_of_task};
use crate::cloud_run::job::MARK;
use slipway_names::json::object;

/// The job as its manifest describes it.
pub fn from_manifest(manifest: &Map<String, Value>, current: Option<&Value>) -> Value {
    let mut job = Value::Object(manifest.clone());
    let at = |place: &str| current.and_then(|current| current.pointer(place));
    let root = object(&mut job);
    keep(root, current, &KEPT_OF_JOBS);
    keep_unknown(root, current, may_say_of_job);
    if let Some(etag) = at("/etag") {
        root.insert("etag".into(), etag.clone());
    }
    let execution = object(root.entry("template").or_insert_with(|| json!({})));
    keep_unknown(execution, at("/template"), may_say_of_execution);
    if let Some(notes) = execution.get_mut("annotations").and_then(Value::as_object_mut) {
        notes.remove(MARK);
    }
    let task = object(execution.entry("template").or_insert_with(|| json!({})));
    keep(task, at("/template/template"), &KEPT_OF_TASKS);
    keep_unknown(task, at("/template/template"), may_say_of_task);
    job
}

/// What a manifest does not mention of a job's protections, and the job has: it is kept.
pub fn kept(manifest: &Map<String, Value>, current: &Value) -> Vec<String> {
    let after = from_manifest(manifest, Some(current));
    let task = manifest.get("template").and_then(|execution| execution.get("template")).and_then(Value::as_object);
    let of_job = KEPT_OF_JOBS.iter().map(|name| (Some(manifest), "", *name));
    let of_task = KEPT_OF_TASKS.iter().map(|name| (task, "/template/template", *name));
    let protections = of_job.chain(of_task).filter(|(said, above, name)| {
        *name != "launchStage" && is_kept(*said, name, &after, current, &format!("{above}/{name}"))
    });
    let later = [
        ("", may_say_of_job as fn(&str) -> bool),
        ("/template", may_say_of_execution),
        ("/template/template", may_say_of_task),
    ];
    let later = later.into_iter().flat_map(|(above, is_known)| {
        unknown(current.pointer(above), is_known).map(move |(name, _)| format!("{above}/{name}"))
    });
    let all = protections.map(|(_, above, name)| format!("{above}/{name}")).chain(later);
    all.map(|place| place.trim_start_matches('/').replace('/', ".")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn current() -> Value {
        json!({"etag": "e", "launchStage": "BETA", "binaryAuthorization": {"useDefault": true}, "guardOfTomorrow": 1,
            "labels": {"team": "a"}, "uid": "u",
            "template": {"taskCount": 3, "guardOfTomorrow": 2, "annotations": {MARK: "now"},
                "template": {"timeout": "5s", "encryptionKey": "k", "guardOfTomorrow": 3}}})
    }

    fn laid(manifest: &Value) -> Value {
        from_manifest(manifest.as_object().expect("a map"), Some(&current()))
    }

    #[test]
    fn what_is_not_mentioned_is_kept_where_it_protects_or_is_newer() {
        let manifest = json!({"template": {"annotations": {MARK: "of long ago"}, "template": {"maxRetries": 0}}});
        assert_eq!(
            laid(&manifest),
            json!({"etag": "e", "launchStage": "BETA", "binaryAuthorization": {"useDefault": true}, "guardOfTomorrow": 1,
                "template": {"guardOfTomorrow": 2, "annotations": {},
                    "template": {"maxRetries": 0, "encryptionKey": "k", "guardOfTomorrow": 3}}})
        );
        assert_eq!(
            kept(manifest.as_object().expect("a map"), &current()),
            [
                "binaryAuthorization",
                "template.template.encryptionKey",
                "guardOfTomorrow",
                "template.guardOfTomorrow",
                "template.template.guardOfTomorrow"
            ]
        );
    }

    #[test]
    fn what_is_mentioned_as_nothing_goes() {
        let manifest = json!({"binaryAuthorization": null, "template": {"template": {"encryptionKey": ""}}});
        let after = laid(&manifest);
        assert_eq!(after.get("binaryAuthorization"), None);
        assert_eq!(after.pointer("/template/template/encryptionKey"), None);
    }

    #[test]
    fn a_new_job_is_what_the_manifest_says() {
        let manifest =
            json!({"binaryAuthorization": null, "template": {"taskCount": 2, "template": {"encryptionKey": ""}}});
        assert_eq!(
            from_manifest(manifest.as_object().expect("a map"), None),
            json!({"template": {"taskCount": 2, "template": {}}})
        );
    }
}
