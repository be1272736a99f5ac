//! Steps that were written for google-github-actions/deploy-cloudrun: what they say is read as that action reads it
//! (its `src/main.ts` of v3, and `src/kv.ts` of google-github-actions/actions-utils).

use std::collections::BTreeMap;

use super::super::spec::{CommandName, InputName};
use super::maps::Maps;
use super::table::{self, Family, FlagCommands, Op};
use super::typed::Typed;
use crate::cloud_run::document as manifest;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::deploy::name;
use slipway_runner::env::Runner;

/// The input that says so, and what it says.
const COMPAT: &str = "compat";
const ACTION: &str = "deploy-cloudrun";

/// What is taken only in such steps, and what to write in others.
const ONLY_THERE: [(InputName, &str); 5] = [
    (name::JOB, "write `uses: OWNER/slipway/actions/job`, or `compat: deploy-cloudrun`"),
    (name::WAIT, "write `uses: OWNER/slipway/actions/job` for a job; a deploy always waits"),
    (
        name::UPDATE_TRAFFIC_FLAGS,
        "`traffic` moves traffic, and `strategy`, `tag` and `no_traffic` say how a deploy does; or write `compat: deploy-cloudrun`",
    ),
    (name::GCLOUD_VERSION, "no gcloud is used; remove it"),
    (name::GCLOUD_COMPONENT, "no gcloud is used; remove it"),
];

/// Inputs that the action writes as flags, ahead of its `flags`.
const AS_FLAGS: [(&str, &str); 4] =
    [("tag", "tag"), ("suffix", "revision-suffix"), ("no_traffic", "no-traffic"), ("timeout", "timeout")];

/// Whether a step is one of that action; what it takes from there is a mistake in others.
pub(super) fn is_meant(command: CommandName, raw: &mut RawInputs, findings: &mut Findings) -> bool {
    let text = raw.get(name::COMPAT).map(str::to_owned);
    let meant = text.as_deref() == Some(ACTION);
    if text.is_some() && !meant {
        findings.wrong(COMPAT, "another action is not known", "write `deploy-cloudrun`, or leave it out");
    }
    raw.remove(COMPAT);
    if command != CommandName::Deploy {
        return meant;
    }
    for (name, cure) in ONLY_THERE.into_iter().filter(|(name, _)| raw.has(*name)) {
        match (meant, name.text()) {
            (false, _) => findings.wrong(
                name,
                "it is deploy-cloudrun's, and this step does not say `compat: deploy-cloudrun`",
                cure,
            ),
            (true, "gcloud_version" | "gcloud_component") => {
                findings.warnings.push(format!("{name}: it means nothing here: no gcloud is used"));
            }
            (true, "job") => findings.wrong(name, "`service` is given too", "keep one of them"),
            // The action looks at it for jobs alone, and has it by default.
            (true, _) => {}
        }
    }
    if meant {
        ["gcloud_version", "gcloud_component", "wait"].iter().for_each(|name| raw.remove(name));
    }
    meant
}

/// With `metadata` that action builds nothing: the file says which image runs. What is wrong with the file is told when it
/// is read for good.
pub(super) fn described(raw: &mut RawInputs, runner: &Runner) {
    if raw.has(name::IMAGE) || raw.has(name::SOURCE) {
        return;
    }
    let Some(file) = raw.get(name::MANIFEST) else { return };
    let Ok(text) = runner.places().text(&runner.workspace.join(file)) else { return };
    let read = manifest::read(manifest::Resource::Service, &text, raw.get(name::CONTAINER), &mut Findings::default());
    let containers = read.and_then(|read| read.document.get("template")?.get("containers")?.as_array().cloned());
    let containers = containers.unwrap_or_default();
    let app = containers.iter().find(|container| container.get("ports").is_some()).or_else(|| containers.first());
    if let Some(image) = app.and_then(|app| app.get("image")?.as_str()) {
        raw.set("image", image.to_owned());
    }
}

