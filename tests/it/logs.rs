//! `slipway logs`: the log of a build to its end, whose status decides; the entries of a service, each once.

use fakecloud::{Action, BuildScript, Fault, LogEntry, LogReads, Outcome, World};
use serde_json::json;

use crate::hostile::LINES;
use crate::interrupted::{reach, reach_command};
use crate::support::{Run, Scene, runner};

const LIST: &str = "logging.entries.list";
const READ: &str = "storage.objects.get?alt=media";
const LOOK: &str = "cloudbuild.projects.locations.builds.get";

/// A build that its deploy left behind, queued: the run was killed when it first looked, by `look`.
fn left_running(mut scene: Scene, look: &'static str, script: BuildScript) -> (Scene, String) {
    scene.cloud.world(|world| {
        world.next_builds.push_back(script);
        world.faults.push(Fault::next(look, Action::Hang));
    });
    let running = reach(&scene, look, 0);
    running.signal("KILL");
    assert_eq!(running.finish().code, 137);
    let id = scene.cloud.world(|world| world.last_build().unwrap().id.clone());
    scene.input("service", "").input("source", "").input("build_config", "");
    (scene, id)
}

/// The same of a build that logs to a bucket of ours.
fn left(script: BuildScript) -> (Scene, String) {
    left_running(Scene::new(), READ, script)
}

/// The same of a build that logs to Cloud Logging alone.
fn left_logging(script: BuildScript) -> (Scene, String) {
    let mut scene = Scene::new();
    scene.file(
        "cloudbuild.yaml",
        "steps:\n- id: build\n  name: gcr.io/cloud-builders/docker\n  args: [build, -t, gcr.io/harbour-dev/web, .]\nimages: [gcr.io/harbour-dev/web]\noptions: {logging: CLOUD_LOGGING_ONLY}\n",
    );
    scene.input("build_config", "cloudbuild.yaml");
    left_running(scene, LOOK, script)
}

fn may_read_logs(scene: &Scene) {
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/logging.viewer"));
}

fn of_build(scene: &Scene, id: &str) -> Run {
    scene.command(&["logs", "--build", id])
}

/// How often a text stands in what was printed.
fn times(run: &Run, text: &str) -> usize {
    run.stdout.matches(text).count()
}

/// Ids of builds are random.
fn stable(text: &str, id: &str) -> String {
    text.replace(id, "BUILD")
}

#[test]
fn a_build_that_runs_is_followed_to_its_end() {
    let (scene, id) = left(BuildScript { working: 4, ..BuildScript::default() });
    let run = of_build(&scene, &id).expect(0);
    // When the status is looked at while the log flows is a matter of chance.
    let log = stable(&run.log(), &id).replace("The build is at work\n", "");
    insta::assert_snapshot!("logs_build_log", log);
    insta::assert_snapshot!("logs_build_summary", stable(&run.summary(), &id));
    for line in ["starting build", "│ DONE"] {
        assert_eq!(times(&run, line), 1, "{line}");
    }
    assert_eq!(run.outputs["build_status"], "SUCCESS");
    assert_eq!((run.outputs["build_id"].as_str(), run.outputs["result"].as_str()), (id.as_str(), "read"));
    assert_eq!(run.report()["build"]["status"], "SUCCESS");
    // Nothing is written, and nothing is left for a post step.
    assert!(run.state.is_empty());
    assert!(scene.cloud.calls(LOOK).len() <= 4, "{:#?}", scene.calls());
}

#[test]
fn a_build_that_is_over_is_shown_whole_with_one_look() {
    let mut scene = Scene::deployed();
    let id = scene.cloud.world(|world| world.last_build().unwrap().id.clone());
    let looks = scene.cloud.calls(LOOK).len();
    scene.input("source", "").input("service", "");
    let run = of_build(&scene, &id).expect(0);
    assert_eq!((times(&run, "starting build"), times(&run, "│ DONE")), (1, 1));
    assert_eq!(scene.cloud.calls(LOOK).len(), looks + 1);
    scene.input("service", "web");
    let run = of_build(&scene, "latest").expect(0);
    assert_eq!(run.outputs["build_id"], id);
}

