//! What a service had to do in a window of time, as Cloud Monitoring measured it. What was not measured is `None`.

/// A window of time, cut into periods; every list has one entry for each, the oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Load {
    /// Length of the window in seconds.
    pub seconds: u32,
    /// Length of a period in seconds.
    pub period: u32,
    /// Requests.
    pub requests: Vec<Option<u64>>,
    /// Requests that were answered with 5xx.
    pub failed: Vec<Option<u64>>,
    /// 95th percentile of the latency in each period, in milliseconds.
    pub p95: Vec<Option<f64>>,
    /// Mean number of instances.
    pub instances: Vec<Option<f64>>,
    /// 50th, 95th and 99th percentile of the latency over the whole window, in milliseconds. Percentiles of
    /// periods cannot be put together, so these are asked for by themselves.
    pub latency: [Option<f64>; 3],
}

impl Load {
    /// Requests a second over the whole window; none when nothing was measured.
    pub fn rate(&self) -> Option<f64> {
        Some(sum(&self.requests)? as f64 / f64::from(self.seconds))
    }

    /// Requests a second in each period.
    pub fn rates(&self) -> Vec<Option<f64>> {
        self.requests.iter().map(|count| count.map(|count| count as f64 / f64::from(self.period))).collect()
    }

    /// Share of requests answered with 5xx, from 0 to 1; none without requests.
    pub fn error_rate(&self) -> Option<f64> {
        share(sum(&self.failed), sum(&self.requests))
    }

    /// The same in each period.
    pub fn error_rates(&self) -> Vec<Option<f64>> {
        self.failed.iter().zip(&self.requests).map(|(failed, all)| share(*failed, *all)).collect()
    }

    /// The most instances any period had.
    pub fn most_instances(&self) -> Option<f64> {
        self.instances.iter().flatten().copied().reduce(f64::max)
    }

    /// Whether nothing at all was measured.
    pub fn is_empty(&self) -> bool {
        sum(&self.requests).is_none() && self.most_instances().is_none() && self.latency == [None; 3]
    }
}

fn sum(counts: &[Option<u64>]) -> Option<u64> {
    counts.iter().flatten().copied().reduce(u64::saturating_add)
}

fn share(failed: Option<u64>, all: Option<u64>) -> Option<f64> {
    let all = all.filter(|all| *all > 0)?;
    Some(failed.unwrap_or(0) as f64 / all as f64)
}

/// A revision that serves, or that can be asked by a tag.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServingRevision {
    /// Its name.
    pub name: String,
    /// Percent of the requests it gets.
    pub percent: u8,
    /// Its traffic tags.
    pub tags: Vec<String>,
    /// Its image, by digest where Cloud Run says it.
    pub image: Option<String>,
    /// The commit it was deployed from, by its label.
    pub commit: Option<String>,
    /// When it was made, as Google wrote it.
    pub made: String,
    /// Its age in seconds, where `made` can be read.
    pub age: Option<u64>,
}

/// What a service does now, and what it had to do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServiceStatus {
    /// Its address.
    pub url: String,
    /// Whether Cloud Run says it is ready; `None` while that is not settled.
    pub ready: Option<bool>,
    /// Who may call it, in words.
    pub access: String,
    /// Who serves: the largest share first.
    pub revisions: Vec<ServingRevision>,
    /// The last hour.
    pub hour: Load,
    /// The last day.
    pub day: Load,
    /// Why there are no measurements, where they could not be read.
    pub unread: Option<(String, Vec<String>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_no_zero() {
        assert!(Load { seconds: 3600, period: 300, ..Load::default() }.is_empty());
        let load = Load {
            seconds: 600,
            period: 300,
            requests: vec![None, Some(600)],
            failed: vec![None, Some(30)],
            ..Load::default()
        };
        assert_eq!((load.rate(), load.error_rate()), (Some(1.0), Some(0.05)));
        assert_eq!(load.rates(), [None, Some(2.0)]);
        assert_eq!(load.error_rates(), [None, Some(0.05)]);
        let idle = Load { requests: vec![Some(0)], seconds: 60, period: 60, ..Load::default() };
        assert_eq!((idle.rate(), idle.error_rate()), (Some(0.0), None));
    }
}
