//! A release's manifest as a user meets it: what comes out of it, and what is told when it does not fit.

use std::path::Path;

use super::*;
use crate::cloud_build::image::Recipe;
use crate::commands::deploy::inputs::DeployWhat;
use crate::commands::hosting::inputs::Channel;
use crate::commands::release::inputs::{self as release, MissingUrl};
use slipway_runner::env::Origin;

mod inserted;

const KEY: &str = r#"{"type":"service_account","project_id":"harbour-dev","private_key":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n","client_email":"d@harbour-dev.iam.gserviceaccount.com","token_uri":"https://oauth2.googleapis.com/token"}"#;

fn other_key() -> String {
    KEY.replace("d@harbour-dev", "d@harbour-prod").replace("AAAA", "QkJCQg")
}

/// A workspace with what the example's parts are made of.
fn workspace(manifest: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    let file = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    };
    file("slipway.yml", manifest);
    file("packages/backend/Dockerfile", "FROM scratch\n");
    file("packages/admin/Dockerfile", "FROM scratch\n");
    file("packages/frontend/dist/index.html", "hello\n");
    file(
        "packages/frontend/firebase.json",
        r#"{"hosting": [{"target": "web", "public": "dist"}, {"site": "docs", "public": "dist"}]}"#,
    );
    let targets = |project: &str| format!(r#""{project}": {{"hosting": {{"web": ["{project}-web"]}}}}"#);
    let targets = ["harbour-dev", "harbour-staging", "harbour-prod"].map(targets).join(", ");
    file("packages/frontend/.firebaserc", &format!(r#"{{"targets": {{{targets}}}}}"#));
    root
}

fn resolve_in(root: &Path, inputs: &[(&str, &str)]) -> Result<Resolved<Release>, Vec<String>> {
    let origin = Origin { sha: Some("c0ffee".into()), ..Origin::default() };
    let runner = Runner { actions: true, workspace: root.to_owned(), origin, ..Runner::default() };
    let mut texts: BTreeMap<String, String> = [("credentials_json".to_owned(), KEY.to_owned())].into();
    texts.extend(inputs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    texts.retain(|_, text| !text.is_empty());
    let mut findings = Findings::default();
    let raw =
        RawInputs::collect(&CommandName::Release.inputs(), crate::inputs::spec::ELSEWHERE, &texts, &[], &mut findings);
    run(&raw, &runner, findings).map_err(|errors| errors.mistakes().map(ToString::to_string).collect())
}

fn resolve(manifest: &str, inputs: &[(&str, &str)]) -> Result<Resolved<Release>, Vec<String>> {
    resolve_in(workspace(manifest).path(), inputs)
}

fn good(manifest: &str, inputs: &[(&str, &str)]) -> Release {
    let resolved = resolve(manifest, inputs).expect("a good manifest");
    assert_eq!(resolved.warnings, Vec::<String>::new());
    resolved.meaning
}

fn told(manifest: &str, inputs: &[(&str, &str)]) -> Vec<String> {
    resolve(manifest, inputs).expect_err("mistakes")
}

fn env(part: &ServicePart) -> Vec<(&str, &str)> {
    let entries = part.deploy.settings.env.entries.as_deref().unwrap_or_default();
    entries.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

fn build_args(part: &ServicePart) -> Vec<(String, String)> {
    let DeployWhat::Build(build) = &part.deploy.what else { panic!("a build") };
    let Recipe::Dockerfile { args, .. } = &build.recipe else { panic!("a Dockerfile") };
    args.clone()
}

fn urls(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, url)| ((*name).to_owned(), (*url).to_owned())).collect()
}

const EXAMPLE: &str = include_str!("../../../../../../examples/slipway.yml");

#[test]
fn the_example_is_a_release_of_each_of_its_environments() {
    let values =
        serde_json::json!({"DATABASE_URL": "postgres://u:p@h/db?x=\"1\"", "PRODUCTION_KEY": other_key()}).to_string();
    let mut release = good(EXAMPLE, &[("environment", "staging"), ("values", &values)]);
    assert_eq!(release.environment.as_deref(), Some("staging"));
    let [backend, admin] = &mut release.services[..] else { panic!("two services") };
    assert_eq!((backend.name.as_str(), backend.deploy.service.as_str()), ("backend", "backend-staging"));
    assert_eq!((backend.deploy.project.as_str(), backend.deploy.region.as_str()), ("harbour-staging", "us-central1"));
    assert_eq!(backend.deploy.credentials.principal.shown(), "d@harbour-dev.iam.gserviceaccount.com");
    assert_eq!(
        env(backend),
        [
            ("ENVIRONMENT", "staging"),
            ("RELEASE", "c0ffee"),
            ("DATABASE_URL", "postgres://u:p@h/db?x=\"1\""),
            ("LOG_LEVEL", "debug")
        ]
    );
    let settings = &backend.deploy.settings;
    assert_eq!(
        (settings.cpu.as_deref(), settings.memory.as_deref(), settings.min_instances),
        (Some("1"), Some("512Mi"), Some(0))
    );
    assert_eq!(backend.deploy.checks.checks.len(), 2);
    let job = backend.deploy.pre_deploy.as_deref().expect("a job");
    assert_eq!(job.settings.shared.command.as_deref(), Some(&["python", "-m", "app.migrate"].map(str::to_owned)[..]));
    assert_eq!(job.settings.shared.env.entries.as_ref().expect("variables")[0].1, "postgres://u:p@h/db?x=\"1\"");
    assert_eq!((backend.needs.as_slice(), admin.needs.as_slice()), (&[][..], &["backend".to_owned()][..]));

    let arg = |value: &str| vec![("NEXT_PUBLIC_API_URL".to_owned(), value.to_owned())];
    assert_eq!(build_args(admin), arg("${services.backend.url}/v1"));
    let missing = release::fill(&admin.gaps, &mut admin.deploy, &BTreeMap::new());
    assert_eq!(missing, Err(MissingUrl("backend".into(), "NEXT_PUBLIC_API_URL".into())));
    release::fill(&admin.gaps, &mut admin.deploy, &urls(&[("backend", "https://b.run.app")])).expect("known");
    assert_eq!(build_args(admin), arg("https://b.run.app/v1"));

    let [web] = &release.sites[..] else { panic!("one site") };
    let SiteWork::Deploy(upload) = &web.hosting.what else { panic!("an upload") };
    assert!(
        matches!(&upload.channel, Channel::Preview { id, ttl } if id.as_str() == "staging" && ttl.as_secs() == 30 * 86400)
    );
    assert_eq!(upload.sites[0].site.as_ref().expect("a site").as_str(), "harbour-staging-web");

    let release = good(EXAMPLE, &[("environment", "production"), ("values", &values), ("dry_run", "true")]);
    let [backend, admin] = &release.services[..] else { panic!("two services") };
    assert_eq!((backend.deploy.settings.cpu.as_deref(), backend.deploy.settings.min_instances), (Some("2"), Some(1)));
    assert_eq!(env(backend).len(), 3);
    let keys = [&backend.deploy.credentials, &admin.deploy.credentials, &release.sites[0].hosting.credentials];
    assert!(keys.iter().all(|key| key.principal.shown().starts_with("d@harbour-prod")), "{keys:?}");
    assert!(release.dry_run && backend.deploy.dry_run && admin.deploy.dry_run && release.sites[0].hosting.dry_run);
    assert!(matches!(&release.sites[0].hosting.what, SiteWork::Deploy(upload) if upload.channel == Channel::Live));
}

const BACKEND: &str = "services:\n  backend:\n    source: packages/backend\n";

#[test]
fn a_part_needs_nothing_but_its_name() {
    let release = good("services:\n  web:\n    image: gcr.io/p/app:1\n  api: {image: gcr.io/p/api:1}\n", &[]);
    let names: Vec<&str> = release.services.iter().map(|part| part.deploy.service.as_str()).collect();
    assert_eq!((names, release.environment, release.dry_run), (vec!["web", "api"], None, false));
}

#[test]
fn every_mistake_of_every_part_is_told_with_its_path_and_line() {
    let told = told(
        "services:\n  backend:\n    source: packages/nowhere\n    memory: lots\n    memroy: 1Gi\n    env_vars:\n      PORT: 1\n      A: [1]\n    checks:\n      - GET /ok 200\n      - GET docs\n    secrets: |\n      # two lines\n      A: db:0\n    command: \"'open\"\n  admin:\n    image: x y\n    dry_run: true\n    traffic: latest\n    pre_deploy_job:\n      env:\n        OK: 1\n        1X: 2\n      nonsense: 1\nhosting:\n  web:\n    entry_point: packages/frontend\n    target: wbe\n    projectId: x\n  bad name:\n    entry_point: packages/nowhere\nservcies: {}\n",
        &[("dry_run", "maybe")],
    );
    let expected = [
        "dry_run: `maybe` does not fit; write `true` or `false`",
        "services.backend.memroy, line 5: there is no such setting; did you mean `memory`?",
        "services.admin.dry_run, line 18: it is no setting of a part; it is about the whole run: give it as an input",
        "services.admin.traffic, line 19: it is no setting of a part; a release moves the traffic itself, when every part is ready",
        "hosting.web.projectId, line 29: it is no setting of a part; write `project_id`",
        "hosting.bad name, line 30: `bad name` is no name; write letters, digits, dashes and underscores",
        "servcies, line 32: there is no such key; did you mean `services`?",
        "services.backend.env_vars.A, line 8: this must be one text, not a list; write it as one text: in quotes, or behind `|`",
        "services.backend.source, line 3: there is no directory `packages/nowhere`; write a directory of the workspace",
        "services.backend.memory, line 4: `lots` does not fit; write a number with a unit, such as 512Mi, 1Gi or 1.5Gi, from 128Mi to 32Gi",
        "services.backend.env_vars, line 7: `PORT` is set by Cloud Run itself; use the input `port`",
        "services.backend.checks, line 11: `GET docs` is not a check; write `GET /docs 200`: GET or HEAD, a path, the status that is expected",
        "services.backend.secrets, line 14: the value of `A` is not a secret's version; write `secret:version`, such as `db-password:3`, `db-password:latest` or an alias",
        "services.backend.command, line 15: its text does not fit; a single quote is never closed",
        "services.admin.pre_deploy_job, line 23: in its `env`, `1X` is not the name of a variable; write letters, digits and `_`, starting with a letter",
        "services.admin.pre_deploy_job, line 24: `nonsense` is no key of it; its keys are `name`, `command`, `args`, `env`, `secrets`, `cpu`, `memory`, `timeout`, `retries`",
        "hosting.web.entry_point, line 27: firebase.json, `hosting`: no site or target is called `wbe`; there is the target `web`, the site `docs`",
        "hosting.bad name.entry_point, line 31: there is no directory `packages/nowhere` in the workspace; is the repository checked out, and is it built before this step?",
    ];
    for expected in expected {
        assert!(told.iter().any(|told| told.starts_with(expected)), "{expected}\n{told:#?}");
    }
}

#[test]
fn nothing_is_told_twice_and_nothing_false_beside_it() {
    let told = told(
        "services:\n  backend:\n    source: packages/backend\n    cpu: [1]\n    env_vars:\n      A: ${values.MISSING}\n      B: ${secrets.X}\n    command: run ${values.MISSING}\n    health_status: 204\n",
        &[("credentials_json", "")],
    );
    assert_eq!(
        told,
        [
            "services.backend.env_vars.B, line 7: `${secrets.X}` is no placeholder; write `${values.NAME}`, `${environment}`, `${commit}` or `${services.NAME.url}`; `$${` stands for `${`",
            "services.backend.cpu, line 4: this must be one text, not a list; write it as one text: in quotes, or behind `|`",
            "services.backend.env_vars.A, line 6: the input `values` has no `MISSING`; pass it: `MISSING: ${{ toJSON(secrets.MISSING) }}` below `values`",
            "services.backend.command, line 8: the input `values` has no `MISSING`; pass it: `MISSING: ${{ toJSON(secrets.MISSING) }}` below `values`",
            "credentials_json: no credentials were given; write `credentials_json: ${{ secrets.GCP_SERVICE_ACCOUNT_KEY }}`; if it is written, the secret is empty here: its name is misspelt, it belongs to another environment, nobody has made it yet, this run comes from a fork, or another workflow calls this one (`workflow_call`) without `secrets: inherit`. A new key: `gcloud iam service-accounts keys create - --iam-account=ACCOUNT | jq -c . | gh secret set NAME`. Without a key: `workload_identity_provider`; as the account of a runner in Google Cloud: `machine_account: true`",
            "services.backend.health_status, line 9: there is no `health_path` it could be about; give `health_path` too",
        ]
    );
}

#[test]
fn a_file_that_an_input_names_keeps_lines_of_its_own() {
    let root = workspace("services:\n  backend:\n    build_config: cloudbuild.yaml\n    env_vars_file: vars\n");
    std::fs::write(root.path().join("cloudbuild.yaml"), "steps:\n- a\n b: [\n").expect("a file");
    std::fs::write(root.path().join("vars"), "A=1\nB=2\nA=3\n").expect("a file");
    let told = resolve_in(root.path(), &[]).expect_err("two mistakes");
    assert!(
        told.iter()
            .any(|told| told
                .starts_with("services.backend.build_config, line 3: in line 3, `cloudbuild.yaml` is not YAML")),
        "{told:#?}"
    );
    assert!(
        told.contains(
            &"services.backend.env_vars_file, line 4: in line 3, `A` is given twice (first in line 1); keep one"
                .to_owned()
        ),
        "{told:#?}"
    );
}

#[test]
fn the_manifest_must_be_there_and_have_parts() {
    let told = |manifest: &str, inputs: &[(&str, &str)]| told(manifest, inputs).join("\n");
    assert_eq!(told("", &[]), "manifest: it has no parts; write at least one below `services` or `hosting`");
    assert!(told("- a\n", &[]).starts_with("manifest, line 1: this is a list, not a map"));
    assert!(told("services: [a]\nhosting: {web: 1}\n", &[]).starts_with("services, line 1: this must be a map, not a list; write `KEY: value` lines below it\nhosting.web, line 2: this must be a map, not a text"));
    assert!(told(BACKEND, &[("manifest", "other.yml")]).starts_with("manifest: `other.yml` cannot be read: "));
    assert!(
        told(BACKEND, &[("manifest", "packages")])
            .starts_with("manifest: `packages` cannot be read: it is no plain file")
    );
    assert!(told(BACKEND, &[("manifest", "../x.yml")]).starts_with("manifest: `../x.yml` lies outside the workspace"));
    assert!(told(&format!("{BACKEND}#{}", "x".repeat(1 << 20)), &[]).contains("1 MiB at most"));
    assert!(
        told(&format!("{BACKEND}project_id: [a]\n"), &[])
            .starts_with("project_id, line 4: this must be one text, not a list")
    );
}

#[test]
fn the_environment_is_one_of_the_manifests() {
    let some = format!("{BACKEND}environments: {{staging: {{}}, production: }}\n");
    assert_eq!(told(&some, &[]), ["environment: it was not given; the manifest has `staging`, `production`: name one"]);
    assert_eq!(
        told(&some, &[("environment", "prod")]),
        ["environment: there is no environment `prod`; the manifest has `staging`, `production`"]
    );
    assert_eq!(
        told(BACKEND, &[("environment", "prod")]),
        ["environment: the manifest has no environments; remove it, or add `environments` to the manifest"]
    );
    assert_eq!(good(&some, &[("environment", "production")]).environment.as_deref(), Some("production"));
    let told = told(&format!("{BACKEND}    description: ${{environment}}\n"), &[]);
    assert_eq!(
        told,
        [
            "services.backend.description, line 4: no environment is chosen; add `environments` to the manifest, or remove `${environment}`"
        ]
    );
}

#[test]
fn a_commit_that_is_not_known_is_told() {
    let root = workspace(&format!("{BACKEND}    description: at ${{commit}}\n"));
    assert_eq!(
        resolve_in(root.path(), &[]).expect("known").meaning.services[0].deploy.settings.description.as_deref(),
        Some("at c0ffee")
    );
    let runner = Runner { workspace: root.path().to_owned(), ..Runner::default() };
    let raw = RawInputs::from_texts([("credentials_json", KEY.to_owned())]);
    let told = run(&raw, &runner, Findings::default()).expect_err("nobody says which commit").to_string();
    let expected = "services.backend.description, line 4: the commit of this run is not known; on a runner GITHUB_SHA names it; set it elsewhere";
    assert_eq!(told, expected);
}

#[test]
fn every_environment_is_looked_at_and_only_knows_parts_that_exist() {
    let manifest = format!(
        "{BACKEND}environments:\n  staging: {{}}\n  production:\n    environments: {{}}\n    services:\n      bakend: {{}}\n      backend:\n        memroy: 1Gi\n        labels: {{a: \"${{x}}\"}}\n    hosting:\n      web: {{}}\n"
    );
    assert_eq!(
        told(&manifest, &[("environment", "staging")]),
        [
            "environments.production.environments, line 7: there is no such key; the keys here are `project_id`, `region`, `services`, `hosting`",
            "environments.production.services.bakend, line 9: there is no such part; did you mean `backend`?",
            "environments.production.services.backend.memroy, line 11: there is no such setting; did you mean `memory`?",
            "environments.production.services.backend.labels.a, line 12: `${x}` is no placeholder; write `${values.NAME}`, `${environment}`, `${commit}` or `${services.NAME.url}`; `$${` stands for `${`",
            "environments.production.hosting.web, line 14: there is no such part; write the part below `hosting` first, outside the environments",
        ]
    );
}

#[test]
fn null_takes_settings_and_parts_away() {
    let manifest = "services:\n  backend: {source: packages/backend, memory: 1Gi, env_vars: {A: 1, B: 2}}\n  admin: {source: packages/admin, build_args: {U: \"${services.backend.url}\"}}\nenvironments:\n  one: {services: {backend: {memory: ~, env_vars: {A: null}}, admin: ~}}\n  two: {services: {backend: ~}}\n  three: {services: {backend: ~, admin: ~}}\n";
    let release = good(manifest, &[("environment", "one")]);
    assert_eq!((release.services.len(), &release.services[0].deploy.settings.memory), (1, &None));
    assert_eq!(env(&release.services[0]), [("B", "2")]);
    assert_eq!(
        told(manifest, &[("environment", "two")]),
        [
            "services.admin.build_args.U, line 3: the environment takes `backend` away, whose address is needed here; take this setting away too, or keep the part"
        ]
    );
    assert_eq!(
        told(manifest, &[("environment", "three")]),
        ["manifest: the environment takes every part away; leave one"]
    );
    let resolved = resolve(&format!("{BACKEND}    env_vars: {{A: ~}}\n"), &[]).expect("odd, not wrong");
    assert_eq!(
        resolved.warnings,
        [
            "services.backend.env_vars.A, line 4: there is nothing that `null` could take away; put it in quotes if the text is meant"
        ]
    );
}

#[test]
fn addresses_are_known_to_later_services_and_in_two_settings_only() {
    let manifest = "project_id: \"${services.a.url}\"\nservices:\n  a:\n    image: gcr.io/p/a:1\n    description: ${services.a.url}\n    env_vars: {X: \"${services.a.url}\", Y: \"${services.b.url}\"}\n  b:\n    image: gcr.io/p/b:1\n    env_vars: {X: \"${services.c.url}\", Y: \"${services.a.url}\"}\nhosting:\n  web:\n    entry_point: packages/frontend\n    message: ${services.a.url}\n";
    let told = told(manifest, &[]);
    for expected in [
        "project_id, line 1: `${services.a.url}` cannot stand here; it can stand in `build_args` and `env_vars` of a later service",
        "services.a.description, line 5: `${services.a.url}` cannot stand here",
        "services.a.env_vars.X, line 6: `${services.a.url}` is not known yet: `a` does not come before this part",
        "services.a.env_vars.Y, line 6: `${services.b.url}` is not known yet",
        "services.b.env_vars.X, line 9: there is no service part `c`; the parts before this one are `a`",
        "hosting.web.message, line 13: `${services.a.url}` cannot stand here",
    ] {
        assert!(told.iter().any(|told| told.starts_with(expected)), "{expected}\n{told:#?}");
    }
    assert_eq!(told.len(), 6, "{told:#?}");
    let worker = "services:\n  a: {kind: worker-pool, image: \"gcr.io/p/a:1\"}\n  b: {image: \"gcr.io/p/b:1\", env_vars: {X: \"${services.a.url}\"}}\n";
    assert_eq!(
        self::told(worker, &[]),
        ["services.b, line 3: `a` is a worker pool, which has no address; remove `${services.a.url}`"]
    );
}

#[test]
fn two_parts_are_two_things() {
    let services = "services:\n  a: {service: web, image: \"gcr.io/p/a:1\"}\n  b:\n    service: web\n    image: gcr.io/p/b:1\n    OTHER\n";
    assert_eq!(
        told(&services.replace("OTHER", "regions: [europe-west1, us-central1]"), &[]),
        [
            "services.b.service, line 4: this is the service that `services.a` is; give them other names, regions or projects, or make one part of them"
        ]
    );
    for other in ["region: europe-west1", "project_id: harbour-two"] {
        assert_eq!(good(&services.replace("OTHER", other), &[]).services.len(), 2);
    }
    let sites = "hosting:\n  a: {entry_point: packages/frontend, target: web}\n  b:\n    entry_point: packages/frontend\n    channel: OTHER\n";
    assert_eq!(
        told(&sites.replace("OTHER", "live"), &[]),
        [
            "hosting.b.channel, line 5: it releases a site on a channel that `hosting.a` releases it on; name another `target`, `site` or `channel`, or make one part of them"
        ]
    );
    assert_eq!(good(&sites.replace("OTHER", "next"), &[]).sites.len(), 2);
}

#[test]
fn defaults_give_way_to_what_a_part_says() {
    let release = good(
        "project_id: harbour-two\nregion: europe-west1\nservices:\n  a: {image: \"gcr.io/p/a:1\"}\n  b: {image: \"gcr.io/p/b:1\", project_id: harbour-dev, regions: [us-east1, us-west1]}\n",
        &[],
    );
    let shown: Vec<String> = release
        .services
        .iter()
        .map(|part| format!("{} {} {:?}", part.deploy.project, part.deploy.region, part.deploy.regions.len()))
        .collect();
    assert_eq!(shown, ["harbour-two europe-west1 0", "harbour-dev us-east1 1"]);
}
