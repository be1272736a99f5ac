//! A Dockerfile, as far as it says what must read it: docker's builders do not all understand the same.
//!
//! What the frontend inside Docker 20.10 understands was tried on that engine, line by line (`tests/it/real_docker.rs`);
//! what came later is in docker/dockerfile's release notes from 1.3 on.

/// What a Dockerfile asks of whoever reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dockerfile {
    /// Whether it names its frontend itself, in a line `# syntax=…`.
    pub names_frontend: bool,
    /// What not every builder understands, by line.
    pub wants: Vec<Want>,
    /// The line, from 1, of the first COPY from one stage that begins with `scratch` into another. Docker 20.10 may end
    /// with a stack overflow when it keeps the cache of such a build in the image (`BUILDKIT_INLINE_CACHE`).
    pub copies_between_empty_stages: Option<usize>,
    stages: Stages,
}

/// Something that not every builder understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// The line, from 1.
    pub line: usize,
    /// What stands there, such as `` `COPY --link` ``.
    pub what: String,
    /// Who understands it.
    pub reader: LineReader,
}

/// Who understands a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineReader {
    /// BuildKit, also that of Docker 20.10; not the builder before it.
    BuildKit,
    /// BuildKit with a frontend newer than the one inside Docker 20.10.
    Newer,
}

/// Flags that the frontend of Docker 20.10 knows. One that it does not know it refuses.
const FLAGS: [(&str, &[&str]); 5] = [
    ("ADD", &["chown", "chmod"]),
    ("COPY", &["chown", "chmod", "from"]),
    ("FROM", &["platform"]),
    ("HEALTHCHECK", &["interval", "timeout", "start-period", "retries"]),
    ("RUN", &["mount"]),
];

/// Keys of `RUN --mount` that it knows.
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

