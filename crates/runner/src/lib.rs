//! The only code that prints. It decides once how: for the Actions runner or for a person.

pub mod env;
pub mod workspace;

pub mod files;
pub mod masks;
mod terms;
pub mod untrusted;

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use actions_rs::{Annotation, AnnotationKind, WorkflowCommand};
use masks::{Masks, json_spelling};

/// The runner keeps ten annotations of each kind per step and drops the rest unseen
/// (docs: actions/reference/workflows-and-actions/workflow-commands), so later ones are printed as plain lines.
const ANNOTATIONS_KEPT: usize = 10;

/// The runner cuts an annotation at 4,096 characters; a little stays free for its own escapes.
const ANNOTATION_LENGTH: usize = 4000;

/// How often a wait says that it still waits, where no line can be drawn over.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Where the text goes and how it may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConsoleMode {
    /// The log of a GitHub Actions step: groups and annotations, no cursor.
    Actions,
    /// A terminal: colour, and a line that is drawn over while something goes on.
    Terminal,
    /// A file or a pipe: plain lines.
    Plain,
}

#[derive(Debug, Default)]
struct ConsoleState {
    warnings: usize,
    errors: usize,
    notices: usize,
    group_open: bool,
    live_shown: bool,
    last_heartbeat: Option<Instant>,
    gone: bool,
    concealed: Vec<String>,
    flags: Vec<&'static str>,
    masks: Masks,
    outputs_lost: bool,
    aside: bool,
}

/// Shorter texts stand in too many words to be taken out of them.
const SHORTEST: usize = 8;

/// The outside of the process, for text.
#[derive(Debug)]
pub struct Console {
    mode: ConsoleMode,
    /// Whether what is told was done on the embedded cloud alone.
    simulated: bool,
    state: Mutex<ConsoleState>,
}

impl Console {
    /// A console for this process; `actions` says whether the Actions runner reads it, `color` whether a terminal may be
    /// coloured, `simulated` whether the embedded cloud stands in for Google's.
    pub fn new(actions: bool, color: bool, simulated: bool) -> Self {
        let mode = if actions {
            ConsoleMode::Actions
        } else if color && std::io::stdout().is_terminal() {
            ConsoleMode::Terminal
        } else {
            ConsoleMode::Plain
        };
        Self { mode, simulated, state: Mutex::default() }
    }

    /// Hides a text in everything the runner prints from now on, in this and later steps.
    /// Texts under eight characters are left alone: masking them would garble every log.
    pub fn mask(&self, text: &str) {
        self.mask_of(text, "a secret of this run");
    }

    /// As [`Self::mask`]; `of` says what the text is, for whoever reads why an output is held back.
    pub fn mask_of(&self, text: &str, of: &str) {
        if self.mode != ConsoleMode::Actions {
            return;
        }
        let hide = |text: &str| {
            if text.trim().len() >= SHORTEST {
                self.with_state(|state| state.masks.add(text, of));
                self.out(&WorkflowCommand::new("add-mask").message(text).to_string());
            }
        };
        if !text.contains(['\n', '\r']) {
            return hide(text);
        }
        // Never as it is: the runner would mask each of its lines, the short ones too. As JSON spells it, and its long
        // lines: that is what a message would quote, and how the runner reads.
        hide(&json_spelling(text));
        text.split(['\r', '\n']).map(str::trim).filter(|line| !line.starts_with("-----")).for_each(hide);
    }

    /// Notes a secret of the repository, which the runner masks by itself, whole and line by line.
    pub fn note_secret(&self, text: &str, of: &str) {
        if self.mode == ConsoleMode::Actions {
            self.with_state(|state| state.masks.add_secret(text, of));
        }
    }

    /// What the runner hides of a text: what that is of. It hands such an output to no other job.
    pub fn hidden_in(&self, text: &str) -> Option<String> {
        self.with_state(|state| state.masks.found_in(text).map(str::to_owned))
    }

    /// Secrets with a line that is only a brace or another sign.
    pub fn secrets_of_lines(&self) -> Vec<String> {
        self.with_state(|state| state.masks.of_punctuation().into_iter().map(str::to_owned).collect())
    }

    /// Notes that the runner did not get the outputs; asked for with [`Self::are_outputs_lost`].
    pub fn outputs_are_lost(&self) {
        self.with_state(|state| state.outputs_lost = true);
    }

    /// Whether the runner did not get the outputs.
    pub fn are_outputs_lost(&self) -> bool {
        self.with_state(|state| state.outputs_lost)
    }

