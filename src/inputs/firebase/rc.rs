//! `.firebaserc`: other names of projects, and which sites the targets of a project are.

use slipway_names::shown::listed;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::document;
use super::mistake::{FIREBASERC, JsonMistake, mistake};
use super::parse::is_site_id;
use slipway_names::json::kind;

/// What `.firebaserc` says. The default is a file that says nothing, or is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FirebaseRc {
    /// Alias to project, in the file's order.
    projects: Vec<(String, String)>,
    /// Project, target, sites.
    targets: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// Reads `.firebaserc`.
///
/// # Errors
/// Every mistake in it: no JSON, an alias that is no text, a target that is no list of texts. What it says about
/// other products is passed over.
pub fn parse_rc(text: &str) -> Result<FirebaseRc, Vec<JsonMistake>> {
    let document = document::read(FIREBASERC, text).map_err(|mistake| vec![mistake])?;
    let mut rc = FirebaseRc::default();
    let mut mistakes = Vec::new();
    let Some(root) = object(&document, "", &mut mistakes) else { return Err(mistakes) };
    for (alias, project) in part(root, "projects", "", &mut mistakes) {
        match project {
            Value::String(project) => rc.projects.push((alias.clone(), project.clone())),
            other => mistakes.push(wrong(&format!("projects.{alias}"), "a project's id in quotes", other)),
        }
    }
    for (project, products) in part(root, "targets", "", &mut mistakes) {
        let place = format!("targets.{project}");
        let Some(products) = object(products, &place, &mut mistakes) else { continue };
        for (target, sites) in part(products, "hosting", &place, &mut mistakes) {
            match texts(sites) {
                Some(sites) => {
                    rc.targets.entry(project.clone()).or_default().insert(target.clone(), sites);
                }
                None => mistakes.push(wrong(&target_path(project, target), "a list of site ids", sites)),
            }
        }
    }
    if mistakes.is_empty() { Ok(rc) } else { Err(mistakes) }
}

impl FirebaseRc {
    /// The project that is meant: the one an alias leads to, or the name itself. Without a name, the only project
    /// there is, or else the one called `default`. Source: `applyRC` of firebase-tools.
    pub fn project(&self, given: Option<&str>) -> Option<String> {
        let of = |alias: &str| self.projects.iter().find(|(name, _)| name == alias).map(|(_, project)| project.clone());
        match (given, &self.projects[..]) {
            (Some(name), _) => of(name).or_else(|| Some(name.to_owned())),
            (None, [(_, only)]) => Some(only.clone()),
            (None, _) => of("default"),
        }
    }

    /// Whether a project has a target of this name.
    pub(super) fn has_target(&self, project: &str, target: &str) -> bool {
        self.targets.get(project).is_some_and(|targets| targets.contains_key(target))
    }

    /// The one site that a target of a project is.
    ///
    /// # Errors
    /// There is no such target, or it is none or several sites; with what to write where.
    pub fn resolve_target(&self, project: &str, target: &str) -> Result<String, JsonMistake> {
        let path = target_path(project, target);
        let write = |site: &str| format!("write `\"{target}\": [\"{site}\"]` there");
        match self.targets.get(project).and_then(|targets| targets.get(target)).map(Vec::as_slice) {
            Some([site]) if is_site_id(site) => Ok(site.clone()),
            Some([site]) => {
                let rule = "1 to 63 lowercase letters, digits and dashes";
                Err(mistake(FIREBASERC, path, format!("`{site}` is not a site's id: {rule}"), write("SITE")))
            }
            None | Some([]) => {
                let known = self.targets.get(project).map(|targets| listed(targets.keys())).unwrap_or_default();
                let problem = match known.as_str() {
                    "" => format!("no site is named for the target `{target}`"),
                    known => format!("no site is named for the target `{target}`; the project has {known}"),
                };
                let cure = format!("{}, or run `firebase target:apply hosting {target} SITE`", write("SITE"));
                Err(mistake(FIREBASERC, path, problem, cure))
            }
            Some(sites @ [first, ..]) => {
                let problem = format!("the target `{target}` is {} sites ({})", sites.len(), listed(sites.iter()));
                Err(mistake(FIREBASERC, path, format!("{problem}, and must be one"), write(first)))
            }
        }
    }
}

