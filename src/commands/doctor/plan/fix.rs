//! One command of `gcloud` that mends a finding: its words, quoted for a shell, and when it need not run.

/// A change that an owner can make with one command. Each can be run again without harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// Enables an API.
    Enable {
        /// Its name, such as `run.googleapis.com`.
        service: String,
    },
    /// Grants a role.
    Grant {
        /// The role.
        role: String,
        /// Who gets it, as policies name it.
        member: String,
        /// What it is granted on.
        on: GrantTarget,
    },
    /// Makes the bucket that sources are staged in.
    MakeBucket {
        /// Its name.
        bucket: String,
        /// Its location.
        location: String,
    },
    /// Makes a repository for images.
    MakeRepository {
        /// Its name.
        repository: String,
        /// Its location.
        location: String,
    },
    /// Enables a service account.
    EnableAccount {
        /// Its address.
        account: String,
    },
    /// Enables a version of a secret.
    EnableVersion {
        /// The secret.
        secret: String,
        /// The version's number.
        version: u64,
    },
    /// Makes an account for builds.
    MakeBuilder,
}

/// What a role is granted on; the smallest thing that Google allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantTarget {
    /// The project.
    Project,
    /// A service account.
    Account(String),
    /// A bucket.
    Bucket(String),
    /// A Cloud Run service in a region.
    Service(String, String),
    /// A repository of images in a location.
    Repository(String, String),
    /// A secret.
    Secret(String),
}

/// The account that [`Fix::MakeBuilder`] makes.
const BUILDER: &str = "builder";

impl Fix {
    /// The grant of a role.
    pub fn grant(role: &str, member: &str, on: GrantTarget) -> Self {
        Fix::Grant { role: role.to_owned(), member: member.to_owned(), on }
    }

    /// The command's words.
    pub fn words(&self, project: &str) -> Vec<String> {
        let in_project = format!("--project={project}");
        let mut words: Vec<String> = vec!["gcloud".into()];
        let mut say = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
        match self {
            Fix::Enable { service } => say(&["services", "enable", service, &in_project]),
            Fix::Grant { role, member, on } => {
                let (member, role) = (format!("--member={member}"), format!("--role={role}"));
                match on {
                    GrantTarget::Project => say(&["projects", "add-iam-policy-binding", project]),
                    GrantTarget::Account(account) => {
                        say(&["iam", "service-accounts", "add-iam-policy-binding", account, &in_project]);
                    }
                    GrantTarget::Bucket(bucket) => {
                        say(&["storage", "buckets", "add-iam-policy-binding", &format!("gs://{bucket}")]);
                    }
                    GrantTarget::Service(service, region) => say(&[
                        "run",
                        "services",
                        "add-iam-policy-binding",
                        service,
                        &format!("--region={region}"),
                        &in_project,
                    ]),
                    GrantTarget::Repository(repository, location) => say(&[
                        "artifacts",
                        "repositories",
                        "add-iam-policy-binding",
                        repository,
                        &format!("--location={location}"),
                        &in_project,
                    ]),
                    GrantTarget::Secret(secret) => say(&["secrets", "add-iam-policy-binding", secret, &in_project]),
                }
                say(&[&member, &role]);
                // Without it gcloud asks which condition is meant, where the policy holds any.
                if matches!(on, GrantTarget::Project | GrantTarget::Account(_) | GrantTarget::Secret(_)) {
                    say(&["--condition=None"]);
                }
            }
            Fix::MakeBucket { bucket, location } => say(&[
                "storage",
                "buckets",
                "create",
                &format!("gs://{bucket}"),
                &in_project,
                &format!("--location={location}"),
                "--uniform-bucket-level-access",
                "--public-access-prevention",
            ]),
            Fix::MakeRepository { repository, location } => say(&[
                "artifacts",
                "repositories",
                "create",
                repository,
                "--repository-format=docker",
                &format!("--location={location}"),
                &in_project,
            ]),
            Fix::EnableAccount { account } => say(&["iam", "service-accounts", "enable", account, &in_project]),
            Fix::EnableVersion { secret, version } => {
                say(&[
                    "secrets",
                    "versions",
                    "enable",
                    &version.to_string(),
                    &format!("--secret={secret}"),
                    &in_project,
                ]);
            }
            Fix::MakeBuilder => say(&["iam", "service-accounts", "create", BUILDER, &in_project]),
        }
        words
    }

