//! A repository on the embedded GitHub, a token, and the client.

use fakecloud::{Access, FakeCloud, Fault, GitHubRepository, World};
use slipway_github::GitHub;
use slipway_names::secret::Secret;
use slipway_wire::clock::Clock;
use slipway_wire::net::Net;

pub(crate) const REPOSITORY: &str = "harbour/app";
pub(crate) const MAIN: &str = "a000000000000000000000000000000000000001";
pub(crate) const NEXT: &str = "a000000000000000000000000000000000000002";
pub(crate) const HEAD: &str = "b000000000000000000000000000000000000003";

/// What the documentation asks workflows to allow.
pub(crate) const USUAL: &[(&str, Access)] =
    &[("contents", Access::Read), ("deployments", Access::Write), ("pull_requests", Access::Write)];

/// A token of a run for a fork.
pub(crate) const READ_ONLY: &[(&str, Access)] =
    &[("contents", Access::Read), ("deployments", Access::Read), ("pull_requests", Access::Read)];

pub(crate) struct Forge {
    pub(crate) cloud: FakeCloud,
    pub(crate) clock: Clock,
    pub(crate) client: GitHub,
    token: String,
}

impl Forge {
    pub(crate) fn new() -> Forge {
        Forge::with("github-actions[bot]", USUAL, "")
    }

    /// With a token of this account with these permissions, the API below this path.
    pub(crate) fn with(login: &str, permissions: &[(&str, Access)], path: &str) -> Forge {
        let mut world = World::new();
        let repository = world.github.add_repository(REPOSITORY);
        repository.add_commit("main", MAIN, &[], &["README.md"]);
        repository.add_commit("main", NEXT, &[MAIN], &["api/main.py"]);
        repository.add_commit("feature/lights", HEAD, &[MAIN], &["web/index.html", "web/app.js"]);
        repository.add_pull(7, "feature/lights", HEAD);
        let token = world.github.add_token_of(login, REPOSITORY, permissions);
        let cloud = FakeCloud::start(world);
        let url = format!("{}{path}", cloud.github_url());
        let clock = Clock::with_pace(0.0);
        let client = connect(&url, &token, &clock);
        Forge { cloud, clock, client, token }
    }

    /// A client of another run with the same token.
    pub(crate) fn another_client(&self) -> GitHub {
        connect(&self.cloud.github_url(), &self.token, &self.clock)
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.cloud.world(|world| world.faults.push(fault));
    }

    pub(crate) fn repository<R>(&self, look: impl FnOnce(&mut GitHubRepository) -> R) -> R {
        self.cloud.world(|world| look(world.github.repository(REPOSITORY)))
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.cloud.world(|world| world.count(what))
    }

    pub(crate) fn asked(&self, call: &str) -> usize {
        self.cloud.calls(call).len()
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        // A test that failed already must not fail again here.
        if !std::thread::panicking() {
            assert_eq!(self.cloud.unexpected(), [""; 0]);
            assert_eq!(self.cloud.world(|world| world.unused_faults().len()), 0, "every fault struck");
        }
    }
}

pub(crate) fn connect(url: &str, token: &str, clock: &Clock) -> GitHub {
    let net = Net::new(None).unwrap();
    GitHub::new(&net, clock.clone(), url, REPOSITORY, &Secret::new(token).unwrap()).unwrap()
}
