//! Recognising a Google credential by its content, in plain JSON, quoted inside other text, as YAML or code holds it,
//! with its signs escaped, as UTF-16, or in base64; wherever in a file it stands.
//!
//! Every file goes through here, so nearly all must be dismissed by [`has_marker`], which looks at every fifth byte or
//! so. Only a text as the value counts as a key: code that takes it from the environment, as in
//! `"private_key": os.environ["KEY"]`, is code. What is encrypted, compressed or encoded twice is not found.

use super::secrets::SecretKind;

/// How much is looked at together. Key files have 2 to 4 KiB; this leaves room for them inside other text.
const WINDOW: usize = 64 * 1024;

/// How much of two windows is the same, so that a key at their border is in one of them; as two-byte text in base64 a
/// key has 12 KiB.
const OVERLAP: usize = 16 * 1024;

/// A content that is searched piece by piece.
#[derive(Debug, Default)]
pub struct KeyScan {
    found: Option<SecretKind>,
    /// The end of what was seen, to be looked at again in front of the next piece.
    seam: Vec<u8>,
}

impl KeyScan {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next piece of the content.
    pub fn piece(&mut self, piece: &[u8]) {
        if self.found.is_some() {
            return;
        }
        let head = piece.get(..OVERLAP).unwrap_or(piece);
        let joins = !self.seam.is_empty();
        self.seam.extend_from_slice(head);
        self.found = in_windows(piece).or_else(|| if joins { in_windows(&self.seam) } else { None });
        if let Some(tail) = piece.len().checked_sub(OVERLAP).and_then(|at| piece.get(at..)) {
            self.seam.clear();
            self.seam.extend_from_slice(tail);
        } else {
            self.seam.drain(..self.seam.len().saturating_sub(OVERLAP));
        }
    }

    /// The credential in what was seen so far.
    pub fn found(&self) -> Option<SecretKind> {
        self.found
    }
}

/// The credential in a piece, looked for in windows that overlap.
fn in_windows(piece: &[u8]) -> Option<SecretKind> {
    let mut rest = piece;
    loop {
        let window = rest.get(..WINDOW).unwrap_or(rest);
        if let Some(secret) = find(window) {
            return Some(secret);
        }
        if rest.len() <= WINDOW {
            return None;
        }
        rest = rest.get(WINDOW - OVERLAP..)?;
    }
}

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

/// The credential in a window.
fn find(window: &[u8]) -> Option<SecretKind> {
    // Holes of sparse files: nought comes first and all are like their neighbour, compared as memory is, not byte by byte.
    if let [0, rest @ ..] = window
        && rest == &window[..rest.len()]
    {
        return None;
    }
    if !has_marker(window) && !may_hide_marker(window) {
        return None;
    }
    let text = squeeze(window);
    if !has_marker(&text) {
        return None;
    }
    judge(&text).or_else(|| base64_runs(&text).find_map(judge_base64))
}

/// Whether a marker may be there in other bytes: two-byte text, as PowerShell's `>` writes it, or letters as escapes.
fn may_hide_marker(window: &[u8]) -> bool {
    window.contains(&0) || window.windows(4).any(|four| four == b"\\u00" || four == b"\\U00")
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

/// The text without blanks, backslashes and NULs, its escapes resolved, and one kind of quotes: so pretty-printed,
/// escaped and two-byte JSON, YAML and code all read alike, and base64 has no line ends.
fn squeeze(text: &[u8]) -> Vec<u8> {
    let mut squeezed = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match byte {
            b'\\' | b'%' | b'&' => escape(rest),
            _ => None,
        };
        let (byte, after) =
            escaped.and_then(|(byte, length)| Some((byte, rest.get(length..)?))).unwrap_or((byte, after));
        rest = after;
        match byte {
            b' ' | b'\t'..=b'\r' | b'\\' | 0 => {}
            b'\'' | b'`' => squeezed.push(b'"'),
            byte => squeezed.push(byte),
        }
    }
    squeezed
}