    /// The command that succeeds where this one need not run: those that make something fail the second time.
    pub fn unless(&self, project: &str) -> Option<Vec<String>> {
        let in_project = format!("--project={project}");
        let words: Vec<String> = match self {
            Fix::MakeBucket { bucket, .. } => {
                vec!["storage".into(), "buckets".into(), "describe".into(), format!("gs://{bucket}")]
            }
            Fix::MakeRepository { repository, location } => vec![
                "artifacts".into(),
                "repositories".into(),
                "describe".into(),
                repository.clone(),
                format!("--location={location}"),
                in_project,
            ],
            Fix::MakeBuilder => {
                vec!["iam".into(), "service-accounts".into(), "describe".into(), builder(project), in_project]
            }
            Fix::Enable { .. } | Fix::Grant { .. } | Fix::EnableAccount { .. } | Fix::EnableVersion { .. } => {
                return None;
            }
        };
        Some(std::iter::once("gcloud".to_owned()).chain(words).collect())
    }

    /// The command as it is typed.
    pub fn command(&self, project: &str) -> String {
        line(&self.words(project))
    }
}

/// The address of the account that [`Fix::MakeBuilder`] makes; a domain-scoped project stands reversed in it.
pub fn builder(project: &str) -> String {
    let home = match project.split_once(':') {
        Some((domain, id)) => format!("{id}.{domain}"),
        None => project.to_owned(),
    };
    format!("{BUILDER}@{home}.iam.gserviceaccount.com")
}

/// What makes a bucket for sources usable by `member`: with the bucket made by its owner, nothing on the project is needed.
/// The same for a deploy and for the doctor.
pub fn staging(bucket: &str, there: bool, location: &str, member: &str) -> Vec<Fix> {
    let make = Fix::MakeBucket { bucket: bucket.to_owned(), location: location.to_owned() };
    let on = Fix::grant("roles/storage.admin", member, GrantTarget::Bucket(bucket.to_owned()));
    (!there).then_some(make).into_iter().chain([on]).collect()
}

/// What a project does whose Cloud Build has no account: commands, and the input that names it then.
pub fn own_builder(project: &str) -> (Vec<Fix>, String) {
    let builder = builder(project);
    let member = format!("serviceAccount:{builder}");
    let fixes = vec![Fix::MakeBuilder, Fix::grant("roles/cloudbuild.builds.builder", &member, GrantTarget::Project)];
    (fixes, format!("Then write `build_service_account: {builder}`"))
}

/// Words as one line of a POSIX shell.
pub fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word that the shell takes as it is.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_word_means_anything_to_a_shell() {
        assert_eq!(quoted("--role=roles/run.admin"), "--role=roles/run.admin");
        assert_eq!(quoted("a'b; $(rm) `x`"), r"'a'\''b; $(rm) `x`'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("principalSet://x/*"), "'principalSet://x/*'");
    }

    #[test]
    fn what_makes_something_looks_first() {
        let make = Fix::MakeRepository { repository: "app".into(), location: "us-central1".into() };
        assert!(make.unless("p").is_some_and(|words| words[3] == "describe"));
        assert!(Fix::Enable { service: "run.googleapis.com".into() }.unless("p").is_none());
    }

    #[test]
    fn a_domain_scoped_project_stands_reversed_in_an_account() {
        assert_eq!(builder("example.com:shop"), "builder@shop.example.com.iam.gserviceaccount.com");
    }
}
