//! What is inserted into a manifest stays data, goes where it was asked for, and is told to nobody.

use proptest::prelude::*;

use super::super::published::{HiddenValue, values_to_hide};
use super::*;

#[test]
fn texts_in_the_grammar_of_an_input_are_understood_before_anything_is_inserted() {
    let manifest = "services:\n  backend:\n    source: packages/backend\n    env_vars: |\n      # lines\n      A=${values.V}\n      B=\"quoted ${values.V}\"\n    args: --text ${values.V} 'two words'\n    command: [sh, \"${values.V}\"]\n    canary_steps: [5, 100]\n    strategy: canary\n    image_tags: a, b\n    pre_deploy_job: |\n      args: go ${values.V}\n      env:\n        C: ${values.V}\n";
    let value = "x y\" 'z\nB=2 # ${commit} $${ \\n: {}";
    let release = good(manifest, &[("values", &serde_json::json!({"V": value}).to_string())]);
    let part = &release.services[0];
    assert_eq!(env(part), [("A", value), ("B", format!("quoted {value}").as_str())]);
    let settings = &part.deploy.settings;
    assert_eq!(settings.args.as_deref(), Some(&["--text".to_owned(), value.to_owned(), "two words".to_owned()][..]));
    assert_eq!(settings.command.as_deref(), Some(&["sh".to_owned(), value.to_owned()][..]));
    assert_eq!(part.deploy.rollout.steps, [5, 100]);
    let job = &part.deploy.pre_deploy.as_deref().expect("a job").settings.shared;
    assert_eq!(job.args.as_deref(), Some(&["go".to_owned(), value.to_owned()][..]));
    assert_eq!(job.env.entries.as_deref(), Some(&[("C".to_owned(), value.to_owned())][..]));
}

#[test]
fn what_is_inserted_makes_no_second_item() {
    let manifest = |item: &str| {
        format!("{BACKEND}    checks: [\"{item}\"]\n    cloudsql_instances:\n      - a:b:c\n      - ${{values.V}}\n")
    };
    let told = told(&manifest("${values.V}"), &[("values", "{\"V\": \"GET /a\\nGET /b, c\"}")]);
    assert_eq!(
        told,
        [
            "services.backend.checks, line 4: an item must be one line that does not begin with `#`; write each as an item of its own",
            "services.backend.cloudsql_instances, line 7: an item must be one thing, and this one begins with `#` or has a comma or a line break in it; write each as an item of its own",
        ]
    );
}

#[test]
fn values_that_are_not_named_or_empty_are_noticed() {
    let manifest = format!(
        "{BACKEND}    env_vars: {{A: \"${{values.A}}\"}}\nenvironments:\n  one:\n  two: {{services: {{backend: {{env_vars: {{B: \"${{values.B}}\"}}}}}}}}\n"
    );
    let resolved = resolve(&manifest, &[("environment", "one"), ("values", "A:\nB: 1\nC: 2")]).expect("odd, not wrong");
    assert_eq!(
        resolved.warnings,
        [
            "values: `A` is empty; if it comes from a secret: its name is misspelt, it belongs to another environment, nobody has made it yet, this run comes from a fork, or another workflow calls this one (`workflow_call`) without `secrets: inherit`",
            "values: `C` is given, and the manifest does not name it",
        ]
    );
    let told = told(&manifest, &[("environment", "two"), ("values", "hunter2hunter2")]);
    assert_eq!(
        told,
        ["values, line 1: neither `KEY: value` nor `KEY=value`; write a YAML map, `KEY=VALUE` lines, or a JSON object"]
    );
}

#[test]
fn a_key_stands_in_no_manifest() {
    for wrong in ["{}", "x${values.K}"] {
        let told = told(&format!("{BACKEND}    credentials_json: \"{wrong}\"\n"), &[("values", "K: 1")]);
        assert!(
            told[0].starts_with(
                "services.backend.credentials_json, line 4: a key does not belong in a file of the repository"
            ),
            "{told:#?}"
        );
    }
    // The run's own is not asked for when every part has one.
    let own = format!("{BACKEND}    credentials_json: ${{values.K}}\n");
    let release =
        good(&own, &[("credentials_json", ""), ("values", &serde_json::json!({"K": other_key()}).to_string())]);
    assert_eq!(release.services[0].deploy.project.as_str(), "harbour-dev");
}

