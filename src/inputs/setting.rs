//! The one table of settings by the fields of Cloud Run's document that they stand for: which input, where, and how its
//! text is read where the field says it alone. What is changed and shown by a setting's name goes by it.

use serde_json::Value;

use super::spec::InputName;
use super::spec::deploy::name;
pub use crate::cloud_run::wanted::edit::{At, Edit};
use crate::inputs::engine::scalar;

/// The words that take a field away, so that Cloud Run's default holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeBackWords {
    /// None does.
    Never,
    /// `default`, or `none`.
    Default,
    /// `none` alone: `default` is the name of something.
    None,
}

/// A setting and a field of it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The input.
    pub input: &'static str,
    /// Where the field stands.
    pub at: At,
    /// The field, from there on.
    pub path: &'static [&'static str],
    /// From the input's text to the field's value; `None` where more than this field is to be said.
    pub read: Option<(InputName, ReadSetting)>,
    /// How it is taken back.
    pub back: TakeBackWords,
    /// Whether the field says the opposite of the input.
    pub opposite: bool,
}

/// Reads a text.
pub type ReadSetting = fn(&str) -> Result<Value, String>;

const fn plain(input: InputName, at: At, path: &'static [&'static str], read: ReadSetting) -> Setting {
    Setting { input: input.text(), at, path, read: Some((input, read)), back: TakeBackWords::Default, opposite: false }
}

const fn switch(input: InputName, at: At, path: &'static [&'static str]) -> Setting {
    Setting { back: TakeBackWords::Never, ..plain(input, at, path, yes) }
}

const fn opposite(input: InputName, at: At, path: &'static [&'static str]) -> Setting {
    Setting { read: Some((input, no)), opposite: true, ..switch(input, at, path) }
}

/// A field of a setting whose meaning stands elsewhere.
const fn field(input: &'static str, at: At, path: &'static [&'static str], back: TakeBackWords) -> Setting {
    Setting { input, at, path, read: None, back, opposite: false }
}

/// Every setting, with every field that is its own.
pub const SETTINGS: &[Setting] = &[
    // Of the whole.
    field("description", At::Service, &["description"], TakeBackWords::Default),
    field("ingress", At::Service, &["ingress"], TakeBackWords::Never),
    Setting {
        opposite: true,
        ..field("invoker_iam_check", At::Service, &["invokerIamDisabled"], TakeBackWords::Never)
    },
    switch(name::IAP, At::Service, &["iapEnabled"]),
    opposite(name::DEFAULT_URL, At::Service, &["defaultUriDisabled"]),
    field("custom_audiences", At::Service, &["customAudiences"], TakeBackWords::Default),
    field("binary_authorization", At::Service, &["binaryAuthorization", "useDefault"], TakeBackWords::None),
    field("binary_authorization", At::Service, &["binaryAuthorization", "policy"], TakeBackWords::None),
    plain(name::BREAKGLASS, At::Service, &["binaryAuthorization", "breakglassJustification"], text),
    plain(name::MIN, At::Service, &["scaling", "minInstanceCount"], count::<0, 10_000>),
    plain(name::MAX, At::Service, &["scaling", "maxInstanceCount"], count::<1, 10_000>),
    field("scaling", At::Service, &["scaling", "scalingMode"], TakeBackWords::Default),
    field("scaling", At::Service, &["scaling", "manualInstanceCount"], TakeBackWords::Default),
    field("instances", At::Service, &["scaling", "manualInstanceCount"], TakeBackWords::Default),
    // Of a job's executions.
    field("tasks", At::Execution, &["taskCount"], TakeBackWords::Default),
    field("parallelism", At::Execution, &["parallelism"], TakeBackWords::Default),
    // Of a revision, or of a job's tasks.
    field("task_timeout", At::Template, &["timeout"], TakeBackWords::Default),
    field("max_retries", At::Template, &["maxRetries"], TakeBackWords::Default),
    field("concurrency", At::Template, &["maxInstanceRequestConcurrency"], TakeBackWords::Default),
    field("timeout", At::Template, &["timeout"], TakeBackWords::Default),
    field("min_instances", At::Template, &["scaling", "minInstanceCount"], TakeBackWords::Default),
    field("max_instances", At::Template, &["scaling", "maxInstanceCount"], TakeBackWords::Default),
    field("runtime_service_account", At::Template, &["serviceAccount"], TakeBackWords::Default),
    field("vpc_connector", At::Template, &["vpcAccess", "connector"], TakeBackWords::Default),
    field("vpc_egress", At::Template, &["vpcAccess", "egress"], TakeBackWords::Default),
    field("execution_environment", At::Template, &["executionEnvironment"], TakeBackWords::Default),
    field("session_affinity", At::Template, &["sessionAffinity"], TakeBackWords::Never),
    plain(name::ENCRYPTION_KEY, At::Template, &["encryptionKey"], key),
    plain(name::KEY_REVOCATION_ACTION, At::Template, &["encryptionKeyRevocationAction"], revocation),
    plain(name::KEY_SHUTDOWN_HOURS, At::Template, &["encryptionKeyShutdownDuration"], hours),
    plain(name::GPU_TYPE, At::Template, &["nodeSelector", "accelerator"], text),
    opposite(name::GPU_ZONAL_REDUNDANCY, At::Template, &["gpuZonalRedundancyDisabled"]),
    field("mesh", At::Template, &["serviceMesh", "mesh"], TakeBackWords::Default),
    opposite(name::DEPLOY_HEALTH_CHECK, At::Template, &["healthCheckDisabled"]),
    // Of a container.
    field("cpu", At::Container, &["resources", "limits", "cpu"], TakeBackWords::Default),
    field("memory", At::Container, &["resources", "limits", "memory"], TakeBackWords::Default),
    field("gpu", At::Container, &["resources", "limits", "nvidia.com/gpu"], TakeBackWords::Default),
    field("cpu_boost", At::Container, &["resources", "startupCpuBoost"], TakeBackWords::Never),
    field("cpu_throttling", At::Container, &["resources", "cpuIdle"], TakeBackWords::Never),
    field("command", At::Container, &["command"], TakeBackWords::Never),
    field("args", At::Container, &["args"], TakeBackWords::Never),
    plain(name::WORKING_DIR, At::Container, &["workingDir"], absolute),
    plain(name::DEPENDS_ON, At::Container, &["dependsOn"], lines),
    plain(name::BASE_IMAGE, At::Container, &["baseImageUri"], text),
    field("automatic_updates", At::Container, &["baseImageUri"], TakeBackWords::Never),
    field("startup_probe", At::Container, &["startupProbe"], TakeBackWords::Default),
    field("liveness_probe", At::Container, &["livenessProbe"], TakeBackWords::Default),
    field("readiness_probe", At::Container, &["readinessProbe"], TakeBackWords::Default),
];

/// The fields of an input.
pub fn fields(input: &str) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| setting.input == input)
}

