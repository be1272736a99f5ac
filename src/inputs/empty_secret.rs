//! Why a secret is empty in this run, as far as the run itself can tell.

use super::pull_request::of_run;
use slipway_runner::env::Runner;

/// The account that Dependabot's runs are of.
const DEPENDABOT: &str = "dependabot[bot]";

/// The reason, to stand behind "it is empty:".
pub(crate) fn reason(runner: &Runner) -> String {
    let origin = &runner.origin;
    if origin.actor.as_deref() == Some(DEPENDABOT) {
        return format!(
            "Dependabot started this run, and its runs read secrets of their own, see `gh secret set NAME --app dependabot`; `if: github.actor != '{DEPENDABOT}'` leaves them out"
        );
    }
    let pull = of_run(origin).filter(|pull| pull.is_from_fork(origin.repository.as_deref()));
    if let Some(from) = pull.and_then(|pull| pull.from) {
        return format!("this run is for a pull request of `{from}`, and no other repository's runs get secrets");
    }
    "its name is misspelt, it belongs to another environment, nobody has made it yet, this run comes from a fork, or another workflow calls this one (`workflow_call`) without `secrets: inherit`".to_owned()
}
