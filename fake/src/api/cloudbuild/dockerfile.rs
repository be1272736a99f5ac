//! Dockerfiles, read as docker reads them: by the frontend inside Docker 20.10, or by a newer one.

/// Who reads a Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frontend {
    /// The one inside Docker 20.10, BuildKit's and that of the builder before it.
    Inside,
    /// `docker/dockerfile:1`, or the one inside `moby/buildkit`.
    Newer,
}

/// A Dockerfile, read.
#[derive(Debug)]
pub(super) struct Dockerfile {
    /// Its stages, in order.
    pub(super) stages: Vec<Stage>,
    /// How many ARG stand before the first FROM.
    pub(super) globals: usize,
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
    /// Its flags, without `--`, and their values.
    pub(super) flags: Vec<(String, String)>,
    /// Everything after word and flags, continuation lines joined.
    pub(super) rest: String,
}

/// Why a Dockerfile cannot be built.
#[derive(Debug, PartialEq)]
pub(super) enum Trouble {
    /// There is nothing in the file.
    Empty,
    /// It cannot be taken apart.
    Shape(String),
    /// Before any instruction ran.
    Whole(String),
    /// At an instruction: which, and why.
    At(Instruction, String),
}

/// What an instruction must be followed by.
enum Takes {
    Anything,
    AtLeastOne,
    Two,
    One,
}

const WORDS: [(&str, Takes, &[&str]); 18] = [
    ("ADD", Takes::Two, &["chown", "chmod"]),
    ("ARG", Takes::AtLeastOne, &[]),
    ("CMD", Takes::Anything, &[]),
    ("COPY", Takes::Two, &["chown", "chmod", "from"]),
    ("ENTRYPOINT", Takes::Anything, &[]),
    ("ENV", Takes::AtLeastOne, &[]),
    ("EXPOSE", Takes::AtLeastOne, &[]),
    ("FROM", Takes::Anything, &["platform"]),
    ("HEALTHCHECK", Takes::AtLeastOne, &["interval", "timeout", "start-period", "retries"]),
    ("LABEL", Takes::AtLeastOne, &[]),
    ("MAINTAINER", Takes::One, &[]),
    ("ONBUILD", Takes::AtLeastOne, &[]),
    ("RUN", Takes::Anything, &["mount"]),
    ("SHELL", Takes::AtLeastOne, &[]),
    ("STOPSIGNAL", Takes::One, &[]),
    ("USER", Takes::One, &[]),
    ("VOLUME", Takes::AtLeastOne, &[]),
    ("WORKDIR", Takes::One, &[]),
];

/// Flags that newer frontends know besides, of any instruction.
const NEWER_FLAGS: [&str; 11] = [
    "link",
    "exclude",
    "parents",
    "checksum",
    "keep-git-dir",
    "unpack",
    "network",
    "security",
    "device",
    "start-interval",
    "mount",
];

/// Keys of `RUN --mount` that the frontend inside knows.
const MOUNT_KEYS: [&str; 17] = [
    "type",
    "from",
    "source",
    "src",
    "target",
    "dst",
    "destination",
    "readonly",
    "ro",
    "readwrite",
    "rw",
    "id",
    "sharing",
    "required",
    "mode",
    "uid",
    "gid",
];

impl Dockerfile {
    /// Reads a Dockerfile.
    pub(super) fn read(text: &str, frontend: Frontend) -> Result<Dockerfile, Trouble> {
        if text.is_empty() {
            return Err(Trouble::Empty);
        }
        let instructions = instructions(text, frontend);
        if instructions.is_empty() {
            return Err(Trouble::Shape("file with no instructions".to_owned()));
        }
        for instruction in &instructions {
            if matches!(instruction.word.as_str(), "ENV" | "LABEL")
                && instruction.rest.split_whitespace().count() == 1
                && !instruction.rest.contains('=')
            {
                return Err(Trouble::Shape(format!("{} must have two arguments", instruction.word)));
            }
        }
        let mut stages: Vec<Stage> = Vec::new();
        let mut globals = 0;
        for instruction in instructions {
            instruction.follows_the_grammar(frontend).map_err(|sentence| {
                let on = if frontend == Frontend::Newer { " on" } else { "" };
                Trouble::Whole(format!("dockerfile parse error{on} line {}: {sentence}", instruction.line))
            })?;
            if instruction.word == "FROM" {
                let words: Vec<&str> = instruction.rest.split_whitespace().collect();
                let name = words.get(2).map(|name| name.to_lowercase());
                let base = words[0].to_owned();
                stages.push(Stage { name, base, instructions: vec![instruction] });
            } else if let Some(stage) = stages.last_mut() {
                stage.instructions.push(instruction);
            } else if instruction.word == "ARG" {
                globals += 1;
            } else {
                return Err(Trouble::Whole("no build stage in current context".to_owned()));
            }
        }
        if stages.is_empty() {
            return Err(Trouble::Whole("no build stage in current context".to_owned()));
        }
        Ok(Dockerfile { stages, globals })
    }

