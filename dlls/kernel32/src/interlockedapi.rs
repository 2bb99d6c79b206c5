//! interlockedapi.h: singly linked lists, which are `ntdll`'s.

guest::forward!(
    InitializeSListHead = 54 => "ntdll.RtlInitializeSListHead",
    InterlockedFlushSList = 286 => "ntdll.RtlInterlockedFlushSList",
    InterlockedPopEntrySList = 617 => "ntdll.RtlInterlockedPopEntrySList",
    InterlockedPushEntrySList = 266 => "ntdll.RtlInterlockedPushEntrySList",
    InterlockedPushListSListEx = 618 => "ntdll.RtlInterlockedPushListSListEx",
    QueryDepthSList = 619 => "ntdll.RtlQueryDepthSList",
);
