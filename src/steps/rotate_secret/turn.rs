//! One verified rollout of the service with its references moved: the deploy's own, of the image that serves.

use serde_json::{Map, Value};

use super::look::Seen;
use super::{Progress, SecretContext};
use crate::explain::Failure;
use crate::inputs::deploy::Deploy;
use crate::inputs::rotate_secret::{Repoint, To};
use crate::inputs::runner::Origin;
use crate::model::image::ImageRef;
use crate::plan::decide::{Marks, marks};
use crate::plan::rotate_secret::Replaced;
use crate::steps::{Context, Together};

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

    /// A rollout of what serves, with the references moved `to` another version and the note written. `word` begins
    /// the ending of the revision's name.
    pub(super) fn new(
        context: &SecretContext<'_>,
        seen: &Seen,
        word: &str,
        to: Option<To>,
        note: Option<String>,
    ) -> Self {
        let mut deploy = context.rotate.deploy.clone();
        deploy.settings.suffix = Some(format!("{word}-{}", context.nonce.get(..5).unwrap_or(context.nonce)));
        deploy.settings.repoint = Some(Box::new(Repoint {
            seen: seen.service.json().get("template").cloned().unwrap_or_default(),
            template: seen.template.clone(),
            secret: seen.secret.clone(),
            home: deploy.project.to_string(),
            to,
            note,
        }));
        let marks = marks(&deploy, &seen.origin, context.nonce);
        let noted = Replaced::on(seen.service.json()).text();
        Self { deploy, marks, origin: Some(seen.origin.clone()), original: Some(seen.original.clone()), noted }
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

/// Rolls it out: candidate, checks, traffic, checks; back when anything fails.
///
/// # Errors
/// What failed, with the traffic as it was.
pub(super) async fn roll(
    context: &SecretContext<'_>,
    progress: &mut Progress,
    seen: &Seen,
    word: &str,
    to: To,
    note: Option<String>,
) -> Result<(), Failure> {
    let turn = progress.turn.insert(Turn::new(context, seen, word, Some(to), note));
    let deploy = turn.context(context, context.origin);
    let facts = &mut progress.facts;
    if let Some(pinned) = ImageRef::parse(&seen.image).ok().and_then(|image| image.pinned()) {
        facts.digest = Some(pinned.digest().clone());
        facts.image = Some(pinned);
    }
    let delivered = super::super::deliver(&deploy, facts, Some(seen.service.clone()), &seen.image).await;
    super::super::turned_back(&deploy, facts, delivered).await
}
