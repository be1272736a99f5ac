//! Showing a version: the channel is there, the release is made once, and the channel is read back.

use std::time::Duration;

use super::{SiteContext, fact, find, refused, room};
use crate::commands::hosting::inputs::Channel;
use crate::facts::{Facts, Written};
use crate::service::again;
use crate::step::StepName;
use slipway_failure::{Class, Failure};
use slipway_google::hosting::{self as hosting, MOST_CHANNELS, SiteRelease};
use slipway_google::http::Http;
use slipway_names::hosting::{Before, short};
use slipway_runner::Console;
use slipway_wire::clock::jitter;

/// Times a release is asked for when the channel says that it did not arrive.
const ATTEMPTS: u32 = 3;

/// Looks at a channel after a lost reply: a release that arrived shows within seconds.
const LOOKS: u32 = 3;

/// Why a channel that shows something else by now is left as it is.
pub(super) const OVERTAKEN: &str = "another release came after this one";

/// Makes the preview channel, or lets it live on.
pub(super) async fn channel(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    channel: &Channel,
) -> Result<(), Failure> {
    let Channel::Preview { id, ttl } = channel else { return Ok(()) };
    super::step(context, facts, index, StepName::Channel, async |facts| {
        let site = fact(facts, index).site.clone();
        let new = fact(facts, index).before == Before::NoChannel;
        let found = if new {
            create(context, facts, index, id.as_str(), *ttl).await?
        } else {
            hosting::set_ttl(context.http, &site, id.as_str(), *ttl).await.map_err(|error| {
                refused::of(context.http, format!("Could not renew channel `{id}` of site `{site}`"), error)
            })?
        };
        let before = std::mem::take(&mut facts.sites[index].before);
        find::see(&mut facts.sites[index], Some(&found));
        facts.sites[index].before = before;
        let until = fact(facts, index).expires.clone().unwrap_or_default();
        let done = if fact(facts, index).channel_made { "made" } else { "kept" };
        Ok(((), format!("`{id}` is {done}, until {until}")))
    })
    .await
}

async fn create(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    id: &str,
    ttl: Duration,
) -> Result<hosting::ChannelState, Failure> {
    let site = fact(facts, index).site.clone();
    let sentence = || format!("Could not make channel `{id}` of site `{site}`");
    for attempt in 1.. {
        let error = match hosting::create_channel(context.http, &site, id, ttl).await {
            Ok(channel) => {
                facts.sites[index].channel_made = true;
                return Ok(channel);
            }
            Err(error) => error,
        };
        // Too many channels and too many requests are told in the same way; only the channels themselves tell which.
        if error.is_rate_limit() {
            let all = hosting::channels(context.http, &site).await;
            if all.is_ok_and(|all| all.len() > MOST_CHANNELS) {
                return Err(room::full(context, &site, &[], "remove some by hand").evidence(vec![error.to_string()]));
            }
        } else if !error.is_ambiguous() && !error.is_conflict() {
            return Err(refused::of(context.http, sentence(), error));
        }
        // A lost reply, or another run that made it a moment ago: either way it may be there now.
        let look = async || hosting::channel(context.http, &site, id).await;
        let found = again::until(context.clock(), look, Option::is_some).await;
        if let Some(channel) = found.map_err(|error| refused::of(context.http, sentence(), error))? {
            facts.sites[index].channel_made = !error.is_conflict();
            return Ok(channel);
        }
        if attempt >= ATTEMPTS {
            return Err(refused::of(context.http, sentence(), error));
        }
        context.clock().sleep(pause(attempt)).await;
    }
    unreachable!("the loop ends by returning")
}

/// Releases a site's version on its channel and reads the channel back.
pub(super) async fn run(context: &SiteContext<'_>, facts: &mut Facts, index: usize) -> Result<((), String), Failure> {
    let (site, channel) = (fact(facts, index).site.clone(), fact(facts, index).channel.clone());
    let version = fact(facts, index).version.clone().unwrap_or_default();
    let id = short(&version).to_owned();
    if fact(facts, index).before.version() == Some(version.as_str()) {
        return Ok(((), format!("channel `{channel}` shows version `{id}` already")));
    }
    remember(context, facts, index);
    facts.sites[index].released = Written::Unknown;
    let text = message(context);
    let last = fact(facts, index).release_before.clone();
    let made = make(context.http, context.console, &site, &channel, Some(&version), &text, last.as_deref()).await;
    let release = match made {
        Ok(release) => release,
        Err(Unreleased::No(failure)) => {
            facts.sites[index].released = Written::No;
            return Err(failure);
        }
        Err(Unreleased::Unknown(failure)) => return Err(failure),
    };
    facts.sites[index].released = Written::Yes;
    facts.sites[index].release = Some(release.name.clone());
    read_back(context, facts, index, &release).await?;
    let url = fact(facts, index).url.clone().unwrap_or_default();
    Ok(((), format!("channel `{channel}` shows version `{id}` at {url}")))
}

/// Why nothing was released.
pub(super) enum Unreleased {
    /// It certainly was not.
    No(Failure),
    /// It cannot be said.
    Unknown(Failure),
}

