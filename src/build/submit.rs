//! The build: submitted once, watched to its end, judged by its status alone.

use serde_json::Value;

use super::build_cures::FailedStep;
use super::build_log::{LogSource, Watching};
use super::follow::{self, BuildWatched, note};
use super::log_view::LogView;
use super::seen::Seen;
use super::{budget, build_cures, build_failure};
use crate::cloud_build::build::{LogPlace, Staged, likeness_of, log_place, request};
use crate::cloud_build::image::{Build, Recipe};
use crate::cloud_build::repository::settle;
use crate::commands::deploy::plan::image_tags;
use crate::facts::{BuildFact, Facts};
use crate::service::Context;
use slipway_failure::Failure;
use slipway_google::cloud_build::{self as cloud_build, BuildResource as CloudBuild, BuildStatus};
use slipway_google::cloud_run::Service;
use slipway_google::error::ApiError;
use slipway_google::patience::Patience;
use slipway_google::{registry, storage};
use slipway_names::ids::AccountEmail;
use slipway_names::image::{Digest, ImageRepository};
use slipway_names::registry::Location;
use slipway_runner::duration;
use slipway_wire::clock::{Limit, jitter};

use std::time::Duration;

/// Times a build is sent when replies get lost, each after looking for the one before.
const SUBMISSIONS: u32 = 3;

/// Looks for a build whose reply was lost, two of them ten seconds apart: lists lag a little.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Google: a grant takes "typically 2 minutes, potentially 7 minutes or longer" to arrive.
const GRANT_TAKES: Duration = Duration::from_secs(600);

/// Pauses between submissions while a grant is on its way: the first, how it grows, and the longest.
const GRANT_PAUSE: Duration = Duration::from_secs(5);
const GRANT_PAUSE_GROWTH: f64 = 1.5;
const LONGEST_GRANT_PAUSE: Duration = Duration::from_secs(20);

/// Where the image of a build is pushed to; a service that exists keeps the repository of its image.
pub(crate) fn repository(context: &Context<'_>, build: &Build, service: Option<&Service>) -> ImageRepository {
    let container = context.deploy.settings.container.as_deref();
    settle(&build.to, &context.deploy.project, service.map(Service::json), container)
}

pub(super) async fn run(
    context: &Context<'_>,
    facts: &mut Facts,
    build: &Build,
    staged: Option<&Staged>,
    seen: &Seen,
) -> Result<(String, String), Failure> {
    let tree = facts.package.as_ref().map(|package| package.tree.clone());
    let tags = image_tags(build, context.origin, tree.as_deref());
    let mut marks = context.marks.build_tags.clone();
    marks.push(context.marks.request_tag.clone());
    let repository = repository(context, build, seen.images());
    let body = request(build, &repository, context.http.project(), staged, &tags, &marks, context.origin);
    let location = build.location.as_str();
    facts.build = Some(BuildFact {
        tag: context.marks.request_tag.clone(),
        location: location.to_owned(),
        ..BuildFact::default()
    });
    // Kept before the request leaves, so that a run that is killed now can still be cleaned up.
    keep_state(context, facts, "build_tag", &context.marks.request_tag);
    keep_state(context, facts, "build_location", location);
    keep_state(context, facts, "build_project", context.http.project());
    let mut grant = None;
    let mut submitted = match adopt(context, location, &body).await {
        Some(adopted) => adopted,
        None => begin(context, facts, build, seen, &body, &mut grant).await?,
    };
    let (last, log, work, queue) = loop {
        let (work, queue) = submitted.limits;
        let BuildWatched { last, log, .. } = watch(context, facts, build, &repository, &body, submitted).await?;
        // A grant that has reached Cloud Build may not have reached the machine that fetches the source.
        let on_its_way = match &mut grant {
            Some(grant) if last.failure_type == "FETCH_SOURCE_FAILED" => grant.wait(context, build).await,
            _ => false,
        };
        if !on_its_way {
            break (last, log, work, queue);
        }
        context.console.line("The source could not be read yet; submitting again");
        submitted = begin(context, facts, build, seen, &body, &mut grant).await?;
    };
    keep_state(context, facts, "build_over", "true");
    for warning in &last.warnings {
        context.warn(facts, format!("Cloud Build: {warning}"));
    }
    if let Some(why) = facts.build.as_ref().and_then(|build| build.log_missing.clone()) {
        context.console.line(&why);
    }
    if last.status != BuildStatus::Success {
        let (project, account) = (context.deploy.project.as_str(), seen.build_account.as_ref());
        let there = there(context, &repository, &last, &log).await;
        let repository = &repository;
        let failed = FailedStep { build, project, account, repository, there, staged, last: &last, log: &log, work };
        return Err(build_failure::of_build(&failed, queue));
    }
    let digest = digest(build, &repository, &last).map_err(|why| build_failure::no_digest(&last, &why))?;
    let pinned = repository.pinned(&digest);
    facts.image = Some(pinned.clone());
    facts.digest = Some(digest);
    budget::look(context, facts, build, &last, &pinned, seen).await?;
    let note = match context.console.is_simulated() {
        true => "the source and what the build asks for were read; nothing is built".to_owned(),
        false => format!("`{}` is SUCCESS, image `{}`", last.id, pinned.digest().short()),
    };
    Ok((pinned.to_string(), note))
}