    /// The stages a build of this target needs, in order; `None` when there is no such stage.
    pub(super) fn needed(&self, target: Option<&str>) -> Option<Vec<&Stage>> {
        let last = match target {
            Some(target) => self.position(target, self.stages.len())?,
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
        Some(wanted.into_iter().map(|index| &self.stages[index]).collect())
    }

    /// Whether the engine overflows its stack when it keeps this build's cache in the image: the first layer on nothing is a
    /// copy of the first layer on nothing of another stage.
    pub(super) fn overflows(&self, target: Option<&str>) -> bool {
        let first = |stage: &Stage| {
            let layers = |known: &&Instruction| matches!(known.word.as_str(), "COPY" | "ADD" | "RUN" | "WORKDIR");
            stage.instructions.iter().find(layers).filter(|_| self.begins_with_nothing(stage)).cloned()
        };
        self.needed(target).unwrap_or_default().into_iter().filter_map(first).any(|copy| {
            let from = copy.other_stage().and_then(|name| self.position(name, self.stages.len()));
            from.and_then(|from| first(&self.stages[from])).is_some_and(|copied| copied.paths().1 == copy.paths().1)
        })
    }

    fn begins_with_nothing(&self, stage: &Stage) -> bool {
        let index = self.stages.iter().position(|known| std::ptr::eq(known, stage)).unwrap_or(0);
        let base = self.position(&stage.base, index).map(|base| &self.stages[base]);
        stage.base == "scratch" || base.is_some_and(|base| self.begins_with_nothing(base))
    }

    /// The index of a stage by name or number, among those before `end`. Of two with a name it is the later one.
    pub(super) fn position(&self, name: &str, end: usize) -> Option<usize> {
        let by_name = self.stages[..end].iter().rposition(|stage| stage.name.as_deref() == Some(&name.to_lowercase()));
        by_name.or_else(|| name.parse().ok().filter(|index: &usize| *index < end))
    }
}

impl Instruction {
    /// The value of a flag.
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// As it stands in docker's logs.
    pub(super) fn shown(&self) -> String {
        let shown = |(name, value): &(String, String)| match value.is_empty() {
            true => format!("--{name} "),
            false => format!("--{name}={value} "),
        };
        let flags: String = self.flags.iter().map(shown).collect();
        format!("{} {flags}{}", self.word, self.rest)
    }

    /// The stage or image that COPY takes from.
    pub(super) fn other_stage(&self) -> Option<&str> {
        self.flag("from").filter(|_| self.word == "COPY")
    }

    /// What COPY and ADD take, and where they put it.
    pub(super) fn paths(&self) -> (Vec<String>, String) {
        let mut words: Vec<String> = match serde_json::from_str(&self.rest) {
            Ok(words) => words,
            Err(_) => self.rest.split_whitespace().map(str::to_owned).collect(),
        };
        let to = words.pop().unwrap_or_default();
        (words, to)
    }

