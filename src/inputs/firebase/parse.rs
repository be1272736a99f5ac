//! From the text of `firebase.json` to its sites.

use std::collections::BTreeMap;

use serde_json::Value;

use super::mistake::{FIREBASE_JSON, JsonMistake, Mistakes};
use super::node::ObjectNode;
use super::rewrites::{header_rule, redirect, rewrite};
use super::site::{AppAssociation, RewriteTarget, Serving, SiteChoice, SiteConfig};
use super::{document, fill};
use slipway_names::json::kind;

/// What `firebase init` leaves out of an upload, and so does a site without a `firebase.json`.
const USUAL_IGNORES: [&str; 3] = [FIREBASE_JSON, "**/.*", "**/node_modules/**"];

/// What `firebase.json` says about Hosting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirebaseJson {
    /// Its sites, in their order.
    pub sites: Vec<SiteConfig>,
    /// What looked odd outside of every site. Each site has its own.
    pub warnings: Vec<JsonMistake>,
}

/// Reads `firebase.json`.
///
/// # Errors
/// Everything that is wrong whichever site is deployed: the text is no JSON, there is no site in it, or a site has
/// two names. What is wrong inside one site stays with that site, and [`super::choose`] tells it when the site is
/// chosen: firebase-tools, too, deploys a good site beside a bad one.
pub fn parse(text: &str) -> Result<FirebaseJson, Vec<JsonMistake>> {
    parse_with(text, &BTreeMap::new())
}

/// The same, with the run's values where its texts name them as `${values.NAME}`.
///
/// # Errors
/// As [`parse`]; and every value that is named and not given.
pub fn parse_with(text: &str, values: &BTreeMap<String, String>) -> Result<FirebaseJson, Vec<JsonMistake>> {
    let mut document = document::read(FIREBASE_JSON, text).map_err(|mistake| vec![mistake])?;
    let mut notes = Mistakes::default();
    if let Some(hosting) = document.get_mut("hosting") {
        fill::fill(hosting, "hosting", values, &mut notes);
    }
    let sites = match ObjectNode::open(&document, String::new(), "", &mut notes) {
        Some(root) => sites(&root, &mut notes),
        None => Vec::new(),
    };
    if notes.mistakes.is_empty() { Ok(FirebaseJson { sites, warnings: notes.warnings }) } else { Err(notes.mistakes) }
}

/// A site without any `firebase.json`: a directory, and what is usually left out of it.
pub fn without(public: &str, site: Option<&str>) -> SiteConfig {
    SiteConfig {
        path: "hosting".into(),
        place: site.map_or(SiteChoice::Default, |site| SiteChoice::Site(site.to_owned())),
        public: Some(public.to_owned()),
        ignore: USUAL_IGNORES.map(str::to_owned).to_vec(),
        serving: Serving::default(),
        warnings: Vec::new(),
        mistakes: Vec::new(),
    }
}

fn sites(root: &ObjectNode<'_>, notes: &mut Mistakes) -> Vec<SiteConfig> {
    const CURE: &str = "write `\"hosting\": {\"public\": \"dist\"}`";
    match root.get("hosting") {
        None => {
            notes.wrong("hosting", "this is missing: the file describes no site", root.cure_for("hosting", CURE));
            Vec::new()
        }
        Some(value @ Value::Object(_)) => site(value, "hosting".into(), false, notes).into_iter().collect(),
        Some(Value::Array(items)) if items.is_empty() => {
            notes.wrong("hosting", "this list is empty: the file describes no site", CURE);
            Vec::new()
        }
        Some(Value::Array(items)) => {
            let numbered = items.iter().enumerate();
            numbered.filter_map(|(index, value)| site(value, format!("hosting[{index}]"), true, notes)).collect()
        }
        Some(other) => {
            let problem = format!("this must be an object or a list of objects, not {}", kind(other));
            notes.wrong("hosting", problem, CURE);
            Vec::new()
        }
    }
}

fn site(value: &Value, path: String, listed: bool, whole: &mut Mistakes) -> Option<SiteConfig> {
    let mut notes = Mistakes::default();
    let Some(node) = ObjectNode::open(value, path, "hosting", &mut notes) else {
        whole.mistakes.append(&mut notes.mistakes);
        return None;
    };
    let place = place(&node, listed, whole, &mut notes);
    let serving = serving(&node, &mut notes);
    let public = directory(&node, &serving, &mut notes);
    let ignore = ignore(&node, &mut notes);
    not_done_here(&node, &mut notes);
    Some(SiteConfig {
        place,
        public,
        ignore,
        serving,
        path: node.path,
        warnings: notes.warnings,
        mistakes: notes.mistakes,
    })
}

/// Which site it is. Two names are wrong whichever site is deployed.
fn place(node: &ObjectNode<'_>, listed: bool, whole: &mut Mistakes, notes: &mut Mistakes) -> SiteChoice {
    match (node.text("site", notes), node.text("target", notes)) {
        (Some(_), Some(_)) => {
            whole.wrong(&node.path, "this site has both `site` and `target`", "keep one of them");
            SiteChoice::Default
        }
        (Some(site), None) => {
            if !is_site_id(site) {
                let rule = "1 to 63 lowercase letters, digits and dashes";
                notes.wrong(node.place("site"), format!("`{site}` is not a site's id: {rule}"), "");
            }
            SiteChoice::Site(site.to_owned())
        }
        (None, Some(target)) => SiteChoice::Target(target.to_owned()),
        (None, None) => {
            if listed
                && node.get("site").is_none_or(Value::is_string)
                && node.get("target").is_none_or(Value::is_string)
            {
                let cure = node.cure_for("site", &node.cure_for("target", "write the site's id as `site`"));
                notes.wrong(&node.path, "a site in a list must say which one it is", cure);
            }
            SiteChoice::Default
        }
    }
}

