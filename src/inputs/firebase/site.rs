//! What a site is, once `firebase.json` is understood.

use super::mistake::JsonMistake;

/// Where a rewrite without a region leads.
/// Source: `convertConfig` of firebase-tools.
pub const DEFAULT_REGION: &str = "us-central1";

/// One site of `firebase.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteConfig {
    /// Its place in the document: `hosting`, or `hosting[1]`.
    pub path: String,
    /// Which site it says it is.
    pub place: SiteChoice,
    /// The directory to upload; a site of rewrites or redirects alone has none.
    pub public: Option<String>,
    /// Globs of what is not uploaded.
    pub ignore: Vec<String>,
    /// What is served besides files.
    pub serving: Serving,
    /// What looked odd here but is allowed.
    pub warnings: Vec<JsonMistake>,
    /// What is wrong here. [`super::choose`] tells it when this site is among the chosen.
    pub mistakes: Vec<JsonMistake>,
}

/// Which site is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteChoice {
    /// The site with this id.
    Site(String),
    /// The site that `.firebaserc` leads this name to.
    Target(String),
    /// The project's default site.
    Default,
}

/// What a site serves besides files. Lists keep their order, which has meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Serving {
    /// Paths that something else answers.
    pub rewrites: Vec<Rewrite>,
    /// Paths that lead elsewhere.
    pub redirects: Vec<Redirect>,
    /// Headers of answers.
    pub headers: Vec<HeaderRule>,
    /// Whether `.html` is left out of addresses.
    pub clean_urls: Option<bool>,
    /// Whether a slash at the end is added (`true`) or removed.
    pub trailing_slash: Option<bool>,
    /// Who makes the association files of mobile apps.
    pub app_association: Option<AppAssociation>,
    /// The directory of localised content.
    pub i18n_root: Option<String>,
}

/// Which paths a rule is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// Firebase's globs.
    Glob(String),
    /// RE2.
    Regex(String),
}

/// One rewrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// Its place in the document, such as `hosting.rewrites[2]`.
    pub path: String,
    /// Which paths it is for.
    pub pattern: Pattern,
    /// What answers them.
    pub to: RewriteTarget,
}

/// What answers a rewrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RewriteTarget {
    /// A file of the site.
    File(String),
    /// A Cloud Run service.
    Run {
        /// Its name.
        service: String,
        /// Its region; [`DEFAULT_REGION`] where the document has none.
        region: String,
        /// Whether the site keeps the revision that is the latest now.
        pin: bool,
    },
    /// A function.
    Function {
        /// Its name.
        id: String,
        /// Its region, where the document says it.
        region: Option<String>,
        /// Whether the site keeps the revision that is the latest now.
        pin: bool,
    },
    /// Firebase Dynamic Links, a service that is no more.
    DynamicLinks,
}

/// One redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Which paths it is for.
    pub pattern: Pattern,
    /// Where to.
    pub location: String,
    /// The HTTP status, 300 to 399.
    pub status: u16,
}

/// Headers for some paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderRule {
    /// Which paths they are for.
    pub pattern: Pattern,
    /// Names and values, as they stand in the document; of a name given twice, the last counts.
    pub headers: Vec<(String, String)>,
}

/// Who makes the association files of mobile apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppAssociation {
    /// Hosting does.
    Auto,
    /// Nobody does.
    None,
}

impl AppAssociation {
    /// Google's word.
    pub fn word(self) -> &'static str {
        match self {
            AppAssociation::Auto => "AUTO",
            AppAssociation::None => "NONE",
        }
    }
}

impl Pattern {
    /// The pattern's own text.
    pub fn text(&self) -> &str {
        match self {
            Pattern::Glob(text) | Pattern::Regex(text) => text,
        }
    }
}
