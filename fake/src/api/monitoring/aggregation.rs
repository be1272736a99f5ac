//! How a question puts numbers together: period, aligner, reducer and groups; and its interval.

use crate::call::Call;
use crate::clock::{self, Nanos};

/// The shortest period, in seconds.
const SHORTEST: f64 = 60.0;

/// Which number is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// The sum.
    Sum,
    /// This percentile.
    Percentile(f64),
    /// The sum of every series' mean.
    SumOfMeans,
}

/// What a question asks to be done with the numbers.
#[derive(Debug)]
pub(super) struct Aggregation {
    /// Which number.
    pub(super) number: Number,
    /// Names of the labels by which series are told apart, such as `resource.labels.revision_name`.
    pub(super) groups: Vec<String>,
    /// Where the interval begins, as far as that is known.
    start: Option<Nanos>,
    /// Where it ends, and the newest period with it.
    end: Nanos,
    /// The length of a period.
    period: Nanos,
}

impl Aggregation {
    /// The period an instant lies in, counted from the newest; the start of an interval is outside, its end inside.
    pub(super) fn period_of(&self, at: Nanos) -> Option<usize> {
        let inside = at <= self.end && self.start.map_or(at > self.end - self.period, |start| at > start);
        inside.then(|| usize::try_from((self.end - at).div_euclid(self.period)).ok())?
    }

    /// Begin and end of a period, as instants; nothing is older than the interval.
    pub(super) fn interval(&self, period: usize) -> (String, String) {
        let end = self.end - Nanos::try_from(period).unwrap_or(0) * self.period;
        let begin = (end - self.period).max(self.start.unwrap_or(Nanos::MIN));
        (clock::rfc3339(begin, 0), clock::rfc3339(end, 0))
    }
}

/// Why a question is not answered.
#[derive(Debug)]
pub(super) enum Flaw {
    /// Google refuses it too.
    Bad(String),
    /// Google may answer it; the fake cannot.
    Beyond(String),
}

/// Reads the interval and the aggregation of a question.
pub(super) fn read(call: &Call) -> Result<Aggregation, Flaw> {
    let (start, end) = interval(call)?;
    let period = period(call)?;
    let given = |name: &str| call.query(&format!("aggregation.{name}")).unwrap_or_default().to_owned();
    let (aligner, reducer) = (given("perSeriesAligner"), given("crossSeriesReducer"));
    let number = match (aligner.as_str(), reducer.as_str()) {
        ("ALIGN_DELTA", "REDUCE_SUM") => Number::Sum,
        ("ALIGN_DELTA", "REDUCE_PERCENTILE_50") => Number::Percentile(0.5),
        ("ALIGN_DELTA", "REDUCE_PERCENTILE_95") => Number::Percentile(0.95),
        ("ALIGN_DELTA", "REDUCE_PERCENTILE_99") => Number::Percentile(0.99),
        ("ALIGN_MEAN", "REDUCE_SUM") => Number::SumOfMeans,
        _ => {
            let text = format!("the fake cloud does not align by «{aligner}» and reduce by «{reducer}»");
            return Err(Flaw::Beyond(text));
        }
    };
    let groups: Vec<String> = call.values("aggregation.groupByFields").map(str::to_owned).collect();
    Ok(Aggregation { number, groups, start, end, period })
}

fn interval(call: &Call) -> Result<(Option<Nanos>, Nanos), Flaw> {
    let bad = |name: &str| Flaw::Bad(format!("Field interval.{name} had an invalid value: it must be an instant."));
    let instant = |name: &str| {
        let given = call.query(&format!("interval.{name}"));
        given.map(|text| clock::parse(text).ok_or_else(|| bad(name))).transpose()
    };
    let (start, end) = (instant("startTime")?, instant("endTime")?.ok_or_else(|| bad("endTime"))?);
    match start.filter(|start| *start >= end) {
        None => Ok((start, end)),
        Some(_) => Err(Flaw::Bad("Field interval had an invalid value: the start must be before the end.".to_owned())),
    }
}

fn period(call: &Call) -> Result<Nanos, Flaw> {
    let given = call.query("aggregation.alignmentPeriod").unwrap_or_default();
    let seconds = given.strip_suffix('s').and_then(|text| text.parse::<f64>().ok());
    match seconds.filter(|seconds| *seconds >= SHORTEST && seconds.fract() == 0.0) {
        Some(_) => {
            let whole: Nanos = given.trim_end_matches('s').parse().unwrap_or(60);
            Ok(whole * 1_000_000_000)
        }
        None => Err(Flaw::Bad(format!(
            "Field aggregation.alignmentPeriod had an invalid value of \"{given}\": it must be at least 60 seconds."
        ))),
    }
}
