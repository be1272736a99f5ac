//! Variables and secrets of a container: what they may be called, and what becomes of those that are there.

use std::collections::{HashMap, HashSet};

use super::Give;
use crate::cloud_run::wanted::names::{ByName, Changes, MergeMode};
use crate::cloud_run::wanted::settings::SecretRef;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::map;
use crate::inputs::spec::InputName;
use crate::inputs::spec::deploy::name;
use slipway_names::shown::QuotedName;
use slipway_runner::env::Runner;

/// The largest value of a variable (<https://cloud.google.com/run/quotas>).
const LARGEST_VALUE: usize = 32 * 1024;

/// Variables that Cloud Run sets itself; an own value is refused.
const RESERVED: [&str; 4] = ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

/// A map that says nothing and changes nothing.
fn nothing(give: &mut Give<'_>, name: InputName, strategy: InputName) {
    let told = give.findings.mistakes.iter().any(|mistake| mistake.input == name.text());
    if !told {
        let cure = format!("name something, or write `{strategy}: overwrite` too, which takes all away");
        give.findings.wrong(name, "it names nothing, and changes nothing", cure);
    }
}

pub(super) fn variables(give: &mut Give<'_>, runner: &Runner) -> Changes<String> {
    let strategy = strategy(give, name::ENV_VARS_UPDATE_STRATEGY);
    let mut gone = Vec::new();
    let mut entries = give.text(name::ENV_VARS_FILE).map(|shown| file_entries(give, runner, &shown));
    if let Some(ByName { put: given, gone: taken, .. }) = give.changes(name::ENV_VARS, variable_rule) {
        if given.is_empty() && taken.is_empty() && strategy == MergeMode::Merge {
            nothing(give, name::ENV_VARS, name::ENV_VARS_UPDATE_STRATEGY);
        }
        let entries = entries.get_or_insert_default();
        let names: HashSet<&str> = given.iter().map(|(name, _)| name).chain(&taken).map(String::as_str).collect();
        entries.retain(|(name, _)| !names.contains(name.as_str()));
        entries.extend(given);
        gone = taken;
    }
    if entries.is_none() && give.raw.has(name::ENV_VARS_UPDATE_STRATEGY) && strategy == MergeMode::Overwrite {
        give.findings.wrong(
            name::ENV_VARS_UPDATE_STRATEGY,
            "`overwrite` without `env_vars`",
            "to remove every variable, write `env_vars: {}` too",
        );
    }
    Changes { entries, gone, strategy }
}

fn file_entries(give: &mut Give<'_>, runner: &Runner, shown: &str) -> Vec<(String, String)> {
    let Some(text) = give.file(runner, name::ENV_VARS_FILE, shown) else {
        return Vec::new();
    };
    let entries = map::parse(name::ENV_VARS_FILE.row(), map::From::File, &text, give.findings);
    for entry in &entries {
        if let Err((problem, cure)) = variable_rule(&entry.key, &entry.value) {
            give.findings.wrong_at(name::ENV_VARS_FILE, Some(entry.line), problem, cure);
        }
    }
    entries.into_iter().map(|entry| (entry.key, entry.value)).collect()
}

pub(crate) fn variable_rule(key: &str, value: &str) -> Result<(), (String, String)> {
    variable_name(key)?;
    if value.len() > LARGEST_VALUE {
        return Err((
            format!("the value of {} is {} bytes long", QuotedName(key), value.len()),
            "Cloud Run takes 32 KiB; put it into Secret Manager and mount it with `secrets: /path: name:latest`".into(),
        ));
    }
    if value.contains('\0') {
        return Err((
            format!("the value of {} holds a NUL character", QuotedName(key)),
            "no process can be given that".into(),
        ));
    }
    Ok(())
}

fn variable_name(key: &str) -> Result<(), (String, String)> {
    if RESERVED.contains(&key) {
        let cure = if key == "PORT" { "use the input `port`" } else { "choose another name" };
        return Err((format!("`{key}` is set by Cloud Run itself"), cure.into()));
    }
    let word = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    if word {
        Ok(())
    } else {
        Err((
            format!("{} is not the name of a variable", QuotedName(key)),
            "write letters, digits and `_`, starting with a letter".into(),
        ))
    }
}