/// The byte that an escape of JSON, of code, of an address or of HTML stands for, and the length of the escape.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let hex = |at: usize, length: usize| {
        let digits = std::str::from_utf8(text.get(at..at + length)?).ok()?;
        let digits = Some(digits).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok().map(|byte| (byte, at + length))
    };
    match text {
        [b'\\', b'u' | b'U', ..] => hex(2, 4),
        [b'\\', b'x', ..] => hex(2, 2),
        [b'%', ..] => hex(1, 2),
        _ => [("&quot;", b'"'), ("&#34;", b'"'), ("&#39;", b'"'), ("&amp;", b'&'), ("&apos;", b'"')]
            .into_iter()
            .find(|(name, _)| text.starts_with(name.as_bytes()))
            .map(|(name, byte)| (byte, name.len())),
    }
}

/// Files of people: of Google's own accounts, and of others'.
const PEOPLE: [&[u8]; 2] = [b"\"type\":\"authorized_user\"", b"\"type\":\"external_account_authorized_user\""];

/// The same without quotes around the names.
const PEOPLE_IN_YAML: [&[u8]; 4] = [
    b"type:authorized_user",
    b"type:\"authorized_user",
    b"type:external_account_authorized_user",
    b"type:\"external_account_authorized_user",
];

/// The credential in squeezed text.
fn judge(text: &[u8]) -> Option<SecretKind> {
    let has = |needle: &[u8]| text.windows(needle.len()).any(|window| window == needle);
    let json = has(b"\"private_key\":\"") && (has_private_key(text) || has(b"\"type\":\"service_account\""));
    if json || has_key_of_an_account(text) && GOOGLES.iter().any(|word| has(word)) {
        Some(SecretKind::ServiceAccountKey)
    } else if PEOPLE.iter().any(|kind| has(kind)) && has(b"\"refresh_token\":\"")
        || PEOPLE_IN_YAML.iter().any(|kind| has(kind)) && has(b"refresh_token:")
    {
        Some(SecretKind::UserCredentials)
    } else if has(b"\"type\":\"external_account\"") && has(b"\"Authorization\":\"Bearer") {
        Some(SecretKind::FederationToken)
    } else {
        None
    }
}

/// What stands beside a key of Google's and beside no other.
const GOOGLES: [&[u8]; 3] = [b"gserviceaccount.com", b"service_account", b"client_x509_cert_url"];

/// Whether `private_key` is given a key in PEM form, in whatever spelling of a name and a text.
fn has_key_of_an_account(text: &[u8]) -> bool {
    const NAME: &[u8] = b"private_key";
    text.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME).any(|(at, _)| {
        let rest = text.get(at + NAME.len()..).unwrap_or_default();
        let signs = rest.iter().take_while(|byte| b"\"]:=>|+,(rb".contains(byte)).count().min(8);
        rest.get(signs..).is_some_and(begins_private_key)
    })
}

/// Whether squeezed text begins with a line such as `-----BEGIN RSA PRIVATE KEY-----`; the dash of `|-` may come first.
fn begins_private_key(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"------BEGIN").or_else(|| text.strip_prefix(b"-----BEGIN"));
    rest.is_some_and(|label| {
        let length = label.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        let (name, rest) = label.split_at(length);
        name.ends_with(b"PRIVATEKEY") && rest.starts_with(b"-----")
    })
}

/// Whether squeezed text holds such a line.
fn has_private_key(text: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN";
    text.windows(BEGIN.len())
        .enumerate()
        .filter(|(_, window)| *window == BEGIN)
        .any(|(at, _)| text.get(at..).is_some_and(begins_private_key))
}

/// The stretches of base64 characters that hold a marker.
fn base64_runs(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| sextet(byte).is_none()).filter(|run| has_marker(run))
}

