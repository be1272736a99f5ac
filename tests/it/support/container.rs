//! A run in a container, started with the command the runner starts it with
//! (actions/runner 2.336, `DockerCommandManager.DockerRun`).

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{FILE_COMMANDS, Run, Running, Scene, state_variables};

/// The image to try: made by `.ci/container-image`, named by `.ci/run`.
fn image() -> String {
    std::env::var("SLIPWAY_IMAGE").expect("SLIPWAY_IMAGE names the image; see .ci/run")
}

impl Scene {
    /// Starts the action's main stage in a container.
    pub fn start_container(&self) -> Running<'_> {
        self.spawn(self.docker("/slipway", std::iter::empty()))
    }

    /// Runs the post stage in a container of its own, with the state of a run before.
    pub fn post_container(&self, before: &Run) -> Run {
        self.spawn(self.docker("/slipway-post", state_variables(before))).finish()
    }

    fn docker(&self, entrypoint: &str, state: impl Iterator<Item = (String, String)>) -> (Command, PathBuf) {
        let host = |part: &str| self.directory.join(part);
        let mut environment = self.environment();
        environment.extend(state);
        let files = self.file_commands();
        for name in FILE_COMMANDS {
            environment.insert(format!("GITHUB_{name}"), format!("/github/file_commands/{name}"));
        }
        for (name, value) in [
            ("HOME", "/github/home"),
            ("GITHUB_WORKSPACE", "/github/workspace"),
            ("GITHUB_EVENT_PATH", "/github/workflow/event.json"),
            ("RUNNER_TEMP", "/github/runner_temp"),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ENVIRONMENT", "github-hosted"),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        // The runner sets this one in the container alone, below.
        environment.remove("GITHUB_ACTIONS");

        let mut command = Command::new("docker");
        // The values travel in the environment of the docker client; only their names are on its command line.
        command.env_clear().envs(&environment).current_dir(&self.directory);
        for name in ["DOCKER_HOST", "PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.args(["run", "--name", &self.container_name(entrypoint), "--label", "5bd1e0"]);
        command.args(["--workdir", "/github/workspace", "--rm"]);
        for name in environment.keys() {
            command.args(["-e", name]);
        }
        command.args(["-e", "GITHUB_ACTIONS=true", "-e", "CI=true", "--entrypoint", entrypoint]);
        // The job's network; here the machine's own, where the embedded cloud listens on loopback.
        command.args(["--network", "host"]);
        for (from, to) in [
            (host("temp"), "/github/runner_temp"),
            (host("home"), "/github/home"),
            (host("workflow"), "/github/workflow"),
            (files.clone(), "/github/file_commands"),
            (self.workspace(), "/github/workspace"),
        ] {
            std::fs::create_dir_all(&from).unwrap();
            command.args(["-v", &mount(&from, to)]);
        }
        // The same arguments for every stage: `args` of the action.
        command.args([image().as_str(), "deploy"]);
        (command, files)
    }

    /// The name of this scene's container, unlike any other's.
    fn container_name(&self, entrypoint: &str) -> String {
        let scene = self.directory.file_name().unwrap().to_str().unwrap();
        format!("{scene}{}", entrypoint.replace('/', "_"))
    }

    /// Kills the scene's containers from outside.
    pub fn kill_containers(&self) {
        for id in self.containers().lines() {
            assert!(Command::new("docker").args(["kill", id]).output().unwrap().status.success());
        }
    }

    /// The containers of this scene that exist, running or not.
    pub fn containers(&self) -> String {
        let filter = format!("name={}", self.container_name(""));
        let listed = Command::new("docker").args(["ps", "--all", "--quiet", "--filter", &filter]).output().unwrap();
        assert!(listed.status.success(), "{listed:?}");
        String::from_utf8(listed.stdout).unwrap()
    }
}

fn mount(from: &Path, to: &str) -> String {
    format!("{}:{to}", from.to_str().unwrap())
}
