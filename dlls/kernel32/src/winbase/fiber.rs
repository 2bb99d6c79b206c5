//! Fibers: stacks that a thread changes between by itself.
//!
//! A fiber that does not run has its preserved registers on its stack, and in its own memory what the TEB says of its
//! stack and its storage.

use crate::nt::{self, check};
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::null_mut;
use gate::teb as layout;
use guest::call::{Bool, Pointer};
use guest::error::Win32Error;
use guest::{shim, teb};
use windows_sys::Win32::Foundation::{ERROR_ALREADY_FIBER, ERROR_ALREADY_THREAD, ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY, HANDLE};

#[cfg(target_arch = "x86")]
use layout::offset32 as offset;
#[cfg(not(target_arch = "x86"))]
use layout::offset64 as offset;

type Routine = unsafe extern "system" fn(*mut c_void);

/// A fiber. Its parameter comes first, where `GetFiberData` looks for it.
#[repr(C)]
struct Fiber {
    parameter: *mut c_void,
    /// The stack pointer, while it does not run.
    stack: usize,
    base: usize,
    limit: usize,
    allocation: usize,
    storage: *mut c_void,
    routine: Option<Routine>,
    /// Its stack is not a thread's own.
    made: bool,
}

/// The TEB's flag of a thread that is a fiber (`SameTebFlags.HasFiberData`).
fn flag() -> *mut u16 {
    const HAS_FIBER_DATA_FLAGS: usize = if cfg!(target_arch = "x86") { 0xFCA } else { 0x17EE };
    // SAFETY: the offset lies in the TEB.
    unsafe { teb::block().add(HAS_FIBER_DATA_FLAGS).cast() }
}

const HAS_FIBER_DATA: u16 = 4;

fn is_fiber() -> bool {
    // SAFETY: the calling thread's own word.
    unsafe { *flag() & HAS_FIBER_DATA != 0 }
}

fn data() -> *mut *mut Fiber {
    // SAFETY: the offset lies in the TEB.
    unsafe { teb::block().add(offset::FIBER_DATA).cast() }
}

fn allocate(fiber: Fiber) -> Result<*mut Fiber, Win32Error> {
    // SAFETY: the process heap lives as long as the process.
    let memory = unsafe { nt::RtlAllocateHeap((*teb::peb()).process_heap as HANDLE, 0, size_of::<Fiber>()) }.cast::<Fiber>();
    if memory.is_null() {
        return Err(Win32Error(ERROR_NOT_ENOUGH_MEMORY));
    }
    // SAFETY: just allocated.
    unsafe { memory.write(fiber) };
    Ok(memory)
}

unsafe fn free(fiber: *mut Fiber) {
    // SAFETY: made by `allocate`, as the caller promises.
    unsafe { nt::RtlFreeHeap((*teb::peb()).process_heap as HANDLE, 0, fiber.cast()) };
}

fn check_flags(flags: u32) -> Result<(), Win32Error> {
    const FIBER_FLAG_FLOAT_SWITCH: u32 = 1;
    if flags & !FIBER_FLAG_FLOAT_SWITCH != 0 { Err(Win32Error(ERROR_INVALID_PARAMETER)) } else { Ok(()) }
}

/// Makes the calling thread a fiber.
#[shim(ix = 436, mapping = "the TEB", risk = Functional("a fiber without a stack"))]
pub unsafe extern "system" fn ConvertThreadToFiber(parameter: *mut c_void) -> Result<Pointer<c_void>, Win32Error> {
    convert(parameter)
}

/// Makes the calling thread a fiber.
#[shim(ix = 437, mapping = "the TEB", risk = Functional("a fiber without a stack"))]
pub unsafe extern "system" fn ConvertThreadToFiberEx(parameter: *mut c_void, flags: u32) -> Result<Pointer<c_void>, Win32Error> {
    check_flags(flags)?;
    convert(parameter)
}

