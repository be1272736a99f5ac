//! What a run prints and writes: its plan, its end, its mistakes.

use std::time::Duration;

use crate::cli::Task;
use crate::console::Console;
use crate::console::files::Files;
use crate::explain::{Class, Failure};
use crate::google::endpoints::Endpoints;
use crate::inputs::deploy::{Deploy, What};
use crate::inputs::error::{InputErrors, Mistake};
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::model::kind::Kind as Runs;
use crate::plan::decide::Step;
use crate::plan::difference::Difference;
use crate::report::doctor::{self, DoctorStory};
use crate::report::export::{self, ExportStory};
use crate::report::failure::Line;
use crate::report::hosting::{self, SiteStory};
use crate::report::job::{self, JobStory};
use crate::report::json::refused;
use crate::report::logs::{self, LogsStory};
use crate::report::monitoring::{self, MonitoringStory};
use crate::report::preview::{self, Head, Removals};
use crate::report::release::{self, ReleaseStory};
use crate::report::rotate_key::{self, RotationStory};
use crate::report::rotate_secret::{self, SecretStory};
use crate::report::simulated;
use crate::report::status::{self, StatusStory};
use crate::report::{Kind, Outcome, Story, failure, headline, outputs, summary, truth};

/// Says what is going to be done.
pub(super) fn begin(console: &Console, runner: &Runner, task: Task, deploy: &Deploy, plan: &[Step], rehearse: bool) {
    let verb = match task {
        _ if rehearse => "plan for",
        Task::Run(Command::Rollback) => "rolling back",
        Task::Run(Command::Promote) => "promoting to",
        _ if matches!(deploy.what, What::Traffic(_)) => "moving the traffic of",
        _ => "deploying",
    };
    let what = format!("{verb} {} in {} of project {}", deploy.service, deploy.region, deploy.project);
    announce(console, runner, &what, plan);
}

/// The first lines of every run: what is going to be done, where, in which steps.
pub(super) fn announce(console: &Console, runner: &Runner, what: &str, plan: &[Step]) {
    console.title(&format!("Slipway {}: {what}", env!("CARGO_PKG_VERSION")));
    tell_of_lines(console);
    if runner.embedded {
        console.line("This is the embedded cloud, on this machine: it keeps Google's laws and permissions, reads the");
        console.line("source and its Dockerfile, and serves the files of sites. It builds nothing and runs no program");
        console.line("of yours, so no check asks one; what is only answered for is called simulated.");
    } else if let Ok(endpoints) = Endpoints::new(&runner.endpoints, runner.actions) {
        let hosts = endpoints.replaced_hosts();
        if !hosts.is_empty() {
            console.line(&format!("In place of Google's APIs: {}", hosts.join(", ")));
        }
    }
    if runner.unread.contains(&"SSL_CERT_FILE") && runner.extra_roots.is_none() {
        console.line("SSL_CERT_FILE is not read in a job, where any step could have set it: see `ca_certificates`");
    }
    if plan.is_empty() {
        return;
    }
    console.group("Plan");
    for (index, step) in plan.iter().enumerate() {
        console.line(&format!("{}. {}: {}", index + 1, step.name.title(), step.text));
    }
    console.end_group();
}

/// Shows the job summary where nobody else does.
pub(super) fn show<K>(console: &Console, outcome: &Outcome<K>, markdown: impl FnOnce() -> String) {
    if console.is_simulated() {
        console.title("The job summary, as GitHub would show it");
        marked(console, outcome, markdown()).lines().for_each(|line| console.foreign(line));
    }
}

/// A job summary, which says whether it is of the embedded cloud.
fn marked<K>(console: &Console, outcome: &Outcome<K>, summary: String) -> String {
    if console.is_simulated() { simulated::markdown(outcome, &summary) } else { summary }
}

/// A headline, which says whether it is of the embedded cloud.
fn said(console: &Console, headline: &str) -> String {
    if console.is_simulated() { simulated::said(headline) } else { headline.to_owned() }
}

