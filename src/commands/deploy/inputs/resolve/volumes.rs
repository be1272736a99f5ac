//! Volumes and where they are mounted: a short form for each kind, a map, or gcloud's keys.

use serde_json::{Map, Value, json};

use super::Give;
use super::variables::secret_ref;
use crate::cloud_run::wanted::names::ByName;
use crate::cloud_run::wanted::settings::Mount;
use crate::inputs::engine::map::{self as map, Entry, From};
use crate::inputs::engine::scalar;
use crate::inputs::setting::takes_back;
use crate::inputs::spec::InputName;
use crate::inputs::spec::deploy::name;
use slipway_names::ids::DnsLabel;
use slipway_names::shown::{QuotedName, QuotedText};

const SHORT: &str = "write `gs://BUCKET`, `nfs://SERVER/PATH`, `memory 512Mi`, `secret:NAME:VERSION`, `cloudsql:P:R:NAME`, or a map (docs/SETTINGS.md)";

/// What cannot be read, and what to write.
type VolumeMistake = (String, String);

pub(super) fn volumes(give: &mut Give<'_>) -> ByName<Value> {
    named(give, name::VOLUMES, |give, entry| {
        if DnsLabel::parse(&entry.key).is_err() {
            let cure = "write lowercase letters, digits and `-`, beginning with a letter, at most 63";
            return Err((format!("{} is no volume's name", QuotedName(&entry.key)), cure.into()));
        }
        let text = entry.value.trim();
        if text.starts_with('{') || text.lines().count() > 1 || text.contains(": ") {
            let keys = map::parse_inner(name::VOLUMES.row(), From::Input, entry, give.findings);
            of_keys(&keys)
        } else {
            short(text)
        }
    })
}

pub(super) fn mounts(give: &mut Give<'_>) -> ByName<Mount> {
    named(give, name::VOLUME_MOUNTS, |_, entry| {
        if !entry.key.starts_with('/') || entry.key.split('/').any(|part| part == "..") {
            let cure = "write `/path: VOLUME`";
            return Err((format!("{} is no path in a container", QuotedName(&entry.key)), cure.into()));
        }
        let (volume, part) = match entry.value.trim().split_once('/') {
            Some((volume, part)) => (volume, Some(part)),
            None => (entry.value.trim(), None),
        };
        if DnsLabel::parse(volume).is_ok()
            && part.is_none_or(|part| !part.is_empty() && !part.split('/').any(|part| part == ".."))
        {
            return Ok(Mount { volume: volume.to_owned(), part: part.map(str::to_owned) });
        }
        let cure = "write the volume's name, or `VOLUME/DIRECTORY` for a part of it";
        Err((format!("{} is no volume", QuotedText(&entry.value)), cure.into()))
    })
}

