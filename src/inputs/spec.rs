//! The one table of inputs (the job command's stands in a file of its own). The parser, `--help`, `action.yml` and the README are checked against it.

mod build;
mod command;
mod doctor;
mod export;
mod gcloud;
mod hosting;
mod job;
mod logs;
mod monitoring;
mod preview;
mod recurring;
mod release;
mod rotate_key;
mod rotate_secret;
mod settings;
mod sign_in;
mod status;

pub use command::Command;
pub use doctor::DOCTOR;
pub use export::EXPORT;
pub use hosting::{HOSTING, HOSTING_MORE};
pub use job::JOB;
pub use logs::LOGS;
pub use monitoring::MONITORING;
pub use preview::PREVIEW;
pub use release::RELEASE;
pub use rotate_key::ROTATE_KEY;
pub use rotate_secret::ROTATE_SECRET;
pub use status::STATUS;

/// What the text of an input is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One value.
    Text,
    /// `true` or `false`.
    Switch,
    /// A YAML map, `KEY=VALUE` lines, or a JSON object.
    Map,
    /// One thing per line.
    Lines,
    /// A map, or one text.
    Either,
}

/// The headings of `--help` and of the README's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Who deploys, and where to.
    Target,
    /// What is deployed.
    What,
    /// How it is built.
    Build,
    /// How the service runs.
    Service,
    /// How the job runs.
    Job,
    /// How the traffic moves.
    Rollout,
    /// How the result is checked.
    Check,
    /// About this run.
    Run,
    /// Names that another action has for inputs of ours.
    Spelling,
    /// For steps that were written for another action.
    Moved,
}

impl Group {
    /// Every heading, in order.
    pub const ALL: [Group; 10] = [
        Group::Target,
        Group::What,
        Group::Build,
        Group::Service,
        Group::Job,
        Group::Rollout,
        Group::Check,
        Group::Run,
        Group::Spelling,
        Group::Moved,
    ];

    /// The heading's words.
    pub fn title(self) -> &'static str {
        match self {
            Group::Target => "Who and where",
            Group::What => "What",
            Group::Build => "Build",
            Group::Service => "Service",
            Group::Job => "Job",
            Group::Rollout => "Rollout",
            Group::Check => "Check",
            Group::Run => "Run",
            Group::Spelling => "Spellings of action-hosting-deploy",
            Group::Moved => "For steps of deploy-cloudrun",
        }
    }
}

/// One input.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// Its name in `with:`; the flag is the same with dashes.
    pub name: &'static str,
    /// What holds when it is not given, for the reader; empty when absence has no value.
    pub default: &'static str,
    /// One line on what it does.
    pub doc: &'static str,
    /// The grammar of its text.
    pub kind: Kind,
    /// Its heading.
    pub group: Group,
    /// Whether its text may hold secrets: it is then never quoted in a message.
    pub secret: bool,
    /// The input that it is only another action's spelling of.
    pub means: Option<&'static str>,
}

const fn text(group: Group, name: &'static str, default: &'static str, doc: &'static str) -> Input {
    Input { name, default, doc, kind: Kind::Text, group, secret: false, means: None }
}

const fn switch(group: Group, name: &'static str, default: &'static str, doc: &'static str) -> Input {
    Input { name, default, doc, kind: Kind::Switch, group, secret: false, means: None }
}

const fn map(group: Group, name: &'static str, doc: &'static str) -> Input {
    Input { name, default: "", doc, kind: Kind::Map, group, secret: true, means: None }
}

const fn lines(group: Group, name: &'static str, default: &'static str, doc: &'static str) -> Input {
    Input { name, default, doc, kind: Kind::Lines, group, secret: false, means: None }
}

/// A map, or a text that says the same in short.
const fn either(group: Group, name: &'static str, doc: &'static str) -> Input {
    Input { name, default: "", doc, kind: Kind::Either, group, secret: false, means: None }
}

const fn secret(input: Input) -> Input {
    Input { secret: true, ..input }
}

/// What another action calls an input of ours.
const fn spelling(name: &'static str, means: &'static str) -> Input {
    Input { means: Some(means), ..text(Group::Spelling, name, "", "Another spelling, taken as well") }
}

const fn open(input: Input) -> Input {
    Input { secret: false, ..input }
}

