//! Programs that do what their arguments say, step by step, with commas between.

use crate::{arguments, print};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Does all steps, and says what came of each; answers how many failed.
pub fn all(run: impl Fn(&[&str]) -> Result<String, u32>) -> u32 {
    let arguments = arguments();
    let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    let mut failed = 0;
    for step in words.split(|word| *word == ",") {
        let done = run(step);
        failed += u32::from(done.is_err());
        let text = done.unwrap_or_else(|error| format!("error {error}"));
        print(&format!("{}: {text}\n", step.join(" ")));
    }
    failed
}
