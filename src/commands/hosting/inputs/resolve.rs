//! What the hosting commands are told, with every mistake at once; `firebase.json` is a part of it.

use std::path::{Path, PathBuf};

use crate::commands::deploy::inputs::resolve::{Give, NOT_CHECKED_OUT, check};
use crate::commands::hosting::inputs::{Channel, Gone, Hosting, NamedPull, SiteSource, SiteWork, Upload};
use crate::inputs::credentials;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::firebase::channel::{ChannelError, DEFAULT_LIFE, channel_id, expires, for_pull_request};
use crate::inputs::firebase::{self as firebase, Chosen, FirebaseRc, JsonMistake};
use crate::inputs::foreign::approved;
use crate::inputs::pull_request::{PullRequest, PullRequestSource, of_run, said};
use crate::inputs::spec::CommandName;
use crate::inputs::spec::hosting::name;
use crate::inputs::spec::{InputName, deploy};
use slipway_names::credentials::Credentials;
use slipway_names::hosting::LIVE;
use slipway_names::ids::{ProjectId, SiteId};
use slipway_names::place::{PlaceError, Places};
use slipway_names::secret::Secret;
use slipway_names::shown::QuotedText;
use slipway_runner::env::{Origin, Runner};
use slipway_runner::workspace;

/// The longest message of a release (Firebase Hosting v1beta1, `Release.message`).
const LONGEST_MESSAGE: usize = 512;

/// The file of sites, unless it has another name.
const FILE: &str = "firebase.json";

/// Resolves the inputs of a hosting command, or of the rollback or promote command about a site.
///
/// # Errors
/// Every mistake in every input, and in `firebase.json`.
pub fn run(
    command: CommandName,
    raw: &RawInputs,
    runner: &Runner,
    mut findings: Findings,
) -> Result<Resolved<Hosting>, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    if raw.has(deploy::name::SERVICE) {
        give.findings.wrong(name::SITE, "`service` is given too", "keep one of them: a run is about one of the two");
    }
    let site = give.parsed(name::SITE, SiteId::parse);
    let file = document(&mut give, runner);
    let rc = file.as_ref().and_then(|file| aliases(&mut give, file)).unwrap_or_default();
    let project = project(&mut give, credentials.as_ref(), &rc);
    let what = match command {
        CommandName::Hosting => file.and_then(|file| {
            let choice = Choice { file: &file, rc: &rc, project: project.as_ref(), site };
            let pull = pull_request(&mut give, &runner.origin);
            match removal(&mut give, pull.as_ref()) {
                HostingRequest::Remove(channels) => {
                    choice.sites(&mut give).map(|sites| SiteWork::Remove { sites, channels })
                }
                HostingRequest::Deploy => {
                    upload(&mut give, runner, choice, pull).map(|upload| SiteWork::Deploy(Box::new(upload)))
                }
                HostingRequest::Unclear => None,
            }
        }),
        CommandName::Rollback | CommandName::HostingRollback => {
            let channel = channel(&mut give).unwrap_or_else(|| LIVE.to_owned());
            Some(SiteWork::Rollback { site, channel, to: give.with(name::TO_VERSION, version_id) })
        }
        _ => {
            let from = named(&mut give, name::FROM_CHANNEL, channel_id);
            if from.is_none() && !raw.has(name::FROM_CHANNEL) {
                give.findings.wrong(
                    name::FROM_CHANNEL,
                    "it was not given",
                    "name the preview channel that is promoted",
                );
            }
            from.map(|from| SiteWork::Promote { site, from })
        }
    };
    let checks = check::checks(&mut give, check::CheckTarget::Site);
    let message = give.with(name::MESSAGE, message);
    let dry_run = give.switch(name::DRY_RUN).unwrap_or(false);
    let keep_releases = give.with(name::KEEP_RELEASES, |text| scalar::number(text, 1, 100));
    let [auth_domains, allow_empty, allow_private_rewrites] =
        [name::AUTH_DOMAINS, name::ALLOW_EMPTY, name::ALLOW_PRIVATE_REWRITES]
            .map(|name| give.switch(name).unwrap_or(false));
    let (Some(credentials), Some(project), Some(what)) = (credentials, project, what) else {
        return Err(InputErrors::of(findings));
    };
    if !findings.mistakes.is_empty() {
        return Err(InputErrors::of(findings));
    }
    let hosting = Hosting {
        credential_files: credentials::files(runner, Some(&credentials)),
        credentials,
        project,
        github_token: raw.get(name::GITHUB_TOKEN).and_then(Secret::new),
        environment: raw.get(name::ENVIRONMENT).map(str::to_owned),
        what,
        message,
        checks,
        keep_releases,
        auth_domains,
        allow_empty,
        allow_private_rewrites,
        dry_run,
        workspace: runner.workspace.clone(),
        spool: runner.temp.clone().unwrap_or_else(|| PathBuf::from("/tmp")),
    };
    Ok(Resolved { meaning: hosting, warnings: findings.warnings })
}

