//! Whether visitors of a site reach the service behind a rewrite: Hosting asks it from outside the project's networks
//! and without an identity (firebase.google.com/docs/hosting/cloud-run).

use serde_json::Value;

use super::serving::{Function, RewriteService, RewriteTargets};
use crate::inputs::firebase::{Rewrite, RewriteTarget};
use slipway_names::access::Callers;

/// What a service that is deployed together with the site will be like, as far as the manifest says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// The service.
    pub service: RewriteService,
    /// Whether requests from everywhere come in, where that is said.
    pub open: Option<bool>,
    /// Whether everybody may call it, by a grant or because nobody is asked, where that is said.
    pub public: Option<bool>,
    /// Whether that is decided when it is made: a preview is as open as the live service.
    pub later: bool,
}

/// Whether visitors get through to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Nothing keeps them out.
    Open,
    /// Only callers with a grant of their own get in.
    Private,
    /// Identity-Aware Proxy stands in front of it.
    Proxied,
    /// Only the project's networks reach it, by this setting.
    Internal(String),
    /// The settings could not be read, or are not known yet.
    Unknown,
}

impl Reach {
    /// What keeps visitors out, with the setting; nothing where nothing is known to.
    pub fn obstacle(&self) -> Option<String> {
        match self {
            Reach::Open | Reach::Unknown => None,
            Reach::Private => Some(
                "is private (`allUsers` lacks `roles/run.invoker`, which `allow_unauthenticated: true` grants)"
                    .to_owned(),
            ),
            Reach::Proxied => Some("stands behind Identity-Aware Proxy, which lets in whom it knows".to_owned()),
            Reach::Internal(word) => Some(format!("is reached from inside the project alone (`ingress: {word}`)")),
        }
    }

    /// What visitors get instead of it. Source: Cloud Run's troubleshooting page, 403 and 404.
    pub fn status(&self) -> &'static str {
        match self {
            Reach::Internal(_) => "404 or 403",
            Reach::Proxied => "the way to sign in, or 401",
            _ => "403",
        }
    }
}

/// Whether visitors get through to a service: what it is now, under what is coming. `callers` is who may call it now,
/// where that is known.
pub fn reach(now: Option<&Value>, callers: Option<Callers>, coming: Option<&Coming>) -> Reach {
    let text = |key: &str| now.and_then(|now| now.get(key)?.as_str());
    let open = coming.and_then(|coming| coming.open);
    let ingress = text("ingress").unwrap_or("INGRESS_TRAFFIC_ALL");
    match (open, ingress) {
        (Some(true), _) | (None, "INGRESS_TRAFFIC_ALL" | "INGRESS_TRAFFIC_UNSPECIFIED") => {}
        (Some(false), _) => return Reach::Internal("internal".to_owned()),
        (None, other) => {
            let word = other.trim_start_matches("INGRESS_TRAFFIC_").to_ascii_lowercase().replace('_', "-");
            return Reach::Internal(word.replace("internal-only", "internal"));
        }
    }
    match (callers, coming.and_then(|coming| coming.public)) {
        (Some(Callers::Proxied), _) => Reach::Proxied,
        (_, Some(true)) | (Some(Callers::Everybody | Callers::Unchecked), None) => Reach::Open,
        (_, Some(false)) | (Some(Callers::Granted), None) => Reach::Private,
        // A service that is not there yet begins with an empty policy.
        (None, None) => {
            if now.is_none() && !coming.is_some_and(|coming| coming.later) {
                Reach::Private
            } else {
                Reach::Unknown
            }
        }
    }
}

/// The service that a rewrite leads to, where it is known.
pub fn behind(rewrite: &Rewrite, resolved: &RewriteTargets) -> Option<RewriteService> {
    match &rewrite.to {
        RewriteTarget::Run { service, region, .. } => {
            Some(RewriteService { region: region.clone(), name: service.clone() })
        }
        RewriteTarget::Function { id, region, .. } => {
            resolved.service(&Function { id: id.clone(), region: region.clone() }).cloned()
        }
        RewriteTarget::File(_) | RewriteTarget::DynamicLinks => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn coming(open: Option<bool>, public: Option<bool>) -> Coming {
        Coming { service: RewriteService { region: "r".into(), name: "s".into() }, open, public, later: false }
    }

    #[test]
    fn a_service_is_reached_when_nothing_keeps_visitors_out() {
        let all = json!({"ingress": "INGRESS_TRAFFIC_ALL"});
        let internal = json!({"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"});
        let balanced = json!({"ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"});
        assert_eq!(reach(Some(&all), Some(Callers::Everybody), None), Reach::Open);
        assert_eq!(reach(Some(&all), Some(Callers::Unchecked), None), Reach::Open);
        assert_eq!(reach(Some(&all), Some(Callers::Granted), None), Reach::Private);
        assert_eq!(reach(Some(&all), Some(Callers::Proxied), None), Reach::Proxied);
        assert_eq!(reach(Some(&all), None, None), Reach::Unknown);
        assert_eq!(reach(Some(&internal), Some(Callers::Everybody), None), Reach::Internal("internal".into()));
        let all_inside = Reach::Internal("internal-load-balancer".into());
        assert_eq!(reach(Some(&balanced), Some(Callers::Everybody), None), all_inside);
    }

    #[test]
    fn what_is_coming_counts_before_what_is() {
        let all = json!({"ingress": "INGRESS_TRAFFIC_ALL"});
        assert_eq!(reach(None, None, Some(&coming(None, None))), Reach::Private, "a new service");
        assert_eq!(reach(None, None, Some(&coming(None, Some(true)))), Reach::Open);
        assert_eq!(reach(Some(&all), Some(Callers::Granted), Some(&coming(None, Some(true)))), Reach::Open);
        let closing = reach(Some(&all), Some(Callers::Everybody), Some(&coming(Some(false), None)));
        assert_eq!(closing, Reach::Internal("internal".into()));
        let internal = json!({"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"});
        assert_eq!(reach(Some(&internal), Some(Callers::Everybody), Some(&coming(Some(true), None))), Reach::Open);
    }
}
