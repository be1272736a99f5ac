//! The new value: as it was given, or made of chance, every character as likely as every other.

use ring::rand::{SecureRandom, SystemRandom};

use crate::commands::rotate_secret::inputs::NewValue;
use slipway_failure::{Class, Failure};
use slipway_names::secret::Secret;

/// Random bytes that are asked for at a time.
const AT_A_TIME: usize = 64;

/// The value of the new version.
pub(super) fn of(wish: &NewValue) -> Result<Secret, Failure> {
    let (length, alphabet) = match wish {
        NewValue::Given(value) => return Ok(value.clone()),
        NewValue::Generated { length, alphabet } => (*length, alphabet),
    };
    let system = SystemRandom::new();
    let text = characters(length, alphabet, |bytes| system.fill(bytes).is_ok());
    let text = text.and_then(|text| Secret::new(&text));
    // Where there is no chance to be had, nothing stands in for it.
    text.ok_or_else(|| Failure::plain(Class::Infrastructure, "This machine gives no random numbers"))
}

/// `length` characters of `alphabet`, which is ASCII. A byte that would make some characters likelier is dropped.
fn characters(length: usize, alphabet: &[u8], mut fill: impl FnMut(&mut [u8]) -> bool) -> Option<String> {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    let mut bytes = [0_u8; AT_A_TIME];
    while text.len() < length {
        if !fill(&mut bytes) {
            return None;
        }
        let kept = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        text.extend(kept.map(|byte| char::from(alphabet[byte % alphabet.len()])).take(length - text.len()));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_as_likely_as_every_other() {
        for size in [2_usize, 10, 62, 94, 128] {
            let alphabet: Vec<u8> = (0..size).map(|byte| u8::try_from(byte).expect("ASCII")).collect();
            // Every byte there is, as often as every other, must give every character as often as every other.
            let mut next = 0_u8;
            let fair = 256 - 256 % size;
            let text = characters(fair * 4, &alphabet, |bytes| {
                for byte in bytes {
                    *byte = next;
                    next = next.wrapping_add(1);
                }
                true
            });
            let text = text.expect("chance enough");
            for character in alphabet {
                let count = text.bytes().filter(|byte| *byte == character).count();
                assert_eq!(count, fair * 4 / size, "{character} of {size}");
            }
        }
    }

    #[test]
    fn without_chance_there_is_no_value() {
        assert_eq!(characters(8, b"ab", |_| false), None);
        let made = of(&NewValue::Generated { length: 40, alphabet: b"xy".to_vec() }).expect("a value");
        assert_eq!(made.expose().len(), 40);
    }
}
