//! Who serves when, from the allocation that was there to the one that shall be. Pure.
//!
//! Percents are derived from two facts, what served before and which revision comes, so that going back never depends
//! on what happened in between. Tags are those that the service has now: others may come and go while a rollout goes on.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use slipway_names::ids::RevisionName;
use slipway_names::traffic::{Share, Traffic, TrafficTarget};

/// Traffic tag and service name together may have this many characters (docs: run/docs/rollouts-rollbacks-traffic-migration, traffic tags).
const TAG_AND_SERVICE: usize = 46;

/// A run-unique tag needs at least this many characters to be unlike any other.
const SHORTEST_TAG: usize = 4;

/// A rollout: what served, and which revision comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// The allocation before, by revision names.
    pub before: Traffic,
    /// Whether everything went to the latest revision before, whatever its name.
    pub followed_latest: bool,
    /// Tags that stood on the latest revision before, whatever its name.
    pub latest_tags: Vec<String>,
    /// The revision that comes.
    pub revision: RevisionName,
    /// Its traffic tag while it is tried; the user's own tag stays afterwards.
    pub tag: String,
    /// Whether the tag is the user's.
    pub keep_tag: bool,
}

/// A tag for one run, `None` when the service's name leaves no room for one.
pub fn run_tag(service: &str, nonce: &str) -> Option<String> {
    let room = TAG_AND_SERVICE.checked_sub(service.len()).filter(|room| *room >= SHORTEST_TAG)?;
    Some(format!("c{}", nonce.chars().take(room.min(8) - 1).collect::<String>()))
}

/// The allocation, written out where nothing is written: everything to the latest revision.
pub fn whole(traffic: &Traffic) -> Traffic {
    if traffic.shares.is_empty() { following(traffic, &[]) } else { traffic.clone() }
}

/// Everything to the latest revision, whatever its name, with the tags that are there `now`; those among `followed` stand
/// on the latest one too.
pub fn following(now: &Traffic, followed: &[String]) -> Traffic {
    let mut shares = vec![Share { target: TrafficTarget::Latest, percent: 100, tag: None }];
    shares.extend(now.shares.iter().filter_map(|share| {
        let tag = share.tag.clone()?;
        let target = if followed.contains(&tag) { TrafficTarget::Latest } else { share.target.clone() };
        Some(Share { target, percent: 0, tag: Some(tag) })
    }));
    Traffic { shares }
}

/// The allocation by names: what `LATEST` stands for now is written out, so that a new revision
/// changes nothing. `None` when nothing serves.
pub fn pinned(traffic: &Traffic, latest_ready: Option<&RevisionName>) -> Option<Traffic> {
    let named = whole(traffic).shares.into_iter().map(|share| {
        let target = match share.target {
            TrafficTarget::Latest => TrafficTarget::Revision(latest_ready?.clone()),
            named => named,
        };
        Some(Share { target, ..share })
    });
    let shares: Vec<Share> = named.collect::<Option<_>>()?;
    let total: u32 = shares.iter().map(|share| u32::from(share.percent)).sum();
    (total == 100).then_some(Traffic { shares })
}

/// The allocation without some tags; what neither serves nor is tagged goes.
pub fn without_tags(traffic: Traffic, gone: &[String]) -> Traffic {
    let kept = |tag: &String| !gone.contains(tag);
    let shares = traffic.shares.into_iter().map(|share| Share { tag: share.tag.filter(kept), ..share });
    Traffic { shares: shares.filter(|share| share.percent > 0 || share.tag.is_some()).collect() }
}

/// The allocation with a tag on a revision, and nowhere else. No request is sent elsewhere by it.
pub fn with_tag(traffic: Traffic, tag: &str, on: &RevisionName) -> Traffic {
    let mut traffic = without_tags(traffic, &[tag.to_owned()]);
    attach(&mut traffic.shares, TrafficTarget::Revision(on.clone()), tag.to_owned());
    traffic
}

/// The revision that a tag stands on, if that is known by its name.
pub fn tagged<'a>(traffic: &'a Traffic, tag: &str) -> Option<&'a RevisionName> {
    match tagged_target(traffic, tag)? {
        TrafficTarget::Revision(name) => Some(name),
        TrafficTarget::Latest => None,
    }
}

