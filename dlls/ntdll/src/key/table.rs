//! Values by a table: `RtlQueryRegistryValues` calls a routine for each, or puts them where an entry says.

use super::relative::{KEY_READ, KEY_WRITE, Key, MISSING, OPTIONAL, below, names, open, value};
use super::value::delete;
use crate::parameters::RtlExpandEnvironmentStrings_U;
use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::NtStatus;
use guest::error::Status;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY, STATUS_OBJECT_TYPE_MISMATCH, UNICODE_STRING,
};

/// Flags of an entry (`RTL_QUERY_REGISTRY_*`, wdm.h).
const SUBKEY: u32 = 1;
const TOPKEY: u32 = 2;
const REQUIRED: u32 = 4;
const NOVALUE: u32 = 8;
const NOEXPAND: u32 = 0x10;
const DIRECT: u32 = 0x20;
const DELETE: u32 = 0x40;
const TYPECHECK: u32 = 0x100;

const REG_NONE: u32 = 0;
const REG_SZ: u32 = 1;
const REG_EXPAND_SZ: u32 = 2;
const REG_MULTI_SZ: u32 = 7;

type Routine = unsafe extern "system" fn(*const u16, u32, *mut c_void, u32, *mut c_void, *mut c_void) -> i32;

/// `RTL_QUERY_REGISTRY_TABLE`.
#[repr(C)]
pub struct Entry {
    routine: Option<Routine>,
    flags: u32,
    name: *const u16,
    context: *mut c_void,
    default_kind: u32,
    default: *const c_void,
    default_size: u32,
}

/// What every entry is told.
struct Query {
    context: *mut c_void,
    environment: *const u16,
}

fn units_of(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect()
}

