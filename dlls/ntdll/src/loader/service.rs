//! The loader's exports.

use super::load;
use super::search::{Wanted, loaded};
use super::state::{NONE, find_by_address, loader, locked};
use crate::string::units;
use alloc::format;
use alloc::string::String;
use core::ffi::c_void;
use gate::service::ReportKind;
use guest::call::NtStatus;
use guest::error::Status;
use guest::{shim, teb};
use pe::Symbol;
use windows_sys::Win32::Foundation::{STATUS_DLL_NOT_FOUND, STATUS_INVALID_PARAMETER, UNICODE_STRING};
use windows_sys::Win32::System::Kernel::STRING;

/// The module with a handle.
pub fn find(handle: *mut c_void) -> Result<*mut super::module::Module, Status> {
    let found = loader().modules.iter().copied().find(|module| unsafe { (**module).base } == handle.cast());
    found.ok_or(Status(STATUS_DLL_NOT_FOUND))
}

/// Loads a DLL; answers its base.
#[shim(ix = 49, mapping = "the loader", risk = Functional("a DLL that is not found"))]
pub unsafe extern "system" fn LdrLoadDll(
    path: *const u16,
    characteristics: *mut u32,
    name: *const UNICODE_STRING,
    handle: *mut *mut c_void,
) -> Result<NtStatus, Status> {
    const UNRESOLVED: u32 = 2;
    let name = unsafe { units(name) };
    let wanted = Wanted::new(name);
    let folders = (!path.is_null()).then(|| super::folders::split(unsafe { guest::text::wide(path) }));
    let alone = unsafe { characteristics.as_ref() }.is_some_and(|characteristics| characteristics & UNRESOLVED != 0);
    locked(|| {
        let module = load::load(&wanted, folders, alone).inspect_err(|status| {
            if status.0 == STATUS_DLL_NOT_FOUND {
                teb::report(ReportKind::Probe, u32::MAX, &guest::text::lossy(name), status.0 as u32);
            }
        })?;
        unsafe { *handle = (*module).base.cast() };
        Ok(NtStatus::SUCCESS)
    })
}

/// Gives a DLL back.
#[shim(ix = 50, mapping = "the loader", risk = Functional("a DLL that stays, or goes too early"))]
pub unsafe extern "system" fn LdrUnloadDll(handle: *mut c_void) -> Result<NtStatus, Status> {
    locked(|| {
        let module = find(handle)?;
        if !loader().shutting_down {
            load::release(module);
        }
        Ok(NtStatus::SUCCESS)
    })
}

/// Answers the base of a DLL that is loaded.
#[shim(ix = 51, mapping = "the loader", risk = Wrong("a wrong module"))]
pub unsafe extern "system" fn LdrGetDllHandle(
    _path: *const u16,
    _characteristics: *mut u32,
    name: *const UNICODE_STRING,
    handle: *mut *mut c_void,
) -> Result<NtStatus, Status> {
    let wanted = Wanted::new(unsafe { units(name) });
    locked(|| {
        let module = loaded(&wanted).ok_or(Status(STATUS_DLL_NOT_FOUND))?;
        unsafe { *handle = (*module).base.cast() };
        Ok(NtStatus::SUCCESS)
    })
}

/// Answers the address of what a DLL exports, by name or number.
#[shim(ix = 52, mapping = "the loader", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn LdrGetProcedureAddress(
    handle: *mut c_void,
    name: *const STRING,
    ordinal: u32,
    address: *mut *mut c_void,
) -> Result<NtStatus, Status> {
    let name = unsafe { name.as_ref() };
    let symbol = match name {
        Some(name) => {
            let bytes = unsafe { core::slice::from_raw_parts(name.Buffer.cast::<u8>(), name.Length.into()) };
            Symbol::Name { hint: 0, name: bytes }
        }
        None => Symbol::Ordinal(u16::try_from(ordinal).ok().filter(|ordinal| *ordinal != 0).ok_or(Status(STATUS_INVALID_PARAMETER))?),
    };
    locked(|| {
        let module = find(handle)?;
        let found = load::export(module, symbol).inspect_err(|status| probe(module, symbol, *status))?;
        unsafe { *address = found as *mut c_void };
        Ok(NtStatus::SUCCESS)
    })
}

