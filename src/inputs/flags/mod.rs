//! `flags`: settings in gcloud's own spelling. A flag is a spelling of an input; what it says goes the way that the input's
//! text goes, and is checked there. Values may be secrets and are never quoted here.

mod maps;
mod moved;
pub mod table;
mod texts;
mod translate;
mod typed;
mod values;
mod words;

use super::spec::CommandName;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::spec::deploy::name;
use maps::Maps;
pub use moved::becomes_job;
use slipway_runner::env::Runner;
use table::FlagCommands;
use texts::Texts;
use typed::Typed;

/// The input that flags stand in.
const FLAGS: &str = "flags";

/// Puts what the flags say among the other inputs of a command.
pub fn spell_out(command: CommandName, raw: &mut RawInputs, runner: &Runner, findings: &mut Findings) {
    let Some(of) = of(command, raw) else { return };
    let moved = moved::is_meant(command, raw, findings);
    if moved && command == CommandName::Deploy {
        moved::described(raw, runner);
    }
    let text = raw.whole(name::FLAGS).unwrap_or_default().to_owned();
    raw.remove(FLAGS);
    let mut maps = Maps::default();
    let ahead = if moved { moved::ahead(of, raw, &mut maps, findings) } else { Vec::new() };
    if let Some(texts) = read(FLAGS, &text, of, moved, ahead, maps, findings) {
        texts.put(FLAGS, raw, findings);
    }
}

/// What a text of flags says, behind what stands ahead of it; nothing where it cannot be split into words.
fn read(
    at: &'static str,
    text: &str,
    of: FlagCommands,
    moved: bool,
    mut ahead: Vec<Typed>,
    maps: Maps,
    findings: &mut Findings,
) -> Option<Texts> {
    let words = if moved { words::deploy_cloudrun(text) } else { words::shell(text) };
    match words {
        Ok(words) => {
            ahead.extend(typed::read(at, &words, of, findings));
            Some(translate::all(at, of, ahead, maps, findings))
        }
        Err(why) => {
            findings.wrong(at, why, "write flags as for `gcloud`, with blanks or line breaks between them");
            None
        }
    }
}

/// Which of gcloud's commands the flags of a step are of.
fn of(command: CommandName, raw: &RawInputs) -> Option<FlagCommands> {
    match command {
        CommandName::Deploy if raw.get(name::KIND) == Some("worker-pool") => Some(FlagCommands::POOL),
        CommandName::Deploy => Some(FlagCommands::SERVICE),
        CommandName::Job => Some(FlagCommands::JOB),
        _ => None,
    }
}
