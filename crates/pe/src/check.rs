//! What Windows' loader demands of an image before it maps it, as far as a mapper's safety rests on it.
//!
//! Sources: Microsoft's description of the format, Corkami's notes on the loader's behaviour, and what Wine's loader test
//! measured on Windows. Windows also refuses gaps between sections; they endanger nobody and are let pass.

use object::pe;

use crate::{Image, Layout, Machine, Malformed, section::PAGE};

const SMALLEST_FILE_ALIGNMENT: u32 = 0x200;
const BASE_ALIGNMENT: u64 = 0x10000;

impl Image<'_> {
    /// Whether the image can be mapped: sections in ascending order, page-aligned, apart from each other, inside the image
    /// and inside the file.
    pub fn check_mappable(&self) -> Result<(), Malformed> {
        self.check_machine()?;
        self.check_alignment()?;
        self.check_sizes()?;
        self.check_sections()
    }

    fn check_machine(&self) -> Result<(), Malformed> {
        match (self.machine(), self.is_64()) {
            (Machine::X86, false) | (Machine::X64, true) => {}
            (Machine::X86 | Machine::X64, _) => return Err(Malformed::BadField("processor")),
            (other, _) => return Err(Malformed::Foreign(other)),
        }
        match self.characteristics() & pe::IMAGE_FILE_EXECUTABLE_IMAGE.0 {
            0 => Err(Malformed::BadField("mark of an executable")),
            _ => Ok(()),
        }
    }

    fn check_alignment(&self) -> Result<(), Malformed> {
        let (section, file) = (self.section_alignment(), self.file_alignment());
        if !section.is_power_of_two() {
            return Err(Malformed::BadField("section alignment"));
        }
        if !file.is_power_of_two() || file > section || (file < SMALLEST_FILE_ALIGNMENT && file != section) {
            return Err(Malformed::BadField("file alignment"));
        }
        if self.has_low_alignment() { Err(Malformed::LowAlignment) } else { Ok(()) }
    }

    fn check_sizes(&self) -> Result<(), Malformed> {
        let (image, headers) = (u64::from(self.size_of_image()), u64::from(self.size_of_headers()));
        // A whole page below the limit, so that rounding a 32-bit length up to pages stays in 32 bits.
        if image == 0 || image > u64::from(u32::MAX) - PAGE || (self.layout == Layout::Mapped && image > self.bytes.len() as u64) {
            return Err(Malformed::BadField("size in memory"));
        }
        // The headers may be longer than the file: zeros make them up.
        if headers == 0 || headers >= image {
            return Err(Malformed::BadField("size of headers"));
        }
        let limit = if self.is_64() { u64::MAX } else { u32::MAX.into() };
        if !self.image_base().is_multiple_of(BASE_ALIGNMENT) || limit - self.image_base() < image.next_multiple_of(PAGE) - 1 {
            return Err(Malformed::BadField("base address"));
        }
        if u64::from(self.entry_point()) >= image { Err(Malformed::BadField("entry point")) } else { Ok(()) }
    }

    fn check_sections(&self) -> Result<(), Malformed> {
        let image_end = u64::from(self.size_of_image()).next_multiple_of(PAGE);
        let mut end = u64::from(self.size_of_headers()).next_multiple_of(PAGE);
        for section in self.sections() {
            if !section.rva().is_multiple_of(self.section_alignment()) {
                return Err(Malformed::BadField("section's address"));
            }
            let placement = section.placement();
            if placement.size == 0 {
                return Err(Malformed::BadField("empty section"));
            }
            if u64::from(placement.rva) < end {
                return Err(Malformed::BadField("order of sections"));
            }
            end = u64::from(placement.rva) + placement.size;
            if end > image_end {
                return Err(Malformed::Outside("section"));
            }
            let raw_end = u64::from(section.raw_offset()) + u64::from(section.raw_size()).min(placement.size);
            if self.layout == Layout::File && section.raw_offset() != 0 && section.raw_size() != 0 && raw_end > self.bytes.len() as u64 {
                return Err(Malformed::Truncated("sections"));
            }
        }
        Ok(())
    }
}
