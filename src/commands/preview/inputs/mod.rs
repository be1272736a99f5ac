//! What the inputs of the preview command mean: a release that nobody but its reviewers sees.

pub mod resolve;

pub use crate::commands::deploy::inputs::Guest;
use crate::commands::release::inputs::Release;
use crate::inputs::pull_request::{PullRequest, PullRequestSource};
use slipway_names::ids::{IdError, ServiceName};
use slipway_names::run_repository::RunRepository;

/// The label of a preview's own service that says which preview it is.
pub const PREVIEW_LABEL: &str = "slipway-preview";

/// The label that says of which service it is a preview.
pub const OF_LABEL: &str = "slipway-preview-of";

/// The label that says whose pull request it is: several repositories may share a project.
pub const REPOSITORY_LABEL: &str = "slipway-preview-repository";

/// A service's name may have this many characters (Cloud Run v2, `serviceId` of `services.create`: fewer than 50).
const LONGEST_NAME: usize = 49;

/// Everything a preview needs to know.
#[derive(Debug)]
pub struct Preview {
    /// The pull request.
    pub pull: PullRequest,
    /// Who says that it is this one.
    pub said: PullRequestSource,
    /// Whether it is made or removed; where nobody said so, by whether the pull request is open.
    pub mode: Option<PreviewMode>,
    /// Whether a person approves each run for another repository's pull request.
    pub forks: bool,
    /// Whether each service gets a service of its own.
    pub own_services: bool,
    /// Whether the pull request is told.
    pub comment: bool,
    /// The manifest as it was given.
    pub manifest: String,
    /// Its parts: services and channels of this pull request alone.
    pub release: Release,
}

/// What is done with a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewMode {
    /// It is made, or renewed.
    Deploy,
    /// It is removed.
    Cleanup,
}

impl Preview {
    /// What everything of this preview is called: its tag, its channel, its images, its GitHub environment.
    pub fn name(&self) -> String {
        name(self.pull.number)
    }
}

/// The name of a pull request's preview.
pub fn name(number: u64) -> String {
    format!("pr-{number}")
}

/// The pull request of a preview of that name.
pub fn number(name: &str) -> Option<u64> {
    name.strip_prefix("pr-")?.parse().ok().filter(|number| self::name(*number) == name)
}

/// The name of a preview's own service. A long name is cut, and what tells it from others that begin the same goes with
/// it.
///
/// # Errors
/// When that is no service's name.
pub fn service_name(of: &ServiceName, number: u64) -> Result<ServiceName, IdError> {
    let (whole, end) = (of.as_str(), name(number));
    if whole.len() + 1 + end.len() <= LONGEST_NAME {
        return ServiceName::parse(&format!("{whole}-{end}"));
    }
    // FNV-1a, of which a few letters are enough.
    let hash = whole.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let end = format!("{:05x}-{end}", hash & 0xf_ffff);
    let start: String = whole.chars().take(LONGEST_NAME.saturating_sub(end.len() + 1)).collect();
    ServiceName::parse(&format!("{}-{end}", start.trim_end_matches('-')))
}

/// The labels of a preview's own service.
pub fn labels(of: &ServiceName, number: u64, repository: &RunRepository) -> Vec<(String, String)> {
    let mut labels = vec![(PREVIEW_LABEL.to_owned(), name(number)), (OF_LABEL.to_owned(), of.to_string())];
    labels.extend(repository_label(repository).map(|value| (REPOSITORY_LABEL.to_owned(), value)));
    labels
}

/// A repository as the value of a label: by its number where that is known, which outlives renamings.
pub fn repository_label(repository: &RunRepository) -> Option<String> {
    if let Some(id) = repository.id.as_deref().filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some(id.to_owned());
    }
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let safe = |letter: char| if fits(letter) { letter } else { '-' };
    Some(repository.name.as_deref()?.to_ascii_lowercase().replace('/', "_").chars().map(safe).take(63).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_and_stays_one_of_its_own() {
        let of = |text: &str, number| service_name(&ServiceName::parse(text).expect("a name"), number).expect("a name");
        assert_eq!(of("web", 7).as_str(), "web-pr-7");
        let long = format!("{}-backend", "x".repeat(40));
        let other = format!("{}-backing", "x".repeat(40));
        for number in [7, 4_294_967_295] {
            let (one, two) = (of(&long, number), of(&other, number));
            assert!(one != two && one.as_str().len() <= LONGEST_NAME && one.as_str().ends_with(&name(number)), "{one}");
        }
        assert_eq!(of(&"x".repeat(44), 7).as_str(), format!("{}-pr-7", "x".repeat(44)));
    }

    #[test]
    fn a_preview_is_told_by_its_name_alone() {
        assert_eq!((number("pr-7"), number("pr-07"), number("pr-7x"), number("pr-")), (Some(7), None, None, None));
    }

    #[test]
    fn a_repository_fits_into_a_label() {
        let of = |name: &str, id: Option<&str>| {
            repository_label(&RunRepository { name: Some(name.into()), id: id.map(str::to_owned) })
        };
        assert_eq!(of("Harbour/Shop.web", None).as_deref(), Some("harbour_shop-web"));
        assert_eq!(of("o/r", Some("42")).as_deref(), Some("42"));
    }
}
