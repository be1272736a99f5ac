//! Flags that gcloud takes and its help leaves out: of old, of other platforms, of tools that call it.

use super::Means::{Nothing, Only, Probe, Refused, Text};
use super::Shape::{Map, One};
use super::{Flag, FlagCommands, Means, each, flag};

const S: FlagCommands = FlagCommands::SERVICE;
const ALL: FlagCommands = FlagCommands::ALL;

/// Kubernetes clusters, by whichever name.
const CLUSTERS: Means = Refused("it is for Kubernetes clusters, and this deploys to Cloud Run", "remove it");

pub(super) const FLAGS: &[Flag] = &[
    flag("platform", One, ALL, Only("managed", "this deploys to Cloud Run itself, which gcloud calls `managed`")),
    flag("cluster", One, ALL, CLUSTERS),
    flag("cluster-location", One, ALL, CLUSTERS),
    flag("context", One, ALL, CLUSTERS),
    flag("kubeconfig", One, ALL, CLUSTERS),
    flag("connectivity", One, S, Refused("it is for Kubernetes clusters", "`--ingress` says who may send requests")),
    flag("service-min-instances", One, S, Text("min")),
    flag("service-max-instances", One, S, Text("max")),
    each("readiness-probe", Map, S, Probe("readiness_probe")),
    flag("client-name", One, ALL, Nothing("what is written says that this wrote it")),
    flag("client-version", One, ALL, Nothing("what is written says that this wrote it")),
    flag(
        "update-annotations",
        Map,
        FlagCommands::RUN,
        Refused("annotations of Google's are settings, and those have inputs", "write the setting, or a `manifest`"),
    ),
    flag("credential-file-override", One, ALL, Refused("it would change who acts", "say who signs in with inputs")),
    flag("authorization-token-file", One, ALL, Refused("it would change who acts", "say who signs in with inputs")),
    flag("universe-domain", One, ALL, Refused("this is for googleapis.com alone", "remove it")),
];