/// A directory below the workspace.
fn place(give: &mut Give<'_>, runner: &Runner, name: InputName, base: &Path, shown: &str) -> Option<PathBuf> {
    if runner.removing && name.text() == name::PUBLIC.text() {
        return Some(base.join(shown));
    }
    let empty = runner.actions && workspace::is_empty(&runner.workspace);
    let (problem, cure) = match runner.places().directory(&base.join(shown)) {
        Ok(whole) => return Some(whole),
        Err(PlaceError::NoDirectory) => (format!("{} is not a directory", QuotedText(shown)), "name the directory"),
        Err(PlaceError::Outside) => {
            (format!("{} leads out of the workspace", QuotedText(shown)), "write a path inside it")
        }
        Err(_) if empty => (format!("there is no directory {} in the workspace", QuotedText(shown)), NOT_CHECKED_OUT),
        Err(_) => (
            format!("there is no directory {} in the workspace", QuotedText(shown)),
            "is the repository checked out, and is it built before this step?",
        ),
    };
    give.findings.wrong(name, problem, cure);
    None
}

/// The document of sites.
struct File {
    /// Where it, and what it names, may lie.
    places: Places,
    /// The directory that it lies in; what it names is relative to it.
    directory: PathBuf,
    /// Itself, which may not be there.
    path: PathBuf,
    /// Its name in sentences.
    name: String,
    /// The input that says where it is.
    input: &'static str,
    /// Where that is, as it was given.
    given: String,
}

/// Where the document of sites is: `firebase.json` of `entry_point`, or the file that is named.
fn document(give: &mut Give<'_>, runner: &Runner) -> Option<File> {
    let entry = give.text(name::ENTRY_POINT).unwrap_or_else(|| ".".into());
    let directory = place(give, runner, name::ENTRY_POINT, &runner.workspace, &entry)?;
    let Some(given) = give.text(name::FIREBASE_JSON) else {
        let (path, name) = (directory.join(FILE), FILE.to_owned());
        return Some(File { places: runner.places(), directory, path, name, input: "entry_point", given: entry });
    };
    let path = directory.join(&given);
    if !path.is_file() {
        let problem = format!("there is no file {} in {}", QuotedText(&given), QuotedText(&entry));
        give.findings.wrong(
            name::FIREBASE_JSON,
            problem,
            "it is relative to `entry_point`: is the repository checked out?",
        );
        return None;
    }
    let above = Path::new(&given).parent().map(|above| above.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = if above.is_empty() { ".".to_owned() } else { above };
    let directory = place(give, runner, name::FIREBASE_JSON, &directory, &beside)?;
    Some(File { places: runner.places(), directory, path, name: given.clone(), input: "firebase_json", given })
}

/// `.firebaserc` beside the document, where there is one.
fn aliases(give: &mut Give<'_>, file: &File) -> Option<FirebaseRc> {
    let text = read(give, &file.places, &file.directory.join(".firebaserc"), file.input)?;
    told(give, file, firebase::parse_rc(&text))
}

/// A text file; `None` when there is none.
fn read(give: &mut Give<'_>, places: &Places, path: &Path, input: &'static str) -> Option<String> {
    match places.text(path) {
        Ok(text) => Some(text),
        Err(PlaceError::Missing) => None,
        Err(error) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            give.findings.wrong(input, format!("`{name}` {error}"), "");
            None
        }
    }
}

