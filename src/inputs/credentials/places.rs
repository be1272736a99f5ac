//! The file that a variable names as the credentials: wherever the runner put it.

use std::path::{Path, PathBuf};

use crate::inputs::engine::error::Findings;
use crate::inputs::spec::sign_in::name;
use slipway_names::place::{PlaceError, Places};
use slipway_runner::env::Runner;

/// The credentials file of this run, the variable that names it, and its text; a file that cannot be read is told.
pub(super) fn file(runner: &Runner, findings: &mut Findings) -> Option<(PathBuf, &'static str, String)> {
    let (variable, named) = runner.credential_files.first()?;
    let candidates = places(named, runner);
    let Some(path) = candidates.iter().find(|path| path.is_file()) else {
        let tried: Vec<String> = candidates.iter().map(|path| format!("`{}`", path.display())).collect();
        findings.wrong(
            name::CREDENTIALS_JSON,
            format!("{variable} names a file that is not there (looked at {})", tried.join(", ")),
            "run google-github-actions/auth after actions/checkout, which empties the workspace, and leave its `create_credentials_file` on; or give `credentials_json`",
        );
        return None;
    };
    match read(path) {
        Ok(text) => Some((path.clone(), *variable, text)),
        Err(why) => {
            findings.wrong(name::CREDENTIALS_JSON, format!("`{}` (from {variable}) {why}", path.display()), "");
            None
        }
    }
}

/// Every file that a credentials variable may mean, for keeping them out of the source archive.
pub(super) fn files(runner: &Runner) -> Vec<PathBuf> {
    let named = runner.credential_files.iter().flat_map(|(_, named)| places(named, runner));
    named.chain(runner.own.well_known.clone()).filter(|path| path.is_file()).collect()
}

/// Where the runner may have put the file (docs: actions/reference/workflows-and-actions/variables, RUNNER_TEMP): the value as it stands; the
/// same suffix under the workspace for a job container's `/__w/REPO/REPO/…` or a host path; the
/// runner's temp directory; and a file of exactly that name, when it is one of the auth action's.
/// Another credentials file is never picked: it could be stale or planted.
fn places(named: &Path, runner: &Runner) -> Vec<PathBuf> {
    let mut places = vec![runner.workspace.join(named)];
    let parts: Vec<&str> = named.iter().filter_map(|part| part.to_str()).collect();
    if let Some(at) = parts.windows(2).position(|pair| pair[0] == pair[1] && pair[0] != "/") {
        places.push(runner.workspace.join(parts[at + 2..].iter().collect::<PathBuf>()));
    }
    if let (Some(at), Some(temp)) = (parts.iter().position(|part| *part == "_temp"), &runner.temp) {
        places.push(temp.join(parts[at + 1..].iter().collect::<PathBuf>()));
    }
    if let Some(name) = named.file_name().and_then(|name| name.to_str())
        && is_auth_file(name)
    {
        places.push(runner.workspace.join(name));
    }
    places.dedup();
    places
}

/// `gha-creds-` and sixteen of `[a-z0-9]`, as google-github-actions/auth names its file.
fn is_auth_file(name: &str) -> bool {
    name.strip_prefix("gha-creds-")
        .and_then(|rest| rest.strip_suffix(".json"))
        .is_some_and(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// The text of a file that may hold credentials.
pub(super) fn read(path: &Path) -> Result<String, PlaceError> {
    Places::anywhere().text(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(named: &str) -> Runner {
        Runner {
            workspace: "/github/workspace".into(),
            temp: Some("/github/runner_temp".into()),
            credential_files: vec![("GOOGLE_APPLICATION_CREDENTIALS", named.into())],
            ..Runner::default()
        }
    }

    fn shown(named: &str) -> Vec<String> {
        places(Path::new(named), &runner(named)).iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn the_file_is_looked_for_where_runners_put_it() {
        assert_eq!(
            shown("/__w/app/app/gha-creds-0123456789abcdef.json"),
            ["/__w/app/app/gha-creds-0123456789abcdef.json", "/github/workspace/gha-creds-0123456789abcdef.json"]
        );
        assert_eq!(
            shown("/home/runner/work/app/app/sub/key.json"),
            ["/home/runner/work/app/app/sub/key.json", "/github/workspace/sub/key.json"]
        );
        assert_eq!(
            shown("/home/runner/work/_temp/key.json"),
            ["/home/runner/work/_temp/key.json", "/github/runner_temp/key.json"]
        );
        assert_eq!(shown("key.json"), ["/github/workspace/key.json"]);
    }

    #[test]
    fn only_the_named_file_of_the_auth_action_counts() {
        assert!(is_auth_file("gha-creds-0123456789abcdef.json"));
        assert!(!is_auth_file("gha-creds-x.json"));
        assert!(!is_auth_file("gha-creds-0123456789ABCDEF.json"));
    }
}
