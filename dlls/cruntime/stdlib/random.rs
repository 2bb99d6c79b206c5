//! Numbers by chance, and those that only look so.

use super::super::errno::ENOMEM;
use super::super::fault::{Code, Fault, INVALID};
use super::super::nt::WcRandom;
use super::super::thread;
use guest::shim;

/// The next number of the thread's sequence.
#[shim(ix = {msvcrt: 318, ucrtbase: 206}, mapping = "crt::random", risk = Wrong("another sequence"))]
pub unsafe extern "C" fn rand() -> i32 {
    let seed = &thread::current().seed;
    let mut state = seed.get();
    let number = crt::random::next(&mut state);
    seed.set(state);
    number
}

/// Starts the thread's sequence.
#[shim(ix = {msvcrt: 319, ucrtbase: 207}, mapping = "crt::random", risk = Wrong("another sequence"))]
pub unsafe extern "C" fn srand(seed: u32) {
    thread::current().seed.set(seed);
}

/// A number by chance.
#[shim(ix = {msvcrt: 759, ucrtbase: 129}, mapping = "the host's generator", risk = Isolation("numbers that can be guessed"))]
pub unsafe extern "C" fn rand_s(number: *mut u32) -> Result<Code, Fault> {
    *number.as_mut().ok_or(INVALID)? = 0;
    if WcRandom(number.cast(), size_of::<u32>()) < 0 {
        return Err(Fault::Invalid(ENOMEM));
    }
    Ok(Code)
}
