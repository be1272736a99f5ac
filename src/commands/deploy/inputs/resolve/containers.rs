//! Containers beside the one that the image is for: each is a map of the same inputs that a service's container has.

use super::Give;
use super::settings::settings;
use crate::cloud_run::wanted::settings::Beside;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::map::{self as map, Entry, From};
use crate::inputs::engine::raw::{RawInputs, nearest};
use crate::inputs::engine::tree::{self as tree, TreeValue};
use crate::inputs::spec::deploy::name;
use crate::inputs::spec::{self as spec, InputKind, InputName};
use slipway_names::ids::{DnsLabel, ProjectId};
use slipway_names::image::ImageRef;
use slipway_names::shown::{QuotedName, listed};
use slipway_runner::env::Runner;

const INPUT: InputName = name::CONTAINERS;

/// The inputs that a container has of its own.
pub(super) const OF_CONTAINERS: [&str; 20] = [
    "image",
    "port",
    "http2",
    "cpu",
    "memory",
    "gpu",
    "command",
    "args",
    "env_vars",
    "env_vars_file",
    "env_vars_update_strategy",
    "secrets",
    "secrets_update_strategy",
    "startup_probe",
    "liveness_probe",
    "readiness_probe",
    "volume_mounts",
    "depends_on",
    "working_dir",
    "base_image",
];

/// The containers to make or change, and the names of those that go.
pub(super) fn containers(
    give: &mut Give<'_>,
    runner: &Runner,
    project: Option<&ProjectId>,
) -> (Vec<Beside>, Vec<String>) {
    let mut gone = crate::inputs::engine::scalar::list(give.raw.whole(name::REMOVE_CONTAINERS).unwrap_or_default());
    let mut all = Vec::new();
    let Some(text) = give.raw.whole(INPUT) else { return (all, gone) };
    let entries = map::parse_nested(INPUT.row(), From::Input, text, give.findings);
    if entries.is_empty() && give.findings.mistakes.iter().all(|mistake| mistake.input != INPUT.text()) {
        give.findings.wrong(INPUT, "it names none, and changes nothing", "name one, or leave it out");
    }
    for entry in entries {
        if DnsLabel::parse(&entry.key).is_err() {
            let problem = format!("{} is not the name of a container", QuotedName(&entry.key));
            let cure = "write small letters, digits and dashes, beginning with a letter, at most 63";
            give.findings.wrong_at(INPUT, Some(entry.line), problem, cure);
            continue;
        }
        if entry.is_null {
            gone.push(entry.key);
            continue;
        }
        if gone.contains(&entry.key) {
            let problem = format!("{} is in `remove_containers` too", QuotedName(&entry.key));
            give.findings.wrong_at(INPUT, Some(entry.line), problem, "keep one of them");
        }
        all.push(one(give, runner, project, &entry));
    }
    (all, gone)
}

fn one(give: &mut Give<'_>, runner: &Runner, project: Option<&ProjectId>, entry: &Entry) -> Beside {
    let name = entry.key.clone();
    let inner = map::parse_inner_nested(INPUT.row(), From::Input, entry, give.findings);
    let mut texts = Vec::new();
    for key in &inner {
        match spec::find(&key.key).filter(|input| OF_CONTAINERS.contains(&input.name)) {
            Some(input) => texts.push((input.name, text(input.kind, input.name, &key.value))),
            None => {
                let problem = format!("{} is no setting of a container", QuotedName(&key.key));
                let cure = match nearest(OF_CONTAINERS.into_iter(), &key.key) {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => format!("its settings are {}", listed(OF_CONTAINERS)),
                };
                give.findings.wrong_at(format!("{INPUT}.{name}"), Some(key.line), problem, cure);
            }
        }
    }
    let raw = RawInputs::from_texts(texts);
    let mut findings = Findings::default();
    let mut own = Give { raw: &raw, findings: &mut findings };
    let image = own.with(name::IMAGE, ImageRef::parse);
    let settings = settings(&mut own, runner, project, None, |_| Default::default());
    let line = |input: &str| inner.iter().find(|key| key.key == input).map(|key| key.line);
    for mistake in findings.mistakes {
        let path = format!("{INPUT}.{name}.{}", mistake.input);
        // Lines of a block begin below the key, a text in one line stands behind it.
        let block = inner.iter().any(|key| key.key == mistake.input && key.value.contains('\n'));
        let further = mistake.line.map_or(0, |line| if block { line } else { line.saturating_sub(1) });
        let line = line(&mistake.input).map(|line| line + further);
        give.findings.wrong_at(&path, line.or(Some(entry.line)), mistake.problem, mistake.cure);
    }
    give.findings.warnings.extend(findings.warnings.into_iter().map(|warning| format!("{INPUT}.{name}.{warning}")));
    Beside { name, image: image.map(|image| image.to_string()), settings }
}