#[test]
fn a_long_log_is_read_piece_by_piece() {
    let mut scene = Scene::deployed();
    let id = scene.cloud.world(|world| world.last_build().unwrap().id.clone());
    let line = "x".repeat(60_000);
    let whole = format!("begin\n{}DONE\n", format!("{line}\n").repeat(40));
    scene.cloud.world(|world| {
        let place = "harbour-dev-slipway-us-central1";
        world.put_object(place, &format!("logs/log-{id}.txt"), whole.into_bytes()).unwrap()
    });
    scene.input("source", "").input("service", "");
    let before = scene.cloud.calls(READ).len();
    let run = of_build(&scene, &id).expect(0);
    assert_eq!((times(&run, "│ begin"), times(&run, &line), times(&run, "│ DONE")), (1, 40, 1));
    let reads = scene.cloud.calls(READ);
    let ranges: Vec<&str> = reads[before..].iter().filter_map(|read| read.header("range")).collect();
    assert_eq!(ranges[..2], ["bytes=0-1048575", "bytes=1048576-2097151"]);
}

#[test]
fn a_failed_build_is_told_with_its_step_and_its_page() {
    let lines = vec!["error: no such module".to_owned(), "make: *** [all] Error 2".to_owned()];
    let (scene, id) = left(BuildScript::ending(Outcome::StepFails { step: 0, exit: 2, lines }));
    let run = of_build(&scene, &id).expect(6);
    insta::assert_snapshot!("logs_build_failure", stable(&run.failure(), &id));
    assert_eq!((run.outputs["result"].as_str(), run.outputs["build_status"].as_str()), ("failed", "FAILURE"));
}

#[test]
fn the_status_is_the_verdict_however_the_build_ends() {
    for (outcome, code) in [
        (Outcome::Success, 0),
        (Outcome::SuccessWithoutDigest, 0),
        (Outcome::PushNotAuthorized, 6),
        (Outcome::FetchSourceFailed, 6),
        (Outcome::Timeout, 6),
        (Outcome::InternalError, 7),
        (Outcome::Expired, 7),
        (Outcome::CancelledByOther, 7),
        (Outcome::NeverEnds, 12),
    ] {
        let (scene, id) = left(BuildScript::ending(outcome.clone()));
        let run = of_build(&scene, &id);
        assert_eq!(run.code, code, "{outcome:?}\n{}", run.log());
        // Looking ends no build.
        assert_eq!(scene.cloud.world(|world| world.count("build cancelled")), 0);
    }
}

#[test]
fn a_log_in_cloud_logging_is_read_there_or_its_role_named() {
    let (scene, id) = left_logging(BuildScript::default());
    may_read_logs(&scene);
    let run = of_build(&scene, &id).expect(0);
    assert_eq!((times(&run, "starting build"), times(&run, "│ DONE")), (1, 1), "{}", run.log());

    let (scene, id) = left_logging(BuildScript::ending(Outcome::StepFails { step: 0, exit: 3, lines: Vec::new() }));
    let run = of_build(&scene, &id).expect(6);
    run.says("Permission denied for all log views").says("step `build` failed with exit code 3");
    run.says("--role=roles/logging.viewer --condition=None").says("The build's page: https://");
    assert_eq!(scene.cloud.calls(LIST).len(), 1, "a refusal is final");
}

/// A finished build whose log lies where builds log to that name no bucket.
fn in_googles_bucket(outcome: Outcome) -> (Scene, String) {
    let (scene, id) = left_logging(BuildScript::ending(outcome));
    let bucket = "123456789012.cloudbuild-logs.googleusercontent.com";
    scene.cloud.world(|world| {
        world.add_bucket(bucket, "999", "us");
        let build = world.builds.last_mut().unwrap();
        build.document.insert("options".into(), json!({"logging": "LEGACY"}));
        build.document.insert("logsBucket".into(), json!(format!("gs://{bucket}")));
    });
    (scene, id)
}

