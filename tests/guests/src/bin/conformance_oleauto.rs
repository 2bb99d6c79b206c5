//! oleauto.h: BSTRs and variants.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use core::ptr::{null, null_mut};
use guests::{Cases, case, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::Variant::*;
use windows_sys::core::BSTR;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        texts(&mut cases);
        variants(&mut cases);
        cases.code()
    }
}

/// A BSTR's units, with the NUL behind them.
unsafe fn units<'a>(string: BSTR) -> &'a [u16] {
    unsafe { core::slice::from_raw_parts(string, SysStringLen(string) as usize + 1) }
}

fn texts(cases: &mut Cases) {
    case!(cases, "oleaut32!SysAllocString oleaut32!SysFreeString", Total, "a copy with its length in front and a NUL behind", {
        let source = wide("abc");
        let string = unsafe { SysAllocString(source.as_ptr()) };
        same!(unsafe { units(string) }, &source[..]);
        same!(unsafe { *string.cast::<u32>().sub(1) }, 6);
        unsafe { SysFreeString(string) };
    });
    case!(cases, "oleaut32!SysAllocString", Total, "NULL makes NULL, and nothing makes a text of nothing", {
        same!(unsafe { SysAllocString(null()) }.is_null(), true);
        let string = unsafe { SysAllocString([0].as_ptr()) };
        same!(unsafe { units(string) }, [0]);
        unsafe { SysFreeString(string) };
    });
    case!(cases, "oleaut32!SysAllocStringLen oleaut32!SysStringLen", Total, "a length of its own, with NULs inside", {
        let string = unsafe { SysAllocStringLen([0x61, 0, 0x62].as_ptr(), 3) };
        same!(unsafe { units(string) }, [0x61, 0, 0x62, 0]);
        unsafe { SysFreeString(string) };
        let blank = unsafe { SysAllocStringLen(null(), 4) };
        same!(unsafe { (SysStringLen(blank), *blank.add(4)) }, (4, 0));
        unsafe { SysFreeString(blank) };
    });
    case!(cases, "oleaut32!SysAllocStringByteLen oleaut32!SysStringByteLen", Total, "an odd number of bytes", {
        let string = unsafe { SysAllocStringByteLen(b"abc".as_ptr(), 3) };
        same!(unsafe { (SysStringByteLen(string), SysStringLen(string)) }, (3, 1));
        same!(unsafe { core::slice::from_raw_parts(string.cast::<u8>(), 5) }, b"abc\0\0");
        unsafe { SysFreeString(string) };
    });
    case!(cases, "oleaut32!SysStringLen oleaut32!SysStringByteLen oleaut32!SysFreeString", Total, "NULL is a text of nothing", {
        same!(unsafe { (SysStringLen(null_mut()), SysStringByteLen(null_mut())) }, (0, 0));
        unsafe { SysFreeString(null_mut()) };
    });
    case!(cases, "oleaut32!SysReAllocString", Total, "another text in the same place", {
        let mut string = unsafe { SysAllocString(wide("first").as_ptr()) };
        same!(unsafe { SysReAllocString(&raw mut string, wide("second, longer").as_ptr()) }, 1);
        same!(unsafe { units(string) }, &wide("second, longer")[..]);
        unsafe { SysFreeString(string) };
    });
    case!(cases, "oleaut32!SysReAllocStringLen", Total, "a part of itself", {
        let mut string = unsafe { SysAllocString(wide("abcdef").as_ptr()) };
        same!(unsafe { SysReAllocStringLen(&raw mut string, string.add(2), 3) }, 1);
        same!(unsafe { units(string) }, &wide("cde")[..]);
        unsafe { SysFreeString(string) };
    });
}

fn kind(variant: &VARIANT) -> u16 {
    unsafe { variant.Anonymous.Anonymous.vt }
}

fn variants(cases: &mut Cases) {
    case!(cases, "oleaut32!VariantInit", Total, "is empty", {
        let mut variant: VARIANT = unsafe { core::mem::zeroed() };
        variant.Anonymous.Anonymous.vt = VT_I4;
        unsafe { VariantInit(&raw mut variant) };
        same!(kind(&variant), VT_EMPTY);
    });
    case!(cases, "oleaut32!VariantCopy oleaut32!VariantClear", Success, "a text is copied, and each is freed by itself", {
        let mut first: VARIANT = unsafe { core::mem::zeroed() };
        let mut second: VARIANT = unsafe { core::mem::zeroed() };
        first.Anonymous.Anonymous.vt = VT_BSTR;
        first.Anonymous.Anonymous.Anonymous.bstrVal = unsafe { SysAllocString(wide("text").as_ptr()) };
        same!(unsafe { VariantCopy(&raw mut second, &raw const first) }, S_OK);
        let (one, other) = unsafe { (first.Anonymous.Anonymous.Anonymous.bstrVal, second.Anonymous.Anonymous.Anonymous.bstrVal) };
        same!(one != other, true);
        same!(unsafe { units(other) }, &wide("text")[..]);
        same!(unsafe { VariantClear(&raw mut first) }, S_OK);
        same!(kind(&first), VT_EMPTY);
        same!(unsafe { units(other) }, &wide("text")[..]);
        same!(unsafe { VariantClear(&raw mut second) }, S_OK);
    });
    case!(cases, "oleaut32!VariantCopy", Success, "a number replaces a text", {
        let mut first: VARIANT = unsafe { core::mem::zeroed() };
        let mut second: VARIANT = unsafe { core::mem::zeroed() };
        first.Anonymous.Anonymous.vt = VT_UI8;
        first.Anonymous.Anonymous.Anonymous.ullVal = 0x1234_5678_9ABC_DEF0;
        second.Anonymous.Anonymous.vt = VT_BSTR;
        second.Anonymous.Anonymous.Anonymous.bstrVal = unsafe { SysAllocString(wide("text").as_ptr()) };
        same!(unsafe { VariantCopy(&raw mut second, &raw const first) }, S_OK);
        same!((kind(&second), unsafe { second.Anonymous.Anonymous.Anonymous.ullVal }), (VT_UI8, 0x1234_5678_9ABC_DEF0));
    });
    case!(cases, "oleaut32!VariantCopy", Failure, "a type that is none", {
        let mut first: VARIANT = unsafe { core::mem::zeroed() };
        let mut second: VARIANT = unsafe { core::mem::zeroed() };
        first.Anonymous.Anonymous.vt = 15;
        same!(unsafe { VariantCopy(&raw mut second, &raw const first) }, DISP_E_BADVARTYPE);
    });
    case!(cases, "oleaut32!VariantClear", Failure, "a type that is none", {
        let mut variant: VARIANT = unsafe { core::mem::zeroed() };
        variant.Anonymous.Anonymous.vt = 15;
        same!(unsafe { VariantClear(&raw mut variant) }, DISP_E_BADVARTYPE);
    });
    case!(cases, "oleaut32!VariantCopyInd", Success, "what is referred to", {
        let mut number = 77_i32;
        let mut first: VARIANT = unsafe { core::mem::zeroed() };
        let mut second: VARIANT = unsafe { core::mem::zeroed() };
        first.Anonymous.Anonymous.vt = VT_I4 | VT_BYREF;
        first.Anonymous.Anonymous.Anonymous.plVal = &raw mut number;
        same!(unsafe { VariantCopyInd(&raw mut second, &raw const first) }, S_OK);
        same!((kind(&second), unsafe { second.Anonymous.Anonymous.Anonymous.lVal }), (VT_I4, 77));
    });
}
