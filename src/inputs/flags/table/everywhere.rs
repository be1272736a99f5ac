//! Flags that every command of gcloud has: how gcloud prints, what it asks, and who acts.

use super::Means::{Nothing, Refused, Text};
use super::Shape::{Alone, List, One, Switch};
use super::{Flag, FlagCommands, flag};

const ALL: FlagCommands = FlagCommands::ALL;

/// What nobody reads is not printed.
const PRINTED: &str = "it is about what gcloud prints; a step here has outputs, a summary and a report";

/// Why who acts is not changed in passing.
const WHO: &str = "it would change who acts";

const SIGN_IN: &str = "say who signs in with `credentials_json`, `workload_identity_provider` or `service_account`";

pub(super) const FLAGS: &[Flag] = &[
    flag("project", One, ALL, Text("project_id")),
    flag("billing-project", One, ALL, Text("quota_project")),
    flag("quiet", Alone, ALL, Nothing("nothing is ever asked")),
    flag("format", One, ALL, Nothing(PRINTED)),
    flag("flatten", List, ALL, Nothing(PRINTED)),
    flag("verbosity", One, ALL, Nothing(PRINTED)),
    flag("user-output-enabled", Switch, ALL, Nothing(PRINTED)),
    flag("log-http", Switch, ALL, Nothing("no request is ever printed, as it could hold secrets")),
    flag("help", Alone, ALL, Refused("it only prints", "docs/PARITY.md has every flag")),
    flag("account", One, ALL, Refused(WHO, SIGN_IN)),
    flag("access-token-file", One, ALL, Refused(WHO, SIGN_IN)),
    flag(
        "impersonate-service-account",
        One,
        ALL,
        Refused(WHO, "write `service_account`, and `delegates` for a chain of accounts"),
    ),
    flag(
        "configuration",
        One,
        ALL,
        Refused(
            "no configuration of gcloud is read",
            "write `project_id`, `region` and the other inputs that it holds",
        ),
    ),
    flag("flags-file", One, ALL, Refused("it would read flags from another file", "write them here")),
    flag("trace-token", One, ALL, Refused("requests are not routed to a trace of Google's support", "remove it")),
];
