//! The gate, from the guest's side. No other DLL goes through it.

use gate::Service;
use guest::error::Status;
use windows_sys::Win32::Foundation::NTSTATUS;

/// Asks for a service: success codes are answered, failures are errors. Outputs are in the request.
pub fn ask<S: Service>(request: &mut S) -> Result<NTSTATUS, Status> {
    Status::check(call(request))
}

/// Asks for a service and answers its NTSTATUS.
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
#[inline(always)]
pub fn call<S: Service>(request: &mut S) -> NTSTATUS {
    let status: u64;
    // SAFETY: the gate changes the request and the registers listed here, nothing else.
    unsafe {
        core::arch::asm!(
            "call qword ptr gs:[{entry}]",
            entry = const gate::block::GATE_ENTRY,
            inlateout("rcx") u64::from(S::NUMBER) => _,
            inlateout("rdx") core::ptr::from_mut(request) => _,
            lateout("rax") status,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
            lateout("xmm0") _, lateout("xmm1") _, lateout("xmm2") _, lateout("xmm3") _, lateout("xmm4") _, lateout("xmm5") _,
        );
    }
    status as NTSTATUS
}

/// Asks for a service and answers its NTSTATUS.
#[cfg(all(target_os = "windows", target_arch = "x86"))]
#[inline(always)]
pub fn call<S: Service>(request: &mut S) -> NTSTATUS {
    let status: i32;
    // SAFETY: the gate changes the request and the registers listed here, nothing else; it returns to the address on top of
    // the stack. That is pushed: a call that no return answers would let the processor guess the next returns wrongly.
    unsafe {
        core::arch::asm!(
            "lea ecx, [2f]",
            "push ecx",
            "jmp fword ptr fs:[{entry}]",
            "2:",
            entry = const gate::block::GATE_ENTRY,
            inlateout("eax") S::NUMBER => status,
            inlateout("edx") core::ptr::from_mut(request) => _,
            lateout("ecx") _,
            lateout("xmm0") _, lateout("xmm1") _, lateout("xmm2") _, lateout("xmm3") _,
            lateout("xmm4") _, lateout("xmm5") _, lateout("xmm6") _, lateout("xmm7") _,
        );
    }
    status
}

/// There is no gate elsewhere: native tests do without.
#[cfg(not(target_os = "windows"))]
pub fn call<S: Service>(_request: &mut S) -> NTSTATUS {
    windows_sys::Win32::Foundation::STATUS_NOT_SUPPORTED
}
