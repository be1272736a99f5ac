use super::*;
use crate::cloud_build::image::{Builder, LayerCache, Recipe};
use crate::cloud_run::wanted::names::MergeMode;
use crate::cloud_run::wanted::settings::SecretRef;
use crate::inputs::spec::{self, CommandName};
use std::collections::BTreeMap;

const KEY: &str = r#"{"type":"service_account","project_id":"harbour-dev","private_key":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n","client_email":"d@harbour-dev.iam.gserviceaccount.com","token_uri":"https://oauth2.googleapis.com/token"}"#;

fn resolve(inputs: &[(&str, &str)]) -> Result<Resolved<Deploy>, Vec<String>> {
    let runner = Runner {
        actions: true,
        workspace: concat!(env!("CARGO_MANIFEST_DIR"), "/examples").into(),
        ..Runner::default()
    };
    let mut texts: BTreeMap<String, String> =
        [("credentials_json", KEY), ("service", "web")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    texts.extend(inputs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let mut findings = Findings::default();
    let raw = RawInputs::collect(&CommandName::Deploy.inputs(), spec::ELSEWHERE, &texts, &[], &mut findings);
    run(CommandName::Deploy, &raw, &runner, findings)
        .map_err(|errors| errors.mistakes().map(ToString::to_string).collect())
}

#[test]
fn defaults_follow_the_key_and_the_service() {
    let resolved = resolve(&[("source", "backend")]).expect("good inputs").meaning;
    assert_eq!((resolved.project.as_str(), resolved.region.as_str()), ("harbour-dev", "us-central1"));
    let DeployWhat::Build(build) = resolved.what else { panic!("a build") };
    assert_eq!(build.to.named().as_str(), "gcr.io/harbour-dev/web");
    assert_eq!(build.bucket.as_str(), "harbour-dev-slipway-us-central1");
    assert_eq!((build.location.as_str(), build.timeout.as_secs()), ("global", 1200));
    assert!(
        matches!(&build.recipe, Recipe::Dockerfile { path, builder: Builder::BuildKit(LayerCache::Inline), .. } if path == "Dockerfile")
    );
}

#[test]
fn an_image_alone_is_deployed_as_it_is() {
    let resolved = resolve(&[("image", "gcr.io/p/app:v1")]).expect("good inputs").meaning;
    assert!(matches!(resolved.what, DeployWhat::Image(image) if image.to_string() == "gcr.io/p/app:v1"));
    let mistakes = resolve(&[("image", "gcr.io/p/app:v1"), ("dockerfile", "x")]).expect_err("no build");
    assert_eq!(
        mistakes,
        [
            "dockerfile: nothing is built: `image` alone deploys an image that exists; remove `dockerfile`, or give `source` too"
        ]
    );
}

#[test]
fn the_tag_of_a_build_target_is_one_of_its_tags() {
    let resolved = resolve(&[("source", "backend"), ("image", "gcr.io/p/app:v1"), ("image_tags", "v1, next")])
        .expect("good")
        .meaning;
    let DeployWhat::Build(build) = resolved.what else { panic!("a build") };
    assert_eq!(build.tags.iter().map(|t| t.as_str()).collect::<Vec<_>>(), ["v1", "next"]);
}

#[test]
fn secrets_and_variables_are_understood() {
    let settings = resolve(&[
        ("source", "backend"),
        ("env_vars", "A: 1\nB: two"),
        ("env_vars_update_strategy", "overwrite"),
        ("secrets", "DB: db-password:3\n/keys/api.json: projects/other/secrets/api/versions/latest\nPLAIN: name"),
        ("cpu", "0.5"),
        ("timeout", "5m"),
    ])
    .expect("good inputs")
    .meaning
    .settings;
    assert_eq!(settings.env.strategy, MergeMode::Overwrite);
    let secret = |secret: &str, version: &str| SecretRef { secret: secret.into(), version: version.into() };
    assert_eq!(
        settings.secrets.entries,
        Some(vec![
            ("DB".into(), secret("db-password", "3")),
            ("/keys/api.json".into(), secret("projects/other/secrets/api", "latest")),
            ("PLAIN".into(), secret("name", "latest")),
        ])
    );
    assert_eq!(settings.cpu.as_deref(), Some("500m"));
    assert_eq!(settings.labels, [("managed-by".to_owned(), "slipway".to_owned())]);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mistakes = resolve(&[
        ("source", "../elsewhere"),
        ("region", "US Central"),
        ("cpu", "3"),
        ("memory", "lots"),
        ("env_vars", "PORT: 1\nA-B: 2\n1X: 3"),
        ("secrets", "A-B: s:1\nX: s:-1"),
        ("min_instances", "5"),
        ("max_instances", "2"),
        ("health_status", "200"),
        ("nonsense", "1"),
    ])
    .expect_err("many mistakes");
    for expected in [
        "nonsense: there is no such input",
        "source: `../elsewhere` lies outside the workspace",
        "region: `US Central` is not a region",
        "cpu: `3` does not fit",
        "memory: `lots` does not fit",
        "env_vars, line 1: `PORT` is set by Cloud Run itself; use the input `port`",
        "env_vars, line 3: `1X` is not the name of a variable",
        "secrets, line 2: the value of `X` is not a secret's version",
        "secrets: `A-B` is in `env_vars` too",
        "min_instances: 5 is more than `max_instances` (2)",
        "health_status: there is no `health_path` it could be about",
    ] {
        assert!(mistakes.iter().any(|m| m.starts_with(expected)), "{expected}\n{mistakes:#?}");
    }
    assert_eq!(mistakes.len(), 11, "{mistakes:#?}");
}

#[test]
fn what_is_listed_by_its_name_alone_is_an_input() {
    let listed = kind::OF_REQUESTS.iter().chain(&allocation::DEPLOYS).chain(&containers::OF_CONTAINERS);
    for name in listed.copied().chain(crate::inputs::idle::mentioned()) {
        assert!(spec::find(name).is_some(), "{name}");
    }
}
