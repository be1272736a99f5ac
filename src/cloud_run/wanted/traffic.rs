//! Who receives the requests of a service, and where its tags stand, as somebody asks for it.

use super::names::MergeMode;
use slipway_names::ids::RevisionName;

/// An allocation that is asked for: who receives the requests, and where the tags stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allocation {
    /// Who receives the requests; empty leaves them where they go.
    pub shares: Vec<Ask>,
    /// Tags and who gets each of them; `None` takes one away.
    pub tags: Vec<(String, Option<Who>)>,
    /// What happens to the other tags.
    pub others: MergeMode,
}

impl Allocation {
    /// Everything to one revision.
    pub fn whole(revision: RevisionName) -> Self {
        Self { shares: vec![Ask { who: Who::Revision(revision), percent: 100 }], ..Self::default() }
    }

    /// Whether it is about tags alone.
    pub fn is_tags_alone(&self) -> bool {
        self.shares.is_empty()
    }
}

/// A share that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Who shall receive it.
    pub who: Who,
    /// Percent of the requests.
    pub percent: u8,
}

/// Who shall receive a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Whatever revision is the latest, now and later.
    Latest,
    /// The revision of that name.
    Revision(RevisionName),
    /// The revision with that traffic tag.
    Tag(String),
}
