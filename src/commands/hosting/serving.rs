//! From what a site serves to the `ServingConfig` of Hosting, as firebase-tools sends it; and what
//! has to be known about services and functions before.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::inputs::firebase::{DEFAULT_REGION, Pattern, Redirect, Rewrite, RewriteTarget, Serving};
use slipway_failure::{Class, Explain};
use slipway_names::json::set;

/// A tag and its service's name may have this many characters together. Source: Cloud Run's own error.
const TAG_AND_SERVICE: usize = 46;

/// A Cloud Run service in its region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RewriteService {
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
}

/// A function as a rewrite names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// Its name.
    pub id: String,
    /// Its region, where the rewrite says it; [`Function::region`] has it in every case.
    pub region: Option<String>,
}

impl Function {
    /// The region to look for it in.
    pub fn region(&self) -> &str {
        self.region.as_deref().unwrap_or(DEFAULT_REGION)
    }

    /// The Cloud Run service that is behind it when it is of the 2nd generation, where nothing else is known of its
    /// region.
    pub fn service(&self) -> RewriteService {
        self.in_region(self.region())
    }

    /// The Cloud Run service that is behind it in a region: its name in lowercase, with dashes for underscores.
    pub fn in_region(&self, region: &str) -> RewriteService {
        RewriteService { region: region.to_owned(), name: self.id.to_ascii_lowercase().replace('_', "-") }
    }
}

/// What a function was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Generation {
    /// 1st generation, in this region.
    First {
        /// The region it is in.
        region: String,
    },
    /// 2nd generation: a Cloud Run service.
    Second(RewriteService),
}

/// What was learned about the targets of rewrites. What is not in it was not found: firebase-tools sends such
/// rewrites without a tag, or as a function's bare name, and so does this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RewriteTargets {
    /// The tag that each service's rewrite is pinned to.
    pub tags: BTreeMap<RewriteService, String>,
    /// What each function is.
    pub functions: BTreeMap<Function, Generation>,
}

impl RewriteTargets {
    /// The service that a function was found to be.
    pub fn service(&self, function: &Function) -> Option<&RewriteService> {
        match self.functions.get(function)? {
            Generation::Second(service) => Some(service),
            Generation::First { .. } => None,
        }
    }
}

/// Where a function of the 2nd generation is, by the regions that have a service of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// In this region.
    At(String),
    /// In several, of which the usual one is taken.
    Usual(Vec<String>),
    /// In several, none of which is the usual one: the rewrite must say which.
    Several(Vec<String>),
    /// Not in the region that the rewrite says, but in these.
    Elsewhere(Vec<String>),
    /// Nowhere; it may be one of the 1st generation.
    Nowhere,
}

/// Finds a function as firebase-tools does. Source: its `findEndpointForRewrite`.
pub fn whereabouts(function: &Function, regions: &[String]) -> Whereabouts {
    let has = |region: &str| regions.iter().any(|other| other == region);
    match (&function.region, regions) {
        (_, []) => Whereabouts::Nowhere,
        (Some(region), _) if has(region) => Whereabouts::At(region.clone()),
        (Some(_), others) => Whereabouts::Elsewhere(others.to_vec()),
        (None, [one]) => Whereabouts::At(one.clone()),
        (None, several) if has(DEFAULT_REGION) => Whereabouts::Usual(several.to_vec()),
        (None, several) => Whereabouts::Several(several.to_vec()),
    }
}

/// Why a site cannot be served as its document says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServingError {
    /// Only Cloud Run services have revisions to be pinned to.
    #[error("`{path}`: the function `{function}` is of the 1st generation, which has no revision to pin to")]
    FirstGeneration {
        /// The rewrite's place in the document.
        path: String,
        /// The function.
        function: String,
    },
    /// Cloud Run refuses the tag.
    #[error("the service `{service}` cannot be pinned: its name and the tag `{tag}` have more than 46 characters")]
    TooLong {
        /// The service.
        service: String,
        /// The tag it would get.
        tag: String,
    },
    /// A version's id that no tag can be made of.
    #[error("the version `{version}` does not make a tag: lowercase letters, digits and dashes")]
    Version {
        /// The version's id.
        version: String,
    },
}

impl Explain for ServingError {
    fn class(&self) -> Class {
        match self {
            ServingError::FirstGeneration { .. } | ServingError::TooLong { .. } => Class::Config,
            ServingError::Version { .. } => Class::Infrastructure,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            ServingError::FirstGeneration { .. } => vec!["Take `pinTag` out of that rewrite".into()],
            ServingError::TooLong { service, tag } => vec![format!(
                "Take `pinTag` out of its rewrites, give its latest revision a shorter tag, or use a service whose \
                 name has at most {} characters (`{service}` has {})",
                TAG_AND_SERVICE.saturating_sub(tag.len()),
                service.len()
            )],
            ServingError::Version { .. } => Vec::new(),
        }
    }
}