fn told<T>(give: &mut Give<'_>, file: &File, result: Result<T, Vec<JsonMistake>>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(mistakes) => {
            give.findings.mistakes.extend(mistakes.iter().map(|mistake| mistake.of_input(file.input, &file.name)));
            None
        }
    }
}

/// The project: by its id or alias, else the default of `.firebaserc`, else the account's.
fn project(give: &mut Give<'_>, credentials: Option<&Credentials>, rc: &FirebaseRc) -> Option<ProjectId> {
    match rc.project(give.raw.get(name::PROJECT_ID)) {
        Some(name) => match ProjectId::parse(&name) {
            Ok(project) => Some(project),
            Err(error) => {
                give.findings.wrong(name::PROJECT_ID, error.to_string(), "or name an alias that stands in .firebaserc");
                None
            }
        },
        None => crate::commands::deploy::inputs::resolve::project(give, credentials),
    }
}

/// What says which sites are meant.
struct Choice<'a> {
    file: &'a File,
    rc: &'a FirebaseRc,
    project: Option<&'a ProjectId>,
    site: Option<SiteId>,
}

impl Choice<'_> {
    /// The sites of the document that are meant; `None` without a document.
    fn read(&self, give: &mut Give<'_>) -> Option<Option<Vec<Chosen>>> {
        let only = give.text(name::TARGET).or_else(|| self.site.as_ref().map(ToString::to_string));
        if give.raw.has(name::TARGET) && give.raw.has(name::SITE) {
            give.findings.wrong(name::TARGET, "`site` says which site is meant already", "keep one of them");
        }
        let values = give.map(name::VALUES, |_, _| Ok(())).unwrap_or_default().into_iter().collect();
        let Some(text) = read(give, &self.file.places, &self.file.path, self.file.input) else { return Some(None) };
        let described = told(give, self.file, firebase::parse_with(&text, &values))?;
        give.findings.warnings.extend(described.warnings.iter().map(|warning| warning.named(&self.file.name)));
        let project = self.project.map(ProjectId::as_str).unwrap_or_default();
        told(give, self.file, firebase::choose(&described, self.rc, project, only.as_deref())).map(Some)
    }

    /// Their ids alone; without any document the one that is named, else the project's default.
    fn sites(&self, give: &mut Give<'_>) -> Option<Vec<Option<SiteId>>> {
        if self.site.is_some() {
            return Some(vec![self.site.clone()]);
        }
        let Some(chosen) = self.read(give)? else { return Some(vec![None]) };
        chosen.iter().map(|chosen| site_of(give, chosen)).collect()
    }
}

/// The id of a chosen site; nothing when it is none.
fn site_of(give: &mut Give<'_>, chosen: &Chosen) -> Option<Option<SiteId>> {
    match chosen.site.as_deref().map(SiteId::parse).transpose() {
        Ok(site) => Some(site),
        Err(error) => {
            give.findings.wrong(name::SITE, error.to_string(), "");
            None
        }
    }
}