#[test]
fn googles_own_bucket_is_closed_and_the_status_is_told_all_the_same() {
    let (scene, id) = in_googles_bucket(Outcome::Success);
    let run = of_build(&scene, &id).expect(0);
    insta::assert_snapshot!("logs_googles_bucket", stable(&run.log(), &id));
    assert!(run.report()["build"]["log_missing"].as_str().unwrap().contains("403"));

    // Such a build logs to both.
    let (scene, id) = in_googles_bucket(Outcome::StepFails { step: 0, exit: 3, lines: vec!["no".into()] });
    may_read_logs(&scene);
    let run = of_build(&scene, &id).expect(6);
    run.says("The build's log is read in Cloud Logging").says("step `build` failed with exit code 3");
    assert_eq!(times(&run, "starting build"), 1, "{}", run.log());
}

#[test]
fn no_trouble_with_the_log_or_a_look_changes_the_verdict() {
    for reads in [LogReads::Status(404), LogReads::Status(429), LogReads::Status(503), LogReads::Reset] {
        let (scene, id) = left(BuildScript::default());
        scene.cloud.world(|world| world.build_logs = reads);
        let run = of_build(&scene, &id);
        assert_eq!(run.code, 0, "{reads:?}\n{}", run.log());
        run.says("is SUCCESS");
    }
    for action in [Action::Reset, Action::Truncate, Action::status(503), Action::retry_after(429, "7")] {
        let (scene, id) = left(BuildScript { working: 4, ..BuildScript::default() });
        scene.cloud.world(|world| {
            world.faults.push(Fault::lost_reply(READ, action.clone()).skip(1).times(2));
            world.faults.push(Fault::next(LOOK, action.clone()));
        });
        let run = of_build(&scene, &id);
        assert_eq!(run.code, 0, "{action:?}\n{}", run.log());
        assert_eq!((times(&run, "starting build"), times(&run, "│ DONE")), (1, 1), "{action:?}\n{}", run.log());
    }
}

#[test]
fn a_build_that_is_not_there_is_a_mistake_in_the_settings() {
    let mut scene = Scene::new();
    scene.input("service", "").input("source", "");
    let run = of_build(&scene, "0f9a2b6c-1d3e").expect(2);
    run.says("There is no build `0f9a2b6c-1d3e` in `global`").says("give `build_region`");
    scene.input("service", "web");
    of_build(&scene, "latest").expect(2).says("No deploy of `web` left a build in `global`");
}

#[test]
fn every_mistake_is_told_at_once() {
    let scene = scene_of_service();
    let run = scene.command(&[
        "logs",
        "--since",
        "0s",
        "--severity",
        "BAD",
        "--tail",
        "0",
        "--revision",
        "Web!",
        "--follow-for",
        "soon",
        "--build-region",
        "global",
    ]);
    insta::assert_snapshot!("logs_mistakes_of_a_service", run.expect(2).failure());
    let run = scene.command(&["logs", "--build", "a/b", "--since", "1h", "--follow", "--region", "x1"]);
    insta::assert_snapshot!("logs_mistakes_of_a_build", run.expect(2).failure());
    let mut neither = Scene::new();
    neither.input("service", "").input("source", "");
    neither.command(&["logs"]).expect(2).says("give `service`, a `job` or a `build`");
    neither.command(&["logs", "--build", "latest"]).expect(2).says("`latest` does not say of which service");
    assert!(scene.calls().is_empty() && neither.calls().is_empty(), "nothing is sent");
}

/// A world with an empty log that may be read; the service is not there.
fn scene_of_service() -> Scene {
    let mut scene = Scene::new();
    scene.input("source", "");
    may_read_logs(&scene);
    scene
}

/// Writes entries of `web`: revision, age in milliseconds, severity, text.
fn write(scene: &Scene, entries: &[(&str, u64, &str, &str)]) {
    scene.cloud.world(|world| {
        let made: Vec<LogEntry> = entries
            .iter()
            .map(|(revision, ago, severity, text)| world.log_entry("web", revision, *ago, severity, text))
            .collect();
        world.log_entries.extend(made);
    });
}

/// The texts of the entries that were printed, in their order.
fn printed(run: &Run) -> Vec<String> {
    let lines = run.stdout.lines().filter_map(|line| line.strip_prefix("│ 2"));
    lines.map(|line| line.rsplit("  ").next().unwrap().to_owned()).collect()
}

