//! Values of several parts in gcloud's spelling: lists and maps separated by commas, or by what stands between two `^`.

use std::collections::BTreeMap;

/// Why a value is none. None of it is quoted: it may hold secrets.
pub(super) type Unread = (&'static str, &'static str);

const DELIMITER: Unread = (
    "nothing stands between the two `^` that begin its value",
    "write what separates the parts between them, such as `^@^A=1@B=x,y`",
);

/// What stands at the top of a map's part without `=`.
const NO_EQUALS: Unread = (
    "a part of its value has no `=`",
    "write `KEY=VALUE` parts with commas between them; where a value has a comma in it, name another separator first, such as `^@^A=1@B=x,y`",
);

/// The parts of a list. A separator at the end ends the last part, as in gcloud.
pub(super) fn list(text: &str) -> Result<Vec<String>, Unread> {
    let (delimiter, text) = match text.strip_prefix('^').and_then(|rest| rest.split_once('^')) {
        Some(("", _)) => return Err(DELIMITER),
        Some((delimiter, rest)) => (delimiter, rest),
        None => (",", text),
    };
    if text.is_empty() {
        return Ok(Vec::new());
    }
    Ok(text.strip_suffix(delimiter).unwrap_or(text).split(delimiter).map(str::to_owned).collect())
}

/// The entries of a map. Of two with one key the last counts, as in gcloud; blanks around a key are not part of it.
pub(super) fn map(text: &str) -> Result<BTreeMap<String, String>, Unread> {
    let mut entries = BTreeMap::new();
    for part in list(text)? {
        let (key, value) = part.split_once('=').filter(|(key, _)| !key.trim().is_empty()).ok_or(NO_EQUALS)?;
        entries.insert(key.trim().to_owned(), value.to_owned());
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_separator_may_be_named() {
        assert_eq!(list("a,b,c"), Ok(["a", "b", "c"].map(str::to_owned).to_vec()));
        assert_eq!(list("^:^a,b:c"), Ok(["a,b", "c"].map(str::to_owned).to_vec()));
        assert_eq!(list("^::^a:b::c"), Ok(["a:b", "c"].map(str::to_owned).to_vec()));
        assert_eq!(list("^,^^a^,b,c"), Ok(["^a^", "b", "c"].map(str::to_owned).to_vec()));
        assert_eq!(list("a,b,"), Ok(["a", "b"].map(str::to_owned).to_vec()));
        assert_eq!(list(""), Ok(Vec::new()));
        assert_eq!(list("^only"), Ok(vec!["^only".to_owned()]));
        assert_eq!(list("^^a"), Err(DELIMITER));
    }

    #[test]
    fn a_map_has_an_equals_sign_in_each_part() {
        let entries = map("A=1, B=x=y,C=").expect("a map");
        assert_eq!(
            entries.into_iter().collect::<Vec<_>>(),
            [("A", "1"), ("B", "x=y"), ("C", "")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        assert_eq!(map("A=1,b"), Err(NO_EQUALS));
        assert_eq!(map("=1"), Err(NO_EQUALS));
    }
}
