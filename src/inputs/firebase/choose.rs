//! Which sites of `firebase.json` a run deploys.

use std::collections::BTreeMap;

use super::mistake::{FIREBASE_JSON, JsonMistake, mistake};
use super::parse::{FirebaseJson, is_site_id};
use super::rc::FirebaseRc;
use super::site::{SiteChoice, SiteConfig};

/// A site to deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its id; nothing means the project's default site.
    pub site: Option<String>,
    /// What it is.
    pub config: SiteConfig,
}

/// Chooses the sites to deploy: all of them, or those that `only` names by site or by target, separated by commas,
/// with or without `hosting:` before each. A single site that does not say which one it is takes the name that
/// `only` gives: a target of the project, or else a site. Source: `filterOnly` and `resolveTargets` of firebase-tools.
///
/// # Errors
/// Every mistake of the chosen sites at once: what is wrong inside them, names that nothing has, targets that lead
/// nowhere, and two that are the same site.
pub fn choose(
    json: &FirebaseJson,
    rc: &FirebaseRc,
    project: &str,
    only: Option<&str>,
) -> Result<Vec<Chosen>, Vec<JsonMistake>> {
    let mut mistakes = Vec::new();
    let mut chosen: Vec<Chosen> = Vec::new();
    let target_site = |target: &str| rc.resolve_target(project, target).map(Some);
    for (config, named) in named(json, only, &mut mistakes) {
        mistakes.extend(config.mistakes.iter().cloned());
        let site = match &config.place {
            SiteChoice::Site(site) => Ok(Some(site.clone())),
            SiteChoice::Default => match named {
                Some(name) if rc.has_target(project, name) => target_site(name),
                name => Ok(name.map(str::to_owned)),
            },
            SiteChoice::Target(target) => target_site(target),
        };
        let site = match site {
            Ok(site) => site,
            Err(mistake) => {
                mistakes.push(mistake);
                continue;
            }
        };
        chosen.push(Chosen { site, config: config.clone() });
    }
    mistakes.extend(same_sites(&chosen));
    if mistakes.is_empty() { Ok(chosen) } else { Err(mistakes) }
}

/// The sites that are asked for, each with the name it was asked by, if any.
fn named<'a, 'b>(
    json: &'a FirebaseJson,
    only: Option<&'b str>,
    mistakes: &mut Vec<JsonMistake>,
) -> Vec<(&'a SiteConfig, Option<&'b str>)> {
    let names: Vec<&str> = only.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.is_empty() || names.contains(&"hosting") {
        return json.sites.iter().map(|config| (config, None)).collect();
    }
    let mut found: Vec<(&SiteConfig, Option<&str>)> = Vec::new();
    for name in names {
        let name = name.strip_prefix("hosting:").unwrap_or(name);
        let has = |place: &SiteChoice| json.sites.iter().find(|config| config.place == *place);
        let by_name = has(&SiteChoice::Site(name.to_owned())).or_else(|| has(&SiteChoice::Target(name.to_owned())));
        match by_name.or_else(|| has(&SiteChoice::Default).filter(|_| json.sites.len() == 1 && is_site_id(name))) {
            Some(config) if found.iter().any(|(other, by)| *other == config && *by == Some(name)) => {}
            Some(config) => found.push((config, Some(name))),
            None => mistakes.push(unknown(json, name)),
        }
    }
    found
}

fn unknown(json: &FirebaseJson, name: &str) -> JsonMistake {
    let known: Vec<String> = json
        .sites
        .iter()
        .filter_map(|config| match &config.place {
            SiteChoice::Site(site) => Some(format!("the site `{site}`")),
            SiteChoice::Target(target) => Some(format!("the target `{target}`")),
            SiteChoice::Default => None,
        })
        .collect();
    let cure = match known.as_slice() {
        [] => "write a site's id: lowercase letters, digits and dashes".to_owned(),
        known => format!("there is {}", known.join(", ")),
    };
    mistake(FIREBASE_JSON, "hosting", format!("no site or target is called `{name}`"), cure)
}

