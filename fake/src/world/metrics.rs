//! What Cloud Monitoring has measured of revisions.

use super::World;
use std::collections::{BTreeMap, VecDeque};

/// What is known of one revision in whatever interval is asked about.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    /// Requests by class of response, such as `2xx`; none means no data, and 0 is a number.
    pub requests: BTreeMap<String, u64>,
    /// How long requests took, in milliseconds; none means no data.
    pub latencies_ms: Vec<f64>,
    /// So many questions about it find no data yet.
    pub lag: u32,
    /// What the next questions about requests find, one each; the last of them stays.
    pub next_requests: VecDeque<BTreeMap<String, u64>>,
    /// What the next questions about latencies find, one each; the last of them stays.
    pub next_latencies: VecDeque<Vec<f64>>,
    /// What was measured when, in place of all the above where there is any.
    pub history: Vec<Measured>,
}

/// What was measured at one moment.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Seconds since 1970.
    pub at: i64,
    /// Requests by class of response, and how long some of them took.
    pub seen: Snapshot,
    /// Instances by state, `active` or `idle`.
    pub instances: BTreeMap<String, u64>,
}

/// What one question finds.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Requests by class of response.
    pub requests: BTreeMap<String, u64>,
    /// How long requests took, in milliseconds.
    pub latencies_ms: Vec<f64>,
}

impl Snapshot {
    /// So many requests of each class, and how long some of them took.
    pub fn new(requests: &[(&str, u64)], latencies_ms: &[f64]) -> Snapshot {
        let requests = requests.iter().map(|(class, count)| ((*class).to_owned(), *count)).collect();
        Snapshot { requests, latencies_ms: latencies_ms.to_vec() }
    }
}

impl Metrics {
    /// From now on this is what every question finds.
    pub fn set(&mut self, snapshot: Snapshot) -> &mut Metrics {
        self.requests = snapshot.requests;
        self.latencies_ms = snapshot.latencies_ms;
        self
    }

    /// This is what one more question finds, about requests and about latencies each.
    pub fn then(&mut self, snapshot: Snapshot) -> &mut Metrics {
        self.next_requests.push_back(snapshot.requests);
        self.next_latencies.push_back(snapshot.latencies_ms);
        self
    }

    /// This was measured at that moment, in seconds since 1970, with so many instances at work.
    pub fn at(&mut self, at: i64, seen: Snapshot, active: u64) -> &mut Metrics {
        self.history.push(Measured { at, seen, instances: BTreeMap::from([("active".to_owned(), active)]) });
        self
    }

    /// Answers a question about requests.
    pub(crate) fn ask_requests(&mut self) -> BTreeMap<String, u64> {
        if self.is_late() {
            return BTreeMap::new();
        }
        if let Some(next) = self.next_requests.pop_front() {
            self.requests = next;
        }
        self.requests.clone()
    }

    /// Answers a question about latencies.
    pub(crate) fn ask_latencies(&mut self) -> Vec<f64> {
        if self.is_late() {
            return Vec::new();
        }
        if let Some(next) = self.next_latencies.pop_front() {
            self.latencies_ms = next;
        }
        self.latencies_ms.clone()
    }

    fn is_late(&mut self) -> bool {
        let late = self.lag > 0;
        self.lag = self.lag.saturating_sub(1);
        late
    }
}

impl World {
    /// The moment that was so many minutes ago, in seconds since 1970, for [`Metrics::at`].
    pub fn minutes_ago(&self, minutes: i64) -> i64 {
        i64::try_from(self.now() / 1_000_000_000).unwrap_or(0) - minutes * 60
    }

    /// What Cloud Monitoring knows of a revision, both by their short names; to change it.
    pub fn metrics(&mut self, service: &str, revision: &str) -> &mut Metrics {
        self.metrics.entry((service.to_owned(), revision.to_owned())).or_default()
    }

    /// Labels of the monitored resource a service's revision is. A service that is not there is
    /// taken to be one of the seed's project in `us-central1`.
    pub(crate) fn labels_of_revision(&self, service: &str, revision: &str) -> BTreeMap<&'static str, String> {
        let found = self.services.values().find(|known| known.short_name() == service);
        let (project, region) =
            found.map_or((World::PROJECT, "us-central1"), |found| (found.project(), found.region()));
        BTreeMap::from([
            ("project_id", project.to_owned()),
            ("location", region.to_owned()),
            ("service_name", service.to_owned()),
            ("revision_name", revision.to_owned()),
            ("configuration_name", service.to_owned()),
        ])
    }
}