fn upload(give: &mut Give<'_>, runner: &Runner, choice: Choice<'_>, pull: Option<PullRequest>) -> Option<Upload> {
    let named_pull = pull.as_ref().and_then(|pull| named_pull(give, runner, pull));
    let channel = deploy_channel(give, pull);
    let public = give.text(name::PUBLIC);
    let chosen = match choice.read(give)? {
        Some(chosen) => chosen,
        None if public.is_none() => {
            let (file, given) = (&choice.file, &choice.file.given);
            let cure = match workspace::one_level_down(&file.directory, FILE).first() {
                _ if runner.actions && workspace::is_empty(&runner.workspace) => NOT_CHECKED_OUT.to_owned(),
                Some(down) if given == "." => format!("there is one in `{down}`: write `entry_point: {down}`"),
                Some(down) => {
                    let down = format!("{}/{down}", given.trim_end_matches('/'));
                    format!("there is one in `{down}`: write `entry_point: {down}`")
                }
                None => "name its directory with `entry_point`, itself with `firebase_json`, or the directory to serve with `public`".to_owned(),
            };
            give.findings.wrong(file.input, format!("there is no `{FILE}` in `{given}`"), cure);
            return None;
        }
        None => {
            if give.raw.has(name::TARGET) {
                give.findings.wrong(name::TARGET, "there is no `firebase.json` that knows it", "write `site`");
            }
            let config = firebase::without(public.as_deref().unwrap_or_default(), None);
            vec![Chosen { site: choice.site.as_ref().map(ToString::to_string), config }]
        }
    };
    if public.is_some() && chosen.len() > 1 {
        give.findings.wrong(
            name::PUBLIC,
            "`firebase.json` describes several sites",
            "name one with `target` or `site`",
        );
    }
    let sites: Vec<Option<SiteSource>> =
        chosen.into_iter().map(|chosen| source(give, runner, choice.file, chosen, public.as_deref())).collect();
    let limit = give.with(name::TOTAL_PREVIEW_CHANNEL_LIMIT, |text| scalar::number(text, 1, 50));
    let cache = cache(give, runner);
    let allow_env = scalar::list(give.raw.whole(name::ALLOW_ENV_FILES).unwrap_or_default());
    Some(Upload {
        sites: sites.into_iter().collect::<Option<Vec<_>>>()?,
        channel: channel?,
        named_pull,
        directory: choice.file.directory.clone(),
        limit: limit.map(|limit| limit as usize),
        cache,
        allow_env,
    })
}

/// Where hashes are kept for the next run: a directory that may not be there yet.
fn cache(give: &mut Give<'_>, runner: &Runner) -> Option<PathBuf> {
    let shown = give.text(name::CACHE_DIRECTORY)?;
    match runner.places().resolve_new(&runner.workspace.join(&shown)) {
        Ok(whole) => Some(whole),
        Err(error) => {
            let cure = "write a directory of the workspace, or of RUNNER_TEMP";
            give.findings.wrong(name::CACHE_DIRECTORY, format!("{} {error}", QuotedText(&shown)), cure);
            None
        }
    }
}

