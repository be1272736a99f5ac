//! What is known of a Hosting site and channel that a run works on: as it was, what was made, how it ended.

use super::preview::Removal;
use super::written::Written;

/// What a channel served before this run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Before {
    /// It was not looked at yet.
    #[default]
    Unseen,
    /// The channel was not there.
    NoChannel,
    /// It was there, and nothing had been released on it.
    Nothing,
    /// The site was switched off.
    Disabled,
    /// A version, by its full name.
    Version(String),
}

impl Before {
    /// The full name of the version, where one was served.
    pub fn version(&self) -> Option<&str> {
        match self {
            Before::Version(name) => Some(name),
            _ => None,
        }
    }
}

/// How a release ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SiteEnd {
    /// Nothing was released, or it is not over.
    #[default]
    Open,
    /// What was released stays.
    Released,
    /// What was there before is back.
    Restored,
    /// It was left as it is, and why.
    Left(String),
    /// It could not be put back, and why.
    Stuck(String),
}

impl SiteEnd {
    /// One word for the report.
    pub fn word(&self) -> &'static str {
        match self {
            SiteEnd::Open => "open",
            SiteEnd::Released => "released",
            SiteEnd::Restored => "restored",
            SiteEnd::Left(_) => "left",
            SiteEnd::Stuck(_) => "stuck",
        }
    }
}

/// What is behind a rewrite, and whether visitors get through to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// The rewrite's place in the document.
    pub rewrite: String,
    /// The service or the function.
    pub what: String,
    /// What keeps visitors out by its settings.
    pub obstacle: Option<String>,
    /// What visitors get then.
    pub status: String,
    /// Whether its settings are known to let everybody in.
    pub open: bool,
    /// A path that the rewrite answers, where one is known.
    pub asks: Option<String>,
}

/// A site and its channel before and after.
#[derive(Debug, Clone, Default)]
pub struct SiteFact {
    /// The site's id.
    pub site: String,
    /// `live`, or the id of a preview channel.
    pub channel: String,
    /// Where the channel is served.
    pub url: Option<String>,
    /// When the channel ends, as Google wrote it; the live one never does.
    pub expires: Option<String>,
    /// How many releases it keeps to go back to.
    pub retained: Option<u64>,
    /// What it served before.
    pub before: Before,
    /// The release that showed it, by its full name.
    pub release_before: Option<String>,
    /// The version to be released, by its full name.
    pub version: Option<String>,
    /// Whether this run made that version, and not an earlier one.
    pub made: bool,
    /// Whether the version is complete, so that it can be released.
    pub finalized: bool,
    /// Whether Google has taken the release; unknown while the reply is out.
    pub released: Written,
    /// The release, by its full name.
    pub release: Option<String>,
    /// Files of the version.
    pub files: u64,
    /// Their bytes before compression.
    pub bytes: u64,
    /// Files that Hosting did not have yet.
    pub uploaded_files: u64,
    /// Their bytes, compressed.
    pub uploaded_bytes: u64,
    /// Tags this run put on Cloud Run revisions: service and tag.
    pub pins: Vec<(String, String)>,
    /// What is behind its rewrites.
    pub backends: Vec<Backend>,
    /// What became of channels that were to be removed.
    pub removals: Vec<Removal>,
    /// Whether this run made the channel.
    pub channel_made: bool,
    /// How it ended.
    pub end: SiteEnd,
    /// Where it could not be put back: what the channel showed when it was read after that; `None` where it could not be
    /// read either.
    pub left_showing: Option<Before>,
}

impl SiteFact {
    /// Whether the channel is the public one.
    pub fn is_live(&self) -> bool {
        self.channel == LIVE
    }
}

/// The channel that the site's own domains show.
pub const LIVE: &str = "live";

/// The last part of a full name: the id of a version or a release.
pub fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What a run was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteKind {
    /// New files.
    Deploy,
    /// A version that was served before.
    Rollback,
    /// A preview's version for everybody.
    Promote,
    /// Preview channels that go.
    Remove,
}
