//! Setting the scene on GitHub: repositories, commits, pull requests, tokens, and what people do there.

use super::{Access, ChangedFile, GitHub, GitHubCommit, GitHubDeployment, GitHubRepository, GitHubToken};
use super::{IssueComment, PullRequest, WorkflowRun};
use crate::clock;
use crate::world::hex_of;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl GitHub {
    /// Adds a private repository without commits; its default branch is `main`.
    pub fn add_repository(&mut self, name: &str) -> &mut GitHubRepository {
        let id = self.fresh_id();
        let made = GitHubRepository {
            name: name.to_owned(),
            id,
            private: true,
            default_branch: "main".to_owned(),
            refs: BTreeMap::new(),
            commits: BTreeMap::new(),
            pulls: BTreeMap::new(),
            issues: BTreeSet::new(),
            comments: Vec::new(),
            deployments: Vec::new(),
            failing: BTreeMap::new(),
            secrets: BTreeMap::new(),
            runs: BTreeMap::new(),
        };
        self.repositories.entry(name.to_lowercase()).or_insert(made)
    }

    /// A repository that was added.
    ///
    /// # Panics
    ///
    /// Where there is none of that name.
    pub fn repository(&mut self, name: &str) -> &mut GitHubRepository {
        let known = self.repositories.get_mut(&name.to_lowercase());
        known.unwrap_or_else(|| panic!("there is no repository {name}"))
    }

    /// A token as a job has it: of `github-actions[bot]`, for one repository, with these permissions
    /// by GitHub's names (`contents`, `deployments`, `issues`, `pull_requests`, `secrets`, …).
    pub fn add_token(&mut self, repository: &str, permissions: &[(&str, Access)]) -> String {
        self.add_token_of("github-actions[bot]", repository, permissions)
    }

    /// A token of this account. An app's begins with `ghs_`, a person's with `ghp_`.
    pub fn add_token_of(&mut self, login: &str, repository: &str, permissions: &[(&str, Access)]) -> String {
        let number = self.fresh_id();
        let begin = if super::is_bot(login) { "ghs" } else { "ghp" };
        let text = format!("{begin}_{}", &hex_of(format!("token {number}").as_bytes())[..36]);
        let token = GitHubToken {
            login: login.to_owned(),
            repositories: [repository.to_lowercase()].into(),
            permissions: permissions.iter().map(|(name, access)| ((*name).to_owned(), *access)).collect(),
            limit: 1000,
            used: 0,
            resets: 0,
        };
        self.tokens.insert(text.clone(), token);
        text
    }

    /// Writes a comment as somebody; returns its id.
    pub fn comment(&mut self, repository: &str, number: u64, author: &str, body: &str) -> u64 {
        let id = self.fresh_id();
        let now = clock::rfc3339(clock::now(0), 0);
        let (author, body) = (author.to_owned(), body.to_owned());
        let made = IssueComment { id, number, author, body, created: now.clone(), updated: now };
        self.repository(repository).comments.push(made);
        id
    }

    /// Adds a deployment without statuses, as another tool made it for a branch, a tag or a commit;
    /// returns its id. What else it shall be is set on the deployment itself.
    pub fn deploy(&mut self, repository: &str, reference: &str, environment: &str) -> u64 {
        let id = self.fresh_id();
        let now = clock::rfc3339(clock::now(0), 0);
        let repository = self.repository(repository);
        let made = GitHubDeployment {
            id,
            sha: repository.resolve(reference).unwrap_or_else(|| reference.to_owned()),
            reference: reference.to_owned(),
            task: "deploy".to_owned(),
            environment: environment.to_owned(),
            original_environment: environment.to_owned(),
            description: None,
            transient: false,
            production: environment == "production",
            payload: Value::Object(serde_json::Map::new()),
            creator: "other-tool[bot]".to_owned(),
            created: now.clone(),
            updated: now,
            statuses: Vec::new(),
        };
        repository.deployments.push(made);
        id
    }
}

impl GitHubRepository {
    /// Adds a commit on these parents that changes these files, and moves `branch` there.
    pub fn add_commit(&mut self, branch: &str, sha: &str, parents: &[&str], files: &[&str]) {
        let changed = |path: &&str| ChangedFile { path: (*path).to_owned(), previous: None };
        let made = GitHubCommit {
            number: self.commits.len() + 1,
            parents: parents.iter().map(|&parent| parent.to_owned()).collect(),
            files: files.iter().map(changed).collect(),
            message: format!("Commit {}", self.commits.len() + 1),
        };
        self.commits.insert(sha.to_owned(), made);
        self.refs.insert(branch.to_owned(), sha.to_owned());
    }

    /// Adds an open pull request to the default branch. Its head becomes a commit on the default
    /// branch's, unless it is one already.
    pub fn add_pull(&mut self, number: u64, head_ref: &str, head_sha: &str) -> &mut PullRequest {
        if !self.commits.contains_key(head_sha) {
            let parents: Vec<String> = self.refs.get(&self.default_branch).cloned().into_iter().collect();
            let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
            self.add_commit(head_ref, head_sha, &parents, &[]);
        }
        let made = PullRequest {
            closed: false,
            merged: false,
            head_ref: head_ref.to_owned(),
            head_sha: head_sha.to_owned(),
            head_repository: Some(self.name.clone()),
            base_ref: self.default_branch.clone(),
            author: "somebody".to_owned(),
        };
        self.pulls.entry(number).or_insert(made)
    }

    /// Adds a workflow run that goes on, in its first attempt.
    pub fn add_run(&mut self, id: u64) -> &mut WorkflowRun {
        self.runs.entry(id).or_insert(WorkflowRun { status: "in_progress".to_owned(), attempt: 1 })
    }

    /// Deletes a comment, as a person does on the page.
    pub fn delete_comment(&mut self, id: u64) {
        self.comments.retain(|comment| comment.id != id);
    }

    /// A deployment by its id.
    pub fn deployment(&self, id: u64) -> Option<&GitHubDeployment> {
        self.deployments.iter().find(|known| known.id == id)
    }

    /// States of an environment's deployments, oldest first; an empty word before the first status.
    pub fn states(&self, environment: &str) -> Vec<&str> {
        let known = self.deployments.iter().filter(|known| known.environment == environment);
        known.map(|known| known.state().unwrap_or_default()).collect()
    }
}
