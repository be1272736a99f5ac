//! Signing in without a key: which pool knows the run, whom it acts as, and where its own token comes from.

use std::fmt;

use url::Url;

use super::own::Acting;
use super::run_repository::RunRepository;
use super::secret::Secret;
use super::shown::QuotedText;
use super::token_file::TokenFile;

/// A sign-in by Workload Identity Federation (docs: iam/docs/workload-identity-federation-with-deployment-pipelines).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Federation {
    /// Who vouches for the run.
    pub provider: Provider,
    /// Where the run's own token comes from.
    pub subject: SubjectToken,
    /// Google's name for the kind of that token.
    pub subject_type: &'static str,
    /// The account it acts as; none when the grants are the run's own.
    pub acting: Option<Acting>,
    /// The repository that the run belongs to.
    pub repository: RunRepository,
}

/// Where the run's own token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectToken {
    /// GitHub is asked for one.
    GitHub {
        /// What GitHub gave this job to ask with; nothing without `permissions: id-token: write`.
        door: Option<OidcDoor>,
        /// For whom the token shall be.
        audience: String,
    },
    /// Something else writes one.
    File(TokenFile),
}

/// Where this job asks GitHub for its identity, and what allows it to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcDoor {
    /// The address, with a query of its own.
    pub url: Url,
    /// What the request carries.
    pub token: Secret,
}

/// The kinds of subject tokens that are exchanged here.
pub const SUBJECT_TYPES: [&str; 2] =
    ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];

/// A provider of a workload identity pool, by its full name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    number: String,
    pool: String,
    id: String,
}

/// Why a text is not a provider's full name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// An address leads to it.
    #[error("it is an address, not a name")]
    Address,
    /// The project is named by its id.
    #[error("{} is a project's id, and the name holds its number", QuotedText(.0))]
    ProjectId(String),
    /// Only the pool is named.
    #[error("it names the pool, and not the provider in it")]
    PoolOnly,
    /// Anything else.
    #[error("it is not a provider's full name")]
    Shape,
}

impl ProviderError {
    /// What to write.
    pub fn cure(&self) -> String {
        const NAME: &str = "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER";
        match self {
            ProviderError::Address => format!("leave out everything before `projects/`: write `{NAME}`"),
            ProviderError::ProjectId(id) => {
                format!("write the number: `gcloud projects describe {id} --format='value(projectNumber)'`")
            }
            ProviderError::PoolOnly => {
                "add `/providers/PROVIDER`: `gcloud iam workload-identity-pools providers list --location=global --workload-identity-pool=POOL` lists them".into()
            }
            ProviderError::Shape => format!("write `{NAME}`"),
        }
    }
}

