//! Signals: hardware faults of guest code become Windows exceptions, faults inside the runtime's copying are answered,
//! everything else is a bug of ours.

mod x86;

use crate::interrupt::{BREAK_OFF, HANDLER_STACK, INTERRUPT, runtime_holds};
use crate::memory::{self, Fault};
use crate::process::{self, end};
use crate::registers::{Extended, context, flag};
use crate::thread::attend::acknowledge_interruption;
use crate::{bitness, current, thread, user};
use gate::map::PAGE;
use std::ffi::{c_int, c_void};
use std::mem::zeroed;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_VIOLATION, STATUS_ASSERTION_FAILURE, STATUS_BREAKPOINT, STATUS_DATATYPE_MISALIGNMENT, STATUS_END_OF_FILE,
    STATUS_FLOAT_DENORMAL_OPERAND, STATUS_FLOAT_DIVIDE_BY_ZERO, STATUS_FLOAT_INEXACT_RESULT, STATUS_FLOAT_INVALID_OPERATION, STATUS_FLOAT_OVERFLOW,
    STATUS_FLOAT_UNDERFLOW, STATUS_GUARD_PAGE_VIOLATION, STATUS_ILLEGAL_INSTRUCTION, STATUS_IN_PAGE_ERROR, STATUS_INTEGER_DIVIDE_BY_ZERO,
    STATUS_PRIVILEGED_INSTRUCTION, STATUS_SINGLE_STEP, STATUS_STACK_BUFFER_OVERRUN, STATUS_STACK_OVERFLOW,
};
use windows_sys::Win32::System::Diagnostics::Debug::EXCEPTION_RECORD;

/// Traps of protection, of pages and of arithmetic in vector registers, as the kernel numbers them in the signal's frame.
const TRAP_GENERAL_PROTECTION: i64 = 13;
const TRAP_PAGE_FAULT: i64 = 14;
const TRAP_VECTORS: i64 = 19;

