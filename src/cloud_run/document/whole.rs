//! What a service, a job or a worker pool cannot be, whatever its form: Cloud Run refuses it, and by then the image would have been built.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::Resource;
use super::path::Path;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::tree::Node;
use slipway_names::shown::QuotedName;

/// Tells what does not fit together in the containers of one. `path` is where its template's fields stand.
pub(super) fn look(
    resource: Resource,
    document: &Map<String, Value>,
    path: &Path,
    root: &Node,
    findings: &mut Findings,
) {
    let none = Value::Null;
    let (first, more) = resource.template().split_first().unwrap_or((&"template", &[]));
    let template = document.get(*first).unwrap_or(&none);
    let template = more.iter().fold(template, |template, name| template.get(*name).unwrap_or(&none));
    let mut look = WholeLook { root, findings };
    let volumes = named(template.get("volumes"));
    let containers = items(template.get("containers"));
    look.each_once(items(template.get("volumes")), &path.key("volumes"), "volume");
    look.each_once(containers, &path.key("containers"), "container");
    let mut has_port = false;
    for (index, container) in containers.iter().enumerate() {
        let path = path.key("containers").index(index);
        let ports = items(container.get("ports"));
        if ports.len() > 1 || has_port && !ports.is_empty() {
            let cure = "keep `ports` with one entry, in the container that answers requests";
            look.wrong(&path.key("ports"), "a service has one port, in one container".to_owned(), cure);
        }
        has_port |= !ports.is_empty();
        let variables = items(container.get("env"));
        for (index, _) in variables.iter().enumerate().filter(|(_, variable)| name(variable).is_empty()) {
            look.wrong(&path.key("env").index(index), "it has no name".to_owned(), "write `name: NAME`");
        }
        look.each_once(variables, &path.key("env"), "variable");
        for (index, mount) in items(container.get("volumeMounts")).iter().enumerate() {
            let path = path.key("volumeMounts").index(index);
            if !volumes.contains(name(mount)) {
                let problem = format!("there is no volume {}", QuotedName(name(mount)));
                look.wrong(&path, problem, "name one of those in `volumes`");
            }
            if mount.get("mountPath").and_then(Value::as_str).is_none_or(str::is_empty) {
                look.wrong(&path, "it is not said where it is mounted".to_owned(), "write `mountPath`");
            }
        }
    }
}

struct WholeLook<'a> {
    root: &'a Node,
    findings: &'a mut Findings,
}

impl WholeLook<'_> {
    fn wrong(&mut self, path: &Path, problem: String, cure: &str) {
        self.findings.wrong_at("manifest", Some(path.line_in(self.root)), format!("{path}: {problem}"), cure);
    }

    /// A name stands once in a list.
    fn each_once(&mut self, all: &[Value], path: &Path, what: &str) {
        let mut seen = HashSet::new();
        for (index, one) in all.iter().enumerate().filter(|(_, one)| !name(one).is_empty()) {
            if !seen.insert(name(one)) {
                let problem = format!("there is a {what} {} before it", QuotedName(name(one)));
                self.wrong(&path.index(index), problem, "keep one");
            }
        }
    }
}

fn items(list: Option<&Value>) -> &[Value] {
    list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn name(one: &Value) -> &str {
    one.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn named(list: Option<&Value>) -> HashSet<&str> {
    items(list).iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        read(Resource::Service, text, None, &mut findings);
        findings.mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_cannot_be_is_told_in_both_forms_at_its_line() {
        let of = |before: &str, path: &str| {
            let text = format!(
                "{before}containers: [
  {{name: a, image: i, ports: [{{containerPort: 1}}, {{containerPort: 2}}]}},
  {{name: a, image: i, ports: [{{containerPort: 3}}]}},
  {{name: b, image: i, env: [{{name: A, value: x}}, {{value: y}},
    {{name: A, value: z}}],
    volumeMounts: [{{name: v, mountPath: /v}}, {{name: w, mountPath: /w}}, {{name: v}}]}}],
  volumes: [{{name: v, emptyDir: {{}}}}, {{name: v, emptyDir: {{}}}}]}}"
            );
            let text = if path.contains("spec") { text + "}}" } else { text };
            let line = before.lines().count().max(1);
            let at = |line: usize, rest: &str| format!("manifest, line {line}: {path}{rest}");
            let port = "a service has one port, in one container; keep `ports` with one entry, in the container that answers requests";
            assert_eq!(
                told(&text),
                [
                    at(line + 1, &format!("containers[0].ports: {port}")),
                    at(line + 2, "containers[1]: there is a container `a` before it; keep one"),
                    at(line + 2, &format!("containers[1].ports: {port}")),
                    at(line + 3, "containers[2].env[1]: it has no name; write `name: NAME`"),
                    at(line + 4, "containers[2].env[2]: there is a variable `A` before it; keep one"),
                    at(
                        line + 5,
                        "containers[2].volumeMounts[1]: there is no volume `w`; name one of those in `volumes`"
                    ),
                    at(
                        line + 5,
                        "containers[2].volumeMounts[2]: it is not said where it is mounted; write `mountPath`"
                    ),
                    at(line + 6, "volumes[1]: there is a volume `v` before it; keep one"),
                ]
            );
        };
        of("template: {", "template.");
        of(
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web}\nspec: {template: {spec: {",
            "spec.template.spec.",
        );
    }

    #[test]
    fn a_reference_that_says_too_little_is_told() {
        let text = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web}\nspec: {template: {spec: {
  containers: [{image: i, env: [{name: A, valueFrom: {}}], volumeMounts: [{name: v, mountPath: /v}]}],
  volumes: [{name: v, secret: {secretName: s}}]}}}";
        assert_eq!(
            told(text),
            [
                "manifest, line 5: spec.template.spec.containers[0].env[0].valueFrom: it is not said where the value comes from; write `secretKeyRef`, or `value` in its place",
            ]
        );
    }
}
