//! Dockerfiles: read as docker reads them, and held against the files they name.

use super::archive::{Archive, clean};

/// A Dockerfile, read.
#[derive(Debug)]
pub(super) struct Dockerfile {
    /// Its stages, in order.
    pub(super) stages: Vec<Stage>,
}

/// One stage: from a FROM to the next.
#[derive(Debug)]
pub(super) struct Stage {
    /// `AS name`.
    pub(super) name: Option<String>,
    /// The image or stage it starts from.
    pub(super) base: String,
    /// Its instructions, FROM first.
    pub(super) instructions: Vec<Instruction>,
}

/// One instruction.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Instruction {
    /// Number of its first line.
    pub(super) line: usize,
    /// Its word, in capitals.
    pub(super) word: String,
    /// Everything after the word, continuation lines joined.
    pub(super) rest: String,
}

/// Why a Dockerfile cannot be built.
#[derive(Debug, PartialEq)]
pub(super) enum Trouble {
    /// Before any instruction ran.
    Whole(String),
    /// At an instruction: which, and why.
    At(Instruction, String),
}

const WORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

impl Dockerfile {
    /// Reads a Dockerfile.
    pub(super) fn read(text: &str) -> Result<Dockerfile, Trouble> {
        let whole = |sentence: &str| Trouble::Whole(sentence.to_owned());
        let mut stages: Vec<Stage> = Vec::new();
        let instructions = instructions(text);
        if instructions.is_empty() {
            return Err(whole("the Dockerfile cannot be empty"));
        }
        for instruction in instructions {
            let (line, word) = (instruction.line, instruction.word.as_str());
            if !WORDS.contains(&word) {
                let near = WORDS.iter().find(|known| distance_is_one(known, word));
                let hint = near.map_or_else(String::new, |known| format!(" (did you mean {known}?)"));
                return Err(Trouble::Whole(format!(
                    "dockerfile parse error on line {line}: unknown instruction: {word}{hint}"
                )));
            }
            if instruction.rest.trim().is_empty() {
                let text = format!("dockerfile parse error on line {line}: {word} requires at least one argument");
                return Err(Trouble::Whole(text));
            }
            if word == "FROM" {
                let words: Vec<&str> =
                    instruction.rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
                let name = match words.as_slice() {
                    [_] => None,
                    [_, between, name] if between.eq_ignore_ascii_case("as") => Some((*name).to_lowercase()),
                    _ => {
                        let text = format!(
                            "dockerfile parse error on line {line}: FROM requires either one or three arguments"
                        );
                        return Err(Trouble::Whole(text));
                    }
                };
                let base = words[0].to_owned();
                stages.push(Stage { name, base, instructions: vec![instruction] });
            } else if let Some(stage) = stages.last_mut() {
                stage.instructions.push(instruction);
            } else if word != "ARG" {
                return Err(whole("no build stage in current context"));
            }
        }
        if stages.is_empty() { Err(whole("no build stage in current context")) } else { Ok(Dockerfile { stages }) }
    }

    /// The stages a build of this target needs, in order.
    pub(super) fn needed(&self, target: Option<&str>) -> Result<Vec<&Stage>, Trouble> {
        let last = match target {
            Some(target) => self
                .position(target, self.stages.len())
                .ok_or_else(|| Trouble::Whole(format!("target stage \"{target}\" could not be found")))?,
            None => self.stages.len() - 1,
        };
        let mut wanted = vec![last];
        let mut at = 0;
        while let Some(&index) = wanted.get(at) {
            let stage = &self.stages[index];
            let others = stage.instructions.iter().filter_map(Instruction::other_stage);
            for name in others.chain([stage.base.as_str()]) {
                if let Some(found) = self.position(name, index).filter(|found| !wanted.contains(found)) {
                    wanted.push(found);
                }
            }
            at += 1;
        }
        wanted.sort_unstable();
        Ok(wanted.into_iter().map(|index| &self.stages[index]).collect())
    }

