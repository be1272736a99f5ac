//! Which template a deploy starts from. Cloud Run has one template for each service, that of the revision which came
//! last; what never served must not go live with the next deploy. Pure.

use serde_json::{Map, Value};

use super::notes::Notes;
use super::own_names::WRITTEN_BY;
use super::read_only::clean_containers;
use slipway_names::ids::RevisionName;
use slipway_names::json::{object, set};
use slipway_names::namespace::is_googles;
use slipway_names::traffic::Traffic;

/// What a revision shows of the template it was made from (`run.v2`: all fields of RevisionTemplate but `revision` and
/// `healthCheckDisabled`). What Google adds of its own stays out.
const OF_TEMPLATES: [&str; 20] = [
    "ambientNetworking",
    "annotations",
    "containers",
    "encryptionKey",
    "encryptionKeyRevocationAction",
    "encryptionKeyShutdownDuration",
    "executionEnvironment",
    "gpuZonalRedundancyDisabled",
    "labels",
    "maxInstanceRequestConcurrency",
    "nodeSelector",
    "sandboxes",
    "scaling",
    "serviceAccount",
    "serviceMesh",
    "sessionAffinity",
    "timeout",
    "volumes",
    "vpcAccess",
    "workloadIdentityConfig",
];

/// Fields of a template that a revision does not show, and that are noted for that reason.
const HIDDEN: [&str; 1] = ["healthCheckDisabled"];

/// The revision whose template is to be started from, where the service's own was written by a rollout that did not end
/// well: the one that served before. `None` where the service's own is good, because it was promoted, or because another
/// tool changed it. `serving` is the allocation by names.
pub fn instead(
    service: &Value,
    notes: &Notes,
    serving: Option<&Traffic>,
    latest_ready: Option<&RevisionName>,
) -> Option<RevisionName> {
    let own = RevisionName::parse(service.pointer("/template/revision")?.as_str()?).ok()?;
    let going = notes.record.as_ref().is_some_and(|record| record.rollout.revision == own);
    let failed = is_written_as(service, &own) && latest_ready != Some(&own);
    if !(notes.is_unpromoted(&own) || going || failed) {
        return None;
    }
    let before = notes.record.as_ref().and_then(|record| record.rollout.before.main_revision(None));
    let serves = before.or_else(|| serving.and_then(|traffic| traffic.main_revision(None)))?;
    (*serves != own).then(|| serves.clone())
}

/// Whether the template is as one of our runs wrote it; the run's mark names the revision.
fn is_written_as(service: &Value, revision: &RevisionName) -> bool {
    written_by(service.get("template")).is_some_and(|(_, written)| written == revision.as_str())
}

/// The run that wrote a template, and the revision it wrote it as.
pub fn written_by(template: Option<&Value>) -> Option<(&str, &str)> {
    template?.get("annotations")?.get(WRITTEN_BY)?.as_str()?.split_once(' ')
}

/// Marks a template as a run's.
pub fn mark(template: &mut Map<String, Value>, run: &str, revision: &RevisionName) {
    let notes = object(template.entry("annotations").or_insert_with(|| Map::new().into()));
    notes.insert(WRITTEN_BY.into(), format!("{run} {revision}").into());
}

/// The template that a revision was made from; `hidden` are the fields that it does not show.
pub fn template_of(revision: &Value, hidden: &Map<String, Value>) -> Map<String, Value> {
    let fields = OF_TEMPLATES.into_iter();
    let shown = fields.filter_map(|field| Some((field.to_owned(), revision.get(field)?.clone())));
    let mut template = Value::Object(shown.chain(hidden.clone()).collect());
    clean_containers(Some(&mut template));
    for map in ["labels", "annotations"] {
        if let Some(map) = template.get_mut(map).and_then(Value::as_object_mut) {
            map.retain(|name, _| !is_googles(name));
        }
    }
    std::mem::take(object(&mut template))
}

/// What a revision of this template will not show.
pub fn hidden(template: Option<&Value>) -> Map<String, Value> {
    let fields = HIDDEN.into_iter();
    fields.filter_map(|field| Some((field.to_owned(), template?.get(field)?.clone()))).collect()
}

/// The service with another template in place of its own, and the launch stage that goes with it.
pub fn with_template(service: &Value, revision: &Value, notes: &Notes) -> Value {
    let mut service = service.clone();
    set(&mut service, "template", template_of(revision, &notes.hidden));
    if let Some(stage) = revision.get("launchStage") {
        set(&mut service, "launchStage", stage.clone());
    }
    service
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use slipway_names::traffic::{Share, TrafficTarget};

    fn name(text: &str) -> RevisionName {
        RevisionName::parse(text).expect("a name")
    }

    fn all_to(revision: &str) -> Traffic {
        Traffic { shares: vec![Share { target: TrafficTarget::Revision(name(revision)), percent: 100, tag: None }] }
    }

    /// A service whose template made `web-2`, written by us or not.
    fn service(written_as: &str) -> Value {
        json!({"template": {"revision": "web-2", "annotations": {"slipway.dev/run": format!("req_1 {written_as}")}}})
    }

    #[test]
    fn what_never_served_is_not_started_from() {
        let serving = all_to("web-1");
        let of = |service: &Value, unpromoted: &[&str], ready: &str| {
            let notes =
                Notes { unpromoted: unpromoted.iter().map(|one| (*one).to_owned()).collect(), ..Notes::default() };
            instead(service, &notes, Some(&serving), Some(&name(ready)))
        };
        assert_eq!(of(&service("web-2"), &["web-2"], "web-2"), Some(name("web-1")), "noted");
        assert_eq!(of(&service("web-2"), &[], "web-1"), Some(name("web-1")), "it never became ready");
        assert_eq!(of(&service("web-2"), &[], "web-2"), None, "it was promoted");
        assert_eq!(of(&service("web-0"), &[], "web-1"), None, "another tool's, which carried our mark along");
        assert_eq!(of(&json!({"template": {"revision": "web-2"}}), &["web-3"], "web-1"), None, "another tool's");
        assert_eq!(of(&json!({"template": {}}), &["web-2"], "web-1"), None, "another tool's, without a name");
        assert_eq!(instead(&service("web-2"), &Notes::default(), None, None), None, "nothing serves");
        assert_eq!(
            instead(&service("web-2"), &Notes::default(), Some(&all_to("web-2")), None),
            None,
            "it serves after all"
        );
    }

    #[test]
    fn a_revision_gives_its_template_back() {
        let revision = json!({
            "name": "x/web-1", "uid": "u", "launchStage": "BETA", "timeout": "60s", "scaling": {"maxInstanceCount": 3},
            "labels": {"a": "b", "cloud.googleapis.com/location": "r"}, "annotations": {"run.googleapis.com/x": "y"},
            "containers": [{"image": "i", "buildInfo": {}}], "containerStatuses": [], "conditions": [],
        });
        let notes =
            Notes { hidden: hidden(Some(&json!({"healthCheckDisabled": true, "timeout": "1s"}))), ..Notes::default() };
        let service =
            json!({"etag": "e", "ingress": "x", "launchStage": "GA", "template": {"timeout": "1s", "volumes": []}});
        assert_eq!(
            with_template(&service, &revision, &notes),
            json!({"etag": "e", "ingress": "x", "launchStage": "BETA", "template": {
                "timeout": "60s", "scaling": {"maxInstanceCount": 3}, "labels": {"a": "b"}, "annotations": {},
                "containers": [{"image": "i"}], "healthCheckDisabled": true}})
        );
    }
}