/// Whether the repository is there that a build could not push to, as the doctor asks; most may not look.
async fn there(context: &Context<'_>, repository: &ImageRepository, last: &CloudBuild, log: &LogView) -> Option<bool> {
    let about_it = last.failure_type.starts_with("PUSH_") || build_cures::is_refused_push(log);
    let place = Location::of(repository).filter(|_| about_it)?;
    registry::exists(context.http, &place).await.ok()
}

/// Submits the build, and keeps what is known of it.
async fn begin(
    context: &Context<'_>,
    facts: &mut Facts,
    build: &Build,
    seen: &Seen,
    body: &Value,
    grant: &mut Option<Grant>,
) -> Result<CloudBuild, Failure> {
    submit(context, build, seen, body, grant).await.map_err(|error| {
        if !error.is_ambiguous() {
            // Refused: there is no build that could be looked for.
            facts.build = None;
        }
        build_failure::submission(context, seen, error)
    })
}

/// Watches a build to its end, in a group of its own.
async fn watch(
    context: &Context<'_>,
    facts: &mut Facts,
    build: &Build,
    repository: &ImageRepository,
    body: &Value,
    submitted: CloudBuild,
) -> Result<BuildWatched, Failure> {
    let location = build.location.as_str();
    keep_state(context, facts, "build_id", &submitted.id);
    note(facts, &submitted);
    context.console.end_group();
    let place = if context.console.is_simulated() { "on the embedded cloud" } else { "in Cloud Build" };
    context.console.group(&format!("Build {} {place} ({location})", submitted.id));
    submitted.page("Its page").iter().for_each(|page| context.console.line(page));
    if repository != build.to.named() {
        context.console.line(&format!("The image goes to `{repository}`, where the service's image is"));
    }
    let source = match log_place(body) {
        LogPlace::Bucket if !submitted.logs_bucket.is_empty() => LogSource::bucket(&submitted),
        LogPlace::Bucket => LogSource::Nowhere("Cloud Build does not say where its log is, so it is not shown here"),
        LogPlace::Elsewhere => {
            LogSource::Nowhere("Its log goes where the build's configuration sends it, and is not shown here")
        }
    };
    let (work, queue) = submitted.limits;
    let with = Watching { http: context.http, console: context.console, location };
    follow::to_the_end(with, facts, submitted, source, work + queue).await
}

/// The build that an earlier attempt of this workflow run started from the same source, where it still
/// runs. The first attempt has nobody to adopt from and does not ask.
async fn adopt(context: &Context<'_>, location: &str, body: &Value) -> Option<CloudBuild> {
    let again = context.origin.run_attempt.as_deref().and_then(|attempt| attempt.parse::<u32>().ok())? > 1;
    let tag = likeness_of(body).filter(|_| again)?;
    // Not being able to look only costs a second build.
    let found = cloud_build::with_tag(context.http, location, tag).await.ok()?;
    let running = found.into_iter().rfind(|build| !build.status.is_final())?;
    context
        .console
        .line(&format!("An earlier attempt builds the same source already: going on with build {}", running.id));
    Some(running)
}

/// Sends the build. After a lost reply the build is looked for by its tag, and sent again only
/// when it is certainly not there; should two turn up after all, the younger ones are cancelled.
async fn submit(
    context: &Context<'_>,
    build: &Build,
    seen: &Seen,
    body: &Value,
    grant: &mut Option<Grant>,
) -> Result<CloudBuild, ApiError> {
    let location = build.location.as_str();
    let mut lost = 0;
    let submitted = loop {
        let error = match cloud_build::create(context.http, location, body.clone()).await {
            Ok(submitted) => break submitted,
            Err(error) => error,
        };
        if let Some(account) = &seen.build_account
            && is_about_the_bucket(&error)
            && !build.bucket_given
        {
            // Our own bucket, closed to the account builds run as: open it, once, and wait for it.
            if grant.is_none() {
                *grant = Some(open_bucket(context, build, account).await?);
            }
            if let Some(grant) = grant
                && !grant.wait(context, build).await
            {
                return Err(error);
            }
            continue;
        }
        lost += 1;
        if !error.is_ambiguous() || lost >= SUBMISSIONS {
            return Err(error);
        }
        context.console.line("The reply to the submission was lost; looking for the build by its tag");
        if let Some(found) = look_for(context, location).await? {
            break found;
        }
    };
    if lost > 0 {
        cancel_doubles(context, location, &submitted.id).await;
    }
    Ok(submitted)
}

