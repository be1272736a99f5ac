//! A typed snapshot of the process's environment. The only place that reads environment variables.

use std::collections::BTreeMap;
use std::path::PathBuf;

use slipway_names::place::Places;
use slipway_names::run_repository::RunRepository;
use slipway_names::secret::Secret;

/// The prefix of the variables that replace Google's endpoints, one per API (gcloud's own names).
const ENDPOINT_PREFIX: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_";

/// Where a run's credentials file may be named, in the order they are looked at.
const CREDENTIAL_VARIABLES: [&str; 2] = ["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_GHA_CREDS_PATH"];

/// Where an access token may stand, in the order they are looked at: Terraform's name, then gcloud's.
const TOKEN_VARIABLES: [&str; 2] = ["GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"];

/// The file in which a machine of Google Cloud's says that it is one (google-auth-library-python, `_metadata.py`).
const PRODUCT_NAME: &str = "/sys/class/dmi/id/product_name";

/// Variables of a terminal that lead a token or an identity somewhere.
const NOT_IN_A_JOB: [&str; 6] = [
    "SSL_CERT_FILE",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "CLOUDSDK_CONFIG",
    "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
];

/// What the environment says about this run.
#[derive(Debug, Clone, Default)]
pub struct Runner {
    /// Whether GitHub Actions runs us.
    pub actions: bool,
    /// Texts of `INPUT_*`, by the input's lower-case name; empty ones are left out.
    pub inputs: BTreeMap<String, String>,
    /// What earlier stages of this action kept, by name.
    pub state: BTreeMap<String, String>,
    /// The directory that relative paths are relative to.
    pub workspace: PathBuf,
    /// `RUNNER_TEMP`, where it is set.
    pub temp: Option<PathBuf>,
    /// Variables that name a credentials file, with their values.
    pub credential_files: Vec<(&'static str, PathBuf)>,
    /// What a person or a machine has to sign in with.
    pub own: OwnVariables,
    /// Where this job asks GitHub for an identity; only with `permissions: id-token: write`.
    pub oidc_url: Option<String>,
    /// What allows it to.
    pub oidc_token: Option<Secret>,
    /// Certificates trusted besides the built-in ones.
    pub extra_roots: Option<PathBuf>,
    /// Variables that are read on a terminal and not in a job, where any step before could have set them.
    pub unread: Vec<&'static str>,
    /// Replaced endpoints: API (such as `RUN`) and address.
    pub endpoints: Vec<(String, String)>,
    /// The runner's files.
    pub output_file: Option<PathBuf>,
    /// The runner's file for `post-entrypoint`.
    pub state_file: Option<PathBuf>,
    /// The runner's file for the job summary.
    pub summary_file: Option<PathBuf>,
    /// Where this run comes from.
    pub origin: Origin,
    /// How much every pause is shortened, 0 to 1; tests and demonstrations only.
    pub pace: Option<f64>,
    /// Whether a terminal may be coloured.
    pub color: bool,
    /// Whether the run only removes things: what it would build or upload need not be there.
    pub removing: bool,
    /// Whether the embedded cloud stands in for Google's; the run says so.
    pub embedded: bool,
}

/// What a person or a machine has to sign in with, as far as variables say. In a job all but the metadata server is
/// empty.
#[derive(Debug, Clone, Default)]
pub struct OwnVariables {
    /// Variables that hold an access token, with their values.
    pub tokens: Vec<(&'static str, Secret)>,
    /// Where gcloud puts what `gcloud auth application-default login` got.
    pub well_known: Option<PathBuf>,
    /// The accounts to act as, the last one in the end.
    pub impersonate: Option<String>,
    /// The project that requests are counted for.
    pub quota_project: Option<String>,
    /// The metadata server's host, where it is another than usual.
    pub metadata_host: Option<String>,
    /// Whether this is a machine of Google Cloud's.
    pub on_google: bool,
    /// Whether nobody shall find out.
    pub unchecked: bool,
}

impl OwnVariables {
    fn from_variables(variables: &BTreeMap<String, String>, in_job: bool) -> Self {
        let text = |name: &str| variables.get(name).cloned();
        let metadata_host = text("GCE_METADATA_HOST").or_else(|| text("GCE_METADATA_ROOT"));
        if in_job {
            return Self { metadata_host, ..Self::default() };
        }
        let config = variables.get("CLOUDSDK_CONFIG").map(PathBuf::from);
        let config = config.or_else(|| Some(PathBuf::from(variables.get("HOME")?).join(".config/gcloud")));
        let unchecked = variables.get("NO_GCE_CHECK").is_some_and(|value| value == "true");
        let serverless = ["K_SERVICE", "CLOUD_RUN_JOB", "CLOUD_RUN_WORKER_POOL"];
        Self {
            tokens: TOKEN_VARIABLES.iter().filter_map(|name| Some((*name, Secret::new(&text(name)?)?))).collect(),
            well_known: config.map(|directory| directory.join("application_default_credentials.json")),
            impersonate: text("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT"),
            quota_project: text("GOOGLE_CLOUD_QUOTA_PROJECT"),
            on_google: !unchecked
                && (metadata_host.is_some() || serverless.iter().any(|name| variables.contains_key(*name))),
            metadata_host,
            unchecked,
        }
    }
}

/// Where a run comes from, as far as GitHub says.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The commit that is deployed.
    pub sha: Option<String>,
    /// `owner/name`.
    pub repository: Option<String>,
    /// The repository's number.
    pub repository_id: Option<String>,
    /// The branch or tag.
    pub ref_name: Option<String>,
    /// The run's id.
    pub run_id: Option<String>,
    /// The run's attempt.
    pub run_attempt: Option<String>,
    /// The job's id in the workflow.
    pub job: Option<String>,
    /// The step's id.
    pub step: Option<String>,
    /// Address of GitHub's web pages.
    pub server_url: Option<String>,
    /// Address of GitHub's API.
    pub api_url: Option<String>,
    /// The whole ref, such as `refs/pull/7/merge`.
    pub full_ref: Option<String>,
    /// The branch a pull request comes from.
    pub head_ref: Option<String>,
    /// Who started the run; a run that is run again has the rights of the first one.
    pub actor: Option<String>,
    /// The event's name, such as `workflow_dispatch`.
    pub event: Option<String>,
    /// The file with the event.
    pub event_file: Option<PathBuf>,
}

impl Origin {
    /// The repository, by its name and number.
    pub fn of_repository(&self) -> RunRepository {
        RunRepository { name: self.repository.clone(), id: self.repository_id.clone() }
    }

