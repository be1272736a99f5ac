//! What a preview's own service is made of, and what a preview on the live service may not touch. Pure.

use serde_json::{Map, Value, json};

use crate::cloud_run::base;
use crate::cloud_run::fields::add_labels;
use crate::cloud_run::notes::Notes;
use crate::cloud_run::own_names::OWN_LABELS;
use crate::cloud_run::service_level::Patch;
use crate::commands::preview::inputs::{Guest, PREVIEW_LABEL, REPOSITORY_LABEL};
use slipway_names::ids::RevisionName;
use slipway_names::json::object;
use slipway_names::traffic::Traffic;

/// What of the live service besides its template holds for a preview of it too: who reaches it, and which images it may run.
const KEPT: [&str; 2] = ["ingress", "binaryAuthorization"];

/// What a manifest may say of the live service that is not a preview's: instances that are always there, more names and
/// none at all, and who may call it.
const DROPPED: [&str; 6] =
    ["scaling", "customAudiences", "defaultUriDisabled", "multiRegionSettings", "invokerIamDisabled", "traffic"];

/// The revision that serves on the live service: while another one is rolled out, the one from before. `serving` is the
/// allocation by names.
pub fn serving(live: &Value, serving: Option<&Traffic>) -> Option<RevisionName> {
    let before = Notes::on(live).record.and_then(|record| record.rollout.before.main_revision(None).cloned());
    before.or_else(|| serving.and_then(|traffic| traffic.main_revision(None)).cloned())
}

/// What a preview's own service starts from: the template that serves on the live service, and what holds for previews
/// too. Without a live service there is nothing to start from.
pub fn start(live: &Value, revision: Option<&Value>, own: Option<&Value>, open: bool) -> Value {
    let with = revision.map(|revision| base::with_template(live, revision, &Notes::on(live)));
    let live = with.as_ref().unwrap_or(live);
    let mut start = Map::new();
    let fields = KEPT.iter().copied().chain(["template", "launchStage"]);
    start.extend(fields.filter_map(|field| Some((field.to_owned(), live.get(field)?.clone()))));
    if open && live.get("invokerIamDisabled") == Some(&Value::Bool(true)) {
        start.insert("invokerIamDisabled".into(), true.into());
    }
    start.extend(own.and_then(|own| own.get("etag")).map(|etag| ("etag".to_owned(), etag.clone())));
    start.into()
}

/// The last word on a preview's own service, after everything that the manifest asks: it is small, it is found again, and
/// no more people reach it than the live one.
pub fn finish(service: &mut Value, start: Option<&Value>, guest: &Guest) {
    let root = object(service);
    DROPPED.iter().for_each(|field| drop(root.remove(*field)));
    if let Some(open) = start.and_then(|start| start.get("invokerIamDisabled")).filter(|_| reached_alike(start, root)) {
        root.insert("invokerIamDisabled".into(), open.clone());
    }
    add_labels(root, &guest.labels);
    let template = object(root.entry("template").or_insert_with(|| json!({})));
    object(template.entry("scaling").or_insert_with(|| json!({}))).insert("minInstanceCount".into(), 0.into());
}

/// Whether a preview is reached by no more networks than the live service.
fn reached_alike(start: Option<&Value>, service: &Map<String, Value>) -> bool {
    let of = |ingress: Option<&Value>| {
        ingress.and_then(Value::as_str).filter(|word| *word != "INGRESS_TRAFFIC_UNSPECIFIED").map(str::to_owned)
    };
    let (live, own) = (of(start.and_then(|start| start.get("ingress"))), of(service.get("ingress")));
    live.as_deref().is_none_or(|word| word == "INGRESS_TRAFFIC_ALL") || live == own
}

/// Whether everybody may call a preview: only where everybody may call the live service, by its policy or because nobody is
/// asked, and the preview is reached by no more networks. Behind IAP it is IAP that lets people in.
pub fn is_open(live: &Value, everybody: bool, own: &Value) -> bool {
    let is = |field: &str| live.get(field) == Some(&Value::Bool(true));
    let alike = own.as_object().is_some_and(|own| reached_alike(Some(live), own));
    !is("iapEnabled") && (everybody || is("invokerIamDisabled")) && alike
}

