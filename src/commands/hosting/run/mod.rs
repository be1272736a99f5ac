//! Sites: files become a version that nobody sees, the version is released, asked, and taken back when it
//! does not answer as it should.

mod auth;
mod finalize;
mod find;
mod functions;
mod paths;
mod pins;
mod reach;
pub(crate) mod refused;
mod rehearse;
mod release;
pub(super) mod remove;
mod room;
mod root;
mod send;
mod target;
pub mod undo;
mod verify;
mod versions;

pub(crate) use find::{default_site, make_site};
pub(crate) use reach::{beforehand, by_manifest};
pub use rehearse::rehearse;

use std::collections::BTreeMap;

use crate::commands::hosting::inputs::{Hosting, SiteSource, SiteWork, Upload};
use crate::commands::hosting::reach::Coming;
use crate::commands::hosting::serving::RewriteService;
use crate::facts::Facts;
use crate::probe::Probe;
use crate::service::timed;
use crate::step::StepName;
use slipway_failure::Failure;
use slipway_github::GitHub;
use slipway_google::http::Http;
use slipway_names::hosting::{SiteEnd, SiteFact};
use slipway_runner::Console;
use slipway_runner::env::Origin;
use slipway_runner::files::Files;
use slipway_sites::Listing;
use slipway_wire::clock::Clock;

/// What the steps of the hosting commands may use.
pub struct SiteContext<'a> {
    /// What to do.
    pub hosting: &'a Hosting,
    /// What marks the versions of this run.
    pub mark: &'a str,
    /// Where the run comes from.
    pub origin: &'a Origin,
    /// Google.
    pub http: &'a Http,
    /// GitHub, when there is a token for it.
    pub github: Option<&'a GitHub>,
    /// The site.
    pub probe: &'a Probe,
    /// Text.
    pub console: &'a Console,
    /// The runner's files.
    pub files: &'a Files,
    /// Services that are deployed together with the sites: they may not be there yet.
    pub coming: &'a [Coming],
    /// Tags that rewrites to services keep to, where they are known beforehand.
    pub fixed: &'a BTreeMap<RewriteService, String>,
    /// What begins the lines about it, where others are released with it.
    pub name: &'a str,
}

impl SiteContext<'_> {
    fn clock(&self) -> &Clock {
        self.http.clock()
    }

    /// Whether a service is deployed together with the sites.
    fn is_coming(&self, service: &RewriteService) -> bool {
        self.coming.iter().any(|coming| coming.service == *service)
    }

    /// Says something odd now, and keeps it for the report.
    fn warn(&self, facts: &mut Facts, text: String) {
        // What is looked at twice is told once.
        if !facts.warnings.contains(&text) {
            self.console.warning(&text);
            facts.warnings.push(text);
        }
    }

    /// What begins the lines about a site, where there are several.
    fn prefix(&self, facts: &Facts, index: usize) -> String {
        match facts.sites.get(index) {
            Some(fact) if facts.sites.len() > 1 => format!("{}{}: ", self.name, fact.site),
            _ => self.name.to_owned(),
        }
    }
}

/// Carries out a hosting command. Whatever is learned stands in the facts, also when it ends early; what was
/// released is taken back when it fails.
///
/// # Errors
/// The first failure, explained.
pub async fn run(context: &SiteContext<'_>, facts: &mut Facts) -> Result<(), Failure> {
    sign_in(context, facts).await?;
    if let SiteWork::Remove { .. } = context.hosting.what {
        return remove::run(context, facts).await;
    }
    let ended = async {
        prepare(context, facts).await?;
        complete(context, facts).await?;
        show(context, facts).await?;
        end(context, facts);
        Ok(())
    }
    .await;
    match ended {
        Ok(()) => Ok(()),
        Err(failure) => Err(undo::after(context, facts, failure).await),
    }
}

/// Gets the first token.
pub(crate) async fn sign_in(context: &SiteContext<'_>, facts: &mut Facts) -> Result<(), Failure> {
    let account = context.hosting.credentials.principal.shown();
    crate::service::sign_in_as(context.http, context.console, context.name, facts, account).await
}

