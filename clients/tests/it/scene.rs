//! A scene: the embedded cloud, a token for each account, and what Google's clients are told to find it.

use crate::contract;
use fakecloud::{FakeCloud, Token, World};
use google_cloud_auth::credentials::{CacheableResource, Credentials, CredentialsProvider, EntityTag};
use google_cloud_gax::client_builder::ClientBuilder;
use google_cloud_gax::exponential_backoff::{ExponentialBackoff, ExponentialBackoffBuilder};
use http::{Extensions, HeaderMap, HeaderValue};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

/// Where everything lies.
pub(crate) const PLACE: &str = "projects/harbour-dev/locations/us-central1";

/// A running cloud.
pub(crate) struct Scene {
    pub(crate) cloud: FakeCloud,
}

/// The deployer's token.
pub(crate) const TOKEN: &str = "ya29.deployer";

/// The seed's world, in which the deployer may do everything in the project and has its token.
pub(crate) fn world() -> World {
    let mut world = World::new();
    world.grant(World::PROJECT, World::DEPLOYER, "roles/owner");
    let token = Token { account: World::DEPLOYER.to_owned(), expires: i64::MAX };
    world.tokens.insert(TOKEN.to_owned(), token);
    world
}

impl Scene {
    /// The seed's world, changed.
    pub(crate) fn with(change: impl FnOnce(&mut World)) -> Scene {
        let mut world = world();
        change(&mut world);
        Scene { cloud: FakeCloud::start(world) }
    }

    /// The seed's world.
    pub(crate) fn new() -> Scene {
        Scene::with(|_| ())
    }

    /// A client of this API, told where the embedded cloud answers for it.
    pub(crate) fn client<F>(&self, api: &str, builder: ClientBuilder<F, Credentials>) -> ClientBuilder<F, Credentials> {
        let builder = builder.with_endpoint(self.cloud.address(api)).with_credentials(self.credentials());
        builder.with_polling_backoff_policy(soon())
    }

    /// What signs in as the deployer.
    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::from(Bearer)
    }
}

/// The methods that clients asked for in any story so far, by their ids.
static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The methods that clients asked for in any story so far.
pub(crate) fn seen() -> BTreeSet<String> {
    SEEN.lock().expect("a list").clone()
}

/// Every answer is held against Google's schemas as well, when the story is over.
impl Drop for Scene {
    fn drop(&mut self) {
        let breaches = contract::judge(&self.cloud.journal(), &self.cloud.world(|world| world.future()), true);
        let unexpected = self.cloud.unexpected();
        SEEN.lock().expect("a list").extend(self.cloud.journal().into_iter().map(|entry| entry.call));
        if !std::thread::panicking() {
            assert!(breaches.is_empty(), "{}", breaches.join("\n"));
            assert!(unexpected.is_empty(), "the embedded cloud lacks what a client asked for: {unexpected:#?}");
        }
    }
}

/// An operation is looked at again at once: the cloud moves by looks, not by the clock.
fn soon() -> ExponentialBackoff {
    let short = Duration::from_millis(1);
    ExponentialBackoffBuilder::new().with_initial_delay(short).with_maximum_delay(short).build().expect("a backoff")
}

/// Credentials that are a token.
#[derive(Debug)]
struct Bearer;

impl CredentialsProvider for Bearer {
    async fn headers(
        &self,
        _: Extensions,
    ) -> Result<CacheableResource<HeaderMap>, google_cloud_auth::errors::CredentialsError> {
        let value = HeaderValue::from_str(&format!("Bearer {TOKEN}")).expect("a header");
        let data = HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
        Ok(CacheableResource::New { entity_tag: EntityTag::new(), data })
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}

/// Fields that Google's descriptions have and that these clients, which are made of older ones, do not know yet.
const NEWER: [&str; 2] = ["containerStatuses", "disableReason"];

/// What a client read, if it knew every field and every word of it: what it does not know it keeps aside in silence.
#[track_caller]
pub(crate) fn known<T: std::fmt::Debug, E: std::fmt::Debug>(read: Result<T, E>) -> T {
    let value = read.expect("an answer that the client can read");
    let shown = format!("{value:#?}");
    let mut lines = shown.lines();
    while let Some(line) = lines.next() {
        assert!(!line.contains("UnknownValue"), "the client does not know this word: {line}\n{shown}");
        if line.trim_start() == "_unknown_fields: {" {
            let margin = line.len() - line.trim_start().len();
            // Its keys are one step further in, and it ends where it began.
            for line in lines.by_ref().take_while(|line| line.len() - line.trim_start().len() > margin) {
                let key = line.strip_prefix(&" ".repeat(margin + 4)).and_then(|line| line.strip_prefix('"'));
                let key = key.and_then(|key| key.split('"').next());
                assert!(key.is_none_or(|key| NEWER.contains(&key)), "the client does not know {key:?}: {shown}");
            }
        }
    }
    value
}

/// Runs a story to its end.
pub(crate) fn story<T>(told: impl Future<Output = T>) -> T {
    // Only one of the stories installs it; that is enough for all.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(told)
}
