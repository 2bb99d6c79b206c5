//! Where this program's own code lies, and the processor's own clock.

use std::ops::Range;
use std::sync::OnceLock;

/// The addresses of this program's executable segments, from the first to the last.
pub fn text() -> Range<u64> {
    static TEXT: OnceLock<Range<u64>> = OnceLock::new();
    TEXT.get_or_init(find).clone()
}

fn find() -> Range<u64> {
    unsafe extern "C" {
        /// The linker's name for the start of the image.
        static __ehdr_start: libc::Elf64_Ehdr;
    }
    let base = &raw const __ehdr_start;
    // SAFETY: a static program's headers are mapped with its first segment.
    let segments = unsafe {
        let headers = base.cast::<u8>().add((*base).e_phoff as usize).cast::<libc::Elf64_Phdr>();
        std::slice::from_raw_parts(headers, (*base).e_phnum.into())
    };
    let executable = segments.iter().filter(|segment| segment.p_type == libc::PT_LOAD && segment.p_flags & libc::PF_X != 0);
    // The first segment's address is 0 in a position-independent program, and the image's own otherwise.
    let first = segments.iter().find(|segment| segment.p_type == libc::PT_LOAD).map_or(0, |segment| segment.p_vaddr);
    let bias = (base as u64).wrapping_sub(first);
    let pieces = executable.map(|segment| {
        let start = bias.wrapping_add(segment.p_vaddr);
        start..start + segment.p_memsz
    });
    pieces.reduce(|one, next| one.start.min(next.start)..one.end.max(next.end)).unwrap_or_default()
}

/// The time stamp counter.
pub fn time_stamp() -> u64 {
    // SAFETY: every x86-64 processor has it.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_function_lies_in_the_text() {
        assert!(super::text().contains(&(super::text as *const () as u64)));
    }
}
