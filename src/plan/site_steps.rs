//! From the inputs of the hosting commands to their steps.

use super::decide::Step;
use crate::inputs::hosting::{Channel, Hosting, SiteSource, SiteWork};
use crate::model::facts::StepName;

/// The steps of a run of a hosting command, in order.
pub fn steps(hosting: &Hosting) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut add = |name, text: String| steps.push(Step { name, text });
    add(StepName::SignIn, format!("as `{}`", hosting.key.email));
    add(
        StepName::Site,
        format!("in project `{}`, and what channel `{}` shows now", hosting.project, hosting.channel()),
    );
    match &hosting.what {
        SiteWork::Deploy(upload) => {
            for source in &upload.sites {
                add(StepName::Files, format!("of {}: listed, compressed, hashed", described(source)));
                add(StepName::Send, "what Hosting does not have yet".to_owned());
                add(StepName::Finalize, "a version that nobody sees yet".to_owned());
            }
            if let Channel::Preview { id, ttl } = &upload.channel {
                add(StepName::Channel, format!("`{id}`, for {} hours from now", ttl.as_secs() / 3600));
            }
        }
        SiteWork::Rollback { to: Some(version), .. } => add(StepName::Pick, format!("version `{version}`")),
        SiteWork::Rollback { to: None, .. } => add(StepName::Pick, "the version that was served before".to_owned()),
        SiteWork::Promote { from, .. } => add(StepName::Pick, format!("the version that channel `{from}` shows")),
    }
    add(StepName::Release, format!("on channel `{}`, once, and read back", hosting.channel()));
    if !hosting.checks.checks.is_empty() {
        let back = if hosting.channel() == crate::model::hosting::LIVE {
            "; what was shown before is back when they do not pass"
        } else {
            ""
        };
        let count = hosting.checks.checks.len();
        add(StepName::Verify, format!("{count} checks, for up to {} s{back}", hosting.checks.timeout.as_secs()));
    }
    steps
}

fn described(source: &SiteSource) -> String {
    match (&source.site, source.shown.is_empty()) {
        (Some(site), false) => format!("`{}` for site `{site}`", source.shown),
        (Some(site), true) => format!("site `{site}`, which has none"),
        (None, _) => format!("`{}`", source.shown),
    }
}
