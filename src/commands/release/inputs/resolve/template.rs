//! Placeholders in the texts of a release's manifest: `${values.NAME}`, `${environment}`, `${commit}`,
//! `${services.NAME.url}`; `$${` stands for `${`. What is inserted is never looked through again.

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TemplatePiece {
    /// What stands there.
    Text(String),
    /// One of the input `values`.
    Value(String),
    /// The environment's name.
    Environment,
    /// The commit's hash.
    Commit,
    /// The address of an earlier service part.
    Url(String),
}

/// What is wrong with a placeholder. The manifest is a file of the repository, so its text may be quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    /// There is no `}`.
    #[error("a placeholder that begins with `${{` is never closed")]
    Open,
    /// An expression of a workflow.
    #[error("`${{{{ }}}}` is an expression of a workflow, and this file is none")]
    Workflow,
    /// Nothing of that name is known.
    #[error("`${{{0}}}` is no placeholder")]
    Unknown(String),
}

impl TemplateError {
    /// What to write.
    pub(super) fn cure(&self) -> &'static str {
        match self {
            TemplateError::Open => "close it with `}`; `$${` stands for `${`",
            TemplateError::Workflow => "pass it with the input `values`, and write `${values.NAME}` here",
            TemplateError::Unknown(_) => {
                "write `${values.NAME}`, `${environment}`, `${commit}` or `${services.NAME.url}`; `$${` stands for `${`"
            }
        }
    }
}

/// Takes a text apart. Texts follow each other only where a placeholder lies between them.
///
/// # Errors
/// The first placeholder that is none.
pub(super) fn parse(text: &str) -> Result<Vec<TemplatePiece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$${") {
            plain.push_str("${");
            rest = after;
        } else if let Some(inside) = rest.strip_prefix("${") {
            let (name, after) = inside.split_once('}').ok_or(TemplateError::Open)?;
            if !plain.is_empty() {
                pieces.push(TemplatePiece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(placeholder(name)?);
            rest = after;
        } else {
            plain.push('$');
            rest = &rest[1..];
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(TemplatePiece::Text(plain));
    }
    Ok(pieces)
}

fn placeholder(inside: &str) -> Result<TemplatePiece, TemplateError> {
    if inside.starts_with('{') {
        return Err(TemplateError::Workflow);
    }
    let value = inside.strip_prefix("values.");
    let service = inside.strip_prefix("services.").and_then(|rest| rest.strip_suffix(".url"));
    match (inside, value, service) {
        ("environment", ..) => Ok(TemplatePiece::Environment),
        ("commit", ..) => Ok(TemplatePiece::Commit),
        (_, Some(name), _) if is_name(name) => Ok(TemplatePiece::Value(name.to_owned())),
        (_, _, Some(name)) if is_name(name) => Ok(TemplatePiece::Url(name.to_owned())),
        _ => Err(TemplateError::Unknown(inside.to_owned())),
    }
}

/// The names of values, parts and environments.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> TemplatePiece {
        TemplatePiece::Text(text.to_owned())
    }

    #[test]
    fn placeholders_are_found_and_dollars_stay() {
        assert_eq!(
            parse("a${values.X_1}b${environment}${commit}-${services.back-end.url}/x"),
            Ok(vec![
                text("a"),
                TemplatePiece::Value("X_1".into()),
                text("b"),
                TemplatePiece::Environment,
                TemplatePiece::Commit,
                text("-"),
                TemplatePiece::Url("back-end".into()),
                text("/x"),
            ])
        );
        for (typed, meant) in [("$${values.X}", "${values.X}"), ("$$${x}", "$${x}"), ("$1 $$ $", "$1 $$ $")] {
            assert_eq!(parse(typed), Ok(vec![text(meant)]), "{typed}");
        }
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_placeholder_is_told_with_its_cure() {
        let told = |text: &str| {
            let error = parse(text).expect_err(text);
            format!("{error}; {}", error.cure())
        };
        assert_eq!(
            told("${{ secrets.X }}"),
            "`${{ }}` is an expression of a workflow, and this file is none; pass it with the input `values`, and write `${values.NAME}` here"
        );
        assert!(told("x ${values.X").starts_with("a placeholder that begins with `${` is never closed; close it"));
        for unknown in
            ["X", "values", "values.", "values.a b", "services.a", "services..url", " environment", "sha", ""]
        {
            assert!(
                told(&format!("${{{unknown}}}"))
                    .starts_with(&format!("`${{{unknown}}}` is no placeholder; write `${{values.NAME}}`"))
            );
        }
    }

    proptest! {
        #[test]
        fn a_text_with_its_placeholders_doubled_is_itself(typed in "[a-c${} .]{0,40}") {
            // `$${` is the only escape, so a dollar before it would belong to it.
            let pieces = parse(&typed.replace("${", "$${"));
            let expected = if typed.is_empty() { vec![] } else { vec![text(&typed)] };
            prop_assert_eq!(pieces, Ok(expected));
        }
    }
}
