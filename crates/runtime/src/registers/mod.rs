//! A thread's registers: as the kernel keeps those of an interrupted one, and as Windows' CONTEXT, both ways.

pub mod x86;

use crate::{bitness, user};
use std::ffi::c_int;
use std::mem::zeroed;
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, XSAVE_FORMAT};

/// The groups of registers that a CONTEXT's flags name, and what else they say (winnt.h).
pub const CONTROL: u32 = 1;
pub const INTEGER: u32 = 2;
pub const SEGMENTS: u32 = 4;
pub const FLOATING_POINT: u32 = 8;
pub const DEBUG_REGISTERS: u32 = 0x10;
/// Not Windows' own: the frame pointer, which is an integer register on x86-64 and a control register on x86.
pub const FRAME: u32 = 0x0100_0000;
/// Not Windows' own: the registers of the x87 alone, which x86 can name without those of SSE.
pub const X87: u32 = 0x0200_0000;
pub const EXCEPTION_ACTIVE: u32 = 0x0800_0000;
pub const SERVICE_ACTIVE: u32 = 0x1000_0000;
pub const EXCEPTION_REQUEST: u32 = 0x4000_0000;
pub const EXCEPTION_REPORTING: u32 = 0x8000_0000;

/// The processor's flags that a program may set and that must not govern the runtime: a step after each instruction, the direction
/// of strings, a nested task, checks of alignment (Intel's manual, volume 1, "EFLAGS register").
pub mod flag {
    #![allow(missing_docs, reason = "the flags bear the processor's own names")]
    pub const TRAP: i64 = 0x100;
    pub const DIRECTION: i64 = 0x400;
    pub const NESTED_TASK: i64 = 0x4000;
    pub const ALIGNMENT_CHECK: i64 = 0x4_0000;
}

/// What governs floating-point arithmetic in a new thread: everything masked.
pub const MXCSR: u32 = 0x1F80;

/// Bytes of the floating-point state that are the program's: behind the last register the kernel keeps notes of its own.
const FLOAT_BYTES: usize = 416;

/// An empty context.
pub fn empty() -> CONTEXT {
    // SAFETY: a CONTEXT is plain data, for which zero is a value.
    unsafe { zeroed() }
}

/// Copies the registers that `flags` name.
pub fn merge(into: &mut CONTEXT, from: &CONTEXT, flags: u32) {
    if flags & CONTROL != 0 {
        (into.Rip, into.Rsp, into.EFlags, into.SegCs, into.SegSs) = (from.Rip, from.Rsp, from.EFlags, from.SegCs, from.SegSs);
    }
    if flags & INTEGER != 0 {
        (into.Rax, into.Rcx, into.Rdx, into.Rbx) = (from.Rax, from.Rcx, from.Rdx, from.Rbx);
        (into.Rsi, into.Rdi) = (from.Rsi, from.Rdi);
        (into.R8, into.R9, into.R10, into.R11) = (from.R8, from.R9, from.R10, from.R11);
        (into.R12, into.R13, into.R14, into.R15) = (from.R12, from.R13, from.R14, from.R15);
    }
    if flags & FRAME != 0 {
        into.Rbp = from.Rbp;
    }
    if flags & SEGMENTS != 0 {
        (into.SegDs, into.SegEs, into.SegFs, into.SegGs) = (from.SegDs, from.SegEs, from.SegFs, from.SegGs);
    }
    if flags & FLOATING_POINT != 0 {
        into.Anonymous = from.Anonymous;
        into.MxCsr = from.MxCsr;
    } else if flags & X87 != 0 {
        // SAFETY: every context holds this form of the state.
        let (into, from) = unsafe { (&mut into.Anonymous.FltSave, &from.Anonymous.FltSave) };
        (into.ControlWord, into.StatusWord, into.TagWord, into.ErrorOpcode) = (from.ControlWord, from.StatusWord, from.TagWord, from.ErrorOpcode);
        (into.ErrorOffset, into.ErrorSelector, into.DataOffset, into.DataSelector) =
            (from.ErrorOffset, from.ErrorSelector, from.DataOffset, from.DataSelector);
        into.FloatRegisters = from.FloatRegisters;
    }
}

