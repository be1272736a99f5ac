//! Whether a preview is made or removed, and of which commit: asked of GitHub wherever the event does not say it itself.

use std::path::Path;

use super::inputs::resolve::over;
use super::inputs::{Preview, PreviewMode};
use crate::driver::pull_request::{Question, ask, compare, whose};
use crate::inputs::engine::error::{Findings, InputErrors};
use slipway_github::GitHub;
use slipway_runner::Console;
use slipway_runner::env::Runner;

/// What is known before anything is done.
pub(crate) struct Settled {
    /// Whether the preview is made or removed.
    pub mode: PreviewMode,
    /// The commit at the head of the pull request.
    pub head: Option<String>,
    /// The commit that is checked out: the head, or a merge of it.
    pub built: Option<String>,
}

/// Finds out whose pull request it is, whether it is open, and that what is checked out is of it.
///
/// # Errors
/// What must not be built, or is not known to be what it should be.
pub(crate) async fn settle(
    console: &Console,
    runner: &Runner,
    github: Option<&GitHub>,
    preview: &Preview,
) -> Result<Settled, InputErrors> {
    let pull = &preview.pull;
    if preview.mode == Some(PreviewMode::Cleanup) {
        return Ok(Settled { mode: PreviewMode::Cleanup, head: pull.head.clone(), built: None });
    }
    if console.is_simulated() {
        // GitHub hears nothing of what is only played.
        let mode = preview.mode.unwrap_or(if pull.closed { PreviewMode::Cleanup } else { PreviewMode::Deploy });
        return Ok(Settled { mode, head: pull.head.clone(), built: None });
    }
    let mut findings = Findings::default();
    let answer = ask(github, pull.number).await;
    let question = Question { pull, said: preview.said, forks: preview.forks };
    whose(console, runner, &question, &answer, &mut findings);
    if findings.mistakes.is_empty() && answer.as_ref().is_ok_and(|answer| answer.closed) {
        if preview.mode.is_none() {
            console.line(&format!("Pull request #{} is closed: what is left of its preview goes", pull.number));
            return Ok(Settled { mode: PreviewMode::Cleanup, head: pull.head.clone(), built: None });
        }
        findings.wrong("mode", over(pull.number), "leave `mode` out: what is left of it is removed then");
    }
    let head = pull.head.clone().or_else(|| answer.as_ref().ok().map(|answer| answer.head_sha.clone()));
    let at = runner.workspace.join(&preview.manifest);
    let mut built = None;
    if findings.mistakes.is_empty() {
        let at = at.parent().unwrap_or(Path::new("."));
        built = compare(console, runner, github, &question, (head.as_deref(), at), &mut findings).await;
    }
    if !findings.mistakes.is_empty() {
        return Err(InputErrors::of(findings));
    }
    Ok(Settled { mode: PreviewMode::Deploy, head, built })
}
