//! A person's terminal: runs a page's shell block as it stands there, by bash, with stand-ins for the programs it
//! calls, and gives what was asked of them, in order.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use fakecloud::World;

/// A call of one of the programs.
#[derive(Debug)]
pub struct Call {
    /// Its name, and what it was told.
    pub words: Vec<String>,
    /// What came in on its standard input, where it reads that.
    pub input: String,
}

/// Every program there is besides bash's own commands. They write down what they are asked, and answer what the next
/// command in a pipe or a variable needs: a project's number; a key, which here only says whose it is; one line of JSON.
const PROGRAMS: [&str; 4] = ["gcloud", "gh", "jq", "npx"];

const STAND_IN: &str = r#"#!/usr/bin/env bash
program="${0##*/}"
last="${!#}"
input=""
case "$program" in gh | jq) input="$(cat)" ;; esac
{ printf '%s\0' "$program" "$@"; printf '\1%s\2' "$input"; } >> "$CALLS"
case "$program $*" in
  "gcloud projects describe "*"value(projectNumber)") echo "$NUMBER" ;;
  "gcloud iam service-accounts keys create - --iam-account="*) printf '{\n  "key_of": "%s"\n}\n' "${last##*=}" ;;
  "jq -c .") tr -d '\n' <<< "$input"; echo ;;
esac
"#;

/// Runs a block. What the person types when a command asks for it is `typed`.
pub fn run(block: &str, typed: &str, directory: &Path) -> Vec<Call> {
    let programs = directory.join("programs");
    std::fs::create_dir_all(&programs).unwrap();
    for name in PROGRAMS {
        let path = programs.join(name);
        std::fs::write(&path, STAND_IN).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let calls = directory.join("calls");
    std::fs::write(&calls, "").unwrap();
    let mut bash = Command::new("bash")
        .args(["-u", "-c", block])
        .env_clear()
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display()))
        .env("CALLS", &calls)
        .env("NUMBER", World::NUMBER)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("bash");
    // A block that asks for nothing has closed its end by now.
    let _unread = bash.stdin.take().unwrap().write_all(typed.as_bytes());
    assert!(bash.wait().unwrap().success(), "bash does not take the block:\n{block}");
    let written = std::fs::read_to_string(&calls).unwrap();
    let call = |record: &str| {
        let (words, input) = record.split_once('\u{1}').expect("a call");
        Call { words: words.split_terminator('\0').map(str::to_owned).collect(), input: input.to_owned() }
    };
    written.split_terminator('\u{2}').map(call).collect()
}

/// The first fenced block of a kind in a document, moved to the left margin.
pub fn block<'a>(document: &'a str, kind: &str) -> String {
    let mut lines = document.lines();
    let fence = format!("```{kind}");
    let open = lines.find(|line| line.trim() == fence).unwrap_or_else(|| panic!("there is no block of {kind}"));
    let indent = open.len() - open.trim_start().len();
    let inside = lines.take_while(|line| line.trim() != "```");
    let moved: Vec<&'a str> = inside.map(|line| line.get(indent..).unwrap_or_default()).collect();
    moved.join("\n")
}

/// The commands of a block, each with all its lines: one that ends in `\` goes on in the next line, a loop up to its end.
pub fn commands(block: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let (mut inside, mut goes_on) = (false, false);
    for line in block.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        match all.last_mut() {
            Some(last) if inside || goes_on => last.push_str(&format!("\n{line}")),
            _ => all.push(line.to_owned()),
        }
        inside = (inside || line.starts_with("for ")) && line.trim() != "done";
        goes_on = line.ends_with('\\');
    }
    all
}