/// Instructions in which docker itself replaces variables; in the others the shell does.
const EXPANDED: [&str; 11] =
    ["ADD", "ARG", "COPY", "ENV", "EXPOSE", "FROM", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"];

impl Dockerfile {
    /// Reads a text. What is no Dockerfile wants nothing: docker says so itself.
    pub fn read(text: &str) -> Self {
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
        let (names_frontend, escape) = (names_frontend(text), escape(&lines));
        let mut wants = Vec::new();
        let mut stages = Stages::default();
        let mut copies_between_empty_stages = None;
        let mut at = 0;
        while at < lines.len() {
            let line = at + 1;
            let (instruction, next) = joined(&lines, at, escape);
            at = next;
            let Some((word, rest)) = instruction.trim().split_once(char::is_whitespace) else { continue };
            let word = word.to_ascii_uppercase();
            let mut want = |what: String, reader| {
                wants.push(Want { line, what, reader });
            };
            let (flags, body) = flags(rest);
            for (flag, value) in &flags {
                of_flag(&word, flag, value, &mut want);
            }
            let from = flags.iter().find(|(flag, _)| *flag == "from").map(|(_, value)| *value);
            match from.filter(|_| word == "COPY") {
                Some(from) if stages.is_between_empty_ones(from) => {
                    copies_between_empty_stages = copies_between_empty_stages.or(Some(line));
                }
                _ if word == "FROM" => stages.begin(body),
                _ => {}
            }
            if EXPANDED.contains(&word.as_str()) && has_late_expansion(rest, escape) {
                want(
                    format!("a variable in {word} that is cut or replaced, as in `${{NAME#start}}`"),
                    LineReader::Newer,
                );
            }
            if word == "ADD" && words(body).iter().any(|source| is_git(source)) {
                want("`ADD` of a Git repository".to_owned(), LineReader::Newer);
            }
            if let Some(body) = may_have_documents(&word, body) {
                for end in here_documents(body) {
                    // Where the end is missing, the shell reads `<<` itself, as it always did.
                    let Some(length) = lines[at..].iter().position(|line| end.is(line)) else { break };
                    at += length + 1;
                    want("a here-document".to_owned(), LineReader::Newer);
                }
            }
        }
        Self { names_frontend, wants, copies_between_empty_stages, stages }
    }

    /// Whether the image of a stage, by default the last one, has no base image inside: it begins with `scratch`.
    pub fn has_no_base(&self, target: Option<&str>) -> bool {
        match target {
            Some(target) => self.stages.is_empty(target),
            None => self.stages.0.last().is_some_and(|(_, empty)| *empty),
        }
    }

    /// What the frontend inside Docker 20.10 does not understand.
    pub fn newer(&self) -> impl Iterator<Item = &Want> {
        self.wants.iter().filter(|want| want.reader == LineReader::Newer)
    }
}

impl std::fmt::Display for Want {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// The stages so far: their names, and whether they begin with nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Stages(Vec<(String, bool)>);

impl Stages {
    /// Begins a stage by what stands behind FROM.
    fn begin(&mut self, body: &str) {
        let words: Vec<&str> = body.split_whitespace().collect();
        let empty = words.first().is_some_and(|base| *base == "scratch" || self.is_empty(base));
        self.0.push((words.get(2).map(|name| name.to_ascii_lowercase()).unwrap_or_default(), empty));
    }

    /// Whether the stage of that name, or number, begins with nothing.
    fn is_empty(&self, name: &str) -> bool {
        let named = self.0.iter().rfind(|(known, _)| *known == name.to_ascii_lowercase());
        let numbered = || name.parse().ok().and_then(|number: usize| self.0.get(number));
        named.or_else(numbered).is_some_and(|(_, empty)| *empty)
    }

    fn is_between_empty_ones(&self, from: &str) -> bool {
        self.0.last().is_some_and(|(_, empty)| *empty) && self.is_empty(from)
    }
}

fn of_flag(word: &str, flag: &str, value: &str, want: &mut impl FnMut(String, LineReader)) {
    let Some((_, known)) = FLAGS.iter().find(|(known, _)| *known == word) else { return };
    let shown = || format!("`{word} --{flag}`");
    match flag {
        _ if !known.contains(&flag) => want(shown(), LineReader::Newer),
        // Silently ignored there unless it is a number.
        "chmod" if !value.contains('$') && !value.bytes().all(|byte| byte.is_ascii_digit()) => {
            want(format!("`{word} --chmod={value}`"), LineReader::Newer);
        }
        "chmod" => want(shown(), LineReader::BuildKit),
        "mount" => {
            let keys = value.split(',').map(|pair| pair.split('=').next().unwrap_or(pair).to_ascii_lowercase());
            match keys.into_iter().find(|key| !MOUNT_KEYS.contains(&key.as_str())) {
                Some(key) => want(format!("`{word} --mount` with `{key}`"), LineReader::Newer),
                None => want(shown(), LineReader::BuildKit),
            }
        }
        // The variables of platforms are BuildKit's.
        "platform" if value.contains('$') => want(shown(), LineReader::BuildKit),
        _ => {}
    }
}

/// Whether the first lines name a frontend. That is looked for at the very beginning of a file and of a line: behind a
/// byte order mark, spaces or a line of anything else the engine sees none.
fn names_frontend(text: &str) -> bool {
    let named = text.lines().map_while(|line| {
        let (name, value) = line.strip_prefix('#')?.split_once('=')?;
        let name = name.trim();
        let word =
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
        (word && !value.trim().is_empty()).then_some(name)
    });
    named.into_iter().any(|name| name.eq_ignore_ascii_case("syntax"))
}

/// Which character continues lines. Docker's reader of instructions is less strict about where that stands, and knows
/// these two names alone.
fn escape(lines: &[&str]) -> char {
    let mut escape = '\\';
    for line in lines {
        let Some((name, value)) = line.trim().strip_prefix('#').and_then(|rest| rest.split_once('=')) else { break };
        match name.trim().to_ascii_lowercase().as_str() {
            "syntax" => {}
            "escape" => escape = if value.trim() == "`" { '`' } else { '\\' },
            _ => break,
        }
    }
    escape
}

/// The instruction that begins at a line, its continuation lines joined, and the line after it. Comments and empty lines
/// inside are skipped.
fn joined(lines: &[&str], from: usize, escape: char) -> (String, usize) {
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate().skip(from) {
        if at == from && is_comment(line) {
            return (text, at + 1);
        }
        if at > from && (is_comment(line) || line.trim().is_empty()) {
            continue;
        }
        match line.trim_end().strip_suffix(escape) {
            Some(start) => text.push_str(start),
            None => return (text + line, at + 1),
        }
    }
    (text, lines.len())
}

/// The flags of an instruction with their values, and what comes after them.
fn flags(rest: &str) -> (Vec<(&str, &str)>, &str) {
    let (mut found, mut rest) = (Vec::new(), rest.trim_start());
    while let Some(flag) = rest.strip_prefix("--") {
        let end = flag.find(char::is_whitespace).unwrap_or(flag.len());
        let (flag, after) = flag.split_at(end);
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        if name.is_empty() {
            break;
        }
        found.push((name, value));
        rest = after.trim_start();
    }
    (found, rest)
}

fn is_git(source: &str) -> bool {
    let address = source.split('#').next().unwrap_or(source);
    source.starts_with("git@")
        || source.starts_with("git://")
        || source.starts_with("ssh://")
        || (source.starts_with("https://") || source.starts_with("http://")) && address.ends_with(".git")
}

/// Whether a variable is expanded in a way that came later: by anything but `${NAME}`, `${NAME:…}` and `${NAME?…}`.
fn has_late_expansion(text: &str, escape: char) -> bool {
    let (mut single, mut double, mut escaped) = (false, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            letter if letter == escape && !single => escaped = true,
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '$' if !single => {
                let Some(body) = text[at..].strip_prefix("${") else { continue };
                let name = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
                if name > 0 && body[name..].starts_with(['#', '%', '/', '-', '+']) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// How a here-document ends.
struct HeredocEnd {
    word: String,
    tabs: bool,
}

impl HeredocEnd {
    fn is(&self, line: &str) -> bool {
        let line = if self.tabs { line.trim_start_matches('\t') } else { line };
        line == self.word
    }
}

/// The part of an instruction that here-documents may begin in.
fn may_have_documents<'a>(word: &str, body: &'a str) -> Option<&'a str> {
    const SOME: [&str; 3] = ["ADD", "COPY", "RUN"];
    match word {
        "ONBUILD" => {
            let (word, body) = body.split_once(char::is_whitespace)?;
            SOME.contains(&word.to_ascii_uppercase().as_str()).then_some(body)
        }
        word => SOME.contains(&word).then_some(body),
    }
}

/// The here-documents that an instruction begins, in order: words such as `<<EOF`, `<<-"EOF"` or `3<<EOF`.
fn here_documents(rest: &str) -> Vec<HeredocEnd> {
    if rest.trim_start().starts_with('[') {
        return Vec::new();
    }
    let end = |word: &String| {
        let after = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
        let (tabs, name) = after.strip_prefix('-').map_or((false, after), |name| (true, name));
        let name: String = name.chars().filter(|c| !matches!(c, '"' | '\'')).collect();
        (!name.is_empty() && !name.contains('<')).then_some(HeredocEnd { word: name, tabs })
    };
    words(rest).iter().filter_map(end).collect()
}

/// The words of a shell line, quotes kept, spaces inside of them too.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut escaped) = (Vec::new(), String::new(), None, false);
    for letter in line.chars() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, _) if letter.is_whitespace() => {
                words.push(std::mem::take(&mut word));
                continue;
            }
            _ => {}
        }
        word.push(letter);
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(text: &str) -> Vec<(usize, String, LineReader)> {
        let read = Dockerfile::read(text);
        read.wants.into_iter().map(|want| (want.line, want.what, want.reader)).collect()
    }

    fn newer(text: &str) -> Vec<(usize, String)> {
        let found = wants(text).into_iter().filter(|(_, _, reader)| *reader == LineReader::Newer);
        found.map(|(line, what, _)| (line, what)).collect()
    }

    #[test]
    fn a_stage_has_no_base_inside_when_it_begins_with_nothing() {
        let read = Dockerfile::read("FROM golang AS make\nFROM scratch AS bare\nFROM bare\nCOPY --from=make /a /a\n");
        assert!(read.has_no_base(None) && read.has_no_base(Some("bare")) && read.has_no_base(Some("1")));
        assert!(!read.has_no_base(Some("make")) && !Dockerfile::read("").has_no_base(None));
        let unknown = Dockerfile::read("ARG BASE=scratch\nFROM ${BASE}\n");
        assert!(!unknown.has_no_base(None), "what it stands for is not known");
    }

    #[test]
    fn what_docker_20_10_does_not_know_is_found_with_its_line() {
        for (text, line, what) in [
            ("FROM scratch\nCOPY --link app /app", 2, "`COPY --link`"),
            ("FROM scratch\ncopy --chown=1 --link app /app", 2, "`COPY --link`"),
            ("FROM x\n\n# why\nRUN --network=none true", 4, "`RUN --network`"),
            ("FROM x\nHEALTHCHECK --start-interval=5s CMD true", 2, "`HEALTHCHECK --start-interval`"),
            ("FROM x\nRUN --mount=type=secret,id=a,env=A true", 2, "`RUN --mount` with `env`"),
            ("FROM x\nCOPY --chmod=u+x a /a", 2, "`COPY --chmod=u+x`"),
            ("FROM x\nRUN <<EOF\nCOPY --link x y\nEOF\nUSER 1", 2, "a here-document"),
            ("FROM x\nCOPY <<-'EOF' /etc/x\n\thello\n\tEOF\n", 2, "a here-document"),
            ("FROM x\nRUN a && \\\n  cat <<EOF >/x\nhello\nEOF\n", 2, "a here-document"),
            ("FROM x\nADD https://github.com/o/r.git#v1 /src", 2, "`ADD` of a Git repository"),
            ("FROM x\nONBUILD RUN <<EOF\nfoo\nEOF\nUSER 1", 2, "a here-document"),
            ("FROM x\nENV D=\"it's ${B#x}\"", 2, "a variable in ENV that is cut or replaced, as in `${NAME#start}`"),
            (
                "# escape=`\nFROM x\nENV D=a\\${B#x}",
                3,
                "a variable in ENV that is cut or replaced, as in `${NAME#start}`",
            ),
            ("\u{feff}FROM x\r\nCOPY <<EOF /x\r\nhello\r\nEOF\r\n", 2, "a here-document"),
            ("FROM x\nENV A=\"${B%.*}\"", 2, "a variable in ENV that is cut or replaced, as in `${NAME#start}`"),
        ] {
            assert_eq!(newer(text), [(line, what.to_owned())], "{text}");
        }
    }

    #[test]
    fn what_docker_20_10_knows_is_left_alone() {
        for text in [
            "",
            "not a Dockerfile",
            "FROM --platform=$BUILDPLATFORM golang AS build\nRUN --mount=type=cache,target=/root/.cache go build\n",
            "FROM x\nCOPY --chown=1:1 --chmod=755 --from=build /a /b\nADD --chmod=$MODE a b\n",
            "FROM x\nRUN echo $((1<<2)) ${A#b} && cat <<< x\nRUN printf '<<EOF' && true --link\n",
            "FROM x\nRUN cat <<EOF\n",
            "FROM x\nENV A=${B:-c} D=${E:+f} G=${H?no} I='${J#k}' L=\\${M#n}\n",
            "FROM x\nRUN [\"sh\", \"-c\", \"<<EOF\"]\nEOF\n",
            "FROM x\nONBUILD COPY --link a b\nONBUILD RUN cat <<EOF\n",
            "FROM x\nLABEL a=\"it's\" b='${B#x}'\n",
            " # escape=`\nFROM x\nENV D=`${B#x}\nCOPY `\n a /\n",
            "# escape=`\nFROM x\nRUN a `\n  # COPY --link\n\n  --link\n",
            "FROM x\nADD https://example.com/a.tar.gz /a\nCOPY a.git /b\n",
        ] {
            assert_eq!(newer(text), [], "{text}");
        }
    }

    #[test]
    fn what_buildkit_alone_knows_is_told_apart() {
        let found =
            wants("FROM --platform=$BUILDPLATFORM x\nRUN --mount=type=cache,target=/c a\nCOPY --chmod=755 a b\nRUN b");
        let found: Vec<(usize, &str, LineReader)> =
            found.iter().map(|(line, what, reader)| (*line, &what[..], *reader)).collect();
        let expected = [(1, "`FROM --platform`"), (2, "`RUN --mount`"), (3, "`COPY --chmod`")];
        assert_eq!(found, expected.map(|(line, what)| (line, what, LineReader::BuildKit)));
    }

    #[test]
    fn a_copy_between_stages_that_begin_with_nothing_is_found() {
        let found = |text| Dockerfile::read(text).copies_between_empty_stages;
        assert_eq!(found("FROM scratch AS Tools\nCOPY a /a\n\nFROM scratch\nCOPY --from=tools /a /a\n"), Some(5));
        assert_eq!(found("FROM scratch AS e\nFROM e\nCOPY a /a\nFROM e\nCOPY --chown=1 --from=1 /a /a\n"), Some(5));
        assert_eq!(found("FROM go AS b\nRUN x\nFROM scratch\nCOPY --from=b /a /a\n"), None);
        assert_eq!(found("FROM scratch AS b\nCOPY a /a\nFROM alpine\nCOPY --from=b /a /a\n"), None);
    }

    #[test]
    fn the_frontend_is_named_in_the_first_lines_alone() {
        let named = |text| Dockerfile::read(text).names_frontend;
        assert!(named("# syntax=docker/dockerfile:1\nFROM x"));
        assert!(named("#  Syntax = docker/dockerfile:1.4\nFROM x"));
        assert!(named("# escape=\\\n# syntax=docker/dockerfile:1\nFROM x"));
        assert!(named("# check=skip=all\n#\tsyntax=docker/dockerfile:1\r\nFROM x"));
        // Where Docker 20.10 sees none (tried on it), we name it.
        for text in [
            "\u{feff}# syntax=x",
            " # syntax=x",
            "# syntax=",
            "# my-key=1\n# syntax=x",
            "# a=\n# syntax=x",
            "// syntax=x",
        ] {
            assert!(!named(text), "{text}");
        }
        assert!(!named("# hello\n# syntax=docker/dockerfile:1\nFROM x"));
        assert!(!named("FROM x\n# syntax=docker/dockerfile:1\n"));
        assert!(!named("\n# syntax=docker/dockerfile:1\nFROM x"));
    }
}
