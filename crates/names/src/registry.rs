//! Where Artifact Registry keeps an image.

use super::image::ImageRepository;

/// A place in Artifact Registry. `gcr.io` and its relatives are repositories of these names (docs: artifact-registry/docs/transition/transition-from-gcr).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The project that holds it; a domain-scoped one as `example.com:id`.
    pub project: String,
    /// The location of its repository.
    pub location: String,
    /// The repository.
    pub name: String,
    /// The image's path in it.
    pub package: String,
}

impl Location {
    /// From `REGION-docker.pkg.dev/PROJECT/REPOSITORY/PACKAGE…` or `[LOCATION.]gcr.io/PROJECT/PACKAGE…`; `None` in other
    /// registries.
    pub fn of(repository: &ImageRepository) -> Option<Self> {
        let host = repository.host();
        let path = repository.as_str().strip_prefix(host)?.trim_start_matches('/');
        let (first, rest) = path.split_once('/')?;
        let (project, rest) = match first.contains('.') {
            true => rest.split_once('/').map(|(id, rest)| (format!("{first}:{id}"), rest))?,
            false => (first.to_owned(), rest),
        };
        if let Some(location) = host.strip_suffix("-docker.pkg.dev") {
            let (name, package) = rest.split_once('/')?;
            return Some(Self { project, location: location.into(), name: name.into(), package: package.into() });
        }
        let location = match host {
            "gcr.io" | "us.gcr.io" => "us",
            "eu.gcr.io" => "europe",
            "asia.gcr.io" => "asia",
            _ => return None,
        };
        Some(Self { project, location: location.into(), name: host.into(), package: rest.into() })
    }

    /// Whether a push makes the repository, for those who may.
    pub fn made_by_push(&self) -> bool {
        self.name == "gcr.io" || self.name.ends_with(".gcr.io")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(image: &str) -> Option<(String, String, String, String)> {
        let repository = ImageRepository::parse(image).expect("a repository");
        Location::of(&repository).map(|l| (l.project, l.location, l.name, l.package))
    }

    #[test]
    fn images_are_found_where_google_keeps_them() {
        let own = |a: &str, b: &str, c: &str, d: &str| Some((a.into(), b.into(), c.into(), d.into()));
        assert_eq!(location("us-central1-docker.pkg.dev/p/repo/a/b"), own("p", "us-central1", "repo", "a/b"));
        assert_eq!(location("gcr.io/p/app"), own("p", "us", "gcr.io", "app"));
        assert_eq!(location("eu.gcr.io/p/a/b"), own("p", "europe", "eu.gcr.io", "a/b"));
        assert_eq!(location("asia.gcr.io/example.com/p/a"), own("example.com:p", "asia", "asia.gcr.io", "a"));
        assert_eq!(location("docker.io/library/nginx"), None);
        assert_eq!(location("evil-docker.pkg.dev.example/p/r/a"), None);
    }
}