fn convert(parameter: *mut c_void) -> Result<Pointer<c_void>, Win32Error> {
    if is_fiber() {
        return Err(Win32Error(ERROR_ALREADY_FIBER));
    }
    let [allocation, limit, base] = teb::stack();
    let fiber = allocate(Fiber { parameter, stack: 0, base, limit, allocation, storage: null_mut(), routine: None, made: false })?;
    // SAFETY: the calling thread's own words.
    unsafe {
        *data() = fiber;
        *flag() |= HAS_FIBER_DATA;
    }
    Ok(Pointer(fiber.cast()))
}

/// Makes the calling fiber a thread again.
#[shim(ix = 362, mapping = "the TEB", risk = Functional("memory that stays"))]
pub unsafe extern "system" fn ConvertFiberToThread() -> Result<Bool, Win32Error> {
    if !is_fiber() {
        return Err(Win32Error(ERROR_ALREADY_THREAD));
    }
    // SAFETY: the calling thread's own words; a fiber's stack, if it is on one, stays the thread's until it ends.
    unsafe {
        let fiber = core::mem::replace(&mut *data(), null_mut());
        *flag() &= !HAS_FIBER_DATA;
        free(fiber);
    }
    Ok(Bool)
}

/// Creates a fiber with a stack of that many committed bytes, or what the program's headers say.
#[shim(ix = 438, mapping = "RtlCreateUserStack", risk = Functional("a fiber that does not run"))]
pub unsafe extern "system" fn CreateFiber(commit: usize, routine: Option<Routine>, parameter: *mut c_void) -> Result<Pointer<c_void>, Win32Error> {
    create(commit, 0, routine, parameter)
}

/// Creates a fiber with a stack of its own sizes.
#[shim(ix = 439, mapping = "RtlCreateUserStack", risk = Functional("a fiber that does not run"))]
pub unsafe extern "system" fn CreateFiberEx(
    commit: usize,
    reserve: usize,
    flags: u32,
    routine: Option<Routine>,
    parameter: *mut c_void,
) -> Result<Pointer<c_void>, Win32Error> {
    check_flags(flags)?;
    create(commit, reserve, routine, parameter)
}

fn create(commit: usize, reserve: usize, routine: Option<Routine>, parameter: *mut c_void) -> Result<Pointer<c_void>, Win32Error> {
    let mut stack = [0_usize; 5];
    // SAFETY: the array is ours.
    check(unsafe { nt::RtlCreateUserStack(commit, reserve, 0, 0x1000, 0x1_0000, &raw mut stack) })?;
    let [_, _, base, limit, allocation] = stack;
    let fiber = Fiber { parameter, stack: 0, base, limit, allocation, storage: null_mut(), routine, made: true };
    let fiber = allocate(fiber).inspect_err(|_| {
        // SAFETY: just made.
        unsafe { nt::RtlFreeUserStack(allocation as *mut c_void) };
    })?;
    // SAFETY: the stack is committed at its top, and nobody else knows the fiber.
    unsafe { (*fiber).stack = switch::prepare(base) };
    Ok(Pointer(fiber.cast()))
}

/// Where a new fiber starts. A routine that comes back ends the thread.
#[cfg_attr(not(target_os = "windows"), allow(dead_code, reason = "only a guest changes stacks"))]
unsafe extern "C" fn begin() -> ! {
    // SAFETY: the fiber runs on its own stack.
    unsafe {
        let fiber = *data();
        if let Some(routine) = (*fiber).routine {
            routine((*fiber).parameter);
        }
        nt::RtlExitUserThread(0);
    }
    loop {
        core::hint::spin_loop();
    }
}

/// Lets the calling thread run another fiber.
#[shim(ix = 383, mapping = "a change of stacks", risk = Functional("a fiber that does not go on"))]
pub unsafe extern "system" fn SwitchToFiber(fiber: *mut c_void) {
    // SAFETY: the calling thread is a fiber, and the other one does not run, as the caller promises.
    unsafe {
        let (from, to) = (*data(), fiber.cast::<Fiber>());
        if core::ptr::eq(from, to) {
            return;
        }
        let [_, limit, _] = teb::stack();
        (*from).limit = limit;
        (*from).storage = teb::fls_data();
        *data() = to;
        teb::set_fls_data((*to).storage);
        switch::change(from, to);
    }
}

