//! The inputs of the rotate-secret command.

use super::{Group, Input, count, joined, recurring, secret, sign_in, switch, text};

/// Every input of `slipway rotate-secret` and of the action in `actions/rotate-secret`.
pub const ROTATE_SECRET: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

const OWN: &[Input] = &[
    text(Group::Target, "project_id", "the account's project", "Google Cloud project of the service"),
    text(Group::Target, "region", "us-central1", "Cloud Run region"),
    text(Group::Target, "service", "", "Cloud Run service that reads the secret (required)"),
    text(
        Group::What,
        "secret",
        "",
        "Secret of Secret Manager that gets a new version (required): its name, or projects/PROJECT/secrets/NAME",
    ),
    secret(text(
        Group::What,
        "value",
        "a random one",
        "The new value, such as one that a database has been told already; blanks and line breaks around it are taken off",
    )),
    text(Group::What, "length", "32", "Characters of a random value"),
    text(
        Group::What,
        "alphabet",
        "alphanumeric",
        "What a random value is made of: `alphanumeric`, `hex`, `url-safe` (with `-` and `_`), `printable` (with punctuation), or the characters themselves",
    ),
    text(
        Group::Rollout,
        "strategy",
        "candidate",
        "`candidate` tries the new revision on an address of its own, then sends everything there; `canary` does so step by step",
    ),
    recurring::CANARY_STEPS,
    recurring::CANARY_INTERVAL,
    recurring::MAX_ERROR_RATE,
    recurring::MAX_LATENCY_P95,
    recurring::GATE_MIN_REQUESTS,
    text(
        Group::Rollout,
        "on_unknown",
        "rollback",
        "When a metric stays unknown: `rollback` goes back, `continue` goes on",
    ),
    text(
        Group::Check,
        "health_path",
        "",
        "Path that must answer before the service moves to the new version, best one that needs the secret",
    ),
    recurring::HEALTH_STATUS,
    recurring::HEALTH_BODY,
    recurring::HEALTH_TIMEOUT,
    recurring::HEALTH_SUCCESSES,
    recurring::CHECKS,
    text(
        Group::Run,
        "grace",
        "7d",
        "How long a replaced version stays enabled; it is disabled by the first run after that which finds nothing reading it. 0 disables it at once",
    ),
    text(Group::Run, "secret_max_age", "180d", "With `only_when_due`: the age from which a version is due"),
    switch(
        Group::Run,
        "only_when_due",
        "false",
        "Rotate only when the version in use is older than `secret_max_age`; replaced versions are disabled all the same",
    ),
    recurring::DRY_RUN,
    recurring::NOTIFY,
];

/// The age of the secrets that a deploy warns of.
pub(super) const MAX_AGE: Input = text(
    Group::Target,
    "secret_max_age",
    "180d",
    "Age from which a version of a secret that the service reads is worth a warning, where it may be looked at (`secretmanager.versions.get`); 0 does not ask",
);
