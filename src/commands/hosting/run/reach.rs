//! Whether visitors get through the rewrites: by the settings of what is behind them, and by asking the released
//! address as a visitor does, without an identity.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::Url;

use super::paths::PlannedSite;
use super::pins::Looked;
use super::{SiteContext, fact};
use crate::commands::hosting::inputs::SiteWork;
use crate::commands::hosting::reach::{Coming, Reach, behind, reach};
use crate::commands::hosting::serving::{RewriteService, RewriteTargets};
use crate::facts::Facts;
use crate::inputs::firebase::{RewriteTarget, Serving};
use crate::probe::Answer;
use crate::service::again;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Service as Found};
use slipway_google::invoker;
use slipway_names::hosting::{Backend, LIVE};
use slipway_names::ids::{Region, ServiceName};

/// Refuses a live site of a manifest that deploys both halves, where the manifest itself keeps the visitors out; no
/// question is asked.
///
/// # Errors
/// The first such rewrite.
pub(crate) fn by_manifest(context: &SiteContext<'_>) -> Result<(), Failure> {
    let SiteWork::Deploy(upload) = &context.hosting.what else { return Ok(()) };
    if context.hosting.channel() != LIVE {
        return Ok(());
    }
    let resolved = RewriteTargets::default();
    for rewrite in upload.sites.iter().flat_map(|source| &source.serving.rewrites) {
        let Some(service) = behind(rewrite, &resolved) else { continue };
        let Some(coming) = context.coming.iter().find(|coming| coming.service == service) else { continue };
        let said = match (coming.open, coming.public) {
            (Some(false), _) => reach(None, None, Some(coming)),
            (_, Some(false)) => Reach::Private,
            _ => continue,
        };
        refuse(context, &rewrite.path, &service, &said)?;
    }
    Ok(())
}

/// The same before anything is built, by what a service of the manifest is now.
///
/// # Errors
/// The first rewrite whose visitors could not get through.
pub(crate) async fn beforehand(
    context: &SiteContext<'_>,
    service: &RewriteService,
    now: Option<Value>,
) -> Result<(), Failure> {
    let SiteWork::Deploy(upload) = &context.hosting.what else { return Ok(()) };
    if context.hosting.channel() != LIVE || context.hosting.allow_private_rewrites {
        return Ok(());
    }
    let resolved = RewriteTargets::default();
    let mut rewrites = upload.sites.iter().flat_map(|source| &source.serving.rewrites);
    let Some(rewrite) = rewrites.find(|rewrite| behind(rewrite, &resolved).as_ref() == Some(service)) else {
        return Ok(());
    };
    let looked = Looked { services: BTreeMap::from([(service.clone(), now)]), ..Looked::default() };
    let reach = of_service(context, service, &looked).await;
    refuse(context, &rewrite.path, service, &reach)
}

/// Looks at the settings of what is behind the rewrites, and keeps what the released address is to be asked.
///
/// # Errors
/// When visitors cannot get through, on live, and the manifest deploys both halves.
pub(super) async fn look(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    serving: &Serving,
    looked: &Looked,
    site: &PlannedSite<'_>,
) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    let mut backends = Vec::new();
    for rewrite in &serving.rewrites {
        let service = behind(rewrite, &looked.resolved);
        let what = match (&service, &rewrite.to) {
            (Some(service), _) => format!("service `{}` in `{}`", service.name, service.region),
            (None, RewriteTarget::Function { id, .. }) => format!("function `{id}`"),
            (None, _) => continue,
        };
        let asks = site.sample(rewrite);
        if !seen.insert(what.clone()) {
            // The first of its rewrites that can be asked speaks for all.
            let same =
                backends.iter_mut().find(|backend: &&mut Backend| backend.what == what && backend.asks.is_none());
            if let Some(backend) = same {
                backend.asks = asks;
            }
            continue;
        }
        let reach = match &service {
            Some(service) => of_service(context, service, looked).await,
            None => Reach::Unknown,
        };
        if let Some(service) = &service
            && fact(facts, index).is_live()
            && context.coming.iter().any(|coming| coming.service == *service)
        {
            refuse(context, &rewrite.path, service, &reach)?;
        }
        backends.push(Backend {
            rewrite: rewrite.path.clone(),
            what,
            obstacle: reach.obstacle(),
            status: reach.status().to_owned(),
            open: reach == Reach::Open,
            asks,
        });
    }
    facts.sites[index].backends = backends;
    Ok(())
}

/// Whether visitors get through to a service.
async fn of_service(context: &SiteContext<'_>, service: &RewriteService, looked: &Looked) -> Reach {
    let coming: Option<&Coming> = context.coming.iter().find(|coming| coming.service == *service);
    let Some(now) = looked.services.get(service) else { return Reach::Unknown };
    let mut callers = None;
    if let Some(now) = now
        && let (Ok(region), Ok(name)) = (Region::parse(&service.region), ServiceName::parse(&service.name))
    {
        let name = cloud_run::service_name(context.hosting.project.as_str(), &region, &name);
        // What may not be looked at shows itself when the address is asked.
        callers = invoker::callers(context.http, &name, Found::from_json(now.clone()).front()).await.ok();
    }
    reach(now.as_ref(), callers, coming)
}

