//! The steps of a run, and how each of them ended.

use std::time::{Duration, Instant};

/// A step of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepName {
    /// Getting a token.
    SignIn,
    /// Looking for what would fail later.
    Preflight,
    /// Reading the source.
    Package,
    /// Storing the source.
    Upload,
    /// Building the image.
    Build,
    /// Finding the image's digest.
    Resolve,
    /// Running a job with the new image before the service gets it.
    PreDeploy,
    /// Writing a job.
    Job,
    /// Running a job.
    Execution,
    /// Writing the service and waiting for its revision.
    Deploy,
    /// Setting who may call it.
    Access,
    /// Looking for a newer commit that serves already.
    Order,
    /// Choosing among revisions that exist.
    Pick,
    /// Asking the new revision on its own address.
    Candidate,
    /// Moving the traffic.
    Shift,
    /// Reading back who serves.
    Traffic,
    /// Asking the service.
    Verify,
    /// Ending the rollout: its tag and its record go.
    Finish,
    /// Putting the traffic back.
    Restore,
    /// Mapping a domain.
    Domain,
    /// Deleting old revisions.
    Prune,
    /// Choosing among versions that exist.
    PickVersion,
    /// Finding the site and its channel.
    Site,
    /// Reading and compressing the files.
    Files,
    /// Sending what Hosting does not have.
    Send,
    /// Completing the version, which nobody sees yet.
    Finalize,
    /// Making room for a preview, and the preview itself.
    Channel,
    /// Showing the version on the channel.
    Release,
    /// Deleting keys that were switched off long ago.
    OldKeys,
    /// Making a key of an account.
    NewKey,
    /// Getting a token by it.
    Proof,
    /// Storing it as a secret.
    Secret,
    /// Switching the old key or the old version off.
    Retire,
    /// Choosing and adding a version of a secret.
    NewVersion,
}

impl StepName {
    /// The step's name in tables.
    pub fn title(self) -> &'static str {
        match self {
            StepName::SignIn => "Sign in",
            StepName::Preflight => "Preflight",
            StepName::Package => "Package",
            StepName::Upload => "Upload",
            StepName::Build => "Build",
            StepName::Resolve => "Resolve image",
            StepName::PreDeploy => "Pre-deploy job",
            StepName::Job => "Job",
            StepName::Execution => "Execution",
            StepName::Deploy => "Deploy",
            StepName::Access => "Access",
            StepName::Order => "Order",
            StepName::Pick => "Pick revision",
            StepName::Candidate => "Candidate",
            StepName::Shift => "Shift",
            StepName::Traffic => "Traffic",
            StepName::Verify => "Verify",
            StepName::Finish => "Finish",
            StepName::Restore => "Restore",
            StepName::Domain => "Domain",
            StepName::Prune => "Prune",
            StepName::PickVersion => "Pick version",
            StepName::Site => "Site",
            StepName::Files => "Files",
            StepName::Send => "Upload",
            StepName::Finalize => "Finalize",
            StepName::Channel => "Channel",
            StepName::Release => "Release",
            StepName::OldKeys => "Old keys",
            StepName::NewKey => "New key",
            StepName::Proof => "Proof",
            StepName::Secret => "Secret",
            StepName::Retire => "Retire",
            StepName::NewVersion => "New version",
        }
    }
}

impl StepName {
    /// Whether it is really done where the embedded cloud stands in for Google's: source and files are read here, and a
    /// site's files are kept and served.
    pub(super) fn is_done_here(self) -> bool {
        matches!(
            self,
            StepName::Package
                | StepName::Files
                | StepName::Send
                | StepName::Finalize
                | StepName::Channel
                | StepName::Release
        )
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// As intended.
    Done,
    /// As intended, on the embedded cloud alone, which has only answered for it.
    Simulated,
    /// There was nothing to do.
    Skipped,
    /// Not as intended.
    Failed,
    /// It was interrupted.
    Cancelled,
}

impl StepState {
    /// Its sign in tables.
    pub fn sign(self) -> &'static str {
        match self {
            StepState::Done => "✅",
            StepState::Simulated => "🧪",
            StepState::Skipped => "➖",
            StepState::Failed => "❌",
            StepState::Cancelled => "🚫",
        }
    }

    /// The state's word.
    pub fn word(self) -> &'static str {
        match self {
            StepState::Done => "done",
            StepState::Simulated => "simulated",
            StepState::Skipped => "skipped",
            StepState::Failed => "failed",
            StepState::Cancelled => "cancelled",
        }
    }
}

/// A step that was begun.
#[derive(Debug, Clone)]
pub struct StepFact {
    /// Which.
    pub name: StepName,
    /// How it ended.
    pub state: StepState,
    /// When it was begun.
    pub begun: Instant,
    /// How long it took.
    pub took: Duration,
    /// One line on what it did.
    pub note: String,
}

/// A step and what it will do, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// Which.
    pub name: StepName,
    /// One line.
    pub text: String,
}
