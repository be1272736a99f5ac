//! Which file a path means: exact files, indexes of folders, clean URLs, and trailing slashes.

use super::i18n;
use crate::call::Call;
use crate::world::HostingVersion;

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This file.
    File(String),
    /// The same under a better path.
    Elsewhere(String),
}

/// How paths are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slash {
    /// As they come; a folder has one.
    Loose,
    /// Always one at the end.
    Always,
    /// Never one at the end.
    Never,
}

/// The file of a path, a translation first.
pub(super) fn translated(version: &HostingVersion, path: &str, call: &Call) -> Option<String> {
    let root = version.config["i18n"]["root"].as_str();
    let options = root.map_or_else(Vec::new, |root| i18n::candidates(root, path, call));
    let exists = |path: &String| version.files.contains_key(path);
    options.into_iter().find(exists).or_else(|| Some(path.to_owned()).filter(exists))
}

/// What the path of a request leads to.
pub(super) fn find(version: &HostingVersion, path: &str, call: &Call) -> Option<Found> {
    let clean = version.config["cleanUrls"] == true;
    let slash = match version.config["trailingSlashBehavior"].as_str() {
        Some("ADD") => Slash::Always,
        Some("REMOVE") => Slash::Never,
        _ => Slash::Loose,
    };
    let exists = |path: &str| translated(version, path, call);
    if let Some(file) = exists(path) {
        return Some(match path.strip_suffix(".html").filter(|_| clean) {
            Some(bare) => Found::Elsewhere(bettered(bare.strip_suffix("/index").unwrap_or(bare), slash)),
            None => Found::File(file),
        });
    }
    let bare = path.strip_suffix('/').unwrap_or(path);
    let ends_in_slash = path.ends_with('/');
    if let Some(index) = exists(&format!("{bare}/index.html")) {
        let elsewhere = match slash {
            Slash::Loose => (!ends_in_slash && !clean).then(|| format!("{path}/")),
            Slash::Always => (!ends_in_slash).then(|| format!("{path}/")),
            Slash::Never => (ends_in_slash && path != "/").then(|| bare.to_owned()),
        };
        return Some(elsewhere.map_or(Found::File(index), Found::Elsewhere));
    }
    // Clean URLs: the file without its ending. A slash behind it is looked past where slashes are
    // added or removed.
    if !clean || (ends_in_slash && slash == Slash::Loose) {
        return None;
    }
    let file = exists(&format!("{bare}.html"))?;
    let elsewhere = match bare.strip_suffix("/index") {
        Some(folder) => Some(bettered(folder, slash)),
        None => match slash {
            Slash::Never => ends_in_slash.then(|| bare.to_owned()),
            Slash::Always => (!ends_in_slash).then(|| format!("{bare}/")),
            Slash::Loose => None,
        },
    };
    Some(elsewhere.map_or(Found::File(file), Found::Elsewhere))
}

/// A path without an ending, with or without its slash, and never empty.
fn bettered(bare: &str, slash: Slash) -> String {
    if slash == Slash::Always || bare.is_empty() { format!("{bare}/") } else { bare.to_owned() }
}