fn refuse(context: &SiteContext<'_>, rewrite: &str, service: &RewriteService, reach: &Reach) -> Result<(), Failure> {
    let Some(obstacle) = reach.obstacle().filter(|_| !context.hosting.allow_private_rewrites) else { return Ok(()) };
    let what = format!(
        "`{rewrite}` leads to service `{}` in `{}`, which {obstacle}: visitors of the live site would get {}",
        service.name,
        service.region,
        reach.status()
    );
    let cure = match reach {
        Reach::Internal(_) => "Give the service `ingress: all`",
        Reach::Proxied => "Switch Identity-Aware Proxy off for the service",
        _ => "Give the service `allow_unauthenticated: true`",
    };
    Err(Failure::plain(Class::Config, what).hint(format!(
        "{cure}: Hosting asks it from outside and without an identity. Or write `allow_private_rewrites: true` for the site"
    )))
}

/// Says what keeps visitors out, where nothing is released that could be asked.
pub(super) fn tell(context: &SiteContext<'_>, facts: &mut Facts, index: usize) {
    for backend in fact(facts, index).backends.clone() {
        if let Some(obstacle) = &backend.obstacle {
            let Backend { rewrite, what, status, .. } = &backend;
            context.warn(facts, format!("`{rewrite}` leads to {what}, which {obstacle}: visitors will get {status}"));
        }
    }
}

/// Asks the released address for a path of each rewrite, as a visitor does, and says where visitors do not get through.
pub(super) async fn ask(context: &SiteContext<'_>, facts: &mut Facts, index: usize) {
    let base = fact(facts, index).url.as_deref().and_then(|url| Url::parse(url).ok());
    for backend in fact(facts, index).backends.clone() {
        let url = base.as_ref().zip(backend.asks.as_ref()).and_then(|(base, path)| base.join(path).ok());
        let answer = match &url {
            Some(url) => Some(answer(context, url, &backend).await),
            None => None,
        };
        if let Some(text) = judge(&backend, answer.as_ref()) {
            context.warn(facts, text);
        }
    }
}

/// Asks until visitors get through: a new release is not everywhere at once.
async fn answer(context: &SiteContext<'_>, url: &Url, backend: &Backend) -> Answer {
    let look = async || Ok::<_, std::convert::Infallible>(context.probe.ask("GET", url, None, |_| true).await);
    match again::until(context.clock(), look, |answer| judge(backend, Some(answer)).is_none()).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

/// What is to be said about a backend by what it answered; nothing where visitors get through. A program may answer
/// 401, 403 and 404 itself: those count only where a setting does not speak against it.
fn judge(backend: &Backend, answer: Option<&Answer>) -> Option<String> {
    let Backend { rewrite, what, obstacle, status, open, asks } = backend;
    let leads = format!("`{rewrite}` leads to {what}");
    let got = answer.and_then(|answer| answer.status);
    if got.is_some_and(|status| status < 400) {
        return None;
    }
    let asked = asks.as_deref().unwrap_or_default();
    let shown = answer.map(|answer| match answer.status {
        Some(status) => format!("`GET {asked}` is answered with {status}"),
        None => format!("`GET {asked}` is not answered ({})", answer.text),
    });
    match (obstacle, shown, got) {
        (Some(obstacle), Some(shown), _) => Some(format!("{leads}, which {obstacle}: {shown} to visitors")),
        (Some(obstacle), None, _) => Some(format!("{leads}, which {obstacle}: visitors get {status}")),
        (None, Some(shown), Some(500..) | None) => Some(format!("{leads}: {shown} to visitors")),
        (None, Some(shown), Some(401 | 403 | 404)) if !open => {
            Some(format!("{leads}, whose settings could not be read: {shown} to visitors"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_answered_is_judged_by_what_the_settings_say() {
        let backend = |obstacle: Option<&str>, open| Backend {
            rewrite: "hosting.rewrites[0]".into(),
            what: "service `api` in `r`".into(),
            obstacle: obstacle.map(str::to_owned),
            status: "403".into(),
            open,
            asks: Some("/api".into()),
        };
        let answer = |status| Answer { status, text: "why".into(), headers: Vec::new(), not_run: false };
        let told = |backend: &Backend, status| judge(backend, Some(&answer(status)));
        let (private, open, unknown) = (backend(Some("is private"), false), backend(None, true), backend(None, false));
        assert!(told(&private, Some(403)).expect("told").contains("which is private: `GET /api` is answered with 403"));
        assert!(judge(&private, None).expect("told").ends_with("visitors get 403"));
        assert_eq!(told(&private, Some(200)), None, "visitors get through, whatever the settings say");
        for status in [200, 302, 401, 403, 404, 405] {
            assert_eq!(told(&open, Some(status)), None, "{status} is the program's own");
        }
        assert!(told(&open, Some(503)).is_some() && told(&open, None).expect("told").contains("not answered (why)"));
        assert!(told(&unknown, Some(403)).expect("told").contains("could not be read"));
        assert_eq!(judge(&unknown, None), None);
    }
}
