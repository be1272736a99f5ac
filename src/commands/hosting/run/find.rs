//! Finding the sites and what their channels serve now, before anything is made.

use super::{SiteContext, refused};
use crate::commands::hosting::inputs::SiteWork;
use crate::facts::Facts;
use slipway_failure::{Class, Explain, Failure};
use slipway_google::error::ApiError;
use slipway_google::hosting::{self as hosting, ChannelState, Site};
use slipway_google::projects::{self as projects, PermissionTarget};
use slipway_google::roles;
use slipway_names::hosting::{Before, LIVE, SiteFact};
use slipway_names::ids::ProjectId;

/// Finds every site, asks what the account may do, and reads the channels.
pub(super) async fn run(context: &SiteContext<'_>, facts: &mut Facts) -> Result<((), String), Failure> {
    let wanted: Vec<Option<&str>> = match &context.hosting.what {
        SiteWork::Deploy(upload) => upload.sites.iter().map(|source| source.site.as_ref()).collect::<Vec<_>>(),
        SiteWork::Rollback { site, .. } | SiteWork::Promote { site, .. } => vec![site.as_ref()],
        SiteWork::Remove { sites, .. } => sites.iter().map(Option::as_ref).collect(),
    }
    .into_iter()
    .map(|site| site.map(|site| site.as_str()))
    .collect();
    for site in named(context, &wanted).await? {
        if facts.sites.iter().any(|fact| fact.site == site) {
            let what = format!("Site `{site}` stands twice in `firebase.json`, and can have one version at a time");
            return Err(Failure::plain(Class::Config, what).hint("Name one of them with `target`"));
        }
        facts.sites.push(SiteFact { site, channel: context.hosting.channel().to_owned(), ..SiteFact::default() });
    }
    // Side by side: none depends on another.
    let sites: Vec<String> = facts.sites.iter().map(|fact| fact.site.clone()).collect();
    let looks = sites.iter().map(|site| look(context, site));
    for (index, seen) in futures_util::future::join_all(looks).await.into_iter().enumerate() {
        let channel = seen?;
        see(&mut facts.sites[index], channel.as_ref());
    }
    let shown: Vec<String> = facts.sites.iter().map(|fact| format!("`{}`", fact.site)).collect();
    let channel = context.hosting.channel();
    Ok(((), format!("{}, channel `{channel}`", shown.join(", "))))
}

/// The ids of the sites, the project's default one among them where that is meant; and whether the account may do what
/// sites need.
pub(super) async fn named(context: &SiteContext<'_>, wanted: &[Option<&str>]) -> Result<Vec<String>, Failure> {
    let asked: Vec<&str> = roles::HOSTING_NEEDS
        .iter()
        .map(|need| need.permission)
        .filter(|permission| permission.starts_with("firebasehosting."))
        .collect();
    let (held, sites) = tokio::join!(projects::held(context.http, PermissionTarget::Project, &asked), async {
        match wanted.iter().any(Option::is_none) {
            true => hosting::sites(context.http).await.map(Some),
            false => Ok(None),
        }
    },);
    permitted(context, &asked, held)?;
    let project = &context.hosting.project;
    let sites = sites.map_err(|error| {
        refused::of(context.http, format!("Could not list the sites of project `{project}`"), error)
    })?;
    let id = |site: &Option<&str>| match site {
        Some(site) => Ok((*site).to_owned()),
        None => default_site(project, sites.as_deref().unwrap_or_default()),
    };
    wanted.iter().map(id).collect()
}

