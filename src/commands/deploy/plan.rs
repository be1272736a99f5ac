//! From inputs to the steps of a run.

use crate::cloud_build::build::notes;
use crate::cloud_build::image::{Build, Destination, Recipe};
pub use crate::cloud_run::wanted::marks::Marks;
use crate::commands::deploy::inputs::{Deploy, DeployWhat, Pick, RolloutStrategy};
use crate::step::{PlannedStep, StepName};
use slipway_names::ids::{RevisionName, ServiceName};
use slipway_names::image::Tag;
use slipway_names::kind::ResourceKind;
use slipway_runner::env::Origin;

/// A revision's name may have this many characters (docs: run/docs/managing/revisions).
const REVISION_NAME: usize = 63;

/// The tag that every build of a service's deploys carries.
pub fn service_tag(service: &ServiceName) -> String {
    format!("service_{service}")
}

/// Chooses the marks of a run; `nonce` is random hexadecimal.
pub fn marks(deploy: &Deploy, origin: &Origin, nonce: &str) -> Marks {
    let mut build_tags = vec!["slipway".to_owned(), service_tag(&deploy.service)];
    if let Some(run) = &origin.run_id {
        build_tags.push(format!("run_{run}-{}", origin.run_attempt.as_deref().unwrap_or("1")));
    }
    Marks {
        revision: wished(deploy).unwrap_or_else(|| own_name(deploy, origin, nonce)),
        request_tag: format!("req_{nonce}"),
        build_tags,
    }
}

/// The name that the manifest wishes for the revision, where no input says another.
pub fn wished(deploy: &Deploy) -> Option<RevisionName> {
    if deploy.settings.suffix.is_some() {
        return None;
    }
    RevisionName::parse(deploy.manifest.as_ref()?.get("template")?.get("revision")?.as_str()?).ok()
}

/// The marks of a run whose manifest wishes for a name that is taken: with a name of this program's choice.
pub fn with_own_name(marks: &Marks, deploy: &Deploy, origin: &Origin) -> Marks {
    let nonce = marks.request_tag.trim_start_matches("req_");
    Marks { revision: own_name(deploy, origin, nonce), ..marks.clone() }
}

/// The name of a revision: the service's, and `suffix` or the commit and a part of the nonce.
fn own_name(deploy: &Deploy, origin: &Origin, nonce: &str) -> RevisionName {
    let service = deploy.service.as_str();
    let short_sha: String = origin
        .sha
        .as_deref()
        .filter(|sha| is_hex(sha))
        .map_or_else(|| "local".into(), |sha| sha.chars().take(7).collect());
    let ending = match &deploy.settings.suffix {
        Some(suffix) => suffix.clone(),
        None => format!("{short_sha}-{}", nonce.get(..5).unwrap_or(nonce)),
    };
    let room = REVISION_NAME.saturating_sub(service.len() + 1);
    let name = format!("{service}-{}", ending.chars().take(room).collect::<String>().trim_end_matches('-'));
    // The service's name is one and the ending adds letters, digits and dashes; the bare service
    // name stands in should that ever not hold.
    let revision = RevisionName::parse(&name).or_else(|_| RevisionName::parse(service));
    revision.unwrap_or_else(|_| unreachable!("a service name is a revision name"))
}

fn is_hex(text: &str) -> bool {
    text.len() >= 7 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The steps of a run, in order.
pub fn steps(deploy: &Deploy, marks: &Marks, tags: &[Tag]) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    let mut add = |name, text: String| steps.push(PlannedStep { name, text });
    add(StepName::SignIn, format!("as `{}`", deploy.credentials.principal));
    add(StepName::Preflight, format!("permissions and APIs of project `{}`", deploy.project));
    match &deploy.what {
        DeployWhat::Revision(pick) => {
            add(StepName::Pick, pick_text(pick));
            moves(deploy, &mut add);
            return steps;
        }
        DeployWhat::Traffic(_) => {
            add(StepName::Shift, "as asked for; nothing is deployed".into());
            verify(deploy, StepName::Verify, &mut add);
            return steps;
        }
        DeployWhat::Promoted(place) => add(
            StepName::Resolve,
            format!("the digest that serves in `{}` of `{}` in `{}`", place.service, place.project, place.region),
        ),
        DeployWhat::Image(image) => add(StepName::Resolve, format!("the digest of `{image}`")),
        DeployWhat::Build(build) => {
            building(build, tags, &mut add);
        }
    }
    if let Some(job) = &deploy.pre_deploy {
        let limit = job.timeout.as_secs();
        add(
            StepName::PreDeploy,
            format!("`{}` runs once with the new image, for up to {limit} s; its failure stops the deploy", job.name),
        );
    }
    add(
        StepName::Deploy,
        format!("`{}` in `{}` as revision `{}`, by digest", deploy.service, deploy.region, marks.revision),
    );
    if let Some(guest) = deploy.guest.as_deref().filter(|guest| guest.own) {
        add(StepName::Access, format!("everybody may call it where everybody may call `{}`", guest.of));
    }
    match deploy.settings.public {
        Some(true) => add(StepName::Access, "everybody may call it".into()),
        Some(false) => add(StepName::Access, "nobody may call it without a grant".into()),
        None => {}
    }
    if deploy.rollout.way == RolloutStrategy::Direct || deploy.kind == ResourceKind::WorkerPool {
        add(StepName::Traffic, "read back who serves".into());
        verify(deploy, StepName::Verify, &mut add);
        if let Some(tag) = &deploy.rollout.tag {
            add(StepName::Finish, format!("tag `{tag}` on it"));
        }
    } else {
        moves(deploy, &mut add);
    }
    if !deploy.settings.invokers.is_empty() {
        let members: Vec<String> = deploy.settings.invokers.iter().map(|member| format!("`{member}`")).collect();
        add(StepName::Access, format!("{} may call it", members.join(", ")));
    }
    if let Some(domain) = &deploy.domain {
        add(StepName::Domain, format!("`{domain}` leads to it, mapped when it is not"));
    }
    if let Some(keep) = deploy.rollout.prune {
        add(StepName::Prune, format!("old revisions but {keep}, and those that are needed"));
    }
    steps
}

