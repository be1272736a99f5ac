//! A real docker engine of the version that Cloud Build has, which carries out the docker steps of a build request.
//!
//! `.ci/run` starts Debian's `docker.io` and says where it listens in `SLIPWAY_ENGINE`. Nothing can be pulled: sources
//! are built from `scratch`, or from [`BASE`], which is imported from the machine's static busybox.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::Scene;

/// An image with a shell, that no registry has.
pub const BASE: &str = "shell:1";

/// Debian's own client. Another one may come first on the path.
const CLIENT: &str = "/usr/bin/docker";

/// The engine is one, and so are the names of images on it.
static ALONE: Mutex<()> = Mutex::new(());

/// The engine, while nobody else uses it.
pub struct Engine {
    address: String,
    _alone: MutexGuard<'static, ()>,
}

/// A step that was carried out.
#[derive(Debug)]
pub struct Done {
    /// Docker's exit code.
    pub exit: i32,
    /// What it wrote, on both streams.
    pub output: String,
}

impl Done {
    /// The last thing it wrote.
    pub fn last_line(&self) -> &str {
        self.output.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default()
    }
}

impl Engine {
    /// The engine that `SLIPWAY_ENGINE` names, as empty as a machine of Cloud Build.
    pub fn new() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let address = std::env::var("SLIPWAY_ENGINE").expect("SLIPWAY_ENGINE says where the engine is; see .ci/run");
        let engine = Self { address, _alone: alone };
        let version =
            engine.says(&["version", "--format", "{{.Server.Version}} {{.Server.APIVersion}} {{.Client.Version}}"]);
        let words: Vec<&str> = version.split_whitespace().collect();
        assert!(
            matches!(words[..], [engine, "1.41", client] if engine.starts_with("20.10.") && client.starts_with("20.10.")),
            "Cloud Build has Docker 20.10, whose API is 1.41; here is {version}"
        );
        let networks = engine.says(&["network", "ls", "--format", "{{.Name}}"]);
        if !networks.lines().any(|name| name == "cloudbuild") {
            engine.says(&["network", "create", "cloudbuild"]);
        }
        engine.clear();
        engine.import_base();
        engine
    }

    /// Carries out the steps of a request on its source, as Cloud Build does: in order, up to the first that fails.
    pub fn carry_out(&self, scene: &Scene, request: &Value) -> Vec<Done> {
        self.clear();
        let workspace = scene.directory.join("carried-out");
        let _fresh = std::fs::remove_dir_all(&workspace);
        unpack(scene, request, &workspace);
        let mut done = Vec::new();
        for step in request["steps"].as_array().unwrap() {
            let text = |value: &Value| substituted(value.as_str().unwrap(), request);
            let texts = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
            assert!(
                step["name"].as_str().unwrap().starts_with("gcr.io/cloud-builders/docker") && step["script"].is_null(),
                "only docker's steps can be carried out here: {step}"
            );
            let mut command = self.docker();
            // The environment of a step is its own, over that of all steps.
            for pair in texts(&request["options"]["env"]).iter().chain(&texts(&step["env"])) {
                let (name, value) = pair.split_once('=').unwrap();
                command.env(name, value);
            }
            let place = workspace.join(step["dir"].as_str().unwrap_or_default());
            command.args(texts(&step["args"])).current_dir(place);
            let ran = command.stdin(Stdio::null()).output().unwrap();
            let exit = ran.status.code().unwrap();
            let output = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
            done.push(Done { exit, output });
            if exit != 0 {
                break;
            }
        }
        done
    }

    /// Its version.
    pub fn version(&self) -> String {
        self.says(&["version", "--format", "{{.Server.Version}}"]).trim().to_owned()
    }

    /// The configuration of an image, if there is an image of that name.
    pub fn config(&self, image: &str) -> Option<Value> {
        let output = self.docker().args(["image", "inspect", "--format", "{{json .Config}}", image]).output().unwrap();
        output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
    }

    /// The id of an image, if there is an image of that name.
    pub fn id(&self, image: &str) -> Option<String> {
        let output = self.docker().args(["image", "inspect", "--format", "{{.Id}}", image]).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    /// What a command of docker writes; it must go well.
    #[track_caller]
    pub fn says(&self, arguments: &[&str]) -> String {
        let output = self.docker().args(arguments).output().unwrap();
        assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A command of docker with an environment of its own: the exit code, and what it wrote of trouble.
    pub fn with(&self, environment: &[&str], arguments: &[&str]) -> (i32, String) {
        let mut command = self.docker();
        command.envs(environment.iter().map(|pair| pair.split_once('=').unwrap()));
        let output = command.args(arguments).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap().trim().to_owned())
    }

    /// What a line of shell writes that begins with `gcloud storage cat`, which gives the source of the build before.
    pub fn shell(&self, scene: &Scene, line: &str) -> String {
        let gcloud = scene.directory.join("gcloud");
        std::fs::write(&gcloud, format!("#!/bin/sh\ncat {}\n", archive(scene).display())).unwrap();
        std::fs::set_permissions(&gcloud, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut command = Command::new("/bin/sh");
        command.env_clear().env("DOCKER_HOST", &self.address).env("HOME", "/nonexistent");
        command.env("PATH", format!("{}:/usr/bin:/bin", scene.directory.display()));
        let output = command.args(["-c", &format!("{line} 2>&1")]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn docker(&self) -> Command {
        let mut command = Command::new(CLIENT);
        command.env_clear().env("DOCKER_HOST", &self.address).env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent");
        command
    }

    /// Every build gets a fresh machine: no image but the base, no layer of a build before.
    fn clear(&self) {
        let images = self.says(&["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]);
        for image in images.lines().filter(|image| *image != BASE && !image.contains("<none>")) {
            self.says(&["image", "rm", "--force", image]);
        }
        self.says(&["image", "prune", "--force"]);
        self.says(&["builder", "prune", "--all", "--force"]);
    }

    fn import_base(&self) {
        if self.id(BASE).is_some() {
            return;
        }
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        let busybox = std::fs::read("/usr/bin/busybox").expect("Debian's busybox-static");
        header.set_mode(0o755);
        header.set_size(busybox.len().try_into().unwrap());
        tar.append_data(&mut header, "bin/busybox", &busybox[..]).unwrap();
        for name in ["sh", "cat", "grep", "true", "touch", "test"] {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            tar.append_link(&mut header, format!("bin/{name}"), "busybox").unwrap();
        }
        let mut command = self.docker();
        command.args(["import", "--change", "ENV PATH=/bin", "-", BASE]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(&tar.into_inner().unwrap()).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

/// Unpacks the source that a request names, where the product stored it.
fn unpack(scene: &Scene, request: &Value, into: &Path) {
    let source = &request["source"]["storageSource"];
    let (bucket, object) = (source["bucket"].as_str().unwrap(), source["object"].as_str().unwrap());
    let archive = archive(scene);
    let content = scene.cloud.world(|world| world.object(bucket, object).unwrap().to_vec());
    std::fs::write(&archive, content).unwrap();
    std::fs::create_dir_all(into).unwrap();
    let tar = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(into).status().unwrap();
    assert!(tar.success());
}

/// Where the source of a build is kept while its steps are carried out.
fn archive(scene: &Scene) -> PathBuf {
    scene.directory.join("source.tar.gz")
}

/// A text of a build with its substitutions: `$NAME`, `${NAME}`, and `$$` for a dollar.
fn substituted(text: &str, request: &Value) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let (key, left) = match after.strip_prefix('{') {
            Some(braced) => braced.split_once('}').unwrap(),
            None => after.split_at(after.find(|c| !name(c)).unwrap_or(after.len())),
        };
        match (key, request["substitutions"][key].as_str()) {
            ("", None) => out.push('$'),
            (_, Some(value)) => out.push_str(value),
            ("PROJECT_ID", None) => out.push_str("harbour-dev"),
            _ => panic!("`{text}` names `{key}`, which nobody has set"),
        }
        rest = left;
    }
    out + rest
}
