//! From texts to meaning: every mistake is found here, all at once, before any request.

mod allocation;
pub(crate) mod build;
pub(crate) mod check;
mod containers;
mod edits;
mod kind;
mod labels;
pub(crate) mod manifest;
pub(crate) mod own_build;
pub(crate) mod pre_deploy;
mod probe;
pub(crate) mod rollout;
pub(crate) mod service;
mod settings;
pub(crate) mod variables;
mod volumes;

use std::time::Duration;

pub(crate) use crate::inputs::give::Give;

use crate::cloud_build::image::Recipe;
use crate::cloud_run::wanted::place::ServicePlace;
use crate::commands::deploy::inputs::{Deploy, DeployWhat, Pick};
use crate::inputs::credentials;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::CommandName;
use crate::inputs::spec::build::BUILD;
use crate::inputs::spec::deploy::name;
use slipway_names::credentials::{Credentials, SignInMethod};
use slipway_names::domain::Domain;
use slipway_names::ids::{ProjectId, Region, RevisionName, ServiceName};
use slipway_names::image::ImageRef;
use slipway_names::secret::Secret;
use slipway_names::shown::QuotedText;
use slipway_runner::env::Runner;

/// What to do where nothing was checked out.
pub(crate) const NOT_CHECKED_OUT: &str = "the workspace is empty: run actions/checkout before this step";

/// A quarter, as most rules about keys have it.
pub(crate) const KEY_MAX_AGE: Duration = Duration::from_secs(90 * 86_400);

/// Where a service or a job lives of which nothing else is said.
const DEFAULT_REGION: &str = "us-central1";

/// Half a year: long for a password that a program keeps to itself, short for one that has got about.
pub(crate) const SECRET_MAX_AGE: Duration = Duration::from_secs(180 * 86_400);

/// Resolves the inputs of a command.
///
/// # Errors
/// Every mistake in every input.
pub fn run(
    command: CommandName,
    raw: &RawInputs,
    runner: &Runner,
    mut findings: Findings,
) -> Result<Resolved<Deploy>, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    let project = project(&mut give, credentials.as_ref());
    let (region, regions) = regions(&mut give);
    let kind = kind::kind(&mut give);
    let service = service_name(&mut give, runner);
    let image = give.with(name::IMAGE, ImageRef::parse);
    let key_max_age = give.with(name::KEY_MAX_AGE, scalar::days).unwrap_or(KEY_MAX_AGE);
    let secret_max_age = give.with(name::SECRET_MAX_AGE, scalar::days).unwrap_or(SECRET_MAX_AGE);
    let dry_run = give.switch(name::DRY_RUN).unwrap_or(false);
    let changed_paths = scalar::list(raw.whole(name::CHANGED_PATHS).unwrap_or_default());
    for path in changed_paths.iter().filter(|path| path.starts_with('/') || path.split('/').any(|part| part == "..")) {
        give.findings.wrong(
            name::CHANGED_PATHS,
            format!("{} is no path of the repository", QuotedText(path)),
            "write it from the repository's root on",
        );
    }
    let what = match command {
        CommandName::Deploy => match allocation::allocation(&mut give) {
            Some(what) => Some(what),
            None => what(&mut give, runner, image, project.as_ref(), region.as_ref(), service.as_ref()),
        },
        CommandName::Rollback => {
            Some(DeployWhat::Revision(match give.parsed(name::TO_REVISION, RevisionName::parse) {
                Some(name) => Pick::Named(name),
                None => Pick::Previous,
            }))
        }
        CommandName::Promote => promoted(&mut give, project.as_ref(), region.as_ref()),
        // They have a meaning of their own, see the modules here.
        CommandName::Job
        | CommandName::Hosting
        | CommandName::HostingRollback
        | CommandName::HostingPromote
        | CommandName::Release
        | CommandName::Preview
        | CommandName::Status
        | CommandName::Logs
        | CommandName::Export
        | CommandName::Monitoring
        | CommandName::Doctor
        | CommandName::RotateKey
        | CommandName::RotateSecret => None,
    };
    let settings = service::settings(&mut give, runner, project.as_ref(), service.as_ref());
    based(&mut give, what.as_ref());
    function(&mut give, what.as_ref());
    let domain = give.with(name::DOMAIN, Domain::parse);
    let manifest = manifest::manifest(&mut give, runner, kind, service.as_ref());
    let checks = check::checks(&mut give, check::CheckTarget::Service(settings.ingress));
    let rollout = rollout::rollout(&mut give);
    let pre_deploy = pre_deploy::pre_deploy(&mut give, service.as_ref());
    if let (Some(_), Some(DeployWhat::Revision(_))) = (&pre_deploy, &what) {
        give.findings.wrong(
            name::PRE_DEPLOY_JOB,
            "a revision that exists gets the traffic, and nothing is deployed",
            "remove it; `slipway job` runs a job by itself",
        );
    }
    let (Some(credentials), Some(project), Some(region), Some(service), Some(what)) =
        (credentials, project, region, service, what)
    else {
        return Err(InputErrors::of(findings));
    };
    if !findings.mistakes.is_empty() {
        return Err(InputErrors::of(findings));
    }
    let deploy = Deploy {
        credential_files: credentials::files(runner, Some(&credentials)),
        credentials,
        project,
        region,
        regions,
        kind,
        service,
        github_token: raw.get(name::GITHUB_TOKEN).and_then(Secret::new),
        key_max_age,
        secret_max_age,
        what,
        changed_paths,
        environment: raw.get(name::ENVIRONMENT).map(str::to_owned),
        manifest,
        settings,
        domain,
        pre_deploy: pre_deploy.map(Box::new),
        checks,
        rollout,
        guest: None,
        dry_run,
    };
    Ok(Resolved { meaning: deploy, warnings: findings.warnings })
}

