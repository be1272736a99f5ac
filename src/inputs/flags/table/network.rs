//! Networks, who may call, and where it is: what stands around what runs.

use super::Means::{Fixed, Lines, Nothing, Refused, Several, Switch as Say, Text};
use super::Shape::{Alone, List, One, Switch};
use super::{Flag, FlagCommands, Op, flag};

const S: FlagCommands = FlagCommands::SERVICE;
const J: FlagCommands = FlagCommands::JOB;
const SJ: FlagCommands = FlagCommands(3);
const SP: FlagCommands = FlagCommands::SERVING;
const RUN: FlagCommands = FlagCommands::RUN;

pub(super) const FLAGS: &[Flag] = &[
    flag("ingress", One, S, Text("ingress")),
    flag("allow-unauthenticated", Switch, S, Say("allow_unauthenticated")),
    flag("invoker-iam-check", Switch, S, Say("invoker_iam_check")),
    flag("iap", Switch, S, Say("iap")),
    flag("default-url", Switch, S, Say("default_url")),
    flag("set-custom-audiences", List, S, Several("custom_audiences", Op::Set)),
    flag("add-custom-audiences", List, S, Several("custom_audiences", Op::Update)),
    flag("remove-custom-audiences", List, S, Several("custom_audiences", Op::Remove)),
    flag("clear-custom-audiences", Alone, S, Several("custom_audiences", Op::Clear)),
    flag("set-cloudsql-instances", List, RUN, Several("cloudsql_instances", Op::Set)),
    flag("add-cloudsql-instances", List, SP, Several("cloudsql_instances", Op::Update)),
    flag("remove-cloudsql-instances", List, SP, Several("cloudsql_instances", Op::Remove)),
    flag("clear-cloudsql-instances", Alone, SP, Several("cloudsql_instances", Op::Clear)),
    flag("vpc-connector", One, SJ, Text("vpc_connector")),
    flag("clear-vpc-connector", Alone, S, Fixed(&[("vpc_connector", "default")])),
    flag("vpc-egress", One, RUN, Text("vpc_egress")),
    flag("network", One, RUN, Text("network")),
    flag("subnet", One, RUN, Text("subnet")),
    flag("network-tags", List, RUN, Lines("network_tags")),
    flag("clear-network-tags", Alone, RUN, Fixed(&[("network_tags", "default")])),
    flag("clear-network", Alone, RUN, Fixed(&[("network", "none")])),
    flag("mesh", One, SP, super::Means::OrNone("mesh")),
    flag("region", One, RUN, Text("region")),
    flag(
        "regions",
        One,
        S,
        Refused(
            "one service in several regions is a resource of its own, and another one than several services",
            "the input `regions` deploys a service in each, side by side",
        ),
    ),
    flag(
        "namespace",
        One,
        FlagCommands(17),
        Refused("it is for Kubernetes clusters, and this deploys to Cloud Run", "remove it"),
    ),
    flag("async", Alone, S, Nothing(WAITS)),
    flag("async", Alone, FlagCommands::POOL, Nothing(WAITS)),
    flag(
        "async",
        Alone,
        J,
        Nothing("the job is written before anything else is done; `--execute-now` starts it and goes on"),
    ),
];

const WAITS: &str = "a deploy is over when the new revision is known to serve";
