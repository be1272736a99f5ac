//! What Google's sentence about a container that does not run says went wrong. The verdict is the condition's; the
//! sentence only chooses the cure, and Google's reason word where there is one and the sentence is not known.

/// Why a revision, a job or an execution could not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The container did not listen on its port in time; the port, where it is named.
    Port(Option<u16>),
    /// Its startup probe failed.
    Probe,
    /// Its program is for another processor, or no program.
    Architecture,
    /// The program that it is to start is not in the image.
    NoProgram,
    /// It took more memory than it had.
    Memory,
    /// It took longer than its limit.
    Timeout,
    /// The image is not there; its name, where it is told.
    NoImage(Option<String>),
    /// Cloud Run's agent may not read the image.
    ImageHidden {
        /// The agent, where it is named.
        agent: Option<String>,
        /// The image.
        image: Option<String>,
        /// The project that the image is in, where that is another one.
        project: Option<String>,
    },
    /// The deployer may not read the image.
    ImageHiddenFromDeployer(String),
    /// The image could not be unpacked.
    Import,
    /// The image names a user by a name that Cloud Run cannot look up with an encryption key.
    User,
    /// A version of a secret is not there.
    NoSecret(Option<SecretVersion>),
    /// A version of a secret is disabled or destroyed.
    SecretState(Option<SecretVersion>, VersionState),
    /// A secret may not be read by the account; which, where it is told.
    SecretRefused(Option<SecretVersion>, Option<String>),
    /// The VPC connector is not there, or not Cloud Run's to use.
    Connector,
    /// The network or the subnetwork is not there.
    Network,
    /// There is not enough quota; how many instances there is quota for, where that is told.
    Quota(Option<u32>),
    /// There is no quota for GPUs.
    GpuQuota,
    /// CPU and memory do not go together.
    Resources,
    /// Cloud Run's agent may get no tokens of the account that the container runs as.
    Agent(Option<String>),
    /// A setting is not generally available.
    LaunchStage,
    /// Binary Authorization does not allow the image.
    Unauthorized,
    /// The encryption key cannot be used.
    Key,
    /// There are too many revisions.
    Revisions,
    /// There was no room.
    Capacity,
    /// Nobody knows.
    Unknown,
}

/// A version of a secret, as Google's sentences write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretVersion {
    /// Id or number of its project.
    pub(super) project: String,
    /// The secret.
    pub(super) secret: String,
    /// A number, `latest`, or an alias.
    pub(super) version: String,
}

/// Why a version cannot be read by anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VersionState {
    Disabled,
    Destroyed,
}

/// What a condition says, by its sentence, else by its reason word (docs: run/docs/reference/rest/v2/Condition).
pub(crate) fn of(reason: &str, message: &str) -> Cause {
    match of_sentence(message) {
        Cause::Unknown => of_reason(reason),
        known => known,
    }
}

/// What a container's own last lines say, where its condition only says that it did not come up.
pub(crate) fn of_log(lines: &[String]) -> Option<Cause> {
    lines
        .iter()
        .rev()
        .map(|line| of_sentence(line))
        .find(|cause| matches!(cause, Cause::Architecture | Cause::NoProgram | Cause::Memory))
}

fn of_sentence(message: &str) -> Cause {
    let has = |words: &str| message.contains(words);
    let secret = || secret_version(message);
    if has("must support amd64/linux") || has("exec format error") {
        Cause::Architecture
    } else if has("error finding executable")
        || has("failed to resolve binary path")
        || has("Application exec likely failed")
    {
        Cause::NoProgram
    } else if has("Memory limit of") || has("using too much memory") {
        Cause::Memory
    } else if has("must have permission to read the image") {
        hidden(message)
    } else if has("Image '") && has("' not found") {
        Cause::NoImage(between(message, "Image '", "'").map(str::to_owned))
    } else if has("Container import failed") || has("error during container import") {
        Cause::Import
    } else if has("not found in /etc/passwd") {
        Cause::User
    } else if has("is in DISABLED state") {
        Cause::SecretState(secret(), VersionState::Disabled)
    } else if has("is in DESTROYED state") {
        Cause::SecretState(secret(), VersionState::Destroyed)
    } else if has("Permission denied on secret") {
        Cause::SecretRefused(secret(), slipway_google::grants::account(message).map(str::to_owned))
    } else if has("/secrets/") && has("was not found") {
        Cause::NoSecret(secret())
    } else if has("VPC connector") {
        Cause::Connector
    } else if has("quota for using GPUs") {
        Cause::GpuQuota
    } else if has("to set the requested total") || has("maxScale may not exceed") || has("Quota violated") {
        let most =
            between(message, "must be set to ", " ").or_else(|| between(message, "maxScale may not exceed ", "."));
        Cause::Quota(most.and_then(|number| number.trim().parse().ok()))
    } else if has("Invalid value specified for memory") || has("Invalid value specified for cpu") {
        Cause::Resources
    } else if has("permission to get access tokens for the service account") {
        Cause::Agent(slipway_google::grants::account(message).map(str::to_owned))
    } else if has("not supported in the declared launch stage") {
        Cause::LaunchStage
    } else if has("startup probe checks") || has("Startup probes timed out") {
        Cause::Probe
    } else if has("listen on the port defined") || has("listen on port defined") || has("Container failed to start") {
        let port = between(message, "PORT=", " ").or_else(|| between(message, "PORT=", "."));
        Cause::Port(port.and_then(|port| port.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok()))
    } else if has("The configured timeout was reached") {
        Cause::Timeout
    } else {
        Cause::Unknown
    }
}

fn of_reason(reason: &str) -> Cause {
    match reason {
        "HEALTH_CHECK_CONTAINER_ERROR" => Cause::Port(None),
        "PROGRESS_DEADLINE_EXCEEDED" => Cause::Timeout,
        "CONTAINER_MISSING" => Cause::NoImage(None),
        "CONTAINER_PERMISSION_DENIED" => Cause::ImageHidden { agent: None, image: None, project: None },
        "CONTAINER_IMAGE_UNAUTHORIZED" | "CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED" => Cause::Unauthorized,
        "SECRETS_ACCESS_CHECK_FAILED" => Cause::SecretRefused(None, None),
        "VPC_NETWORK_NOT_FOUND" => Cause::Network,
        "ACTIVE_REVISION_LIMIT_REACHED" => Cause::Revisions,
        "RESOURCES_AVAILABLE" | "RESERVE" => Cause::Capacity,
        reason if reason.starts_with("ENCRYPTION_KEY_") => Cause::Key,
        _ => Cause::Unknown,
    }
}

/// Who may not read which image: Cloud Run's agent, else the deployer.
fn hidden(message: &str) -> Cause {
    let image = slipway_google::refusal::image_not_read(message).map(str::to_owned);
    match image {
        Some(image) if !message.contains("Service Agent") => Cause::ImageHiddenFromDeployer(image),
        image => Cause::ImageHidden {
            agent: slipway_google::grants::account(message).map(str::to_owned),
            image,
            project: between(message, "from project [", "]").map(str::to_owned),
        },
    }
}

/// The version whose path comes last: sentences that name it twice write its number there.
fn secret_version(message: &str) -> Option<SecretVersion> {
    let path = message.get(message.rfind("projects/")?..)?;
    let path = path.split([' ', ']', '\'', '"', ',']).next()?.trim_end_matches(['.', ':']);
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["projects", project, "secrets", secret, "versions", version] => Some(SecretVersion {
            project: (*project).to_owned(),
            secret: (*secret).to_owned(),
            version: (*version).to_owned(),
        }),
        _ => None,
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split(after).next().filter(|found| !found.is_empty())
}