#[test]
fn entries_are_shown_by_time_severity_and_revision() {
    let scene = scene_of_service();
    write(
        &scene,
        &[
            ("web-1", 7_200_000, "ERROR", "too long ago"),
            ("web-1", 3_000_000, "ERROR", "old revision"),
            ("web-2", 240_000, "DEBUG", "chatter"),
            ("web-2", 120_000, "WARNING", "slow"),
            ("web-2", 60_000, "ERROR", "two\nlines"),
        ],
    );
    scene.cloud.world(|world| {
        let mut json = world.log_entry("web", "web-2", 50_000, "CRITICAL", "");
        json.more.insert("jsonPayload".into(), json!({"message": "from JSON", "user": 7}));
        let mut bare = world.log_entry("web", "web-2", 40_000, "INFO", "");
        bare.more.insert("jsonPayload".into(), json!({"user": 7}));
        let mut request = world.log_entry("web", "web-2", 30_000, "ERROR", "");
        request.more.insert(
            "httpRequest".into(),
            json!({"requestMethod": "GET", "requestUrl": "https://web.run.app/x?a=1", "status": 500, "latency": "0.012s"}),
        );
        let other = world.log_entry("api", "api-1", 20_000, "ERROR", "somebody else's");
        world.log_entries.extend([json, bare, request, other]);
    });
    let run = scene.command(&["logs"]).expect(0);
    insta::assert_snapshot!("logs_service_log", run.log());
    insta::assert_snapshot!("logs_service_summary", run.summary());
    assert_eq!(run.outputs["entries"], "7");
    assert_eq!(run.report()["by_severity"]["ERROR"], 3);
    let shown = |arguments: &[&str]| printed(&scene.command(&[&["logs"], arguments].concat()).expect(0));
    assert_eq!(shown(&["--severity", "error", "--since", "3h"])[0], "too long ago");
    assert_eq!(shown(&["--severity", "ERROR"]), ["old revision", "two", "from JSON", "GET /x?a=1 500 12ms"]);
    assert_eq!(shown(&["--revision", "web-1", "--severity", "DEFAULT"]), ["old revision"]);
    assert_eq!(shown(&["--since", "45s"]), ["{\"user\":7}", "GET /x?a=1 500 12ms"]);
    assert_eq!(shown(&["--tail", "1"]), ["GET /x?a=1 500 12ms"]);
}

#[test]
fn jobs_and_worker_pools_have_logs_of_their_own() {
    let mut scene = scene_of_service();
    scene.cloud.world(|world| {
        let of = |resource: &str, label: &str, name: &str, ago: u64, text: &str| {
            let mut entry = world.log_entry("web", "web-1", ago, "INFO", text);
            entry.resource = resource.to_owned();
            entry.labels.remove("service_name");
            entry.labels.remove("revision_name");
            entry.labels.insert(label.to_owned(), name.to_owned());
            entry
        };
        let run = |execution: &str, ago: u64, text: &str| {
            let mut entry = of("cloud_run_job", "job_name", "nightly", ago, text);
            entry.own_labels.insert("run.googleapis.com/execution_name".to_owned(), execution.to_owned());
            entry
        };
        let made = [
            run("nightly-a1", 60_000, "first"),
            run("nightly-b2", 50_000, "second"),
            of("cloud_run_worker_pool", "worker_pool_name", "web", 40_000, "pulled"),
            world.log_entry("web", "web-1", 30_000, "INFO", "served"),
        ];
        world.log_entries.extend(made);
    });
    let shown = |scene: &Scene, arguments: &[&str]| printed(&scene.command(&[&["logs"], arguments].concat()).expect(0));
    assert_eq!(shown(&scene, &[]), ["served"]);
    assert_eq!(shown(&scene, &["--kind", "worker-pool"]), ["pulled"]);
    scene.command(&["logs", "--job", "nightly"]).expect(2).says("`service` is given too");
    scene.command(&["logs", "--execution", "nightly-a1"]).expect(2).says("only a job has one");
    scene.input("service", "").input("job", "nightly");
    assert_eq!(shown(&scene, &[]), ["first", "second"]);
    let run = scene.command(&["logs", "--execution", "nightly-b2"]).expect(0);
    assert_eq!(printed(&run), ["second"]);
    run.says("INFO      nightly-b2  second").says("1 entry of job `nightly`");
    // What is not there is named, whatever it is.
    scene.command(&["logs", "--job", "other"]).expect(2).says("There is no job `other`").says("gcloud run jobs list");
    scene.input("job", "").input("service", "mill").input("kind", "worker-pool");
    let run = scene.command(&["logs"]).expect(2);
    run.says("There is no worker pool `mill`").says("gcloud run worker-pools list");
}

