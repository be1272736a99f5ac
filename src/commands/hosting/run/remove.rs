//! Removing preview channels of sites, by their name or by their pull request. What is not there is as good as removed.

use super::room::pull_request;
use super::{SiteContext, auth, find, refused, step};
use crate::commands::hosting::inputs::{Gone, SiteWork};
use crate::facts::Facts;
use crate::step::StepName;
use slipway_failure::{Class, Explain as _, Failure};
use slipway_google::hosting;
use slipway_google::http::Http;
use slipway_names::hosting::{LIVE, SiteFact};
use slipway_names::preview::{Removal, Removed};
use slipway_names::shown::listed;

/// Removes the channels; the facts keep what became of each.
///
/// # Errors
/// When the sites or their channels cannot be found, or a channel cannot be removed.
pub(super) async fn run(context: &SiteContext<'_>, facts: &mut Facts) -> Result<(), Failure> {
    let SiteWork::Remove { sites, channels } = &context.hosting.what else { return Ok(()) };
    if let Gone::None(why) = channels {
        context.console.line(&format!("There is nothing to do: {why}"));
        return Ok(());
    }
    let wanted: Vec<Option<&str>> = sites.iter().map(|site| site.as_ref().map(|site| site.as_str())).collect();
    let named = async |_: &mut Facts| {
        let sites = find::named(context, &wanted).await?;
        let shown = listed(&sites);
        Ok((sites, shown))
    };
    let sites = step(context, facts, 0, StepName::Site, named).await?;
    for site in sites {
        facts.sites.push(SiteFact { site: site.clone(), channel: channels.shown(), ..SiteFact::default() });
        let index = facts.sites.len() - 1;
        step(context, facts, index, StepName::Channel, async |facts| {
            let removals = of_site(context, &site, channels).await?;
            let stuck = removals.iter().find_map(|removal| match &removal.end {
                Removed::Stuck(why, hints) => Some((removal.what.clone(), why.clone(), hints.clone())),
                _ => None,
            });
            let told = removals.iter().map(Removal::sentence).collect::<Vec<_>>().join("; ");
            facts.sites[index].removals = removals;
            match stuck {
                None => Ok(((), told)),
                Some((what, why, hints)) => {
                    Err(Failure::plain(Class::Infrastructure, format!("{what} could not be removed: {why}"))
                        .more_hints(hints))
                }
            }
        })
        .await?;
        if context.hosting.auth_domains
            && !context.hosting.dry_run
            && let Some(warning) = auth::take_out(context, &site).await
        {
            context.warn(facts, warning);
        }
    }
    Ok(())
}

/// Removes a site's channels of a name or of a pull request.
async fn of_site(context: &SiteContext<'_>, site: &str, channels: &Gone) -> Result<Vec<Removal>, Failure> {
    let ids = match channels {
        Gone::Named(id) => vec![id.to_string()],
        Gone::None(_) => Vec::new(),
        Gone::OfPull(number) => {
            let sentence = || format!("Could not list the channels of site `{site}`");
            let all = hosting::channels(context.http, site).await;
            let all = all.map_err(|error| refused::of(context.http, sentence(), error))?;
            let of_pull = all.into_iter().filter(|channel| pull_request(&channel.id) == Some(*number));
            of_pull.map(|channel| channel.id).collect()
        }
    };
    if ids.is_empty() {
        let what = format!("A channel of {} on site `{site}`", channels.shown());
        return Ok(vec![Removal { what, end: Removed::Absent }]);
    }
    let mut all = Vec::new();
    for id in ids.iter().filter(|id| *id != LIVE) {
        all.push(channel(context.http, site, id, context.hosting.dry_run).await);
    }
    Ok(all)
}

/// Removes one channel of a site; with `only_look` it says what would be removed.
pub(crate) async fn channel(http: &Http, site: &str, id: &str, only_look: bool) -> Removal {
    let end = match hosting::channel(http, site, id).await {
        Ok(None) => Removed::Absent,
        Ok(Some(_)) if only_look => Removed::Kept("nothing is changed".to_owned()),
        Ok(Some(_)) => match hosting::delete_channel(http, site, id).await {
            Ok(()) => Removed::Gone,
            Err(error) => stuck(http, error),
        },
        Err(error) => stuck(http, error),
    };
    Removal { what: format!("Channel `{id}` of site `{site}`"), end }
}

fn stuck(http: &Http, error: slipway_google::error::ApiError) -> Removed {
    let mut hints = error.hints();
    if error.is_forbidden() {
        hints.insert(0, refused::grant(http));
    }
    Removed::Stuck(error.to_string(), hints)
}
