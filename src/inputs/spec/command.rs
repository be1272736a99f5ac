//! What the program can be told to do, and which inputs each command takes.

use super::deploy::MORE;
use super::hosting::{self, PLACES};
use super::{
    DEPLOY, DOCTOR, EXPORT, Group, HOSTING, HOSTING_MORE, Input, JOB, LOGS, MONITORING, PREVIEW, RELEASE, ROTATE_KEY,
    ROTATE_SECRET, STATUS,
};

/// What the program can be told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Build, deploy, verify.
    Deploy,
    /// Send the traffic back to a revision that served before.
    Rollback,
    /// Send everything to a tagged candidate, or deploy what serves elsewhere.
    Promote,
    /// Write a job and run it.
    Job,
    /// Upload a site and release it.
    Hosting,
    /// Show a version again that was served before.
    HostingRollback,
    /// Show everybody what a preview channel shows.
    HostingPromote,
    /// Services and sites as one.
    Release,
    /// Services and sites of a pull request, for its reviewers.
    Preview,
    /// What a service does and had to do.
    Status,
    /// The log of a build or of a service.
    Logs,
    /// A service, a job or a worker pool as a manifest.
    Export,
    /// Alerts, an uptime check and who is told.
    Monitoring,
    /// What would hinder a deploy, and how the project is doing.
    Doctor,
    /// A new key of an account, stored as a secret.
    RotateKey,
    /// A new version of a secret, and the service that reads it.
    RotateSecret,
}

impl Command {
    /// Every command.
    pub const ALL: [Command; 16] = [
        Command::Deploy,
        Command::Rollback,
        Command::Promote,
        Command::Job,
        Command::Hosting,
        Command::HostingRollback,
        Command::HostingPromote,
        Command::Release,
        Command::Preview,
        Command::Status,
        Command::Logs,
        Command::Export,
        Command::Monitoring,
        Command::Doctor,
        Command::RotateKey,
        Command::RotateSecret,
    ];

