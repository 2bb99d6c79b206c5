//! Our programs have no C runtime: they start at `start`.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("windows") {
        println!("cargo::rustc-link-arg-bins=/entry:start");
        println!("cargo::rustc-link-arg-bins=/subsystem:console");
        if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86") {
            println!("cargo::rustc-link-arg-bin=safe_handlers=/safeseh");
        }
    }
}
