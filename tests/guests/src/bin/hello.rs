//! Says hello: the smallest program, and the one that start-up is measured with.
#![cfg_attr(target_os = "windows", no_std, no_main)]

guests::program! {
    fn main() -> u32 {
        guests::print("Hello, world!\r\n");
        0
    }
}