/// What a tag stands on.
pub(super) fn tagged_target<'a>(traffic: &'a Traffic, tag: &str) -> Option<&'a TrafficTarget> {
    traffic.shares.iter().find(|share| share.tag.as_deref() == Some(tag)).map(|share| &share.target)
}

/// Tags that stand on the latest revision, whatever its name.
pub fn latest_tags(traffic: &Traffic) -> Vec<String> {
    traffic
        .shares
        .iter()
        .filter(|share| share.target == TrafficTarget::Latest)
        .filter_map(|share| share.tag.clone())
        .collect()
}

/// Percent by revision, for those that get any; `None` when nothing serves.
pub fn percents(traffic: &Traffic, latest_ready: Option<&RevisionName>) -> Option<BTreeMap<String, u8>> {
    let mut percents = BTreeMap::new();
    for share in pinned(traffic, latest_ready)?.shares.iter().filter(|share| share.percent > 0) {
        if let TrafficTarget::Revision(name) = &share.target {
            *percents.entry(name.to_string()).or_default() += share.percent;
        }
    }
    Some(percents)
}

/// Whether two allocations send the requests and the tags to the same revisions, however Google orders or
/// joins their lines.
pub fn same(a: &Traffic, b: &Traffic, latest_ready: Option<&RevisionName>) -> bool {
    let tags = |traffic: &Traffic| -> Option<BTreeMap<String, TrafficTarget>> {
        let tagged = pinned(traffic, latest_ready)?.shares.into_iter();
        Some(tagged.filter_map(|share| Some((share.tag?, share.target))).collect())
    };
    let percents = |traffic| percents(traffic, latest_ready);
    percents(a).is_some() && percents(a) == percents(b) && tags(a) == tags(b)
}

/// Whether everything goes to the latest revision.
pub fn follows_latest(traffic: &Traffic) -> bool {
    traffic.shares.is_empty()
        || traffic.shares.iter().any(|share| share.target == TrafficTarget::Latest && share.percent == 100)
}

impl Rollout {
    /// The revision on its tag, with the share it had before: none, when it is new.
    pub fn candidate(&self, now: &Traffic) -> Traffic {
        self.at(self.share_before(), now)
    }

    /// Percent the revision had before.
    pub fn share_before(&self) -> u8 {
        self.before.share_of(&self.revision, None)
    }

    /// The revision with `percent` of the requests, the others with the rest in the proportions
    /// they had. `now` is the allocation that it takes the place of.
    pub fn at(&self, percent: u8, now: &Traffic) -> Traffic {
        let others: Vec<u8> = self.others().map(|share| share.percent).collect();
        // Where nobody else serves, nobody else can take the rest.
        let percent = if others.iter().all(|share| *share == 0) { 100 } else { percent.min(100) };
        let rest = self.others().zip(apportion(&others, 100 - percent));
        let mut shares: Vec<Share> = rest.map(|(share, percent)| untagged(share.target.clone(), percent)).collect();
        shares.push(untagged(self.target(), percent));
        self.tagged(shares, now, |_, named| named, Some(self.target()))
    }

    /// The revision with everything, the run's own tag gone. Where the service followed its latest revision it does so
    /// again, if this revision is the `newest` one; else `LATEST` would be somebody else's.
    pub fn done(&self, newest: bool, now: &Traffic) -> Traffic {
        let follows = newest && self.followed_latest;
        let target = if follows { TrafficTarget::Latest } else { self.target() };
        let followed = |tag: &str, named: TrafficTarget| {
            if newest && self.latest_tags.iter().any(|other| other == tag) { TrafficTarget::Latest } else { named }
        };
        // The user's tag stays with its revision, not with whatever comes after it.
        self.tagged(vec![untagged(target, 100)], now, followed, self.keep_tag.then(|| self.target()))
    }