/// Site ids are one word of a host name.
pub(super) fn is_site_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(fits)
}

fn serving(node: &ObjectNode<'_>, notes: &mut Mistakes) -> Serving {
    // Every rule is read, so that every mistake is told; a rule with a mistake is left out.
    let rewrites = node.list("rewrites", notes).collect::<Vec<_>>();
    let redirects = node.list("redirects", notes).collect::<Vec<_>>();
    let headers = node.list("headers", notes).collect::<Vec<_>>();
    Serving {
        rewrites: rewrites.into_iter().filter_map(|(path, value)| rewrite(value, path, notes)).collect(),
        redirects: redirects.into_iter().filter_map(|(path, value)| redirect(value, path, notes)).collect(),
        headers: headers.into_iter().filter_map(|(path, value)| header_rule(value, path, notes)).collect(),
        clean_urls: node.flag("cleanUrls", notes),
        trailing_slash: node.flag("trailingSlash", notes),
        app_association: app_association(node, notes),
        i18n_root: i18n_root(node, notes),
    }
}

fn app_association(node: &ObjectNode<'_>, notes: &mut Mistakes) -> Option<AppAssociation> {
    match node.get("appAssociation")?.as_str() {
        Some("AUTO") => Some(AppAssociation::Auto),
        Some("NONE") => Some(AppAssociation::None),
        _ => {
            notes.wrong(node.place("appAssociation"), "this is neither `AUTO` nor `NONE`", "write one of them");
            None
        }
    }
}

fn i18n_root(node: &ObjectNode<'_>, notes: &mut Mistakes) -> Option<String> {
    let i18n = ObjectNode::open(node.get("i18n")?, node.place("i18n"), "hosting.i18n", notes)?;
    let cure = "name the directory of localised content, below `public`";
    i18n.needed("root", cure, notes).map(str::to_owned)
}

/// The directory to upload, and whether this site can be without one.
fn directory(node: &ObjectNode<'_>, serving: &Serving, notes: &mut Mistakes) -> Option<String> {
    let place = node.place("public");
    if node.get("source").is_some() {
        let problem = "this site asks for a framework build, which is not done here";
        let cure =
            "build it in a step before this one, and name the directory it writes as `public` in place of `source`";
        notes.wrong(node.place("source"), problem, cure);
        return None;
    }
    if node.get("public").is_some_and(|value| !value.is_string()) {
        node.text("public", notes);
        return None;
    }
    if let Some(public) = node.text("public", notes) {
        if leaves(public) {
            let problem = format!("`{public}` lies outside of the project");
            notes.wrong(place, problem, "name a directory below the one `firebase.json` lies in");
        }
        return Some(public.to_owned());
    }
    let files = serving.rewrites.iter().find(|rewrite| matches!(rewrite.to, RewriteTarget::File(_)));
    let cure = || node.cure_for("public", "name the directory to upload");
    if let Some(rewrite) = files {
        notes.wrong(place, format!("this is missing, and `{}` leads to a file", rewrite.path), cure());
    } else if node.get("i18n").is_some() {
        notes.wrong(place, "this is missing, and `i18n` is about files", cure());
    } else if !["rewrites", "redirects"].iter().any(|name| says_something(node.get(name))) {
        notes.wrong(place, "this is missing, and there is no rewrite and no redirect either", cure());
    }
    None
}

/// Whether a list has items; what is no list is a mistake that is told on its own.
fn says_something(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.as_array().is_none_or(|items| !items.is_empty()))
}

/// Whether a path leads above where it starts.
fn leaves(path: &str) -> bool {
    let mut depth = 0_usize;
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

fn ignore(node: &ObjectNode<'_>, notes: &mut Mistakes) -> Vec<String> {
    match node.get("ignore") {
        Some(Value::String(one)) => vec![one.clone()],
        _ => {
            let items = node.list("ignore", notes).collect::<Vec<_>>();
            let text = |(path, value): (String, &Value)| match value.as_str() {
                Some(text) => Some(text.to_owned()),
                None => {
                    notes.wrong(path, format!("this must be a text, not {}", kind(value)), "write a glob in quotes");
                    None
                }
            };
            items.into_iter().filter_map(text).collect()
        }
    }
}

/// Says by name what firebase-tools would do with this site and this program does not.
fn not_done_here(node: &ObjectNode<'_>, notes: &mut Mistakes) {
    for (name, when) in [("predeploy", "before"), ("postdeploy", "after")] {
        if node.get(name).is_some() {
            let cure = format!("run them in a step of the workflow {when} this one");
            notes.warn(node.place(name), "these commands are not run here", cure);
        }
    }
    if node.get("frameworksBackend").is_some() && node.get("source").is_none() {
        notes.warn(node.place("frameworksBackend"), "without `source` this has no effect", "take it out");
    }
}
