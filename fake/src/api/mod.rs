//! Google's APIs: one file or folder each, named like the API, each with a table entry `API`; what such an
//! entry is, and the list of them; `page`, which their lists share; and `github`, which is none of them.
//!
//! To add one: write its file here and add its line to `ALL`.

pub(crate) mod actions;
pub(crate) mod artifactregistry;
pub(crate) mod billingbudgets;
pub(crate) mod cloudbilling;
pub(crate) mod cloudbuild;
pub(crate) mod cloudresourcemanager;
pub(crate) mod docker;
pub(crate) mod firebasehosting;
pub(crate) mod github;
pub(crate) mod iam;
pub(crate) mod iamcredentials;
pub(crate) mod identitytoolkit;
pub(crate) mod logging;
pub(crate) mod metadata;
pub(crate) mod monitoring;
pub(crate) mod oauth2;
pub(crate) mod page;
pub(crate) mod run;
pub(crate) mod secretmanager;
pub(crate) mod serviceusage;
pub(crate) mod storage;
pub(crate) mod sts;

use crate::call::Call;
use crate::discovery::{Document, Method, Path};
use crate::refusal::Family;
use crate::reply::Answer;
use crate::world::World;
use std::sync::OnceLock;

/// Every API the fake listens for, each at an address of its own.
const ALL: &[&Api] = &[
    &oauth2::API,
    &metadata::API,
    &actions::API,
    &cloudbuild::API,
    &run::API,
    &storage::API,
    &iam::API,
    &iamcredentials::API,
    &sts::API,
    &cloudresourcemanager::API,
    &serviceusage::API,
    &cloudbilling::API,
    &billingbudgets::API,
    &artifactregistry::API,
    &docker::API,
    &logging::API,
    &monitoring::API,
    &secretmanager::API,
    &firebasehosting::API,
    &identitytoolkit::API,
];

/// One of Google's APIs.
pub(crate) struct Api {
    /// Short name: the journal's `api`, and in capitals the end of the variable that overrides
    /// its address.
    pub(crate) name: &'static str,
    /// Name as a service, such as `run.googleapis.com`.
    pub(crate) service: &'static str,
    /// Name in sentences.
    pub(crate) title: &'static str,
    /// How it words errors.
    pub(crate) family: Family,
    /// Whether calls count for the caller's own project and not for the one the path names.
    pub(crate) counts_for_caller: bool,
    /// Whether it refuses projects nobody pays for.
    pub(crate) needs_billing: bool,
    /// Its published descriptions.
    pub(crate) descriptions: &'static [&'static str],
    /// Routes that no description lists.
    pub(crate) extras: &'static [Extra],
    /// Answers a call; `None` for a method Google has and the fake has not.
    pub(crate) answer: fn(&mut World, &Call) -> Option<Answer>,
}

/// A route outside the published descriptions.
pub(crate) struct Extra {
    /// The id it goes by in the journal and in faults.
    pub(crate) id: &'static str,
    /// HTTP method.
    pub(crate) verb: &'static str,
    /// Path template.
    pub(crate) path: &'static str,
    /// A header it must carry, and how its value begins.
    pub(crate) header: Option<(&'static str, &'static str)>,
    /// Query parameters it takes.
    pub(crate) query: &'static [&'static str],
    /// Whether it asks for an access token, and all that goes with one, as described methods do.
    pub(crate) needs_token: bool,
}

/// An API with its descriptions parsed.
pub(crate) struct Loaded {
    /// The API.
    pub(crate) api: &'static Api,
    documents: Vec<Document>,
}

/// Where a request leads.
pub(crate) struct Route {
    /// Method id.
    pub(crate) id: String,
    /// Placeholders, decoded.
    pub(crate) holes: Vec<(String, String)>,
    /// What is known of the method.
    pub(crate) kind: Kind,
}

/// Whether a published description covers a route.
pub(crate) enum Kind {
    /// A method of a description.
    Described(&'static Document, &'static Method),
    /// One of the API's extra routes.
    Extra(&'static Extra),
}

/// Every API, its descriptions parsed once per process.
pub(crate) fn all() -> &'static [Loaded] {
    static LOADED: OnceLock<Vec<Loaded>> = OnceLock::new();
    LOADED.get_or_init(|| {
        let load = |&api: &&'static Api| Loaded {
            api,
            documents: api.descriptions.iter().map(|text| Document::read(text)).collect(),
        };
        ALL.iter().map(load).collect()
    })
}

impl Loaded {
    /// Where this request leads, if this API has it at all.
    pub(crate) fn route(&'static self, verb: &str, path: &str, headers: &[(String, String)]) -> Option<Route> {
        for extra in self.api.extras.iter().filter(|extra| extra.verb == verb) {
            let carried = extra.header.is_none_or(|(name, begin)| {
                headers.iter().any(|(known, value)| known == name && value.starts_with(begin))
            });
            if let Some(holes) = Path::read(extra.path).fit(path).filter(|_| carried) {
                return Some(Route { id: extra.id.to_owned(), holes, kind: Kind::Extra(extra) });
            }
        }
        self.documents.iter().find_map(|document| {
            let (method, holes) = document.find(verb, path)?;
            Some(Route { id: method.id.clone(), holes, kind: Kind::Described(document, method) })
        })
    }
}

/// The description that holds a schema; for handlers that write it canonically.
pub(crate) fn document(service: &str, schema: &str) -> Option<&'static Document> {
    let loaded = all().iter().find(|loaded| loaded.api.service == service)?;
    loaded.documents.iter().find(|document| document.schemas.contains_key(schema))
}
