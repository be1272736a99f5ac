//! Recognising a Google credential by its content, in plain JSON, quoted inside other text, as UTF-16, or in base64.
//!
//! Every file goes through here, so nearly all must be dismissed by [`has_marker`], which looks at every fifth byte or
//! so. Only a string as the value counts as a key: code that takes it from the environment, as in
//! `"private_key": os.environ["KEY"]`, is code. What is encrypted, compressed or encoded twice is not found.

use super::secrets::Secret;

/// How much of a file is looked at. Key files have 2 to 4 KiB; this leaves room for them inside other text.
pub(super) const WINDOW: usize = 64 * 1024;

/// What cannot be missing from a credential: words of the plain formats, and the three that every key or every person's
/// file repeats, in base64 at each of the three offsets they can have there.
const MARKERS: [&[u8]; 12] = [
    b"private_key",
    b"authorized_user",
    b"external_account",
    b"cHJpdmF0ZV9rZX",
    b"ByaXZhdGVfa2V5",
    b"wcml2YXRlX2tle",
    b"UFJJVkFURSBLRV",
    b"BSSVZBVEUgS0VZ",
    b"QUklWQVRFIEtFW",
    b"cmVmcmVzaF90b2tlb",
    b"JlZnJlc2hfdG9rZW",
    b"yZWZyZXNoX3Rva2Vu",
];

/// The bytes of each marker that take part in the search: the length of the shortest.
const COMPARED: usize = 11;

/// How far the search may jump where a window of [`COMPARED`] bytes ends in a given byte; nought may be a marker.
const JUMPS: [u8; 256] = jumps();

/// The credential in the beginning of a file.
pub(super) fn find(content: &[u8]) -> Option<Secret> {
    let window = &content[..content.len().min(WINDOW)];
    if !is_utf16(window) && !has_marker(window) {
        return None;
    }
    let text = squeeze(window);
    judge(&text).or_else(|| base64_runs(&text).find_map(judge_base64))
}

/// Whether this may be two-byte text, as PowerShell's `>` writes it.
fn is_utf16(window: &[u8]) -> bool {
    matches!(window, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..])
}

const fn jumps() -> [u8; 256] {
    let mut jumps = [COMPARED as u8; 256];
    let mut marker = 0;
    while marker < MARKERS.len() {
        let mut index = 0;
        while index < COMPARED {
            let byte = MARKERS[marker][index] as usize;
            let jump = (COMPARED - 1 - index) as u8;
            if jump < jumps[byte] {
                jumps[byte] = jump;
            }
            index += 1;
        }
        marker += 1;
    }
    jumps
}

/// Horspool's search for all markers at once.
fn has_marker(text: &[u8]) -> bool {
    let mut last = COMPARED - 1;
    while let Some(&byte) = text.get(last) {
        let jump = usize::from(JUMPS[usize::from(byte)]);
        if jump == 0 && MARKERS.iter().any(|marker| text[last + 1 - COMPARED..].starts_with(marker)) {
            return true;
        }
        last += jump.max(1);
    }
    false
}

/// The text without blanks, backslashes and NULs: so pretty-printed, escaped and two-byte JSON all read alike, and
/// base64 has no line ends.
fn squeeze(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t'..=b'\r' | b'\\' | 0)).collect()
}

/// Files of people: of Google's own accounts, and of others'.
const PEOPLE: [&[u8]; 2] = [b"\"type\":\"authorized_user\"", b"\"type\":\"external_account_authorized_user\""];

/// The credential in squeezed text.
fn judge(text: &[u8]) -> Option<Secret> {
    let has = |needle: &[u8]| text.windows(needle.len()).any(|window| window == needle);
    if has(b"\"private_key\":\"") && (has_private_key(text) || has(b"\"type\":\"service_account\"")) {
        Some(Secret::ServiceAccountKey)
    } else if PEOPLE.iter().any(|kind| has(kind)) && has(b"\"refresh_token\":\"") {
        Some(Secret::UserCredentials)
    } else if has(b"\"type\":\"external_account\"") && has(b"\"Authorization\":\"Bearer") {
        Some(Secret::FederationToken)
    } else {
        None
    }
}

/// Whether squeezed text holds a line such as `-----BEGIN RSA PRIVATE KEY-----`.
fn has_private_key(text: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN";
    text.windows(BEGIN.len()).enumerate().any(|(at, window)| {
        let label = &text[at + BEGIN.len()..];
        let length = label.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        window == BEGIN && label[..length].ends_with(b"PRIVATEKEY") && label[length..].starts_with(b"-----")
    })
}

/// The stretches of base64 characters that hold a marker.
fn base64_runs(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| sextet(byte).is_none()).filter(|run| has_marker(run))
}

/// Text squeezed together may put other characters before the base64, so all four beginnings are tried.
fn judge_base64(run: &[u8]) -> Option<Secret> {
    (0..4).find_map(|skip| judge(&squeeze(&decode(run.get(skip..)?))))
}

