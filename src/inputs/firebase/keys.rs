//! The one table of keys of `firebase.json` that are known here, and what is done with each. The document and the
//! warnings about unknown keys come from it.

/// What a key has for effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It does what it does in firebase-tools.
    Yes,
    /// It is left aside, with a warning.
    Warned,
    /// A site that uses it is refused.
    Refused,
}

impl Support {
    /// The word in the document's table.
    pub fn word(self) -> &'static str {
        match self {
            Support::Yes => "yes",
            Support::Warned => "warning",
            Support::Refused => "refused",
        }
    }
}

/// A key that is known.
#[derive(Debug, Clone, Copy)]
pub struct KnownKey {
    /// Its place; `[]` stands for any item of a list.
    pub path: &'static str,
    /// What it has for effect.
    pub support: Support,
    /// What it means, in half a sentence of Markdown.
    pub note: &'static str,
}

const fn key(path: &'static str, support: Support, note: &'static str) -> KnownKey {
    KnownKey { path, support, note }
}

const GLOB: &str = "which paths: a glob; exactly one of `source`, `glob` and `regex`";
const SAME: &str = "the same as `source`";
const REGEX: &str = "which paths: a regular expression (RE2)";

/// Every key below `hosting`, in the order of the document.
#[rustfmt::skip]
pub const KEYS: &[KnownKey] = &[
    key("hosting", Support::Yes, "one site, or a list of sites that each say `site` or `target`"),
    key("hosting.site", Support::Yes, "the site's id; without `site` and `target`, the project's default site"),
    key("hosting.target", Support::Yes, "a name that `.firebaserc` leads to exactly one site; never beside `site`"),
    key("hosting.public", Support::Yes, "the directory to upload; not above the project; a site of rewrites without `destination`, or of redirects, needs none"),
    key("hosting.ignore", Support::Yes, "globs of what is not uploaded; a list, or one text"),
    key("hosting.cleanUrls", Support::Yes, "`/page` for `page.html`"),
    key("hosting.trailingSlash", Support::Yes, "`true` adds it, `false` removes it, absent leaves addresses alone"),
    key("hosting.appAssociation", Support::Yes, "`AUTO` or `NONE`"),
    key("hosting.i18n", Support::Yes, "needs `public`"),
    key("hosting.i18n.root", Support::Yes, "the directory of localised content, below `public`"),
    key("hosting.rewrites", Support::Yes, "in order; the first that matches counts"),
    key("hosting.rewrites[].source", Support::Yes, GLOB),
    key("hosting.rewrites[].glob", Support::Yes, SAME),
    key("hosting.rewrites[].regex", Support::Yes, REGEX),
    key("hosting.rewrites[].destination", Support::Yes, "a file of the site; exactly one of `destination`, `function` and `run`"),
    key("hosting.rewrites[].run", Support::Yes, "a Cloud Run service"),
    key("hosting.rewrites[].run.serviceId", Support::Yes, "its name"),
    key("hosting.rewrites[].run.region", Support::Yes, "its region; `us-central1` when absent"),
    key("hosting.rewrites[].run.pinTag", Support::Yes, "the site keeps the revision that is the latest at its deploy"),
    key("hosting.rewrites[].function", Support::Yes, "a function, by its name or as an object"),
    key("hosting.rewrites[].region", Support::Yes, "the region of a `function` that is given by its name"),
    key("hosting.rewrites[].function.functionId", Support::Yes, "its name"),
    key("hosting.rewrites[].function.region", Support::Yes, "its region; `us-central1` when absent"),
    key("hosting.rewrites[].function.pinTag", Support::Yes, "as with `run`; refused for functions of the 1st generation"),
    key("hosting.rewrites[].dynamicLinks", Support::Warned, "sent as it is, but the service behind it was shut down in August 2025"),
    key("hosting.redirects", Support::Yes, "in order; they come before files"),
    key("hosting.redirects[].source", Support::Yes, GLOB),
    key("hosting.redirects[].glob", Support::Yes, SAME),
    key("hosting.redirects[].regex", Support::Yes, REGEX),
    key("hosting.redirects[].destination", Support::Yes, "where to"),
    key("hosting.redirects[].type", Support::Yes, "a status from 300 to 399; `301` when absent"),
    key("hosting.headers", Support::Yes, "headers of answers, by path"),
    key("hosting.headers[].source", Support::Yes, GLOB),
    key("hosting.headers[].glob", Support::Yes, SAME),
    key("hosting.headers[].regex", Support::Yes, REGEX),
    key("hosting.headers[].headers", Support::Yes, "a list; of a key given twice, the last counts"),
    key("hosting.headers[].headers[].key", Support::Yes, "the header's name"),
    key("hosting.headers[].headers[].value", Support::Yes, "its value, a text"),
    key("hosting.predeploy", Support::Warned, "not run here: make it a step of the workflow, before this one"),
    key("hosting.postdeploy", Support::Warned, "not run here: make it a step of the workflow, after this one"),
    key("hosting.source", Support::Refused, "no framework is built here: build it in a step before, and name the output as `public`"),
    key("hosting.frameworksBackend", Support::Warned, "only read together with `source`"),
];

