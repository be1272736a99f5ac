//! Contents that are there as a whole, as members of a gzip file.
//!
//! The headers hold neither name nor time nor system (RFC 1952, section 2.3), so equal contents give equal bytes, on every
//! machine and whatever was compressed before.

use libdeflater::{CompressionLvl, Compressor};

/// Compresses contents, one after the other.
pub struct Deflate(Compressor);

impl Deflate {
    /// A compressor of one of libdeflate's levels, whose scale is its own: 0 (only stored) to 12.
    pub fn new(level: i32) -> Self {
        Self(Compressor::new(CompressionLvl::new(level).expect("libdeflate has levels 0 to 12")))
    }

    /// Writes the member of a content into `into` from `at` on, which is made longer where it has to be, and returns where it
    /// ends. What stands behind that end means nothing.
    pub fn member(&mut self, content: &[u8], into: &mut Vec<u8>, at: usize) -> usize {
        let bound = at + self.0.gzip_compress_bound(content.len());
        if into.len() < bound {
            into.resize(bound, 0);
        }
        at + self.0.gzip_compress(content, &mut into[at..]).expect("the bound suffices")
    }
}
