//! oleauto.h: variants of numbers, texts and interfaces. Arrays and records are refused.

use crate::bstr::{allocate, byte_length, free};
use core::ffi::c_void;
use guest::call::HResult;
use guest::error::Failure;
use guest::{router, shim};
use windows_sys::Win32::Foundation::{DISP_E_BADVARTYPE, E_INVALIDARG, E_NOTIMPL, E_OUTOFMEMORY};
use windows_sys::Win32::System::Variant::{
    VARENUM, VARIANT, VT_ARRAY, VT_BOOL, VT_BSTR, VT_BYREF, VT_CY, VT_DATE, VT_DECIMAL, VT_DISPATCH, VT_EMPTY, VT_ERROR, VT_I1, VT_I2, VT_I4, VT_I8,
    VT_INT, VT_NULL, VT_R4, VT_R8, VT_RECORD, VT_UI1, VT_UI2, VT_UI4, VT_UI8, VT_UINT, VT_UNKNOWN, VT_VARIANT,
};

/// What a variant's value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// Bytes that are copied as they are.
    Plain,
    /// A BSTR.
    Text,
    /// An interface, which counts its references.
    Interface,
}

/// The bits of a type that say what it is of.
const TYPE: VARENUM = 0xFFF;

router! {
    /// By the type of a variant.
    fn value(kind: VARENUM) -> Result<Value, Failure> for "VariantClear", otherwise Failure(DISP_E_BADVARTYPE); {
        kind & VT_BYREF != 0 && is_plain(kind & TYPE) => Ok(Value::Plain);
        kind & VT_BYREF != 0 && matches!(kind & TYPE, VT_BSTR | VT_DISPATCH | VT_UNKNOWN | VT_VARIANT | VT_RECORD) => Ok(Value::Plain);
        kind & VT_ARRAY != 0 => Err(Failure(E_NOTIMPL));
        is_plain(kind) => Ok(Value::Plain);
        kind == VT_BSTR => Ok(Value::Text);
        kind == VT_DISPATCH || kind == VT_UNKNOWN => Ok(Value::Interface);
        kind == VT_RECORD => Err(Failure(E_NOTIMPL));
    }
}

fn is_plain(kind: VARENUM) -> bool {
    let kinds = [
        VT_EMPTY, VT_NULL, VT_I1, VT_I2, VT_I4, VT_I8, VT_INT, VT_UI1, VT_UI2, VT_UI4, VT_UI8, VT_UINT, VT_R4, VT_R8, VT_CY, VT_DATE, VT_ERROR,
        VT_BOOL, VT_DECIMAL,
    ];
    kinds.contains(&kind)
}

/// The head of every interface: the functions of IUnknown.
#[repr(C)]
struct Methods {
    query: usize,
    add_reference: unsafe extern "system" fn(*mut c_void) -> u32,
    release: unsafe extern "system" fn(*mut c_void) -> u32,
}

unsafe fn methods<'a>(interface: *mut c_void) -> Option<&'a Methods> {
    // SAFETY: NULL or an interface of the caller's.
    if interface.is_null() { None } else { unsafe { (*interface.cast::<*const Methods>()).as_ref() } }
}

unsafe fn kind_of(variant: *const VARIANT) -> VARENUM {
    // SAFETY: every variant starts with its type.
    unsafe { variant.cast::<u16>().read() }
}

/// The pointer that a variant holds.
unsafe fn pointer(variant: *const VARIANT) -> *mut c_void {
    // SAFETY: the value stands behind the type and three reserved words.
    unsafe { variant.byte_add(8).cast::<*mut c_void>().read_unaligned() }
}

unsafe fn set_pointer(variant: *mut VARIANT, value: *mut c_void) {
    // SAFETY: as above.
    unsafe { variant.byte_add(8).cast::<*mut c_void>().write_unaligned(value) };
}

unsafe fn clear(variant: *mut VARIANT) -> Result<(), Failure> {
    match value(unsafe { kind_of(variant) })? {
        Value::Plain => {}
        Value::Text => unsafe { free(pointer(variant).cast()) },
        Value::Interface => {
            let interface = unsafe { pointer(variant) };
            if let Some(methods) = unsafe { methods(interface) } {
                unsafe { (methods.release)(interface) };
            }
        }
    }
    unsafe { variant.cast::<u16>().write(VT_EMPTY) };
    Ok(())
}

