//! What C++ programs want of the runtime: memory, types, and exceptions as far as they are thrown.

use super::heap;
use super::kernel32::RaiseException;
use super::nt::{RtlInterlockedFlushSList, RtlPcToFileHeader};
use super::string::units;
use super::terminate::terminate_now;
use super::thread;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::shim;

/// Memory for an object; NULL where there is none.
unsafe fn make(size: usize) -> *mut c_void {
    loop {
        let memory = heap::allocate(size, 0);
        if !memory.is_null() || !heap::ask_handler(size) {
            return memory;
        }
    }
}

/// `type_info`: the name for people, once it was asked for, and the compiler's own.
#[repr(C)]
pub struct TypeInfo {
    table: *const c_void,
    readable: *mut u8,
    name: [u8; 1],
}

/// What `type_info::~type_info` does.
unsafe fn forget_name(info: *mut TypeInfo) {
    // SAFETY: it is one, and the name came from `malloc`.
    unsafe {
        heap::release((*info).readable.cast());
        (*info).readable = null_mut();
    }
}

/// `operator new`.
#[cfg(target_arch = "x86_64")]
#[shim(ix = {msvcrt: 674}, entry = jump, export = "??2@YAPEAX_K@Z", mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn operator_new(size: usize) -> *mut c_void {
    make(size)
}

/// `operator new[]`.
#[cfg(target_arch = "x86_64")]
#[shim(ix = {msvcrt: 675}, entry = jump, export = "??_U@YAPEAX_K@Z", mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn operator_new_array(size: usize) -> *mut c_void {
    make(size)
}

/// `operator delete`.
#[cfg(target_arch = "x86_64")]
#[shim(ix = {msvcrt: 676}, entry = jump, export = "??3@YAXPEAX@Z", mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn operator_delete(memory: *mut c_void) {
    heap::release(memory);
}

/// `operator delete[]`.
#[cfg(target_arch = "x86_64")]
#[shim(ix = {msvcrt: 677}, entry = jump, export = "??_V@YAXPEAX@Z", mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn operator_delete_array(memory: *mut c_void) {
    heap::release(memory);
}

/// `operator new`.
#[cfg(target_arch = "x86")]
#[shim(ix = {msvcrt: 678}, entry = jump, export = "??2@YAPAXI@Z", mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn operator_new(size: usize) -> *mut c_void {
    make(size)
}

/// `operator new[]`.
#[cfg(target_arch = "x86")]
#[shim(ix = {msvcrt: 679}, entry = jump, export = "??_U@YAPAXI@Z", mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn operator_new_array(size: usize) -> *mut c_void {
    make(size)
}

/// `operator delete`.
#[cfg(target_arch = "x86")]
#[shim(ix = {msvcrt: 680}, entry = jump, export = "??3@YAXPAX@Z", mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn operator_delete(memory: *mut c_void) {
    heap::release(memory);
}

/// `operator delete[]`.
#[cfg(target_arch = "x86")]
#[shim(ix = {msvcrt: 681}, entry = jump, export = "??_V@YAXPAX@Z", mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn operator_delete_array(memory: *mut c_void) {
    heap::release(memory);
}

/// `type_info::~type_info`.
#[cfg(target_arch = "x86_64")]
#[shim(ix = {msvcrt: 157}, entry = jump, export = "??1type_info@@UEAA@XZ", mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn type_info_gone(info: *mut TypeInfo) {
    forget_name(info);
}

const CPP: u32 = 0xE06D_7363;
const NONCONTINUABLE: u32 = 1;

/// Throws a C++ exception; without an object, the one that is being handled.
#[shim(ix = {msvcrt: 78, ucrtbase: 768}, mapping = "RaiseException", risk = Functional("an exception that nobody sees"))]
pub unsafe extern "system" fn _CxxThrowException(object: *mut c_void, information: *mut c_void) {
    const VERSION: usize = 0x1993_0520;
    let throwing = &thread::current().processing_throw;
    throwing.set(throwing.get() + 1);
    if information.is_null() {
        throw_again()
    }
    let mut base = null_mut();
    RtlPcToFileHeader(information, &raw mut base);
    let arguments = [VERSION, object as usize, information as usize, base as usize];
    // Only the tables of 64-bit programs are relative to an image.
    let count = if cfg!(target_arch = "x86") { 3 } else { 4 };
    RaiseException(CPP, NONCONTINUABLE, count, arguments.as_ptr());
}

/// Throws the exception that is being handled.
unsafe fn throw_again() -> ! {
    if let Some(record) = super::frame::current_record() {
        let (code, flags) = (record.ExceptionCode as u32, record.ExceptionFlags & NONCONTINUABLE);
        let (count, arguments) = (record.NumberParameters, record.ExceptionInformation);
        // SAFETY: the record of the exception that is being handled.
        unsafe { RaiseException(code, flags, count, arguments.as_ptr()) };
    }
    terminate_now()
}

