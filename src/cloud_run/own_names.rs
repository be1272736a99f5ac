//! The annotations and labels that are this program's own, by their names.

/// Records a rollout from before its first move until its end.
pub(super) const ROLLOUT: &str = "slipway.dev/rollout";

/// Says what served last by a finished rollout.
pub(super) const SERVING: &str = "slipway.dev/serving";

/// Lists candidates that wait without traffic.
pub(super) const CANDIDATES: &str = "slipway.dev/candidates";

/// Lists revisions that came and were never promoted.
pub(super) const UNPROMOTED: &str = "slipway.dev/unpromoted";

/// Annotation of a template, and so of its revision: the run that wrote it, and the revision it wrote. Other tools
/// carry it along when they change the template, and give the revision another name then.
pub const WRITTEN_BY: &str = "slipway.dev/run";

/// Annotation of the service that says which versions of its secrets were replaced, and when. Secrets have none that
/// the role of a rotation may write.
pub const REPLACED: &str = "slipway.dev/replaced-secrets";

/// Labels that deploys give by themselves.
pub const OWN_LABELS: [&str; 2] = ["managed-by", "commit-sha"];

/// Whether an annotation, of a service or of its template, is one of ours.
pub fn is_note(name: &str) -> bool {
    let own = [ROLLOUT, SERVING, CANDIDATES, UNPROMOTED, WRITTEN_BY, REPLACED];
    own.iter().any(|note| name.ends_with(note))
}
