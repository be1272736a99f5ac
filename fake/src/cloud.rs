//! The handle by which a test, or the product's local mode, holds a running fake.

use crate::api;
use crate::doors;
use crate::journal::Recorded;
use crate::keys;
use crate::server::{self, Address, Order, Shared};
use crate::visit;
use crate::world::World;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;

/// A fake cloud at work on loopback; dropping it stops it and closes every connection.
#[derive(Debug)]
pub struct FakeCloud {
    shared: Arc<Shared>,
    /// API name to base address.
    addresses: Vec<(&'static str, String)>,
    thread: Option<JoinHandle<()>>,
}

impl FakeCloud {
    /// Starts a fake cloud with this world behind it, on a thread of its own.
    pub fn start(world: World) -> FakeCloud {
        let (sender, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(world, sender));
        let mut addresses = Vec::new();
        for loaded in api::all() {
            let (listener, base) = doors::listen();
            shared.order(Order::Serve(listener, Address::Api(loaded, base.clone())));
            addresses.push((loaded.api.name, base));
        }
        let (listener, base) = doors::listen();
        shared.order(Order::Serve(listener, Address::GitHub(base.clone())));
        addresses.push(("github", base));
        let token_uri = addresses.iter().find(|(name, _)| *name == "oauth2").map(|(_, base)| format!("{base}/token"));
        // Addresses the world opened before it was started come with the first look at it.
        shared.world(|world| world.token_uri = token_uri.unwrap_or_default());
        let served = Arc::clone(&shared);
        let thread = std::thread::spawn(move || server::run(&served, receiver));
        FakeCloud { shared, addresses, thread: Some(thread) }
    }

    /// Environment variables that lead a client here, with their values: one per API.
    pub fn endpoints(&self) -> Vec<(String, String)> {
        let own = ["oauth2", "github", "actions", "metadata"];
        let overridden = self.addresses.iter().filter(|(name, _)| !own.contains(name));
        overridden
            .map(|(name, base)| {
                (format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{}", name.to_uppercase()), format!("{base}/"))
            })
            .collect()
    }

    /// Base address of an API, such as `run` or `oauth2`, without a slash at the end.
    pub fn address(&self, api: &str) -> String {
        self.addresses.iter().find(|(name, _)| *name == api).map(|(_, base)| base.clone()).unwrap_or_default()
    }

    /// Where tokens are asked for.
    pub fn token_uri(&self) -> String {
        format!("{}/token", self.address("oauth2"))
    }

    /// Base address of GitHub's REST API, for `GITHUB_API_URL`. Under the path `/api/v3` it answers
    /// as GitHub Enterprise Server does, under `/api/v1` as Gitea and Forgejo do.
    pub fn github_url(&self) -> String {
        self.address("github")
    }

    /// The variables that lead what a person or a machine signs in with here.
    pub fn own_variables(&self) -> [(&'static str, String); 2] {
        let metadata = self.address("metadata").replacen("http://", "", 1);
        [("CLOUDSDK_API_ENDPOINT_OVERRIDES_OAUTH2", self.address("oauth2")), ("GCE_METADATA_HOST", metadata)]
    }

    /// The variables by which a job with `permissions: id-token: write` asks GitHub for its identity.
    pub fn identity_variables(&self) -> [(&'static str, String); 2] {
        let url = format!("{}{}", self.address("actions"), crate::api::actions::PATH);
        let token = self.world(|world| world.github_run.request_token.clone());
        [("ACTIONS_ID_TOKEN_REQUEST_URL", url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token)]
    }

    /// A key file for this service account, with a fresh key; its `token_uri` leads here. For an
    /// account that does not exist the file is as well-formed, and worthless.
    pub fn key_json(&self, email: &str) -> String {
        let (id, account) = self.world(|world| (world.add_key(email), world.accounts.get(email).cloned()));
        keys::key_file(email, id.as_deref().unwrap_or("0"), account.as_ref(), &self.token_uri())
    }

    /// Access to the world. Requests wait meanwhile, so do not wait for one inside.
    pub fn world<R>(&self, look: impl FnOnce(&mut World) -> R) -> R {
        self.shared.world(look)
    }

    /// Lets so many visitors ask a service, by its short name, for `/`; returns what status each
    /// got, 0 where none came. They are counted by revision like all requests, but are not in the
    /// journal: nobody's client sent them.
    pub fn visit(&self, service: &str, visitors: u32) -> Vec<u16> {
        self.world(|world| (0..visitors).map(|_| visit::by_anyone(world, service)).collect())
    }

    /// Every request so far, in the order of arrival.
    pub fn journal(&self) -> Vec<Recorded> {
        self.shared.journal.read()
    }

    /// The requests of one kind so far, such as `cloudbuild.projects.locations.builds.create`.
    pub fn calls(&self, call: &str) -> Vec<Recorded> {
        self.journal().into_iter().filter(|entry| entry.is(call)).collect()
    }

    /// What was asked and must never be, in sentences.
    pub fn unexpected(&self) -> Vec<String> {
        self.world(|world| world.unexpected.clone())
    }

    /// Waits until a request like this has arrived, or been answered if the question is about the
    /// answer; false when the time is up.
    pub fn wait_for(&self, what: impl Fn(&Recorded) -> bool, limit: Duration) -> bool {
        self.shared.journal.wait_for(what, limit)
    }
}

impl Drop for FakeCloud {
    fn drop(&mut self) {
        self.shared.order(Order::Stop);
        if let Some(thread) = self.thread.take() {
            // If the server panicked, its clients have seen it already.
            let _ = thread.join();
        }
    }
}
