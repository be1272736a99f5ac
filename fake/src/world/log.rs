//! Cloud Logging entries.

use super::World;
use crate::clock;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One log entry.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// Id of its project.
    pub project: String,
    /// Name of its log, such as `run.googleapis.com/stderr`.
    pub log: String,
    /// `DEFAULT`, `INFO`, `WARNING`, `ERROR`, …
    pub severity: String,
    /// When it was written.
    pub timestamp: String,
    /// Type of the resource that wrote it, such as `cloud_run_revision`.
    pub resource: String,
    /// Labels of that resource.
    pub labels: BTreeMap<String, String>,
    /// Labels of its own, such as `run.googleapis.com/execution_name`.
    pub own_labels: BTreeMap<String, String>,
    /// The text; empty where the entry has another payload.
    pub text: String,
    /// Further fields as Google shows them, such as `jsonPayload` and `httpRequest`.
    pub more: Map<String, Value>,
}

impl World {
    /// An entry of a service's revision, both by their short names, that was written so many milliseconds ago; it is
    /// in no log yet.
    pub fn log_entry(&self, service: &str, revision: &str, ago: u64, severity: &str, text: &str) -> LogEntry {
        let labels = self.labels_of_revision(service, revision);
        LogEntry {
            project: labels.get("project_id").cloned().unwrap_or_default(),
            log: "run.googleapis.com/stderr".to_owned(),
            severity: severity.to_owned(),
            timestamp: clock::rfc3339(self.now().saturating_sub(clock::Nanos::from(ago) * 1_000_000), 9),
            resource: "cloud_run_revision".to_owned(),
            labels: labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            own_labels: BTreeMap::new(),
            text: text.to_owned(),
            more: Map::new(),
        }
    }

    /// Writes an entry as a revision's container would.
    pub(crate) fn log_of_revision(
        &mut self,
        resource: &str,
        place: &[(&str, &str)],
        log: &str,
        severity: &str,
        text: &str,
    ) {
        let labels: BTreeMap<String, String> =
            place.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let entry = LogEntry {
            project: labels.get("project_id").cloned().unwrap_or_default(),
            log: log.to_owned(),
            severity: severity.to_owned(),
            timestamp: self.stamp(9),
            resource: resource.to_owned(),
            labels,
            own_labels: BTreeMap::new(),
            text: text.to_owned(),
            more: Map::new(),
        };
        self.log_entries.push(entry);
    }

    /// Writes an entry as the first task of an execution, by its full name, would.
    pub(crate) fn log_of_execution(&mut self, execution: &str, log: &str, severity: &str, text: &str) {
        let parts: Vec<&str> = execution.split('/').collect();
        let [_, project, _, region, _, job, _, short] = parts.as_slice() else { return };
        let labels = [("project_id", *project), ("job_name", *job), ("location", *region)];
        let own_labels = [
            ("run.googleapis.com/execution_name", *short),
            ("run.googleapis.com/task_index", "0"),
            ("run.googleapis.com/task_attempt", "0"),
        ];
        let entry = LogEntry {
            project: (*project).to_owned(),
            log: log.to_owned(),
            severity: severity.to_owned(),
            timestamp: self.stamp(9),
            resource: "cloud_run_job".to_owned(),
            labels: labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            own_labels: own_labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            text: text.to_owned(),
            more: Map::new(),
        };
        self.log_entries.push(entry);
    }

    /// Writes a piece of a build's log that goes to Cloud Logging.
    pub(crate) fn log_of_build(&mut self, project: &str, build: &str, text: &str) {
        let labels = [("project_id", project), ("build_id", build)];
        let entry = LogEntry {
            project: project.to_owned(),
            log: "cloudbuild".to_owned(),
            severity: "INFO".to_owned(),
            timestamp: self.stamp(9),
            resource: "build".to_owned(),
            labels: labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            own_labels: BTreeMap::new(),
            text: text.to_owned(),
            more: Map::new(),
        };
        self.log_entries.push(entry);
    }
}
