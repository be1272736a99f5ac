//! The docker of a build step: its client is the step's image's, its engine is Cloud Build's, version 20.10.

use super::buildkit::Client;
use super::command_line::Asked;
use crate::world::Build;
use serde_json::Value;

/// The newest API that the engine speaks.
const ENGINE: (u32, u32) = (1, 41);

/// What a step runs.
pub(super) struct Docker {
    /// Whose words it writes.
    pub(super) client: Client,
    /// Whether `docker build` is BuildKit's.
    pub(super) buildkit: bool,
    /// Whether there is `docker buildx`.
    pub(super) has_buildx: bool,
    /// The API that the environment asks for.
    api: Option<String>,
}

impl Docker {
    /// The docker of this step.
    pub(super) fn of(build: &Build, step: &Value) -> Docker {
        let google = step["name"].as_str().is_some_and(|name| name.starts_with("gcr.io/cloud-builders/docker"));
        // Google's image without a tag is 20.10, whose docker knows no `buildx`; docker's own is the newest.
        let newer = major(step).map_or(!google, |major| major >= 23);
        let buildkit = setting(build, step, "DOCKER_BUILDKIT").map_or(newer, |value| value != "0" && value != "false");
        Docker {
            client: if newer && buildkit { Client::Buildx } else { Client::Docker20 },
            buildkit,
            has_buildx: newer,
            api: setting(build, step, "DOCKER_API_VERSION"),
        }
    }

    /// What the engine says to a client that asks for a newer API than it has. Docker's own client asks for less when
    /// nobody told it what to ask for; some versions of buildx do not, so here none does.
    pub(super) fn refused_by_the_engine(&self, asked: &Asked, buildx: bool) -> Option<String> {
        let (asks, connecting) = match &self.api {
            Some(asks) => (asks.as_str(), ""),
            None if buildx || self.client == Client::Buildx && matches!(asked, Asked::Build(_)) => {
                ("1.52", ": driver not connecting")
            }
            None => return None,
        };
        let (major, minor) = asks.split_once('.')?;
        let newer = (major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?) > ENGINE;
        let error = if connecting.is_empty() { "" } else { "ERROR: failed to build: " };
        newer.then(|| {
            format!(
                "{error}Error response from daemon: client version {asks} is too new. Maximum supported API version is \
                 {}.{}{connecting}",
                ENGINE.0, ENGINE.1
            )
        })
    }
}

/// A variable of a step: its own, else that of all steps.
fn setting(build: &Build, step: &Value, name: &str) -> Option<String> {
    let options = build.document.get("options").map_or(Value::Null, |options| options["env"].clone());
    let mut env = step["env"].as_array().into_iter().flatten().chain(options.as_array().into_iter().flatten());
    env.find_map(|pair| Some(pair.as_str()?.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

/// The version of docker that a step's image is tagged with.
fn major(step: &Value) -> Option<u32> {
    let tag = step["name"].as_str()?.rsplit_once(':')?.1;
    tag.split(['.', '-']).next()?.parse().ok()
}