/// A function is what buildpacks make a server of.
fn function(give: &mut Give<'_>, what: Option<&DeployWhat>) {
    let buildpacks =
        matches!(what, Some(DeployWhat::Build(build)) if matches!(build.recipe, Recipe::Buildpacks { .. }));
    if give.raw.has(name::FUNCTION) && what.is_some() && !buildpacks {
        let problem = "only buildpacks make a server of a function, and none build here";
        give.findings.wrong(name::FUNCTION, problem, "remove it, or give a `source` without a Dockerfile");
    }
    if give.raw.has(name::FUNCTION) && give.raw.has(name::COMMAND) {
        let problem = "a function is started by the functions framework, and `command` starts something else";
        give.findings.wrong(name::FUNCTION, problem, "keep one of them");
    }
}

/// What is built here has its base inside, as gcloud says too of a Dockerfile's image.
fn based(give: &mut Give<'_>, what: Option<&DeployWhat>) {
    let Some(DeployWhat::Build(build)) = what else { return };
    if matches!(build.recipe, Recipe::Config { .. }) {
        return;
    }
    for name in [name::BASE_IMAGE, name::AUTOMATIC_UPDATES] {
        if give.said(name).is_some_and(|text| text != "false") {
            let problem = "the image that is built has its base inside: Cloud Run cannot put it on another one";
            give.findings.wrong(name, problem, "remove it, or deploy an `image` that has none");
        }
    }
}

/// The service, by its manifest where it is not given.
fn service_name(give: &mut Give<'_>, runner: &Runner) -> Option<ServiceName> {
    if give.raw.has(name::SERVICE) {
        return give.parsed(name::SERVICE, ServiceName::parse);
    }
    let named = manifest::name(give, runner).and_then(|name| ServiceName::parse(&name).ok());
    if named.is_none() {
        give.findings.wrong(name::SERVICE, "it was not given", "name the Cloud Run service");
    }
    named
}

/// The project, by the account where it is not given.
pub(crate) fn project(give: &mut Give<'_>, credentials: Option<&Credentials>) -> Option<ProjectId> {
    match give.parsed(name::PROJECT_ID, ProjectId::parse) {
        None if give.raw.has(name::PROJECT_ID) => None,
        None => {
            let project = credentials.and_then(Credentials::project);
            if let (None, Some(credentials)) = (&project, credentials) {
                let problem = match (&credentials.way, credentials.acting()) {
                    (SignInMethod::Key(_), _) => "the key names no project",
                    (_, Some(_)) => "the name of `service_account` holds no project",
                    (SignInMethod::Federation(_), None) => {
                        "without a `service_account` nothing says which project is meant"
                    }
                    (SignInMethod::Own(_), None) => "your own credentials name no project",
                };
                give.findings.wrong(name::PROJECT_ID, problem, "give `project_id`");
            }
            project
        }
        project => project,
    }
}

/// The region, where there is one.
pub(crate) fn region(give: &mut Give<'_>) -> Option<Region> {
    give.parsed(name::REGION, Region::parse).or_else(|| Region::parse(DEFAULT_REGION).ok())
}

