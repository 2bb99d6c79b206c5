//! Going on with a context: which parts of the processor's state it carries, and in which form they are loaded.

#[cfg(target_arch = "x86_64")]
use super::x64::{fill_legacy, load_area, restore_plain};
#[cfg(target_arch = "x86")]
use super::x86::{fill_legacy, load_area, restore_plain};
use core::mem::MaybeUninit;
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

/// What `CONTEXT_XSTATE` adds to the flags.
const XSTATE: u32 = 0x40;
/// The parts of the extended state that contexts carry: AVX, and the three of AVX-512.
const CARRIED: u64 = 0xE4;
const AVX: u64 = 4;
/// Those that lie behind AVX.
const LARGE: u64 = CARRIED & !AVX;
/// Bytes of an XSAVE area before the extended parts.
const HEAD: usize = 576;

/// `CONTEXT_EX`, which follows a context with extended state.
#[repr(C)]
struct ContextEx {
    all: [i32; 2],
    legacy: [i32; 2],
    extended: [i32; 2],
}

#[repr(C, align(64))]
struct Area<const N: usize>([MaybeUninit<u8>; N]);

/// Loads every register from a context and goes on there.
///
/// The last bytes below the context's stack pointer carry the way back: the context must not lie there.
pub unsafe extern "system" fn restore(context: *mut CONTEXT) -> ! {
    unsafe {
        if (*context).ContextFlags & XSTATE == 0 {
            restore_plain(context)
        }
        let extended = context.add(1).cast::<ContextEx>();
        let state = extended.cast::<u8>().offset((*extended).extended[0] as isize);
        let length = (*extended).extended[1] as usize;
        let there = parts_enabled();
        let used = state.cast::<u64>().read_unaligned() | if there & LARGE != 0 { parts_in_use() } else { 0 };
        // The processor looks at all of an area that its parts could take, and some stacks are small.
        if used & there & LARGE != 0 {
            restore_extended::<2816>(context, state, length, there & (CARRIED | 3))
        } else {
            restore_extended::<832>(context, state, length, there & (AVX | 3))
        }
    }
}

/// The parts of the state that the system has enabled.
fn parts_enabled() -> u64 {
    extended_control::<0>()
}

/// The parts that are not in their initial state. Processors with the larger parts tell.
fn parts_in_use() -> u64 {
    extended_control::<1>()
}

fn extended_control<const REGISTER: u32>() -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: reads a register; a context with extended state comes of a processor that has it.
    unsafe { core::arch::asm!("xgetbv", in("ecx") REGISTER, out("eax") low, out("edx") high, options(nomem, nostack)) };
    u64::from(low) | u64::from(high) << 32
}

/// Loads the extended state by an XSAVE area of its own.
#[inline(never)]
unsafe fn restore_extended<const N: usize>(context: *mut CONTEXT, state: *const u8, length: usize, parts: u64) -> ! {
    let mut area = Area::<N>([MaybeUninit::uninit(); N]);
    let start = area.0.as_mut_ptr().cast::<u8>();
    unsafe {
        fill_legacy(context, start);
        let room = (N - HEAD).min(length.saturating_sub(64));
        core::ptr::copy_nonoverlapping(state.add(64), start.add(HEAD), room);
        core::ptr::write_bytes(start.add(512), 0, 64);
        core::ptr::write_bytes(start.add(HEAD + room), 0, N - HEAD - room);
        // A part is used only where the context has room for it.
        let fits = if N > 832 {
            CARRIED
        } else if room >= 256 {
            AVX
        } else {
            0
        };
        let used = state.cast::<u64>().read_unaligned() & fits & parts;
        start.add(512).cast::<u64>().write(3 | used);
        load_area(context, start, parts)
    }
}
