//! The glob of a rewrite, a redirect or a header: which paths of a site it is for. Hosting matches them as minimatch
//! does, with or without a slash at a path's end, and knows a leading `!`.

use super::part::PartMatch;
use super::units::units;
use super::{GlobError, LONGEST, alternatives, globstar};

/// A glob that was read.
#[derive(Debug)]
pub struct GlobRule {
    /// Whether it is for what it does not match.
    negated: bool,
    sets: Vec<Vec<PartMatch>>,
}

impl GlobRule {
    /// Reads a glob.
    ///
    /// # Errors
    /// When it is too large to be judged.
    pub fn read(text: &str) -> Result<Self, GlobError> {
        let negated = text.starts_with('!') && !text.starts_with("!(");
        let text = if negated { &text[1..] } else { text };
        let text = if text.starts_with('/') { text.to_owned() } else { format!("/{text}") };
        let pattern = units(&text);
        if pattern.len() > LONGEST {
            return Err(GlobError::Length { limit: LONGEST });
        }
        let mut sets = Vec::new();
        for parts in alternatives(&pattern)? {
            sets.push(parts.iter().map(|part| PartMatch::compile(part)).collect::<Result<_, _>>()?);
        }
        Ok(Self { negated, sets })
    }

    /// Whether it is for a path, which begins with a slash.
    pub fn fits(&self, path: &str) -> bool {
        let bare = path.strip_suffix('/').filter(|bare| !bare.is_empty());
        let any = [Some(path), bare].into_iter().flatten().any(|path| {
            let names: Vec<&str> = path.split('/').collect();
            self.sets.iter().any(|parts| globstar::matches(parts, &names))
        });
        any != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_for_the_paths_that_hosting_says() {
        for (glob, path, fits) in [
            ("**", "/", true),
            ("/**", "/", true),
            ("/", "/", true),
            ("/*", "/", false),
            ("!/api/**", "/", true),
            ("!/api/**", "/api/x", false),
            ("/api/**", "/", false),
            ("/api/**", "/api/", true),
            ("/api/**", "/api/a/b", true),
            ("/api/*", "/api/a/b", false),
            ("api/**", "/api/x", true),
            ("/@(a|b)/*.js", "/b/x.js", true),
            ("/{a,b}", "/b", true),
            ("/a", "/a/", true),
            ("**/*.html", "/x/y.html", true),
        ] {
            assert_eq!(GlobRule::read(glob).expect("a glob").fits(path), fits, "{glob} {path}");
        }
    }
}
