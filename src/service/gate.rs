//! The gates between the steps of a canary: the checks on the candidate's own address, and its metrics.
//! The verdict has three values; what is not known is never taken for good.

use std::time::Duration;

use super::{Context, reading, verify};
use crate::cloud_run::notes::RolloutRecord;
use crate::commands::deploy::inputs::Gates;
use crate::facts::Facts;
use slipway_failure::Failure;
use slipway_google::monitoring::{self as monitoring, Requests, RevisionFilter};

/// Metrics can be this late (docs: monitoring/api/v3/latency-n-retention); a verdict before is a guess.
pub(super) const LAG: Duration = Duration::from_secs(240);

/// Pause between two looks.
const LOOK: Duration = Duration::from_secs(30);

/// How the step held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GateVerdict {
    /// Everything that was asked for holds; in words.
    Pass(String),
    /// Something does not; in words.
    Fail(String),
    /// It cannot be said; why.
    Unknown(String),
}

/// Looks for the length of a canary's pause, and longer while metrics are late; fails at once.
pub(super) async fn watch(
    context: &Context<'_>,
    facts: &mut Facts,
    record: &RolloutRecord,
    percent: u8,
) -> Result<GateVerdict, Failure> {
    let wish = &context.deploy.rollout;
    let pause = context.clock().limit(wish.interval);
    let metrics = wish.gates.error_rate.is_some() || wish.gates.latency_p95.is_some();
    let patience = context.clock().limit(wish.interval.max(LAG));
    loop {
        context.console.live(&format!("Watching {percent} %"));
        if let Some(why) = checks(context, facts, record).await? {
            return Ok(GateVerdict::Fail(why));
        }
        let verdict =
            if metrics { self::metrics(context, record).await } else { GateVerdict::Pass("checks pass".into()) };
        match &verdict {
            GateVerdict::Fail(_) => return Ok(verdict),
            GateVerdict::Pass(_) if pause.reached(context.clock()) => return Ok(verdict),
            GateVerdict::Unknown(_) if patience.reached(context.clock()) => return Ok(verdict),
            _ => {}
        }
        let left = if pause.reached(context.clock()) { patience } else { pause }.left(context.clock());
        context.clock().sleep(LOOK.min(left).max(Duration::from_millis(100))).await;
    }
}

/// Asks the candidate once; the reason when it does not pass.
async fn checks(context: &Context<'_>, facts: &mut Facts, record: &RolloutRecord) -> Result<Option<String>, Failure> {
    if context.deploy.checks.checks.is_empty() {
        return Ok(None);
    }
    let service = reading::read(context).await?;
    let way = verify::candidate_place(context, &service, &record.rollout);
    // Its own few tries stand between a single lost packet and going back.
    match verify::briefly(context, facts, &way).await {
        Ok(()) => Ok(None),
        Err(failure) => Ok(Some(failure.to_string())),
    }
}

async fn metrics(context: &Context<'_>, record: &RolloutRecord) -> GateVerdict {
    let deploy = context.deploy;
    let subject = RevisionFilter {
        project: deploy.project.as_str(),
        region: &deploy.region,
        service: &deploy.service,
        revision: &record.rollout.revision,
    };
    let gates = &deploy.rollout.gates;
    let requests = match monitoring::requests(context.http, subject).await {
        Ok(Some(requests)) => requests,
        Ok(None) => return GateVerdict::Unknown("Cloud Monitoring has no data for it yet".into()),
        Err(error) => return GateVerdict::Unknown(format!("its metrics cannot be read: {error}")),
    };
    let latency = match gates.latency_p95 {
        Some(_) => match monitoring::latency_p95(context.http, subject).await {
            Ok(latency) => latency,
            Err(error) => return GateVerdict::Unknown(format!("its metrics cannot be read: {error}")),
        },
        None => None,
    };
    judge(gates, requests, latency)
}

/// What the numbers say.
fn judge(gates: &Gates, requests: Requests, latency_ms: Option<f64>) -> GateVerdict {
    if requests.all < gates.least_requests {
        return GateVerdict::Unknown(format!(
            "{} requests in five minutes, and at least {} say something",
            requests.all, gates.least_requests
        ));
    }
    let mut said = vec![format!("{} requests", requests.all)];
    if let Some(most) = gates.error_rate {
        #[expect(clippy::cast_precision_loss, reason = "a rate of counts far below 2^52")]
        let rate = requests.failed as f64 / requests.all as f64;
        let text = format!("{:.1} % errors (at most {:.1} %)", rate * 100.0, most * 100.0);
        if rate > most {
            return GateVerdict::Fail(text);
        }
        said.push(text);
    }
    if let Some(most) = gates.latency_p95 {
        let Some(latency) = latency_ms else { return GateVerdict::Unknown("there is no latency of it yet".into()) };
        let text = format!("p95 {latency:.0} ms (at most {} ms)", most.as_millis());
        if latency > most.as_secs_f64() * 1000.0 {
            return GateVerdict::Fail(text);
        }
        said.push(text);
    }
    GateVerdict::Pass(said.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gates() -> Gates {
        Gates {
            error_rate: Some(0.05),
            latency_p95: Some(Duration::from_secs(2)),
            least_requests: 20,
            ..Gates::default()
        }
    }

    #[test]
    fn numbers_have_three_verdicts() {
        let of = |all, failed, latency| judge(&gates(), Requests { all, failed }, latency);
        assert!(matches!(of(100, 5, Some(2000.0)), GateVerdict::Pass(_)), "limits themselves hold");
        assert!(matches!(of(100, 6, Some(10.0)), GateVerdict::Fail(what) if what.contains("6.0 % errors")));
        assert!(matches!(of(100, 0, Some(2001.0)), GateVerdict::Fail(what) if what.contains("p95 2001 ms")));
        assert!(matches!(of(19, 19, Some(1.0)), GateVerdict::Unknown(_)), "too few say nothing, good or bad");
        assert!(matches!(of(100, 0, None), GateVerdict::Unknown(_)));
    }
}
