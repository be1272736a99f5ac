//! A file with the run's own token: where it may lie, and how it is read.

use std::path::{Path, PathBuf};

use super::place::{PlaceError, Places};
use super::secret::Secret;

/// Tokens are kilobytes; what is larger is something else.
const LARGEST: u64 = 64 << 10;

/// A file that holds a token, read anew whenever one is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFile {
    path: PathBuf,
    within: Vec<PathBuf>,
    field: Option<String>,
}

/// Why there is no token in it. No variant quotes what is in the file.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The file cannot be read, or may not be.
    #[error("it {0}")]
    Place(#[from] PlaceError),
    /// The file holds something else.
    #[error("it does not hold one token{0}")]
    NoToken(String),
}

impl TokenFile {
    /// A file at `path`, which must lie in one of the directories `within`; with a `field`, the file is JSON and
    /// the token is that field of it.
    pub fn new(path: PathBuf, within: Vec<PathBuf>, field: Option<String>) -> Self {
        Self { path, within, field }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the token. Where the file lies is looked at again each time: it may have become a link.
    ///
    /// # Errors
    /// Why there is none.
    pub fn read(&self) -> Result<Secret, TokenFileError> {
        let text = Places::within(self.within.clone()).bytes(&self.path, LARGEST)?;
        let none = || match &self.field {
            Some(field) => TokenFileError::NoToken(format!(" in the field `{field}` of a JSON object")),
            None => TokenFileError::NoToken(String::new()),
        };
        let token = match &self.field {
            None => String::from_utf8(text).map_err(|_| none())?,
            Some(field) => {
                let json: serde_json::Value = serde_json::from_slice(&text).map_err(|_| none())?;
                json.get(field).and_then(serde_json::Value::as_str).ok_or_else(none)?.to_owned()
            }
        };
        Secret::new(&token).filter(|token| is_signed(token.expose())).ok_or_else(none)
    }
}

/// Whether a text looks like a JSON web token: what does not is never sent, because it may be anything.
fn is_signed(text: &str) -> bool {
    let base64 = |b: u8| b.is_ascii_alphanumeric() || b"-_=".contains(&b);
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(base64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: PathBuf, root: &Path, field: Option<&str>) -> Result<String, TokenFileError> {
        let file = TokenFile::new(path, vec![root.to_owned()], field.map(str::to_owned));
        file.read().map(|token| token.expose().to_owned())
    }

    #[test]
    fn a_token_is_the_text_or_a_field_of_it() {
        let root = tempfile::tempdir().expect("a directory");
        let plain = root.path().join("plain");
        std::fs::write(&plain, "eyJ.a.b\n").expect("written");
        assert_eq!(read(plain.clone(), root.path(), None).expect("a token"), "eyJ.a.b");
        std::fs::write(&plain, r#"{"token": "eyJ.a.b"}"#).expect("written");
        assert_eq!(read(plain.clone(), root.path(), Some("token")).expect("a token"), "eyJ.a.b");
        assert!(matches!(read(plain.clone(), root.path(), Some("value")), Err(TokenFileError::NoToken(_))));
        for text in ["{}", "hunter2", "a.b", "a..c", "print('hello')"] {
            std::fs::write(&plain, text).expect("written");
            assert!(matches!(read(plain.clone(), root.path(), None), Err(TokenFileError::NoToken(_))), "{text}");
        }
    }

    #[test]
    fn what_lies_elsewhere_or_is_no_file_is_not_read() {
        let (root, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        let outside = other.path().join("token");
        std::fs::write(&outside, "eyJ.a.b").expect("written");
        assert!(matches!(read(outside.clone(), root.path(), None), Err(TokenFileError::Place(PlaceError::Outside))));
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&outside, &link).expect("a link");
        assert!(matches!(read(link, root.path(), None), Err(TokenFileError::Place(PlaceError::Outside))));
        assert!(matches!(
            read(root.path().to_owned(), root.path(), None),
            Err(TokenFileError::Place(PlaceError::NoFile))
        ));
        let large = root.path().join("large");
        std::fs::write(&large, "x".repeat(70_000)).expect("written");
        assert!(matches!(read(large, root.path(), None), Err(TokenFileError::Place(PlaceError::Large(_)))));
        assert!(matches!(
            read(root.path().join("none"), root.path(), None),
            Err(TokenFileError::Place(PlaceError::Missing))
        ));
    }
}