/// Whether a step of that action is about a job; its inputs are then those of the job command.
pub fn becomes_job(inputs: &mut BTreeMap<String, String>) -> bool {
    let said =
        |inputs: &BTreeMap<String, String>, name: &str| inputs.get(name).is_some_and(|text| !text.trim().is_empty());
    if inputs.get(COMPAT).map(|text| text.trim()) != Some(ACTION) || !said(inputs, "job") || said(inputs, "service") {
        return false;
    }
    // What means nothing here, and the token, which the runner gives to this action by default and a job has no use for.
    for name in ["github_token", "gcloud_version", "gcloud_component"] {
        inputs.remove(name);
    }
    // Without `wait` the action only writes the job.
    let waits = inputs.remove("wait").is_some_and(|text| scalar::switch(text.trim()) == Ok(true));
    inputs.insert("run".to_owned(), waits.to_string());
    true
}

/// What the action's own inputs say, as the flags it makes of them; they stand ahead of `flags`.
pub(super) fn ahead(of: FlagCommands, raw: &mut RawInputs, maps: &mut Maps, findings: &mut Findings) -> Vec<Typed> {
    for family in [Family::Env, Family::Secrets, Family::Labels] {
        pairs(of, family, raw, maps, findings);
    }
    regions(raw);
    traffic(raw, findings);
    let mut typed = Vec::new();
    for (input, name) in AS_FLAGS {
        let Some(flag) = table::find(of, name) else { continue };
        let Some(text) = raw.by_text(input).map(|text| text.trim().to_owned()) else { continue };
        raw.remove(input);
        if input != "no_traffic" || text.eq_ignore_ascii_case("true") {
            let value = Some(text).filter(|_| input != "no_traffic");
            typed.push(Typed { flag, no: false, value, container: None, input: Some(input) });
        }
    }
    typed
}

/// One of the action's maps.
fn pairs(of: FlagCommands, family: Family, raw: &mut RawInputs, maps: &mut Maps, findings: &mut Findings) {
    let (input, strategy) = (family.input(), family.strategy());
    let Some(text) = raw.by_text(input).map(str::to_owned) else { return };
    let overwrites = match raw.by_text(strategy).map(str::trim) {
        // The action has only one way for a job's secrets, and says so.
        _ if of == FlagCommands::JOB && family == Family::Secrets => true,
        None | Some("merge") => false,
        Some("overwrite") => true,
        // What it is told is wrong with it is said where it is read.
        Some(_) => return,
    };
    raw.remove(input);
    raw.remove(strategy);
    if text.trim() == "{}" {
        let told = "`{}` removes every entry with `overwrite`, and changes nothing without";
        match overwrites {
            true => maps.clear(family, input.to_owned()),
            false => findings.warnings.push(format!("{input}: {told}")),
        }
        return;
    }
    match entries(&text) {
        Ok(entries) => {
            let op = if overwrites { Op::Set } else { Op::Update };
            maps.add(family, op, entries, input.to_owned());
        }
        Err((line, problem)) => findings.wrong_at(input, Some(line), problem, PAIRS),
    }
}

const PAIRS: &str = "write `KEY=VALUE` entries with commas or line breaks between them, and `\\` before one that belongs to a value; without `compat` a YAML map or JSON is read";

/// `KEY=VALUE` entries between commas and line breaks. A backslash makes the sign behind it part of the text; blanks around
/// keys and values are left out, quotes are kept. What has no `=` would become an empty variable there, and is refused.
fn entries(text: &str) -> Result<BTreeMap<String, String>, (usize, &'static str)> {
    let mut entries = BTreeMap::new();
    let (mut key, mut value): (String, Option<String>) = (String::new(), None);
    let mut line = 1;
    let mut chars = text.trim().chars();
    loop {
        let c = chars.next();
        match c {
            None | Some('\n' | '\r' | '\u{2028}' | '\u{2029}' | ',') => {
                match value.take() {
                    Some(value) => drop(entries.insert(key.trim().to_owned(), value.trim().to_owned())),
                    None if key.trim().is_empty() => {}
                    None => return Err((line, "an entry has no `=`")),
                }
                key.clear();
                if c.is_none() {
                    return Ok(entries);
                }
                line += usize::from(c == Some('\n'));
            }
            Some('=') if value.is_none() => {
                if key.trim().is_empty() {
                    return Err((line, "nothing stands before a `=`"));
                }
                value = Some(String::new());
            }
            Some(c) => {
                let c = if c == '\\' {
                    chars.next().ok_or((line, "a backslash ends it, and nothing follows"))?
                } else {
                    c
                };
                value.as_mut().unwrap_or(&mut key).push(c);
            }
        }
    }
}

