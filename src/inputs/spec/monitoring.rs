//! The inputs of the monitoring command.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined};
use super::sign_in;

/// Every input of `slipway monitoring` and of the action in `actions/monitoring`.
pub const MONITORING: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    also [recurring];

    const OWN = [
        ..deploy::PROJECT_ID(InputGroup::Target, "the account's project", "Google Cloud project that runs the service"),
        ..deploy::REGION(InputGroup::Target, "us-central1", "Cloud Run region"),
        SERVICE = text("service", InputGroup::Target, "", "Cloud Run service that is watched (required)"),
        STATE = text(
            "state",
            InputGroup::What,
            "present",
            "`present`, or `absent`: what was made for the service is removed",
        ),
        ERROR_RATE = text(
            "error_rate",
            InputGroup::What,
            "5%",
            "Alert when more than this share of the requests is answered with 5xx for five minutes; `off` for no alert",
        ),
        LATENCY_P95 = text(
            "latency_p95",
            InputGroup::What,
            "2s",
            "Alert when the 95th percentile of the latency is above this for five minutes; `off` for no alert",
        ),
        INSTANCES = text(
            "instances",
            InputGroup::What,
            "off",
            "Alert when more instances than this run for five minutes, of all revisions; `off` for no alert",
        ),
        UPTIME_PATH = text(
            "uptime_path",
            InputGroup::What,
            "/",
            "Path that is asked every minute from several continents, with an alert when it does not answer 2xx; `off` for none",
        ),
        BUDGET = text(
            "budget",
            InputGroup::What,
            "off",
            "Budget of the project for a month, such as `50 USD`, on its billing account and in that account's currency: somebody is told at 50, 90 and 100 %; `off` for none",
        ),
        NOTIFICATION_CHANNELS = lines(
            "notification_channels",
            InputGroup::What,
            "",
            "Who is told: e-mail addresses, or names of notification channels of the project, one per line or separated by commas",
        ),
        ..recurring::DRY_RUN,
        ..recurring::NOTIFY_WEBHOOK,
    ];
}
