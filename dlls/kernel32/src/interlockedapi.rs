//! interlockedapi.h: singly linked lists, which are `ntdll`'s.

guest::forward!(
    InitializeSListHead = _ => "ntdll.RtlInitializeSListHead",
    InterlockedFlushSList = _ => "ntdll.RtlInterlockedFlushSList",
    InterlockedPopEntrySList = _ => "ntdll.RtlInterlockedPopEntrySList",
    InterlockedPushEntrySList = _ => "ntdll.RtlInterlockedPushEntrySList",
    InterlockedPushListSListEx = _ => "ntdll.RtlInterlockedPushListSListEx",
    QueryDepthSList = _ => "ntdll.RtlQueryDepthSList",
);
