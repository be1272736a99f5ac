//! Who serves when, from the allocation that was there to the one that shall be. Pure.
//!
//! Every allocation is derived from two facts, what served before and which revision comes, so that
//! going back never depends on what happened in between.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::ids::RevisionName;
use crate::model::traffic::{Share, Target, Traffic};

/// Annotation of the service that records a rollout from before its first move until its end.
const RECORD: &str = "slipway.dev/rollout";

/// Annotation of the service that says what served last by a finished rollout.
const SERVED: &str = "slipway.dev/serving";

/// Traffic tag and service name together may have this many characters (`google-api.md` 7).
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
    /// The revision that comes.
    pub revision: RevisionName,
    /// Its traffic tag while it is tried; the user's own tag stays afterwards.
    pub tag: String,
    /// Whether the tag is the user's.
    pub keep_tag: bool,
    /// Whether the revision is the service's newest, so that `LATEST` stands for it.
    pub newest: bool,
}

/// A tag for one run, `None` when the service's name leaves no room for one.
pub fn run_tag(service: &str, nonce: &str) -> Option<String> {
    let room = TAG_AND_SERVICE.checked_sub(service.len()).filter(|room| *room >= SHORTEST_TAG)?;
    Some(format!("c{}", nonce.chars().take(room.min(8) - 1).collect::<String>()))
}

/// The allocation by names: what `LATEST` stands for now is written out, so that a new revision
/// changes nothing. `None` when nothing serves.
pub fn pinned(traffic: &Traffic, latest_ready: Option<&RevisionName>) -> Option<Traffic> {
    let whole = [Share { target: Target::Latest, percent: 100, tag: None }];
    let shares = if traffic.shares.is_empty() { &whole[..] } else { &traffic.shares };
    let named = shares.iter().map(|share| {
        let target = match &share.target {
            Target::Latest => Target::Revision(latest_ready?.clone()),
            named => named.clone(),
        };
        Some(Share { target, ..share.clone() })
    });
    let shares: Vec<Share> = named.collect::<Option<_>>()?;
    let total: u32 = shares.iter().map(|share| u32::from(share.percent)).sum();
    (total == 100).then_some(Traffic { shares })
}

/// The allocation without a tag that nobody asked for.
pub fn without_tag(traffic: Traffic, tag: &str) -> Traffic {
    let shares = traffic.shares.into_iter().map(|share| Share { tag: share.tag.filter(|other| other != tag), ..share });
    Traffic { shares: shares.filter(|share| share.percent > 0 || share.tag.is_some()).collect() }
}

/// Percent by revision, for those that get any; `None` when nothing serves.
pub fn percents(traffic: &Traffic, latest_ready: Option<&RevisionName>) -> Option<BTreeMap<String, u8>> {
    let mut percents = BTreeMap::new();
    for share in pinned(traffic, latest_ready)?.shares.iter().filter(|share| share.percent > 0) {
        if let Target::Revision(name) = &share.target {
            *percents.entry(name.to_string()).or_default() += share.percent;
        }
    }
    Some(percents)
}

/// Whether two allocations send the requests and the tags to the same revisions, however Google orders or
/// joins their lines.
pub fn same(a: &Traffic, b: &Traffic, latest_ready: Option<&RevisionName>) -> bool {
    let tags = |traffic: &Traffic| -> Option<BTreeMap<String, Target>> {
        let tagged = pinned(traffic, latest_ready)?.shares.into_iter();
        Some(tagged.filter_map(|share| Some((share.tag?, share.target))).collect())
    };
    let percents = |traffic| percents(traffic, latest_ready);
    percents(a).is_some() && percents(a) == percents(b) && tags(a) == tags(b)
}

/// Whether everything goes to the latest revision.
pub fn follows_latest(traffic: &Traffic) -> bool {
    traffic.shares.is_empty()
        || traffic.shares.iter().any(|share| share.target == Target::Latest && share.percent == 100)
}

impl Rollout {
    /// The revision on its tag, with the share it had before: none, when it is new.
    pub fn candidate(&self) -> Traffic {
        self.at(self.share_before())
    }

    /// Percent the revision had before.
    pub fn share_before(&self) -> u8 {
        self.before.share_of(&self.revision, None)
    }

