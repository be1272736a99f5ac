//! What a build cost: its time beside that of the last ones, its image layer by layer, and both held against what they
//! may be. Looking is a courtesy; only a budget that is enforced can stop a deploy.

use std::time::Duration;

use super::seen::Seen;
use crate::cloud_build::budget::{self as budget, Excess};
use crate::cloud_build::image::Build;
use crate::commands::deploy::plan::service_tag;
use crate::facts::{BuildFact, Facts};
use crate::service::Context;
use slipway_failure::{Class, Explain, Failure};
use slipway_google::cloud_build::{self as cloud_build, BuildResource as CloudBuild, BuildStatus};
use slipway_google::layers;
use slipway_names::image::PinnedImage;

/// Looks at what the build cost, once it has gone well.
///
/// # Errors
/// When it is more than it may be and budgets are enforced.
pub(super) async fn look(
    context: &Context<'_>,
    facts: &mut Facts,
    build: &Build,
    last: &CloudBuild,
    image: &PinnedImage,
    seen: &Seen,
) -> Result<(), Failure> {
    let tag = service_tag(&context.deploy.service);
    // A grant on the repository alone does not show at the project, so who names a size is believed to have one.
    let worth_asking = seen.reads_images || build.budgets.image_given && build.budgets.image_bytes.is_some();
    let contents = async { if worth_asking { Some(layers::layers(context.http, image).await) } else { None } };
    let (past, layers) = tokio::join!(cloud_build::glance(context.http, build.location.as_str(), &tag), contents);
    let mut fact = facts.build.take().unwrap_or_default();
    fact.budget = (build.budgets.time.map(|time| time.as_secs_f64()), build.budgets.image_bytes);
    // Without the others there is no trend, and nothing else depends on them.
    fact.trend = trend(&past.unwrap_or_default(), last);
    let mut hints = Vec::new();
    // The five roles do not hold it, so this is what most runs meet: no reason for alarm.
    let refused = "this account may not read the registry; `roles/artifactregistry.reader` shows them";
    match layers {
        Some(Ok(Some(layers))) => fact.layers = Some(layers),
        Some(Ok(None)) => {
            fact.layers_missing = Some("its registry is none of Google's, so it was not asked".to_owned())
        }
        None => fact.layers_missing = Some(refused.to_owned()),
        Some(Err(error)) => {
            fact.layers_missing = Some(if error.is_forbidden() { refused.to_owned() } else { error.to_string() });
            hints = error.hints();
        }
    }
    let (told, failed) = judge(context, build, last, image, &fact, hints);
    facts.build = Some(fact);
    told.into_iter().for_each(|text| context.warn(facts, text));
    failed.map_or(Ok(()), Err)
}

/// Seconds of the builds that went well, oldest first; this one ends the list.
fn trend(past: &[CloudBuild], last: &CloudBuild) -> Vec<f64> {
    let well = past.iter().filter(|build| build.status == BuildStatus::Success && build.id != last.id);
    well.chain([last]).filter_map(CloudBuild::worked).map(|worked| worked.as_secs_f64()).collect()
}

/// What is to be warned of, or why the deploy stops.
fn judge(
    context: &Context<'_>,
    build: &Build,
    last: &CloudBuild,
    image: &PinnedImage,
    fact: &BuildFact,
    hints: Vec<String>,
) -> (Vec<String>, Option<Failure>) {
    let budgets = &build.budgets;
    let time = budget::time(budgets, last.worked().unwrap_or(Duration::ZERO));
    let size = fact.image_bytes().and_then(|bytes| budget::image(budgets, bytes));
    let over: Vec<(&str, Excess)> = time
        .map(|excess| ("The build took", excess))
        .into_iter()
        .chain(size.map(|excess| ("The image has", excess)))
        .collect();
    if !budgets.enforce {
        return (over.iter().map(|(what, excess)| format!("{what} {}. {}", excess.what, excess.cure)).collect(), None);
    }
    let service = &context.deploy.service;
    if !over.is_empty() {
        let what: Vec<String> = over.iter().map(|(what, excess)| format!("{what} {}", excess.what)).collect();
        let failure = Failure::plain(
            Class::BuildFailed,
            format!("`{service}` is not deployed, because its build is over budget: {}", lower(&what.join("; "))),
        );
        let failure = failure.more_hints(over.iter().map(|(_, excess)| excess.cure.to_owned()));
        let (tag, id) = (image.named().repository, &last.id);
        return (Vec::new(), Some(failure.hint(format!("The image of build `{id}` is in `{tag}`: to deploy it all the same, raise the limit or leave out `enforce_budgets`"))));
    }
    let Some(why) = fact.layers_missing.as_ref().filter(|_| budgets.image_bytes.is_some()) else {
        return (Vec::new(), None);
    };
    let unseen = format!("The size of the image could not be held against `max_image_size`: {why}");
    if !budgets.image_given {
        return (vec![unseen], None);
    }
    let failure = Failure::plain(
        Class::BuildFailed,
        format!("`{service}` is not deployed, because budgets are enforced and one cannot be seen. {unseen}"),
    );
    (Vec::new(), Some(failure.more_hints(hints).hint("Or write `max_image_size: none`, so that the time alone counts")))
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
