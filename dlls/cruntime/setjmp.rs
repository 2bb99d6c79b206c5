//! setjmp.h: leaving functions; those of 64-bit programs are unwound where `setjmp` was told its frame.

use guest::shim;

/// Keeps the registers and the frame that the caller names; 0 at the first return.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
#[shim(ix = {msvcrt: 107}, entry = jump, mapping = "the processor's registers", risk = Wrong("registers that are not kept"))]
pub unsafe extern "C" fn _setjmp(_buffer: *mut u8, _frame: usize) -> i32 {
    core::arch::naked_asm!(
        "mov [rcx], rdx",
        "mov [rcx + 8], rbx",
        "lea rax, [rsp + 8]",
        "mov [rcx + 16], rax",
        "mov [rcx + 24], rbp",
        "mov [rcx + 32], rsi",
        "mov [rcx + 40], rdi",
        "mov [rcx + 48], r12",
        "mov [rcx + 56], r13",
        "mov [rcx + 64], r14",
        "mov [rcx + 72], r15",
        "mov rax, [rsp]",
        "mov [rcx + 80], rax",
        "stmxcsr [rcx + 88]",
        "fnstcw [rcx + 92]",
        "movups [rcx + 96], xmm6",
        "movups [rcx + 112], xmm7",
        "movups [rcx + 128], xmm8",
        "movups [rcx + 144], xmm9",
        "movups [rcx + 160], xmm10",
        "movups [rcx + 176], xmm11",
        "movups [rcx + 192], xmm12",
        "movups [rcx + 208], xmm13",
        "movups [rcx + 224], xmm14",
        "movups [rcx + 240], xmm15",
        "xor eax, eax",
        "ret",
    )
}

/// Keeps the registers and the frame that the caller names; 0 at the first return.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
#[shim(ix = {ucrtbase: 276}, entry = jump, mapping = "the processor's registers", risk = Wrong("registers that are not kept"))]
pub unsafe extern "C" fn __intrinsic_setjmp(_buffer: *mut u8, _frame: usize) -> i32 {
    core::arch::naked_asm!(
        "mov [rcx], rdx",
        "mov [rcx + 8], rbx",
        "lea rax, [rsp + 8]",
        "mov [rcx + 16], rax",
        "mov [rcx + 24], rbp",
        "mov [rcx + 32], rsi",
        "mov [rcx + 40], rdi",
        "mov [rcx + 48], r12",
        "mov [rcx + 56], r13",
        "mov [rcx + 64], r14",
        "mov [rcx + 72], r15",
        "mov rax, [rsp]",
        "mov [rcx + 80], rax",
        "stmxcsr [rcx + 88]",
        "fnstcw [rcx + 92]",
        "movups [rcx + 96], xmm6",
        "movups [rcx + 112], xmm7",
        "movups [rcx + 128], xmm8",
        "movups [rcx + 144], xmm9",
        "movups [rcx + 160], xmm10",
        "movups [rcx + 176], xmm11",
        "movups [rcx + 192], xmm12",
        "movups [rcx + 208], xmm13",
        "movups [rcx + 224], xmm14",
        "movups [rcx + 240], xmm15",
        "xor eax, eax",
        "ret",
    )
}

/// Keeps the registers and the frame that the caller names; 0 at the first return.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
#[shim(ix = {ucrtbase: 320}, entry = jump, mapping = "the processor's registers", risk = Wrong("registers that are not kept"))]
pub unsafe extern "C" fn __intrinsic_setjmpex(_buffer: *mut u8, _frame: usize) -> i32 {
    core::arch::naked_asm!(
        "mov [rcx], rdx",
        "mov [rcx + 8], rbx",
        "lea rax, [rsp + 8]",
        "mov [rcx + 16], rax",
        "mov [rcx + 24], rbp",
        "mov [rcx + 32], rsi",
        "mov [rcx + 40], rdi",
        "mov [rcx + 48], r12",
        "mov [rcx + 56], r13",
        "mov [rcx + 64], r14",
        "mov [rcx + 72], r15",
        "mov rax, [rsp]",
        "mov [rcx + 80], rax",
        "stmxcsr [rcx + 88]",
        "fnstcw [rcx + 92]",
        "movups [rcx + 96], xmm6",
        "movups [rcx + 112], xmm7",
        "movups [rcx + 128], xmm8",
        "movups [rcx + 144], xmm9",
        "movups [rcx + 160], xmm10",
        "movups [rcx + 176], xmm11",
        "movups [rcx + 192], xmm12",
        "movups [rcx + 208], xmm13",
        "movups [rcx + 224], xmm14",
        "movups [rcx + 240], xmm15",
        "xor eax, eax",
        "ret",
    )
}

