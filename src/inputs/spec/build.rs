//! Inputs about how an image is built, of whatever gets it.

use super::super::engine::declare::{Input, InputGroup, inputs};

inputs! {
    pub(crate) const BUILD = [
        DOCKERFILE = text(
            "dockerfile",
            InputGroup::Build,
            "Dockerfile",
            "Dockerfile, relative to `source`; when it is the default and missing, buildpacks build",
        ),
        BUILD_TARGET = text("build_target", InputGroup::Build, "", "Stage of the Dockerfile to build"),
        FUNCTION = text("function", InputGroup::Build, "", "Function of the source that buildpacks make a server of"),
        BUILD_ARGS = map(
            "build_args",
            InputGroup::Build,
            "Build arguments of the Dockerfile (environment of the build, for buildpacks)",
        ),
        ..recurring::BUILD_CONFIG,
        ..recurring::SUBSTITUTIONS,
        BUILD_TIMEOUT = text(
            "build_timeout",
            InputGroup::Build,
            "20m",
            "Limit for the build once it runs; the queue may take as long again",
        ),
        BUILD_REGION = text("build_region", InputGroup::Build, "global", "Cloud Build location"),
        BUILD_MACHINE_TYPE = text(
            "build_machine_type",
            InputGroup::Build,
            "Cloud Build's default",
            "Machine of the build, such as E2_HIGHCPU_8",
        ),
        BUILD_SERVICE_ACCOUNT = text(
            "build_service_account",
            InputGroup::Build,
            "Cloud Build's default account",
            "Account the build runs as",
        ),
        BUILD_WORKER_POOL = text(
            "build_worker_pool",
            InputGroup::Build,
            "",
            "Private pool, projects/P/locations/L/workerPools/NAME",
        ),
        BUILD_DISK_SIZE = text(
            "build_disk_size",
            InputGroup::Build,
            "Cloud Build's default",
            "Disk of the build's machine in GB, up to 4000",
        ),
        BUILD_IGNORE_FILE = text(
            "build_ignore_file",
            InputGroup::Build,
            ".gcloudignore",
            "File in `source` whose rules leave files out of what is uploaded",
        ),
        BUILD_LOGS = text(
            "build_logs",
            InputGroup::Build,
            "beside the source",
            "Where the build writes its log: gs://BUCKET/DIRECTORY, or Cloud Build's `regional-user-owned-bucket` or `legacy-bucket`",
        ),
        BUILD_WITHOUT_SOURCE = switch(
            "build_without_source",
            InputGroup::Build,
            "false",
            "Upload nothing: the steps of `build_config` fetch what they need",
        ),
        BUILD_CACHE = text(
            "build_cache",
            InputGroup::Build,
            "inline",
            "Layer cache: `inline` (the last stage, kept in the image tagged `buildcache`), `registry` (every stage, kept beside it; docs/BUILDS.md compares them) or `none`",
        ),
        BUILD_NETWORK = text(
            "build_network",
            InputGroup::Build,
            "default",
            "`cloudbuild`: the steps of the Dockerfile reach the build account's credentials, by docker's builder before BuildKit; `default`: they reach the internet alone",
        ),
        ..recurring::MAX_BUILD_TIME,
        ..recurring::MAX_IMAGE_SIZE,
        ENFORCE_BUDGETS = switch(
            "enforce_budgets",
            InputGroup::Build,
            "false",
            "Deploy nothing when the build is over `max_build_time` or the image over `max_image_size`",
        ),
        IMAGE_TAGS = lines(
            "image_tags",
            InputGroup::Build,
            "the commit sha, latest",
            "Tags the built image gets, one per line or separated by commas",
        ),
        STAGING_BUCKET = text(
            "staging_bucket",
            InputGroup::Build,
            "PROJECT-slipway-REGION",
            "Bucket for the source and the build log, made when missing",
        ),
    ];
}
