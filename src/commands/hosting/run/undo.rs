//! Going back: what a channel showed before is released again, and what nobody saw is removed.

use serde_json::Value;

use super::release::{self, OVERTAKEN, Unreleased};
use super::{SiteContext, fact};
use crate::facts::{Facts, Written};
use crate::service::again;
use crate::step::StepName;
use slipway_failure::{Class, Failure};
use slipway_google::hosting::{self as hosting, ChannelState};
use slipway_google::http::Http;
use slipway_names::hosting::{Before, LIVE, SiteEnd, short};
use slipway_runner::Console;

/// Takes back what was released and removes what was made, after a failure; gives back the failure with what
/// came of that.
pub(crate) async fn after(context: &SiteContext<'_>, facts: &mut Facts, failure: Failure) -> Failure {
    let mut failure = failure;
    let overtaken = failure.class() == Class::Superseded;
    for index in 0..facts.sites.len() {
        let fact = &mut facts.sites[index];
        if fact.end != SiteEnd::Open || fact.released == Written::No {
            continue;
        }
        if overtaken && fact.released == Written::Yes {
            fact.end = SiteEnd::Left(OVERTAKEN.to_owned());
            continue;
        }
        if !fact.is_live() {
            fact.end = SiteEnd::Left("a preview stays for a look".into());
            continue;
        }
        context.console.line(&format!("✗ {failure}: going back"));
        let restored = super::step(context, facts, index, StepName::Restore, async |facts| {
            Ok(((), restore(context, facts, index).await?))
        });
        if let Err(why) = restored.await {
            let site = fact_site(facts, index);
            facts.sites[index].end = SiteEnd::Stuck(why.to_string());
            facts.sites[index].left_showing = now_shown(context, facts, index).await;
            let causes = why.causes();
            failure = failure
                .with_class(Class::Rollback)
                .evidence(std::iter::once(why.to_string()).chain(causes).collect())
                .hint(by_hand(context, facts, index, &site));
        }
    }
    discard(context, facts).await;
    over(context, facts);
    failure
}

/// What the channel shows after it could not be put back, where it can be read.
async fn now_shown(context: &SiteContext<'_>, facts: &Facts, index: usize) -> Option<Before> {
    let fact = fact(facts, index);
    let found = hosting::channel(context.http, &fact.site, &fact.channel).await.ok()?;
    let shown = found.as_ref().and_then(hosting::ChannelState::version);
    Some(shown.map_or(Before::Nothing, |version| Before::Version(version.to_owned())))
}

/// Tells the post step that nothing is left to be put back.
fn over(context: &SiteContext<'_>, facts: &Facts) {
    let stuck = facts.sites.iter().any(|fact| matches!(fact.end, SiteEnd::Stuck(_)));
    if !stuck && let Err(why) = context.files.save_state("site_over", "true") {
        context.console.warning(&why);
    }
}

fn fact_site(facts: &Facts, index: usize) -> String {
    fact(facts, index).site.clone()
}

/// Shows again what the channel showed before. Gives back a sentence.
///
/// # Errors
/// When it could not be released, or the channel does not show it.
pub async fn restore(context: &SiteContext<'_>, facts: &mut Facts, index: usize) -> Result<String, Failure> {
    let (site, channel) = (fact(facts, index).site.clone(), fact(facts, index).channel.clone());
    let (before, version) = (fact(facts, index).before.clone(), fact(facts, index).version.clone());
    let place = ChannelPlace { http: context.http, console: context.console, site: &site, channel: &channel };
    let taken = fact(facts, index).released == Written::Yes;
    let back = place.go_back(version.as_deref(), before.version(), taken).await?;
    let fact = &mut facts.sites[index];
    Ok(match back {
        SiteRestored::Restored => {
            fact.end = SiteEnd::Restored;
            format!("channel `{channel}` of site `{site}` shows {} again", shown(&before))
        }
        SiteRestored::NeverShown => {
            fact.end = SiteEnd::Restored;
            fact.released = Written::No;
            format!(
                "channel `{channel}` of site `{site}` shows {} as before: the release did not arrive",
                shown(&before)
            )
        }
        SiteRestored::Overtaken => {
            fact.end = SiteEnd::Left(OVERTAKEN.to_owned());
            format!("channel `{channel}` of site `{site}` was left as it is: {OVERTAKEN}")
        }
    })
}

/// What going back came to.
enum SiteRestored {
    /// What was there before is released again.
    Restored,
    /// It was never taken away.
    NeverShown,
    /// Something else is shown.
    Overtaken,
}

fn shown(before: &Before) -> String {
    before.version().map_or("nothing".to_owned(), |version| format!("version `{}`", short(version)))
}

/// A channel that is put back.
struct ChannelPlace<'a> {
    http: &'a Http,
    console: &'a Console,
    site: &'a str,
    channel: &'a str,
}

