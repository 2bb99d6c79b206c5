//! Where formatted text goes.

use crate::Unit;
use core::marker::PhantomData;

/// The sink takes no more, for a reason of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// A stream or a buffer.
pub trait Sink<C: Unit> {
    /// Takes units, all or none.
    ///
    /// # Errors
    /// [`Stop`] ends the formatting.
    fn put(&mut self, units: &[C]) -> Result<(), Stop>;

    /// Takes `count` times the same unit.
    ///
    /// # Errors
    /// [`Stop`] ends the formatting.
    fn fill(&mut self, unit: C, count: usize) -> Result<(), Stop> {
        let piece = [unit; 64];
        let mut left = count;
        while left > 0 {
            let now = left.min(piece.len());
            self.put(&piece[..now])?;
            left -= now;
        }
        Ok(())
    }
}

/// Memory that keeps what fits and counts the rest.
#[derive(Debug)]
pub struct Memory<'a, C> {
    at: *mut C,
    capacity: usize,
    length: usize,
    memory: PhantomData<&'a mut [C]>,
}

impl<'a, C: Unit> Memory<'a, C> {
    /// # Safety
    /// `at` is valid for writing `capacity` units, or all that is put into it where that is less.
    pub unsafe fn new(at: *mut C, capacity: usize) -> Self {
        Self { at, capacity, length: 0, memory: PhantomData }
    }

    /// A sink over a slice.
    pub fn from_slice(memory: &'a mut [C]) -> Self {
        Self { at: memory.as_mut_ptr(), capacity: memory.len(), length: 0, memory: PhantomData }
    }

    /// A sink that only counts.
    pub fn counter() -> Self {
        Self::from_slice(&mut [])
    }

    /// How many units were put, whether they fit or not.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The place for the next `count` units, and how many of them fit.
    fn claim(&mut self, count: usize) -> (*mut C, usize) {
        let start = self.length.min(self.capacity);
        self.length = self.length.saturating_add(count);
        (self.at.wrapping_add(start), count.min(self.capacity - start))
    }
}

impl<C: Unit> Sink<C> for Memory<'_, C> {
    fn put(&mut self, units: &[C]) -> Result<(), Stop> {
        let (place, fits) = self.claim(units.len());
        // SAFETY: `claim` stays inside what `new` demands; the source may be the same memory, as in C.
        unsafe { core::ptr::copy(units.as_ptr().cast::<u8>(), place.cast::<u8>(), fits * size_of::<C>()) };
        Ok(())
    }

    fn fill(&mut self, unit: C, count: usize) -> Result<(), Stop> {
        let (place, fits) = self.claim(count);
        for index in 0..fits {
            // SAFETY: as in `put`.
            unsafe { place.wrapping_add(index).write_unaligned(unit) };
        }
        Ok(())
    }
}
