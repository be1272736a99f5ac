//! docs/PARITY.md: every flag of gcloud, our word for it, and how it is known to be equal.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use slipway::inputs::flags::table::{self, Family, Flag, FlagCommands, Means, Op, Shape};

/// The list of what gcloud's help shows: command, flag and shape.
const LIST: &str = include_str!("../gcloud/flags.txt");

/// What the story with the real gcloud runs: a line for each service.
const MEASURED: &str = include_str!("../gcloud/measured.txt");

/// How many flags had a word before there was `flags`, of how many that were looked at then.
const BEFORE: [(FlagCommands, usize, usize); 5] = [
    (FlagCommands::SERVICE, 61, 131),
    (FlagCommands::JOB, 32, 53),
    (FlagCommands::POOL, 27, 56),
    (FlagCommands::BUILD, 15, 23),
    (FlagCommands::TRAFFIC, 7, 11),
];

/// The flags of a command as gcloud lists them, with their shapes.
fn listed(of: FlagCommands) -> Vec<(&'static str, &'static str)> {
    let begins = format!("[{}]", of.words());
    let lines = LIST.lines().skip_while(|line| *line != begins).skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(' ')).collect()
}

fn shape(flag: &Flag) -> &'static str {
    match flag.shape {
        Shape::Alone => "alone",
        Shape::Switch => "switch",
        Shape::One => "one",
        Shape::List => "list",
        Shape::Map => "map",
    }
}

/// The flags of services that are run on the real gcloud.
fn measured() -> BTreeSet<&'static str> {
    let words = MEASURED.lines().filter(|line| line.starts_with("--")).flat_map(|line| line.split(' '));
    let names = words.filter_map(|word| word.strip_prefix("--")).map(|word| word.split('=').next().unwrap_or(word));
    names
        .map(|name| {
            table::find(FlagCommands::SERVICE, name).map_or_else(|| name.trim_start_matches("no-"), |flag| flag.name)
        })
        .collect()
}

/// Our word for a flag.
fn word(means: Means) -> String {
    match means {
        Means::Text(input) | Means::Lines(input) | Means::Words(input) | Means::Probe(input) => format!("`{input}`"),
        Means::OrNone(input) => format!("`{input}`; empty: `{input}: default`"),
        Means::Switch(input) => format!("`{input}: true`; with `--no-`: `{input}: false`"),
        Means::Fixed(all) => {
            let all: Vec<String> = all.iter().map(|(input, text)| format!("`{input}: {text}`")).collect();
            all.join(", ")
        }
        Means::Map(Family::Env, Op::File) => "`env_vars_file` with `env_vars_update_strategy: overwrite`".to_owned(),
        Means::Map(Family::BuildEnv, _) => "`build_args`".to_owned(),
        Means::Map(family, op) => match op {
            Op::Set | Op::File => format!("`{}` with `{}: overwrite`", family.input(), family.strategy()),
            Op::Update => format!("`{}`", family.input()),
            Op::Remove => format!("`{}` with `NAME: null`", family.input()),
            Op::Clear if family.strategy().is_empty() => format!("`{}: default`", family.input()),
            Op::Clear => format!("`{}: {{}}` with `{}: overwrite`", family.input(), family.strategy()),
        },
        Means::Several(input, op) => match op {
            Op::Set | Op::File => format!("`{input}`"),
            Op::Update => format!("`{input}`, a line `+NAME` for each"),
            Op::Remove => format!("`{input}`, a line `-NAME` for each"),
            Op::Clear => format!("`{input}: default`"),
        },
        Means::Volumes(op) => named("volumes", op),
        Means::Mounts(op) => named("volume_mounts", op),
        Means::Section => "`container` for the one that gets the requests, `containers` for the others".to_owned(),
        Means::Nothing(why) => format!("means nothing: {why}"),
        Means::Only(word, why) => format!("`{word}` means nothing: {why}; another value is refused"),
        Means::Refused(why, write) => format!("refused: {why}; {write}"),
    }
}

fn named(input: &str, op: Op) -> String {
    match op {
        Op::Remove => format!("`{input}` with `NAME: null`"),
        Op::Clear => format!("`{input}: default`"),
        Op::Set | Op::Update | Op::File => format!("`{input}`"),
    }
}

