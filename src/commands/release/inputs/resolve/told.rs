//! Mistakes of a part's inputs, told about the manifest: the path, the line, and nothing that `values` inserted.

use super::join;
use super::settings::PartSettings;
use crate::inputs::engine::error::Mistake;
use crate::inputs::spec;

/// Shorter texts than this are no secrets, and hiding them would garble every sentence.
const SHORTEST: usize = 4;
const HIDDEN: &str = "***";

/// A mistake of an input as one of the part at `path`, which begins in `line`.
pub(super) fn mistake(mistake: Mistake, settings: &PartSettings, path: &str, line: usize) -> Mistake {
    let place = settings.places.get(mistake.input.as_str());
    let mut problem = mistake.problem;
    let own = mistake.line.and_then(|line| place.and_then(|place| place.lines.get(line.saturating_sub(1)).copied()));
    if let (Some(theirs), None) = (mistake.line, own) {
        // Not a line of the manifest, but of the file that the input names.
        problem = format!("in line {theirs}, {problem}");
    }
    let strict = place.is_some_and(|place| place.inserted);
    Mistake {
        line: Some(own.or(place.map(|place| place.line)).unwrap_or(line)),
        input: join(path, &mistake.input),
        problem: without(&problem, &settings.inserted, strict),
        cure: without(&mistake.cure, &settings.inserted, strict),
    }
}

/// A warning of an input as one of the part at `path`.
pub(super) fn warning(warning: &str, settings: &PartSettings, path: &str) -> String {
    let about = warning.split([',', ':']).next().is_some_and(|name| spec::find(name).is_some());
    let warning = without(warning, &settings.inserted, false);
    if about { join(path, &warning) } else { format!("{path}: {warning}") }
}

/// A sentence without the texts that were inserted; with `strict`, without any word of them.
fn without(sentence: &str, inserted: &[String], strict: bool) -> String {
    let mut whole: Vec<&str> =
        inserted.iter().flat_map(|text| text.lines().chain([text.as_str()])).map(str::trim).collect();
    whole.retain(|text| text.len() >= SHORTEST);
    // The longest first: one may be a part of another.
    whole.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let sentence = whole.iter().fold(sentence.to_owned(), |sentence, text| sentence.replace(text, HIDDEN));
    if !strict {
        return sentence;
    }
    let inserted: Vec<String> = inserted.iter().map(|text| text.to_lowercase()).collect();
    let word = |c: char| c.is_alphanumeric();
    let mut shown = String::new();
    let mut rest = sentence.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (found, after) = rest.split_at(end);
        let lower = found.to_lowercase();
        let hide = found.chars().count() >= SHORTEST && inserted.iter().any(|text| text.contains(&lower));
        shown.push_str(if hide { HIDDEN } else { found });
        let next = after.find(word).unwrap_or(after.len());
        shown.push_str(&after[..next]);
        rest = &after[next..];
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_inserted_is_hidden_whole_and_in_pieces() {
        let inserted = ["hunter2 Tiger,lion".to_owned(), "abc".to_owned(), "hunter2".to_owned()];
        let whole = "`hunter2 Tiger,lion` does not fit, `abc` neither; hunter2";
        assert_eq!(without(whole, &inserted, false), "`***` does not fit, `abc` neither; ***");
        assert_eq!(without("`TIGER` and `lion` in `web-TIGER`", &inserted, true), "`***` and `***` in `web-***`");
        assert_eq!(without("`Tiger` stays", &inserted, false), "`Tiger` stays");
    }
}
