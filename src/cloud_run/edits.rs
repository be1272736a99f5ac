//! Carries out what settings ask of single fields: the one place where the table of settings meets a document. Pure.

use serde_json::{Map, Value};

use super::wanted::edit::{At, Edit};
use slipway_names::json::object;

/// Makes the changes that are for this part of a document.
pub(super) fn apply(on: &mut Map<String, Value>, edits: &[Edit], at: At) {
    for edit in edits.iter().filter(|edit| edit.at == at) {
        match &edit.value {
            Some(value) => put(on, edit.path, value),
            None => take(on, edit.path),
        }
    }
}

fn put(on: &mut Map<String, Value>, path: &[&str], value: &Value) {
    match path {
        [] => {}
        [field] => drop(on.insert((*field).to_owned(), value.clone())),
        [field, inner @ ..] => put(object(on.entry(*field).or_insert(Value::Null)), inner, value),
    }
}

/// What holds nothing any more when a field is gone goes with it.
fn take(on: &mut Map<String, Value>, path: &[&str]) {
    match path {
        [] => {}
        [field] => drop(on.remove(*field)),
        [field, inner @ ..] => {
            let Some(Value::Object(there)) = on.get_mut(*field) else { return };
            let before = there.len();
            take(there, inner);
            if there.is_empty() && before > 0 {
                on.remove(*field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn edit(at: At, path: &'static [&'static str], value: Option<Value>) -> Edit {
        Edit { input: "x", at, path, value }
    }

    #[test]
    fn a_field_is_set_where_it_stands_and_nothing_else() {
        let mut document = json!({"a": {"b": 1, "c": 2}, "d": {"e": 3}, "f": "text"});
        let edits = [
            edit(At::Service, &["a", "b"], Some(json!(9))),
            edit(At::Service, &["d", "e"], None),
            edit(At::Service, &["f", "g"], None),
            edit(At::Service, &["h", "i", "j"], Some(json!([1]))),
            edit(At::Service, &["k", "l"], None),
            edit(At::Template, &["m"], Some(json!(true))),
        ];
        apply(object(&mut document), &edits, At::Service);
        assert_eq!(document, json!({"a": {"b": 9, "c": 2}, "f": "text", "h": {"i": {"j": [1]}}}));
    }
}
