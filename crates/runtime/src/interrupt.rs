//! The signals by which threads reach each other, and the stack that a thread's handlers run on.

use std::ffi::c_int;
use std::mem::MaybeUninit;

/// Bytes of the stack that handlers run on.
const HANDLER_STACK: usize = 64 * 1024;
/// The signal that breaks off a system call.
pub const BREAK_OFF: c_int = libc::SIGUSR1;
/// The signal that lets a thread see to its processors, and stops it.
pub const INTERRUPT: c_int = libc::SIGUSR2;

/// The stack that the calling thread's handlers run on.
pub struct HandlerStack {
    _memory: Box<[MaybeUninit<u8>]>,
}

/// Gives the calling thread a stack for its handlers.
pub fn prepare_thread() -> HandlerStack {
    let mut memory = Box::<[u8]>::new_uninit_slice(HANDLER_STACK);
    let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: HANDLER_STACK };
    // SAFETY: the stack is taken away again before its memory goes.
    unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) };
    HandlerStack { _memory: memory }
}

impl Drop for HandlerStack {
    fn drop(&mut self) {
        let none = libc::stack_t { ss_sp: std::ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
        // SAFETY: from here on, handlers run on the thread's own stack.
        unsafe { libc::sigaltstack(&raw const none, std::ptr::null_mut()) };
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