/// Ends a fiber; the one that runs ends its thread.
#[shim(ix = 363, mapping = "RtlFreeUserStack", risk = Functional("memory that stays"))]
pub unsafe extern "system" fn DeleteFiber(fiber: *mut c_void) {
    let fiber = fiber.cast::<Fiber>();
    // SAFETY: the caller's fiber, which does not run elsewhere.
    unsafe {
        if is_fiber() && core::ptr::eq(*data(), fiber) {
            nt::RtlExitUserThread(1);
        }
        nt::RtlProcessFlsData((*fiber).storage, 3);
        if (*fiber).made {
            nt::RtlFreeUserStack((*fiber).allocation as *mut c_void);
        }
        free(fiber);
    }
}

/// Answers whether the calling thread is a fiber.
#[shim(ix = 267, mapping = "the TEB", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsThreadAFiber() -> i32 {
    is_fiber().into()
}

#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
mod switch {
    use super::{Fiber, begin, offset, offset_of};
    use core::arch::naked_asm;

    /// Bytes of preserved registers: eight general ones, ten vector registers, the two control words.
    const FRAME: usize = 8 * 8 + 8 + 160 + 16;

    /// Puts the registers of a fiber that has not begun on its stack; answers the stack pointer.
    pub unsafe fn prepare(base: usize) -> usize {
        // The routine is entered as by a call: the stack pointer is 8 off a multiple of 16.
        let back = base - 64;
        let stack = back - FRAME;
        // SAFETY: the top of the stack is committed.
        unsafe {
            (back as *mut usize).write(begin as *const () as usize);
            (stack as *mut u8).write_bytes(0, FRAME);
            (stack as *mut u32).write(0x1F80);
            ((stack + 4) as *mut u16).write(0x27F);
        }
        stack
    }

    /// Changes from one fiber to another.
    #[unsafe(naked)]
    pub unsafe extern "system" fn change(from: *mut Fiber, to: *mut Fiber) {
        naked_asm!(
            ".seh_proc change_fiber",
            "push rbx",
            ".seh_pushreg rbx",
            "push rbp",
            ".seh_pushreg rbp",
            "push rsi",
            ".seh_pushreg rsi",
            "push rdi",
            ".seh_pushreg rdi",
            "push r12",
            ".seh_pushreg r12",
            "push r13",
            ".seh_pushreg r13",
            "push r14",
            ".seh_pushreg r14",
            "push r15",
            ".seh_pushreg r15",
            "sub rsp, 184",
            ".seh_stackalloc 184",
            ".seh_endprologue",
            "stmxcsr [rsp]",
            "fnstcw [rsp + 4]",
            "movups [rsp + 16], xmm6",
            "movups [rsp + 32], xmm7",
            "movups [rsp + 48], xmm8",
            "movups [rsp + 64], xmm9",
            "movups [rsp + 80], xmm10",
            "movups [rsp + 96], xmm11",
            "movups [rsp + 112], xmm12",
            "movups [rsp + 128], xmm13",
            "movups [rsp + 144], xmm14",
            "movups [rsp + 160], xmm15",
            "mov [rcx + {stack}], rsp",
            "mov rax, [rdx + {base}]",
            "mov gs:[{teb_base}], rax",
            "mov rax, [rdx + {limit}]",
            "mov gs:[{teb_limit}], rax",
            "mov rax, [rdx + {allocation}]",
            "mov gs:[{teb_allocation}], rax",
            "mov rsp, [rdx + {stack}]",
            "ldmxcsr [rsp]",
            "fldcw [rsp + 4]",
            "movups xmm6, [rsp + 16]",
            "movups xmm7, [rsp + 32]",
            "movups xmm8, [rsp + 48]",
            "movups xmm9, [rsp + 64]",
            "movups xmm10, [rsp + 80]",
            "movups xmm11, [rsp + 96]",
            "movups xmm12, [rsp + 112]",
            "movups xmm13, [rsp + 128]",
            "movups xmm14, [rsp + 144]",
            "movups xmm15, [rsp + 160]",
            "add rsp, 184",
            "pop r15",
            "pop r14",
            "pop r13",
            "pop r12",
            "pop rdi",
            "pop rsi",
            "pop rbp",
            "pop rbx",
            "ret",
            ".seh_endproc",
            stack = const offset_of!(Fiber, stack),
            base = const offset_of!(Fiber, base),
            limit = const offset_of!(Fiber, limit),
            allocation = const offset_of!(Fiber, allocation),
            teb_base = const offset::STACK_BASE,
            teb_limit = const offset::STACK_LIMIT,
            teb_allocation = const offset::DEALLOCATION_STACK,
        )
    }

