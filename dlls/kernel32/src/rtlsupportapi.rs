//! rtlsupportapi.h: contexts and images, which `ntdll` has.

guest::forward!(
    RtlCaptureContext = 67 => "ntdll.RtlCaptureContext",
    RtlCompareMemory = 620 => "ntdll.RtlCompareMemory",
    RtlPcToFileHeader = 161 => "ntdll.RtlPcToFileHeader",
    RtlRaiseException = 621 => "ntdll.RtlRaiseException",
    RtlUnwind = 113 => "ntdll.RtlUnwind",
);

#[cfg(target_pointer_width = "64")]
guest::forward!(
    RtlAddFunctionTable = 355 => "ntdll.RtlAddFunctionTable",
    RtlCaptureStackBackTrace = 256 => "ntdll.RtlCaptureStackBackTrace",
    RtlDeleteFunctionTable = 379 => "ntdll.RtlDeleteFunctionTable",
    RtlInstallFunctionTableCallback = 732 => "ntdll.RtlInstallFunctionTableCallback",
    RtlLookupFunctionEntry = 81 => "ntdll.RtlLookupFunctionEntry",
    RtlRestoreContext = 570 => "ntdll.RtlRestoreContext",
    RtlUnwindEx = 121 => "ntdll.RtlUnwindEx",
    RtlVirtualUnwind = 82 => "ntdll.RtlVirtualUnwind",
    __C_specific_handler = 529 => "ntdll.__C_specific_handler",
);
