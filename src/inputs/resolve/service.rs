//! How the service runs: settings, variables, secrets, labels.

use crate::inputs::spec::Name;
use crate::inputs::spec::deploy::name;
use std::collections::{HashMap, HashSet};

use super::super::cloud_run::names::Several;
use super::super::cloud_run::names::{ByName, Changes, Strategy};
use super::super::cloud_run::settings::{Ingress, SecretRef, Settings};
use super::super::error::Findings;
use super::super::runner::Runner;
use super::super::setting::{in_lists, takes_back};
use super::super::several::several;
use super::super::{map, scalar};
use super::labels::{all_labels_go, labels};
use super::{DEFAULT_REGION, Give, containers, edits, volumes};
use crate::model::ids::{AccountEmail, IdError, ProjectId, RevisionName, ServiceName};
use crate::model::shown::{Named, Shown};

/// Cloud Run's limits (`google-api.md` 6.2).
const LONGEST_REQUEST: u64 = 3600;
const LARGEST_VALUE: usize = 32 * 1024;

/// Variables that Cloud Run sets itself; an own value is refused.
const RESERVED: [&str; 4] = ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

pub(super) fn settings(
    give: &mut Give<'_>,
    runner: &Runner,
    project: Option<&ProjectId>,
    service: Option<&ServiceName>,
) -> Settings {
    let cpu = give.with(name::CPU, |text| scalar::milli_cpu(text).map(|milli| (milli, google_cpu(milli))));
    let memory = give.with(name::MEMORY, |text| scalar::memory(text).map(|bytes| (bytes, text.to_owned())));
    let concurrency = give.with(name::CONCURRENCY, |text| scalar::number(text, 1, 1000));
    let min_instances = give.with(name::MIN_INSTANCES, |text| scalar::number(text, 0, 10_000));
    let max_instances = give.with(name::MAX_INSTANCES, |text| scalar::number(text, 1, 10_000));
    let timeout = give.with(name::TIMEOUT, scalar::duration);
    let env = variables(give, runner);
    let secrets = secrets(give);
    let (labels, labels_gone) = labels(give, runner);
    let (containers, remove_containers) = containers::containers(give, runner, project);
    let instances = give.with(name::INSTANCES, |text| scalar::number(text, 0, 1000));
    let settings = Settings {
        instances,
        container: give.text(name::CONTAINER),
        port: give.with(name::PORT, |text| scalar::number(text, 1, 65_535)).and_then(|port| u16::try_from(port).ok()),
        cpu: cpu.clone().map(|(_, cpu)| cpu),
        memory: memory.clone().map(|(_, memory)| memory),
        concurrency,
        timeout,
        min_instances,
        max_instances,
        nulls: nulls(give, &env, &secrets),
        env,
        secrets,
        labels,
        labels_gone,
        labels_all_gone: all_labels_go(give),
        volumes: volumes::volumes(give),
        volume_mounts: volumes::mounts(give),
        containers,
        remove_containers,
        runtime_account: give.parsed(name::RUNTIME_SERVICE_ACCOUNT, |text| account(text, project)),
        cloudsql: cloudsql(give, project),
        audiences: give.with(name::CUSTOM_AUDIENCES, several),
        vpc_connector: give.text(name::VPC_CONNECTOR),
        network: give.text(name::NETWORK),
        subnet: give.text(name::SUBNET),
        vpc_egress_all: give.choice(
            name::VPC_EGRESS,
            // `all` is gcloud's old word.
            &[("all-traffic", true), ("all", true), ("private-ranges-only", false)],
        ),
        ingress: give.choice(
            name::INGRESS,
            &[
                ("all", Ingress::All),
                ("internal", Ingress::Internal),
                ("internal-and-cloud-load-balancing", Ingress::InternalAndLoadBalancing),
            ],
        ),
        second_generation: give.choice(name::EXECUTION_ENVIRONMENT, &[("gen1", false), ("gen2", true)]),
        cpu_boost: give.switch(name::CPU_BOOST),
        cpu_throttling: give.switch(name::CPU_THROTTLING),
        session_affinity: give.switch(name::SESSION_AFFINITY),
        command: give.with(name::COMMAND, scalar::words),
        args: give.with(name::ARGS, scalar::words),
        suffix: suffix(give, service),
        description: give.text(name::DESCRIPTION),
        public: give.switch(name::ALLOW_UNAUTHENTICATED),
        invoker_check: give.switch(name::INVOKER_IAM_CHECK),
        repoint: None,
        edits: edits::edits(give, project),
        http2: give.switch(name::HTTP2),
        network_tags: network_tags(give),
        gone: gone(give),
        invokers: invokers(give),
    };
    contradictions(give.findings, &settings, cpu.map(|(milli, _)| milli), memory.map(|(bytes, _)| bytes));
    settings
}

