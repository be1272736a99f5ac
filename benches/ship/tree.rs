//! The tree that is packed: 5,000 files, 200 MB, half of them noise, half like source code.

use std::io::Write;
use std::path::Path;

use crate::random::Random;

const FILES: usize = 5_000;
const TOTAL: usize = 200_000_000;

/// Makes the tree; the same on every machine. Gives back what it is, in words.
pub(crate) fn generate(directory: &Path) -> std::io::Result<String> {
    let mut random = Random::new(20_261_122);
    let words: Vec<String> = (0..4_000).map(|_| random.word()).collect();
    let mut bytes = 0;
    for index in 0..FILES {
        let below = directory.join(format!("d{:02}/s{}", index % 50, index % 7));
        std::fs::create_dir_all(&below)?;
        let size = TOTAL / FILES / 2 + random.below(TOTAL / FILES);
        let (name, content) = if index % 2 == 0 {
            (format!("f{index:05}.bin"), random.bytes(size))
        } else {
            (format!("f{index:05}.js"), random.source(&words, size))
        };
        bytes += content.len();
        std::fs::File::create(below.join(name))?.write_all(&content)?;
    }
    Ok(format!("{FILES} files, {bytes} bytes, half of them noise"))
}
