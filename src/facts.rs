//! What is known after the fact: what each step did, and what stands in the cloud now.
//!
//! Steps write here as they go, so that a failure or a cancellation loses nothing that is known.

use std::time::{Duration, Instant};

use crate::step::{StepFact, StepName, StepState};
use slipway_names::access::{AccessChange, Callers, Front};
use slipway_names::domain::{DnsRecord, Domain};
use slipway_names::execution::JobFact;
use slipway_names::hosting::SiteFact;
use slipway_names::ids::RevisionName;
use slipway_names::image::{Digest, PinnedImage};
pub(crate) use slipway_names::layer::LayerFact;
use slipway_names::rotation::RotationFact;
use slipway_names::secret_version::SecretFact;
use slipway_names::traffic::Traffic;
pub use slipway_names::written::Written;

/// The source archive.
#[derive(Debug, Clone, Default)]
pub struct PackageFact {
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of the archive, when it was made.
    pub archive_bytes: Option<u64>,
    /// The digest of the tree, in hexadecimal.
    pub tree: String,
    /// Where it is stored, as `gs://…`.
    pub object: String,
}

/// A build that was submitted, or is about to be.
#[derive(Debug, Clone, Default)]
pub struct BuildFact {
    /// The tag it can be found by.
    pub tag: String,
    /// Where Cloud Build works.
    pub location: String,
    /// Its id, once known.
    pub id: Option<String>,
    /// Google's word for its status, as last seen.
    pub status: String,
    /// Whether it is over.
    pub over: bool,
    /// The page with its log.
    pub url: String,
    /// Seconds it waited and worked.
    pub queued_seconds: Option<f64>,
    /// See `queued_seconds`.
    pub worked_seconds: Option<f64>,
    /// Its steps: name, state, exit code, seconds.
    pub steps: Vec<BuildStepFact>,
    /// Phases and their seconds, such as fetching the source and pushing.
    pub phases: Vec<(String, f64)>,
    /// Why its log was not shown, when it was not.
    pub log_missing: Option<String>,
    /// What it may cost: seconds of work, bytes of the image.
    pub budget: (Option<f64>, Option<u64>),
    /// Seconds of the service's last builds that went well, oldest first; the last one is this one.
    pub trend: Vec<f64>,
    /// The layers of its image in the order they were made, where the registry may be read.
    pub layers: Option<Vec<LayerFact>>,
    /// Why the layers are not known, when they are not.
    pub layers_missing: Option<String>,
}

impl BuildFact {
    /// Bytes of the image as the registry stores it.
    pub fn image_bytes(&self) -> Option<u64> {
        Some(self.layers.as_ref()?.iter().map(|layer| layer.bytes).sum())
    }
}

/// A step of a build.
#[derive(Debug, Clone)]
pub struct BuildStepFact {
    /// Its id or image.
    pub name: String,
    /// Google's word.
    pub status: String,
    /// The exit code, when not 0.
    pub exit_code: Option<i64>,
    /// How long it took.
    pub seconds: Option<f64>,
}

/// The service before and after.
#[derive(Debug, Clone, Default)]
pub struct ServiceFact {
    /// Whether the service existed.
    pub existed: bool,
    /// The revision that served most before.
    pub previous: Option<RevisionName>,
    /// The allocation before.
    pub traffic_before: Traffic,
    /// The revision that `LATEST` stood for before.
    pub latest_before: Option<RevisionName>,
    /// The commit that served before, by its label.
    pub commit_before: Option<String>,
    /// The revision this run makes.
    pub revision: Option<RevisionName>,
    /// Whether Google has taken the write that makes it; unknown while the reply is out.
    pub written: Written,
    /// Whether the revision became ready.
    pub ready: bool,
    /// The service's address.
    pub url: Option<String>,
    /// The allocation after, as read back.
    pub traffic: Option<Traffic>,
    /// The revision that `LATEST` stands for after.
    pub latest_ready: Option<RevisionName>,
    /// Settings of the service that changed in the one write of a deploy without a rollout, by Google's names.
    pub settings: Vec<String>,
    /// Who may call the service, in words, where this run looked at it.
    pub access: Option<String>,
    /// What this run changed there, and has not taken back.
    pub access_changed: Option<AccessChange>,
    /// What stands in front of its program, as last read.
    pub front: Front,
    /// Who may call it, once that is known.
    pub callers: Option<Callers>,
    /// When this run opened it to everybody, by the run's clock; nothing where it did not.
    pub opened: Option<Duration>,
}

/// A domain that leads to the service.
#[derive(Debug, Clone)]
pub struct DomainFact {
    /// The domain.
    pub name: Domain,
    /// How it is doing, in words.
    pub state: String,
    /// What its DNS must hold.
    pub records: Vec<DnsRecord>,
}

/// A rollout: how far the traffic went, and how that ended.
#[derive(Debug, Clone)]
pub struct RolloutFact {
    /// The allocation before, by revision names.
    pub before: Traffic,
    /// The traffic tag of the candidate.
    pub tag: String,
    /// The address that the tag gives it, once it is there.
    pub uri: Option<String>,
    /// Percents the revision got in turn, and what was seen there.
    pub stops: Vec<(u8, String)>,
    /// Settings of the service that have come with the traffic, by Google's names.
    pub settings: Vec<String>,
    /// How it ended.
    pub end: RolloutEnd,
}

