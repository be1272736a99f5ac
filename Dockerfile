# One static binary in an otherwise empty image: nothing to start, nothing to patch, nothing to break out to.
#
# Whoever uses a branch builds this file; whoever uses a release does not: there every action.yml names the finished
# image by digest (release/plan.py). That digest, not the tag of the compiler below, is what a release pins.
FROM rust:1.95-alpine3.23 AS build

WORKDIR /src

# The release passes its commit's time. The same sources give the same bytes: no paths of the builder, no clock.
ARG SOURCE_DATE_EPOCH=0
ENV SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH \
    CARGO_INCREMENTAL=0 \
    RUSTFLAGS="--remap-path-prefix=/usr/local/cargo=/cargo" \
    CFLAGS="-ffile-prefix-map=/usr/local/cargo=/cargo"

# The dependencies take minutes and change rarely, so they get a layer of their own, compiled for stand-in sources.
# The embedded cloud in fake/ stays out of the image, but cargo reads the manifest of every workspace member.
COPY Cargo.toml Cargo.lock build.rs small.ld ./
COPY fake/Cargo.toml fake/
COPY crates/failure/Cargo.toml crates/failure/
COPY crates/github/Cargo.toml crates/github/
COPY crates/google/Cargo.toml crates/google/
COPY crates/names/Cargo.toml crates/names/
COPY crates/packing/Cargo.toml crates/packing/
COPY crates/runner/Cargo.toml crates/runner/
COPY crates/sites/Cargo.toml crates/sites/
COPY crates/wire/Cargo.toml crates/wire/
RUN mkdir -p src fake/src benches/ship \
    && echo '//! A stand-in.' > src/lib.rs \
    && cp src/lib.rs fake/src/lib.rs \
    && for crate in crates/*; do mkdir "$crate/src" && cp src/lib.rs "$crate/src/"; done \
    && printf '%s\n' '//! A stand-in.' 'fn main() { panic!("the stand-in was shipped") }' > src/main.rs \
    && cp src/main.rs benches/ship/ \
    && cargo build --release --locked --no-default-features

# A checkout may be older than the layer above; touched, our sources are newer than what the stand-ins left behind.
COPY crates crates
COPY src src
RUN touch src/lib.rs src/main.rs crates/*/src/lib.rs \
    && cargo build --release --locked --no-default-features

# Run once with nothing around it, as it will be: a binary that is not static, or a stand-in, fails here.
# GitHub can give an entrypoint no arguments; the second name tells the program that it is the clean-up.
RUN mkdir /out \
    && cp target/release/slipway /out/ \
    && ln -s slipway /out/slipway-post \
    && chroot /out /slipway --version \
    && touch -h -d "@$SOURCE_DATE_EPOCH" /out/slipway /out/slipway-post

FROM scratch
LABEL org.opencontainers.image.title="Slipway" \
      org.opencontainers.image.description="Ships a container service to Google Cloud from GitHub Actions" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/ /
# No USER: GitHub wants container actions to run as root, another user cannot write GITHUB_OUTPUT.
ENTRYPOINT ["/slipway"]