pub(super) fn secrets(give: &mut Give<'_>) -> Changes<SecretRef> {
    let strategy = strategy(give, name::SECRETS_UPDATE_STRATEGY);
    let changes = give.changes(name::SECRETS, secret_rule);
    if strategy == MergeMode::Merge && changes.as_ref().is_some_and(|changes| !changes.says_anything()) {
        nothing(give, name::SECRETS, name::SECRETS_UPDATE_STRATEGY);
    }
    let (entries, gone) = changes.map_or((None, Vec::new()), |changes| (Some(changes.put), changes.gone));
    let entries: Option<Vec<(String, SecretRef)>> = entries
        .map(|entries| entries.into_iter().filter_map(|(key, value)| Some((key, secret_ref(&value).ok()?))).collect());
    one_secret_per_directory(give.findings, entries.as_deref().unwrap_or_default());
    if entries.is_none() && give.raw.has(name::SECRETS_UPDATE_STRATEGY) && strategy == MergeMode::Overwrite {
        give.findings.wrong(
            name::SECRETS_UPDATE_STRATEGY,
            "`overwrite` without `secrets`",
            "to remove every reference, write `secrets: {}` too",
        );
    }
    Changes { entries, gone, strategy }
}

pub(super) fn secret_rule(key: &str, value: &str) -> Result<(), (String, String)> {
    if key.starts_with('/') {
        let file = key.rsplit_once('/').is_some_and(|(dir, file)| !dir.is_empty() && !file.is_empty());
        if !file || key.contains("//") || key.contains("/../") {
            return Err((
                format!("{} is not a path of a file in a directory", QuotedName(key)),
                "write `/directory/file`".into(),
            ));
        }
    } else {
        variable_name(key)?;
    }
    secret_ref(value)
        .map(drop)
        .map_err(|cure| (format!("the value of {} is not a secret's version", QuotedName(key)), cure.into()))
}

/// A secret is mounted as a volume, which takes its whole directory, so two cannot share one
/// (<https://cloud.google.com/run/docs/configuring/services/secrets>).
fn one_secret_per_directory(findings: &mut Findings, entries: &[(String, SecretRef)]) {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (path, secret) in entries.iter().filter(|(key, _)| key.starts_with('/')) {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        match seen.get(directory) {
            Some(other) if *other != secret.secret => findings.wrong(
                name::SECRETS,
                format!("two secrets are mounted in {}", QuotedName(directory)),
                "a directory can hold files of one secret only; use another directory",
            ),
            Some(_) => {}
            None => drop(seen.insert(directory, &secret.secret)),
        }
    }
}

/// `name`, `name:version`, `projects/P/secrets/name:version`, `projects/P/secrets/name/versions/V`.
pub(super) fn secret_ref(text: &str) -> Result<SecretRef, &'static str> {
    const CURE: &str = "write `secret:version`, such as `db-password:3`, `db-password:latest` or an alias";
    let (secret, version) = match text.split_once("/versions/") {
        Some(parts) => parts,
        None => text.rsplit_once(':').unwrap_or((text, "latest")),
    };
    let name = match secret.split('/').collect::<Vec<_>>().as_slice() {
        [name] | ["projects", _, "secrets", name] => *name,
        _ => return Err(CURE),
    };
    let name_fits =
        !name.is_empty() && name.len() <= 255 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    // A number, `latest`, or an alias (Secret Manager: letters, digits, `-` and `_`, beginning with a letter).
    let alias = version.len() <= 63
        && version.starts_with(|c: char| c.is_ascii_alphabetic())
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    let version_fits = alias || version.parse::<u64>().is_ok_and(|number| number > 0);
    if name_fits && version_fits {
        Ok(SecretRef { secret: secret.to_owned(), version: version.to_owned() })
    } else {
        Err(CURE)
    }
}

fn strategy(give: &mut Give<'_>, name: InputName) -> MergeMode {
    give.choice(name, &[("merge", MergeMode::Merge), ("overwrite", MergeMode::Overwrite)]).unwrap_or_default()
}
