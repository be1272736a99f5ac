//! What docker writes while BuildKit builds a Dockerfile.

use super::dockerfile::{Dockerfile, Instruction, Trouble};
use crate::world::hex_of;

/// Whose words these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// Docker's own, of version 20.10.
    Docker20,
    /// buildx, which newer versions use.
    Buildx,
}

impl Client {
    /// How an error reads that BuildKit gave before it solved anything.
    fn definition(self, sentence: &str) -> String {
        match self {
            Client::Docker20 => {
                format!("failed to solve with frontend dockerfile.v0: failed to create LLB definition: {sentence}")
            }
            Client::Buildx => format!("ERROR: failed to solve: {sentence}"),
        }
    }

    fn solving(self, sentence: &str) -> String {
        match self {
            Client::Docker20 => sentence.to_owned(),
            Client::Buildx => format!("ERROR: failed to solve: {sentence}"),
        }
    }
}

/// Lines of a build that went well.
pub(super) fn success(
    file: &str,
    text: &str,
    built: &Dockerfile,
    target: Option<&str>,
    tags: &[String],
    digest: &str,
) -> Vec<String> {
    let mut log = Log::begin(file, text.len());
    log.stages(built, target, None);
    log.vertex("exporting to image", &["exporting layers", &format!("writing image {digest}")]);
    for tag in tags {
        log.more(&format!("naming to {tag} done"));
    }
    log.done();
    log.lines
}

/// Lines of a build that failed.
pub(super) fn failure(
    client: Client,
    file: &str,
    text: &str,
    built: Option<&Dockerfile>,
    target: Option<&str>,
    trouble: &Trouble,
) -> Vec<String> {
    let mut log = Log::begin(file, text.len());
    match trouble {
        Trouble::Empty => log.lines.push(client.definition("the Dockerfile cannot be empty")),
        Trouble::Shape(sentence) | Trouble::Whole(sentence) => log.lines.push(client.definition(sentence)),
        Trouble::At(instruction, sentence) => {
            let label = match built {
                Some(built) => log.stages(built, target, Some(instruction)),
                None => None,
            };
            let label = label.unwrap_or_else(|| instruction.shown());
            log.error(&label, sentence.strip_prefix("failed to compute cache key: ").unwrap_or(sentence));
            log.lines.push(client.solving(sentence));
        }
    }
    log.lines
}

/// Lines of a build whose Dockerfile is not there.
pub(super) fn no_dockerfile(client: Client, file: &str) -> Vec<String> {
    let mut log = Log::begin(file, 2);
    // The directory is a new one each time.
    let directory = format!("/var/lib/docker/tmp/buildkit-mount{}", file.len() * 97_813_641);
    log.lines.push(match client {
        Client::Docker20 => format!(
            "failed to solve with frontend dockerfile.v0: failed to read dockerfile: open {directory}/{file}: no such file \
             or directory"
        ),
        Client::Buildx => {
            format!("ERROR: failed to solve: failed to read dockerfile: open {file}: no such file or directory")
        }
    });
    log.lines
}

/// Lines of a build whose frontend cannot be fetched; `argument` says that a build argument named it.
pub(super) fn no_frontend(client: Client, file: &str, size: usize, frontend: &str, argument: bool) -> Vec<String> {
    let (name, tag) = frontend.split_once(':').unwrap_or((frontend, "latest"));
    let full = format!("docker.io/{name}:{tag}");
    let sentence = format!(
        "failed to do request: Head \"https://registry-1.docker.io/v2/{name}/manifests/{tag}\": dial tcp: lookup \
         registry-1.docker.io on 169.254.169.254:53: no such host"
    );
    let mut log = Log::begin(file, size);
    log.error(&format!("resolve image config for {full}"), &sentence);
    let by = if argument { format!("failed with build-arg:BUILDKIT_SYNTAX = {frontend}: ") } else { String::new() };
    log.lines.push(match client {
        Client::Docker20 => format!(
            "failed to solve with frontend dockerfile.v0: {by}failed to solve with frontend gateway.v0: {sentence}"
        ),
        Client::Buildx => format!("ERROR: failed to solve: {by}{sentence}"),
    });
    log.lines
}

struct Log {
    lines: Vec<String>,
    number: usize,
}

impl Log {
    fn begin(file: &str, size: usize) -> Log {
        let mut log = Log { lines: Vec::new(), number: 0 };
        let name = file.rsplit('/').next().unwrap_or(file);
        log.vertex(
            &format!("[internal] load build definition from {name}"),
            &[&format!("transferring dockerfile: {size}B")],
        );
        log.done();
        log.vertex("[internal] load .dockerignore", &["transferring context: 2B"]);
        log.done();
        log
    }

    /// Writes the steps of the stages up to one; gives that one's label.
    fn stages(&mut self, built: &Dockerfile, target: Option<&str>, stop: Option<&Instruction>) -> Option<String> {
        let stages = built.needed(target).unwrap_or_default();
        for stage in &stages {
            let own: Vec<&Instruction> = stage.instructions.iter().filter(|known| makes_a_layer(known)).collect();
            let own: Vec<&Instruction> = own.into_iter().filter(|known| known.rest != "scratch").collect();
            for (index, instruction) in own.iter().enumerate() {
                let name = stage
                    .name
                    .as_ref()
                    .filter(|_| stages.len() > 1)
                    .map_or_else(String::new, |name| format!("{name} "));
                let label = format!("[{name}{}/{}] {}", index + 1, own.len(), instruction.shown());
                if stop == Some(*instruction) {
                    return Some(label);
                }
                self.vertex(&label, &[]);
                self.done();
            }
        }
        None
    }

    fn vertex(&mut self, label: &str, notes: &[&str]) {
        self.number += 1;
        self.lines.push(format!("#{} {label}", self.number));
        self.lines.push(format!("#{} sha256:{}", self.number, hex_of(label.as_bytes())));
        for note in notes {
            self.more(&format!("{note} done"));
        }
    }

    fn more(&mut self, note: &str) {
        self.lines.push(format!("#{} {note}", self.number));
    }

    fn done(&mut self) {
        self.more("DONE 0.1s");
        self.lines.push(String::new());
    }

    fn error(&mut self, label: &str, sentence: &str) {
        self.vertex(label, &[]);
        self.more(&format!("ERROR: {sentence}"));
        self.lines.extend(["------".to_owned(), format!(" > {label}:"), "------".to_owned()]);
    }
}

fn makes_a_layer(instruction: &Instruction) -> bool {
    matches!(instruction.word.as_str(), "FROM" | "RUN" | "COPY" | "ADD" | "WORKDIR")
}