    /// The address of the page that compares two commits.
    pub fn compare_url(&self, before: &str, now: &str) -> Option<String> {
        let (server, repository) = (self.server_url.as_deref()?, self.repository.as_deref()?);
        Some(format!("{}/{repository}/compare/{before}...{now}", server.trim_end_matches('/')))
    }

    /// The address of this run's page.
    pub fn run_url(&self) -> Option<String> {
        let (server, repository, run) =
            (self.server_url.as_deref()?, self.repository.as_deref()?, self.run_id.as_deref()?);
        Some(format!("{}/{repository}/actions/runs/{run}", server.trim_end_matches('/')))
    }
}

impl Runner {
    /// Where the paths of inputs may lead: in a job to what belongs to the run.
    pub fn places(&self) -> Places {
        if !self.actions {
            return Places::anywhere();
        }
        Places::within(std::iter::once(&self.workspace).chain(&self.temp).cloned().collect())
    }

    /// Reads the process's environment.
    pub fn from_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let variables = std::env::vars_os();
        // A variable that is not text can be none of ours but a path, and paths are text on a runner.
        let variables = variables.map(|(k, v)| (k.to_string_lossy().into_owned(), v.to_string_lossy().into_owned()));
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let mut runner = Self::from_variables(variables, here);
        if !runner.actions && !runner.own.unchecked {
            let product = std::fs::read_to_string(PRODUCT_NAME).unwrap_or_default();
            runner.own.on_google |= product.trim_start().starts_with("Google");
        }
        runner
    }

