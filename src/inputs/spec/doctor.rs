//! The inputs of the doctor.

use super::{Group, Input, secret, sign_in, text};

/// Every input of `slipway doctor` and of the action in `actions/doctor`.
pub const DOCTOR: &[Input] = &[
    sign_in::KEY,
    sign_in::PROVIDER,
    sign_in::ACCOUNT,
    sign_in::AUDIENCE,
    sign_in::DELEGATES,
    text(Group::Target, "project_id", "the account's project", "Google Cloud project to look at"),
    text(Group::Target, "region", "us-central1", "Cloud Run region"),
    text(Group::Target, "service", "", "Cloud Run service to look at, whether it is there yet or not"),
    text(Group::Target, "site", "", "Hosting site to look at"),
    text(Group::Target, "domain", "", "Domain whose mapping and certificate are looked at"),
    text(
        Group::Build,
        "image",
        "gcr.io/PROJECT/SERVICE",
        "Where builds push the image, as `image` of the deploy has it",
    ),
    text(Group::Build, "build_region", "global", "Cloud Build location"),
    text(Group::Build, "build_service_account", "Cloud Build's default account", "Account builds run as"),
    text(Group::Build, "staging_bucket", "PROJECT-slipway-REGION", "Bucket sources are staged in"),
    text(
        Group::Service,
        "runtime_service_account",
        "the one the service has, else Compute Engine's default account",
        "Account the service runs as",
    ),
    text(Group::Check, "key_max_age", "90", "Days after which the key that signs in is too old"),
    text(Group::Check, "max_build_time", "5m", "Builds that take longer are warned of"),
    text(Group::Check, "max_image_size", "200", "Images of more megabytes are warned of"),
    text(
        Group::Run,
        "fix_script",
        "",
        "`true` prints the commands that mend what was found as one shell script; a path in the workspace writes it there",
    ),
    secret(text(
        Group::Run,
        "notify_webhook",
        "",
        "Slack-compatible address that is told how the run ended: success, failure, or what was put back",
    )),
];