/// Finds the sites, and uploads their files or finds their versions; nobody sees any of it.
///
/// # Errors
/// What hindered it; nothing was released.
pub(crate) async fn prepare(context: &SiteContext<'_>, facts: &mut Facts) -> Result<(), Failure> {
    step(context, facts, 0, StepName::Site, async |facts| find::run(context, facts).await).await?;
    match &context.hosting.what {
        SiteWork::Deploy(upload) => {
            for (index, source) in upload.sites.iter().enumerate() {
                fill(context, facts, index, source, upload).await?;
            }
            Ok(())
        }
        SiteWork::Rollback { to, .. } => {
            let earlier = async |facts: &mut Facts| versions::earlier(context, facts, to.as_deref()).await;
            step(context, facts, 0, StepName::PickVersion, earlier).await
        }
        SiteWork::Promote { from, .. } => {
            let shown = async |facts: &mut Facts| versions::of_preview(context, facts, from).await;
            step(context, facts, 0, StepName::PickVersion, shown).await
        }
        SiteWork::Remove { .. } => Ok(()),
    }
}

/// Makes one site's version and gives it its files.
async fn fill(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    source: &SiteSource,
    upload: &Upload,
) -> Result<(), Failure> {
    room::look(context, facts, index, upload).await?;
    let looked = pins::look(context, facts, index, source).await?;
    let list = async |facts: &mut Facts| send::list(context, facts, index, source, upload).await;
    let listing = step(context, facts, index, StepName::Files, list).await?;
    judge(context, facts, index, source, &looked, listing.as_deref()).await?;
    let send = async |facts: &mut Facts| send::run(context, facts, index, source, upload, listing).await;
    step(context, facts, index, StepName::Send, send).await
}

/// Judges what visitors would meet, by the files and by what is behind the rewrites.
async fn judge(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    source: &SiteSource,
    looked: &pins::Looked,
    listing: Option<&Listing>,
) -> Result<(), Failure> {
    let site = paths::PlannedSite::new(&source.serving, listing);
    root::check(context, facts, index, source, listing, &site).await?;
    reach::look(context, facts, index, &source.serving, looked, &site).await
}

/// Completes the versions that were made, with what their rewrites lead to.
///
/// # Errors
/// What hindered it; nothing was released.
pub(crate) async fn complete(context: &SiteContext<'_>, facts: &mut Facts) -> Result<(), Failure> {
    let SiteWork::Deploy(upload) = &context.hosting.what else { return Ok(()) };
    for (index, source) in upload.sites.iter().enumerate() {
        let finish = async |facts: &mut Facts| finalize::run(context, facts, index, source).await;
        step(context, facts, index, StepName::Finalize, finish).await?;
    }
    Ok(())
}

/// Releases what is prepared, every site, and asks them.
///
/// # Errors
/// What hindered it; what was released is for the caller to take back.
pub(crate) async fn show(context: &SiteContext<'_>, facts: &mut Facts) -> Result<(), Failure> {
    if let SiteWork::Deploy(upload) = &context.hosting.what {
        for index in 0..facts.sites.len() {
            release::channel(context, facts, index, &upload.channel).await?;
            if context.hosting.auth_domains && !facts.sites[index].is_live() {
                auth::put_in(context, facts, index).await;
            }
        }
    }
    for index in 0..facts.sites.len() {
        step(context, facts, index, StepName::Release, async |facts| release::run(context, facts, index).await).await?;
    }
    for index in 0..facts.sites.len() {
        release::retain(context, facts, index).await;
    }
    for index in 0..facts.sites.len() {
        if !context.hosting.checks.checks.is_empty() {
            let verify = async |facts: &mut Facts| verify::run(context, facts, index).await;
            step(context, facts, index, StepName::Verify, verify).await?;
        }
    }
    for index in 0..facts.sites.len() {
        reach::ask(context, facts, index).await;
    }
    Ok(())
}

/// Says that what is released stays.
pub(crate) fn end(context: &SiteContext<'_>, facts: &mut Facts) {
    facts.sites.iter_mut().for_each(|fact| fact.end = SiteEnd::Released);
    if let Err(why) = context.files.save_state("site_over", "true") {
        context.console.warning(&why);
    }
}

async fn step<T>(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    name: StepName,
    work: impl AsyncFnOnce(&mut Facts) -> Result<(T, String), Failure>,
) -> Result<T, Failure> {
    let prefix = context.prefix(facts, index);
    timed(context.console, &prefix, facts, name, work).await
}

/// The fact of a site.
fn fact(facts: &Facts, index: usize) -> &SiteFact {
    &facts.sites[index]
}
