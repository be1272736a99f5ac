//! stub
#![allow(missing_docs)]
use super::deploy::Deploy;
use super::hosting::Hosting;
use super::raw::RawInputs;
use crate::model::secret::Secret;
use std::collections::BTreeMap;
#[derive(Debug)]
pub struct ServicePart {
    pub name: String,
    pub deploy: Deploy,
    pub needs: Vec<String>,
}
#[derive(Debug)]
pub struct SitePart {
    pub name: String,
    pub hosting: Hosting,
}
#[derive(Debug)]
pub struct Release {
    pub environment: Option<String>,
    pub services: Vec<ServicePart>,
    pub sites: Vec<SitePart>,
    pub github_token: Option<Secret>,
    pub dry_run: bool,
}
pub fn fill(_deploy: &mut Deploy, _urls: &BTreeMap<String, String>) {}
pub fn values_to_mask(_: &RawInputs) -> Vec<String> {
    Vec::new()
}