/// The keys beside `hosting` that belong to other products, and are theirs alone.
pub const ELSEWHERE: &[&str] = &[
    "$schema",
    "ailogic",
    "apphosting",
    "auth",
    "database",
    "dataconnect",
    "emulators",
    "extensions",
    "firebase",
    "firestore",
    "functions",
    "remoteconfig",
    "rules",
    "run",
    "storage",
];

/// The last word of a key's path.
fn name_of(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Where a key stands: the path of its object.
fn home_of(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(home, _)| home)
}

/// The names that an object at a place may have.
fn names_at(home: &str) -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter(move |key| home_of(key.path) == home).map(|key| name_of(key.path))
}

/// Whether an object at a place may have a key.
pub(super) fn is_known(home: &str, name: &str) -> bool {
    names_at(home).any(|known| known == name) || (home.is_empty() && ELSEWHERE.contains(&name))
}

/// What may have been meant by a key that is not known at its place.
pub(super) fn advice(home: &str, name: &str) -> String {
    // Nothing known is as long, and the comparison takes time with the square of the length.
    if name.len() > 40 {
        return String::new();
    }
    // The same name further in or out is the more likely slip.
    let related = |other: &str| !other.is_empty() && (other.starts_with(home) || home.starts_with(other));
    let same = |key: &&KnownKey| name_of(key.path) == name && related(home_of(key.path));
    let steps = |key: &&KnownKey| home_of(key.path).len().abs_diff(home.len());
    if let Some(key) = KEYS.iter().filter(same).min_by_key(steps) {
        return format!("it belongs into `{}`", home_of(key.path));
    }
    let others: &[&'static str] = if home.is_empty() { ELSEWHERE } else { &[] };
    let nearest =
        names_at(home).chain(others.iter().copied()).map(|known| (strsim::osa_distance(known, name), known)).min();
    match nearest {
        Some((steps, nearest)) if is_near(steps, name) => format!("did you mean `{nearest}`?"),
        _ => String::new(),
    }
}

/// Whether a name was likely meant for another.
pub(super) fn is_likely(name: &str, meant: &str) -> bool {
    name.len() <= 40 && is_near(strsim::osa_distance(name, meant), name)
}

fn is_near(steps: usize, name: &str) -> bool {
    steps <= 1 + name.len() / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_home_in_the_table() {
        for key in KEYS {
            let home = home_of(key.path).trim_end_matches("[]");
            assert!(home.is_empty() || KEYS.iter().any(|other| other.path == home), "{}", key.path);
            assert!(is_known(home_of(key.path), name_of(key.path)));
            assert!(!key.note.contains('|'), "{} would break its table", key.path);
        }
    }

    #[test]
    fn advice_names_the_place_or_the_nearest_name() {
        assert_eq!(advice("", "hostng"), "did you mean `hosting`?");
        assert_eq!(advice("", "functoins"), "did you mean `functions`?");
        assert_eq!(advice("", "public"), "it belongs into `hosting`");
        assert_eq!(advice("hosting.rewrites[]", "pinTag"), "it belongs into `hosting.rewrites[].run`");
        assert_eq!(advice("hosting.redirects[]", "destinaton"), "did you mean `destination`?");
        assert_eq!(advice("hosting", "zzzzzz"), "");
        assert_eq!(advice("hosting", &"x".repeat(100_000)), "");
    }
}
