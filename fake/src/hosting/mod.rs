//! What visitors of a Hosting channel get: the release it shows, in Hosting's order. Reserved paths,
//! redirects, files, rewrites, the page for what is missing.

mod files;
mod glob;
mod i18n;
mod media;
mod pattern;
mod redirects;

use crate::call::Call;
use crate::reply::{Manner, Reply};
use crate::uri;
use crate::visit;
use crate::world::{HostingSite, HostingVersion, Page, World, unpacked};
use files::Found;
use pattern::Pattern;
use serde_json::Value;
use std::time::Duration;

/// The region of a rewrite to Cloud Run that names none.
const REGION: &str = "us-central1";
/// The site's own page for what is missing.
const MISSING: &str = "/404.html";

/// Answers a request to a channel's address; also says which revision of a service answered, if one
/// did. An address outlives its channel and then shows nothing.
pub(crate) fn answer(
    world: &mut World,
    site: &str,
    channel: &str,
    url: &str,
    call: &mut Call,
) -> (Reply, Option<String>) {
    let token = call.bearer().is_some_and(|token| world.tokens.contains_key(token));
    if token {
        world.unexpected.push(format!("an access token was sent to {url}: it is for Google's APIs alone"));
    }
    let delay = match scripted(world, site, channel, call) {
        Scripted::Reply(reply) => return (reply, None),
        Scripted::Later(delay) => delay,
    };
    let now = world.now();
    let shown = world.hosting.get(site).and_then(|known| {
        let open = known.channel(channel).filter(|open| open.url == url && !open.is_over(now))?;
        Some((known, known.shown_on(&open.id)?))
    });
    let Some((known, version)) = shown else {
        return (Reply::page(404, "Site Not Found", "There is no site here, or nothing was released yet."), None);
    };
    let path = collapsed(&uri::decode(&call.path, false));
    let id = version.id.clone();
    let (reply, revision) = match decide(known, version, &path, call) {
        Decision::Reply(reply) => (reply, None),
        Decision::Run { service, tag, headers } => {
            let (mut reply, revision) = visit::answer(world, &service, tag.as_deref(), call);
            headers.into_iter().for_each(|(name, value)| set(&mut reply, &name, value));
            (reply, revision)
        }
    };
    let delay = delay.max(reply.delay);
    (Reply { delay, ..reply }.with("x-fake-version", id), revision)
}

/// What a script says about a request.
enum Scripted {
    /// This is the answer.
    Reply(Reply),
    /// The site answers, so much later.
    Later(Duration),
}

fn scripted(world: &mut World, site: &str, channel: &str, call: &Call) -> Scripted {
    let Some(site) = world.hosting.get_mut(site) else { return Scripted::Later(Duration::ZERO) };
    let shown = site.shown_on(channel).map_or(0, |version| version.number);
    let fits = |script: &&mut crate::world::VersionScript| script.channel == channel && shown >= script.from_version;
    let Some(script) = site.scripts.iter_mut().find(fits) else { return Scripted::Later(Duration::ZERO) };
    if script.answers.warm_up > 0 {
        script.answers.warm_up -= 1;
        return Scripted::Reply(Reply::page(503, "Service Unavailable", "The site is not there yet."));
    }
    match script.answers.pages.get(&call.path).unwrap_or(&script.answers.otherwise) {
        Page::Fine => Scripted::Later(Duration::ZERO),
        Page::Slow(delay) => Scripted::Later(*delay),
        Page::Body(status, kind, body) => Scripted::Reply(Reply::new(*status, kind, body.clone())),
        Page::Redirect(url) => Scripted::Reply(Reply::empty(302).with("Location", url.clone())),
        Page::Reset => Scripted::Reply(Reply::lost(Manner::Cut)),
        Page::Hang => Scripted::Reply(Reply::lost(Manner::Never)),
    }
}

/// Who answers.
enum Decision {
    /// The site itself.
    Reply(Reply),
    /// A Cloud Run service.
    Run {
        /// Full name.
        service: String,
        /// Tag.
        tag: Option<String>,
        /// Headers the configuration adds.
        headers: Vec<(String, String)>,
    },
}