/// The `config` of a version.
///
/// # Errors
/// A rewrite wants to pin a function of the 1st generation.
pub fn config(serving: &Serving, resolved: &RewriteTargets) -> Result<Value, ServingError> {
    let mut config = Map::new();
    let rewrites: Vec<Value> =
        serving.rewrites.iter().map(|one| rewrite(one, resolved)).collect::<Result<_, ServingError>>()?;
    let redirects: Vec<Value> = serving.redirects.iter().map(redirect).collect();
    let headers: Vec<Value> = serving
        .headers
        .iter()
        .map(|rule| {
            let map: Map<String, Value> = rule.headers.iter().map(|(k, v)| (k.clone(), v.as_str().into())).collect();
            with(&rule.pattern, "headers", map.into())
        })
        .collect();
    for (name, list) in [("rewrites", rewrites), ("redirects", redirects), ("headers", headers)] {
        if !list.is_empty() {
            config.insert(name.into(), list.into());
        }
    }
    let slash = serving.trailing_slash.map(|add| if add { "ADD" } else { "REMOVE" });
    let settings: [(&str, Option<Value>); 4] = [
        ("cleanUrls", serving.clean_urls.map(Value::from)),
        ("trailingSlashBehavior", slash.map(Value::from)),
        ("appAssociation", serving.app_association.map(|choice| choice.word().into())),
        ("i18n", serving.i18n_root.as_ref().map(|root| json!({"root": root}))),
    ];
    config.extend(settings.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Ok(config.into())
}

fn rewrite(rewrite: &Rewrite, resolved: &RewriteTargets) -> Result<Value, ServingError> {
    let to = |name: &str, value: Value| with(&rewrite.pattern, name, value);
    Ok(match &rewrite.to {
        RewriteTarget::File(path) => to("path", path.as_str().into()),
        RewriteTarget::DynamicLinks => to("dynamicLinks", true.into()),
        RewriteTarget::Run { service, region, pin } => {
            let service = RewriteService { region: region.clone(), name: service.clone() };
            to("run", run(&service, *pin, resolved))
        }
        RewriteTarget::Function { id, region, pin } => {
            match resolved.functions.get(&Function { id: id.clone(), region: region.clone() }) {
                Some(Generation::Second(service)) => to("run", run(service, *pin, resolved)),
                Some(Generation::First { .. }) if *pin => {
                    let (path, function) = (rewrite.path.clone(), id.clone());
                    return Err(ServingError::FirstGeneration { path, function });
                }
                Some(Generation::First { region }) => in_region(to("function", id.as_str().into()), Some(region)),
                None => in_region(to("function", id.as_str().into()), region.as_ref()),
            }
        }
    })
}

fn in_region(mut rewrite: Value, region: Option<&String>) -> Value {
    region.into_iter().for_each(|region| set(&mut rewrite, "functionRegion", region.as_str()));
    rewrite
}

fn run(service: &RewriteService, pin: bool, resolved: &RewriteTargets) -> Value {
    let mut run = json!({"serviceId": service.name, "region": service.region});
    let tag = resolved.tags.get(service).filter(|_| pin);
    tag.into_iter().for_each(|tag| set(&mut run, "tag", tag.as_str()));
    run
}

fn redirect(redirect: &Redirect) -> Value {
    let mut rule = with(&redirect.pattern, "location", redirect.location.as_str().into());
    set(&mut rule, "statusCode", redirect.status);
    rule
}

/// A rule: its pattern and what it does.
fn with(pattern: &Pattern, name: &str, value: Value) -> Value {
    let (kind, text) = match pattern {
        Pattern::Glob(glob) => ("glob", glob),
        Pattern::Regex(regex) => ("regex", regex),
    };
    json!({kind: text, name: value})
}

/// The Cloud Run services that rewrites name, each once, in the order of the document.
pub fn runs(serving: &Serving) -> Vec<RewriteService> {
    distinct(serving.rewrites.iter().filter_map(|rewrite| match &rewrite.to {
        RewriteTarget::Run { service, region, .. } => {
            Some(RewriteService { region: region.clone(), name: service.clone() })
        }
        _ => None,
    }))
}

/// The functions that rewrites name, each once, in the order of the document.
pub fn functions(serving: &Serving) -> Vec<Function> {
    distinct(serving.rewrites.iter().filter_map(|rewrite| match &rewrite.to {
        RewriteTarget::Function { id, region, .. } => Some(Function { id: id.clone(), region: region.clone() }),
        _ => None,
    }))
}

/// The services whose latest revision needs a tag, each once; functions that were found to be services are among
/// them.
pub fn pins(serving: &Serving, resolved: &RewriteTargets) -> Vec<RewriteService> {
    distinct(serving.rewrites.iter().filter_map(|rewrite| pinned(rewrite, resolved)))
}

/// The service that a rewrite wants to be pinned to.
fn pinned(rewrite: &Rewrite, resolved: &RewriteTargets) -> Option<RewriteService> {
    match &rewrite.to {
        RewriteTarget::Run { service, region, pin: true } => {
            Some(RewriteService { region: region.clone(), name: service.clone() })
        }
        RewriteTarget::Function { id, region, pin: true } => {
            match resolved.functions.get(&Function { id: id.clone(), region: region.clone() })? {
                Generation::Second(service) => Some(service.clone()),
                Generation::First { .. } => None,
            }
        }
        _ => None,
    }
}

/// The tag that a version gives to the revisions it is pinned to: `fh-` and the version's id.
///
/// # Errors
/// Tag and service are too long together, which Cloud Run would refuse; or no tag can be made of the id.
pub fn tag_for(version: &str, service: &str) -> Result<String, ServingError> {
    if version.is_empty() || !version.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(ServingError::Version { version: version.to_owned() });
    }
    let tag = format!("fh-{version}");
    if tag.len() + service.len() > TAG_AND_SERVICE {
        return Err(ServingError::TooLong { service: service.to_owned(), tag });
    }
    Ok(tag)
}

