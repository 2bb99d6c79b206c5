//! The gate: the one way from guest code into the runtime.
//!
//! A guest calls `gs:[GATE_ENTRY]` with the service's number in rcx and its request in rdx. The entry changes to the
//! thread's own stack and calls the service, which copies the request in, works, and copies it back.

use crate::user;
use core::arch::naked_asm;
use gate::block::{GATE_GUEST_STACK, GATE_HOST_STACK};
use gate::service::{COUNT, Service};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ACCESS_VIOLATION, STATUS_INVALID_SYSTEM_SERVICE, STATUS_SUCCESS};

/// What a service answers: success or a failing (or informing) NTSTATUS.
pub type Answer = Result<(), NTSTATUS>;

/// A service's work.
pub trait Serve: Service + user::Plain {
    /// Works on a request that was copied in, and will be copied back.
    fn serve(&mut self) -> Answer;
}

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
        ".globl gate_entered",
        ".globl gate_leaving",
        ".globl gate_left",
        "mov r10, rsp",
        "mov rsp, gs:[{host}]",
        "mov gs:[{guest}], r10",
        // What a service preserves: the thread's registers, for whoever asks for its context meanwhile (`Saved`).
        "push r10",
        "push rbx",
        "push rbp",
        "push rsi",
        "push rdi",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
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
        attend = sym crate::thread::attend,
        count = const COUNT,
        table = sym TABLE,
        unknown = const STATUS_INVALID_SYSTEM_SERVICE,
    )
}

/// What the entry leaves on the runtime's stack, below the pointer that the gate page keeps.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Saved {
    /// r15 to r12.
    pub r15_to_r12: [u64; 4],
    /// rdi.
    pub rdi: u64,
    /// rsi.
    pub rsi: u64,
    /// rbp.
    pub rbp: u64,
    /// rbx.
    pub rbx: u64,
    /// The guest's stack pointer; the way back lies on top of that stack.
    pub stack: u64,
}

/// The registers of a thread that is inside a service, and the service's answer, which is there once the thread looks up
/// on its way out.
///
/// # Safety
/// `host` is the thread's stack pointer in its gate page, and the thread stays inside.
pub unsafe fn saved(host: u64) -> (Saved, u64) {
    let below = host - size_of::<Saved>() as u64;
    // SAFETY: the entry has written both, as the caller promises.
    unsafe { ((below as *const Saved).read(), ((below - 8) as *const u64).read()) }
}

/// Where a thread stands that was interrupted between guest code and a service.
pub enum Between {
    /// On its way in, which starts there: nothing has happened yet but that the stack was changed.
    Entering(u64),
    /// On its way out: all that is left is to go back to the guest's stack.
    Leaving,
}

/// Where an instruction of the gate stands; `None` for any other.
pub fn between(at: u64) -> Option<Between> {
    unsafe extern "C" {
        static gate_entered: u8;
        static gate_leaving: u8;
        static gate_left: u8;
    }
    let entry = gate_entry as *const () as u64;
    if (entry..&raw const gate_entered as u64).contains(&at) {
        Some(Between::Entering(entry))
    } else if (&raw const gate_leaving as u64..&raw const gate_left as u64).contains(&at) {
        Some(Between::Leaving)
    } else {
        None
    }
}

/// Leaves the runtime for guest code, on a stack of the guest's; returns when the thread leaves for good.
///
/// # Safety
/// GS holds the thread's block, `stack` is the guest's, and `start` is guest code.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn run_guest(start: u64, argument: u64, stack: u64) {
    naked_asm!(
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "mov gs:[{host}], rsp",
        "mov rcx, rsi",
        "mov rsp, rdx",
        "xor edx, edx",
        "xor r8d, r8d",
        "xor r9d, r9d",
        "xor ebp, ebp",
        "jmp rdi",
        host = const GATE_HOST_STACK,
    )
}

/// Ends the guest's part of a thread: continues behind its [`run_guest`]. Nothing between is dropped.
///
/// # Safety
/// The thread runs a service.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn leave_guest() -> ! {
    naked_asm!(
        "mov rsp, gs:[{host}]",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
        host = const GATE_HOST_STACK,
    )
}
