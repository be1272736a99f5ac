//! The inputs of the doctor.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined};
use super::sign_in;

/// Every input of `slipway doctor` and of the action in `actions/doctor`.
pub const DOCTOR: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    also [recurring];

    const OWN = [
        ..recurring::KEY_MAX_AGE,
        ..recurring::SECRET_MAX_AGE,
        ..deploy::PROJECT_ID(InputGroup::Target, "the account's project", "Google Cloud project to look at"),
        ..deploy::REGION(InputGroup::Target, "us-central1", "Cloud Run region"),
        SERVICE = text("service", InputGroup::Target, "", "Cloud Run service to look at, whether it is there yet or not"),
        SITE = text("site", InputGroup::Target, "", "Hosting site to look at"),
        DOMAIN = text("domain", InputGroup::Target, "", "Domain whose mapping and certificate are looked at"),
        IMAGE = text(
            "image",
            InputGroup::Build,
            "that of the service's image, else gcr.io/PROJECT/SERVICE",
            "Where builds push the image, as `image` of the deploy has it",
        ),
        ..recurring::BUILD_CONFIG,
        ..recurring::SUBSTITUTIONS,
        BUILD_REGION = text("build_region", InputGroup::Build, "global", "Cloud Build location"),
        BUILD_SERVICE_ACCOUNT = text(
            "build_service_account",
            InputGroup::Build,
            "Cloud Build's default account",
            "Account builds run as",
        ),
        STAGING_BUCKET = text("staging_bucket", InputGroup::Build, "PROJECT-slipway-REGION", "Bucket sources are staged in"),
        ..recurring::MAX_BUILD_TIME,
        ..recurring::MAX_IMAGE_SIZE,
        RUNTIME_SERVICE_ACCOUNT = text(
            "runtime_service_account",
            InputGroup::Service,
            "the one the service has, else Compute Engine's default account",
            "Account the service runs as",
        ),
        FIX_SCRIPT = text(
            "fix_script",
            InputGroup::Run,
            "",
            "`true` prints the commands that mend what was found as one shell script; a path in the workspace writes it there",
        ),
        ..recurring::NOTIFY_WEBHOOK,
    ];
}
