//! The docker command line of a build step: which build it asks for.

use super::buildkit::Client;
use crate::world::ImageName;

/// What a docker step does.
#[derive(Debug, PartialEq)]
pub(super) enum Asked {
    /// Builds an image.
    Build(Build),
    /// Pushes an image.
    Push(String),
    /// Gives an image another name.
    Tag(String, String),
    /// Makes a builder of its own.
    Builder,
    /// Something without consequence for the outcome, such as `pull`.
    Other,
}

/// `docker build` or `docker buildx build`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Build {
    /// `-f`, relative to the step's directory.
    pub(super) file: Option<String>,
    /// `--target`.
    pub(super) target: Option<String>,
    /// Build context, relative to the step's directory.
    pub(super) context: String,
    /// `-t`.
    pub(super) tags: Vec<String>,
    /// `--build-arg`, as written.
    pub(super) args: Vec<String>,
    /// `--network`.
    pub(super) network: String,
    /// `--push`.
    pub(super) push: bool,
    /// `--load`.
    pub(super) load: bool,
    /// Whether it writes its cache somewhere.
    pub(super) exports_cache: bool,
}

/// Flags of `docker build` that take a value, of version 20.10.
const WITH_VALUE: [&str; 26] = [
    "--add-host",
    "--build-arg",
    "--cache-from",
    "--cgroup-parent",
    "--cpu-period",
    "--cpu-quota",
    "--cpu-shares",
    "--cpuset-cpus",
    "--cpuset-mems",
    "--file",
    "--iidfile",
    "--isolation",
    "--label",
    "--memory",
    "--memory-swap",
    "--network",
    "--output",
    "--platform",
    "--progress",
    "--secret",
    "--security-opt",
    "--shm-size",
    "--ssh",
    "--tag",
    "--target",
    "--ulimit",
];

/// Those of buildx besides.
const WITH_VALUE_OF_BUILDX: [&str; 13] = [
    "--allow",
    "--annotation",
    "--attest",
    "--build-context",
    "--builder",
    "--cache-to",
    "--call",
    "--metadata-file",
    "--no-cache-filter",
    "--policy",
    "--provenance",
    "--sbom",
    "--debug-config",
];

/// Flags of `docker build` that take none, of version 20.10.
const BARE: [&str; 8] =
    ["--compress", "--disable-content-trust", "--force-rm", "--help", "--no-cache", "--pull", "--quiet", "--rm"];

/// Those of buildx besides.
const BARE_OF_BUILDX: [&str; 5] = ["--check", "--debug", "--detach", "--load", "--push"];

/// Reads a docker step's arguments; the error is docker's own lines and exit code.
pub(super) fn read(args: &[&str], client: Client) -> Result<Asked, (String, i32)> {
    let exactly = |command: &str, arguments: &str, usage: &str| {
        let text =
            format!("\"docker {command}\" requires exactly {arguments}.\nSee 'docker {command} --help'.\n\n{usage}");
        Err((text, 1))
    };
    match args {
        // It writes what it can do.
        [] => Ok(Asked::Other),
        ["buildx", "build", rest @ ..] => build(rest, Client::Buildx).map(Asked::Build),
        ["build", rest @ ..] | ["image" | "builder", "build", rest @ ..] => build(rest, client).map(Asked::Build),
        ["buildx", "create", ..] => Ok(Asked::Builder),
        ["push", rest @ ..] | ["image", "push", rest @ ..] => {
            match rest.iter().find(|argument| !argument.starts_with('-')) {
                Some(image) => Ok(Asked::Push((*image).to_owned())),
                None => exactly(
                    "push",
                    "1 argument",
                    "Usage:  docker push [OPTIONS] NAME[:TAG]\n\nPush an image or a repository to a registry",
                ),
            }
        }
        ["tag", rest @ ..] | ["image", "tag", rest @ ..] => match rest {
            [from, to] => Ok(Asked::Tag((*from).to_owned(), (*to).to_owned())),
            _ => exactly(
                "tag",
                "2 arguments",
                "Usage:  docker tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]\n\nCreate a tag TARGET_IMAGE that refers to \
                 SOURCE_IMAGE",
            ),
        },
        [
            "pull" | "run" | "images" | "image" | "info" | "inspect" | "version" | "login" | "buildx" | "rm" | "rmi"
            | "cp" | "create" | "save" | "load" | "manifest" | "compose" | "network" | "volume" | "exec",
            ..,
        ] => Ok(Asked::Other),
        [unknown, ..] => Err((format!("docker: '{unknown}' is not a docker command.\nSee 'docker --help'"), 1)),
    }
}

