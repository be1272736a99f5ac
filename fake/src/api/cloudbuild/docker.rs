//! The docker command line of a build step: which build it asks for.

/// What a docker step does.
#[derive(Debug, PartialEq)]
pub(super) enum Docker {
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
    /// `--push`.
    pub(super) push: bool,
    /// `--load`.
    pub(super) load: bool,
    /// Whether it writes its cache somewhere.
    pub(super) exports_cache: bool,
}

/// Flags of `docker build` that take a value.
const WITH_VALUE: [&str; 39] = [
    "--add-host",
    "--allow",
    "--annotation",
    "--attest",
    "--build-arg",
    "--build-context",
    "--builder",
    "--cache-from",
    "--cache-to",
    "--call",
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
    "--metadata-file",
    "--network",
    "--no-cache-filter",
    "--output",
    "--platform",
    "--policy",
    "--progress",
    "--provenance",
    "--sbom",
    "--secret",
    "--security-opt",
    "--shm-size",
    "--ssh",
    "--stream",
    "--tag",
    "--target",
    "--ulimit",
];

/// Flags of `docker build` that take none.
const BARE: [&str; 14] = [
    "--check",
    "--compress",
    "--debug",
    "--disable-content-trust",
    "--force-rm",
    "--load",
    "--no-cache",
    "--pull",
    "--push",
    "--quiet",
    "--rm",
    "--squash",
    "--help",
    "--detach",
];

/// Reads a docker step's arguments; the error is docker's own line and exit code.
pub(super) fn read(args: &[&str]) -> Result<Docker, (String, i32)> {
    match args {
        [] => Err(("\"docker\" requires a command.".to_owned(), 1)),
        ["build", rest @ ..] | ["buildx" | "image", "build", rest @ ..] | ["builder", "build", rest @ ..] => {
            build(rest).map(Docker::Build)
        }
        ["buildx", "create", ..] => Ok(Docker::Builder),
        ["push", rest @ ..] | ["image", "push", rest @ ..] => {
            let image = rest.iter().find(|argument| !argument.starts_with('-'));
            image
                .map(|image| Docker::Push((*image).to_owned()))
                .ok_or_else(|| ("\"docker push\" requires 1 argument.".to_owned(), 1))
        }
        ["tag", from, to] | ["image", "tag", from, to] => Ok(Docker::Tag((*from).to_owned(), (*to).to_owned())),
        [
            "pull" | "run" | "images" | "image" | "info" | "inspect" | "version" | "login" | "buildx" | "rm" | "rmi"
            | "cp" | "create" | "save" | "load" | "manifest" | "compose",
            ..,
        ] => Ok(Docker::Other),
        [unknown, ..] => Err((format!("docker: '{unknown}' is not a docker command.\nSee 'docker --help'"), 1)),
    }
}

fn build(args: &[&str]) -> Result<Build, (String, i32)> {
    let mut asked = Build::default();
    let mut places = Vec::new();
    let mut rest = args.iter();
    while let Some(&argument) = rest.next() {
        let (flag, inline) = match argument.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
            _ => (argument, None),
        };
        let flag = match flag {
            "-f" => "--file",
            "-t" => "--tag",
            "-m" => "--memory",
            "-o" => "--output",
            "-q" => "--quiet",
            "-D" => "--debug",
            _ => flag,
        };
        if !flag.starts_with('-') || flag == "-" {
            places.push(argument);
        } else if WITH_VALUE.contains(&flag) {
            let value = inline.or_else(|| rest.next().copied());
            let value = value.ok_or_else(|| (format!("flag needs an argument: {flag}"), 125))?;
            match flag {
                "--file" => asked.file = Some(value.to_owned()),
                "--target" => asked.target = Some(value.to_owned()),
                "--tag" => asked.tags.push(value.to_owned()),
                "--build-arg" => asked.args.push(value.to_owned()),
                "--cache-to" => asked.exports_cache = true,
                _ => {}
            }
        } else if BARE.contains(&flag) {
            asked.push |= flag == "--push" && inline != Some("false");
            asked.load |= flag == "--load" && inline != Some("false");
        } else {
            return Err((format!("unknown flag: {flag}\nSee 'docker build --help'."), 125));
        }
    }
    match places.as_slice() {
        [context] => Ok(Build { context: (*context).to_owned(), ..asked }),
        _ => Err((
            "\"docker build\" requires exactly 1 argument.\nSee 'docker build --help'.\n\nUsage:  docker build [OPTIONS] \
             PATH | URL | -"
                .to_owned(),
            1,
        )),
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
        let Ok(Docker::Build(build)) = read(&args) else { panic!("a build") };
        assert_eq!(build.tags, ["a:1", "b:2"]);
        assert_eq!(build.args, ["X=1=2"]);
        assert_eq!((build.file.as_deref(), build.context.as_str()), (Some("d/F"), "ctx"));
        assert!(matches!(read(&["buildx", "build", "--push", "."]), Ok(Docker::Build(build)) if build.push));
        assert_eq!(read(&["push", "a:1"]), Ok(Docker::Push("a:1".to_owned())));
        assert_eq!(read(&["buildx", "create", "--use"]), Ok(Docker::Builder));
    }

    #[test]
    fn wrong_lines_end_as_docker_ends_them() {
        let exit = |args: &[&str]| read(args).err().map(|(_, exit)| exit);
        assert_eq!(exit(&["build", "--netwrok=x", "."]), Some(125));
        assert_eq!(exit(&["build", "-t"]), Some(125));
        assert_eq!(exit(&["build", "-t", "a"]), Some(1));
        assert_eq!(exit(&["build", ".", "src"]), Some(1));
        assert_eq!(exit(&["biuld", "."]), Some(1));
    }
}