/// Text squeezed together may put other characters before the base64, so all four beginnings are tried.
fn judge_base64(run: &[u8]) -> Option<SecretKind> {
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

    fn found(content: impl AsRef<[u8]>) -> Option<SecretKind> {
        let mut scan = KeyScan::new();
        scan.piece(content.as_ref());
        scan.found()
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
            assert_eq!(found(&content), Some(SecretKind::ServiceAccountKey), "{content}");
        }
    }

    #[test]
    fn keys_as_two_byte_text() {
        let units: Vec<u16> = key().encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let marked: Vec<u8> = [0xff, 0xfe].into_iter().chain(little.clone()).collect();
        for content in [little, big, marked] {
            assert_eq!(found(content), Some(SecretKind::ServiceAccountKey));
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
            assert_eq!(found(&content), Some(SecretKind::ServiceAccountKey), "{content}");
        }
    }

    #[test]
    fn credentials_of_other_kinds() {
        let user = r#"{ "refresh_token": "1//0a", "type": "authorized_user" }"#;
        assert_eq!(found(user), Some(SecretKind::UserCredentials));
        assert_eq!(found(user.replace("authorized", "external_account_authorized")), Some(SecretKind::UserCredentials));
        let acting = format!(r#"{{"type": "impersonated_service_account", "source_credentials": {user}}}"#);
        assert_eq!(found(acting), Some(SecretKind::UserCredentials));
        // `base64` of `{"refresh_token":"1//0a","type":"authorized_user"}`, at each offset.
        for (before, encoded) in [
            ("", "eyJyZWZyZXNoX3Rva2VuIjoiMS8vMGEiLCJ0eXBlIjoiYXV0aG9yaXplZF91c2VyIn0="),
            ("ADC: ", "IHsicmVmcmVzaF90b2tlbiI6IjEvLzBhIiwidHlwZSI6ImF1dGhvcml6ZWRfdXNlciJ9"),
            ("- ", "ICB7InJlZnJlc2hfdG9rZW4iOiIxLy8wYSIsInR5cGUiOiJhdXRob3JpemVkX3VzZXIifQ=="),
        ] {
            assert_eq!(found(format!("{before}{encoded}")), Some(SecretKind::UserCredentials), "{encoded}");
        }
        let federation = r#"{"type": "external_account", "credential_source": {"url": "https://x",
            "headers": {"Authorization": "Bearer eyJ0"}}}"#;
        assert_eq!(found(federation), Some(SecretKind::FederationToken));
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
    fn a_key_is_found_wherever_it_stands() {
        for before in [1, OVERLAP, WINDOW - 200, WINDOW - OVERLAP - 20, WINDOW, 3 * WINDOW + 7, 1 << 20] {
            let content = format!("{}{}{}", "x".repeat(before), key(), "y".repeat(before));
            assert_eq!(found(&content), Some(SecretKind::ServiceAccountKey), "{before}");
            for size in [1000, OVERLAP, 100_000, 256 * 1024] {
                let mut scan = KeyScan::new();
                content.as_bytes().chunks(size).for_each(|piece| scan.piece(piece));
                assert_eq!(scan.found(), Some(SecretKind::ServiceAccountKey), "{before} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_key_is_found_in_every_spelling() {
        let account = "deployer@shop.iam.gserviceaccount.com";
        let pem = PEM.replace("\\n", "\n    ");
        let escaped: String = key().chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        for content in [
            key().replace('"', "'"),
            key().replace('"', "&quot;"),
            key().replace('"', "%22"),
            key().replace('"', "\\x22"),
            key().replace('"', "\\u0022"),
            key().replace("private_key", "private\\u005fkey").replace("PRIVATE", "PRIV\\u0041TE"),
            escaped,
            format!("type: service_account\nclient_email: {account}\nprivate_key: |\n    {pem}"),
            format!("type: service_account\nclient_email: {account}\nprivate_key: |-\n    {pem}"),
            format!("client_email: {account}\nprivate_key: \"{PEM}\"\n"),
            format!("[google]\nclient_email = \"{account}\"\nprivate_key = \"\"\"\n{pem}\"\"\"\n"),
            format!("cert({{ client_email: '{account}', private_key: `{PEM}` }})"),
            format!("{{:client_email => '{account}', :private_key => '{PEM}'}}"),
            format!("dict(client_email='{account}', private_key=r'{PEM}')"),
        ] {
            assert_eq!(found(&content), Some(SecretKind::ServiceAccountKey), "{content}");
        }
        let person = "type: authorized_user\nclient_id: x\nrefresh_token: 1//0a\n";
        assert_eq!(found(person), Some(SecretKind::UserCredentials));
        // A key of somebody else's is the application's own business.
        assert_eq!(found(format!("github:\n  private_key: |\n    {pem}")), None);
    }
}
