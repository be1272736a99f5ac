//! What is done with each text that somebody else wrote: `cargo fuzz` drives these with libFuzzer, `tests/fuzz.rs` with
//! proptest in every run of the suite. A body panics where a reader does, or where what it read is not what it says.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use serde_json::Value;
use slipway::cloud_run::document as manifest;
use slipway::commands::release::inputs::resolve as release;
use slipway::inputs::error::Findings;
use slipway::inputs::firebase::{parse, parse_rc};
use slipway::inputs::map::{self, From};
use slipway::inputs::raw::RawInputs;
use slipway::inputs::spec::{self, CommandName, ELSEWHERE};
use slipway::inputs::{credentials, flags, pull_request, tree};
use slipway_google::{cloud_run, executions, jobs, operation, refusal};
use slipway_names::dockerfile::Dockerfile;
use slipway_names::key::ServiceAccountKey;
use slipway_runner::env::{Origin, Runner};
use {slipway_packing as package, slipway_sites as site};

/// A reader under fuzz.
pub(crate) type Body = fn(&[u8]);

/// The bodies by name, which is also the name of the corpus and of the target.
pub(crate) const BODIES: [(&str, Body); 13] = [
    ("dockerfile", dockerfile),
    ("firebase_json", firebase_json),
    ("firebaserc", firebaserc),
    ("map", a_map),
    ("flags", gcloud_flags),
    ("manifest", service_manifest),
    ("release", release_manifest),
    ("yaml", yaml_tree),
    ("ignore_file", ignore_file),
    ("glob", glob),
    ("credentials", sign_in),
    ("event", event),
    ("answer", answer),
];

/// The text of an input; what is no text never reaches a reader.
fn text(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_default()
}

fn dockerfile(data: &[u8]) {
    let read = Dockerfile::read(text(data));
    read.has_no_base(None);
    read.has_no_base(Some("build"));
    let lines = text(data).lines().count();
    for want in read.newer() {
        assert!((1..=lines).contains(&want.line), "line {} of {lines}", want.line);
    }
}

fn firebase_json(data: &[u8]) {
    if let Err(mistakes) = parse(text(data)) {
        assert!(!mistakes.is_empty(), "refused without a reason");
    }
}

fn firebaserc(data: &[u8]) {
    match parse_rc(text(data)) {
        Ok(read) => {
            let project = read.project(None).unwrap_or_default();
            read.project(Some("default"));
            let _ = read.resolve_target(&project, "web");
        }
        Err(mistakes) => assert!(!mistakes.is_empty(), "refused without a reason"),
    }
}

/// What was read is written as a JSON object, which is one of the three grammars, and read again.
fn a_map(data: &[u8]) {
    let input = spec::find("env_vars").expect("an input that is a map");
    for from in [From::Input, From::File] {
        let mut findings = Findings::default();
        let entries = map::parse(input, from, text(data), &mut findings);
        let _ = map::parse_nested(input, from, text(data), &mut Findings::default());
        if !findings.mistakes.is_empty() || entries.is_empty() {
            continue;
        }
        let object: serde_json::Map<String, Value> =
            entries.iter().map(|entry| (entry.key.clone(), entry.value.as_str().into())).collect();
        let mut findings = Findings::default();
        let again = map::parse(input, from, &Value::Object(object).to_string(), &mut findings);
        assert!(findings.mistakes.is_empty(), "{:?}", findings.mistakes);
        let pairs = |entries: &[map::Entry]| -> Vec<(String, String)> {
            entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
        };
        assert_eq!(pairs(&again), pairs(&entries));
    }
}

fn gcloud_flags(data: &[u8]) {
    for (command, kind) in
        [(CommandName::Deploy, "service"), (CommandName::Deploy, "worker_pool"), (CommandName::Job, "job")]
    {
        let texts = [("flags", text(data).to_owned()), ("kind", kind.to_owned())];
        let mut raw = RawInputs::from_texts(texts);
        flags::spell_out(command, &mut raw, &Runner::default(), &mut Findings::default());
        assert!(!raw.is_given("flags"), "what was spelt out is gone");
    }
}

fn service_manifest(data: &[u8]) {
    for resource in manifest::Resource::ALL {
        let mut findings = Findings::default();
        let read = manifest::read(resource, text(data), Some("app"), &mut findings);
        assert!(read.is_some() || !findings.mistakes.is_empty(), "refused without a reason");
    }
}

