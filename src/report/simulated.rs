//! What is said of a run on the embedded cloud: the same as of any, marked wherever it would claim what was not done.

use serde_json::Value;

use super::Outcome;

/// What headlines and sentences about the embedded cloud begin with.
const MARK: &str = "Simulated: ";

/// A headline or a sentence.
pub fn said(text: &str) -> String {
    format!("{MARK}{text}")
}

/// Sentences on what stands in the embedded cloud.
pub(crate) fn sentences(simulated: bool, all: Vec<String>) -> Vec<String> {
    if simulated { all.iter().map(|sentence| said(sentence)).collect() } else { all }
}

/// The values of a run's outputs: `result` says that what ended well was simulated, in the report too.
pub fn values<K, N: AsRef<str>>(outcome: &Outcome<K>, values: Vec<(N, String)>) -> Vec<(N, String)> {
    let well = matches!(outcome, Outcome::Succeeded(_));
    let value = |name: &str, value: String| match (name, serde_json::from_str::<Value>(&value)) {
        ("result", _) if well => "simulated".to_owned(),
        ("report", Ok(Value::Object(mut report))) => {
            report.insert("simulated".into(), true.into());
            if well {
                report.insert("result".into(), "simulated".into());
            }
            Value::Object(report).to_string()
        }
        _ => value,
    };
    let one = |(name, text): (N, String)| {
        let text = value(name.as_ref(), text);
        (name, text)
    };
    values.into_iter().map(one).collect()
}

/// A job summary, whose first line is its sign and its headline.
pub fn markdown<K>(outcome: &Outcome<K>, summary: &str) -> String {
    let (head, rest) = summary.split_once('\n').unwrap_or((summary, ""));
    let (sign, headline) = head.trim_start_matches("## ").split_once(' ').unwrap_or(("", head));
    let sign = if matches!(outcome, Outcome::Succeeded(_)) { "🧪" } else { sign };
    let note = "This was done on the embedded cloud, on one machine: nothing was built, no program ran, and Google was not asked.";
    format!("## {sign} {MARK}{headline}\n\n> {note}\n{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use slipway_failure::{Class, Failure};

    #[test]
    fn what_ended_well_is_simulated_and_nothing_else_is_changed() {
        let well = Outcome::Succeeded(());
        let given = || {
            vec![
                ("url", "http://x".to_owned()),
                ("result", "deployed".into()),
                ("report", r#"{"result":"deployed","now":[]}"#.into()),
            ]
        };
        assert_eq!(
            values(&well, given()),
            [
                ("url", "http://x".to_owned()),
                ("result", "simulated".into()),
                ("report", r#"{"result":"simulated","now":[],"simulated":true}"#.into())
            ]
        );
        let failed = Outcome::<()>::Failed(Failure::plain(Class::Verify, "no"));
        assert_eq!(values(&failed, given())[1].1, "deployed");
        assert_eq!(values(&failed, given())[2].1, r#"{"result":"deployed","now":[],"simulated":true}"#);
    }

    #[test]
    fn a_summary_says_so_in_its_first_line() {
        let summary = "## ✅ `web` is deployed\n\n|  |  |\n";
        let told = markdown(&Outcome::Succeeded(()), summary);
        assert!(
            told.starts_with("## 🧪 Simulated: `web` is deployed\n\n> This was done on the embedded cloud"),
            "{told}"
        );
        assert!(told.ends_with("\n\n|  |  |\n"), "{told}");
        let told = markdown(&Outcome::<()>::Cancelled("SIGINT"), "## 🚫 stopped");
        assert!(told.starts_with("## 🚫 Simulated: stopped\n"), "{told}");
    }
}