/// The patterns of rewrites that a preview would pin while the live site has the same rewrite to the same service
/// without a pin. firebase-tools refuses such a preview, because it would change what live serves. `live` is the `config` of the version that is released on `live`.
pub fn unsafe_pins(preview: &Serving, resolved: &RewriteTargets, live: &Value) -> Vec<String> {
    let unpinned: Vec<(&str, RewriteService)> = live["rewrites"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|rewrite| rewrite["run"].is_object() && rewrite["run"]["tag"].as_str().is_none_or(str::is_empty))
        .filter_map(|rewrite| {
            let pattern = rewrite["glob"].as_str().or_else(|| rewrite["regex"].as_str())?;
            let region = rewrite["run"]["region"].as_str().unwrap_or(DEFAULT_REGION).to_owned();
            Some((pattern, RewriteService { region, name: rewrite["run"]["serviceId"].as_str()?.to_owned() }))
        })
        .collect();
    let harms = |rewrite: &Rewrite| {
        let service = pinned(rewrite, resolved)?;
        let text = rewrite.pattern.text();
        unpinned.iter().any(|(pattern, other)| *pattern == text && *other == service).then(|| text.to_owned())
    };
    distinct(preview.rewrites.iter().filter_map(harms))
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.fold(Vec::new(), |mut seen, item| {
        if !seen.contains(&item) {
            seen.push(item);
        }
        seen
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::firebase::parse;

    fn serving(rewrites: &Value) -> Serving {
        let text = json!({"hosting": {"public": "dist", "rewrites": rewrites}}).to_string();
        let site = parse(&text).expect("sites").sites.remove(0);
        assert_eq!(site.mistakes, []);
        site.serving
    }

    fn service(region: &str, name: &str) -> RewriteService {
        RewriteService { region: region.into(), name: name.into() }
    }

    fn pinned_serving() -> Serving {
        serving(&json!([
            {"source": "/a", "run": {"serviceId": "web", "pinTag": true}},
            {"source": "/b", "run": {"serviceId": "web", "pinTag": true}},
            {"source": "/c", "run": {"serviceId": "web", "region": "europe-west1"}},
            {"source": "/d", "function": {"functionId": "sayHello_2", "pinTag": true}},
            {"source": "/e", "function": {"functionId": "gone", "region": "asia-east1", "pinTag": true}},
            {"source": "**", "destination": "/index.html"},
        ]))
    }

    fn resolved() -> RewriteTargets {
        let hello = Function { id: "sayHello_2".into(), region: None };
        let tags = [(hello.service(), "green"), (service("us-central1", "web"), "fh-1")];
        RewriteTargets {
            tags: tags.into_iter().map(|(service, tag)| (service, tag.to_owned())).collect(),
            functions: BTreeMap::from([(hello.clone(), Generation::Second(hello.service()))]),
        }
    }

    #[test]
    fn what_has_to_be_looked_up_is_listed_once() {
        let serving = pinned_serving();
        assert_eq!(runs(&serving), [service("us-central1", "web"), service("europe-west1", "web")]);
        let ids: Vec<String> = functions(&serving).into_iter().map(|function| function.id).collect();
        assert_eq!(ids, ["sayHello_2", "gone"]);
        let tagged = [service("us-central1", "web"), service("us-central1", "sayhello-2")];
        assert_eq!(pins(&serving, &resolved()), tagged);
        assert_eq!(pins(&serving, &RewriteTargets::default()), tagged[..1]);
    }

    #[test]
    fn tags_go_where_a_pin_is_wanted_and_a_tag_is_known() {
        let config = config(&pinned_serving(), &resolved()).expect("a config");
        assert_eq!(
            config["rewrites"],
            json!([
                {"glob": "/a", "run": {"serviceId": "web", "region": "us-central1", "tag": "fh-1"}},
                {"glob": "/b", "run": {"serviceId": "web", "region": "us-central1", "tag": "fh-1"}},
                {"glob": "/c", "run": {"serviceId": "web", "region": "europe-west1"}},
                {"glob": "/d", "run": {"serviceId": "sayhello-2", "region": "us-central1", "tag": "green"}},
                {"glob": "/e", "function": "gone", "functionRegion": "asia-east1"},
                {"glob": "**", "path": "/index.html"},
            ])
        );
    }

    #[test]
    fn a_function_is_where_its_service_is() {
        let function = |region: Option<&str>| Function { id: "api".into(), region: region.map(str::to_owned) };
        let regions = |all: &[&str]| all.iter().map(|&region| region.to_owned()).collect::<Vec<_>>();
        let found = |region, all: &[&str]| whereabouts(&function(region), &regions(all));
        let (west, usual, both) = (["europe-west1"], ["us-central1", "europe-west1"], ["europe-west1", "asia-east1"]);
        assert_eq!(found(None, &west), Whereabouts::At("europe-west1".into()));
        assert_eq!(found(None, &usual), Whereabouts::Usual(regions(&usual)));
        assert_eq!(found(None, &both), Whereabouts::Several(regions(&both)));
        assert_eq!(found(None, &[]), Whereabouts::Nowhere);
        assert_eq!(found(Some("europe-west1"), &both), Whereabouts::At("europe-west1".into()));
        assert_eq!(found(Some("us-central1"), &west), Whereabouts::Elsewhere(regions(&west)));
        assert_eq!(found(Some("us-central1"), &[]), Whereabouts::Nowhere);
    }

    #[test]
    fn the_first_generation_cannot_be_pinned() {
        let mut resolved = resolved();
        let hello = Function { id: "sayHello_2".into(), region: None };
        resolved.functions.insert(hello, Generation::First { region: "us-central1".into() });
        let error = config(&pinned_serving(), &resolved).expect_err("no pin");
        assert!(error.to_string().starts_with("`hosting.rewrites[3]`: the function `sayHello_2` is of the 1st"));
        assert_eq!(error.hints(), ["Take `pinTag` out of that rewrite"]);
    }

    #[test]
    fn a_tag_and_its_service_fit_together_or_are_refused_before() {
        let version = "0123456789abcdef";
        assert_eq!(tag_for(version, &"s".repeat(27)), Ok(format!("fh-{version}")));
        let error = tag_for(version, &"s".repeat(28)).expect_err("too long");
        assert!(error.hints()[0].contains("at most 27 characters ("), "{error}");
        assert!(tag_for("", "web").is_err());
        assert!(tag_for("A/../b", "web").is_err());
    }

    #[test]
    fn a_preview_does_not_pin_what_live_leaves_open() {
        let web = |tag: Option<&str>| {
            let mut rewrite = json!({"glob": "/a", "run": {"serviceId": "web", "region": "us-central1"}});
            tag.into_iter().for_each(|tag| rewrite["run"]["tag"] = tag.into());
            json!({"rewrites": [rewrite, {"glob": "/d", "function": "sayHello_2"}]})
        };
        let found = |live: &Value| unsafe_pins(&pinned_serving(), &resolved(), live);
        assert_eq!(found(&web(None)), ["/a"]);
        assert!(found(&web(Some("fh-0"))).is_empty());
        assert!(found(&json!({})).is_empty());
        assert!(found(&json!({"rewrites": [{"glob": "/a", "run": {"serviceId": "web", "region": "r"}}]})).is_empty());
        let hello = json!({"rewrites": [{"glob": "/d", "run": {"serviceId": "sayhello-2", "region": "us-central1"}}]});
        assert_eq!(found(&hello), ["/d"]);
    }
}