/// Sets the interrupted registers that `flags` name.
pub fn load(frame: &mut libc::ucontext_t, context: &CONTEXT, flags: u32) {
    let registers = &mut frame.uc_mcontext.gregs;
    let mut set = |number: libc::c_int, value: u64| registers[number as usize] = value as i64;
    if flags & CONTROL != 0 {
        /// The flags that a program may set: arithmetic, trap, direction, and the processor's identification bit.
        const OWN: u64 = 0x24_0FD5;
        set(libc::REG_RIP, context.Rip);
        set(libc::REG_RSP, context.Rsp);
        set(libc::REG_EFL, u64::from(context.EFlags) & OWN | 0x202);
    }
    if flags & INTEGER != 0 {
        let rows = [
            (libc::REG_RAX, context.Rax),
            (libc::REG_RCX, context.Rcx),
            (libc::REG_RDX, context.Rdx),
            (libc::REG_RBX, context.Rbx),
            (libc::REG_RSI, context.Rsi),
            (libc::REG_RDI, context.Rdi),
            (libc::REG_R8, context.R8),
            (libc::REG_R9, context.R9),
            (libc::REG_R10, context.R10),
            (libc::REG_R11, context.R11),
            (libc::REG_R12, context.R12),
            (libc::REG_R13, context.R13),
            (libc::REG_R14, context.R14),
            (libc::REG_R15, context.R15),
        ];
        rows.into_iter().for_each(|(number, value)| set(number, value));
    }
    if flags & FRAME != 0 {
        set(libc::REG_RBP, context.Rbp);
    }
    if flags & CONTROL != 0 {
        set_mode(frame, bitness::is_32());
    }
    if flags & FLOATING_POINT != 0 {
        load_float(frame, context);
    } else if flags & X87 != 0 {
        let mut all = self::context(frame);
        merge(&mut all, context, X87);
        load_float(frame, &all);
    }
}

/// The selectors of code: 32-bit, 64-bit.
pub const CODE: [u16; 2] = [0x23, 0x33];
/// The selector of everything else.
pub const DATA: u16 = 0x2B;

/// The selector of the code that was interrupted.
pub fn code_selector(frame: &libc::ucontext_t) -> u16 {
    frame.uc_mcontext.gregs[libc::REG_CSGSFS as usize] as u16
}

/// Lets interrupted code go on as 32- or as 64-bit code.
pub fn set_mode(frame: &mut libc::ucontext_t, narrow: bool) {
    let selectors = &mut frame.uc_mcontext.gregs[libc::REG_CSGSFS as usize];
    // The lowest is that of code, the highest that of the stack; the kernel looks at no other.
    *selectors = *selectors & 0x0000_FFFF_FFFF_0000 | i64::from(CODE[usize::from(!narrow)]) | i64::from(DATA) << 48;
}

fn load_float(frame: &mut libc::ucontext_t, context: &CONTEXT) {
    /// Where the kernel notes that an XSAVE header follows, and what it notes (asm/sigcontext.h).
    const MAGIC_AT: usize = 464;
    const MAGIC: u32 = 0x4650_5853;
    const HEADER: usize = 512;
    // SAFETY: the kernel's `sigcontext` has the floating-point state's address behind the general registers.
    let state = unsafe { (&raw const frame.uc_mcontext.gregs).add(1).cast::<*mut u8>().read() };
    if state.is_null() {
        return;
    }
    // SAFETY: every context holds this form of the state.
    let mut float: XSAVE_FORMAT = unsafe { context.Anonymous.FltSave };
    // A reserved bit would make the kernel refuse the frame.
    float.MxCsr = context.MxCsr & 0xFFBF;
    // SAFETY: the frame holds an FXSAVE area there, and an XSAVE header behind it where the kernel says so.
    unsafe {
        state.copy_from_nonoverlapping((&raw const float).cast(), 28);
        state.add(32).copy_from_nonoverlapping((&raw const float).cast::<u8>().add(32), FLOAT_BYTES - 32);
        if state.add(MAGIC_AT).cast::<u32>().read_unaligned() == MAGIC {
            let present = state.add(HEADER).cast::<u64>();
            // x87 and SSE come from the frame, and are not their first states.
            present.write_unaligned(present.read_unaligned() | 3);
        }
    }
}

/// A context that can be printed and sent: it is plain data.
#[repr(transparent)]
pub struct Contents(pub CONTEXT);

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at {:#x}", self.0.Rip)
    }
}

/// The processor's state beyond FXSAVE, as the kernel's frame has it in the standard form of XSAVE.
pub struct Extended<'a> {
    /// Which parts are not in their initial state.
    used: u64,
    /// What lies behind the header, as far as a part is used.
    pub parts: &'a [u8],
}

impl Extended<'_> {
    /// Bytes of the header.
    pub const HEADER: u64 = 64;
    /// AVX, and the three parts of AVX-512. The tiles of AMX would take 8 KiB of every stack.
    const CARRIED: u64 = 0xE4;

    /// The state in a signal's frame, where the processor has any.
    pub fn of(frame: &libc::ucontext_t) -> Option<Self> {
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
    pub fn write(&self, at: u64) -> Result<(), user::BadAddress> {
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
    (context.SegCs, context.SegSs, context.SegDs, context.SegEs) = (code_selector(frame), DATA, DATA, DATA);
    (context.SegFs, context.SegGs) = (0x53, DATA);
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
