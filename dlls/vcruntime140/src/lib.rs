//! vcruntime140.dll: what the compiler itself calls. `ucrtbase.dll` has the same functions.
#![cfg_attr(target_os = "windows", no_std)]
#![allow(non_snake_case, reason = "exports bear Windows' own names")]

extern crate alloc;

guest::dll!();

guest::forward!(
    _CxxThrowException = 5 => "ucrtbase._CxxThrowException",
    __current_exception = 0 => "ucrtbase.__current_exception",
    __current_exception_context = 1 => "ucrtbase.__current_exception_context",
    __processing_throw = 25 => "ucrtbase.__processing_throw",
    __std_exception_copy = 10 => "ucrtbase.__std_exception_copy",
    __std_exception_destroy = 11 => "ucrtbase.__std_exception_destroy",
    __std_terminate = 12 => "ucrtbase.__std_terminate",
    __std_type_info_compare = 19 => "ucrtbase.__std_type_info_compare",
    __std_type_info_destroy_list = 13 => "ucrtbase.__std_type_info_destroy_list",
    __std_type_info_hash = 26 => "ucrtbase.__std_type_info_hash",
    __uncaught_exception = 27 => "ucrtbase.__uncaught_exception",
    __uncaught_exceptions = 28 => "ucrtbase.__uncaught_exceptions",
    _get_purecall_handler = 29 => "ucrtbase._get_purecall_handler",
    _purecall = 14 => "ucrtbase._purecall",
    _set_purecall_handler = 30 => "ucrtbase._set_purecall_handler",
    longjmp = 20 => "ucrtbase.longjmp",
    memchr = 15 => "ucrtbase.memchr",
    memcmp = 8 => "ucrtbase.memcmp",
    memcpy = 3 => "ucrtbase.memcpy",
    memmove = 6 => "ucrtbase.memmove",
    memset = 2 => "ucrtbase.memset",
    strchr = 16 => "ucrtbase.strchr",
    strrchr = 21 => "ucrtbase.strrchr",
    strstr = 18 => "ucrtbase.strstr",
    wcschr = 23 => "ucrtbase.wcschr",
    wcsrchr = 17 => "ucrtbase.wcsrchr",
    wcsstr = 24 => "ucrtbase.wcsstr",
);

#[cfg(target_arch = "x86_64")]
guest::forward!(
    __intrinsic_setjmp = 31 => "ucrtbase.__intrinsic_setjmp",
    __intrinsic_setjmpex = 32 => "ucrtbase.__intrinsic_setjmpex",
);

#[cfg(target_arch = "x86_64")]
guest::forward!(
    __CxxFrameHandler = 33 => "ucrtbase.__CxxFrameHandler",
    __CxxFrameHandler2 = 34 => "ucrtbase.__CxxFrameHandler2",
    __CxxFrameHandler3 = 9 => "ucrtbase.__CxxFrameHandler3",
    __C_specific_handler = 4 => "ntdll.__C_specific_handler",
    _local_unwind = 35 => "ucrtbase._local_unwind",
);

#[cfg(target_arch = "x86")]
guest::forward!(
    __CxxFrameHandler = 33 => "ucrtbase.__CxxFrameHandler",
    __CxxFrameHandler2 = 34 => "ucrtbase.__CxxFrameHandler2",
    __CxxFrameHandler3 = 9 => "ucrtbase.__CxxFrameHandler3",
    _except_handler3 = 36 => "ucrtbase._except_handler3",
    _except_handler4_common = 7 => "ucrtbase._except_handler4_common",
    _global_unwind2 = 37 => "ucrtbase._global_unwind2",
    _local_unwind2 = 38 => "ucrtbase._local_unwind2",
    _local_unwind4 = 39 => "ucrtbase._local_unwind4",
    _seh_longjmp_unwind = 40 => "ucrtbase._seh_longjmp_unwind",
    _seh_longjmp_unwind4 = 41 => "ucrtbase._seh_longjmp_unwind4",
    _setjmp3 = 42 => "ucrtbase._setjmp3",
);