/// Whole CPUs without a unit, parts of one in thousandths, as the API writes them back.
pub(super) fn google_cpu(milli: u32) -> String {
    if milli.is_multiple_of(1000) { (milli / 1000).to_string() } else { format!("{milli}m") }
}

fn contradictions(findings: &mut Findings, settings: &Settings, milli_cpu: Option<u32>, memory: Option<u64>) {
    if let (Some(min), Some(max)) = (settings.min_instances, settings.max_instances)
        && min > max
    {
        findings.wrong(name::MIN_INSTANCES, format!("{min} is more than `max_instances` ({max})"), "");
    }
    if let Some(timeout) = settings.timeout
        && !(1..=LONGEST_REQUEST).contains(&timeout.as_secs())
    {
        findings.wrong(
            name::TIMEOUT,
            format!("{} s is not a time a request may take", timeout.as_secs()),
            "write 1s to 60m; the limit of the build is `build_timeout`",
        );
    }
    if let (Some(milli), Some(concurrency)) = (milli_cpu, settings.concurrency)
        && milli < 1000
        && concurrency > 1
    {
        findings.wrong(
            name::CONCURRENCY,
            format!("{concurrency} requests at a time need at least 1 CPU, not {milli}m"),
            "raise `cpu` or write 1",
        );
    }
    // 4 CPUs need 2 GiB, 6 and 8 need 4 GiB; less than 1 CPU takes at most 512 MiB below 0.5
    // and 1 GiB below 1 (Cloud Run's limits page).
    if let (Some(milli), Some(bytes)) = (milli_cpu, memory) {
        let least: u64 = match milli {
            6000.. => 4 << 30,
            4000.. => 2 << 30,
            _ => 0,
        };
        if bytes < least {
            findings.wrong(
                name::MEMORY,
                format!("{} CPUs need at least {} GiB", milli / 1000, least >> 30),
                "raise `memory` or lower `cpu`",
            );
        }
        let most: u64 = match milli {
            0..500 => 512 << 20,
            500..1000 => 1 << 30,
            1000 => 4 << 30,
            2000 => 8 << 30,
            4000 => 16 << 30,
            6000 => 24 << 30,
            _ => 32 << 30,
        };
        if bytes > most {
            findings.wrong(
                name::MEMORY,
                format!("{} CPUs take at most {} MiB", f64::from(milli) / 1000.0, most >> 20),
                "lower `memory` or raise `cpu`",
            );
        }
    }
    if settings.vpc_connector.is_some() && (settings.network.is_some() || settings.subnet.is_some()) {
        findings.wrong(
            name::VPC_CONNECTOR,
            "a connector and direct egress (`network`, `subnet`) exclude each other",
            "give one of them",
        );
    }
    let secrets: HashSet<&str> = settings.secrets.entries.iter().flatten().map(|(name, _)| name.as_str()).collect();
    for (name, _) in settings.env.entries.iter().flatten() {
        if secrets.contains(name.as_str()) {
            findings.wrong(
                name::SECRETS,
                format!("{} is in `env_vars` too", Named(name)),
                "a variable is either a plain value or a secret; keep one",
            );
        }
    }
    if settings.invoker_check == Some(false) && settings.public == Some(false) {
        findings.wrong(
            name::ALLOW_UNAUTHENTICATED,
            "`false` closes the service, and `invoker_iam_check: false` lets everybody in",
            "keep one of them",
        );
    }
    let closed = settings.ingress.is_some_and(|ingress| ingress != Ingress::All);
    if closed && (settings.public == Some(true) || settings.invoker_check == Some(false)) {
        findings.warnings.push(
            "allow_unauthenticated: everybody may call the service, but `ingress` lets only internal requests reach it"
                .into(),
        );
    }
}

fn suffix(give: &mut Give<'_>, service: Option<&ServiceName>) -> Option<String> {
    let suffix = give.text(name::SUFFIX)?;
    let name = format!("{}-{suffix}", service.map_or("s", ServiceName::as_str));
    if let Err(error) = RevisionName::parse(&name) {
        give.findings.wrong(name::SUFFIX, error.to_string(), "the revision is named SERVICE-SUFFIX");
    }
    Some(suffix)
}

/// What `null` takes away. A flag of gcloud's that takes something away cannot be taken for a secret that does not exist.
fn nulls(give: &Give<'_>, env: &Changes<String>, secrets: &Changes<SecretRef>) -> Vec<String> {
    let typed =
        |name: Name, gone: &[String]| if give.findings.is_called(name.text()) { Vec::new() } else { gone.to_vec() };
    [typed(name::ENV_VARS, &env.gone), typed(name::SECRETS, &secrets.gone)].concat()
}

