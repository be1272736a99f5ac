//! Whether a release leaves the site without its first page: an empty build, a wrong directory, a rewrite to a file that
//! is not there.

use url::Url;

use super::paths::PlannedSite;
use super::{SiteContext, fact};
use crate::commands::hosting::inputs::SiteSource;
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_sites::Listing;

/// Looks at what will be served; nothing was sent yet.
///
/// # Errors
/// When a live site that serves something would serve nothing, or loses its first page.
pub(super) async fn check(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    source: &SiteSource,
    listing: Option<&Listing>,
    site: &PlannedSite<'_>,
) -> Result<(), Failure> {
    for (rewrite, file) in site.broken() {
        let path = &rewrite.path;
        context.warn(
            facts,
            format!("`{path}` leads to `{file}`, which is not among the files: its paths are answered with 404"),
        );
    }
    if site.has_root() {
        return Ok(());
    }
    let empty = listing.is_none_or(|listing| listing.files.is_empty());
    let (name, live) = (fact(facts, index).site.clone(), fact(facts, index).is_live());
    let serves = live && fact(facts, index).before.version().is_some();
    let why = match source.shown.as_str() {
        "" => "no rewrite and no redirect leads from it to anything".to_owned(),
        shown if empty => {
            format!("`{shown}` holds no file to publish, and no rewrite and no redirect leads from it to anything")
        }
        shown => format!(
            "`{shown}` has no `index.html` to publish, and no rewrite and no redirect leads from it to anything"
        ),
    };
    let cure = cure(source, site, empty);
    if serves && !context.hosting.allow_empty && (empty || answers_now(context, facts, index).await) {
        let what = match empty {
            true => format!("This release would empty site `{name}`: {why}"),
            false => format!("This release would leave site `{name}` without its first page: {why}"),
        };
        return Err(Failure::plain(Class::Config, what)
            .hint(cure)
            .more_hints(["Where that is meant, write `allow_empty: true`".to_owned()]));
    }
    // A live site whose first page was missing before loses nothing.
    if !serves || context.hosting.allow_empty || empty {
        context.warn(facts, format!("`/` of site `{name}` will be answered with 404: {why}. {cure}"));
    }
    Ok(())
}

/// Whether the live address answers its first page now.
async fn answers_now(context: &SiteContext<'_>, facts: &Facts, index: usize) -> bool {
    let Some(url) = fact(facts, index).url.as_deref().and_then(|url| Url::parse(url).ok()) else { return false };
    let answer = context.probe.ask("GET", &url, None, |_| true).await;
    answer.status.is_some_and(|status| status < 400)
}

/// What is likely the reason.
fn cure(source: &SiteSource, site: &PlannedSite<'_>, empty: bool) -> String {
    let shown = source.shown.trim_end_matches('/');
    if let Some(file) = site.mistaken_root() {
        return format!("Hosting answers `/` with `index.html` alone: rename `{shown}{file}`");
    }
    if let [first, ..] = site.other_roots().as_slice() {
        return format!("There is an `index.html` in `{shown}{first}`: is that the directory to serve (`public`)?");
    }
    let there = source.public.as_ref().is_some_and(|public| public.join("index.html").is_file());
    match (there, empty) {
        (true, _) => format!("`{shown}/index.html` is there: `ignore` leaves it out"),
        (false, true) => format!("Is the site built before this step, and into `{shown}`?"),
        (false, false) => "Is the build complete, and is this the directory to serve (`public`)?".to_owned(),
    }
}
