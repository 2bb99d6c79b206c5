//! The gate: the one way from guest code into the runtime.
//!
//! A 64-bit guest calls `gs:[GATE_ENTRY]` with the service's number in rcx and its request in rdx. The entry changes to the
//! thread's own stack and calls the service, which copies the request in, works, and copies it back.

pub mod x86;

use crate::guest::{Saved, push_saved};
use crate::serve::Serve;
use crate::thread::attend::attend;
use crate::user;
use core::arch::naked_asm;
use gate::block::{GATE_GUEST_STACK, GATE_HOST_STACK};
use gate::service::COUNT;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ACCESS_VIOLATION, STATUS_INVALID_SYSTEM_SERVICE, STATUS_SUCCESS};

type Entry = extern "win64" fn(number: u64, request: u64) -> NTSTATUS;

extern "win64" fn enter<S: Serve>(_number: u64, address: u64) -> NTSTATUS {
    let Ok(mut request) = user::read::<S>(address) else { return STATUS_ACCESS_VIOLATION };
    let status = match request.serve() {
        Ok(()) => STATUS_SUCCESS,
        Err(status) => status,
    };
    if user::write(address, &request).is_err() {
        return STATUS_ACCESS_VIOLATION;
    }
    status
}

macro_rules! table {
    ($($name:ident),*) => { [$(enter::<gate::service::$name>),*] };
}
static TABLE: [Entry; COUNT] = gate::for_each_service!(table);

/// The entry point that guests call.
#[unsafe(naked)]
pub unsafe extern "win64" fn gate_entry() {
    naked_asm!(
        ".globl gate_start",
        ".globl gate_entered",
        ".globl gate_leaving",
        ".globl gate_left",
        "gate_start:",
        "mov r10, rsp",
        "mov rsp, gs:[{host}]",
        "mov gs:[{guest}], r10",
        "cld",
        // What a service preserves: the thread's registers, for whoever asks for its context meanwhile.
        push_saved!(),
        "gate_entered:",
        "sub rsp, 40",
        "cmp rcx, {count}",
        "jae 2f",
        "lea rax, [rip + {table}]",
        "call [rax + 8 * rcx]",
        "3:",
        // From here on the thread counts as running guest code: a signal that stops it does so at once. One that came
        // before has left a word.
        "mov qword ptr gs:[{guest}], 0",
        "gate_leaving:",
        "cmp dword ptr gs:[{attention}], 0",
        "jne 4f",
        "mov rsp, [rsp + {saved}]",
        "ret",
        "gate_left:",
        "4:",
        // Back inside: who stops the thread must not stop it in the runtime's own code.
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
        guest = const GATE_GUEST_STACK,
        saved = const 40 + size_of::<Saved>() - 8,
        attention = const gate::block::ATTENTION,
        attend = sym attend,
        count = const COUNT,
        table = sym TABLE,
        unknown = const STATUS_INVALID_SYSTEM_SERVICE,
    )
}