fn permitted(context: &SiteContext<'_>, asked: &[&str], held: Result<Vec<String>, ApiError>) -> Result<(), Failure> {
    let held = match held {
        Ok(held) => held,
        Err(error) if matches!(error.class(), Class::Auth) => {
            return Err(Failure::of("Google does not accept the account's token", error));
        }
        // What may not be looked at beforehand shows itself later.
        Err(error) => {
            context.console.line(&format!("Permissions were not looked at beforehand: {error}"));
            return Ok(());
        }
    };
    let missing: Vec<&str> =
        asked.iter().copied().filter(|permission| !held.iter().any(|other| other == permission)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = missing.iter().map(|permission| format!("`{permission}`")).collect();
    let (account, project) = (&context.hosting.credentials.principal, &context.hosting.project);
    let what = format!("`{account}` lacks {} on project `{project}`", list.join(" and "));
    Err(Failure::plain(Class::Permission, format!("Project `{project}` is not ready for this release: {what}"))
        .hint(refused::grant(context.http))
        .more_hints(account.mapped().iter().cloned()))
}

/// The site that is meant where none is named: the one the project was given first; where Hosting calls none that, the
/// only one there is.
///
/// # Errors
/// When there is none, or several.
pub(crate) fn default_site(project: &ProjectId, sites: &[Site]) -> Result<String, Failure> {
    let only = sites.first().filter(|_| sites.len() == 1);
    if let Some(site) = sites.iter().find(|site| site.is_default).or(only) {
        return Ok(site.id.clone());
    }
    if sites.is_empty() {
        let failure = Failure::plain(Class::Config, format!("Project `{project}` has no Hosting site"));
        let add = format!(
            "Where Firebase is not in the project yet, add it first: npx firebase-tools projects:addfirebase {project}"
        );
        return Err(failure.hint(format!("Make one: {}", make_site(project, project.as_str()))).more_hints([add]));
    }
    let all: Vec<String> = sites.iter().map(|site| format!("`{}`", site.id)).collect();
    Err(Failure::plain(Class::Config, format!("Project `{project}` has no default Hosting site"))
        .hint(format!("Name one with `site`: it has {}", all.join(", "))))
}

/// The command that makes a site.
pub(crate) fn make_site(project: &ProjectId, site: &str) -> String {
    format!("npx firebase-tools hosting:sites:create {site} --project={project}")
}

/// Reads the channel; where even the live one is missing, the site is.
async fn look(context: &SiteContext<'_>, site: &str) -> Result<Option<ChannelState>, Failure> {
    let channel = context.hosting.channel();
    let sentence = || format!("Could not read channel `{channel}` of site `{site}`");
    match hosting::channel(context.http, site, channel).await {
        Ok(Some(found)) => Ok(Some(found)),
        // A preview that is not there yet and a site that is not there look alike.
        Ok(None) if channel != LIVE => match hosting::channel(context.http, site, LIVE).await {
            Ok(Some(_)) => Ok(None),
            Ok(None) => Err(missing(context, site).await),
            Err(error) => Err(refused::of(context.http, sentence(), error)),
        },
        Ok(None) => Err(missing(context, site).await),
        Err(error) => Err(refused::of(context.http, sentence(), error)),
    }
}

async fn missing(context: &SiteContext<'_>, site: &str) -> Failure {
    let project = &context.hosting.project;
    let failure = Failure::plain(Class::Config, format!("There is no site `{site}` in project `{project}`"));
    match hosting::sites(context.http).await {
        Ok(sites) if !sites.is_empty() => {
            let all: Vec<String> = sites.iter().map(|site| format!("`{}`", site.id)).collect();
            failure.hint(format!("It has {}: check `site`, `target` and `project_id`", all.join(", ")))
        }
        _ => failure
            .hint("Check `site`, `target` and `project_id`")
            .more_hints([format!("Or make it: {}", make_site(project, site))]),
    }
}

/// Keeps what a channel serves now.
pub(super) fn see(fact: &mut SiteFact, channel: Option<&ChannelState>) {
    fact.before = match channel {
        None => Before::NoChannel,
        Some(channel) => match (channel.version(), &channel.release) {
            (Some(version), _) => Before::Version(version.to_owned()),
            (None, Some(release)) if release.kind == "SITE_DISABLE" => Before::Disabled,
            (None, _) => Before::Nothing,
        },
    };
    let Some(channel) = channel else { return };
    fact.release_before = channel.release.as_ref().map(|release| release.name.clone());
    fact.url = Some(channel.url.clone()).filter(|url| !url.is_empty());
    fact.retained = channel.retained;
    fact.expires = Some(channel.expires.clone()).filter(|time| !time.is_empty());
}