/// Where the exception lies that is being handled.
#[shim(ix = {ucrtbase: 769}, mapping = "the thread's data", risk = Wrong("another exception"))]
pub unsafe extern "C" fn __current_exception() -> *mut *mut c_void {
    thread::current().current_exception.as_ptr()
}

/// Where the context of that exception lies.
#[shim(ix = {ucrtbase: 770}, mapping = "the thread's data", risk = Wrong("another exception"))]
pub unsafe extern "C" fn __current_exception_context() -> *mut *mut c_void {
    thread::current().current_context.as_ptr()
}

/// Where it lies how many exceptions are on their way.
#[shim(ix = {ucrtbase: 771}, mapping = "the thread's data", risk = Wrong("another exception"))]
pub unsafe extern "C" fn __processing_throw() -> *mut i32 {
    thread::current().processing_throw.as_ptr()
}

/// Whether an exception is on its way.
#[shim(ix = {msvcrt: 250, ucrtbase: 772}, mapping = "the thread's data", risk = Wrong("another exception"))]
pub unsafe extern "C" fn __uncaught_exception() -> u8 {
    (thread::current().processing_throw.get() > 0).into()
}

/// How many exceptions are on their way.
#[shim(ix = {ucrtbase: 773}, mapping = "the thread's data", risk = Wrong("another exception"))]
pub unsafe extern "C" fn __uncaught_exceptions() -> i32 {
    thread::current().processing_throw.get()
}

/// What an exception object says, and whether that is its own memory.
#[repr(C)]
pub struct What {
    text: *const u8,
    owned: bool,
}

/// Copies what an exception object says.
#[shim(ix = {ucrtbase: 774}, mapping = "RtlAllocateHeap", risk = Wrong("a text that is gone"))]
pub unsafe extern "C" fn __std_exception_copy(from: *const What, to: *mut What) {
    let text = (*from).text;
    if !(*from).owned || text.is_null() {
        to.write(What { text, owned: false });
        return;
    }
    if let Ok(copy) = heap::duplicate(guest::text::narrow(text)) {
        to.write(What { text: copy.0, owned: true });
    }
}

/// Gives back what an exception object says.
#[shim(ix = {ucrtbase: 775}, mapping = "RtlAllocateHeap", risk = Wrong("a text that is gone"))]
pub unsafe extern "C" fn __std_exception_destroy(data: *mut What) {
    if (*data).owned {
        heap::release((*data).text.cast_mut().cast());
    }
    data.write(What { text: core::ptr::null(), owned: false });
}

/// The names of a type, without the table before them.
#[repr(C)]
pub struct Names {
    readable: *const u8,
    name: [u8; 1],
}

/// Compares two types by their names.
#[shim(ix = {ucrtbase: 776}, mapping = "RtlAllocateHeap", risk = Wrong("a text that is gone"))]
pub unsafe extern "C" fn __std_type_info_compare(first: *const Names, second: *const Names) -> i32 {
    if first == second {
        return 0;
    }
    let name = |names: *const Names| (&raw const (*names).name).cast::<u8>().wrapping_add(1);
    crt::text::compare(units(name(first)), units(name(second)))
}

/// A number for a type, the same for the same name.
#[shim(ix = {ucrtbase: 777}, mapping = "RtlAllocateHeap", risk = Wrong("a text that is gone"))]
pub unsafe extern "C" fn __std_type_info_hash(names: *const Names) -> usize {
    let name = guest::text::narrow((&raw const (*names).name).cast::<u8>().wrapping_add(1));
    // FNV-1a in the width of a pointer.
    let (start, factor) = if size_of::<usize>() == 8 { (0xCBF2_9CE4_8422_2325_u64, 0x100_0000_01B3_u64) } else { (0x811C_9DC5, 0x0100_0193) };
    let hash = name.iter().fold(start as usize, |hash, byte| (hash ^ usize::from(*byte)).wrapping_mul(factor as usize));
    if size_of::<usize>() == 8 { hash ^ hash >> 32 } else { hash }
}

/// Gives back the names for people that were made.
#[shim(ix = {ucrtbase: 778}, mapping = "RtlInterlockedFlushSList", risk = Functional("memory that is not given back"))]
pub unsafe extern "C" fn __std_type_info_destroy_list(list: *mut c_void) {
    let mut node = RtlInterlockedFlushSList(list).cast::<*mut c_void>();
    while !node.is_null() {
        let next = (*node).cast();
        heap::release(node.cast());
        node = next;
    }
}
