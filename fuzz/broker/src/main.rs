//! Asks the broker whatever libFuzzer makes, as a hostile sandbox process would: no request ends it, and none reaches a file
//! outside of the one folder that is granted.

#![no_main]

use broker::hostile::Hostile;
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use tempfile::TempDir;

/// Requests that wait or start threads by design.
const WAITING: [u32; 3] = [NEW_CHANNEL, WAIT_CONTROL, WAIT_KEYS];
const NEW_CHANNEL: u32 = 12;
const WAIT_CONTROL: u32 = 16;
const WAIT_KEYS: u32 = 113;
/// How many inputs one process lives through.
const LIFE: u32 = 256;
/// What must stay as it is.
const SECRET: &str = "secret.txt";

thread_local! {
    static STATE: RefCell<(TempDir, Hostile, u32)> = RefCell::new({
        let folder = TempDir::with_prefix("broker-fuzz-").expect("a temporary folder");
        std::fs::write(folder.path().join(SECRET), SECRET).expect("a file in it");
        let hostile = Hostile::new(folder.path()).expect("a broker");
        (folder, hostile, 0)
    });
}

// An input is a row of requests: a number, the lengths of body and payload, and these.
fuzz_target!(|bytes: &[u8]| {
    STATE.with_borrow_mut(|(folder, hostile, age)| {
        let mut rest = bytes;
        while let [number, body_length, payload_low, payload_high, behind @ ..] = rest {
            let (body, behind) = behind.split_at((*body_length as usize).min(behind.len()));
            let length = usize::from(*payload_low) + 256 * usize::from(*payload_high);
            let (payload, behind) = behind.split_at(length.min(behind.len()));
            if !WAITING.contains(&u32::from(*number)) {
                hostile.ask(u32::from(*number), body, payload);
            }
            rest = behind;
        }
        *age += 1;
        if *age == LIFE || hostile.has_ended() {
            *age = 0;
            hostile.again(folder.path()).expect("a process");
            let secret = std::fs::read_to_string(folder.path().join(SECRET));
            assert_eq!(secret.ok().as_deref(), Some(SECRET), "a file outside of the grant was changed");
        }
    });
});
