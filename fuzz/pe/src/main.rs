//! Reads whatever libFuzzer makes as a PE image, in both layouts. From the project's folder (the seeds must be made from there:
//! this folder's flags are for the fuzzer alone):
//!
//! ```text
//! cargo run -p pe --example seeds -- fuzz/pe/corpus
//! cd fuzz/pe && cargo run --release -- corpus -max_len=16384
//! ```

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../../crates/pe/tests/pe/builder.rs"]
mod builder;
#[path = "../../../crates/pe/tests/pe/walk.rs"]
mod walk;

// Each input is an image or a version resource; what is no image is also a frame, whose headers are made, so that changes reach
// what lies behind them.
fuzz_target!(|bytes: &[u8]| {
    walk::walk(bytes);
    if let Some(image) = builder::Builder::from_frame(bytes).filter(|_| !bytes.starts_with(b"MZ")) {
        walk::walk(&image.file());
        walk::walk(&image.mapped());
    }
});