    /// What was there before: who served, and the tag where it stood. Line by line, unless others have changed tags
    /// meanwhile.
    pub fn undone(&self, now: &Traffic) -> Traffic {
        let tags_of = |traffic: &Traffic| -> BTreeMap<String, TrafficTarget> {
            let tagged = traffic.shares.iter().filter_map(|share| Some((share.tag.clone()?, share.target.clone())));
            tagged.filter(|(tag, _)| *tag != self.tag).collect()
        };
        if tags_of(now) == tags_of(&self.before) {
            return self.before.clone();
        }
        let shares = self.before.shares.iter().map(|share| untagged(share.target.clone(), share.percent)).collect();
        let tag = tagged(&self.before, &self.tag).cloned().map(TrafficTarget::Revision);
        self.tagged(shares, now, |_, named| named, tag)
    }

    fn target(&self) -> TrafficTarget {
        TrafficTarget::Revision(self.revision.clone())
    }

    fn others(&self) -> impl Iterator<Item = &Share> {
        self.before.shares.iter().filter(|share| share.target != self.target())
    }

    /// The shares with the tags that the service has `now`, each where `place` says, and with the rollout's own.
    fn tagged(
        &self,
        shares: Vec<Share>,
        now: &Traffic,
        place: impl Fn(&str, TrafficTarget) -> TrafficTarget,
        own: Option<TrafficTarget>,
    ) -> Traffic {
        let mut shares: Vec<Share> = shares.into_iter().filter(|share| share.percent > 0).collect();
        for share in &now.shares {
            let Some(tag) = share.tag.clone().filter(|tag| *tag != self.tag) else { continue };
            attach(&mut shares, place(&tag, share.target.clone()), tag);
        }
        if let Some(own) = own {
            attach(&mut shares, own, self.tag.clone());
        }
        Traffic { shares }
    }
}

/// A line of an allocation without a tag.
pub(super) fn untagged(target: TrafficTarget, percent: u8) -> Share {
    Share { target, percent, tag: None }
}

/// Puts a tag on the line of its revision, or on a line of its own.
pub(super) fn attach(shares: &mut Vec<Share>, target: TrafficTarget, tag: String) {
    match shares.iter_mut().find(|share| share.target == target && share.tag.is_none()) {
        Some(share) => share.tag = Some(tag),
        None => shares.push(Share { target, percent: 0, tag: Some(tag) }),
    }
}

/// Splits `total` in the proportions of `weights`, to whole numbers that add up (largest remainder).
pub(super) fn apportion(weights: &[u8], total: u8) -> Vec<u8> {
    let sum: u32 = weights.iter().map(|weight| u32::from(*weight)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: u8| u32::from(weight) * u32::from(total);
    let mut parts: Vec<u32> = weights.iter().map(|weight| exact(*weight) / sum).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| std::cmp::Reverse(exact(weights[*index]) % sum));
    let missing = u32::from(total) - parts.iter().sum::<u32>();
    for index in by_remainder.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        parts[index] += 1;
    }
    parts.into_iter().map(|part| u8::try_from(part).unwrap_or(100)).collect()
}

