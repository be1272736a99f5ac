//! Deployments: begun once for a run, followed by statuses, ended with their environment.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GitHub;
use super::ask::{GitHubCall, cut};
use super::error::GitHubError;
use slipway_names::json::set;
use slipway_wire::repeat::Repeat;

/// Writing includes reading: who asks to write one permission need not come back for the other.
const PERMISSION: &str = super::error::DEPLOYMENTS;

/// Our word in the payload; its value says which run and job a deployment is of, and what it deploys.
const MARK: &str = "slipway";

/// Our other word in the payload: the places that show what was deployed.
const PLACES: &str = "places";

/// What our deployments do, by GitHub's own default.
const TASK: &str = "deploy";

/// Characters of a description; GitHub takes no more of a status, and shows no more of a deployment.
const LONGEST: usize = 140;

/// Times a creation is sent whose answers are lost.
const CREATIONS: u32 = 3;

/// Earlier deployments of the same place that are looked at after a success: the one before it, and a few that failed
/// between.
const LOOKS: usize = 10;

/// Pages of a hundred that are searched for them: previews of many pull requests may share an environment.
const SEARCHED: usize = 5;

/// What a deployment is of.
#[derive(Debug, Clone, Copy)]
pub struct NewDeployment<'a> {
    /// The commit, or the branch or tag.
    pub commit: &'a str,
    /// The environment it is shown under.
    pub environment: &'a str,
    /// What is said about it.
    pub description: &'a str,
    /// Whether its environment will go, as a preview's does.
    pub transient: bool,
    /// Whether users meet its environment.
    pub production: bool,
    /// The run's id. The attempt is no part of the mark: a run that is run again goes on with its deployment.
    pub run: &'a str,
    /// The job in the run.
    pub job: &'a str,
    /// What shows it, such as `service harbour-dev/us-central1/web`: the legs of a matrix are one job and differ in this.
    pub places: &'a [String],
}

impl NewDeployment<'_> {
    fn mark(&self) -> String {
        let what = std::iter::once(self.job).chain(self.places.iter().map(String::as_str));
        format!("{}/{}", self.run, what.collect::<Vec<_>>().join("/"))
    }
}

/// A deployment that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its id.
    pub id: u64,
    /// Its environment.
    pub environment: String,
    /// What is said about it.
    pub description: String,
    /// What shows it.
    pub places: Vec<String>,
    /// Whether it was there before: an earlier attempt of the run began it.
    pub found: bool,
}

/// Where a deployment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentState {
    /// It waits.
    Queued,
    /// It is under way.
    InProgress,
    /// It serves.
    Success,
    /// It went wrong.
    Failure,
    /// Something other than the deployment went wrong.
    Error,
    /// Something newer serves, or nothing any more.
    Inactive,
}

impl DeploymentState {
    fn word(self) -> &'static str {
        match self {
            DeploymentState::Queued => "queued",
            DeploymentState::InProgress => "in_progress",
            DeploymentState::Success => "success",
            DeploymentState::Failure => "failure",
            DeploymentState::Error => "error",
            DeploymentState::Inactive => "inactive",
        }
    }
}

/// What is said about where a deployment stands.
#[derive(Debug, Clone, Copy)]
pub struct DeploymentStatus<'a> {
    /// Where it stands.
    pub state: DeploymentState,
    /// Where the environment is.
    pub environment_url: Option<&'a str>,
    /// Where the log is.
    pub log_url: Option<&'a str>,
    /// A sentence; GitHub shows 140 characters.
    pub description: &'a str,
}

impl DeploymentStatus<'_> {
    fn body(&self) -> Value {
        let mut body = json!({"state": self.state.word(), "description": cut(self.description, LONGEST)});
        for (name, url) in [("environment_url", self.environment_url), ("log_url", self.log_url)] {
            if let Some(url) = url.filter(|url| url.starts_with("https://") || url.starts_with("http://")) {
                set(&mut body, name, url);
            }
        }
        if self.state == DeploymentState::Success {
            // GitHub itself would end every earlier deployment of the environment, whatever it is of.
            set(&mut body, "auto_inactive", false);
        }
        body
    }
}

/// What became of an environment's deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeploymentsEnded {
    /// Deployments that are gone.
    pub deleted: usize,
    /// Deployments that are inactive and that GitHub keeps.
    pub kept: usize,
}

#[derive(Debug, Deserialize)]
struct ListedDeployment {
    id: u64,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    payload: Value,
}

impl ListedDeployment {
    /// A word of ours in the payload. Some servers give the payload back as the text it was stored as.
    fn word(&self, name: &str) -> Option<Value> {
        let text = self.payload.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        text.as_ref().unwrap_or(&self.payload).get(name).cloned()
    }

    fn has(&self, mark: &str) -> bool {
        self.word(MARK).is_some_and(|found| found == mark)
    }