fn build(args: &[&str], client: Client) -> Result<Build, (String, i32)> {
    let buildx = client == Client::Buildx;
    let misused = |line: String| Err((format!("{line}\nSee 'docker build --help'."), 125));
    let mut asked = Build::default();
    let mut places = Vec::new();
    // `-qt NAME` is `-q -t NAME`.
    let apart = |argument: &&str| match argument.strip_prefix("-q").filter(|more| !more.is_empty()) {
        Some(more) => vec!["-q".to_owned(), format!("-{more}")],
        None => vec![(*argument).to_owned()],
    };
    let args: Vec<String> = args.iter().flat_map(apart).collect();
    let mut rest = args.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        let (flag, inline) = match argument.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
            // `-tNAME` is `-t NAME`.
            _ if argument.starts_with(['-']) && !argument.starts_with("--") && argument.len() > 2 => {
                (&argument[..2], Some(argument[2..].trim_start_matches('=')))
            }
            _ => (argument, None),
        };
        let long = match flag {
            "-f" => "--file",
            "-t" => "--tag",
            "-m" => "--memory",
            "-c" => "--cpu-shares",
            "-o" => "--output",
            "-q" => "--quiet",
            "-D" => "--debug",
            _ => flag,
        };
        if argument == "--" {
            places.extend(rest.by_ref());
        } else if !flag.starts_with('-') || flag == "-" {
            places.push(argument);
        } else if WITH_VALUE.contains(&long) || buildx && WITH_VALUE_OF_BUILDX.contains(&long) {
            let Some(value) = inline.or_else(|| rest.next()) else {
                return misused(match flag.strip_prefix('-').filter(|letter| letter.len() == 1) {
                    Some(letter) => format!("flag needs an argument: '{letter}' in -{letter}"),
                    None => format!("flag needs an argument: {flag}"),
                });
            };
            match long {
                "--file" => asked.file = Some(value.to_owned()),
                "--target" => asked.target = Some(value.to_owned()),
                "--network" => asked.network = value.to_owned(),
                "--tag" => {
                    if let Some(why) = illegal_name(value) {
                        return misused(format!("invalid argument \"{value}\" for \"-t, --tag\" flag: {why}"));
                    }
                    asked.tags.push(value.to_owned());
                }
                "--build-arg" => asked.args.push(value.to_owned()),
                "--cache-to" => asked.exports_cache = true,
                _ => {}
            }
        } else if BARE.contains(&long) || buildx && BARE_OF_BUILDX.contains(&long) {
            if let Some(value) = inline.filter(|value| !matches!(*value, "true" | "false" | "1" | "0" | "t" | "f")) {
                return misused(format!(
                    "invalid argument \"{value}\" for \"{long}\" flag: strconv.ParseBool: parsing \"{value}\": invalid \
                     syntax"
                ));
            }
            asked.push |= long == "--push" && inline != Some("false");
            asked.load |= long == "--load" && inline != Some("false");
        } else {
            return misused(format!("unknown flag: {flag}"));
        }
    }
    match places.as_slice() {
        [context] => Ok(Build { context: (*context).to_owned(), ..asked }),
        _ => Err((
            "\"docker build\" requires exactly 1 argument.\nSee 'docker build --help'.\n\nUsage:  docker build [OPTIONS] \
             PATH | URL | -\n\nBuild an image from a Dockerfile"
                .to_owned(),
            1,
        )),
    }
}

/// Why a text is no image's name, in docker's words.
fn illegal_name(text: &str) -> Option<&'static str> {
    let name = text.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(text, |(name, _)| name);
    if name.rsplit('/').next().is_some_and(|last| last.contains(':')) {
        return Some("invalid reference format");
    }
    match ImageName::read(text) {
        // Of a project's own repositories this wants a project, which docker does not.
        None if name.split('/').any(|part| part.chars().any(char::is_uppercase)) => {
            Some("invalid reference format: repository name must be lowercase")
        }
        None if ImageName::read(&format!("docker.io/{name}")).is_some() => None,
        None => Some("invalid reference format"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_all_their_forms() {
        let args = [
            "build",
            "--network=cloudbuild",
            "-t",
            "a:1",
            "--tag=b:2",
            "--build-arg",
            "X=1=2",
            "-f",
            "d/F",
            "--no-cache",
            "ctx",
        ];
        let Ok(Asked::Build(build)) = read(&args, Client::Docker20) else { panic!("a build") };
        assert_eq!(build.tags, ["a:1", "b:2"]);
        assert_eq!(build.args, ["X=1=2"]);
        assert_eq!((build.file.as_deref(), build.context.as_str()), (Some("d/F"), "ctx"));
        assert!(
            matches!(read(&["buildx", "build", "--push", "."], Client::Buildx), Ok(Asked::Build(build)) if build.push)
        );
        assert_eq!(read(&["push", "a:1"], Client::Docker20), Ok(Asked::Push("a:1".to_owned())));
        assert_eq!(read(&["buildx", "create", "--use"], Client::Buildx), Ok(Asked::Builder));
    }

    #[test]
    fn wrong_lines_end_as_docker_ends_them() {
        let exit = |args: &[&str]| read(args, Client::Docker20).err().map(|(_, exit)| exit);
        assert_eq!(exit(&["build", "--netwrok=x", "."]), Some(125));
        assert_eq!(exit(&["build", "-t"]), Some(125));
        assert_eq!(exit(&["build", "-t", "a"]), Some(1));
        assert_eq!(exit(&["build", ".", "src"]), Some(1));
        assert_eq!(exit(&["biuld", "."]), Some(1));
    }
}
