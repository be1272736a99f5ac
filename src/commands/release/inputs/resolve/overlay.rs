//! Laying the settings of an environment over those of the manifest.

use std::collections::{HashMap, HashSet};

use crate::inputs::engine::tree::{Field, TreeValue};

/// Lays `over` over `base`: maps are joined key by key, `null` takes away, everything else is replaced. A key with
/// nothing behind it says nothing about a map. Laying a map over nothing removes the `null`s in it.
pub(super) fn lay(base: &mut Vec<Field>, over: &[Field], path: &str, warnings: &mut Vec<String>) {
    let mut places: HashMap<String, usize> =
        base.iter().enumerate().map(|(at, field)| (field.key.clone(), at)).collect();
    let mut gone: HashSet<String> = HashSet::new();
    for field in over {
        let path = super::join(path, &field.key);
        let at = places.get(&field.key).copied();
        if field.value.is_null() {
            match at {
                // The places of the others hold until the end.
                Some(_) => {
                    places.remove(&field.key);
                    gone.insert(field.key.clone());
                }
                None => warnings.push(format!(
                    "{path}, line {}: there is nothing that `null` could take away; put it in quotes if the text is meant",
                    field.line
                )),
            }
            continue;
        }
        let below = at.and_then(|at| base.get_mut(at)).and_then(|field| match &mut field.value.value {
            TreeValue::Map(fields) => Some(fields),
            _ => None,
        });
        match (&field.value.value, below) {
            (TreeValue::Map(fields), Some(below)) => lay(below, fields, &path, warnings),
            (_, Some(_)) if field.value.is_blank() => {}
            (TreeValue::Map(fields), None) => {
                let mut fresh = Vec::new();
                lay(&mut fresh, fields, &path, warnings);
                let mut field = field.clone();
                field.value.value = TreeValue::Map(fresh);
                put(base, &mut places, field);
            }
            _ => put(base, &mut places, field.clone()),
        }
    }
    base.retain(|field| !gone.contains(&field.key));
}

fn put(base: &mut Vec<Field>, places: &mut HashMap<String, usize>, field: Field) {
    match places.get(&field.key).and_then(|at| base.get_mut(*at)) {
        Some(other) => *other = field,
        None => {
            places.insert(field.key.clone(), base.len());
            base.push(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::engine::error::Findings;
    use crate::inputs::engine::tree::{self as tree, Node};

    fn fields(text: &str) -> Vec<Field> {
        match tree::read("manifest", text, &mut Findings::default()) {
            Some(Node { value: TreeValue::Map(fields), .. }) => fields,
            other => panic!("{other:?}"),
        }
    }

    fn shown(fields: &[Field]) -> String {
        let one = |field: &Field| match &field.value.value {
            TreeValue::Text { text, .. } => format!("{}={text}@{}", field.key, field.line),
            TreeValue::List(items) => format!("{}=[{}]", field.key, items.len()),
            TreeValue::Map(fields) => format!("{}={{{}}}", field.key, shown(fields)),
        };
        fields.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    fn laid(base: &str, over: &str) -> (String, Vec<String>) {
        let (mut warnings, mut fresh) = (Vec::new(), Vec::new());
        lay(&mut fresh, &fields(base), "", &mut warnings);
        lay(&mut fresh, &fields(over), "over", &mut warnings);
        (shown(&fresh), warnings)
    }

    #[test]
    fn maps_join_and_the_rest_is_replaced_in_place() {
        let (now, warnings) = laid(
            "a: 1\nm: {x: 1, y: {z: 1}}\nl: [1, 2]\nt: text",
            "\n\n\n\nm: {y: {w: 2}, v: 3}\nl: [3]\nt: {u: 1}\na: 9",
        );
        assert_eq!(now, "a=9@8 m={x=1@2 y={z=1@2 w=2@5} v=3@5} l=[1] t={u=1@7}");
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn null_takes_away_and_nothing_says_nothing() {
        let (now, warnings) = laid("a: 1\nm: {x: 1, y: 2}\nn: {x: 1}\nb: 1", "a: ~\nm: {x: null}\nn:\nb:");
        assert_eq!(now, "m={y=2@2} n={x=1@3} b=@4");
        assert_eq!(warnings, Vec::<String>::new());
        let (now, warnings) = laid("a: ~\nm: {x: 1}", "m: {y: ~}\nq: {z: ~}");
        assert_eq!(now, "m={x=1@2} q={}");
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(
            warnings[1].starts_with("over.m.y, line 1: there is nothing that `null` could take away"),
            "{warnings:?}"
        );
    }
}
