//! From texts to changes of single fields, by the table of settings; and the settings that say several fields at once.

use serde_json::Value;

use super::{Give, probe};
use crate::cloud_run::wanted::edit::Edit;
use crate::inputs::engine::scalar;
use crate::inputs::setting::{SETTINGS, Setting, fields, takes_back};
use crate::inputs::spec::InputName;
use crate::inputs::spec::deploy::name;
use slipway_names::ids::ProjectId;

/// What goes along when a setting is taken back: it would mean nothing without it (as with gcloud's `--clear-key`,
/// `--clear-post-key-revocation-action-type`, `--gpu=0` and `--clear-vpc-connector`).
const ALONG: [(&str, &str); 5] = [
    ("encryption_key", "key_revocation_action"),
    ("encryption_key", "key_shutdown_hours"),
    ("key_revocation_action", "key_shutdown_hours"),
    ("gpu", "gpu_type"),
    ("vpc_connector", "vpc_egress"),
];

/// The least that GPUs need (Cloud Run's page on GPUs; gcloud's `--gpu`).
const CPUS_OF_GPUS: u32 = 4000;
const MEMORY_OF_GPUS: u64 = 8 << 30;

pub(super) fn edits(give: &mut Give<'_>, project: Option<&ProjectId>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for setting in SETTINGS {
        if give.raw.by_text(setting.input).is_some_and(|text| takes_back(setting.input, text.trim())) {
            edits.push(edit(setting, None));
        } else if let Some(value) = setting.read.and_then(|(name, read)| give.with(name, read)) {
            edits.push(edit(setting, Some(value)));
        }
    }
    let mut say = |name: &str, values: &[Option<Value>]| {
        edits.extend(fields(name).zip(values).map(|(setting, value)| edit(setting, value.clone())));
    };
    let mut by_policy = give.raw.get(name::BINARY_AUTHORIZATION) == Some("none");
    let scaling = give.with(name::SCALING, scaling);
    if let Some(count) = scaling {
        say("scaling", &[Some(count.map_or("AUTOMATIC", |_| "MANUAL").into()), count.map(Value::from)]);
    }
    if let Some(both) = give.with(name::BINARY_AUTHORIZATION, authorization) {
        say("binary_authorization", &both);
        by_policy = both[0].is_none();
    }
    if let Some(name) = give.with(name::MESH, |text| mesh(text, project)) {
        say("mesh", &[Some(name)]);
    }
    if let Some(count) = give.with(name::GPU, |text| scalar::number(text, 0, 8)) {
        say("gpu", &[(count > 0).then(|| count.to_string().into())]);
    }
    if let Some(updates) = give.switch(name::AUTOMATIC_UPDATES) {
        match (updates, give.raw.has(name::BASE_IMAGE)) {
            (true, false) => give.findings.wrong(
                name::AUTOMATIC_UPDATES,
                "it is not said which base image is kept up to date",
                "give `base_image` too",
            ),
            (false, true) => {
                let problem = "`false` ends the updates of a base image, and `base_image` asks for them";
                give.findings.wrong(name::AUTOMATIC_UPDATES, problem, "keep one of them");
            }
            (true, true) => {}
            (false, false) => say("automatic_updates", &[None]),
        }
    }
    for name in probe::INPUTS {
        if let Some(probe) = probe::probe(give, name) {
            say(name.text(), &[Some(probe)]);
        }
    }
    if scaling.flatten().is_some() {
        fixed(give, &mut edits);
    }
    along(&mut edits);
    if by_policy {
        unjustified(give, &mut edits);
    }
    if give.raw.get(name::KEY_REVOCATION_ACTION) == Some("prevent-new") {
        goes_on(give, &mut edits);
    }
    gpus(give);
    edits
}

fn edit(setting: &Setting, value: Option<Value>) -> Edit {
    Edit { input: setting.input, at: setting.at, path: setting.path, value }
}

/// Takes away what means nothing without that which is taken back, unless it is asked for.
fn along(edits: &mut Vec<Edit>) {
    for (gone, with) in ALONG {
        let taken = edits.iter().any(|edit| edit.input == gone && edit.value.is_none());
        if taken && !edits.iter().any(|edit| edit.input == with) {
            edits.extend(fields(with).map(|setting| edit(setting, None)));
        }
    }
}

