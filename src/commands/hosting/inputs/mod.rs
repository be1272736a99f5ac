//! What the inputs of the hosting commands mean, once every question is answered.

pub mod resolve;

use std::path::PathBuf;
use std::time::Duration;

use crate::cloud_run::wanted::check::Checks;
use crate::inputs::firebase::Serving;
use crate::inputs::firebase::channel::ChannelId;
use crate::inputs::pull_request::PullRequestSource;
use slipway_names::credentials::Credentials;
use slipway_names::ids::{ProjectId, SiteId};
use slipway_names::secret::Secret;

/// Everything a run on sites needs to know.
#[derive(Debug, Clone)]
pub struct Hosting {
    /// Who releases.
    pub credentials: Credentials,
    /// Where the sites live.
    pub project: ProjectId,
    /// For questions to GitHub.
    pub github_token: Option<Secret>,
    /// What is done.
    pub what: SiteWork,
    /// The GitHub environment it is recorded in.
    pub environment: Option<String>,
    /// The release's message, when it is not the usual one.
    pub message: Option<String>,
    /// How the result is checked.
    pub checks: Checks,
    /// Releases that a channel keeps, where that is to be set.
    pub keep_releases: Option<u32>,
    /// Whether previews' addresses are put among the authorised domains of Firebase Authentication.
    pub auth_domains: bool,
    /// Whether a live site may lose its first page.
    pub allow_empty: bool,
    /// Whether a live site may lead to a service of the same release that visitors cannot reach.
    pub allow_private_rewrites: bool,
    /// Show, change nothing.
    pub dry_run: bool,
    /// Files that hold credentials and must not be uploaded.
    pub credential_files: Vec<PathBuf>,
    /// What links in a site may lead to, and nothing above it.
    pub workspace: PathBuf,
    /// Where compressed files may wait for their upload.
    pub spool: PathBuf,
}

/// What is done with sites.
#[derive(Debug, Clone)]
pub enum SiteWork {
    /// Files become versions, and versions are released.
    Deploy(Box<Upload>),
    /// A version that was served before is released again.
    Rollback {
        /// The site; `None` is the project's default site.
        site: Option<SiteId>,
        /// The channel.
        channel: String,
        /// The version's id; `None` is what was served before.
        to: Option<String>,
    },
    /// What a preview shows is released for everybody.
    Promote {
        /// The site; `None` is the project's default site.
        site: Option<SiteId>,
        /// The preview.
        from: ChannelId,
    },
    /// Preview channels are removed.
    Remove {
        /// The sites; `None` is the project's default site.
        sites: Vec<Option<SiteId>>,
        /// The channels.
        channels: Gone,
    },
}

/// The preview channels that are removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gone {
    /// The one of this name.
    Named(ChannelId),
    /// Those of a pull request, by its number.
    OfPull(u64),
    /// None, and why.
    None(String),
}

impl Gone {
    /// In a few words.
    pub fn shown(&self) -> String {
        match self {
            Gone::Named(id) => id.to_string(),
            Gone::OfPull(number) => format!("pr{number}"),
            Gone::None(_) => "of a closed pull request".to_owned(),
        }
    }
}

/// What is uploaded, and where to.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The sites; they are released together.
    pub sites: Vec<SiteSource>,
    /// The channel, the same on each.
    pub channel: Channel,
    /// The pull request that an input names, where the run's own event is not about it.
    pub named_pull: Option<NamedPull>,
    /// Where what is shown was checked out: the directory of the document.
    pub directory: PathBuf,
    /// Preview channels a site may have before old ones are removed.
    pub limit: Option<usize>,
    /// Directory for hashes of unchanged files.
    pub cache: Option<PathBuf>,
    /// Paths of `.env` files that are meant for everybody.
    pub allow_env: Vec<String>,
}

/// A pull request of which an input says the number.
#[derive(Debug, Clone)]
pub struct NamedPull {
    /// Its number.
    pub number: u64,
    /// Who says it.
    pub said: PullRequestSource,
    /// Whether a person approves each run for another repository's.
    pub forks: bool,
    /// Whether the channel is named after it.
    pub names_the_channel: bool,
}

/// The channel that shows a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// The site's own domains.
    Live,
    /// A preview.
    Preview {
        /// Its id.
        id: ChannelId,
        /// How long it lives from now.
        ttl: Duration,
    },
}

impl Channel {
    /// Its id in addresses.
    pub fn id(&self) -> &str {
        match self {
            Channel::Live => slipway_names::hosting::LIVE,
            Channel::Preview { id, .. } => id.as_str(),
        }
    }
}

/// One site's source.
#[derive(Debug, Clone)]
pub struct SiteSource {
    /// The site; `None` is the project's default site.
    pub site: Option<SiteId>,
    /// Where its configuration stands, such as `firebase.json, hosting[1]`; empty where there is none.
    pub described: String,
    /// The directory that is served; a site of rewrites or redirects alone has none.
    pub public: Option<PathBuf>,
    /// The directory as it was given.
    pub shown: String,
    /// Globs of what is not uploaded.
    pub ignore: Vec<String>,
    /// What is served besides files.
    pub serving: Serving,
}

impl Hosting {
    /// The channel that is worked on.
    pub fn channel(&self) -> &str {
        match &self.what {
            SiteWork::Remove { channels: Gone::Named(id), .. } => id.as_str(),
            SiteWork::Remove { .. } => "of a pull request",
            SiteWork::Deploy(upload) => upload.channel.id(),
            SiteWork::Rollback { channel, .. } => channel,
            SiteWork::Promote { .. } => slipway_names::hosting::LIVE,
        }
    }
}