    /// The revision with `percent` of the requests, the others with the rest in the proportions
    /// they had.
    pub fn at(&self, percent: u8) -> Traffic {
        let others: Vec<u8> = self.others().map(|share| share.percent).collect();
        // Where nobody else serves, nobody else can take the rest.
        let percent = if others.iter().all(|share| *share == 0) { 100 } else { percent.min(100) };
        let mut rest = apportion(&others, 100 - percent).into_iter();
        let mut shares = self.with_tags(|_| rest.next().unwrap_or(0));
        let new = Share { target: Target::Revision(self.revision.clone()), percent, tag: Some(self.tag.clone()) };
        shares.push(new);
        Traffic { shares }
    }

    /// The revision with everything, the run's own tag gone.
    pub fn done(&self) -> Traffic {
        let mut shares = self.with_tags(|_| 0);
        let latest = self.newest && self.followed_latest;
        let target = if latest { Target::Latest } else { Target::Revision(self.revision.clone()) };
        let tag = self.keep_tag.then(|| self.tag.clone());
        // A tag stays with its revision, not with whatever comes after it.
        if latest && tag.is_some() {
            shares.push(Share { target: Target::Revision(self.revision.clone()), percent: 0, tag });
            shares.push(Share { target, percent: 100, tag: None });
        } else {
            shares.push(Share { target, percent: 100, tag });
        }
        Traffic { shares }
    }

    /// What was there before, exactly.
    pub fn undone(&self) -> Traffic {
        self.before.clone()
    }

    fn is_ours(&self, share: &Share) -> bool {
        share.target == Target::Revision(self.revision.clone())
    }

    fn others(&self) -> impl Iterator<Item = &Share> {
        self.before.shares.iter().filter(|share| !self.is_ours(share))
    }

    /// The shares of before without this rollout's tag; those that neither serve nor are tagged go.
    fn with_tags(&self, mut percent: impl FnMut(&Share) -> u8) -> Vec<Share> {
        let shares = self.before.shares.iter().map(|share| Share {
            target: share.target.clone(),
            // The others are asked in their order, so that each gets its own part.
            percent: if self.is_ours(share) { 0 } else { percent(share) },
            tag: share.tag.clone().filter(|tag| *tag != self.tag),
        });
        shares.filter(|share| share.percent > 0 || share.tag.is_some()).collect()
    }
}

/// Splits `total` in the proportions of `weights`, to whole numbers that add up (largest remainder).
fn apportion(weights: &[u8], total: u8) -> Vec<u8> {
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
            Target::Latest => target.insert("type".into(), "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST".into()),
            Target::Revision(name) => {
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

/// What is written on the service before anything moves, so that whoever comes next can put it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The run that writes it.
    pub run: String,
    /// What it does.
    pub rollout: Rollout,
}

/// What served last by a finished rollout.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Served {
    /// The revision.
    pub revision: String,
    /// The commit it was made from.
    pub commit: Option<String>,
    /// The revision before it.
    pub previous: Option<String>,
    /// Whether the service follows its latest revision, and was pinned by a rollout that went back.
    pub followed_latest: bool,
    /// The tag that a run made for a candidate which waits without traffic; the next rollout takes it away.
    pub candidate: Option<String>,
}

impl Record {
    /// The record on a service, when a rollout is going on or was left behind.
    pub fn on(service: &Value) -> Option<Self> {
        let json: Value = serde_json::from_str(service.get("annotations")?.get(RECORD)?.as_str()?).ok()?;
        let text = |key: &str| json.get(key).and_then(Value::as_str);
        let shares = json.get("before")?.as_array()?.iter().map(|share| {
            Some(Share {
                target: Target::Revision(RevisionName::parse(share.get("revision")?.as_str()?).ok()?),
                percent: u8::try_from(share.get("percent")?.as_u64()?).ok()?,
                tag: share.get("tag").and_then(Value::as_str).map(str::to_owned),
            })
        });
        let switch = |key: &str| json.get(key).and_then(Value::as_bool) == Some(true);
        Some(Self {
            run: text("run")?.to_owned(),
            rollout: Rollout {
                before: Traffic { shares: shares.collect::<Option<_>>()? },
                followed_latest: switch("followed_latest"),
                revision: RevisionName::parse(text("revision")?).ok()?,
                tag: text("tag")?.to_owned(),
                keep_tag: switch("keep_tag"),
                newest: switch("newest"),
            },
        })
    }