/// One site of `firebase.json`, with the directory it serves.
fn source(
    give: &mut Give<'_>,
    runner: &Runner,
    file: &File,
    chosen: Chosen,
    public: Option<&str>,
) -> Option<SiteSource> {
    let site = site_of(give, &chosen)?;
    let config = chosen.config;
    give.findings.warnings.extend(config.warnings.iter().map(|warning| warning.named(&file.name)));
    let shown = public.map(str::to_owned).or(config.public);
    let served = match &shown {
        Some(shown) => Some(place(give, runner, name::PUBLIC, &file.directory, shown)?),
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

/// The pull request, where an input alone says that it is this one: what the event says, GitHub has said.
fn named_pull(give: &mut Give<'_>, runner: &Runner, pull: &PullRequest) -> Option<NamedPull> {
    let said = said(runner, pull);
    (give.raw.has(name::PULL_REQUEST) && said != PullRequestSource::Event).then(|| NamedPull {
        number: pull.number,
        said,
        forks: approved(give),
        names_the_channel: !give.raw.has(name::CHANNEL),
    })
}

/// What a run of the hosting command is for.
enum HostingRequest {
    Deploy,
    Remove(Gone),
    /// What it is for is a mistake, and told.
    Unclear,
}

/// The pull request of the run: the event's, or the one that is named.
fn pull_request(give: &mut Give<'_>, origin: &Origin) -> Option<PullRequest> {
    let own = of_run(origin);
    let Some(number) = give.with(name::PULL_REQUEST, |text| scalar::number(text, 1, u32::MAX)) else { return own };
    let number = u64::from(number);
    Some(own.filter(|own| own.number == number).unwrap_or_else(|| PullRequest::numbered(number)))
}

/// Whether preview channels are removed: when that is said, and when the pull request was closed, which makes no new
/// preview. A channel with a name of its own is not the pull request's, and stays.
fn removal(give: &mut Give<'_>, pull: Option<&PullRequest>) -> HostingRequest {
    let absent = give.choice(name::STATE, &[("present", false), ("absent", true)]);
    let closed = pull.filter(|pull| pull.closed);
    let named = give.text(name::CHANNEL);
    let derived = |pull: &PullRequest| match pull.branch.as_str() {
        "" => Gone::OfPull(pull.number),
        branch => Gone::Named(for_pull_request(pull.number, branch)),
    };
    match (absent, named, pull) {
        (Some(true), Some(name), _) if name == LIVE => {
            give.findings.wrong(
                name::STATE,
                "the live channel cannot be removed",
                "name a preview channel with `channel`",
            );
            HostingRequest::Unclear
        }
        (Some(true), Some(_), _) => match channel(give).and_then(|name| channel_id(&name).ok()) {
            Some(id) => HostingRequest::Remove(Gone::Named(id)),
            None => HostingRequest::Unclear,
        },
        (Some(true), None, Some(pull)) => HostingRequest::Remove(derived(pull)),
        (Some(true), None, None) => {
            let problem = "it was not given, and this run is about no pull request whose preview could be meant";
            give.findings.wrong(
                name::CHANNEL,
                problem,
                "name the preview channel that is removed, or give `pull_request`",
            );
            HostingRequest::Unclear
        }
        (None, None, _) if let Some(pull) = closed => HostingRequest::Remove(derived(pull)),
        (None, Some(name), _)
            if name != LIVE
                && let Some(pull) = closed =>
        {
            let number = pull.number;
            HostingRequest::Remove(Gone::None(format!(
                "pull request #{number} is closed, and channel `{name}` is not named after it"
            )))
        }
        (Some(false), None, _) if let Some(pull) = closed => {
            let problem = format!("pull request #{} is closed, and no new preview is made of it", pull.number);
            give.findings.wrong(name::STATE, problem, "leave it out: what is left of the preview is removed then");
            HostingRequest::Unclear
        }
        _ => HostingRequest::Deploy,
    }
}

/// The channel of a deploy: the one that is named, else one for the pull request.
fn deploy_channel(give: &mut Give<'_>, pull: Option<PullRequest>) -> Option<Channel> {
    let ttl = named(give, name::EXPIRES, expires).unwrap_or(DEFAULT_LIFE);
    if let Some(name) = channel(give) {
        if name == LIVE {
            return Some(Channel::Live);
        }
        return channel_id(&name).ok().map(|id| Channel::Preview { id, ttl });
    }
    if give.raw.has(name::CHANNEL) {
        return None;
    }
    match pull {
        Some(pull) => Some(Channel::Preview { id: for_pull_request(pull.number, &pull.branch), ttl }),
        None => {
            give.findings.wrong(
                name::CHANNEL,
                "it was not given, and this run is about no pull request that a preview could be for",
                "write `channel: live` to release for everybody, the name of a preview channel, or `pull_request`",
            );
            None
        }
    }
}

/// `live` or a preview's id, made safe.
fn channel(give: &mut Give<'_>) -> Option<String> {
    let text = give.text(name::CHANNEL)?;
    if text == LIVE {
        return Some(text);
    }
    named(give, name::CHANNEL, channel_id).map(|id| id.to_string())
}

/// A value of a preview channel.
fn named<T>(give: &mut Give<'_>, name: InputName, parse: impl FnOnce(&str) -> Result<T, ChannelError>) -> Option<T> {
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
    let id = slipway_names::hosting::short(text);
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
