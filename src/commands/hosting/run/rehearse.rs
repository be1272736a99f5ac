//! What a hosting command would change: files and settings against the version that the channel shows now.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{SiteContext, fact, find, pins, reach, refused, remove, send, step, versions};
use crate::cloud_run::difference::{Difference, between};
use crate::commands::hosting::inputs::{SiteSource, SiteWork, Upload};
use crate::commands::hosting::serving;
use crate::facts::Facts;
use crate::step::StepName;
use slipway_failure::{Class, Failure};
use slipway_google::hosting;
use slipway_names::hosting::short;
use slipway_names::preview::{Removal, Removed};
use slipway_sites as site;

/// Files that are named one by one; more than that are only counted.
const NAMED: usize = 30;

/// Finds out what would change, and changes nothing.
///
/// # Errors
/// What would stop the run.
pub async fn rehearse(context: &SiteContext<'_>, facts: &mut Facts) -> Result<Vec<Difference>, Failure> {
    super::sign_in(context, facts).await?;
    if let SiteWork::Remove { .. } = context.hosting.what {
        remove::run(context, facts).await?;
        let there =
            facts.sites.iter().flat_map(|fact| &fact.removals).filter(|one| matches!(one.end, Removed::Kept(_)));
        let goes = |one: &Removal| Difference { what: one.what.clone(), before: Some("there".into()), after: None };
        return Ok(there.map(goes).collect());
    }
    step(context, facts, 0, StepName::Site, async |facts| find::run(context, facts).await).await?;
    let mut changes = Vec::new();
    match &context.hosting.what {
        SiteWork::Deploy(upload) => {
            for (index, source) in upload.sites.iter().enumerate() {
                changes.extend(site_changes(context, facts, index, source, upload).await?);
            }
        }
        SiteWork::Rollback { to, .. } => {
            let pick = async |facts: &mut Facts| versions::earlier(context, facts, to.as_deref()).await;
            step(context, facts, 0, StepName::PickVersion, pick).await?;
            changes.push(other_version(facts));
        }
        SiteWork::Promote { from, .. } => {
            let pick = async |facts: &mut Facts| versions::of_preview(context, facts, from).await;
            step(context, facts, 0, StepName::PickVersion, pick).await?;
            changes.push(other_version(facts));
        }
        SiteWork::Remove { .. } => {}
    }
    Ok(changes)
}

fn other_version(facts: &Facts) -> Difference {
    let fact = fact(facts, 0);
    let shown = |name: Option<&str>| name.map(|name| short(name).to_owned());
    Difference {
        what: format!("{} {} version", fact.site, fact.channel),
        before: shown(fact.before.version()),
        after: shown(fact.version.as_deref()),
    }
}

async fn site_changes(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    source: &SiteSource,
    upload: &Upload,
) -> Result<Vec<Difference>, Failure> {
    let looked = pins::look(context, facts, index, source).await?;
    let listing = step(context, facts, index, StepName::Files, async |facts| {
        send::list(context, facts, index, source, upload).await
    })
    .await?;
    super::judge(context, facts, index, source, &looked, listing.as_deref()).await?;
    reach::tell(context, facts, index);
    let mut resolved = looked.resolved;
    let mut after = BTreeMap::new();
    if let Some((listing, options)) = listing.zip(send::options(context, facts, index, source, upload)) {
        let sentence = || format!("Could not read the files of `{}`", source.shown);
        let hashing = tokio::task::spawn_blocking(move || {
            let mut hashes = Vec::new();
            let summary = site::hash(&listing, &options, &mut |one| {
                hashes.push((listing.files[one.index].path.clone(), one.hash));
                Ok(())
            });
            summary.map(|summary| (summary, hashes))
        });
        let (summary, hashes) = match hashing.await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => return Err(Failure::of(sentence(), error)),
            Err(error) => return Err(Failure::plain(Class::Internal, format!("{}: {error}", sentence()))),
        };
        for withheld in &summary.withheld {
            context.warn(facts, withheld.to_string());
        }
        after.extend(hashes);
    }
    let (before, config_before) = before(context, facts, index).await?;
    for service in serving::pins(&source.serving, &resolved) {
        let tag = tag_now(config_before.as_ref(), &service).unwrap_or("(a new tag)").to_owned();
        resolved.tags.insert(service, tag);
    }
    let config = serving::config(&source.serving, &resolved)
        .map_err(|error| Failure::of(format!("`{}` cannot be served as it says", source.described), error))?;
    let prefix = if facts.sites.len() > 1 { format!("{}: ", fact(facts, index).site) } else { String::new() };
    let mut changes = between(config_before.as_ref(), &config);
    changes.extend(files_changes(&before, &after));
    changes.iter_mut().for_each(|change| change.what = format!("{prefix}{}", change.what));
    Ok(changes)
}

/// The files and the configuration that the channel shows now.
async fn before(
    context: &SiteContext<'_>,
    facts: &Facts,
    index: usize,
) -> Result<(BTreeMap<String, String>, Option<Value>), Failure> {
    let fact = fact(facts, index);
    let Some(name) = fact.before.version() else { return Ok((BTreeMap::new(), Some(json!({})))) };
    let sentence = || format!("Could not read version `{}` of site `{}`", short(name), fact.site);
    let (files, version) = tokio::join!(hosting::files(context.http, name), hosting::version(context.http, name));
    let files = files.map_err(|error| refused::of(context.http, sentence(), error))?;
    let version = version.map_err(|error| refused::of(context.http, sentence(), error))?;
    Ok((files.into_iter().collect(), version.map(|version| version.config)))
}

/// The tag that the site keeps to now; which one it will be shows only when it is put on.
fn tag_now<'a>(config: Option<&'a Value>, service: &serving::RewriteService) -> Option<&'a str> {
    let rewrites = config?.pointer("/rewrites")?.as_array()?.iter().filter_map(|rewrite| rewrite.get("run"));
    let mut same = rewrites.filter(|run| run["serviceId"] == service.name && run["region"] == service.region);
    same.find_map(|run| run["tag"].as_str())
}

/// Which files come, go and change.
fn files_changes(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Difference> {
    let brief = |hash: &String| hash.chars().take(12).collect::<String>();
    let mut changes = Vec::new();
    for path in before.keys().chain(after.keys().filter(|path| !before.contains_key(*path))) {
        let (old, new) = (before.get(path), after.get(path));
        if old != new {
            changes.push(Difference { what: path.clone(), before: old.map(brief), after: new.map(brief) });
        }
    }
    let more = changes.len().saturating_sub(NAMED);
    if more > 0 {
        changes.truncate(NAMED);
        changes.push(Difference { what: format!("{more} more files"), before: None, after: None });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_go_and_change() {
        let of = |files: &[(&str, &str)]| files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let changes =
            files_changes(&of(&[("/a", "1"), ("/b", "2"), ("/c", "3")]), &of(&[("/b", "2"), ("/c", "4"), ("/d", "5")]));
        let told: Vec<(&str, Option<&str>, Option<&str>)> =
            changes.iter().map(|one| (one.what.as_str(), one.before.as_deref(), one.after.as_deref())).collect();
        assert_eq!(told, [("/a", Some("1"), None), ("/c", Some("3"), Some("4")), ("/d", None, Some("5"))]);
    }
}
