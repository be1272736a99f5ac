//! The command line: the same settings as the action's inputs, as flags.

use std::path::Path;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::inputs::spec::{CommandName as Job, Input, InputGroup, InputKind};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Do something with a service.
    Run(Job),
    /// Show what a deploy would do.
    Plan,
    /// Clean up after a cancelled run: the action's `post-entrypoint`.
    Post,
    /// The sample, on the embedded cloud.
    Demo(Demo),
}

/// What a demonstration shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demo {
    /// The main job, and a plan of a change.
    Deploy,
    /// A bad candidate, a good one, and the way back.
    Rollout,
    /// The day after: the doctor, alerts, and what a service had to do.
    Operations,
}

impl Task {
    /// The job whose inputs it takes.
    pub fn job(self) -> Option<Job> {
        match self {
            Task::Run(job) => Some(job),
            Task::Plan => Some(Job::Deploy),
            Task::Post | Task::Demo(_) => None,
        }
    }
}

/// A parsed command line.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// What was asked for.
    pub task: Task,
    /// Flags that stand for inputs.
    pub flags: Vec<(&'static str, String)>,
    /// Whether the embedded cloud stands in for Google's.
    pub local: bool,
}

/// Parses the arguments, the program's own name first. Without arguments the action's main job is
/// meant when the runner started us; a name ending in `-post` is the action's second entrypoint,
/// because the runner can give an entrypoint no arguments of its own.
///
/// # Errors
/// clap's error, which is also how `--help` and `--version` come back.
pub fn parse(arguments: Vec<String>, actions: bool) -> Result<Invocation, clap::Error> {
    let name = arguments
        .first()
        .and_then(|name| Path::new(name).file_name())
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let plain = |task| Ok(Invocation { task, flags: Vec::new(), local: false });
    if name.ends_with("-post") {
        return plain(Task::Post);
    }
    if arguments.len() <= 1 && actions {
        return plain(Task::Run(Job::Deploy));
    }
    let matches = command().try_get_matches_from(arguments)?;
    let (task, matches) = match matches.subcommand() {
        Some(("plan", matches)) => (Task::Plan, matches),
        Some(("demo", matches)) => {
            let story = matches.get_one::<String>("story").map(String::as_str);
            return plain(Task::Demo(match story {
                Some("rollout") => Demo::Rollout,
                Some("operations") => Demo::Operations,
                _ => Demo::Deploy,
            }));
        }
        Some((word, matches)) => {
            // `hosting rollback` is a command of two words.
            let (word, matches) = match matches.subcommand() {
                Some((second, matches)) => (format!("{word} {second}"), matches),
                None => (word.to_owned(), matches),
            };
            match Job::ALL.into_iter().find(|job| job.word() == word) {
                Some(job) => (Task::Run(job), matches),
                None => return plain(Task::Post),
            }
        }
        None => return plain(Task::Post),
    };
    let inputs = task.job().map(Job::inputs).unwrap_or_default();
    let flags = inputs.into_iter().filter_map(|input| Some((input.name, text(input, matches)?)));
    let local = cfg!(feature = "local") && matches.get_flag("local");
    Ok(Invocation { task, flags: flags.collect(), local })
}

/// The text of a flag; one that was given several times makes several lines.
fn text(input: &Input, matches: &ArgMatches) -> Option<String> {
    let given = matches.try_get_many::<String>(input.name).ok()??;
    let values: Vec<&str> = given.map(String::as_str).collect();
    Some(values.join("\n"))
}

