//! One target for each body: the binary's name says which.
#![no_main]

mod bodies;

use std::sync::LazyLock;

static BODY: LazyLock<bodies::Body> = LazyLock::new(|| {
    let name = env!("CARGO_BIN_NAME");
    bodies::BODIES.iter().find(|(body, _)| *body == name).map(|(_, body)| *body).expect("a body of the target's name")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (*BODY)(data));
