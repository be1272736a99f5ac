//! How a container and what it runs in shall be: every setting but the containers beside it.

use std::collections::HashSet;

use super::labels::{all_labels_go, labels};
use super::variables::{secrets, variables};
use super::{DEFAULT_REGION, Give, edits, volumes};
use crate::cloud_run::wanted::names::Changes;
use crate::cloud_run::wanted::names::Several;
use crate::cloud_run::wanted::settings::{Beside, Ingress, SecretRef, Settings};
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::scalar;
use crate::inputs::setting::{in_lists, takes_back};
use crate::inputs::several::several;
use crate::inputs::spec::InputName;
use crate::inputs::spec::deploy::name;
use slipway_names::ids::{AccountEmail, IdError, ProjectId, RevisionName, ServiceName};
use slipway_names::shown::{QuotedName, QuotedText};
use slipway_runner::env::Runner;

/// The longest request, in seconds (<https://docs.cloud.google.com/run/docs/configuring/request-timeout>).
const LONGEST_REQUEST: u64 = 3600;

pub(super) fn settings(
    give: &mut Give<'_>,
    runner: &Runner,
    project: Option<&ProjectId>,
    service: Option<&ServiceName>,
    beside: impl FnOnce(&mut Give<'_>) -> (Vec<Beside>, Vec<String>),
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
    let (containers, remove_containers) = beside(give);
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
                format!("{} is in `env_vars` too", QuotedName(name)),
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
    let typed = |name: InputName, gone: &[String]| {
        if give.findings.is_called(name.text()) { Vec::new() } else { gone.to_vec() }
    };
    [typed(name::ENV_VARS, &env.gone), typed(name::SECRETS, &secrets.gone)].concat()
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
                format!("{} is not an instance", QuotedText(instance)),
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
        give.findings.wrong(name::NETWORK_TAGS, format!("{} is not a firewall tag", QuotedText(tag)), cure);
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
            give.findings.wrong(name::INVOKERS, format!("{} is nobody who could be named", QuotedText(member)), cure);
        }
    }
    if !members.is_empty() && give.switch(name::NO_TRAFFIC) == Some(true) {
        let problem = "who may call the service changes when a revision serves, and `no_traffic` lets it wait";
        give.findings.wrong(name::INVOKERS, problem, "give it to the promotion");
    }
    members
}
