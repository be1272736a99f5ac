//! The log of a build, to its end, and of what runs, as far as it is wanted. Nothing is changed.

use std::time::Duration;

use crate::build::build_failure;
use crate::build::build_log::{LogSource, Watching};
use crate::build::follow::{self as follow, BuildWatched, note};
use crate::commands::deploy::plan::service_tag;
use crate::commands::logs::inputs::{Entries, Which, Writer};
use crate::facts::{BuildFact, Facts};
use crate::service::region;
use crate::service::tail::{LastEntries, Tail};
use slipway_failure::{Class, Failure};
use slipway_google::cloud_build::{self as cloud_build, BuildResource as CloudBuild, BuildStatus};
use slipway_google::cloud_run;
use slipway_google::error::ApiError;
use slipway_google::http::Http;
use slipway_google::{jobs, logging};
use slipway_names::ids::Region;
use slipway_names::kind::ResourceKind;
use slipway_names::log::{LogEntry, LogShown};
use slipway_runner::{Console, duration};
use slipway_wire::clock::{ago, jitter};

/// Pause between looks for new entries: twelve a minute of the sixty that the quota of a project allows.
const PAUSE: Duration = Duration::from_secs(5);

/// Pause between the pages of what came since the last look.
const PAGE_PAUSE: Duration = Duration::from_secs(2);

/// After a quota refusal without a time the pause doubles up to this.
const LONGEST_QUOTA_PAUSE: Duration = Duration::from_secs(300);

/// Shows the log of a build and follows it to the build's end, whose status decides.
///
/// # Errors
/// When there is no such build, it can no longer be watched, or it did not end with success.
pub async fn of_build(
    http: &Http,
    console: &Console,
    which: &Which,
    location: &Region,
    facts: &mut Facts,
) -> Result<(), Failure> {
    http.sign_in().await.map_err(|error| Failure::of("Could not sign in", error))?;
    region::check_build(http, location).await?;
    let build = look_up(http, which, location).await?;
    facts.build = Some(BuildFact { location: location.to_string(), ..BuildFact::default() });
    note(facts, &build);
    console.group(&format!("Build {} in Cloud Build ({location})", build.id));
    build.page("Its page").iter().for_each(|page| console.line(page));
    let with = Watching { http, console, location: location.as_str() };
    let (source, (work, queue)) = (LogSource::of(&build), build.limits);
    let watched = follow::to_the_end(with, facts, build, source, work + queue).await;
    console.end_group();
    let BuildWatched { last, log, hints } = watched?;
    for warning in &last.warnings {
        let text = format!("Cloud Build: {warning}");
        console.warning(&text);
        facts.warnings.push(text);
    }
    let page = last.page("The build's page");
    if last.status != BuildStatus::Success {
        let failure = build_failure::ended(&last, &log, "where it was to go", work, queue);
        return Err(failure.more_hints(hints).more_hints(page));
    }
    hints.iter().for_each(|hint| console.line(&format!("  hint: {hint}")));
    Ok(())
}

async fn look_up(http: &Http, which: &Which, location: &Region) -> Result<CloudBuild, Failure> {
    let (found, missing) = match which {
        Which::Named(id) => {
            let found = cloud_build::find(http, location.as_str(), id.as_str()).await;
            (found, format!("There is no build `{id}` in `{location}`"))
        }
        Which::Latest(service) => {
            let found = cloud_build::with_tag(http, location.as_str(), &service_tag(service)).await;
            (found.map(|mut builds| builds.pop()), format!("No deploy of `{service}` left a build in `{location}`"))
        }
    };
    let found = found.map_err(|error| Failure::of("Could not read the build", error))?;
    found.ok_or_else(|| {
        // No command of this program lists builds.
        let list = format!("gcloud builds list --project={} --region={location}", http.project());
        Failure::plain(Class::Config, missing).hint(format!(
            "Each location has builds of its own: give `build_region` where it is another one. See which there are: {list}"
        ))
    })
}

