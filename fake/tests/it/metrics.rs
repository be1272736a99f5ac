//! Time series of requests and latencies, as a gate asks for them.

use crate::client::Reply;
use crate::scene::{Scene, hello};
use fakecloud::{Action, Fault, Snapshot, World};
use serde_json::{Value, json};

const CALL: &str = "monitoring.projects.timeSeries.list";

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// A question: its filter, and what is different in the rest of it.
fn ask(scene: &Scene, filter: &str, changes: &[(&str, &str)]) -> Reply {
    let mut pairs = vec![
        ("filter", filter),
        ("interval.startTime", "2026-11-22T12:00:00Z"),
        ("interval.endTime", "2026-11-22T12:05:00Z"),
        ("aggregation.alignmentPeriod", "300s"),
        ("aggregation.perSeriesAligner", "ALIGN_DELTA"),
        ("aggregation.crossSeriesReducer", "REDUCE_SUM"),
        ("aggregation.groupByFields", "metric.labels.response_code_class"),
        ("view", "FULL"),
    ];
    for change in changes {
        pairs.retain(|(name, _)| name != &change.0);
        pairs.push(*change);
    }
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    scene.get("monitoring", &format!("/v3/projects/harbour-dev/timeSeries?{}", query.join("&")))
}

fn filter(metric: &str, revision: &str) -> String {
    format!(
        "metric.type=\"run.googleapis.com/{metric}\" AND resource.type=\"cloud_run_revision\" AND \
         resource.labels.service_name=\"web\" AND resource.labels.location=\"us-central1\" AND \
         resource.labels.revision_name=\"{revision}\""
    )
}

fn counts(scene: &Scene, revision: &str) -> Value {
    ask(scene, &filter("request_count", revision), &[]).json()
}

fn p95(scene: &Scene, revision: &str) -> Value {
    let changes = [
        ("aggregation.crossSeriesReducer", "REDUCE_PERCENTILE_95"),
        ("aggregation.groupByFields", "resource.labels.revision_name"),
    ];
    ask(scene, &filter("request_latencies", revision), &changes).json()
}

