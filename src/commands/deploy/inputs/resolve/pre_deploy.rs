//! The job that runs before a deploy: a map with two maps in it.

use std::collections::HashSet;
use std::time::Duration;

use super::Give;
use super::settings::google_cpu;
use super::variables::{secret_ref, secret_rule, variable_rule};
use crate::cloud_run::wanted::job::JobSettings;
use crate::cloud_run::wanted::names::Changes;
use crate::cloud_run::wanted::settings::Settings;
use crate::commands::deploy::inputs::PreDeploy;
use crate::inputs::engine::map::{self as map, Entry};
use crate::inputs::engine::scalar;
use crate::inputs::spec::deploy::name;
use crate::inputs::spec::{self as spec, InputName};
use slipway_names::ids::{JobName, ServiceName};
use slipway_names::shown::QuotedName;

const INPUT: InputName = name::PRE_DEPLOY_JOB;

/// Its keys, for the sentence about one that is none.
const KEYS: &str = "`name`, `command`, `args`, `env`, `secrets`, `cpu`, `memory`, `timeout`, `retries`";

/// A migration that takes longer than this by default is better given a limit of its own.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// Cloud Run's limits for a task: seven days, ten retries (its quotas page).
pub(crate) const LONGEST_TASK: Duration = Duration::from_secs(7 * 24 * 3600);
pub(crate) const MOST_RETRIES: u32 = 10;

pub(super) fn pre_deploy(give: &mut Give<'_>, service: Option<&ServiceName>) -> Option<PreDeploy> {
    let text = give.raw.whole(INPUT)?;
    let input = INPUT.row();
    let mut read =
        PreDeployReader { input, give, name: None, timeout: DEFAULT_TIMEOUT, retries: 0, shared: Settings::default() };
    for entry in map::parse_nested(input, map::From::Input, text, read.give.findings) {
        read.key(&entry);
    }
    let PreDeployReader { name, timeout, retries, shared, give, .. } = read;
    let secrets: HashSet<&str> = shared.secrets.entries.iter().flatten().map(|(name, _)| name.as_str()).collect();
    for (name, _) in shared.env.entries.iter().flatten().filter(|(name, _)| secrets.contains(name.as_str())) {
        let problem = format!("{} is in its `env` and in its `secrets`", QuotedName(name));
        give.findings.wrong(INPUT, problem, "a variable is either a plain value or a secret; keep one");
    }
    let name = name.or_else(|| JobName::parse(&format!("{}-pre-deploy", service?)).ok())?;
    let settings = JobSettings { shared, ..JobSettings::default() };
    Some(PreDeploy { name, settings, timeout, retries })
}

struct PreDeployReader<'a, 'b> {
    input: &'static spec::Input,
    give: &'a mut Give<'b>,
    name: Option<JobName>,
    timeout: Duration,
    retries: u32,
    shared: Settings,
}

impl PreDeployReader<'_, '_> {
    fn key(&mut self, entry: &Entry) {
        match entry.key.as_str() {
            "name" => self.name = self.value(entry, |text| JobName::parse(text).map_err(|error| error.to_string())),
            "command" => self.shared.command = self.value(entry, scalar::words),
            "args" => self.shared.args = self.value(entry, scalar::words),
            "cpu" => self.shared.cpu = self.value(entry, |text| scalar::milli_cpu(text).map(google_cpu)),
            "memory" => self.shared.memory = self.value(entry, |text| scalar::memory(text).map(|_| text.to_owned())),
            "timeout" => self.timeout = self.value(entry, task_timeout).unwrap_or(self.timeout),
            "retries" => {
                let read = self.value(entry, |text| scalar::number(text, 0, MOST_RETRIES));
                self.retries = read.unwrap_or(self.retries);
            }
            "env" => {
                let entries = self.inner(entry, variable_rule);
                self.shared.env = Changes { entries: Some(entries), ..Changes::default() };
            }
            "secrets" => {
                let entries = self.inner(entry, secret_rule);
                let entries = entries.into_iter().filter_map(|(key, value)| Some((key, secret_ref(&value).ok()?)));
                self.shared.secrets = Changes { entries: Some(entries.collect()), ..Changes::default() };
            }
            other => {
                let problem = format!("{} is no key of it", QuotedName(other));
                self.give.findings.wrong_at(INPUT, Some(entry.line), problem, format!("its keys are {KEYS}"));
            }
        }
    }

    /// The value of a key; a mistake does not quote it, it stands in a map that may hold secrets.
    fn value<T, E: ToString>(&mut self, entry: &Entry, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        match parse(entry.value.trim()) {
            Ok(value) => Some(value),
            Err(why) => {
                let problem = format!("the value of `{}` does not fit", entry.key);
                self.give.findings.wrong_at(INPUT, Some(entry.line), problem, why.to_string());
                None
            }
        }
    }

    /// The map below a key, checked entry by entry.
    fn inner(
        &mut self,
        entry: &Entry,
        rule: impl Fn(&str, &str) -> Result<(), (String, String)>,
    ) -> Vec<(String, String)> {
        let entries = map::parse_inner(self.input, map::From::Input, entry, self.give.findings);
        for inner in &entries {
            if let Err((problem, cure)) = inner.given().and_then(|()| rule(&inner.key, &inner.value)) {
                let problem = format!("in its `{}`, {problem}", entry.key);
                self.give.findings.wrong_at(INPUT, Some(inner.line), problem, cure);
            }
        }
        entries.into_iter().map(|inner| (inner.key, inner.value)).collect()
    }
}

/// The limit of one attempt of a task.
pub(crate) fn task_timeout(text: &str) -> Result<Duration, &'static str> {
    let timeout = scalar::duration(text)?;
    if timeout.is_zero() || timeout > LONGEST_TASK { Err("write 1s to 168h") } else { Ok(timeout) }
}
