//! What a sandbox has not: privileges to load and save files of the registry, transactions, other computers.

use super::root::number;
use super::{Key, demanded, wide_of};
use core::ffi::c_void;
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{ERROR_BAD_NETPATH, ERROR_INVALID_HANDLE, ERROR_PRIVILEGE_NOT_HELD, HANDLE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;

const REFUSED: Result<LStatus, Win32Error> = Err(Win32Error(ERROR_PRIVILEGE_NOT_HELD));
/// Nobody can have made a transaction.
const NO_TRANSACTION: Result<LStatus, Win32Error> = Err(Win32Error(ERROR_INVALID_HANDLE));

/// Loads a file as a key: SeRestorePrivilege is not held.
#[shim(ix = 123, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegLoadKeyW(_key: Key, _path: *const u16, _file: *const u16) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Takes a loaded file out: SeRestorePrivilege is not held.
#[shim(ix = 130, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegUnLoadKeyW(_key: Key, _path: *const u16) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Writes a key to a file: SeBackupPrivilege is not held.
#[shim(ix = 128, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegSaveKeyW(_key: Key, _file: *const u16, _security: *const SECURITY_ATTRIBUTES) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Writes a key to a file: SeBackupPrivilege is not held.
#[shim(ix = 152, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegSaveKeyExW(
    _key: Key,
    _file: *const u16,
    _security: *const SECURITY_ATTRIBUTES,
    _flags: u32,
) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Reads a key from a file: SeRestorePrivilege is not held.
#[shim(ix = 127, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegRestoreKeyW(_key: Key, _file: *const u16, _flags: u32) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Puts a file in the place of a key: SeRestorePrivilege is not held.
#[shim(ix = 126, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegReplaceKeyW(_key: Key, _path: *const u16, _new: *const u16, _old: *const u16) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Opens a key within a transaction, of which there is none.
#[shim(ix = 112, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegOpenKeyTransactedW(
    _key: Key,
    _path: *const u16,
    _options: u32,
    _access: u32,
    _result: *mut Key,
    _transaction: HANDLE,
    _extended: *const c_void,
) -> Result<LStatus, Win32Error> {
    NO_TRANSACTION
}

/// Makes a key within a transaction, of which there is none.
#[shim(ix = 108, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegCreateKeyTransactedW(
    _key: Key,
    _path: *const u16,
    _reserved: u32,
    _class: *const u16,
    _options: u32,
    _access: u32,
    _security: *const SECURITY_ATTRIBUTES,
    _result: *mut Key,
    _disposition: *mut u32,
    _transaction: HANDLE,
    _extended: *const c_void,
) -> Result<LStatus, Win32Error> {
    NO_TRANSACTION
}

/// Deletes a key within a transaction, of which there is none.
#[shim(ix = 153, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegDeleteKeyTransactedW(
    _key: Key,
    _path: *const u16,
    _access: u32,
    _reserved: u32,
    _transaction: HANDLE,
    _extended: *const c_void,
) -> Result<LStatus, Win32Error> {
    NO_TRANSACTION
}

/// Loads a file as a key: SeRestorePrivilege is not held.
#[shim(ix = 154, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegLoadKeyA(_key: Key, _path: *const u8, _file: *const u8) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Takes a loaded file out: SeRestorePrivilege is not held.
#[shim(ix = 155, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegUnLoadKeyA(_key: Key, _path: *const u8) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Writes a key to a file: SeBackupPrivilege is not held.
#[shim(ix = 156, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegSaveKeyA(_key: Key, _file: *const u8, _security: *const SECURITY_ATTRIBUTES) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Writes a key to a file: SeBackupPrivilege is not held.
#[shim(ix = 157, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegSaveKeyExA(
    _key: Key,
    _file: *const u8,
    _security: *const SECURITY_ATTRIBUTES,
    _flags: u32,
) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Reads a key from a file: SeRestorePrivilege is not held.
#[shim(ix = 158, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegRestoreKeyA(_key: Key, _file: *const u8, _flags: u32) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Puts a file in the place of a key: SeRestorePrivilege is not held.
#[shim(ix = 159, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegReplaceKeyA(_key: Key, _path: *const u8, _new: *const u8, _old: *const u8) -> Result<LStatus, Win32Error> {
    REFUSED
}

/// Opens a key within a transaction, of which there is none.
#[shim(ix = 160, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegOpenKeyTransactedA(
    _key: Key,
    _path: *const u8,
    _options: u32,
    _access: u32,
    _result: *mut Key,
    _transaction: HANDLE,
    _extended: *const c_void,
) -> Result<LStatus, Win32Error> {
    NO_TRANSACTION
}

/// Makes a key within a transaction, of which there is none.
#[shim(ix = 161, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegCreateKeyTransactedA(
    _key: Key,
    _path: *const u8,
    _reserved: u32,
    _class: *const u8,
    _options: u32,
    _access: u32,
    _security: *const SECURITY_ATTRIBUTES,
    _result: *mut Key,
    _disposition: *mut u32,
    _transaction: HANDLE,
    _extended: *const c_void,
) -> Result<LStatus, Win32Error> {
    NO_TRANSACTION
}

/// Deletes a key within a transaction, of which there is none.
#[shim(ix = 162, mapping = "refused, as documented", risk = Functional("something that is not done"))]
pub unsafe extern "system" fn RegDeleteKeyTransactedA(
    _key: Key,
    _path: *const u8,
    _access: u32,
    _reserved: u32,
    _transaction: HANDLE,
    _extended: *const c_void,
) -> Result<LStatus, Win32Error> {
    NO_TRANSACTION
}

/// The registry of a computer: there is this one alone.
fn connect(machine: &[u16], key: Key, result: &mut Key) -> Result<LStatus, Win32Error> {
    if !matches!(number(key), Some(2 | 3)) {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    let machine = machine.strip_prefix(&[u16::from(b'\\'); 2]).unwrap_or(machine);
    let own: alloc::vec::Vec<u16> = gate::names::COMPUTER.encode_utf16().collect();
    if !machine.is_empty() && !text::same_ascii(machine, &own) {
        return Err(Win32Error(ERROR_BAD_NETPATH));
    }
    *result = key;
    Ok(LStatus)
}

/// Opens a root of this computer's registry; no other one can be reached.
#[shim(ix = 121, mapping = "the root itself", risk = Functional("a computer that is not reached"))]
pub unsafe extern "system" fn RegConnectRegistryW(machine: *const u16, key: Key, result: *mut Key) -> Result<LStatus, Win32Error> {
    unsafe { connect(text::wide(machine), key, demanded(result)?) }
}

/// Opens a root of this computer's registry; no other one can be reached.
#[shim(ix = 163, mapping = "the root itself", risk = Functional("a computer that is not reached"))]
pub unsafe extern "system" fn RegConnectRegistryA(machine: *const u8, key: Key, result: *mut Key) -> Result<LStatus, Win32Error> {
    unsafe { connect(&wide_of(machine).unwrap_or_default(), key, demanded(result)?) }
}
