//! Cures are commands alone: what stands behind a command in a hint would be typed with it.

use std::path::{Path, PathBuf};

/// How commands in hints begin.
const PROGRAMS: [&str; 6] = ["gcloud ", "slipway ", "gh ", "docker ", "firebase ", "export "];

/// What no command has and prose does; quoted words and what stands between backticks are passed over.
const PROSE: [&str; 7] = ["; ", ", ", " (", ") ", " or ", " then ", " and "];

fn files(directory: &Path, ending: &str, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, ending, all);
        } else if path.extension().is_some_and(|end| end == ending) && !path.ends_with("tests.rs") {
            all.push(path);
        }
    }
}

fn all(directory: &str, ending: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory), ending, &mut all);
    all
}

fn has_prose(command: &str) -> bool {
    // `jq -c . |` is none.
    let sentence = command.split(". ").skip(1).any(|rest| rest.starts_with(|c: char| c.is_uppercase()));
    sentence
        || PROSE.iter().any(|prose| command.contains(prose))
        || command.ends_with('.')
        || command.ends_with(')') && !command.contains("$(")
}

/// The texts of a source, up to its tests: enough of Rust's grammar for how this repository is written.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or(source);
    let mut found = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => drop(chars.by_ref().find(|c| *c == '\n')),
            '\'' => {
                // A character, or a lifetime, which has no second stroke.
                let rest: String = chars.clone().take(4).collect();
                let length = if rest.starts_with('\\') { rest[2..].find('\'').map(|at| at + 3) } else { None };
                let length = length.or_else(|| (rest.chars().nth(1) == Some('\'')).then_some(2));
                for _ in 0..length.unwrap_or(0) {
                    chars.next();
                }
            }
            '"' => {
                let mut text = String::new();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => match chars.next() {
                            Some('n') => text.push('\n'),
                            // A line that goes on.
                            Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                            Some(other) => text.push(other),
                            None => {}
                        },
                        c => text.push(c),
                    }
                }
                found.push(text);
            }
            _ => {}
        }
    }
    found
}

/// A text without what stands between two of these marks.
fn without(text: &str, mark: char) -> String {
    text.split(mark).step_by(2).collect::<Vec<_>>().join("X")
}

/// The command at the end of a text, where there is one.
fn command(text: &str) -> Option<String> {
    let bare = without(text, '`');
    let begins = |program: &str| match bare.starts_with(program) {
        true => Some(0),
        false => Some(bare.find(&format!(": {program}"))? + 2),
    };
    let at = PROGRAMS.iter().filter_map(|program| begins(program)).min()?;
    Some(without(&bare[at..], '\''))
}

#[test]
fn nothing_stands_behind_a_command() {
    let (mut commands, mut wrong) = (0, Vec::new());
    for file in all("src", "rs").into_iter().chain(all("crates", "rs")) {
        let text = std::fs::read_to_string(&file).expect("a file");
        for literal in literals(&text) {
            // Help texts speak of programs and give no commands.
            let Some(command) = command(&literal).filter(|command| command.contains("--") || command.contains('{'))
            else {
                continue;
            };
            commands += 1;
            if has_prose(&command) {
                wrong.push(format!("{}: {literal}", file.display()));
            }
        }
    }
    assert!(commands > 40, "only {commands} commands were found");
    assert!(wrong.is_empty(), "prose behind a command:\n{}", wrong.join("\n"));
}

/// The same of what is really told, where commands are put together of parts.
#[test]
fn nothing_stands_behind_a_command_that_was_told() {
    let (mut commands, mut wrong) = (0, Vec::new());
    for file in all("tests/it", "snap") {
        let text = std::fs::read_to_string(&file).expect("a file");
        for hint in text.lines().filter_map(|line| line.split_once("hint: ")) {
            let Some(command) = command(hint.1) else { continue };
            commands += 1;
            if has_prose(&command) {
                wrong.push(format!("{}: {}", file.display(), hint.1));
            }
        }
    }
    assert!(commands > 20, "only {commands} commands were found");
    assert!(wrong.is_empty(), "prose behind a command:\n{}", wrong.join("\n"));
}

#[test]
fn the_search_finds_what_it_is_for() {
    let wrong = "Enable it with: gcloud services enable {service} --project={project}; it takes a few minutes";
    assert!(command(wrong).is_some_and(|command| has_prose(&command)));
    for right in
        ["See it: gcloud x describe a --format='value(b, c)'", "Run `gcloud x --y`; then look", "gcloud is old"]
    {
        assert!(!command(right).is_some_and(|command| has_prose(&command)), "{right}");
    }
    assert_eq!(
        literals(
            r#"let a = "x\"y"; // "no"
        let b = '"'; let c: &'a str = "z";"#
        ),
        ["x\"y", "z"]
    );
}
