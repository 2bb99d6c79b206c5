//! `PAGE_*` protections, and what the host makes of them.

use rustix::mm::MprotectFlags;
use windows_sys::Win32::System::Memory::{
    PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY, PAGE_GUARD, PAGE_NOACCESS, PAGE_NOCACHE, PAGE_READONLY,
    PAGE_READWRITE, PAGE_WRITECOMBINE, PAGE_WRITECOPY,
};

const BASE: u32 = 0xFF;
const MODIFIERS: u32 = PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE;

/// `PAGE_TARGETS_INVALID` (`PAGE_TARGETS_NO_UPDATE` where protections change): where indirect calls may lead to.
const TARGETS: u32 = 0x4000_0000;

/// A protection as a process without control-flow guard takes it: what executable pages say of targets is nothing to it.
pub const fn without_targets(protect: u32) -> u32 {
    let executable = matches!(protect & BASE, PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY);
    if executable { protect & !TARGETS } else { protect }
}

/// Whether it is one of the protections, with modifiers that go with it.
pub const fn is_valid(protect: u32) -> bool {
    let base = protect & BASE;
    let modifiers = protect & !BASE;
    base.is_power_of_two()
        && modifiers & !MODIFIERS == 0
        && !(base == PAGE_NOACCESS && modifiers != 0)
        && modifiers & (PAGE_NOCACHE | PAGE_WRITECOMBINE) != PAGE_NOCACHE | PAGE_WRITECOMBINE
}

/// The host's protection. Guard pages are inaccessible until they are hit.
pub const fn to_host(protect: u32) -> MprotectFlags {
    if protect & PAGE_GUARD != 0 {
        return MprotectFlags::empty();
    }
    let read = MprotectFlags::READ;
    match protect & BASE {
        PAGE_READONLY => read,
        PAGE_READWRITE | PAGE_WRITECOPY => read.union(MprotectFlags::WRITE),
        PAGE_EXECUTE | PAGE_EXECUTE_READ => read.union(MprotectFlags::EXEC),
        PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY => read.union(MprotectFlags::WRITE).union(MprotectFlags::EXEC),
        _ => MprotectFlags::empty(),
    }
}

/// Whether pages may be written and executed at once.
pub const fn is_writable_code(protect: u32) -> bool {
    matches!(protect & BASE, PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_base_and_fitting_modifiers() {
        assert!(is_valid(PAGE_READWRITE | PAGE_GUARD));
        assert!(!is_valid(0));
        assert!(!is_valid(PAGE_READWRITE | PAGE_READONLY));
        assert!(!is_valid(PAGE_NOACCESS | PAGE_GUARD));
        assert!(!is_valid(PAGE_READWRITE | 0x8000_0000));
    }

    #[test]
    fn targets_belong_to_executable_pages() {
        assert_eq!(without_targets(PAGE_EXECUTE_READ | TARGETS), PAGE_EXECUTE_READ);
        assert!(!is_valid(without_targets(PAGE_READWRITE | TARGETS)));
    }

    #[test]
    fn guard_pages_are_inaccessible() {
        assert_eq!(to_host(PAGE_READWRITE | PAGE_GUARD), MprotectFlags::empty());
    }
}