/// Tables one after another.
const fn joined<const N: usize>(tables: &[&[Input]]) -> [Input; N] {
    let mut all = [spelling("", ""); N];
    let (mut table, mut from, mut at) = (0, 0, 0);
    while at < N {
        while from == tables[table].len() {
            (table, from) = (table + 1, 0);
        }
        all[at] = tables[table][from];
        (from, at) = (from + 1, at + 1);
    }
    all
}

/// How many inputs are in them.
const fn count(tables: &[&[Input]]) -> usize {
    let (mut all, mut table) = (0, 0);
    while table < tables.len() {
        (all, table) = (all + tables[table].len(), table + 1);
    }
    all
}

/// Every input of `slipway deploy` and of the action at the root.
pub const DEPLOY: &[Input] = &joined::<{ count(DEPLOYS) }>(DEPLOYS);

const DEPLOYS: &[&[Input]] = &[
    sign_in::WAYS,
    TARGET,
    build::BUILD,
    RUNS,
    &settings::OF_SERVICES,
    &settings::protection(Group::Service),
    &settings::of_templates(Group::Service),
    &settings::KEY_GONE,
    &settings::of_containers(Group::Service),
    &settings::of_several(Group::Service),
    &settings::OF_SERVERS,
    ROLLED_OUT,
    &gcloud::MOVED,
];

/// Who deploys what, and where to.
const TARGET: &[Input] = &[
    sign_in::KEY_MAX_AGE,
    rotate_secret::MAX_AGE,
    text(Group::Target, "project_id", "the account's project", "Google Cloud project that builds and runs the service"),
    text(Group::Target, "region", "us-central1", "Cloud Run region"),
    lines(
        Group::Target,
        "regions",
        "",
        "In place of `region`: several, in which the same is deployed side by side, all or none",
    ),
    text(Group::Target, "service", "", "Cloud Run service to create or update (required)"),
    text(Group::Target, "kind", "service", "`service`, or `worker-pool`: instances that nobody sends requests to"),
    secret(text(
        Group::Target,
        "github_token",
        "${{ github.token }}",
        "Token for questions to GitHub: which commits lie between what served and what serves now",
    )),
    recurring::ENVIRONMENT,
    text(
        Group::What,
        "source",
        ".",
        "Directory to build, relative to the workspace; the default holds when `image` is not given either",
    ),
    lines(
        Group::What,
        "changed_paths",
        "",
        "Deploy only when something changed there since the commit that serves: directories, files or globs, one per line; where that cannot be known, it is deployed",
    ),
    recurring::FORKS,
    text(
        Group::What,
        "image",
        "that of the service's image, else gcr.io/PROJECT/SERVICE",
        "Alone: the image to deploy. With `source`: the repository the build pushes to",
    ),
];