    fn text(&self) -> String {
        let rollout = &self.rollout;
        let before = rollout.before.shares.iter().map(|share| {
            let Target::Revision(revision) = &share.target else { return Value::Null };
            let mut entry = json!({"revision": revision.as_str(), "percent": share.percent});
            if let Some(tag) = &share.tag {
                entry["tag"] = tag.as_str().into();
            }
            entry
        });
        json!({
            "run": self.run, "revision": rollout.revision.as_str(), "tag": rollout.tag, "keep_tag": rollout.keep_tag,
            "newest": rollout.newest, "followed_latest": rollout.followed_latest, "before": before.collect::<Value>(),
        })
        .to_string()
    }
}

impl Served {
    /// What the service says about itself; empty when no rollout has ended there yet.
    pub fn on(service: &Value) -> Self {
        let text = service.get("annotations").and_then(|notes| notes.get(SERVED)).and_then(Value::as_str);
        let json: Value = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let text = |key: &str| json.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            revision: text("revision").unwrap_or_default(),
            commit: text("commit"),
            previous: text("previous"),
            followed_latest: json.get("followed_latest").and_then(Value::as_bool) == Some(true),
            candidate: text("candidate"),
        }
    }

    fn text(&self) -> String {
        json!({
            "revision": self.revision, "commit": self.commit, "previous": self.previous,
            "followed_latest": self.followed_latest, "candidate": self.candidate,
        })
        .to_string()
    }
}

/// Writes an allocation into a service's document, and on it what the rollout is at.
pub fn write(service: &mut Value, traffic: &Traffic, record: Option<&Record>, served: Option<&Served>) {
    write_traffic(service, traffic);
    let notes = super::service::object(service).entry("annotations").or_insert_with(|| json!({}));
    let notes = super::service::object(notes);
    match record {
        Some(record) => drop(notes.insert(RECORD.into(), record.text().into())),
        None => drop(notes.remove(RECORD)),
    }
    if let Some(served) = served {
        notes.insert(SERVED.into(), served.text().into());
    }
}

/// An allocation with the tags that Hosting sites keep to (`fh-…`, firebase's name for them): a site can be
/// pinned while a rollout goes on, and must not lose its tag to it.
pub fn with_pins(wanted: &Traffic, now: &Traffic) -> Traffic {
    let named = |tag: &str| wanted.shares.iter().any(|share| share.tag.as_deref() == Some(tag));
    let pins =
        now.shares.iter().filter(|share| share.tag.as_deref().is_some_and(|tag| tag.starts_with("fh-") && !named(tag)));
    let pins = pins.map(|share| Share { percent: 0, ..share.clone() });
    Traffic { shares: wanted.shares.iter().cloned().chain(pins).collect() }
}

/// Writes an allocation alone: a rollout that goes on stays what it is.
pub fn write_traffic(service: &mut Value, traffic: &Traffic) {
    service["traffic"] = traffic_json(traffic);
}