fn bytes_of(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

impl Entry {
    fn is_last(&self) -> bool {
        self.routine.is_none() && self.flags & (SUBKEY | DIRECT) == 0
    }

    /// What stands in the place of a value that is not there.
    fn default(&self) -> Option<(u32, Vec<u8>)> {
        let kind = if self.flags & TYPECHECK == 0 { self.default_kind } else { self.default_kind & 0xFF_FFFF };
        if kind == REG_NONE || self.default.is_null() {
            return None;
        }
        let size = match (self.default_size, kind) {
            (0, REG_SZ | REG_EXPAND_SZ) => 2 * (unsafe { text::wide(self.default.cast()) }.len() + 1),
            (0, REG_MULTI_SZ) => {
                let start: *const u16 = self.default.cast();
                let mut length = 0;
                // SAFETY: the caller's list ends in an empty text.
                while unsafe { *start.add(length) } != 0 {
                    length += unsafe { text::wide(start.add(length)) }.len() + 1;
                }
                2 * (length + 1)
            }
            (size, _) => size as usize,
        };
        // SAFETY: the caller's value has that many bytes.
        Some((kind, unsafe { core::slice::from_raw_parts(self.default.cast::<u8>(), size) }.to_vec()))
    }

    /// Hands a value out as it is.
    unsafe fn hand(&self, query: &Query, name: &[u16], kind: u32, data: &mut [u8]) -> Result<(), Status> {
        if self.flags & DIRECT != 0 {
            return unsafe { self.put(kind, data) };
        }
        let Some(routine) = self.routine else { return Ok(()) };
        let name = [name, &[0]].concat();
        let start = if data.is_empty() { core::ptr::null_mut() } else { data.as_mut_ptr() };
        // SAFETY: a routine of the caller's; name and data live through the call.
        let status = unsafe { routine(name.as_ptr(), kind, start.cast(), data.len() as u32, query.context, self.context) };
        Status::check(status).map(|_| ())
    }

    /// Puts a value where the entry says.
    unsafe fn put(&self, kind: u32, data: &[u8]) -> Result<(), Status> {
        if self.flags & TYPECHECK != 0 && self.default_kind >> 24 != kind {
            return Err(Status(STATUS_OBJECT_TYPE_MISMATCH));
        }
        if matches!(kind, REG_SZ | REG_EXPAND_SZ | REG_MULTI_SZ) {
            // SAFETY: the entry's place is a counted string for texts.
            return unsafe { put_text(&mut *self.context.cast::<UNICODE_STRING>(), data) };
        }
        if data.len() <= 4 {
            // SAFETY: the entry's place has four bytes at least.
            unsafe { self.context.cast::<u8>().copy_from_nonoverlapping(data.as_ptr(), data.len()) };
            return Ok(());
        }
        // A number in front says how much room there is: a negative one, that the data take its own place.
        // SAFETY: as above.
        let room = unsafe { self.context.cast::<i32>().read_unaligned() };
        let head = if room < 0 { 0 } else { 8 };
        if (room.unsigned_abs() as usize) < head + data.len() {
            return Err(Status(STATUS_BUFFER_TOO_SMALL));
        }
        // SAFETY: the place has as much room as it says.
        unsafe {
            if room >= 0 {
                self.context.cast::<[u32; 2]>().write_unaligned([data.len() as u32, kind]);
            }
            self.context.cast::<u8>().add(head).copy_from_nonoverlapping(data.as_ptr(), data.len());
        }
        Ok(())
    }

    /// Hands a value out: lists text by text, and texts with their variables replaced, unless the entry says otherwise.
    unsafe fn tell(&self, query: &Query, name: &[u16], kind: u32, mut data: Vec<u8>) -> Result<(), Status> {
        match kind {
            REG_MULTI_SZ if self.flags & NOEXPAND == 0 => {
                if self.flags & DIRECT != 0 {
                    return Err(Status(STATUS_INVALID_PARAMETER));
                }
                let units = units_of(&data);
                units.split(|unit| *unit == 0).take_while(|text| !text.is_empty()).try_for_each(|text| {
                    let mut data = bytes_of(&[text, &[0]].concat());
                    unsafe { self.hand(query, name, REG_SZ, &mut data) }
                })
            }
            REG_EXPAND_SZ if self.flags & NOEXPAND == 0 => {
                let mut expanded = unsafe { expanded(query.environment, &units_of(&data))? };
                unsafe { self.hand(query, name, REG_SZ, &mut expanded) }
            }
            _ => unsafe { self.hand(query, name, kind, &mut data) },
        }
    }

    /// Does what the entry asks of a key.
    unsafe fn work(&self, query: &Query, key: Option<HANDLE>) -> Result<(), Status> {
        if self.flags & DIRECT != 0 && (self.name.is_null() || self.flags & SUBKEY != 0 || self.routine.is_some()) {
            return Err(Status(STATUS_INVALID_PARAMETER));
        }
        if self.flags & NOVALUE != 0 {
            return unsafe { self.hand(query, &[], REG_NONE, &mut []) };
        }
        let all = self.name.is_null() || self.flags & SUBKEY != 0;
        if all {
            let Some(key) = key else { return Ok(()) };
            let names = names(key)?;
            if names.is_empty() && self.flags & REQUIRED != 0 {
                return Err(MISSING);
            }
            return names.iter().try_for_each(|name| unsafe { self.one(query, Some(key), name) });
        }
        unsafe { self.one(query, key, text::wide(self.name)) }
    }

    unsafe fn one(&self, query: &Query, key: Option<HANDLE>, name: &[u16]) -> Result<(), Status> {
        match key.map_or(Err(MISSING), |key| value(key, name)) {
            Ok((kind, data)) => {
                unsafe { self.tell(query, name, kind, data)? };
                match key {
                    Some(key) if self.flags & DELETE != 0 => delete(key, name).map(|_| ()),
                    _ => Ok(()),
                }
            }
            Err(MISSING) if self.flags & REQUIRED != 0 => Err(MISSING),
            Err(MISSING) => match self.default() {
                Some((kind, data)) => unsafe { self.tell(query, name, kind, data) },
                None => Ok(()),
            },
            Err(error) => Err(error),
        }
    }
}

/// A text into a counted string, which gets a block of the heap where it has none.
unsafe fn put_text(target: &mut UNICODE_STRING, data: &[u8]) -> Result<(), Status> {
    let size = u16::try_from(data.len()).map_err(|_| Status(STATUS_BUFFER_TOO_SMALL))?;
    if target.Buffer.is_null() {
        target.Buffer = crate::heap::process_heap().allocate(data.len().max(2), false).cast();
        target.MaximumLength = size;
        if target.Buffer.is_null() {
            return Err(Status(STATUS_NO_MEMORY));
        }
    }
    if target.MaximumLength < size {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    // SAFETY: the buffer has that many bytes.
    unsafe { target.Buffer.cast::<u8>().copy_from_nonoverlapping(data.as_ptr(), data.len()) };
    target.Length = if data.ends_with(&[0, 0]) { size - 2 } else { size };
    Ok(())
}

/// A text with its variables replaced, and its NUL.
unsafe fn expanded(environment: *const u16, units: &[u16]) -> Result<Vec<u8>, Status> {
    let units = units.strip_suffix(&[0]).unwrap_or(units);
    let size = u16::try_from(2 * units.len()).map_err(|_| Status(STATUS_BUFFER_TOO_SMALL))?;
    let source = UNICODE_STRING { Length: size, MaximumLength: size, Buffer: units.as_ptr().cast_mut() };
    let mut buffer = alloc::vec![0_u16; 0x7FFF];
    let mut target = UNICODE_STRING { Length: 0, MaximumLength: 0xFFFE, Buffer: buffer.as_mut_ptr() };
    // SAFETY: both strings live through the call.
    unsafe { RtlExpandEnvironmentStrings_U(environment.cast_mut().cast(), &raw const source, &raw mut target, core::ptr::null_mut()) };
    buffer.truncate(usize::from(target.Length / 2));
    buffer.push(0);
    Ok(bytes_of(&buffer))
}

/// Asks for values as a table says: each by its name or all of a key, of the key of the path or of keys below it.
#[shim(ix = 519, mapping = "gate OpenKey, gate QueryKeyValue for each entry", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RtlQueryRegistryValues(
    relative: u32,
    path: *const u16,
    table: *const Entry,
    context: *mut c_void,
    environment: *const u16,
) -> Result<NtStatus, Status> {
    let mut last = table;
    let mut access = KEY_READ;
    // SAFETY: the caller's table ends in an entry that is the last.
    while let Some(entry) = unsafe { last.as_ref() }.filter(|entry| !entry.is_last()) {
        access |= if entry.flags & DELETE != 0 { KEY_WRITE } else { 0 };
        last = unsafe { last.add(1) };
    }
    let top = match unsafe { open(relative, path, access, false) } {
        Err(MISSING) if relative & OPTIONAL != 0 => None,
        opened => Some(opened?),
    };
    let query = Query { context, environment };
    let (mut below_top, mut is_top, mut entry): (Option<Key>, bool, *const Entry) = (None, true, table);
    loop {
        if entry == last {
            return Ok(NtStatus::SUCCESS);
        }
        // SAFETY: one of the table's.
        let this = unsafe { &*entry };
        if this.flags & (TOPKEY | SUBKEY) != 0 {
            (below_top, is_top) = (None, true);
        }
        if this.flags & SUBKEY != 0 {
            let name = unsafe { text::wide(this.name) };
            let found = top.as_ref().map_or(Err(MISSING), |top| below(top.handle, name, access, false));
            (below_top, is_top) = match found {
                Err(MISSING) if this.flags & REQUIRED == 0 => (None, false),
                found => (Some(found?), false),
            };
        }
        let key = if is_top { top.as_ref() } else { below_top.as_ref() };
        if this.flags & SUBKEY == 0 || this.routine.is_some() {
            unsafe { this.work(&query, key.map(|key| key.handle))? };
        }
        entry = unsafe { entry.add(1) };
    }
}
