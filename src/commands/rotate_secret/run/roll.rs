//! One verified rollout of the service with its references moved: the deploy's own, of the image that serves.

use super::look::SecretSeen;
use super::turn::Turn;
use super::{RotationProgress, SecretContext};
use crate::commands::deploy::plan::marks;
use crate::commands::rotate_secret::inputs::{Repoint, To};
use crate::commands::rotate_secret::plan::Replaced;
use slipway_failure::Failure;
use slipway_names::image::ImageRef;

impl Turn {
    /// A rollout of what serves, with the references moved `to` another version and the note written. `word` begins
    /// the ending of the revision's name.
    pub(super) fn new(
        context: &SecretContext<'_>,
        seen: &SecretSeen,
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
}

/// Rolls it out: candidate, checks, traffic, checks; back when anything fails.
///
/// # Errors
/// What failed, with the traffic as it was.
pub(super) async fn run(
    context: &SecretContext<'_>,
    progress: &mut RotationProgress,
    seen: &SecretSeen,
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
    let delivered = crate::service::deliver(&deploy, facts, Some(seen.service.clone()), &seen.image).await;
    crate::service::turned_back(&deploy, facts, delivered).await
}
