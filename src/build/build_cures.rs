//! What to do about a build that failed: by how it ended, and by what docker says in its log. The log decides nothing else.

use std::time::Duration;

use super::log_view::LogView;
use crate::cloud_build::build::{FRONTEND, OWN_FRONTEND, Staged, other_frontend};
use crate::cloud_build::image::{Build, Builder, Recipe};
use crate::cloud_build::push::{Cure, GRANTS_TAKE, cure};
use crate::commands::doctor::plan::fix::{Fix, quoted};
use slipway_google::cloud_build::{BuildResource as CloudBuild, BuildStatus};
use slipway_google::refusal::api_in;
use slipway_google::roles;
use slipway_names::ids::AccountEmail;
use slipway_names::image::ImageRepository;
use slipway_names::registry::Location;

/// A build that failed, and what is known of it.
pub(super) struct FailedStep<'a> {
    /// What was asked for.
    pub(super) build: &'a Build,
    /// The project.
    pub(super) project: &'a str,
    /// The account it ran as, where known.
    pub(super) account: Option<&'a AccountEmail>,
    /// Where it was to push.
    pub(super) repository: &'a ImageRepository,
    /// Whether that is there, where it may be seen.
    pub(super) there: Option<bool>,
    /// Its source.
    pub(super) staged: Option<&'a Staged>,
    /// How it ended.
    pub(super) last: &'a CloudBuild,
    /// What it wrote.
    pub(super) log: &'a LogView,
    /// Its limit.
    pub(super) work: Duration,
}

/// What to do next, most helpful first.
pub(super) fn of(failed: &FailedStep<'_>) -> Vec<String> {
    let FailedStep { build, last, .. } = failed;
    match (&last.status, last.failure_type.as_str()) {
        (BuildStatus::Failure, "PUSH_NOT_AUTHORIZED" | "PUSH_FAILED") => push(failed),
        (BuildStatus::Failure, "PUSH_IMAGE_NOT_FOUND") => {
            vec!["The names under `images:` must be those that a step gives its image with `-t`".into()]
        }
        (BuildStatus::Failure, "FETCH_SOURCE_FAILED") => {
            let command = roles::grant_on_bucket(build.bucket.as_str(), &member(failed), "roles/storage.objectViewer");
            vec![format!("Let the build's account read it: {command}"), GRANTS_TAKE.into()]
        }
        (BuildStatus::Failure, "LOGGING_FAILURE") | (BuildStatus::InternalError, _) => {
            vec!["Run again; if it stays, look at https://status.cloud.google.com".into()]
        }
        (BuildStatus::Failure, _) => {
            let mut hints = said(failed);
            hints.extend(step(failed));
            hints
        }
        (BuildStatus::Timeout, _) => vec![format!(
            "Give it more time with `build_timeout` (it has {} s), or a faster machine with `build_machine_type: E2_HIGHCPU_8`",
            failed.work.as_secs()
        )],
        (BuildStatus::Expired, _) => vec![
            "Too many builds run at once in this project; spread them with a `concurrency:` group, or run again".into(),
        ],
        (BuildStatus::Cancelled, _) => {
            vec!["Cloud Build's history shows who did it; run again when that was not meant".into()]
        }
        _ => Vec::new(),
    }
}

fn member(failed: &FailedStep<'_>) -> String {
    roles::member(failed.account.map_or("BUILD_ACCOUNT", |account| account.as_str()))
}

fn push(failed: &FailedStep<'_>) -> Vec<String> {
    let said = std::iter::once(failed.last.failure_detail.as_str()).chain(failed.log.last());
    if let Some(service) =
        said.filter(|text| text.contains("has not been used in project")).find_map(|text| api_in(text))
    {
        let command = Fix::Enable { service: service.to_owned() }.command(failed.project);
        return vec![format!("Enable the API of the registry: {command}")];
    }
    let Some(place) = Location::of(failed.repository) else {
        return vec![format!(
            "Let the build's account push to `{}`; its registry is none of Google's",
            failed.repository
        )];
    };
    let hints = match cure(failed.project, &member(failed), &place, failed.there) {
        Cure::Elsewhere(words) => vec![words],
        Cure::Fixes(fixes) => fixes.iter().map(|fix| spoken(fix, failed.project, failed.there)).collect(),
    };
    hints.into_iter().chain([GRANTS_TAKE.to_owned()]).collect()
}

fn spoken(fix: &Fix, project: &str, there: Option<bool>) -> String {
    let why = match fix {
        Fix::MakeRepository { .. } if there == Some(false) => "Make the repository",
        Fix::MakeRepository { .. } => "If the repository does not exist yet, make it",
        _ => "Let the build's account push",
    };
    format!("{why}: {}", fix.command(project))
}

/// What the failing step was, and how to see it fail elsewhere.
fn step(failed: &FailedStep<'_>) -> Vec<String> {
    match &failed.build.recipe {
        Recipe::Dockerfile { .. } => vec![again(failed)],
        Recipe::Buildpacks { .. } => vec![
            "Buildpacks built this because there is no Dockerfile; add one to decide yourself how it is built".into(),
        ],
        Recipe::Config { path, .. } => vec![format!("The step is described in {path}")],
    }
}

