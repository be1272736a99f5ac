//! A service in Knative's form (`apiVersion: serving.knative.dev/v1`), as gcloud exports it and takes it, in the form of
//! Cloud Run's v2 API, and the other way round. Jobs and worker pools have the same form under another name
//! (`run.googleapis.com/v1`).
//!
//! Nothing is left out but what Google writes itself: what is not understood, or has no place in v2, is a mistake.

mod annotation;
mod containers;
mod fields;
mod fields_others;
mod read;
mod reader;
mod table;
mod table_others;
#[cfg(test)]
pub(crate) mod tests;
mod write;

pub(super) use fields::SERVICE;
pub(super) use fields_others::{JOB, WORKER_POOL};
pub(super) use read::convert;
pub(crate) use write::write;

use super::Resource;
use annotation::{FieldPlace, On};

/// What becomes of an annotation of Google's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnotationRule {
    /// It is a field.
    Field,
    /// It is left out.
    LeftOut,
    /// It is a mistake.
    Mistake,
}

/// The list of annotations for people: its name, where it stands, what becomes of it, and the field in v2.
pub fn annotations(resource: Resource) -> Vec<(&'static str, String, AnnotationRule, String)> {
    let of = |annotation: &annotation::Annotation| {
        let on = match annotation.on {
            On::Service => resource.word().to_owned(),
            On::Template => "template".to_owned(),
            On::Both => format!("{} or template", resource.word()),
        };
        let fate = match annotation.place {
            FieldPlace::Field(..) | FieldPlace::Older(..) | FieldPlace::Containers(_) => AnnotationRule::Field,
            FieldPlace::Past | FieldPlace::Only(_) => AnnotationRule::LeftOut,
            FieldPlace::Nowhere(_) => AnnotationRule::Mistake,
        };
        (annotation.name, on, fate, annotation.field(resource).unwrap_or_default())
    };
    table::of(resource).map(of).collect()
}

/// What v2 does with an annotation whose name is Google's: leaves it out, or has a field for what it says.
pub(super) enum InV2 {
    /// Google or a client writes it about the past.
    LeftOut,
    /// It is this field.
    Field(String),
    /// It is not known.
    Unknown,
}

/// The same of one that stands in the v2 form.
pub(super) fn in_v2(resource: Resource, name: &str) -> InV2 {
    match table::anywhere(resource, name) {
        Some(annotation) if matches!(annotation.place, FieldPlace::Past | FieldPlace::Only(_)) => InV2::LeftOut,
        Some(annotation) => annotation.field(resource).map_or(InV2::Unknown, InV2::Field),
        None => InV2::Unknown,
    }
}