/// Shows the last entries of a service, a worker pool or a job, and goes on with those that come while that is wanted.
///
/// # Errors
/// When they may not be read, or whoever should have written them is not there.
pub async fn written(http: &Http, console: &Console, wanted: &Entries, shown: &mut LogShown) -> Result<(), Failure> {
    http.sign_in().await.map_err(|error| Failure::of("Could not sign in", error))?;
    region::check(http, &wanted.region).await?;
    let region = wanted.region.as_str();
    let mut filter = match &wanted.writer {
        Writer::Service(kind, name) => logging::of_service(region, *kind, name.as_str()),
        Writer::Job(name) => logging::of_job(region, name.as_str()),
    };
    if let Some(part) = &wanted.part {
        filter = match &wanted.writer {
            Writer::Service(..) => filter.of_revision(part),
            Writer::Job(_) => filter.of_execution(part),
        };
    }
    if let Some(severity) = wanted.severity {
        filter = filter.and("severity", ">=", severity.word());
    }
    let mut tail = Tail::new(filter, ago(wanted.since), format!("read the log of {}", wanted.writer.words()));
    let LastEntries { entries, more } =
        tail.last(http, wanted.tail).await.map_err(|error| unreadable(wanted, error))?;
    entries.iter().for_each(|entry| show(console, shown, entry));
    if entries.is_empty() {
        is_there(http, wanted).await?;
        shown.remarks.push(format!("No entry fits in the last {}", duration(wanted.since)));
    } else if more {
        shown.remarks.push("There are more entries before these: `tail` says how many are shown".to_owned());
    }
    let Some(length) = wanted.follow else { return Ok(()) };
    follow(http, console, wanted, tail, length, shown).await
}

async fn follow(
    http: &Http,
    console: &Console,
    wanted: &Entries,
    mut tail: Tail,
    length: Duration,
    shown: &mut LogShown,
) -> Result<(), Failure> {
    let clock = http.clock();
    let limit = clock.limit(length);
    let (mut quota_pause, mut quota_said) = (PAUSE, false);
    console.line(&format!("Going on with new entries for {}, or until a signal", duration(length)));
    let mut pause = jitter(PAUSE, 0.8, 1.2);
    loop {
        clock.sleep(pause.min(limit.left(clock))).await;
        if limit.reached(clock) {
            let text = format!("Stopped after {}, as `follow_for` says; what is followed goes on", duration(length));
            shown.remarks.push(text);
            return Ok(());
        }
        pause = match tail.more(http).await {
            Ok(entries) => {
                quota_pause = PAUSE;
                entries.iter().for_each(|entry| show(console, shown, entry));
                if tail.has_more() { PAGE_PAUSE } else { jitter(PAUSE, 0.8, 1.2) }
            }
            Err(error) if error.is_rate_limit() => {
                if !quota_said {
                    quota_said = true;
                    console.line(&format!("Cloud Logging asks to wait, and nothing is lost meanwhile: {error}"));
                }
                quota_pause = (quota_pause * 2).min(LONGEST_QUOTA_PAUSE);
                error.retry_after().unwrap_or(quota_pause).mul_f64(1.1)
            }
            // The same is read again, as long as the log is followed.
            Err(error) if error.is_transient() => jitter(PAUSE, 0.8, 1.2),
            Err(error) => return Err(unreadable(wanted, error)),
        };
    }
}

fn show(console: &Console, shown: &mut LogShown, entry: &LogEntry) {
    shown.add(entry);
    entry.to_string().split('\n').for_each(|line| console.foreign(line));
}

fn unreadable(wanted: &Entries, error: ApiError) -> Failure {
    let text = format!("Could not read the log of {} in `{}`", wanted.writer.words(), wanted.region);
    Failure::of(text, error)
}

/// What has no entries may not be there. Not being able to look is no failure here.
async fn is_there(http: &Http, wanted: &Entries) -> Result<(), Failure> {
    let (project, region) = (http.project(), &wanted.region);
    let (missing, list) = match &wanted.writer {
        Writer::Service(kind, name) => {
            let full = cloud_run::resource_name(*kind, project, region, name);
            let list = if *kind == ResourceKind::Service { "services" } else { "worker-pools" };
            (cloud_run::service(http, &full).await.is_ok_and(|found| found.is_none()), list)
        }
        Writer::Job(name) => {
            (jobs::job(http, &jobs::job_name(project, region, name)).await.is_ok_and(|found| found.is_none()), "jobs")
        }
    };
    if !missing {
        return Ok(());
    }
    let text = format!("There is no {} in `{region}`", wanted.writer.words());
    // No command of this program lists what a project has.
    let hint = format!("See which there are: gcloud run {list} list --project={project}");
    Err(Failure::plain(Class::Config, text).hint(hint))
}
