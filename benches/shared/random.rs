//! Numbers, noise and text that are the same on every machine.

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    /// The numbers that belong to a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap_or(0)
    }

    /// Noise.
    pub(crate) fn bytes(&mut self, size: usize) -> Vec<u8> {
        (0..size.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(size).collect()
    }

    /// A word of two to ten letters.
    pub(crate) fn word(&mut self) -> String {
        (0..2 + self.below(9)).map(|_| char::from(b"etaoinshrdlucmfwypvbgkqjxz"[self.below(26)])).collect()
    }

    /// Lines that look like code: few shapes, some names of the file's own, some from everywhere.
    pub(crate) fn source(&mut self, words: &[String], size: usize) -> Vec<u8> {
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