/// How it runs.
const RUNS: &[Input] = &[
    text(
        Group::Service,
        "manifest",
        "",
        "File with the whole service (Knative v1 as gcloud exports it, or v2), relative to the workspace; it replaces what the service has but what protects it (docs/MANIFESTS.md), and the other inputs are applied over it",
    ),
    gcloud::flags(Group::Service),
    text(Group::Service, "port", "8080 on a new service", "Port the container listens on"),
    text(Group::Service, "cpu", "", "CPUs, such as 1, 2 or 500m"),
    text(Group::Service, "memory", "", "Memory, such as 512Mi or 1Gi"),
    text(Group::Service, "concurrency", "", "Requests one instance serves at a time, 1 to 1000"),
    text(Group::Service, "timeout", "", "Longest time a request may take, such as 300s (at most 60m)"),
    text(Group::Service, "instances", "", "Instances of a worker pool"),
    text(Group::Service, "min_instances", "", "Instances of a revision that are kept warm"),
    text(Group::Service, "max_instances", "", "Instances of a revision at most"),
    map(Group::Service, "env_vars", "Environment variables"),
    text(
        Group::Service,
        "env_vars_file",
        "",
        "File with environment variables in the grammar of `env_vars`; `env_vars` wins over it",
    ),
    text(
        Group::Service,
        "env_vars_update_strategy",
        "merge",
        "`merge` keeps variables that are not named, `overwrite` removes them",
    ),
    open(map(
        Group::Service,
        "secrets",
        "Secret Manager references: `NAME: secret:version`, or `/path/file: secret:version` for a file",
    )),
    text(
        Group::Service,
        "secrets_update_strategy",
        "merge",
        "`merge` keeps references that are not named, `overwrite` removes them",
    ),
    open(map(Group::Service, "labels", "Labels of the service and its revision; null takes one away, `default` all")),
    switch(Group::Service, "skip_default_labels", "false", "Leave out the labels `managed-by` and `commit-sha`"),
    text(Group::Service, "runtime_service_account", "", "Account the service runs as"),
    lines(
        Group::Service,
        "cloudsql_instances",
        "",
        "Cloud SQL instances, PROJECT:REGION:NAME or the NAME alone, one per line or separated by commas; all of them, or `+NAME` for each that comes and `-NAME` for each that goes",
    ),
    text(Group::Service, "vpc_connector", "", "Serverless VPC Access connector"),
    text(Group::Service, "network", "", "VPC network for direct egress"),
    text(Group::Service, "subnet", "", "Subnetwork for direct egress"),
    text(Group::Service, "vpc_egress", "", "`all-traffic` or `private-ranges-only`"),
    text(Group::Service, "ingress", "", "`all`, `internal` or `internal-and-cloud-load-balancing`"),
    text(Group::Service, "execution_environment", "", "`gen1` or `gen2`"),
    switch(Group::Service, "cpu_boost", "true on a new service", "More CPU while an instance starts"),
    switch(
        Group::Service,
        "cpu_throttling",
        "true on a new service",
        "CPU only while requests are served; `false` keeps it on",
    ),
    switch(Group::Service, "session_affinity", "", "Send a client's requests to the same instance"),
    secret(text(Group::Service, "command", "", "Entrypoint of the container: a JSON list, or words as in a shell")),
    secret(text(Group::Service, "args", "", "Arguments of the container: a JSON list, or words as in a shell")),
    text(
        Group::Service,
        "container",
        "the one with a port",
        "Container of a multi-container service that the image and the settings are for",
    ),
    text(Group::Service, "suffix", "", "Ending of the new revision's name"),
    text(Group::Service, "description", "", "Description of the service"),
    text(
        Group::Service,
        "domain",
        "",
        "Domain that shall lead to the service: mapped when it is not, its DNS records and certificate are reported (needs run.domainmappings.*, in roles/editor)",
    ),
    switch(
        Group::Service,
        "allow_unauthenticated",
        "",
        "`true` lets everybody call the service, `false` takes that away; absent leaves access alone",
    ),
    switch(
        Group::Service,
        "invoker_iam_check",
        "",
        "`false` lets everybody call the service because nobody's identity is asked for, also where the organisation forbids `allUsers`; `true` asks again; absent leaves it",
    ),
];

/// How it gets its traffic, and how that is checked.
const ROLLED_OUT: &[Input] = &[
    text(
        Group::Rollout,
        "strategy",
        "candidate",
        "`candidate` tries the new revision on an address of its own, then sends everything there; `canary` does so step by step; `direct` leaves it to the service's traffic. A first deploy is always direct",
    ),
    recurring::CANARY_STEPS,
    recurring::CANARY_INTERVAL,
    recurring::MAX_ERROR_RATE,
    recurring::MAX_LATENCY_P95,
    recurring::GATE_MIN_REQUESTS,
    text(
        Group::Rollout,
        "on_unknown",
        "hold",
        "When a metric stays unknown: `hold` ends the run with the traffic at the step that was reached, `continue` goes on, `rollback` goes back",
    ),
    switch(
        Group::Rollout,
        "no_traffic",
        "false",
        "Stop when the new revision is verified on its own address; its tag stays, the traffic does not move",
    ),
    text(Group::Rollout, "tag", "", "Traffic tag that the new revision gets and keeps"),
    switch(
        Group::Rollout,
        "rollback_on_failure",
        "true",
        "Put the traffic back exactly as it was when something fails",
    ),
    switch(Group::Rollout, "force", "false", "Let an older commit replace a newer one that serves"),
    text(
        Group::Rollout,
        "prune_revisions",
        "",
        "Revisions to keep besides those that serve, are tagged or are the newest; the others are deleted",
    ),
    map(
        Group::Rollout,
        "pre_deploy_job",
        "Job that runs once with the new image before the service gets it, such as a migration; its failure stops the deploy. A map: `name` (SERVICE-pre-deploy), `command`, `args`, `env`, `secrets`, `cpu`, `memory`, `timeout` (10m), `retries` (0); account, network, variables and secrets are the service's",
    ),
    lines(
        Group::Rollout,
        "traffic",
        "",
        "Moves traffic without deploying anything: `latest`, or `REVISION=PERCENT` and `TAG=PERCENT` lines; what is missing to 100 stays with the others that serve, in the proportions that they have",
    ),
    lines(Group::Rollout, "revision_traffic", "", "The same as `traffic`, in deploy-cloudrun's spelling"),
    lines(Group::Rollout, "tag_traffic", "", "The same as `traffic`, by tags: `NAME=PERCENT` lines"),
    open(map(
        Group::Rollout,
        "traffic_tags",
        "Sets, moves and removes traffic tags without deploying anything, before `traffic` moves the requests: `TAG: REVISION`, `TAG: latest`, or `TAG: null` to take it away",
    )),
    text(
        Group::Rollout,
        "traffic_tags_update_strategy",
        "merge",
        "`merge` keeps tags that are not named, `overwrite` removes them",
    ),
    secret(text(Group::Check, "health_path", "", "Path that must answer before the run is green, such as /health")),
    recurring::HEALTH_STATUS,
    recurring::HEALTH_BODY,
    recurring::HEALTH_TIMEOUT,
    recurring::HEALTH_SUCCESSES,
    recurring::CHECKS,
    recurring::DRY_RUN,
    recurring::NOTIFY,
];

