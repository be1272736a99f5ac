//! How inputs are called where a person reads: on a terminal they are flags, in a workflow they are what `with:` names.

/// A text in which inputs between backticks are flags: `` `name` `` is `` `--name` ``, and `` `name: value` `` is
/// `` `--name=value` ``. What is no name of `names` stays as it is.
pub(super) fn as_flags(text: &str, names: &[&str]) -> String {
    let mut parts = text.split('`').enumerate().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some((at, part)) = parts.next() {
        let closed = parts.peek().is_some();
        match (at % 2 == 1 && closed).then(|| flag(part, names)).flatten() {
            Some(flag) => out.push_str(&flag),
            None => out.push_str(part),
        }
        if closed {
            out.push('`');
        }
    }
    out
}

/// The flag of an input, with its value where one stands behind it.
pub(super) fn flag(text: &str, names: &[&str]) -> Option<String> {
    let (name, value) = match text.split_once(": ") {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let long = names.iter().find(|known| **known == name)?.replace('_', "-");
    Some(match value {
        // A value of the workflow's own is nobody's on a terminal.
        Some(value) if value.contains("${{") => return None,
        Some(value) if value.contains(|c: char| c.is_whitespace() || "'\"$&|;<>*?()".contains(c)) => {
            format!("--{long}='{}'", value.trim_matches(['\'', '"']))
        }
        Some(value) => format!("--{long}={value}"),
        None => format!("--{long}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_flags_and_nothing_else_is() {
        let names = ["max_error_rate", "strategy", "source"];
        let flags = |text: &str| as_flags(text, &names);
        assert_eq!(
            flags("add `max_error_rate`, or `strategy: canary`"),
            "add `--max-error-rate`, or `--strategy=canary`"
        );
        for text in [
            "`permissions: id-token: write`",
            "source and `web`",
            "an odd ` and source",
            "`strategy",
            "`credentials_json: ${{ secrets.KEY }}`",
            "",
            "``",
        ] {
            assert_eq!(flags(text), text);
        }
        assert_eq!(flags("`source: a b`"), "`--source='a b'`");
    }
}
