//! Thread-local storage: what each thread gets a copy of, and whom to call when threads come and go.

use object::{
    LittleEndian as LE, U32, U64,
    pe::{IMAGE_SCN_ALIGN_MASK, ImageTlsDirectory32, ImageTlsDirectory64},
};

use crate::{Directory, Image, Malformed, Span, stretch::Stretch, walk::steps};

const TABLE: &str = "TLS directory";

/// The TLS directory. Addresses in it are absolute in the image; here they are relative to its start,
/// so the image must know where it lies ([`Image::based_at`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The bytes that each thread's copy starts with.
    pub data: Span,
    /// How many zero bytes follow them in each copy.
    pub zero_fill: u32,
    /// Alignment of each copy, in bytes; `None` where the image does not say.
    pub alignment: Option<u32>,
    /// Where the image wants its index: a 32-bit number, all of it inside the image. `None` where it wants none.
    pub index_slot: Option<u32>,
    /// Where the table of callbacks starts; `None` where there are none.
    pub callbacks: Option<u32>,
}

impl<'a> Image<'a> {
    /// The TLS directory, `None` where there is none.
    pub fn tls(&self) -> Result<Option<Tls>, Malformed> {
        let Some(span) = self.directory(Directory::Tls) else { return Ok(None) };
        let directory = self.read_tls(span.rva).ok_or(Malformed::Outside(TABLE))?;
        let optional = |address, size| match address {
            0 => Ok(None),
            address => self.relative_place(address, size).map(Some).ok_or(Malformed::Outside(TABLE)),
        };
        let (start, end) = (directory.start_address_of_raw_data.get(LE), directory.end_address_of_raw_data.get(LE));
        let size = end.checked_sub(start).and_then(|size| u32::try_from(size).ok()).ok_or(Malformed::BadField(TABLE))?;
        let data = match size {
            0 => Span { rva: 0, size },
            _ => Span { rva: self.relative_place(start, size).ok_or(Malformed::Outside(TABLE))?, size },
        };
        Ok(Some(Tls {
            data,
            zero_fill: directory.size_of_zero_fill.get(LE),
            alignment: alignment(directory.characteristics.get(LE)),
            index_slot: optional(directory.address_of_index.get(LE), 4)?,
            callbacks: optional(directory.address_of_call_backs.get(LE), 1)?,
        }))
    }

    /// The absolute addresses of the TLS callbacks, in order; an error ends the walk.
    pub fn tls_callbacks(&self, tls: &Tls) -> impl Iterator<Item = Result<u64, Malformed>> + use<'a> {
        let is_64 = self.is_64();
        let mut table = match tls.callbacks {
            Some(rva) => self.stretch(rva).unwrap_or_default(),
            None => Stretch::ZEROS,
        };
        steps(move || {
            let address = if is_64 {
                table.next::<U64<LE>>().map(|address| address.get(LE))
            } else {
                table.next::<U32<LE>>().map(|address| address.get(LE).into())
            };
            let address = address.ok_or(Malformed::Outside("TLS callback table"))?;
            Ok((address != 0).then_some(address))
        })
    }

    fn read_tls(&self, rva: u32) -> Option<ImageTlsDirectory64> {
        if self.is_64() {
            return self.read(rva);
        }
        let narrow: ImageTlsDirectory32 = self.read(rva)?;
        let widen = |address: U32<LE>| U64::new(LE, address.get(LE).into());
        Some(ImageTlsDirectory64 {
            start_address_of_raw_data: widen(narrow.start_address_of_raw_data),
            end_address_of_raw_data: widen(narrow.end_address_of_raw_data),
            address_of_index: widen(narrow.address_of_index),
            address_of_call_backs: widen(narrow.address_of_call_backs),
            size_of_zero_fill: narrow.size_of_zero_fill,
            characteristics: narrow.characteristics,
        })
    }
}

/// The alignment that section flags state: 1 means one byte, and each further number twice as much.
fn alignment(characteristics: u32) -> Option<u32> {
    let number = (characteristics & IMAGE_SCN_ALIGN_MASK) >> IMAGE_SCN_ALIGN_MASK.trailing_zeros();
    number.checked_sub(1).filter(|shift| *shift < 14).map(|shift| 1 << shift)
}
