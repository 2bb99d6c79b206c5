//! What every system DLL tells the linker. Base addresses are given later, when the DLLs are laid out together.

fn main() {
    println!("cargo::rerun-if-changed=../build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("windows") {
        println!("cargo::rustc-cdylib-link-arg=/entry:DllMain");
    }
}
