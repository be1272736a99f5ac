//! The one RSA key of the fake: it stands for every service account's key and for Google's own.
//!
//! `throwaway.pk8` was generated for this purpose and opens nothing anywhere. Key files in PEM
//! are made of it at run time, so that nothing in the repository looks like a credential.

use crate::world::Account;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::json;
use std::sync::OnceLock;

const PKCS8: &[u8] = include_bytes!("throwaway.pk8");

fn pair() -> &'static RsaKeyPair {
    static PAIR: OnceLock<RsaKeyPair> = OnceLock::new();
    PAIR.get_or_init(|| {
        RsaKeyPair::from_pkcs8(PKCS8).unwrap_or_else(|trouble| panic!("throwaway.pk8 is not an RSA key: {trouble}"))
    })
}

/// RS256 over the message.
pub(crate) fn sign(message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; pair().public().modulus_len()];
    let signed = pair().sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
    signed.unwrap_or_else(|trouble| panic!("the throwaway key cannot sign: {trouble}"));
    signature
}

/// Whether this is our RS256 signature over the message.
pub(crate) fn verify(message: &[u8], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair().public_key().as_ref());
    key.verify(message, signature).is_ok()
}

/// A key file as the console hands it out.
pub(crate) fn key_file(email: &str, key_id: &str, account: Option<&Account>, token_uri: &str) -> String {
    let project = account.map_or("unknown", |account| account.project.as_str());
    let client_id = account.map_or("0", |account| account.unique_id.as_str());
    let file = json!({
        "type": "service_account",
        "project_id": project,
        "private_key_id": key_id,
        "private_key": pem(),
        "client_email": email,
        "client_id": client_id,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_uri,
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": format!("https://www.googleapis.com/robot/v1/metadata/x509/{}", crate::uri::encode(email)),
        "universe_domain": "googleapis.com"
    });
    format!("{file:#}\n")
}

fn pem() -> String {
    let label = "PRIVATE KEY";
    let text = STANDARD.encode(PKCS8);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        lines.push(line.to_owned());
        rest = after;
    }
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_verified_and_nothing_else() {
        let signature = sign(b"message");
        assert!(verify(b"message", &signature));
        assert!(!verify(b"messagE", &signature));
    }
}
