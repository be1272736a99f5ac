//! What a site answers to a path, before it is released: a redirect, a file, a rewrite, or nothing.

use std::collections::BTreeSet;

use regex::Regex;

use crate::inputs::firebase::{Pattern, Redirect, Rewrite, RewriteTarget, Serving};
use slipway_sites::{GlobRule, Listing};

/// Who answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answers<'a> {
    /// A redirect.
    Redirect(&'a Redirect),
    /// A file.
    File,
    /// A rewrite.
    Rewrite(&'a Rewrite),
    /// Nobody: 404.
    Nobody,
    /// A rule whose pattern is not understood here may.
    Unknown,
}

/// Redirects that are followed; a browser gives up some time too.
const MOST_REDIRECTS: usize = 5;

/// A word that no file and no route is likely to be called.
const PROBE: &str = "slipway-look";

/// A site as it will be.
pub(super) struct PlannedSite<'a> {
    serving: &'a Serving,
    files: BTreeSet<&'a str>,
    /// Whether all files are known.
    listed: bool,
    redirects: Vec<Option<Matcher>>,
    rewrites: Vec<Option<Matcher>>,
}

enum Matcher {
    Glob(GlobRule),
    Regex(Regex),
}

impl Matcher {
    fn read(pattern: &Pattern, captures: bool) -> Option<Self> {
        match pattern {
            Pattern::Glob(text) if captures => GlobRule::read(&without_captures(text)).ok().map(Matcher::Glob),
            Pattern::Glob(text) => GlobRule::read(text).ok().map(Matcher::Glob),
            Pattern::Regex(text) => Regex::new(text).ok().map(Matcher::Regex),
        }
    }

    fn fits(&self, path: &str) -> bool {
        match self {
            Matcher::Glob(rule) => rule.fits(path),
            Matcher::Regex(regex) => regex.is_match(path),
        }
    }
}

