//! One scene: a world, inputs and a workspace; the real binary run over it as the runner would;
//! and everything that was printed, written and left in the world.
//!
//! Every run is judged by laws that no story has to repeat: requests keep Google's contract, the
//! fake saw nothing it must not see, no secret got out, and the runner finds no command but ours
//! in the output.

pub mod container;
pub mod contract;
pub mod engine;
pub mod keeper;
pub mod listener;
pub mod masker;
pub mod normal;
pub mod relay;
pub mod runner;
pub mod secrets;
pub mod terminal;

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fakecloud::{FakeCloud, World};

/// A run that takes longer than this hangs.
const LONGEST_RUN: Duration = Duration::from_secs(60);

/// The files a step writes into.
pub const FILE_COMMANDS: [&str; 3] = ["OUTPUT", "STATE", "STEP_SUMMARY"];

/// The commit that runs deploy unless they say otherwise.
pub const SHA: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

/// A world and what is asked of it.
pub struct Scene {
    /// The fake.
    pub cloud: FakeCloud,
    /// The workspace, the runner's files beside it.
    pub directory: PathBuf,
    inputs: BTreeMap<String, String>,
    variables: BTreeMap<String, String>,
    steps: std::cell::Cell<u32>,
}

/// What a run printed and wrote.
#[derive(Debug)]
pub struct Run {
    /// The exit code; 128 and the signal's number when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The outputs, as the runner reads them.
    pub outputs: BTreeMap<String, String>,
    /// The state for the post step.
    pub state: BTreeMap<String, String>,
    /// The job summary.
    pub summary: String,
}

impl Scene {
    /// The world a new project is, and the inputs of a plain deploy of a small source.
    pub fn new() -> Self {
        Self::with(World::new())
    }