    /// Its words on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Command::Deploy => "deploy",
            Command::Rollback => "rollback",
            Command::Promote => "promote",
            Command::Job => "job",
            Command::Hosting => "hosting",
            Command::HostingRollback => "hosting rollback",
            Command::HostingPromote => "hosting promote",
            Command::Release => "release",
            Command::Preview => "preview",
            Command::Status => "status",
            Command::Logs => "logs",
            Command::Export => "export",
            Command::Monitoring => "monitoring",
            Command::Doctor => "doctor",
            Command::RotateKey => "rotate-key",
            Command::RotateSecret => "rotate-secret",
        }
    }

    /// One line on what it does.
    pub fn about(self) -> &'static str {
        match self {
            Command::Deploy => "Build, deploy and verify a service",
            Command::Rollback => {
                "Send a service's traffic back to a revision that served before, or a site to a version, verified"
            }
            Command::Promote => {
                "Send all traffic to a tagged candidate, deploy the very image that serves in another service, or show everybody what a preview channel shows"
            }
            Command::Job => "Create or update a job, run it once, and wait for its end",
            Command::Hosting => "Upload a Firebase Hosting site, release it and verify it",
            Command::HostingRollback => "Show a version of a site again that was served before, verified",
            Command::HostingPromote => "Show everybody the version that a preview channel shows, verified",
            Command::Release => "Release services and sites of a manifest as one: all of them, or none",
            Command::RotateKey => {
                "Give a service account a new key, prove it, store it as a GitHub Actions secret, and disable the old one"
            }
            Command::RotateSecret => {
                "Give a secret of Secret Manager a new version, move the service to it, verified, and disable the old one"
            }
            Command::Preview => "Make, renew or remove the preview of a pull request: services and sites of a manifest",
            Command::Status => {
                "Show who serves, and a service's last hour and day: requests, errors, latency, instances"
            }
            Command::Logs => {
                "Show a build's log, followed to its end, or what a service wrote to Cloud Logging; the verdict on a build is its status"
            }
            Command::Export => {
                "Write a service, a job or a worker pool as a manifest that can be committed and deployed again"
            }
            Command::Monitoring => "Set up alerts and an uptime check of a service, or remove them",
            Command::Doctor => {
                "Look at everything a deploy needs, change nothing, and say what to mend with which command"
            }
        }
    }

    /// Its inputs.
    pub fn inputs(self) -> Vec<&'static Input> {
        let has = |input: &&Input| match self {
            Command::Deploy => MORE.iter().all(|more| more.name != input.name),
            Command::Rollback => {
                matches!(input.group, Group::Target | Group::Check | Group::Run)
                    && !["regions", "kind", "secret_max_age"].contains(&input.name)
                    || ["to_revision", "rollback_on_failure"].contains(&input.name)
                    || ["site", "channel", "message", "to_version"].contains(&input.name)
            }
            Command::Job
            | Command::Hosting
            | Command::Release
            | Command::Preview
            | Command::Status
            | Command::Logs
            | Command::Export
            | Command::Monitoring
            | Command::Doctor
            | Command::RotateKey
            | Command::RotateSecret => true,
            Command::Promote => {
                !matches!(input.group, Group::Build | Group::Moved)
                    && ![
                        "flags",
                        "source",
                        "image",
                        "changed_paths",
                        "allow_forks",
                        "to_revision",
                        "no_traffic",
                        "traffic",
                        "revision_traffic",
                        "tag_traffic",
                        "traffic_tags",
                        "traffic_tags_update_strategy",
                    ]
                    .contains(&input.name)
            }
            Command::HostingRollback | Command::HostingPromote => {
                let own = if self == Command::HostingRollback { "to_version" } else { "from_channel" };
                PLACES.contains(&input.name) && !(self == Command::HostingPromote && input.name == "channel")
                    || matches!(input.group, Group::Check | Group::Run)
                    || input.name == own
            }
        };
        // Headings in their order, whichever of the tables an input stands in.
        let tables: [&[Input]; 3] = match self {
            Command::Deploy => [DEPLOY, MORE, &[]],
            Command::Rollback => [DEPLOY, MORE, ROLLBACK_SITE],
            Command::Promote => [DEPLOY, MORE, PROMOTE_SITE],
            Command::Job => [JOB, &[], &[]],
            Command::Hosting => [HOSTING, &[], &[]],
            Command::HostingRollback | Command::HostingPromote => [HOSTING, HOSTING_MORE, &[]],
            Command::Release => [RELEASE, &[], &[]],
            Command::Preview => [PREVIEW, &[], &[]],
            Command::Status => [STATUS, &[], &[]],
            Command::Logs => [LOGS, &[], &[]],
            Command::Export => [EXPORT, &[], &[]],
            Command::Monitoring => [MONITORING, &[], &[]],
            Command::Doctor => [DOCTOR, &[], &[]],
            Command::RotateKey => [ROTATE_KEY, &[], &[]],
            Command::RotateSecret => [ROTATE_SECRET, &[], &[]],
        };
        let all = || tables.into_iter().flatten();
        Group::ALL.iter().flat_map(|group| all().filter(|input| input.group == *group)).filter(has).collect()
    }
}

/// What the rollback action has for sites.
const ROLLBACK_SITE: &[Input] = &[
    hosting::row::SITE.says(Group::Target, "", "In place of `service`: the Hosting site that goes back"),
    hosting::row::CHANNEL.says(Group::Target, "live", "With `site`: the channel that goes back"),
    hosting::row::TO_VERSION.says(Group::What, "the one that served before", "With `site`: version to go back to"),
    hosting::row::MESSAGE.says(Group::What, "the commit and the run", "With `site`: message of the release"),
];

/// What the promote action has for sites.
const PROMOTE_SITE: &[Input] = &[
    hosting::row::SITE.says(
        Group::Target,
        "",
        "In place of `service`: the Hosting site whose preview everybody shall see",
    ),
    hosting::row::FROM_CHANNEL.says(Group::What, "", "With `site`: preview channel whose version everybody shall see"),
    hosting::row::MESSAGE.says(Group::What, "the commit and the run", "With `site`: message of the release"),
];