/// Reads a map entry by entry. `null` takes an entry away, `default` everything.
fn named<T>(
    give: &mut Give<'_>,
    name: InputName,
    read: impl Fn(&mut Give<'_>, &Entry) -> Result<T, VolumeMistake>,
) -> ByName<T> {
    let mut all = ByName::default();
    let Some(text) = give.raw.whole(name) else { return all };
    if takes_back(name.text(), text.trim()) {
        all.all_gone = true;
        return all;
    }
    let entries = map::parse_nested(name.row(), From::Input, text, give.findings);
    if entries.is_empty() && give.findings.mistakes.iter().all(|mistake| mistake.input != name.text()) {
        give.findings.wrong(name, "it names nothing, and changes nothing", "write `default` to take all away");
    }
    for entry in entries {
        if entry.is_null {
            all.gone.push(entry.key);
            continue;
        }
        match read(give, &entry) {
            Ok(value) => all.put.push((entry.key, value)),
            Err((problem, cure)) => give.findings.wrong_at(name, Some(entry.line), problem, cure),
        }
    }
    give.taken_by_null(name, &all.gone);
    all
}

/// The short form: a place, and words about it.
fn short(text: &str) -> Result<Value, VolumeMistake> {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default();
    let mut more: Vec<&str> = words.collect();
    let readonly =
        more.iter().position(|word| ["readonly", "read-only", "ro"].contains(word)).map(|at| more.remove(at));
    let nothing_more = |value: Value| match more.first() {
        Some(word) => Err((format!("{} says nothing about this volume", QuotedText(word)), SHORT.into())),
        None => Ok(value),
    };
    let only_read = |mut value: Value, kind: &str| {
        if readonly.is_some() {
            value[kind]["readOnly"] = true.into();
        }
        value
    };
    if let Some(bucket) = first.strip_prefix("gs://") {
        let mut volume = only_read(json!({"gcs": {"bucket": bucket_name(bucket)?}}), "gcs");
        if !more.is_empty() {
            volume["gcs"]["mountOptions"] = json!(more);
        }
        return Ok(volume);
    }
    match first.split_once(':') {
        Some(("nfs", place)) => {
            let place = place.strip_prefix("//").and_then(|place| place.split_once('/'));
            let (server, path) =
                place.ok_or_else(|| (format!("{} is no share", QuotedText(first)), SHORT.to_owned()))?;
            nothing_more(only_read(json!({"nfs": {"server": server, "path": format!("/{path}")}}), "nfs"))
        }
        Some(("secret", secret)) if readonly.is_none() => nothing_more(secret_volume(secret, None, None)?),
        Some(("cloudsql", instances)) => nothing_more(cloudsql(instances)?),
        _ if ["memory", "in-memory", "disk"].contains(&first) && readonly.is_none() && more.len() < 2 => {
            empty(first, more.first().copied())
        }
        _ => Err((format!("{} is no volume", QuotedText(text)), SHORT.into())),
    }
}

fn bucket_name(text: &str) -> Result<&str, VolumeMistake> {
    let name = text.trim_end_matches('/');
    let fits = (3..=222).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
    if fits { Ok(name) } else { Err((format!("{} is no bucket", QuotedText(text)), "write its name alone".into())) }
}

/// A directory in memory or on the instance's disk.
fn empty(kind: &str, size: Option<&str>) -> Result<Value, VolumeMistake> {
    let medium = if kind == "disk" { "DISK" } else { "MEMORY" };
    let mut volume = json!({"emptyDir": {"medium": medium}});
    if let Some(size) = size.filter(|size| !size.is_empty()) {
        scalar::size(size).map_err(|cure| (format!("{} is no size", QuotedText(size)), cure.to_owned()))?;
        volume["emptyDir"]["sizeLimit"] = size.into();
    }
    Ok(volume)
}

/// One file of a secret, with the secret's name unless another is given.
fn secret_volume(text: &str, path: Option<&str>, mode: Option<&str>) -> Result<Value, VolumeMistake> {
    let secret = secret_ref(text).map_err(|cure| ("it is no secret's version".to_owned(), cure.to_owned()))?;
    let own = secret.secret.rsplit('/').next().unwrap_or(&secret.secret);
    let mut item = json!({"path": path.unwrap_or(own), "version": secret.version});
    if let Some(mode) = mode {
        let octal = mode.trim_start_matches("0o");
        let bits = u32::from_str_radix(octal, 8).ok().filter(|bits| *bits <= 0o777);
        item["mode"] = bits
            .ok_or_else(|| (format!("{} is no mode", QuotedText(mode)), "write it in octal, such as 0440".into()))?
            .into();
    }
    Ok(json!({"secret": {"secret": secret.secret, "items": [item]}}))
}

fn cloudsql(text: &str) -> Result<Value, VolumeMistake> {
    let instances: Vec<&str> = text.split([';', ',']).map(str::trim).collect();
    match instances.iter().find(|instance| instance.split(':').filter(|part| !part.is_empty()).count() < 3) {
        Some(wrong) => Err((format!("{} is not an instance", QuotedText(wrong)), "write PROJECT:REGION:NAME".into())),
        None => Ok(json!({"cloudSqlInstance": {"instances": instances}})),
    }
}

/// Keys that say what a volume is, ours and gcloud's (`type` with the keys of each type), and the keys it may have then.
const KINDS: [(&str, &str, &[&str]); 7] = [
    ("bucket", "cloud-storage", &["readonly", "mount_options", "mount-options"]),
    ("nfs", "", &["readonly"]),
    ("location", "nfs", &["readonly"]),
    ("memory", "in-memory", &["size_limit", "size-limit"]),
    ("disk", "", &[]),
    ("secret", "secret", &["version", "path", "mode"]),
    ("cloudsql", "cloudsql", &["instances"]),
];

/// A volume by its keys.
fn of_keys(entries: &[Entry]) -> Result<Value, VolumeMistake> {
    let value = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.trim());
    let either = |one: &str, other: &str| value(one).or_else(|| value(other));
    let kind = match value("type") {
        Some(name) => KINDS.iter().find(|(_, of_gcloud, _)| *of_gcloud == name && !name.is_empty()),
        None => KINDS.iter().find(|(key, _, _)| value(key).is_some()),
    };
    let Some((key, _, keys)) = kind else {
        return Err(("it is not said what it is".into(), SHORT.into()));
    };
    let known = |entry: &&Entry| entry.key == "type" || entry.key == *key || keys.contains(&entry.key.as_str());
    if let Some(other) = entries.iter().find(|entry| !known(entry)) {
        let all: Vec<String> = std::iter::once(key).chain(*keys).map(|key| format!("`{key}`")).collect();
        let problem = format!("{} is no key of such a volume", QuotedName(&other.key));
        return Err((problem, format!("its keys are {}", all.join(", "))));
    }
    let mut readonly = Map::new();
    if let Some(text) = value("readonly") {
        let only = scalar::switch(text).map_err(|cure| ("`readonly` does not fit".to_owned(), cure.to_owned()))?;
        // `false` says the same as nothing.
        readonly.extend(only.then(|| ("readOnly".to_owned(), true.into())));
    }
    let with = |kind: &str, mut volume: Value| {
        if let Some(map) = volume[kind].as_object_mut() {
            map.extend(readonly.clone());
        }
        volume
    };
    let said = |key: &str| {
        value(key).filter(|text| !text.is_empty()).ok_or_else(|| (format!("`{key}` is not given"), SHORT.to_owned()))
    };
    match *key {
        "bucket" => {
            let name = said("bucket")?;
            let mut volume = json!({"gcs": {"bucket": bucket_name(name.strip_prefix("gs://").unwrap_or(name))?}});
            if let Some(options) = either("mount_options", "mount-options") {
                let options: Vec<&str> =
                    options.split([';', ',']).map(str::trim).filter(|one| !one.is_empty()).collect();
                volume["gcs"]["mountOptions"] = json!(options);
            }
            Ok(with("gcs", volume))
        }
        "nfs" | "location" => {
            let place = said(key)?;
            let (server, path) = place
                .strip_prefix("nfs://")
                .and_then(|place| place.split_once('/'))
                .or_else(|| place.split_once(":/"))
                .ok_or_else(|| (format!("{} is no share", QuotedText(place)), "write SERVER:/PATH".to_owned()))?;
            Ok(with("nfs", json!({"nfs": {"server": server, "path": format!("/{path}")}})))
        }
        "secret" => {
            let (name, version) = (said("secret")?, value("version"));
            let text = version.map_or_else(|| name.to_owned(), |version| format!("{name}:{version}"));
            secret_volume(&text, value("path"), value("mode"))
        }
        "cloudsql" => cloudsql(either("cloudsql", "instances").unwrap_or_default()),
        // `memory: true` is a directory without a limit of its own.
        _ => empty(key, either(key, "size_limit").or_else(|| value("size-limit")).filter(|size| *size != "true")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::engine::error::Findings;
    use crate::inputs::engine::raw::RawInputs;

    fn read(text: &str) -> (ByName<Value>, Vec<String>) {
        let raw = RawInputs::from_texts([("volumes", text.to_owned())]);
        let mut findings = Findings::default();
        let value = volumes(&mut Give { raw: &raw, findings: &mut findings });
        (value, findings.mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_kind_has_a_short_form_and_keys() {
        let cases = [
            ("gs://my-bucket", json!({"gcs": {"bucket": "my-bucket"}})),
            (
                "gs://my-bucket readonly implicit-dirs uid=1000",
                json!({"gcs": {"bucket": "my-bucket", "readOnly": true, "mountOptions": ["implicit-dirs", "uid=1000"]}}),
            ),
            (
                "{bucket: my-bucket, readonly: true, mount_options: 'implicit-dirs,uid=1000'}",
                json!({"gcs": {"bucket": "my-bucket", "readOnly": true, "mountOptions": ["implicit-dirs", "uid=1000"]}}),
            ),
            (
                "{\"type\": \"cloud-storage\", \"bucket\": \"my-bucket\", \"mount-options\": \"a;b\"}",
                json!({"gcs": {"bucket": "my-bucket", "mountOptions": ["a", "b"]}}),
            ),
            (
                "nfs://10.0.0.2/share/part readonly",
                json!({"nfs": {"server": "10.0.0.2", "path": "/share/part", "readOnly": true}}),
            ),
            (
                "{type: nfs, location: '10.0.0.2:/share', readonly: false}",
                json!({"nfs": {"server": "10.0.0.2", "path": "/share"}}),
            ),
            ("memory", json!({"emptyDir": {"medium": "MEMORY"}})),
            ("memory 512Mi", json!({"emptyDir": {"medium": "MEMORY", "sizeLimit": "512Mi"}})),
            ("{type: in-memory, size-limit: 1Gi}", json!({"emptyDir": {"medium": "MEMORY", "sizeLimit": "1Gi"}})),
            ("{disk: 10Gi}", json!({"emptyDir": {"medium": "DISK", "sizeLimit": "10Gi"}})),
            ("secret:db:3", json!({"secret": {"secret": "db", "items": [{"path": "db", "version": "3"}]}})),
            (
                "{secret: db, version: latest, path: key.json, mode: 0440}",
                json!({"secret": {"secret": "db", "items": [{"path": "key.json", "version": "latest", "mode": 288}]}}),
            ),
            ("cloudsql:p:r:db", json!({"cloudSqlInstance": {"instances": ["p:r:db"]}})),
        ];
        for (text, expected) in cases {
            let (volumes, mistakes) = read(&format!("data: {text}"));
            assert_eq!((volumes.put, mistakes), (vec![("data".to_owned(), expected)], Vec::new()), "{text}");
        }
    }

    #[test]
    fn mistakes_are_told_all_at_once_and_null_takes_away() {
        let (volumes, mistakes) = read(
            "Data: gs://b-1\na: gs://B\nb: nfs://host\nc: {bucket: b-1, size-limit: 1Gi}\nd: {type: floppy}\ne: memory much\nf: secret:a b\ng: cloudsql:db\nh: null\ni: elsewhere\nj: {secret: s, mode: 999}",
        );
        assert_eq!(volumes.gone, ["h"]);
        let lines: Vec<&str> =
            mistakes.iter().filter_map(|mistake| mistake.strip_prefix("volumes, line ")?.split(':').next()).collect();
        assert_eq!(lines, ["1", "2", "3", "4", "5", "6", "7", "8", "10", "11"], "{mistakes:#?}");
        assert!(read("default").0.all_gone);
        assert!(read("{}").1[0].contains("names nothing"));
    }

    #[test]
    fn mounts_name_a_volume_or_a_part_of_one() {
        let raw = RawInputs::from_texts([(
            "volume_mounts",
            "/data: files\n/part: files/a/b\n/old: null\nhere: files\n/x: 'a b'".to_owned(),
        )]);
        let mut findings = Findings::default();
        let read = mounts(&mut Give { raw: &raw, findings: &mut findings });
        let mount = |volume: &str, part: Option<&str>| Mount { volume: volume.into(), part: part.map(str::to_owned) };
        assert_eq!(read.put, [("/data".into(), mount("files", None)), ("/part".into(), mount("files", Some("a/b")))]);
        assert_eq!((read.gone, findings.mistakes.len()), (vec!["/old".to_owned()], 2));
    }
}