#[test]
fn nothing_to_show_says_so_and_a_service_that_is_not_there_is_named() {
    let scene = scene_of_service();
    let run = scene.command(&["logs"]).expect(2);
    run.says("There is no service `web` in `us-central1`");
    let mut scene = Scene::deployed();
    scene.input("source", "");
    may_read_logs(&scene);
    let run = scene.command(&["logs", "--since", "15m"]).expect(0);
    run.says("0 entries of service `web`").says("No entry fits in the last 15m");
}

#[test]
fn pages_are_read_until_enough_is_there() {
    let scene = scene_of_service();
    let texts: Vec<String> = (0..40).map(|number| format!("line {number}")).collect();
    for (number, text) in texts.iter().enumerate() {
        // Several of the same moment.
        write(&scene, &[("web-1", 100_000 - number as u64 / 3 * 1000, "INFO", text)]);
    }
    scene.cloud.world(|world| world.log_page = 7);
    let run = scene.command(&["logs", "--tail", "30"]).expect(0);
    assert_eq!(printed(&run).len(), 30);
    assert_eq!(scene.cloud.calls(LIST).len(), 5);
    run.says("`tail` says how many are shown");
    let run = scene.command(&["logs"]).expect(0);
    assert_eq!(printed(&run).len(), 40);
    run.does_not_say("`tail` says");
}

/// Entries that arrive between the looks of a run that follows: on time, late, and one that was there already.
fn arriving() -> Scene {
    let scene = scene_of_service();
    write(&scene, &[("web-1", 90_000, "INFO", "before"), ("web-1", 20_000, "INFO", "first")]);
    scene.cloud.world(|world| {
        let late = world.log_entry("web", "web-1", 25_000, "INFO", "late");
        let at_once = [3_000, 3_000].map(|ago| world.log_entry("web", "web-1", ago, "ERROR", "twin"));
        let last = world.log_entry("web", "web-1", 1_000, "INFO", "last");
        world.log_arrivals.extend([vec![late], Vec::new(), at_once.to_vec(), vec![last]]);
    });
    scene
}

const ARRIVED: [&str; 6] = ["before", "first", "late", "twin", "twin", "last"];

#[test]
fn following_shows_every_entry_once_and_ends_by_its_limit() {
    let scene = arriving();
    let run = scene.command(&["logs", "--follow", "--follow-for", "10m"]).expect(0);
    assert_eq!(printed(&run), ARRIVED);
    run.says("Going on with new entries for 10m").says("Stopped after 10m").says("as `follow_for` says");
    let reads = scene.cloud.calls(LIST).len();
    assert!((90..=155).contains(&reads), "{reads} reads in ten minutes");
    // What `tail` left out does not come afterwards.
    let scene = arriving();
    let run = scene.command(&["logs", "--follow", "--follow-for", "1m", "--tail", "1"]).expect(0);
    assert_eq!(printed(&run), ["first", "twin", "twin", "last"]);
    // Small pages lose nothing.
    let scene = arriving();
    scene.cloud.world(|world| world.log_page = 1);
    let run = scene.command(&["logs", "--follow", "--follow-for", "2m"]).expect(0);
    let mut shown = printed(&run);
    shown.sort();
    let mut all = ARRIVED.map(str::to_owned);
    all.sort();
    assert_eq!(shown, all);
}

#[test]
fn an_entry_that_is_dated_ahead_hides_no_other() {
    let scene = arriving();
    scene.cloud.world(|world| {
        let mut ahead = world.log_entry("web", "web-1", 0, "INFO", "ahead");
        ahead.timestamp = "2999-01-01T00:00:00Z".to_owned();
        world.log_entries.push(ahead);
    });
    let run = scene.command(&["logs", "--follow", "--follow-for", "2m"]).expect(0);
    assert_eq!(printed(&run), ["before", "first", "ahead", "late", "twin", "twin", "last"]);
}

