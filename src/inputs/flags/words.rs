//! A text of flags, split into words: as a shell does, or as deploy-cloudrun does. Nothing is expanded.

use crate::inputs::engine::scalar;

/// Why a text cannot be split. None of it is quoted: it may hold secrets.
pub(super) type Unsplit = &'static str;

/// Words as a shell splits them; a backslash at the end of a line goes on in the next.
pub(super) fn shell(text: &str) -> Result<Vec<String>, Unsplit> {
    scalar::shell_words(&text.replace("\\\r\n", " ").replace("\\\n", " "))
}

/// Words as deploy-cloudrun splits them (`parseFlags` of google-github-actions/actions-utils): blanks and line breaks part
/// words, and so does the first `=` of a flag; quotes hold a word together and stay, but for those around a whole word; a
/// backslash stays, and keeps a quote behind it from closing.
pub(super) fn deploy_cloudrun(text: &str) -> Result<Vec<String>, Unsplit> {
    // gcloud would be handed such a backslash as a word, and refuse it: nobody who has one there has a working step.
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut words = Vec::new();
    let mut word = String::new();
    let mut value = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                word.push(c);
                keep(&mut chars, c, &mut word)?;
            }
            ' ' | '\r' | '\n' => {
                value = false;
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            '=' if !value && word.starts_with('-') => {
                words.push(std::mem::take(&mut word));
                value = true;
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words.into_iter().map(unwrapped).collect())
}

/// What stands up to the quote that closes, with it.
fn keep(chars: &mut std::str::Chars<'_>, quote: char, word: &mut String) -> Result<(), Unsplit> {
    let mut escaped = false;
    loop {
        let c = chars.next().ok_or("a quote is never closed")?;
        word.push(c);
        if c == quote && !escaped {
            return Ok(());
        }
        escaped = c == '\\';
    }
}

/// A word without the quotes around it, however many.
fn unwrapped(word: String) -> String {
    let mut rest = word.as_str();
    while let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        match rest.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            Some(inner) => rest = inner,
            None => break,
        }
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_quotes_away_wherever_they_stand() {
        let words = |text| shell(text).expect("words");
        assert_eq!(words("--a=\"b c\" --d 'e\"f' \\\n  g\\ h ''"), ["--a=b c", "--d", "e\"f", "g h", ""]);
        assert_eq!(words("--a # x"), ["--a", "#", "x"], "nothing is left out in silence");
        assert_eq!(words("--a=\"\\$x\\n\""), ["--a=$x\\n"]);
        assert!(shell("--a='b").is_err() && shell("--a=\"b").is_err() && shell("--a \\").is_err());
    }

    #[test]
    fn deploy_cloudrun_parts_a_flag_from_its_value() {
        let words = |text| deploy_cloudrun(text).expect("words");
        assert_eq!(words("--concurrency=2 --memory 1Gi"), ["--concurrency", "2", "--memory", "1Gi"]);
        assert_eq!(words("\"--args=-X=1\" --set-env-vars=A=\"b c\""), ["--args=-X=1", "--set-env-vars", "A=\"b c\""]);
        assert_eq!(words("--cpu='2' --a=^@^x=1@y=a,b"), ["--cpu", "2", "--a", "^@^x=1@y=a,b"]);
        assert_eq!(words("--a=b\\,c\n--d"), ["--a", "b\\,c", "--d"]);
        assert!(deploy_cloudrun("--a='b").is_err());
    }
}
