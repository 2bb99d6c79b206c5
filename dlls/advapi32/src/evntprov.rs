//! evntprov.h: providers of trace events. A sandbox has no trace session that could listen: providers register, are never
//! enabled, and what they write is heard by nobody, as on a computer where nobody traces.

use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering};
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY, ERROR_NOT_SUPPORTED};
use windows_sys::core::GUID;

/// More providers than this one process does not get.
const MOST: usize = 2048;

/// The most pieces of data of one event (`MAX_EVENT_DATA_DESCRIPTORS`).
const PIECES: u32 = 128;

/// The registered providers' handles; 0 where there is none. A handle names its place in the lowest bits, and is never
/// given twice.
static PROVIDERS: [AtomicU64; MOST] = [const { AtomicU64::new(0) }; MOST];

/// The place of a handle that is registered.
fn provider(handle: u64) -> Result<&'static AtomicU64, Win32Error> {
    let place = PROVIDERS.get(handle as usize % MOST);
    place.filter(|place| handle != 0 && place.load(Ordering::Acquire) == handle).ok_or(Win32Error(ERROR_INVALID_HANDLE))
}

/// Registers a provider.
#[shim(ix = 62, mapping = "a table of the process", risk = Functional("a handle that is refused later"))]
pub unsafe extern "system" fn EventRegister(
    provider: *const GUID,
    _callback: usize,
    _context: *mut c_void,
    handle: *mut u64,
) -> Result<LStatus, Win32Error> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    if provider.is_null() || handle.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let turn = NEXT.fetch_add(1, Ordering::Relaxed);
    for (place, slot) in PROVIDERS.iter().enumerate() {
        let number = turn * MOST as u64 + place as u64;
        if slot.compare_exchange(0, number, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            unsafe { handle.write_unaligned(number) };
            return Ok(LStatus);
        }
    }
    Err(Win32Error(ERROR_NOT_ENOUGH_MEMORY))
}

/// Takes a registration back.
#[shim(ix = 74, mapping = "a table of the process", risk = Functional("a registration that stays"))]
pub unsafe extern "system" fn EventUnregister(handle: u64) -> Result<LStatus, Win32Error> {
    let freed = provider(handle)?.compare_exchange(handle, 0, Ordering::AcqRel, Ordering::Relaxed);
    freed.map(|_| LStatus).map_err(|_| Win32Error(ERROR_INVALID_HANDLE))
}

/// Sets facts about a provider, which would be told to those who listen.
#[shim(ix = 63, mapping = "checked, and told to nobody", risk = Functional("an error that is not told"))]
pub unsafe extern "system" fn EventSetInformation(handle: u64, class: i32, information: *const c_void, length: u32) -> Result<LStatus, Win32Error> {
    const TRAITS: i32 = 2;
    const USE_DESCRIPTOR_TYPE: i32 = 3;
    provider(handle)?;
    let fits = match class {
        // The traits begin with their own length, and hold a name with its NUL at least.
        TRAITS => !information.is_null() && length >= 3 && u32::from(unsafe { information.cast::<u16>().read_unaligned() }) == length,
        USE_DESCRIPTOR_TYPE => !information.is_null() && length >= 1,
        _ => return Err(Win32Error(ERROR_NOT_SUPPORTED)),
    };
    if fits { Ok(LStatus) } else { Err(Win32Error(ERROR_INVALID_PARAMETER)) }
}

/// Checks an event that is written.
fn written(handle: u64, event: *const c_void, count: u32, pieces: *const c_void) -> Result<LStatus, Win32Error> {
    if event.is_null() || count > PIECES || count > 0 && pieces.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    provider(handle).map(|_| LStatus)
}

/// Writes an event, to those who listen.
#[shim(ix = 131, mapping = "checked, and heard by nobody", risk = Functional("an error that is not told"))]
pub unsafe extern "system" fn EventWrite(handle: u64, event: *const c_void, count: u32, pieces: *const c_void) -> Result<LStatus, Win32Error> {
    written(handle, event, count, pieces)
}

/// Writes an event that tells what it belongs to, to those who listen.
#[shim(ix = 64, mapping = "checked, and heard by nobody", risk = Functional("an error that is not told"))]
pub unsafe extern "system" fn EventWriteTransfer(
    handle: u64,
    event: *const c_void,
    _activity: *const GUID,
    _related: *const GUID,
    count: u32,
    pieces: *const c_void,
) -> Result<LStatus, Win32Error> {
    written(handle, event, count, pieces)
}

/// Whether somebody listens to an event.
#[shim(ix = 132, mapping = "nobody listens", risk = Functional("events that nobody writes"))]
pub unsafe extern "system" fn EventEnabled(_handle: u64, _event: *const c_void) -> u8 {
    0
}

/// Whether somebody listens to a provider's events of a level.
#[shim(ix = 133, mapping = "nobody listens", risk = Functional("events that nobody writes"))]
pub unsafe extern "system" fn EventProviderEnabled(_handle: u64, _level: u8, _keyword: u64) -> u8 {
    0
}