#[test]
fn a_signal_ends_the_following() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let scene = arriving();
        scene.cloud.world(|world| world.faults.push(Fault::next(LIST, Action::Hang).skip(1)));
        let running = reach_command(&scene, &["logs", "--follow"], LIST, 1);
        running.signal(signal);
        let run = running.finish();
        assert_eq!(run.code, code, "{}", run.log());
        assert_eq!(run.outputs["result"], "cancelled");
        assert_eq!(run.outputs["entries"], "2");
        run.says(&format!("Cancelled by SIG{signal}"));
    }
}

#[test]
fn passing_trouble_while_following_loses_nothing() {
    for action in [Action::Reset, Action::Truncate, Action::status(503), Action::Html(502)] {
        let scene = arriving();
        scene.cloud.world(|world| world.faults.push(Fault::lost_reply(LIST, action.clone()).skip(1).times(3)));
        let run = scene.command(&["logs", "--follow", "--follow-for", "2m"]).expect(0);
        assert_eq!(printed(&run), ARRIVED, "{action:?}");
    }
}

#[test]
fn a_quota_is_waited_for() {
    let scene = arriving();
    scene.cloud.world(|world| {
        world.faults.push(Fault::next(LIST, Action::retry_after(429, "20")));
        world.faults.push(Fault::next(LIST, Action::status(429)).skip(2).times(2));
    });
    let run = scene.command(&["logs", "--follow", "--follow-for", "5m"]).expect(0);
    assert_eq!(printed(&run), ARRIVED);
    assert_eq!(times(&run, "Cloud Logging asks to wait"), 1);
    let scene = scene_of_service();
    scene.cloud.world(|world| world.faults.push(Fault::next(LIST, Action::status(429)).times(Fault::FOREVER)));
    scene.command(&["logs"]).expect(5);
    // Within its limit, a run that follows waits for however long it takes.
    let scene = arriving();
    scene.cloud.world(|world| world.faults.push(Fault::next(LIST, Action::status(429)).skip(1).times(Fault::FOREVER)));
    let run = scene.command(&["logs", "--follow", "--follow-for", "2h"]).expect(0);
    assert_eq!(printed(&run), ["before", "first"]);
    assert!(scene.cloud.calls(LIST).len() < 40, "the pauses grow");
}

#[test]
fn without_the_role_the_command_that_grants_it_is_told() {
    let scene = scene_of_service();
    scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/logging.viewer"));
    let run = scene.command(&["logs"]).expect(4);
    insta::assert_snapshot!("logs_without_the_role", run.failure());
}

#[test]
fn hostile_entries_command_nobody() {
    let scene = scene_of_service();
    let whole = LINES.join("\n");
    write(&scene, &[("web-1", 9_000, "ERROR", &whole)]);
    for (index, line) in LINES.iter().enumerate() {
        let ago = 5_000 - index as u64;
        write(&scene, &[("web-1", ago, "ERROR", line)]);
        scene.cloud.world(|world| {
            let mut json = world.log_entry("web", "web-1", ago, "ERROR", "");
            json.more.insert("jsonPayload".into(), json!({"message": line}));
            let mut bare = world.log_entry("web", "web-1", ago, "ERROR", "");
            bare.more.insert("jsonPayload".into(), json!({*line: line}));
            let mut request = world.log_entry("web", "web-1", ago, "ERROR", "");
            request
                .more
                .insert("httpRequest".into(), json!({"requestMethod": line, "requestUrl": line, "status": 200}));
            world.log_entries.extend([json, bare, request]);
        });
    }
    let run = scene.command(&["logs"]).expect(0);
    assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202e}') && !run.stdout.contains('\u{0}'));
    // The scene judges what is printed; the summary is one block that nothing ends early.
    run.says("web-1  x # #[error]gone");
    assert!(runner::lines(&run.stdout).iter().filter(|line| line.contains("::set-output")).count() >= 4);
    let fences = run.summary.lines().filter(|line| line.starts_with("```")).count();
    assert!(fences >= 2 && run.summary.trim_end().ends_with("````"), "{}", run.summary);
}
