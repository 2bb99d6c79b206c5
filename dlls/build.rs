//! What every system DLL tells the linker. Base addresses are given later, when the DLLs are laid out together.

#[path = "version.rs"]
mod version;

use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=../build.rs");
    println!("cargo::rerun-if-changed=../version.rs");
    // Sources that several DLLs are built with ask which one they are in.
    println!("cargo::rustc-check-cfg=cfg(dll, values(any()))");
    println!("cargo::rustc-cfg=dll=\"{}\"", env::var("CARGO_PKG_NAME").unwrap_or_default());
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("windows") {
        println!("cargo::rustc-cdylib-link-arg=/entry:DllMain");
        ordinals();
        let name = env::var("CARGO_PKG_NAME").unwrap_or_default();
        let resource = version::write(&name, &format!("{name}.dll"), version::Kind::Library);
        println!("cargo::rustc-cdylib-link-arg={}", resource.display());
    }
}

/// Gives exports the ordinals of `ordinals.tsv`, for DLLs whose import libraries name no names.
fn ordinals() {
    let path = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("ordinals.tsv");
    println!("cargo::rerun-if-changed={}", path.display());
    let Ok(text) = fs::read_to_string(path) else { return };
    let decorated = env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86");
    for row in text.lines().skip(1) {
        let [name, ordinal, stack] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row:?} has not three cells") };
        let symbol = if decorated { format!("_{name}@{stack}") } else { name.to_owned() };
        println!("cargo::rustc-cdylib-link-arg=/export:{name}={symbol},@{ordinal}");
    }
}
