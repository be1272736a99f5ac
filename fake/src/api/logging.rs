//! Cloud Logging: entries, by filter.

use crate::api::Api;
use crate::call::Call;
use crate::clock;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::uri;
use crate::world::{LogEntry, World};
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "logging",
    service: "logging.googleapis.com",
    title: "Cloud Logging API",
    family: Family::Rpc,
    counts_for_caller: true,
    needs_billing: false,
    descriptions: &[include_str!("../../../tests/schemas/logging.v2.json")],
    extras: &[],
    answer: |world, call| (call.id == "logging.entries.list").then(|| list(world, call)),
};

/// Severities in their order.
const SEVERITIES: [&str; 9] =
    ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];

fn list(world: &mut World, call: &Call) -> Answer {
    let names = call.json["resourceNames"].as_array().cloned().unwrap_or_default();
    let projects: Vec<&str> = names.iter().filter_map(|name| name.as_str()?.strip_prefix("projects/")).collect();
    if projects.is_empty() || projects.len() != names.len() {
        return Err(refusal::invalid("At least one resource name of the form projects/[PROJECT_ID] is required."));
    }
    let permission = "logging.logEntries.list";
    if projects.iter().any(|project| !world.allows(&call.account, permission, project, None)) {
        let details = vec![refusal::permission_info(permission, "")];
        return Err(refusal::rpc(403, "PERMISSION_DENIED", "Permission denied for all log views", details));
    }
    let filter = call.json["filter"].as_str().unwrap_or_default();
    let terms = match terms(filter) {
        Ok(terms) => terms,
        Err(part) => {
            world.unexpected.push(format!("logging.entries.list: the fake cannot read the filter at «{part}»"));
            return Err(refusal::invalid(format!("Unparseable filter: syntax error at '{part}'")));
        }
    };
    let ids: Vec<String> = projects.iter().filter_map(|name| Some(world.project(name)?.id.clone())).collect();
    let fits = |entry: &LogEntry| ids.contains(&entry.project) && terms.iter().all(|term| term.fits(entry));
    // Whatever else is looked for, an entry keeps its place in the order of arrival, and so its id.
    let mut found: Vec<(usize, &LogEntry)> =
        world.log_entries.iter().enumerate().filter(|(_, entry)| fits(entry)).collect();
    found.sort_by_key(|(at, entry)| (clock::parse(&entry.timestamp), *at));
    match call.json["orderBy"].as_str() {
        None | Some("" | "timestamp" | "timestamp asc") => {}
        Some("timestamp desc") => found.reverse(),
        Some(_) => return Err(refusal::invalid("orderBy must be \"timestamp asc\" or \"timestamp desc\"")),
    }
    let most = if world.log_page == 0 { 1000 } else { world.log_page };
    let size = call.json["pageSize"].as_u64().map_or(50, |size| usize::try_from(size).unwrap_or(50)).clamp(1, most);
    let from = call.json["pageToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    let page: Vec<Value> = found.iter().skip(from).take(size).map(|(at, entry)| view(entry, *at)).collect();
    let mut reply = json!({});
    if !page.is_empty() {
        reply["entries"] = Value::Array(page);
    }
    if found.len() > from + size {
        reply["nextPageToken"] = json!((from + size).to_string());
    }
    if let Some(arrived) = world.log_arrivals.pop_front() {
        world.log_entries.extend(arrived);
    }
    Ok(Reply::ok(&reply))
}

fn view(entry: &LogEntry, at: usize) -> Value {
    let mut view = json!({
        "insertId": format!("e{at}"),
        "logName": format!("projects/{}/logs/{}", entry.project, uri::encode(&entry.log)),
        "severity": entry.severity,
        "timestamp": entry.timestamp,
        "receiveTimestamp": entry.timestamp,
        "resource": {"type": entry.resource, "labels": entry.labels}
    });
    if !entry.text.is_empty() {
        view["textPayload"] = json!(entry.text);
    }
    for (name, value) in &entry.more {
        view[name] = value.clone();
    }
    if !entry.own_labels.is_empty() {
        view["labels"] = json!(entry.own_labels);
    }
    view
}

/// One comparison of a filter; all of them must hold.
#[derive(Debug)]
struct Term {
    field: String,
    operator: String,
    value: String,
}

impl Term {
    fn fits(&self, entry: &LogEntry) -> bool {
        let equal = |actual: &str| match self.operator.as_str() {
            "=" => actual == self.value,
            "!=" => actual != self.value,
            ":" => actual.contains(&self.value),
            _ => false,
        };
        match self.field.as_str() {
            "resource.type" => equal(&entry.resource),
            "logName" => equal(&format!("projects/{}/logs/{}", entry.project, uri::encode(&entry.log))),
            "textPayload" => equal(&entry.text),
            "timestamp" => self.ordered(clock::parse(&entry.timestamp), clock::parse(&self.value)),
            "severity" => {
                let rank = |word: &str| SEVERITIES.iter().position(|known| *known == word);
                self.ordered(rank(&entry.severity), rank(&self.value))
            }
            field => {
                let of_resource = field.strip_prefix("resource.labels.").and_then(|label| entry.labels.get(label));
                let own = || entry.own_labels.get(field.strip_prefix("labels.")?.trim_matches('"'));
                of_resource.or_else(own).is_some_and(|label| equal(label))
            }
        }
    }

    fn ordered<T: PartialOrd>(&self, actual: Option<T>, wanted: Option<T>) -> bool {
        let (Some(actual), Some(wanted)) = (actual, wanted) else { return false };
        match self.operator.as_str() {
            "=" => actual == wanted,
            ">=" => actual >= wanted,
            "<=" => actual <= wanted,
            ">" => actual > wanted,
            "<" => actual < wanted,
            _ => false,
        }
    }
}

/// Reads comparisons joined by `AND`, blanks or line ends; the error is where reading stopped.
fn terms(filter: &str) -> Result<Vec<Term>, String> {
    let mut rest = filter.trim_start();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (field, after) = rest.split_at(field_end(rest));
        if field == "AND" && !found.is_empty() {
            rest = after.trim_start();
            continue;
        }
        let known = matches!(field, "resource.type" | "logName" | "textPayload" | "timestamp" | "severity")
            || field.starts_with("resource.labels.")
            || field.starts_with("labels.");
        let after = after.trim_start();
        let operators = [">=", "<=", "!=", "=", ":", ">", "<"];
        let operator = operators.iter().find(|operator| after.starts_with(**operator)).filter(|_| known);
        let operator = operator.ok_or_else(|| rest.to_owned())?;
        let after = after[operator.len()..].trim_start();
        let (value, after) = value(after).ok_or_else(|| after.to_owned())?;
        found.push(Term { field: field.to_owned(), operator: (*operator).to_owned(), value });
        rest = after.trim_start();
    }
    Ok(found)
}

/// Where a field's name ends; a segment with other letters stands in quotes.
fn field_end(text: &str) -> usize {
    let mut quoted = false;
    let ends = |letter: char| {
        quoted ^= letter == '"';
        !quoted && letter != '"' && !letter.is_alphanumeric() && letter != '.' && letter != '_'
    };
    text.find(ends).unwrap_or(text.len())
}

/// A value in quotes or a bare word, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_or_refused() {
        let read = |filter: &str| terms(filter).map(|terms| terms.len());
        assert_eq!(read("resource.type=\"cloud_run_revision\" resource.labels.service_name=\"web\""), Ok(2));
        assert_eq!(read("severity>=ERROR AND timestamp>=\"2026-01-01T00:00:00Z\""), Ok(2));
        assert_eq!(read("labels.\"run.googleapis.com/execution_name\" = \"migrate-1\" severity>=INFO"), Ok(2));
        assert!(read("NOT severity=ERROR").is_err());
        assert!(read("jsonPayload.x=1").is_err());
        assert!(read("logName=\"open").is_err());
    }
}
