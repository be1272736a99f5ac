//! A Dockerfile held against the files it names, and against what its builder can do.

use super::archive::{Archive, clean};
use super::dockerfile::{Dockerfile, Frontend, Instruction, Stage, Trouble};

/// Who builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builder {
    /// BuildKit.
    BuildKit,
    /// The one before it.
    Legacy,
}

/// Networks that exist where steps run.
const NETWORKS: [&str; 6] = ["", "default", "bridge", "host", "none", "cloudbuild"];

/// What a build is held against.
pub(super) struct Held<'a> {
    pub(super) archive: &'a Archive,
    /// The context, a directory of the archive.
    pub(super) context: &'a str,
    pub(super) target: Option<&'a str>,
    pub(super) network: &'a str,
    pub(super) builder: Builder,
    pub(super) frontend: Frontend,
}

impl Held<'_> {
    /// Whether this Dockerfile can be built.
    pub(super) fn check(&self, file: &Dockerfile) -> Result<(), Trouble> {
        let Some(needed) = file.needed(self.target) else {
            let target = self.target.unwrap_or_default();
            return Err(Trouble::Whole(match self.builder {
                Builder::BuildKit => format!("target stage {target} could not be found"),
                Builder::Legacy => format!("failed to reach build target {target} in Dockerfile"),
            }));
        };
        // The builder before BuildKit builds every stage up to the last one that is asked for.
        let stages: Vec<&Stage> = match self.builder {
            Builder::BuildKit => needed,
            Builder::Legacy => {
                let end =
                    needed.last().and_then(|last| file.stages.iter().position(|stage| std::ptr::eq(*last, stage)));
                file.stages[..=end.unwrap_or(0)].iter().collect()
            }
        };
        for stage in &stages {
            for instruction in &stage.instructions {
                self.variables(instruction)?;
                if self.builder == Builder::Legacy {
                    self.needs_no_buildkit(instruction)?;
                }
                match instruction.other_stage() {
                    Some(name) => self.other_stage(file, stage, instruction, name)?,
                    None => self.sources(instruction)?,
                }
            }
        }
        let bare = stages.last().is_some_and(|last| last.base == "scratch" && last.instructions.len() == 1);
        if self.builder == Builder::Legacy && bare {
            return Err(Trouble::At(
                stages[0].instructions[0].clone(),
                "No image was generated. Is your Dockerfile empty?".to_owned(),
            ));
        }
        Ok(())
    }

    fn needs_no_buildkit(&self, instruction: &Instruction) -> Result<(), Trouble> {
        let at = |sentence: String| Err(Trouble::At(instruction.clone(), sentence));
        for flag in ["mount", "chmod"] {
            if instruction.flag(flag).is_some() {
                return at(format!(
                    "the --{flag} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to \
                     build images with BuildKit enabled"
                ));
            }
        }
        if instruction.flag("platform").is_some_and(|platform| platform.starts_with('$')) {
            return at(
                "failed to parse platform : \"\" is an invalid component of \"\": platform specifier component must match \
                 \"^[A-Za-z0-9_-]+$\": invalid argument"
                    .to_owned(),
            );
        }
        if instruction.word == "RUN" && !NETWORKS.contains(&self.network) {
            return at(format!("network {} not found", self.network));
        }
        Ok(())
    }

    /// Variables that are cut or replaced; newer frontends can, and are not looked at here.
    fn variables(&self, instruction: &Instruction) -> Result<(), Trouble> {
        let expanded = matches!(instruction.word.as_str(), "ENV" | "LABEL" | "WORKDIR" | "USER");
        if !expanded || self.frontend == Frontend::Newer {
            return Ok(());
        }
        for (at, _) in instruction.rest.match_indices("${") {
            let body = &instruction.rest[at + 2..];
            let name = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
            if body[name..].starts_with(['#', '%', '/', '-', '+']) {
                let word = instruction.rest.split_once('=').map_or(instruction.rest.as_str(), |(_, value)| value);
                let sentence = format!("failed to process {word:?}: missing ':' in substitution");
                return Err(match self.builder {
                    Builder::BuildKit => Trouble::Whole(sentence),
                    Builder::Legacy => Trouble::At(instruction.clone(), sentence),
                });
            }
        }
        Ok(())
    }

    fn other_stage(
        &self,
        file: &Dockerfile,
        stage: &Stage,
        instruction: &Instruction,
        name: &str,
    ) -> Result<(), Trouble> {
        let index = file.stages.iter().position(|known| std::ptr::eq(known, stage)).unwrap_or(0);
        if file.position(name, index).is_some() || is_image(name) {
            return Ok(());
        }
        let buildkit = self.builder == Builder::BuildKit;
        Err(match (name.parse::<usize>(), buildkit) {
            (Ok(_), true) => Trouble::Whole(format!("invalid stage index {name}")),
            (Ok(_), false) => {
                Trouble::At(instruction.clone(), format!("invalid from flag value {name}: index out of bounds"))
            }
            (Err(_), true) if stage.name.as_deref() == Some(&name.to_lowercase()) => {
                Trouble::Whole(format!("circular dependency detected on stage: {name}"))
            }
            (Err(_), true) => Trouble::At(
                instruction.clone(),
                "failed to load cache key: pull access denied, repository does not exist or may require authorization: \
                 server message: insufficient_scope: authorization failed"
                    .to_owned(),
            ),
            (Err(_), false) => Trouble::At(
                instruction.clone(),
                format!(
                    "invalid from flag value {name}: pull access denied for {name}, repository does not exist or may \
                     require 'docker login': denied: requested access to the resource is denied"
                ),
            ),
        })
    }

    /// The paths COPY or ADD takes from the build context. Addresses, here-documents and paths with variables are not
    /// looked at.
    fn sources(&self, instruction: &Instruction) -> Result<(), Trouble> {
        let word = instruction.word.as_str();
        if word != "COPY" && word != "ADD" {
            return Ok(());
        }
        let (sources, to) = instruction.paths();
        let known = |source: &&String| !source.contains("://") && !source.starts_with("<<") && !source.contains('$');
        if sources.iter().any(|source| source.starts_with("<<")) {
            return Ok(());
        }
        let at = |sentence: String| Err(Trouble::At(instruction.clone(), sentence));
        for source in sources.iter().filter(known) {
            let path = clean(&format!("{}/{source}", self.context));
            let pattern = source.contains(['*', '?', '[']);
            let there = if pattern { self.archive.matches(&path) } else { self.archive.has(&path) };
            match self.builder {
                Builder::Legacy if source.starts_with("../") => {
                    return at(format!("{word} failed: forbidden path outside the build context: {source} ()"));
                }
                Builder::Legacy if !there && pattern => {
                    return at(format!("{word} failed: no source files were specified"));
                }
                Builder::Legacy if !there => {
                    return at(format!(
                        "{word} failed: file not found in build context or excluded by .dockerignore: stat {source}: file \
                         does not exist"
                    ));
                }
                // A pattern may fit nothing there.
                Builder::BuildKit if !there && !pattern => {
                    return at(format!("failed to compute cache key: \"/{}\" not found: not found", clean(source)));
                }
                _ => {}
            }
        }
        if self.builder == Builder::Legacy && sources.len() > 1 && !to.ends_with('/') {
            return at(format!(
                "When using {word} with more than one source file, the destination must be a directory and end with a /"
            ));
        }
        Ok(())
    }
}

/// A name that can only be an image of a registry, or is one everybody knows.
fn is_image(name: &str) -> bool {
    let official = ["alpine", "busybox", "debian", "golang", "nginx", "node", "python", "ubuntu"];
    name.contains(['/', ':', '.', '$']) || official.contains(&name)
}