/// The steps of a rollout; a service that serves nothing yet gets its first revision directly.
fn moves(deploy: &Deploy, add: &mut impl FnMut(StepName, String)) {
    let wish = &deploy.rollout;
    verify(deploy, StepName::Candidate, add);
    if wish.no_traffic {
        add(StepName::Finish, "the traffic stays as it is".into());
        return;
    }
    let canary = wish.way == RolloutStrategy::Canary && !matches!(deploy.what, DeployWhat::Revision(_));
    let how = if canary {
        let steps: Vec<String> = wish.steps.iter().map(u8::to_string).collect();
        format!("{} %, {} s each", steps.join(", "), wish.interval.as_secs())
    } else {
        "everything to it".into()
    };
    let back = if wish.restore { "; back to what is there now when anything fails" } else { "" };
    add(StepName::Shift, format!("{how}{back}"));
    verify(deploy, StepName::Verify, add);
}

fn verify(deploy: &Deploy, name: StepName, add: &mut impl FnMut(StepName, String)) {
    if deploy.checks.checks.is_empty() {
        return;
    }
    let checks: Vec<String> =
        deploy.checks.checks.iter().map(|check| format!("`{} {}`", check.method, check.path)).collect();
    let at = match (name, &deploy.what) {
        (StepName::Candidate, DeployWhat::Revision(_)) => " on an address of its own, before it gets traffic,",
        (StepName::Candidate, _) => {
            " on an address of its own, before it gets traffic (where something serves already),"
        }
        _ => "",
    };
    add(name, format!("{}{at} for up to {} s", checks.join(", "), deploy.checks.timeout.as_secs()));
}

fn pick_text(pick: &Pick) -> String {
    match pick {
        Pick::Previous => "the one that served before".into(),
        Pick::Named(name) => format!("`{name}`"),
        Pick::Tagged(tag) => format!("the one with tag `{tag}`"),
    }
}

/// The steps of a build.
pub(crate) fn building(build: &Build, tags: &[Tag], add: &mut impl FnMut(StepName, String)) {
    if build.has_source {
        add(StepName::Package, format!("`{}` into a reproducible archive", build.source_shown));
        add(StepName::Upload, format!("to `gs://{}/source`, unless it is there already", build.bucket));
    }
    add(StepName::Build, build_text(build, tags));
}

fn build_text(build: &Build, tags: &[Tag]) -> String {
    let with = match &build.recipe {
        Recipe::Dockerfile { path, target: Some(target), .. } => format!("`{path}`, stage `{target}`"),
        Recipe::Dockerfile { path, .. } => format!("`{path}`"),
        Recipe::Buildpacks { .. } => "buildpacks (there is no Dockerfile)".into(),
        Recipe::Config { path, .. } => format!("`{path}`"),
    };
    let tags: Vec<String> = tags.iter().map(|tag| format!("`{tag}`")).collect();
    let to = match &build.to {
        Destination::Named(repository) => format!("`{repository}`"),
        Destination::OfService(repository) => {
            format!("the repository of the service's image (`{repository}` while it has none of its own)")
        }
    };
    let mut text = format!("with {with} in Cloud Build ({}), pushed to {to} as {}", build.location, tags.join(", "));
    for note in notes(build) {
        text.push_str(&format!("; {note}"));
    }
    text
}

/// The tags a built image gets: those that were asked for, else the commit (or the tree, where
/// there is none) and `latest`.
pub fn image_tags(build: &Build, origin: &Origin, tree: Option<&str>) -> Vec<Tag> {
    if !build.tags.is_empty() {
        return build.tags.clone();
    }
    let commit = origin.sha.clone().filter(|sha| is_hex(sha));
    let from_tree = || Some(format!("src-{}", tree.map_or("DIGEST", |tree| tree.get(..12).unwrap_or(tree))));
    let first = commit.or_else(from_tree);
    first.into_iter().chain(["latest".to_owned()]).filter_map(|tag| Tag::parse(&tag).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_commit_counts_as_one() {
        assert!(is_hex("0f0f0f0"));
        assert!(!is_hex("0f0f0") && !is_hex("main000") && !is_hex("0F0F0F0"));
    }
}
