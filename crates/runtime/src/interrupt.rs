//! The signals by which threads reach each other, and the stack that a thread's handlers run on.

use crate::segment;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ffi::c_int;

/// Bytes of the stack that handlers run on.
pub const HANDLER_STACK: usize = 64 * 1024;
/// The signal that breaks off a system call.
pub const BREAK_OFF: c_int = libc::SIGUSR1;
/// The signal that lets a thread see to its processors, and stops it.
pub const INTERRUPT: c_int = libc::SIGUSR2;

/// The stack that the calling thread's handlers run on. Its first word is the runtime's own FS base, which a handler that comes
/// upon 32-bit code finds by its stack pointer alone: the stack is aligned to its size.
pub struct HandlerStack(*mut u8);

const LAYOUT: Layout = match Layout::from_size_align(HANDLER_STACK, HANDLER_STACK) {
    Ok(layout) => layout,
    Err(_) => panic!("the size is a power of two"),
};

/// Gives the calling thread a stack for its handlers.
pub fn prepare_thread() -> HandlerStack {
    // SAFETY: the layout has a size.
    let memory = unsafe { alloc(LAYOUT) };
    if memory.is_null() {
        handle_alloc_error(LAYOUT)
    }
    // SAFETY: the memory was just made, and is aligned.
    unsafe { memory.cast::<u64>().write(segment::fs_base()) };
    // What handlers use begins behind the word; the kernel starts at the end.
    let stack = libc::stack_t { ss_sp: memory.cast(), ss_flags: 0, ss_size: HANDLER_STACK };
    // SAFETY: the stack is taken away again before its memory goes.
    unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) };
    HandlerStack(memory)
}

impl Drop for HandlerStack {
    fn drop(&mut self) {
        let none = libc::stack_t { ss_sp: std::ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
        // SAFETY: from here on, handlers run on the thread's own stack, and the memory is this value's own.
        unsafe {
            libc::sigaltstack(&raw const none, std::ptr::null_mut());
            dealloc(self.0, LAYOUT);
        }
    }
}

/// Breaks off another thread's system call; false when it has ended.
pub fn break_off(host_thread: i32) -> bool {
    // SAFETY: a signal to a thread of this process.
    unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), host_thread, BREAK_OFF) == 0 }
}

/// Interrupts another thread of this process; false when it has ended.
pub fn interrupt(host_thread: i32) -> bool {
    // SAFETY: a signal to a thread of this process.
    unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), host_thread, INTERRUPT) == 0 }
}

/// Whether an address is the runtime's own code.
pub fn runtime_holds(at: u64) -> bool {
    jail::text().contains(&at)
}
