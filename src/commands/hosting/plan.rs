//! From the inputs of the hosting commands to their steps.

use std::time::Duration;

use crate::commands::hosting::inputs::{Channel, Gone, Hosting, SiteSource, SiteWork};
use crate::step::PlannedStep;
use crate::step::StepName;

/// The steps of a run of a hosting command, in order.
pub fn steps(hosting: &Hosting) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    let mut add = |name, text: String| steps.push(PlannedStep { name, text });
    add(StepName::SignIn, format!("as `{}`", hosting.credentials.principal));
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
                add(StepName::Channel, format!("`{id}`, for {} from now", life(*ttl)));
            }
        }
        SiteWork::Remove { channels: Gone::None(why), .. } => {
            steps.truncate(0);
            steps.push(PlannedStep { name: StepName::Channel, text: format!("nothing to do: {why}") });
            return steps;
        }
        SiteWork::Remove { channels, .. } => {
            add(StepName::Channel, format!("`{}` is removed, if it is there", channels.shown()));
            return steps;
        }
        SiteWork::Rollback { to: Some(version), .. } => add(StepName::PickVersion, format!("version `{version}`")),
        SiteWork::Rollback { to: None, .. } => {
            add(StepName::PickVersion, "the version that was served before".to_owned())
        }
        SiteWork::Promote { from, .. } => {
            add(StepName::PickVersion, format!("the version that channel `{from}` shows"))
        }
    }
    add(StepName::Release, format!("on channel `{}`, once, and read back", hosting.channel()));
    if !hosting.checks.checks.is_empty() {
        let back = if hosting.channel() == slipway_names::hosting::LIVE {
            "; what was shown before is back when they do not pass"
        } else {
            ""
        };
        let checks = match hosting.checks.checks.len() {
            1 => "1 check".to_owned(),
            count => format!("{count} checks"),
        };
        add(StepName::Verify, format!("{checks}, for up to {} s{back}", hosting.checks.timeout.as_secs()));
    }
    steps
}

/// A length of time in its largest unit.
fn life(ttl: Duration) -> String {
    let (days, hours, minutes) = (ttl.as_secs() / 86_400, ttl.as_secs() / 3600, ttl.as_secs() / 60);
    match () {
        () if days * 24 == hours && hours * 60 == minutes && days > 0 => format!("{days} days"),
        () if hours * 60 == minutes && hours > 0 => format!("{hours} hours"),
        () => format!("{minutes} minutes"),
    }
}

fn described(source: &SiteSource) -> String {
    match (&source.site, source.shown.is_empty()) {
        (Some(site), false) => format!("`{}` for site `{site}`", source.shown),
        (Some(site), true) => format!("site `{site}`, which has none"),
        (None, _) => format!("`{}`", source.shown),
    }
}
