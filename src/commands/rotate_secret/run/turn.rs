//! What the deploy's machinery is told for one rollout of a rotation.

use serde_json::{Map, Value};

use super::SecretContext;
use crate::commands::deploy::inputs::Deploy;
use crate::commands::deploy::plan::{Marks, marks};
use crate::service::{Context, Together};
use slipway_runner::env::Origin;

/// A rollout: what it writes, and what marks it.
#[derive(Debug)]
pub(super) struct Turn {
    /// What the deploy's machinery is told.
    pub deploy: Deploy,
    /// What marks the revision and the rollout.
    pub marks: Marks,
    /// The run's origin, of the commit that serves.
    pub origin: Option<Origin>,
    /// The template that it begins from, as it was asked for.
    pub original: Option<Map<String, Value>>,
    /// What the service noted about replaced versions before.
    pub noted: String,
}

impl Turn {
    /// A rollout of nothing, for looking.
    pub(super) fn plain(context: &SecretContext<'_>) -> Self {
        let deploy = context.rotate.deploy.clone();
        let marks = marks(&deploy, context.origin, context.nonce);
        Self { deploy, marks, origin: None, original: None, noted: String::new() }
    }

    /// What the deploy's steps may use.
    pub(super) fn context<'a>(&'a self, context: &'a SecretContext<'_>, origin: &'a Origin) -> Context<'a> {
        Context {
            deploy: &self.deploy,
            marks: &self.marks,
            origin: self.origin.as_ref().unwrap_or(origin),
            service_name: context.service_name.clone(),
            http: context.http,
            github: None,
            probe: context.probe,
            console: context.console,
            files: context.files,
            // One region by itself: there is nobody to wait for.
            together: Together::of(1).remove(0),
            name: format!("Region `{}`", self.deploy.region),
            prefix: String::new(),
        }
    }
}
