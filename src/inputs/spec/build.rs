//! Inputs about how an image is built, of whatever gets it.

use super::{Group, Input, lines, map, recurring, switch, text};

pub(super) const BUILD: &[Input] = &[
    text(
        Group::Build,
        "dockerfile",
        "Dockerfile",
        "Dockerfile, relative to `source`; when it is the default and missing, buildpacks build",
    ),
    text(Group::Build, "build_target", "", "Stage of the Dockerfile to build"),
    text(Group::Build, "function", "", "Function of the source that buildpacks make a server of"),
    map(Group::Build, "build_args", "Build arguments of the Dockerfile (environment of the build, for buildpacks)"),
    recurring::BUILD_CONFIG,
    recurring::SUBSTITUTIONS,
    text(Group::Build, "build_timeout", "20m", "Limit for the build once it runs; the queue may take as long again"),
    text(Group::Build, "build_region", "global", "Cloud Build location"),
    text(Group::Build, "build_machine_type", "Cloud Build's default", "Machine of the build, such as E2_HIGHCPU_8"),
    text(Group::Build, "build_service_account", "Cloud Build's default account", "Account the build runs as"),
    text(Group::Build, "build_worker_pool", "", "Private pool, projects/P/locations/L/workerPools/NAME"),
    text(Group::Build, "build_disk_size", "Cloud Build's default", "Disk of the build's machine in GB, up to 4000"),
    text(
        Group::Build,
        "build_ignore_file",
        ".gcloudignore",
        "File in `source` whose rules leave files out of what is uploaded",
    ),
    text(
        Group::Build,
        "build_logs",
        "beside the source",
        "Where the build writes its log: gs://BUCKET/DIRECTORY, or Cloud Build's `regional-user-owned-bucket` or `legacy-bucket`",
    ),
    switch(
        Group::Build,
        "build_without_source",
        "false",
        "Upload nothing: the steps of `build_config` fetch what they need",
    ),
    text(
        Group::Build,
        "build_cache",
        "inline",
        "Layer cache: `inline` (the last stage, kept in the image tagged `buildcache`), `registry` (every stage, kept beside it; docs/BUILDS.md compares them) or `none`",
    ),
    text(
        Group::Build,
        "build_network",
        "default",
        "`cloudbuild`: the steps of the Dockerfile reach the build account's credentials, by docker's builder before BuildKit; `default`: they reach the internet alone",
    ),
    recurring::MAX_BUILD_TIME,
    recurring::MAX_IMAGE_SIZE,
    switch(
        Group::Build,
        "enforce_budgets",
        "false",
        "Deploy nothing when the build is over `max_build_time` or the image over `max_image_size`",
    ),
    lines(
        Group::Build,
        "image_tags",
        "the commit sha, latest",
        "Tags the built image gets, one per line or separated by commas",
    ),
    text(
        Group::Build,
        "staging_bucket",
        "PROJECT-slipway-REGION",
        "Bucket for the source and the build log, made when missing",
    ),
];