/// Tells the outcome: the log, the outputs, the summary. Failing to tell is a warning. Gives back what is true now.
pub(super) fn tell(console: &Console, files: &Files, story: &Story<'_>) -> Vec<String> {
    let now = truth::sentences(story);
    match story.outcome {
        Outcome::Deployed(kind) => {
            let url = story.facts.service.url.as_deref().unwrap_or("(no address)");
            let what = match kind {
                Kind::Deploy => "Deployed",
                Kind::Candidate => "Deployed without traffic",
                Kind::Rollback => "Rolled back",
                Kind::Promote => "Promoted the candidate of",
                Kind::Traffic => "Moved the traffic of",
                Kind::Unchanged => "Not deployed, because nothing changed:",
            };
            let took = crate::console::duration(story.took);
            let title = match story.kind {
                Runs::Service => format!("{what} {} in {took}: {url}", story.service),
                // Nobody sends requests to it, so it has no address.
                Runs::WorkerPool => format!("{what} worker pool {} in {took}", story.service),
            };
            console.title(&said(console, &title));
            now.iter().for_each(|sentence| console.line(&format!("  {sentence}")));
        }
        Outcome::Planned(changes) => {
            tell_changes(console, changes, "service");
            now.iter().for_each(|sentence| console.line(sentence));
        }
        Outcome::Failed(failed) => tell_failure(console, &headline(story), failed, &now),
        Outcome::Cancelled(signal) => {
            console.title(&format!("Cancelled by {signal}"));
            now.iter().for_each(|sentence| console.line(&format!("  now: {sentence}")));
        }
    }
    write(console, files, story.outcome, outputs::values(story), &summary::markdown(story));
    now
}

/// Tells what became of a job: the log, the outputs, the summary.
pub(super) fn tell_job(console: &Console, files: &Files, story: &JobStory<'_>) -> Vec<String> {
    let now = job::sentences(story);
    tell_end(console, story.outcome, &job::headline(story), "job", &now, story.took);
    write(console, files, story.outcome, job::values(story), &job::markdown(story));
    now
}

/// Tells what the doctor found: the table, how things stand, the script where it is to be printed; then how it ended.
pub(super) fn tell_doctor(console: &Console, files: &Files, story: &DoctorStory<'_>) -> Vec<String> {
    let now = doctor::sentences(story);
    doctor::table(story).iter().for_each(|line| console.line(line));
    if story.printed {
        console.title("The script that mends it, to be read and run by an owner");
        story.script.lines().for_each(|line| console.foreign(line));
    }
    tell_end(console, story.outcome, &doctor::headline(story), "project", &now, story.took);
    write(console, files, story.outcome, doctor::values(story), &doctor::markdown(story));
    now
}

/// Tells what became of a rotation: the log, the outputs, the summary.
pub(super) fn tell_rotation(console: &Console, files: &Files, story: &RotationStory<'_>) -> Vec<String> {
    let now = rotate_key::sentences(story);
    tell_end(console, story.outcome, &rotate_key::headline(story), "account and the secret", &now, story.took);
    write(console, files, story.outcome, rotate_key::values(story), &rotate_key::markdown(story));
    now
}

/// Tells what became of the rotation of a secret: the log, the outputs, the summary.
pub(super) fn tell_secret(console: &Console, files: &Files, story: &SecretStory<'_>) -> Vec<String> {
    let now: Vec<String> =
        rotate_secret::sentences(story).iter().map(|sentence| console.without_secrets(sentence)).collect();
    tell_end(console, story.outcome, &rotate_secret::headline(story), "service and the secret", &now, story.took);
    write(console, files, story.outcome, rotate_secret::values(story), &rotate_secret::markdown(story));
    now
}

/// Tells what became of sites: the log, the outputs, the summary.
pub(super) fn tell_sites(console: &Console, files: &Files, story: &SiteStory<'_>) -> Vec<String> {
    let now = hosting::sentences(story);
    tell_end(console, story.outcome, &hosting::headline(story), "site", &now, story.took);
    write(console, files, story.outcome, hosting::values(story), &hosting::markdown(story));
    now
}

/// Tells what became of a release: the log, the outputs, the summary.
pub(super) fn tell_release(console: &Console, files: &Files, story: &ReleaseStory<'_>) -> Vec<String> {
    let now = release::sentences(story);
    tell_end(console, story.outcome, &release::headline(story), "parts", &now, story.took);
    write(console, files, story.outcome, release::values(story), &release::markdown(story));
    now
}

/// Tells what became of a preview: the log, the outputs, the summary.
pub(super) fn tell_preview(console: &Console, files: &Files, head: &Head<'_>, story: &ReleaseStory<'_>) -> Vec<String> {
    let now = release::sentences(story);
    tell_end(console, story.outcome, &preview::headline(head, story.outcome), "parts", &now, story.took);
    if let Outcome::Deployed(()) = story.outcome {
        story.parts.iter().filter_map(|part| Some((part.name(), part.url()?))).for_each(|(name, url)| {
            console.line(&format!("  look at `{name}`: {url}"));
        });
    }
    write(console, files, story.outcome, preview::values(head, story), &preview::markdown(head, story));
    now
}

