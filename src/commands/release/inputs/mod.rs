//! What the inputs and the manifest of a release mean, once every question is answered.

pub mod resolve;

use std::collections::BTreeMap;

use crate::cloud_build::image::Recipe;
use crate::commands::deploy::inputs::{Deploy, DeployWhat};
use crate::commands::hosting::inputs::Hosting;
use slipway_names::secret::Secret;

/// Everything a release needs to know.
#[derive(Debug)]
pub struct Release {
    /// The environment of the manifest that was chosen.
    pub environment: Option<String>,
    /// The services, in the order of the manifest.
    pub services: Vec<ServicePart>,
    /// The sites, in the order of the manifest.
    pub sites: Vec<SitePart>,
    /// For questions to GitHub.
    pub github_token: Option<Secret>,
    /// Show, change nothing; set on every part too.
    pub dry_run: bool,
}

/// A service of a release.
#[derive(Debug)]
pub struct ServicePart {
    /// The part's name in the manifest.
    pub name: String,
    /// What is done, with `${services.NAME.url}` where an address is not known yet.
    pub deploy: Deploy,
    /// The earlier parts whose addresses are needed, each once, in the order of the manifest.
    pub needs: Vec<String>,
    /// Where those addresses go.
    pub gaps: Vec<Gap>,
}

/// A site, or the sites of one `firebase.json`, of a release.
#[derive(Debug)]
pub struct SitePart {
    /// The part's name in the manifest.
    pub name: String,
    /// What is done.
    pub hosting: Hosting,
}

/// A text that waits for addresses. It is put together again from its pieces and never searched: a text that
/// was inserted may look like a placeholder and stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Whose value the text is.
    pub place: TemplatePlace,
    /// The name of the variable or argument.
    pub key: String,
    /// The text.
    pub pieces: Vec<Piece>,
}

/// Where a text may wait for addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplatePlace {
    /// `build_args`.
    BuildArgs,
    /// `env_vars`.
    EnvVars,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What stands there.
    Text(String),
    /// The address of the service part of that name.
    Url(String),
}

/// The address of a part that others need was not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the address of `{0}` is not known, and `{1}` needs it")]
pub struct MissingUrl(pub String, pub String);

/// Puts the addresses of earlier parts (by the part's name) where `gaps` of a part say. Calling it again with other
/// addresses replaces them.
///
/// # Errors
/// An address is missing; nothing was changed then.
pub fn fill(gaps: &[Gap], deploy: &mut Deploy, urls: &BTreeMap<String, String>) -> Result<(), MissingUrl> {
    let texts: Vec<String> = gaps.iter().map(|gap| gap.text(urls)).collect::<Result<_, _>>()?;
    for (gap, text) in gaps.iter().zip(texts) {
        let entries: &mut [(String, String)] = match (gap.place, &mut deploy.what) {
            (TemplatePlace::EnvVars, _) => deploy.settings.env.entries.as_deref_mut().unwrap_or_default(),
            (TemplatePlace::BuildArgs, DeployWhat::Build(build)) => match &mut build.recipe {
                Recipe::Dockerfile { args, .. } => args,
                Recipe::Buildpacks { env } => env,
                Recipe::Config { .. } => &mut [],
            },
            (TemplatePlace::BuildArgs, _) => &mut [],
        };
        if let Some((_, value)) = entries.iter_mut().find(|(key, _)| *key == gap.key) {
            *value = text;
        }
    }
    Ok(())
}

impl Gap {
    fn text(&self, urls: &BTreeMap<String, String>) -> Result<String, MissingUrl> {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Url(name) => urls.get(name).cloned().ok_or_else(|| MissingUrl(name.clone(), self.key.clone())),
        };
        self.pieces.iter().map(piece).collect()
    }
}
