//! The list of annotations, both ways; what a reader sees of an export; what is told.

use serde_json::{Value, json};

use super::super::generated::Maker;
use super::super::{Resource, read};
use super::annotation::{Annotation, FieldPlace, Form, On};
use super::table::of;
use super::write::write;
use crate::inputs::engine::error::Findings;

fn read_all(text: &str) -> (Option<Value>, Vec<String>) {
    read_as(Resource::Service, text)
}

fn read_as(resource: Resource, text: &str) -> (Option<Value>, Vec<String>) {
    let mut findings = Findings::default();
    let manifest = read(resource, text, None, &mut findings);
    (manifest.map(|manifest| manifest.document.into()), findings.mistakes.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn good(text: &str) -> Value {
    good_as(Resource::Service, text)
}

#[track_caller]
fn good_as(resource: Resource, text: &str) -> Value {
    let (document, mistakes) = read_as(resource, text);
    assert_eq!(mistakes, Vec::<String>::new());
    document.expect("a document")
}

/// A service with one annotation.
fn with(on: On, name: &str, value: &str) -> String {
    with_as(Resource::Service, on, name, value)
}

/// A service, job or worker pool with one annotation.
fn with_as(resource: Resource, on: On, name: &str, value: &str) -> String {
    let notes = |here: bool| if here { json!({name: value}) } else { json!({}) };
    let (version, kind) = resource.named();
    let mut spec = json!({"containers": [{"name": "app", "image": "i", "resources": {"limits": {"cpu": "1"}}}]});
    if resource == Resource::Job {
        spec = json!({"template": {"spec": spec}});
    }
    json!({"apiVersion": version, "kind": kind,
        "metadata": {"name": "web", "annotations": notes(on == On::Service)},
        "spec": {"template": {"metadata": {"annotations": notes(on == On::Template)}, "spec": spec}}})
    .to_string()
}

/// A value that each form can have, as the annotation writes it and as v2 has it.
fn sample(form: Form) -> (String, Value) {
    match form {
        Form::Text => ("some text".into(), json!("some text")),
        Form::Flag => ("True".into(), json!(true)),
        Form::Number => ("5".into(), json!(5)),
        Form::Part => ("0.7".into(), json!(0.7)),
        Form::Hours => ("2".into(), json!("7200s")),
        Form::Commas => ("a,b".into(), json!(["a", "b"])),
        Form::Words(words) => (words[0].0.into(), json!(words[0].1)),
        Form::Policy => ("default".into(), json!({"useDefault": true})),
        Form::Json(kind) => match kind {
            super::super::shape::FieldKind::Texts => (r#"{"A":"b"}"#.into(), json!({"A": "b"})),
            super::super::shape::FieldKind::List(super::super::shape::FieldKind::Text) => {
                (r#"["a"]"#.into(), json!(["a"]))
            }
            _ => (r#"[{"network":"n","tags":["t"]}]"#.into(), json!([{"network": "n", "tags": ["t"]}])),
        },
    }
}

#[test]
fn every_annotation_has_its_field_both_ways() {
    for (resource, least) in [(Resource::Service, 56), (Resource::Job, 15), (Resource::WorkerPool, 19)] {
        let fields = of(resource).filter(|annotation| has_its_field_both_ways(resource, annotation)).count();
        assert!(fields >= least, "{fields} of a {}", resource.word());
    }
}

/// Whether it is a field, which it is both ways.
fn has_its_field_both_ways(resource: Resource, annotation: &Annotation) -> bool {
    match annotation.place {
        FieldPlace::Field(field, form) | FieldPlace::Older(field, form) => {
            let (text, value) = sample(form);
            let document = good_as(resource, &with_as(resource, annotation.on, annotation.name, &text));
            let place = if annotation.on == On::Template { format!("template.{field}") } else { field.to_owned() };
            assert_eq!(super::reader::at(&document, &place), Some(&value), "{}", annotation.name);
            let again = good_as(resource, &document.to_string());
            assert_eq!(again, document, "v2's form knows the field of {}", annotation.name);
            let back = write(resource, &document);
            let at = if annotation.on == On::Template { "/spec/template/metadata" } else { "/metadata" };
            let newer = of(resource).find(|other| {
                other.on == annotation.on && matches!(other.place, FieldPlace::Field(other, _) if other == field)
            });
            let written = &back.pointer(at).expect("metadata")["annotations"][newer.expect("one that is written").name];
            assert_eq!(written.as_str().map(str::to_lowercase), Some(text.to_lowercase()), "{}", annotation.name);
            true
        }
        FieldPlace::Containers(_) => true,
        FieldPlace::Past => {
            let on = if annotation.on == On::Both { On::Service } else { annotation.on };
            let document = good_as(resource, &with_as(resource, on, annotation.name, "x"));
            assert_eq!(document.get("annotations"), None, "{}", annotation.name);
            false
        }
        FieldPlace::Only(word) => {
            let document = good_as(resource, &with_as(resource, annotation.on, annotation.name, word));
            assert_eq!(document.get("annotations"), None, "{}", annotation.name);
            let told = read_as(resource, &with_as(resource, annotation.on, annotation.name, "other")).1;
            assert!(told.len() == 1 && told[0].contains("a worker pool has no other than `manual`"), "{told:?}");
            false
        }
        FieldPlace::Nowhere(_) => {
            for on in [On::Service, On::Template] {
                let told = read_as(resource, &with_as(resource, on, annotation.name, "x")).1;
                assert!(told.len() == 1 && told[0].contains(annotation.name), "{told:?}");
            }
            false
        }
    }
}

#[test]
fn every_value_of_every_annotation_is_checked() {
    for resource in Resource::ALL {
        for annotation in of(resource) {
            let (FieldPlace::Field(_, form) | FieldPlace::Older(_, form)) = annotation.place else { continue };
            if matches!(form, Form::Text | Form::Policy | Form::Commas) {
                continue;
            }
            let told = read_as(resource, &with_as(resource, annotation.on, annotation.name, "wrong thing")).1;
            assert!(told.len() == 1 && told[0].contains(annotation.name), "{told:?}");
        }
    }
}

#[test]
fn what_only_a_service_has_is_a_mistake_on_others() {
    for (resource, says) in [
        (Resource::Job, "a job has no such setting in this form; remove it"),
        (Resource::WorkerPool, "a worker pool has no such setting in this form; remove it"),
    ] {
        let told = read_as(resource, &with_as(resource, On::Service, "run.googleapis.com/iap-enabled", "true")).1;
        assert!(told.len() == 1 && told[0].contains(says), "{told:?}");
    }
}

#[test]
fn an_annotation_of_googles_that_is_not_understood_is_a_mistake() {
    for (on, name, says) in [
        (On::Service, "run.googleapis.com/future-thing", "this annotation of Google's is not understood"),
        (On::Service, "serving.knative.dev/rollout-duration", "this annotation of Google's is not understood"),
        (On::Template, "networking.knative.dev/x", "this annotation of Google's is not understood"),
        (
            On::Service,
            "autoscaling.knative.dev/maxScale",
            "it means nothing here; move it to `spec.template.metadata.annotations`",
        ),
        (On::Template, "run.googleapis.com/iap-enabled", "it means nothing here; move it to `metadata.annotations`"),
    ] {
        let told = read_all(&with(on, name, "x")).1;
        assert!(told.len() == 1 && told[0].contains(says), "{told:?}");
    }
    let service = good(&with(On::Service, "example.com/owner", "me"));
    assert_eq!(service["annotations"], json!({"example.com/owner": "me"}));
}

/// What v2 has and Knative's form has no word for, in any description or tool of Google's that was read.
const WITHOUT_WORD: [(&str, &str); 7] = [
    ("", "functionalType"),
    ("", "customAudiences"),
    ("/template", "delayExecution"),
    ("/template/template", "sandboxes"),
    ("/template/template", "workloadIdentityConfig"),
    ("resources", "cpuIdle"),
    ("resources", "startupCpuBoost"),
];

/// It in the form in which Knative can say all of it: one word for all containers' CPU, more of it for the app.
pub(crate) fn sayable(resource: Resource, mut document: Value) -> Value {
    for (place, name) in WITHOUT_WORD {
        // A service has audiences, and CPU that idles.
        if !(resource == Resource::Service && matches!(name, "customAudiences" | "cpuIdle" | "startupCpuBoost"))
            && let Some(part) = document.pointer_mut(place).and_then(Value::as_object_mut)
        {
            part.remove(name);
        }
    }
    let template = document.pointer_mut(&format!("/{}", resource.template().join("/"))).expect("a template");
    for container in template["containers"].as_array_mut().expect("containers") {
        let is_app = container.get("ports").is_some();
        let container = container.as_object_mut().expect("an object");
        if let Some(source) = container.get_mut("sourceCode") {
            *source = json!({"cloudStorageSource": {"bucket": "b", "object": "o/p", "generation": "5"}});
        }
        let resources = container.entry("resources").or_insert_with(|| json!({}));
        let resources = resources.as_object_mut().expect("an object");
        if !is_app {
            resources.remove("startupCpuBoost");
        }
        if resource == Resource::Service {
            resources.insert("cpuIdle".into(), true.into());
        } else {
            resources.remove("cpuIdle");
            if resources.is_empty() {
                container.remove("resources");
            }
        }
    }
    document
}

#[test]
fn what_has_every_field_is_written_and_read_as_it_is() {
    for resource in Resource::ALL {
        let v2 = read_as(resource, &Maker::whole().make(resource).to_string()).0.expect("a document");
        let v2 = sayable(resource, v2);
        assert_eq!(good_as(resource, &write(resource, &v2).to_string()), v2, "{}", resource.word());
    }
}

#[test]
fn scalars_without_quotes_are_their_text() {
    let text = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: web
  namespace: 222222222222
  annotations: {run.googleapis.com/minScale: 1, run.googleapis.com/iap-enabled: true, example.com/number: 1.10}
spec:
  template:
    metadata:
      annotations: {autoscaling.knative.dev/maxScale: 5, run.googleapis.com/cpu-throttling: false}
    spec:
      containers:
      - image: i
        resources: {limits: {cpu: 2, memory: 1Gi}}
        env: [{name: A, value: 8080}, {name: B, value: yes}, {name: C, value: 1.10}, {name: D}, {name: E, value: }]
";
    let service = good(text);
    assert_eq!((&service["scaling"]["minInstanceCount"], &service["iapEnabled"]), (&json!(1), &json!(true)));
    assert_eq!(service["annotations"], json!({"example.com/number": "1.10"}));
    assert_eq!(service["template"]["scaling"]["maxInstanceCount"], 5);
    let container = &service["template"]["containers"][0];
    assert_eq!(container["resources"], json!({"limits": {"cpu": "2", "memory": "1Gi"}, "cpuIdle": false}));
    let values: Vec<&str> =
        container["env"].as_array().expect("a list").iter().map(|one| one["value"].as_str().expect("a text")).collect();
    assert_eq!(values, ["8080", "yes", "1.10", "", ""]);
}

#[test]
fn the_settings_of_the_app_go_to_the_container_with_the_port() {
    let text = |containers: &str| {
        format!(
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  template:\n    metadata:\n      annotations:\n        run.googleapis.com/startup-cpu-boost: 'true'\n        run.googleapis.com/cloudsql-instances: 'p:r:a, p:r:b'\n        run.googleapis.com/container-dependencies: '{{\"app\":[\"side\"]}}'\n    spec:\n      containers:\n{containers}"
        )
    };
    let side = "      - {name: side, image: s}\n";
    let app = "      - {name: app, image: a, ports: [{containerPort: 8080, name: '', protocol: TCP}]}\n";
    for containers in [[side, app].concat(), [app, side].concat()] {
        let service = good(&text(&containers));
        let found = |name: &str| {
            let containers = service["template"]["containers"].as_array().expect("a list");
            containers.iter().find(|container| container["name"] == name).cloned().expect("a container")
        };
        assert_eq!(found("side"), json!({"name": "side", "image": "s"}));
        assert_eq!(
            found("app"),
            json!({"name": "app", "image": "a", "ports": [{"containerPort": 8080}], "dependsOn": ["side"],
                "resources": {"startupCpuBoost": true}, "volumeMounts": [{"name": "cloudsql", "mountPath": "/cloudsql"}]})
        );
        assert_eq!(
            service["template"]["volumes"],
            json!([{"name": "cloudsql", "cloudSqlInstance": {"instances": ["p:r:a", "p:r:b"]}}])
        );
    }
    let none = text("      - {name: app, image: a}\n      - {name: side, image: s}\n");
    assert!(read_all(&none).1[0].contains("none of the containers has a port"), "{:?}", read_all(&none).1);
    let mut findings = Findings::default();
    let named = read(Resource::Service, &none, Some("app"), &mut findings).expect("the inputs name it");
    assert_eq!(named.document["template"]["containers"][0]["resources"], json!({"startupCpuBoost": true}));
}

#[test]
fn what_says_that_a_protection_goes_stays_a_statement() {
    for nothing in ["''", "~", ""] {
        let text = format!(
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: web\n  annotations:\n    run.googleapis.com/iap-enabled: {nothing}\n    run.googleapis.com/custom-audiences: {nothing}\n    run.googleapis.com/binary-authorization: {nothing}\n    run.googleapis.com/description: {nothing}\nspec:\n  template:\n    metadata:\n      annotations:\n        run.googleapis.com/encryption-key: {nothing}\n        autoscaling.knative.dev/minScale: {nothing}\n    spec: {{containers: [{{image: i}}]}}\n"
        );
        assert_eq!(
            good(&text),
            json!({"iapEnabled": null, "customAudiences": null, "binaryAuthorization": {"useDefault": null},
                "template": {"encryptionKey": null, "scaling": {}, "containers": [{"image": "i"}]}}),
            "{nothing}"
        );
    }
}

#[test]
fn what_would_be_lost_is_a_mistake_with_its_path_and_line() {
    let text = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: web
  labels: {cloud.googleapis.com/location: r, networking.knative.dev/visibility: cluster-local, team: a}
  annotations: {run.googleapis.com/custom-audiences: 'https://a'}
  ownerReferences: []
spec:
  template:
    metadata:
      annotations:
        run.googleapis.com/base-images: '{\"other\":\"b\"}'
        run.googleapis.com/network-interfaces: '[{\"netwrok\":\"n\"}]'
        run.googleapis.com/secrets: 'bank:db'
    spec:
      hostNetwork: true
      nodeSelector: {disktype: ssd}
      runtimeClassName: gvisor
      containers:
      - name: app
        image: i
        imagePullPolicy: Always
        ports: [{containerPort: 80, protocol: UDP}]
        env:
        - {name: A, valueFrom: {configMapKeyRef: {name: c, key: k}}}
        - {name: B, valueFrom: {secretKeyRef: {name: s}}}
        resources: {limits: {cpu: '1'}, requests: {cpu: '1', memory: 1Gi}}
        livenessProbe: {exec: {command: [a]}, successThreshold: 2}
        volumeMounts: [{name: v, mountPath: /v, readOnly: true}]
      volumes:
      - {name: v, configMap: {name: c}}
      - {name: w, csi: {driver: other}}
      - {name: x, csi: {driver: gcsfuse.run.googleapis.com, volumeAttributes: {bucketName: b, uid: 1}}}
      - {name: y, emptyDir: {medium: Ram}}
      - {name: z, secret: {secretName: s, optional: true, items: [{key: 1, path: a, mode: 644}]}}
";
    insta::assert_snapshot!(read_all(text).1.join("\n"));
}