    const _: () = assert!(FRAME == 184 + 64);
}

#[cfg(all(target_os = "windows", target_arch = "x86"))]
mod switch {
    use super::{Fiber, begin, offset, offset_of};
    use core::arch::naked_asm;

    /// Bytes of preserved registers: four general ones, the exception list, the two control words.
    const FRAME: usize = 4 * 4 + 4 + 8;

    /// Puts the registers of a fiber that has not begun on its stack; answers the stack pointer.
    pub unsafe fn prepare(base: usize) -> usize {
        /// The end of the list of exception handlers.
        const LAST: u32 = u32::MAX;
        let back = base - 64 - 4;
        let stack = back - FRAME;
        // SAFETY: the top of the stack is committed.
        unsafe {
            (back as *mut usize).write(begin as *const () as usize);
            (stack as *mut u8).write_bytes(0, FRAME);
            (stack as *mut u32).write(0x1F80);
            ((stack + 4) as *mut u16).write(0x27F);
            ((stack + 8) as *mut u32).write(LAST);
        }
        stack
    }

    /// Changes from one fiber to another.
    #[unsafe(naked)]
    pub unsafe extern "system" fn change(from: *mut Fiber, to: *mut Fiber) {
        naked_asm!(
            "mov ecx, [esp + 4]",
            "mov edx, [esp + 8]",
            "pop eax",
            "mov [esp + 4], eax",
            "add esp, 4",
            "push ebx",
            "push ebp",
            "push esi",
            "push edi",
            "push dword ptr fs:[0]",
            "sub esp, 8",
            "stmxcsr [esp]",
            "fnstcw [esp + 4]",
            "mov [ecx + {stack}], esp",
            "mov eax, [edx + {base}]",
            "mov fs:[{teb_base}], eax",
            "mov eax, [edx + {limit}]",
            "mov fs:[{teb_limit}], eax",
            "mov eax, [edx + {allocation}]",
            "mov fs:[{teb_allocation}], eax",
            "mov esp, [edx + {stack}]",
            "ldmxcsr [esp]",
            "fldcw [esp + 4]",
            "add esp, 8",
            "pop dword ptr fs:[0]",
            "pop edi",
            "pop esi",
            "pop ebp",
            "pop ebx",
            "ret",
            stack = const offset_of!(Fiber, stack),
            base = const offset_of!(Fiber, base),
            limit = const offset_of!(Fiber, limit),
            allocation = const offset_of!(Fiber, allocation),
            teb_base = const offset::STACK_BASE,
            teb_limit = const offset::STACK_LIMIT,
            teb_allocation = const offset::DEALLOCATION_STACK,
        )
    }
}

#[cfg(not(target_os = "windows"))]
mod switch {
    use super::{Fiber, begin};

    /// Native tests change no stacks.
    pub unsafe fn prepare(_base: usize) -> usize {
        begin as *const () as usize
    }

    /// Native tests change no stacks.
    pub unsafe extern "system" fn change(_from: *mut Fiber, _to: *mut Fiber) {}
}

const _: () = assert!(offset_of!(Fiber, parameter) == 0);
