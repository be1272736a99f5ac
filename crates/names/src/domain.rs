//! A domain of the user's, and what its DNS must hold.

use std::fmt;

/// A domain name in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// A name of two labels or more, as DNS writes them.
    ///
    /// # Errors
    /// The rule, when the text does not keep it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const RULE: &str = "write a domain such as `www.example.com`, without `https://` or a path";
        let name = text.to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let fits = name.len() <= 253 && name.contains('.') && name.split('.').all(label);
        if fits { Ok(Self(name)) } else { Err(RULE) }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A record that must stand in the domain's DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// The host, relative to the zone; empty for the zone itself.
    pub name: String,
    /// `A`, `AAAA` or `CNAME`.
    pub kind: String,
    /// Its data.
    pub data: String,
}

impl fmt::Display for DnsRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "@" } else { &self.name };
        write!(f, "{name} {} {}", self.kind, self.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_bare_name() {
        assert_eq!(Domain::parse("WWW.Example.com").expect("a domain").as_str(), "www.example.com");
        for wrong in ["", "localhost", "https://example.com", "example.com/x", "-a.com", "a..com", "a_b.com"] {
            assert!(Domain::parse(wrong).is_err(), "{wrong}");
        }
    }
}
