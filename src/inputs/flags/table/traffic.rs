//! `gcloud run services update-traffic`: what deploy-cloudrun takes in `update_traffic_flags`.

use super::Means::{Fixed, Map, Nothing, Text};
use super::Shape::{Alone, List, Map as Pairs, One};
use super::{Family, Flag, FlagCommands, Op, flag};

const T: FlagCommands = FlagCommands::TRAFFIC;

pub(super) const FLAGS: &[Flag] = &[
    flag("to-revisions", Pairs, T, Text("traffic")),
    flag("to-tags", Pairs, T, Text("tag_traffic")),
    flag("to-latest", Alone, T, Fixed(&[("traffic", "latest")])),
    flag("set-tags", Pairs, T, Map(Family::Tags, Op::Set)),
    flag("update-tags", Pairs, T, Map(Family::Tags, Op::Update)),
    flag("remove-tags", List, T, Map(Family::Tags, Op::Remove)),
    flag("clear-tags", Alone, T, Map(Family::Tags, Op::Clear)),
    flag("region", One, T, Text("region")),
    flag("async", Alone, T, Nothing("the move is read back, so that what serves is known")),
];