impl Provider {
    /// Parses `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
    ///
    /// # Errors
    /// How it differs from such a name.
    pub fn parse(text: &str) -> Result<Self, ProviderError> {
        if text.starts_with("//") || text.contains("://") {
            return Err(ProviderError::Address);
        }
        let parts: Vec<&str> = text.split('/').collect();
        let (number, pool, id) = match parts[..] {
            ["projects", number, "locations", "global", "workloadIdentityPools", pool, "providers", id] => {
                (number, pool, id)
            }
            ["projects", _, "locations", "global", "workloadIdentityPools", _] => return Err(ProviderError::PoolOnly),
            _ => return Err(ProviderError::Shape),
        };
        if !is_name(pool) || !is_name(id) {
            return Err(ProviderError::Shape);
        }
        let digits = |text: &str| !text.is_empty() && text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit());
        match super::ids::ProjectId::parse(number) {
            Ok(id) => Err(ProviderError::ProjectId(id.to_string())),
            Err(_) if digits(number) => Ok(Self { number: number.into(), pool: pool.into(), id: id.into() }),
            Err(_) => Err(ProviderError::Shape),
        }
    }

    /// Parses the audience that tokens are exchanged for, `//iam.googleapis.com/` and the full name.
    pub fn of_audience(text: &str) -> Option<Self> {
        text.strip_prefix("//iam.googleapis.com/").and_then(|name| Self::parse(name).ok())
    }

    /// What tokens are exchanged for.
    pub fn exchanged_for(&self) -> String {
        format!("//iam.googleapis.com/{self}")
    }

    /// For whom GitHub's token is, unless the provider wants it otherwise.
    pub fn default_audience(&self) -> String {
        format!("https://iam.googleapis.com/{self}")
    }

    /// The number of its project.
    pub fn project_number(&self) -> &str {
        &self.number
    }

    /// The pool's id.
    pub fn pool(&self) -> &str {
        &self.pool
    }

    /// Its own id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The runs of one repository, as a policy names them. By the repository's number where it is known: a name can
    /// be given up and taken by somebody else.
    pub fn members(&self, repository: &RunRepository) -> String {
        let (claim, value) = Self::claim(repository);
        format!("principalSet://{}/attribute.{claim}/{value}", self.home())
    }

    /// The claim by which runs of a repository are named, and its value.
    fn claim(repository: &RunRepository) -> (&'static str, &str) {
        match (&repository.id, &repository.name) {
            (Some(id), _) => ("repository_id", id),
            (None, Some(name)) => ("repository", name),
            (None, None) => ("repository_id", "REPOSITORY_ID"),
        }
    }

    fn home(&self) -> String {
        format!("iam.googleapis.com/projects/{}/locations/global/workloadIdentityPools/{}", self.number, self.pool)
    }

    /// What must hold for [`members`](Self::members) to mean anybody, and what to name where it does not. Whoever
    /// made the provider chose what it maps, and Google's refusal does not tell that nobody has such an attribute.
    pub fn mapped(&self, repository: &RunRepository) -> Vec<String> {
        let (claim, _) = Self::claim(repository);
        let mut hints = vec![format!(
            "That member means this run only where the provider maps `attribute.{claim}`; see what it maps: {}",
            self.describe("attributeMapping")
        )];
        let home = self.home();
        let other = repository.name.as_ref().filter(|_| claim != "repository");
        let by_name =
            other.map(|name| format!("principalSet://{home}/attribute.repository/{name} of `attribute.repository`, "));
        hints.push(format!(
            "Where it does not, grant the role to a member that it does map: {}principal://{home}/subject/SUBJECT of `google.subject` alone",
            by_name.unwrap_or_default()
        ));
        hints
    }

    /// The command that shows one of its fields.
    pub fn describe(&self, field: &str) -> String {
        format!("{} --format='value({field})'", self.command("describe"))
    }

    /// A command about the provider, by its full name: `--project` takes no number there (gcloud 528 says so).
    pub fn command(&self, verb: &str) -> String {
        format!("gcloud iam workload-identity-pools providers {verb} {self}")
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, pool, id } = self;
        write!(f, "projects/{number}/locations/global/workloadIdentityPools/{pool}/providers/{id}")
    }
}

/// Ids of pools and providers: 4 to 32 lowercase letters, digits and dashes.
fn is_name(text: &str) -> bool {
    (4..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "projects/123456789012/locations/global/workloadIdentityPools/github/providers/actions";

    #[test]
    fn a_full_name_is_read_and_written() {
        let provider = Provider::parse(NAME).expect("a provider");
        assert_eq!(provider.to_string(), NAME);
        assert_eq!((provider.project_number(), provider.pool(), provider.id()), ("123456789012", "github", "actions"));
        assert_eq!(Provider::of_audience(&provider.exchanged_for()), Some(provider.clone()));
        assert_eq!(Provider::of_audience(&provider.default_audience()), None);
        let repository = RunRepository { name: Some("o/r".into()), id: Some("42".into()) };
        assert!(provider.members(&repository).ends_with("/workloadIdentityPools/github/attribute.repository_id/42"));
    }

    #[test]
    fn each_mistake_has_its_cure() {
        let error = |text: &str| Provider::parse(text).expect_err(text);
        for address in [format!("https://iam.googleapis.com/{NAME}"), format!("//iam.googleapis.com/{NAME}")] {
            assert_eq!(error(&address), ProviderError::Address);
        }
        let by_id = error(&NAME.replace("123456789012", "harbour-dev"));
        assert_eq!(by_id, ProviderError::ProjectId("harbour-dev".into()));
        assert!(by_id.cure().contains("gcloud projects describe harbour-dev"));
        assert_eq!(error(NAME.trim_end_matches("/providers/actions")), ProviderError::PoolOnly);
        for text in
            ["actions", &NAME.replace("global", "eu"), &format!("{NAME}/x"), &NAME.replace("github", "g"), "projects"]
        {
            assert_eq!(error(text), ProviderError::Shape, "{text}");
        }
    }
}