/// A grant on our own bucket that is on its way.
struct Grant {
    limit: Limit,
    pause: Duration,
}

impl Grant {
    /// Waits a little for it; false when it has had all the time that it may take.
    async fn wait(&mut self, context: &Context<'_>, build: &Build) -> bool {
        let left = self.limit.left(context.clock());
        if left.is_zero() {
            return false;
        }
        context.console.live(&format!(
            "Waiting until the grant on bucket `{}` has arrived, for up to {} more",
            build.bucket,
            duration(left)
        ));
        context.clock().sleep(jitter(self.pause, 0.8, 1.2).min(left)).await;
        self.pause = self.pause.mul_f64(GRANT_PAUSE_GROWTH).min(LONGEST_GRANT_PAUSE);
        true
    }
}

/// Lets the build's account use our own bucket.
async fn open_bucket(context: &Context<'_>, build: &Build, account: &AccountEmail) -> Result<Grant, ApiError> {
    context.console.line(&format!("Letting `{account}` use bucket `{}`, where source and log are kept", build.bucket));
    storage::open_bucket_to(context.http, build.bucket.as_str(), account.as_str()).await?;
    context.console.line(&format!(
        "A grant takes 2 minutes to arrive, and 7 or longer now and then (IAM): the build is submitted again for up to {}",
        duration(GRANT_TAKES)
    ));
    Ok(Grant { limit: context.clock().limit(GRANT_TAKES), pause: GRANT_PAUSE })
}

fn is_about_the_bucket(error: &ApiError) -> bool {
    error.refusal().is_some_and(|refusal| {
        refusal.word == "FAILED_PRECONDITION" && refusal.message.contains("does not have access to the bucket")
            || refusal.message.contains("could not resolve source") && refusal.message.contains("storage.objects.get")
    })
}

async fn look_for(context: &Context<'_>, location: &str) -> Result<Option<CloudBuild>, ApiError> {
    for _ in 0..2 {
        context.clock().sleep(jitter(LOOK_AGAIN_AFTER, 0.8, 1.2)).await;
        let found = cloud_build::with_tag(context.http, location, &context.marks.request_tag).await?;
        if let Some(first) = found.into_iter().next() {
            context.console.line(&format!("Found it: build {}", first.id));
            return Ok(Some(first));
        }
    }
    context.console.line("There is no such build; submitting again");
    Ok(None)
}

async fn cancel_doubles(context: &Context<'_>, location: &str, keep: &str) {
    let Ok(found) = cloud_build::with_tag(context.http, location, &context.marks.request_tag).await else { return };
    for double in found.iter().filter(|build| build.id != keep && !build.status.is_final()) {
        context.console.line(&format!("Cancelling build {}, which the lost reply was about", double.id));
        if let Err(error) = cloud_build::cancel(context.http, location, &double.id, Patience::ONCE).await {
            context
                .console
                .warning(&format!("Build {} runs a second time and could not be cancelled: {error}", double.id));
        }
    }
}

/// The digest of the image that is deployed: the pushed image of our repository, else the only
/// digest there is.
fn digest(build: &Build, repository: &ImageRepository, last: &CloudBuild) -> Result<Digest, String> {
    let digests = |filter: &dyn Fn(&str) -> bool| {
        let mut found: Vec<Digest> = last
            .images
            .iter()
            .filter(|image| filter(&image.name))
            .filter_map(|image| Digest::parse(&image.digest))
            .collect();
        found.sort();
        found.dedup();
        found
    };
    let ours = digests(&|name| {
        name.strip_prefix(repository.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
    });
    if let Some(digest) = ours.first() {
        return Ok(digest.clone());
    }
    let all = digests(&|_| true);
    match (all.as_slice(), &build.recipe) {
        ([], Recipe::Config { path, .. }) => {
            Err(format!("it pushed no image that Cloud Build knows of; list `{repository}` under `images:` in {path}"))
        }
        ([], _) => Err("Cloud Build reports no digest for the image it pushed".into()),
        ([_], _) => Err(format!(
            "it pushed {} and not `{repository}`; write that repository in `image`",
            last.images.iter().map(|image| format!("`{}`", image.name)).collect::<Vec<_>>().join(", ")
        )),
        (many, _) => Err(format!(
            "it pushed {} images and none to `{repository}`; write the one to deploy in `image`",
            many.len()
        )),
    }
}

fn keep_state(context: &Context<'_>, facts: &mut Facts, name: &str, value: &str) {
    if let Err(why) = context.files.save_state(name, value) {
        context.warn(facts, why);
    }
}
