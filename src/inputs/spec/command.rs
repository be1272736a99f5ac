//! What the program can be told to do, and which inputs each command takes.

use super::deploy::MORE;
use super::hosting::{self, PLACES};
use super::{
    DEPLOY, DOCTOR, EXPORT, HOSTING, HOSTING_MORE, Input, InputGroup, JOB, LOGS, MONITORING, PREVIEW, RELEASE,
    ROTATE_KEY, ROTATE_SECRET, STATUS,
};

/// What the program can be told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandName {
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

impl CommandName {
    /// Every command.
    pub const ALL: [CommandName; 16] = [
        CommandName::Deploy,
        CommandName::Rollback,
        CommandName::Promote,
        CommandName::Job,
        CommandName::Hosting,
        CommandName::HostingRollback,
        CommandName::HostingPromote,
        CommandName::Release,
        CommandName::Preview,
        CommandName::Status,
        CommandName::Logs,
        CommandName::Export,
        CommandName::Monitoring,
        CommandName::Doctor,
        CommandName::RotateKey,
        CommandName::RotateSecret,
    ];

    /// Its words on the command line.
    pub fn word(self) -> &'static str {
        match self {
            CommandName::Deploy => "deploy",
            CommandName::Rollback => "rollback",
            CommandName::Promote => "promote",
            CommandName::Job => "job",
            CommandName::Hosting => "hosting",
            CommandName::HostingRollback => "hosting rollback",
            CommandName::HostingPromote => "hosting promote",
            CommandName::Release => "release",
            CommandName::Preview => "preview",
            CommandName::Status => "status",
            CommandName::Logs => "logs",
            CommandName::Export => "export",
            CommandName::Monitoring => "monitoring",
            CommandName::Doctor => "doctor",
            CommandName::RotateKey => "rotate-key",
            CommandName::RotateSecret => "rotate-secret",
        }
    }

    /// One line on what it does.
    pub fn about(self) -> &'static str {
        match self {
            CommandName::Deploy => "Build, deploy and verify a service",
            CommandName::Rollback => {
                "Send a service's traffic back to a revision that served before, or a site to a version, verified"
            }
            CommandName::Promote => {
                "Send all traffic to a tagged candidate, deploy the very image that serves in another service, or show everybody what a preview channel shows"
            }
            CommandName::Job => "Create or update a job, run it once, and wait for its end",
            CommandName::Hosting => "Upload a Firebase Hosting site, release it and verify it",
            CommandName::HostingRollback => "Show a version of a site again that was served before, verified",
            CommandName::HostingPromote => "Show everybody the version that a preview channel shows, verified",
            CommandName::Release => "Release services and sites of a manifest as one: all of them, or none",
            CommandName::RotateKey => {
                "Give a service account a new key, prove it, store it as a GitHub Actions secret, and disable the old one"
            }
            CommandName::RotateSecret => {
                "Give a secret of Secret Manager a new version, move the service to it, verified, and disable the old one"
            }
            CommandName::Preview => {
                "Make, renew or remove the preview of a pull request: services and sites of a manifest"
            }
            CommandName::Status => {
                "Show who serves, and a service's last hour and day: requests, errors, latency, instances"
            }
            CommandName::Logs => {
                "Show a build's log, followed to its end, or what a service wrote to Cloud Logging; the verdict on a build is its status"
            }
            CommandName::Export => {
                "Write a service, a job or a worker pool as a manifest that can be committed and deployed again"
            }
            CommandName::Monitoring => "Set up alerts and an uptime check of a service, or remove them",
            CommandName::Doctor => {
                "Look at everything a deploy needs, change nothing, and say what to mend with which command"
            }
        }
    }

    /// Its inputs.
    pub fn inputs(self) -> Vec<&'static Input> {
        let has = |input: &&Input| match self {
            CommandName::Deploy => MORE.iter().all(|more| more.name != input.name),
            CommandName::Rollback => {
                matches!(input.group, InputGroup::Target | InputGroup::Check | InputGroup::Run)
                    && !["regions", "kind", "secret_max_age"].contains(&input.name)
                    || ["to_revision", "rollback_on_failure"].contains(&input.name)
                    || ["site", "channel", "message", "to_version"].contains(&input.name)
            }
            CommandName::Job
            | CommandName::Hosting
            | CommandName::Release
            | CommandName::Preview
            | CommandName::Status
            | CommandName::Logs
            | CommandName::Export
            | CommandName::Monitoring
            | CommandName::Doctor
            | CommandName::RotateKey
            | CommandName::RotateSecret => true,
            CommandName::Promote => {
                !matches!(input.group, InputGroup::Build | InputGroup::Moved)
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
            CommandName::HostingRollback | CommandName::HostingPromote => {
                let own = if self == CommandName::HostingRollback { "to_version" } else { "from_channel" };
                PLACES.contains(&input.name) && !(self == CommandName::HostingPromote && input.name == "channel")
                    || matches!(input.group, InputGroup::Check | InputGroup::Run)
                    || input.name == own
            }
        };
        // Headings in their order, whichever of the tables an input stands in.
        let tables: [&[Input]; 3] = match self {
            CommandName::Deploy => [DEPLOY, MORE, &[]],
            CommandName::Rollback => [DEPLOY, MORE, ROLLBACK_SITE],
            CommandName::Promote => [DEPLOY, MORE, PROMOTE_SITE],
            CommandName::Job => [JOB, &[], &[]],
            CommandName::Hosting => [HOSTING, &[], &[]],
            CommandName::HostingRollback | CommandName::HostingPromote => [HOSTING, HOSTING_MORE, &[]],
            CommandName::Release => [RELEASE, &[], &[]],
            CommandName::Preview => [PREVIEW, &[], &[]],
            CommandName::Status => [STATUS, &[], &[]],
            CommandName::Logs => [LOGS, &[], &[]],
            CommandName::Export => [EXPORT, &[], &[]],
            CommandName::Monitoring => [MONITORING, &[], &[]],
            CommandName::Doctor => [DOCTOR, &[], &[]],
            CommandName::RotateKey => [ROTATE_KEY, &[], &[]],
            CommandName::RotateSecret => [ROTATE_SECRET, &[], &[]],
        };
        let all = || tables.into_iter().flatten();
        InputGroup::ALL.iter().flat_map(|group| all().filter(|input| input.group == *group)).filter(has).collect()
    }
}

/// What the rollback action has for sites.
const ROLLBACK_SITE: &[Input] = &[
    hosting::row::SITE.says(InputGroup::Target, "", "In place of `service`: the Hosting site that goes back"),
    hosting::row::CHANNEL.says(InputGroup::Target, "live", "With `site`: the channel that goes back"),
    hosting::row::TO_VERSION.says(InputGroup::What, "the one that served before", "With `site`: version to go back to"),
    hosting::row::MESSAGE.says(InputGroup::What, "the commit and the run", "With `site`: message of the release"),
];

/// What the promote action has for sites.
const PROMOTE_SITE: &[Input] = &[
    hosting::row::SITE.says(
        InputGroup::Target,
        "",
        "In place of `service`: the Hosting site whose preview everybody shall see",
    ),
    hosting::row::FROM_CHANNEL.says(
        InputGroup::What,
        "",
        "With `site`: preview channel whose version everybody shall see",
    ),
    hosting::row::MESSAGE.says(InputGroup::What, "the commit and the run", "With `site`: message of the release"),
];