    fn follows_the_grammar(&self, frontend: Frontend) -> Result<(), String> {
        let word = self.word.as_str();
        let Some((_, takes, flags)) = WORDS.iter().find(|(known, ..)| *known == word) else {
            let near = WORDS.iter().find(|(known, ..)| frontend == Frontend::Newer && distance_is_one(known, word));
            let hint = near.map_or_else(String::new, |(known, ..)| format!(" (did you mean {known}?)"));
            return Err(format!("unknown instruction: {word}{hint}"));
        };
        let newer = frontend == Frontend::Newer;
        let known = |flag: &str| flags.contains(&flag) || newer && NEWER_FLAGS.contains(&flag);
        if let Some((flag, _)) = self.flags.iter().find(|(flag, _)| !known(flag)) {
            return Err(format!("{} flag: {flag}", if newer { "unknown" } else { "Unknown" }));
        }
        for (_, value) in self.flags.iter().filter(|(flag, _)| flag == "mount" && !newer) {
            let keys = |pair: &str| pair.split('=').next().unwrap_or(pair).to_lowercase();
            if let Some(pair) = value.split(',').find(|pair| !MOUNT_KEYS.contains(&keys(pair).as_str())) {
                return Err(format!("unexpected key '{}' in '{pair}'", keys(pair)));
            }
        }
        let given = self.rest.split_whitespace().count();
        match takes {
            Takes::AtLeastOne if given == 0 => Err(format!("{word} requires at least one argument")),
            Takes::One if given == 0 => Err(format!("{word} requires exactly one argument")),
            Takes::Two if given < 2 => Err(format!(
                "{word} requires at least two arguments, but only one was provided. Destination could not be determined"
            )),
            _ if word == "SHELL" && !self.rest.starts_with('[') => {
                Err("SHELL requires the arguments to be in JSON form".to_owned())
            }
            _ if word == "FROM" => {
                let words: Vec<&str> = self.rest.split_whitespace().collect();
                match words.as_slice() {
                    [_] => Ok(()),
                    [_, between, name] if between.eq_ignore_ascii_case("as") => {
                        let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                        match name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(legal) {
                            true => Ok(()),
                            false => Err(format!(
                                "invalid name for build stage: \"{name}\", name can't start with a number or contain symbols"
                            )),
                        }
                    }
                    _ => Err("FROM requires either one or three arguments".to_owned()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// The frontend that a Dockerfile names in its first lines, which must begin with `#`: not behind a byte order mark (tried
/// on Docker 20.10).
pub(super) fn syntax(text: &str) -> Option<String> {
    let directive = |line: &&str| {
        let (name, value) = line.strip_prefix('#')?.split_once('=')?;
        let (name, value) = (name.trim().to_lowercase(), value.trim().to_owned());
        let word =
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
        (word && !value.is_empty()).then_some((name, value))
    };
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().map_while(directive).find(|(name, _)| name == "syntax").map(|(_, value)| value)
}

/// Joins continuation lines and drops comments; newer frontends drop the bodies of here-documents too.
fn instructions(text: &str, frontend: Frontend) -> Vec<Instruction> {
    let escape = if text.lines().take(5).any(|line| line.replace(' ', "").eq_ignore_ascii_case("#escape=`")) {
        '`'
    } else {
        '\\'
    };
    let mut found = Vec::new();
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut joined = line.trim().to_owned();
        if joined.is_empty() || joined.starts_with('#') {
            continue;
        }
        while joined.ends_with(escape) {
            joined.pop();
            // Comments and blank lines between continuation lines are skipped.
            let next = lines.by_ref().map(|(_, line)| line).find(|line| {
                let line = line.trim();
                !line.is_empty() && !line.starts_with('#')
            });
            let Some(next) = next else { break };
            joined.push_str(next.trim_end());
        }
        let (word, rest) = joined.split_once(char::is_whitespace).unwrap_or((&joined, ""));
        let word = word.to_uppercase();
        let (flags, rest) = flags(rest);
        if frontend == Frontend::Newer && matches!(word.as_str(), "RUN" | "COPY" | "ADD") {
            for end in heredocs(&rest) {
                lines.by_ref().find(|(_, line)| line.trim_start_matches('\t') == end);
            }
        }
        found.push(Instruction { line: number + 1, word, flags, rest });
    }
    found
}

fn flags(rest: &str) -> (Vec<(String, String)>, String) {
    let mut flags = Vec::new();
    let mut rest = rest.trim();
    while let Some(flag) = rest.strip_prefix("--").filter(|flag| !flag.starts_with(char::is_whitespace)) {
        let (flag, after) = flag.split_once(char::is_whitespace).unwrap_or((flag, ""));
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        flags.push((name.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    (flags, rest.to_owned())
}

/// The words that end the here-documents an instruction begins.
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

    fn trouble(text: &str, frontend: Frontend) -> String {
        match Dockerfile::read(text, frontend) {
            Err(Trouble::Empty) => "empty".to_owned(),
            Err(Trouble::Shape(sentence) | Trouble::Whole(sentence) | Trouble::At(_, sentence)) => sentence,
            Ok(_) => "fine".to_owned(),
        }
    }

    #[test]
    fn lines_are_joined_and_comments_dropped() {
        let file =
            "# syntax=docker/dockerfile:1\nARG V=3\nFROM python:$V AS Base\nRUN a \\\n  # why\n\n  b\nCMD [\"x\"]\n";
        let read = Dockerfile::read(file, Frontend::Inside).expect("a Dockerfile");
        assert_eq!(read.stages[0].name.as_deref(), Some("base"));
        let run = &read.stages[0].instructions[1];
        assert_eq!((run.line, run.word.as_str(), run.rest.as_str()), (4, "RUN", "a   b"));
        assert_eq!(syntax(file).as_deref(), Some("docker/dockerfile:1"));
        assert_eq!(syntax("# hello\n# syntax=x\nFROM y"), None);
    }

    #[test]
    fn newer_frontends_read_more() {
        for text in [
            "FROM x\nRUN <<EOF\nBOGUS line\nEOF\nCMD y\n",
            "FROM x\nCOPY --link a /a\n",
            "FROM x\nRUN --mount=type=secret,id=a,env=A true\n",
        ] {
            assert_eq!(trouble(text, Frontend::Newer), "fine", "{text}");
            assert_ne!(trouble(text, Frontend::Inside), "fine", "{text}");
        }
        assert_eq!(
            trouble("FROM x\nRUNN y", Frontend::Newer),
            "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)"
        );
    }

    #[test]
    fn only_the_stages_a_target_needs_count() {
        let file = "FROM a AS one\nFROM b AS two\nFROM c AS three\nCOPY --from=one /x /x\nFROM d AS four\n";
        let read = Dockerfile::read(file, Frontend::Inside).expect("a Dockerfile");
        let names = |target| {
            read.needed(target).map(|stages| stages.iter().map(|stage| stage.base.clone()).collect::<Vec<_>>())
        };
        assert_eq!(names(Some("three")), Some(vec!["a".to_owned(), "c".to_owned()]));
        assert_eq!(names(None), Some(vec!["d".to_owned()]));
        assert_eq!(names(Some("five")), None);
        let own_name =
            Dockerfile::read("FROM python AS python\nCOPY --from=2 /x /x\n", Frontend::Inside).expect("a Dockerfile");
        assert_eq!(own_name.needed(None).map(|stages| stages.len()), Some(1));
    }
}