/// How settings are taken back that stand in lists of the document.
const IN_LISTS: &[(&str, TakeBackWords)] = &[
    ("port", TakeBackWords::Default),
    // Most networks are called `default`.
    ("network", TakeBackWords::None),
    ("subnet", TakeBackWords::None),
    ("network_tags", TakeBackWords::Default),
    ("cloudsql_instances", TakeBackWords::Default),
    ("volumes", TakeBackWords::Default),
    ("volume_mounts", TakeBackWords::Default),
];

/// Those settings.
pub fn in_lists() -> impl Iterator<Item = &'static str> {
    IN_LISTS.iter().map(|(input, _)| *input)
}

/// Whether a text takes an input's fields away.
pub fn takes_back(input: &str, text: &str) -> bool {
    let of_list = IN_LISTS.iter().find(|(name, _)| *name == input).map(|(_, back)| *back);
    match fields(input).map(|setting| setting.back).next().or(of_list) {
        Some(TakeBackWords::Default) => ["default", "none"].contains(&text),
        Some(TakeBackWords::None) => text == "none",
        Some(TakeBackWords::Never) | None => false,
    }
}

fn yes(text: &str) -> Result<Value, String> {
    Ok(scalar::switch(text)?.into())
}

fn no(text: &str) -> Result<Value, String> {
    Ok((!scalar::switch(text)?).into())
}

fn count<const LOW: u32, const HIGH: u32>(text: &str) -> Result<Value, String> {
    Ok(scalar::number(text, LOW, HIGH)?.into())
}

fn text(text: &str) -> Result<Value, String> {
    Ok(text.into())
}

fn lines(text: &str) -> Result<Value, String> {
    let all = scalar::list(text);
    if all.is_empty() { Err("name one at least, or write `default` to take all away".into()) } else { Ok(all.into()) }
}