    /// Takes a text out of everything that is printed and written from now on, whoever brings it: the runner hides
    /// what it is told of in its log alone. Texts under eight characters are left alone.
    pub fn conceal(&self, text: &str) {
        self.mask(text);
        if text.len() >= SHORTEST {
            self.with_state(|state| {
                state.concealed.push(text.to_owned());
                // A longer one may hold a shorter one.
                state.concealed.sort_by_key(|text| std::cmp::Reverse(text.len()));
            });
        }
    }

    /// Says which inputs have flags. In a workflow there are none to be named.
    pub fn name_flags(&self, inputs: impl Iterator<Item = &'static str>) {
        if self.mode != ConsoleMode::Actions {
            self.with_state(|state| state.flags = inputs.collect());
        }
    }

    /// A cure as its reader types it: on a terminal the inputs in it are flags.
    pub fn spoken(&self, text: &str) -> String {
        self.with_state(|state| terms::as_flags(text, &state.flags))
    }

    /// An input as its reader knows it.
    pub fn called(&self, input: &str) -> String {
        self.with_state(|state| terms::flag(input, &state.flags)).unwrap_or_else(|| input.to_owned())
    }

    /// Tells everything from now on on standard error: standard output is a document's.
    pub fn step_aside(&self) {
        self.with_state(|state| state.aside = true);
    }

