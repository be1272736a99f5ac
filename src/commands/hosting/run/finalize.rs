//! Completing a version: its configuration is written, and from then on it can be released.

use serde_json::Value;

use super::{SiteContext, fact, pins, refused};
use crate::commands::hosting::inputs::SiteSource;
use crate::commands::hosting::serving;
use crate::facts::Facts;
use crate::service::again;
use slipway_failure::{Class, Failure};
use slipway_google::hosting;
use slipway_names::hosting::short;

/// Times completing is asked for when the version says that it did not arrive.
const ATTEMPTS: u32 = 3;

/// Puts the tags on the services that the site keeps to, and completes the version with its configuration.
pub(super) async fn run(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    source: &SiteSource,
) -> Result<((), String), Failure> {
    let version = fact(facts, index).version.clone().unwrap_or_default();
    let resolved = pins::set(context, facts, index, &version, source).await?;
    let config = serving::config(&source.serving, &resolved)
        .map_err(|error| Failure::of(format!("`{}` cannot be served as it says", source.described), error))?;
    complete(context, facts, index, &version, &config).await?;
    facts.sites[index].finalized = true;
    Ok(((), format!("version `{}`, which nobody sees yet", short(&version))))
}

async fn complete(
    context: &SiteContext<'_>,
    facts: &Facts,
    index: usize,
    version: &str,
    config: &Value,
) -> Result<(), Failure> {
    let site = &fact(facts, index).site;
    let sentence = || format!("Could not complete version `{}` of site `{site}`", short(version));
    for attempt in 1.. {
        let error = match hosting::finalize(context.http, version, config).await {
            Ok(done) if done.is_finalized() => return Ok(()),
            Ok(other) => {
                let what = format!("{}: Google says it is {}", sentence(), other.status);
                return Err(Failure::plain(Class::Deploy, what));
            }
            Err(error) => error,
        };
        // A completed version takes no second one, so whether it is complete is looked at before anything else.
        let may_be_complete = error.is_ambiguous() || attempt > 1;
        let look = async || hosting::version(context.http, version).await;
        let complete =
            |now: &Option<hosting::SiteVersion>| now.as_ref().is_some_and(hosting::SiteVersion::is_finalized);
        if may_be_complete && again::until(context.clock(), look, complete).await.is_ok_and(|now| complete(&now)) {
            return Ok(());
        }
        if !error.is_ambiguous() {
            let refused = error.status() == Some(400);
            let failure = refused::of(context.http, sentence(), error);
            return Err(if refused {
                failure.hint("Hosting does not take the configuration; it was made from `firebase.json`")
            } else {
                failure
            });
        }
        if attempt >= ATTEMPTS {
            return Err(refused::of(context.http, sentence(), error));
        }
    }
    unreachable!("the loop ends by returning")
}
