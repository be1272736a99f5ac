//! Cloud Monitoring, by google-cloud-monitoring-v3.

use crate::run_services::mask;
use crate::scene::{Scene, known, story};
use fakecloud::Snapshot;
use google_cloud_api::model::MonitoredResource;
use google_cloud_gax::paginator::ItemPaginator;
use google_cloud_monitoring_v3::client::{
    AlertPolicyService, MetricService, NotificationChannelService, UptimeCheckService,
};
use google_cloud_monitoring_v3::model::aggregation::{Aligner, Reducer};
use google_cloud_monitoring_v3::model::alert_policy::condition::PrometheusQueryLanguageCondition;
use google_cloud_monitoring_v3::model::alert_policy::{Condition, ConditionCombinerType, Severity};
use google_cloud_monitoring_v3::model::uptime_check_config::HttpCheck;
use google_cloud_monitoring_v3::model::{
    Aggregation, AlertPolicy, NotificationChannel, TimeInterval, UptimeCheckConfig,
};
use google_cloud_wkt::{Duration, Timestamp};

const PROJECT: &str = "projects/harbour-dev";

fn seconds(count: i64) -> Duration {
    Duration::clamp(count, 0)
}

#[test]
pub(crate) fn policies_and_channels_are_made_found_changed_and_deleted() {
    let scene = Scene::new();
    story(async {
        let channels = NotificationChannelService::builder();
        let channels = scene.client("monitoring", channels).build().await.expect("a client");
        let policies = AlertPolicyService::builder();
        let policies = scene.client("monitoring", policies).build().await.expect("a client");
        let mail = NotificationChannel::new().set_type("email").set_display_name("On call");
        let mail = mail.set_labels([("email_address", "ops@example.com")]);
        let made = channels.create_notification_channel().set_name(PROJECT).set_notification_channel(mail);
        let mail = known(made.send().await);
        assert!(mail.enabled.is_some());
        let promql = PrometheusQueryLanguageCondition::new().set_query("vector(1) > 2").set_duration(seconds(300));
        let promql = promql.set_evaluation_interval(seconds(60));
        let condition = Condition::new().set_display_name("share").set_condition_prometheus_query_language(promql);
        let policy = AlertPolicy::new()
            .set_display_name("web: errors")
            .set_combiner(ConditionCombinerType::Or)
            .set_conditions([condition])
            .set_notification_channels([mail.name.as_str()])
            .set_severity(Severity::Critical)
            .set_user_labels([("service", "web")]);
        let made = policies.create_alert_policy().set_name(PROJECT).set_alert_policy(policy);
        let made = known(made.send().await);
        assert_eq!((&made.combiner, &made.severity), (&ConditionCombinerType::Or, &Severity::Critical));
        assert!(made.conditions[0].name.starts_with(&made.name));
        let list = policies.list_alert_policies().set_name(PROJECT).set_filter("user_labels.service=\"web\"");
        assert_eq!(known(list.by_item().next().await.expect("a policy")), made);
        let other = made.clone().set_display_name("other").set_combiner(ConditionCombinerType::And);
        let request = policies.update_alert_policy().set_alert_policy(other).set_update_mask(mask(["display_name"]));
        let changed = known(request.send().await);
        assert_eq!((changed.display_name.as_str(), &changed.combiner), ("other", &ConditionCombinerType::Or));
        assert_eq!(known(policies.get_alert_policy().set_name(&made.name).send().await), changed);
        known(policies.delete_alert_policy().set_name(&made.name).send().await);
        let list = channels.list_notification_channels().set_name(PROJECT);
        assert_eq!(known(list.by_item().next().await.expect("a channel")).name, mail.name);
        let renamed = mail.clone().set_display_name("Night");
        let request = channels.update_notification_channel().set_notification_channel(renamed);
        assert_eq!(known(request.send().await).display_name, "Night");
        assert_eq!(known(channels.get_notification_channel().set_name(&mail.name).send().await).r#type, "email");
        known(channels.delete_notification_channel().set_name(&mail.name).send().await);
    });
}

#[test]
pub(crate) fn an_uptime_check_is_made_found_changed_and_deleted() {
    let scene = Scene::new();
    story(async {
        let checks = UptimeCheckService::builder();
        let checks = scene.client("monitoring", checks).build().await.expect("a client");
        let resource = MonitoredResource::new().set_type("uptime_url");
        let resource = resource.set_labels([("project_id", "harbour-dev"), ("host", "web.example.com")]);
        let check = UptimeCheckConfig::new()
            .set_display_name("web /")
            .set_monitored_resource(resource)
            .set_http_check(HttpCheck::new().set_path("/").set_use_ssl(true).set_port(443))
            .set_period(seconds(60))
            .set_timeout(seconds(10));
        let made = checks.create_uptime_check_config().set_parent(PROJECT).set_uptime_check_config(check);
        let made = known(made.send().await);
        assert_eq!(made.http_check().map(|check| check.port), Some(443));
        assert_eq!(known(checks.get_uptime_check_config().set_name(&made.name).send().await), made);
        let list = checks.list_uptime_check_configs().set_parent(PROJECT);
        assert_eq!(known(list.by_item().next().await.expect("a check")), made);
        let slower = made.clone().set_period(seconds(300));
        let request = checks.update_uptime_check_config().set_uptime_check_config(slower);
        let slower = known(request.set_update_mask(mask(["period"])).send().await);
        assert_eq!(slower.period, Some(seconds(300)));
        known(checks.delete_uptime_check_config().set_name(&made.name).send().await);
    });
}

#[test]
pub(crate) fn requests_and_latencies_are_read() {
    let scene = Scene::with(|world| {
        world.metrics("web", "web-1").set(Snapshot::new(&[("2xx", 1184), ("5xx", 7)], &[10.0, 20.0, 30.0]));
    });
    story(async {
        let metrics = scene.client("monitoring", MetricService::builder()).build().await.expect("a client");
        let begin = Timestamp::try_from("2026-11-22T12:00:00Z").expect("a time");
        let end = Timestamp::try_from("2026-11-22T12:05:00Z").expect("a time");
        let interval = TimeInterval::new().set_start_time(begin).set_end_time(end);
        let ask = |metric: &str, reducer: Reducer, group: &str| {
            let aggregation = Aggregation::new().set_alignment_period(seconds(300));
            let aggregation = aggregation.set_per_series_aligner(Aligner::AlignDelta).set_cross_series_reducer(reducer);
            let filter =
                format!("metric.type=\"run.googleapis.com/{metric}\" AND resource.type=\"cloud_run_revision\"");
            let request = metrics.list_time_series().set_name(PROJECT).set_filter(filter);
            let request = request.set_interval(interval.clone());
            request.set_aggregation(aggregation.set_group_by_fields([group])).by_item()
        };
        let mut counts = ask("request_count", Reducer::ReduceSum, "metric.labels.response_code_class");
        let mut found = Vec::new();
        while let Some(series) = counts.next().await {
            let series = known(series);
            let value = series.points[0].value.as_ref().and_then(|value| value.int64_value().copied());
            found.push((series.metric.expect("a metric").labels["response_code_class"].clone(), value));
        }
        assert_eq!(found, [("2xx".to_owned(), Some(1184)), ("5xx".to_owned(), Some(7))]);
        let percentile = Reducer::ReducePercentile95;
        let mut latencies = ask("request_latencies", percentile, "resource.labels.revision_name");
        let series = known(latencies.next().await.expect("a series"));
        let value = series.points[0].value.as_ref().and_then(|value| value.double_value().copied());
        assert_eq!((value, series.points.len()), (Some(30.0), 1));
    });
}
