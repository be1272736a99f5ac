//! Inputs that are a list of names: all of them, or what comes to those that are there and what goes.

use crate::cloud_run::wanted::names::Several;
use crate::inputs::engine::scalar;

/// Reads names; `+NAME` comes and `-NAME` goes.
///
/// # Errors
/// What to write in place of a list that says both.
pub(crate) fn several(text: &str) -> Result<Several, &'static str> {
    let (mut more, mut less, mut these) = (Vec::new(), Vec::new(), Vec::new());
    for item in scalar::list(text) {
        match (item.strip_prefix('+'), item.strip_prefix('-')) {
            (Some(name), _) => more.push(name.trim().to_owned()),
            (_, Some(name)) => less.push(name.trim().to_owned()),
            _ => these.push(item),
        }
    }
    match (these.is_empty(), more.is_empty() && less.is_empty()) {
        (true, true) => Err("name one at least, or write `default` to take all away"),
        (false, true) => Ok(Several::These(these)),
        (true, false) => Ok(Several::Changed { more, less }),
        (false, false) => Err("write all of them, or `+NAME` for each that comes and `-NAME` for each that goes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_list_is_whole_or_a_change_of_one() {
        assert_eq!(several("a, b\nc"), Ok(Several::These(names(&["a", "b", "c"]))));
        let change = several("+c\n-a, +b").expect("a change");
        assert_eq!(change.applied(&names(&["a", "b"])), names(&["b", "c"]));
        assert_eq!(change.applied(&[]), names(&["c", "b"]));
        assert!(several("").is_err() && several("a\n+b").is_err());
    }
}