/// `auto`, or a number of instances.
fn scaling(text: &str) -> Result<Option<u32>, String> {
    match text {
        "auto" => Ok(None),
        number => {
            scalar::number(number, 0, 10_000).map(Some).map_err(|_| "write `auto` or a number of instances".into())
        }
    }
}

/// A fixed number of instances has no least and no most: what the service has of them goes, as with gcloud.
fn fixed(give: &mut Give<'_>, edits: &mut Vec<Edit>) {
    for name in ["min", "max"] {
        if edits.iter().any(|edit| edit.input == name && edit.value.is_some()) {
            let problem = "`scaling` says how many instances there always are, and there is no least or most of them";
            give.findings.wrong(name, problem, format!("remove `{name}`, or write `scaling: auto`"));
        } else {
            let gone = fields(name).map(|setting| Edit { input: "scaling", ..edit(setting, None) });
            edits.extend(gone);
        }
    }
}

/// The project's own policy, or one by its name: what becomes of `useDefault` and of `policy`.
fn authorization(text: &str) -> Result<[Option<Value>; 2], &'static str> {
    let named = ["projects/", "/platforms/", "/policies/"].iter().all(|part| text.contains(part));
    match text {
        "default" => Ok([Some(true.into()), None]),
        _ if named => Ok([None, Some(text.into())]),
        _ => Err("write `default`, projects/PROJECT/platforms/cloudRun/policies/NAME, or `none`"),
    }
}

/// A justification is for passing by the project's own policy: Google refuses one where that does not hold, so it goes.
fn unjustified(give: &mut Give<'_>, edits: &mut Vec<Edit>) {
    if edits.iter().any(|edit| edit.input == "breakglass" && edit.value.is_some()) {
        let problem = "it passes by the project's own policy, and `binary_authorization` asks for another one, or none";
        give.findings.wrong(name::BREAKGLASS, problem, "remove it, or write `binary_authorization: default`");
    } else {
        edits.extend(fields("breakglass").map(|setting| Edit { input: "binary_authorization", ..edit(setting, None) }));
    }
}

/// Instances that go on are not shut down at any hour.
fn goes_on(give: &mut Give<'_>, edits: &mut Vec<Edit>) {
    if edits.iter().any(|edit| edit.input == "key_shutdown_hours" && edit.value.is_some()) {
        let problem = "nothing is shut down: `key_revocation_action` is `prevent-new`";
        give.findings.wrong(
            name::KEY_SHUTDOWN_HOURS,
            problem,
            "remove it, or write `key_revocation_action: shut-down`",
        );
    } else {
        let hours = fields("key_shutdown_hours");
        edits.extend(hours.map(|setting| Edit { input: "key_revocation_action", ..edit(setting, None) }));
    }
}

/// The full name of a mesh.
fn mesh(text: &str, project: Option<&ProjectId>) -> Result<Value, &'static str> {
    match (text.contains('/'), project) {
        (true, _) if text.starts_with("projects/") && text.contains("/meshes/") => Ok(text.into()),
        (false, Some(project)) => Ok(format!("projects/{project}/locations/global/meshes/{text}").into()),
        _ => Err("write its name, or projects/PROJECT/locations/global/meshes/NAME"),
    }
}

