//! ntsecapi.h: RtlGenRandom, under the name that it is exported by.

guest::forward! {
    SystemFunction036 = 5 => "ntdll.SystemFunction036",
}
