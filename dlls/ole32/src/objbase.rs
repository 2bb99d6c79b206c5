//! combaseapi.h and ole2.h: apartments. There are no objects to live in them, but programs enter them first of all.

use core::sync::atomic::{AtomicU32, Ordering};
use guest::call::HResult;
use guest::error::Failure;
use guest::{shim, teb};
use windows_sys::Win32::Foundation::{E_INVALIDARG, RPC_E_CHANGED_MODE};
use windows_sys::Win32::System::Com::{COINIT_APARTMENTTHREADED, COINIT_DISABLE_OLE1DDE, COINIT_SPEED_OVER_MEMORY};

/// Threads that can be in an apartment at once.
const THREADS: usize = 256;

/// One thread's apartment: its number in the upper half, how often it entered in the lower one, and the kind at the top.
static ENTERED: [[AtomicU32; 2]; THREADS] = [const { [const { AtomicU32::new(0) }; 2] }; THREADS];
/// The bit of the count that says the apartment has a single thread.
const SINGLE: u32 = 0x8000_0000;

/// The calling thread's place.
fn place() -> Option<&'static AtomicU32> {
    let own = teb::thread_id();
    ENTERED.iter().find(|row| row[0].load(Ordering::Relaxed) == own).map(|row| &row[1])
}

fn new_place() -> Option<&'static AtomicU32> {
    let own = teb::thread_id();
    let row = ENTERED.iter().find(|row| row[0].compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed).is_ok())?;
    row[1].store(0, Ordering::Relaxed);
    Some(&row[1])
}

/// Enters an apartment of a single thread, or that of all others.
fn enter(single: bool) -> Result<HResult, Failure> {
    let kind = if single { SINGLE } else { 0 };
    let Some(place) = place() else {
        let place = new_place().ok_or(Failure(windows_sys::Win32::Foundation::E_OUTOFMEMORY))?;
        place.store(kind | 1, Ordering::Relaxed);
        return Ok(HResult::OK);
    };
    let now = place.load(Ordering::Relaxed);
    if now & SINGLE != kind {
        return Err(Failure(RPC_E_CHANGED_MODE));
    }
    place.store(now + 1, Ordering::Relaxed);
    Ok(HResult::FALSE)
}

fn leave() {
    let own = teb::thread_id();
    let Some(row) = ENTERED.iter().find(|row| row[0].load(Ordering::Relaxed) == own) else { return };
    let left = row[1].load(Ordering::Relaxed) - 1;
    row[1].store(left, Ordering::Relaxed);
    if left & !SINGLE == 0 {
        row[0].store(0, Ordering::Relaxed);
    }
}

/// Enters an apartment of a single thread.
#[shim(ix = 4, mapping = "a count per thread", risk = Functional("an apartment that is not there"))]
pub unsafe extern "system" fn CoInitialize(reserved: *const u8) -> Result<HResult, Failure> {
    if reserved.is_null() { enter(true) } else { Err(Failure(E_INVALIDARG)) }
}

/// Enters an apartment.
#[shim(ix = 3, mapping = "a count per thread", risk = Functional("an apartment that is not there"))]
pub unsafe extern "system" fn CoInitializeEx(reserved: *const u8, kind: u32) -> Result<HResult, Failure> {
    let known = COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE | COINIT_SPEED_OVER_MEMORY;
    if !reserved.is_null() || kind & !(known as u32) != 0 {
        return Err(Failure(E_INVALIDARG));
    }
    enter(kind & COINIT_APARTMENTTHREADED as u32 != 0)
}

/// Leaves an apartment as often as it was entered.
#[shim(ix = 2, mapping = "a count per thread", risk = Functional("an apartment that stays"))]
pub unsafe extern "system" fn CoUninitialize() {
    leave();
}

/// Whether the calling thread is in an apartment.
pub fn entered() -> bool {
    place().is_some()
}
