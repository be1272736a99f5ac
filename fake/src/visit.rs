//! The data plane: a request to a deployed service, past Google's front end to a revision.

use crate::call::Call;
use crate::iap;
use crate::jwt;
use crate::reply::{Manner, Reply};
use crate::world::{IamPolicy, Page, Service, World};
use serde_json::{Value, json};

/// Answers a request to a service's address or to a tag's; also says which revision answered.
pub(crate) fn answer(world: &mut World, name: &str, tag: Option<&str>, call: &mut Call) -> (Reply, Option<String>) {
    if call.path == "/healthz" {
        return (Reply::robot(&call.path), None);
    }
    let Some(service) = world.services.get(name) else { return (nothing_here(), None) };
    let tagged = |wanted: &str| service.serving.iter().find(|share| share.tag.as_deref() == Some(wanted));
    let open = service.config.get("ingress").and_then(Value::as_str) == Some("INGRESS_TRAFFIC_ALL");
    let has_url = service.config.get("defaultUriDisabled") != Some(&Value::Bool(true));
    if !open || !has_url || tag.is_some_and(|tag| tagged(tag).is_none()) {
        return (nothing_here(), None);
    }
    let proxied = service.config.get("iapEnabled") == Some(&Value::Bool(true));
    let admitted = if proxied {
        let addresses = tag.and_then(|tag| service.tag_urls.get(tag)).into_iter().chain(&service.urls);
        let host = call.header("host").unwrap_or_default().to_owned();
        let address = addresses.into_iter().find(|url| url.ends_with(&format!("//{host}"))).cloned();
        iap::admit(world, service, &address.unwrap_or_default(), call).and_then(|()| iap::passes_on(world, service))
    } else {
        admit(world, name, call)
    };
    if let Err(refusal) = admitted {
        return (refusal, None);
    }
    let Some(service) = world.services.get_mut(name) else { return (nothing_here(), None) };
    let revision = match tag {
        Some(tag) => service.serving.iter().find(|share| share.tag.as_deref() == Some(tag)),
        None => weighted(service),
    };
    let Some(revision) = revision.map(|share| share.revision.clone()) else {
        return (Reply::page(503, "Service Unavailable", "The service has no revision that can serve."), None);
    };
    service.requests += u64::from(tag.is_none());
    let counted = if tag.is_some() { &mut world.served_by_tag } else { &mut world.served };
    *counted.entry(revision.clone()).or_default() += 1;
    (of_revision(world, name, &revision, call), Some(revision))
}

/// A visitor asks a service, by its short name, for its first page; the status says how it went.
pub(crate) fn by_anyone(world: &mut World, service: &str) -> u16 {
    let found = world.services.values().find(|known| known.short_name() == service);
    let Some(name) = found.map(|found| found.name.clone()) else { return nothing_here().status };
    answer(world, &name, None, &mut Call::of_visitor("/")).0.status
}

/// The share the next request goes to. 61 and 100 have no common factor, so that in every hundred
/// requests each share gets exactly its per cent, well mixed.
fn weighted(service: &Service) -> Option<&crate::world::Share> {
    let slot = service.requests * 61 % 100;
    let mut edge = 0;
    service.serving.iter().find(|share| {
        edge += share.percent;
        slot < edge
    })
}

fn nothing_here() -> Reply {
    Reply::page(404, "Page not found", "The requested URL was not found on this server.")
}