impl RolloutEnd {
    /// Whether something of it may have to be put back yet.
    pub fn is_open(&self) -> bool {
        matches!(self, RolloutEnd::Open | RolloutEnd::Stuck(_))
    }
}

/// How a rollout ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutEnd {
    /// It goes on: what was there before must be put back should anything fail.
    Open,
    /// The revision has everything.
    Finished,
    /// It stopped at the candidate, as it was asked to.
    Candidate,
    /// The traffic is what it was before, read back.
    Restored,
    /// The traffic was left as it is on purpose; the reason.
    Left(&'static str),
    /// Putting it back failed; why.
    Stuck(String),
}

/// A check and its last answer.
#[derive(Debug, Clone)]
pub struct CheckFact {
    /// Who was asked: `candidate`, or `service` at its public address.
    pub at: String,
    /// The request, as in `GET /health`.
    pub request: String,
    /// How it is known which revision answered; empty when nothing passed yet.
    pub proof: String,
    /// What was expected.
    pub expected: String,
    /// What came last.
    pub answer: String,
    /// Whether it passed.
    pub passed: bool,
    /// Whether there was no program to be asked: the embedded cloud runs none, and answered in its place.
    pub not_run: bool,
    /// How often it was asked.
    pub attempts: u32,
}

impl CheckFact {
    /// Whether it was asked, and did not pass.
    pub fn failed(&self) -> bool {
        !self.passed && !self.not_run
    }

    /// Its sign and its word in tables.
    pub fn verdict(&self) -> (&'static str, &'static str) {
        match (self.not_run, self.passed) {
            (true, _) => ("➖", "not run"),
            (false, true) => ("✅", "passed"),
            (false, false) => ("❌", "failed"),
        }
    }
}

/// Everything a run knows.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Whether the embedded cloud stood in for Google's.
    pub simulated: bool,
    /// Steps that were begun.
    pub steps: Vec<StepFact>,
    /// The step that is going on.
    pub current: Option<(StepName, Instant)>,
    /// The archive.
    pub package: Option<PackageFact>,
    /// An upload session that is open.
    pub upload_session: Option<String>,
    /// The build.
    pub build: Option<BuildFact>,
    /// The image that is deployed.
    pub image: Option<PinnedImage>,
    /// Its digest.
    pub digest: Option<Digest>,
    /// The job that was run.
    pub job: Option<JobFact>,
    /// The service.
    pub service: ServiceFact,
    /// The rollout, once the service was written with it.
    pub rollout: Option<RolloutFact>,
    /// The domain.
    pub domain: Option<DomainFact>,
    /// The sites.
    pub sites: Vec<SiteFact>,
    /// The checks.
    pub checks: Vec<CheckFact>,
    /// The rotation of a key.
    pub rotation: RotationFact,
    /// The rotation of a secret.
    pub secret: SecretFact,
    /// What lies between the commit before and this one.
    pub commits: Option<String>,
    /// Why nothing had to be deployed, where that is so.
    pub unchanged: Option<String>,
    /// What was odd.
    pub warnings: Vec<String>,
}

impl Facts {
    /// Ends the step that is going on.
    pub fn end(&mut self, state: StepState, note: impl Into<String>) {
        if let Some((name, since)) = self.current.take() {
            self.steps.push(StepFact { name, state, begun: since, took: since.elapsed(), note: note.into() });
        }
    }

    /// Ends the step that is going on, and was done, or answered for by the embedded cloud.
    pub fn done(&mut self, note: impl Into<String>) {
        let simulated = match self.current {
            // A site's files have answered themselves.
            Some((StepName::Verify, _)) => !self.checks.iter().any(|check| check.passed),
            Some((name, _)) => !name.is_done_here(),
            None => false,
        };
        self.end(if self.simulated && simulated { StepState::Simulated } else { StepState::Done }, note);
    }

    /// How long a step took, when it was done.
    pub fn took(&self, name: StepName) -> Option<Duration> {
        self.steps.iter().find(|step| step.name == name && step.state == StepState::Done).map(|step| step.took)
    }

    /// The build, where there was one: the embedded cloud builds nothing.
    pub fn built(&self) -> Option<&BuildFact> {
        self.build.as_ref().filter(|_| !self.simulated)
    }

    /// The job, where it could run: the embedded cloud runs none.
    pub fn ran(&self) -> Option<&JobFact> {
        self.job.as_ref().filter(|_| !self.simulated)
    }

    /// The image that is deployed, where there is one: on the embedded cloud its name alone stands for it.
    pub fn real_image(&self) -> Option<&PinnedImage> {
        self.image.as_ref().filter(|_| !self.simulated)
    }

    /// Percent of the requests that the new revision receives, as read back.
    pub fn share(&self) -> Option<u8> {
        let traffic = self.service.traffic.as_ref()?;
        let revision = self.service.revision.as_ref()?;
        Some(traffic.share_of(revision, self.service.latest_ready.as_ref()))
    }
}