/// The text of an inner input. A list in YAML becomes what the input reads: words a JSON list, other things a line each.
fn text(kind: InputKind, name: &str, value: &str) -> String {
    let trimmed = value.trim();
    if !trimmed.starts_with('[') && !trimmed.starts_with("- ") || kind == InputKind::Map {
        return value.to_owned();
    }
    let mut findings = Findings::default();
    let Some(TreeValue::List(items)) = tree::read(INPUT.text(), trimmed, &mut findings).map(|node| node.value) else {
        return value.to_owned();
    };
    let texts: Option<Vec<String>> = items
        .into_iter()
        .map(|item| match item.value {
            TreeValue::Text { text, .. } => Some(text),
            _ => None,
        })
        .collect();
    match texts {
        Some(texts) if ["command", "args"].contains(&name) => serde_json::Value::from(texts).to_string(),
        Some(texts) => texts.join("\n"),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> (Vec<Beside>, Vec<String>, Vec<String>) {
        let raw = RawInputs::from_texts([(INPUT.text(), text.to_owned())]);
        let mut findings = Findings::default();
        let runner = Runner::default();
        let (all, gone) = containers(&mut Give { raw: &raw, findings: &mut findings }, &runner, None);
        (all, gone, findings.mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_container_has_the_same_inputs_in_yaml_and_in_json() {
        let yaml = "proxy:\n  image: docker.io/envoy:v1\n  port: 8080\n  args: [--config, '/etc/a b']\n  env_vars:\n    A: 1.10\n    B: {\"c\": 1}\n  startup_probe: {http: /ready, period: 5}\n  depends_on:\n    - app\n    - db\n  volume_mounts: {/data: files}\nold: null";
        let json_text = json!({"proxy": {"image": "docker.io/envoy:v1", "port": "8080", "args": ["--config", "/etc/a b"],
            "env_vars": {"A": "1.10", "B": "{\"c\": 1}"}, "startup_probe": {"http": "/ready", "period": "5"},
            "depends_on": ["app", "db"], "volume_mounts": {"/data": "files"}}, "old": null});
        for text in [yaml.to_owned(), json_text.to_string()] {
            let (all, gone, mistakes) = read(&text);
            assert_eq!((mistakes, gone), (Vec::new(), vec!["old".to_owned()]), "{text}");
            let [Beside { name, image, settings }] = all.as_slice() else { panic!("one") };
            assert_eq!((name.as_str(), image.as_deref()), ("proxy", Some("docker.io/envoy:v1")));
            assert_eq!(
                (settings.port, settings.args.clone()),
                (Some(8080), Some(vec!["--config".into(), "/etc/a b".into()]))
            );
            let env = settings.env.entries.clone().unwrap_or_default();
            assert_eq!(env, [("A".into(), "1.10".into()), ("B".into(), "{\"c\": 1}".to_owned())]);
            let edits: Vec<_> =
                settings.edits.iter().map(|edit| (edit.input, edit.value.clone().unwrap_or_default())).collect();
            assert_eq!(
                edits,
                [
                    ("depends_on", json!(["app", "db"])),
                    ("startup_probe", json!({"httpGet": {"path": "/ready"}, "periodSeconds": 5}))
                ]
            );
            assert_eq!(settings.volume_mounts.put.len(), 1);
        }
    }

    #[test]
    fn its_mistakes_name_it_and_the_line() {
        let (_, _, mistakes) =
            read("proxy:\n  imgae: x\n  memory: much\n  env_vars:\n    A: 1\n    9x: 2\n  concurrency: 3");
        assert_eq!(mistakes.len(), 4, "{mistakes:#?}");
        assert_eq!(
            mistakes[0],
            "containers.proxy, line 2: `imgae` is no setting of a container; did you mean `image`?"
        );
        assert!(mistakes[1].starts_with("containers.proxy, line 7: `concurrency` is no setting"), "{mistakes:#?}");
        assert!(mistakes[2].starts_with("containers.proxy.memory, line 3: "), "{mistakes:#?}");
        assert!(mistakes[3].starts_with("containers.proxy.env_vars, line 6: "), "{mistakes:#?}");
    }
}
