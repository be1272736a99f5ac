//! Whether a change concerns a deploy: paths that changed against the paths it is made from.

/// The first changed path that one of the patterns means: a directory means everything below it; `*` and `?` stay
/// within a name, `**` does not.
pub fn concerned<'a>(patterns: &[String], changed: &[&'a str]) -> Option<&'a str> {
    changed.iter().copied().find(|path| patterns.iter().any(|pattern| means(pattern, path)))
}

fn means(pattern: &str, path: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    if matches!(pattern, "" | ".") {
        return true;
    }
    let parts: Vec<&str> = pattern.split('/').collect();
    let names: Vec<&str> = path.split('/').collect();
    // What is below a directory that is meant is meant too.
    (1..=names.len()).any(|depth| fits(&parts, &names[..depth]))
}

fn fits(parts: &[&str], names: &[&str]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => (0..=names.len()).any(|skipped| fits(rest, &names[skipped..])),
        (Some((part, rest)), Some((name, others))) => name_fits(part.as_bytes(), name.as_bytes()) && fits(rest, others),
        _ => false,
    }
}

/// `*` and `?` within one name; going back to the last star alone keeps it linear in each star.
fn name_fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(b'?') => (p, n) = (p + 1, n + 1),
            Some(byte) if *byte == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, n) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_means_what_is_below_it() {
        let meant = |pattern: &str, path: &str| concerned(&[pattern.to_owned()], &[path]).is_some();
        for (pattern, path) in [
            ("packages/backend", "packages/backend/app/main.py"),
            ("packages/backend/", "packages/backend"),
            ("./packages/backend/**", "packages/backend/a"),
            ("**/Dockerfile", "packages/backend/Dockerfile"),
            ("packages/*/src", "packages/x/src/a.ts"),
            ("*.md", "README.md"),
            (".", "anything"),
            ("a?c/**/d*", "abc/x/y/dz"),
        ] {
            assert!(meant(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("packages/backend", "packages/backend-old/x"),
            ("packages/*/src", "packages/x/y/src/a"),
            ("*.md", "docs/a.md"),
            ("src", "packages/src"),
        ] {
            assert!(!meant(pattern, path), "{pattern} {path}");
        }
        assert_eq!(concerned(&["b".into()], &["a/x", "b/y"]), Some("b/y"));
    }
}
