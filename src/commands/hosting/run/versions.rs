//! Finding a version that exists: what was served before, what was named, what a preview shows.

use serde_json::Value;

use super::paths::PlannedSite;
use super::pins::Looked;
use super::{SiteContext, fact, reach, refused, target};
use crate::commands::hosting::inputs::SiteWork;
use crate::commands::hosting::released::serving;
use crate::commands::hosting::serving::runs;
use crate::facts::Facts;
use crate::inputs::firebase::channel::ChannelId;
use slipway_failure::{Class, Failure};
use slipway_google::hosting::{self as hosting, SiteRelease};
use slipway_names::hosting::short;

/// The version to go back to.
pub(super) async fn earlier(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    to: Option<&str>,
) -> Result<((), String), Failure> {
    let (site, channel) = (fact(facts, 0).site.clone(), fact(facts, 0).channel.clone());
    let now = fact(facts, 0).before.version().map(str::to_owned);
    let name = match to {
        Some(id) => format!("projects/{}/sites/{site}/versions/{id}", context.hosting.project),
        None => {
            let sentence = || format!("Could not list the releases of channel `{channel}` of site `{site}`");
            let releases = hosting::releases(context.http, &site, &channel)
                .await
                .map_err(|error| refused::of(context.http, sentence(), error))?;
            served_before(&releases, now.as_deref()).ok_or_else(|| {
                Failure::plain(
                    Class::Config,
                    format!("Channel `{channel}` of site `{site}` served nothing before what it serves now"),
                )
                .hint("Name a version with `to_version`; the Firebase console lists them")
            })?
        }
    };
    take(context, facts, name).await
}

/// The version a preview shows.
pub(super) async fn of_preview(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    from: &ChannelId,
) -> Result<((), String), Failure> {
    let site = fact(facts, 0).site.clone();
    let sentence = || format!("Could not read channel `{from}` of site `{site}`");
    let found = hosting::channel(context.http, &site, from.as_str())
        .await
        .map_err(|error| refused::of(context.http, sentence(), error))?;
    let Some(channel) = found else {
        return Err(Failure::plain(Class::Config, format!("Site `{site}` has no channel `{from}`"))
            .hint("It may have expired: deploy to it again, then promote"));
    };
    match channel.version().map(str::to_owned) {
        Some(name) => take(context, facts, name).await,
        None => Err(Failure::plain(Class::Config, format!("Channel `{from}` of site `{site}` shows no version yet"))),
    }
}

/// Makes sure that a version can be released.
async fn take(context: &SiteContext<'_>, facts: &mut Facts, name: String) -> Result<((), String), Failure> {
    let site = fact(facts, 0).site.clone();
    let id = short(&name);
    let found = hosting::version(context.http, &name)
        .await
        .map_err(|error| refused::of(context.http, format!("Could not read version `{id}` of site `{site}`"), error))?;
    match found {
        Some(version) if version.is_finalized() => {
            empties(context, facts, &version)?;
            reached(context, facts, &version).await?;
        }
        Some(version) => {
            let what = format!("Version `{id}` of site `{site}` is {}, and cannot be released", version.status);
            return Err(Failure::plain(Class::Config, what).hint("Name another one with `to_version`"));
        }
        None => {
            return Err(Failure::plain(Class::Config, format!("Site `{site}` has no version `{id}`"))
                .hint("Name another one with `to_version`; the Firebase console lists them"));
        }
    }
    let note = format!("version `{id}`");
    facts.sites[0].version = Some(name);
    facts.sites[0].finalized = true;
    Ok(((), note))
}

/// Looks at the services behind the version's rewrites; those that cannot be read are asked by its address.
async fn reached(context: &SiteContext<'_>, facts: &mut Facts, version: &hosting::SiteVersion) -> Result<(), Failure> {
    let serving = serving(&version.config);
    let mut looked = Looked::default();
    for service in runs(&serving) {
        if let Ok(found) = target::read(context, &service).await {
            looked.services.insert(service, found.map(|found| found.json().clone()));
        }
    }
    reach::look(context, facts, 0, &serving, &looked, &PlannedSite::unlisted(&serving)).await
}

/// Refuses a preview for everybody that has neither files nor rules, where something is served now. Going back is a
/// person's decision about a version that was seen.
fn empties(context: &SiteContext<'_>, facts: &Facts, version: &hosting::SiteVersion) -> Result<(), Failure> {
    let rules = |key: &str| version.config.get(key).and_then(Value::as_array).is_some_and(|rules| !rules.is_empty());
    let promoted = matches!(context.hosting.what, SiteWork::Promote { .. });
    let serves = fact(facts, 0).before.version().is_some();
    if !promoted || !serves || version.files > 0 || rules("rewrites") || rules("redirects") {
        return Ok(());
    }
    let (site, id) = (&fact(facts, 0).site, short(&version.name));
    let what = format!("Version `{id}` has no files, and would empty site `{site}`");
    Err(Failure::plain(Class::Config, what).hint(format!(
        "Where that is meant: slipway hosting rollback --project-id={} --site={site} --to-version={id}",
        context.hosting.project
    )))
}

/// The version that was served before the one that is. Going back twice goes further back: what stands before
/// the first release of a version is what that version once replaced.
fn served_before(releases: &[SiteRelease], now: Option<&str>) -> Option<String> {
    let first_of_now = match now {
        Some(now) => releases.iter().rposition(|release| release.version == now)?,
        // Nothing is served, such as on a site that is switched off: the newest version was.
        None => return releases.iter().map(|release| release.version.clone()).find(|version| !version.is_empty()),
    };
    let older = releases.iter().skip(first_of_now + 1);
    older.map(|release| release.version.clone()).find(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn releases(versions: &[&str]) -> Vec<SiteRelease> {
        let release = |version: &&str| SiteRelease {
            name: String::new(),
            kind: "DEPLOY".into(),
            time: String::new(),
            version: (*version).to_owned(),
        };
        versions.iter().map(release).collect()
    }

    #[test]
    fn going_back_never_goes_forth() {
        let before = |newest_first: &[&str], now| served_before(&releases(newest_first), now);
        assert_eq!(before(&["c", "b", "a"], Some("c")).as_deref(), Some("b"));
        // Rolled back to `b` from `c`: the next step back is `a`, not the version that was left.
        assert_eq!(before(&["b", "c", "b", "a"], Some("b")).as_deref(), Some("a"));
        assert_eq!(before(&["a"], Some("a")), None);
        assert_eq!(before(&["", "b", "a"], None).as_deref(), Some("b"), "a site that is switched off");
    }
}
