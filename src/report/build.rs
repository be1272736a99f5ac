//! What is told of a build: its steps and what share of the time each took, how long the last ones took, and what its
//! image is made of.

use serde_json::{Value, json};

use super::markdown::{code, link, sentence, table};
use super::parts::round;
use super::spark::{self, Axis};
use crate::cloud_build::budget::megabytes;
use crate::facts::{BuildFact, LayerFact};
use slipway_runner::duration;

/// Layers in the table: the others together are seldom worth a look.
const LARGEST: usize = 5;

/// Above this, in seconds, the chart counts in minutes.
const MINUTES: f64 = 120.0;

/// The build's part of the summary; nothing before Cloud Build has taken it.
pub(crate) fn markdown(build: &BuildFact) -> Option<String> {
    let id = build.id.as_ref()?;
    let mut out = format!("### Build\n\n{} is {}. ", code(id), code(&build.status));
    if !build.url.is_empty() {
        out.push_str(&format!("Its page: {} ", link(&build.url)));
    }
    if let Some(queued) = build.queued_seconds {
        out.push_str(&format!("It waited {} for a machine. ", time(queued)));
    }
    if let (Some(worked), Some(longest)) = (build.worked_seconds, build.budget.0) {
        out.push_str(&format!("It worked for {} of at most {}. ", time(worked), time(longest)));
    }
    out.push_str("\n\n");
    out.push_str(&steps(build));
    if let Some(why) = &build.log_missing {
        out.push_str(&format!("\n{}\n", sentence(why)));
    }
    for part in [trend(build), image(build)].into_iter().flatten() {
        out.push('\n');
        out.push_str(&part);
    }
    Some(out)
}

fn time(seconds: f64) -> String {
    duration(std::time::Duration::from_secs_f64(seconds.max(0.0)))
}

fn steps(build: &BuildFact) -> String {
    let whole = build.worked_seconds.filter(|seconds| *seconds > 0.0);
    let share = |seconds: f64| whole.map_or_else(String::new, |whole| percent(seconds / whole));
    // Cloud Build's phases in the order they happen; BUILD is all the steps together.
    let phase = |wanted: &str| {
        let (name, seconds) = build.phases.iter().find(|(name, _)| name == wanted)?;
        Some(vec![code(name), String::new(), time(*seconds), share(*seconds)])
    };
    let steps = build.steps.iter().map(|step| {
        let exit = step.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
        let status = if step.status.is_empty() { "—".to_owned() } else { format!("{}{exit}", code(&step.status)) };
        let seconds = step.seconds;
        vec![code(&step.name), status, seconds.map(time).unwrap_or_default(), seconds.map(share).unwrap_or_default()]
    });
    let rows: Vec<Vec<String>> = phase("FETCHSOURCE").into_iter().chain(steps).chain(phase("PUSH")).collect();
    if rows.is_empty() { String::new() } else { table(&["Step", "Result", "Time", "Share"], &rows) }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", (share * 100.0).clamp(0.0, 100.0))
}

/// A limit that is more than so many times as far away as the longest build would flatten the bars.
const LIMIT_IN_SIGHT: f64 = 3.0;

/// The last builds of the service side by side; one alone is no trend, and nothing can be seen below a second.
fn trend(build: &BuildFact) -> Option<String> {
    let longest = build.trend.iter().copied().fold(0.0, f64::max);
    if build.trend.len() < 2 || longest < 1.0 {
        return None;
    }
    let (unit, length) = if longest > MINUTES { ("minutes", 60.0) } else { ("seconds", 1.0) };
    let numbers: Vec<Option<f64>> = build.trend.iter().map(|seconds| Some(seconds / length)).collect();
    let axis = Axis { what: "builds ago", first: numbers.len() - 1, step: 1 };
    let limit = build.budget.0.filter(|limit| *limit <= longest * LIMIT_IN_SIGHT).map(|limit| limit / length);
    let chart = spark::bars(&format!("How long the last builds worked, {unit}"), &numbers, &axis, limit)?;
    Some(format!("#### The last builds\n\n{chart}"))
}