/// Tells the audit that a program looked for something that is not there.
fn probe(module: *mut super::module::Module, symbol: Symbol<'_>, status: Status) {
    // SAFETY: modules live as long as they are listed.
    let module = unsafe { &*module };
    if !module.system {
        return;
    }
    let dll = guest::text::lossy(module.base_name());
    let text = match symbol {
        Symbol::Name { name, .. } => format!("{dll}!{}", String::from_utf8_lossy(name)),
        Symbol::Ordinal(ordinal) => format!("{dll}!#{ordinal}"),
    };
    teb::report(ReportKind::Probe, u32::MAX, &text, status.0 as u32);
}

/// Stops telling a DLL of threads.
#[shim(ix = 53, mapping = "the loader", risk = Functional("a notice too many"))]
pub unsafe extern "system" fn LdrDisableThreadCalloutsForDll(handle: *mut c_void) -> Result<NtStatus, Status> {
    locked(|| {
        let module = find(handle)?;
        // SAFETY: modules live as long as they are listed.
        let module = unsafe { &mut *module };
        // One with thread-local storage of its own goes on being told.
        if module.tls.is_some() {
            return Err(Status(STATUS_DLL_NOT_FOUND));
        }
        module.thread_notices = false;
        Ok(NtStatus::SUCCESS)
    })
}

/// Adds references to a DLL, or pins it.
#[shim(ix = 54, mapping = "the loader", risk = Functional("a DLL that stays, or goes too early"))]
pub unsafe extern "system" fn LdrAddRefDll(flags: u32, handle: *mut c_void) -> Result<NtStatus, Status> {
    const PIN: u32 = 1;
    locked(|| {
        let module = find(handle)?;
        // SAFETY: modules live as long as they are listed.
        let module = unsafe { &mut *module };
        if flags & PIN != 0 {
            module.pinned = true;
        } else {
            module.references = module.references.saturating_add(1);
        }
        Ok(NtStatus::SUCCESS)
    })
}

/// Takes the loader lock.
#[shim(ix = 55, mapping = "a critical section", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn LdrLockLoaderLock(_flags: u32, state: *mut u32, cookie: *mut usize) -> Result<NtStatus, Status> {
    const ENTERED: u32 = 1;
    unsafe { crate::critical::enter(super::state::lock()) };
    unsafe {
        if !state.is_null() {
            *state = ENTERED;
        }
        *cookie = teb::thread_id() as usize;
    }
    Ok(NtStatus::SUCCESS)
}

/// Gives the loader lock back.
#[shim(ix = 56, mapping = "a critical section", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn LdrUnlockLoaderLock(_flags: u32, cookie: usize) -> Result<NtStatus, Status> {
    if cookie != teb::thread_id() as usize {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER_2));
    }
    unsafe { crate::critical::leave(super::state::lock()) };
    Ok(NtStatus::SUCCESS)
}

/// Answers the base of the image that holds an address, or NULL.
#[shim(ix = 57, mapping = "the loader", risk = Wrong("a wrong module"))]
pub unsafe extern "system" fn RtlPcToFileHeader(address: *const c_void, base: *mut *mut c_void) -> *mut c_void {
    let module = locked(|| find_by_address(address as usize).unwrap_or(NONE));
    // SAFETY: modules live as long as they are listed.
    let found = unsafe { module.as_ref() }.map_or(core::ptr::null_mut(), |module| module.base.cast());
    unsafe { *base = found };
    found
}

/// Answers the NT headers of an image, or NULL.
#[shim(ix = 58, mapping = "the image's headers", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn RtlImageNtHeader(base: *const u8) -> *const c_void {
    const MZ: u16 = 0x5A4D;
    const PE: u32 = 0x4550;
    if base.is_null() || base as usize == usize::MAX || unsafe { base.cast::<u16>().read_unaligned() } != MZ {
        return core::ptr::null();
    }
    let header = unsafe { base.add(base.add(0x3C).cast::<u32>().read_unaligned() as usize) };
    if unsafe { header.cast::<u32>().read_unaligned() } == PE { header.cast() } else { core::ptr::null() }
}
