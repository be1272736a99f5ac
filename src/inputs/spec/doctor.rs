//! The inputs of the doctor.

use super::{Group, Input, count, joined, recurring, rotate_secret, sign_in, text};

/// Every input of `slipway doctor` and of the action in `actions/doctor`.
pub const DOCTOR: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

const OWN: &[Input] = &[
    sign_in::KEY_MAX_AGE,
    rotate_secret::MAX_AGE,
    text(Group::Target, "project_id", "the account's project", "Google Cloud project to look at"),
    text(Group::Target, "region", "us-central1", "Cloud Run region"),
    text(Group::Target, "service", "", "Cloud Run service to look at, whether it is there yet or not"),
    text(Group::Target, "site", "", "Hosting site to look at"),
    text(Group::Target, "domain", "", "Domain whose mapping and certificate are looked at"),
    text(
        Group::Build,
        "image",
        "that of the service's image, else gcr.io/PROJECT/SERVICE",
        "Where builds push the image, as `image` of the deploy has it",
    ),
    recurring::BUILD_CONFIG,
    recurring::SUBSTITUTIONS,
    text(Group::Build, "build_region", "global", "Cloud Build location"),
    text(Group::Build, "build_service_account", "Cloud Build's default account", "Account builds run as"),
    text(Group::Build, "staging_bucket", "PROJECT-slipway-REGION", "Bucket sources are staged in"),
    recurring::MAX_BUILD_TIME,
    recurring::MAX_IMAGE_SIZE,
    text(
        Group::Service,
        "runtime_service_account",
        "the one the service has, else Compute Engine's default account",
        "Account the service runs as",
    ),
    text(
        Group::Run,
        "fix_script",
        "",
        "`true` prints the commands that mend what was found as one shell script; a path in the workspace writes it there",
    ),
    recurring::NOTIFY,
];
