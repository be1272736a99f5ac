//! Room for one more preview: what has expired and what belongs to closed pull requests makes it, when asked.

use super::{SiteContext, fact, refused};
use crate::commands::hosting::inputs::Upload;
use crate::facts::Facts;
use crate::step::StepName;
use slipway_failure::{Class, Failure};
use slipway_google::hosting::{self as hosting, ChannelState, MOST_CHANNELS};
use slipway_names::hosting::{Before, LIVE};
use slipway_wire::clock::now_rfc3339;

/// Why a channel can go.
pub(super) struct Stale {
    id: String,
    why: String,
}

/// Looks whether a channel that is not there yet can be made, before anything is uploaded for it.
pub(super) async fn look(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    upload: &Upload,
) -> Result<(), Failure> {
    if fact(facts, index).before != Before::NoChannel {
        return Ok(());
    }
    super::step(context, facts, index, StepName::Channel, async |facts| make(context, facts, index, upload).await).await
}

async fn make(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    upload: &Upload,
) -> Result<((), String), Failure> {
    let site = fact(facts, index).site.clone();
    let mut there = previews(context, &site).await?;
    let limit = upload.limit.unwrap_or(MOST_CHANNELS);
    if there.len() < limit {
        return Ok(((), format!("room for one more: {} of {limit} previews", there.len())));
    }
    let stale = stale(context, &there).await;
    if upload.limit.is_none() {
        return Err(full(context, &site, &stale, "remove them with `total_preview_channel_limit: 40`"));
    }
    let mut removed = Vec::new();
    for one in &stale {
        if there.len() < limit {
            break;
        }
        match hosting::delete_channel(context.http, &site, &one.id).await {
            Ok(()) => {
                there.retain(|channel| channel.id != one.id);
                removed.push(format!("`{}` ({})", one.id, one.why));
            }
            Err(error) => context.warn(facts, format!("Channel `{}` could not be removed: {error}", one.id)),
        }
    }
    if there.len() >= MOST_CHANNELS {
        return Err(full(context, &site, &[], "remove some by hand"));
    }
    if there.len() >= limit {
        let text = format!(
            "Site `{site}` has {} previews, more than `total_preview_channel_limit: {limit}`: none of them has expired or belongs to a closed pull request",
            there.len()
        );
        context.warn(facts, text);
    }
    let told =
        if removed.is_empty() { "nothing to remove".to_owned() } else { format!("removed {}", removed.join(", ")) };
    Ok(((), told))
}

/// Every channel but the live one.
async fn previews(context: &SiteContext<'_>, site: &str) -> Result<Vec<ChannelState>, Failure> {
    let sentence = || format!("Could not list the channels of site `{site}`");
    let mut all =
        hosting::channels(context.http, site).await.map_err(|error| refused::of(context.http, sentence(), error))?;
    all.retain(|channel| channel.id != LIVE);
    all.sort_by(|a, b| a.updated.cmp(&b.updated));
    Ok(all)
}

/// Channels that nobody needs: expired ones first, then those of closed pull requests.
async fn stale(context: &SiteContext<'_>, there: &[ChannelState]) -> Vec<Stale> {
    let now = now_rfc3339();
    let mut stale: Vec<Stale> = there
        .iter()
        .filter(|channel| !channel.expires.is_empty() && channel.expires < now)
        .map(|channel| Stale { id: channel.id.clone(), why: "expired".into() })
        .collect();
    let Some(github) = context.github else { return stale };
    for channel in there {
        if stale.iter().any(|one| one.id == channel.id) {
            continue;
        }
        let Some(number) = pull_request(&channel.id) else { continue };
        match github.is_closed(number).await {
            Ok(true) => {
                stale.push(Stale { id: channel.id.clone(), why: format!("pull request #{number} is closed") });
            }
            Ok(false) => {}
            // Without an answer the channel stays; the next ones would go the same way.
            Err(why) => {
                context.console.line(&format!("Whether pull requests are closed is not known: {why}"));
                break;
            }
        }
    }
    stale
}

/// The pull request a channel was made for: `pr7-…`, as action-hosting-deploy names them, or `pr-7`.
pub(super) fn pull_request(id: &str) -> Option<u64> {
    let rest = id.strip_prefix("pr")?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let ends = rest[digits.len()..].chars().next().is_none_or(|next| next == '-');
    if ends { digits.parse().ok() } else { None }
}

/// The failure of a site without room.
pub(super) fn full(context: &SiteContext<'_>, site: &str, stale: &[Stale], cure: &str) -> Failure {
    let what = format!(
        "Site `{site}` has no room for channel `{}`: it has {MOST_CHANNELS} previews",
        context.hosting.channel()
    );
    let failure = Failure::plain(Class::Quota, what);
    let list =
        format!("See them all at https://console.firebase.google.com/project/{}/hosting", context.hosting.project);
    if stale.is_empty() {
        return failure
            .hint(list)
            .hint(format!("None of them has expired or belongs to a closed pull request: {cure}"));
    }
    let names: Vec<String> = stale.iter().map(|one| format!("`{}` ({})", one.id, one.why)).collect();
    failure.hint(list).hint(format!("{} can go: {cure}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_tells_its_pull_request() {
        for (id, number) in [
            ("pr7-fix", Some(7)),
            ("pr-7", Some(7)),
            ("pr12", Some(12)),
            ("pr7x-a", None),
            ("preview", None),
            ("pr", None),
        ] {
            assert_eq!(pull_request(id), number, "{id}");
        }
    }
}