/// What a manifest asks that is not one revision's: not to be had by a preview on the live service. In words of the
/// service's fields, and of the input that says who may call it.
pub fn beyond(level: &Patch, guest: &Guest, public: Option<bool>) -> Vec<String> {
    let mut all = Vec::new();
    for (field, value) in level.json().as_object().into_iter().flatten() {
        match (field.as_str(), value.as_object()) {
            ("labels" | "annotations", Some(entries)) => all.extend(
                entries.keys().filter(|key| !OWN_LABELS.contains(&key.as_str())).map(|key| format!("`{field}.{key}`")),
            ),
            _ => all.push(format!("`{field}`")),
        }
    }
    all.sort();
    if guest.public.is_some() && guest.public != public {
        all.push("`allow_unauthenticated`".into());
    }
    all
}

/// Whose preview a service is, by its labels: which one, and of which repository.
pub fn told(service: &Value) -> Option<(&str, Option<&str>)> {
    let label = |name: &str| service.get("labels")?.get(name)?.as_str();
    Some((label(PREVIEW_LABEL)?, label(REPOSITORY_LABEL)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use slipway_names::ids::ServiceName;

    fn guest(public: Option<bool>) -> Guest {
        let of = ServiceName::parse("web").expect("a name");
        let labels = vec![(PREVIEW_LABEL.to_owned(), "pr-7".to_owned())];
        Guest { number: 7, of, own: true, labels, public }
    }

    #[test]
    fn a_preview_has_the_template_that_serves_and_little_else() {
        let live = json!({
            "etag": "e", "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "labels": {"team": "a"}, "scaling": {"minInstanceCount": 3},
            "traffic": [], "template": {"timeout": "1s"}, "binaryAuthorization": {"useDefault": true}, "iapEnabled": true,
        });
        let revision = json!({"timeout": "60s", "scaling": {"minInstanceCount": 2, "maxInstanceCount": 4}});
        let start = start(&live, Some(&revision), Some(&json!({"etag": "own"})), false);
        assert_eq!(
            start,
            json!({"etag": "own", "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "binaryAuthorization": {"useDefault": true},
                "template": {"timeout": "60s", "scaling": {"minInstanceCount": 2, "maxInstanceCount": 4}}})
        );
        let mut wanted = start.clone();
        wanted["scaling"] = json!({"manualInstanceCount": 3});
        finish(&mut wanted, Some(&start), &guest(None));
        assert_eq!(wanted["template"]["scaling"], json!({"minInstanceCount": 0, "maxInstanceCount": 4}));
        assert!(wanted.get("scaling").is_none() && wanted["labels"][PREVIEW_LABEL] == "pr-7");
    }

    #[test]
    fn a_preview_is_open_where_the_live_service_is_and_reached_alike() {
        let all = json!({"ingress": "INGRESS_TRAFFIC_ALL"});
        let inside = json!({"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"});
        assert!(is_open(&all, true, &all) && is_open(&all, true, &inside) && is_open(&inside, true, &inside));
        assert!(!is_open(&all, false, &all), "the live service is private");
        assert!(!is_open(&inside, true, &all), "it is open to the network inside alone");
        let with = |field: &str| json!({"ingress": "INGRESS_TRAFFIC_ALL", field: true});
        assert!(!is_open(&with("iapEnabled"), true, &all));
        assert!(is_open(&with("invokerIamDisabled"), false, &all));
    }

    #[test]
    fn what_a_tag_may_not_bring_is_named() {
        let before = json!({"labels": {"commit-sha": "a"}, "ingress": "a"});
        let after = json!({"labels": {"commit-sha": "b", "team": "c"}, "ingress": "b", "description": "d"});
        let level = Patch::between(&before, &after);
        assert_eq!(
            beyond(&level, &guest(Some(true)), Some(false)),
            ["`description`", "`ingress`", "`labels.team`", "`allow_unauthenticated`"]
        );
        assert!(beyond(&Patch::default(), &guest(None), Some(true)).is_empty());
    }
}
