//! The rules of a site: rewrites, redirects and headers.

use serde_json::Value;

use super::mistake::Mistakes;
use super::node::ObjectNode;
use super::regex::{self, RegexVerdict};
use super::site::{DEFAULT_REGION, HeaderRule, Pattern, Redirect, Rewrite, RewriteTarget};
use slipway_names::ids::{Region, ServiceName};
use slipway_names::json::kind;

const PATTERNS: &[&str] = &["source", "glob", "regex"];
const DESTINATIONS: &[&str] = &["destination", "function", "run", "dynamicLinks"];

/// One rewrite. Source: `HostingRewrites` in firebase-tools' schema, and its `convertConfig`.
pub(super) fn rewrite(value: &Value, path: String, notes: &mut Mistakes) -> Option<Rewrite> {
    let node = ObjectNode::open(value, path, "hosting.rewrites[]", notes)?;
    let pattern = pattern(&node, notes);
    let named = node.present(DESTINATIONS);
    let to = match named[..] {
        ["destination"] => {
            let file = node.needed("destination", "name a file of the site, such as `/index.html`", notes);
            file.map(|file| RewriteTarget::File(file.to_owned()))
        }
        ["run"] => run(&node, notes),
        ["function"] => function(&node, notes),
        ["dynamicLinks"] => dynamic_links(&node, notes),
        [] => {
            let cure = DESTINATIONS.iter().map(|name| node.cure_for(name, "")).find(|cure| !cure.is_empty());
            let otherwise = || "write `destination`, `run` or `function`".to_owned();
            notes.wrong(&node.path, "this rewrite does not say what answers", cure.unwrap_or_else(otherwise));
            None
        }
        _ => {
            let cure = "keep one, or make one rewrite of each";
            notes.wrong(&node.path, format!("this rewrite has {} at once", listed(&named)), cure);
            None
        }
    };
    // Firebase's rule: beside a function's name, and nowhere else.
    if node.get("region").is_some_and(Value::is_string) && !node.get("function").is_some_and(Value::is_string) {
        let cure = match named[..] {
            ["run"] => "move it into `run`",
            ["function"] => "move it into `function`",
            _ => "take it out",
        };
        notes.wrong(node.place("region"), "only a function that is given by its name has its region here", cure);
    }
    Some(Rewrite { pattern: pattern?, to: to?, path: node.path })
}

fn run(node: &ObjectNode<'_>, notes: &mut Mistakes) -> Option<RewriteTarget> {
    let run = ObjectNode::open(node.get("run")?, node.place("run"), "hosting.rewrites[].run", notes)?;
    let service = run.needed("serviceId", "name a Cloud Run service", notes);
    let region = region(&run, notes);
    let pin = run.flag("pinTag", notes).unwrap_or(false);
    let service = service?;
    if let Err(error) = ServiceName::parse(service) {
        notes.wrong(run.place("serviceId"), error.to_string(), "");
        return None;
    }
    let region = region?.unwrap_or(DEFAULT_REGION).to_owned();
    Some(RewriteTarget::Run { service: service.to_owned(), region, pin })
}

fn function(node: &ObjectNode<'_>, notes: &mut Mistakes) -> Option<RewriteTarget> {
    const CURE: &str = "name a function";
    let value = node.get("function")?;
    let (place, id, region, pin) = if value.is_string() {
        (node.place("function"), node.needed("function", CURE, notes)?, region(node, notes)?, false)
    } else if value.is_object() {
        let function = ObjectNode::open(value, node.place("function"), "hosting.rewrites[].function", notes)?;
        let id = function.needed("functionId", CURE, notes);
        let region = region(&function, notes);
        let pin = function.flag("pinTag", notes).unwrap_or(false);
        (function.place("functionId"), id?, region?, pin)
    } else {
        let problem = format!("this must be a text or an object, not {}", kind(value));
        notes.wrong(node.place("function"), problem, CURE);
        return None;
    };
    // Functions are exports of a module, or named by `gcloud`; their names become part of addresses.
    if id.len() > 63 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        let rule = "1 to 63 letters, digits, dashes and underscores";
        notes.wrong(place, format!("`{id}` is not a function's name: {rule}"), "");
        return None;
    }
    Some(RewriteTarget::Function { id: id.to_owned(), region: region.map(str::to_owned), pin })
}

/// A region, when there is one; nothing when it is wrong.
fn region<'a>(node: &ObjectNode<'a>, notes: &mut Mistakes) -> Option<Option<&'a str>> {
    if node.get("region").is_some_and(|value| !value.is_string()) {
        node.text("region", notes);
        return None;
    }
    let region = node.text("region", notes);
    match region.map(Region::parse) {
        Some(Err(error)) => {
            notes.wrong(node.place("region"), error.to_string(), "");
            None
        }
        _ => Some(region),
    }
}

