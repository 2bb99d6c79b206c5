//! Panics of a Rust program with the standard library, as rustc makes it for Microsoft's ABI: frames of
//! `__CxxFrameHandler3`, objects thrown by `_CxxThrowException`, both in vcruntime140.dll. Prints what happens.
#![no_main]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

static DROPPED: AtomicU32 = AtomicU32::new(0);

struct Object(u32);

impl Drop for Object {
    fn drop(&mut self) {
        DROPPED.fetch_add(self.0, Ordering::Relaxed);
    }
}

/// Panics and catches while another panic is on its way.
struct Panicking;

impl Drop for Panicking {
    fn drop(&mut self) {
        let caught = catch_unwind(|| {
            let _object = Object(1000);
            panic!("inner")
        });
        assert!(caught.is_err());
    }
}

fn deep(depth: u32) -> u32 {
    let _object = Object(1);
    if depth == 0 {
        panic!("deep {depth}")
    }
    deep(depth - 1) + 1
}

fn dropped(what: &str) {
    println!("{what}: dropped {}", DROPPED.load(Ordering::Relaxed));
}

fn run() -> i32 {
    std::panic::set_hook(Box::new(|information| {
        if let Some(text) = information.payload().downcast_ref::<&str>() {
            println!("panic {text}");
        }
    }));
    for depth in 0..10 {
        let caught = catch_unwind(|| {
            let _object = Object(100);
            deep(depth)
        });
        let payload = caught.expect_err("it panics");
        assert_eq!(payload.downcast_ref::<String>().map(String::as_str), Some("deep 0"));
    }
    dropped("caught");
    let caught = catch_unwind(|| {
        let inner = catch_unwind(|| {
            let _object = Object(10_000);
            deep(3)
        });
        if let Err(payload) = inner {
            let _object = Object(20_000);
            resume_unwind(payload)
        }
    });
    assert!(caught.is_err());
    dropped("resumed");
    let caught = catch_unwind(|| {
        let _panicking = Panicking;
        deep(2)
    });
    assert!(caught.is_err());
    dropped("inside of a drop");
    let thread = std::thread::spawn(|| {
        let _object = Object(1_000_000);
        panic!("thread")
    });
    assert!(thread.join().is_err());
    dropped("thread");
    let mut numbers = vec![3, 1, 2];
    let caught = catch_unwind(AssertUnwindSafe(|| numbers.sort_by(|_, _| panic!("comparison"))));
    println!("sort {}", caught.is_err());
    5
}

/// Where the program starts: there is no C runtime's start-up code.
#[unsafe(no_mangle)]
pub extern "C" fn mainCRTStartup() -> u32 {
    std::process::exit(run())
}

/// What the compiler wants of programs that use floating-point numbers.
#[unsafe(no_mangle)]
pub static _fltused: i32 = 0;