/// Tells what a removed preview came to.
pub(super) fn tell_removed(console: &Console, files: &Files, head: &Head<'_>, removals: &Removals<'_>) {
    console.title(&said(console, &format!("The preview of pull request #{} is removed", head.number)));
    let summary = preview::removed_markdown(head, removals);
    let removed = Outcome::Deployed(());
    write(console, files, &removed, preview::removed_values(head, removals, "removed"), &summary);
}

/// Tells what watches a service now: the log, the outputs, the summary.
pub(super) fn tell_monitoring(console: &Console, files: &Files, story: &MonitoringStory<'_>) -> Vec<String> {
    let now = monitoring::sentences(story);
    tell_end(console, story.outcome, &monitoring::headline(story), "monitoring", &now, story.took);
    write(console, files, story.outcome, monitoring::values(story), &monitoring::markdown(story));
    now
}

/// Tells what a service does and had to do: the log, the outputs, the summary.
pub(super) fn tell_status(console: &Console, files: &Files, story: &StatusStory<'_>) {
    let headline = status::headline(story);
    if let Outcome::Deployed(found) = story.outcome {
        let title = format!("{headline} in {} of project {}", story.region, story.project);
        console.title(&said(console, &title));
        status::lines(found).iter().for_each(|line| console.line(line));
        if let Some((why, _)) = &found.unread {
            console.warning(&format!("The measurements are missing: {why}"));
        }
    } else {
        tell_end(console, story.outcome, &headline, "service", &[], story.took);
    }
    write(console, files, story.outcome, status::values(story), &status::markdown(story));
}

/// Tells what a log came to: the log, the outputs, the summary.
pub(super) fn tell_logs(console: &Console, files: &Files, story: &LogsStory<'_>) {
    tell_end(console, story.outcome, &logs::headline(story), "log", &logs::sentences(story), story.took);
    write(console, files, story.outcome, logs::values(story), &logs::markdown(story));
}

/// Tells where an export is: the log, the outputs, the summary.
pub(super) fn tell_export(console: &Console, files: &Files, story: &ExportStory<'_>) {
    // Who reads standard output is told nothing else when all went well.
    if !(story.file.is_none() && matches!(story.outcome, Outcome::Deployed(()))) {
        tell_end(console, story.outcome, &export::headline(story), "file", &[], story.took);
    }
    write(console, files, story.outcome, export::values(story), &export::markdown(story));
}

/// How a run ended, and what is true now. `on` is what a plan's changes are on.
fn tell_end<K>(console: &Console, outcome: &Outcome<K>, headline: &str, on: &str, now: &[String], took: Duration) {
    match outcome {
        Outcome::Deployed(_) => {
            console.title(&said(console, &format!("{headline} in {}", crate::console::duration(took))));
            now.iter().for_each(|sentence| console.line(&format!("  {sentence}")));
        }
        Outcome::Planned(changes) => {
            tell_changes(console, changes, on);
            now.iter().for_each(|sentence| console.line(sentence));
        }
        Outcome::Failed(failed) => tell_failure(console, headline, failed, now),
        Outcome::Cancelled(signal) => {
            console.title(&format!("Cancelled by {signal}"));
            now.iter().for_each(|sentence| console.line(&format!("  now: {sentence}")));
        }
    }
}

/// Writes the runner's files. A summary that cannot be written is a warning; outputs that cannot make the run red.
fn write<K, N: AsRef<str>>(
    console: &Console,
    files: &Files,
    outcome: &Outcome<K>,
    outputs: Vec<(N, String)>,
    summary: &str,
) {
    let outputs = if console.is_simulated() { simulated::values(outcome, outputs) } else { outputs };
    let summary = &marked(console, outcome, summary.to_owned());
    let mut held_back: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in outputs {
        let (name, value) = (name.as_ref(), console.without_secrets(&value));
        if let Err(why) = files.set_output(name, &value) {
            let title = format!("The outputs could not be written, from `{name}` on");
            let more = "What is done stays done, as told above; who reads the outputs would miss them";
            console.error(&title, &format!("{title}\n{why}\n{more}\nFree space on the runner, then run this again"));
            console.outputs_are_lost();
            break;
        }
        if let Some(of) = files.output.then(|| console.hidden_in(&value)).flatten() {
            match held_back.iter_mut().find(|(known, _)| *known == of) {
                Some((_, names)) => names.push(format!("`{name}`")),
                None => held_back.push((of, vec![format!("`{name}`")])),
            }
        }
    }
    tell_held_back(console, &held_back);
    if let Err(why) = files.append_summary(&console.without_secrets(summary)) {
        console.warning(&why);
    }
}

