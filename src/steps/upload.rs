//! Staging.
use super::Context;
use super::preflight::Seen;
use crate::explain::Failure;
use crate::inputs::deploy::Build;
use crate::model::facts::Facts;
use crate::plan::build::Staged;

pub(super) async fn stage(
    _context: &Context<'_>,
    _facts: &mut Facts,
    _build: &Build,
    _seen: &Seen,
) -> Result<Staged, Failure> {
    unreachable!()
}
