//! Values of the run in the texts of `firebase.json`: `${values.NAME}`. They go into texts of the document that was read,
//! so that none can change its shape, and what was inserted is never looked through again.

use std::collections::BTreeMap;

use serde_json::Value;

use super::mistake::Mistakes;

const BEGIN: &str = "${values.";

/// Fills every text below a place.
pub(super) fn fill(value: &mut Value, path: &str, values: &BTreeMap<String, String>, notes: &mut Mistakes) {
    match value {
        Value::String(text) if text.contains(BEGIN) => match filled(text, values) {
            Ok(done) => *text = done,
            Err((problem, cure)) => notes.wrong(path, problem, cure),
        },
        Value::Array(items) => {
            items.iter_mut().enumerate().for_each(|(at, item)| fill(item, &format!("{path}[{at}]"), values, notes));
        }
        Value::Object(map) => {
            map.iter_mut().for_each(|(key, item)| fill(item, &format!("{path}.{key}"), values, notes));
        }
        _ => {}
    }
}

fn filled(text: &str, values: &BTreeMap<String, String>) -> Result<String, (String, String)> {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        done.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            return Err((format!("`{BEGIN}` is never closed"), "close it with `}`".to_owned()));
        };
        let Some(value) = values.get(name) else {
            let known: Vec<String> = values.keys().map(|name| format!("`{name}`")).collect();
            let cure = match known.as_slice() {
                [] => "give it with the input `values`".to_owned(),
                known => format!("give it with the input `values`, which has {}", known.join(", ")),
            };
            return Err((format!("there is no value `{name}`"), cure));
        };
        done.push_str(value);
        rest = behind;
    }
    Ok(done + rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_fill_texts_and_nothing_else() {
        let values = BTreeMap::from([("a".to_owned(), "${values.b}\"}".to_owned()), ("b".to_owned(), String::new())]);
        let mut document = json!({"public": "x/${values.a}/${values.b}", "n": 1, "l": ["${values.c}", "${values.a"]});
        let mut notes = Mistakes::default();
        fill(&mut document, "hosting", &values, &mut notes);
        assert_eq!(document["public"], "x/${values.b}\"}/");
        let told: Vec<String> = notes.mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "firebase.json, `hosting.l[0]`: there is no value `c`; give it with the input `values`, which has `a`, `b`",
                "firebase.json, `hosting.l[1]`: `${values.` is never closed; close it with `}`",
            ]
        );
    }
}
