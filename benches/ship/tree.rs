//! The tree that is packed: 5,000 files, 200 MB, half of them noise, half like source code.

use std::io::Write;
use std::path::Path;

const FILES: usize = 5_000;
const TOTAL: usize = 200_000_000;

/// Makes the tree; the same on every machine. Gives back what it is, in words.
pub(crate) fn generate(directory: &Path) -> std::io::Result<String> {
    let mut random = Random(20_261_122);
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

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap_or(0)
    }

    fn bytes(&mut self, size: usize) -> Vec<u8> {
        (0..size.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(size).collect()
    }

    fn word(&mut self) -> String {
        (0..2 + self.below(9)).map(|_| char::from(b"etaoinshrdlucmfwypvbgkqjxz"[self.below(26)])).collect()
    }

    /// Lines that look like code: few shapes, some names of the file's own, some from everywhere.
    fn source(&mut self, words: &[String], size: usize) -> Vec<u8> {
        let own: Vec<&String> = (0..60).map(|_| &words[self.below(words.len())]).collect();
        let mut text = String::new();
        while text.len() < size {
            let (a, b) = (own[self.below(60)], own[self.below(60)]);
            let (c, d, n) = (&words[self.below(words.len())], &words[self.below(words.len())], self.below(10_000));
            text += &match self.below(8) {
                0 => format!("  const {a} = await {b}.{c}({{ id: {n}, {d} }});\n"),
                1 => format!("  if ({a}.{b} === {n}) {{\n    throw new Error('{c} {d}');\n  }}\n"),
                2 => format!("// The {c} of {a} is {d} unless {b} has {n}.\n"),
                3 => format!("import {{ {a}, {c} }} from './{b}/{d}.js';\n"),
                4 => format!("        \"{c}\": {{ \"{a}\": \"{d}\", \"version\": \"{n}.0\" }},\n"),
                5 => format!("export function {a}_{c}({b}, {d}) {{\n"),
                6 => format!("  return {a}.{c}({b} + {n});\n}}\n\n"),
                _ => format!("  this.{a}.{d}.push({b}, {c});\n"),
            };
        }
        text.truncate(size);
        text.into_bytes()
    }
}