fn is_said(means: Means) -> bool {
    !matches!(means, Means::Nothing(_) | Means::Only(..) | Means::Refused(..))
}

fn known(of: FlagCommands, flag: &Flag, measured: &BTreeSet<&str>) -> &'static str {
    let on_services = || table::find(FlagCommands::SERVICE, flag.name).is_some_and(|other| other.means == flag.means);
    match () {
        () if !is_said(flag.means) => "",
        () if ["project", "region", "billing-project", "image", "source"].contains(&flag.name) => {
            "it says where, or what"
        }
        () if [FlagCommands::BUILD, FlagCommands::TRAFFIC].contains(&of) => "documented",
        () if !measured.contains(flag.name) => "gcloud's source",
        () if of == FlagCommands::SERVICE => "measured",
        () if on_services() => "measured on a service",
        () => "gcloud's source",
    }
}

#[test]
fn every_flag_of_gclouds_has_a_row_and_every_row_is_a_flag_of_gclouds() {
    for (of, words) in FlagCommands::EACH {
        let listed: BTreeSet<(&str, &str)> = listed(of).into_iter().collect();
        assert!(listed.len() > 20, "{words}: {}", listed.len());
        let ours: BTreeSet<(&str, &str)> =
            table::shown().filter(|flag| flag.of.has(of)).map(|flag| (flag.name, shape(flag))).collect();
        let missing: Vec<_> = listed.difference(&ours).collect();
        let strange: Vec<_> = ours.difference(&listed).collect();
        assert!(missing.is_empty() && strange.is_empty(), "{words}: without a row {missing:?}, no flag {strange:?}");
    }
}

#[test]
fn what_a_flag_means_is_an_input_that_its_command_has() {
    use slipway::inputs::spec::{CommandName, DEPLOY, JOB};
    assert_eq!(table::without_input().collect::<Vec<_>>(), Vec::new(), "flags whose input is not there yet");
    let has = |command: CommandName, input: &str| command.inputs().iter().any(|own| own.name == input);
    for flag in table::all() {
        for input in table::inputs(flag.means) {
            let job = FlagCommands::JOB.has(flag.of) && !has(CommandName::Job, input);
            let deploy =
                [FlagCommands::SERVICE, FlagCommands::POOL, FlagCommands::TRAFFIC].iter().any(|of| of.has(flag.of))
                    && !has(CommandName::Deploy, input);
            assert!(!job && !deploy, "--{} means `{input}`, which the command does not have", flag.name);
        }
    }
    assert!(DEPLOY.len() > JOB.len());
}

#[test]
fn the_parity_page_has_every_flag() {
    let mut counts = String::from(
        "\n| command | flags | said before | said now | mean nothing here | refused |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    let mut pages = String::new();
    for (of, words) in FlagCommands::EACH {
        let flags: Vec<&Flag> = table::shown().filter(|flag| flag.of.has(of)).collect();
        let count = |test: fn(Means) -> bool| flags.iter().filter(|flag| test(flag.means)).count();
        let (said, refused) = (count(is_said), count(|means| matches!(means, Means::Refused(..))));
        let before = BEFORE.iter().find(|(other, ..)| *other == of).map(|(_, said, all)| format!("{said} of {all}"));
        writeln!(
            counts,
            "| `{words}` | {} | {} | {said} | {} | {refused} |",
            flags.len(),
            before.unwrap_or_default(),
            flags.len() - said - refused
        )
        .unwrap();
        let measured = measured();
        write!(pages, "\n## `{words}`\n\n| flag | here | known to be equal by |\n| --- | --- | --- |\n").unwrap();
        let mut sorted = flags;
        sorted.sort_by_key(|flag| (!is_said(flag.means), flag.name));
        for flag in sorted {
            writeln!(pages, "| `--{}` | {} | {} |", flag.name, word(flag.means), known(of, flag, &measured)).unwrap();
        }
    }
    pages.push_str("\n## Flags that the help of gcloud leaves out\n\n| flag | here |\n| --- | --- |\n");
    for flag in table::hidden() {
        writeln!(pages, "| `--{}` | {} |", flag.name, word(flag.means)).unwrap();
    }
    pages.push('\n');
    super::check_part("docs/PARITY.md", "counts", &(counts + "\n"));
    super::check_part("docs/PARITY.md", "flags", &pages);
}
