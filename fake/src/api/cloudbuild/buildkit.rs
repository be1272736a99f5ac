//! The lines BuildKit writes while it builds a Dockerfile.

use super::dockerfile::{Dockerfile, Instruction, Trouble};

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
    file: &str,
    text: &str,
    built: Option<&Dockerfile>,
    target: Option<&str>,
    trouble: &Trouble,
) -> Vec<String> {
    let mut log = Log::begin(file, text.len());
    match trouble {
        Trouble::Whole(sentence) => log.lines.push(format!("ERROR: failed to solve: {sentence}")),
        Trouble::At(instruction, sentence) => {
            if let Some(built) = built {
                log.stages(built, target, Some(instruction));
            }
            log.error(instruction, sentence);
            log.excerpt(file, text, instruction);
            log.lines.push(format!("ERROR: failed to solve: {sentence}"));
        }
    }
    log.lines
}

/// Lines of a build whose Dockerfile or context is not there.
pub(super) fn nothing_to_read(sentence: &str) -> Vec<String> {
    vec![
        "#0 building with \"default\" instance using docker driver".to_owned(),
        String::new(),
        format!("ERROR: {sentence}"),
    ]
}

struct Log {
    lines: Vec<String>,
    number: usize,
}

impl Log {
    fn begin(file: &str, size: usize) -> Log {
        let first = "#0 building with \"default\" instance using docker driver".to_owned();
        let mut log = Log { lines: vec![first, String::new()], number: 0 };
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

    fn stages(&mut self, built: &Dockerfile, target: Option<&str>, stop: Option<&Instruction>) {
        let stages = built.needed(target).unwrap_or_default();
        for stage in &stages {
            let own: Vec<&Instruction> = stage.instructions.iter().filter(|known| makes_a_layer(known)).collect();
            for (index, instruction) in own.iter().enumerate() {
                if stop == Some(*instruction) {
                    return;
                }
                let name = stage
                    .name
                    .as_ref()
                    .filter(|_| stages.len() > 1)
                    .map_or_else(String::new, |name| format!("{name} "));
                let label = format!("[{name}{}/{}] {} {}", index + 1, own.len(), instruction.word, instruction.rest);
                self.vertex(&label, &[]);
                self.done();
            }
        }
    }

    fn vertex(&mut self, label: &str, notes: &[&str]) {
        self.number += 1;
        self.lines.push(format!("#{} {label}", self.number));
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

    fn error(&mut self, instruction: &Instruction, sentence: &str) {
        self.vertex(&format!("{} {}", instruction.word, instruction.rest), &[]);
        self.more(&format!("ERROR: {sentence}"));
    }

    /// The lines around the instruction, as BuildKit points at them.
    fn excerpt(&mut self, file: &str, text: &str, instruction: &Instruction) {
        self.lines.push("------".to_owned());
        self.lines.push(format!(" > {} {}:", instruction.word, instruction.rest));
        self.lines.push("------".to_owned());
        self.lines.push(format!("{file}:{}", instruction.line));
        self.lines.push("--------------------".to_owned());
        let from = instruction.line.saturating_sub(3);
        for (index, line) in text.lines().enumerate().skip(from).take(5) {
            let mark = if index + 1 == instruction.line { ">>>" } else { "   " };
            self.lines.push(format!("{:4} | {mark} {line}", index + 1));
        }
        self.lines.push("--------------------".to_owned());
    }
}

fn makes_a_layer(instruction: &Instruction) -> bool {
    matches!(instruction.word.as_str(), "FROM" | "RUN" | "COPY" | "ADD" | "WORKDIR")
}