/// A redirect's glob with `:name*` as `**` and `:name` as `*`.
fn without_captures(glob: &str) -> String {
    let parts = glob.split('/').map(|part| match part.strip_prefix(':') {
        Some(name) if name.ends_with('*') => "**",
        Some(name) if !name.is_empty() => "*",
        _ => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The path on the site itself that a redirect leads to; nothing where it leads elsewhere, or where is not written there.
fn own_path(location: &str) -> Option<&str> {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    (path.starts_with('/') && !path.starts_with("//") && !path.contains([':', '\\', '$'])).then_some(path)
}

impl<'a> PlannedSite<'a> {
    pub(super) fn new(serving: &'a Serving, listing: Option<&'a Listing>) -> Self {
        let files = listing.map(|listing| listing.files.iter().map(|file| file.path.as_str()).collect());
        Self {
            files: files.unwrap_or_default(),
            listed: true,
            redirects: serving.redirects.iter().map(|rule| Matcher::read(&rule.pattern, true)).collect(),
            rewrites: serving.rewrites.iter().map(|rule| Matcher::read(&rule.pattern, false)).collect(),
            serving,
        }
    }

    /// A version that exists, whose files are not looked at.
    pub(super) fn unlisted(serving: &'a Serving) -> Self {
        Self { listed: false, ..Self::new(serving, None) }
    }

    /// Who answers a path: redirects come before files, and files before rewrites.
    pub(super) fn answers(&self, path: &str) -> Answers<'a> {
        for (redirect, matcher) in self.serving.redirects.iter().zip(&self.redirects) {
            match matcher {
                Some(matcher) if matcher.fits(path) => return Answers::Redirect(redirect),
                Some(_) => {}
                None => return Answers::Unknown,
            }
        }
        if self.has(path) {
            return Answers::File;
        }
        for (rewrite, matcher) in self.serving.rewrites.iter().zip(&self.rewrites) {
            match matcher {
                Some(matcher) if matcher.fits(path) => return Answers::Rewrite(rewrite),
                Some(_) => {}
                None => return Answers::Unknown,
            }
        }
        Answers::Nobody
    }

    /// Whether a file answers the path.
    fn has(&self, path: &str) -> bool {
        let bare = path.trim_end_matches('/');
        let index = format!("{bare}/index.html");
        let translated = |root: &String| {
            let below = format!("/{}/", root.trim_matches('/'));
            // Below the directory of one language, and nowhere deeper.
            let parts = |file: &&str| file.strip_prefix(&below)?.split_once('/').map(|(_, rest)| *rest == index[1..]);
            self.files.iter().any(|file| parts(file) == Some(true))
        };
        self.files.contains(path)
            || self.files.contains(index.as_str())
            || (self.serving.clean_urls == Some(true) && self.files.contains(format!("{bare}.html").as_str()))
            || self.serving.i18n_root.as_ref().is_some_and(translated)
    }

    /// Rewrites to files that are not there.
    pub(super) fn broken(&self) -> impl Iterator<Item = (&'a Rewrite, &'a str)> {
        let translated = self.serving.i18n_root.is_some();
        self.serving.rewrites.iter().filter_map(move |rewrite| match &rewrite.to {
            RewriteTarget::File(file) if !self.files.contains(file.as_str()) && !translated => {
                Some((rewrite, file.as_str()))
            }
            _ => None,
        })
    }

    /// Whether anything but a 404 answers at the site's root, as far as that can be known.
    pub(super) fn has_root(&self) -> bool {
        self.leads_somewhere("/", MOST_REDIRECTS)
    }

    fn leads_somewhere(&self, path: &str, redirects: usize) -> bool {
        match self.answers(path) {
            Answers::Nobody => false,
            Answers::Rewrite(rewrite) => !self.broken().any(|(broken, _)| std::ptr::eq(broken, rewrite)),
            Answers::Redirect(redirect) => match own_path(&redirect.location) {
                Some(_) if redirects == 0 => false,
                Some(path) => self.leads_somewhere(path, redirects - 1),
                None => true,
            },
            Answers::File | Answers::Unknown => true,
        }
    }

    /// A file in the root that was meant for its first page, and is not taken for it.
    pub(super) fn mistaken_root(&self) -> Option<&'a str> {
        let meant = |file: &&&str| ["/index.htm", "/index.html"].iter().any(|name| file.eq_ignore_ascii_case(name));
        self.files.iter().find(meant).filter(|file| **file != "/index.html").copied()
    }

    /// The directories right below the root, and further down, that have an `index.html`; nearest first.
    pub(super) fn other_roots(&self) -> Vec<&'a str> {
        let mut found: Vec<&str> =
            self.files.iter().filter_map(|file| file.strip_suffix("/index.html")).filter(|at| !at.is_empty()).collect();
        found.sort_by_key(|at| at.matches('/').count());
        found
    }

    /// A path that this rewrite answers, where one is found.
    pub(super) fn sample(&self, rewrite: &Rewrite) -> Option<String> {
        let reaches = |path: &String| match self.answers(path) {
            Answers::Rewrite(first) => std::ptr::eq(first, rewrite),
            _ => false,
        };
        // Where the files are not known, only what no file is called is certain.
        let certain = |path: &String| self.listed || path.contains(PROBE);
        candidates(&rewrite.pattern).into_iter().filter(certain).find(reaches)
    }
}