/// The number of each class.
fn by_class(reply: &Value) -> Vec<(String, String)> {
    let series = reply["timeSeries"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let read = |one: &Value| {
        (text(&one["metric"]["labels"]["response_code_class"]), text(&one["points"][0]["value"]["int64Value"]))
    };
    series.iter().map(read).collect()
}

fn measured() -> Scene {
    Scene::with(|world| {
        let latencies: Vec<f64> = (1..=100).map(f64::from).collect();
        world.metrics("web", "web-2").set(Snapshot::new(&[("2xx", 1184), ("5xx", 7)], &latencies));
        world.metrics("web", "web-1").set(Snapshot::new(&[("2xx", 10)], &[1000.0]));
    })
}

#[test]
fn counts_read_like_the_sample() {
    let scene = measured();
    let one = |class: &str, count: &str| {
        json!({"metric": {"type": "run.googleapis.com/request_count", "labels": {"response_code_class": class}},
            "resource": {"type": "cloud_run_revision", "labels": {"project_id": "harbour-dev"}},
            "metricKind": "DELTA", "valueType": "INT64",
            "points": [{"interval": {"startTime": "2026-11-22T12:00:00Z", "endTime": "2026-11-22T12:05:00Z"},
                "value": {"int64Value": count}}]})
    };
    let sample = json!({"timeSeries": [one("2xx", "1184"), one("5xx", "7")], "unit": "1"});
    assert_eq!(counts(&scene, "web-2"), sample);
    assert!(scene.cloud.unexpected().is_empty());
}

#[test]
fn a_percentile_reads_like_the_sample() {
    let scene = measured();
    let sample = json!({"timeSeries": [{"metric": {"type": "run.googleapis.com/request_latencies"},
        "resource": {"type": "cloud_run_revision",
            "labels": {"project_id": "harbour-dev", "revision_name": "web-2"}},
        "metricKind": "GAUGE", "valueType": "DOUBLE",
        "points": [{"interval": {"startTime": "2026-11-22T12:00:00Z", "endTime": "2026-11-22T12:05:00Z"},
            "value": {"doubleValue": 95.0}}]}], "unit": "ms"});
    assert_eq!(p95(&scene, "web-2"), sample);
}

#[test]
fn no_data_is_an_empty_object_and_zero_is_a_number() {
    let scene = measured();
    assert_eq!((counts(&scene, "web-9"), p95(&scene, "web-9")), (json!({}), json!({})));
    scene.cloud.world(|world| {
        world.metrics("web", "web-9").set(Snapshot::new(&[("2xx", 0)], &[]));
    });
    assert_eq!(by_class(&counts(&scene, "web-9")), [("2xx".to_owned(), "0".to_owned())]);
}

#[test]
fn groups_put_revisions_together_or_apart() {
    let scene = measured();
    let all = "metric.type=\"run.googleapis.com/request_count\" AND resource.labels.service_name=\"web\"";
    let both = [("2xx".to_owned(), "1194".to_owned()), ("5xx".to_owned(), "7".to_owned())];
    assert_eq!(by_class(&ask(&scene, all, &[]).json()), both);
    let apart = ask(&scene, all, &[("aggregation.groupByFields", "resource.labels.revision_name")]).json();
    let names: Vec<&Value> = apart["timeSeries"]
        .as_array()
        .expect("series")
        .iter()
        .map(|series| &series["resource"]["labels"]["revision_name"])
        .collect();
    assert_eq!(names, ["web-1", "web-2"]);
    let errors = format!("{all} AND metric.labels.response_code_class=\"5xx\"");
    assert_eq!(by_class(&ask(&scene, &errors, &[]).json()).len(), 1);
    let other = format!("{all} AND resource.labels.location=\"europe-west1\"");
    assert_eq!(ask(&scene, &other, &[]).json(), json!({}));
    let headers = ask(&scene, all, &[("view", "HEADERS")]).json();
    assert!(headers["timeSeries"][0].get("points").is_none());
}

#[test]
fn the_labels_are_those_of_the_deployed_service() {
    let scene = measured();
    let path = "/v2/projects/harbour-dev/locations/europe-west1/services/web?allowMissing=true";
    assert_eq!(scene.call("run", "PATCH", path, Some(&hello())).status, 200);
    assert_eq!(counts(&scene, "web-2"), json!({}));
    let filter = filter("request_count", "web-2").replace("us-central1", "europe-west1");
    assert_eq!(by_class(&ask(&scene, &filter, &[]).json()).len(), 2);
}

#[test]
fn data_may_be_late() {
    let scene = measured();
    scene.cloud.world(|world| world.metrics("web", "web-2").lag = 2);
    let found: Vec<usize> = (0..3).map(|_| by_class(&counts(&scene, "web-2")).len()).collect();
    assert_eq!(found, [0, 0, 2]);
}

#[test]
fn each_question_may_find_something_else() {
    let scene = Scene::with(|world| {
        world
            .metrics("web", "web-2")
            .then(Snapshot::default())
            .then(Snapshot::new(&[("2xx", 50)], &[10.0]))
            .then(Snapshot::new(&[("2xx", 60), ("5xx", 40)], &[900.0]));
    });
    let look = || {
        (
            by_class(&counts(&scene, "web-2")).len(),
            p95(&scene, "web-2")["timeSeries"][0]["points"][0]["value"]["doubleValue"].clone(),
        )
    };
    assert_eq!(look(), (0, Value::Null));
    assert_eq!(look(), (1, json!(10.0)));
    assert_eq!(look(), (2, json!(900.0)));
    assert_eq!(look(), (2, json!(900.0)), "the last one stays");
}

#[test]
fn what_it_cannot_read_is_refused_and_noted() {
    let scene = measured();
    let good = filter("request_count", "web-2");
    let mut noted = 0;
    for (filter, changes) in [
        ("resource.type=\"cloud_run_revision\"", vec![]),
        ("metric.type=\"run.googleapis.com/request_count\" OR resource.labels.location=\"x\"", vec![]),
        ("metric.type=\"run.googleapis.com/container/cpu/utilizations\"", vec![]),
        (&good, vec![("aggregation.perSeriesAligner", "ALIGN_RATE")]),
        (&good, vec![("aggregation.crossSeriesReducer", "REDUCE_MEAN")]),
        (&good, vec![("aggregation.crossSeriesReducer", "REDUCE_PERCENTILE_95")]),
        (&good, vec![("aggregation.groupByFields", "metric.labels.response_code")]),
    ] {
        let reply = ask(&scene, filter, &changes);
        assert_eq!(
            (reply.status, &reply.json()["error"]["status"]),
            (400, &json!("INVALID_ARGUMENT")),
            "{filter} {changes:?}"
        );
        noted += 1;
        assert_eq!(scene.cloud.unexpected().len(), noted, "{filter} {changes:?}");
    }
    // What Google refuses too is no news.
    for changes in [
        [("interval.endTime", "")],
        [("interval.endTime", "2026-11-22T12:00:00Z")],
        [("interval.startTime", "yesterday")],
        [("aggregation.alignmentPeriod", "30s")],
    ] {
        assert_eq!(ask(&scene, &good, &changes).status, 400, "{changes:?}");
    }
    assert_eq!(scene.cloud.unexpected().len(), noted);
    assert_eq!(ask(&scene, &good, &[("aggregation.aligner", "x")]).status, 400, "no such parameter");
}

#[test]
fn reading_metrics_takes_a_permission_the_storage_administrator_holds() {
    let scene = measured();
    assert_eq!(ask(&scene, &filter("request_count", "web-2"), &[]).status, 200);
    scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/storage.admin"));
    let reply = ask(&scene, &filter("request_count", "web-2"), &[]);
    assert_eq!((reply.status, reply.reason().as_deref()), (403, Some("IAM_PERMISSION_DENIED")));
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/monitoring.viewer"));
    assert_eq!(ask(&scene, &filter("request_count", "web-2"), &[]).status, 200);
}

#[test]
fn faults_befall_it_as_any_call() {
    let scene = measured();
    scene.cloud.world(|world| world.faults.push(Fault::next(CALL, Action::retry_after(429, "1"))));
    assert_eq!(ask(&scene, &filter("request_count", "web-2"), &[]).status, 429);
    assert_eq!(by_class(&counts(&scene, "web-2")).len(), 2);
    assert_eq!(scene.cloud.calls(CALL).len(), 2);
}

/// Of each point, newest first: its end, and its number.
fn points(reply: &Value) -> Vec<(String, f64)> {
    let points = reply["timeSeries"][0]["points"].as_array().cloned().unwrap_or_default();
    let number = |value: &Value| {
        let count = value["int64Value"].as_str().and_then(|text| text.parse().ok());
        count.or(value["doubleValue"].as_f64()).expect("a number")
    };
    let read =
        |point: &Value| (point["interval"]["endTime"].as_str().expect("an end").to_owned(), number(&point["value"]));
    points.iter().map(read).collect()
}

#[test]
fn what_was_measured_when_lies_in_its_period() {
    // 2026-11-22T12:00:00Z.
    const NOON: i64 = 1_795_348_800;
    let scene = Scene::with(|world| {
        let metrics = world.metrics("web", "web-1");
        // At the very start of the interval: outside. At the end of a period: inside it.
        metrics.at(NOON, Snapshot::new(&[("2xx", 1000)], &[9000.0]), 9);
        metrics.at(NOON + 300, Snapshot::new(&[("2xx", 4), ("5xx", 1)], &[10.0, 20.0]), 1);
        metrics.at(NOON + 601, Snapshot::new(&[("2xx", 7)], &[30.0]), 2);
        metrics.at(NOON + 899, Snapshot::new(&[("2xx", 2)], &[50.0]), 4);
        let other = world.metrics("web", "web-2");
        other.at(NOON + 650, Snapshot::new(&[("2xx", 1)], &[40.0]), 1);
    });
    let all =
        |metric: &str| format!("metric.type=\"run.googleapis.com/{metric}\" AND resource.labels.service_name=\"web\"");
    let end = ("interval.endTime", "2026-11-22T12:15:00Z");
    let group = |name| ("aggregation.groupByFields", name);
    let sum = ask(&scene, &all("request_count"), &[end, group("resource.labels.service_name")]).json();
    let at = |minute: u32, number: f64| (format!("2026-11-22T12:{minute:02}:00Z"), number);
    assert_eq!(points(&sum), [at(15, 10.0), at(5, 5.0)], "a period without data has no point");
    assert_eq!(sum["timeSeries"][0]["points"][0]["interval"]["startTime"], "2026-11-22T12:10:00Z");
    let p95 = ("aggregation.crossSeriesReducer", "REDUCE_PERCENTILE_95");
    let over = |seconds| {
        let changes = [end, p95, group("resource.labels.service_name"), ("aggregation.alignmentPeriod", seconds)];
        points(&ask(&scene, &all("request_latencies"), &changes).json())
    };
    assert_eq!(over("300s"), [at(15, 50.0), at(5, 20.0)]);
    assert_eq!(over("900s"), [at(15, 50.0)], "a percentile of everything, not of percentiles");
    // Each revision's mean, and their sum: (2 + 4) / 2 + 1.
    let mean = ("aggregation.perSeriesAligner", "ALIGN_MEAN");
    let changes = [end, mean, group("resource.labels.service_name")];
    let instances = ask(&scene, &all("container/instance_count"), &changes).json();
    assert_eq!(points(&instances), [at(15, 4.0), at(5, 1.0)]);
    assert!(scene.cloud.unexpected().is_empty());
}