/// Keeps the registers and the frame that the caller names; 0 at the first return.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
#[shim(ix = {msvcrt: 746}, entry = jump, mapping = "the processor's registers", risk = Wrong("registers that are not kept"))]
pub unsafe extern "C" fn _setjmpex(_buffer: *mut u8, _frame: usize) -> i32 {
    core::arch::naked_asm!(
        "mov [rcx], rdx",
        "mov [rcx + 8], rbx",
        "lea rax, [rsp + 8]",
        "mov [rcx + 16], rax",
        "mov [rcx + 24], rbp",
        "mov [rcx + 32], rsi",
        "mov [rcx + 40], rdi",
        "mov [rcx + 48], r12",
        "mov [rcx + 56], r13",
        "mov [rcx + 64], r14",
        "mov [rcx + 72], r15",
        "mov rax, [rsp]",
        "mov [rcx + 80], rax",
        "stmxcsr [rcx + 88]",
        "fnstcw [rcx + 92]",
        "movups [rcx + 96], xmm6",
        "movups [rcx + 112], xmm7",
        "movups [rcx + 128], xmm8",
        "movups [rcx + 144], xmm9",
        "movups [rcx + 160], xmm10",
        "movups [rcx + 176], xmm11",
        "movups [rcx + 192], xmm12",
        "movups [rcx + 208], xmm13",
        "movups [rcx + 224], xmm14",
        "movups [rcx + 240], xmm15",
        "xor eax, eax",
        "ret",
    )
}

/// Goes back to where the registers were kept; the second return there answers the value, 1 for 0.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
#[shim(ix = {msvcrt: 59, ucrtbase: 265}, entry = jump, mapping = "the processor's registers", risk = Wrong("registers that are not kept"))]
pub unsafe extern "C" fn longjmp(_buffer: *const u8, _value: i32) {
    core::arch::naked_asm!(
        "mov eax, edx",
        "test eax, eax",
        "jnz 2f",
        "inc eax",
        "2:",
        "cmp qword ptr [rcx], 0",
        "jne {unwind}",
        "mov rbx, [rcx + 8]",
        "mov rbp, [rcx + 24]",
        "mov rsi, [rcx + 32]",
        "mov rdi, [rcx + 40]",
        "mov r12, [rcx + 48]",
        "mov r13, [rcx + 56]",
        "mov r14, [rcx + 64]",
        "mov r15, [rcx + 72]",
        "ldmxcsr [rcx + 88]",
        "fnclex",
        "fldcw [rcx + 92]",
        "movups xmm6, [rcx + 96]",
        "movups xmm7, [rcx + 112]",
        "movups xmm8, [rcx + 128]",
        "movups xmm9, [rcx + 144]",
        "movups xmm10, [rcx + 160]",
        "movups xmm11, [rcx + 176]",
        "movups xmm12, [rcx + 192]",
        "movups xmm13, [rcx + 208]",
        "movups xmm14, [rcx + 224]",
        "movups xmm15, [rcx + 240]",
        "mov rsp, [rcx + 16]",
        "jmp qword ptr [rcx + 80]",
        unwind = sym unwind,
    )
}

/// Goes back to a frame that `setjmp` was told: those in between are unwound.
#[cfg(target_arch = "x86_64")]
unsafe extern "C" fn unwind(buffer: *const usize, value: i32) {
    use super::nt::RtlUnwindEx;
    use core::ffi::c_void;
    use core::mem::{MaybeUninit, zeroed};
    use windows_sys::Win32::Foundation::STATUS_LONGJUMP;
    use windows_sys::Win32::System::Diagnostics::Debug::EXCEPTION_RECORD;
    const RIP: usize = 10;
    // SAFETY: a record is plain data, for which zero is a value; the buffer is the caller's promise.
    unsafe {
        let mut record: EXCEPTION_RECORD = zeroed();
        record.ExceptionCode = STATUS_LONGJUMP;
        record.NumberParameters = 1;
        record.ExceptionInformation[0] = buffer as usize;
        let mut context: MaybeUninit<[u64; 256]> = MaybeUninit::uninit();
        let value = if value == 0 { 1 } else { value } as u32 as usize as *mut c_void;
        let target = buffer.add(RIP).read() as *mut c_void;
        RtlUnwindEx(buffer.read() as *mut c_void, target, &raw mut record, value, context.as_mut_ptr().cast(), core::ptr::null_mut());
    }
}