fn dynamic_links(node: &ObjectNode<'_>, notes: &mut Mistakes) -> Option<RewriteTarget> {
    let place = node.place("dynamicLinks");
    if !node.flag("dynamicLinks", notes)? {
        notes.wrong(place, "this can only be `true`", "take the rewrite out");
        return None;
    }
    notes.warn(place, "Firebase Dynamic Links was shut down in August 2025", "take the rewrite out");
    Some(RewriteTarget::DynamicLinks)
}

/// One redirect.
pub(super) fn redirect(value: &Value, path: String, notes: &mut Mistakes) -> Option<Redirect> {
    let node = ObjectNode::open(value, path, "hosting.redirects[]", notes)?;
    let pattern = pattern(&node, notes);
    let location = node.needed("destination", "write an address, or a path of the site", notes);
    let status = status(&node, notes);
    Some(Redirect { pattern: pattern?, location: location?.to_owned(), status: status? })
}

fn status(node: &ObjectNode<'_>, notes: &mut Mistakes) -> Option<u16> {
    let Some(value) = node.get("type") else { return Some(301) };
    // A number in quotes is a number for Hosting, so it is one here.
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let status = number.and_then(|number| u16::try_from(number).ok()).filter(|status| (300..400).contains(status));
    if status.is_none() {
        let given = if value.is_array() || value.is_object() { kind(value).to_owned() } else { format!("`{value}`") };
        let problem = format!("this must be a redirect's status, from 300 to 399, not {given}");
        notes.wrong(node.place("type"), problem, "write `301` for good, or `302` for now");
    }
    status
}

/// Headers for some paths.
pub(super) fn header_rule(value: &Value, path: String, notes: &mut Mistakes) -> Option<HeaderRule> {
    let node = ObjectNode::open(value, path, "hosting.headers[]", notes)?;
    let pattern = pattern(&node, notes);
    if node.get("headers").is_none() {
        let cure = node.cure_for("headers", "write a list of `key` and `value`");
        notes.wrong(node.place("headers"), "this is missing", cure);
    }
    let items = node.list("headers", notes);
    // All of them before one is missed: every mistake is told.
    let headers: Vec<Option<_>> = items.map(|(path, value)| header(value, path, notes)).collect();
    let headers = headers.into_iter().collect::<Option<_>>();
    Some(HeaderRule { pattern: pattern?, headers: headers? })
}

fn header(value: &Value, path: String, notes: &mut Mistakes) -> Option<(String, String)> {
    let node = ObjectNode::open(value, path, "hosting.headers[].headers[]", notes)?;
    let name = node.needed("key", "write the header's name", notes);
    if node.get("value").is_none() {
        notes.wrong(node.place("value"), "this is missing", node.cure_for("value", "write the header's value"));
    }
    let text = node.any_text("value", notes);
    Some((name?.to_owned(), text?.to_owned()))
}

/// Which paths a rule is for.
fn pattern(node: &ObjectNode<'_>, notes: &mut Mistakes) -> Option<Pattern> {
    let named = node.present(PATTERNS);
    match named[..] {
        [one] => {
            let text = node.needed(one, "write a pattern, such as `**`", notes)?.to_owned();
            if one != "regex" {
                return Some(Pattern::Glob(text));
            }
            expression(node, &text, notes)?;
            Some(Pattern::Regex(text))
        }
        [] => {
            let cure = PATTERNS.iter().map(|name| node.cure_for(name, "")).find(|cure| !cure.is_empty());
            let otherwise = || "write `source` with a glob, or `regex`".to_owned();
            notes.wrong(&node.path, "this does not say for which paths it is", cure.unwrap_or_else(otherwise));
            None
        }
        _ => {
            let problem = format!("this says for which paths it is with {} at once", listed(&named));
            notes.wrong(&node.path, problem, "keep one");
            None
        }
    }
}

/// Notes what Hosting does not take of a regular expression; nothing when it certainly refuses it.
fn expression(node: &ObjectNode<'_>, text: &str, notes: &mut Mistakes) -> Option<()> {
    match regex::verdict(text) {
        RegexVerdict::Fine => {}
        RegexVerdict::Never { what, text } => {
            let problem = format!("`{text}` is {what}, which Hosting's expressions (RE2) do not have");
            // Of headers every rule that matches counts, the last one most.
            let first_counts = !node.path.contains(".headers[");
            let cure = match what {
                "a negative lookahead" | "a lookahead" if first_counts => {
                    "write what it excludes as a rule of its own before this one: the first rule that matches counts"
                }
                "an escape of Unicode" => "write the character itself, or `\\x{…}`",
                _ => "write several rules without it",
            };
            notes.wrong(node.place("regex"), problem, cure);
            return None;
        }
        RegexVerdict::Doubtful(why) => {
            let problem = format!("Hosting may not take this expression (RE2): {why}");
            notes.warn(node.place("regex"), problem, "if it is refused, the release ends before anybody sees it");
        }
    }
    Some(())
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}
