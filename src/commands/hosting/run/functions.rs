//! Where the functions are that rewrites lead to: one of the 2nd generation is a Cloud Run service, in any region.

use slipway_names::shown::listed;
use std::collections::BTreeMap;

use super::{SiteContext, target};
use crate::commands::hosting::inputs::SiteSource;
use crate::commands::hosting::serving::{self as serving, Function, RewriteService, Whereabouts, whereabouts};
use crate::facts::Facts;
use crate::inputs::firebase::{DEFAULT_REGION, RewriteTarget};
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run;

/// Finds the service behind each function; those without one are left out, and told.
///
/// # Errors
/// When a function is in several regions and its rewrite does not say which is meant.
pub(super) async fn find(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    source: &SiteSource,
) -> Result<BTreeMap<Function, RewriteService>, Failure> {
    let mut found = BTreeMap::new();
    let functions = serving::functions(&source.serving);
    if functions.is_empty() {
        return Ok(found);
    }
    let all = cloud_run::everywhere(context.http).await;
    for function in functions {
        let regions = match &all {
            Ok(all) => {
                let named = function.service().name;
                all.iter().filter(|(_, name)| *name == named).map(|(region, _)| region.clone()).collect()
            }
            // Where not all of them may be listed, the one region is asked for.
            Err(_) => match target::read(context, &function.service()).await {
                Ok(service) => service.map(|_| function.region().to_owned()).into_iter().collect::<Vec<_>>(),
                Err(failure) if failure.class() == Class::Permission => Vec::new(),
                Err(failure) => return Err(failure),
            },
        };
        let (id, place) = (&function.id, place(source, &function));
        let service = match whereabouts(&function, &regions) {
            Whereabouts::At(region) => Some(function.in_region(&region)),
            Whereabouts::Usual(regions) => {
                context.warn(
                    facts,
                    format!(
                        "{place} leads to function `{id}`, which is in {}: `{DEFAULT_REGION}` is taken; write `region` beside it to say which is meant",
                        listed(&regions)
                    ),
                );
                Some(function.in_region(DEFAULT_REGION))
            }
            Whereabouts::Several(regions) => {
                let what = format!("{place} leads to function `{id}`, which is in {}", listed(&regions));
                return Err(Failure::plain(Class::Config, format!("{what}: it must say which is meant"))
                    .hint("Write `\"function\": {\"functionId\": …, \"region\": …}` with one of them"));
            }
            Whereabouts::Elsewhere(regions) => {
                context.warn(
                    facts,
                    format!(
                        "{place} leads to function `{id}` in `{}`, where no service of that name is; there is one in {}: correct `region`, unless it is a function of the 1st generation",
                        function.region(),
                        listed(&regions)
                    ),
                );
                None
            }
            Whereabouts::Nowhere => {
                let seen = if all.is_ok() { "in any region" } else { "to be seen" };
                context.warn(
                    facts,
                    format!(
                        "{place} leads to function `{id}`, and there is no service of that name {seen}: it is published as a function of the 1st generation in `{}`, which answers with 404 where there is none",
                        function.region()
                    ),
                );
                None
            }
        };
        found.extend(service.map(|service| (function, service)));
    }
    Ok(found)
}

/// Where the first rewrite stands that names a function.
fn place(source: &SiteSource, function: &Function) -> String {
    let same = |to: &RewriteTarget| matches!(to, RewriteTarget::Function { id, region, .. } if *id == function.id && *region == function.region);
    let rewrite = source.serving.rewrites.iter().find(|rewrite| same(&rewrite.to));
    rewrite.map_or_else(|| "A rewrite".to_owned(), |rewrite| format!("`{}`", rewrite.path))
}
