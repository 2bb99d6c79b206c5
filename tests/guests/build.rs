//! Our programs have no C runtime: they start at `start`.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("windows") {
        println!("cargo::rustc-link-arg-bins=/entry:start");
        println!("cargo::rustc-link-arg-bins=/subsystem:console");
    }
}
