//! What every system DLL tells the linker. Base addresses are given later, when the DLLs are laid out together.

fn main() {
    println!("cargo::rerun-if-changed=../build.rs");
    // Sources that several DLLs are built with ask which one they are in.
    println!("cargo::rustc-check-cfg=cfg(dll, values(any()))");
    println!("cargo::rustc-cfg=dll=\"{}\"", std::env::var("CARGO_PKG_NAME").unwrap_or_default());
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("windows") {
        println!("cargo::rustc-cdylib-link-arg=/entry:DllMain");
    }
}