    /// Whether nothing shows it any more once `later` is a success: each of its places shows that one then. One that
    /// is not ours is never meant. Ours of before this was written down had only a description.
    fn is_replaced_by(&self, later: &Deployment) -> bool {
        match self.word(PLACES) {
            Some(Value::Array(places)) => {
                !places.is_empty() && places.iter().all(|place| later.places.iter().any(|other| place == other))
            }
            _ => {
                self.word(MARK).is_some_and(|mark| mark.is_string())
                    && self.description.as_deref() == Some(later.description.as_str())
            }
        }
    }
}

#[derive(Debug, Deserialize)]
struct ShownDeployment {
    state: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    environment_url: Option<String>,
    #[serde(default)]
    log_url: Option<String>,
}

impl ShownDeployment {
    fn says(&self, body: &Value) -> bool {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        self.state == text("state")
            && self.description.as_deref().unwrap_or_default() == text("description")
            && self.environment_url.as_deref().unwrap_or_default() == text("environment_url")
            && self.log_url.as_deref().unwrap_or_default() == text("log_url")
    }
}

impl GitHub {
    /// Begins a deployment, or finds the one that an earlier attempt of this run began. There is never a
    /// second one for the same run, job and environment: a creation whose answer is lost is looked for.
    ///
    /// # Errors
    /// When GitHub refuses, or cannot be reached.
    pub async fn begin(&self, begin: &NewDeployment<'_>) -> Result<Deployment, GitHubError> {
        let made = |id, found| Deployment {
            id,
            environment: begin.environment.to_owned(),
            description: cut(begin.description, LONGEST),
            places: begin.places.to_vec(),
            found,
        };
        if let Some(id) = self.find(begin).await? {
            return Ok(made(id, true));
        }
        let call = create(begin);
        let mut attempt = 1;
        loop {
            let error = match self.ask::<ListedDeployment>(&call).await {
                Ok(listed) => return Ok(made(listed.id, false)),
                Err(error) => error,
            };
            if !error.is_open() || !self.pause(attempt).await {
                return Err(error);
            }
            if let Some(id) = self.find(begin).await? {
                return Ok(made(id, false));
            }
            if attempt == CREATIONS {
                return Err(error);
            }
            attempt += 1;
        }
    }

    /// Says where a deployment stands. A success makes the earlier ones of its environment inactive that were of the
    /// same place.
    ///
    /// # Errors
    /// When GitHub refuses, or cannot be reached.
    pub async fn status(&self, deployment: &Deployment, status: &DeploymentStatus<'_>) -> Result<(), GitHubError> {
        let call = tell(deployment.id, &deployment.environment, status);
        let body = status.body();
        let mut attempt = 1;
        while let Err(error) = self.ask::<ShownDeployment>(&call).await {
            if !error.is_open() || attempt == CREATIONS || !self.pause(attempt).await {
                return Err(error);
            }
            if self.newest(deployment.id).await?.is_some_and(|shown| shown.says(&body)) {
                break;
            }
            attempt += 1;
        }
        if status.state == DeploymentState::Success {
            self.end_earlier(deployment).await?;
        }
        Ok(())
    }

    /// Ends all deployments of an environment that is gone: they are deleted, or inactive where GitHub
    /// keeps them.
    ///
    /// # Errors
    /// When GitHub refuses, or cannot be reached; what was ended until then stays so.
    pub async fn end_all(&self, environment: &str) -> Result<DeploymentsEnded, GitHubError> {
        let mut call = GitHubCall::get("/deployments", PERMISSION, format!("list the deployments of `{environment}`"));
        call.query.push(("environment", environment.to_owned()));
        let mut ended = DeploymentsEnded::default();
        for ListedDeployment { id, .. } in self.pages::<ListedDeployment>(&call).await? {
            if self.delete(id, environment).await? {
                ended.deleted += 1;
                continue;
            }
            // What is active must not be deleted.
            self.make_inactive(id, environment).await?;
            if self.delete(id, environment).await? {
                ended.deleted += 1;
            } else {
                ended.kept += 1;
            }
        }
        Ok(ended)
    }

    /// The deployment of this run among the newest hundred of its commit and environment.
    async fn find(&self, begin: &NewDeployment<'_>) -> Result<Option<u64>, GitHubError> {
        let environment = begin.environment;
        let mut call =
            GitHubCall::get("/deployments", PERMISSION, format!("look for the deployment of `{environment}`"));
        let is_hash = begin.commit.len() == 40 && begin.commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        call.query.push((if is_hash { "sha" } else { "ref" }, begin.commit.to_owned()));
        call.query.push(("environment", environment.to_owned()));
        call.query.push(("task", TASK.to_owned()));
        call.query.push(("per_page", "100".to_owned()));
        let listed: Vec<ListedDeployment> = self.ask(&call).await?;
        let mark = begin.mark();
        // Two attempts at once may have begun two: both go on with the older one.
        Ok(listed.iter().filter(|one| one.has(&mark)).map(|one| one.id).min())
    }