/// Whether a setting of the service is one of this product's own notes.
pub fn is_note(setting: &str) -> bool {
    [RECORD, SERVED, super::rotate_secret::REPLACED].iter().any(|note| setting.ends_with(note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn revision(number: usize) -> RevisionName {
        RevisionName::parse(&format!("web-{number}")).expect("a name")
    }

    /// Allocations as services have them: up to five revisions, some tagged, 100 % in all.
    fn before() -> impl Strategy<Value = Traffic> {
        (proptest::collection::vec((0_u8..=100, any::<bool>()), 1..5), any::<u8>()).prop_map(|(parts, first)| {
            let weights: Vec<u8> = parts.iter().map(|(weight, _)| *weight).collect();
            let weights = if weights.iter().all(|weight| *weight == 0) { vec![1; weights.len()] } else { weights };
            let percents = apportion(&weights, 100);
            let shares = parts.iter().enumerate().map(|(index, (_, tagged))| Share {
                target: Target::Revision(revision(index)),
                percent: percents[index],
                tag: tagged.then(|| format!("t{}-{index}", first % 2)),
            });
            Traffic { shares: shares.filter(|share| share.percent > 0 || share.tag.is_some()).collect() }
        })
    }

    #[test]
    fn a_site_keeps_its_tag_through_a_rollout() {
        let share = |number, percent, tag: Option<&str>| Share {
            target: Target::Revision(revision(number)),
            percent,
            tag: tag.map(str::to_owned),
        };
        let now =
            Traffic { shares: vec![share(1, 100, Some("fh-1")), share(2, 0, Some("fh-2")), share(2, 0, Some("c1"))] };
        let wanted = Traffic { shares: vec![share(1, 0, Some("fh-1")), share(2, 100, None)] };
        let kept = with_pins(&wanted, &now);
        assert_eq!(kept.shares, [share(1, 0, Some("fh-1")), share(2, 100, None), share(2, 0, Some("fh-2"))]);
        assert_eq!(with_pins(&kept, &now), kept);
    }

    /// A revision that is new, or one of those that are there.
    fn rollout() -> impl Strategy<Value = Rollout> {
        (before(), 0_usize..8, any::<[bool; 2]>()).prop_map(|(before, number, [followed_latest, keep_tag])| Rollout {
            before,
            followed_latest,
            revision: revision(number),
            tag: "c1".into(),
            keep_tag,
            newest: number > 4,
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
        fn every_allocation_adds_up_and_keeps_the_tags_of_others(rollout in rollout(), percent in 0_u8..=100) {
            let mut kept = tags(&rollout.before);
            for traffic in [rollout.candidate(), rollout.at(percent), rollout.done(), rollout.undone()] {
                prop_assert_eq!(sum(&traffic), 100, "{:?}", traffic);
                let mut there = tags(&traffic);
                there.retain(|tag| *tag != "c1");
                kept.retain(|tag| *tag != "c1");
                prop_assert_eq!(&there, &kept);
            }
            let alone = rollout.others().all(|share| share.percent == 0);
            prop_assert_eq!(rollout.at(percent).share_of(&rollout.revision, None), if alone { 100 } else { percent });
        }

        #[test]
        fn steps_upwards_take_from_everybody_else(rollout in rollout(), low in 0_u8..=100, more in 0_u8..=100) {
            let high = low.saturating_add(more).min(100);
            let (a, b) = (rollout.at(low), rollout.at(high));
            for share in rollout.others() {
                let Target::Revision(name) = &share.target else { continue };
                // Whole percents: a share may be rounded the other way, never by more than one.
                prop_assert!(b.share_of(name, None) <= a.share_of(name, None) + 1);
            }
        }

        #[test]
        fn going_back_gives_what_was_there(rollout in rollout()) {
            prop_assert_eq!(rollout.undone(), rollout.before.clone());
            let record = Record { run: "r".into(), rollout };
            let mut service = json!({"annotations": {"other": "x"}});
            write(&mut service, &record.rollout.candidate(), Some(&record), None);
            prop_assert_eq!(Record::on(&service), Some(record.clone()));
            write(&mut service, &record.rollout.undone(), None, Some(&Served::default()));
            prop_assert_eq!(Record::on(&service), None);
            prop_assert_eq!(&service["annotations"]["other"], "x");
        }
    }

    #[test]
    fn latest_is_written_out_before_a_new_revision_comes() {
        let latest = Traffic { shares: vec![Share { target: Target::Latest, percent: 100, tag: None }] };
        let by_name = pinned(&latest, Some(&revision(1))).expect("it serves");
        assert_eq!(by_name.words(None), "100 % `web-1`");
        assert_eq!(pinned(&Traffic::default(), Some(&revision(1))), Some(by_name));
        assert_eq!(pinned(&latest, None), None, "nobody serves");
        assert!(follows_latest(&Traffic::default()) && follows_latest(&latest));
    }

    #[test]
    fn a_service_that_followed_its_latest_revision_does_so_again() {
        let latest = pinned(&Traffic::default(), Some(&revision(1))).expect("it serves");
        let mut rollout = Rollout {
            before: latest,
            followed_latest: true,
            revision: revision(2),
            tag: "c1".into(),
            keep_tag: false,
            newest: true,
        };
        assert_eq!(rollout.candidate().words(None), "100 % `web-1`, 0 % `web-2` (tag `c1`)");
        assert_eq!(rollout.at(25).words(None), "75 % `web-1`, 25 % `web-2` (tag `c1`)");
        assert_eq!(rollout.done().words(None), "100 % latest");
        rollout.keep_tag = true;
        assert_eq!(rollout.done().words(None), "0 % `web-2` (tag `c1`), 100 % latest");
        rollout.newest = false;
        assert_eq!(rollout.done().words(None), "100 % `web-2` (tag `c1`)");
    }

    #[test]
    fn allocations_are_compared_by_what_they_do() {
        let share = |number, percent, tag: Option<&str>| Share {
            target: Target::Revision(revision(number)),
            percent,
            tag: tag.map(str::to_owned),
        };
        let of = |shares: &[Share]| Traffic { shares: shares.to_vec() };
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