fn absolute(text: &str) -> Result<Value, String> {
    if text.starts_with('/') { Ok(text.into()) } else { Err("write a path that begins with `/`".into()) }
}

/// The name of a key, in full.
fn key(text: &str) -> Result<Value, String> {
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        ["projects", project, "locations", place, "keyRings", ring, "cryptoKeys", key]
            if [project, place, ring, key].iter().all(|part| !part.is_empty()) =>
        {
            Ok(text.into())
        }
        _ => Err("write projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY".into()),
    }
}

fn revocation(text: &str) -> Result<Value, String> {
    match text {
        "prevent-new" => Ok("PREVENT_NEW".into()),
        // gcloud's word has a hyphen, the field's has none.
        "shut-down" | "shutdown" => Ok("SHUTDOWN".into()),
        _ => Err("write `prevent-new` or `shut-down`".into()),
    }
}

fn hours(text: &str) -> Result<Value, String> {
    let hours: u32 = text.parse().ok().filter(|hours| (1..=8760).contains(hours)).ok_or("write a number of hours")?;
    Ok(format!("{}s", hours * 3600).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::spec::{DEPLOY, JOB};
    use serde_json::json;

    #[test]
    fn each_plain_setting_says_its_field() {
        let key = "projects/p/locations/r/keyRings/ring/cryptoKeys/key";
        let table = [
            ("iap", "true", json!(true)),
            ("default_url", "false", json!(true)),
            ("breakglass", "ticket 7", json!("ticket 7")),
            ("min", "0", json!(0)),
            ("max", "7", json!(7)),
            ("encryption_key", key, json!(key)),
            ("key_revocation_action", "shut-down", json!("SHUTDOWN")),
            ("key_shutdown_hours", "2", json!("7200s")),
            ("gpu_type", "nvidia-l4", json!("nvidia-l4")),
            ("gpu_zonal_redundancy", "false", json!(true)),
            ("deploy_health_check", "false", json!(true)),
            ("working_dir", "/app", json!("/app")),
            ("depends_on", "db\ncache", json!(["db", "cache"])),
            ("base_image", "python312", json!("python312")),
        ];
        let read = |setting: &Setting, text: &str| setting.read.map(|(_, read)| read(text));
        for (name, text, value) in &table {
            let setting = fields(name).next().expect(name);
            assert_eq!(read(setting, text), Some(Ok(value.clone())), "{name}");
        }
        let all: Vec<&str> = SETTINGS.iter().filter(|one| one.read.is_some()).map(|one| one.input).collect();
        assert!(all.iter().all(|name| table.iter().any(|(known, _, _)| known == name)), "{all:?}");
    }

    #[test]
    fn what_does_not_fit_says_what_does() {
        for (name, text) in [
            ("iap", "maybe"),
            ("default_url", ""),
            ("min", "-1"),
            ("max", "0"),
            ("encryption_key", "my-key"),
            ("encryption_key", "projects//locations/r/keyRings/ring/cryptoKeys/key"),
            ("key_revocation_action", "never"),
            ("key_shutdown_hours", "0"),
            ("key_shutdown_hours", "2h"),
            ("working_dir", "app"),
        ] {
            let read = fields(name).next().and_then(|setting| setting.read).expect(name).1;
            assert!(read(text).is_err_and(|cure| cure.contains("write") || cure.contains("name")), "{name} {text}");
        }
    }

    #[test]
    fn every_setting_is_an_input_and_no_field_has_two() {
        for setting in SETTINGS {
            assert!(DEPLOY.iter().chain(JOB).any(|input| input.name == setting.input), "{}", setting.input);
        }
        // A pool's instances are a service's manual count, a task's limit lies where a request's does, and a base image
        // that is not kept up to date is none.
        let shared = ["instances", "task_timeout", "automatic_updates"];
        for (at, one) in SETTINGS.iter().enumerate().filter(|(_, one)| !shared.contains(&one.input)) {
            let mut later = SETTINGS[at + 1..].iter().filter(|other| !shared.contains(&other.input));
            assert!(later.all(|other| (other.at, other.path) != (one.at, one.path)), "{}", one.input);
        }
    }

    #[test]
    fn a_word_takes_back_unless_it_is_a_name() {
        assert!(takes_back("concurrency", "default") && takes_back("encryption_key", "none"));
        assert!(takes_back("binary_authorization", "none") && !takes_back("binary_authorization", "default"));
        assert!(!takes_back("iap", "default") && !takes_back("command", "default"));
    }
}
