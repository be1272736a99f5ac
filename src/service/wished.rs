//! The name that a manifest wishes for the new revision: taken where it is free. Exports name the revision that they
//! were made of, and a revision is never changed, so a name that is taken is no wish.

use crate::commands::deploy::inputs::Deploy;
use crate::commands::deploy::plan::{Marks, wished, with_own_name};
use slipway_google::cloud_run::{self as cloud_run, resource_name};
use slipway_google::http::Http;
use slipway_runner::Console;
use slipway_runner::env::Origin;

/// The marks of a run, with another name where the wished one is taken in any of its regions. What may not be looked at
/// the write will tell.
pub async fn settle(console: &Console, http: &Http, deploys: &[Deploy], origin: &Origin, marks: Marks) -> Marks {
    let Some(first) = deploys.first().filter(|deploy| wished(deploy).is_some()) else { return marks };
    for deploy in deploys {
        let service = resource_name(deploy.kind, deploy.project.as_str(), &deploy.region, &deploy.service);
        if let Ok(Some(_)) = cloud_run::revision_json(http, &service, &marks.revision).await {
            let own = with_own_name(&marks, first, origin);
            console.line(&format!(
                "Revision `{}`, which the manifest names, is there already: the new one is `{}`",
                marks.revision, own.revision
            ));
            return own;
        }
    }
    marks
}
