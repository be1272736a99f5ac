//! Where translations of a file are looked for, by the visitor's country and languages.

use crate::call::Call;

/// Paths of the translations of `path` below `root`, the best first.
pub(super) fn candidates(root: &str, path: &str, call: &Call) -> Vec<String> {
    let root = format!("/{}", root.trim_matches('/'));
    let country = cookie(call, "firebase-country-override").or(call.header("x-country-code")).unwrap_or_default();
    let languages: Vec<String> = match cookie(call, "firebase-language-override") {
        Some(list) => list.split(',').map(str::to_owned).collect(),
        None => accepted(call.header("accept-language").unwrap_or_default()),
    };
    let mut folders = Vec::new();
    if !country.is_empty() {
        folders.extend(languages.iter().map(|language| format!("{language}_{country}")));
        folders.push(format!("ALL_{country}"));
    }
    for language in &languages {
        folders.extend([format!("{language}_ALL"), language.clone()]);
    }
    folders.iter().map(|folder| format!("{}/{folder}{path}", root.trim_end_matches('/'))).collect()
}

/// Languages without their regions, in the order they are named.
fn accepted(header: &str) -> Vec<String> {
    let mut languages: Vec<String> = Vec::new();
    for part in header.split(',') {
        let language = part.split([';', '-']).next().unwrap_or_default().trim();
        if !language.is_empty() && language != "*" && !languages.iter().any(|known| known == language) {
            languages.push(language.to_owned());
        }
    }
    languages
}

fn cookie<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let mut pairs = call.header("cookie")?.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}
