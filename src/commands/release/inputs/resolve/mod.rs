//! What the release command is told, with every mistake of all its parts at once; the manifest is a part of it.

mod layout;
mod overlay;
pub mod published;
mod settings;
mod template;
mod told;

use std::collections::BTreeMap;

use crate::commands::deploy::inputs::resolve::{Give, NOT_CHECKED_OUT};
use crate::commands::hosting::inputs::SiteWork;
use crate::commands::hosting::inputs::resolve as hosting;
use crate::commands::release::inputs::{Piece, Release, ServicePart, SitePart};
use crate::inputs::credentials;
use crate::inputs::empty_secret;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::tree::{self as tree, Field, Node, TreeValue};
use crate::inputs::spec::CommandName;
use crate::inputs::spec::release::name;
use layout::{DEFAULTS, Layout, Section};
use settings::{PartSettings, PlaceholderScope};
use slipway_names::hosting::LIVE;
use slipway_names::kind::ResourceKind;
use slipway_names::place::PlaceError;
use slipway_names::secret::Secret;
use slipway_names::shown::{QuotedName, QuotedText};
use slipway_runner::env::Runner;
use slipway_runner::workspace;

/// The file that is looked for.
const DEFAULT_MANIFEST: &str = "slipway.yml";

/// Resolves the inputs of a release, and its manifest.
///
/// # Errors
/// Every mistake in every input and in every part of the manifest.
pub fn run(raw: &RawInputs, runner: &Runner, mut findings: Findings) -> Result<Resolved<Release>, InputErrors> {
    let mut give = Give { raw, findings: &mut findings };
    let dry_run = give.switch(name::DRY_RUN).unwrap_or(false);
    let values = values(&mut give);
    let layout = document(&mut give, runner).and_then(|root| layout::read(&root, give.findings));
    let mut release = Release {
        environment: None,
        services: Vec::new(),
        sites: Vec::new(),
        github_token: raw.get(name::GITHUB_TOKEN).and_then(Secret::new),
        dry_run,
    };
    if let Some(layout) = layout {
        unused(&values, &layout, runner, give.findings);
        if let Ok(environment) = chosen(&mut give, &layout) {
            release.environment = environment.map(|environment| environment.key.clone());
            let fields = laid(&layout, environment, &mut give.findings.warnings);
            let whole = Whole { raw, runner, values: values.as_ref(), fields: &fields, dry_run };
            whole.parts(&layout, &mut release, give.findings);
        }
    }
    if !findings.mistakes.is_empty() {
        return Err(InputErrors::of(findings));
    }
    Ok(Resolved { meaning: release, warnings: findings.warnings })
}

/// The path of something below something.
fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Names in a sentence.
fn listed(names: &[impl AsRef<str>]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", "),
    }
}

/// The input `values`; `None` when something is wrong with it.
fn values(give: &mut Give<'_>) -> Option<BTreeMap<String, String>> {
    let before = give.findings.mistakes.len();
    let values = give.map(name::VALUES, |name, _| {
        let cure = "write letters, digits, dashes and underscores";
        if template::is_name(name) { Ok(()) } else { Err((format!("{} is no name", QuotedName(name)), cure.into())) }
    });
    (give.findings.mistakes.len() == before).then(|| values.unwrap_or_default().into_iter().collect())
}

/// Values that nothing in the manifest names, in any environment; and empty ones.
fn unused(values: &Option<BTreeMap<String, String>>, layout: &Layout, runner: &Runner, findings: &mut Findings) {
    for (name, value) in values.iter().flatten() {
        if !layout.values.contains(name) {
            findings.warnings.push(format!("values: `{name}` is given, and the manifest does not name it"));
        } else if value.is_empty() {
            findings.warnings.push(format!(
                "values: `{name}` is empty; if it comes from a secret: {}",
                empty_secret::reason(runner)
            ));
        }
    }
}

/// The manifest as a tree.
fn document(give: &mut Give<'_>, runner: &Runner) -> Option<Node> {
    let shown = give.text(name::MANIFEST).unwrap_or_else(|| DEFAULT_MANIFEST.to_owned());
    let error = match runner.places().text(&runner.workspace.join(&shown)) {
        Ok(text) => return tree::read("manifest", &text, give.findings),
        Err(error) => error,
    };
    let down = workspace::one_level_down(&runner.workspace, &shown);
    let cure = match down.first() {
        _ if matches!(error, PlaceError::Outside) => "write a path inside the repository".to_owned(),
        _ if runner.actions && workspace::is_empty(&runner.workspace) => NOT_CHECKED_OUT.to_owned(),
        Some(directory) => {
            let path = format!("{directory}/{shown}");
            format!("there is one in {}: write `manifest: {path}`", QuotedText(directory))
        }
        None => "it is looked for relative to the workspace: is the repository checked out?".to_owned(),
    };
    give.findings.wrong(name::MANIFEST, format!("{} {error}", QuotedText(&shown)), cure);
    None
}

