//! Names of Google Cloud things: parsed once, with the rule they broke when they do not parse.

use std::fmt;

use super::shown::QuotedText;

/// Why a text is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not a {kind}: {rule}", QuotedText(given))]
pub struct IdError {
    given: String,
    kind: &'static str,
    rule: &'static str,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Parses a ", $kind, ".\n\n# Errors\nThe rule the text breaks.")]
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { given: text.to_owned(), kind: $kind, rule: $rule })
                }
            }

            /// The name as Google writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// A project id (not its number, not its display name).
    ProjectId, "project id",
    "6 to 30 lowercase letters, digits and dashes, starting with a letter (a domain prefix such as `example.com:` is allowed)",
    |text| {
        let id = text.rsplit_once(':').map_or(text, |(_, id)| id);
        (6..=30).contains(&id.len()) && starts_with_letter(id) && !id.ends_with('-') && dashed(id)
    }
);

identifier!(
    /// A region such as `us-central1`; also a build location, where `global` is allowed.
    Region, "region",
    "lowercase letters, digits and dashes, such as `us-central1`",
    |text| text.len() <= 40 && starts_with_letter(text) && !text.ends_with('-') && dashed(text)
);

identifier!(
    /// A Cloud Run service.
    ServiceName, "service name",
    "1 to 49 lowercase letters, digits and dashes, starting with a letter and not ending with a dash",
    |text| text.len() <= 49 && starts_with_letter(text) && !text.ends_with('-') && dashed(text)
);

identifier!(
    /// A Cloud Run job.
    JobName, "job name",
    "1 to 63 lowercase letters, digits and dashes, starting with a letter and not ending with a dash",
    |text| text.len() <= 63 && starts_with_letter(text) && !text.ends_with('-') && dashed(text)
);

identifier!(
    /// A revision of a Cloud Run service.
    RevisionName, "revision name",
    "1 to 63 lowercase letters, digits and dashes, starting with a letter and not ending with a dash",
    |text| text.len() <= 63 && starts_with_letter(text) && !text.ends_with('-') && dashed(text)
);

identifier!(
    /// A container or a volume: a label of DNS (`run.v2`, Container.name, Volume.name).
    DnsLabel, "name",
    "1 to 63 lowercase letters, digits and dashes, starting with a letter and not ending with a dash",
    |text| text.len() <= 63 && starts_with_letter(text) && !text.ends_with('-') && dashed(text)
);

identifier!(
    /// A build of Cloud Build.
    BuildId, "build id",
    "letters, digits and dashes, such as `0f9a2b6c-1d3e-4f5a-8b7c-6d5e4f3a2b1c`",
    |text| !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
);

identifier!(
    /// A Firebase Hosting site.
    SiteId, "site id",
    "lowercase letters, digits and dashes, at most 63, not beginning or ending with a dash",
    |text| !text.is_empty() && text.len() <= 63 && dashed(text) && !text.starts_with('-') && !text.ends_with('-')
);

identifier!(
    /// A Cloud Storage bucket.
    BucketName, "bucket name",
    "3 to 63 lowercase letters, digits, dashes, underscores and dots, without `goog` at the start or `google` in it",
    |text| {
        (3..=63).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
            && !text.starts_with("goog")
            && !text.contains("google")
    }
);

identifier!(
    /// A service account, by its e-mail address.
    AccountEmail, "service account",
    "an address such as `name@project.iam.gserviceaccount.com`",
    |text| {
        text.len() <= 254
            && text.split_once('@').is_some_and(|(name, domain)| {
                !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
                    && domain.contains('.')
                    && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
            })
    }
);

impl AccountEmail {
    /// The project in the address, for accounts that people make.
    pub fn project(&self) -> Option<&str> {
        self.0.split_once('@').and_then(|(_, domain)| domain.strip_suffix(".iam.gserviceaccount.com"))
    }
}

fn starts_with_letter(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
}

fn dashed(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_googles_rules() {
        assert!(ProjectId::parse("harbour-dev").is_ok());
        assert!(ProjectId::parse("example.com:my-proj").is_ok());
        assert!(ProjectId::parse("Proj").is_err());
        assert!(ProjectId::parse("123456789012").is_err());
        assert!(ServiceName::parse("a").is_ok());
        assert!(ServiceName::parse("a-").is_err());
        assert!(ServiceName::parse(&"a".repeat(50)).is_err());
        assert!(BucketName::parse("harbour-dev-slipway-us-central1").is_ok());
        assert!(BucketName::parse("my-google-bucket").is_err());
        assert!(AccountEmail::parse("a@b.iam.gserviceaccount.com").is_ok());
        assert!(AccountEmail::parse("a b@c.d").is_err());
    }

    #[test]
    fn an_error_names_what_was_given_and_the_rule() {
        let error = Region::parse("US Central").expect_err("has a space").to_string();
        assert!(error.starts_with("`US Central` is not a region: lowercase"), "{error}");
    }
}