    /// A world of one's own.
    pub fn with(world: World) -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("slipway-it-{}-{number}", std::process::id()));
        std::fs::create_dir_all(directory.join("workspace")).unwrap();
        let cloud = FakeCloud::start(world);
        let key = in_one_line(&cloud.key_json(World::DEPLOYER));
        let mut scene =
            Self { cloud, directory, inputs: BTreeMap::new(), variables: BTreeMap::new(), steps: Default::default() };
        scene.file("app/Dockerfile", "FROM python:3.13-slim\nCOPY main.py .\nCMD [\"python\", \"main.py\"]\n");
        scene.file("app/main.py", "print('hello')\n");
        scene.input("credentials_json", &key).input("service", "web").input("source", "app");
        scene.variable("GITHUB_ACTIONS", "true").variable("SLIPWAY_PACE", "0");
        for (name, value) in [
            ("SHA", SHA),
            ("REPOSITORY", "o/r"),
            ("REF_NAME", "develop"),
            ("RUN_ID", "77"),
            ("RUN_ATTEMPT", "1"),
            ("SERVER_URL", "https://github.com"),
            ("JOB", "deploy"),
            ("ACTION", "ship"),
        ] {
            scene.variable(&format!("GITHUB_{name}"), value);
        }
        let endpoints = scene.cloud.endpoints();
        for (name, value) in endpoints {
            scene.variable(&name, &value);
        }
        scene
    }

    /// A scene whose service `web` has been deployed once already.
    pub fn deployed() -> Self {
        let scene = Self::new();
        let run = scene.run();
        assert_eq!(run.code, 0, "{}", run.stdout);
        scene
    }

    /// Sets an input; an empty text takes it away.
    pub fn input(&mut self, name: &str, text: &str) -> &mut Self {
        if text.is_empty() {
            self.inputs.remove(name);
        } else {
            self.inputs.insert(name.to_owned(), text.to_owned());
        }
        self
    }

    /// Sets an environment variable; an empty text takes it away.
    pub fn variable(&mut self, name: &str, value: &str) -> &mut Self {
        if value.is_empty() {
            self.variables.remove(name);
        } else {
            self.variables.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// Writes a file into the workspace.
    pub fn file(&mut self, path: &str, text: impl AsRef<[u8]>) -> &mut Self {
        let path = self.workspace().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// The workspace.
    pub fn workspace(&self) -> PathBuf {
        self.directory.join("workspace")
    }

    /// Runs the action's main stage to its end.
    pub fn run(&self) -> Run {
        self.start(&[]).finish()
    }

    /// Runs a command line to its end, outside the runner.
    pub fn command(&self, arguments: &[&str]) -> Run {
        self.start(arguments).finish()
    }

    /// Runs the action's post stage with the state of a run before.
    pub fn post(&self, before: &Run) -> Run {
        let (mut command, files) = self.prepare(&["post"]);
        command.envs(state_variables(before));
        self.spawn((command, files)).finish()
    }

    /// Starts a run.
    pub fn start(&self, arguments: &[&str]) -> Running<'_> {
        self.spawn(self.prepare(arguments))
    }

    /// Starts a run beside another one, with variables of its own.
    pub fn start_beside(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Running<'_> {
        let (mut command, files) = self.prepare(arguments);
        command.envs(variables.iter().copied());
        self.spawn((command, files))
    }

    fn prepare(&self, arguments: &[&str]) -> (Command, PathBuf) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slipway"));
        command.args(arguments).env_clear().envs(self.environment()).current_dir(self.workspace());
        command.env("GITHUB_WORKSPACE", self.workspace());
        let files = self.file_commands();
        for name in FILE_COMMANDS {
            command.env(format!("GITHUB_{name}"), files.join(name));
        }
        (command, files)
    }

    /// What a step is told, apart from where its files are.
    fn environment(&self) -> BTreeMap<String, String> {
        let inputs = self.inputs.iter().map(|(name, text)| (format!("INPUT_{}", name.to_uppercase()), text.clone()));
        self.variables.clone().into_iter().chain(inputs).collect()
    }

    /// A directory with the files one step writes into; steps may run side by side.
    fn file_commands(&self) -> PathBuf {
        let directory = self.directory.join(format!("file_commands-{}", self.steps.get()));
        self.steps.set(self.steps.get() + 1);
        std::fs::create_dir_all(&directory).unwrap();
        for name in FILE_COMMANDS {
            let path = directory.join(name);
            if !path.is_dir() {
                std::fs::write(&path, "").unwrap();
            }
        }
        directory
    }

    fn spawn(&self, (mut command, files): (Command, PathBuf)) -> Running<'_> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let read = |from: &mut dyn Read| {
            let mut text = Vec::new();
            from.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        };
        let (tell, printed) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let stderr = std::thread::spawn(move || read(&mut err));
            let stdout = read(&mut out);
            tell.send((stdout, stderr.join().unwrap()))
        });
        Running { scene: self, child, printed, files, since: self.cloud.journal().len() }
    }

    fn judge(&self, run: &Run, since: usize) {
        let journal = self.cloud.journal();
        let future = self.cloud.world(|world| world.future());
        let breaches = contract::judge(&journal[since..], &future, false);
        assert!(breaches.is_empty(), "{}", breaches.join("\n"));
        let log = runner::visible(&run.stdout);
        let unexpected = self.cloud.unexpected();
        assert!(unexpected.is_empty(), "the fake saw what must not be: {unexpected:#?}\n{log}");
        let unused = self.cloud.world(|world| world.unused_faults());
        assert!(unused.is_empty(), "faults that never struck: {unused:#?}\n{log}");
        for command in runner::commands(&run.stdout) {
            assert!(
                ["group", "endgroup", "add-mask", "warning", "error", "notice"].contains(&command.name.as_str()),
                "the runner would execute {command:?}"
            );
        }
        assert_eq!(run.stderr, "", "everything goes to one stream");
        secrets::check(self, run, &journal);
    }

    /// The key the scene signs in with, parsed.
    pub fn key(&self) -> serde_json::Value {
        self.inputs.get("credentials_json").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The calls of a run so far, without looks and probes: what the product did, in order.
    pub fn calls(&self) -> Vec<String> {
        let calls = self.cloud.journal().into_iter().map(|request| request.call);
        calls.filter(|call| call != "site.request" && call != "oauth2.token").collect()
    }
}

