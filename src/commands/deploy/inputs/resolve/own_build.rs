//! A build of the user's own: its configuration, and what is put into it.

use serde_json::{Map, Value};

use super::{Give, yaml_reason};
use crate::cloud_build::image::Recipe;
use crate::inputs::spec::deploy::name;
use slipway_names::shown::QuotedName;
use slipway_runner::env::Runner;

/// Whether a key can be the name of what is put into a build.
pub(super) fn name_rule(key: &str, what: &str, underscore: bool) -> Result<(), (String, String)> {
    let word = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !word {
        return Err((format!("{} is not the name of {what}", QuotedName(key)), "write letters, digits and `_`".into()));
    }
    // Cloud Build takes values for its own names too, such as COMMIT_SHA.
    let builtin = [
        "COMMIT_SHA",
        "SHORT_SHA",
        "REVISION_ID",
        "REPO_NAME",
        "REPO_FULL_NAME",
        "BRANCH_NAME",
        "TAG_NAME",
        "REF_NAME",
    ];
    if underscore && !key.starts_with('_') && !builtin.contains(&key) {
        return Err((
            format!("{} is not the name of {what}", QuotedName(key)),
            "names of your own begin with `_`".into(),
        ));
    }
    Ok(())
}

/// A build configuration of the user's own, where one is named.
pub(crate) fn own_config(give: &mut Give<'_>, runner: &Runner) -> Option<Recipe> {
    let substitutions = give.map(name::SUBSTITUTIONS, |key, _| name_rule(key, "a substitution", true));
    let Some(path) = give.text(name::BUILD_CONFIG) else {
        if substitutions.is_some() {
            give.findings.wrong(
                name::SUBSTITUTIONS,
                "there is no `build_config` they could be for",
                "use `build_args` for a Dockerfile",
            );
        }
        return None;
    };
    let document = config(give, runner, &path)?;
    Some(Recipe::Config { path, document, substitutions: substitutions.unwrap_or_default() })
}

fn config(give: &mut Give<'_>, runner: &Runner, shown: &str) -> Option<Map<String, Value>> {
    let text = give.file(runner, name::BUILD_CONFIG, shown)?;
    match serde_saphyr::from_str::<Value>(&text) {
        Ok(Value::Object(document)) if document.contains_key("steps") => Some(document),
        Ok(Value::Object(_)) => {
            give.findings.wrong(
                name::BUILD_CONFIG,
                format!("`{shown}` has no `steps`"),
                "it must be a Cloud Build configuration",
            );
            None
        }
        Ok(_) => {
            give.findings.wrong(
                name::BUILD_CONFIG,
                format!("`{shown}` is no map"),
                "it must be a Cloud Build configuration",
            );
            None
        }
        Err(error) => {
            let line = error.location().map(|at| usize::try_from(at.line()).unwrap_or(0));
            let reason = yaml_reason(&error);
            give.findings.wrong_at(name::BUILD_CONFIG, line, format!("`{shown}` is not YAML{reason}"), "");
            None
        }
    }
}
