//! From the allocation that is there to the one that is asked for: tags first, then who receives the requests. Pure.

use thiserror::Error;

use super::rollout::{apportion, attach, tagged_target, untagged, whole, without_tags};
use super::wanted::names::MergeMode;
use super::wanted::traffic::{Allocation, Who};
use slipway_names::traffic::{Share, Traffic, TrafficTarget};

/// Why an allocation cannot be had.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AllocationError {
    /// Nothing stands where the tag is looked for.
    #[error("it has no revision with tag `{0}`")]
    NoSuchTag(String),
    /// Nobody is left who could get the rest.
    #[error("the percents add up to {0}, and no other revision serves that could keep the rest")]
    NobodyElse(u32),
}

/// The allocation `asked`, on a service whose allocation is `now`. What is missing to 100 percent stays with those that
/// serve and are not named, in the proportions that they have; without shares everybody keeps what he has.
///
/// # Errors
/// When it names a tag that is not there, or leaves a rest that nobody could keep.
pub fn asked(now: &Traffic, asked: &Allocation) -> Result<Traffic, AllocationError> {
    let mut there = whole(now);
    let named = |tag: &String| asked.tags.iter().any(|(name, _)| name == tag);
    let tags = there.shares.iter().filter_map(|share| share.tag.clone());
    let gone: Vec<String> = tags.filter(|tag| asked.others == MergeMode::Overwrite || named(tag)).collect();
    let before = there.clone();
    there = without_tags(there, &gone);
    for (tag, who) in &asked.tags {
        if let Some(who) = who {
            attach(&mut there.shares, target(&before, who)?, tag.clone());
        }
    }
    if asked.is_tags_alone() {
        return Ok(there);
    }
    let mut shares: Vec<Share> = Vec::new();
    for ask in &asked.shares {
        add(&mut shares, target(&there, &ask.who)?, ask.percent);
    }
    let sum: u32 = shares.iter().map(|share| u32::from(share.percent)).sum();
    let mut others: Vec<Share> = Vec::new();
    for share in there.shares.iter().filter(|share| share.percent > 0) {
        if shares.iter().all(|other| other.target != share.target) {
            add(&mut others, share.target.clone(), share.percent);
        }
    }
    if sum < 100 {
        if others.is_empty() {
            return Err(AllocationError::NobodyElse(sum));
        }
        let weights: Vec<u8> = others.iter().map(|share| share.percent).collect();
        let rest = apportion(&weights, u8::try_from(100 - sum).unwrap_or(0));
        shares.extend(others.into_iter().zip(rest).map(|(share, percent)| Share { percent, ..share }));
    }
    shares.retain(|share| share.percent > 0);
    for share in there.shares {
        if let Some(tag) = share.tag {
            attach(&mut shares, share.target, tag);
        }
    }
    Ok(Traffic { shares })
}

/// A line for each of them, however often it is named.
fn add(shares: &mut Vec<Share>, target: TrafficTarget, percent: u8) {
    match shares.iter_mut().find(|share| share.target == target) {
        Some(share) => share.percent = share.percent.saturating_add(percent),
        None => shares.push(untagged(target, percent)),
    }
}