/// Installs the handlers; once, before guest code runs.
pub fn install() {
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS, BREAK_OFF, INTERRUPT] {
        // SAFETY: a zeroed action is one, and the handler has the form that SA_SIGINFO wants.
        unsafe {
            let mut action: libc::sigaction = zeroed();
            action.sa_sigaction = handler as *const () as usize;
            // Not deferred: copying to a bad guest stack faults inside the handler, and that fault must be answered. What
            // breaks off calls or interrupts comes again and again, and more than one at a time would fill the handlers' stack.
            let repeated = if matches!(signal, BREAK_OFF | INTERRUPT) { 0 } else { libc::SA_NODEFER };
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | repeated | if signal == INTERRUPT { libc::SA_RESTART } else { 0 };
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
    // SAFETY: ignoring a signal runs no code. A write to a closed pipe is answered with EPIPE.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// Clears the flag by which a program asks for exceptions at misaligned addresses: the kernel enters handlers with it as the guest had set it.
fn allow_misaligned() {
    // SAFETY: changes a flag that nothing here relies on; the stack is as it was.
    unsafe { std::arch::asm!("pushfq", "and dword ptr [rsp], {}", "popfq", const !(flag::ALIGNMENT_CHECK as i32)) };
}

/// Where the kernel enters. 32-bit code is interrupted with FS on its thread's block, or with none: the base that is the
/// runtime's own lies at the start of the handlers' stack, and nothing of Rust runs before it is back. What was interrupted gets
/// its base back at the end, or another where the handler says so.
#[unsafe(naked)]
unsafe extern "C" fn handler(_signal: c_int, _info: *mut libc::siginfo_t, _frame: *mut c_void) {
    core::arch::naked_asm!(
        "rdfsbase rax",
        "mov rcx, rax",
        "shr rcx, 32",
        "jne 2f",
        "mov rcx, rsp",
        "and rcx, {aligned}",
        "mov rcx, [rcx]",
        "wrfsbase rcx",
        "2:",
        "push rax",
        "mov rcx, rsp",
        "call {handle}",
        "pop rax",
        "wrfsbase rax",
        "ret",
        aligned = const -(HANDLER_STACK as i64),
        handle = sym handle,
    )
}

extern "C" fn handle(signal: c_int, info: *mut libc::siginfo_t, frame: *mut c_void, base: *mut u64) {
    allow_misaligned();
    // SAFETY: the kernel passes both to a handler with SA_SIGINFO, and the base lies on its stack; nobody else holds them.
    let (info, frame, base) = unsafe { (&*info, &mut *frame.cast::<libc::ucontext_t>(), &mut *base) };
    let at = frame.uc_mcontext.gregs[libc::REG_RIP as usize] as u64;
    match signal {
        libc::SIGSYS => return forbidden_call(info, frame),
        BREAK_OFF => return,
        INTERRUPT => return acknowledge_interruption(frame, base),
        _ => {}
    }
    if let Some(recovery) = user::recovery(at) {
        if signal == libc::SIGSEGV && settle(info, frame) == Settled::Resume {
            return;
        }
        frame.uc_mcontext.gregs[libc::REG_RIP as usize] = recovery as i64;
        return;
    }
    if runtime_holds(at) && forgive(signal, frame) {
        return;
    }
    if current::id() == 0 || runtime_holds(at) {
        end::fail(STATUS_ACCESS_VIOLATION, &format!("internal error: signal {signal} in the runtime at {at:#x}"));
    }
    if bitness::is_32() && signal == libc::SIGSEGV && x86::bring_back_fs(frame, base) {
        return;
    }
    let Some(exception) = exception(signal, info, frame) else { return };
    if bitness::is_32() { x86::deliver(&exception, frame) } else { deliver(&exception, frame) }
}

/// Whether a fault of the runtime's own code is but the guest's flags, with which it came in: alignment checks, single steps. They
/// are off from here on.
fn forgive(signal: c_int, frame: &mut libc::ucontext_t) -> bool {
    let asked = match signal {
        libc::SIGBUS => flag::ALIGNMENT_CHECK,
        libc::SIGTRAP => flag::TRAP,
        _ => return false,
    };
    let flags = &mut frame.uc_mcontext.gregs[libc::REG_EFL as usize];
    let was_set = *flags & asked != 0;
    *flags &= !asked;
    was_set
}

/// An exception about to be delivered.
struct Exception {
    code: NTSTATUS,
    count: u32,
    parameter: [u64; 3],
    /// Where the exception says it happened.
    at: u64,
}

impl Exception {
    /// Ends the process with it: there is nobody who could handle it.
    fn end_process(&self) -> ! {
        let [first, second, _] = self.parameter;
        end::exit(&protocol::message::Exit { code: self.code as u32, crash: 1, at: self.at, parameter: [first, second], offset: 0 }, &[])
    }
}

/// How a page fault was settled without the guest.
#[derive(PartialEq, Eq)]
enum Settled {
    Resume,
    Exception(NTSTATUS),
}

/// Lets the account of memory look at a page fault: stacks grow, guard pages fire once.
fn settle(info: &libc::siginfo_t, frame: &libc::ucontext_t) -> Settled {
    let error = frame.uc_mcontext.gregs[libc::REG_ERR as usize];
    // SAFETY: a page fault carries its address.
    let address = unsafe { info.si_addr() } as u64;
    match memory::lock().fault(address, error & 2 != 0, error & 16 != 0) {
        Fault::Retry => return Settled::Resume,
        Fault::Violation => return Settled::Exception(STATUS_ACCESS_VIOLATION),
        Fault::Guard => {}
    }
    match thread::current().grow_stack(address & !(PAGE - 1)) {
        Some(true) => Settled::Resume,
        Some(false) => Settled::Exception(STATUS_STACK_OVERFLOW),
        None => Settled::Exception(STATUS_GUARD_PAGE_VIOLATION),
    }
}

/// What a signal means to the guest; `None` when it was settled.
fn exception(signal: c_int, info: &libc::siginfo_t, frame: &mut libc::ucontext_t) -> Option<Exception> {
    let registers = &mut frame.uc_mcontext.gregs;
    let at = registers[libc::REG_RIP as usize] as u64;
    let (trap, error) = (registers[libc::REG_TRAPNO as usize], registers[libc::REG_ERR as usize]);
    let plain = |code| Some(Exception { code, count: 0, parameter: [0; 3], at });
    match signal {
        libc::SIGSEGV if trap == TRAP_PAGE_FAULT => {
            let kind = if error & 16 != 0 { 8 } else { u64::from(error & 2 != 0) };
            match settle(info, frame) {
                Settled::Resume => None,
                // SAFETY: a page fault carries its address.
                Settled::Exception(code) => Some(Exception { code, count: 2, parameter: [kind, unsafe { info.si_addr() } as u64, 0], at }),
            }
        }
        libc::SIGSEGV if trap == TRAP_GENERAL_PROTECTION => general_protection(registers, error, at),
        libc::SIGBUS if trap == TRAP_PAGE_FAULT => {
            // SAFETY: a page fault carries its address.
            let address = unsafe { info.si_addr() } as u64;
            // The file has become shorter than its view.
            let parameter = [u64::from(error & 2 != 0), address, STATUS_END_OF_FILE as u32 as u64];
            Some(Exception { code: STATUS_IN_PAGE_ERROR, count: 3, parameter, at })
        }
        libc::SIGBUS => plain(STATUS_DATATYPE_MISALIGNMENT),
        libc::SIGILL => plain(STATUS_ILLEGAL_INSTRUCTION),
        libc::SIGFPE if trap == TRAP_VECTORS && bitness::is_32() => Some(x86::vectors(info.si_code, frame)),
        libc::SIGFPE => plain(floating_point(info.si_code)),
        libc::SIGTRAP if info.si_code == libc::TRAP_TRACE || trap == 1 => {
            registers[libc::REG_EFL as usize] &= !flag::TRAP;
            plain(STATUS_SINGLE_STEP)
        }
        libc::SIGTRAP => {
            // The processor has passed the int 3; Windows reports its address.
            registers[libc::REG_RIP as usize] -= 1;
            Some(Exception { code: STATUS_BREAKPOINT, count: 1, parameter: [0; 3], at: at - 1 })
        }
        _ => Some(Exception { code: STATUS_ACCESS_VIOLATION, count: 2, parameter: [0, u64::MAX, 0], at }),
    }
}

/// A general-protection fault: software interrupts of Windows' own, privileged instructions, non-canonical addresses.
fn general_protection(registers: &mut [i64; 23], error: i64, at: u64) -> Option<Exception> {
    let plain = |code, at| Some(Exception { code, count: 0, parameter: [0; 3], at });
    // The error code of a refused software interrupt is its number times 8, plus 2.
    match error {
        0x14A => {
            let parameter = [registers[libc::REG_RCX as usize] as u64 & 0xFFFF_FFFF, 0, 0];
            return Some(Exception { code: STATUS_STACK_BUFFER_OVERRUN, count: 1, parameter, at });
        }
        0x162 => return plain(STATUS_ASSERTION_FAILURE, at),
        0x16A => {
            registers[libc::REG_RIP as usize] += 3;
            return Some(Exception { code: STATUS_BREAKPOINT, count: 1, parameter: [0; 3], at: at + 1 });
        }
        _ => {}
    }
    let mut code = [0; 2];
    let _ = user::read_bytes(at, &mut code);
    // hlt, cli, sti, in and out, and the two-byte ones: Intel's manual, volume 2, "privileged instructions".
    let privileged = matches!(code[0], 0xF4 | 0xFA | 0xFB | 0xE4..=0xE7 | 0xEC..=0xEF | 0x6C..=0x6F)
        || code[0] == 0x0F && matches!(code[1], 0x00 | 0x01 | 0x06 | 0x08 | 0x09 | 0x20..=0x23 | 0x30 | 0x32 | 0x33);
    if privileged {
        return plain(STATUS_PRIVILEGED_INSTRUCTION, at);
    }
    Some(Exception { code: STATUS_ACCESS_VIOLATION, count: 2, parameter: [0, u64::MAX, 0], at })
}

/// By the signal's code (`FPE_INTDIV` is 1, and so on: asm-generic/siginfo.h).
fn floating_point(code: c_int) -> NTSTATUS {
    match code {
        1 => STATUS_INTEGER_DIVIDE_BY_ZERO,
        3 => STATUS_FLOAT_DIVIDE_BY_ZERO,
        4 => STATUS_FLOAT_OVERFLOW,
        5 => STATUS_FLOAT_UNDERFLOW,
        6 => STATUS_FLOAT_INEXACT_RESULT,
        7 => STATUS_FLOAT_INVALID_OPERATION,
        _ => STATUS_FLOAT_DENORMAL_OPERAND,
    }
}

/// Where things lie on the stack that KiUserExceptionDispatcher is given: the context is at its top.
mod frame {
    /// `CONTEXT_EX`: where the context and its extended state lie.
    pub const EXTENSION: u64 = 0x4D0;
    /// The exception record.
    pub const RECORD: u64 = 0x4F0;
    /// The machine frame, through which unwinding finds what was interrupted.
    pub const MACHINE: u64 = 0x590;
    /// The extended state's header, then its parts.
    pub const EXTENDED: u64 = 0x5C0;
}

/// Puts record and context below the guest's stack pointer, and lets the thread continue in `ntdll`'s dispatcher.
fn deliver(exception: &Exception, frame: &libc::ucontext_t) -> ! {
    let extended = Extended::of(frame);
    let mut context = context(frame);
    if extended.is_some() {
        const CONTEXT_XSTATE: u32 = 0x10_0040;
        context.ContextFlags |= CONTEXT_XSTATE;
    }
    // SAFETY: a record is plain data, for which zero is a value.
    let mut record: EXCEPTION_RECORD = unsafe { zeroed() };
    record.ExceptionCode = exception.code;
    record.ExceptionAddress = exception.at as *mut c_void;
    record.NumberParameters = exception.count;
    for (slot, value) in record.ExceptionInformation.iter_mut().zip(exception.parameter) {
        *slot = value as usize;
    }
    let length = extended.as_ref().map_or(0, |state| Extended::HEADER + state.parts.len() as u64);
    let stack = context.Rsp.wrapping_sub(frame::EXTENDED + length) & !63;
    let machine = [context.Rip, u64::from(context.SegCs), u64::from(context.EFlags), context.Rsp, u64::from(context.SegSs)];
    let all = (frame::EXTENDED + length) as i32;
    let (before, distance) = (-(frame::EXTENSION as i32), (frame::EXTENDED - frame::EXTENSION) as i32);
    let extension = [before, all, before, frame::EXTENSION as i32, distance, length as i32];
    let written = user::write(stack, &context)
        .and_then(|()| user::write(stack + frame::EXTENSION, &extension))
        .and_then(|()| user::write(stack + frame::RECORD, &record))
        .and_then(|()| user::write(stack + frame::MACHINE, &machine))
        .and_then(|()| extended.map_or(Ok(()), |state| state.write(stack + frame::EXTENDED)));
    if written.is_err() {
        // There is no stack to run handlers on: Windows ends the process there and then.
        exception.end_process();
    }
    // No return from the signal: the handlers' mask is empty and their stack is free again once the thread is off it, so
    // there is nothing that the kernel would restore but registers, which are the context's by now. The vector registers
    // are in their initial state; only what governs arithmetic is the guest's, as on Windows.
    // SAFETY: nothing in the frames that are left has anything to give back, and the words live in the context.
    unsafe {
        let control = context.Anonymous.FltSave.ControlWord;
        std::arch::asm!(
            "ldmxcsr [{status}]",
            "fldcw [{control}]",
            "mov rsp, {stack}",
            "jmp {dispatcher}",
            status = in(reg) &raw const context.MxCsr,
            control = in(reg) &raw const control,
            stack = in(reg) stack,
            dispatcher = in(reg) process::get().dispatcher,
            options(noreturn),
        )
    }
}

/// Guest code made a system call by itself: it gets ENOSYS. One that the runtime never makes is repeated from the
/// runtime's own text, so that the kernel tells the broker of it.
fn forbidden_call(info: &libc::siginfo_t, frame: &mut libc::ucontext_t) {
    let registers = &mut frame.uc_mcontext.gregs;
    // The kernel looks at the lower half alone.
    let number = i64::from(registers[libc::REG_RAX as usize] as i32);
    // SAFETY: a SIGSYS carries the architecture behind address and number (asm-generic/siginfo.h).
    let architecture = unsafe { core::ptr::from_ref(info).cast::<u32>().add(7).read() };
    if architecture != jail::OWN_ARCHITECTURE {
        jail::raise_32(number as u32);
    } else if !jail::is_listed(number) {
        jail::raise(number);
    } else if !runtime_holds(registers[libc::REG_RIP as usize] as u64) {
        end::report_call(number as u32);
    }
    registers[libc::REG_RAX as usize] = -i64::from(libc::ENOSYS);
}