/// Names the outputs that the runner will not hand to another job, and why.
fn tell_held_back(console: &Console, held_back: &[(String, Vec<String>)]) {
    // These were told of when the run began, with the cure.
    let told = console.secrets_of_lines();
    for (of, names) in held_back {
        let names = names.join(", ");
        if told.contains(of) {
            console.line(&format!("Held back from other jobs, because they hold a line of {of}: {names}"));
        } else {
            console.notice(&format!(
                "The runner hands no output to another job that holds {of}, which is masked: {names}. Steps of this job read them all the same"
            ));
        }
    }
}

/// Says that a secret of several lines costs outputs, where one came in.
fn tell_of_lines(console: &Console) {
    let secrets = console.secrets_of_lines();
    if !secrets.is_empty() {
        console.notice(&format!(
            "{} has lines that are only a brace, and the runner masks each line of a secret by itself: it hands no output to another job that holds a brace, such as `report` or `urls`. Store the key in one line: jq -c . key.json | gh secret set NAME. Until then, other jobs get the outputs without JSON, such as `url`",
            secrets.join(" and ")
        ));
    }
}

/// Tells what a run would change on a service or a job.
fn tell_changes(console: &Console, changes: &[Difference], on: &str) {
    console.title(&if changes.is_empty() {
        format!("Nothing would change on the {on}")
    } else {
        format!("What would change on the {on}")
    });
    for change in changes {
        let line = match (&change.before, &change.after) {
            (None, Some(after)) => format!("  + {} = {after}", change.what),
            (Some(before), None) => format!("  - removes {} = {before}", change.what),
            (Some(before), Some(after)) if before == after => {
                format!("  ~ {} = {after} (changed)", change.what)
            }
            (Some(before), Some(after)) => format!("  ~ {} = {before} -> {after}", change.what),
            (None, None) => format!("  ~ {}", change.what),
        };
        console.line(&line);
    }
}

/// Tells a failure once: on the runner as an annotation, which its log shows too, behind the lines
/// that show the cause; elsewhere as lines in the order of a story.
pub(super) fn tell_failure(console: &Console, headline: &str, failed: &Failure, now: &[String]) {
    let headline = &said(console, headline);
    let whole = failure::annotation(failed, now);
    let annotated = console.is_actions() && console.fits_annotation(&whole);
    if annotated {
        failed.evidence_lines().iter().for_each(|line| console.foreign(line));
        console.error(headline, &whole);
        return;
    }
    let sentence = &said(console, &failed.to_string());
    console.error(sentence, sentence);
    for line in failure::lines(failed, now) {
        match line {
            Line::Ours(text) if text.starts_with("  hint: ") => console.line(&console.spoken(&text)),
            Line::Ours(text) => console.line(&text),
            Line::Foreign(text) => console.foreign(&text),
        }
    }
}

/// Tells the mistakes of the inputs, all of them, and that nothing was sent.
pub(super) fn refuse(console: &Console, runner: &Runner, errors: &InputErrors) -> u8 {
    let count = errors.mistakes().count();
    let what = if count == 1 { "One setting is wrong".to_owned() } else { format!("{count} settings are wrong") };
    let mistakes: Vec<String> = errors.mistakes().map(ToString::to_string).collect();
    let text: Vec<String> = errors
        .mistakes()
        .map(|mistake| {
            let (input, cure) = (console.called(&mistake.input), console.spoken(&mistake.cure));
            format!("* {}", Mistake { input, cure, ..mistake.clone() })
        })
        .collect();
    let title = format!("{what}; nothing was sent");
    console.error(&title, &format!("{title}\n{}", text.join("\n")));
    if !console.is_actions() {
        text.iter().for_each(|line| console.line(&format!("  {line}")));
    }
    let files = super::files(runner);
    let markdown: String =
        mistakes.iter().map(|mistake| format!("* {}\n", crate::report::markdown::sentence(mistake))).collect();
    let outcome = Outcome::<()>::Failed(Failure::plain(Class::Config, what.as_str()).evidence(mistakes));
    let outputs = vec![("result", "failed".to_owned()), ("report", refused(&outcome).to_string())];
    write(console, &files, &outcome, outputs, &format!("## ❌ {what}\n\nNothing was sent to Google.\n\n{markdown}"));
    Class::Config.exit_code()
}
