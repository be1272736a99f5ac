//! The inputs of the rotate-secret command.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined};
use super::sign_in;

/// Every input of `slipway rotate-secret` and of the action in `actions/rotate-secret`.
pub const ROTATE_SECRET: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    also [recurring];

    const OWN = [
        ..deploy::PROJECT_ID(InputGroup::Target, "the account's project", "Google Cloud project of the service"),
        ..deploy::REGION(InputGroup::Target, "us-central1", "Cloud Run region"),
        SERVICE = text("service", InputGroup::Target, "", "Cloud Run service that reads the secret (required)"),
        SECRET = text(
            "secret",
            InputGroup::What,
            "",
            "Secret of Secret Manager that gets a new version (required): its name, or projects/PROJECT/secrets/NAME",
        ),
        VALUE = text(
            "value",
            InputGroup::What,
            "a random one",
            "The new value, such as one that a database has been told already; blanks and line breaks around it are taken off",
        ).secret(),
        LENGTH = text("length", InputGroup::What, "32", "Characters of a random value"),
        ALPHABET = text(
            "alphabet",
            InputGroup::What,
            "alphanumeric",
            "What a random value is made of: `alphanumeric`, `hex`, `url-safe` (with `-` and `_`), `printable` (with punctuation), or the characters themselves",
        ),
        STRATEGY = text(
            "strategy",
            InputGroup::Rollout,
            "candidate",
            "`candidate` tries the new revision on an address of its own, then sends everything there; `canary` does so step by step",
        ),
        ..recurring::CANARY_STEPS,
        ..recurring::CANARY_INTERVAL,
        ..recurring::MAX_ERROR_RATE,
        ..recurring::MAX_LATENCY_P95,
        ..recurring::GATE_MIN_REQUESTS,
        ON_UNKNOWN = text(
            "on_unknown",
            InputGroup::Rollout,
            "rollback",
            "When a metric stays unknown: `rollback` goes back, `continue` goes on",
        ),
        ..deploy::HEALTH_PATH(
            InputGroup::Check,
            "",
            "Path that must answer before the service moves to the new version, best one that needs the secret",
        ),
        ..recurring::HEALTH_STATUS,
        ..recurring::HEALTH_BODY,
        ..recurring::HEALTH_TIMEOUT,
        ..recurring::HEALTH_SUCCESSES,
        ..recurring::CHECKS,
        GRACE = text(
            "grace",
            InputGroup::Run,
            "7d",
            "How long a replaced version stays enabled; it is disabled by the first run after that which finds nothing reading it. 0 disables it at once",
        ),
        SECRET_MAX_AGE = text(
            "secret_max_age",
            InputGroup::Run,
            "180d",
            "With `only_when_due`: the age from which a version is due",
        ),
        ONLY_WHEN_DUE = switch(
            "only_when_due",
            InputGroup::Run,
            "false",
            "Rotate only when the version in use is older than `secret_max_age`; replaced versions are disabled all the same",
        ),
        ..recurring::DRY_RUN,
        ..recurring::NOTIFY_WEBHOOK,
    ];
}
