//! Sign-in on previews: a preview's address is put among the authorised domains of Firebase Authentication, and those of
//! channels that are gone are taken out. What hinders it is told, and stops no release.

use std::collections::BTreeSet;

use url::Url;

use super::{SiteContext, fact};
use crate::facts::Facts;
use crate::service::again;
use slipway_failure::Explain as _;
use slipway_google::error::ApiError;
use slipway_google::hosting::{self as hosting, ChannelState};
use slipway_google::{identity, roles};

/// Rounds of read, change, write: the list has no etag, so what somebody else wrote meanwhile shows when it is read again.
const ROUNDS: u32 = 4;

/// Puts the address of the site's preview in, and takes those of channels that are gone out.
pub(super) async fn put_in(context: &SiteContext<'_>, facts: &mut Facts, index: usize) {
    let (site, url) = (fact(facts, index).site.clone(), fact(facts, index).url.clone().unwrap_or_default());
    let Some(own) = host(&url) else { return };
    match sync(context, &site, Some(&own)).await {
        Ok(Some(told)) => context.console.line(&told),
        Ok(None) => {}
        Err(error) => {
            let what = format!("People cannot sign in on {own}: it could not be put among the authorised domains");
            let text = told(context, &what, &error);
            context.warn(facts, text);
        }
    }
}

/// Takes the addresses of a site's channels that are gone out. Gives back what hindered it.
pub(crate) async fn take_out(context: &SiteContext<'_>, site: &str) -> Option<String> {
    match sync(context, site, None).await {
        Ok(done) => {
            done.into_iter().for_each(|text| context.console.line(&text));
            None
        }
        Err(error) => {
            let what = format!("Addresses of channels that are gone are still authorised domains of site `{site}`");
            Some(told(context, &what, &error))
        }
    }
}

fn told(context: &SiteContext<'_>, what: &str, error: &ApiError) -> String {
    let cure = match error.is_forbidden() {
        true => {
            let http = context.http;
            let command = roles::grant_on_project(http.project(), http.principal().member(), roles::AUTH_ROLE);
            format!("An owner grants it with: {command}")
        }
        false => error.hints().into_iter().next().unwrap_or_else(|| "Run again".to_owned()),
    };
    format!("{what}: {error}. {cure}")
}

/// Writes the list as it shall be, until it reads so. Gives back a sentence where something was changed.
async fn sync(context: &SiteContext<'_>, site: &str, own: Option<&str>) -> Result<Option<String>, ApiError> {
    let http = context.http;
    let mut changed = None;
    for _ in 0..ROUNDS {
        let (channels, now) = tokio::try_join!(hosting::channels(http, site), identity::domains(http))?;
        let Some(now) = now else { return Ok(Some("The project has no Authentication to sign in with".to_owned())) };
        let Some(wanted) = wanted(&now, site, &channels, own) else { break };
        identity::set_domains(http, &wanted).await?;
        let out = now.iter().filter(|domain| !wanted.contains(domain)).count();
        let put = own.filter(|own| !now.iter().any(|domain| domain == own));
        changed = Some(sentence(put, out));
        let look = async || identity::domains(http).await;
        let holds = |seen: &Option<Vec<String>>| {
            seen.as_ref().is_some_and(|seen| own.is_none_or(|own| seen.iter().any(|domain| domain == own)))
        };
        if again::until(http.clock(), look, holds).await.is_ok_and(|seen| holds(&seen)) {
            break;
        }
    }
    Ok(changed)
}

fn sentence(put: Option<&str>, out: usize) -> String {
    let gone = match out {
        0 => String::new(),
        1 => "1 address of a channel that is gone was taken out of the authorised domains".to_owned(),
        several => format!("{several} addresses of channels that are gone were taken out of the authorised domains"),
    };
    match put {
        Some(own) if gone.is_empty() => format!("{own} is an authorised domain now: people can sign in there"),
        Some(own) => format!("{own} is an authorised domain now: people can sign in there; {gone}"),
        None => gone,
    }
}

/// The list as it shall be; nothing where it is so already. A domain is a channel's by firebase-tools' rule: it begins
/// with the site and two dashes, and is none of `firebaseapp.com` (`getCleanDomains`).
fn wanted(now: &[String], site: &str, channels: &[ChannelState], own: Option<&str>) -> Option<Vec<String>> {
    let there: BTreeSet<String> = channels.iter().filter_map(|channel| host(&channel.url)).collect();
    let begins = format!("{site}--");
    let is_gone = |domain: &&String| {
        let of_channel = domain.to_ascii_lowercase().starts_with(&begins) && !domain.ends_with("firebaseapp.com");
        of_channel && !there.contains(domain.as_str()) && own != Some(domain.as_str())
    };
    let mut wanted: Vec<String> = now.iter().filter(|domain| !is_gone(domain)).cloned().collect();
    wanted.extend(own.filter(|own| !now.iter().any(|domain| domain == own)).map(str::to_owned));
    (wanted != now).then_some(wanted)
}

/// The host of an address, and its port where it has one of its own.
fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_sites_gone_channels_go() {
        let channel = |url: &str| ChannelState {
            id: String::new(),
            url: url.to_owned(),
            expires: String::new(),
            updated: String::new(),
            retained: None,
            release: None,
        };
        let now = [
            "localhost",
            "a.web.app",
            "a--old-1.web.app",
            "a--new-2.web.app",
            "a--x.firebaseapp.com",
            "b--old-1.web.app",
        ]
        .map(str::to_owned);
        let channels = [channel("https://a.web.app"), channel("https://a--new-2.web.app")];
        let list = |own| wanted(&now, "a", &channels, own);
        let kept = ["localhost", "a.web.app", "a--new-2.web.app", "a--x.firebaseapp.com", "b--old-1.web.app"];
        assert_eq!(list(None).expect("a change"), kept);
        assert_eq!(list(Some("a--new-2.web.app")).expect("a change"), kept);
        let more = list(Some("a--newer-3.web.app")).expect("a change");
        assert_eq!((more.len(), more[5].as_str()), (6, "a--newer-3.web.app"));
        assert_eq!(wanted(&now[..2], "a", &channels, None), None);
    }
}
