//! Signals: hardware faults of guest code become Windows exceptions, faults inside the runtime's copying are answered,
//! everything else is a bug of ours.

use crate::memory::{self, Fault};
use crate::{process, thread, user};
use gate::map::PAGE;
use std::ffi::{c_int, c_void};
use std::mem::{MaybeUninit, zeroed};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_VIOLATION, STATUS_ASSERTION_FAILURE, STATUS_BREAKPOINT, STATUS_DATATYPE_MISALIGNMENT, STATUS_END_OF_FILE,
    STATUS_FLOAT_DENORMAL_OPERAND, STATUS_FLOAT_DIVIDE_BY_ZERO, STATUS_FLOAT_INEXACT_RESULT, STATUS_FLOAT_INVALID_OPERATION, STATUS_FLOAT_OVERFLOW,
    STATUS_FLOAT_UNDERFLOW, STATUS_GUARD_PAGE_VIOLATION, STATUS_ILLEGAL_INSTRUCTION, STATUS_IN_PAGE_ERROR, STATUS_INTEGER_DIVIDE_BY_ZERO,
    STATUS_PRIVILEGED_INSTRUCTION, STATUS_SINGLE_STEP, STATUS_STACK_BUFFER_OVERRUN, STATUS_STACK_OVERFLOW,
};
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_RECORD, XSAVE_FORMAT};

/// Bytes of the stack that handlers run on.
const HANDLER_STACK: usize = 64 * 1024;
/// The signal that breaks off a system call.
pub const BREAK_OFF: c_int = libc::SIGUSR1;
/// The signal that lets a thread see to its processors, and stops it.
const INTERRUPT: c_int = libc::SIGUSR2;

/// Page-fault and general-protection traps, as the kernel numbers them in the signal's frame.
const TRAP_GENERAL_PROTECTION: i64 = 13;
const TRAP_PAGE_FAULT: i64 = 14;

/// Installs the handlers; once, before guest code runs.
pub fn install() {
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS, BREAK_OFF, INTERRUPT] {
        // SAFETY: a zeroed action is one, and the handler has the form that SA_SIGINFO wants.
        unsafe {
            let mut action: libc::sigaction = zeroed();
            action.sa_sigaction = handler as extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) as usize;
            // Not deferred: copying to a bad guest stack faults inside the handler, and that fault must be answered. What
            // breaks off calls comes again and again, and one at a time will do.
            let repeated = if signal == BREAK_OFF { 0 } else { libc::SA_NODEFER };
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | repeated | if signal == INTERRUPT { libc::SA_RESTART } else { 0 };
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
    // SAFETY: ignoring a signal runs no code. A write to a closed pipe is answered with EPIPE.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

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

/// The flag by which a program asks for exceptions at misaligned addresses.
const ALIGNMENT_CHECK: i64 = 0x4_0000;

/// Clears that flag: the kernel enters handlers with it as the guest had set it.
fn allow_misaligned() {
    // SAFETY: changes a flag that nothing here relies on; the stack is as it was.
    unsafe { std::arch::asm!("pushfq", "and dword ptr [rsp], {}", "popfq", const !(ALIGNMENT_CHECK as i32)) };
}

extern "C" fn handler(signal: c_int, info: *mut libc::siginfo_t, frame: *mut c_void) {
    allow_misaligned();
    // SAFETY: the kernel passes both to a handler with SA_SIGINFO, and nobody else holds them.
    let (info, frame) = unsafe { (&*info, &mut *frame.cast::<libc::ucontext_t>()) };
    let at = frame.uc_mcontext.gregs[libc::REG_RIP as usize] as u64;
    match signal {
        libc::SIGSYS => return forbidden_call(info, frame),
        BREAK_OFF => return,
        INTERRUPT => return thread::acknowledge_interruption(frame),
        _ => {}
    }
    if let Some(recovery) = user::recovery(at) {
        if signal == libc::SIGSEGV && settle(info, frame) == Settled::Resume {
            return;
        }
        frame.uc_mcontext.gregs[libc::REG_RIP as usize] = recovery as i64;
        return;
    }
    if thread::id() == 0 || runtime_holds(at) {
        process::fail(STATUS_ACCESS_VIOLATION, &format!("internal error: signal {signal} in the runtime at {at:#x}"));
    }
    let Some(exception) = exception(signal, info, frame) else { return };
    deliver(&exception, frame)
}

/// Whether an address is the runtime's own code.
pub fn runtime_holds(at: u64) -> bool {
    jail::text().contains(&at)
}

/// An exception about to be delivered.
struct Exception {
    code: NTSTATUS,
    count: u32,
    parameter: [u64; 3],
    /// Where the exception says it happened.
    at: u64,
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
        libc::SIGFPE => plain(floating_point(info.si_code)),
        libc::SIGTRAP if info.si_code == libc::TRAP_TRACE || trap == 1 => {
            registers[libc::REG_EFL as usize] &= !0x100;
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
        let Exception { code, parameter: [first, second, _], at, .. } = *exception;
        let parameter = [first, second];
        process::exit(&protocol::message::Exit { code: code as u32, crash: 1, at, parameter, offset: 0 }, &[]);
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

/// The processor's state beyond FXSAVE, as the kernel's frame has it in the standard form of XSAVE.
struct Extended<'a> {
    /// Which parts are not in their initial state.
    used: u64,
    /// What lies behind the header, as far as a part is used.
    parts: &'a [u8],
}

impl Extended<'_> {
    /// Bytes of the header.
    const HEADER: u64 = 64;
    /// AVX, and the three parts of AVX-512. The tiles of AMX would take 8 KiB of every stack.
    const CARRIED: u64 = 0xE4;

    /// The state in a signal's frame, where the processor has any.
    fn of(frame: &libc::ucontext_t) -> Option<Self> {
        const MAGIC: u32 = 0x4650_5853;
        const SOFTWARE: usize = 464;
        const LEGACY: usize = 512;
        let float = float_state(frame)?.cast::<u8>();
        // SAFETY: the kernel says in the legacy part's unused bytes how far its area goes (asm/sigcontext.h).
        unsafe {
            let word = |at: usize| float.add(at).cast::<u64>().read_unaligned();
            if word(SOFTWARE) as u32 != MAGIC || word(SOFTWARE + 8) & 4 == 0 {
                return None;
            }
            let size = (word(SOFTWARE + 16) as u32 as usize).max(LEGACY + Self::HEADER as usize);
            let used = word(LEGACY) & Self::CARRIED;
            let end = part_ends().iter().filter(|(part, _)| used >> part & 1 != 0).map(|(_, end)| *end).max().unwrap_or(0);
            let start = LEGACY + Self::HEADER as usize;
            let parts = std::slice::from_raw_parts(float.add(start), end.min(size).saturating_sub(start));
            Some(Self { used, parts })
        }
    }

    /// Writes header and parts to the guest.
    fn write(&self, at: u64) -> Result<(), user::BadAddress> {
        user::write(at, &[self.used, 0, 0, 0, 0, 0, 0, 0])?;
        user::write_bytes(at + Self::HEADER, self.parts)
    }
}

/// Where the parts of the extended state end that are carried: the processor says it.
fn part_ends() -> &'static [(u32, usize); 4] {
    static ENDS: std::sync::OnceLock<[(u32, usize); 4]> = std::sync::OnceLock::new();
    ENDS.get_or_init(|| {
        [2, 5, 6, 7].map(|part| {
            let place = std::arch::x86_64::__cpuid_count(0xD, part);
            (part, (place.eax + place.ebx) as usize)
        })
    })
}