    /// Gives a whole document away on standard output, as it is.
    ///
    /// # Errors
    /// When nobody takes it.
    pub fn document(&self, text: &str) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    }

    /// The text without what is concealed.
    pub fn without_secrets(&self, text: &str) -> String {
        self.with_state(|state| {
            state.concealed.iter().fold(text.to_owned(), |text, hidden| text.replace(hidden, "***"))
        })
    }

    /// One or more lines of ours; text of others inside them is made harmless.
    pub fn line(&self, text: &str) {
        for line in untrusted::lines(text) {
            self.raw(&untrusted::own_line(line));
        }
    }

    /// A line that reports a finished step.
    pub fn done(&self, text: &str, took: Duration) {
        self.finished(&self.paint("32", "✓"), text, took);
    }

    /// A line that reports a step which the embedded cloud has only answered for.
    pub fn as_if(&self, text: &str, took: Duration) {
        self.finished(&self.paint("33", "≈"), text, took);
    }

    fn finished(&self, mark: &str, text: &str, took: Duration) {
        let time = self.paint("2", &format!("({})", duration(took)));
        self.raw(&format!("{mark} {} {time}", untrusted::inner(&untrusted::one_line(text))));
    }

    /// A title of what follows.
    pub fn title(&self, text: &str) {
        let text = untrusted::own_line(&untrusted::one_line(text));
        self.raw(&self.paint("1", &text));
    }

    /// Begins a group of lines, ending the one that is open: groups do not nest on the runner.
    pub fn group(&self, title: &str) {
        self.end_group();
        let title = untrusted::one_line(title);
        match self.mode {
            ConsoleMode::Actions => self.raw(&WorkflowCommand::new("group").message(title).to_string()),
            ConsoleMode::Terminal | ConsoleMode::Plain => self.title(&title),
        }
        self.with_state(|state| state.group_open = true);
    }

    /// Ends the open group, if one is open.
    pub fn end_group(&self) {
        if self.with_state(|state| std::mem::take(&mut state.group_open)) && self.mode == ConsoleMode::Actions {
            self.raw("::endgroup::");
        }
    }

    /// A line that somebody else's program wrote. It is printed behind a bar, so that nothing in
    /// it stands at the start of a line.
    pub fn foreign(&self, line: &str) {
        let bar = self.paint("2", "│");
        self.raw(&format!("{bar} {}", untrusted::inner(line)));
    }

    /// Something the user should know although nothing failed.
    pub fn warning(&self, text: &str) {
        self.annotate(AnnotationKind::Warning, "33", "warning", &self.spoken(text));
    }

    /// Something worth knowing that is no reason for doubt.
    pub fn notice(&self, text: &str) {
        self.annotate(AnnotationKind::Notice, "2", "notice", text);
    }

    /// What failed. `title` is one sentence, `text` the whole story.
    pub fn error(&self, title: &str, text: &str) {
        if self.mode == ConsoleMode::Actions && self.with_state(|state| count(&mut state.errors)) {
            let command = Annotation::new()
                .title(untrusted::one_line(title))
                .command(AnnotationKind::Error, annotation_text(text));
            self.raw(&command.to_string());
        } else {
            let head = self.paint("1;31", "error:");
            self.raw(&format!("{head} {}", untrusted::inner(&untrusted::one_line(title))));
        }
    }

    /// What is going on, drawn over on a terminal; elsewhere a line every half minute.
    pub fn live(&self, text: &str) {
        let text = untrusted::one_line(text);
        if self.mode == ConsoleMode::Terminal {
            let text: String = text.chars().take(100).collect();
            self.write(&format!("\r\x1b[2K\x1b[2m{text}\x1b[0m"));
            self.with_state(|state| state.live_shown = true);
            return;
        }
        let due = self.with_state(|state| {
            let due = state.last_heartbeat.is_some_and(|last| last.elapsed() >= HEARTBEAT);
            if due || state.last_heartbeat.is_none() {
                state.last_heartbeat = Some(Instant::now());
            }
            due
        });
        if due {
            self.raw(&untrusted::own_line(&text));
        }
    }

    /// Whether what is told was done on the embedded cloud alone.
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }

    /// Whether the Actions runner reads what is printed.
    pub fn is_actions(&self) -> bool {
        self.mode == ConsoleMode::Actions
    }

    /// Whether the runner would keep a text whole in an annotation.
    pub fn fits_annotation(&self, text: &str) -> bool {
        text.chars().count() <= ANNOTATION_LENGTH && self.with_state(|state| state.errors < ANNOTATIONS_KEPT)
    }

    fn annotate(&self, kind: AnnotationKind, color: &str, word: &str, text: &str) {
        let keep = self.mode == ConsoleMode::Actions
            && self.with_state(|state| match kind {
                AnnotationKind::Warning => count(&mut state.warnings),
                AnnotationKind::Error => count(&mut state.errors),
                _ => count(&mut state.notices),
            });
        if keep {
            self.raw(&Annotation::new().command(kind, annotation_text(text)).to_string());
        } else {
            let head = self.paint(color, &format!("{word}:"));
            self.raw(&format!("{head} {}", untrusted::inner(&untrusted::one_line(text))));
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.mode == ConsoleMode::Terminal { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn raw(&self, line: &str) {
        self.out(&self.without_secrets(line));
    }

    fn out(&self, line: &str) {
        if self.with_state(|state| std::mem::take(&mut state.live_shown)) {
            self.write("\r\x1b[2K");
        }
        self.write(&format!("{line}\n"));
    }

    fn write(&self, text: &str) {
        self.with_state(|state| {
            if !state.gone {
                let bytes = text.as_bytes();
                // A reader that went away must not end a deploy; there is nobody left to tell.
                let told = if state.aside {
                    std::io::stderr().write_all(bytes)
                } else {
                    let mut out = std::io::stdout().lock();
                    out.write_all(bytes).and_then(|()| out.flush())
                };
                state.gone = told.is_err();
            }
        });
    }

    fn with_state<R>(&self, change: impl FnOnce(&mut ConsoleState) -> R) -> R {
        change(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// Counts one more annotation; false when the runner would drop it.
fn count(kept: &mut usize) -> bool {
    *kept += 1;
    *kept <= ANNOTATIONS_KEPT
}

/// Text for an annotation: harmless, lines kept, below the runner's cut at 4,096 characters.
fn annotation_text(text: &str) -> String {
    let text = untrusted::lines(text).map(untrusted::inner).collect::<Vec<_>>().join("\n");
    if text.chars().count() <= ANNOTATION_LENGTH {
        text
    } else {
        text.chars().take(ANNOTATION_LENGTH).chain("…".chars()).collect()
    }
}

/// A duration as people say it: `0.4s`, `12s`, `3m 05s`.
pub fn duration(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.1}s")
    } else if seconds < 60.0 {
        format!("{seconds:.0}s")
    } else if seconds < 3600.0 {
        format!("{}m {:02}s", took.as_secs() / 60, took.as_secs() % 60)
    } else {
        format!("{}h {:02}m", took.as_secs() / 3600, took.as_secs() / 60 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (millis, text) in [(40, "0.0s"), (440, "0.4s"), (12_300, "12s"), (185_000, "3m 05s"), (7_500_000, "2h 05m")]
        {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn a_long_annotation_is_cut_below_the_runners_limit() {
        assert!(annotation_text(&"x".repeat(9000)).chars().count() <= 4096);
        assert_eq!(annotation_text("a\rb\n::c"), "a\nb\n::c");
    }
}