/// The environment that is asked for; `Err` when it is not known which.
fn chosen<'a>(give: &mut Give<'_>, layout: &'a Layout) -> Result<Option<&'a Field>, ()> {
    let names: Vec<&str> = layout.environments.iter().map(|environment| environment.key.as_str()).collect();
    match give.text(name::ENVIRONMENT) {
        None if names.is_empty() => Ok(None),
        None => {
            give.findings.wrong(
                name::ENVIRONMENT,
                "it was not given",
                format!("the manifest has {}: name one", listed(&names)),
            );
            Err(())
        }
        Some(name) => {
            let found = layout.environments.iter().find(|environment| environment.key == name);
            if found.is_none() && names.is_empty() {
                let cure = "remove it, or add `environments` to the manifest";
                give.findings.wrong(name::ENVIRONMENT, "the manifest has no environments", cure);
            } else if found.is_none() {
                let cure = format!("the manifest has {}", listed(&names));
                give.findings.wrong(name::ENVIRONMENT, format!("there is no environment {}", QuotedText(&name)), cure);
            }
            found.map(Some).ok_or(())
        }
    }
}

/// The manifest with the environment laid over it.
fn laid(layout: &Layout, environment: Option<&Field>, warnings: &mut Vec<String>) -> Vec<Field> {
    let mut fields = Vec::new();
    overlay::lay(&mut fields, &layout.base, "", warnings);
    if let Some(environment) = environment {
        let path = join("environments", &environment.key);
        overlay::lay(&mut fields, layout::fields(&environment.value).unwrap_or_default(), &path, warnings);
    }
    fields
}

/// A manifest whose environment is chosen, and everything that its parts share.
struct Whole<'a> {
    raw: &'a RawInputs,
    runner: &'a Runner,
    values: Option<&'a BTreeMap<String, String>>,
    fields: &'a [Field],
    dry_run: bool,
}

/// A part whose texts are ready to be understood.
struct Ready {
    name: String,
    path: String,
    line: usize,
    settings: PartSettings,
}