/// Paths that a pattern may be for; whether it is shows when it is asked.
fn candidates(pattern: &Pattern) -> Vec<String> {
    let text = match pattern {
        Pattern::Glob(glob) => glob.trim_start_matches('/').to_owned(),
        Pattern::Regex(regex) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || "/-_".contains(c);
            let text = regex.trim_start_matches('^').trim_start_matches('/');
            let literal: String = text.chars().take_while(|c| plain(*c)).collect();
            // What is repeated or chosen may be absent: only whole parts of a path are certain.
            match literal.len() == text.trim_end_matches('$').len() {
                true => literal,
                false => format!("{}/**", literal.rsplit_once('/').map_or("", |(whole, _)| whole)),
            }
        }
    };
    let with = |stars: &str, star: &str| {
        let parts = text.split('/').filter_map(|part| match part {
            "**" => Some(stars.to_owned()).filter(|part| !part.is_empty()),
            part => Some(part.replace('*', star)),
        });
        format!("/{}", parts.collect::<Vec<_>>().join("/"))
    };
    let literal = |path: &String| path.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.~".contains(c));
    let slash = |path: String| if path.ends_with('/') { path } else { format!("{path}/") };
    let mut all = vec![with("", ""), slash(with("", "")), with(PROBE, PROBE), with("", PROBE), format!("/{PROBE}")];
    if let Pattern::Regex(_) = pattern {
        all.insert(0, format!("/{}", text.trim_end_matches("/**").trim_start_matches('/')));
    }
    all.retain(literal);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::firebase::parse;

    fn serving(hosting: &str) -> Serving {
        let mut sites = parse(&format!(r#"{{"hosting": {hosting}}}"#)).expect("sites").sites;
        let site = sites.remove(0);
        assert_eq!(site.mistakes, []);
        site.serving
    }

    fn site<'a>(serving: &'a Serving, files: &[&'a str]) -> PlannedSite<'a> {
        PlannedSite { files: files.iter().copied().collect(), ..PlannedSite::new(serving, None) }
    }

    #[test]
    fn the_root_is_answered_by_a_file_a_redirect_or_a_rewrite() {
        for (hosting, files, has) in [
            (r#"{"public": "x"}"#, &["/index.html"][..], true),
            (r#"{"public": "x"}"#, &["/browser/index.html", "/404.html"][..], false),
            (r#"{"public": "x", "redirects": [{"source": "/", "destination": "/en"}]}"#, &["/en/index.html"][..], true),
            (r#"{"public": "x", "redirects": [{"source": "/", "destination": "/en"}]}"#, &["/en.html"][..], false),
            (
                r#"{"public": "x", "cleanUrls": true, "redirects": [{"source": "/", "destination": "/en?a#b"}]}"#,
                &["/en.html"][..],
                true,
            ),
            (r#"{"public": "x", "redirects": [{"source": "/", "destination": "/en"}]}"#, &[][..], false),
            (r#"{"public": "x", "redirects": [{"source": "/:a*", "destination": "/en"}]}"#, &["/en.html"][..], false),
            (r#"{"public": "x", "redirects": [{"source": "/:a*", "destination": "/en/:a"}]}"#, &[][..], true),
            (r#"{"public": "x", "redirects": [{"source": "/", "destination": "https://x.org/"}]}"#, &[][..], true),
            (r#"{"public": "x", "redirects": [{"source": "/", "destination": "//x.org/"}]}"#, &[][..], true),
            (
                r#"{"public": "x", "redirects": [{"source": "/", "destination": "/a"}], "rewrites": [{"source": "/a", "function": "f"}]}"#,
                &[][..],
                true,
            ),
            (r#"{"public": "x", "redirects": [{"source": "/old", "destination": "/en"}]}"#, &[][..], false),
            (r#"{"public": "x", "rewrites": [{"source": "**", "function": "f"}]}"#, &[][..], true),
            (r#"{"public": "x", "rewrites": [{"source": "/api/**", "function": "f"}]}"#, &[][..], false),
            (
                r#"{"public": "x", "rewrites": [{"source": "**", "destination": "/index.html"}]}"#,
                &["/app.js"][..],
                false,
            ),
            (r#"{"public": "x", "rewrites": [{"source": "**", "destination": "/a.html"}]}"#, &["/a.html"][..], true),
            (r#"{"public": "x", "i18n": {"root": "/l"}}"#, &["/l/de/index.html"][..], true),
            (r#"{"public": "x", "i18n": {"root": "/l"}}"#, &["/l/de/shop/index.html"][..], false),
            (r#"{"public": "x", "cleanUrls": true}"#, &["/index.htm", "/Index.html"][..], false),
            (r#"{"public": "x", "rewrites": [{"regex": "^/$", "function": "f"}]}"#, &[][..], true),
        ] {
            let serving = serving(hosting);
            assert_eq!(site(&serving, files).has_root(), has, "{hosting} {files:?}");
        }
    }

    #[test]
    fn a_path_is_found_that_only_this_rewrite_answers() {
        for (rules, files, path) in [
            (r#"[{"source": "/api/**", "function": "f"}]"#, &["/index.html"][..], Some("/api/")),
            (r#"[{"source": "/api/*", "function": "f"}]"#, &[][..], Some("/api/slipway-look")),
            (r#"[{"source": "**", "function": "f"}]"#, &[][..], Some("/")),
            (r#"[{"source": "**", "function": "f"}]"#, &["/index.html"][..], Some("/slipway-look")),
            (r#"[{"regex": "^/api/v[0-9]+/.*", "function": "f"}]"#, &[][..], None),
            (r#"[{"regex": "^/api/.*$", "function": "f"}]"#, &[][..], Some("/api/")),
            (r#"[{"regex": "/api", "function": "f"}]"#, &[][..], Some("/api")),
            (r#"[{"source": "!/static/**", "function": "f"}]"#, &["/index.html"][..], Some("/slipway-look")),
            (r#"[{"source": "/@(a|b)/**", "function": "f"}]"#, &[][..], None),
        ] {
            let serving = serving(&format!(r#"{{"public": "x", "rewrites": {rules}}}"#));
            let site = site(&serving, files);
            assert_eq!(site.sample(&serving.rewrites[0]).as_deref(), path, "{rules}");
        }
    }
}