/// A GPU needs CPUs, memory, and CPU that is always on.
fn gpus(give: &mut Give<'_>) {
    if give.raw.get(name::GPU).is_none_or(|text| text == "0" || takes_back("gpu", text)) {
        return;
    }
    let raw = give.raw;
    let said = |name: InputName| raw.get(name).filter(|text| !takes_back(name.text(), text));
    let little_cpu =
        said(name::CPU).and_then(|text| scalar::milli_cpu(text).ok()).is_some_and(|milli| milli < CPUS_OF_GPUS);
    let little =
        said(name::MEMORY).and_then(|text| scalar::memory(text).ok()).is_some_and(|bytes| bytes < MEMORY_OF_GPUS);
    let idle = said(name::CPU_THROTTLING).is_some_and(|text| scalar::switch(text) == Ok(true));
    for (name, wrong, problem, cure) in [
        (name::CPU, little_cpu, "a GPU needs 4 CPUs at least", "write 4, 6 or 8"),
        (name::MEMORY, little, "a GPU needs 8Gi at least", "write 16Gi, as Google advises, or 8Gi"),
        (name::CPU_THROTTLING, idle, "a GPU needs CPU that is always on", "write `false`"),
    ] {
        if wrong {
            give.findings.wrong(name, problem, cure);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::engine::error::Findings;
    use crate::inputs::engine::raw::RawInputs;
    use serde_json::json;

    fn of(texts: &[(&'static str, &str)]) -> (Vec<(String, Option<Value>)>, Vec<String>) {
        let raw = RawInputs::from_texts(texts.iter().map(|(name, text)| (*name, (*text).to_owned())));
        let mut findings = Findings::default();
        let project = ProjectId::parse("harbour-dev").expect("a project");
        let edits = edits(&mut Give { raw: &raw, findings: &mut findings }, Some(&project));
        let shown = edits.into_iter().map(|edit| (edit.path.join("."), edit.value));
        (shown.collect(), findings.mistakes.iter().map(ToString::to_string).collect())
    }

    #[track_caller]
    fn good(texts: &[(&'static str, &str)], expected: &[(&str, Value)]) {
        let (edits, mistakes) = of(texts);
        assert_eq!(mistakes, Vec::<String>::new(), "{texts:?}");
        // Null stands for what is taken away.
        let edits: Vec<(&str, Value)> =
            edits.iter().map(|(path, value)| (path.as_str(), value.clone().unwrap_or_default())).collect();
        assert_eq!(edits, expected, "{texts:?}");
    }

    #[test]
    fn settings_of_several_fields_say_all_of_them() {
        good(
            &[("scaling", "3")],
            &[
                ("scaling.scalingMode", json!("MANUAL")),
                ("scaling.manualInstanceCount", json!(3)),
                ("scaling.minInstanceCount", Value::Null),
                ("scaling.maxInstanceCount", Value::Null),
            ],
        );
        good(
            &[("scaling", "auto"), ("min", "1")],
            &[
                ("scaling.minInstanceCount", json!(1)),
                ("scaling.scalingMode", json!("AUTOMATIC")),
                ("scaling.manualInstanceCount", Value::Null),
            ],
        );
        let (policy, by_default) = ("binaryAuthorization.policy", "binaryAuthorization.useDefault");
        good(&[("binary_authorization", "default")], &[(by_default, json!(true)), (policy, Value::Null)]);
        let name = "projects/p/platforms/cloudRun/policies/strict";
        let justified = ("binaryAuthorization.breakglassJustification", Value::Null);
        good(&[("binary_authorization", name)], &[(by_default, Value::Null), (policy, json!(name)), justified.clone()]);
        good(&[("binary_authorization", "none")], &[(by_default, Value::Null), (policy, Value::Null), justified]);
        good(&[("mesh", "m")], &[("serviceMesh.mesh", json!("projects/harbour-dev/locations/global/meshes/m"))]);
        good(&[("gpu", "1")], &[("resources.limits.nvidia.com/gpu", json!("1"))]);
    }

    #[test]
    fn what_means_nothing_alone_goes_along() {
        let gone = [
            ("encryptionKey", Value::Null),
            ("encryptionKeyRevocationAction", Value::Null),
            ("encryptionKeyShutdownDuration", Value::Null),
        ];
        good(&[("encryption_key", "default")], &gone);
        good(&[("key_revocation_action", "none")], &gone[1..]);
        let gpu = [("resources.limits.nvidia.com/gpu", Value::Null), ("nodeSelector.accelerator", Value::Null)];
        good(&[("gpu", "0")], &gpu);
        good(&[("gpu", "default")], &gpu);
    }

    #[test]
    fn what_contradicts_itself_is_told_all_at_once() {
        let (_, mistakes) = of(&[
            ("scaling", "2"),
            ("min", "1"),
            ("max", "3"),
            ("gpu", "1"),
            ("cpu", "2"),
            ("memory", "4Gi"),
            ("cpu_throttling", "true"),
            ("mesh", "a/b"),
            ("binary_authorization", "strict"),
        ]);
        let names: Vec<&str> = mistakes.iter().filter_map(|mistake| mistake.split(':').next()).collect();
        assert_eq!(
            names,
            ["binary_authorization", "mesh", "min", "max", "cpu", "memory", "cpu_throttling"],
            "{mistakes:#?}"
        );
    }
}
