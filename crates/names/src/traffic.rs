//! Who serves: the traffic allocation of a service.

use super::ids::RevisionName;

/// Where a share of the requests goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrafficTarget {
    /// Whatever revision became ready last.
    Latest,
    /// This revision, whatever comes later.
    Revision(RevisionName),
}

/// One line of an allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Who receives it.
    pub target: TrafficTarget,
    /// Percent of all requests, 0 to 100.
    pub percent: u8,
    /// The traffic tag, which gives the target an address of its own.
    pub tag: Option<String>,
}

/// A whole allocation, in Google's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The lines; empty means what Google means by it: everything to the latest revision.
    pub shares: Vec<Share>,
}

impl Traffic {
    /// Percent that `revision` receives, when `latest_ready` is what `Latest` stands for.
    pub fn share_of(&self, revision: &RevisionName, latest_ready: Option<&RevisionName>) -> u8 {
        if self.shares.is_empty() {
            return if latest_ready == Some(revision) { 100 } else { 0 };
        }
        self.shares
            .iter()
            .filter(|share| match &share.target {
                TrafficTarget::Latest => latest_ready == Some(revision),
                TrafficTarget::Revision(name) => name == revision,
            })
            .fold(0, |sum, share| sum + share.percent)
    }

    /// The revision with the largest share, when one has any.
    pub fn main_revision<'a>(&'a self, latest_ready: Option<&'a RevisionName>) -> Option<&'a RevisionName> {
        if self.shares.is_empty() {
            return latest_ready;
        }
        self.shares.iter().filter(|share| share.percent > 0).max_by_key(|share| share.percent).and_then(|share| {
            match &share.target {
                TrafficTarget::Latest => latest_ready,
                TrafficTarget::Revision(name) => Some(name),
            }
        })
    }

    /// The allocation in words, with the revision that `Latest` stands for.
    pub fn words(&self, latest_ready: Option<&RevisionName>) -> String {
        let latest = || latest_ready.map_or_else(|| "latest".to_owned(), |name| format!("`{name}` (latest)"));
        if self.shares.is_empty() {
            return format!("100 % {}", latest());
        }
        let share = |share: &Share| {
            let target = match &share.target {
                TrafficTarget::Latest => latest(),
                TrafficTarget::Revision(name) => format!("`{name}`"),
            };
            let tag = share.tag.as_ref().map(|tag| format!(" (tag `{tag}`)")).unwrap_or_default();
            format!("{} % {target}{tag}", share.percent)
        };
        self.shares.iter().map(share).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(name: &str) -> RevisionName {
        RevisionName::parse(name).expect("a revision name")
    }

    fn share(target: TrafficTarget, percent: u8) -> Share {
        Share { target, percent, tag: None }
    }

    #[test]
    fn shares_add_up_over_names_and_latest() {
        let (old, new) = (revision("web-1"), revision("web-2"));
        let traffic = Traffic {
            shares: vec![
                share(TrafficTarget::Latest, 30),
                share(TrafficTarget::Revision(old.clone()), 60),
                share(TrafficTarget::Revision(new.clone()), 10),
            ],
        };
        assert_eq!(traffic.share_of(&new, Some(&new)), 40);
        assert_eq!(traffic.share_of(&new, Some(&old)), 10);
        assert_eq!(traffic.main_revision(Some(&new)), Some(&old));
        assert_eq!(traffic.words(Some(&new)), "30 % `web-2` (latest), 60 % `web-1`, 10 % `web-2`");
    }

    #[test]
    fn an_empty_allocation_is_everything_to_latest() {
        let new = revision("web-2");
        assert_eq!(Traffic::default().share_of(&new, Some(&new)), 100);
        assert_eq!(Traffic::default().share_of(&new, None), 0);
        assert_eq!(Traffic::default().main_revision(Some(&new)), Some(&new));
    }
}
