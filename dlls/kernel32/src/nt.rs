//! What kernel32 stands on: the exports of `ntdll`, in the order of their names.

use core::ffi::c_void;
use guest::error::{Status, Win32Error};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_BASIC_INFORMATION, FILE_INFORMATION_CLASS, FILE_NETWORK_OPEN_INFORMATION};
use windows_sys::Wdk::System::SystemServices::TIME_FIELDS;
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, UNICODE_STRING};
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_RECORD};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
use windows_sys::Win32::System::Kernel::STRING;
use windows_sys::Win32::System::SystemInformation::OSVERSIONINFOEXW;
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

guest::imports! {
    "ntdll" {
        fn LdrAccessResource(module: *const c_void, entry: *const c_void, data: *mut *const c_void, size: *mut u32) -> NTSTATUS;
        fn LdrAddDllDirectory(folder: *const UNICODE_STRING, cookie: *mut *mut c_void) -> NTSTATUS;
        fn LdrAddRefDll(flags: u32, handle: *mut c_void) -> NTSTATUS;
        fn LdrDisableThreadCalloutsForDll(handle: *mut c_void) -> NTSTATUS;
        fn LdrFindResourceDirectory_U(module: *const c_void, given: *const usize, level: u32, directory: *mut *const c_void) -> NTSTATUS;
        fn LdrFindResource_U(module: *const c_void, given: *const usize, level: u32, entry: *mut *const c_void) -> NTSTATUS;
        fn LdrGetDllDirectory(folder: *mut UNICODE_STRING) -> NTSTATUS;
        fn LdrGetDllFullName(handle: *mut c_void, name: *mut UNICODE_STRING) -> NTSTATUS;
        fn LdrGetDllHandle(path: *const u16, characteristics: *mut u32, name: *const UNICODE_STRING, handle: *mut *mut c_void) -> NTSTATUS;
        fn LdrGetDllPath(name: *const u16, flags: u32, path: *mut *mut u16, rest: *mut *mut u16) -> NTSTATUS;
        fn LdrGetProcedureAddress(handle: *mut c_void, name: *const STRING, ordinal: u32, address: *mut *mut c_void) -> NTSTATUS;
        fn LdrLoadDll(path: *const u16, flags: *mut u32, name: *const UNICODE_STRING, handle: *mut *mut c_void) -> NTSTATUS;
        fn LdrLockLoaderLock(flags: u32, state: *mut u32, cookie: *mut usize) -> NTSTATUS;
        fn LdrRemoveDllDirectory(cookie: *mut c_void) -> NTSTATUS;
        fn LdrSetDefaultDllDirectories(flags: u32) -> NTSTATUS;
        fn LdrSetDllDirectory(folder: *const UNICODE_STRING) -> NTSTATUS;
        fn LdrUnloadDll(handle: *mut c_void) -> NTSTATUS;
        fn LdrUnlockLoaderLock(flags: u32, cookie: usize) -> NTSTATUS;
        fn NtAllocateVirtualMemory(process: HANDLE, base: *mut *mut c_void, zero_bits: usize, size: *mut usize, kind: u32, protect: u32) -> NTSTATUS;
        fn NtAssignProcessToJobObject(job: HANDLE, process: HANDLE) -> NTSTATUS;
        fn NtCancelIoFile(file: HANDLE, block: *mut IO_STATUS_BLOCK) -> NTSTATUS;
        fn NtCancelIoFileEx(file: HANDLE, request: *const IO_STATUS_BLOCK, block: *mut IO_STATUS_BLOCK) -> NTSTATUS;
        fn NtCancelSynchronousIoFile(thread: HANDLE, request: *const IO_STATUS_BLOCK, block: *mut IO_STATUS_BLOCK) -> NTSTATUS;
        fn NtCancelTimer(handle: HANDLE, state: *mut u8) -> NTSTATUS;
        fn NtClearEvent(handle: HANDLE) -> NTSTATUS;
        fn NtCompareObjects(first: HANDLE, second: HANDLE) -> NTSTATUS;
        fn NtClose(handle: HANDLE) -> NTSTATUS;
        fn NtCreateEvent(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, kind: i32, initial: u8) -> NTSTATUS;
        fn NtCreateFile(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, block: *mut IO_STATUS_BLOCK, allocation: *const i64, attributes: u32, share: u32, disposition: u32, options: u32, extended: *const c_void, extended_size: u32) -> NTSTATUS;
        fn NtCreateIoCompletion(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, threads: u32) -> NTSTATUS;
        fn NtCreateJobObject(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> NTSTATUS;
        fn NtCreateMutant(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, owned: u8) -> NTSTATUS;
        fn NtCreateNamedPipeFile(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, block: *mut IO_STATUS_BLOCK, share: u32, disposition: u32, options: u32, kind: u32, read_mode: u32, completion_mode: u32, instances: u32, inbound: u32, outbound: u32, timeout: *const i64) -> NTSTATUS;
        fn NtCreateSection(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, size: *const i64, protect: u32, attributes: u32, file: HANDLE) -> NTSTATUS;
        fn NtCreateSemaphore(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, initial: i32, limit: i32) -> NTSTATUS;
        fn NtCreateThreadEx(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, process: HANDLE, start: *const c_void, parameter: *const c_void, flags: u32, zero_bits: usize, commit: usize, reserve: usize, attributes: *mut c_void) -> NTSTATUS;
        fn NtCreateTimer(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, kind: i32) -> NTSTATUS;
        fn NtDelayExecution(alertable: u8, timeout: *const i64) -> NTSTATUS;
        fn NtDeleteFile(object: *const OBJECT_ATTRIBUTES) -> NTSTATUS;
        fn NtDeviceIoControlFile(file: HANDLE, event: HANDLE, routine: *const c_void, context: *const c_void, block: *mut IO_STATUS_BLOCK, code: u32, input: *const c_void, input_size: u32, output: *mut c_void, output_size: u32) -> NTSTATUS;
        fn NtDuplicateObject(source_process: HANDLE, source: HANDLE, target_process: HANDLE, target: *mut HANDLE, access: u32, attributes: u32, options: u32) -> NTSTATUS;
        fn NtFlushBuffersFile(file: HANDLE, block: *mut IO_STATUS_BLOCK) -> NTSTATUS;
        fn NtFreeVirtualMemory(process: HANDLE, base: *mut *mut c_void, size: *mut usize, kind: u32) -> NTSTATUS;
        fn NtFsControlFile(file: HANDLE, event: HANDLE, routine: *const c_void, context: *const c_void, block: *mut IO_STATUS_BLOCK, code: u32, input: *const c_void, input_size: u32, output: *mut c_void, output_size: u32) -> NTSTATUS;
        fn NtGetCurrentProcessorNumber() -> u32;
        fn NtIsProcessInJob(process: HANDLE, job: HANDLE) -> NTSTATUS;
        fn NtLockFile(file: HANDLE, event: HANDLE, routine: *const c_void, context: *const c_void, block: *mut IO_STATUS_BLOCK, start: *const i64, length: *const i64, key: u32, at_once: u8, exclusive: u8) -> NTSTATUS;
        fn NtLockVirtualMemory(process: HANDLE, base: *mut *mut c_void, size: *mut usize, kind: u32) -> NTSTATUS;
        fn NtMapViewOfSection(section: HANDLE, process: HANDLE, base: *mut *mut c_void, zero_bits: usize, commit: usize, offset: *mut i64, size: *mut usize, inherit: i32, kind: u32, protect: u32) -> NTSTATUS;
        fn NtNotifyChangeDirectoryFile(
            folder: HANDLE,
            event: HANDLE,
            routine: *const c_void,
            context: *const c_void,
            block: *mut IO_STATUS_BLOCK,
            buffer: *mut c_void,
            length: u32,
            filter: u32,
            subtree: u8,
        ) -> NTSTATUS;
        fn NtOpenEvent(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> NTSTATUS;
        fn NtOpenFile(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, block: *mut IO_STATUS_BLOCK, share: u32, options: u32) -> NTSTATUS;
        fn NtOpenJobObject(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> NTSTATUS;
        fn NtOpenMutant(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> NTSTATUS;
        fn NtOpenProcess(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, client: *const [usize; 2]) -> NTSTATUS;
        fn NtOpenSection(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> NTSTATUS;
        fn NtOpenSemaphore(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> NTSTATUS;
        fn NtOpenThread(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, client: *const [usize; 2]) -> NTSTATUS;
        fn NtOpenTimer(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES) -> NTSTATUS;
        fn NtProtectVirtualMemory(process: HANDLE, base: *mut *mut c_void, size: *mut usize, protect: u32, old: *mut u32) -> NTSTATUS;
        fn NtPulseEvent(handle: HANDLE, previous: *mut u32) -> NTSTATUS;
        fn NtQueryAttributesFile(object: *const OBJECT_ATTRIBUTES, answer: *mut FILE_BASIC_INFORMATION) -> NTSTATUS;
        fn NtQueryDirectoryFile(folder: HANDLE, event: HANDLE, routine: *const c_void, context: *const c_void, block: *mut IO_STATUS_BLOCK, buffer: *mut c_void, length: u32, class: i32, single: u8, pattern: *const UNICODE_STRING, restart: u8) -> NTSTATUS;
        fn NtQueryFullAttributesFile(object: *const OBJECT_ATTRIBUTES, answer: *mut FILE_NETWORK_OPEN_INFORMATION) -> NTSTATUS;
        fn NtQueryInformationFile(file: HANDLE, block: *mut IO_STATUS_BLOCK, buffer: *mut c_void, length: u32, class: FILE_INFORMATION_CLASS) -> NTSTATUS;
        fn NtQueryInformationJobObject(job: HANDLE, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS;
        fn NtQueryInformationProcess(process: HANDLE, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS;
        fn NtGetContextThread(thread: HANDLE, context: *mut c_void) -> NTSTATUS;
        fn NtSetContextThread(thread: HANDLE, context: *const c_void) -> NTSTATUS;
        fn NtQueueApcThread(thread: HANDLE, routine: *const c_void, first: *const c_void, second: *const c_void, third: *const c_void) -> NTSTATUS;
        fn NtQueryInformationThread(handle: HANDLE, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS;
        fn NtQueryObject(handle: HANDLE, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS;
        fn NtQueryPerformanceCounter(counter: *mut i64, frequency: *mut i64) -> NTSTATUS;
        fn NtQuerySystemInformation(class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS;
        fn NtQuerySystemTime(time: *mut i64) -> NTSTATUS;
        fn NtQueryVirtualMemory(process: HANDLE, address: *const c_void, class: i32, buffer: *mut c_void, length: usize, result: *mut usize) -> NTSTATUS;
        fn NtQueryVolumeInformationFile(file: HANDLE, block: *mut IO_STATUS_BLOCK, buffer: *mut c_void, length: u32, class: i32) -> NTSTATUS;
        fn NtRaiseException(record: *mut EXCEPTION_RECORD, context: *mut CONTEXT, first_chance: u32);
        fn NtReadFileScatter(
            file: HANDLE,
            event: HANDLE,
            routine: *const c_void,
            context: *const c_void,
            block: *mut IO_STATUS_BLOCK,
            segments: *const u64,
            length: u32,
            at: *const i64,
            key: *const u32,
        ) -> NTSTATUS;
        fn NtSetInformationJobObject(job: HANDLE, class: i32, buffer: *const c_void, length: u32) -> NTSTATUS;
        fn NtTerminateJobObject(job: HANDLE, status: i32) -> NTSTATUS;
        fn NtWriteFileGather(
            file: HANDLE,
            event: HANDLE,
            routine: *const c_void,
            context: *const c_void,
            block: *mut IO_STATUS_BLOCK,
            segments: *const u64,
            length: u32,
            at: *const i64,
            key: *const u32,
        ) -> NTSTATUS;
        fn NtReadFile(file: HANDLE, event: HANDLE, routine: *const c_void, context: *const c_void, block: *mut IO_STATUS_BLOCK, buffer: *mut c_void, length: u32, at: *const i64, key: *const u32) -> NTSTATUS;
        fn NtReleaseMutant(handle: HANDLE, previous: *mut u32) -> NTSTATUS;
        fn NtReleaseSemaphore(handle: HANDLE, count: u32, previous: *mut u32) -> NTSTATUS;
        fn NtRemoveIoCompletion(port: HANDLE, key: *mut *mut c_void, context: *mut *mut c_void, block: *mut IO_STATUS_BLOCK, timeout: *const i64) -> NTSTATUS;
        fn NtRemoveIoCompletionEx(port: HANDLE, entries: *mut c_void, count: u32, removed: *mut u32, timeout: *const i64, alertable: u8) -> NTSTATUS;
        fn NtResetEvent(handle: HANDLE, previous: *mut u32) -> NTSTATUS;
        fn NtResumeThread(handle: HANDLE, previous: *mut u32) -> NTSTATUS;
        fn NtSetEvent(handle: HANDLE, previous: *mut u32) -> NTSTATUS;
        fn NtSetInformationFile(file: HANDLE, block: *mut IO_STATUS_BLOCK, buffer: *const c_void, length: u32, class: FILE_INFORMATION_CLASS) -> NTSTATUS;
        fn NtSetInformationObject(handle: HANDLE, class: i32, buffer: *const c_void, length: u32) -> NTSTATUS;
        fn NtSetInformationProcess(process: HANDLE, class: i32, buffer: *const c_void, length: u32) -> NTSTATUS;
        fn NtSetInformationThread(handle: HANDLE, class: i32, buffer: *const c_void, length: u32) -> NTSTATUS;
        fn NtSetIoCompletion(port: HANDLE, key: *const c_void, context: *const c_void, status: NTSTATUS, information: usize) -> NTSTATUS;
        fn NtSetTimer(handle: HANDLE, due: *const i64, routine: *const c_void, context: *const c_void, resume: u8, period: i32, previous: *mut u8) -> NTSTATUS;
        fn NtSignalAndWaitForSingleObject(signal: HANDLE, wait: HANDLE, alertable: u8, timeout: *const i64) -> NTSTATUS;
        fn NtSuspendThread(handle: HANDLE, previous: *mut u32) -> NTSTATUS;
        fn NtTerminateProcess(process: HANDLE, code: NTSTATUS) -> NTSTATUS;
        fn NtTerminateThread(handle: HANDLE, code: NTSTATUS) -> NTSTATUS;
        fn NtReadVirtualMemory(process: HANDLE, address: *const c_void, buffer: *mut c_void, size: usize, read: *mut usize) -> NTSTATUS;
        fn NtWriteVirtualMemory(process: HANDLE, address: *mut c_void, buffer: *const c_void, size: usize, written: *mut usize) -> NTSTATUS;
        fn NtUnlockFile(file: HANDLE, block: *mut IO_STATUS_BLOCK, start: *const i64, length: *const i64, key: u32) -> NTSTATUS;
        fn NtUnlockVirtualMemory(process: HANDLE, base: *mut *mut c_void, size: *mut usize, kind: u32) -> NTSTATUS;
        fn NtUnmapViewOfSection(process: HANDLE, base: *mut c_void) -> NTSTATUS;
        fn NtWaitForMultipleObjects(count: u32, handles: *const HANDLE, wait_any: i32, alertable: u8, timeout: *const i64) -> NTSTATUS;
        fn NtWaitForSingleObject(handle: HANDLE, alertable: u8, timeout: *const i64) -> NTSTATUS;
        fn NtWriteFile(file: HANDLE, event: HANDLE, routine: *const c_void, context: *const c_void, block: *mut IO_STATUS_BLOCK, buffer: *const c_void, length: u32, at: *const i64, key: *const u32) -> NTSTATUS;
        fn NtYieldExecution() -> NTSTATUS;
        fn RtlAcquirePebLock();
        fn RtlAcquireSRWLockExclusive(lock: *mut c_void);
        fn RtlAcquireSRWLockShared(lock: *mut c_void);
        fn RtlAddVectoredContinueHandler(first: u32, handler: *const c_void) -> *mut c_void;
        fn RtlAddVectoredExceptionHandler(first: u32, handler: *const c_void) -> *mut c_void;
        fn RtlAllocateHeap(heap: *mut c_void, flags: u32, size: usize) -> *mut c_void;
        fn RtlAnsiStringToUnicodeString(target: *mut UNICODE_STRING, source: *const STRING, allocate: u8) -> NTSTATUS;
        fn RtlAppendUnicodeStringToString(target: *mut UNICODE_STRING, source: *const UNICODE_STRING) -> NTSTATUS;
        fn RtlAppendUnicodeToString(target: *mut UNICODE_STRING, source: *const u16) -> NTSTATUS;
        fn RtlCaptureContext(context: *mut CONTEXT);
        fn RtlCompareMemory(left: *const c_void, right: *const c_void, length: usize) -> usize;
        fn RtlCompareUnicodeString(left: *const UNICODE_STRING, right: *const UNICODE_STRING, ignore_case: u8) -> i32;
        fn RtlCopyUnicodeString(target: *mut UNICODE_STRING, source: *const UNICODE_STRING);
        fn RtlCreateEnvironment(inherit: u8, environment: *mut *mut u16) -> NTSTATUS;
        fn RtlCreateHeap(flags: u32, base: *mut c_void, reserve: usize, commit: usize, lock: *mut c_void, parameters: *mut c_void) -> *mut c_void;
        fn RtlCreateUnicodeString(target: *mut UNICODE_STRING, source: *const u16) -> u8;
        fn RtlCreateUserThread(process: HANDLE, descriptor: *const c_void, suspended: u8, zero_bits: u32, reserve: usize, commit: usize, start: *const c_void, parameter: *const c_void, handle: *mut HANDLE, id: *mut [usize; 2]) -> NTSTATUS;
        fn RtlDecodePointer(pointer: *mut c_void) -> *mut c_void;
        fn RtlDecodeSystemPointer(pointer: *mut c_void) -> *mut c_void;
        fn RtlDeleteCriticalSection(section: *mut CRITICAL_SECTION) -> NTSTATUS;
        fn RtlDestroyEnvironment(environment: *mut u16) -> NTSTATUS;
        fn RtlDestroyHeap(heap: *mut c_void) -> *mut c_void;
        fn RtlDetermineDosPathNameType_U(given: *const u16) -> u32;
        fn RtlDosPathNameToNtPathName_U(given: *const u16, target: *mut UNICODE_STRING, file: *mut *mut u16, relative: *mut c_void) -> u8;
        fn RtlDosPathNameToNtPathName_U_WithStatus(given: *const u16, target: *mut UNICODE_STRING, file: *mut *mut u16, relative: *mut c_void) -> NTSTATUS;
        fn RtlDowncaseUnicodeChar(unit: u16) -> u16;
        fn RtlEncodePointer(pointer: *mut c_void) -> *mut c_void;
        fn RtlEncodeSystemPointer(pointer: *mut c_void) -> *mut c_void;
        fn RtlEnterCriticalSection(section: *mut CRITICAL_SECTION) -> NTSTATUS;
        fn RtlEqualUnicodeString(left: *const UNICODE_STRING, right: *const UNICODE_STRING, ignore_case: u8) -> u8;
        fn RtlExitUserProcess(code: u32);
        fn RtlExitUserThread(code: u32);
        fn RtlExpandEnvironmentStrings_U(environment: *const u16, source: *const UNICODE_STRING, target: *mut UNICODE_STRING, needed: *mut u32) -> NTSTATUS;
        fn RtlFirstEntrySList(list: *const c_void) -> *mut c_void;
        fn RtlFlsAlloc(callback: *const c_void, index: *mut u32) -> NTSTATUS;
        fn RtlFlsFree(index: u32) -> NTSTATUS;
        fn RtlFlsGetValue(index: u32, value: *mut *mut c_void) -> NTSTATUS;
        fn RtlFlsSetValue(index: u32, value: *mut c_void) -> NTSTATUS;
        fn RtlFreeAnsiString(string: *mut STRING);
        fn RtlFreeHeap(heap: *mut c_void, flags: u32, memory: *mut c_void) -> u8;
        fn RtlFreeUnicodeString(string: *mut UNICODE_STRING);
        fn RtlGetCurrentDirectory_U(room: u32, buffer: *mut u16) -> u32;
        fn RtlGetCurrentPeb() -> *mut c_void;
        fn RtlGetFullPathName_U(given: *const u16, room: u32, buffer: *mut u16, file: *mut *mut u16) -> u32;
        fn RtlGetLastNtStatus() -> NTSTATUS;
        fn RtlGetLastWin32Error() -> u32;
        fn RtlGetNtVersionNumbers(major: *mut u32, minor: *mut u32, build: *mut u32);
        fn RtlGetProcessHeaps(room: u32, target: *mut *mut c_void) -> u32;
        fn RtlGetSystemTimePrecise() -> i64;
        fn RtlGetThreadErrorMode() -> u32;
        fn RtlGetVersion(version: *mut OSVERSIONINFOEXW) -> NTSTATUS;
        fn RtlImageNtHeader(base: *const u8) -> *const c_void;
        fn RtlInitAnsiString(target: *mut STRING, source: *const u8);
        fn RtlInitString(target: *mut STRING, source: *const u8);
        fn RtlInitUnicodeString(target: *mut UNICODE_STRING, source: *const u16);
        fn RtlInitUnicodeStringEx(target: *mut UNICODE_STRING, source: *const u16) -> NTSTATUS;
        fn RtlInitializeConditionVariable(variable: *mut c_void);
        fn RtlInitializeCriticalSection(section: *mut CRITICAL_SECTION) -> NTSTATUS;
        fn RtlInitializeCriticalSectionAndSpinCount(section: *mut CRITICAL_SECTION, spins: u32) -> NTSTATUS;
        fn RtlInitializeCriticalSectionEx(section: *mut CRITICAL_SECTION, spins: u32, flags: u32) -> NTSTATUS;
        fn RtlInitializeSListHead(list: *mut c_void);
        fn RtlInitializeSRWLock(lock: *mut c_void);
        fn RtlInterlockedFlushSList(list: *mut c_void) -> *mut c_void;
        fn RtlInterlockedPopEntrySList(list: *mut c_void) -> *mut c_void;
        fn RtlInterlockedPushEntrySList(list: *mut c_void, entry: *mut c_void) -> *mut c_void;
        fn RtlIsCriticalSectionLockedByThread(section: *mut CRITICAL_SECTION) -> u32;
        fn RtlIsDosDeviceName_U(given: *const u16) -> u32;
        fn RtlLeaveCriticalSection(section: *mut CRITICAL_SECTION) -> NTSTATUS;
        fn RtlLockHeap(heap: *mut c_void) -> u8;
        fn RtlMultiByteToUnicodeN(target: *mut u16, target_bytes: u32, result: *mut u32, source: *const u8, source_bytes: u32) -> NTSTATUS;
        fn RtlNtStatusToDosError(status: NTSTATUS) -> u32;
        fn RtlNtStatusToDosErrorNoTeb(status: NTSTATUS) -> u32;
        fn RtlOemStringToUnicodeString(target: *mut UNICODE_STRING, source: *const STRING, allocate: u8) -> NTSTATUS;
        fn RtlPcToFileHeader(address: *const c_void, base: *mut *mut c_void) -> *mut c_void;
        fn RtlPrefixUnicodeString(prefix: *const UNICODE_STRING, string: *const UNICODE_STRING, ignore_case: u8) -> u8;
        fn RtlQueryDepthSList(list: *mut c_void) -> u16;
        fn RtlQueryEnvironmentVariable_U(environment: *const u16, name: *const UNICODE_STRING, value: *mut UNICODE_STRING) -> NTSTATUS;
        fn RtlQueryHeapInformation(heap: *mut c_void, class: i32, buffer: *mut c_void, length: usize, result: *mut usize) -> NTSTATUS;
        fn RtlQueryPerformanceCounter(counter: *mut i64) -> u8;
        fn RtlQueryPerformanceFrequency(frequency: *mut i64) -> u8;
        fn RtlRaiseException(record: *mut EXCEPTION_RECORD);
        fn RtlRaiseStatus(status: NTSTATUS);
        fn RtlRandom(seed: *mut u32) -> u32;
        fn RtlRandomEx(seed: *mut u32) -> u32;
        fn RtlReAllocateHeap(heap: *mut c_void, flags: u32, memory: *mut c_void, size: usize) -> *mut c_void;
        fn RtlReleasePath(path: *mut u16);
        fn RtlReleasePebLock();
        fn RtlReleaseSRWLockExclusive(lock: *mut c_void);
        fn RtlReleaseSRWLockShared(lock: *mut c_void);
        fn RtlRemoveVectoredContinueHandler(handler: *mut c_void) -> u32;
        fn RtlRemoveVectoredExceptionHandler(handler: *mut c_void) -> u32;
        fn RtlRunOnceBeginInitialize(once: *mut c_void, flags: u32, context: *mut *mut c_void) -> NTSTATUS;
        fn RtlRunOnceComplete(once: *mut c_void, flags: u32, context: *mut c_void) -> NTSTATUS;
        fn RtlRunOnceExecuteOnce(once: *mut c_void, function: *const c_void, parameter: *mut c_void, context: *mut *mut c_void) -> NTSTATUS;
        fn RtlRunOnceInitialize(once: *mut c_void);
        fn RtlSetCriticalSectionSpinCount(section: *mut CRITICAL_SECTION, spins: u32) -> u32;
        fn RtlSetCurrentDirectory_U(folder: *const UNICODE_STRING) -> NTSTATUS;
        fn RtlSetEnvironmentVariable(environment: *mut *mut u16, name: *const UNICODE_STRING, value: *const UNICODE_STRING) -> NTSTATUS;
        fn RtlSetHeapInformation(heap: *mut c_void, class: i32, buffer: *const c_void, length: usize) -> NTSTATUS;
        fn RtlSetLastWin32Error(code: u32);
        fn RtlSetLastWin32ErrorAndNtStatusFromNtStatus(status: NTSTATUS) -> u32;
        fn RtlSetThreadErrorMode(mode: u32, before: *mut u32) -> NTSTATUS;
        fn RtlSetUnhandledExceptionFilter(filter: *mut c_void);
        fn RtlSizeHeap(heap: *mut c_void, flags: u32, memory: *mut c_void) -> usize;
        fn RtlSleepConditionVariableCS(variable: *mut c_void, section: *mut CRITICAL_SECTION, timeout: *const i64) -> NTSTATUS;
        fn RtlSleepConditionVariableSRW(variable: *mut c_void, lock: *mut c_void, timeout: *const i64, flags: u32) -> NTSTATUS;
        fn RtlTimeFieldsToTime(given: *const TIME_FIELDS, answer: *mut i64) -> u8;
        fn RtlTimeToTimeFields(time: *const i64, answer: *mut TIME_FIELDS);
        fn RtlTryAcquireSRWLockExclusive(lock: *mut c_void) -> u8;
        fn RtlTryAcquireSRWLockShared(lock: *mut c_void) -> u8;
        fn RtlTryEnterCriticalSection(section: *mut CRITICAL_SECTION) -> u8;
        fn RtlUTF8ToUnicodeN(target: *mut u16, target_bytes: u32, result: *mut u32, source: *const u8, source_bytes: u32) -> NTSTATUS;
        fn RtlUnicodeStringToAnsiString(target: *mut STRING, source: *const UNICODE_STRING, allocate: u8) -> NTSTATUS;
        fn RtlUnicodeStringToOemString(target: *mut STRING, source: *const UNICODE_STRING, allocate: u8) -> NTSTATUS;
        fn RtlUnicodeToMultiByteN(target: *mut u8, target_bytes: u32, result: *mut u32, source: *const u16, source_bytes: u32) -> NTSTATUS;
        fn RtlUnicodeToUTF8N(target: *mut u8, target_bytes: u32, result: *mut u32, source: *const u16, source_bytes: u32) -> NTSTATUS;
        fn RtlUniform(seed: *mut u32) -> u32;
        fn RtlUnlockHeap(heap: *mut c_void) -> u8;
        fn RtlUpcaseUnicodeChar(unit: u16) -> u16;
        fn RtlUpcaseUnicodeString(target: *mut UNICODE_STRING, source: *const UNICODE_STRING, allocate: u8) -> NTSTATUS;
        fn RtlValidateHeap(heap: *mut c_void, flags: u32, memory: *mut c_void) -> u8;
        fn RtlVerifyVersionInfo(version: *const OSVERSIONINFOEXW, kinds: u32, conditions: u64) -> NTSTATUS;
        fn RtlWaitOnAddress(address: *const c_void, compare: *const c_void, size: usize, timeout: *const i64) -> NTSTATUS;
        fn RtlWakeAddressAll(address: *const c_void);
        fn RtlWakeAddressSingle(address: *const c_void);
        fn RtlWakeAllConditionVariable(variable: *mut c_void);
        fn RtlWakeConditionVariable(variable: *mut c_void);
        fn RtlWow64EnableFsRedirection(enable: u8) -> NTSTATUS;
        fn RtlWow64EnableFsRedirectionEx(wanted: *mut c_void, before: *mut *mut c_void) -> NTSTATUS;
        fn RtlCreateTimer(queue: HANDLE, answer: *mut HANDLE, callback: *const c_void, context: *mut c_void, due: u32, period: u32, flags: u32) -> NTSTATUS;
        fn RtlCreateTimerQueue(answer: *mut HANDLE) -> NTSTATUS;
        fn RtlCreateUserStack(commit: usize, reserve: usize, zero_bits: usize, page: usize, alignment: usize, answer: *mut [usize; 5]) -> NTSTATUS;
        fn RtlFreeUserStack(allocation: *mut c_void);
        fn RtlProcessFlsData(data: *mut c_void, flags: u32);
        fn RtlDeleteTimer(queue: HANDLE, timer: HANDLE, event: HANDLE) -> NTSTATUS;
        fn RtlDeleteTimerQueueEx(queue: HANDLE, event: HANDLE) -> NTSTATUS;
        fn RtlDeregisterWait(wait: HANDLE) -> NTSTATUS;
        fn RtlDeregisterWaitEx(wait: HANDLE, event: HANDLE) -> NTSTATUS;
        fn RtlQueueWorkItem(routine: *const c_void, context: *mut c_void, flags: u32) -> NTSTATUS;
        fn RtlRegisterWait(answer: *mut HANDLE, object: HANDLE, callback: *const c_void, context: *mut c_void, milliseconds: u32, flags: u32) -> NTSTATUS;
        fn RtlBarrier(barrier: *mut c_void, flags: u32) -> u8;
        fn RtlDeleteBarrier(barrier: *mut c_void) -> NTSTATUS;
        fn RtlInitBarrier(barrier: *mut c_void, threads: i32, spins: i32) -> NTSTATUS;
        fn RtlSetIoCompletionCallback(file: HANDLE, callback: *const c_void, flags: u32) -> NTSTATUS;
        fn RtlUpdateTimer(queue: HANDLE, timer: HANDLE, due: u32, period: u32) -> NTSTATUS;
        fn TpAllocCleanupGroup(answer: *mut *mut c_void) -> NTSTATUS;
        fn TpAllocPool(answer: *mut *mut c_void, reserved: *mut c_void) -> NTSTATUS;
        fn TpAllocTimer(answer: *mut *mut c_void, callback: *const c_void, context: *mut c_void, environment: *const c_void) -> NTSTATUS;
        fn TpAllocWait(answer: *mut *mut c_void, callback: *const c_void, context: *mut c_void, environment: *const c_void) -> NTSTATUS;
        fn TpAllocWork(answer: *mut *mut c_void, callback: *const c_void, context: *mut c_void, environment: *const c_void) -> NTSTATUS;
        fn TpCallbackMayRunLong(instance: *mut c_void) -> NTSTATUS;
        fn TpSetPoolMinThreads(pool: *mut c_void, least: u32) -> NTSTATUS;
        fn TpSimpleTryPost(callback: *const c_void, context: *mut c_void, environment: *const c_void) -> NTSTATUS;
        fn WcAllocWin32IoCompletion(
            answer: *mut *mut c_void,
            file: HANDLE,
            callback: *const c_void,
            context: *mut c_void,
            environment: *const c_void,
        ) -> NTSTATUS;
        fn WcCreateProcess(request: *mut gate::service::CreateProcess) -> NTSTATUS;
        fn WcConsole(console: HANDLE, kind: u32, mode: *mut u32, size: *mut [u32; 2]) -> NTSTATUS;
        fn WcDebugPrint(text: *const u8, size: usize) -> NTSTATUS;
        fn WcQueryMemory(answer: *mut [u64; 4]) -> NTSTATUS;
        fn WcQueryTimeZone(year: u32, zone: *mut c_void) -> NTSTATUS;
        fn WcWaitControl(ignore: u32, event: *mut u32) -> NTSTATUS;
    }
}

/// A status as a result; failures become Win32 errors.
pub fn check(status: NTSTATUS) -> Result<NTSTATUS, Win32Error> {
    // SAFETY: takes any status.
    Status::check(status).map_err(|status| Win32Error(unsafe { RtlNtStatusToDosError(status.0) }))
}
