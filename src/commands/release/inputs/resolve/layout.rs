//! The shape of a release's manifest: which keys, parts and settings there are, and where placeholders may stand.
//! Looks at every environment, chosen or not.

use std::collections::BTreeSet;

use super::template::{self, TemplateError, TemplatePiece};
use super::{join, listed};
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw;
use crate::inputs::engine::tree::{Field, Node, TreeValue};
use crate::inputs::spec::release::name;
use crate::inputs::spec::{CommandName, ELSEWHERE, Input, InputGroup};

/// A kind of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Cloud Run services.
    Services,
    /// Firebase Hosting sites.
    Hosting,
}

impl Section {
    pub(super) const ALL: [Section; 2] = [Section::Services, Section::Hosting];

    /// Its key in the manifest.
    pub(super) fn key(self) -> &'static str {
        match self {
            Section::Services => "services",
            Section::Hosting => "hosting",
        }
    }

    /// Settings of a part: the inputs of the command that ships one, without those of a run.
    pub(super) fn settings(self) -> Vec<&'static Input> {
        self.inputs().into_iter().filter(|input| self.cure_elsewhere(input).is_none()).collect()
    }

    fn inputs(self) -> Vec<&'static Input> {
        match self {
            Section::Services => CommandName::Deploy.inputs(),
            Section::Hosting => CommandName::Hosting.inputs(),
        }
    }

    /// Why an input is no setting of a part, where it is none.
    fn cure_elsewhere(self, input: &Input) -> Option<String> {
        match (input.name, input.means) {
            (_, Some(means)) => Some(format!("write `{means}`")),
            ("github_token" | "dry_run" | "notify_webhook" | "environment" | "ca_certificates" | "allow_forks", _) => {
                Some("it is about the whole run: give it as an input".into())
            }
            ("values" | "pull_request" | "state", _) => Some("it is about the whole run: give it as an input".into()),
            (
                "traffic"
                | "revision_traffic"
                | "tag_traffic"
                | "traffic_tags"
                | "traffic_tags_update_strategy"
                | "no_traffic",
                _,
            ) => Some("a release moves the traffic itself, when every part is ready".into()),
            ("flags", _) => Some("write the inputs that the flags stand for, see docs/PARITY.md".into()),
            _ if matches!(input.group, InputGroup::Spelling | InputGroup::Moved) => Some("remove it".into()),
            _ => None,
        }
    }
}

/// Settings in which the addresses of earlier services may stand.
pub(super) const TAKE_URLS: [&str; 2] = ["build_args", "env_vars"];

/// What all parts may have in common.
pub(super) const DEFAULTS: [&str; 2] = ["project_id", "region"];

/// A manifest whose shape is known.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Everything but the environments.
    pub(super) base: Vec<Field>,
    /// The environments, by name.
    pub(super) environments: Vec<Field>,
    /// The values that are named anywhere.
    pub(super) values: BTreeSet<String>,
}

impl Layout {
    /// The names of a section's parts, in their order, as they stand without an environment.
    pub(super) fn names(&self, section: Section) -> Vec<String> {
        names(&self.base, section)
    }
}

/// The fields of a map; a blank is an empty one.
pub(super) fn fields(node: &Node) -> Option<&[Field]> {
    match &node.value {
        TreeValue::Map(fields) => Some(fields),
        _ if node.is_blank() || node.is_null() => Some(&[]),
        _ => None,
    }
}

/// The names of a section's parts.
pub(super) fn names(fields: &[Field], section: Section) -> Vec<String> {
    let parts = fields.iter().find(|field| field.key == section.key()).and_then(|field| self::fields(&field.value));
    parts.unwrap_or_default().iter().map(|part| part.key.clone()).collect()
}

/// Looks at the whole manifest; every mistake of shape is told.
pub(super) fn read(root: &Node, findings: &mut Findings) -> Option<Layout> {
    let Some(all) = fields(root) else {
        findings.wrong_at(
            name::MANIFEST,
            Some(root.line),
            format!("this is {}, not a map", root.kind()),
            "write `services:` and the parts below it",
        );
        return None;
    };
    let (environments, base): (Vec<Field>, Vec<Field>) =
        all.iter().cloned().partition(|field| field.key == "environments");
    let mut layout = Layout { base, ..Layout::default() };
    let names = Section::ALL.map(|section| layout.names(section));
    if names.iter().all(Vec::is_empty) {
        findings.wrong(name::MANIFEST, "it has no parts", "write at least one below `services` or `hosting`");
    }
    let mut look = LayoutLook { findings, values: BTreeSet::new(), names, in_environment: false };
    look.level(&layout.base, "", "environments");
    look.in_environment = true;
    if let Some(field) = environments.into_iter().next() {
        for environment in look.below(&field.value, "environments") {
            let path = join("environments", &environment.key);
            look.name(&environment, &path);
            let fields = look.below(&environment.value, &path);
            look.level(&fields, &path, "");
            layout.environments.push(environment);
        }
    }
    layout.values = look.values;
    Some(layout)
}

struct LayoutLook<'a> {
    findings: &'a mut Findings,
    values: BTreeSet<String>,
    /// The parts of each section, in their order.
    names: [Vec<String>; 2],
    in_environment: bool,
}