/// The image: its size, and where that comes from.
fn image(build: &BuildFact) -> Option<String> {
    let Some(layers) = &build.layers else {
        let why = build.layers_missing.as_ref()?;
        return Some(format!("The size and the layers of the image are not known: {}.\n", sentence(why)));
    };
    let bytes = build.image_bytes().unwrap_or_default();
    let most = build.budget.1.map(|most| format!(" of at most {}", megabytes(most))).unwrap_or_default();
    let mut out =
        format!("#### The image\n\n{}{most}, in {} layers as the registry stores them", megabytes(bytes), layers.len());
    let largest = largest(layers);
    if largest.is_empty() {
        return Some(out + ".\n");
    }
    out.push_str("; the largest:\n\n");
    let rows: Vec<Vec<String>> = largest
        .iter()
        .map(|layer| {
            let made_by = if layer.made_by.is_empty() { "—".to_owned() } else { code(&shortened(&layer.made_by)) };
            // A space that does not break: narrow columns stay on one line.
            vec![
                megabytes(layer.bytes).replace(' ', "\u{a0}"),
                percent(layer.bytes as f64 / bytes.max(1) as f64),
                made_by,
            ]
        })
        .collect();
    out.push_str(&table(&["Size", "Share", "Made by"], &rows));
    Some(out)
}

fn largest(layers: &[LayerFact]) -> Vec<&LayerFact> {
    let mut all: Vec<&LayerFact> = layers.iter().filter(|layer| layer.bytes > 0).collect();
    all.sort_by_key(|layer| std::cmp::Reverse(layer.bytes));
    all.truncate(LARGEST);
    all
}

/// Long instructions are known by their beginning.
fn shortened(text: &str) -> String {
    const ROOM: usize = 100;
    if text.chars().count() <= ROOM { text.to_owned() } else { text.chars().take(ROOM).chain(['…']).collect() }
}

/// The build's part of the report.
pub(crate) fn document(build: &BuildFact) -> Value {
    let steps = build.steps.iter().map(|step| {
        json!({
            "name": step.name, "status": step.status, "exit_code": step.exit_code, "seconds": step.seconds.map(round),
        })
    });
    let phases = build.phases.iter().map(|(name, seconds)| json!({"name": name, "seconds": round(*seconds)}));
    let layers = |layers: &Vec<LayerFact>| {
        layers.iter().map(|layer| json!({"bytes": layer.bytes, "made_by": layer.made_by})).collect::<Value>()
    };
    json!({
        "id": build.id, "url": build.url, "status": build.status, "location": build.location,
        "queued_seconds": build.queued_seconds.map(round), "worked_seconds": build.worked_seconds.map(round),
        "phases": phases.collect::<Value>(), "steps": steps.collect::<Value>(),
        "log_missing": build.log_missing,
        "max_seconds": build.budget.0, "max_image_bytes": build.budget.1,
        "last_builds_seconds": build.trend.iter().copied().map(round).collect::<Value>(),
        "image_bytes": build.image_bytes(), "layers": build.layers.as_ref().map(layers),
        "layers_missing": build.layers_missing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(bytes: u64, made_by: &str) -> LayerFact {
        LayerFact { bytes, made_by: made_by.to_owned() }
    }

    #[test]
    fn the_largest_layers_come_first_and_empty_ones_not_at_all() {
        let layers: Vec<LayerFact> = [3, 0, 9, 1, 7, 5, 4].iter().map(|bytes| layer(*bytes, "x")).collect();
        assert_eq!(largest(&layers).iter().map(|layer| layer.bytes).collect::<Vec<_>>(), [9, 7, 5, 4, 3]);
    }

    #[test]
    fn an_image_is_told_with_its_budget() {
        let layers = vec![layer(30_000_000, "ADD rootfs"), layer(18_000_000, "RUN a | b")];
        let build = BuildFact { layers: Some(layers), budget: (None, Some(200_000_000)), ..BuildFact::default() };
        let text = image(&build).expect("an image");
        assert!(text.contains("48 MB of at most 200 MB, in 2 layers"), "{text}");
        assert!(text.contains("| 30\u{a0}MB | 62 % | `ADD rootfs` |"), "{text}");
        assert_eq!(image(&BuildFact::default()), None);
    }

    #[test]
    fn one_build_is_no_trend() {
        let build = BuildFact { trend: vec![30.0], ..BuildFact::default() };
        assert_eq!(trend(&build), None);
        let build = BuildFact { trend: vec![150.0, 300.0], budget: (Some(300.0), None), ..BuildFact::default() };
        let chart = trend(&build).expect("a chart");
        for part in ["How long the last builds worked, minutes", "[1, 0]", "bar [2.5, 5]", "line [5, 5]"] {
            assert!(chart.contains(part), "{chart}");
        }
        let build = BuildFact { trend: vec![20.0, 30.0], budget: (Some(300.0), None), ..BuildFact::default() };
        assert!(trend(&build).is_some_and(|chart| !chart.contains("line")));
    }
}
