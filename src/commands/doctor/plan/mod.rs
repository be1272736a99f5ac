//! What the doctor finds: states, evidence, cures, the script that mends, and the project's condition in a few lines.

pub mod billing;
pub mod fix;
pub mod grants;
pub mod script;
pub mod status;

use fix::Fix;
use slipway_failure::Class;

/// How one thing is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// A deploy works; something should be mended.
    Warning,
    /// A deploy fails, with an error of this class.
    Blocking(Class),
    /// The account may not look, or there is nothing to tell it by.
    CannotSee,
}

impl CheckState {
    /// Its words in tables and in the report.
    pub fn word(self) -> &'static str {
        match self {
            CheckState::Ok => "ok",
            CheckState::Warning => "warning",
            CheckState::Blocking(_) => "blocking",
            CheckState::CannotSee => "cannot see",
        }
    }
}

/// What a finding is about; the order is that of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// Which APIs are enabled.
    Apis,
    /// What the deploying account may do.
    Deployer,
    /// The key it signs in with.
    Key,
    /// The account builds run as.
    BuildAccount,
    /// Where sources are staged.
    Bucket,
    /// Where images are kept.
    Registry,
    /// Builds that have run.
    Builds,
    /// The accounts the service runs and is run by.
    Runtime,
    /// The service.
    Service,
    /// The user's domain.
    Domain,
    /// The Hosting site.
    Site,
    /// What the organisation refuses.
    Organisation,
    /// Whether anybody is told of trouble and of costs.
    Watch,
}

impl Area {
    /// Its words.
    pub fn title(self) -> &'static str {
        match self {
            Area::Apis => "APIs",
            Area::Deployer => "Deploying account",
            Area::Key => "Key",
            Area::BuildAccount => "Build account",
            Area::Bucket => "Staging bucket",
            Area::Registry => "Images",
            Area::Builds => "Last builds",
            Area::Runtime => "Runtime accounts",
            Area::Service => "Service",
            Area::Domain => "Domain",
            Area::Site => "Hosting site",
            Area::Organisation => "Organisation policies",
            Area::Watch => "Alerts and budget",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub area: Area,
    /// The thing, with names between backticks.
    pub what: String,
    /// How it is doing.
    pub state: CheckState,
    /// What shows it.
    pub evidence: String,
    /// What to do about it, where no command of the script does it.
    pub cures: Vec<String>,
    /// The commands that mend it.
    pub fixes: Vec<Fix>,
}

impl Finding {
    /// A finding without a cure.
    pub fn new(area: Area, state: CheckState, what: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self { area, what: what.into(), state, evidence: evidence.into(), cures: Vec::new(), fixes: Vec::new() }
    }

    /// Adds a command that mends it.
    pub fn fix(mut self, fix: Fix) -> Self {
        if !self.fixes.contains(&fix) {
            self.fixes.push(fix);
        }
        self
    }

    /// Adds what a person has to do.
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cures.push(cure.into());
        self
    }
}

/// How many findings are in each state: ok, warning, blocking, cannot see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// As they should be.
    pub ok: usize,
    /// To be mended.
    pub warning: usize,
    /// In the way of a deploy.
    pub blocking: usize,
    /// Not to be looked at.
    pub unseen: usize,
}

/// Counts findings by their states.
pub fn count(findings: &[Finding]) -> Count {
    let mut count = Count::default();
    for finding in findings {
        *match finding.state {
            CheckState::Ok => &mut count.ok,
            CheckState::Warning => &mut count.warning,
            CheckState::Blocking(_) => &mut count.blocking,
            CheckState::CannotSee => &mut count.unseen,
        } += 1;
    }
    count
}

/// The class of the first finding that is in the way: what a deploy would meet first.
pub fn worst(findings: &[Finding]) -> Option<Class> {
    findings.iter().find_map(|finding| match finding.state {
        CheckState::Blocking(class) => Some(class),
        _ => None,
    })
}