    /// Reads a list of variables; `here` is the current directory.
    pub fn from_variables(variables: impl Iterator<Item = (String, String)>, here: PathBuf) -> Self {
        let variables: BTreeMap<String, String> = variables.filter(|(_, value)| !value.is_empty()).collect();
        let text = |name: &str| variables.get(name).cloned();
        let path = |name: &str| variables.get(name).map(PathBuf::from);
        let strip = |prefix: &str| -> BTreeMap<String, String> {
            let with_prefix = variables.iter().filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value)));
            with_prefix.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
        };
        let actions = variables.get("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        Self {
            actions,
            inputs: strip("INPUT_").into_iter().filter(|(_, value)| !value.trim().is_empty()).collect(),
            state: strip("STATE_"),
            workspace: path("GITHUB_WORKSPACE").unwrap_or(here),
            temp: path("RUNNER_TEMP"),
            credential_files: CREDENTIAL_VARIABLES.iter().filter_map(|name| Some((*name, path(name)?))).collect(),
            oidc_url: text("ACTIONS_ID_TOKEN_REQUEST_URL"),
            oidc_token: text("ACTIONS_ID_TOKEN_REQUEST_TOKEN").as_deref().and_then(Secret::new),
            own: OwnVariables::from_variables(&variables, actions),
            // The runner sets every input of the action, so no step before can set this one.
            extra_roots: path("INPUT_CA_CERTIFICATES").or_else(|| path("SSL_CERT_FILE").filter(|_| !actions)),
            unread: NOT_IN_A_JOB.into_iter().filter(|name| actions && variables.contains_key(*name)).collect(),
            endpoints: variables
                .iter()
                .filter_map(|(name, value)| Some((name.strip_prefix(ENDPOINT_PREFIX)?.to_owned(), value.clone())))
                .collect(),
            output_file: path("GITHUB_OUTPUT"),
            state_file: path("GITHUB_STATE"),
            summary_file: path("GITHUB_STEP_SUMMARY"),
            origin: Origin {
                sha: text("GITHUB_SHA"),
                repository: text("GITHUB_REPOSITORY"),
                repository_id: text("GITHUB_REPOSITORY_ID"),
                ref_name: text("GITHUB_REF_NAME"),
                run_id: text("GITHUB_RUN_ID"),
                run_attempt: text("GITHUB_RUN_ATTEMPT"),
                job: text("GITHUB_JOB"),
                step: text("GITHUB_ACTION"),
                server_url: text("GITHUB_SERVER_URL"),
                api_url: text("GITHUB_API_URL"),
                full_ref: text("GITHUB_REF"),
                head_ref: text("GITHUB_HEAD_REF"),
                actor: text("GITHUB_ACTOR"),
                event: text("GITHUB_EVENT_NAME"),
                event_file: path("GITHUB_EVENT_PATH"),
            },
            pace: text("SLIPWAY_PACE").and_then(|pace| pace.parse().ok()),
            removing: false,
            embedded: false,
            color: !variables.contains_key("NO_COLOR") && variables.get("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(variables: &[(&str, &str)]) -> Runner {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Runner::from_variables(variables, PathBuf::from("/here"))
    }

    #[test]
    fn empty_inputs_count_as_absent() {
        let runner = runner(&[
            ("INPUT_SERVICE", "web"),
            ("INPUT_REGION", ""),
            ("INPUT_IMAGE", " \n"),
            ("INPUT_ENV_VARS", "A: 1"),
        ]);
        assert_eq!(runner.inputs.keys().collect::<Vec<_>>(), ["env_vars", "service"]);
        assert_eq!(runner.workspace, PathBuf::from("/here"));
        assert!(!runner.actions);
    }

    #[test]
    fn the_runs_page_has_an_address() {
        let runner = runner(&[
            ("GITHUB_SERVER_URL", "https://ghe.example/"),
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_RUN_ID", "7"),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", "http://127.0.0.1:1/"),
            ("STATE_build_id", "x"),
        ]);
        assert_eq!(runner.origin.run_url().as_deref(), Some("https://ghe.example/o/r/actions/runs/7"));
        assert_eq!(runner.endpoints, [("RUN".to_owned(), "http://127.0.0.1:1/".to_owned())]);
        assert_eq!(runner.state["build_id"], "x");
    }
}
