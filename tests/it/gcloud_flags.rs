//! The real `gcloud` with a flag, and Slipway with the same `flags`, write the same service. (Jobs it writes in Knative's
//! form, and worker pools over gRPC, which the embedded cloud does not speak.)
//! Run where gcloud is installed: `cargo test --test it gcloud_flags -- --ignored`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::gcloud::{Gcloud, REGION, prepare};
use crate::support::Scene;

/// What is run: a line for each service; what stands behind `then` is a second deploy of the same.
const MEASURED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gcloud/measured.txt");

const LIST: &str = include_str!("../gcloud/flags.txt");

const IMAGE: &str = "us-central1-docker.pkg.dev/harbour-dev/app/web:v1";

/// The services: the number of the line, and the flags of each deploy.
fn lines(text: &str) -> Vec<(usize, Vec<&str>)> {
    let all = text.lines().enumerate().filter(|(_, line)| line.starts_with("--"));
    all.map(|(at, line)| (at + 1, line.split(" then ").collect())).collect()
}

/// A world with what the flags are about.
fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        prepare(world);
        world.push_image(IMAGE);
        world.push_image("us-central1-docker.pkg.dev/harbour-dev/app/log:v1");
    });
    scene.file("vars.yaml", "A: '1'\nB: two\n");
    scene.input("source", "").input("skip_default_labels", "true").input("strategy", "direct");
    scene
}

/// What was written, without what differs by who wrote it: its name, the track of gcloud that was used, a label of gcloud's
/// that makes a revision new; images by their names alone; volumes that a tool names by itself under one name; and without
/// the volume that gcloud leaves behind when the last file of a secret goes.
fn plain(config: &Map<String, Value>) -> Value {
    let mut config = config.clone();
    ["client", "clientVersion", "annotations", "launchStage"].iter().for_each(|name| drop(config.remove(*name)));
    let template = config["template"].as_object_mut().expect("a template");
    ["client", "clientVersion", "annotations", "revision"].iter().for_each(|name| drop(template.remove(*name)));
    if let Some(labels) = template.get_mut("labels").and_then(Value::as_object_mut) {
        labels.remove("client.knative.dev/nonce");
        if labels.is_empty() {
            template.remove("labels");
        }
    }
    volumes(template);
    for container in template["containers"].as_array_mut().expect("containers") {
        let image = container["image"].as_str().expect("an image");
        let end = image.find('@').or_else(|| image.rfind(':')).unwrap_or(image.len());
        container["image"] = image[..end].into();
    }
    Value::Object(config)
}

fn volumes(template: &mut Map<String, Value>) {
    let mut all = template.remove("volumes").and_then(|all| all.as_array().cloned()).unwrap_or_default();
    let mut mounts: Vec<&mut Value> = template["containers"]
        .as_array_mut()
        .expect("containers")
        .iter_mut()
        .filter_map(|container| container.get_mut("volumeMounts")?.as_array_mut())
        .flatten()
        .collect();
    let is_mounted = |name: &Value| mounts.iter().any(|mount| mount["name"] == *name);
    all.retain(|volume| volume.get("secret").is_none() || is_mounted(&volume["name"]));
    for (index, volume) in all.iter_mut().enumerate() {
        let kind = ["secret", "cloudSqlInstance"].into_iter().find(|kind| volume.get(kind).is_some());
        let Some(kind) = kind else { continue };
        let name = Value::from(format!("{kind} {index}"));
        mounts
            .iter_mut()
            .filter(|mount| mount["name"] == volume["name"])
            .for_each(|mount| mount["name"] = name.clone());
        volume["name"] = name;
    }
    if !all.is_empty() {
        template.insert("volumes".to_owned(), all.into());
    }
}

/// Where two documents differ, with what stands there.
fn differences(at: &str, theirs: &Value, ours: &Value, all: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let of = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or_default();
                differences(&format!("{at}.{name}"), &of(one), &of(other), all);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{at}[{index}]"), one, other, all);
            }
        }
        _ if theirs == ours => {}
        _ => all.push(format!("{at}: gcloud {theirs}, ours {ours}")),
    }
}

#[test]
#[ignore = "needs the real gcloud"]
fn flags_of_services_write_what_gcloud_writes() {
    let mut scene = scene();
    let mut different = Vec::new();
    let text = std::fs::read_to_string(MEASURED).unwrap();
    for (number, deploys) in lines(&text) {
        let (theirs, ours) = (format!("theirs-{number}"), format!("ours-{number}"));
        scene.input("service", &ours);
        for (turn, flags) in deploys.iter().enumerate() {
            let named = flags.contains("--container ");
            let image = if named { String::new() } else { format!(" --image {IMAGE}") };
            let gcloud = Gcloud::of(&scene);
            gcloud.run(&format!("beta run deploy {theirs}{image} --no-allow-unauthenticated {flags}"));
            scene.input("image", if named { "" } else { IMAGE }).input("flags", flags);
            let run = scene.run();
            if run.code != 0 {
                different.push(format!("line {number}, deploy {}: {flags}\n{}", turn + 1, run.log()));
                continue;
            }
            let config =
                |name: &str| scene.cloud.world(|world| plain(&world.service(REGION, name).expect(name).config));
            let mut all = Vec::new();
            differences("", &config(&theirs), &config(&ours), &mut all);
            different
                .extend(all.into_iter().map(|line| format!("line {number}, deploy {}: {flags}\n    {line}", turn + 1)));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The flags in a help text: those of its synopsis, and those that every command has.
fn in_help(text: &str, flags: &mut BTreeSet<String>) {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let synopsis = plain.split("\nDESCRIPTION").next().unwrap_or_default();
    let wide = plain.split("GCLOUD WIDE FLAGS").nth(1).and_then(|text| text.split("NOTES").next()).unwrap_or_default();
    for part in [synopsis, wide] {
        for piece in part.replace("--[no-]", "--").split("--").skip(1) {
            let name: String = piece.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            flags.insert(name);
        }
    }
}

#[test]
#[ignore = "needs the real gcloud"]
fn the_list_of_flags_is_gclouds() {
    let scene = Scene::new();
    let gcloud = Gcloud::of(&scene);
    for (words, helps) in [
        ("gcloud run deploy", ["run deploy", "beta run deploy"].as_slice()),
        ("gcloud run jobs deploy", &["run jobs deploy", "beta run jobs deploy"]),
        ("gcloud run worker-pools deploy", &["beta run worker-pools deploy"]),
        ("gcloud builds submit", &["builds submit"]),
        ("gcloud run services update-traffic", &["run services update-traffic"]),
    ] {
        let mut found = BTreeSet::new();
        helps.iter().for_each(|help| in_help(&gcloud.run(&format!("{help} --help")), &mut found));
        let begins = format!("[{words}]");
        let lines = LIST.lines().skip_while(|line| *line != begins).skip(1).take_while(|line| !line.starts_with('['));
        let listed: BTreeSet<String> = lines.filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
        let missing: Vec<_> = found.difference(&listed).collect();
        let gone: Vec<_> = listed.difference(&found).collect();
        assert!(missing.is_empty() && gone.is_empty(), "{words}: not listed {missing:?}, gone {gone:?}");
    }
}
