//! stub
#![allow(missing_docs)]
use super::super::error::{Findings, InputErrors};
use super::super::raw::RawInputs;
use super::super::release::Release;
use super::super::runner::Runner;
#[derive(Debug)]
pub struct Resolved {
    pub release: Release,
    pub warnings: Vec<String>,
}
pub fn run(_: &RawInputs, _: &Runner, findings: Findings) -> Result<Resolved, InputErrors> {
    Err(InputErrors(findings.mistakes))
}
