//! `gcloud builds submit`: inputs of a deploy that builds. They are no flags of the input `flags`.

use super::Means::{Nothing, Refused, Text};
use super::Shape::{Alone, Map, One};
use super::{Flag, FlagCommands, flag};

const B: FlagCommands = FlagCommands::BUILD;

pub(super) const FLAGS: &[Flag] = &[
    flag("tag", One, B, Text("image")),
    flag("config", One, B, Text("build_config")),
    flag("substitutions", Map, B, Text("substitutions")),
    flag("machine-type", One, B, Text("build_machine_type")),
    flag("region", One, B, Text("build_region")),
    flag("service-account", One, B, Text("build_service_account")),
    flag("worker-pool", One, B, Text("build_worker_pool")),
    flag("timeout", One, B, Text("build_timeout")),
    flag("gcs-source-staging-dir", One, B, Text("staging_bucket")),
    flag("gcs-log-dir", One, B, Text("build_logs")),
    flag("pack", Map, B, Text("build_args")),
    flag("no-cache", Alone, B, super::Means::Fixed(&[("build_cache", "none")])),
    flag("disk-size", One, B, Text("build_disk_size")),
    flag("default-buckets-behavior", One, B, Text("build_logs")),
    flag("ignore-file", One, B, Text("build_ignore_file")),
    flag("dir", One, B, Refused("it is about a source that Google fetches", "`source` names the directory")),
    flag("no-source", Alone, B, super::Means::Fixed(&[("build_without_source", "true")])),
    flag("git-source-dir", One, B, GIT),
    flag("git-source-revision", One, B, GIT),
    flag("revision", One, B, GIT),
    flag("async", Alone, B, Nothing("a deploy needs the image, so it waits for the build")),
    flag("suppress-logs", Alone, B, Nothing("no log is streamed; a failed build shows the end of it")),
    flag("polling-interval", One, B, Nothing("the status is looked at when the log ends, or after half a minute")),
];

const GIT: super::Means =
    Refused("Google would fetch the source", "what is built is what the workflow has checked out");
