//! The inputs of the monitoring command.

use super::{Group, Input, count, joined, lines, recurring, sign_in, text};

/// Every input of `slipway monitoring` and of the action in `actions/monitoring`.
pub const MONITORING: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

const OWN: &[Input] = &[
    text(Group::Target, "project_id", "the account's project", "Google Cloud project that runs the service"),
    text(Group::Target, "region", "us-central1", "Cloud Run region"),
    text(Group::Target, "service", "", "Cloud Run service that is watched (required)"),
    text(Group::What, "state", "present", "`present`, or `absent`: what was made for the service is removed"),
    text(
        Group::What,
        "error_rate",
        "5%",
        "Alert when more than this share of the requests is answered with 5xx for five minutes; `off` for no alert",
    ),
    text(
        Group::What,
        "latency_p95",
        "2s",
        "Alert when the 95th percentile of the latency is above this for five minutes; `off` for no alert",
    ),
    text(
        Group::What,
        "instances",
        "off",
        "Alert when more instances than this run for five minutes, of all revisions; `off` for no alert",
    ),
    text(
        Group::What,
        "uptime_path",
        "/",
        "Path that is asked every minute from several continents, with an alert when it does not answer 2xx; `off` for none",
    ),
    text(
        Group::What,
        "budget",
        "off",
        "Budget of the project for a month, such as `50 USD`, on its billing account and in that account's currency: somebody is told at 50, 90 and 100 %; `off` for none",
    ),
    lines(
        Group::What,
        "notification_channels",
        "",
        "Who is told: e-mail addresses, or names of notification channels of the project, one per line or separated by commas",
    ),
    recurring::DRY_RUN,
    recurring::NOTIFY,
];
