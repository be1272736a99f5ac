//! Artifact Registry: repositories, packages, tags and images.

use super::World;
use super::policy::IamPolicy;
use std::collections::BTreeMap;

/// A container repository.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    /// Who may do what with it, besides the project's policy.
    pub policy: IamPolicy,
    /// Its packages by name; a name may hold slashes.
    pub packages: BTreeMap<String, Package>,
}

/// All versions of one image.
#[derive(Debug, Clone, Default)]
pub struct Package {
    /// Tag to digest.
    pub tags: BTreeMap<String, String>,
    /// Digest to image.
    pub images: BTreeMap<String, Image>,
}

/// One version of an image.
#[derive(Debug, Clone)]
pub struct Image {
    /// When it was pushed.
    pub pushed: String,
    /// Its size as it is stored.
    pub bytes: u64,
    /// Its architecture; Cloud Run starts `amd64` only.
    pub architecture: String,
    /// The instructions that made its layers, the base first; one base layer where nothing is known.
    pub made_by: Vec<String>,
}

impl Image {
    /// Each layer's size and instruction: three fifths are the base, and each layer on it has half of what is left.
    pub(crate) fn layers(&self) -> Vec<(u64, String)> {
        let base = ["ADD rootfs.tar.xz / # buildkit".to_owned()];
        let made_by = if self.made_by.is_empty() { &base[..] } else { &self.made_by };
        let mut left = self.bytes;
        let mut layers = Vec::new();
        for (index, instruction) in made_by.iter().enumerate() {
            let last = index + 1 == made_by.len();
            let own = if last {
                left
            } else if index == 0 {
                left / 5 * 3
            } else {
                left / 2
            };
            left -= own;
            layers.push((own, instruction.clone()));
        }
        layers
    }
}

/// An image reference, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageName {
    /// `projects/P/locations/L/repositories/R`; for other registries, their host.
    pub(crate) repository: String,
    /// Id of the project that holds it; empty for other registries.
    pub(crate) project: String,
    /// Package within the repository.
    pub(crate) package: String,
    /// Everything before the tag or digest, as written.
    pub(crate) base: String,
    /// Tag, `latest` when neither it nor a digest is given.
    pub(crate) tag: Option<String>,
    /// Digest.
    pub(crate) digest: Option<String>,
}