/// A command that fails in the same way on another machine: the same source, builder, frontend and arguments.
fn again(failed: &FailedStep<'_>) -> String {
    let (Recipe::Dockerfile { path, file, target, args, builder }, Some(staged)) =
        (&failed.build.recipe, failed.staged)
    else {
        return String::new();
    };
    let mut words = vec!["docker".to_owned(), "build".to_owned(), "--platform=linux/amd64".to_owned()];
    let frontend = match builder {
        Builder::Legacy => None,
        Builder::BuildKit(_) if other_frontend(&failed.build.recipe).is_some() => Some(FRONTEND),
        // Docker's own is a newer one elsewhere, and would understand.
        Builder::BuildKit(_) if !file.names_frontend && grammar(failed.log).is_some() => Some(OWN_FRONTEND),
        Builder::BuildKit(_) => None,
    };
    words.extend(frontend.map(|frontend| format!("--build-arg=BUILDKIT_SYNTAX={frontend}")));
    words.push(format!("--file={path}"));
    words.extend(target.iter().map(|target| format!("--target={target}")));
    // Without a value docker takes it from the environment: what is given here may be nobody else's business.
    let names: Vec<&str> = args.iter().map(|(name, _)| name.as_str()).collect();
    words.extend(names.iter().map(|name| format!("--build-arg={name}")));
    words.push("-".to_owned());
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let switch = if *builder == Builder::Legacy { 0 } else { 1 };
    let Staged { bucket, object, .. } = staged;
    let values = match names.as_slice() {
        [] => String::new(),
        names => format!(" (with the values of {} in its environment)", names.join(", ")),
    };
    format!(
        "The lines above are the step's last ones; the same source fails in the same way on your machine{values}: `gcloud storage cat gs://{bucket}/{object} | DOCKER_BUILDKIT={switch} {}`",
        words.join(" ")
    )
}

/// The line of the log in which docker does not understand a Dockerfile.
fn grammar(log: &LogView) -> Option<&str> {
    let of_grammar =
        |line: &&str| line.contains("dockerfile parse error") || line.contains("missing ':' in substitution");
    log.last().rfind(of_grammar)
}

/// What docker's own sentences in the log call for.
fn said(failed: &FailedStep<'_>) -> Vec<String> {
    let found = |text: &str| failed.log.last().rfind(|line| line.contains(text));
    let mut hints = Vec::new();
    if let Some(line) = grammar(failed.log) {
        hints.extend(not_understood(failed, line));
    }
    if found("not supported by buildkit").is_some() {
        hints.push("BuildKit takes no network by its name: leave `--network` out of that step, or set `DOCKER_BUILDKIT=0` in its `env`, where the network `cloudbuild` is known".into());
    }
    if found("option requires BuildKit").is_some() {
        hints.push("Set `DOCKER_BUILDKIT=1` in the `env` of that step".into());
    }
    if let Some(line) = found("Maximum supported API version is ") {
        let version: String = after(line, "Maximum supported API version is ", |c| c.is_ascii_digit() || c == '.');
        hints.push(format!("Set `DOCKER_API_VERSION={}` in the `env` of that step", version.trim_end_matches('.')));
    }
    if found("'buildx' is not a docker command").is_some() {
        hints.push("That image of docker has no buildx: `build_cache: inline` needs none".into());
    }
    if found("registry-1.docker.io").is_some() {
        hints.push("The build could not reach Docker Hub: give its private pool a way there, or name copies of those images in a registry of your own (`# syntax=…` names the frontend)".into());
    }
    if found("toomanyrequests").is_some() {
        hints.push("Docker Hub counts what is pulled without signing in: name base images at `mirror.gcr.io`, such as `mirror.gcr.io/library/node`, or run again later".into());
    }
    if found("unexpected EOF").is_some() {
        hints.push("Docker itself seems to have broken down, which an inline cache is known to do to it: build without (`build_cache: none`, or no `BUILDKIT_INLINE_CACHE=1` in a step of your own)".into());
    }
    if is_refused_push(failed.log) {
        hints.extend(push(failed));
    }
    hints
}

/// Whether docker's own words are about a push that the registry refused.
pub(super) fn is_refused_push(log: &LogView) -> bool {
    log.last().any(|line| line.contains("artifactregistry.repositories."))
}

/// A Dockerfile that the frontend did not understand: the line to add, where a newer one would. One that was read before
/// the build was given a newer one, where it needs it.
fn not_understood(failed: &FailedStep<'_>, line: &str) -> Option<String> {
    let whose = match &failed.build.recipe {
        Recipe::Dockerfile { file, .. } if !file.names_frontend => return None,
        Recipe::Dockerfile { .. } => "the frontend that its `# syntax=` line names",
        _ => "the frontend of Docker 20.10, which Cloud Build has,",
    };
    let number: String = after(line, "line ", |c| c.is_ascii_digit());
    let at = if number.is_empty() { String::new() } else { format!("line {number}: ") };
    let what = if line.to_lowercase().contains("unknown flag: ") {
        let flag: String = after(&line.to_lowercase(), "unknown flag: ", |c| c.is_ascii_alphanumeric() || c == '-');
        format!("{at}`--{flag}`")
    } else if line.contains("unknown instruction: ") {
        format!("{at}if it belongs to a here-document (`<<EOF`), that")
    } else if line.contains("unexpected key ") || line.contains("in substitution") {
        format!("{at}what is quoted above")
    } else {
        return None;
    };
    Some(format!(
        "The Dockerfile, {what} is not known to {whose} and may be to a newer one: write `# syntax={FRONTEND}` as its first line"
    ))
}

/// What comes behind a text in a line, as long as it fits.
fn after(line: &str, text: &str, fits: impl Fn(char) -> bool) -> String {
    let rest = line.split_once(text).map_or("", |(_, rest)| rest);
    rest.chars().take_while(|c| fits(*c)).collect()
}