    /// The index of a stage by name or number, among those before `end`.
    fn position(&self, name: &str, end: usize) -> Option<usize> {
        let by_name = self.stages[..end].iter().position(|stage| stage.name.as_deref() == Some(&name.to_lowercase()));
        by_name.or_else(|| name.parse().ok().filter(|index: &usize| *index < end))
    }

    /// Whether the files the needed stages copy are there. `context` is a directory of the archive.
    pub(super) fn check(
        &self,
        archive: &Archive,
        context: &str,
        target: Option<&str>,
        buildkit: bool,
    ) -> Result<(), Trouble> {
        for stage in self.needed(target)? {
            for instruction in &stage.instructions {
                if !buildkit && instruction.word == "RUN" && instruction.rest.trim_start().starts_with("--mount") {
                    let text = "the --mount option requires BuildKit. Refer to \
                                https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled";
                    return Err(Trouble::At(instruction.clone(), text.to_owned()));
                }
                if let Some(name) = instruction.other_stage() {
                    let index = self.stages.iter().position(|known| std::ptr::eq(known, stage)).unwrap_or(0);
                    if self.position(name, index).is_none() && !is_image(name) {
                        let text = format!(
                            "{name}: failed to resolve source metadata for docker.io/library/{name}:latest: pull access \
                             denied, repository does not exist or may require authorization: server message: \
                             insufficient_scope: authorization failed"
                        );
                        return Err(Trouble::At(instruction.clone(), text));
                    }
                    continue;
                }
                for source in instruction.sources() {
                    let path = clean(&format!("{context}/{source}"));
                    let there =
                        if source.contains(['*', '?', '[']) { archive.matches(&path) } else { archive.has(&path) };
                    if !there {
                        let shown = clean(&source);
                        let text = format!("failed to calculate checksum of ref: \"/{shown}\": not found");
                        return Err(Trouble::At(instruction.clone(), text));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Instruction {
    /// The stage or image named by `--from`, of COPY and of RUN mounts' simplest form.
    fn other_stage(&self) -> Option<&str> {
        let from = |word: &'_ str| word.strip_prefix("--from=").is_some();
        let word = self.rest.split_whitespace().take_while(|word| word.starts_with("--")).find(|word| from(word))?;
        (self.word == "COPY").then(|| word.strip_prefix("--from=")).flatten()
    }

    /// The paths COPY or ADD takes from the build context. Addresses, inline files and paths with
    /// variables are not among them.
    fn sources(&self) -> Vec<String> {
        if self.word != "COPY" && self.word != "ADD" {
            return Vec::new();
        }
        let mut rest = self.rest.trim();
        while rest.starts_with("--") {
            rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
        }
        let mut words: Vec<String> = match serde_json::from_str(rest) {
            Ok(words) => words,
            Err(_) => rest.split_whitespace().map(str::to_owned).collect(),
        };
        words.pop();
        words.retain(|word| {
            !word.contains("://") && !word.starts_with("<<") && !word.starts_with("git@") && !word.contains('$')
        });
        words
    }
}

/// A name that can only be an image of a registry, or is one everybody knows.
fn is_image(name: &str) -> bool {
    let official = ["alpine", "busybox", "debian", "golang", "nginx", "node", "python", "ubuntu"];
    name.contains(['/', ':', '.', '$']) || official.contains(&name)
}

/// Joins continuation lines, drops comments and the bodies of heredocs.
fn instructions(text: &str) -> Vec<Instruction> {
    let escape = if text.lines().take(5).any(|line| line.replace(' ', "").eq_ignore_ascii_case("#escape=`")) {
        '`'
    } else {
        '\\'
    };
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut joined = line.trim().to_owned();
        if joined.is_empty() || joined.starts_with('#') {
            continue;
        }
        while joined.ends_with(escape) {
            joined.pop();
            // Comments and blank lines between continuation lines are skipped.
            let next =
                lines.by_ref().map(|(_, line)| line.trim()).find(|line| !line.is_empty() && !line.starts_with('#'));
            let Some(next) = next else { break };
            joined.push_str(next);
        }
        let (word, rest) = joined.split_once(char::is_whitespace).unwrap_or((&joined, ""));
        let word = word.to_uppercase();
        if matches!(word.as_str(), "RUN" | "COPY" | "ADD") {
            for end in heredocs(rest) {
                lines.by_ref().find(|(_, line)| line.trim_start_matches('\t') == end);
            }
        }
        found.push(Instruction { line: number + 1, word, rest: rest.trim().to_owned() });
    }
    found
}

/// The words that end the heredocs an instruction begins.
fn heredocs(rest: &str) -> Vec<String> {
    let begins = rest.match_indices("<<").map(|(at, _)| &rest[at + 2..]);
    let word = |text: &str| {
        let text = text.strip_prefix('-').unwrap_or(text).trim_start_matches(['"', '\'']);
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        text[..end].to_owned()
    };
    begins.map(word).filter(|word| !word.is_empty()).collect()
}

/// Whether one letter more, less or other makes the one word the other.
fn distance_is_one(known: &str, word: &str) -> bool {
    let (long, short) = if known.len() >= word.len() { (known, word) } else { (word, known) };
    let same = long.bytes().zip(short.bytes()).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 => long.get(same + 1..) == short.get(same + 1..),
        1 => long.get(same + 1..) == short.get(same..),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(text: &str) -> String {
        match Dockerfile::read(text) {
            Err(Trouble::Whole(sentence)) => sentence,
            Err(Trouble::At(_, sentence)) => sentence,
            Ok(_) => "fine".to_owned(),
        }
    }

    #[test]
    fn lines_are_joined_and_comments_dropped() {
        let file =
            "# syntax=docker/dockerfile:1\nARG V=3\nFROM python:$V AS Base\nRUN a \\\n  # why\n\n  b\nCMD [\"x\"]\n";
        let read = Dockerfile::read(file).expect("a Dockerfile");
        assert_eq!(read.stages[0].name.as_deref(), Some("base"));
        assert_eq!(read.stages[0].instructions[1], Instruction { line: 4, word: "RUN".into(), rest: "a b".into() });
        let heredoc = Dockerfile::read("FROM x\nRUN <<EOF\nBOGUS line\nEOF\nCMD y\n").expect("a Dockerfile");
        assert_eq!(heredoc.stages[0].instructions.len(), 3);
    }

    #[test]
    fn mistakes_read_as_docker_writes_them() {
        assert_eq!(trouble(""), "the Dockerfile cannot be empty");
        assert_eq!(trouble("RUN x"), "no build stage in current context");
        assert_eq!(trouble("ARG A=1"), "no build stage in current context");
        assert_eq!(
            trouble("FROM x\nRUNN y"),
            "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)"
        );
        assert_eq!(
            trouble("FROM x y"),
            "dockerfile parse error on line 1: FROM requires either one or three arguments"
        );
        assert_eq!(trouble("FROM x\nCOPY\n"), "dockerfile parse error on line 2: COPY requires at least one argument");
    }

    #[test]
    fn only_the_stages_a_target_needs_count() {
        let file = "FROM a AS one\nFROM b AS two\nFROM c AS three\nCOPY --from=one /x /x\nFROM d AS four\n";
        let read = Dockerfile::read(file).expect("a Dockerfile");
        let names = |target| {
            read.needed(target).map(|stages| stages.iter().map(|stage| stage.base.clone()).collect::<Vec<_>>())
        };
        assert_eq!(names(Some("three")), Ok(vec!["a".to_owned(), "c".to_owned()]));
        assert_eq!(names(None), Ok(vec!["d".to_owned()]));
        assert!(names(Some("five")).is_err());
        let own_name = Dockerfile::read("FROM python AS python\nCOPY --from=2 /x /x\n").expect("a Dockerfile");
        assert_eq!(own_name.needed(None).map(|stages| stages.len()), Ok(1));
    }

    #[test]
    fn sources_are_told_from_destinations_and_addresses() {
        let of = |rest: &str| Instruction { line: 1, word: "COPY".into(), rest: rest.into() }.sources();
        assert_eq!(of("--chown=1:1 a b dir/"), ["a", "b"]);
        assert_eq!(of("[\"with space\", \"dir/\"]"), ["with space"]);
        assert!(of("https://x/y $HOME <<EOF dir/").is_empty());
    }
}