/// Inputs that only other commands than the deploy have.
const MORE: &[Input] = &[
    text(Group::What, "to_revision", "the one that served before", "Revision to go back to"),
    text(Group::What, "from_service", "", "Service whose serving image is deployed, by digest, without a build"),
    text(Group::What, "from_project", "the project of the target", "Project of `from_service`"),
    text(Group::What, "from_region", "the region of the target", "Region of `from_service`"),
];

/// The input of that name: its grammar, and whether it may hold secrets, are the same in every command.
pub fn find(name: &str) -> Option<&'static Input> {
    let more = JOB
        .iter()
        .chain(HOSTING)
        .chain(HOSTING_MORE)
        .chain(RELEASE)
        .chain(PREVIEW)
        .chain(DOCTOR)
        .chain(ROTATE_KEY)
        .chain(ROTATE_SECRET)
        .chain(MONITORING)
        .chain(STATUS)
        .chain(EXPORT)
        .chain(LOGS);
    DEPLOY.iter().chain(MORE).chain(more).find(|input| input.name == name)
}

/// What users of other actions write, and what to write here in its place.
pub const ELSEWHERE: &[(&str, &str)] = &[
    (
        "multi_region",
        "a service of several regions behind one address of Google's is not written yet; `regions` deploys the same side by side, all or none",
    ),
    ("firebasetoolsversion", "no firebase-tools is used; remove it"),
    ("disablecomment", "this action writes no comment; remove it"),
    ("token_format", "tokens are made and renewed inside; remove it"),
    ("create_credentials_file", "no credentials file is ever written; remove it"),
    ("export_environment_variables", "nothing is exported; remove it"),
    ("project", "write `project_id`"),
    ("credentials", "write `credentials_json`"),
    ("env", "write `env_vars`"),
    ("environment_variables", "write `env_vars`"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_well_formed() {
        for (index, input) in DEPLOY.iter().enumerate() {
            assert!(
                input.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{}",
                input.name
            );
            assert!(DEPLOY[index + 1..].iter().all(|other| other.name != input.name), "{} twice", input.name);
            assert!(!input.doc.ends_with('.') && !input.doc.is_empty(), "{}", input.name);
            assert!(ELSEWHERE.iter().all(|(name, _)| *name != input.name), "{} is ours", input.name);
        }
    }

    #[test]
    fn an_input_of_two_commands_has_one_grammar() {
        for (index, input) in JOB.iter().enumerate() {
            assert!(JOB[index + 1..].iter().all(|other| other.name != input.name), "{} twice", input.name);
            let first = find(input.name).expect("in a table");
            assert_eq!((first.kind, first.secret), (input.kind, input.secret), "{}", input.name);
        }
    }

    #[test]
    fn the_table_is_grouped_in_the_order_of_its_headings() {
        let order: Vec<usize> =
            DEPLOY.iter().map(|input| Group::ALL.iter().position(|g| *g == input.group).expect("listed")).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
}
