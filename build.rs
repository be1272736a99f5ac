//! How the image's binary is linked: what it never reads stays out of it.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script what it builds by the environment")]

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=small.ld");
    let is = |name: &str, value: &str| var(name).is_ok_and(|text| text == value);
    // musl is what the image is built for, and the release profile ends with a panic; other builds are for people.
    if !(is("CARGO_CFG_TARGET_ENV", "musl") && is("PROFILE", "release")) {
        return;
    }
    let root = var("CARGO_MANIFEST_DIR").unwrap_or_default();
    // One bit for each address that is moved when the program starts, in place of 24 bytes (musl reads that since 1.2.4).
    println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    // Nothing is unwound where a panic ends the process.
    println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr,-T,{root}/small.ld");
}
