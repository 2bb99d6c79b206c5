//! errhandlingapi.h: the last error.

guest::forward! {
    GetLastError = 5 => "ntdll.RtlGetLastWin32Error",
    SetLastError = 9 => "ntdll.RtlSetLastWin32Error",
}
