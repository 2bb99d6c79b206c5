//! Finds the vDSO's clock, which `ntdll` calls directly: a system call of the guest's own would be refused.

use std::ffi::CStr;

/// The address of `__vdso_clock_gettime`, or 0 where there is none.
pub fn vdso_clock_gettime() -> u64 {
    find(c"__vdso_clock_gettime").unwrap_or(0)
}

fn find(name: &CStr) -> Option<u64> {
    // SAFETY: the auxiliary vector is the kernel's, and what it names is mapped as long as the process runs.
    let base = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) };
    if base == 0 {
        return None;
    }
    // SAFETY: the kernel maps a whole ELF image there.
    unsafe { find_in(base as *const u8, name) }
}

/// # Safety
/// `base` is a whole ELF image, mapped as its program headers say.
unsafe fn find_in(base: *const u8, name: &CStr) -> Option<u64> {
    // SAFETY: offsets are those of an image that the kernel built.
    unsafe {
        let header = &*base.cast::<libc::Elf64_Ehdr>();
        let segments = std::slice::from_raw_parts(base.add(header.e_phoff as usize).cast::<libc::Elf64_Phdr>(), header.e_phnum.into());
        let load = segments.iter().find(|segment| segment.p_type == libc::PT_LOAD)?;
        let bias = base.wrapping_add(load.p_offset as usize).wrapping_sub(load.p_vaddr as usize);
        let dynamic = segments.iter().find(|segment| segment.p_type == libc::PT_DYNAMIC)?;
        let entries = bias.add(dynamic.p_vaddr as usize).cast::<[u64; 2]>();
        let value =
            |tag: u64| (0..64).map(|index| *entries.add(index)).take_while(|entry| entry[0] != 0).find(|entry| entry[0] == tag).map(|entry| entry[1]);
        const STRINGS: u64 = 5;
        const SYMBOLS: u64 = 6;
        let strings = bias.add(value(STRINGS)? as usize);
        let symbols = bias.add(value(SYMBOLS)? as usize).cast::<libc::Elf64_Sym>();
        // The string table follows the symbols: that bounds them without a hash table.
        let count = (strings as usize).saturating_sub(symbols as usize) / size_of::<libc::Elf64_Sym>();
        let found = std::slice::from_raw_parts(symbols, count)
            .iter()
            .find(|symbol| symbol.st_value != 0 && CStr::from_ptr(strings.add(symbol.st_name as usize).cast()) == name)?;
        Some(bias.wrapping_add(found.st_value as usize) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_agrees_with_the_kernel() {
        let address = vdso_clock_gettime();
        assert_ne!(address, 0, "this machine has a vDSO");
        let mut time = [0_i64; 2];
        // SAFETY: that is the function's own form.
        let call: extern "C" fn(i32, *mut [i64; 2]) -> i32 = unsafe { std::mem::transmute(address as *const ()) };
        assert_eq!(call(1, &raw mut time), 0);
        let kernel = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        assert!((kernel.tv_sec - time[0]).abs() <= 1);
    }
}