    async fn newest(&self, id: u64) -> Result<Option<ShownDeployment>, GitHubError> {
        let mut call =
            GitHubCall::get(format!("/deployments/{id}/statuses"), PERMISSION, "read where a deployment stands");
        call.query.push(("per_page", "1".to_owned()));
        let listed: Vec<ShownDeployment> = self.ask(&call).await?;
        Ok(listed.into_iter().next())
    }

    /// Makes the successful deployments of the same place before this one inactive.
    async fn end_earlier(&self, deployment: &Deployment) -> Result<(), GitHubError> {
        let environment = deployment.environment.as_str();
        let mut call = GitHubCall::get("/deployments", PERMISSION, format!("list the deployments of `{environment}`"));
        call.query.push(("environment", environment.to_owned()));
        let mut looks = 0;
        for page in 1..=SEARCHED {
            let (listed, more) = self.page::<ListedDeployment>(&call, page).await?;
            for earlier in listed.iter().filter(|one| one.id < deployment.id && one.is_replaced_by(deployment)) {
                match self.newest(earlier.id).await?.as_ref().map(|shown| shown.state.as_str()) {
                    Some("success") => self.make_inactive(earlier.id, environment).await?,
                    // Whatever ended this one ended those before it.
                    Some("inactive") => return Ok(()),
                    _ => {}
                }
                looks += 1;
                if looks == LOOKS {
                    return Ok(());
                }
            }
            if !more {
                break;
            }
        }
        Ok(())
    }

    async fn make_inactive(&self, id: u64, environment: &str) -> Result<(), GitHubError> {
        let status = DeploymentStatus {
            state: DeploymentState::Inactive,
            environment_url: None,
            log_url: None,
            description: "",
        };
        // A second one says nothing new.
        let call = GitHubCall { repeat: Repeat::Always, ..tell(id, environment, &status) };
        self.ask::<Value>(&call).await.map(|_| ())
    }

    /// Deletes a deployment; false when GitHub keeps it because it is active.
    async fn delete(&self, id: u64, environment: &str) -> Result<bool, GitHubError> {
        let call = GitHubCall {
            method: Method::DELETE,
            ..GitHubCall::get(
                format!("/deployments/{id}"),
                PERMISSION,
                format!("delete a deployment of `{environment}`"),
            )
        };
        match self.ask::<Value>(&call).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_missing() => Ok(true),
            Err(GitHubError::Refused { status: 422, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn create(begin: &NewDeployment<'_>) -> GitHubCall {
    GitHubCall {
        doing: format!("begin a deployment of `{}`", begin.environment),
        method: Method::POST,
        path: "/deployments".to_owned(),
        query: Vec::new(),
        body: Some(json!({
            "ref": begin.commit,
            "task": TASK,
            "environment": begin.environment,
            "description": cut(begin.description, LONGEST),
            "transient_environment": begin.transient,
            "production_environment": begin.production,
            // The workflow decided already: nothing is merged, and no check is waited for.
            "auto_merge": false,
            "required_contexts": [],
            "payload": {MARK: begin.mark(), PLACES: begin.places},
        })),
        repeat: Repeat::WithoutEffect,
        permission: PERMISSION,
    }
}

fn tell(id: u64, environment: &str, status: &DeploymentStatus<'_>) -> GitHubCall {
    GitHubCall {
        doing: format!("say that the deployment of `{environment}` is `{}`", status.state.word()),
        method: Method::POST,
        path: format!("/deployments/{id}/statuses"),
        query: Vec::new(),
        body: Some(status.body()),
        repeat: Repeat::WithoutEffect,
        permission: PERMISSION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_keeps_githubs_limits() {
        let long = "ü".repeat(200);
        let status = DeploymentStatus {
            state: DeploymentState::Success,
            environment_url: Some("web.example"),
            log_url: Some("https://x.example/log"),
            description: &long,
        };
        let body = status.body();
        assert_eq!(body["description"].as_str().map(|text| text.chars().count()), Some(140));
        assert!(body.get("environment_url").is_none(), "only http(s) addresses are taken");
        assert_eq!((&body["log_url"], &body["auto_inactive"]), (&json!("https://x.example/log"), &json!(false)));
    }

    #[test]
    fn a_mark_is_found_in_a_payload_of_either_form() {
        let listed = |payload| ListedDeployment { id: 1, description: None, payload };
        assert!(listed(json!({"slipway": "7/deploy"})).has("7/deploy"));
        assert!(listed(json!("{\"slipway\": \"7/deploy\"}")).has("7/deploy"));
        for other in [json!({"slipway": "7/deploy-web"}), json!({"slipway": 7}), json!(""), json!(null), json!([1])] {
            assert!(!listed(other).has("7/deploy"));
        }
    }
}