/// The floating-point state in a signal's frame.
fn float_state(frame: &libc::ucontext_t) -> Option<*const XSAVE_FORMAT> {
    // SAFETY: the kernel's `sigcontext` has the floating-point state's address behind the general registers.
    let float = unsafe { (&raw const frame.uc_mcontext.gregs).add(1).cast::<*const XSAVE_FORMAT>().read() };
    (!float.is_null()).then_some(float)
}

/// The interrupted registers as Windows' CONTEXT.
pub fn context(frame: &libc::ucontext_t) -> CONTEXT {
    const CONTEXT_ALL: u32 = 0x10_001F;
    let machine = &frame.uc_mcontext;
    let register = |number: c_int| machine.gregs[number as usize] as u64;
    // SAFETY: a CONTEXT is plain data, for which zero is a value.
    let mut context: CONTEXT = unsafe { zeroed() };
    context.ContextFlags = CONTEXT_ALL;
    (context.SegCs, context.SegSs, context.SegDs, context.SegEs) = (0x33, 0x2B, 0x2B, 0x2B);
    (context.SegFs, context.SegGs) = (0x53, 0x2B);
    context.EFlags = register(libc::REG_EFL) as u32;
    context.Rip = register(libc::REG_RIP);
    (context.Rax, context.Rbx, context.Rcx, context.Rdx) =
        (register(libc::REG_RAX), register(libc::REG_RBX), register(libc::REG_RCX), register(libc::REG_RDX));
    (context.Rsi, context.Rdi, context.Rbp, context.Rsp) =
        (register(libc::REG_RSI), register(libc::REG_RDI), register(libc::REG_RBP), register(libc::REG_RSP));
    (context.R8, context.R9, context.R10, context.R11) =
        (register(libc::REG_R8), register(libc::REG_R9), register(libc::REG_R10), register(libc::REG_R11));
    (context.R12, context.R13, context.R14, context.R15) =
        (register(libc::REG_R12), register(libc::REG_R13), register(libc::REG_R14), register(libc::REG_R15));
    if let Some(float) = float_state(frame) {
        // SAFETY: the kernel's frame holds an FXSAVE area there, which is what Windows calls XSAVE_FORMAT.
        context.Anonymous.FltSave = unsafe { float.read_unaligned() };
        // SAFETY: just written.
        context.MxCsr = unsafe { context.Anonymous.FltSave.MxCsr };
    }
    context
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
        process::report_call(number as u32);
    }
    registers[libc::REG_RAX as usize] = -i64::from(libc::ENOSYS);
}
