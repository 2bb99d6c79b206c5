//! rtlsupportapi.h: contexts and images, which `ntdll` has.

guest::forward!(
    RtlCaptureContext = 67 => "ntdll.RtlCaptureContext",
    RtlCompareMemory = 620 => "ntdll.RtlCompareMemory",
    RtlPcToFileHeader = 161 => "ntdll.RtlPcToFileHeader",
    RtlRaiseException = 621 => "ntdll.RtlRaiseException",
);

#[cfg(target_pointer_width = "64")]
guest::forward!(RtlLookupFunctionEntry = 81 => "ntdll.RtlLookupFunctionEntry");
