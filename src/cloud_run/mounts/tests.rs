use super::*;
use crate::cloud_run::wanted::names::{Changes, Several};

fn run(template: Value, container: Value, settings: &Settings) -> Result<(Value, Value), ChangeError> {
    let (Value::Object(mut template), Value::Object(mut container)) = (template, container) else { panic!("objects") };
    apply(&mut template, &mut container, settings)?;
    Ok((template.into(), container.into()))
}

fn done(template: Value, container: Value, settings: &Settings) -> (Value, Value) {
    run(template, container, settings).expect("nothing is lost")
}

fn refused(template: Value, container: Value, settings: &Settings) -> String {
    run(template, container, settings).expect_err("something would be lost").to_string()
}

fn secrets(entries: &[(&str, &str)], strategy: MergeMode) -> Settings {
    let entries = entries
        .iter()
        .map(|(key, secret)| ((*key).to_owned(), SecretRef { secret: (*secret).to_owned(), version: "1".into() }));
    Settings {
        secrets: Changes { entries: Some(entries.collect()), strategy, ..Changes::default() },
        ..Settings::default()
    }
}

fn these(names: &[&str]) -> Several {
    Several::These(names.iter().map(|name| (*name).to_owned()).collect())
}

fn cloudsql(instances: &[&str]) -> Settings {
    Settings { cloudsql: Some(these(instances)), ..Settings::default() }
}

#[test]
fn files_of_one_secret_share_a_directory() {
    let (template, container) =
        done(json!({}), json!({}), &secrets(&[("/k/a", "s"), ("/k/b", "s"), ("/l/c", "t")], MergeMode::Merge));
    let two = json!([
        {"name": "secret-1", "secret": {"secret": "s", "items": [{"path": "a", "version": "1"}, {"path": "b", "version": "1"}]}},
        {"name": "secret-2", "secret": {"secret": "t", "items": [{"path": "c", "version": "1"}]}}]);
    assert_eq!(template["volumes"], two);
    assert_eq!(
        container["volumeMounts"],
        json!([{"name": "secret-1", "mountPath": "/k"}, {"name": "secret-2", "mountPath": "/l"}])
    );
    let (again, _) = done(template.clone(), container.clone(), &secrets(&[("/l/c", "u")], MergeMode::Merge));
    assert_eq!(
        again["volumes"][1],
        json!({"name": "secret-2", "secret": {"secret": "u", "items": [{"path": "c", "version": "1"}]}}),
        "another secret takes the place of the only file"
    );
    assert_eq!(
        refused(template, container, &secrets(&[("/k/a", "u")], MergeMode::Merge)),
        "`/k` holds `b` of secret `s`, and a directory holds files of one secret only: mounting `u` there would take that away"
    );
    let both = refused(json!({}), json!({}), &secrets(&[("/k/a", "s"), ("/k/b", "t")], MergeMode::Merge));
    assert!(both.starts_with("`/k` holds `a` of secret `s`"), "{both}");
}

#[test]
fn what_else_is_mounted_is_never_turned_into_a_secret() {
    for (kind, words) in [
        (json!({"gcs": {"bucket": "uploads"}}), "the bucket `uploads`"),
        (json!({"nfs": {"server": "10.0.0.2", "path": "/share"}}), "the directory `/share` of `10.0.0.2`"),
        (json!({"emptyDir": {}}), "the directory in memory `v`"),
        (json!({"cloudSqlInstance": {"instances": ["p:r:a"]}}), "the sockets of Cloud SQL"),
        (json!({"tomorrow": {}}), "volume `v`"),
    ] {
        let mut volume = kind;
        volume["name"] = "v".into();
        let template = json!({"volumes": [volume]});
        for path in ["/data", "/data/"] {
            let container = json!({"volumeMounts": [{"name": "v", "mountPath": path}]});
            for strategy in [MergeMode::Merge, MergeMode::Overwrite] {
                assert_eq!(
                    refused(template.clone(), container.clone(), &secrets(&[("/data/key", "db")], strategy)),
                    format!("`/data` is where {words} is mounted, and `secrets` would take its place")
                );
            }
        }
    }
    let part = json!({"volumeMounts": [{"name": "v", "mountPath": "/k", "subPath": "deep"}, {"name": "v", "mountPath": "/l/key"}]});
    let template =
        json!({"volumes": [{"name": "v", "secret": {"secret": "s", "items": [{"path": "key", "version": "1"}]}}]});
    for key in ["/k/a", "/l/key"] {
        let text = refused(template.clone(), part.clone(), &secrets(&[(key, "s")], MergeMode::Merge));
        assert!(text.contains("is where the secret `s` is mounted"), "{text}");
    }
}

#[test]
fn a_file_that_is_named_again_keeps_its_mode_and_its_neighbours() {
    let template = json!({"volumes": [{"name": "v", "secret": {"secret": "s", "defaultMode": 256, "items": [
        {"path": "a", "version": "7", "mode": 292}, {"path": "b", "version": "prod"}]}}]});
    let container = json!({"volumeMounts": [{"name": "v", "mountPath": "/k"}]});
    let volume = |items: Value| json!([{"name": "v", "secret": {"secret": "s", "defaultMode": 256, "items": items}}]);
    let (merged, _) = done(template.clone(), container.clone(), &secrets(&[("/k/a", "s")], MergeMode::Merge));
    assert_eq!(
        merged["volumes"],
        volume(json!([{"path": "a", "version": "1", "mode": 292}, {"path": "b", "version": "prod"}]))
    );
    let (kept, _) = done(template, container.clone(), &secrets(&[("/k/a", "s")], MergeMode::Overwrite));
    assert_eq!(kept["volumes"], volume(json!([{"path": "a", "version": "1", "mode": 292}])));
    // A volume without items shows one file, which stays when another joins it.
    let bare = json!({"volumes": [{"name": "v", "secret": {"secret": "projects/7/secrets/s"}}]});
    let (joined, _) = done(bare, container, &secrets(&[("/k/a", "projects/7/secrets/s")], MergeMode::Merge));
    assert_eq!(
        joined["volumes"][0]["secret"]["items"],
        json!([{"path": "s", "version": "latest"}, {"path": "a", "version": "1"}])
    );
}