/// The whole grammar.
pub fn command() -> Command {
    let styles = Styles::styled()
        .header(AnsiColor::Green.on_default().bold())
        .usage(AnsiColor::Green.on_default().bold())
        .literal(AnsiColor::Cyan.on_default().bold());
    let mut command = Command::new("slipway")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Ships to Google Cloud: Cloud Build without log streaming, Cloud Run by digest, Firebase Hosting; verified, or taken back")
        .styles(styles)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help("In GitHub Actions the same settings are inputs (INPUT_*). Exit codes: 0 done, 2 settings, 3 sign-in, 4 permission, 5 quota, 6 build failed, 7 Google or network, 8 deploy, 9 verification, 10 rollback failed, 11 superseded, 12 time limit, 130/143 cancelled.")
        .subcommands(Job::ALL.into_iter().filter(|job| !job.word().contains(' ')).map(subcommand))
        .subcommand(settings(
            Command::new("plan")
                .about("Show what a deploy would do and what would change on the service; change nothing"),
            Job::Deploy,
        ))
        .subcommand(Command::new("post").about("Clean up after a cancelled run (the action's post-entrypoint)"));
    if cfg!(feature = "local") {
        let story = Arg::new("story").value_parser(["deploy", "rollout", "operations"]).default_value("deploy");
        let story = story
            .help("`deploy`: both halves as one release, and a plan. `rollout`: a candidate that is played to be bad, another one, and back. `operations`: the doctor, alerts, and a service's day, which is made up");
        let demo = Command::new("demo").about("Release the sample on the embedded cloud, backend and frontend: what is only answered for is called simulated");
        command = command.subcommand(demo.arg(story));
    }
    command
}

/// A command, with those below it.
fn subcommand(job: Job) -> Command {
    let inner = Job::ALL.into_iter().filter_map(|other| Some((other, other.word().strip_prefix(job.word())?.trim())));
    let inner = inner.filter(|(_, word)| !word.is_empty());
    let inner = inner.map(|(other, word)| settings(Command::new(word).about(other.about()), other));
    settings(Command::new(job.word()).about(job.about()), job).subcommands(inner).args_conflicts_with_subcommands(true)
}

fn settings(mut command: Command, job: Job) -> Command {
    // What another action has is for its users' workflows.
    let own = |input: &&Input| input.means.is_none() && input.group != InputGroup::Moved;
    command = command.args(job.inputs().into_iter().filter(own).map(flag));
    if cfg!(feature = "local") {
        let local = Arg::new("local").long("local").action(ArgAction::SetTrue).help_heading(InputGroup::Run.title());
        command =
            command.arg(local.help("Use the embedded cloud on this machine in place of Google's: nothing leaves it, nothing is built, no program of yours runs, and it begins with an empty project"));
    }
    command
}

fn flag(input: &'static Input) -> Arg {
    let long = input.name.replace('_', "-");
    // Names in the table are few and live as long as the program.
    let arg = Arg::new(input.name)
        .long(long)
        .help_heading(input.group.title())
        .action(ArgAction::Append)
        .allow_hyphen_values(true);
    let mut help = input.doc.to_owned();
    if !input.default.is_empty() && !input.default.starts_with('$') {
        help.push_str(&format!(" [default: {}]", input.default));
    }
    let arg = arg.help(help);
    match input.kind {
        InputKind::Text | InputKind::Either => arg.value_name("TEXT").action(ArgAction::Set),
        InputKind::Switch => arg
            .value_name("true|false")
            .num_args(0..=1)
            .default_missing_value("true")
            .require_equals(true)
            .action(ArgAction::Set),
        InputKind::Map => arg.value_name("KEY=VALUE"),
        InputKind::Lines => arg.value_name("LINE"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(line: &str) -> Invocation {
        parse(line.split(' ').map(str::to_owned).collect(), false).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_grammar_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn flags_stand_for_inputs() {
        let invocation =
            parse_words("slipway deploy --service web --env-vars A=1 --env-vars B=-2 --dry-run --cpu-boost=false");
        assert_eq!(invocation.task, Task::Run(Job::Deploy));
        assert_eq!(
            invocation.flags,
            [("service", "web"), ("env_vars", "A=1\nB=-2"), ("cpu_boost", "false"), ("dry_run", "true")]
                .map(|(k, v)| (k, v.to_owned()))
        );
    }

    #[test]
    fn the_second_name_is_the_post_entrypoint() {
        assert_eq!(parse_words("/slipway-post").task, Task::Post);
        // The runner gives every entrypoint of an action the same arguments.
        assert_eq!(parse_words("/slipway-post job").task, Task::Post);
        assert_eq!(parse(vec!["/slipway".into()], true).expect("the action").task, Task::Run(Job::Deploy));
        assert!(parse(vec!["/slipway".into()], false).is_err());
    }
}