fn release_manifest(data: &[u8]) {
    let root = tempfile::tempdir().expect("a directory");
    std::fs::write(root.path().join("slipway.yml"), data).expect("a file");
    let runner = Runner { actions: true, workspace: root.path().to_owned(), ..Runner::default() };
    let texts: BTreeMap<String, String> =
        [("environment".to_owned(), "staging".to_owned()), ("project_id".to_owned(), "harbour-dev".to_owned())].into();
    let mut findings = Findings::default();
    let raw = RawInputs::collect(&CommandName::Release.inputs(), ELSEWHERE, &texts, &[], &mut findings);
    if let Err(errors) = release::run(&raw, &runner, findings) {
        assert!(errors.mistakes().next().is_some(), "refused without a reason");
    }
}

fn yaml_tree(data: &[u8]) {
    for read in [tree::read, tree::read_with_references] {
        let mut findings = Findings::default();
        let node = read("manifest", text(data), &mut findings);
        assert!(node.is_some() || !findings.mistakes.is_empty(), "refused without a reason");
    }
}

/// A small tree is packed by rules of anybody's.
fn ignore_file(data: &[u8]) {
    let root = tempfile::tempdir().expect("a directory");
    for path in ["a/b/c.log", "a/keep.txt", "src/main.rs", "[x]/y", ".env", "build/out.js"] {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, "x").expect("a file");
    }
    std::fs::write(root.path().join(".gcloudignore"), data).expect("a file");
    let options = package::PackOptions { credential_files: Vec::new(), ignore_file: None, threads: NonZeroUsize::MIN };
    let surveys = [(); 2].map(|()| package::survey(root.path(), &options));
    if let [Ok(one), Ok(other)] = surveys {
        assert!(one.files <= 7, "{} files of seven", one.files);
        assert_eq!(one.digest, other.digest, "equal trees have one name");
    }
}

/// The glob is what stands before the first line break, the path what stands behind it.
fn glob(data: &[u8]) {
    let (pattern, path) = text(data).split_once('\n').unwrap_or((text(data), "index.html"));
    let read = |start: &str| site::GlobRule::read(&format!("{start}{pattern}"));
    if let (Ok(plain), Ok(negated)) = (read("/"), read("!/")) {
        let path = format!("/{path}");
        assert_ne!(plain.fits(&path), negated.fits(&path), "`!` is the other way round");
    }
}

fn sign_in(data: &[u8]) {
    let _ = ServiceAccountKey::parse(text(data));
    for actions in [true, false] {
        let runner = Runner { actions, workspace: Path::new("/nowhere").to_owned(), ..Runner::default() };
        for name in ["credentials_json", "workload_identity_provider", "service_account"] {
            let raw = RawInputs::from_texts([(name, text(data).to_owned())]);
            let mut findings = Findings::default();
            let found = credentials::find(&raw, &runner, &mut findings);
            let secrets = found.iter().flat_map(|found| found.secrets());
            for secret in secrets.filter(|secret| secret.len() > 8) {
                assert!(
                    !findings.mistakes.iter().any(|mistake| mistake.to_string().contains(secret)),
                    "a secret is told"
                );
            }
        }
    }
}

fn event(data: &[u8]) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), data).expect("a file");
    for name in ["pull_request", "pull_request_target", "workflow_dispatch", "workflow_run"] {
        let origin = Origin {
            event: Some(name.into()),
            event_file: Some(file.path().to_owned()),
            repository: Some("harbour/app".into()),
            full_ref: Some("refs/pull/7/merge".into()),
            ..Origin::default()
        };
        pull_request::shown_commit(&origin);
        pull_request::head_of_merge(&origin);
        pull_request::started_by(&origin);
        if let Some(pull) = pull_request::of_run(&origin) {
            assert!(pull.number > 0, "there is no pull request 0");
            pull_request::said(&Runner { origin, ..Runner::default() }, &pull);
        }
    }
}

fn answer(data: &[u8]) {
    for status in [400, 403, 404, 409, 429, 503] {
        let refused = refusal::Refusal::read(status, Some("3"), data);
        refused.words();
        refused.permission();
        refused.disabled_api();
        refused.is_passing();
    }
    let Ok(json) = serde_json::from_slice::<Value>(data) else { return };
    cloud_run::Revision::read(&json);
    let _ = operation::Operation::read(&json);
    if let Some(execution) = executions::Execution::read(&json) {
        execution.verdict();
        execution.short();
        execution.completed();
        let _ = (execution.tasks(), execution.succeeded(), execution.failed(), execution.cancelled());
    }
    let job = jobs::JobResource::from_json(json.clone());
    job.ready();
    job.is_settled();
    let service = cloud_run::Service::from_json(json);
    service.ready();
    service.is_settled();
    service.traffic();
    service.serving();
    service.front();
    let _ = (service.latest_ready(), service.latest_created(), service.template_revision(), service.tag_uri("pr-7"));
}
