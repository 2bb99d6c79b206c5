//! What our system programs tell the linker: where they start, and who they are.

#[path = "../dlls/version.rs"]
mod version;

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=../build.rs");
    println!("cargo::rerun-if-changed=../../dlls/version.rs");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("windows") {
        println!("cargo::rustc-link-arg-bins=/entry:start");
        println!("cargo::rustc-link-arg-bins=/subsystem:console");
        let name = env::var("CARGO_PKG_NAME").unwrap_or_default();
        let name = name.strip_prefix("program-").unwrap_or(&name);
        let resource = version::write(name, &format!("{name}.exe"), version::Kind::Program);
        println!("cargo::rustc-link-arg-bins={}", resource.display());
    }
}
