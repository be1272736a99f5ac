//! The Actions runner's side: how it reads a step's output and files. Ported from the rules of
//! actions/runner (`ActionCommand.cs`, `FileCommandManager.cs`), so that tests judge what the
//! product prints as the runner would.

use std::collections::BTreeMap;

/// The commands the runner knows; anything else is text (`ActionCommandManager.cs`).
const COMMANDS: [&str; 16] = [
    "debug",
    "notice",
    "warning",
    "error",
    "group",
    "endgroup",
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "echo",
    "stop-commands",
    "set-output",
    "save-state",
    "set-env",
    "add-path",
    "internal-set-repo-path",
];

/// A command the runner would execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its name.
    pub name: String,
    /// The text behind it.
    pub data: String,
}

/// Splits output as .NET's `ReadLine` does: at `\n`, `\r\n` and a bare `\r`.
pub fn lines(output: &str) -> Vec<&str> {
    output.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r')).collect()
}

/// The command in a line, in either of its two forms.
pub fn command(line: &str) -> Option<Command> {
    new_form(line).or_else(|| old_form(line))
}

fn known(name: &str) -> bool {
    COMMANDS.iter().any(|command| command.eq_ignore_ascii_case(name))
}

/// `::name key=value::data`, after leading white space.
fn new_form(line: &str) -> Option<Command> {
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, data) = rest.split_once("::")?;
    let name = head.split(' ').next()?;
    known(name).then(|| Command { name: name.to_ascii_lowercase(), data: unescape(data) })
}

/// `##[name key=value;]data`, anywhere in the line. The runner's search is culture-sensitive and
/// passes over characters without a width, so they are dropped before looking.
fn old_form(line: &str) -> Option<Command> {
    let visible: String = line.chars().filter(|c| !ignorable(*c)).collect();
    let at = visible.find("##[")?;
    let rest = &visible[at + 3..];
    let (head, data) = rest.split_once(']')?;
    let name = head.split(' ').next()?;
    known(name).then(|| Command { name: name.to_ascii_lowercase(), data: data.to_owned() })
}

fn ignorable(c: char) -> bool {
    c.is_control() && c != '\t'
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

fn unescape(data: &str) -> String {
    data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}

/// Every command in an output, in order.
pub fn commands(output: &str) -> Vec<Command> {
    lines(output).into_iter().filter_map(command).collect()
}

/// What a reader of the log sees: annotations as their text, masks and groups as the runner shows
/// them.
pub fn visible(output: &str) -> String {
    let mut shown = String::new();
    for line in lines(output) {
        match command(line) {
            Some(command) if command.name == "add-mask" => {}
            Some(command) if command.name == "endgroup" => {}
            Some(command) if command.name == "group" => shown.push_str(&format!("▼ {}\n", command.data)),
            Some(command) => shown.push_str(&format!("[{}] {}\n", command.name, command.data.replace('\n', "\n    "))),
            None => {
                shown.push_str(line);
                shown.push('\n');
            }
        }
    }
    shown.trim_end().to_owned() + "\n"
}

/// Reads a file of outputs or state as `EnvFileKeyValuePairs` does.
pub fn pairs(file: &str) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    let mut lines = file.split('\n');
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(at), None) => drop(pairs.insert(line[..at].to_owned(), line[at + 1..].to_owned())),
            (Some(at), Some(other)) if at < other => {
                drop(pairs.insert(line[..at].to_owned(), line[at + 1..].to_owned()))
            }
            (_, Some(at)) => {
                let (key, delimiter) = (&line[..at], &line[at + 2..]);
                assert!(!key.is_empty() && !delimiter.is_empty(), "Invalid format '{line}'");
                let mut value = Vec::new();
                loop {
                    let line = lines.next().unwrap_or_else(|| panic!("Matching delimiter not found '{delimiter}'"));
                    if line == delimiter {
                        break;
                    }
                    value.push(line);
                }
                pairs.insert(key.to_owned(), value.join("\n"));
            }
            (None, None) => panic!("Invalid format '{line}'"),
        }
    }
    pairs
}

#[test]
fn the_port_recognises_what_the_runner_does() {
    for line in
        ["::group::x", "  ::ERROR file=a::b", "text ##[error]b", "##\u{200b}[add-mask]x", "::set-output name=url::evil"]
    {
        assert!(command(line).is_some(), "{line}");
    }
    for line in ["x ::group::y", "::nonsense::x", "# #[error]", "plain", "::group"] {
        assert_eq!(command(line), None, "{line}");
    }
    assert_eq!(pairs("a=b\nc<<D\n1\n2\nD\n")["c"], "1\n2");
}
