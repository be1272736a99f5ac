//! The growing log of a build: bytes in, whole lines out, and the last ones kept for a failure.

use std::collections::VecDeque;

use bytes::Bytes;

/// Lines kept to explain a failure with.
const KEPT: usize = 200;

/// A line without an end is cut here: the memory is ours, the line is somebody else's.
const LONGEST_LINE: usize = 64 << 10;

/// What has been read of a log.
#[derive(Debug, Default)]
pub(crate) struct LogView {
    offset: u64,
    partial: Vec<u8>,
    last: VecDeque<String>,
    ended: bool,
}

impl LogView {
    /// How many bytes have been read.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the log says that the build is over. A hint to look, never the verdict.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// The last lines.
    pub(super) fn last(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.last.iter().map(String::as_str)
    }

    /// Takes more bytes and gives back the lines they complete. A read may end inside a character.
    pub(super) fn feed(&mut self, bytes: &Bytes) -> Vec<String> {
        self.offset += bytes.len() as u64;
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(bytes);
        let (mut rest, mut lines) = (whole.as_slice(), Vec::new());
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, behind) = rest.split_at(end + 1);
            lines.push(self.keep(line));
            rest = behind;
        }
        if rest.len() > LONGEST_LINE {
            lines.push(self.keep(rest));
            rest = &[];
        }
        self.partial = rest.to_vec();
        lines
    }

    /// The line that was begun and never ended.
    pub(super) fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.partial);
        (!rest.is_empty()).then(|| self.keep(&rest))
    }

    fn keep(&mut self, line: &[u8]) -> String {
        let line = String::from_utf8_lossy(line).trim_end_matches(['\n', '\r']).to_owned();
        // Cloud Build's own last lines.
        self.ended |= line == "DONE"
            || line == "ERROR"
            || line.starts_with("ERROR: ")
            || line == "TIMEOUT"
            || line == "CANCELLED";
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line.clone());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(view: &mut LogView, text: &[u8]) -> Vec<String> {
        view.feed(&Bytes::copy_from_slice(text))
    }

    #[test]
    fn a_read_may_end_anywhere() {
        let mut view = LogView::default();
        assert_eq!(feed(&mut view, b"one\ntw"), ["one"]);
        assert_eq!(feed(&mut view, "o é".as_bytes().split_at(3).0), [""; 0]);
        assert_eq!(feed(&mut view, &"é".as_bytes()[1..]), [""; 0]);
        assert_eq!(feed(&mut view, b"\r\nDONE\nrest"), ["two é", "DONE"]);
        assert!(view.ended());
        assert_eq!(view.finish().as_deref(), Some("rest"));
        assert_eq!(view.offset(), 21);
    }

    #[test]
    fn a_piece_of_many_lines_is_walked_once() {
        // A walk for each line would copy a hundred gigabytes.
        assert_eq!(feed(&mut LogView::default(), &b"line\n".repeat(200_000)).len(), 200_000);
    }

    #[test]
    fn the_last_lines_are_kept_and_no_more() {
        let mut view = LogView::default();
        for number in 0..500 {
            feed(&mut view, format!("{number}\n").as_bytes());
        }
        assert_eq!(view.last().count(), KEPT);
        assert_eq!(view.last().next_back(), Some("499"));
        assert_eq!(feed(&mut view, &vec![b'x'; LONGEST_LINE + 1]).len(), 1);
    }
}
