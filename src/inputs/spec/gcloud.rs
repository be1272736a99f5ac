//! Inputs in gcloud's own spelling, and those that only deploy-cloudrun has.

use super::{Group, Input, secret, spelling, switch, text};

/// Settings as flags of gcloud.
pub(super) const fn flags(group: Group) -> Input {
    secret(text(
        group,
        "flags",
        "",
        "Settings in gcloud's spelling, such as `--use-http2 --min=1` (docs/PARITY.md has every flag); quotes work as in a shell",
    ))
}

/// For steps that were written for google-github-actions/deploy-cloudrun.
pub(super) const MOVED: [Input; 7] = [
    text(
        Group::Moved,
        "compat",
        "",
        "`deploy-cloudrun`: the step is one of google-github-actions/deploy-cloudrun with another `uses:`; what it says is read as that action reads it, and the inputs below are taken",
    ),
    Input { group: Group::Moved, ..spelling("metadata", "manifest") },
    text(Group::Moved, "job", "", "In place of `service`: the job that is written, and run where `wait` is `true`"),
    switch(Group::Moved, "wait", "false", "With `job`: run it, and wait for its end"),
    secret(text(
        Group::Moved,
        "update_traffic_flags",
        "",
        "Flags of `gcloud run services update-traffic`, with `revision_traffic` or `tag_traffic`",
    )),
    text(Group::Moved, "gcloud_version", "", "Means nothing: no gcloud is used"),
    text(Group::Moved, "gcloud_component", "", "Means nothing: every flag of gcloud's beta is taken"),
];