fn decode(run: &[u8]) -> Vec<u8> {
    run.chunks(4)
        .flat_map(|group| {
            // The last group may be shorter, and then stands for fewer bytes.
            let bits = group.iter().fold(0_u32, |bits, &byte| bits << 6 | sextet(byte).unwrap_or(0));
            let [_, bytes @ ..] = (bits << (6 * (4 - group.len()))).to_be_bytes();
            bytes.into_iter().take(group.len() * 6 / 8)
        })
        .collect()
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----\\n";

    fn key() -> String {
        format!(
            "{{\n  \"type\": \"service_account\",\n  \"private_key_id\": \"0\",\n  \"private_key\": \"{PEM}\"\n}}\n"
        )
    }

    fn found(content: impl AsRef<[u8]>) -> Option<Secret> {
        find(content.as_ref())
    }

    #[test]
    fn keys_in_their_usual_forms() {
        let key = key();
        for content in [
            key.clone(),
            key.replace([' ', '\n'], ""),
            key.replace('\n', "\r\n"),
            key.replace("service_account", "other"),
            key.replace("BEGIN PRIVATE", "BEGIN RSA PRIVATE"),
            key.replace(PEM, "MIIEvQ"),
            format!("KEY={key:?}"),
            format!("KEY={:?}", format!("{key:?}")),
            format!("{}{key}", "x".repeat(60_000)),
        ] {
            assert_eq!(found(&content), Some(Secret::ServiceAccountKey), "{content}");
        }
    }

    #[test]
    fn keys_as_two_byte_text() {
        let units: Vec<u16> = key().encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let marked: Vec<u8> = [0xff, 0xfe].into_iter().chain(little.clone()).collect();
        for content in [little, big, marked] {
            assert_eq!(found(content), Some(Secret::ServiceAccountKey));
        }
    }

    /// `base64` of `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\n"}`.
    const ENCODED: &str = "eyJ0eXBlIjoic2VydmljZV9hY2NvdW50IiwicHJpdmF0ZV9rZXkiOiItLS0tLUJFR0lOIFBSSVZB\n\
                           VEUgS0VZLS0tLS1cbiJ9\n";

    #[test]
    fn keys_in_base64() {
        for content in [
            ENCODED.to_owned(),
            format!("KEY={ENCODED}"),
            format!("data:\n  key.json: |\n    {}", ENCODED.replace('\n', "\n    ")),
            format!("some words {ENCODED}"),
            format!("{{\"key\":\"{}\"}}", ENCODED.replace('\n', "\\n").replace("\\n", "")),
        ] {
            assert_eq!(found(&content), Some(Secret::ServiceAccountKey), "{content}");
        }
    }

    #[test]
    fn credentials_of_other_kinds() {
        let user = r#"{ "refresh_token": "1//0a", "type": "authorized_user" }"#;
        assert_eq!(found(user), Some(Secret::UserCredentials));
        assert_eq!(found(user.replace("authorized", "external_account_authorized")), Some(Secret::UserCredentials));
        let acting = format!(r#"{{"type": "impersonated_service_account", "source_credentials": {user}}}"#);
        assert_eq!(found(acting), Some(Secret::UserCredentials));
        // `base64` of `{"refresh_token":"1//0a","type":"authorized_user"}`, at each offset.
        for (before, encoded) in [
            ("", "eyJyZWZyZXNoX3Rva2VuIjoiMS8vMGEiLCJ0eXBlIjoiYXV0aG9yaXplZF91c2VyIn0="),
            ("ADC: ", "IHsicmVmcmVzaF90b2tlbiI6IjEvLzBhIiwidHlwZSI6ImF1dGhvcml6ZWRfdXNlciJ9"),
            ("- ", "ICB7InJlZnJlc2hfdG9rZW4iOiIxLy8wYSIsInR5cGUiOiJhdXRob3JpemVkX3VzZXIifQ=="),
        ] {
            assert_eq!(found(format!("{before}{encoded}")), Some(Secret::UserCredentials), "{encoded}");
        }
        let federation = r#"{"type": "external_account", "credential_source": {"url": "https://x",
            "headers": {"Authorization": "Bearer eyJ0"}}}"#;
        assert_eq!(found(federation), Some(Secret::FederationToken));
        assert_eq!(found(federation.replace("Authorization", "X")), None, "without a token it is no secret");
    }

    #[test]
    fn code_about_keys_is_no_key() {
        for content in [
            "",
            "private_key",
            "type jwt struct {\n\tType string `json:\"type\"`\n\tPrivateKey string `json:\"private_key\"`\n}\n\
             const serviceAccount = \"service_account\" // -----BEGIN PRIVATE KEY-----",
            "CERT = {\"type\": \"service_account\", \"private_key\": os.environ[\"PRIVATE_KEY\"]}",
            "cert({ type: 'service_account', private_key: process.env.KEY })",
            "interface Key { type: \"service_account\"; private_key: string }",
            "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n",
            "{\"type\": \"authorized_user\"}",
            "cHJpdmF0ZV9rZXkgaXMganVzdCBhIHdvcmQ=",
        ] {
            assert_eq!(found(content), None, "{content}");
        }
    }

    #[test]
    fn markers_are_found_wherever_they_stand() {
        // The filling is made of the markers' own letters, so that every jump is put to the test.
        let letters: Vec<u8> = MARKERS.concat().into_iter().rev().collect();
        for marker in MARKERS {
            for start in 0..60 {
                let text = [&letters[start..start + start % 17], marker, &letters[..start % 13]].concat();
                assert!(has_marker(&text), "{:?}", String::from_utf8_lossy(&text));
                assert!(!has_marker(&text[..start % 17 + COMPARED - 1]), "{:?}", String::from_utf8_lossy(&text));
            }
        }
    }

    #[test]
    fn only_the_beginning_is_searched() {
        assert_eq!(found(format!("{}{}", " ".repeat(WINDOW), key())), None);
    }
}