/// Two deploys of one site in one run would race for what it serves.
fn same_sites(chosen: &[Chosen]) -> Vec<JsonMistake> {
    let mut first: BTreeMap<&Option<String>, &str> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for Chosen { site, config } in chosen {
        match first.get(site) {
            None => {
                first.insert(site, &config.path);
            }
            Some(other) => {
                let site = site.as_deref().map_or("the default site".to_owned(), |site| format!("the site `{site}`"));
                let problem = format!("this is {site}, and so is `{other}`");
                mistakes.push(mistake(FIREBASE_JSON, &config.path, problem, "keep one of them, or choose one"));
            }
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::super::{parse, parse_rc};
    use super::*;

    const SITES: &str = r#"{"hosting": [
        {"target": "app", "public": "app"}, {"site": "docs-site", "public": "docs"},
        {"target": "broken", "public": "x", "cleanUrls": 1}, {"target": "twin", "public": "y"}]}"#;
    const RC: &str = r#"{"targets": {"p": {"hosting": {"app": ["app-site"], "twin": ["app-site"]}}}}"#;

    fn chosen(text: &str, only: Option<&str>) -> Result<Vec<(String, Option<String>)>, Vec<String>> {
        let (json, rc) = (parse(text).expect("sites"), parse_rc(RC).expect("targets"));
        match choose(&json, &rc, "p", only) {
            Ok(chosen) => Ok(chosen.into_iter().map(|one| (one.config.path, one.site)).collect()),
            Err(mistakes) => Err(mistakes.iter().map(ToString::to_string).collect()),
        }
    }

    fn one(path: &str, site: Option<&str>) -> (String, Option<String>) {
        (path.to_owned(), site.map(str::to_owned))
    }

    #[test]
    fn sites_are_chosen_by_site_and_by_target() {
        assert_eq!(chosen(SITES, Some("app")), Ok(vec![one("hosting[0]", Some("app-site"))]));
        let both = Ok(vec![one("hosting[1]", Some("docs-site")), one("hosting[0]", Some("app-site"))]);
        assert_eq!(chosen(SITES, Some("hosting:docs-site, app,app")), both);
    }

    #[test]
    fn mistakes_of_the_chosen_are_told_together_and_of_others_not_at_all() {
        let told = chosen(SITES, None).expect_err("three mistakes");
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(told[0].starts_with("firebase.json, `hosting[2].cleanUrls`: "), "{told:#?}");
        assert!(told[1].starts_with(".firebaserc, `targets.p.hosting.broken`: "), "{told:#?}");
        assert_eq!(
            told[2],
            "firebase.json, `hosting[3]`: this is the site `app-site`, and so is `hosting[0]`; keep one of them, or \
             choose one"
        );
        assert_eq!(
            chosen(SITES, Some("docs")),
            Err(vec![
                "firebase.json, `hosting`: no site or target is called `docs`; there is the target `app`, the site \
                 `docs-site`, the target `broken`, the target `twin`"
                    .to_owned()
            ])
        );
    }

    #[test]
    fn a_site_without_a_name_takes_the_one_asked_for() {
        let text = r#"{"hosting": {"public": "x"}}"#;
        assert_eq!(chosen(text, None), Ok(vec![one("hosting", None)]));
        assert_eq!(chosen(text, Some("hosting")), Ok(vec![one("hosting", None)]));
        assert_eq!(chosen(text, Some("my-site")), Ok(vec![one("hosting", Some("my-site"))]));
        assert_eq!(chosen(text, Some("app")), Ok(vec![one("hosting", Some("app-site"))]));
        assert!(chosen(text, Some("My Site")).is_err());
        assert!(chosen(text, Some("a,b")).expect("two sites").len() == 2);
    }
}
