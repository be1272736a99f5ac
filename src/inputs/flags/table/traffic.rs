//! `gcloud run services update-traffic`: what deploy-cloudrun takes in `update_traffic_flags`.

use super::Means::{Fixed, Nothing, Refused, Text};
use super::Shape::{Alone, List, Map, One};
use super::{Flag, Of, flag};

const T: Of = Of::TRAFFIC;

const TAGS: super::Means = Refused("tags are not moved without a deploy", "`tag` gives the revision of a deploy one");

pub(super) const FLAGS: &[Flag] = &[
    flag("to-revisions", Map, T, Text("traffic")),
    flag("to-tags", Map, T, Text("tag_traffic")),
    flag("to-latest", Alone, T, Fixed(&[("traffic", "latest")])),
    flag("set-tags", Map, T, TAGS),
    flag("update-tags", Map, T, TAGS),
    flag("remove-tags", List, T, TAGS),
    flag("clear-tags", Alone, T, TAGS),
    flag("region", One, T, Text("region")),
    flag("async", Alone, T, Nothing("the move is read back, so that what serves is known")),
];