#[test]
fn no_value_is_in_any_mistake_or_warning() {
    let secret = "Hunter2-Swordfish";
    let root = workspace("");
    let settings = [
        "memory",
        "cpu",
        "region",
        "regions",
        "service",
        "project_id",
        "image",
        "source",
        "dockerfile",
        "build_timeout",
        "build_region",
        "build_worker_pool",
        "build_config",
        "build_machine_type",
        "image_tags",
        "staging_bucket",
        "manifest",
        "port",
        "timeout",
        "env_vars_file",
        "env_vars_update_strategy",
        "runtime_service_account",
        "cloudsql_instances",
        "vpc_egress",
        "ingress",
        "kind",
        "cpu_boost",
        "command",
        "suffix",
        "domain",
        "strategy",
        "canary_steps",
        "max_error_rate",
        "tag",
        "prune_revisions",
        "health_path",
        "health_status",
        "health_timeout",
        "checks",
        "credentials_json",
        "env_vars",
        "secrets",
        "labels",
        "pre_deploy_job",
        "build_args",
        "substitutions",
    ];
    for text in [
        format!("{secret} \u{1}"),
        format!("  {secret}/Tiger,{secret}:x "),
        format!("{secret}\n\"`{secret}`"),
        "99999999s".into(),
    ] {
        let values = serde_json::json!({"V": text}).to_string();
        for setting in settings {
            let as_map = r#"{"${values.V}": "${values.V}", A B: "${values.V}", secrets: {X: "${values.V}"}}"#;
            for value in ["\"${values.V}\"", "\"a ${values.V}\"", "[\"${values.V}\"]", as_map] {
                let base = if setting == "source" { "services:\n  backend:\n" } else { BACKEND };
                let manifest = format!("{base}    {setting}: {value}\n");
                std::fs::write(root.path().join("slipway.yml"), &manifest).expect("a file");
                let all = match resolve_in(root.path(), &[("values", &values)]) {
                    Ok(resolved) => resolved.warnings,
                    Err(told) => told,
                };
                let shown = all.join("\n").to_lowercase();
                for word in ["hunter2", "swordfish", "tiger", "99999999"] {
                    assert!(!shown.contains(word), "{manifest}\n{all:#?}");
                }
            }
        }
    }
}

#[test]
fn what_must_be_hidden_is_every_long_value_and_the_keys_in_them() {
    let values = serde_json::json!({"SHORT": "1234567", "LONG": " 12345678 ", "KEY": other_key()}).to_string();
    let mut findings = Findings::default();
    let inputs = [("values".to_owned(), values)].into();
    let raw =
        RawInputs::collect(&CommandName::Release.inputs(), crate::inputs::spec::ELSEWHERE, &inputs, &[], &mut findings);
    let hide = |raw: &RawInputs| values_to_hide(raw, &Runner::default());
    let hidden: Vec<String> = hide(&raw).iter().flat_map(HiddenValue::hidden).collect();
    let key = "-----BEGIN PRIVATE KEY-----\nQkJCQg\n-----END PRIVATE KEY-----";
    assert_eq!(hidden, ["1234567", "12345678", " 12345678 ", key, other_key().as_str()]);
    assert!(hide(&RawInputs::default()).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_value_comes_out_as_it_went_in(value in "[^\\x00]{0,40}", placed in 0..3_usize) {
        let env_vars = ["{A: 1, B: \"${values.V}\", C: 2}", "|\n      A: 1\n      B: ${values.V}\n      C: 2", "|\n      A=1\n      B=${values.V}\n      C=2"];
        let manifest = format!("{BACKEND}    env_vars: {}\n    pre_deploy_job: {{env: {{B: \"${{values.V}}\"}}}}\n", env_vars[placed]);
        let values = serde_json::json!({"V": value}).to_string();
        let release = resolve(&manifest, &[("values", &values)]).expect("good").meaning;
        prop_assert_eq!(env(&release.services[0]), [("A", "1"), ("B", value.as_str()), ("C", "2")]);
        let job = release.services[0].deploy.pre_deploy.as_deref().expect("a job");
        prop_assert_eq!(job.settings.shared.env.entries.as_deref(), Some(&[("B".to_owned(), value)][..]));
    }

    #[test]
    fn an_address_goes_where_it_was_asked_for_and_nowhere_else(value in "[a${}.]{0,12}|\\$\\{services\\.a\\.url\\}") {
        let manifest = "services:\n  a: {image: \"gcr.io/p/a:1\"}\n  b:\n    image: gcr.io/p/b:1\n    env_vars:\n      X: ${values.V}-${services.a.url}-${values.V}\n      Y: ${values.V}\n      Z: $${services.a.url}\n";
        let values = serde_json::json!({"V": value}).to_string();
        let mut part = resolve(manifest, &[("values", &values)]).expect("good").meaning.services.remove(1);
        for url in ["https://a", "https://${services.a.url}"] {
            release::fill(&part.gaps, &mut part.deploy, &urls(&[("a", url)])).expect("known");
            let mixed = format!("{value}-{url}-{value}");
            prop_assert_eq!(env(&part), [("X", mixed.as_str()), ("Y", value.as_str()), ("Z", "${services.a.url}")]);
        }
    }

    #[test]
    fn no_manifest_is_too_odd(
        lines in proptest::collection::vec("( |  |    |      )(services|hosting|environments|a|env_vars|checks|command|cpu|pre_deploy_job|env|- x|~)?(:|: )?([a-z~]{0,3}|\\$\\{values.a\\}|\\$\\{[a-z.]{0,9}|[\\[{][a-z:, ]{0,4}[\\]}]|[|>&*!\"']x?)", 0..14),
        environment in "a?",
    ) {
        let manifest = lines.join("\n");
        let result = resolve(&manifest, &[("environment", &environment), ("values", "a: 1")]);
        prop_assert!(result.is_ok() || result.is_err_and(|told| !told.is_empty()));
    }
}