/// The first region, and the others.
fn regions(give: &mut Give<'_>) -> (Option<Region>, Vec<Region>) {
    let one = region(give);
    let Some(text) = give.text(name::REGIONS) else { return (one, Vec::new()) };
    if give.raw.has(name::REGION) {
        give.findings.wrong(name::REGIONS, "`region` is given too", "keep one of them");
    }
    for other in allocation::all().filter(|name| give.raw.has(*name)) {
        give.findings.wrong(name::REGIONS, format!("`{other}` moves the traffic of one region"), "write `region`");
    }
    let mut all: Vec<Region> = Vec::new();
    for name in scalar::list(&text) {
        match Region::parse(&name) {
            Ok(region) if all.contains(&region) => {
                give.findings.wrong(name::REGIONS, format!("`{name}` stands there twice"), "");
            }
            Ok(region) => all.push(region),
            Err(error) => give.findings.wrong(name::REGIONS, error.to_string(), ""),
        }
    }
    if all.is_empty() {
        return (one, all);
    }
    let first = all.remove(0);
    (Some(first), all)
}

/// What is promoted: the candidate with a tag, or the image that serves in another service.
fn promoted(give: &mut Give<'_>, project: Option<&ProjectId>, region: Option<&Region>) -> Option<DeployWhat> {
    if !give.raw.has(name::FROM_SERVICE) {
        only_with_from_service(give);
        if give.raw.has(name::REGIONS) {
            give.findings.wrong(name::REGIONS, "a candidate is promoted in one region", "write `region`");
        }
        let tag = give.with(name::TAG, rollout::tag);
        if tag.is_none() && !give.raw.has(name::TAG) {
            give.findings.wrong(
                name::TAG,
                "it is not said what is promoted",
                "give the `tag` of a candidate of this service, or `from_service` to deploy what serves there",
            );
        }
        return tag.map(|tag| DeployWhat::Revision(Pick::Tagged(tag)));
    }
    from_service(give, project, region).map(|place| DeployWhat::Promoted(Box::new(place)))
}

pub(crate) fn only_with_from_service(give: &mut Give<'_>) {
    for name in [name::FROM_PROJECT, name::FROM_REGION] {
        if give.raw.has(name) {
            give.findings.wrong(name, "there is no `from_service` it could be about", "give `from_service` too");
        }
    }
}

/// The service in `from_service`, in the project and region of the target unless others are given.
pub(crate) fn from_service(
    give: &mut Give<'_>,
    project: Option<&ProjectId>,
    region: Option<&Region>,
) -> Option<ServicePlace> {
    let service = give.parsed(name::FROM_SERVICE, ServiceName::parse);
    let project = give.parsed(name::FROM_PROJECT, ProjectId::parse).or_else(|| project.cloned());
    let region = give.parsed(name::FROM_REGION, Region::parse).or_else(|| region.cloned());
    Some(ServicePlace { project: project?, region: region?, service: service? })
}

fn what(
    give: &mut Give<'_>,
    runner: &Runner,
    image: Option<ImageRef>,
    project: Option<&ProjectId>,
    region: Option<&Region>,
    service: Option<&ServiceName>,
) -> Option<DeployWhat> {
    let builds = give.raw.has(name::SOURCE) || give.raw.has(name::BUILD_CONFIG) || !give.raw.has(name::IMAGE);
    if builds {
        return build::build(give, runner, image, project, region, service)
            .map(|build| DeployWhat::Build(Box::new(build)));
    }
    nothing_built(give, "nothing is built: `image` alone deploys an image that exists");
    image.map(DeployWhat::Image)
}

/// Inputs about a build, where none is asked for.
pub(crate) fn nothing_built(give: &mut Give<'_>, why: &str) {
    // A function is told about where it is read.
    let of_builds = BUILD.iter().map(|input| input.name).filter(|name| *name != name::FUNCTION.text());
    for name in of_builds.filter(|name| give.raw.is_given(name)) {
        give.findings.wrong(name, why, format!("remove `{name}`, or give `source` too"));
    }
}

/// Why a file is no YAML, behind a colon: of the parser's reason what it says in every such case, and nothing that it
/// quotes of the file.
fn yaml_reason(error: &impl ToString) -> String {
    let reason = error.to_string();
    let line = reason.lines().next().unwrap_or_default();
    let known = |part: &&str| !part.is_empty() && *part != "error" && !part.starts_with("line ");
    let phrase = line.split(": ").find(known).unwrap_or_default();
    let phrase = phrase.split(['`', '"', '\'', '\\', ',', '(']).next().unwrap_or_default().trim();
    if phrase.is_empty() { String::new() } else { format!(": {phrase}") }
}

#[cfg(test)]
mod tests;
