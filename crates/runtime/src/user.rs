//! The guest's memory, as the runtime touches it: by copying, where a bad address is an answer and not a fault.
//!
//! A fault inside the copying instructions is recognised by the signal handler, which continues at their way out.

use core::arch::naked_asm;
use core::mem::MaybeUninit;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ACCESS_VIOLATION};

/// The guest gave an address that it cannot use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadAddress;

impl From<BadAddress> for NTSTATUS {
    fn from(_: BadAddress) -> Self {
        STATUS_ACCESS_VIOLATION
    }
}

/// Values that any bytes make, so that they can be copied out of the guest.
///
/// # Safety
/// Every bit pattern is a value.
pub unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($kind:ty),* $(,)?) => { $(
        // SAFETY: integers, and structures of integers without rules of their own.
        unsafe impl Plain for $kind {}
    )* };
}

plain!(u8, u16, u32, u64, i64, gate::service::StartParameters);

macro_rules! plain_services {
    ($($name:ident),*) => { plain!($(gate::service::$name),*); };
}
gate::for_each_service!(plain_services);

/// Copies a value out of the guest.
pub fn read<T: Plain>(address: u64) -> Result<T, BadAddress> {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: the target has the value's size; a bad source is answered.
    let bad = unsafe { copy_checked(value.as_mut_ptr().cast(), address as *const u8, size_of::<T>()) };
    // SAFETY: all of it was written, and any bytes make a value.
    if bad == 0 { Ok(unsafe { value.assume_init() }) } else { Err(BadAddress) }
}

/// Copies a value into the guest.
pub fn write<T: Copy>(address: u64, value: &T) -> Result<(), BadAddress> {
    // SAFETY: the source has the value's size; a bad target is answered.
    let bad = unsafe { copy_checked(address as *mut u8, core::ptr::from_ref(value).cast(), size_of::<T>()) };
    if bad == 0 { Ok(()) } else { Err(BadAddress) }
}

/// Copies bytes out of the guest.
pub fn read_bytes(address: u64, into: &mut [u8]) -> Result<(), BadAddress> {
    // SAFETY: the target has the length; a bad source is answered.
    let bad = unsafe { copy_checked(into.as_mut_ptr(), address as *const u8, into.len()) };
    if bad == 0 { Ok(()) } else { Err(BadAddress) }
}

/// Copies bytes into the guest.
pub fn write_bytes(address: u64, from: &[u8]) -> Result<(), BadAddress> {
    // SAFETY: the source has the length; a bad target is answered.
    let bad = unsafe { copy_checked(address as *mut u8, from.as_ptr(), from.len()) };
    if bad == 0 { Ok(()) } else { Err(BadAddress) }
}

/// Copies a text or path of at most `most` bytes out of the guest; longer ones are refused like a bad address.
pub fn read_vec(address: u64, size: u64, most: usize) -> Result<Vec<u8>, BadAddress> {
    let size = usize::try_from(size).ok().filter(|size| *size <= most).ok_or(BadAddress)?;
    let mut bytes = vec![0; size];
    read_bytes(address, &mut bytes)?;
    Ok(bytes)
}

/// Touches every page of a range, so that guard pages become ordinary ones. False when a page is of no use.
pub fn touch(address: u64, length: u64) -> bool {
    let pages = (address & !0xFFF..address.saturating_add(length)).step_by(0x1000);
    pages.into_iter().all(|page| read::<u8>(page.max(address)).is_ok())
}

/// Where a fault while copying continues, if the instruction belongs to the copying.
pub fn recovery(instruction: u64) -> Option<u64> {
    unsafe extern "C" {
        static user_copy_start: u8;
        static user_copy_end: u8;
        static user_copy_fault: u8;
    }
    let start = &raw const user_copy_start as u64;
    let end = &raw const user_copy_end as u64;
    (start..end).contains(&instruction).then_some(&raw const user_copy_fault as u64)
}

/// Copies words, then bytes; answers 0, or 1 after a fault.
#[unsafe(naked)]
unsafe extern "sysv64" fn copy_checked(to: *mut u8, from: *const u8, size: usize) -> u32 {
    naked_asm!(
        ".globl user_copy_start",
        ".globl user_copy_end",
        ".globl user_copy_fault",
        "user_copy_start:",
        "cmp rdx, 256",
        "ja 4f",
        "xor ecx, ecx",
        "sub rdx, 8",
        "jb 2f",
        "3:",
        "mov rax, [rsi + rcx]",
        "mov [rdi + rcx], rax",
        "add rcx, 8",
        "cmp rcx, rdx",
        "jbe 3b",
        "2:",
        "add rdx, 8",
        "5:",
        "cmp rcx, rdx",
        "jae 6f",
        "mov al, [rsi + rcx]",
        "mov [rdi + rcx], al",
        "inc rcx",
        "jmp 5b",
        "4:",
        "mov rcx, rdx",
        "rep movsb",
        "6:",
        "user_copy_end:",
        "xor eax, eax",
        "ret",
        "user_copy_fault:",
        "mov eax, 1",
        "ret",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_copied_exactly() {
        let source: Vec<u8> = (0..=255).chain(0..=255).collect();
        for length in 0..=source.len() {
            let mut target = vec![0xEE; source.len() + 8];
            write_bytes(target.as_mut_ptr() as u64, &source[..length]).unwrap();
            assert_eq!(target[..length], source[..length]);
            assert!(target[length..].iter().all(|byte| *byte == 0xEE), "length {length}");
        }
    }
}
