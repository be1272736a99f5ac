//! Why there is no image, in words: what Cloud Build says, where it shows, what to do.

use std::time::Duration;

use super::build_cures::{self, FailedStep};
use super::log_view::LogView;
use super::seen::Seen;
use crate::cloud_build::push::GRANTS_TAKE;
use crate::service::Context;
use slipway_failure::{Class, Explain, Failure};
use slipway_google::cloud_build::{BuildResource as CloudBuild, BuildStatus};
use slipway_google::error::ApiError;
use slipway_google::roles;

/// Lines of the failing step that are shown again with the failure.
const SHOWN: usize = 25;

/// Cloud Build did not take the build.
pub(super) fn submission(context: &Context<'_>, seen: &Seen, error: ApiError) -> Failure {
    let message = error.refusal().map(|refusal| refusal.message.clone()).unwrap_or_default();
    let deployer = &context.deploy.credentials.principal;
    let project = context.deploy.project.as_str();
    let account = seen.build_account.as_ref().map_or("the build's account", |account| account.as_str());
    let refused = error.refusal().is_some();
    let failure = Failure::of("Could not submit the build to Cloud Build", error);
    let failure = if failure.class() == Class::Deploy { failure.with_class(Class::BuildFailed) } else { failure };
    if message.contains("act as service account") || message.contains("actAs") {
        return failure.hint(format!(
            "Let `{deployer}` act as `{account}`: {}",
            roles::grant_on_account(project, account, deployer.member(), "roles/iam.serviceAccountUser")
        ));
    }
    if message.contains("does not have access to the bucket") || message.contains("storage.objects.get") {
        return failure
            .hint(format!(
                "Let the build's account read the source and write the log: {}",
                roles::grant_on_project(project, &roles::member(account), "roles/cloudbuild.builds.builder")
            ))
            .more_hints([GRANTS_TAKE.to_owned()]);
    }
    if refused && (message.contains("region") || message.contains("quota restrictions")) {
        return failure.hint(
            "Some projects may not build in every region: leave `build_region` out, or write `build_region: global`",
        );
    }
    failure
}

/// The build ended, and not with success.
pub(super) fn of_build(failed: &FailedStep<'_>, queue: Duration) -> Failure {
    let FailedStep { last, log, repository, work, .. } = failed;
    let mut failure = ended(last, log, &format!("to `{repository}`"), *work, queue);
    for hint in build_cures::of(failed).into_iter().rev() {
        failure = failure.hint(hint);
    }
    failure.more_hints(last.page("The whole log"))
}

/// Any build that ended, and not with success, in Google's words; `target` says where it pushes, as in "to `web`".
/// The limits are those for its work and for the queue before it.
pub(crate) fn ended(last: &CloudBuild, log: &LogView, target: &str, work: Duration, queue: Duration) -> Failure {
    let step = last.steps.iter().find(|step| !matches!(step.status.as_str(), "SUCCESS" | "" | "QUEUED" | "CANCELLED"));
    let shown: Vec<String> = last_lines(log, step.map(|step| step.name.as_str()));
    let detail = [&last.failure_detail, &last.status_detail]
        .into_iter()
        .find(|text| !text.is_empty())
        .cloned()
        .unwrap_or_default();
    let (class, sentence) = match &last.status {
        BuildStatus::Failure => {
            let what = match (last.failure_type.as_str(), step) {
                ("PUSH_NOT_AUTHORIZED", _) => format!("the image may not be pushed {target}"),
                ("PUSH_FAILED", _) => format!("the image could not be pushed {target}"),
                ("PUSH_IMAGE_NOT_FOUND", _) => "the steps made no image of the name that was to be pushed".to_owned(),
                ("FETCH_SOURCE_FAILED", _) => "the build's account could not read the source".to_owned(),
                ("LOGGING_FAILURE", _) => "Cloud Build could not write the log".to_owned(),
                (_, Some(step)) => format!(
                    "step `{}` failed{}",
                    step.name,
                    step.exit_code.map(|code| format!(" with exit code {code}")).unwrap_or_default()
                ),
                _ => "a step failed".to_owned(),
            };
            let ours = matches!(last.failure_type.as_str(), "LOGGING_FAILURE");
            (
                if ours { Class::Infrastructure } else { Class::BuildFailed },
                format!("Build `{}` failed: {what}", last.id),
            )
        }
        BuildStatus::Timeout => {
            (Class::BuildFailed, format!("Build `{}` ran longer than its {} s", last.id, work.as_secs()))
        }
        BuildStatus::Expired => (
            Class::Infrastructure,
            format!("Build `{}` waited longer than {} s for a machine and expired", last.id, queue.as_secs()),
        ),
        BuildStatus::Cancelled => {
            (Class::Infrastructure, format!("Build `{}` was cancelled by somebody else", last.id))
        }
        _ => (Class::Infrastructure, format!("Cloud Build failed build `{}` with an error of its own", last.id)),
    };
    Failure::of(sentence, BuildEnd { class, detail }).evidence(shown)
}

/// The last lines of the step that failed, or of the log where steps cannot be told apart.
fn last_lines(log: &LogView, step: Option<&str>) -> Vec<String> {
    let of_step = |line: &&str| step.is_some_and(|step| line.contains(&format!("- \"{step}\":")));
    let mut lines: Vec<&str> = log.last().filter(of_step).collect();
    if lines.is_empty() {
        lines = log.last().filter(|line| !line.trim().is_empty()).collect();
    }
    let from = lines.len().saturating_sub(SHOWN);
    // The prefix names the step on every line; the sentence above has named it already.
    lines[from..]
        .iter()
        .map(|line| {
            line.split_once("\": ").filter(|_| line.starts_with("Step #")).map_or(*line, |(_, rest)| rest).to_owned()
        })
        .collect()
}

/// The build succeeded, and what it made is not known.
pub(super) fn no_digest(last: &CloudBuild, why: &str) -> Failure {
    Failure::plain(
        Class::BuildFailed,
        format!("Build `{}` is SUCCESS, but there is no image to deploy: {why}", last.id),
    )
    .hint("Only an image with a known digest is deployed, so that what runs is what was built")
    .more_hints(last.page("The build"))
}

/// The build may go on, but can no longer be looked at.
pub(super) fn unwatchable(last: &CloudBuild, error: ApiError) -> Failure {
    Failure::of(format!("Build `{}` can no longer be watched; it may still be running", last.id), error)
        .more_hints(last.page("See how it ends"))
}

/// The limit for watching is reached.
pub(super) fn stopped_watching(last: &CloudBuild, limit: Duration) -> Failure {
    Failure::plain(
        Class::Timeout,
        format!("Stopped watching build `{}` after {} s: it is still {}", last.id, limit.as_secs(), last.status.word()),
    )
    .hint(last.page("It is left running").unwrap_or_else(|| "It is left running".to_owned()))
}

/// What Cloud Build says about the end.
#[derive(Debug, thiserror::Error)]
#[error("Cloud Build says: {}", if .detail.is_empty() { "(nothing)" } else { .detail })]
struct BuildEnd {
    class: Class,
    detail: String,
}

impl Explain for BuildEnd {
    fn class(&self) -> Class {
        self.class
    }
}
