//! What the runner hides, and which outputs it hands to other jobs. Ported from the rules of actions/runner:
//! `Worker.cs` (secrets of a job: the whole, and each line), `ActionCommandManager.cs` (`add-mask`), `HostContext.cs` and
//! `ValueEncoders.cs` (the forms it looks for), `JobExtension.cs` (a job output that changes under the mask is skipped).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Run, runner};

/// The runner's masker.
#[derive(Debug, Default)]
pub struct Masker(Vec<String>);

impl Masker {
    /// A job with these secrets.
    pub fn of_job(secrets: &[&str]) -> Self {
        let mut masker = Self::default();
        secrets.iter().for_each(|secret| masker.secret(secret));
        masker
    }

    /// A secret, or what `add-mask` names: the whole, and each line that is not empty.
    fn secret(&mut self, text: &str) {
        self.add(text.trim());
        text.trim().split(['\r', '\n']).filter(|line| !line.is_empty()).for_each(|line| self.add(line.trim()));
    }

    fn add(&mut self, text: &str) {
        self.0.extend(forms(text).into_iter().filter(|form| !form.is_empty()));
    }

    /// Takes in what a step printed.
    pub fn read(&mut self, run: &Run) {
        let commands = runner::commands(&run.stdout).into_iter();
        commands.filter(|command| command.name == "add-mask").for_each(|command| self.secret(&command.data));
    }

    /// Whether the text is shown as it is.
    pub fn leaves(&self, text: &str) -> bool {
        !self.0.iter().any(|mask| text.contains(mask))
    }

    /// The outputs of a step that another job gets, by name, and the names of those it does not.
    pub fn handed_on(&self, run: &Run) -> (BTreeMap<String, String>, Vec<String>) {
        let (kept, held): (BTreeMap<_, _>, BTreeMap<_, _>) =
            run.outputs.clone().into_iter().partition(|(_, value)| self.leaves(value));
        (kept, held.into_keys().collect())
    }
}

fn forms(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let shifted = |shift: usize| STANDARD.encode(if bytes.len() > shift { &bytes[shift..] } else { bytes });
    let json = serde_json::Value::from(text).to_string();
    let escape = |table: &[(&str, &str)]| table.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    let xml = escape(&[("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&apos;")]);
    let uri = bytes.iter().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    let quoted = text.chars().count() > 8 && text.starts_with('"') && text.ends_with('"');
    let inside = if quoted { text[1..text.len() - 1].to_owned() } else { String::new() };
    vec![
        text.to_owned(),
        shifted(0),
        shifted(1),
        shifted(2),
        text.replace('\'', "''"),
        json[1..json.len() - 1].to_owned(),
        uri.collect(),
        xml,
        inside,
    ]
}

#[test]
fn the_port_masks_what_the_runner_does() {
    let masker = Masker::of_job(&["{\n  \"type\": \"service_account\"\n}\n", "p a'ss"]);
    for text in ["{", "a}", "\"type\": \"service_account\"", "xp a'ssx", "p%20a%27ss", "p a''ss", "p a&apos;ss"] {
        assert!(!masker.leaves(text), "{text}");
    }
    for text in ["https://web.example", "service_account", "[1]", "P A'SS"] {
        assert!(masker.leaves(text), "{text}");
    }
    assert!(Masker::of_job(&[r#"{"type":"service_account"}"#]).leaves("{}"));
}
