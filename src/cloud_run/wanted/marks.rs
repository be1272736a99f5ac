//! What one run marks its writes with.

use slipway_names::ids::RevisionName;

/// What marks everything that one run makes, so that it can be found again.
#[derive(Debug, Clone)]
pub struct Marks {
    /// The name of the revision this run makes.
    pub revision: RevisionName,
    /// The tag its build is found by.
    pub request_tag: String,
    /// Further tags of the build, for people.
    pub build_tags: Vec<String>,
}