/// An allocation as Google's JSON.
pub fn traffic_json(traffic: &Traffic) -> Value {
    let shares = traffic.shares.iter().map(|share| {
        let mut target = Map::new();
        match &share.target {
            TrafficTarget::Latest => target.insert("type".into(), "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST".into()),
            TrafficTarget::Revision(name) => {
                target.insert("revision".into(), name.as_str().into());
                target.insert("type".into(), "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION".into())
            }
        };
        if share.percent > 0 {
            target.insert("percent".into(), share.percent.into());
        }
        if let Some(tag) = &share.tag {
            target.insert("tag".into(), tag.as_str().into());
        }
        Value::Object(target)
    });
    shares.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn revision(number: usize) -> RevisionName {
        RevisionName::parse(&format!("web-{number}")).expect("a name")
    }

    fn share(number: usize, percent: u8, tag: Option<&str>) -> Share {
        Share { target: TrafficTarget::Revision(revision(number)), percent, tag: tag.map(str::to_owned) }
    }

    fn of(shares: &[Share]) -> Traffic {
        Traffic { shares: shares.to_vec() }
    }

    fn rollout_of(before: Traffic, number: usize) -> Rollout {
        Rollout {
            before,
            followed_latest: true,
            latest_tags: Vec::new(),
            revision: revision(number),
            tag: "c1".into(),
            keep_tag: false,
        }
    }

    /// Allocations as services have them: up to five revisions, some tagged, 100 % in all.
    fn before() -> impl Strategy<Value = Traffic> {
        (proptest::collection::vec((0_u8..=100, any::<bool>()), 1..5), any::<u8>()).prop_map(|(parts, first)| {
            let weights: Vec<u8> = parts.iter().map(|(weight, _)| *weight).collect();
            let weights = if weights.iter().all(|weight| *weight == 0) { vec![1; weights.len()] } else { weights };
            let percents = apportion(&weights, 100);
            let shares = parts.iter().enumerate().map(|(index, (_, tagged))| Share {
                target: TrafficTarget::Revision(revision(index)),
                percent: percents[index],
                tag: tagged.then(|| format!("t{}-{index}", first % 2)),
            });
            Traffic { shares: shares.filter(|share| share.percent > 0 || share.tag.is_some()).collect() }
        })
    }

    /// A revision that is new, or one of those that are there.
    fn rollout() -> impl Strategy<Value = Rollout> {
        (before(), 0_usize..8, any::<[bool; 2]>()).prop_map(|(before, number, [followed_latest, keep_tag])| Rollout {
            followed_latest,
            keep_tag,
            ..rollout_of(before, number)
        })
    }

    fn sum(traffic: &Traffic) -> u32 {
        traffic.shares.iter().map(|share| u32::from(share.percent)).sum()
    }

    fn tags(traffic: &Traffic) -> Vec<&str> {
        let mut tags: Vec<&str> = traffic.shares.iter().filter_map(|share| share.tag.as_deref()).collect();
        tags.sort_unstable();
        tags
    }

    proptest! {
        #[test]
        fn every_allocation_adds_up_and_keeps_the_tags_of_others(
            rollout in rollout(), now in before(), newest in any::<bool>(), percent in 0_u8..=100,
        ) {
            for now in [&rollout.before, &now] {
                let all = [
                    rollout.candidate(now), rollout.at(percent, now), rollout.done(newest, now), rollout.undone(now),
                ];
                for traffic in all {
                    prop_assert_eq!(sum(&traffic), 100, "{:?}", traffic);
                    let mut there = tags(&traffic);
                    there.retain(|tag| *tag != "c1");
                    prop_assert_eq!(&there, &tags(now));
                }
            }
            let alone = rollout.others().all(|share| share.percent == 0);
            let share = rollout.at(percent, &now).share_of(&rollout.revision, None);
            prop_assert_eq!(share, if alone { 100 } else { percent });
        }

        #[test]
        fn steps_upwards_take_from_everybody_else(rollout in rollout(), low in 0_u8..=100, more in 0_u8..=100) {
            let high = low.saturating_add(more).min(100);
            let (a, b) = (rollout.at(low, &rollout.before), rollout.at(high, &rollout.before));
            for share in rollout.others() {
                let TrafficTarget::Revision(name) = &share.target else { continue };
                // Whole percents: a share may be rounded the other way, never by more than one.
                prop_assert!(b.share_of(name, None) <= a.share_of(name, None) + 1);
            }
        }

        #[test]
        fn going_back_gives_what_was_there_whatever_happened_to_tags(rollout in rollout(), now in before()) {
            let candidate = rollout.candidate(&rollout.before);
            prop_assert_eq!(rollout.undone(&candidate), rollout.before.clone());
            prop_assert_eq!(percents(&rollout.undone(&now), None), percents(&rollout.before, None));
        }
    }

    #[test]
    fn tags_come_and_go_while_a_rollout_goes_on() {
        let rollout = rollout_of(of(&[share(1, 100, Some("gone"))]), 2);
        let now =
            of(&[share(1, 75, None), share(2, 25, Some("c1")), share(3, 0, Some("pr-1")), share(1, 0, Some("fh-1"))]);
        assert_eq!(
            rollout.at(50, &now).words(None),
            "50 % `web-1` (tag `fh-1`), 50 % `web-2` (tag `c1`), 0 % `web-3` (tag `pr-1`)"
        );
        assert_eq!(rollout.undone(&now).words(None), "100 % `web-1` (tag `fh-1`), 0 % `web-3` (tag `pr-1`)");
    }

    #[test]
    fn latest_is_written_out_before_a_new_revision_comes() {
        let latest = Traffic { shares: vec![Share { target: TrafficTarget::Latest, percent: 100, tag: None }] };
        let by_name = pinned(&latest, Some(&revision(1))).expect("it serves");
        assert_eq!(by_name.words(None), "100 % `web-1`");
        assert_eq!(pinned(&Traffic::default(), Some(&revision(1))), Some(by_name));
        assert_eq!(pinned(&latest, None), None, "nobody serves");
        assert!(follows_latest(&Traffic::default()) && follows_latest(&latest));
    }

    #[test]
    fn what_followed_the_latest_revision_does_so_again() {
        let mut rollout = rollout_of(pinned(&Traffic::default(), Some(&revision(1))).expect("it serves"), 2);
        let candidate = rollout.candidate(&rollout.before);
        assert_eq!(candidate.words(None), "100 % `web-1`, 0 % `web-2` (tag `c1`)");
        assert_eq!(rollout.at(25, &candidate).words(None), "75 % `web-1`, 25 % `web-2` (tag `c1`)");
        assert_eq!(rollout.done(true, &candidate).words(None), "100 % latest");
        assert_eq!(rollout.done(false, &candidate).words(None), "100 % `web-2`", "somebody else's is the newest");
        rollout.keep_tag = true;
        assert_eq!(rollout.done(true, &candidate).words(None), "100 % latest, 0 % `web-2` (tag `c1`)");
        assert_eq!(rollout.done(false, &candidate).words(None), "100 % `web-2` (tag `c1`)");
        rollout.latest_tags = vec!["live".into()];
        let now = with_tag(candidate, "live", &revision(1));
        assert_eq!(rollout.done(true, &now).words(None), "100 % latest (tag `live`), 0 % `web-2` (tag `c1`)");
        assert_eq!(rollout.undone(&now).words(None), "100 % `web-1` (tag `live`)");
    }

    #[test]
    fn a_tag_stands_on_one_revision() {
        let there = of(&[share(1, 100, Some("x")), share(2, 0, Some("y"))]);
        assert_eq!(
            with_tag(there.clone(), "x", &revision(3)).words(None),
            "100 % `web-1`, 0 % `web-2` (tag `y`), 0 % `web-3` (tag `x`)"
        );
        assert_eq!(tagged(&there, "y"), Some(&revision(2)));
        assert_eq!(without_tags(there, &["y".into()]).words(None), "100 % `web-1` (tag `x`)");
    }

    #[test]
    fn allocations_are_compared_by_what_they_do() {
        let apart = of(&[share(1, 100, None), share(2, 0, Some("c1")), share(1, 0, Some("x"))]);
        let joined = of(&[share(2, 0, Some("c1")), share(1, 100, Some("x"))]);
        assert!(same(&apart, &joined, None));
        assert!(!same(&apart, &of(&[share(1, 100, Some("c1")), share(1, 0, Some("x"))]), None), "a tag elsewhere");
        assert!(!same(&apart, &of(&[share(2, 100, Some("c1")), share(1, 0, Some("x"))]), None), "requests elsewhere");
        assert!(same(&Traffic::default(), &of(&[share(3, 100, None)]), Some(&revision(3))));
        assert!(!same(&Traffic::default(), &Traffic::default(), None), "nothing serves");
    }

    #[test]
    fn a_tag_fits_beside_its_service() {
        assert_eq!(run_tag("web", "0123456789abcdef").as_deref(), Some("c0123456"));
        assert_eq!(run_tag(&"x".repeat(41), "0123456789abcdef").as_deref(), Some("c0123"));
        assert_eq!(run_tag(&"x".repeat(43), "0123456789abcdef"), None);
    }
}