/// Who is meant. A name that is a tag of the service means the tag: revisions begin with the service's name.
fn target(there: &Traffic, who: &Who) -> Result<TrafficTarget, AllocationError> {
    Ok(match who {
        Who::Latest => TrafficTarget::Latest,
        Who::Revision(name) => {
            tagged_target(there, name.as_str()).cloned().unwrap_or_else(|| TrafficTarget::Revision(name.clone()))
        }
        Who::Tag(tag) => tagged_target(there, tag).cloned().ok_or_else(|| AllocationError::NoSuchTag(tag.clone()))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud_run::wanted::traffic::Ask;
    use slipway_names::ids::RevisionName;

    fn revision(name: &str) -> RevisionName {
        RevisionName::parse(name).expect("a name")
    }

    fn there() -> Traffic {
        let share = |target, percent, tag: &str| Share {
            target,
            percent,
            tag: Some(tag.to_owned()).filter(|tag| !tag.is_empty()),
        };
        Traffic {
            shares: vec![
                share(TrafficTarget::Revision(revision("web-1")), 60, ""),
                share(TrafficTarget::Revision(revision("web-2")), 40, "blue"),
                share(TrafficTarget::Revision(revision("web-3")), 0, "green"),
            ],
        }
    }

    #[track_caller]
    fn then(shares: &[(&str, u8)], tags: &[(&str, &str)], others: MergeMode) -> Result<String, AllocationError> {
        let who = |name: &str| match name.strip_prefix("tag:") {
            Some(tag) => Who::Tag(tag.to_owned()),
            None if name == "latest" => Who::Latest,
            None => Who::Revision(revision(name)),
        };
        let allocation = Allocation {
            shares: shares.iter().map(|(name, percent)| Ask { who: who(name), percent: *percent }).collect(),
            tags: tags.iter().map(|(tag, name)| ((*tag).to_owned(), (!name.is_empty()).then(|| who(name)))).collect(),
            others,
        };
        asked(&there(), &allocation).map(|traffic| traffic.words(None))
    }

    #[test]
    fn tags_come_move_and_go_and_requests_stay() {
        let merge = |tags: &[(&str, &str)]| then(&[], tags, MergeMode::Merge);
        assert_eq!(
            merge(&[("green", "web-1"), ("red", "latest")]),
            Ok("60 % `web-1` (tag `green`), 40 % `web-2` (tag `blue`), 0 % latest (tag `red`)".into())
        );
        assert_eq!(
            merge(&[("green", "blue")]),
            Ok("60 % `web-1`, 40 % `web-2` (tag `blue`), 0 % `web-2` (tag `green`)".into()),
            "a tag names its revision"
        );
        assert_eq!(merge(&[("blue", "")]), Ok("60 % `web-1`, 40 % `web-2`, 0 % `web-3` (tag `green`)".into()));
        assert_eq!(
            merge(&[("blue", "green"), ("green", "blue")]),
            Ok("60 % `web-1`, 40 % `web-2` (tag `green`), 0 % `web-3` (tag `blue`)".into()),
            "what a tag names is what it was before"
        );
        assert_eq!(
            then(&[], &[("new", "web-3")], MergeMode::Overwrite),
            Ok("60 % `web-1`, 40 % `web-2`, 0 % `web-3` (tag `new`)".into())
        );
    }

    #[test]
    fn what_is_missing_to_a_hundred_stays_with_the_others() {
        let shares = |shares: &[(&str, u8)]| then(shares, &[], MergeMode::Merge);
        assert_eq!(
            shares(&[("web-3", 10)]),
            Ok("10 % `web-3` (tag `green`), 54 % `web-1`, 36 % `web-2` (tag `blue`)".into())
        );
        assert_eq!(
            shares(&[("web-1", 45)]),
            Ok("45 % `web-1`, 55 % `web-2` (tag `blue`), 0 % `web-3` (tag `green`)".into()),
            "the example in gcloud's help"
        );
        assert_eq!(
            shares(&[("web-1", 50), ("tag:blue", 30)]),
            Err(AllocationError::NobodyElse(80)),
            "gcloud refuses it too"
        );
        assert_eq!(shares(&[("tag:red", 100)]), Err(AllocationError::NoSuchTag("red".into())));
        assert_eq!(
            shares(&[("latest", 100)]),
            Ok("100 % latest, 0 % `web-2` (tag `blue`), 0 % `web-3` (tag `green`)".into())
        );
    }

    #[test]
    fn tags_stand_before_requests_move() {
        assert_eq!(
            then(&[("tag:red", 100)], &[("red", "web-3"), ("green", "")], MergeMode::Merge),
            Ok("100 % `web-3` (tag `red`), 0 % `web-2` (tag `blue`)".into())
        );
    }
}