/// A key as it should be stored: a secret of several lines costs outputs (`tests/it/outputs.rs`).
pub fn in_one_line(file: &str) -> String {
    serde_json::from_str::<serde_json::Value>(file).unwrap().to_string()
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.directory);
    }
}

/// What the runner tells later stages of the same step.
fn state_variables(before: &Run) -> impl Iterator<Item = (String, String)> {
    before.state.iter().map(|(name, value)| (format!("STATE_{name}"), value.clone()))
}

/// A run that goes on.
pub struct Running<'a> {
    scene: &'a Scene,
    child: Child,
    files: PathBuf,
    printed: std::sync::mpsc::Receiver<(String, String)>,
    since: usize,
}

impl Running<'_> {
    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits until a call has arrived at the fake.
    pub fn until(&self, call: &str) -> &Self {
        assert!(self.scene.cloud.wait_for(|request| request.is(call), Duration::from_secs(20)), "{call} never came");
        self
    }

    /// Waits for the end and reads everything; faults may be left that met nobody.
    pub fn finish_lenient(self) -> Run {
        let scene = self.scene;
        let (run, since) = self.wait();
        scene.cloud.world(|world| world.faults.clear());
        scene.judge(&run, since);
        run
    }

    /// Waits for the end and reads everything; what was asked of the fake is not judged, where it answered nonsense.
    pub fn finish_unjudged(self) -> Run {
        let scene = self.scene;
        let (run, _) = self.wait();
        scene.cloud.world(|world| world.faults.clear());
        run
    }

    /// Waits for the end and reads everything.
    pub fn finish(self) -> Run {
        let scene = self.scene;
        let (run, since) = self.wait();
        scene.judge(&run, since);
        run
    }

    fn wait(mut self) -> (Run, usize) {
        // The pipes close when the process ends, so waiting for them is waiting for it.
        let Ok((stdout, stderr)) = self.printed.recv_timeout(LONGEST_RUN) else {
            self.child.kill().unwrap();
            panic!("the run hangs; it has asked {:#?}", self.scene.calls());
        };
        let status = self.child.wait().unwrap();
        let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap();
        let read = |name: &str| std::fs::read_to_string(self.files.join(name)).unwrap_or_default();
        let run = Run {
            code,
            stdout,
            stderr,
            outputs: runner::pairs(&read("OUTPUT")),
            state: runner::pairs(&read("STATE")),
            summary: read("STEP_SUMMARY"),
        };
        (run, self.since)
    }
}

impl Run {
    /// What a reader of the log sees, with ids and times made equal from run to run.
    pub fn log(&self) -> String {
        normal::text(&runner::visible(&self.stdout))
    }

    /// The part of the log that tells of the failure.
    pub fn failure(&self) -> String {
        let log = self.log();
        log.find("[error]").map_or(log.clone(), |at| log[at..].to_owned())
    }

    /// The summary, made equal from run to run.
    pub fn summary(&self) -> String {
        normal::text(&self.summary)
    }

    /// The report document.
    pub fn report(&self) -> serde_json::Value {
        serde_json::from_str(&self.outputs["report"]).expect("the report is JSON")
    }

    /// Asserts the exit code, showing the log where it is another one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n{}", runner::visible(&self.stdout));
        self
    }

    /// Asserts that the log holds a text.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let log = runner::visible(&self.stdout);
        assert!(log.contains(text), "the log does not say {text:?}:\n{log}");
        self
    }

    /// Asserts that the log does not hold a text.
    #[track_caller]
    pub fn does_not_say(&self, text: &str) -> &Self {
        let log = runner::visible(&self.stdout);
        assert!(!log.contains(text), "the log says {text:?}:\n{log}");
        self
    }
}

/// Whether a path exists below a directory: for what must not be left behind.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        // A link leads to what somebody else wrote.
        if kind.is_dir() {
            found.extend(files_below(&path));
        } else if kind.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}
