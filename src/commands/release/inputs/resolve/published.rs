//! Which of the input `values` stay secret: those that the release does not publish itself, in a name, an address or a label.

use std::collections::BTreeSet;

use super::layout::{self, DEFAULTS, Section};
use super::template::{self, TemplatePiece};
use super::{chosen, document, laid};
use crate::commands::deploy::inputs::resolve::Give;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::map;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::tree::{Field, Node, TreeValue};
use crate::inputs::spec::release::name;
use slipway_names::key::ServiceAccountKey;
use slipway_runner::env::Runner;

/// Settings whose texts become names, addresses or labels: whoever sees the service, its project or this log reads them.
/// What is asked for (`health_path`, `checks`) is not among them, because a token may stand in it.
const PUBLISHED: [&str; 29] = [
    "project_id",
    "region",
    "regions",
    "service",
    "image",
    "image_tags",
    "source",
    "dockerfile",
    "build_target",
    "build_config",
    "build_region",
    "build_worker_pool",
    "build_service_account",
    "staging_bucket",
    "manifest",
    "secrets",
    "labels",
    "runtime_service_account",
    "cloudsql_instances",
    "vpc_connector",
    "network",
    "subnet",
    "suffix",
    "domain",
    "tag",
    "site",
    "target",
    "channel",
    "entry_point",
];

/// A value that stays secret.
#[derive(Debug, PartialEq, Eq)]
pub struct HiddenValue {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Whether it is the key of a service account: then it is a secret of the repository's.
    pub is_key: bool,
}

impl HiddenValue {
    /// The texts to hide: the private part of a key, and the value with and without the blanks around it.
    pub fn hidden(&self) -> Vec<String> {
        let key = ServiceAccountKey::parse(self.text.trim()).map(|key| key.private_key.expose().to_owned());
        let trimmed = self.text.trim().to_owned();
        let trimmed = (trimmed != self.text).then_some(trimmed);
        key.into_iter().chain(trimmed).chain([self.text.clone()]).collect()
    }
}

/// The values that stay secret, to be hidden before anything is printed. Where the manifest cannot be read, all do.
pub fn values_to_hide(raw: &RawInputs, runner: &Runner) -> Vec<HiddenValue> {
    let Some(text) = raw.whole(name::VALUES) else { return Vec::new() };
    let published = published(raw, runner).unwrap_or_default();
    let entries = map::parse(name::VALUES.row(), map::From::Input, text, &mut Findings::default()).into_iter();
    let secret = entries.filter(|entry| !published.contains(&entry.key));
    secret
        .map(|entry| {
            let is_key = ServiceAccountKey::parse(entry.value.trim()).is_ok();
            HiddenValue { name: entry.key, text: entry.value, is_key }
        })
        .collect()
}

/// The names of values that the manifest publishes, as it stands for the chosen environment.
fn published(raw: &RawInputs, runner: &Runner) -> Option<BTreeSet<String>> {
    // What is wrong is told when it is read for good.
    let mut findings = Findings::default();
    let mut give = Give { raw, findings: &mut findings };
    let root = document(&mut give, runner)?;
    let layout = layout::read(&root, give.findings)?;
    let environment = chosen(&mut give, &layout).ok()?;
    let mut names = BTreeSet::new();
    for field in laid(&layout, environment, &mut Vec::new()) {
        if DEFAULTS.contains(&field.key.as_str()) {
            collect(&field.value, &mut names);
        }
        if Section::ALL.iter().any(|section| section.key() == field.key) {
            for part in layout::fields(&field.value).unwrap_or_default() {
                let settings = layout::fields(&part.value).unwrap_or_default().iter();
                settings
                    .filter(|setting| is_published(setting))
                    .for_each(|setting| collect(&setting.value, &mut names));
            }
        }
    }
    Some(names)
}

fn is_published(setting: &Field) -> bool {
    PUBLISHED.contains(&setting.key.as_str())
}

/// The values that a node names.
fn collect(node: &Node, names: &mut BTreeSet<String>) {
    match &node.value {
        TreeValue::Text { text, .. } => {
            for piece in template::parse(text).unwrap_or_default() {
                if let TemplatePiece::Value(name) = piece {
                    names.insert(name);
                }
            }
        }
        TreeValue::List(items) => items.iter().for_each(|item| collect(item, names)),
        TreeValue::Map(fields) => fields.iter().for_each(|field| collect(&field.value, names)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_setting_is_one() {
        let all: Vec<&str> =
            Section::ALL.iter().flat_map(|section| section.settings()).map(|input| input.name).collect();
        for name in PUBLISHED {
            assert!(all.contains(&name), "{name}");
        }
    }
}
