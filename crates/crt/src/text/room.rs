//! A buffer of known size.

use crate::{Errno, Unit};
use core::marker::PhantomData;

/// A buffer and its size in units, at least 1. The size may be more than there is, as long as no function uses it up: programs pass such sizes.
#[derive(Debug)]
pub struct Room<'a, C> {
    at: *mut C,
    size: usize,
    memory: PhantomData<&'a mut [C]>,
}

impl<'a, C: Unit> Room<'a, C> {
    /// The buffer of a `_s` function.
    ///
    /// # Errors
    /// [`Errno::Invalid`] for NULL and for size 0.
    ///
    /// # Safety
    /// Unless it is NULL, `at` is valid for reading and writing `size` units, or what the function does there.
    pub unsafe fn new(at: *mut C, size: usize) -> Result<Self, Errno> {
        if at.is_null() || size == 0 {
            return Err(Errno::Invalid);
        }
        Ok(Self { at, size, memory: PhantomData })
    }

    /// The buffer of a `_s` function that may do without: NULL and size 0 mean none.
    ///
    /// # Errors
    /// [`Errno::Invalid`] where only one of both is 0.
    ///
    /// # Safety
    /// As for [`Room::new`].
    pub unsafe fn optional(at: *mut C, size: usize) -> Result<Option<Self>, Errno> {
        if at.is_null() && size == 0 {
            return Ok(None);
        }
        // SAFETY: the caller vouches for the same.
        unsafe { Self::new(at, size) }.map(Some)
    }

    /// A slice as buffer.
    ///
    /// # Errors
    /// [`Errno::Invalid`] for an empty one.
    pub fn from_slice(memory: &'a mut [C]) -> Result<Self, Errno> {
        // SAFETY: the slice is valid for its length.
        unsafe { Self::new(memory.as_mut_ptr(), memory.len()) }
    }

    /// Its size in units.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The unit at `index`; NUL behind the end.
    pub fn get(&self, index: usize) -> C {
        if index >= self.size {
            return C::NUL;
        }
        // SAFETY: `new` demands that it is readable.
        unsafe { self.at.wrapping_add(index).read_unaligned() }
    }

    /// Writes the unit at `index`; nothing behind the end.
    pub fn set(&mut self, index: usize, unit: C) {
        if index < self.size {
            // SAFETY: `new` demands that it can be written.
            unsafe { self.at.wrapping_add(index).write_unaligned(unit) };
        }
    }

    /// The length of the text in it; nothing where it has no NUL.
    pub fn length(&self) -> Option<usize> {
        (0..self.size).find(|&index| self.get(index) == C::NUL)
    }

    /// Makes it the empty string, and answers the error.
    pub fn fail(&mut self, error: Errno) -> Errno {
        self.set(0, C::NUL);
        error
    }
}