#[test]
fn a_volume_that_is_mounted_elsewhere_too_is_copied() {
    let secret = |items: Value| json!({"secret": "s", "items": items});
    let template = json!({
        "volumes": [{"name": "v", "secret": secret(json!([{"path": "a", "version": "7"}]))}, {"name": "sql", "cloudSqlInstance": {"instances": ["p:r:a"]}}],
        "containers": [null, {"volumeMounts": [{"name": "v", "mountPath": "/s"}, {"name": "sql", "mountPath": "/cloudsql"}]}]});
    let container =
        json!({"volumeMounts": [{"name": "v", "mountPath": "/k"}, {"name": "sql", "mountPath": "/cloudsql"}]});
    let mut settings = secrets(&[("/k/b", "s")], MergeMode::Merge);
    settings.cloudsql = Some(these(&["p:r:b"]));
    let (after, container) = done(template, container, &settings);
    assert_eq!(
        after["volumes"],
        json!([
            {"name": "v", "secret": secret(json!([{"path": "a", "version": "7"}]))},
            {"name": "sql", "cloudSqlInstance": {"instances": ["p:r:a"]}},
            {"name": "secret-1", "secret": secret(json!([{"path": "a", "version": "7"}, {"path": "b", "version": "1"}]))},
            {"name": "cloudsql-1", "cloudSqlInstance": {"instances": ["p:r:b"]}}])
    );
    assert_eq!(
        container["volumeMounts"],
        json!([{"name": "secret-1", "mountPath": "/k"}, {"name": "cloudsql-1", "mountPath": "/cloudsql"}])
    );
}

#[test]
fn overwriting_secrets_leaves_other_volumes_and_those_that_nothing_mounts() {
    let template = json!({"volumes": [
        {"name": "v", "secret": {"secret": "s"}}, {"name": "tmp", "emptyDir": {}}, {"name": "spare", "secret": {"secret": "t"}}]});
    let container = json!({"volumeMounts": [{"name": "v", "mountPath": "/k"}, {"name": "tmp", "mountPath": "/tmp"}]});
    let (template, container) = done(template, container, &secrets(&[], MergeMode::Overwrite));
    assert_eq!(
        template,
        json!({"volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "spare", "secret": {"secret": "t"}}]})
    );
    assert_eq!(container, json!({"volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}));
}

#[test]
fn what_nobody_asked_for_stays_as_it_is() {
    let template = json!({
        "volumes": [{"name": "x", "emptyDir": {}}, {"name": "spare", "gcs": {"bucket": "b"}}],
        "containers": [null, {"volumeMounts": [{"name": "x", "mountPath": "/x"}]}]});
    let (after, _) = done(template.clone(), json!({}), &Settings::default());
    assert_eq!(after, template);
}

#[test]
fn cloud_sql_instances_are_replaced_where_they_are_mounted() {
    let (template, container) = done(json!({}), json!({}), &cloudsql(&["p:r:a"]));
    assert_eq!(container["volumeMounts"], json!([{"name": "cloudsql-1", "mountPath": "/cloudsql"}]));
    let (template, container) = done(template, container, &cloudsql(&["p:r:b"]));
    assert_eq!(template["volumes"], json!([{"name": "cloudsql-1", "cloudSqlInstance": {"instances": ["p:r:b"]}}]));
    assert_eq!(done(template, container, &cloudsql(&[])), (json!({}), json!({})));
    let elsewhere = json!({"volumes": [{"name": "q", "cloudSqlInstance": {"instances": ["p:r:a"]}}, {"name": "tmp", "emptyDir": {}}]});
    let mounts =
        |path: &str| json!({"volumeMounts": [{"name": "q", "mountPath": "/sql"}, {"name": "tmp", "mountPath": path}]});
    let (after, container) = done(elsewhere.clone(), mounts("/tmp"), &cloudsql(&["p:r:b"]));
    assert_eq!(after["volumes"][0], elsewhere["volumes"][0], "one that is mounted elsewhere is not this setting's");
    assert_eq!(container["volumeMounts"][2], json!({"name": "cloudsql-1", "mountPath": "/cloudsql"}));
    assert_eq!(
        refused(elsewhere, mounts("/cloudsql"), &cloudsql(&["p:r:b"])),
        "`/cloudsql` is where the directory in memory `tmp` is mounted, and `cloudsql_instances` would take its place"
    );
}

/// Trying every name for every file again takes hours here.
#[test]
fn three_thousand_files_are_no_trouble() {
    let paths: Vec<(String, String)> =
        (0..3000).map(|number| (format!("/k{number}/a"), format!("s{number}"))).collect();
    let entries: Vec<(&str, &str)> = paths.iter().map(|(path, secret)| (path.as_str(), secret.as_str())).collect();
    let (template, container) = done(json!({}), json!({}), &secrets(&entries, MergeMode::Merge));
    assert_eq!(template["volumes"][2999]["name"], "secret-3000");
    assert_eq!(container["volumeMounts"][2999], json!({"name": "secret-3000", "mountPath": "/k2999"}));
}
