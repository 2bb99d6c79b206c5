//! The gate's 32-bit face: the same services, entered by a far jump out of 32-bit code and left by one back into it.
//!
//! A guest jumps through `fs:[GATE_ENTRY]` with the service's number in eax, its request in edx, and the address to go on at on
//! top of its stack. While guest code runs, FS is the thread's block; the entry finds everything there, and brings the
//! runtime's own FS. GS is whatever the guest left there, so that the entry sets it.

use super::TABLE;
use crate::guest::x86::ENTER_AGAIN;
use crate::guest::{Saved, push_saved};
use crate::registers::CODE;
use crate::thread::attend::attend;
use crate::user;
use core::arch::naked_asm;
use gate::block::{ATTENTION, GATE_BLOCK, GATE_ENTRY, GATE_EXIT, GATE_GUEST_STACK, GATE_HOST_FS, GATE_HOST_STACK};
use gate::map::{GATE_32, PAGE};
use gate::service::COUNT;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
use std::ffi::c_void;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_SYSTEM_SERVICE, STATUS_NO_MEMORY};

/// Maps the page below 4 GiB that a far jump of 32-bit code reaches; answers where the gate is entered.
pub fn map() -> Result<u64, NTSTATUS> {
    let flags = MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE;
    // SAFETY: the place is set aside for this page, and nothing is replaced.
    unsafe { mmap_anonymous(GATE_32 as *mut c_void, PAGE as usize, ProtFlags::READ | ProtFlags::WRITE, flags) }.map_err(|_| STATUS_NO_MEMORY)?;
    // `jmp [rip + 10]`, its target behind it; `jmp fword ptr fs:[GATE_ENTRY]`.
    user::write(GATE_32, &[0xFF_u8, 0x25, 0x0A, 0, 0, 0])?;
    user::write(GATE_32 + 16, &(gate_entry as *const () as u64))?;
    user::write(ENTER_AGAIN, &[0x64_u8, 0xFF, 0x2D])?;
    user::write(ENTER_AGAIN + 3, &(GATE_ENTRY as u32))?;
    // SAFETY: the page was just mapped.
    unsafe { mprotect(GATE_32 as *mut c_void, PAGE as usize, MprotectFlags::READ | MprotectFlags::EXEC) }.map_err(|_| STATUS_NO_MEMORY)?;
    Ok(GATE_32)
}

/// The entry point that 32-bit guests come to.
#[unsafe(naked)]
unsafe extern "win64" fn gate_entry() {
    naked_asm!(
        ".globl gate32_start",
        ".globl gate32_entered",
        ".globl gate32_leaving",
        ".globl gate32_left",
        "gate32_start:",
        "mov r10d, esp",
        "rdfsbase r11",
        "wrgsbase r11",
        "mov r9, gs:[{host_fs}]",
        "wrfsbase r9",
        "mov rsp, gs:[{host}]",
        "mov gs:[{guest}], r10",
        "cld",
        push_saved!(),
        "gate32_entered:",
        "sub rsp, 40",
        "mov ecx, eax",
        "mov edx, edx",
        "cmp ecx, {count}",
        "jae 2f",
        "lea rax, [rip + {table}]",
        "call [rax + 8 * rcx]",
        "3:",
        // From here on the thread counts as running guest code, as in the 64-bit gate.
        "mov qword ptr gs:[{guest}], 0",
        "gate32_leaving:",
        "cmp dword ptr gs:[{attention}], 0",
        "jne 4f",
        "mov r10, [rsp + {saved}]",
        "mov ecx, [r10]",
        // Offset and selector in one piece: the jump waits for two to arrive in memory.
        "movabs r11, {selector}",
        "or rcx, r11",
        "mov gs:[{exit}], rcx",
        "lea rsp, [r10 + 4]",
        "mov rcx, gs:[{block}]",
        "wrfsbase rcx",
        "jmp fword ptr gs:[{exit}]",
        "gate32_left:",
        "4:",
        "mov r10, [rsp + {saved}]",
        "mov gs:[{guest}], r10",
        "mov [rsp + 32], rax",
        "call {attend}",
        "mov rax, [rsp + 32]",
        "jmp 3b",
        "2:",
        "mov eax, {unknown}",
        "jmp 3b",
        host = const GATE_HOST_STACK,
        host_fs = const GATE_HOST_FS,
        guest = const GATE_GUEST_STACK,
        exit = const GATE_EXIT,
        block = const GATE_BLOCK,
        selector = const (CODE[0] as u64) << 32,
        saved = const 40 + size_of::<Saved>() - 8,
        attention = const ATTENTION,
        attend = sym attend,
        count = const COUNT,
        table = sym TABLE,
        unknown = const STATUS_INVALID_SYSTEM_SERVICE,
    )
}