/// Tells what `null` takes away, as it is also what is made of a secret that does not exist.
pub(super) fn taken_by_null(give: &mut Give<'_>, name: Name, gone: &[String]) {
    // A flag of gcloud's that takes something away cannot be taken for such a secret.
    if !gone.is_empty() && !give.findings.is_called(name.text()) {
        let names = gone.iter().map(|name| Named(name).to_string()).collect::<Vec<_>>().join(", ");
        give.findings.warnings.push(format!(
            "{name}: null takes {names} away; `toJSON` of a secret that does not exist is null too, so make sure that this is meant"
        ));
    }
}

/// A map that says nothing and changes nothing.
fn nothing(give: &mut Give<'_>, name: Name, strategy: Name) {
    let told = give.findings.mistakes.iter().any(|mistake| mistake.input == name.text());
    if !told {
        let cure = format!("name something, or write `{strategy}: overwrite` too, which takes all away");
        give.findings.wrong(name, "it names nothing, and changes nothing", cure);
    }
}

fn variables(give: &mut Give<'_>, runner: &Runner) -> Changes<String> {
    let strategy = strategy(give, name::ENV_VARS_UPDATE_STRATEGY);
    let mut gone = Vec::new();
    let mut entries = give.text(name::ENV_VARS_FILE).map(|shown| file_entries(give, runner, &shown));
    if let Some(ByName { put: given, gone: taken, .. }) = give.changes(name::ENV_VARS, variable_rule) {
        if given.is_empty() && taken.is_empty() && strategy == Strategy::Merge {
            nothing(give, name::ENV_VARS, name::ENV_VARS_UPDATE_STRATEGY);
        }
        let entries = entries.get_or_insert_default();
        let names: HashSet<&str> = given.iter().map(|(name, _)| name).chain(&taken).map(String::as_str).collect();
        entries.retain(|(name, _)| !names.contains(name.as_str()));
        entries.extend(given);
        gone = taken;
    }
    if entries.is_none() && give.raw.has(name::ENV_VARS_UPDATE_STRATEGY) && strategy == Strategy::Overwrite {
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

pub(super) fn variable_rule(key: &str, value: &str) -> Result<(), (String, String)> {
    variable_name(key)?;
    if value.len() > LARGEST_VALUE {
        return Err((
            format!("the value of {} is {} bytes long", Named(key), value.len()),
            "Cloud Run takes 32 KiB; put it into Secret Manager and mount it with `secrets: /path: name:latest`".into(),
        ));
    }
    if value.contains('\0') {
        return Err((
            format!("the value of {} holds a NUL character", Named(key)),
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
            format!("{} is not the name of a variable", Named(key)),
            "write letters, digits and `_`, starting with a letter".into(),
        ))
    }
}

fn secrets(give: &mut Give<'_>) -> Changes<SecretRef> {
    let strategy = strategy(give, name::SECRETS_UPDATE_STRATEGY);
    let changes = give.changes(name::SECRETS, secret_rule);
    if strategy == Strategy::Merge && changes.as_ref().is_some_and(|changes| !changes.says_anything()) {
        nothing(give, name::SECRETS, name::SECRETS_UPDATE_STRATEGY);
    }
    let (entries, gone) = changes.map_or((None, Vec::new()), |changes| (Some(changes.put), changes.gone));
    let entries: Option<Vec<(String, SecretRef)>> = entries
        .map(|entries| entries.into_iter().filter_map(|(key, value)| Some((key, secret_ref(&value).ok()?))).collect());
    one_secret_per_directory(give.findings, entries.as_deref().unwrap_or_default());
    if entries.is_none() && give.raw.has(name::SECRETS_UPDATE_STRATEGY) && strategy == Strategy::Overwrite {
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
                format!("{} is not a path of a file in a directory", Named(key)),
                "write `/directory/file`".into(),
            ));
        }
    } else {
        variable_name(key)?;
    }
    secret_ref(value)
        .map(drop)
        .map_err(|cure| (format!("the value of {} is not a secret's version", Named(key)), cure.into()))
}

