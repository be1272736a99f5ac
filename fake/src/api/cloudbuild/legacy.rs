//! What docker writes while the builder before BuildKit builds a Dockerfile.

use super::dockerfile::{Dockerfile, Instruction, Trouble};
use crate::world::hex_of;

/// Lines of a build that went well.
pub(super) fn success(built: &Dockerfile, target: Option<&str>, tags: &[String], digest: &str) -> Vec<String> {
    let mut lines = begin();
    lines.extend(steps(built, target, None));
    lines.push(format!("Successfully built {}", &digest["sha256:".len()..][..12]));
    lines.extend(tags.iter().map(|tag| format!("Successfully tagged {tag}")));
    lines
}

/// Lines of a build that failed.
pub(super) fn failure(file: &str, built: Option<&Dockerfile>, target: Option<&str>, trouble: &Trouble) -> Vec<String> {
    let mut lines = begin();
    let daemon = |sentence: &str| format!("Error response from daemon: {sentence}");
    match trouble {
        Trouble::Empty => lines.push(daemon(&format!("the Dockerfile ({file}) cannot be empty"))),
        Trouble::Shape(sentence) => lines.push(daemon(&format!("failed to parse Dockerfile: {sentence}"))),
        Trouble::Whole(sentence) => lines.push(daemon(sentence)),
        Trouble::At(instruction, sentence) => {
            if let Some(built) = built {
                lines.extend(steps(built, target, Some(instruction)));
            }
            lines.push(sentence.clone());
        }
    }
    lines
}

/// Lines of a build whose Dockerfile is not there.
pub(super) fn no_dockerfile(path: &str) -> Vec<String> {
    vec![format!(
        "unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat /workspace/{path}: no such file or \
         directory"
    )]
}

fn begin() -> Vec<String> {
    vec!["Sending build context to Docker daemon  4.608kB".to_owned()]
}

/// The instructions, up to one.
fn steps(built: &Dockerfile, target: Option<&str>, stop: Option<&Instruction>) -> Vec<String> {
    let end = target.and_then(|target| built.position(target, built.stages.len()));
    let stages = &built.stages[..=end.unwrap_or(built.stages.len() - 1)];
    let all: Vec<&Instruction> = stages.iter().flat_map(|stage| &stage.instructions).collect();
    let count = all.len() + built.globals;
    let mut lines = Vec::new();
    for (index, instruction) in all.iter().enumerate() {
        lines.push(format!("Step {}/{count} : {}", built.globals + index + 1, instruction.shown()));
        if stop == Some(*instruction) {
            break;
        }
        let id = hex_of(instruction.shown().as_bytes());
        lines.push(format!(" ---> {}", if instruction.rest == "scratch" { "" } else { &id[..12] }));
    }
    lines
}
