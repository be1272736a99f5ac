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
}

/// What a question asks to be done with the numbers.
#[derive(Debug)]
pub(super) struct Aggregation {
    /// Which number.
    pub(super) number: Number,
    /// Names of the labels by which series are told apart, such as `resource.labels.revision_name`.
    pub(super) groups: Vec<String>,
    /// Begin and end of the one point there is, as instants.
    pub(super) interval: (String, String),
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
    if aligner != "ALIGN_DELTA" {
        return Err(Flaw::Beyond(format!("the fake cloud aligns by ALIGN_DELTA alone, not by «{aligner}»")));
    }
    let number = match reducer.as_str() {
        "REDUCE_SUM" => Number::Sum,
        "REDUCE_PERCENTILE_50" => Number::Percentile(0.5),
        "REDUCE_PERCENTILE_95" => Number::Percentile(0.95),
        "REDUCE_PERCENTILE_99" => Number::Percentile(0.99),
        _ => return Err(Flaw::Beyond(format!("the fake cloud does not reduce by «{reducer}»"))),
    };
    let groups: Vec<String> = call.values("aggregation.groupByFields").map(str::to_owned).collect();
    // Points are aligned to the end of the interval, and nothing is older than a period.
    let begin = end - start.map_or(period, |start| period.min(end - start));
    Ok(Aggregation { number, groups, interval: (clock::rfc3339(begin, 0), clock::rfc3339(end, 0)) })
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
