//! The day after, on the embedded cloud: a push that is refused, the doctor who finds out, and a service at work.

use fakecloud::{BuildScript, Outcome, Snapshot, World};

use super::{LocalRun, sample};
use crate::cli::Task;
use crate::inputs::spec::CommandName;

/// The secret of the service.
const SECRET: &str = "session-key";

/// What is shown, one after the other.
pub(super) fn runs(run: impl Fn(Task, Vec<(&'static str, String)>) -> LocalRun) -> Vec<LocalRun> {
    let titled = |title, run| LocalRun { title: Some(title), ..run };
    let about_it = |more: &[(&'static str, &str)]| {
        let service = [("service", "sample-backend")];
        service.iter().chain(more).map(|(name, text)| (*name, (*text).to_owned())).collect::<Vec<_>>()
    };
    let deploy = || run(Task::Run(CommandName::Deploy), sample("staging"));
    let mut with_secret = deploy();
    with_secret.invocation.flags.push(("secrets", format!("SESSION_KEY: {SECRET}:1")));
    vec![
        LocalRun {
            before: Some(|world| world.next_builds.push_back(BuildScript::ending(Outcome::PushNotAuthorized))),
            code: 6,
            ..titled("1. A deploy whose build, were it run, might not push its image", deploy())
        },
        LocalRun {
            code: 4,
            ..titled(
                "2. The doctor: what is in the way, and a script for an owner",
                run(Task::Run(CommandName::Doctor), about_it(&[("fix_script", "true")])),
            )
        },
        LocalRun {
            before: Some(|world| {
                world.add_secret(World::PROJECT, SECRET, "of the first day");
                world.share_secret(World::PROJECT, SECRET, World::COMPUTE);
            }),
            ..titled("3. The owner has run the script: the same deploy, now with a secret", with_secret)
        },
        LocalRun {
            before: Some(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/monitoring.editor")),
            ..titled(
                "4. Alerts and an uptime check",
                run(
                    Task::Run(CommandName::Monitoring),
                    about_it(&[("uptime_path", "/health"), ("notification_channels", "ops@example.com")]),
                ),
            )
        },
        LocalRun {
            before: Some(a_day),
            ..titled(
                "5. A day later: who serves, and what it had to do, in numbers made up for this",
                run(Task::Run(CommandName::Status), about_it(&[])),
            )
        },
        LocalRun {
            before: Some(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/logging.viewer")),
            ..titled(
                "6. What it wrote in the bad half hour, made up too",
                run(Task::Run(CommandName::Logs), about_it(&[("severity", "WARNING")])),
            )
        },
        LocalRun {
            before: Some(|world| {
                let role = "roles/secretmanager.secretVersionManager";
                world.grant_on_secret(World::PROJECT, SECRET, World::DEPLOYER, role);
            }),
            ..titled(
                "7. A new key for its sessions, which a candidate reads first",
                run(Task::Run(CommandName::RotateSecret), about_it(&[("secret", SECRET), ("health_path", "/health")])),
            )
        },
    ]
}

/// A day of measurements and some words: busy by day, quiet by night, and one bad half hour.
fn a_day(world: &mut World) {
    let Some(newest) = world.revisions.last() else { return };
    let revision = newest.name.rsplit('/').next().unwrap_or_default().to_owned();
    // The middle of each period of five minutes, so that it does not matter at which second this runs.
    let moments: Vec<(i64, i64)> = (0..288).map(|period| (period, world.minutes_ago(period * 5 + 2))).collect();
    for (minutes, severity, text) in [
        (48, "WARNING", "the database answers slowly: 2.9 s"),
        (41, "ERROR", "GET /api/berths: connection pool exhausted"),
        (24, "WARNING", "the database answers again"),
        (12, "INFO", "housekeeping done"),
    ] {
        let entry = world.log_entry("sample-backend", &revision, minutes * 60_000, severity, text);
        world.log_entries.push(entry);
    }
    let metrics = world.metrics("sample-backend", &revision);
    for (period, at) in moments {
        let by_day = 1.0 + (f64::from(i32::try_from(period).unwrap_or(0)) / 288.0 * std::f64::consts::TAU).cos();
        // Between nobody and some thousand, so it fits.
        let well = (200.0 + 1400.0 * by_day) as u64;
        let ill = if (4..10).contains(&period) { well / 25 } else { well / 2000 };
        let slow = if (4..10).contains(&period) { 3.0 } else { 1.0 };
        let latencies: Vec<f64> = (1..=40).map(|step| slow * (20.0 + f64::from(step * step) / 4.0)).collect();
        metrics.at(at, Snapshot::new(&[("2xx", well), ("5xx", ill)], &latencies), 1 + well / 900);
    }
}
