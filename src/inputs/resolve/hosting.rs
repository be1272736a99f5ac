//! What the hosting commands are told, with every mistake at once; `firebase.json` is a part of it.

use std::path::{Path, PathBuf};

use super::super::credentials;
use super::super::error::{Findings, InputErrors};
use super::super::firebase::channel::{ChannelError, DEFAULT_LIFE, channel_id, expires, for_pull_request};
use super::super::firebase::{self, Chosen, FirebaseRc, JsonMistake};
use super::super::hosting::{Channel, Hosting, SiteSource, SiteWork, Upload};
use super::super::pull_request::of_run;
use super::super::raw::RawInputs;
use super::super::runner::{Origin, Runner};
use super::super::scalar;
use super::super::spec::Command;
use super::{Give, check};
use crate::model::credentials::Credentials;
use crate::model::hosting::LIVE;
use crate::model::ids::{ProjectId, SiteId};
use crate::model::secret::Secret;

/// Google's limit for a release's message (`google-api.md` 13.1).
const LONGEST_MESSAGE: usize = 512;

/// A `firebase.json` above this size is something else.
const LARGEST_FILE: u64 = 4 << 20;

/// A resolved run and what is worth a warning.
#[derive(Debug)]
pub struct Resolved {
    /// What to do.
    pub hosting: Hosting,
    /// Odd but allowed.
    pub warnings: Vec<String>,
}

/// Resolves the inputs of a hosting command, or of the rollback or promote command about a site.
///
/// # Errors
/// Every mistake in every input, and in `firebase.json`.
pub fn run(
    command: Command,
    raw: &RawInputs,
    runner: &Runner,
    mut findings: Findings,
) -> Result<Resolved, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    if raw.has("service") {
        give.findings.wrong("site", "`service` is given too", "keep one of them: a run is about one of the two");
    }
    let site = give.parsed("site", SiteId::parse);
    let entry = give.text("entry_point").unwrap_or_else(|| ".".into());
    let directory = place(&mut give, runner, "entry_point", &runner.workspace, &entry);
    let rc = directory.as_ref().and_then(|directory| aliases(&mut give, directory)).unwrap_or_default();
    let project = project(&mut give, credentials.as_ref(), &rc);
    let what = match command {
        Command::Hosting => directory
            .and_then(|directory| upload(&mut give, runner, &entry, &directory, &rc, project.as_ref(), site))
            .map(|upload| SiteWork::Deploy(Box::new(upload))),
        Command::Rollback | Command::HostingRollback => {
            let channel = channel(&mut give).unwrap_or_else(|| LIVE.to_owned());
            Some(SiteWork::Rollback { site, channel, to: give.with("to_version", version_id) })
        }
        _ => {
            let from = named(&mut give, "from_channel", channel_id);
            if from.is_none() && !raw.has("from_channel") {
                give.findings.wrong("from_channel", "it was not given", "name the preview channel that is promoted");
            }
            from.map(|from| SiteWork::Promote { site, from })
        }
    };
    let checks = check::checks(&mut give, check::At::Site);
    let message = give.with("message", message);
    let dry_run = give.switch("dry_run").unwrap_or(false);
    let (Some(credentials), Some(project), Some(what)) = (credentials, project, what) else {
        return Err(InputErrors(findings.mistakes));
    };
    if !findings.mistakes.is_empty() {
        return Err(InputErrors(findings.mistakes));
    }
    let hosting = Hosting {
        credential_files: credentials::files(runner, Some(&credentials)),
        credentials,
        project,
        github_token: raw.get("github_token").and_then(Secret::new),
        environment: raw.get("environment").map(str::to_owned),
        what,
        message,
        checks,
        dry_run,
        workspace: runner.workspace.clone(),
        spool: runner.temp.clone().unwrap_or_else(|| PathBuf::from("/tmp")),
    };
    Ok(Resolved { hosting, warnings: findings.warnings })
}