fn decide(site: &HostingSite, version: &HostingVersion, path: &str, call: &Call) -> Decision {
    if path.starts_with("/__/") {
        return Decision::Reply(Reply::page(404, "Not Found", "Reserved paths are not simulated."));
    }
    let query = call.query.iter().map(|(name, value)| format!("{}={}", uri::encode(name), uri::encode(value)));
    let query = query.collect::<Vec<_>>().join("&");
    if let Some(reply) = redirects::answer(&version.config, path, &query) {
        return Decision::Reply(reply);
    }
    let reads = matches!(call.verb.as_str(), "GET" | "HEAD");
    match files::find(version, path, call).filter(|_| reads) {
        Some(Found::File(file)) => {
            // The page for what is missing is no page of its own.
            let status = if file == MISSING { 404 } else { 200 };
            return Decision::Reply(content(site, version, &file, path, status, call));
        }
        Some(Found::Elsewhere(to)) => return Decision::Reply(redirects::to(301, &to, &query)),
        None => {}
    }
    rewrite(site, version, path, call).unwrap_or_else(|| Decision::Reply(missing(site, version, call)))
}

fn rewrite(site: &HostingSite, version: &HostingVersion, path: &str, call: &Call) -> Option<Decision> {
    let rules = version.config["rewrites"].as_array()?;
    let rule = rules.iter().find(|rule| Pattern::of(rule).is_some_and(|pattern| pattern.fits(path)))?;
    if let Some(destination) = rule["path"].as_str() {
        // Translations are for exact files and for the page of what is missing.
        let file = version.files.contains_key(destination).then_some(destination)?;
        return Some(Decision::Reply(content(site, version, file, path, 200, call)));
    }
    let text = |field: &str| rule["run"][field].as_str();
    let Some(service) = text("serviceId") else {
        // There are no functions of the 1st generation here: one that is not there is 404.
        return Some(Decision::Reply(Reply::page(
            404,
            "Page not found",
            "The requested URL was not found on this server.",
        )));
    };
    let region = text("region").unwrap_or(REGION);
    Some(Decision::Run {
        service: format!("projects/{}/locations/{region}/services/{service}", site.project),
        tag: text("tag").map(str::to_owned),
        headers: headers(&version.config, path),
    })
}

/// The site's own page for what is missing, or Hosting's.
fn missing(site: &HostingSite, version: &HostingVersion, call: &Call) -> Reply {
    match files::translated(version, MISSING, call) {
        Some(file) => content(site, version, &file, MISSING, 404, call),
        None => Reply::page(404, "Page Not Found", "This file does not exist and there was no index.html in it."),
    }
}

/// A file as it is sent; `path` is the one the headers of the configuration are for.
fn content(site: &HostingSite, version: &HostingVersion, file: &str, path: &str, status: u16, call: &Call) -> Reply {
    let hash = version.files.get(file).map_or("", String::as_str);
    let stored = site.content.get(hash).cloned().unwrap_or_default();
    let tag = format!("\"{hash}\"");
    let known = call.header("if-none-match").is_some_and(|known| known.contains(&tag));
    let mut reply = if known && status == 200 {
        Reply::empty(304)
    } else if call.header("accept-encoding").is_some_and(|accepted| accepted.contains("gzip")) {
        Reply::new(status, media::kind(file), stored).with("Content-Encoding", "gzip")
    } else {
        Reply::new(status, media::kind(file), unpacked(&stored))
    };
    set(&mut reply, "Cache-Control", "max-age=3600".to_owned());
    set(&mut reply, "ETag", tag);
    set(&mut reply, "Vary", "accept-encoding".to_owned());
    headers(&version.config, path).into_iter().for_each(|(name, value)| set(&mut reply, &name, value));
    reply
}

/// The headers a configuration adds on a path; later ones win.
fn headers(config: &Value, path: &str) -> Vec<(String, String)> {
    let rules = config["headers"].as_array().into_iter().flatten();
    let fitting = rules.filter(|rule| Pattern::of(rule).is_some_and(|pattern| pattern.fits(path)));
    let pairs = fitting.filter_map(|rule| rule["headers"].as_object()).flatten();
    pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// Sets a header in place of any of the same name. One that HTTP does not allow is left out.
fn set(reply: &mut Reply, name: &str, value: String) {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(legal) || value.chars().any(char::is_control) {
        return;
    }
    reply.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    reply.headers.push((name.to_owned(), value));
}

/// Several slashes in a row are one.
fn collapsed(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !out.ends_with('/') {
            out.push(letter);
        }
    }
    out
}
