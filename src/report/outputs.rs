//! The action's outputs: their names, what they mean, their values.

use serde_json::{Value, json};

use super::parts::traffic_json;
use super::{Story, json as report_json};
use crate::step::StepName;

/// Every output and one line on it; `action.yml` and the README hold the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("url", "Address of the service"),
    ("urls", "With `regions`: the address in each, a JSON object; without JSON, `url_REGION` each"),
    ("revision", "Revision this run made, or moved the traffic to"),
    ("previous_revision", "Revision that served most before"),
    ("image", "Deployed image, pinned by digest"),
    ("digest", "Digest of the deployed image"),
    ("build_id", "Id of the build"),
    ("build_url", "Page of the build with its log"),
    ("build_seconds", "Seconds from submitting the build to its end"),
    ("image_size", "Bytes of the built image as the registry stores it, where that may be read"),
    ("deploy_seconds", "Seconds from writing the service to a ready revision"),
    ("traffic", "Who serves now: a JSON list of revision, percent, tag, latest"),
    (
        "result",
        "`deployed`, `candidate` (no traffic), `rolled_back`, `moved` (traffic alone), `unchanged` (see `changed_paths`), `planned`, `superseded`, `failed` or `cancelled`",
    ),
    ("report", "Everything about the run as one JSON document (`schema: 1`)"),
];

/// The values that are known; an output without one is not written. With several regions there is a `url_REGION` each.
pub fn values(story: &Story<'_>) -> Vec<(String, String)> {
    let facts = story.facts;
    let seconds = |name| facts.took(name).map(|took| format!("{:.1}", took.as_secs_f64()));
    let build = facts.built();
    let value = |name: &str| match name {
        "url" => facts.service.url.clone(),
        "urls" => (!story.others.is_empty()).then(|| urls(story).to_string()),
        "revision" => facts.service.revision.as_ref().map(ToString::to_string),
        "previous_revision" => facts.service.previous.as_ref().map(ToString::to_string),
        "image" => facts.real_image().map(ToString::to_string),
        "digest" => facts.real_image().map(|image| image.digest().to_string()),
        "build_id" => build.and_then(|build| build.id.clone()),
        "build_url" => build.map(|build| build.url.clone()).filter(|url| !url.is_empty()),
        "build_seconds" => build.and_then(|_| seconds(StepName::Build)),
        "image_size" => build.and_then(|build| build.image_bytes()).map(|bytes| bytes.to_string()),
        "deploy_seconds" => seconds(StepName::Deploy),
        "traffic" => facts.service.traffic.as_ref().map(|traffic| traffic_json(traffic, story).to_string()),
        "result" => Some(story.outcome.word().to_owned()),
        "report" => Some(report_json::document(story).to_string()),
        _ => None,
    };
    let named = OUTPUTS.iter().filter_map(|(name, _)| Some(((*name).to_owned(), value(name)?)));
    named.chain(url_of_each_region("url", story)).collect()
}

/// The address of the service in every region.
pub fn urls(story: &Story<'_>) -> Value {
    of_each_region(story).map(|(region, url)| (region.to_owned(), json!(url))).collect::<serde_json::Map<_, _>>().into()
}

fn of_each_region<'a>(story: &Story<'a>) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
    let all = std::iter::once((story.region, story.facts)).chain(story.others.iter().copied());
    all.map(|(region, facts)| (region, facts.service.url.as_deref()))
}

/// The address in each of several regions as outputs of their own, `START_REGION`: other jobs get them whatever is masked.
pub fn url_of_each_region(start: &str, story: &Story<'_>) -> Vec<(String, String)> {
    if story.others.is_empty() {
        return Vec::new();
    }
    of_each_region(story).filter_map(|(region, url)| Some((format!("{start}_{region}"), url?.to_owned()))).collect()
}
