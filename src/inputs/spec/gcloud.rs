//! Inputs in gcloud's own spelling, and those that only deploy-cloudrun has.

use super::super::engine::declare::{Input, InputGroup, inputs};

inputs! {
    /// For steps that were written for google-github-actions/deploy-cloudrun.
    const _ = [
        COMPAT = text(
            "compat",
            InputGroup::Moved,
            "",
            "`deploy-cloudrun`: the step is one of google-github-actions/deploy-cloudrun with another `uses:`; what it says is read as that action reads it, and the inputs below are taken",
        ),
        JOB = text(
            "job",
            InputGroup::Moved,
            "",
            "In place of `service`: the job that is written, and run where `wait` is `true`",
        ),
        WAIT = switch("wait", InputGroup::Moved, "false", "With `job`: run it, and wait for its end"),
        UPDATE_TRAFFIC_FLAGS = text(
            "update_traffic_flags",
            InputGroup::Moved,
            "",
            "Flags of `gcloud run services update-traffic`, with `revision_traffic` or `tag_traffic`",
        ).secret(),
        GCLOUD_VERSION = text("gcloud_version", InputGroup::Moved, "", "Means nothing: no gcloud is used"),
        GCLOUD_COMPONENT = text(
            "gcloud_component",
            InputGroup::Moved,
            "",
            "Means nothing: every flag of gcloud's beta is taken",
        ),
    ];

    /// Settings as flags of gcloud.
    const _ = [
        FLAGS = text(
            "flags",
            InputGroup::Service,
            "",
            "Settings in gcloud's spelling, such as `--use-http2 --min=1` (docs/PARITY.md has every flag); quotes work as in a shell",
        ).secret(),
    ];
}