/// A mounted secret takes its whole directory (`google-api.md` 6.2), so two cannot share one.
fn one_secret_per_directory(findings: &mut Findings, entries: &[(String, SecretRef)]) {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (path, secret) in entries.iter().filter(|(key, _)| key.starts_with('/')) {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        match seen.get(directory) {
            Some(other) if *other != secret.secret => findings.wrong(
                name::SECRETS,
                format!("two secrets are mounted in {}", Named(directory)),
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

fn strategy(give: &mut Give<'_>, name: Name) -> Strategy {
    give.choice(name, &[("merge", Strategy::Merge), ("overwrite", Strategy::Overwrite)]).unwrap_or_default()
}

fn cloudsql(give: &mut Give<'_>, project: Option<&ProjectId>) -> Option<Several> {
    if give.raw.get(name::CLOUDSQL_INSTANCES).is_some_and(|text| takes_back(name::CLOUDSQL_INSTANCES.text(), text)) {
        return Some(Several::These(Vec::new()));
    }
    let instances = give.with(name::CLOUDSQL_INSTANCES, several)?;
    // A name alone is one of the project and the region, as for gcloud.
    let region = give.raw.get(name::REGION).unwrap_or(DEFAULT_REGION);
    let home = project.filter(|_| !give.raw.has(name::REGIONS)).map(|project| format!("{project}:{region}"));
    let instances = instances.map(|name| match &home {
        Some(home) if !name.contains([':', ' ']) => format!("{home}:{name}"),
        _ => name,
    });
    for instance in instances.names() {
        if instance.split(':').count() < 3 || instance.contains(char::is_whitespace) {
            give.findings.wrong(
                name::CLOUDSQL_INSTANCES,
                format!("{} is not an instance", Shown(instance)),
                "write PROJECT:REGION:NAME",
            );
        }
    }
    Some(instances)
}

/// An account by its address, or by its short name in the project, as gcloud takes it too.
fn account(text: &str, project: Option<&ProjectId>) -> Result<AccountEmail, IdError> {
    let short = (6..=30).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    match project.filter(|_| short) {
        Some(project) => {
            // A project of an organisation of old has the organisation before its own name.
            let home = match project.as_str().split_once(':') {
                Some((organisation, name)) => format!("{name}.{organisation}"),
                None => project.to_string(),
            };
            AccountEmail::parse(&format!("{text}@{home}.iam.gserviceaccount.com"))
        }
        None => AccountEmail::parse(text),
    }
}

/// Firewall tags (docs of VPC: tags are named like virtual machines).
fn network_tags(give: &mut Give<'_>) -> Option<Vec<String>> {
    let text = give.raw.get(name::NETWORK_TAGS)?;
    if takes_back(name::NETWORK_TAGS.text(), text) {
        return Some(Vec::new());
    }
    let tags = scalar::list(text);
    let word = |tag: &String| {
        tag.len() <= 63
            && tag.starts_with(|c: char| c.is_ascii_lowercase())
            && !tag.ends_with('-')
            && tag.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    for tag in tags.iter().filter(|tag| !word(tag)) {
        let cure = "write lowercase letters, digits and `-`, beginning with a letter, at most 63";
        give.findings.wrong(name::NETWORK_TAGS, format!("{} is not a firewall tag", Shown(tag)), cure);
    }
    if tags.is_empty() {
        give.findings.wrong(name::NETWORK_TAGS, "it names none", "write `default` to take all away");
    }
    Some(tags)
}

/// The settings in lists that are taken back.
fn gone(give: &Give<'_>) -> Vec<&'static str> {
    in_lists().filter(|name| give.raw.by_text(name).is_some_and(|text| takes_back(name, text.trim()))).collect()
}

/// Who may call the service besides those who may already.
fn invokers(give: &mut Give<'_>) -> Vec<String> {
    let members = scalar::list(give.raw.whole(name::INVOKERS).unwrap_or_default());
    for member in &members {
        let (kind, name) = member.split_once(':').unwrap_or((member, ""));
        let of_people = ["user", "serviceAccount", "group"].contains(&kind) && name.contains('@');
        let of_domain = kind == "domain" && name.contains('.') && !name.contains('@');
        let principals = ["principal", "principalSet"].contains(&kind) && name.starts_with("//");
        if ["allUsers", "allAuthenticatedUsers"].contains(&member.as_str()) {
            let cure = "write `allow_unauthenticated: true`";
            give.findings.wrong(name::INVOKERS, format!("`{member}` stands for everybody"), cure);
        } else if !of_people && !of_domain && !principals {
            let cure = "write user:ADDRESS, serviceAccount:ADDRESS, group:ADDRESS or domain:DOMAIN";
            give.findings.wrong(name::INVOKERS, format!("{} is nobody who could be named", Shown(member)), cure);
        }
    }
    if !members.is_empty() && give.switch(name::NO_TRAFFIC) == Some(true) {
        let problem = "who may call the service changes when a revision serves, and `no_traffic` lets it wait";
        give.findings.wrong(name::INVOKERS, problem, "give it to the promotion");
    }
    members
}