impl Whole<'_> {
    fn parts(&self, layout: &Layout, release: &mut Release, findings: &mut Findings) {
        let [services, sites] = Section::ALL.map(|section| self.ready(section, layout, release, findings));
        if services.is_empty() && sites.is_empty() && !layout.base.is_empty() {
            let taken = Section::ALL.iter().any(|section| !layout.names(*section).is_empty());
            if taken {
                findings.wrong(name::MANIFEST, "the environment takes every part away", "leave one");
            }
        }
        let borrows = |part: &Ready| !part.signs_in_itself();
        if services.iter().chain(&sites).any(borrows) {
            credentials::find(self.raw, self.runner, findings);
        }
        for part in services {
            self.service(part, release, findings);
        }
        for part in sites {
            self.site(part, release, findings);
        }
    }

    /// The parts of a section, as texts.
    fn ready(&self, section: Section, layout: &Layout, release: &Release, findings: &mut Findings) -> Vec<Ready> {
        let names = layout::names(self.fields, Section::Services);
        let gone: Vec<String> =
            layout.names(Section::Services).into_iter().filter(|name| !names.contains(name)).collect();
        let parts = self.fields.iter().find(|field| field.key == section.key());
        let inputs = section.settings();
        let mut ready = Vec::new();
        for part in parts.and_then(|parts| layout::fields(&parts.value)).unwrap_or_default() {
            let path = join(section.key(), &part.key);
            let earlier: Vec<String> = match section {
                Section::Services => names.iter().take_while(|name| **name != part.key).cloned().collect(),
                Section::Hosting => Vec::new(),
            };
            let scope = PlaceholderScope {
                values: self.values,
                environment: release.environment.as_deref(),
                commit: self.runner.origin.sha.as_deref(),
                earlier: &earlier,
                gone: &gone,
            };
            // A default may be a setting of the one kind of parts and none of the other.
            let of_part = layout::fields(&part.value).unwrap_or_default();
            let has = |name: &str| of_part.iter().any(|field| field.key == name);
            let defaults = self.fields.iter().filter(|field| {
                let wanted = DEFAULTS.contains(&field.key.as_str()) && !has(&field.key);
                wanted
                    && !(field.key == "region" && has("regions"))
                    && matches!(field.value.value, TreeValue::Text { .. })
            });
            let all: Vec<Field> = of_part.iter().chain(defaults).cloned().collect();
            let settings = settings::read(&inputs, &all, &path, scope, findings);
            ready.push(Ready { name: part.key.clone(), path, line: part.line, settings });
        }
        ready
    }

    /// The texts of a part's inputs: its own, and those of the run.
    fn texts(&self, part: &Ready, own: &'static str, default: &str, values: Option<&str>) -> RawInputs {
        let mut texts = part.settings.texts.clone();
        texts.entry(own).or_insert_with(|| default.to_owned());
        if !part.signs_in_itself() {
            texts.extend(
                credentials::INPUTS.into_iter().filter_map(|name| Some((name, self.raw.by_text(name)?.to_owned()))),
            );
        }
        texts.extend(self.raw.whole(name::GITHUB_TOKEN).map(|text| ("github_token", text.to_owned())));
        // Those of `firebase.json` are the manifest's.
        texts.extend(values.map(|values| ("values", values.to_owned())));
        texts.extend(self.dry_run.then(|| ("dry_run", "true".to_owned())));
        RawInputs::from_texts(texts)
    }

    fn service(&self, part: Ready, release: &mut Release, findings: &mut Findings) {
        let raw = self.texts(&part, "service", &part.name, None);
        let resolved =
            crate::commands::deploy::inputs::resolve::run(CommandName::Deploy, &raw, self.runner, Findings::default());
        let Some((deploy, warnings)) =
            part.keep(resolved.map(|resolved| (resolved.meaning, resolved.warnings)), findings)
        else {
            return;
        };
        part.warn(&warnings, findings);
        let mut needs: Vec<String> = Vec::new();
        for piece in part.settings.gaps.iter().flat_map(|gap| &gap.pieces) {
            if let Piece::Url(name) = piece
                && !needs.contains(name)
            {
                needs.push(name.clone());
            }
        }
        for need in &needs {
            let worker = |other: &&ServicePart| other.name == *need && other.deploy.kind == ResourceKind::WorkerPool;
            if release.services.iter().find(worker).is_some() {
                let problem = format!("`{need}` is a worker pool, which has no address");
                findings.wrong_at(&part.path, Some(part.line), problem, format!("remove `${{services.{need}.url}}`"));
            }
        }
        let regions = |other: &crate::commands::deploy::inputs::Deploy| {
            [vec![other.region.clone()], other.regions.clone()].concat()
        };
        let same = release.services.iter().find(|other| {
            let other = &other.deploy;
            other.project == deploy.project
                && other.service == deploy.service
                && other.kind == deploy.kind
                && regions(other).iter().any(|region| regions(&deploy).contains(region))
        });
        if let Some(other) = same {
            let problem = format!("this is the service that `services.{}` is", other.name);
            let cure = "give them other names, regions or projects, or make one part of them";
            part.wrong("service", problem, cure, findings);
        }
        release.services.push(ServicePart { name: part.name, deploy, needs, gaps: part.settings.gaps });
    }

    fn site(&self, part: Ready, release: &mut Release, findings: &mut Findings) {
        let raw = self.texts(&part, "channel", LIVE, self.raw.whole(name::VALUES));
        let resolved = hosting::run(CommandName::Hosting, &raw, self.runner, Findings::default());
        let Some((hosting, warnings)) =
            part.keep(resolved.map(|resolved| (resolved.meaning, resolved.warnings)), findings)
        else {
            return;
        };
        part.warn(&warnings, findings);
        let sites = |work: &SiteWork| match work {
            SiteWork::Deploy(upload) => upload.sites.iter().map(|site| site.site.clone()).collect(),
            _ => Vec::new(),
        };
        let same = release.sites.iter().find(|other| {
            let other = &other.hosting;
            other.project == hosting.project
                && other.channel() == hosting.channel()
                && sites(&other.what).iter().any(|site| sites(&hosting.what).contains(site))
        });
        if let Some(other) = same {
            let problem = format!("it releases a site on a channel that `hosting.{}` releases it on", other.name);
            part.wrong(
                "channel",
                problem,
                "name another `target`, `site` or `channel`, or make one part of them",
                findings,
            );
        }
        release.sites.push(SitePart { name: part.name, hosting });
    }
}

impl Ready {
    /// Whether the part says itself how it signs in; else it does as the run.
    fn signs_in_itself(&self) -> bool {
        credentials::INPUTS.iter().any(|name| self.settings.places.contains_key(name))
    }

    /// The value, or its mistakes as mistakes of the manifest. What is wrong with the run's own sign-in is told once.
    fn keep<T>(&self, result: Result<T, InputErrors>, findings: &mut Findings) -> Option<T> {
        let errors = match result {
            Ok(value) => return Some(value),
            Err(errors) => errors.into_mistakes(),
        };
        let itself = self.signs_in_itself();
        // Without a text its own mistake is told already, and this one would only say that it is not there.
        let read = |name: &str| self.settings.texts.contains_key(name) || !self.settings.places.contains_key(name);
        let wanted = errors
            .into_iter()
            .filter(|mistake| itself || !credentials::INPUTS.contains(&mistake.input.as_str()))
            .filter(|mistake| read(&mistake.input));
        findings.mistakes.extend(wanted.map(|mistake| told::mistake(mistake, &self.settings, &self.path, self.line)));
        None
    }

    fn warn(&self, warnings: &[String], findings: &mut Findings) {
        findings.warnings.extend(warnings.iter().map(|warning| told::warning(warning, &self.settings, &self.path)));
    }

    fn wrong(&self, setting: &str, problem: String, cure: &str, findings: &mut Findings) {
        let line = self.settings.places.get(setting).map_or(self.line, |place| place.line);
        findings.wrong_at(join(&self.path, setting), Some(line), problem, cure);
    }
}

#[cfg(test)]
mod tests;
