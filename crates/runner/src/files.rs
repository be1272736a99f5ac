//! The runner's files: outputs, state for the post step, the job summary.
//!
//! Written through `actions-rs` (heredocs with a random delimiter). Outside the runner there are
//! no such files and nothing is written.

use std::io::Write as _;
use std::path::Path;

use actions_rs::Summary;

/// The largest summary the runner keeps; above it the whole summary is dropped (docs: actions/reference/workflows-and-actions/workflow-commands, job summaries).
pub const SUMMARY_LIMIT: usize = 1 << 20;

/// Which of the runner's files exist.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files {
    /// `GITHUB_OUTPUT` is set.
    pub output: bool,
    /// `GITHUB_STATE` is set.
    pub state: bool,
    /// `GITHUB_STEP_SUMMARY` is set.
    pub summary: bool,
    /// Which part of a release writes, so that its state does not meet that of another.
    pub part: Option<usize>,
}

/// The name under which a part of a release keeps a value.
pub fn state_name(part: usize, name: &str) -> String {
    format!("part_{part}_{name}")
}

impl Files {
    /// Writes one output.
    ///
    /// # Errors
    /// A sentence naming the file that cannot be written.
    pub fn set_output(&self, name: &str, value: &str) -> Result<(), String> {
        if !self.output {
            return Ok(());
        }
        actions_rs::output::set_output(name, value).map_err(|error| format!("GITHUB_OUTPUT cannot be written: {error}"))
    }

    /// Keeps a value for `post-entrypoint`.
    ///
    /// # Errors
    /// A sentence naming the file that cannot be written.
    pub fn save_state(&self, name: &str, value: &str) -> Result<(), String> {
        if !self.state {
            return Ok(());
        }
        let name = self.part.map_or_else(|| name.to_owned(), |part| state_name(part, name));
        actions_rs::output::save_state(&name, value).map_err(|error| format!("GITHUB_STATE cannot be written: {error}"))
    }

    /// Appends Markdown to the job summary.
    ///
    /// # Errors
    /// A sentence naming the file that cannot be written, or its limit.
    pub fn append_summary(&self, markdown: &str) -> Result<(), String> {
        if !self.summary {
            return Ok(());
        }
        Summary::new()
            .raw(markdown, true)
            .write()
            .map_err(|error| format!("GITHUB_STEP_SUMMARY cannot be written: {error}"))
    }
}

/// What a long report takes.
const TRIAL: usize = 64 << 10;

/// Writes to a file as a report would and takes it back, so that a run that could not report does not begin. A full disk
/// is found only by writing. Should the process die in between, the runner passes over blank lines.
///
/// # Errors
/// The system's reason.
pub fn check_writable(path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).open(path)?;
    let before = file.metadata()?;
    if !before.is_file() {
        return file.write_all(b"\n");
    }
    let written = file.write_all(&[b'\n'; TRIAL]);
    // Also after a half of it.
    file.set_len(before.len()).and(written)
}