impl ChannelPlace<'_> {
    fn sentence(&self) -> String {
        format!("Could not put back channel `{}` of site `{}`", self.channel, self.site)
    }

    /// The version that the channel shows, and its release; looked at until it is as `wanted`.
    async fn read(&self, wanted: impl Fn(Option<&str>) -> bool) -> Result<(Option<String>, Option<String>), Failure> {
        let look = async || hosting::channel(self.http, self.site, self.channel).await;
        let enough = |found: &Option<ChannelState>| found.as_ref().is_some_and(|found| wanted(found.version()));
        let found = again::until(self.http.clock(), look, enough).await;
        let Some(found) = found.map_err(|error| Failure::of(self.sentence(), error))? else {
            let what = format!("{}: Google says that there is no such channel", self.sentence());
            return Err(Failure::plain(Class::Rollback, what));
        };
        let version = found.version().map(str::to_owned);
        Ok((version, found.release.map(|release| release.name)))
    }

    /// Puts the channel back from `ours` to `before`, where it shows ours, or where Google has `taken` our release and
    /// does not show it yet.
    async fn go_back(&self, ours: Option<&str>, before: Option<&str>, taken: bool) -> Result<SiteRestored, Failure> {
        let (now, last) = self.read(|now| now == ours || now != before).await?;
        if now.as_deref() != ours && !(taken && now.as_deref() == before) {
            // The release never arrived, or somebody else's came after it.
            return Ok(match now.as_deref() == before {
                true => SiteRestored::NeverShown,
                false => SiteRestored::Overtaken,
            });
        }
        let message =
            ours.map_or_else(|| "slipway: back".to_owned(), |ours| format!("slipway: back from {}", short(ours)));
        let made = release::make(self.http, self.console, self.site, self.channel, before, &message, last.as_deref());
        match made.await {
            Ok(_) => {}
            Err(Unreleased::No(failure) | Unreleased::Unknown(failure)) => return Err(failure),
        }
        let (now, _) = self.read(|now| now == before).await?;
        if now.as_deref() == before {
            return Ok(SiteRestored::Restored);
        }
        let what = now.as_deref().map_or("nothing".to_owned(), |now| format!("version `{}`", short(now)));
        Err(Failure::plain(Class::Rollback, format!("{}: it shows {what}", self.sentence())))
    }
}

/// Removes versions that were never released, and tags made for them. What stays is told and harms nobody:
/// Hosting removes unfinished versions after twelve hours itself.
pub async fn discard(context: &SiteContext<'_>, facts: &mut Facts) {
    for index in 0..facts.sites.len() {
        let fact = &facts.sites[index];
        if fact.released != Written::No || !fact.made {
            continue;
        }
        if let Some(version) = fact.version.clone() {
            match hosting::delete_version(context.http, &version).await {
                Ok(()) => {
                    context.console.line(&format!("Removed version `{}`, which nobody saw", short(&version)));
                    facts.sites[index].version = None;
                    facts.sites[index].finalized = false;
                }
                Err(error) => {
                    context.warn(
                        facts,
                        format!("Version {}, which nobody saw, could not be removed: {error}", short(&version)),
                    );
                }
            }
        }
        super::pins::remove(context, facts, index).await;
    }
}

fn by_hand(context: &SiteContext<'_>, facts: &Facts, index: usize, site: &str) -> String {
    let project = context.hosting.project.as_str();
    match fact(facts, index).before.version() {
        Some(version) => format!(
            "Put it back by hand: slipway hosting rollback --project-id={project} --site={site} --to-version={}",
            short(version)
        ),
        None => format!("Switch the site off by hand: https://console.firebase.google.com/project/{project}/hosting"),
    }
}

/// Puts back what a run released that is gone, by what it told the post step. Gives back a sentence.
///
/// # Errors
/// As [`restore`].
pub async fn left_behind(http: &Http, console: &Console, told: &str) -> Result<String, Failure> {
    let told: Value = serde_json::from_str(told).unwrap_or_default();
    let text = |key: &str| told.get(key).and_then(Value::as_str);
    let (site, channel) = (text("site").unwrap_or_default(), text("channel").unwrap_or_default());
    let had_nothing = told.get("had_nothing").and_then(Value::as_bool) == Some(true);
    if channel != LIVE {
        return Ok(format!("Channel `{channel}` of site `{site}` is a preview; it was left for a look"));
    }
    if text("before").is_none() && !had_nothing {
        return Ok(format!("What site `{site}` showed before is not known"));
    }
    let before = text("before").map_or("nothing".to_owned(), |version| format!("version `{}`", short(version)));
    let place = ChannelPlace { http, console, site, channel };
    Ok(match place.go_back(text("version"), text("before"), false).await? {
        SiteRestored::Restored => format!("Site `{site}` shows {before} again"),
        SiteRestored::NeverShown => {
            if let Some(version) = text("version") {
                remove_unseen(http, console, version).await;
            }
            format!("Site `{site}` shows {before}: the run's release did not arrive")
        }
        SiteRestored::Overtaken => format!("Site `{site}` was left as it is: {OVERTAKEN}"),
    })
}

/// Removes a version of a run that is gone, which was never released.
pub async fn remove_unseen(http: &Http, console: &Console, version: &str) {
    match hosting::delete_version(http, version).await {
        Ok(()) => console.line(&format!("Removed version `{}`, which nobody saw", short(version))),
        Err(error) => {
            console.warning(&format!("Version `{}`, which nobody saw, could not be removed: {error}", short(version)))
        }
    }
}
