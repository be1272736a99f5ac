//! An allocation that is asked for without a deploy: who receives the requests, and where the tags stand.

use super::Give;
use super::rollout::tag;
use crate::cloud_run::wanted::names::MergeMode;
use crate::cloud_run::wanted::traffic::{Allocation, Ask, Who};
use crate::commands::deploy::inputs::DeployWhat;
use crate::inputs::engine::map;
use crate::inputs::engine::scalar;
use crate::inputs::spec::InputName;
use crate::inputs::spec::deploy::name;
use slipway_names::ids::RevisionName;
use slipway_names::shown::QuotedName;

/// Inputs that say who receives the requests, in any of three spellings.
const SHARES: [InputName; 3] = [name::TRAFFIC, name::REVISION_TRAFFIC, name::TAG_TRAFFIC];

const TAGS: InputName = name::TRAFFIC_TAGS;
const STRATEGY: InputName = name::TRAFFIC_TAGS_UPDATE_STRATEGY;

/// Inputs of a deploy, which moves the traffic by itself.
pub(super) const DEPLOYS: [&str; 7] =
    ["source", "image", "build_config", "strategy", "no_traffic", "tag", "pre_deploy_job"];

/// Every input that asks for an allocation.
pub(super) fn all() -> impl Iterator<Item = InputName> {
    SHARES.into_iter().chain([TAGS])
}

/// The allocation, where one is asked for.
pub(super) fn allocation(give: &mut Give<'_>) -> Option<DeployWhat> {
    if give.raw.has(STRATEGY) && !give.raw.has(TAGS) {
        give.findings.wrong(STRATEGY, "it is about `traffic_tags`", "give that too, or remove it");
    }
    let first = all().find(|name| give.raw.has(*name))?;
    for other in DEPLOYS.into_iter().filter(|name| give.raw.is_given(name)) {
        give.findings.wrong(
            first,
            format!("it moves traffic without deploying, and `{other}` deploys"),
            format!("remove `{other}`; a deploy moves the traffic by itself, see `strategy` and `tag`"),
        );
    }
    let given: Vec<InputName> = SHARES.into_iter().filter(|name| give.raw.has(*name)).collect();
    if let [name, other, ..] = given[..] {
        give.findings.wrong(other, format!("`{name}` says who shall serve already"), "keep one of them");
    }
    // A mistake in it is told; nothing stands in, so that nothing else is complained about.
    let shares =
        given.first().and_then(|name| give.with(*name, |text| shares(text, name.text() == name::TAG_TRAFFIC.text())));
    let strategies = [("merge", MergeMode::Merge), ("overwrite", MergeMode::Overwrite)];
    Some(DeployWhat::Traffic(Allocation {
        shares: shares.unwrap_or_default(),
        tags: tags(give),
        others: give.choice(STRATEGY, &strategies).unwrap_or_default(),
    }))
}

/// `latest`, `REVISION=PERCENT`, `tag:NAME=PERCENT`, one per line or separated by commas. What is missing to 100 stays
/// with the others that serve.
fn shares(text: &str, by_tags: bool) -> Result<Vec<Ask>, String> {
    const CURE: &str = "write `latest`, or `REVISION=PERCENT` lines that add up to 100 at most";
    let mut asks: Vec<Ask> = Vec::new();
    for line in scalar::list(text) {
        let (name, percent) = match line.split_once('=') {
            Some((name, percent)) => {
                (name.trim(), percent.trim().trim_end_matches('%').parse::<u8>().map_err(|_| CURE.to_owned())?)
            }
            None => (line.as_str(), 100),
        };
        let who = match name.strip_prefix("tag:") {
            Some(name) => Who::Tag(tag(name)?),
            None if by_tags => Who::Tag(tag(name)?),
            None => revision(name)?,
        };
        if asks.iter().any(|other| other.who == who) {
            return Err(format!("`{name}` stands there twice"));
        }
        asks.push(Ask { who, percent });
    }
    let sum: u32 = asks.iter().map(|ask| u32::from(ask.percent)).sum();
    if (1..=100).contains(&sum) { Ok(asks) } else { Err(format!("the percents add up to {sum}; {CURE}")) }
}

/// A revision by its name, or whichever is the latest.
fn revision(name: &str) -> Result<Who, String> {
    if name.eq_ignore_ascii_case("latest") {
        return Ok(Who::Latest);
    }
    RevisionName::parse(name).map(Who::Revision).map_err(|error| error.to_string())
}

/// Which tags shall stand where.
fn tags(give: &mut Give<'_>) -> Vec<(String, Option<Who>)> {
    const CURE: &str = "write `TAG: REVISION`, `TAG: latest`, or `TAG: null` to take it away";
    let Some(text) = give.raw.whole(TAGS) else { return Vec::new() };
    let mut tags = Vec::new();
    for entry in map::parse(TAGS.row(), map::From::Input, text, give.findings) {
        let who = match tag(&entry.key) {
            Err(why) => Err((format!("{} is no traffic tag", QuotedName(&entry.key)), why.to_owned())),
            Ok(_) if entry.is_null => Ok(None),
            Ok(_) => revision(&entry.value).map(Some).map_err(|why| (why, CURE.to_owned())),
        };
        match who {
            Ok(who) => tags.push((entry.key, who)),
            Err((problem, cure)) => give.findings.wrong_at(TAGS, Some(entry.line), problem, cure),
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_a_hundred_at_most() {
        let latest = vec![Ask { who: Who::Latest, percent: 100 }];
        assert_eq!(shares("latest", false), Ok(latest.clone()));
        assert_eq!(shares("LATEST=100", false), Ok(latest));
        let split = shares("web-1=90, tag:pr-7=10", false).expect("it adds up");
        assert_eq!(split[1].who, Who::Tag("pr-7".into()));
        assert_eq!(shares("pr-7=100", true).expect("by tags")[0].who, Who::Tag("pr-7".into()));
        assert_eq!(shares("web-1=20", false).expect("the others keep the rest")[0].percent, 20);
        for wrong in ["", "web-1=0", "web-1=60,web-2=50", "web-1=50,web-1=50", "Web=100", "web-1=200", "web-1=x"] {
            assert!(shares(wrong, false).is_err(), "{wrong}");
        }
        assert!(shares("web-1", false).is_ok());
    }
}