impl LayoutLook<'_> {
    fn wrong(&mut self, path: &str, line: usize, problem: impl Into<String>, cure: impl Into<String>) {
        self.findings.wrong_at(path, Some(line), problem, cure);
    }

    /// The fields of a map, or a mistake.
    fn below(&mut self, node: &Node, path: &str) -> Vec<Field> {
        match fields(node) {
            Some(fields) => fields.to_vec(),
            None => {
                self.wrong(
                    path,
                    node.line,
                    format!("this must be a map, not {}", node.kind()),
                    "write `KEY: value` lines below it",
                );
                Vec::new()
            }
        }
    }

    fn name(&mut self, field: &Field, path: &str) {
        if !template::is_name(&field.key) {
            self.wrong(
                path,
                field.line,
                format!("`{}` is no name", field.key),
                "write letters, digits, dashes and underscores",
            );
        }
    }

    /// The manifest itself, or an environment.
    fn level(&mut self, fields: &[Field], path: &str, more: &'static str) {
        for field in fields {
            let path = join(path, &field.key);
            match Section::ALL.iter().zip(0..).find(|(section, _)| section.key() == field.key) {
                Some((section, index)) => {
                    for part in self.below(&field.value, &path) {
                        self.part(*section, index, &part, &join(&path, &part.key));
                    }
                }
                None if DEFAULTS.contains(&field.key.as_str()) => match field.value.value {
                    TreeValue::Text { .. } => self.scan(&field.value, &path, None),
                    _ => {
                        self.wrong(&path, field.line, format!("this must be one text, not {}", field.value.kind()), "")
                    }
                },
                None => {
                    let known = DEFAULTS
                        .into_iter()
                        .chain(Section::ALL.map(Section::key))
                        .chain([more])
                        .filter(|key| !key.is_empty());
                    let known: Vec<&str> = known.collect();
                    let cure = match raw::nearest(known.iter().copied(), &field.key) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the keys here are {}", listed(&known)),
                    };
                    self.wrong(&path, field.line, "there is no such key", cure);
                }
            }
        }
    }

    fn part(&mut self, section: Section, index: usize, part: &Field, path: &str) {
        self.name(part, path);
        let known = self.names[index].clone();
        let Some(place) = known.iter().position(|name| *name == part.key) else {
            if self.in_environment {
                let cure = match raw::nearest(known.iter().map(String::as_str), &part.key) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("write the part below `{}` first, outside the environments", section.key()),
                };
                self.wrong(path, part.line, "there is no such part", cure);
            }
            return;
        };
        let (settings, inputs) = (section.settings(), section.inputs());
        for setting in self.below(&part.value, path) {
            let path = join(path, &setting.key);
            if settings.iter().any(|input| input.name == setting.key) {
                let urls = section == Section::Services && TAKE_URLS.contains(&setting.key.as_str());
                self.scan(&setting.value, &path, urls.then_some(&known[..place]));
                continue;
            }
            let elsewhere = inputs.iter().find(|input| input.name == setting.key);
            let cure = elsewhere.and_then(|input| section.cure_elsewhere(input));
            match cure {
                Some(cure) => self.wrong(&path, setting.line, "it is no setting of a part", cure),
                None => {
                    let cure = raw::cure(&settings, ELSEWHERE, &setting.key);
                    self.wrong(&path, setting.line, "there is no such setting", cure);
                }
            }
        }
    }

    /// The placeholders in a node; `earlier` are the services whose addresses may stand there.
    fn scan(&mut self, node: &Node, path: &str, earlier: Option<&[String]>) {
        match &node.value {
            TreeValue::Text { text, .. } => match template::parse(text) {
                Ok(pieces) => pieces.into_iter().for_each(|piece| self.piece(piece, node.line, path, earlier)),
                Err(error) => self.template(&error, node.line, path),
            },
            TreeValue::List(items) => items.iter().for_each(|item| self.scan(item, path, earlier)),
            TreeValue::Map(fields) => {
                fields.iter().for_each(|field| self.scan(&field.value, &join(path, &field.key), earlier));
            }
        }
    }

    fn template(&mut self, error: &TemplateError, line: usize, path: &str) {
        self.wrong(path, line, error.to_string(), error.cure());
    }

    fn piece(&mut self, piece: TemplatePiece, line: usize, path: &str, earlier: Option<&[String]>) {
        match piece {
            TemplatePiece::Text(_) | TemplatePiece::Environment | TemplatePiece::Commit => {}
            TemplatePiece::Value(name) => drop(self.values.insert(name)),
            TemplatePiece::Url(name) => {
                let shown = format!("`${{services.{name}.url}}`");
                match earlier {
                    None => self.wrong(
                        path,
                        line,
                        format!("{shown} cannot stand here"),
                        "it can stand in `build_args` and `env_vars` of a later service",
                    ),
                    Some(earlier) if earlier.contains(&name) => {}
                    Some(_) if self.names[0].contains(&name) => {
                        self.wrong(
                            path,
                            line,
                            format!("{shown} is not known yet: `{name}` does not come before this part"),
                            "put the part whose address is needed above the one that needs it",
                        );
                    }
                    Some(earlier) => self.wrong(
                        path,
                        line,
                        format!("there is no service part `{name}`"),
                        format!("the parts before this one are {}", listed(earlier)),
                    ),
                }
            }
        }
    }
}