/// A directory below the workspace.
fn place(give: &mut Give<'_>, runner: &Runner, name: &'static str, base: &Path, shown: &str) -> Option<PathBuf> {
    let path = base.join(shown);
    let (Ok(whole), Ok(workspace)) = (path.canonicalize(), runner.workspace.canonicalize()) else {
        give.findings.wrong(
            name,
            format!("there is no directory `{shown}` in the workspace"),
            "is the repository checked out, and is it built before this step?",
        );
        return None;
    };
    if !whole.is_dir() {
        give.findings.wrong(name, format!("`{shown}` is not a directory"), "name the directory");
        return None;
    }
    if runner.actions && !whole.starts_with(&workspace) {
        give.findings.wrong(name, format!("`{shown}` leads out of the workspace"), "write a path inside it");
        return None;
    }
    Some(whole)
}

/// `.firebaserc` beside `firebase.json`, where there is one.
fn aliases(give: &mut Give<'_>, directory: &Path) -> Option<FirebaseRc> {
    let text = read(give, &directory.join(".firebaserc"))?;
    told(give, firebase::parse_rc(&text))
}

/// A text file; `None` when there is none.
fn read(give: &mut Give<'_>, path: &Path) -> Option<String> {
    let length = std::fs::metadata(path).ok()?.len();
    let text = if length > LARGEST_FILE {
        Err(std::io::Error::other("it is larger than 4 MiB"))
    } else {
        std::fs::read_to_string(path)
    };
    match text {
        Ok(text) => Some(text),
        Err(error) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            give.findings.wrong("entry_point", format!("`{name}` cannot be read: {error}"), "");
            None
        }
    }
}

fn told<T>(give: &mut Give<'_>, result: Result<T, Vec<JsonMistake>>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(mistakes) => {
            give.findings.mistakes.extend(mistakes.iter().map(|mistake| mistake.of_input("entry_point")));
            None
        }
    }
}

/// The project: by its id or alias, else the default of `.firebaserc`, else the account's.
fn project(give: &mut Give<'_>, credentials: Option<&Credentials>, rc: &FirebaseRc) -> Option<ProjectId> {
    match rc.project(give.raw.get("project_id")) {
        Some(name) => match ProjectId::parse(&name) {
            Ok(project) => Some(project),
            Err(error) => {
                give.findings.wrong("project_id", error.to_string(), "or name an alias that stands in .firebaserc");
                None
            }
        },
        None => super::project(give, credentials),
    }
}

fn upload(
    give: &mut Give<'_>,
    runner: &Runner,
    entry: &str,
    directory: &Path,
    rc: &FirebaseRc,
    project: Option<&ProjectId>,
    site: Option<SiteId>,
) -> Option<Upload> {
    let channel = deploy_channel(give, &runner.origin);
    let only = give.text("target").or_else(|| site.as_ref().map(ToString::to_string));
    if give.raw.has("target") && give.raw.has("site") {
        give.findings.wrong("target", "`site` says which site is meant already", "keep one of them");
    }
    let public = give.text("public");
    let chosen = match read(give, &directory.join("firebase.json")) {
        Some(text) => {
            let described = told(give, firebase::parse(&text))?;
            give.findings.warnings.extend(described.warnings.iter().map(ToString::to_string));
            let project = project.map(ProjectId::as_str).unwrap_or_default();
            told(give, firebase::choose(&described, rc, project, only.as_deref()))?
        }
        None if public.is_none() => {
            give.findings.wrong(
                "entry_point",
                format!("there is no `firebase.json` in `{entry}`"),
                "name its directory with `entry_point`, or the directory to serve with `public`",
            );
            return None;
        }
        None => {
            if give.raw.has("target") {
                give.findings.wrong("target", "there is no `firebase.json` that knows it", "write `site`");
            }
            let config = firebase::without(public.as_deref().unwrap_or_default(), None);
            vec![Chosen { site: site.as_ref().map(ToString::to_string), config }]
        }
    };
    if public.is_some() && chosen.len() > 1 {
        give.findings.wrong("public", "`firebase.json` describes several sites", "name one with `target` or `site`");
    }
    let sites: Vec<Option<SiteSource>> =
        chosen.into_iter().map(|chosen| source(give, runner, directory, chosen, public.as_deref())).collect();
    let limit = give.with("total_preview_channel_limit", |text| scalar::number(text, 1, 50));
    let cache = give.text("cache_directory").map(|path| runner.workspace.join(path));
    let allow_env = scalar::list(give.raw.whole("allow_env_files").unwrap_or_default());
    Some(Upload {
        sites: sites.into_iter().collect::<Option<Vec<_>>>()?,
        channel: channel?,
        limit: limit.map(|limit| limit as usize),
        cache,
        allow_env,
    })
}