/// Keeps the registers and the frame's place in its blocks; 0 at the first return. Behind the count there are as many words: what
/// leaves the frame's blocks, then the level, then what is that function's own.
#[cfg(target_arch = "x86")]
#[unsafe(naked)]
#[shim(ix = {msvcrt: 747, ucrtbase: 859}, entry = jump, mapping = "the processor's registers", risk = Wrong("registers that are not kept"))]
pub unsafe extern "C" fn _setjmp3(_buffer: *mut u8, _count: i32) -> i32 {
    core::arch::naked_asm!(
        "mov edx, [esp + 4]",
        "mov [edx], ebp",
        "mov [edx + 4], ebx",
        "mov [edx + 8], edi",
        "mov [edx + 12], esi",
        "lea eax, [esp + 4]",
        "mov [edx + 16], eax",
        "mov eax, [esp]",
        "mov [edx + 20], eax",
        "mov dword ptr [edx + 32], 0x56433230",
        "mov dword ptr [edx + 36], 0",
        "mov dword ptr [edx + 28], -1",
        "mov eax, fs:[0]",
        "mov [edx + 24], eax",
        "cmp eax, -1",
        "je 4f",
        "mov ecx, [esp + 8]",
        "test ecx, ecx",
        "jz 2f",
        "mov eax, [esp + 12]",
        "mov [edx + 36], eax",
        "dec ecx",
        "jz 2f",
        "mov eax, [esp + 16]",
        "mov [edx + 28], eax",
        "dec ecx",
        "jz 4f",
        "push esi",
        "push edi",
        "lea esi, [esp + 28]",
        "lea edi, [edx + 40]",
        "cmp ecx, 6",
        "jbe 3f",
        "mov ecx, 6",
        "3:",
        "rep movsd",
        "pop edi",
        "pop esi",
        "jmp 4f",
        "2:",
        "mov eax, [edx + 24]",
        "mov eax, [eax + 12]",
        "mov [edx + 28], eax",
        "4:",
        "xor eax, eax",
        "ret",
    )
}

/// Keeps the registers and the frame's place in its blocks; 0 at the first return.
#[cfg(target_arch = "x86")]
#[unsafe(naked)]
#[shim(ix = {msvcrt: 107}, entry = jump, mapping = "the processor's registers", risk = Wrong("registers that are not kept"))]
pub unsafe extern "C" fn _setjmp(_buffer: *mut u8) -> i32 {
    core::arch::naked_asm!(
        "mov edx, [esp + 4]",
        "mov [edx], ebp",
        "mov [edx + 4], ebx",
        "mov [edx + 8], edi",
        "mov [edx + 12], esi",
        "lea eax, [esp + 4]",
        "mov [edx + 16], eax",
        "mov eax, [esp]",
        "mov [edx + 20], eax",
        "mov dword ptr [edx + 28], -1",
        "mov eax, fs:[0]",
        "mov [edx + 24], eax",
        "cmp eax, -1",
        "je 2f",
        "mov eax, [eax + 12]",
        "mov [edx + 28], eax",
        "2:",
        "xor eax, eax",
        "ret",
    )
}

/// Goes back to where the registers were kept, out of every block between; the second return there answers the value, 1 for 0.
#[cfg(target_arch = "x86")]
#[unsafe(naked)]
#[shim(ix = {msvcrt: 59, ucrtbase: 265}, entry = jump, mapping = "RtlUnwind, the processor's registers", risk = Wrong("registers that are not restored"))]
pub unsafe extern "C" fn longjmp(_buffer: *const u8, _value: i32) {
    core::arch::naked_asm!(
        "push dword ptr [esp + 4]",
        "call {unwind}",
        "add esp, 4",
        "mov edx, [esp + 4]",
        "mov eax, [esp + 8]",
        "test eax, eax",
        "jnz 2f",
        "inc eax",
        "2:",
        "mov ecx, [edx + 24]",
        "mov fs:[0], ecx",
        "mov ebp, [edx]",
        "mov ebx, [edx + 4]",
        "mov edi, [edx + 8]",
        "mov esi, [edx + 12]",
        "mov esp, [edx + 16]",
        "jmp dword ptr [edx + 20]",
        unwind = sym super::frame::guarded::unwind_to_kept,
    )
}
