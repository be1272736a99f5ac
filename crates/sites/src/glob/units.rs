//! Text as the matcher of firebase-tools sees it: UTF-16 code units, of which `?` takes one.

/// A UTF-16 code unit; above them, code points (in parts with a Unicode class) and the marks of `braces`.
pub(super) type Unit = u32;

/// The units of a text.
pub(super) fn units(text: &str) -> Vec<Unit> {
    text.encode_utf16().map(Unit::from).collect()
}

/// The text of units; what is no text becomes U+FFFD and matches nothing that a name can hold.
pub(super) fn text(units: &[Unit]) -> String {
    let units: Vec<u16> = units.iter().map(|&unit| u16::try_from(unit).unwrap_or(0xd800)).collect();
    String::from_utf16_lossy(&units)
}

/// The units as code points: two halves that stand together are one.
pub(super) fn code_points(units: &[Unit]) -> Vec<Unit> {
    let mut points = Vec::with_capacity(units.len());
    for &unit in units {
        match points.last_mut() {
            Some(last @ 0xd800..0xdc00) if (0xdc00..0xe000).contains(&unit) => {
                *last = 0x10000 + ((*last - 0xd800) << 10) + (unit - 0xdc00);
            }
            _ => points.push(unit),
        }
    }
    points
}

/// The unit of an ASCII character.
pub(super) const fn ascii(character: u8) -> Unit {
    character as Unit
}