/// Asks for a release until the channel shows it. After a lost reply the channel is looked at before another
/// request is made, so that one run makes one release. `last` is the release it showed before. Gives back the
/// release.
pub(super) async fn make(
    http: &Http,
    console: &Console,
    site: &str,
    channel: &str,
    version: Option<&str>,
    message: &str,
    last: Option<&str>,
) -> Result<SiteRelease, Unreleased> {
    let what = version.map_or("nothing".to_owned(), |version| format!("version `{}`", short(version)));
    let sentence = || format!("Could not release {what} on channel `{channel}` of site `{site}`");
    let mut attempt = 1;
    loop {
        let error = match hosting::release(http, site, channel, version, message).await {
            Ok(release) => return Ok(release),
            Err(error) if error.is_ambiguous() => error,
            Err(error) => return Err(Unreleased::No(refused::of(http, sentence(), error))),
        };
        let mut seen = false;
        for look in 1..=LOOKS {
            match hosting::channel(http, site, channel).await {
                Ok(Some(now)) => {
                    seen = true;
                    let shown =
                        now.version() == version && now.release.as_ref().map(|release| release.name.as_str()) != last;
                    if let Some(release) = now.release.filter(|_| shown) {
                        return Ok(release);
                    }
                }
                Ok(None) => {}
                Err(why) => console.line(&format!("Whether the release arrived is not known yet: {why}")),
            }
            http.clock().sleep(pause(look)).await;
        }
        if !seen {
            return Err(Unreleased::Unknown(refused::of(http, sentence(), error)));
        }
        if attempt >= ATTEMPTS {
            return Err(Unreleased::No(refused::of(http, sentence(), error)));
        }
        attempt += 1;
    }
}

/// Reads the channel: what it shows is the verdict, whatever the release said. What came before this run's release
/// is only a look that was too early.
async fn read_back(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    ours: &SiteRelease,
) -> Result<(), Failure> {
    let (site, channel) = (fact(facts, index).site.clone(), fact(facts, index).channel.clone());
    let sentence = || format!("Could not read back what channel `{channel}` of site `{site}` shows");
    let look = async || hosting::channel(context.http, &site, &channel).await;
    let version = fact(facts, index).version.clone();
    let is_ours = |now: &hosting::ChannelState| now.version() == version.as_deref();
    let is_later = |now: &hosting::ChannelState| now.release.as_ref().is_some_and(|release| release.time > ours.time);
    let settled = |now: &Option<hosting::ChannelState>| now.as_ref().is_some_and(|now| is_ours(now) || is_later(now));
    let now = again::until(context.clock(), look, settled).await;
    let Some(now) = now.map_err(|error| refused::of(context.http, sentence(), error))? else {
        let what = format!("{}: Google says that there is no such channel", sentence());
        return Err(Failure::plain(Class::Infrastructure, what)
            .hint("Run again; where the channel was removed meanwhile, that makes it anew"));
    };
    if !now.url.is_empty() {
        facts.sites[index].url = Some(now.url.clone());
    }
    if is_ours(&now) {
        return Ok(());
    }
    let other = now.version().map_or("nothing".to_owned(), |other| format!("version `{}`", short(other)));
    let what = format!("Channel `{channel}` of site `{site}` shows {other}");
    if is_later(&now) {
        let hint = "Nothing needs to be done; give the workflow a `concurrency:` group per site to keep runs in order";
        return Err(Failure::plain(Class::Superseded, format!("{what}: {OVERTAKEN}")).hint(hint));
    }
    let id = short(&ours.name);
    Err(Failure::plain(Class::Deploy, format!("{what}, although Google has taken release `{id}`")).hint(format!(
        "Run again; the releases are listed at https://console.firebase.google.com/project/{}/hosting",
        context.hosting.project
    )))
}

/// Says how many releases the channel keeps, where that is asked for and is another number. A setting that cannot be
/// written changes nothing about the release.
pub(super) async fn retain(context: &SiteContext<'_>, facts: &mut Facts, index: usize) {
    let Some(wanted) = context.hosting.keep_releases else { return };
    let (site, channel) = (fact(facts, index).site.clone(), fact(facts, index).channel.clone());
    if fact(facts, index).retained == Some(u64::from(wanted)) {
        return;
    }
    match hosting::set_retained(context.http, &site, &channel, wanted).await {
        Ok(()) => {
            context.console.line(&format!("Channel `{channel}` of site `{site}` keeps {wanted} releases from now on"))
        }
        Err(error) => context.warn(
            facts,
            format!("How many releases channel `{channel}` of site `{site}` keeps could not be set: {error}"),
        ),
    }
}

/// What the Firebase console shows beside the release.
fn message(context: &SiteContext<'_>) -> String {
    if let Some(message) = &context.hosting.message {
        return message.clone();
    }
    let origin = context.origin;
    let commit = origin.sha.as_deref().map(|sha| sha.chars().take(7).collect::<String>());
    let run = origin.run_id.as_ref().map(|run| format!("run {run}-{}", origin.run_attempt.as_deref().unwrap_or("1")));
    let parts: Vec<String> = commit.into_iter().chain(run).collect();
    if parts.is_empty() { "slipway".to_owned() } else { format!("slipway: {}", parts.join(", ")) }
}

/// Tells the post step what would have to be put back.
fn remember(context: &SiteContext<'_>, facts: &Facts, index: usize) {
    let fact = fact(facts, index);
    let told = serde_json::json!({
        "site": fact.site, "channel": fact.channel, "version": fact.version, "before": fact.before.version(),
        "had_nothing": matches!(fact.before, Before::Nothing | Before::Disabled),
    });
    let kept = [
        context.files.save_state("site_project", context.hosting.project.as_str()),
        context.files.save_state(&format!("site_release_{index}"), &told.to_string()),
    ];
    kept.into_iter().filter_map(Result::err).for_each(|why| context.console.warning(&why));
}

fn pause(attempt: u32) -> Duration {
    jitter(Duration::from_secs(1 << attempt.min(4)), 0.3, 1.0)
}
