//! Substitutions: what stands for a dollar sign in a build.

use serde_json::{Map, Value};

/// Built-ins that triggers fill; these may be given by hand too.
const OVERRIDABLE: [&str; 6] = ["REPO_NAME", "BRANCH_NAME", "TAG_NAME", "COMMIT_SHA", "SHORT_SHA", "REVISION_ID"];
/// Built-ins that triggers fill and nobody else.
const BY_TRIGGER: [&str; 5] =
    ["REPO_FULL_NAME", "REF_NAME", "TRIGGER_NAME", "TRIGGER_BUILD_CONFIG_PATH", "SERVICE_ACCOUNT"];

/// Replaces every substitution in the build; the error is Google's sentence.
pub(super) fn apply(build: &mut Map<String, Value>, built_in: &[(&str, String)]) -> Result<(), String> {
    let given = build.get("substitutions").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(bad) = given.keys().find(|key| !is_key(key)) {
        return Err(format!(
            "invalid build: invalid .substitutions field: substitution key \"{bad}\" does not respect format \
             \"^_[A-Z0-9_]+$\" and is not an overridable built-in substitutions"
        ));
    }
    let loose = build.get("options").is_some_and(|options| options["substitutionOption"] == "ALLOW_LOOSE");
    let mut used = Vec::new();
    let mut troubles = Vec::new();
    each_template(build, &mut |text| {
        *text = replace(text, |name| {
            used.push(name.to_owned());
            if let Some(value) = given.get(name).and_then(Value::as_str) {
                return value.to_owned();
            }
            if let Some((_, value)) = built_in.iter().find(|(known, _)| *known == name) {
                return value.clone();
            }
            if !name.starts_with('_') && !OVERRIDABLE.contains(&name) && !BY_TRIGGER.contains(&name) {
                troubles.push(format!(
                    "invalid value for 'build.substitutions': key in the template \"{name}\" is not a valid built-in \
                     substitution"
                ));
            } else if name.starts_with('_') && !loose {
                troubles.push(format!("key in the template \"{name}\" is not matched in the substitution data"));
            }
            String::new()
        });
    });
    if !loose {
        let unused = given.keys().filter(|key| key.starts_with('_') && !used.contains(key));
        troubles
            .extend(unused.map(|key| format!("key \"{key}\" in the substitution data is not matched in the template")));
    }
    match troubles.is_empty() {
        true => Ok(()),
        false => Err(format!("generic::invalid_argument: {}", troubles.join(";"))),
    }
}

fn is_key(key: &str) -> bool {
    let rest = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    (key.starts_with('_') && key.len() > 1 && key.chars().all(rest)) || OVERRIDABLE.contains(&key)
}

/// Every text of a build in which dollars are looked at. Step scripts are not among them.
fn each_template(build: &mut Map<String, Value>, visit: &mut dyn FnMut(&mut String)) {
    fn texts(value: Option<&mut Value>, visit: &mut dyn FnMut(&mut String)) {
        match value {
            Some(Value::String(text)) => visit(text),
            Some(Value::Array(items)) => items.iter_mut().for_each(|item| texts(Some(item), visit)),
            _ => {}
        }
    }
    if let Some(Value::Array(steps)) = build.get_mut("steps") {
        for step in steps {
            for field in ["name", "args", "env", "dir", "entrypoint", "id", "waitFor"] {
                texts(step.get_mut(field), visit);
            }
        }
    }
    for field in ["images", "tags", "logsBucket", "serviceAccount"] {
        texts(build.get_mut(field), visit);
    }
    texts(build.get_mut("options").and_then(|options| options.get_mut("env")), visit);
}

/// Replaces `$NAME` and `${NAME}`; `$$` is a dollar, and a dollar before anything else stays.
fn replace(text: &str, mut value: impl FnMut(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let (braced, body) = after.strip_prefix('{').map_or((false, after), |body| (true, body));
        let end = body.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
        let name = &body[..end.unwrap_or(body.len())];
        let starts_well = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
        if !starts_well || (braced && !body[name.len()..].starts_with('}')) {
            out.push('$');
            rest = after;
            continue;
        }
        out.push_str(&value(name));
        rest = &body[name.len() + usize::from(braced)..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn applied(build: Value) -> Result<Value, String> {
        let Value::Object(mut build) = build else { return Err("not an object".to_owned()) };
        apply(&mut build, &[("PROJECT_ID", "p".to_owned()), ("BUILD_ID", "id".to_owned())])
            .map(|()| Value::Object(build))
    }

    fn step(arg: &str) -> Value {
        json!({"steps": [{"args": [arg]}]})
    }

    #[test]
    fn built_ins_and_escapes_are_replaced() {
        let arg = |text| applied(step(text)).map(|build| build["steps"][0]["args"][0].clone());
        assert_eq!(arg("a/$PROJECT_ID/${BUILD_ID}:$$HOME"), Ok(json!("a/p/id:$HOME")));
        assert_eq!(arg("$lower $1 ${COMMIT_SHA}!"), Ok(json!("$lower $1 !")));
        assert_eq!(arg("cost: 5$"), Ok(json!("cost: 5$")));
    }

    #[test]
    fn unknown_names_fail_even_loosely() {
        let mut loose = step("echo $FOO");
        loose["options"] = json!({"substitutionOption": "ALLOW_LOOSE"});
        assert!(applied(loose).is_err_and(|text| text.contains("\"FOO\" is not a valid built-in")));
    }

    #[test]
    fn user_names_must_match_both_ways_unless_loose() {
        let mut used = step("$_A");
        assert!(
            applied(used.clone()).is_err_and(|text| text.contains("\"_A\" is not matched in the substitution data"))
        );
        used["substitutions"] = json!({"_A": "1"});
        assert!(applied(used.clone()).is_ok());
        used["substitutions"] = json!({"_A": "1", "_B": "2"});
        assert!(applied(used.clone()).is_err_and(|text| text.contains("\"_B\" in the substitution data")));
        used["options"] = json!({"substitutionOption": "ALLOW_LOOSE"});
        assert!(applied(used.clone()).is_ok());
        used["substitutions"] = json!({"lower": "1"});
        assert!(applied(used).is_err_and(|text| text.contains("does not respect format")));
    }

    #[test]
    fn scripts_keep_their_dollars() {
        assert!(applied(json!({"steps": [{"script": "echo $FOO"}]})).is_ok());
    }
}
