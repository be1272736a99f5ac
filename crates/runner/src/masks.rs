//! What the runner hides, as far as this run can know: what it was told to mask, and the lines of the secrets that came in.
//!
//! The runner masks a secret as a whole and each of its lines by itself, in several forms (`Worker.cs`,
//! `InitializeSecretMasker`; `HostContext.cs` has the forms), and it hands no output to another job that holds a masked
//! text (`JobExtension.cs`, "may contain secret"). A line `{` of a key is such a text.

/// Texts that the runner looks for.
#[derive(Debug, Default)]
pub struct Masks(Vec<Mask>);

/// One of them.
#[derive(Debug)]
struct Mask {
    text: String,
    of: String,
}

impl Masks {
    /// Adds a text that the runner hides, and its spelling inside JSON. `of` says what it is, for a reader.
    pub fn add(&mut self, text: &str, of: &str) {
        for text in [text.to_owned(), json_spelling(text)] {
            if !text.is_empty() && !self.0.iter().any(|known| known.text == text) {
                self.0.push(Mask { text, of: of.to_owned() });
            }
        }
    }

    /// Adds a secret of the repository, as the runner knows it: the whole, and each of its lines.
    pub fn add_secret(&mut self, text: &str, of: &str) {
        let text = text.trim();
        self.add(text, of);
        text.split(['\r', '\n']).map(str::trim).for_each(|line| self.add(line, of));
    }

    /// What a text holds that the runner hides: what that is of.
    pub fn found_in(&self, text: &str) -> Option<&str> {
        self.0.iter().find(|mask| text.contains(&mask.text)).map(|mask| mask.of.as_str())
    }

    /// What has lines that stand in almost every text: without a letter or a digit, such as a brace.
    pub fn of_punctuation(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for Mask { text, of } in &self.0 {
            if !text.chars().any(char::is_alphanumeric) && !all.contains(&of.as_str()) {
                all.push(of);
            }
        }
        all
    }
}

/// A text as it stands between the quotes of a JSON document.
pub fn json_spelling(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_several_lines_hides_every_brace_and_one_of_a_single_line_does_not() {
        let one = r#"{"type":"service_account","private_key":"-----BEGIN\nAAAA\n"}"#;
        let mut masks = Masks::default();
        masks.add_secret(one, "the key");
        assert_eq!((masks.found_in(r#"{"web":"https://web.example"}"#), masks.of_punctuation().len()), (None, 0));
        assert_eq!(masks.found_in(&format!("x{one}x")), Some("the key"));
        assert!(masks.found_in(&serde_json::json!({ "v": one }).to_string()).is_some(), "inside JSON as well");
        let several = "{\n  \"type\": \"service_account\",\r\n  \"universe_domain\": \"googleapis.com\"\n}\n";
        masks.add_secret(several, "another key");
        assert_eq!(masks.found_in("{}"), Some("another key"));
        assert_eq!((masks.found_in("https://web.example"), masks.of_punctuation()), (None, vec!["another key"]));
    }
}
