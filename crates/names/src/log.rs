//! Entries of a service's log, and what of it was shown.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use time::OffsetDateTime;

/// How grave an entry is, in Google's words and order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Severity {
    /// It does not say.
    #[default]
    Default,
    /// Of use to whoever looks for a mistake.
    Debug,
    /// Routine.
    Info,
    /// Routine, and of note.
    Notice,
    /// May cause trouble.
    Warning,
    /// Does cause trouble.
    Error,
    /// Causes grave trouble.
    Critical,
    /// A person must act at once.
    Alert,
    /// Nothing works.
    Emergency,
}

impl Severity {
    /// Every severity with Google's word for it, the least grave first.
    pub const ALL: [(&str, Severity); 9] = [
        ("DEFAULT", Severity::Default),
        ("DEBUG", Severity::Debug),
        ("INFO", Severity::Info),
        ("NOTICE", Severity::Notice),
        ("WARNING", Severity::Warning),
        ("ERROR", Severity::Error),
        ("CRITICAL", Severity::Critical),
        ("ALERT", Severity::Alert),
        ("EMERGENCY", Severity::Emergency),
    ];

    /// The severity of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == word).map(|(_, severity)| severity)
    }

    /// Google's word.
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, severity)| *severity == self).map_or("DEFAULT", |(word, _)| word)
    }
}

/// An entry of a log.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// What tells it from others of the same moment.
    pub id: String,
    /// When it was written.
    pub at: OffsetDateTime,
    /// How grave it is.
    pub severity: Severity,
    /// The revision, or the execution, that wrote it; empty where none did.
    pub part: String,
    /// What it says; may be several lines.
    pub text: String,
    /// Whether it holds no text, so that its fields stand for it.
    pub bare: bool,
}

impl fmt::Display for LogEntry {
    /// Moment, severity, revision, text; further lines of the text are indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at;
        write!(f, "{}-{:02}-{:02}T", at.year(), u8::from(at.month()), at.day())?;
        write!(f, "{:02}:{:02}:{:02}.{:03}Z", at.hour(), at.minute(), at.second(), at.millisecond())?;
        write!(f, "  {:<8}", self.severity.word())?;
        if !self.part.is_empty() {
            write!(f, "  {}", self.part)?;
        }
        write!(f, "  {}", self.text.trim_end().replace('\n', "\n    "))
    }
}

/// What was shown of a service's log.
#[derive(Debug, Clone, Default)]
pub struct LogShown {
    /// How many entries.
    pub entries: u64,
    /// How many of each severity.
    pub by_severity: BTreeMap<Severity, u64>,
    /// The last entries as they were printed.
    pub last: VecDeque<String>,
    /// What a reader must know: what was left out, and why it ended.
    pub remarks: Vec<String>,
}

/// Entries that are kept for the summary.
const KEPT: usize = 20;

impl LogShown {
    /// Counts an entry that is printed now.
    pub fn add(&mut self, entry: &LogEntry) {
        self.entries += 1;
        *self.by_severity.entry(entry.severity).or_default() += 1;
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(entry.to_string());
    }
}
