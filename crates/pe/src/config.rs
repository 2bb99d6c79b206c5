//! The load configuration: what the compiler tells the loader about stack cookies, exception handlers and indirect calls.

use core::mem::offset_of;

use object::{
    LittleEndian as LE, U32, U64,
    pe::{ImageLoadConfigDirectory32, ImageLoadConfigDirectory64},
};

use crate::{Directory, Image, Malformed, Span, stretch::Stretch};

const TABLE: &str = "load configuration";

/// The load configuration. It grew with every version of the compiler: fields that the image's own has no room for read as absent.
///
/// Addresses in it are absolute in the image; here they are relative to its start, so the image must know where it lies
/// ([`Image::based_at`]).
#[derive(Clone, Copy, Debug)]
pub struct LoadConfig<'a> {
    image: Image<'a>,
    bytes: Stretch<'a>,
    size: usize,
}

impl<'a> Image<'a> {
    /// The load configuration, `None` where there is none.
    pub fn load_config(&self) -> Result<Option<LoadConfig<'a>>, Malformed> {
        let Some(span) = self.directory(Directory::LoadConfig) else { return Ok(None) };
        let bytes = self.stretch(span.rva).ok_or(Malformed::Outside(TABLE))?;
        // The first field is the length; the directory's length is a constant in old programs.
        let size = bytes.get::<U32<LE>>(0).ok_or(Malformed::Outside(TABLE))?.get(LE);
        Ok(Some(LoadConfig { image: *self, bytes, size: size as usize }))
    }
}

/// A field's offset in either kind of load configuration.
macro_rules! offsets {
    ($field:ident) => {
        (offset_of!(ImageLoadConfigDirectory32, $field), offset_of!(ImageLoadConfigDirectory64, $field))
    };
}

impl LoadConfig<'_> {
    /// Its length as it states it, in bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Where the stack cookie lies: 4 or 8 bytes, inside the image.
    pub fn security_cookie(&self) -> Option<u32> {
        self.slot(offsets!(security_cookie))
    }

    /// The addresses of the exception handlers that x86 code may use, 4 bytes each, sorted, relative to the image's start.
    pub fn safe_handlers(&self) -> Option<Span> {
        self.table(offsets!(sehandler_table), offsets!(sehandler_count), 4)
    }

    /// The `IMAGE_GUARD_*` flags.
    pub fn guard_flags(&self) -> u32 {
        let (narrow, wide) = offsets!(guard_flags);
        let offset = if self.image.is_64() { wide } else { narrow };
        self.field::<U32<LE>>(offset).map_or(0, |flags| flags.get(LE))
    }

    /// Where the pointer to the check of an indirect call's target lies: 4 or 8 bytes, inside the image.
    pub fn guard_check_pointer(&self) -> Option<u32> {
        self.slot(offsets!(guard_cf_check_function_pointer))
    }

    /// Where the pointer to the dispatcher of indirect calls lies: 4 or 8 bytes, inside the image.
    pub fn guard_dispatch_pointer(&self) -> Option<u32> {
        self.slot(offsets!(guard_cf_dispatch_function_pointer))
    }

    /// The functions that indirect calls may reach; a row has 4 bytes, and as many more as bits 28 to 31 of the flags say.
    pub fn guard_functions(&self) -> Option<Span> {
        self.table(offsets!(guard_cf_function_table), offsets!(guard_cf_function_count), 4 + (self.guard_flags() >> 28))
    }

    fn table(&self, table: (usize, usize), count: (usize, usize), row: u32) -> Option<Span> {
        let count = u32::try_from(self.word(count)?).ok()?;
        Some(Span { rva: self.image.relative(self.word(table)?)?, size: count.checked_mul(row)? })
    }

    fn slot(&self, offsets: (usize, usize)) -> Option<u32> {
        self.image.relative_place(self.word(offsets)?, self.image.pointer_size())
    }

    fn word(&self, (narrow, wide): (usize, usize)) -> Option<u64> {
        if self.image.is_64() { Some(self.field::<U64<LE>>(wide)?.get(LE)) } else { Some(self.field::<U32<LE>>(narrow)?.get(LE).into()) }
    }

    fn field<T: object::pod::Pod>(&self, offset: usize) -> Option<T> {
        if offset + size_of::<T>() > self.size { None } else { self.bytes.get(offset) }
    }
}
