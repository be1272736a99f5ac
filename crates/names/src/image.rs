//! Container images: a repository, a reference as typed, and a reference pinned by digest.
//!
//! The three are different types, so that nothing can be deployed by a tag by accident.

use std::fmt;

use super::shown::QuotedText;

/// `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(String);

impl Digest {
    /// Parses a digest; `None` when it is not a sha256 one.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (hex.len() == 64 && hex.bytes().all(lower)).then(|| Self(text.to_owned()))
    }

    /// The digest with its algorithm.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `sha256:` and the first twelve digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..19).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An image repository without tag or digest, such as `gcr.io/project/service`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageRepository(String);

impl ImageRepository {
    /// Parses a repository.
    ///
    /// # Errors
    /// A sentence that says which rule is broken.
    pub fn parse(text: &str) -> Result<Self, String> {
        let image = ImageRef::parse(text)?;
        if image.tag.is_some() || image.digest.is_some() {
            return Err("a repository has no tag and no digest".into());
        }
        Ok(image.repository)
    }

    /// The repository as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The registry's host.
    pub fn host(&self) -> &str {
        self.0.split_once('/').map_or("", |(host, _)| host)
    }

    /// This repository with a tag.
    pub fn tagged(&self, tag: &Tag) -> String {
        format!("{}:{tag}", self.0)
    }

    /// This repository pinned by a digest.
    pub fn pinned(&self, digest: &Digest) -> PinnedImage {
        PinnedImage { repository: self.clone(), digest: digest.clone() }
    }
}

impl fmt::Display for ImageRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tag of an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag(String);

impl Tag {
    /// Parses a tag by the registry's grammar: a word character, then up to 127 of `[A-Za-z0-9_.-]`.
    ///
    /// # Errors
    /// A sentence that says what a tag may hold.
    pub fn parse(text: &str) -> Result<Self, String> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let rest = |b: u8| word(b) || b == b'.' || b == b'-';
        let mut bytes = text.bytes();
        let fits = bytes.next().is_some_and(word) && bytes.all(rest) && text.len() <= 128;
        fits.then(|| Self(text.to_owned())).ok_or_else(|| {
            let text = QuotedText(text);
            format!("{text} is not an image tag: letters, digits, `_`, `.` and `-`, at most 128, not starting with `.` or `-`")
        })
    }

    /// The tag as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An image as a user writes it: repository, perhaps a tag, perhaps a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRef {
    /// Host and path.
    pub repository: ImageRepository,
    /// The part behind `:`.
    pub tag: Option<Tag>,
    /// The part behind `@`.
    pub digest: Option<Digest>,
}

impl ImageRef {
    /// Parses a reference; the registry's host must be written out, because Cloud Run pulls from
    /// no registry implied by a short name that a user would not be surprised by.
    ///
    /// # Errors
    /// A sentence that says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (
                rest,
                Some(
                    Digest::parse(digest)
                        .ok_or("the part behind `@` must be `sha256:` and 64 lowercase hexadecimal digits")?,
                ),
            ),
            None => (text, None),
        };
        let slash = rest.rfind('/').ok_or("write the registry's host too, such as `gcr.io/PROJECT/NAME`")?;
        let (repository, tag) = match rest[slash..].split_once(':') {
            Some((name, tag)) => (&rest[..slash + name.len()], Some(Tag::parse(tag)?)),
            None => (rest, None),
        };
        let (host, path) = repository.split_once('/').ok_or("a path must follow the registry's host")?;
        if !(host.contains('.') || host.contains(':') || host == "localhost") {
            return Err("write the registry's host too, such as `gcr.io/PROJECT/NAME`".into());
        }
        let host_fits = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b));
        let path_fits = path.split('/').all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
                && part.starts_with(|c: char| c.is_ascii_alphanumeric())
        });
        if !host_fits || !path_fits {
            return Err("an image path holds lowercase letters, digits, `.`, `_`, `-`, in parts joined by `/`".into());
        }
        Ok(Self { repository: ImageRepository(repository.to_owned()), tag, digest })
    }

    /// The pinned form, when the reference carries a digest.
    pub fn pinned(&self) -> Option<PinnedImage> {
        self.digest.as_ref().map(|digest| self.repository.pinned(digest))
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.repository.as_str())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// An image that cannot change any more: repository and digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedImage {
    repository: ImageRepository,
    digest: Digest,
}

impl PinnedImage {
    /// The same as a reference.
    pub fn named(&self) -> ImageRef {
        ImageRef { repository: self.repository.clone(), tag: None, digest: Some(self.digest.clone()) }
    }

    /// The digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}

impl fmt::Display for PinnedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:9bc365f2514351337f5a124f26bf21920fd03bb21c634fa94756d22a893a7cd5";

    #[test]
    fn references_come_apart_and_together() {
        for text in [
            "gcr.io/p/app".to_owned(),
            "us-central1-docker.pkg.dev/p/repo/app:v1.2".to_owned(),
            format!("gcr.io/p/app@{DIGEST}"),
            format!("localhost:5000/app:x@{DIGEST}"),
        ] {
            let image = ImageRef::parse(&text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(image.to_string(), text);
        }
    }

    #[test]
    fn wrong_references_say_why() {
        for (text, says) in [
            ("nginx", "host"),
            ("library/nginx", "host"),
            ("gcr.io/p/App", "lowercase"),
            ("gcr.io/p/app@sha256:12", "64"),
            ("gcr.io/p/app:", "image tag"),
            ("gcr.io//app", "lowercase"),
            ("gcr.io/p/a b", "lowercase"),
        ] {
            let why = ImageRef::parse(text).expect_err(text);
            assert!(why.contains(says), "{text}: {why}");
        }
    }

    #[test]
    fn a_repository_takes_no_tag() {
        assert!(ImageRepository::parse("gcr.io/p/app:latest").is_err());
        let repository = ImageRepository::parse("gcr.io/p/app").expect("a repository");
        assert_eq!(repository.host(), "gcr.io");
        let digest = Digest::parse(DIGEST).expect("a digest");
        assert_eq!(repository.pinned(&digest).to_string(), format!("gcr.io/p/app@{DIGEST}"));
        assert_eq!(digest.short(), "sha256:9bc365f25143");
    }
}
