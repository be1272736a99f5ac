//! How much of an answer is read: whoever answers may send any amount.

use bytes::Bytes;

/// A body that is read piece by piece, up to a size.
#[derive(Debug)]
pub struct Bounded {
    largest: usize,
    read: Vec<u8>,
}

impl Bounded {
    /// For a body of at most so many bytes.
    pub fn new(largest: usize) -> Self {
        Self { largest, read: Vec::new() }
    }

    /// Takes the next piece, as much of it as there is room for; false when that was not all of it.
    pub fn take(&mut self, piece: &[u8]) -> bool {
        let room = self.largest.saturating_sub(self.read.len());
        self.read.extend(piece.iter().take(room));
        piece.len() <= room
    }

    /// What was read.
    pub fn into_bytes(self) -> Bytes {
        self.read.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_the_limit_is_not_kept() {
        let mut body = Bounded::new(5);
        assert!(body.take(b"abc") && body.take(b"de"));
        assert!(body.take(b""));
        assert!(!body.take(b"f"));
        assert_eq!(body.into_bytes(), "abcde");
        let mut body = Bounded::new(5);
        assert!(!body.take(b"abcdefg"));
        assert_eq!(body.into_bytes(), "abcde");
    }
}