/// Several regions in `region`, between commas.
fn regions(raw: &mut RawInputs) {
    let Some(text) = raw.get(name::REGION).filter(|text| text.contains(',')).map(str::to_owned) else { return };
    raw.remove("region");
    raw.set("regions", text);
}

/// The move of traffic that follows the action's deploy. A deploy here gives everything to the new revision by itself.
fn traffic(raw: &mut RawInputs, findings: &mut Findings) {
    let whole = raw.get(name::REVISION_TRAFFIC).is_some_and(|text| text.eq_ignore_ascii_case("latest=100"));
    let deploys = raw.has(name::IMAGE) || raw.has(name::SOURCE);
    if whole && deploys {
        raw.remove("revision_traffic");
    }
    let Some(text) = raw.whole(name::UPDATE_TRAFFIC_FLAGS).map(str::to_owned) else { return };
    raw.remove("update_traffic_flags");
    if !raw.has(name::REVISION_TRAFFIC) && !raw.has(name::TAG_TRAFFIC) {
        let told = "it means nothing without `revision_traffic` or `tag_traffic`";
        findings.warnings.push(format!("update_traffic_flags: {told}"));
        return;
    }
    super::read("update_traffic_flags", &text, FlagCommands::TRAFFIC, true, Vec::new(), Maps::default(), findings)
        .unwrap_or_default()
        .put("update_traffic_flags", raw, findings);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        entries(text).expect("entries").into_iter().collect()
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn entries_are_read_as_deploy_cloudrun_reads_them() {
        assert_eq!(read("A=1, B = x=y \nC="), [pair("A", "1"), pair("B", "x=y"), pair("C", "")]);
        assert_eq!(read("A=a\\,b,B=c\\\\d"), [pair("A", "a,b"), pair("B", "c\\d")]);
        assert_eq!(read("A=\" x \""), [pair("A", "\" x \"")], "quotes stay");
        assert_eq!(read("A=1,\n\nB=2,"), [pair("A", "1"), pair("B", "2")]);
        assert_eq!(read("A=1,A=2"), [pair("A", "2")]);
        assert_eq!(entries("A=1\nhunter2"), Err((2, "an entry has no `=`")));
        assert_eq!(entries("=1"), Err((1, "nothing stands before a `=`")));
        assert!(entries("A=1\\").is_err());
    }

    #[test]
    fn a_step_with_a_job_is_one_of_a_job() {
        let inputs = |texts: &[(&str, &str)]| -> BTreeMap<String, String> {
            texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        let mut step =
            inputs(&[("compat", "deploy-cloudrun"), ("job", "nightly"), ("wait", "true"), ("github_token", "t")]);
        assert!(becomes_job(&mut step));
        assert_eq!(step, inputs(&[("compat", "deploy-cloudrun"), ("job", "nightly"), ("run", "true")]));
        let mut step = inputs(&[("compat", "deploy-cloudrun"), ("job", "nightly")]);
        assert!(becomes_job(&mut step) && step.get("run").is_some_and(|run| run == "false"));
        assert!(!becomes_job(&mut inputs(&[("job", "nightly")])));
        assert!(!becomes_job(&mut inputs(&[("compat", "deploy-cloudrun"), ("service", "web")])));
    }
}