fn target_path(project: &str, target: &str) -> String {
    format!("targets.{project}.hosting.{target}")
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn wrong(path: &str, wanted: &str, found: &Value) -> JsonMistake {
    mistake(FIREBASERC, path, format!("this is {}", kind(found)), format!("write {wanted}"))
}

fn object<'a>(value: &'a Value, path: &str, mistakes: &mut Vec<JsonMistake>) -> Option<&'a Map<String, Value>> {
    let object = value.as_object();
    if object.is_none() {
        mistakes.push(wrong(path, "an object", value));
    }
    object
}

/// The entries of an object inside another; none when it is not there.
fn part<'a>(
    map: &'a Map<String, Value>,
    name: &str,
    path: &str,
    mistakes: &mut Vec<JsonMistake>,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let value = map.get(name).filter(|value| !value.is_null());
    value.and_then(|value| object(value, &path, mistakes)).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "projects": {"default": "harbour-dev", "prod": "harbour-prod"}, // two
        "targets": {
            "harbour-dev": {"hosting": {"app": ["harbour-app"], "both": ["a", "b"], "none": [], "odd": ["A/B"]},
                            "storage": {"x": 7}},
            "harbour-prod": {}
        },
        "etags": {"harbour-dev": {}}
    }"#;

    fn told(project: &str, target: &str) -> String {
        parse_rc(FILE).expect("a good file").resolve_target(project, target).expect_err("no site").to_string()
    }

    #[test]
    fn a_target_is_one_site() {
        let rc = parse_rc(FILE).expect("a good file");
        assert_eq!(rc.resolve_target("harbour-dev", "app"), Ok("harbour-app".to_owned()));
        assert_eq!(
            told("harbour-dev", "both"),
            ".firebaserc, `targets.harbour-dev.hosting.both`: the target `both` is 2 sites (`a`, `b`), and must be \
             one; write `\"both\": [\"a\"]` there"
        );
        assert_eq!(
            told("harbour-prod", "app"),
            ".firebaserc, `targets.harbour-prod.hosting.app`: no site is named for the target `app`; write \
             `\"app\": [\"SITE\"]` there, or run `firebase target:apply hosting app SITE`"
        );
        assert!(told("harbour-dev", "apq").contains("the project has `app`, `both`"));
        assert!(told("harbour-dev", "none").contains("no site is named"));
        assert!(told("harbour-dev", "odd").contains("`A/B` is not a site's id"));
    }

    #[test]
    fn a_project_has_other_names() {
        let rc = parse_rc(FILE).expect("a good file");
        assert_eq!(rc.project(Some("prod")), Some("harbour-prod".to_owned()));
        assert_eq!(rc.project(Some("other-project")), Some("other-project".to_owned()));
        assert_eq!(rc.project(None), Some("harbour-dev".to_owned()));
        let one = parse_rc(r#"{"projects": {"staging": "only-one"}}"#).expect("a good file");
        assert_eq!(one.project(None), Some("only-one".to_owned()));
        assert_eq!(FirebaseRc::default().project(None), None);
    }

    #[test]
    fn every_mistake_is_told() {
        let text = r#"{"projects": {"default": 1}, "targets": {"p": {"hosting": {"t": "s"}}, "q": []}}"#;
        let told: Vec<String> = parse_rc(text).expect_err("bad").iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                ".firebaserc, `projects.default`: this is a number; write a project's id in quotes",
                ".firebaserc, `targets.p.hosting.t`: this is a text; write a list of site ids",
                ".firebaserc, `targets.q`: this is a list; write an object",
            ]
        );
        assert!(parse_rc("[]").is_err());
        assert!(parse_rc("{").is_err());
    }
}
