//! Carries the runtime and the system DLLs in the program. `cargo xtask build` makes them first, and names their folder.

use std::path::Path;

const PARTS: [&str; 3] = ["runtime", "system64", "system32"];

fn main() {
    println!("cargo::rerun-if-env-changed=WIN_COMPAT_PAYLOAD");
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    let Some(folder) = std::env::var_os("WIN_COMPAT_PAYLOAD") else {
        // A check or a test of this crate alone: there is nothing to carry, and `run` says so.
        std::fs::write(format!("{out}/payload.rs"), "None").expect("the build folder is writable");
        return;
    };
    let mut hasher = blake3::Hasher::new();
    let mut rows = String::new();
    for part in PARTS {
        let path = Path::new(&folder).join(part);
        println!("cargo::rerun-if-changed={}", path.display());
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        hasher.update(&bytes);
        rows += &format!("Part {{ name: {part:?}, bytes: include_bytes!({:?}) }},\n", path.display().to_string());
    }
    let hash = hasher.finalize().to_hex();
    std::fs::write(format!("{out}/payload.rs"), format!("Some(Payload {{ hash: {:?}, parts: &[\n{rows}] }})", &hash[..16]))
        .expect("the build folder is writable");
}
