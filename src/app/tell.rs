//! What a run prints and writes: its plan, its end, its mistakes.

use crate::cli::Task;
use crate::console::Console;
use crate::console::files::Files;
use crate::explain::{Class, Failure};
use crate::google::endpoints::Endpoints;
use crate::inputs::deploy::{Deploy, What};
use crate::inputs::error::InputErrors;
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::plan::decide::Step;
use crate::report::failure::Line;
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
    console.title(&format!(
        "Slipway {}: {verb} {} in {} of project {}",
        env!("CARGO_PKG_VERSION"),
        deploy.service,
        deploy.region,
        deploy.project
    ));
    if runner.embedded {
        console.line("This is the embedded cloud, on this machine: it keeps Google's laws and permissions, reads the");
        console
            .line("source and its Dockerfile, and answers for the deployed revision. It runs no container of yours.");
    } else if let Ok(endpoints) = Endpoints::new(&runner.endpoints) {
        let hosts = endpoints.replaced_hosts();
        if !hosts.is_empty() {
            console.line(&format!("In place of Google's APIs: {}", hosts.join(", ")));
        }
    }
    console.group("Plan");
    for (index, step) in plan.iter().enumerate() {
        console.line(&format!("{}. {}: {}", index + 1, step.name.title(), step.text));
    }
    console.end_group();
}

/// Tells the outcome: the log, the outputs, the summary. Failing to tell is a warning.
pub(super) fn tell(console: &Console, files: &Files, story: &Story<'_>) {
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
            };
            console.title(&format!("{what} {} in {}: {url}", story.service, crate::console::duration(story.took)));
            now.iter().for_each(|sentence| console.line(&format!("  {sentence}")));
        }
        Outcome::Planned(changes) => {
            console.title(if changes.is_empty() {
                "Nothing would change on the service"
            } else {
                "What would change on the service"
            });
            for change in changes {
                let line = match (&change.before, &change.after) {
                    (None, Some(after)) => format!("  + {} = {after}", change.what),
                    (Some(before), None) => format!("  - {} = {before}", change.what),
                    (Some(before), Some(after)) if before == after => {
                        format!("  ~ {} = {after} (changed)", change.what)
                    }
                    (Some(before), Some(after)) => format!("  ~ {} = {before} -> {after}", change.what),
                    (None, None) => format!("  ~ {}", change.what),
                };
                console.line(&line);
            }
            now.iter().for_each(|sentence| console.line(sentence));
        }
        Outcome::Failed(failed) => tell_failure(console, story, failed, &now),
        Outcome::Cancelled(signal) => {
            console.title(&format!("Cancelled by {signal}"));
            now.iter().for_each(|sentence| console.line(&format!("  now: {sentence}")));
        }
    }
    for (name, value) in outputs::values(story) {
        if let Err(why) = files.set_output(name, &value) {
            console.warning(&why);
        }
    }
    if let Err(why) = files.append_summary(&summary::markdown(story)) {
        console.warning(&why);
    }
}

/// Tells a failure once: on the runner as an annotation, which its log shows too, behind the lines
/// that show the cause; elsewhere as lines in the order of a story.
fn tell_failure(console: &Console, story: &Story<'_>, failed: &Failure, now: &[String]) {
    let whole = failure::annotation(failed, now);
    let annotated = console.is_actions() && console.fits_annotation(&whole);
    if annotated {
        failed.evidence_lines().iter().for_each(|line| console.foreign(line));
        console.error(&headline(story), &whole);
        return;
    }
    console.error(&failed.to_string(), &failed.to_string());
    for line in failure::lines(failed, now) {
        match line {
            Line::Ours(text) => console.line(&text),
            Line::Foreign(text) => console.foreign(&text),
        }
    }
}

/// Tells the mistakes of the inputs, all of them, and that nothing was sent.
pub(super) fn refuse(console: &Console, runner: &Runner, errors: &InputErrors) -> u8 {
    let count = errors.0.len();
    let what = if count == 1 { "One setting is wrong".to_owned() } else { format!("{count} settings are wrong") };
    let text: Vec<String> = errors.0.iter().map(|mistake| format!("* {mistake}")).collect();
    let title = format!("{what}; nothing was sent");
    console.error(&title, &format!("{title}\n{}", text.join("\n")));
    if !console.is_actions() {
        text.iter().for_each(|line| console.line(&format!("  {line}")));
    }
    let files = super::files(runner);
    let markdown: String = errors
        .0
        .iter()
        .map(|mistake| format!("* {}\n", crate::report::markdown::sentence(&mistake.to_string())))
        .collect();
    let told = [
        files.set_output("result", "failed"),
        files.append_summary(&format!("## ❌ {what}\n\nNothing was sent to Google.\n\n{markdown}")),
    ];
    told.into_iter().filter_map(Result::err).for_each(|why| console.warning(&why));
    Class::Config.exit_code()
}