/// Lets a request pass if the service is public or the caller may invoke it.
fn admit(world: &mut World, name: &str, call: &mut Call) -> Result<(), Reply> {
    if call.bearer().is_some_and(|token| world.tokens.contains_key(token) || token.starts_with("ya29.")) {
        world.unexpected.push(format!("an access token was sent to {name}: it is for Google's APIs alone"));
    }
    let Some(service) = world.services.get_mut(name) else { return Ok(()) };
    let policy = current_policy(service);
    let Some(service) = world.services.get(name) else { return Ok(()) };
    let iam_is_off = service.config.get("invokerIamDisabled") == Some(&Value::Bool(true));
    let may = |email: &str| world.allows(email, "run.routes.invoke", service.project(), Some(&policy));
    if iam_is_off || may("") {
        return Ok(());
    }
    let path = call.path.clone();
    let forbidden = || {
        let sentence = format!("Your client does not have permission to get URL <code>{path}</code> from this server.");
        Reply::page(403, "Forbidden", &sentence)
    };
    let Some(token) = call.bearer() else { return Err(forbidden()) };
    let claims = jwt::read(token).filter(jwt::Parts::is_genuine);
    let Some(email) = claims.and_then(|claims| proven(world, service, &claims)) else {
        let sentence = format!("Your client does not have permission to the requested URL <code>{path}</code>.");
        let challenge = "Bearer error=\"invalid_token\" error_description=\"The access token could not be verified\"";
        return Err(Reply::page(401, "Unauthorized", &sentence).with("WWW-Authenticate", challenge));
    };
    let allowed = may(&email);
    call.account = email;
    if allowed { Ok(()) } else { Err(forbidden()) }
}

/// The policy as the front end knows it: changes take some requests to arrive.
fn current_policy(service: &mut Service) -> IamPolicy {
    match &mut service.stale_policy {
        Some((old, left)) if *left > 0 => {
            *left -= 1;
            old.clone()
        }
        _ => service.policy.clone(),
    }
}

/// The e-mail an ID token proves to this service.
fn proven(world: &World, service: &Service, claims: &jwt::Parts) -> Option<String> {
    let audience = claims.text("aud")?;
    let custom = service.config.get("customAudiences").and_then(Value::as_array);
    let known =
        service.urls.iter().any(|url| url == audience) || custom.into_iter().flatten().any(|known| known == audience);
    let email = claims.text("email")?;
    let fresh = claims.seconds("exp")? > world.now_seconds();
    // For people Cloud Run takes tokens that gcloud got for itself, whatever the service.
    let person = world.people.contains_key(email) && World::CLIENTS.contains(&audience);
    (fresh && (person || known && world.accounts.contains_key(email))).then(|| email.to_owned())
}

/// What the revision's program answers.
fn of_revision(world: &mut World, name: &str, revision: &str, call: &Call) -> Reply {
    let service = name.rsplit('/').next().unwrap_or_default();
    let own = world.revisions.iter_mut().find(|known| known.service == name && known.name == revision);
    let own = own.and_then(|known| known.site.as_mut());
    let made_up = !world.makes_nothing_up;
    let mut fallback = crate::world::Site::healthy();
    let site = own.or_else(|| world.sites.get_mut(service)).unwrap_or(&mut fallback);
    let reply = if site.warm_up > 0 {
        site.warm_up -= 1;
        Reply::page(503, "Service Unavailable", "The service is starting.")
    } else {
        match site.pages.get(&call.path).unwrap_or(&site.otherwise) {
            Page::Fine => fine(service, revision, made_up),
            Page::Body(status, kind, body) => Reply::new(*status, kind, body.clone()),
            Page::Redirect(url) => Reply::empty(302).with("Location", url.clone()),
            Page::Reset => Reply::lost(Manner::Cut),
            Page::Hang => Reply::lost(Manner::Never),
            Page::Slow(delay) => Reply { delay: *delay, ..fine(service, revision, made_up) },
        }
    };
    reply.with("x-fake-revision", revision)
}

/// The header by which the world says that no program was asked.
pub(crate) const NOT_RUN: &str = "x-fake-not-run";

/// What a program would answer that is well.
fn fine(service: &str, revision: &str, made_up: bool) -> Reply {
    if !made_up {
        let text = format!("No program runs here: this is revision {revision} of {service} on the embedded cloud.\n");
        return Reply::new(501, "text/plain; charset=utf-8", text).with(NOT_RUN, "true");
    }
    Reply::new(200, "application/json", json!({"status": "ok", "service": service, "revision": revision}).to_string())
}