/// One site of `firebase.json`, with the directory it serves.
fn source(
    give: &mut Give<'_>,
    runner: &Runner,
    directory: &Path,
    chosen: Chosen,
    public: Option<&str>,
) -> Option<SiteSource> {
    let config = chosen.config;
    give.findings.warnings.extend(config.warnings.iter().map(ToString::to_string));
    let site = match chosen.site.as_deref().map(SiteId::parse).transpose() {
        Ok(site) => site,
        Err(error) => {
            give.findings.wrong("site", error.to_string(), "");
            return None;
        }
    };
    let shown = public.map(str::to_owned).or(config.public);
    let served = match &shown {
        Some(shown) => Some(place(give, runner, "public", directory, shown)?),
        None => None,
    };
    Some(SiteSource {
        site,
        described: config.path,
        public: served,
        shown: shown.unwrap_or_default(),
        ignore: config.ignore,
        serving: config.serving,
    })
}

/// The channel of a deploy: the one that is named, else one for the pull request.
fn deploy_channel(give: &mut Give<'_>, origin: &Origin) -> Option<Channel> {
    let ttl = named(give, "expires", expires).unwrap_or(DEFAULT_LIFE);
    if let Some(name) = channel(give) {
        if name == LIVE {
            for input in ["expires", "total_preview_channel_limit"] {
                if give.raw.has(input) {
                    give.findings.wrong(input, "the live channel never ends and is no preview", "remove it");
                }
            }
            return Some(Channel::Live);
        }
        return channel_id(&name).ok().map(|id| Channel::Preview { id, ttl });
    }
    if give.raw.has("channel") {
        return None;
    }
    match of_run(origin) {
        Some(pull) => Some(Channel::Preview { id: for_pull_request(pull.number, &pull.branch), ttl }),
        None => {
            give.findings.wrong(
                "channel",
                "it was not given, and this run is about no pull request that a preview could be for",
                "write `channel: live` to release for everybody, or the name of a preview channel",
            );
            None
        }
    }
}

/// `live` or a preview's id, made safe.
fn channel(give: &mut Give<'_>) -> Option<String> {
    let text = give.text("channel")?;
    if text == LIVE {
        return Some(text);
    }
    named(give, "channel", channel_id).map(|id| id.to_string())
}

/// A value of a preview channel.
fn named<T>(give: &mut Give<'_>, name: &'static str, parse: impl FnOnce(&str) -> Result<T, ChannelError>) -> Option<T> {
    match parse(give.raw.get(name)?) {
        Ok(value) => Some(value),
        Err(error) => {
            give.findings.wrong(name, error.to_string(), error.cure());
            None
        }
    }
}

/// A version's id, by itself or at the end of its full name.
fn version_id(text: &str) -> Result<String, &'static str> {
    let id = crate::model::hosting::short(text);
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits { Ok(id.to_owned()) } else { Err("write the version's id, such as `a1b2c3d4e5f60718`") }
}

fn message(text: &str) -> Result<String, String> {
    if text.chars().count() <= LONGEST_MESSAGE {
        Ok(text.to_owned())
    } else {
        Err(format!("write {LONGEST_MESSAGE} characters at most"))
    }
}
