//! Bytes from one address on: those at hand, then the zeros that only memory has.

use core::{fmt, mem::size_of};

use object::pod::{self, Pod};

#[derive(Clone, Copy, Default)]
pub(crate) struct Stretch<'a> {
    pub bytes: &'a [u8],
    /// How many zeros memory has behind the bytes (only in [`Layout::File`](crate::Layout::File)).
    pub zeros: u64,
}

impl fmt::Debug for Stretch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, {} zeros", self.bytes.len(), self.zeros)
    }
}

impl<'a> Stretch<'a> {
    /// What stands for a table that is not there: its first entry is the one that ends it.
    pub const ZEROS: Self = Self { bytes: &[], zeros: u64::MAX };

    /// The next value, and the stretch behind it; `None` where the image ends first.
    pub fn next<T: Pod>(&mut self) -> Option<T> {
        const LARGEST: usize = 64;
        const { assert!(size_of::<T>() <= LARGEST) };
        if let Ok((value, rest)) = pod::from_bytes::<T>(self.bytes) {
            self.bytes = rest;
            return Some(*value);
        }
        let missing = size_of::<T>().saturating_sub(self.bytes.len());
        let zeros = self.zeros.checked_sub(missing as u64)?;
        let mut buffer = [0; LARGEST];
        buffer.get_mut(..self.bytes.len())?.copy_from_slice(self.bytes);
        let (value, _) = pod::from_bytes::<T>(&buffer).ok()?;
        *self = Self { bytes: &[], zeros };
        Some(*value)
    }

    /// The value some way in; `None` where the image ends first.
    pub fn get<T: Pod>(self, offset: usize) -> Option<T> {
        self.skip(offset)?.next()
    }

    fn skip(self, count: usize) -> Option<Self> {
        match self.bytes.get(count..) {
            Some(bytes) => Some(Self { bytes, ..self }),
            None => {
                let beyond = count.checked_sub(self.bytes.len())?;
                Some(Self { bytes: &[], zeros: self.zeros.checked_sub(beyond as u64)? })
            }
        }
    }
}

/// The structure at an offset.
pub(crate) fn structure<T: Pod>(bytes: &[u8], offset: usize) -> Option<&T> {
    pod::from_bytes(bytes.get(offset..)?).ok().map(|(value, _)| value)
}

/// The array of structures at an offset.
pub(crate) fn array<T: Pod>(bytes: &[u8], offset: usize, count: usize) -> Option<&[T]> {
    pod::slice_from_bytes(bytes.get(offset..)?, count).ok().map(|(values, _)| values)
}