impl ImageName {
    /// Reads `us-docker.pkg.dev/P/R/IMG:TAG@DIGEST` and its relatives.
    pub(crate) fn read(text: &str) -> Option<ImageName> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let hex = |digest: &str| digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        if digest.is_some_and(|digest| !digest.strip_prefix("sha256:").is_some_and(hex)) {
            return None;
        }
        // A colon before the last slash belongs to a port.
        let cut = rest.rfind(':').filter(|colon| rest.rfind('/').is_none_or(|slash| slash < *colon));
        let (base, tag) = match cut {
            Some(colon) => (&rest[..colon], Some(&rest[colon + 1..])),
            None => (rest, digest.is_none().then_some("latest")),
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let tag_is_legal = |tag: &str| (1..=128).contains(&tag.len()) && tag.chars().all(legal);
        let clean = |part: &str| !part.is_empty() && part.chars().all(|c| !c.is_uppercase() && (legal(c) || c == ':'));
        if !tag.is_none_or(tag_is_legal) || !base.split('/').all(clean) {
            return None;
        }
        let (repository, project, package) = place(base)?;
        Some(ImageName {
            repository,
            project,
            package,
            base: base.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }

    /// Whether pushing may create the repository: only the `gcr.io` ones.
    pub(crate) fn created_on_push(&self) -> bool {
        self.repository.ends_with("gcr.io")
    }
}

/// Repository, project and package of a reference without tag and digest.
fn place(base: &str) -> Option<(String, String, String)> {
    let (host, rest) = base.split_once('/').unwrap_or(("docker.io", base));
    let location = match host {
        "gcr.io" | "us.gcr.io" => Some("us"),
        "eu.gcr.io" => Some("europe"),
        "asia.gcr.io" => Some("asia"),
        _ => None,
    };
    if let Some(location) = location {
        let (project, package) = rest.split_once('/')?;
        let repository = format!("projects/{project}/locations/{location}/repositories/{host}");
        return Some((repository, project.to_owned(), package.to_owned()));
    }
    if let Some(location) = host.strip_suffix("-docker.pkg.dev") {
        let (project, rest) = rest.split_once('/')?;
        let (repository, package) = rest.split_once('/')?;
        let repository = format!("projects/{project}/locations/{location}/repositories/{repository}");
        return Some((repository, project.to_owned(), package.to_owned()));
    }
    match host.contains('.') || host.contains(':') || host == "localhost" {
        true => Some((host.to_owned(), String::new(), rest.to_owned())),
        false => Some(("docker.io".to_owned(), String::new(), base.to_owned())),
    }
}

impl World {
    /// Adds an empty container repository.
    pub fn add_repository(&mut self, project: &str, location: &str, name: &str) {
        let full = format!("projects/{project}/locations/{location}/repositories/{name}");
        self.repositories.entry(full).or_default();
    }

    /// Puts an image into the registry under this reference, whose repository is made if it is
    /// missing; returns the digest. Without a digest in the reference, one is made up from it.
    pub fn push_image(&mut self, reference: &str) -> Option<String> {
        let name = ImageName::read(reference)?;
        let digest = name.digest.clone().unwrap_or_else(|| format!("sha256:{}", super::hex_of(reference.as_bytes())));
        self.keep_image(&name, &digest);
        Some(digest)
    }

    /// The digest a reference stands for, if the registry has it.
    pub fn digest_of(&self, reference: &str) -> Option<String> {
        let name = ImageName::read(reference)?;
        let package = self.repositories.get(&name.repository)?.packages.get(&name.package)?;
        let digest = name.digest.as_ref().or_else(|| package.tags.get(name.tag.as_ref()?))?;
        package.images.contains_key(digest).then(|| digest.clone())
    }

    /// The image a reference stands for, to change it.
    pub fn image(&mut self, reference: &str) -> Option<&mut Image> {
        let digest = self.digest_of(reference)?;
        let name = ImageName::read(reference)?;
        self.repositories.get_mut(&name.repository)?.packages.get_mut(&name.package)?.images.get_mut(&digest)
    }

    pub(crate) fn keep_image(&mut self, name: &ImageName, digest: &str) {
        let pushed = self.stamp(6);
        let repository = self.repositories.entry(name.repository.clone()).or_default();
        let package = repository.packages.entry(name.package.clone()).or_default();
        let fresh = || Image { pushed, bytes: 48_000_000, architecture: "amd64".to_owned(), made_by: Vec::new() };
        package.images.entry(digest.to_owned()).or_insert_with(fresh);
        if let Some(tag) = &name.tag {
            package.tags.insert(tag.clone(), digest.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        let read = |text: &str| ImageName::read(text).map(|name| (name.repository, name.package, name.tag));
        let found = |repository: &str, package: &str, tag: &str| {
            Some((repository.to_owned(), package.to_owned(), Some(tag.to_owned())))
        };
        assert_eq!(read("gcr.io/p/web:v1"), found("projects/p/locations/us/repositories/gcr.io", "web", "v1"));
        assert_eq!(
            read("us-central1-docker.pkg.dev/p/app/team/web"),
            found("projects/p/locations/us-central1/repositories/app", "team/web", "latest")
        );
        assert_eq!(read("nginx:1"), found("docker.io", "nginx", "1"));
        assert_eq!(read("gcr.io/P/web"), None);
        assert_eq!(read("gcr.io/p/web@sha256:12"), None);
        assert_eq!(read("us-docker.pkg.dev/p/web"), None);
        assert_eq!(read("gcr.io/p/web:bad tag"), None);
    }
}
