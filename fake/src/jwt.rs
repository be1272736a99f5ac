//! JSON web tokens: taken apart without trust, and made.

use crate::keys;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A token's parts, its signature not yet verified.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The header.
    pub(crate) header: Value,
    /// The claims.
    pub(crate) claims: Value,
    signed: String,
    signature: Vec<u8>,
}

/// Takes a token apart; base64url with and without padding is read.
pub(crate) fn read(token: &str) -> Option<Parts> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok();
    let json = |part: &str| serde_json::from_slice(&bytes(part)?).ok();
    Some(Parts {
        header: json(header)?,
        claims: json(claims)?,
        signed: signed.to_owned(),
        signature: bytes(signature)?,
    })
}

impl Parts {
    /// Whether the throwaway key signed it, by RS256.
    pub(crate) fn is_genuine(&self) -> bool {
        self.header["alg"] == "RS256" && keys::verify(self.signed.as_bytes(), &self.signature)
    }

    /// A claim that is a string.
    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims[claim].as_str()
    }

    /// A claim that is a number of seconds.
    pub(crate) fn seconds(&self, claim: &str) -> Option<i64> {
        self.claims[claim].as_i64().or_else(|| self.claims[claim].as_f64().map(|seconds| seconds as i64))
    }
}

/// A signed token with these claims.
pub(crate) fn make(claims: &Value) -> String {
    let header = json!({"alg": "RS256", "kid": "fake", "typ": "JWT"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(keys::sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_tokens_are_genuine_and_changed_ones_are_not() {
        let token = make(&json!({"aud": "x", "exp": 5.0}));
        let parts = read(&token).expect("three parts");
        assert!(parts.is_genuine());
        assert_eq!((parts.text("aud"), parts.seconds("exp")), (Some("x"), Some(5)));
        let other = token.replacen('.', ".e", 1);
        assert!(read(&other).is_none_or(|parts| !parts.is_genuine()));
    }
}