/// Makes a variant that is empty.
#[shim(ix = 6, mapping = "VT_EMPTY", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn VariantInit(variant: *mut VARIANT) {
    unsafe { variant.cast::<u8>().write_bytes(0, size_of::<VARIANT>()) };
}

/// Empties a variant, and lets go of what it holds.
#[shim(ix = 3, mapping = "one row per type", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn VariantClear(variant: *mut VARIANT) -> Result<HResult, Failure> {
    if variant.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    unsafe { clear(variant)? };
    Ok(HResult::OK)
}

/// Copies a value that is the target's own from then on.
unsafe fn copy(target: *mut VARIANT, source: *const VARIANT) -> Result<(), Failure> {
    let kind = value(unsafe { kind_of(source) })?;
    let mut held = unsafe { source.read() };
    match kind {
        Value::Plain => {}
        Value::Text => {
            let text = unsafe { pointer(source) };
            if !text.is_null() {
                let copy = unsafe { allocate(text.cast(), byte_length(text.cast())) };
                if copy.is_null() {
                    return Err(Failure(E_OUTOFMEMORY));
                }
                unsafe { set_pointer(&raw mut held, copy.cast()) };
            }
        }
        Value::Interface => {
            let interface = unsafe { pointer(source) };
            if let Some(methods) = unsafe { methods(interface) } {
                unsafe { (methods.add_reference)(interface) };
            }
        }
    }
    unsafe { target.write(held) };
    Ok(())
}

/// Empties a variant and puts a copy of another into it.
#[shim(ix = 7, mapping = "one row per type", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn VariantCopy(target: *mut VARIANT, source: *const VARIANT) -> Result<HResult, Failure> {
    if target.is_null() || source.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    if target.cast_const() == source {
        return Ok(HResult::OK);
    }
    value(unsafe { kind_of(source) })?;
    unsafe {
        clear(target)?;
        copy(target, source)?;
    }
    Ok(HResult::OK)
}

/// Empties a variant and puts a copy of another into it, of what that refers to if it refers to something.
#[shim(ix = 24, mapping = "one row per type", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn VariantCopyInd(target: *mut VARIANT, source: *const VARIANT) -> Result<HResult, Failure> {
    if target.is_null() || source.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    let kind = unsafe { kind_of(source) };
    if kind & VT_BYREF == 0 {
        let status = unsafe { VariantCopy(target, source) };
        return if status < 0 { Err(Failure(status)) } else { Ok(HResult(status)) };
    }
    value(kind)?;
    let place = unsafe { pointer(source) };
    if place.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    // SAFETY: plain data, for which zero is a value.
    let mut held: VARIANT = unsafe { core::mem::zeroed() };
    let own = kind & TYPE;
    if own == VT_VARIANT {
        held = unsafe { place.cast::<VARIANT>().read() };
    } else {
        unsafe {
            (&raw mut held).byte_add(8).cast::<u8>().copy_from_nonoverlapping(place.cast(), width(own)?);
            (&raw mut held).cast::<u16>().write(own);
        }
    }
    if unsafe { kind_of(&raw const held) } & VT_ARRAY != 0 {
        return Err(Failure(E_NOTIMPL));
    }
    unsafe {
        clear(target)?;
        copy(target, &raw const held)?;
    }
    Ok(HResult::OK)
}

/// The bytes that a value takes where a variant refers to it.
fn width(kind: VARENUM) -> Result<usize, Failure> {
    Ok(match kind {
        VT_I1 | VT_UI1 => 1,
        VT_I2 | VT_UI2 | VT_BOOL => 2,
        VT_I4 | VT_UI4 | VT_INT | VT_UINT | VT_R4 | VT_ERROR => 4,
        VT_I8 | VT_UI8 | VT_R8 | VT_CY | VT_DATE => 8,
        VT_BSTR | VT_DISPATCH | VT_UNKNOWN => size_of::<usize>(),
        _ => return Err(Failure(DISP_E_BADVARTYPE)),
    })
}
