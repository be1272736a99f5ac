//! What a run prints and writes: its plan, its end, its mistakes.

use super::clients::{Tools, files};
use crate::cloud_run::difference::Difference;
use crate::inputs::engine::error::{InputErrors, Mistake};
use crate::report::failure::{self, ReportLine};
use crate::report::json::refused;
use crate::report::{Outcome, Report, Said, simulated};
use crate::step::PlannedStep;
use slipway_failure::{Class, Failure};
use slipway_google::endpoints::Endpoints;
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_runner::files::Files;

/// The first lines of every run: what is going to be done, where, in which steps.
pub(crate) fn announce(console: &Console, runner: &Runner, what: &str, plan: &[PlannedStep]) {
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

/// Tells how a run ended: the log, the outputs, the summary. Failing to tell is a warning.
pub(super) fn tell<K>(tools: &Tools<'_>, outcome: &Outcome<K>, report: &Report) {
    let console = tools.console;
    say(console, &report.before);
    if report.says_end {
        end(console, outcome, report);
    }
    say(console, &report.after);
    write(console, &tools.files, outcome, &report.outputs, &report.summary);
}

fn say(console: &Console, all: &[Said]) {
    for one in all {
        match one {
            Said::Title(text) => console.title(text),
            Said::Line(text) => console.line(text),
            Said::Foreign(text) => console.foreign(text),
            Said::Warning(text) => console.warning(text),
        }
    }
}

/// How a run ended, and what is true now.
fn end<K>(console: &Console, outcome: &Outcome<K>, report: &Report) {
    let now = &report.now;
    match outcome {
        Outcome::Succeeded(_) => {
            console.title(&said(console, &report.title));
            now.iter().filter(|_| report.says_now).for_each(|sentence| console.line(&format!("  {sentence}")));
        }
        Outcome::Planned(changes) => {
            tell_changes(console, changes, report.on);
            now.iter().for_each(|sentence| console.line(sentence));
        }
        Outcome::Failed(failed) => tell_failure(console, &report.headline, failed, now),
        Outcome::Cancelled(signal) => {
            console.title(&format!("Cancelled by {signal}"));
            now.iter().for_each(|sentence| console.line(&format!("  now: {sentence}")));
        }
    }
}

/// Writes the runner's files. A summary that cannot be written is a warning; outputs that cannot make the run red.
fn write<K>(console: &Console, files: &Files, outcome: &Outcome<K>, outputs: &[(String, String)], summary: &str) {
    let outputs = if console.is_simulated() { simulated::values(outcome, outputs.to_vec()) } else { outputs.to_vec() };
    let summary = &marked(console, outcome, summary.to_owned());
    let mut held_back: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in outputs {
        let (name, value) = (name.as_str(), console.without_secrets(&value));
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
            ReportLine::Ours(text) if text.starts_with("  hint: ") => console.line(&console.spoken(&text)),
            ReportLine::Ours(text) => console.line(&text),
            ReportLine::Foreign(text) => console.foreign(&text),
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
    let files = files(runner);
    let markdown: String =
        mistakes.iter().map(|mistake| format!("* {}\n", crate::report::markdown::sentence(mistake))).collect();
    let outcome = Outcome::<()>::Failed(Failure::plain(Class::Config, what.as_str()).evidence(mistakes));
    let outputs = [("result".to_owned(), "failed".to_owned()), ("report".to_owned(), refused(&outcome).to_string())];
    write(console, &files, &outcome, &outputs, &format!("## ❌ {what}\n\nNothing was sent to Google.\n\n{markdown}"));
    Class::Config.exit_code()
}
